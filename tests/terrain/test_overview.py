"""A huge model as nested models around a region: what they hold, and what the horizon loses by them."""

from __future__ import annotations

import numpy as np
import pytest
from fractals import fractal_dem, grid_of, swept_and_exact
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.terrain import overview
from lunabase.terrain.dem import Dem
from lunabase.terrain.overview import with_overviews
from lunabase.terrain.projection import local_projection, polar_projection
from lunabase.terrain.sweep import HorizonSweep


def test_a_model_without_far_parts_is_itself():
    dem = fractal_dem(64)
    assert with_overviews(dem, grid_of(dem).part(10, 10, 5, 5)) == [dem]


def test_a_model_on_another_map_is_itself():
    dem = fractal_dem(64)
    other = fractal_dem(16, projection=local_projection(-89.0, 20.0))
    assert with_overviews(dem, grid_of(other)) == [dem]


@given(
    rows=st.integers(40, 90),
    columns=st.integers(40, 90),
    row=st.integers(0, 35),
    column=st.integers(0, 35),
    slopes=st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)),
)
@settings(max_examples=60, deadline=None)
def test_overviews_of_a_plane_are_the_plane(rows, columns, row, column, slopes):
    """Wherever an overview has pixels, they lie on the plane; together they reach the model's ends but for a block."""
    south, east = np.indices((rows, columns)) * 20.0
    heights_m = (slopes[0] * south + slopes[1] * east).astype(np.float32)
    dem = Dem(heights_m, polar_projection(), 300.0, 700.0, 20.0, 20.0, "plane")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overview, "NEAR_PIXELS", 3)
        parts = with_overviews(dem, grid_of(dem).part(row, column, 4, 5))
    assert [part.pixel_m / 20.0 for part in parts] == [4.0**k for k in range(len(parts))]
    assert parts[0].heights_m.size < dem.heights_m.size
    for part in parts:
        down, across = np.indices(part.heights_m.shape) * part.pixel_m
        expected = slopes[0] * (dem.north - part.north + down) + slopes[1] * (part.west - dem.west + across)
        np.testing.assert_allclose(part.heights_m, expected, atol=1e-2)
    assert parts[-1].heights_m.shape == (rows // (4 ** (len(parts) - 1)), columns // (4 ** (len(parts) - 1)))


def test_blocks_without_all_their_pixels_have_no_mean(monkeypatch):
    monkeypatch.setattr(overview, "NEAR_PIXELS", 4)
    dem = fractal_dem(64)
    dem.heights_m[50, 50] = np.nan
    second = with_overviews(dem, grid_of(dem).part(20, 20, 8, 8))[1]
    row, column = round((dem.north - second.north) / 20.0 - 1.5), round((second.west - dem.west) / 20.0 - 1.5)
    assert np.argwhere(np.isnan(second.heights_m)).tolist() in ([], [[(50 - row) // 4, (50 - column) // 4]])


def test_rays_over_the_whole_model_see_the_same(monkeypatch):
    """With a margin of 128 pixels, where far terrain counts more than with that of 1024."""
    monkeypatch.setattr(overview, "NEAR_PIXELS", 128)
    dem = fractal_dem(800)
    region = grid_of(dem).part(350, 300, 60, 80)
    points = np.random.default_rng(2).integers(0, 60, (40, 2))
    swept, exact = swept_and_exact([dem], region, np.arange(12) * 30.0 + 7.0, points)
    difference = swept - exact
    assert np.median(np.abs(difference)) < 0.01
    assert np.percentile(np.abs(difference), 99) < 0.1
    assert abs(difference.mean()) < 0.02


def test_levels_stay_small_around_a_small_region(monkeypatch):
    monkeypatch.setattr(overview, "NEAR_PIXELS", 64)
    dem = fractal_dem(1024)
    levels = HorizonSweep([dem], grid_of(dem).part(480, 480, 64, 64)).levels
    assert [level.grid.pixel_m for level in levels] == [20.0, 80.0, 320.0]
    # 64 pixels of margin, 28 of apron, 28 of padding, whole blocks.
    assert max(level.grid.columns for level in levels) <= 64 + 2 * (64 + 28 + 28) + 8
