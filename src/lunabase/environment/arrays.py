"""Solar arrays in a given light: incidence, cell temperature, dust, power at the bus.

Planning forecasts with these functions and the twin takes its inputs from them, so both stand on one
description of the array; the difference between forecast and flight then comes from the station.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import xarray as xr

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4
from lunabase.errors import InputError
from lunabase.station.equipment import SolarArray
from lunabase.station.model import Station
from lunabase.times import utc_to_tdb

FloatArray = npt.NDArray[np.float64]


def incidence_cosine(array: SolarArray, sun_azimuth_deg: FloatArray, sun_elevation_deg: FloatArray) -> FloatArray:
    """Cosine of the angle between the Sun and the panel's normal, 0 when the Sun is behind; any shape."""
    elevation = np.radians(sun_elevation_deg)
    if array.tracking == "two_axes":
        return np.ones_like(elevation, dtype=np.float64)
    if array.tracking == "vertical_axis":
        return np.asarray(np.cos(elevation), dtype=float)
    tilt, azimuth = np.radians(array.tilt_deg), np.radians(np.asarray(sun_azimuth_deg) - array.azimuth_deg)
    cosine = np.sin(elevation) * np.cos(tilt) + np.cos(elevation) * np.sin(tilt) * np.cos(azimuth)
    return np.asarray(np.maximum(cosine, 0.0))


def cell_temperature_k(array: SolarArray, irradiance_w_m2: FloatArray) -> FloatArray:
    """Radiative equilibrium temperature, K, of a thin panel that loses heat from both faces.

    ``irradiance_w_m2`` is the sunlight on the panel, any shape. Heat from the ground is left out: it is
    small against sunlight for upright panels and warms, never cools. Balance: (a - eta) S = 2 e sigma T^4.
    """
    heat = (array.absorptance - array.efficiency) * np.asarray(irradiance_w_m2)
    return np.asarray((np.maximum(heat, 0.0) / (2.0 * array.emittance * STEFAN_BOLTZMANN_W_M2_K4)) ** 0.25)


def efficiency(array: SolarArray, temperature_k: FloatArray) -> FloatArray:
    """Conversion efficiency at a cell temperature, linear in temperature, never negative; any shape."""
    change = array.temperature_coefficient_per_k * (np.asarray(temperature_k) - array.reference_temperature_k)
    return np.maximum(array.efficiency * (1.0 + change), 0.0)


def dust_transmission(array: SolarArray, age_s: FloatArray, landings: FloatArray | float = 0.0) -> FloatArray:
    """Part of the light that the dust lets through, at an age since deployment, s, after so many landings nearby.

    Any shape. Both losses grow in proportion; a landing's part depends on its distance and the ground, see Katzan and
    Edwards 1991 (NASA CR-4404).
    """
    loss = array.dust_loss + array.dust_loss_rate_per_s * np.maximum(age_s, 0.0)
    return 1.0 - np.minimum(loss + array.dust_loss_per_landing * landings, 1.0)


def array_power_w(
    array: SolarArray,
    environment: xr.Dataset,
    since_tdb_s: float,
    *,
    height_m: float | None = None,
    landings_tdb_s: Sequence[float] = (),
) -> FloatArray:
    """Electrical power, W, shape (time,), that the array can give to the bus.

    ``since_tdb_s`` is when the array was deployed (dust grows from there); the light is taken at ``height_m``, the
    array's own height if not given. ``landings_tdb_s``: when something landed nearby. Raises InputError when the
    environment has no light at the array's height.
    """
    heights = environment["height"].values
    height = array.height_m if height_m is None else height_m
    match = np.flatnonzero(np.isclose(heights, height, atol=1e-6))
    if match.size == 0:
        known = ", ".join(f"{height:g} m" for height in heights)
        raise InputError(
            f"a solar array stands at {height:g} m, but the horizon is known at {known}.",
            fix="Give the array one of these heights or build a mask with its height.",
        )
    flux = environment["solar_flux_by_height"].values[match[0]]
    cosine = incidence_cosine(array, environment["sun_azimuth"].values, environment["sun_elevation"].values)
    irradiance = flux * cosine
    tdb = environment["tdb"].values
    landings = np.searchsorted(np.sort(np.asarray(landings_tdb_s)), tdb, side="right").astype(np.float64)
    lit = irradiance * dust_transmission(array, tdb - since_tdb_s, landings)
    return np.asarray(lit * array.area_m2 * efficiency(array, cell_temperature_k(array, irradiance)))


def available_array_power_w(
    station: Station, present: tuple[str, ...], environment: xr.Dataset
) -> dict[str, FloatArray]:
    """Power of every solar array in the present modules: id -> W, shape (time,).

    Arrays count as deployed when the first phase begins in which their module is present; each later phase begins
    with a landing. In orbit there is one light for all heights.
    """
    height_m = float(environment["height"].values[0]) if station.site.surface is None else None
    power = {}
    for module_id in present:
        deployed = min(phase.start for phase in station.phases.values() if module_id in phase.present)
        since = _tdb_s(deployed)
        landings = [_tdb_s(phase.start) for phase in station.phases.values() if phase.start > deployed]
        for name, item in station.modules[module_id].equipment.items():
            if isinstance(item, SolarArray):
                power[name] = array_power_w(item, environment, since, height_m=height_m, landings_tdb_s=landings)
    return power


def _tdb_s(moment: datetime) -> float:
    return float(utc_to_tdb(np.datetime64(moment.replace(tzinfo=None), "ns")))
