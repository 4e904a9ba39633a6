"""Light maps: pixels times steps per second and core, where the Sun grazes most horizons; linear in both."""

import time

import numpy as np
import pytest
import xarray as xr

from lunabase.sky import open_kernels
from lunabase.survey.light_map import light_map
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection
from lunabase.times import TimeGrid


def rolling_cube(side, relief_deg, seed=1):
    """Horizons of 360 azimuths that vary smoothly over some hundred metres and some degrees, and roughly in between."""
    random = np.random.default_rng(seed)
    grid = MapGrid(polar_projection("south"), -13_000.0, -10_000.0, 20.0, side, side)
    waves = random.normal(size=(12, 3)) * [0.002, 0.002, 12.0]
    azimuth, y, x = np.meshgrid(np.radians(np.arange(360.0)), grid.y, grid.x, indexing="ij", sparse=True)
    lines = sum(np.sin(a * x + b * y + np.rint(c) * azimuth) for a, b, c in waves) * (relief_deg / np.sqrt(6.0))
    lines = (lines + random.normal(0.0, 0.05, lines.shape)).astype(np.float32)
    return xr.Dataset(
        {"horizon_elevation": (("height", "azimuth", "y", "x"), lines[None])},
        coords={
            "height": [2.0],
            "azimuth": np.arange(360.0),
            "y": grid.y,
            "x": grid.x,
            "spatial_ref": ((), 0, {"crs_wkt": grid.crs.to_wkt()}),
        },
    )


@pytest.mark.parametrize(("side", "years"), [(128, 1), (256, 1), (512, 1), (128, 19)])
@pytest.mark.benchmark(group="light map, hourly steps, 360 azimuths (processor time)", timer=time.process_time)
def test_light_map(benchmark, side, years):
    cube = rolling_cube(side, relief_deg=1.0)
    times = TimeGrid.from_utc("2020-01-01", f"{2020 + years}-01-01", 3600.0)
    benchmark.pedantic(lambda: light_map(cube, times, open_kernels()), rounds=2, warmup_rounds=1)
    rate = side * side * times.count / benchmark.stats["min"]
    benchmark.extra_info["pixel_steps_per_s_and_core"] = f"{rate:.3g}"
