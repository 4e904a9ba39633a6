"""The horizon of whole regions against the exact horizon of points, on fractal terrain."""

from __future__ import annotations

import numpy as np
import pytest
from fractals import SOUTH, fractal_dem, grid_of, swept_and_exact
from hypothesis import given, settings
from hypothesis import strategies as st
from test_horizon import polar_dem, refined

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem
from lunabase.terrain.projection import (
    equirectangular_projection,
    local_projection,
    polar_projection,
    unit_vectors,
)
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
    [
        (SOUTH, -8000.0, 12000.0),
        (SOUTH, 200_000.0, 220_000.0),
        (polar_projection("north"), -60_000.0, 9000.0),
        (local_projection(26.0, 3.0), -4000.0, 4000.0),
    ],
    ids=["south pole", "80 S", "88 N", "26 N"],
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
        ({"heights_m": (float("nan"),)}, "above the ground"),
        ({"heights_m": (2.0, float("inf"))}, "above the ground"),
        ({"heights_m": ()}, "above the ground"),
    ],
)
def test_wrong_arguments_are_refused(change, message):
    dem = fractal_dem(16)
    with pytest.raises(InputError, match=message):
        HorizonSweep(**({"dems": [dem], "region": grid_of(dem)} | change))


def test_tiles_fit_together():
    """Four tiles give the plane of the whole region; so no seam can show in the stored steps of 1/360 deg."""
    dem = fractal_dem(160)
    region = grid_of(dem)
    whole = HorizonSweep([dem], region, (2.0, 10.0))
    for azimuth_deg in (0.0, 33.0, 90.0, 211.0):
        plane = whole.planes(azimuth_deg)
        for row in (0, 80):
            for column in (0, 80):
                tile = HorizonSweep([dem], region.part(row, column, 80, 80), (2.0, 10.0), whole=region)
                expected = plane[:, row : row + 80, column : column + 80]
                np.testing.assert_allclose(tile.planes(azimuth_deg), expected, atol=1e-4)


@given(turns=st.integers(0, 3), mirrored=st.booleans(), azimuth_deg=st.floats(0.0, 360.0))
@settings(max_examples=25, deadline=None)
def test_turning_and_mirroring_the_terrain_turns_and_mirrors_the_horizon(turns, mirrored, azimuth_deg):
    dem = fractal_dem(65, west=-640.0, north=640.0)

    def moved(values: np.ndarray) -> np.ndarray:
        return np.rot90(values[:, ::-1] if mirrored else values, turns)

    other = Dem(np.ascontiguousarray(moved(dem.heights_m)), SOUTH, dem.west, dem.north, 20.0, 20.0, "moved")
    plane = HorizonSweep([dem], grid_of(dem)).planes(azimuth_deg)[0]
    # rot90 turns the map anticlockwise, against the azimuth.
    seen_deg = (-azimuth_deg if mirrored else azimuth_deg) - 90.0 * turns
    result = HorizonSweep([other], grid_of(dem)).planes(seen_deg)[0]
    difference = np.abs(result - moved(plane))[12:-12, 12:-12]
    # Beside the end of all data the last part of a ray, less than a pixel, may be in or out. Observers half way
    # between two lines of sight may take the other one, and so another candidate.
    assert np.percentile(difference, 99) < 1e-3
    assert difference.max() < 0.5


@pytest.mark.parametrize("inner", [(slice(20, 61), slice(20, 61)), (slice(8, 61), slice(30, 84))])
def test_models_may_end_anywhere_without_a_seam(inner):
    """The fine model is the coarse one's very surface, so rays over the coarse one alone are the truth."""
    coarse = fractal_dem(92, 80.0, west=-3000.0, north=3000.0)
    fine = refined(coarse, *inner, 4)
    region = grid_of(fine)
    edges = [(0, 0), (0, 80), (160, 160), (80, 0), (81, 160), (2, 3), (80, 80)]
    swept, exact = swept_and_exact([coarse, fine], region, np.arange(12) * 30.0 + 4.0, np.array(edges))
    assert np.median(np.abs(swept - exact)) < 0.01
    assert np.abs(swept - exact).max() < 0.2


def test_holes_are_filled_from_the_coarser_model_and_have_no_observers():
    coarse = fractal_dem(92, 80.0, west=-3000.0, north=3000.0)
    fine = refined(coarse, slice(20, 61), slice(20, 61), 4)
    whole = HorizonSweep([coarse, fine], grid_of(fine)).planes(120.0)[0]
    fine.heights_m[50:70, 30:120] = np.nan
    holed = HorizonSweep([coarse, fine], grid_of(fine)).planes(120.0)[0]
    assert np.isnan(holed[50:70, 30:120]).all()
    ground = np.isfinite(fine.heights_m)
    assert np.isfinite(holed[ground]).all()
    np.testing.assert_allclose(holed[ground], whole[ground], atol=0.02)


def test_the_far_model_may_be_in_degrees():
    """Rays read the model in degrees itself, the sweep a copy of it on the region's map."""

    def hills(up: np.ndarray) -> np.ndarray:
        return 400.0 * np.sin(up @ np.array([900.0, -300.0, 500.0])) * np.sin(up @ np.array([200.0, 700.0, 100.0]))

    near = polar_dem(hills, 1600.0, 50.0, centre=(0.0, -547_000.0))
    flat = equirectangular_projection()
    degree_m = np.radians(1.0) * 1_737_400.0
    x, y = np.meshgrid(np.arange(178.0, 182.0, 0.008) * degree_m, np.arange(-70.6, -73.4, -0.004) * degree_m)
    far = Dem(hills(unit_vectors(flat, x, y)), flat, x[0, 0], y[0, 0], 0.008 * degree_m, 0.004 * degree_m, "degrees")
    points = np.random.default_rng(5).integers(0, 65, (12, 2))
    swept, exact = swept_and_exact([near, far], grid_of(near), np.arange(12) * 30.0 + 7.0, points)
    assert_as_good_as_rays(swept, exact)


def test_a_model_beside_the_region_hides_nothing():
    """Of two fine models only one holds the region; behind and before the other the coarse one goes on."""
    coarse = fractal_dem(120, 80.0, west=-4000.0, north=4000.0)
    fine = refined(coarse, slice(30, 51), slice(20, 41), 4)
    beside = refined(coarse, slice(60, 81), slice(85, 106), 4)
    points = np.array([(0, 0), (40, 80), (80, 80), (80, 40), (40, 40)])
    azimuths_deg = np.arange(24) * 15.0 + 4.0
    swept, exact = swept_and_exact([fine, beside, coarse], grid_of(fine), azimuths_deg, points)
    assert np.median(np.abs(swept - exact)) < 0.01
    assert np.abs(swept - exact).max() < 0.2
