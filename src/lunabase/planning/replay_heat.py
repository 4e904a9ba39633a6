"""The checker's own thermal nodes: what they lose at their heaters' setpoint, and what they can get rid of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4
from lunabase.station.equipment import ThermalNode

FloatArray = NDArray[np.float64]
Paths = dict[str, list[tuple[str, float]]]

_GROUNDS = 200
"""Steady temperatures are worked out for so many ground temperatures and interpolated between them."""


def heat_losses_w(nodes: Mapping[str, ThermalNode], ground_k: FloatArray, isotope_w: FloatArray) -> FloatArray:
    """Heat (steps, nodes) that leaves each node at its setpoint to radiator, ground and colder nodes, less isotopes.

    `ground_k` (steps,) is NaN in orbit; `isotope_w` (steps, nodes).
    """
    paths = {name: _neighbours(nodes, name) for name in nodes}
    coldest_k = _coldest_k(nodes, paths, ground_k, isotope_w)
    losses = []
    for column, (name, node) in enumerate(nodes.items()):
        setpoint_k = node.heater_setpoint_k
        loss_w = np.nan_to_num(node.ground_conductance_w_per_k * (setpoint_k - ground_k)) - isotope_w[:, column]
        if setpoint_k >= node.radiator_closes_below_k:
            loss_w = loss_w + _radiated_w(node, setpoint_k)
        for other, lead in paths[name]:
            loss_w = loss_w + lead * np.maximum(setpoint_k - coldest_k[other], 0.0)
        losses.append(loss_w)
    return np.stack(losses, axis=1) if losses else np.zeros((ground_k.size, 0))


def rejected_w(nodes: Mapping[str, ThermalNode], environment: xr.Dataset, isotope_w: FloatArray) -> FloatArray:
    """Heat (steps, nodes) that each node can take from loads at its upper operating temperature.

    The radiator is open and sees the sky; the sunlight that it absorbs and the isotopes' heat are taken off, and so is
    what a warmer ground gives.
    """
    ground_k = environment["surface_temperature"].values
    elevation = np.radians(environment["sun_elevation"].values)
    room = []
    for column, node in enumerate(nodes.values()):
        hottest_k, tilt = node.operating.maximum_k, np.radians(node.radiator_tilt_deg)
        sunlight_w_m2 = environment["solar_flux"].values * np.maximum(np.sin(elevation - tilt), 0.0)
        absorbed_w = node.radiator_absorptance * node.radiator_area_m2 * sunlight_w_m2
        ground_w = np.nan_to_num(node.ground_conductance_w_per_k * (hottest_k - ground_k))
        room.append(_radiated_w(node, hottest_k) + ground_w - absorbed_w - isotope_w[:, column])
    return np.stack(room, axis=1) if room else np.zeros((ground_k.size, 0))


def _radiated_w(node: ThermalNode, temperature_k: float) -> float:
    return STEFAN_BOLTZMANN_W_M2_K4 * node.radiator_emissivity * node.radiator_area_m2 * temperature_k**4


def _neighbours(nodes: Mapping[str, ThermalNode], name: str) -> list[tuple[str, float]]:
    """Nodes to which a path leads, listed on either side."""
    own = [(other, lead) for other, lead in nodes[name].couplings.items() if other in nodes]
    theirs = [(other, node.couplings[name]) for other, node in nodes.items() if name in node.couplings]
    return [(other, lead) for other, lead in own + theirs if other != name and lead > 0.0]


def _coldest_k(
    nodes: Mapping[str, ThermalNode], paths: Paths, ground_k: FloatArray, isotope_w: FloatArray
) -> dict[str, FloatArray]:
    """Lowest steady temperature (steps,) of each node that a path leads to: its heater fully on up to the setpoint.

    Found by halving, node after node, from absolute zero upwards until nothing moves; no load, no sunlight, isotopes
    at their end.
    """
    joined = sorted(name for name, leads in paths.items() if leads)
    in_orbit = bool(np.isnan(ground_k).all())
    grounds = np.zeros(1) if in_orbit else np.linspace(ground_k.min(), ground_k.max(), _GROUNDS)
    found = {name: np.zeros(grounds.size) for name in joined}
    moved_k = 1.0 if joined else 0.0
    for _ in range(60):
        if moved_k < 0.01:
            break
        moved_k = 0.0
        for name in joined:
            given_w = float(isotope_w[-1, list(nodes).index(name)]) + nodes[name].heater_w
            low_k = _halved_k(nodes[name], paths[name], grounds, 0.0 if in_orbit else 1.0, given_w, found)
            moved_k = max(moved_k, float(np.max(low_k - found[name])))
            found[name] = low_k
    seen_k = np.zeros(ground_k.size) if in_orbit else ground_k
    return {name: np.interp(seen_k, grounds, found[name]) for name in joined}


def _halved_k(
    node: ThermalNode,
    paths: list[tuple[str, float]],
    grounds: FloatArray,
    on_ground: float,
    given_w: float,
    found: dict[str, FloatArray],
) -> FloatArray:
    """The temperature, (grounds,), at which a node gives off what it gets."""
    low, high = np.zeros(grounds.size), np.full(grounds.size, node.heater_setpoint_k if node.heater_w else 1500.0)
    for _ in range(24):
        middle = 0.5 * (low + high)
        gain_w = given_w + on_ground * node.ground_conductance_w_per_k * (grounds - middle)
        for other, lead in paths:
            gain_w = gain_w + lead * (found[other] - middle)
        gain_w = gain_w - np.where(middle >= node.radiator_closes_below_k, _radiated_w(node, 1.0) * middle**4, 0.0)
        low, high = np.where(gain_w > 0.0, middle, low), np.where(gain_w > 0.0, high, middle)
    return low
