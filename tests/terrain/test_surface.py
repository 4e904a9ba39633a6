"""Slopes, normals and roughness against surfaces known in closed form, and sums done the plain way."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.terrain.conformal import grid_of
from lunabase.terrain.dem import Dem, read_dem
from lunabase.terrain.projection import equirectangular_projection, local_projection, polar_projection
from lunabase.terrain.sphere import MOON_RADIUS_M
from lunabase.terrain.surface import (
    aspect_deg,
    gradient,
    hillshade,
    normals,
    rms_deviation_m,
    roughness_m,
    slope_deg,
    true_normals,
)

SITE01 = Path(__file__).parents[2].parent / "shared" / "data" / "terrain" / "site01_10m.tif"


def model(heights, projection=None, west=0.0, north=0.0, pixel_m=20.0) -> Dem:
    return Dem(heights, projection or local_projection(-30.0, 40.0), west, north, pixel_m, pixel_m, "made")


def shape_of(function, rows=41, columns=51, pixel_m=20.0, **place) -> Dem:
    y, x = np.mgrid[rows // 2 : rows // 2 - rows : -1, -(columns // 2) : columns - columns // 2] * pixel_m
    return model(function(x, y), west=x[0, 0], north=y[0, 0], pixel_m=pixel_m, **place)


INNER = (slice(1, -1), slice(1, -1))


@settings(deadline=None, max_examples=30)
@given(rise_x=st.floats(-0.7, 0.7), rise_y=st.floats(-0.7, 0.7))
def test_a_tilted_plane(rise_x, rise_y):
    dem = shape_of(lambda x, y: rise_x * x + rise_y * y)
    expected = math.degrees(math.atan(math.hypot(rise_x, rise_y)))
    # The map is 500 m wide: its scale is 1e-7 off, and the radius grows by 2e-4 with 400 m of height.
    np.testing.assert_allclose(slope_deg(dem)[INNER], expected, atol=0.012)
    steepest = normals(dem)[INNER]
    np.testing.assert_allclose(steepest[..., 0] / steepest[..., 2], -rise_x, atol=5e-4)
    np.testing.assert_allclose(steepest[..., 1] / steepest[..., 2], -rise_y, atol=5e-4)


def test_a_cone_falls_away_from_its_tip():
    dem = shape_of(lambda x, y: 500.0 - 0.3 * np.hypot(x, y))
    x, y = np.meshgrid(grid_of(dem).x, grid_of(dem).y)
    away = np.hypot(x, y) > 200.0
    away &= np.isfinite(slope_deg(dem))
    # Differences over two pixels of 20 m see a cone 200 m from its tip with (20 / 200)^2 / 2 of error in direction.
    np.testing.assert_allclose(slope_deg(dem)[away], math.degrees(math.atan(0.3)), atol=0.05)
    turned = aspect_deg(dem) - grid_of(dem).convergence_deg() - np.degrees(np.arctan2(x, y))
    np.testing.assert_allclose((turned[away] + 180.0) % 360.0 - 180.0, 0.0, atol=0.3)


def test_a_spherical_bump():
    radius_m = 3000.0
    dem = shape_of(lambda x, y: np.sqrt(radius_m**2 - x**2 - y**2) - 2000.0, pixel_m=10.0)
    x, y = np.meshgrid(grid_of(dem).x, grid_of(dem).y)
    expected = np.degrees(np.arcsin(np.hypot(x, y) / radius_m))
    np.testing.assert_allclose(slope_deg(dem)[INNER], expected[INNER], atol=0.01)


@pytest.mark.parametrize(
    "projection", [polar_projection("south"), polar_projection("north"), local_projection(0.0, 0.0)]
)
def test_distances_are_those_on_the_ground_at_the_height(projection):
    """300 km from a map's centre the map is 0.75 % too large, and at 10 km height the ground is 0.58 % longer."""
    pixel_m = 100.0
    dem = model(10_000.0 + 10.0 * np.arange(5.0) + np.zeros((5, 5)), projection, west=3e5, north=100.0, pixel_m=pixel_m)
    ground_m = grid_of(dem).ground_scale() * pixel_m * (MOON_RADIUS_M + dem.heights_m) / MOON_RADIUS_M
    np.testing.assert_allclose(gradient(dem)[0][INNER], (10.0 / ground_m)[INNER], rtol=1e-8)
    np.testing.assert_allclose(gradient(dem)[1][INNER], 0.0, atol=1e-15)


@pytest.mark.parametrize("pole", ["south", "north"])
def test_true_directions_on_a_polar_map(pole):
    """Ground that rises towards the pole faces away from it, wherever it lies."""
    sign = -1.0 if pole == "south" else 1.0
    dem = shape_of(lambda x, y: -0.2 * np.hypot(x, y), rows=61, columns=61, projection=polar_projection(pole))
    x, y = np.meshgrid(grid_of(dem).x, grid_of(dem).y)
    away = np.isfinite(slope_deg(dem)) & (np.hypot(x, y) > 300.0)
    towards_equator = 180.0 if pole == "north" else 0.0
    off = (aspect_deg(dem)[away] - towards_equator + 180.0) % 360.0 - 180.0
    np.testing.assert_allclose(off, 0.0, atol=0.3)
    up = true_normals(dem)[away]
    np.testing.assert_allclose(up[:, 1] / up[:, 2], -0.2 * sign, atol=2e-3)
    np.testing.assert_allclose(up[:, 0], 0.0, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(up, axis=1), 1.0, atol=1e-12)


