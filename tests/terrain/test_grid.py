"""The map grid against pyproj and against the azimuths of great circles."""

import numpy as np
import pyproj
import pytest

from lunabase.errors import InputError
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import SOUTH_POLAR, equirectangular_projection, local_projection, polar_projection
from lunabase.terrain.sphere import MOON_RADIUS_M

GEOD = pyproj.Geod(a=MOON_RADIUS_M, b=MOON_RADIUS_M)


def turned(pole):
    """A polar map with another central meridian, true scale latitude and origin."""
    return polar_projection(pole)._replace(
        central_cosine=np.cos(0.7), central_sine=np.sin(0.7), x_scale_m=3.4e6, y_scale_m=3.4e6, false_easting_m=5e5
    )


PROJECTIONS = [polar_projection("south"), polar_projection("north"), turned("south"), turned("north")]
PROJECTIONS += [local_projection(-43.3, -11.4), local_projection(26.1, 3.6), local_projection(0.0, 180.0)]


@pytest.fixture(params=PROJECTIONS)
def grid(request):
    return MapGrid(request.param, -31_000.0, 42_500.0, 5000.0, 8, 13)


def test_places_agree_with_proj(grid):
    x, y = np.meshgrid(grid.x, grid.y)
    to_degrees = pyproj.Transformer.from_crs(grid.crs, grid.crs.geodetic_crs, always_xy=True)
    longitude, latitude = to_degrees.transform(x, y)
    ours = grid.latitude_longitude_deg()
    np.testing.assert_allclose(ours[0], latitude, atol=1e-9)
    np.testing.assert_allclose(np.cos(np.radians(ours[1] - longitude)), 1.0, atol=1e-12)


def test_convergence_and_scale_agree_with_geodesics(grid):
    x, y = np.meshgrid(grid.x, grid.y)
    to_degrees = pyproj.Transformer.from_crs(grid.crs, grid.crs.geodetic_crs, always_xy=True)
    here, above = to_degrees.transform(x, y), to_degrees.transform(x, y + 1.0)
    azimuth, _, metres = GEOD.inv(*here, *above)
    difference = (grid.convergence_deg() - azimuth + 180.0) % 360.0 - 180.0
    assert np.abs(difference).max() < 2e-3
    np.testing.assert_allclose(grid.ground_scale(), metres, rtol=1e-6)


def test_parts_keep_their_place(grid):
    part = grid.part(2, 5, 100, 3)
    assert part.shape == (6, 3)
    np.testing.assert_array_equal(part.latitude_longitude_deg(), [a[2:, 5:8] for a in grid.latitude_longitude_deg()])
    assert part.bounds[0] == grid.bounds[0] + 5 * grid.pixel_m
    assert part.bounds[1] == grid.bounds[1]


def test_lola_maps_have_their_iau_code():
    assert MapGrid(polar_projection("south"), 0.0, 0.0, 10.0, 2, 2).crs.to_authority() == ("IAU_2015", "30135")
    assert polar_projection("south").kind == SOUTH_POLAR


def test_maps_that_bend_angles_are_refused():
    with pytest.raises(InputError, match="bends angles"):
        MapGrid(equirectangular_projection(), 0.0, 0.0, 10.0, 2, 2)
