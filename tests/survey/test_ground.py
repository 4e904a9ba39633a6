"""The terrain of a survey: a model in degrees is also the terrain around its region, and gaps in what is known are told."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from lunabase.survey.ground import open_models, read_around, read_ground
from lunabase.survey.horizons import horizon_map
from lunabase.survey.region import RegionWish
from lunabase.terrain.dem import read_dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.projection import local_projection, polar_projection

DEGREES = (
    'GEOGCS["GCS_Moon_2000",DATUM["D_Moon_2000",SPHEROID["Moon_2000_IAU_IAG",1737400.0,0.0]],'
    'PRIMEM["Reference_Meridian",0.0],UNIT["Degree",0.0174532925199433]]'
)


def write_model(path, heights_m, west, north, pixel, crs=DEGREES):
    rows, columns = heights_m.shape
    profile = {"driver": "GTiff", "height": rows, "width": columns, "count": 1, "dtype": "float32"}
    place = {"crs": rasterio.crs.CRS.from_wkt(crs), "transform": Affine(pixel, 0.0, west, 0.0, -pixel, north)}
    with rasterio.open(path, "w", **profile, **place) as raster:
        raster.write(heights_m.astype(np.float32), 1)
        raster.set_band_unit(1, "m")
    return path


@pytest.fixture
def wall_to_the_north(tmp_path):
    """25 to 35 E, 15 to 25 N in pixels of 0.02 deg: swells, and a wall of 3 km north of 20.2 N, 6 km from the region."""
    latitude_deg, longitude_deg = 25.0 - 0.02 * (np.arange(500) + 0.5), 25.0 + 0.02 * (np.arange(500) + 0.5)
    heights_m = 300.0 * np.sin(2.0 * latitude_deg)[:, None] * np.cos(3.0 * longitude_deg)
    heights_m[latitude_deg > 20.2] += 3000.0
    return write_model(tmp_path / "wall.tif", heights_m, 25.0, 25.0, 0.02)


def test_a_model_in_degrees_is_the_terrain_around_its_region_too(wall_to_the_north, tmp_path):
    """Horizons of the resampled region against rays over the model as it is."""
    ground = read_ground((wall_to_the_north,), RegionWish((20.0, 30.0), 6.0))
    cube = horizon_map(ground.dems, ground.grid, out=tmp_path / "z", azimuths=8)
    row, column = ground.grid.rows // 2, ground.grid.columns // 2
    place = [angle.item() for angle in ground.grid.part(row, column, 1, 1).latitude_longitude_deg()]
    exact = point_horizon(ground.dems[1:], *place, observer_heights_m=(2.0,))
    expected_deg = np.interp(np.arange(0.0, 360.0, 45.0), exact.azimuths_deg, exact.elevations_deg[0])
    assert expected_deg[0] > 20.0
    np.testing.assert_allclose(cube["horizon_elevation"][0, :, row, column], expected_deg, rtol=0.04, atol=0.05)


def test_terrain_that_no_model_knows_is_told(wall_to_the_north):
    """The model is a box of 10 deg by 10 deg about the region: 303 km by about 285 km of the circle of 200 km about it."""
    ground = read_ground((wall_to_the_north,), RegionWish((20.0, 30.0), 6.0))
    half_m = np.radians(5.0) * 1_737_400.0 * np.array([np.cos(np.radians(20.0)), 1.0])
    x, y = np.meshgrid(np.linspace(-2e5, 2e5, 401), np.linspace(-2e5, 2e5, 401))
    outside = (abs(x) > half_m[0]) | (abs(y) > half_m[1])
    expected = outside[np.hypot(x, y) <= 2e5].mean()
    (warning,) = ground.warnings
    assert "none of the models" in warning
    assert int(warning.split("%")[0].split()[-1]) == pytest.approx(100.0 * expected, abs=3.0)


def test_the_embedded_model_knows_all_around_the_south_pole():
    (warning,) = read_ground((), RegionWish((-89.45, 222.0), 16.0)).warnings
    assert "none of the models" not in warning


def test_a_north_polar_model_stands_alone(tmp_path):
    grid = MapGrid(polar_projection("north"), -49_500.0, 49_500.0, 1000.0, 100, 100)
    path = write_model(
        tmp_path / "north.tif", np.full((100, 100), 50.0), -50_000.0, 50_000.0, 1000.0, grid.crs.to_wkt()
    )
    ground = read_ground((path,), RegionWish((89.6, 100.0), 10.0))
    assert [dem.source for dem in ground.dems] == [each["name"] for each in ground.sources] == ["north.tif"]
    assert ground.grid.projection.kind == grid.projection.kind
    latitude_deg, longitude_deg = ground.grid.part(5, 5, 1, 1).latitude_longitude_deg()
    assert (latitude_deg.item(), longitude_deg.item()) == pytest.approx((89.6, 100.0), abs=0.05, rel=0.05)
    assert any("none of the models" in warning for warning in ground.warnings)


@pytest.fixture
def wide_model(tmp_path):
    """The south pole in 2600 x 2600 pixels of 50 m, swells of 40 and 9 km, a rim of 2 km 57 km from the region."""
    x, y = np.meshgrid(-64_975.0 + 50.0 * np.arange(2600), 64_975.0 - 50.0 * np.arange(2600))
    heights_m = 400.0 * np.sin(x / 6400.0) * np.cos(y / 6400.0) + 60.0 * np.sin((x + 2.0 * y) / 1432.0)
    heights_m += 2000.0 * np.exp(-(((np.hypot(x + 60_000.0, y - 60_000.0) - 57_000.0) / 3000.0) ** 2))
    crs = polar_projection("south")
    return write_model(
        tmp_path / "wide.tif", heights_m, -65_000.0, 65_000.0, 50.0, MapGrid(crs, 0.0, 0.0, 1.0, 2, 2).crs.to_wkt()
    )


CORNER = RegionWish(bounds=(-61_000.0, 59_000.0, -59_000.0, 61_000.0))


def test_far_from_a_small_region_a_large_model_is_thinned_out(wide_model, tmp_path):
    ground = read_ground((wide_model,), CORNER)
    wide = [dem for dem in ground.dems if dem.source == "wide.tif"]
    assert [dem.pixel_m for dem in wide] == [50.0, 200.0]
    assert sum(dem.heights_m.size for dem in wide) < 0.35 * 2600**2
    whole = read_dem(wide_model)
    thinned = horizon_map(ground.dems, ground.grid, out=tmp_path / "thinned", azimuths=24)
    exact = horizon_map([whole, *ground.dems[len(wide) :]], ground.grid, out=tmp_path / "whole", azimuths=24)
    difference_deg = abs(thinned.horizon_elevation - exact.horizon_elevation).to_numpy()
    assert float(exact.horizon_elevation.max()) > 1.0
    assert difference_deg.max() < 0.01


def test_a_point_far_from_the_thinned_out_rim_sees_it(wide_model):
    """Rays over the thinned-out model against rays over all of its pixels."""
    (file, far), _ = open_models((wide_model,))
    place = MapGrid(polar_projection("south"), -60_000.0, 60_000.0, 50.0, 1, 1).latitude_longitude_deg()
    place = [angle.item() for angle in place]
    around = MapGrid(local_projection(*place), -1.0, 1.0, 2.0, 2, 2)
    dems = read_around([file, far], around)
    assert sum(dem.heights_m.size for dem in dems if dem.source == "wide.tif") < 0.6 * 2600**2
    whole = point_horizon([read_dem(wide_model), far.read()], *place)
    np.testing.assert_allclose(point_horizon(dems, *place).elevations_deg, whole.elevations_deg, atol=0.01)


@pytest.mark.parametrize(
    ("bounds", "warned"),
    [
        ((-64_000.0, 0.0, -63_000.0, 1000.0), True),
        ((-63_950.0, 0.0, -63_000.0, 1000.0), False),
        ((0.0, 63_500.0, 1000.0, 64_500.0), True),
        ((0.0, -63_900.0, 1000.0, -63_000.0), False),
        ((2500.0, 0.0, 3500.0, 1000.0), True),
        ((3600.0, 0.0, 4600.0, 1000.0), False),
    ],
)
def test_a_region_near_the_finest_model_s_border_is_told(tmp_path, bounds, warned):
    """Pixels of 50 m: 20 of them are 1 km. Of a block of 10 x 10 pixels from (2, 0.5) km on nothing is known."""
    heights_m = np.zeros((2600, 2600))
    heights_m[1290:1300, 1340:1350] = np.nan
    wkt = MapGrid(polar_projection("south"), 0.0, 0.0, 1.0, 2, 2).crs.to_wkt()
    path = write_model(tmp_path / "flat.tif", heights_m, -65_000.0, 65_000.0, 50.0, wkt)
    ground = read_ground((path,), RegionWish(bounds=bounds))
    assert any("within 20 pixels of the border of flat.tif" in each for each in ground.warnings) == warned


def test_a_model_in_degrees_has_its_border_where_its_pixels_end(wall_to_the_north):
    def told(centre):
        warnings = read_ground((wall_to_the_north,), RegionWish(centre, 6.0)).warnings
        return any("within 20 pixels" in each for each in warnings)

    assert told((15.4, 30.0))
    assert not told((15.7, 30.0))
