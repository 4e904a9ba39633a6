"""Elevation models: reading GeoTIFFs with all their traps, and the heights between pixels."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem, read_dem
from lunabase.terrain.projection import equirectangular_projection, local_projection, polar_projection

SOUTH = "IAU_2015:30135"
HEIGHTS = np.array([[0.0, 100.0, 200.0], [50.0, 150.0, 250.0]], dtype=np.float32)


def write(path: Path, values=HEIGHTS, crs: str | None = SOUTH, transform=None, **options) -> Path:
    values = np.atleast_3d(values.T).T if values.ndim == 2 else values
    units, scale, offset = options.pop("units", None), options.pop("scale", None), options.pop("offset", None)
    profile = {
        "driver": "GTiff",
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "dtype": values.dtype,
        "crs": crs,
        "transform": transform or Affine(100.0, 0.0, -1000.0, 0.0, -100.0, 2000.0),
    }
    with rasterio.open(path, "w", **profile | options) as raster:
        raster.write(values)
        if units:
            raster.units = (units,)
        if scale:
            raster.scales, raster.offsets = (scale,), (offset,)
    return path


@pytest.fixture
def tif(tmp_path: Path) -> Path:
    return tmp_path / "dem.tif"


def test_pixels_are_where_the_file_says(tif: Path):
    dem = read_dem(write(tif))
    assert dem.source == "dem.tif"
    assert (dem.west, dem.north, dem.pixel_m) == (-950.0, 1950.0, 100.0)
    np.testing.assert_array_equal(dem.heights_m, HEIGHTS)
    np.testing.assert_allclose(dem.height_at_xy([-950.0, -750.0, -900.0], [1950.0, 1850.0, 1900.0]), [0, 250, 75])


def test_latitude_and_longitude_name_the_same_point_in_either_convention(tif: Path):
    dem = read_dem(write(tif))
    # rho = 2 R tan(colatitude / 2), x = rho sin(lon), y = rho cos(lon) for the point x = -900, y = 1900.
    latitude_deg = -90.0 + 2.0 * np.degrees(np.arctan(np.hypot(900.0, 1900.0) / (2.0 * 1_737_400.0)))
    longitude_deg = np.degrees(np.arctan2(-900.0, 1900.0))
    np.testing.assert_allclose(dem.height_at(latitude_deg, [longitude_deg, longitude_deg + 360.0]), 75.0, atol=1e-4)


def test_scalar_and_vector_calls_agree(tif: Path):
    dem = read_dem(write(tif))
    x, y = np.meshgrid(np.linspace(-950.0, -750.0, 5), np.linspace(1850.0, 1950.0, 4))
    heights = dem.height_at_xy(x, y)
    assert heights.shape == (4, 5)
    assert [float(dem.height_at_xy(a, b)) for a, b in zip(x.flat, y.flat, strict=True)] == heights.ravel().tolist()


def test_outside_and_beside_no_data_there_is_no_height(tif: Path):
    values = np.arange(16, dtype=np.int16).reshape(4, 4)
    values[0, 0] = -32768
    dem = read_dem(write(tif, values, nodata=-32768))
    assert dem.heights_m.dtype == np.float32
    found = dem.height_at_xy([-900.0, -800.0, -951.0, -950.0, -649.0], [1900.0, 1900.0, 1700.0, 1700.0, 1700.0])
    np.testing.assert_array_equal(np.isnan(found), [True, False, True, False, True])


def test_a_crs_without_authority_is_the_same_map(tmp_path: Path):
    nameless = (
        'PROJCS["unknown",GEOGCS["unknown",DATUM["unknown",SPHEROID["unknown",1737400,0]],'
        'PRIMEM["Reference meridian",0],UNIT["degree",0.0174532925199433]],PROJECTION["Polar_Stereographic"],'
        'PARAMETER["latitude_of_origin",-90],PARAMETER["central_meridian",0],PARAMETER["false_easting",0],'
        'PARAMETER["false_northing",0],UNIT["metre",1]]'
    )
    write(tmp_path / "nameless.tif", crs=nameless)
    with rasterio.open(tmp_path / "nameless.tif") as raster:
        assert raster.crs.to_authority() is None
    named = read_dem(write(tmp_path / "named.tif"))
    assert read_dem(tmp_path / "nameless.tif").projection == named.projection == polar_projection()


def test_radii_become_heights(tif: Path):
    radii = (HEIGHTS.astype(np.float64) + 1_737_400.0).astype(np.float64)
    np.testing.assert_allclose(read_dem(write(tif, radii)).heights_m, HEIGHTS, atol=1e-6)
    np.testing.assert_allclose(read_dem(write(tif, radii.astype(np.float32))).heights_m, HEIGHTS, atol=0.13)


def test_scale_offset_and_unit_apply(tif: Path):
    # As in the labels of LOLA's gridded products: half metres from the radius.
    half_metres = (HEIGHTS * 2.0).astype(np.int16)
    dem = read_dem(write(tif, half_metres, scale=0.5, offset=1_737_400.0))
    np.testing.assert_allclose(dem.heights_m, HEIGHTS, atol=1e-6)
    np.testing.assert_allclose(read_dem(write(tif, HEIGHTS / 1000.0, units="km")).heights_m, HEIGHTS, atol=1e-3)
    np.testing.assert_array_equal(read_dem(write(tif, units="unknown")).heights_m, HEIGHTS)


def test_a_window_reads_the_pixels_it_overlaps(tif: Path):
    whole = read_dem(write(tif, np.arange(100, dtype=np.float32).reshape(10, 10)))
    part = read_dem(tif, window=(-801.0, 1250.0, -550.0, 1600.0))
    np.testing.assert_array_equal(part.heights_m, whole.heights_m[4:8, 1:5])
    assert float(part.height_at_xy(-710.0, 1444.0)) == pytest.approx(float(whole.height_at_xy(-710.0, 1444.0)))
    with pytest.raises(InputError, match="outside the elevation model"):
        read_dem(tif, window=(5000.0, 0.0, 6000.0, 100.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crs": None}, "no coordinate system"),
        ({"crs": "EPSG:3031"}, "not on the Moon"),
        ({"crs": "+proj=tmerc +R=1737400"}, "not supported"),
        ({"transform": Affine(100.0, 5.0, 0.0, 5.0, -100.0, 0.0)}, "not north up"),
        ({"transform": Affine(100.0, 0.0, 0.0, 0.0, 100.0, 0.0)}, "not north up"),
        ({"values": np.zeros((3, 4, 4), dtype=np.uint8)}, "3 bands"),
        ({"values": np.full((3, 3), -32768, dtype=np.int16), "nodata": -32768}, "holds no heights"),
        ({"values": np.full((3, 3), -32768, dtype=np.int16)}, "not lunar"),
        ({"values": np.zeros((1, 5), dtype=np.float32)}, "5 x 1 pixels are no surface"),
        ({"units": "furlong"}, "unit 'furlong' is unknown"),
        ({"values": np.zeros((3, 4), dtype=np.complex64)}, "complex64 .* are a picture"),
        ({"values": np.zeros((3, 4), dtype=np.uint8)}, "uint8 .* are a picture"),
        ({"crs": "IAU_2015:30100", "transform": Affine(1.0, 0.0, 0.0, 0.0, -1.0, 92.0)}, "beyond a pole"),
        ({"crs": "IAU_2015:30100", "transform": Affine(1.0, 0.0, 0.0, 0.0, -1.0, -89.0)}, "beyond a pole"),
        ({"crs": "IAU_2015:30100", "transform": Affine(200.0, 0.0, 0.0, 0.0, -1.0, 10.0)}, "round the Moon"),
    ],
)
def test_what_is_not_a_lunar_elevation_model_is_refused_with_the_reason(tif: Path, change, message):
    write(tif, **change)
    with pytest.raises(InputError, match=message) as caught:
        read_dem(tif)
    assert caught.value.where
    assert caught.value.fix


def test_nodes_on_the_poles_and_bytes_with_a_unit_are_read(tif: Path):
    whole = {"crs": "IAU_2015:30100", "transform": Affine(90.0, 0.0, -45.0, 0.0, -90.0, 135.0)}
    dem = read_dem(write(tif, np.arange(12, dtype=np.uint8).reshape(3, 4), units="m", **whole))
    np.testing.assert_allclose(dem.height_at([90.0, 0.0, -90.0], [0.0, 90.0, 0.0]), [0.0, 5.0, 8.0])


def test_what_is_no_file_is_refused(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.tif")
    for path in (tmp_path, tmp_path / "pipe.tif"):
        with pytest.raises(InputError, match="not a file"):
            read_dem(path)


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="can't read the elevation model"):
        read_dem(tmp_path / "nothing.tif")


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 400), junk=st.binary(min_size=1, max_size=40))
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, position, junk):
    path = write(tmp_path_factory.mktemp("dem") / "dem.tif")
    content = path.read_bytes()
    path.write_bytes(content[:position] + junk + content[position + len(junk) :])
    with contextlib.suppress(InputError):
        assert isinstance(read_dem(path), Dem)


@pytest.mark.parametrize("west_deg", [-180.0, 0.0, -30.0])
def test_a_global_map_may_start_at_any_longitude_and_has_no_seam(west_deg):
    longitudes_deg = west_deg + 0.5 + np.arange(360)
    heights = np.tile(1000.0 * np.cos(np.radians(longitudes_deg)), (40, 1))
    degree = np.pi / 180.0 * 1_737_400.0
    dem = Dem(heights, equirectangular_projection(), (west_deg + 0.5) * degree, 19.5 * degree, degree, degree, "globe")
    assert dem.wraps
    for longitude_deg in (0.0, 0.2, -0.3, 180.0, -180.0, 179.8, 359.9, -30.0, 330.1, -29.9):
        expected = 1000.0 * np.cos(np.radians(longitude_deg))
        assert float(dem.height_at(5.0, longitude_deg)) == pytest.approx(expected, abs=0.2)


def test_a_regional_map_accepts_both_longitude_conventions():
    degree = np.pi / 180.0 * 1_737_400.0
    heights = np.tile(np.arange(11.0), (11, 1))
    dem = Dem(heights, equirectangular_projection(), 175.0 * degree, 5.0 * degree, degree, degree, "far side")
    np.testing.assert_allclose(dem.height_at(0.0, [177.5, 182.5, -177.5, -182.5]), [2.5, 7.5, 7.5, 2.5], atol=1e-9)
    assert not dem.wraps
    assert np.isnan(dem.height_at(0.0, 0.0))


@pytest.mark.parametrize(
    "projection", [polar_projection("south"), polar_projection("north"), local_projection(0.0, 0.0)]
)
def test_the_point_that_a_map_cannot_show_has_no_height(projection):
    dem = Dem(HEIGHTS, projection, -950.0, 1950.0, 100.0, 100.0, "map")
    latitude_deg, longitude_deg = {0: (90.0, 0.0), 1: (-90.0, 0.0)}.get(projection.kind, (0.0, 180.0))
    assert np.isnan(dem.height_at(latitude_deg, longitude_deg))
