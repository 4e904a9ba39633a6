"""The horizon of whole regions against the exact horizon of points, on fractal terrain."""

from __future__ import annotations

import numpy as np
import pytest
from fractals import SOUTH, fractal_dem, grid_of, swept_and_exact

from lunabase.errors import InputError
from lunabase.terrain.projection import local_projection
from lunabase.terrain.sweep import HorizonSweep


def assert_as_good_as_rays(swept: np.ndarray, exact: np.ndarray) -> None:
    """The bars of a horizon map: median 0.01 deg, 99 % within 0.1 deg, bias 0.005 deg, for each height."""
    for height in range(swept.shape[1]):
        difference = (swept - exact)[:, height]
        assert np.median(np.abs(difference)) < 0.01
        assert np.percentile(np.abs(difference), 99) < 0.1
        assert abs(difference.mean()) < 0.005


@pytest.mark.parametrize(
    ("projection", "west", "north"),
    [(SOUTH, -8000.0, 12000.0), (SOUTH, 200_000.0, 220_000.0), (local_projection(26.0, 3.0), -4000.0, 4000.0)],
    ids=["pole", "80 S", "26 N"],
)
def test_fractal_terrain_as_rays_see_it(projection, west, north):
    dem = fractal_dem(400, projection=projection, west=west, north=north)
    # A ray misses up to half a pixel before the end of a lone model, so observers keep off it.
    points = np.random.default_rng(7).integers(40, 360, (60, 2))
    swept, exact = swept_and_exact([dem], grid_of(dem), np.arange(36) * 10.0, points, step_pixels=0.1)
    assert_as_good_as_rays(swept, exact)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dems": []}, "at least one elevation model"),
        ({"heights_m": (10.0, 2.0)}, "ascending"),
        ({"heights_m": (0.0,)}, "above the ground"),
    ],
)
def test_wrong_arguments_are_refused(change, message):
    dem = fractal_dem(16)
    with pytest.raises(InputError, match=message):
        HorizonSweep(**({"dems": [dem], "region": grid_of(dem)} | change))
