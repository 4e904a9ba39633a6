"""Resampling to maps that keep angles, against heights known everywhere, and against the model's own."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lunabase.errors import InputError
from lunabase.terrain.conformal import conformal_dem, grid_of
from lunabase.terrain.dem import Dem
from lunabase.terrain.projection import LOCAL_STEREOGRAPHIC, Projection, equirectangular_projection, polar_projection

DEGREE_M = math.radians(1.0) * 1_737_400.0


def relief_m(latitude_deg, longitude_deg):
    """A smooth hill country: known everywhere."""
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    return 2000.0 * np.sin(6.0 * latitude) * np.cos(5.0 * longitude) * np.cos(latitude)


def plate(west_deg, south_deg, east_deg, north_deg, per_degree=10) -> Dem:
    """The relief on an equirectangular grid."""
    step = 1.0 / per_degree
    longitude = np.arange(west_deg + step / 2.0, east_deg, step)
    latitude = np.arange(north_deg - step / 2.0, south_deg, -step)
    heights = relief_m(latitude[:, None], longitude[None, :])
    first = (longitude[0] * DEGREE_M, latitude[0] * DEGREE_M)
    return Dem(heights, equirectangular_projection(), *first, step * DEGREE_M, step * DEGREE_M, "plate")


@pytest.mark.parametrize("edges", [(-14.0, -46.0, -8.0, -41.0), (177.0, -3.0, 183.0, 2.0), (10.0, 70.0, 30.0, 80.0)])
def test_heights_stay_at_their_places(edges):
    model = plate(*edges)
    made = conformal_dem(model)
    assert made.projection.kind == LOCAL_STEREOGRAPHIC
    assert made.pixel_width == made.pixel_height == pytest.approx(model.pixel_m)
    latitude, longitude = grid_of(made).latitude_longitude_deg()
    known = np.isfinite(made.heights_m)
    # Bilinear heights differ from the relief by its curvature: 2000 m * 7.8^2 * (0.1 deg)^2 / 8.
    np.testing.assert_allclose(made.heights_m[known], relief_m(latitude, longitude)[known], atol=0.05)
    inside = (latitude > edges[1] + 0.06) & (latitude < edges[3] - 0.06)
    inside &= ((longitude - edges[0]) % 360.0 > 0.06) & ((longitude - edges[0]) % 360.0 < edges[2] - edges[0] - 0.06)
    assert (known == inside).mean() > 0.98
    assert known[inside].all()


def test_a_region_and_a_pixel_size_can_be_chosen():
    model = plate(-20.0, 0.0, 0.0, 20.0)
    region = (-12.0 * DEGREE_M, 8.0 * DEGREE_M, -8.0 * DEGREE_M, 12.0 * DEGREE_M)
    made = conformal_dem(model, region, pixel_m=5000.0)
    assert made.pixel_m == 5000.0
    assert np.isfinite(made.heights_m).all()
    latitude, longitude = grid_of(made).latitude_longitude_deg()
    assert (latitude.max(), latitude.min()) == pytest.approx((12.0, 8.0), abs=0.15)
    assert (longitude.max(), longitude.min()) == pytest.approx((-8.0, -12.0), abs=0.15)


def test_a_region_across_the_seam_of_a_global_map_is_whole():
    model = plate(-180.0, -90.0, 180.0, 90.0, per_degree=2)
    made = conformal_dem(model, (175.0 * DEGREE_M, -5.0 * DEGREE_M, 185.0 * DEGREE_M, 5.0 * DEGREE_M))
    assert np.isfinite(made.heights_m).all()
    latitude, longitude = grid_of(made).latitude_longitude_deg()
    np.testing.assert_allclose(made.heights_m, relief_m(latitude, longitude), atol=1.2)


def test_a_region_round_the_moon_is_mapped_about_its_pole():
    model = plate(0.0, -90.0, 360.0, -60.0, per_degree=2)
    made = conformal_dem(model)
    assert made.projection == polar_projection("south")
    latitude, longitude = grid_of(made).latitude_longitude_deg()
    known = np.isfinite(made.heights_m)
    assert latitude[known].max() == pytest.approx(-60.25, abs=0.3)
    np.testing.assert_allclose(made.heights_m[known], relief_m(latitude, longitude)[known], atol=2.5)


def test_square_polar_models_stay_as_they_are():
    model = Dem(np.arange(30.0).reshape(5, 6), polar_projection(), -500.0, 700.0, 100.0, 100.0, "polar")
    assert conformal_dem(model) is model
    assert grid_of(model).bounds == (-550.0, 250.0, 50.0, 750.0)
    part = conformal_dem(model, (-449.0, 351.0, -251.0, 549.0))
    np.testing.assert_array_equal(part.heights_m, model.heights_m[2:4, 1:3])
    assert (part.west, part.north) == (-400.0, 500.0)
    np.testing.assert_array_equal(conformal_dem(model, (-550.0, 250.0, 50.0, 750.0)).heights_m, model.heights_m)


def test_oblong_polar_pixels_become_square():
    y, x = np.mgrid[0.0:9.0, 0.0:9.0]
    model = Dem(2.0 * x - 3.0 * y, polar_projection("north"), 0.0, 0.0, 200.0, 100.0, "oblong")
    with pytest.raises(InputError, match="not square: 200 by 100"):
        grid_of(model)
    made = conformal_dem(model)
    grid = grid_of(made)
    assert grid.pixel_m == 100.0
    slope = 2.0 * grid.x[None, :] / 200.0 + 3.0 * grid.y[:, None] / 100.0
    known = np.isfinite(made.heights_m)
    np.testing.assert_allclose(made.heights_m[known], slope[known], atol=1e-9)
    # Half a coarse pixel lies beyond the outermost centres on either side.
    assert known[:, 1:-1].all()


@pytest.mark.parametrize(
    ("region", "pixel_m", "message"),
    [
        ((0.0, 0.0, 5e5, 5e5), 0.0, "positive size"),
        ((0.0, 3e6, 5e5, 4e6), None, "outside the elevation model"),
        ((-4e6, -2e6, 4e6, 2e6), None, "too wide"),
    ],
)
def test_regions_that_cannot_be_mapped_are_refused(region, pixel_m, message):
    with pytest.raises(InputError, match=message):
        conformal_dem(plate(-180.0, -90.0, 180.0, 90.0, per_degree=1), region, pixel_m)


def test_an_equirectangular_model_has_no_survey_grid():
    with pytest.raises(InputError, match="bends angles"):
        grid_of(plate(0.0, 0.0, 5.0, 5.0))


def test_the_true_scale_of_maps_in_degrees_is_kept():
    degrees = plate(0.0, 10.0, 5.0, 15.0)
    per_radian = math.degrees(1.0)
    in_degrees = replace(
        degrees,
        projection=Projection(degrees.projection.kind, 1.0, 0.0, per_radian, per_radian, 0.0, 0.0),
        **{name: getattr(degrees, name) / DEGREE_M for name in ("west", "north", "pixel_width", "pixel_height")},
    )
    np.testing.assert_allclose(conformal_dem(in_degrees).heights_m, conformal_dem(degrees).heights_m, atol=1e-6)
