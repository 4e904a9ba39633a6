"""Horizon cubes for tests, made from given horizons instead of terrain."""

import numpy as np
import xarray as xr

from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection


def polar_grid(*, west=-1000.0, north=1000.0, pixel_m=20.0, rows=8, columns=8, pole="south"):
    return MapGrid(polar_projection(pole), west, north, pixel_m, rows, columns)


def cube_of(grid, lines_deg, heights_m=(2.0,)):
    """lines_deg: broadcast to (height, azimuth, y, x), grid azimuths regular from 0; the azimuth axis tells how many."""
    lines = np.asarray(lines_deg, dtype=np.float32)
    count = lines.shape[-3]
    shape = (len(heights_m), count, *grid.shape)
    azimuths = np.arange(count) * 360.0 / count
    return xr.Dataset(
        {"horizon_elevation": (("height", "azimuth", "y", "x"), np.broadcast_to(lines, shape), {"units": "degree"})},
        coords={
            "height": list(heights_m),
            "azimuth": azimuths,
            "y": grid.y,
            "x": grid.x,
            "spatial_ref": ((), 0, {"crs_wkt": grid.crs.to_wkt()}),
        },
    )
