"""Temperature of the ground at a real site: the regolith column under the Sun of the years before and the grid.

Scattered light and heat from the terrain around are left out (at a polar site they matter in shadow), as is any slope
of the ground at the point itself.
"""

from __future__ import annotations

import math

import numpy as np

from lunabase.environment.light import Light, solar_flux_w_m2, surface_light
from lunabase.environment.regolith import Regolith, albedo, layered_column, march, settle
from lunabase.environment.sampling import Epochs
from lunabase.environment.view import sight
from lunabase.sky import Kernels, Sight, SurfaceSite
from lunabase.terrain.mask import HorizonMask
from lunabase.times import FloatArray, TimeGrid

SPIN_UP_S = 47 * 29.530588853 * 86400.0
"""47 synodic months, 3.80 years: within 1.5 days of four of the seasonal (draconic) years of 346.62 d of the Moon."""
_STEP_S = 3600.0
_CHUNK = 20_000


def surface_temperature_k(
    site: SurfaceSite, grid: TimeGrid, horizon: HorizonMask, kernels: Kernels, regolith: Regolith
) -> tuple[FloatArray, float]:
    """Temperature of level ground (K, shape (grid.count,)) and the drift (K) that was left when it started.

    The column first settles under the real Sun of the 47 synodic months before the grid, hour by hour and repeated
    until it balances, and then follows the Sun of the grid in steps of at most an hour. Light as at the lowest
    height of the mask.
    """
    column = layered_column(regolith)
    count = round(SPIN_UP_S / _STEP_S)
    step_s = SPIN_UP_S / count
    before = Epochs(grid.start_tdb_s - step_s * np.arange(count - 1.0, -1.0, -1.0), step_s)
    settled = settle(column, _absorbed_series(site, before, horizon, kernels, regolith), step_s)
    substeps = math.ceil(grid.step_s / _STEP_S)
    profile = settled.profile
    pieces = [np.array([profile.surface_k])]
    fine = _between(grid, substeps)
    for part in fine.parts(max(_CHUNK // substeps, 1) * substeps):
        absorbed = _absorbed(site, part, horizon, kernels, regolith)
        surface, profile = march(column, profile, absorbed, fine.step_s)
        pieces.append(surface[substeps - 1 :: substeps])
    return np.concatenate(pieces), settled.drift_k


def _between(grid: TimeGrid, substeps: int) -> Epochs:
    """Every epoch after the first, and those that divide each step."""
    tdb_s = grid.tdb_s
    share = np.arange(1, substeps + 1) / substeps
    return Epochs((tdb_s[:-1, None] + np.diff(tdb_s)[:, None] * share).ravel(), grid.step_s / substeps)


def _absorbed_series(
    site: SurfaceSite, epochs: Epochs, horizon: HorizonMask, kernels: Kernels, regolith: Regolith
) -> FloatArray:
    return np.concatenate([_absorbed(site, part, horizon, kernels, regolith) for part in epochs.parts(_CHUNK)])


def _absorbed(
    site: SurfaceSite, epochs: Epochs, horizon: HorizonMask, kernels: Kernels, regolith: Regolith
) -> FloatArray:
    sun = sight("sun", site, epochs, kernels)
    light = surface_light(sun, sight("earth", site, epochs, kernels), horizon, horizon.heights_m[0])
    return absorbed_flux_w_m2(sun, light, regolith)


def absorbed_flux_w_m2(sun: Sight, light: Light, regolith: Regolith) -> FloatArray:
    """Sunlight that level ground absorbs (W/m2), with the albedo at the mean incidence of the visible part."""
    cosine = np.divide(light.level, light.fraction, out=np.zeros_like(light.level), where=light.fraction > 0.0)
    incidence_deg = np.degrees(np.arccos(np.clip(cosine, 0.0, 1.0)))
    return solar_flux_w_m2(light.level, sun.range_m) * (1.0 - albedo(incidence_deg, regolith))
