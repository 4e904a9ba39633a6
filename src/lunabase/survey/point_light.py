"""Sunlight at one point: the series of the visible fraction, and the light of each day."""

from __future__ import annotations

import numpy as np
import xarray as xr

from lunabase.environment.light import surface_light
from lunabase.environment.sampling import Epochs
from lunabase.environment.view import sight
from lunabase.errors import InputError
from lunabase.sky import Kernels, SurfaceSite
from lunabase.survey.cube_pass import HORIZON, check_cube, ground_heights_m, map_grid
from lunabase.terrain.mask import HorizonMask
from lunabase.times import TimeGrid

_CHUNK = 20_000


def cube_mask(cube: xr.Dataset, row: int, column: int) -> tuple[HorizonMask, SurfaceSite]:
    """The horizon mask of one pixel of a horizon cube, by true azimuth, and the pixel's place.

    The place is on the sphere of 1737.4 km unless the cube carries `ground_height` (y, x), metres above it.

    Raises InputError for a dataset that is no horizon cube, and for a pixel outside it or without a horizon.
    """
    check_cube(cube)
    grid = map_grid(cube)
    where = f"pixel ({row}, {column})"
    if not (0 <= row < grid.rows and 0 <= column < grid.columns):
        raise InputError(f"the cube has {grid.rows} x {grid.columns} pixels.", where=where, fix="Choose one inside.")
    lines = cube[HORIZON].transpose("height", "azimuth", "y", "x")[:, :, row, column].values.astype(np.float64)
    if not np.isfinite(lines).all():
        raise InputError("the cube has no horizon there.", where=where, fix="Choose a pixel with data.")
    pixel = grid.part(row, column, 1, 1)
    true_deg = (cube["azimuth"].values + pixel.convergence_deg().item()) % 360.0
    first = int(np.argmin(true_deg))
    azimuths_deg = true_deg[first] + np.arange(true_deg.size) * 360.0 / true_deg.size
    heights_m = tuple(float(height) for height in cube["height"].values)
    latitude_deg, longitude_deg = (angle.item() for angle in pixel.latitude_longitude_deg())
    source = {"source": f"horizon cube, row {row}, column {column}"}
    mask = HorizonMask(azimuths_deg, heights_m, np.roll(lines, -first, axis=1), source)
    return mask, SurfaceSite(latitude_deg, longitude_deg, float(ground_heights_m(cube)[row, column]))


def light_series(
    mask: HorizonMask, site: SurfaceSite, grid: TimeGrid, kernels: Kernels, *, height_m: float
) -> xr.DataArray:
    """Visible part of the Sun's disc at a point over a time grid (0 to 1, dimension `time` in UTC), eclipses included.

    The area above the mask is exact, not that above a chord as in the maps. Raises InputError for a height that the
    mask lacks and for times outside the kernels.
    """
    tdb_s = grid.tdb_s
    kernels.check_span(tdb_s)
    parts = []
    for epochs in Epochs(tdb_s, grid.step_s).parts(_CHUNK):
        sun, earth = (sight(body, site, epochs, kernels) for body in ("sun", "earth"))
        parts.append(surface_light(sun, earth, mask, height_m).fraction)
    attributes = {"units": "1", "long_name": "visible part of the Sun's disc", "height_above_ground_m": height_m}
    return xr.DataArray(np.concatenate(parts), {"time": grid.utc}, ("time",), "light", attributes)


def daily_light(series: xr.DataArray) -> xr.DataArray:
    """Mean of a series for each UTC day that it touches, by the beginning of the day."""
    days, number = np.unique(series["time"].values.astype("datetime64[D]"), return_inverse=True)
    means = np.bincount(number, series.values) / np.bincount(number)
    beginnings = days.astype("datetime64[ns]")
    return xr.DataArray(
        means, {"time": beginnings}, ("time",), series.name, series.attrs | {"cell_methods": "time: mean"}
    )
