"""The files open where users open them: xarray, GDAL; a COG is laid out as one."""

import struct

import numpy as np
import pyproj
import pytest
import rasterio
import xarray as xr

from lunabase.survey.maps import add_map, empty_maps
from lunabase.survey.products import map_summary, write_cog, write_netcdf
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import local_projection, polar_projection, read_projection

ROWS, COLUMNS = 700, 900


@pytest.fixture(params=["south pole", "north pole", "local"])
def grid(request):
    projection = {
        "south pole": polar_projection("south"),
        "north pole": polar_projection("north"),
        "local": local_projection(-45.0, 20.0),
    }[request.param]
    return MapGrid(projection, -5000.0, -12000.0, 20.0, ROWS, COLUMNS)


@pytest.fixture
def maps(grid):
    made = empty_maps(grid)
    light = np.linspace(0.0, 1.0, ROWS * COLUMNS, dtype=np.float32).reshape(ROWS, COLUMNS)
    light[3, 4] = np.nan
    add_map(made, "light", light, height_m=2.0, note="a ramp, made up for a test")
    add_map(made, "psr", (light < 0.1).astype(np.uint8))
    return made


def directories(path):
    """(offset of each image directory, its width, tile width, offsets of its first tile) of a little-endian TIFF."""
    data = path.read_bytes()
    assert data[:2] == b"II"
    assert struct.unpack("<H", data[2:4])[0] == 42
    place = struct.unpack("<I", data[4:8])[0]
    found = []
    while place:
        count = struct.unpack("<H", data[place : place + 2])[0]
        tags = {}
        for k in range(count):
            tag, kind, number, value = struct.unpack("<HHII", data[place + 2 + 12 * k : place + 14 + 12 * k])
            tags[tag] = (kind, number, value)
        kind, number, value = tags[324]
        first = value if number == 1 else struct.unpack("<I", data[value : value + 4])[0]
        width = tags[256][2] & (0xFFFF if tags[256][0] == 3 else 0xFFFFFFFF)
        found.append((place, width, tags[322][2] & 0xFFFF, first))
        place = struct.unpack("<I", data[place + 2 + 12 * count : place + 6 + 12 * count])[0]
    return found


@pytest.mark.parametrize("name", ["light_2m", "psr"])
def test_a_cog_is_laid_out_as_one(maps, grid, tmp_path, name):
    """Tiled, with overviews; directories at the start, largest image first; image data in reverse order."""
    path = tmp_path / "map.tif"
    write_cog(maps[name], grid, path, {"LUNABASE": "test"})
    found = directories(path)
    places, widths, tiles, firsts = zip(*found, strict=True)
    assert widths == (900, 450, 225)
    assert set(tiles) == {256}
    assert list(places) == sorted(places)
    assert max(places) < min(firsts)
    assert list(firsts) == sorted(firsts, reverse=True)


def test_a_cog_says_what_it_is(maps, grid, tmp_path):
    write_cog(maps["light_2m"], grid, tmp_path / "light_2m.tif", {"WARNING": "for a test"})
    with rasterio.open(tmp_path / "light_2m.tif") as raster:
        assert raster.units == ("1",)
        assert raster.descriptions == ("Sunlight, 2 m above ground",)
        assert np.isnan(raster.nodata)
        assert raster.tags()["WARNING"] == "for a test"
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.bounds == pytest.approx(grid.bounds)
        back = read_projection(raster.crs, "the map")
        assert back == pytest.approx(grid.projection, abs=1e-6)
        assert np.array_equal(raster.read(1), maps["light_2m"].to_numpy(), equal_nan=True)


def test_the_netcdf_opens_in_xarray(maps, tmp_path):
    write_netcdf(maps, tmp_path / "survey.nc")
    with xr.open_dataset(tmp_path / "survey.nc", engine="h5netcdf", decode_coords="all") as back:
        assert back["light_2m"].attrs["units"] == "1"
        assert back["light_2m"].attrs["height_above_ground_m"] == 2.0
        assert "made up" in back["light_2m"].attrs["comment"]
        assert np.array_equal(back["light_2m"], maps["light_2m"], equal_nan=True)
        assert pyproj.CRS.from_wkt(back["spatial_ref"].attrs["crs_wkt"]).is_projected


def test_the_netcdf_opens_in_gdal_in_its_place(maps, grid, tmp_path):
    """What QGIS sees: each map in its coordinate system, the right way up."""
    write_netcdf(maps, tmp_path / "survey.nc")
    with rasterio.open(f"netcdf:{tmp_path / 'survey.nc'}:light_2m") as raster:
        assert raster.bounds == pytest.approx(grid.bounds)
        assert read_projection(raster.crs, "the map") == pytest.approx(grid.projection, abs=1e-6)
        assert np.array_equal(raster.read(1), maps["light_2m"].to_numpy(), equal_nan=True)


def test_a_summary_counts_what_is_missing(maps):
    summary = map_summary(maps["light_2m"])
    assert (summary["least"], summary["greatest"], summary["pixels_without_data"]) == (0.0, 1.0, 1)
    assert summary["unit"] == "1"
