"""Light maps: pixels times steps per second and core, where the Sun grazes most horizons; linear in both.

The million pixels of Site01 over 19 years take minutes: `pytest benchmarks/test_light_map.py -m long -s`.
"""

import multiprocessing
import resource
import time

import numpy as np
import pytest
import xarray as xr
from benchmarks.peers.terrain import site01_dems, terrain_folder

from lunabase.sky import open_kernels
from lunabase.survey.horizon_store import open_cube
from lunabase.survey.horizons import horizon_map
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


SIDE = 1000


def make_site01_cube(out):
    """Horizons of the middle of Site01 at 2 m, 360 azimuths, with terrain to the geometric limit."""
    dems = site01_dems()
    whole = MapGrid(dems[0].projection, *dems[0].frame[:3], *dems[0].heights_m.shape)
    first = (whole.rows - SIDE) // 2
    horizon_map(dems, whole.part(first, first, SIDE, SIDE), out=out, heights_m=(2.0,))


@pytest.mark.long
@pytest.mark.skipif(terrain_folder() is None, reason="set LUNABASE_TERRAIN to the LOLA models")
@pytest.mark.benchmark(group="light map, a million pixels, 19 years (processor time)", timer=time.process_time)
def test_a_million_pixels_over_19_years(benchmark, tmp_path):
    # In a process of its own, so that the peak memory is the light map's alone.
    maker = multiprocessing.get_context("spawn").Process(target=make_site01_cube, args=(tmp_path / "cube.zarr",))
    maker.start()
    maker.join()
    assert maker.exitcode == 0
    times = TimeGrid.from_utc("2018-01-01", "2037-01-01", 3600.0)
    with open_cube(tmp_path / "cube.zarr") as cube:
        began = time.perf_counter()
        found = benchmark.pedantic(lambda: light_map(cube, times, open_kernels()), rounds=1)
        wall_s = time.perf_counter() - began
    assert found.sizes["y"] == found.sizes["x"] == SIDE
    spent_s = benchmark.stats["min"]
    facts = {
        "steps": times.count,
        "processor_s": round(spent_s, 1),
        "wall_s": round(wall_s, 1),
        "pixel_steps_per_s_and_core": f"{SIDE * SIDE * times.count / spent_s:.3g}",
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "brightest": round(float(found["light"].max()), 4),
    }
    benchmark.extra_info.update(facts)
    print("\n" + ", ".join(f"{name} {value}" for name, value in facts.items()))
