"""View factors against closed forms: planes, tilted plates, spherical bowls; and the sums of random terrain."""

import numpy as np
import pytest
from bowls import PIXEL_M, Bowl
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.survey.surroundings import Surroundings
from lunabase.survey.view_factors import SECTORS, sector_means, view_factors


def level_normals(count):
    return np.tile([0.0, 0.0, 1.0], (count, 1))


def views_of(heights_m, pixel_m, normals, sectors_rad):
    """View factors of all pixels of a map without surroundings."""
    map_alone = Surroundings.none(heights_m)
    row, column = np.divmod(np.arange(heights_m.size), heights_m.shape[1])
    places = np.column_stack([np.zeros_like(row), row, column]).astype(np.int32)
    return view_factors(map_alone.pyramid, map_alone.heights_m, places, pixel_m, normals, sectors_rad)


def sums(views):
    totals = np.zeros(views.sky.size)
    np.add.at(totals, np.repeat(np.arange(totals.size), np.diff(views.starts)), views.weights)
    return totals


def bowl_views(bowl):
    north, east = np.gradient(bowl.heights_m, -PIXEL_M, PIXEL_M)
    normals = np.column_stack([-east.ravel(), -north.ravel(), np.ones(east.size)])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    lines = bowl.horizons_deg().reshape(180, -1).T.astype(np.float32)
    return views_of(bowl.heights_m, PIXEL_M, normals, sector_means(lines)), normals


def test_a_plain_sees_the_sky_alone():
    views = views_of(np.zeros((20, 30)), 100.0, level_normals(600), np.zeros((600, SECTORS), np.float32))
    assert views.weights.size == 0
    np.testing.assert_allclose(views.sky, 1.0, atol=1e-6)


@pytest.mark.parametrize("tilt_deg", [10.0, 45.0, 80.0])
def test_a_tilted_plate_on_a_plain(tilt_deg):
    """The sky above level ground fills (1 + cos tilt) / 2 of its view, the ground the rest."""
    tilt = np.radians(tilt_deg)
    normals = np.tile([np.sin(tilt), 0.0, np.cos(tilt)], (961, 1))
    views = views_of(np.zeros((31, 31)), 100.0, normals, np.zeros((961, SECTORS), np.float32))
    np.testing.assert_allclose(views.sky, (1.0 + np.cos(tilt)) / 2.0, atol=2e-3)
    assert sums(views)[15 * 31 + 15] == pytest.approx((1.0 - np.cos(tilt)) / 2.0, abs=2e-3)


@pytest.mark.parametrize("depth_per_diameter", [0.1, 0.2, 0.4])
def test_every_place_in_a_bowl_sees_the_same_share_of_it(depth_per_diameter):
    bowl = Bowl(81, 35.0, depth_per_diameter)
    views, _ = bowl_views(bowl)
    inside = (bowl.out_m < 0.9 * bowl.rim_m).ravel()
    np.testing.assert_allclose(sums(views)[inside], bowl.ground_part, rtol=0.01)
    outside = (bowl.out_m > 1.1 * bowl.rim_m).ravel()
    assert sums(views)[outside].max() < 1e-6


def test_places_in_a_bowl_give_what_they_take():
    """In a sphere a place is seen from everywhere by its area alone: exchange is area times the bowl's share."""
    bowl = Bowl(101, 45.0, 0.2)
    views, normals = bowl_views(bowl)
    area = 1.0 / normals[:, 2]
    x, y = (values.ravel() for values in np.meshgrid(bowl.grid.x, bowl.grid.y))
    inside = (bowl.out_m < bowl.rim_m).ravel()
    for here in (np.hypot(x, y) < 150.0, np.hypot(x - 150.0, y - 100.0) < 80.0):
        radiosity = np.zeros((views.pyramid.size, 2), np.float32)
        radiosity[: here.size, 0] = here
        radiosity[: here.size, 1] = inside
        views.pyramid.fill(radiosity)
        taken = np.empty((here.size, 2), np.float32)
        views.gather(radiosity, 0, taken)
        expected = area[here].sum() * bowl.ground_part
        assert np.sum((area * taken[:, 0])[inside]) == pytest.approx(expected, rel=0.05)
        assert np.sum((area * taken[:, 1])[here]) == pytest.approx(expected, rel=0.05)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 24), st.integers(1, 24), st.floats(0.0, 50.0))
def test_ground_and_sky_fill_the_view(seed, rows, columns, relief_m):
    """Whatever the terrain and the horizons are; with unknown pixels, which see and give nothing."""
    random = np.random.default_rng(seed)
    heights_m = relief_m * random.standard_normal((rows, columns))
    heights_m[random.random((rows, columns)) < 0.1] = np.nan
    slopes = 0.3 * random.standard_normal((rows * columns, 2))
    normals = np.column_stack([slopes, np.ones(rows * columns)])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    horizons = random.uniform(-0.1, 0.6, (rows * columns, SECTORS)).astype(np.float32)
    views = views_of(heights_m, 50.0, normals, horizons)
    known = np.isfinite(heights_m.ravel())
    assert np.isnan(views.sky[~known]).all()
    assert (views.weights >= 0.0).all()
    total = sums(views)[known] + views.sky[known]
    np.testing.assert_allclose(total, 1.0, atol=5e-3)
    finest = views.cells[views.cells < known.size]
    assert known[finest].all()


def test_sectors_are_means_about_their_azimuths():
    azimuths = np.arange(360.0)
    lines = (10.0 + 5.0 * np.cos(np.radians(azimuths - 90.0)))[None].astype(np.float32)
    half = np.radians(180.0 / SECTORS)
    expected = 10.0 + 5.0 * np.sin(half) / half * np.cos(np.radians(np.arange(SECTORS) * 360.0 / SECTORS - 90.0))
    np.testing.assert_allclose(np.degrees(sector_means(lines)[0]), expected, atol=2e-3)
