"""The ground just outside a model begins with the model's heights and ends with the coarser model's."""

from __future__ import annotations

import numpy as np
from fractals import SOUTH, fractal_dem, grid_of, swept_and_exact
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_horizon import refined

from lunabase.terrain.apron import border_of, ease
from lunabase.terrain.dem import Dem
from lunabase.terrain.levels import NOWHERE_M, PADDING, levels_of
from lunabase.terrain.sweep import HorizonSweep


@given(known=arrays(np.bool_, (7, 9)), width=st.floats(1.5, 12.0))
@settings(max_examples=50, deadline=None)
def test_the_nearest_border_pixels_step_fades_with_distance(known, width):
    """Against a search over all border pixels, with distances of whole steps sideways and diagonally."""
    rows, columns = np.indices(known.shape)
    steps = (rows * 10.0 + columns).astype(np.float32)
    heights = np.zeros(known.shape, dtype=np.float32)
    ease(heights, known, steps, width)
    ends = np.argwhere(border_of(known))
    for row, column in np.argwhere(~known):
        apart = np.sort(np.abs(ends - (row, column)), axis=1)
        distance = apart[:, 1] - apart[:, 0] + np.sqrt(2.0) * apart[:, 0]
        near = np.isclose(distance, distance.min(initial=np.inf))
        share = max(0.0, 1.0 - distance.min(initial=np.inf) / width)
        expected = share * (10.0 * ends[near, 0] + ends[near, 1])
        assert np.isclose(heights[row, column], expected, atol=1e-3).any() or (share == heights[row, column] == 0.0)
    assert (heights[known] == 0.0).all()


def test_known_pixels_beside_unknown_ones_are_the_border():
    known = np.zeros((6, 7), dtype=bool)
    known[1:6, 2:7] = True
    expected = np.zeros_like(known)
    expected[1, 2:7] = expected[1:6, 2] = True
    np.testing.assert_array_equal(border_of(known), expected)


def raised(dem: Dem, by_m: float) -> Dem:
    heights_m = dem.heights_m + np.float32(by_m)
    return Dem(heights_m, dem.projection, dem.west, dem.north, dem.pixel_width, dem.pixel_height, "raised")


def test_a_model_that_lies_too_low_is_not_walled_in():
    """The same ground 30 m lower: within a pixel of 20 m that would be a wall of 56 degrees."""
    coarse = fractal_dem(92, 80.0, west=-3000.0, north=3000.0, slope=0.05)
    fine = refined(coarse, slice(20, 61), slice(20, 61), 4)
    truth = HorizonSweep([fine, coarse], grid_of(fine))
    walled = HorizonSweep([raised(fine, -30.0), coarse], grid_of(fine))
    for azimuth_deg in (0.0, 77.0, 200.0):
        added = walled.planes(azimuth_deg)[0] - truth.planes(azimuth_deg)[0]
        # It rises 30 m over 80 m, a coarse pixel.
        assert 2.0 < added.max() < np.degrees(np.arctan(30.0 / 80.0)) + 0.5


def test_rays_over_the_eased_ground_see_the_same():
    coarse = fractal_dem(92, 80.0, west=-3000.0, north=3000.0)
    fine = raised(refined(coarse, slice(20, 61), slice(20, 61), 4), 7.0)
    fine.heights_m[60:75, 90:110] = np.nan
    region = grid_of(fine)
    ground = levels_of([fine, coarse], region, 10.0)[0]
    eased = Dem(
        np.where(ground.upright == NOWHERE_M, np.nan, ground.upright)[PADDING:-PADDING, PADDING:-PADDING],
        SOUTH,
        *(ground.grid.west + PADDING * 20.0, ground.grid.north - PADDING * 20.0),
        *(20.0, 20.0, "eased"),
    )
    edges = np.array([(0, 0), (0, 80), (160, 160), (80, 0), (81, 160), (2, 3), (59, 100), (76, 95)])
    azimuths_deg = np.arange(12) * 30.0 + 4.0
    swept, _ = swept_and_exact([fine, coarse], region, azimuths_deg, edges)
    _, exact = swept_and_exact([eased, coarse], region, azimuths_deg, edges)
    assert np.median(np.abs(swept - exact)) < 0.01
    assert np.abs(swept - exact).max() < 0.2
