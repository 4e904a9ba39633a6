"""The cells of a map and of the ground around it: what they cover, hold and see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.survey.pyramid import Pyramid, cell_at, level_at
from lunabase.survey.surroundings import AZIMUTHS, REACH_M, WIDTH, Surroundings, rings_of, sampled_heights
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import local_projection
from lunabase.terrain.sphere import MOON_RADIUS_M


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 4), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_every_place_has_one_finest_cell(rows, columns, rings, width, seed):
    """The map's pixels and the margin's cells cover the coarsest box once, and lie where a search finds them."""
    pyramid = Pyramid.over(rows, columns, rings=rings, width=width)
    level, row, column = pyramid.margin()
    last = max(rings - 1, 0)
    area = rows * columns + np.sum(4.0 ** level[level <= last])
    if rings:
        assert area == 4.0**last * np.prod(pyramid.shape.shapes[last].astype(float))
    random = np.random.default_rng(seed)
    for n in random.integers(0, level.size, min(level.size, 20)):
        place = [(at[n] + 0.5) * 2.0 ** level[n] - 0.5 for at in (row, column)]
        assert level_at(pyramid.shape, *place, 1.0) in (level[n], 0)
        assert cell_at(pyramid.shape, *place, level[n]) == pyramid.cells(level, row, column)[n]
    assert pyramid.pixels().size == rows * columns
    assert np.unique(np.concatenate([pyramid.pixels(), pyramid.cells(level, row, column)])).size == (
        rows * columns + level.size
    )


def test_coarse_cells_are_means_of_what_is_known():
    pyramid = Pyramid.over(3, 200)
    values = np.full((pyramid.size, 1), np.nan, np.float32)
    values[:600, 0] = np.arange(600.0)
    values[0, 0] = np.nan
    pyramid.fill(values)
    np.testing.assert_array_equal(pyramid.shape.shapes, [[3, 200], [2, 100]])
    assert values[600, 0] == pytest.approx((1 + 200 + 201) / 3)
    assert values[600 + 100, 0] == pytest.approx(400.5)  # the odd last row


def hill_m(x, y):
    return 2000.0 * np.exp(-((x**2 + (y + 45_000.0) ** 2) / 12_000.0**2))


def hill(grid):
    """A dome south of the map on level ground, as a model wide enough."""
    side = 801
    wide = MapGrid(grid.projection, -80_000.0, 80_000.0, 200.0, side, side)
    x, y = np.meshgrid(wide.x, wide.y)
    return Dem(hill_m(x, y), grid.projection, wide.west, wide.north, 200.0, 200.0, "hill")


def test_surroundings_reach_far_and_see_what_stands_there():
    grid = MapGrid(local_projection(-80.0, 10.0), -500.0, 500.0, 100.0, 11, 11)
    dem = hill(grid)
    around = Surroundings.of(grid, sampled_heights([dem], grid), [dem])
    reach_m = WIDTH * grid.pixel_m * (2.0 ** rings_of(grid) - 1.0)
    assert REACH_M <= reach_m < 2.5 * REACH_M
    assert np.abs(around.place_m).max() > 65_000.0  # the outermost cells need a neighbour to know their slope
    lines_deg = around.horizons_deg(grid.pixel_m, 2)
    assert lines_deg.shape == (len(around.places), AZIMUTHS)
    nearest = np.argmin(np.hypot(*around.place_m.T))
    x, y = around.place_m[nearest]
    out_m = np.arange(100.0, 75_000.0, 50.0)
    angle, radius = out_m / MOON_RADIUS_M, MOON_RADIUS_M + hill_m(x, y - out_m)
    rise_deg = np.degrees(np.arctan2(radius * np.cos(angle) - MOON_RADIUS_M, radius * np.sin(angle)))
    # Means over cells of 6.4 km take up to 94 m off the dome's top, lines between their centres up to 142 m more.
    lower_deg = np.degrees(236.0 / 43_000.0)
    assert rise_deg.max() - lower_deg < lines_deg[nearest, AZIMUTHS // 2] < rise_deg.max() + 0.02
    assert lines_deg[nearest, 0] == pytest.approx(0.0, abs=0.3)
