"""Permanent shadow and permanent light: where the Sun never or always shows above the terrain.

In 18.6 years the Sun visits every longitude at every declination that it reaches, so a pixel's permanent shadow is
decided by the horizon alone: the Sun is sent once round the Moon at its highest and its lowest declination. A year of
hourly steps would miss both the season's extremes and the light between the steps.

Poleward of the extremes the Sun is highest and lowest, at each azimuth, at one of them. Between them it also
stands in the zenith, so there it goes round at declinations in between as well, no further apart than its disc is wide.
"""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from lunabase.sky import Kernels, sub_solar_point
from lunabase.sky.kernels import DAY_S
from lunabase.survey.cube_pass import Progress, map_grid, pass_cube
from lunabase.survey.light_map import coordinates_of, mapped
from lunabase.survey.sky_track import circle_track

CYCLE_S = 18.613 * 365.25 * DAY_S
"""Precession of the lunar node: Meeus 1998, Astronomical Algorithms, chapter 47."""
_PERIHELION_KM = 147_098_000.0
_RADIUS_DEG = 0.2709
"""Of the Sun at perihelion, 0.98329 au: asin(695 700 km / 147.1e6 km)."""


def extreme_declination_deg(kernels: Kernels) -> float:
    """Greatest distance of the sub-solar point from the lunar equator (deg) in the last cycle that the kernels cover.

    Sampled daily, in which the declination changes by 0.03 deg at most and near its extreme by 3e-4 deg.
    """
    last_s = kernels.span_tdb_s[1]
    days = np.arange(max(last_s - CYCLE_S, kernels.span_tdb_s[0]), last_s, DAY_S)
    return float(np.abs(sub_solar_point(days, kernels=kernels)[0]).max())


def psr_map(
    cube: xr.Dataset, kernels: Kernels, *, workers: int | None = None, progress: Progress | None = None
) -> xr.Dataset:
    """Masks of permanent shadow and permanent light at each pixel and height of a horizon cube, (height, y, x).

    `psr`: 1 where the terrain hides the whole disc of the Sun at every longitude and declination that it reaches;
    `always_lit`: 1 where it leaves part of the disc at all of them; 0 elsewhere, NaN without a horizon.
    Eclipses are left aside. The Sun has the size of perihelion, 0.1 deg of azimuth between its places. Raises
    InputError for a dataset that is no horizon cube.
    """
    extreme_deg = extreme_declination_deg(kernels)
    latitude_deg, _ = map_grid(cube).latitude_longitude_deg()
    between = float(np.abs(latitude_deg).min()) < extreme_deg + 1.0
    count = 1 + math.ceil(extreme_deg / _RADIUS_DEG) if between else 2
    declinations_deg = np.linspace(-extreme_deg, extreme_deg, count)
    tracks = [circle_track(float(each), _RADIUS_DEG, _PERIHELION_KM) for each in declinations_deg]
    no_limits = [np.zeros(0, dtype=np.int32)] * count
    counted, known = pass_cube(cube, tracks, no_limits, workers=workers, progress=progress)
    seen = np.stack([each.any_part for each in counted])
    never = (seen == 0).all(axis=0)
    always = (seen == tracks[0].place_km.shape[0]).all(axis=0)
    variables = {
        "psr": mapped(never, known, "1", "permanently shadowed", "time: maximum"),
        "always_lit": mapped(always, known, "1", "permanently lit", "time: minimum"),
    }
    note = {"Conventions": "CF-1.11", "sun_declination_deg": extreme_deg}
    return xr.Dataset(variables, coords=coordinates_of(cube), attrs=note)
