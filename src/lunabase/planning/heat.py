"""Heat that leaves the thermal nodes while their heaters hold them: radiator, ground, and paths to colder nodes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4
from lunabase.planning.horizon import FloatArray
from lunabase.station.equipment import ThermalNode

_SWEEPS = 60
_NEWTON_STEPS = 12
_CLOSE_K = 0.01


def node_loss_w(nodes: Mapping[str, ThermalNode], ground_k: FloatArray, isotope_w: FloatArray) -> FloatArray:
    """Heat (steps, nodes) that leaves each node at its heater's setpoint, less isotope heat, W.

    `ground_k` (steps,) is NaN in orbit, where there is no ground; `isotope_w` (steps, nodes). A path to a node that
    is colder counts as a loss, one to a warmer node as nothing.
    """
    paths_w_per_k = _paths_w_per_k(nodes)
    lowest_k = _lowest_k(nodes, paths_w_per_k, ground_k, isotope_w)
    loss_w = -isotope_w
    for column, node in enumerate(nodes.values()):
        setpoint_k = node.heater_setpoint_k
        ground_w = node.ground_conductance_w_per_k * (setpoint_k - ground_k)
        loss_w[:, column] += np.nan_to_num(ground_w, nan=0.0)
        if setpoint_k >= node.radiator_closes_below_k:
            loss_w[:, column] += _emission_w_per_k4(node) * setpoint_k**4
        loss_w[:, column] += np.maximum(setpoint_k - lowest_k, 0.0) @ paths_w_per_k[column]
    return loss_w


def _emission_w_per_k4(node: ThermalNode) -> float:
    return STEFAN_BOLTZMANN_W_M2_K4 * node.radiator_emissivity * node.radiator_area_m2


def _paths_w_per_k(nodes: Mapping[str, ThermalNode]) -> FloatArray:
    """Conductances (nodes, nodes); a path listed by both of its nodes counts twice."""
    names = list(nodes)
    paths = np.zeros((len(names), len(names)))
    for name, node in nodes.items():
        for other, conductance in node.couplings.items():
            if other in names and other != name:
                paths[names.index(name), names.index(other)] += conductance
                paths[names.index(other), names.index(name)] += conductance
    return paths


def _lowest_k(
    nodes: Mapping[str, ThermalNode], paths_w_per_k: FloatArray, ground_k: FloatArray, isotope_w: FloatArray
) -> FloatArray:
    """Steady temperatures (steps, nodes) with heaters fully on, at most their setpoints, and no load or sunlight.

    Sweeps begin at 0 K and only rise, so that stopping early errs on the cold side.
    """
    temperature_k = np.zeros_like(isotope_w)
    if not paths_w_per_k.any():
        return temperature_k
    for _ in range(_SWEEPS):
        before_k = temperature_k.copy()
        for column, node in enumerate(nodes.values()):
            given_w = node.heater_w + isotope_w[:, column] + temperature_k @ paths_w_per_k[column]
            leads_w_per_k = float(paths_w_per_k[column].sum())
            if not np.isnan(ground_k).all():
                given_w = given_w + node.ground_conductance_w_per_k * ground_k
                leads_w_per_k += node.ground_conductance_w_per_k
            temperature_k[:, column] = _steady_k(node, given_w, leads_w_per_k)
        if np.abs(temperature_k - before_k).max() < _CLOSE_K:
            break
    return temperature_k


def _steady_k(node: ThermalNode, given_w: FloatArray, leads_w_per_k: float) -> FloatArray:
    """Temperature at which what is given leaves; a heat switch holds the node where it closes."""
    leads_w_per_k = max(leads_w_per_k, 1e-9)
    shut_k = np.maximum(given_w, 0.0) / leads_w_per_k
    emission = _emission_w_per_k4(node)
    open_k = np.minimum(shut_k, (np.maximum(given_w, 0.0) / max(emission, 1e-30)) ** 0.25)
    for _ in range(_NEWTON_STEPS):  # from above, where the convex function leads straight down to its root
        over_w = emission * open_k**4 + leads_w_per_k * open_k - given_w
        open_k = open_k - over_w / (4.0 * emission * open_k**3 + leads_w_per_k)
    steady_k = np.maximum(open_k, np.minimum(shut_k, node.radiator_closes_below_k))
    return np.asarray(np.minimum(steady_k, node.heater_setpoint_k) if node.heater_w > 0.0 else steady_k)
