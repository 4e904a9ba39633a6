"""Horizons of whole regions: processor time per pixel and azimuth, and how it grows with the region.

Run with `pytest benchmarks/test_horizon_map.py -s`; each case prints its cost on one core. Other programs on the
machine make these numbers larger, so the best of several azimuths is printed beside the mean.
"""

import sys
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from lunabase.terrain.dem import read_dem
from lunabase.terrain.sweep import HorizonSweep

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "terrain"))
from fractals import fractal_dem, grid_of  # noqa: E402

TERRAIN = ROOT.parent / "shared" / "data" / "terrain"
NAMES = ("site01_10m.tif", "ldem_84S_240m.tif", "lola_dem_south_1600m.tif")


def nanoseconds(sweep: HorizonSweep, azimuths_deg: np.ndarray) -> np.ndarray:
    """Processor time of each azimuth per pixel, on one core."""
    sweep.planes(1.0)
    spent = []
    for azimuth_deg in azimuths_deg:
        began = process_time()
        sweep.planes(azimuth_deg)
        spent.append(process_time() - began)
    return np.array(spent) / (sweep.region.rows * sweep.region.columns) * 1e9


def tell(name: str, cost_ns: np.ndarray) -> None:
    print(f"\n{name}: mean {cost_ns.mean():.0f}, best azimuth {cost_ns.min():.0f} ns per pixel and azimuth")


def test_fractal_terrain():
    dem = fractal_dem(1000)
    sweep = HorizonSweep([dem], grid_of(dem))
    tell("fractal, 1000 x 1000 at 20 m, 72 azimuths", nanoseconds(sweep, np.arange(72) * 5.0))


@pytest.mark.skipif(not all((TERRAIN / name).exists() for name in NAMES), reason="the LOLA models are not there")
def test_the_ridge():
    dems = [read_dem(TERRAIN / name) for name in NAMES]
    sweep = HorizonSweep(dems, grid_of(dems[0]))
    tell("Site01, 1600 x 1600 at 10 m in 240 m in 1600 m, 60 of 360 azimuths", nanoseconds(sweep, np.arange(60) * 6.0))


@pytest.mark.parametrize("count", [256, 512, 1024, 2048, 4096])
def test_cost_is_linear_in_pixels(count):
    dem = fractal_dem(count)
    sweep = HorizonSweep([dem], grid_of(dem))
    tell(f"fractal, {count} x {count} at 20 m", nanoseconds(sweep, np.arange(8) * 45.0 + 10.0))
