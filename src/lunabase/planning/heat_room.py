"""Heat that thermal nodes can still get rid of at their upper operating temperature, with their radiators open."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4
from lunabase.planning.balance import STANDBY, Forecast
from lunabase.planning.horizon import FloatArray, IntArray
from lunabase.station.equipment import ThermalNode

_SKY_K = 3.0


def rejected_w(nodes: Mapping[str, ThermalNode], environment: xr.Dataset, isotope_w: FloatArray) -> FloatArray:
    """Heat (steps, nodes) that can leave each node at its upper operating temperature, isotope heat taken off, W.

    Radiator to the sky less the sunlight that it absorbs, and the path to the ground, which may be warmer. Paths to
    other nodes are left out: they only pass heat on.
    """
    ground_k = environment["surface_temperature"].values
    leaves_w = -isotope_w
    for column, node in enumerate(nodes.values()):
        hottest_k = node.operating.maximum_k
        emission_w_per_k4 = STEFAN_BOLTZMANN_W_M2_K4 * node.radiator_emissivity * node.radiator_area_m2
        leaves_w[:, column] += emission_w_per_k4 * (hottest_k**4 - _SKY_K**4)
        leaves_w[:, column] += np.nan_to_num(node.ground_conductance_w_per_k * (hottest_k - ground_k), nan=0.0)
        leaves_w[:, column] -= _absorbed_w(node, environment)
    return leaves_w


def _absorbed_w(node: ThermalNode, environment: xr.Dataset) -> FloatArray:
    """Sunlight (steps,) that a radiator takes up; its normal leans from the zenith away from the Sun."""
    height = np.radians(environment["sun_elevation"].values - node.radiator_tilt_deg)
    cosine = np.maximum(np.sin(height), 0.0)
    return np.asarray(node.radiator_absorptance * node.radiator_area_m2 * environment["solar_flux"].values * cosine)


def idle_heat_w(forecast: Forecast, mode: IntArray) -> FloatArray:
    """Heat (steps, nodes) of modules and standby in the modes (steps,), with all standby on whatever the mode.

    So a payload's power beyond standby is what its work adds in every mode.
    """
    without = 1 - forecast.mode_table[mode, STANDBY]
    return np.asarray(forecast.node_heat_w[mode] + without[:, None] * forecast.node_standby_w[None, :])