def test_missing_heights_stay_missing():
    heights = np.zeros((7, 7))
    heights[3, 3] = np.nan
    slope = slope_deg(model(heights))
    hidden = np.isnan(slope)
    assert hidden[2:5, 2:5].all()
    assert hidden.sum() == 9 + 24  # and the outermost pixels
    assert np.isnan(aspect_deg(model(np.zeros((4, 4))))).all()


def test_hillshade_is_the_cosine_of_incidence():
    tilt = math.tan(math.radians(20.0))
    dem = shape_of(lambda x, y: -tilt * x)  # falls to the east: faces it
    for azimuth_deg, incidence_deg in ((90.0, 25.0), (270.0, 65.0)):
        shade = hillshade(dem, azimuth_deg, 45.0)[INNER]
        np.testing.assert_allclose(shade, math.cos(math.radians(incidence_deg)), atol=1e-3)
    assert (hillshade(dem, 270.0, 10.0)[INNER] == 0.0).all()


class TestRoughness:
    def plain(self, heights, half):
        """The RMS residual of a least-squares plane, square by square."""
        y, x = np.mgrid[-half : half + 1, -half : half + 1]
        design = np.stack([np.ones(x.size), x.ravel(), y.ravel()], axis=1)
        result = np.full(heights.shape, np.nan)
        for row in range(half, heights.shape[0] - half):
            for column in range(half, heights.shape[1] - half):
                part = heights[row - half : row + half + 1, column - half : column + half + 1].ravel()
                if np.isfinite(part).all():
                    fit = np.linalg.lstsq(design, part, rcond=None)[0]
                    result[row, column] = np.sqrt(np.mean((part - design @ fit) ** 2))
        return result

    @pytest.mark.parametrize("half", [1, 2, 5])
    def test_it_is_the_residual_of_a_plane(self, half):
        generator = np.random.default_rng(5)
        heights = generator.normal(size=(30, 37)).cumsum(0).cumsum(1) + 6000.0
        heights[20, 30] = np.nan
        found, side_m = roughness_m(model(heights), 2 * half * 20.0)
        assert side_m == 2 * half * 20.0
        np.testing.assert_allclose(found, self.plain(heights, half), atol=1e-7)

    def test_a_plane_is_smooth_and_noise_is_its_own(self):
        smooth, _ = roughness_m(shape_of(lambda x, y: 0.4 * x - 0.2 * y + 3000.0, 200, 200), 400.0)
        assert np.nanmax(smooth) < 1e-5
        noise = np.random.default_rng(2).normal(0.0, 0.7, (200, 200))
        found, _ = roughness_m(model(noise), 400.0)
        # A plane takes 3 of 441 degrees of freedom.
        assert np.nanmean(found**2) == pytest.approx(0.49 * (441 - 3) / 441, rel=0.02)

    @pytest.mark.parametrize("baseline_m", [0.0, -5.0, math.nan, 500.0])
    def test_a_baseline_must_fit(self, baseline_m):
        with pytest.raises(InputError, match="fits"):
            roughness_m(model(np.zeros((10, 10))), baseline_m)

    def test_deviation_grows_with_the_lag_as_the_hurst_exponent(self):
        # A random walk has an exponent of 1/2 along its steps and none across.
        walk = np.random.default_rng(8).normal(size=(20000, 3)).cumsum(0)[:, :1] + np.zeros((1, 3))
        near, near_m = rms_deviation_m(model(walk), 20.0)
        far, far_m = rms_deviation_m(model(walk[:, :2]), 320.0)
        assert (near_m, far_m) == (20.0, 320.0)
        shares = 2 * 20000 / (2 * 20000 + 3 * 19999)
        assert near == pytest.approx(math.sqrt(1.0 - shares), rel=0.02)
        assert far == pytest.approx(4.0, rel=0.1)


def test_only_conformal_models_have_a_surface():
    with pytest.raises(InputError, match="bends angles"):
        slope_deg(model(np.zeros((5, 5)), equirectangular_projection()))


@pytest.mark.skipif(not SITE01.is_file(), reason="the shared elevation models are not on this machine")
def test_slopes_of_the_connecting_ridge_agree_with_a_plain_difference():
    dem = read_dem(SITE01, (-13_000.0, -15_000.0, -9_000.0, -11_000.0))
    rise_y, rise_x = np.gradient(dem.heights_m.astype(float), -10.0, 10.0)
    plain = np.degrees(np.arctan(np.hypot(rise_x, rise_y)))
    off = (slope_deg(dem) - plain)[INNER]
    assert abs(np.median(off)) < 0.1
    assert np.percentile(np.abs(off), 95) < 1.5
