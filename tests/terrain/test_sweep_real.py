"""The horizon of a real ridge, over three nested models, against the exact horizon of points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fractals import grid_of, swept_and_exact

from lunabase.terrain.dem import read_dem

TERRAIN = Path(__file__).parents[2].parent / "shared" / "data" / "terrain"
NAMES = ("site01_10m.tif", "ldem_84S_240m.tif", "lola_dem_south_1600m.tif")


@pytest.mark.skipif(
    not all((TERRAIN / name).exists() for name in NAMES), reason="the LOLA elevation models are not there"
)
def test_the_ridge_as_rays_see_it():
    dems = [read_dem(TERRAIN / name) for name in NAMES]
    region = grid_of(dems[0])
    points = np.random.default_rng(11).integers(0, 1600, (60, 2))
    swept, exact = swept_and_exact(dems, region, np.arange(8) * 45.0 + 11.0, points)
    for height in range(2):
        difference = (swept - exact)[:, height]
        assert np.median(np.abs(difference)) < 0.01
        assert np.percentile(np.abs(difference), 99) < 0.1
        assert abs(difference.mean()) < 0.005
