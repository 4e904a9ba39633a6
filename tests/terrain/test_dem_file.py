"""Elevation models of every format and convention that lunar products come in, understood or refused."""

from __future__ import annotations

import contextlib
import math
import struct
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lola import write_lola
from netcdf3 import write_netcdf

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import open_dem
from lunabase.terrain.heights import NoHeightsError
from lunabase.terrain.projection import polar_projection

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "terrain"
SOUTH = "IAU_2015:30135"
DEGREE_M = math.radians(1.0) * 1_737_400.0
LATITUDE = {"units": "degrees_north", "standard_name": "latitude"}
LONGITUDE = {"units": "degrees_east", "standard_name": "longitude"}
MOON = {"grid_mapping_name": "latitude_longitude", "semi_major_axis": 1737400.0, "inverse_flattening": 0.0}
X = {"units": "m", "standard_name": "projection_x_coordinate"}
Y = {"units": "m", "standard_name": "projection_y_coordinate"}


def half_metres() -> np.ndarray:
    return np.arange(-32, 32, dtype="<i2").reshape(8, 8) * 50


def tif(path: Path, values: np.ndarray, **options) -> Path:
    units, tags = options.pop("units", None), options.pop("tags", {})
    scale, offset = options.pop("scale", None), options.pop("offset", None)
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": values.shape[0],
        "width": values.shape[1],
        "dtype": values.dtype,
        "crs": SOUTH,
        "transform": Affine(100.0, 0.0, -1000.0, 0.0, -100.0, 2000.0),
    }
    with rasterio.open(path, "w", **profile | options) as raster:
        raster.write(values, 1)
        raster.update_tags(**tags)
        if units:
            raster.units = (units,)
        if scale is not None:
            raster.scales, raster.offsets = (scale,), (offset,)
    return path


class TestLolaLabels:
    def test_half_metres_above_the_radius(self, tmp_path: Path):
        file = open_dem(write_lola(tmp_path, half_metres()))
        assert file.driver == "PDS"
        assert file.projection == polar_projection("south")
        assert file.bounds == (-80.0, -80.0, 80.0, 80.0)
        np.testing.assert_array_equal(file.read().heights_m, half_metres() * 0.5)
        assert any("radii" in note for note in file.notes)
        assert file.scale.declared

    def test_the_pixel_formula_of_the_label_holds(self, tmp_path: Path):
        # From the products' label: X = (I - N/2 - 0.5) MAP_SCALE, Y likewise, rho = 2 R tan(colatitude / 2).
        model = open_dem(write_lola(tmp_path, half_metres())).read()
        line, sample = 2, 7
        x, y = (sample - 4 - 0.5) * 20.0, -(line - 4 - 0.5) * 20.0
        latitude = -90.0 + 2.0 * math.degrees(math.atan(math.hypot(x, y) / (2.0 * 1_737_400.0)))
        found = model.height_at(latitude, math.degrees(math.atan2(x, y)))
        assert float(found) == pytest.approx(half_metres()[line - 1, sample - 1] * 0.5, abs=1e-3)

    def test_kilometres_as_the_label_says(self, tmp_path: Path):
        stored = (half_metres() / 2000.0).astype("<f4")
        file = open_dem(write_lola(tmp_path, stored, unit="KILOMETER", scale=1, offset="1737.4"))
        np.testing.assert_allclose(file.read().heights_m, half_metres() * 0.5, atol=1e-3)
        assert file.scale.unit == "kilometre"

    def test_kilometres_that_lost_their_label_are_known_by_the_offset(self, tmp_path: Path):
        stored = (half_metres() / 2000.0).astype("<f4")
        file = open_dem(tif(tmp_path / "converted.tif", stored, scale=1.0, offset=1737.4))
        np.testing.assert_allclose(file.read().heights_m, half_metres() * 0.5, atol=1e-3)
        assert any("kilometres" in note for note in file.notes)

    def test_the_image_finds_its_label_in_any_case(self, tmp_path: Path):
        write_lola(tmp_path, half_metres())
        for path in list(tmp_path.iterdir()):
            path.rename(path.with_name(path.name.lower()))
        file = open_dem(tmp_path / "ldem_80s_20m.img")
        np.testing.assert_array_equal(file.read().heights_m, half_metres() * 0.5)

    def test_an_image_without_its_label_is_refused(self, tmp_path: Path):
        write_lola(tmp_path, half_metres()).unlink()
        with pytest.raises(InputError, match=r"put its \.LBL file beside it"):
            open_dem(tmp_path / "LDEM_80S_20M.IMG")

    def test_a_cut_off_image_is_not_filled_with_zeros(self, tmp_path: Path):
        label = write_lola(tmp_path, half_metres())
        image = label.with_suffix(".IMG")
        image.write_bytes(image.read_bytes()[:-2])
        with pytest.raises(InputError, match="cut off: it has 126 of at least 128 bytes"):
            open_dem(label)

    def test_a_label_that_is_no_text_is_refused(self, tmp_path: Path):
        label = write_lola(tmp_path, half_metres())
        label.write_bytes(label.read_bytes().replace(b"LASER", b"\xff\xfe\xfd\xfc\xfb"))
        with pytest.raises(InputError, match="not text"):
            open_dem(label)

    def test_a_centre_in_the_other_hemisphere_is_refused(self, tmp_path: Path):
        with pytest.raises(InputError, match="centred on 90 deg and covers -90 to -80 deg"):
            open_dem(write_lola(tmp_path, half_metres(), latitude=90))

    def test_the_north(self, tmp_path: Path):
        file = open_dem(write_lola(tmp_path, half_metres(), latitude=90, highest=90, lowest=80))
        assert file.projection == polar_projection("north")

    def test_a_global_map_closes_although_its_scale_is_rounded(self, tmp_path: Path):
        # LDEM_4: 4 pixels per degree from 0 to 360 deg, centred on 180; MAP_SCALE is 7.5808 km, exactly 7580.75 m.
        stored = np.tile(np.arange(1440, dtype="<i2"), (720, 1))
        label = write_lola(
            tmp_path,
            stored,
            projection="SIMPLE CYLINDRICAL",
            resolution=4,
            latitude=0,
            longitude=180,
            map_scale="7.5808 <km/pix>",
            highest=90,
            lowest=-90,
            line_offset=359.5,
            sample_offset=719.5,
        )
        file = open_dem(label)
        assert file.wraps
        assert file.pixel_m == pytest.approx(math.pi / 720.0 * 1_737_400.0, rel=1e-12)
        model = file.read()
        # LON = 180 + (SAMPLE - 719.5 - 1) / 4: the first pixel's centre is at 0.125 deg.
        found = model.height_at(10.0, [0.125, 90.125, 359.875, -0.125, 0.0])
        np.testing.assert_allclose(found, [0.0, 180.0, 719.5, 719.5, 359.75], atol=1e-6)


class TestNetcdf:
    def test_gridline_registered_degrees(self, tmp_path: Path):
        z = np.arange(25.0, dtype="f4").reshape(5, 5)
        path = write_netcdf(
            tmp_path / "gmt.nc",
            {
                "lon": (("lon",), np.linspace(310.0, 314.0, 5), LONGITUDE),
                "lat": (("lat",), np.linspace(-2.0, 2.0, 5), LATITUDE),
                "crs": ((), np.int32(0), MOON),
                "z": (("lat", "lon"), z, {"units": "m", "grid_mapping": "crs"}),
            },
            {"Conventions": "CF-1.7", "node_offset": 0},
        )
        model = open_dem(path).read()
        # Row 0 of the file is its southernmost; nodes carry the values.
        np.testing.assert_allclose(
            model.height_at([-1.0, 1.0, 0.0], [311.0, 313.0, -48.0]), [6.0, 18.0, 12.0], atol=1e-9
        )

    def test_a_last_column_that_repeats_the_first_leaves_no_hole(self, tmp_path: Path):
        longitude = np.arange(0.0, 361.0, 1.0)
        path = write_netcdf(
            tmp_path / "global.nc",
            {
                "lon": (("lon",), longitude, LONGITUDE),
                "lat": (("lat",), np.arange(-3.0, 4.0), LATITUDE),
                "crs": ((), np.int32(0), MOON),
                "z": (
                    ("lat", "lon"),
                    np.tile(100.0 * np.cos(np.radians(longitude)), (7, 1)),
                    {"units": "m", "grid_mapping": "crs"},
                ),
            },
            {"Conventions": "CF-1.7"},
        )
        file = open_dem(path)
        assert file.wraps
        assert any("repeats the first" in note for note in file.notes)
        asked = np.array([0.0, -0.4, 359.7, 180.0, -180.0, 90.5])
        found = file.read().height_at(0.0, asked)
        np.testing.assert_allclose(found, 100.0 * np.cos(np.radians(asked)), atol=0.02)

    def test_scale_offset_fill_and_kilometres_of_a_cf_map(self, tmp_path: Path):
        facts = {name: value for name, value in pyproj.CRS(SOUTH).to_cf().items() if name != "crs_wkt"}
        stored = np.arange(20, dtype="i2").reshape(4, 5)
        stored[0, 0] = -9999
        heights = {"units": "km", "grid_mapping": "crs", "scale_factor": 0.01, "add_offset": 1.0}
        path = write_netcdf(
            tmp_path / "cf.nc",
            {
                "x": (("x",), np.arange(5) * 100.0, X),
                "y": (("y",), 1000.0 - np.arange(4) * 100.0, Y),
                "crs": ((), np.int32(0), facts),
                "h": (("y", "x"), stored, heights | {"_FillValue": np.int16(-9999)}),
            },
            {"Conventions": "CF-1.7"},
        )
        file = open_dem(path)
        assert file.projection == polar_projection("south")
        expected = 1000.0 + 10.0 * stored
        expected[0, 0] = np.nan
        np.testing.assert_allclose(file.read().heights_m, expected, rtol=1e-6)
        assert (file.frame.west, file.frame.north) == (0.0, 1000.0)

    def test_without_a_body_and_with_several_variables(self, tmp_path: Path):
        z = np.zeros((3, 4), "f4")
        axes = {"lon": (("lon",), np.arange(4.0), LONGITUDE), "lat": (("lat",), np.arange(3.0), LATITUDE)}
        nowhere = write_netcdf(tmp_path / "nowhere.nc", axes | {"z": (("lat", "lon"), z, {"units": "m"})})
        with pytest.raises(InputError, match="names no body") as caught:
            open_dem(nowhere)
        assert "rio edit-info --crs" in caught.value.fix
        on_moon = {"units": "m", "grid_mapping": "crs"}
        two = axes | {"crs": ((), np.int32(0), MOON)}
        two |= {"height": (("lat", "lon"), z + 5.0, on_moon), "error": (("lat", "lon"), z, on_moon)}
        both = write_netcdf(tmp_path / "both.nc", two)
        with pytest.raises(InputError, match="several variables") as caught:
            open_dem(both)
        assert "height" in caught.value.fix
        assert float(open_dem(f'NETCDF:"{both}":height').read().height_at(1.0, 1.0)) == 5.0


class TestPds4:
    @pytest.mark.parametrize("driver", ["PDS4", "ISIS3"])
    def test_the_label_tells_scale_unit_and_place(self, tmp_path: Path, driver):
        name = {"PDS4": "model.xml", "ISIS3": "model.cub"}[driver]
        values = np.arange(25.0, dtype="f4").reshape(5, 5)
        path = tif(tmp_path / name, values, driver=driver, nodata=-3.4028226550889045e38)
        np.testing.assert_array_equal(open_dem(path).read().heights_m, values)
        assert open_dem(path).projection == polar_projection()
        if driver == "PDS4":
            file = open_dem(tif(tmp_path / "km.xml", values, driver=driver, units="km", scale=0.1, offset=1737.4))
            np.testing.assert_allclose(file.read().heights_m, values * 100.0, atol=1e-3)

    @pytest.mark.parametrize(("driver", "name"), [("PDS4", "model.xml"), ("ISIS3", "model.cub")])
    def test_notes_that_gdal_left_beside_are_not_the_image(self, tmp_path: Path, driver, name):
        path = tif(tmp_path / name, np.ones((50, 50), "f4"), driver=driver)
        path.with_name(f"{name}.aux.xml").write_text("<PAMDataset></PAMDataset>")
        assert open_dem(path).shape == (50, 50)

    def test_a_cut_off_image_is_refused(self, tmp_path: Path):
        path = tif(tmp_path / "model.xml", np.ones((5, 5), "f4"), driver="PDS4")
        image = tmp_path / "model.img"
        image.write_bytes(image.read_bytes()[:-1])
        with pytest.raises(InputError, match="cut off"):
            open_dem(path)


class TestNoData:
    VALUES = np.arange(16.0, dtype="f4").reshape(4, 4)

    def gap(self, value: float) -> np.ndarray:
        return np.where((np.arange(16) == 5).reshape(4, 4), np.float32(value), self.VALUES).astype("f4")

    @pytest.mark.parametrize(
        ("value", "options"),
        [
            (-9999.0, {"nodata": -9999.0}),
            (np.nan, {}),
            (np.nan, {"nodata": np.nan}),
            (-3.4028234663852886e38, {}),
            (-3.4028234663852886e38, {"nodata": -3.4028226550889045e38}),
            (1e32, {}),
        ],
    )
    def test_as_a_value(self, tmp_path: Path, value, options):
        model = open_dem(tif(tmp_path / "gap.tif", self.gap(value), **options)).read()
        np.testing.assert_array_equal(np.isnan(model.heights_m), (np.arange(16) == 5).reshape(4, 4))
        np.testing.assert_array_equal(model.heights_m[2:], self.VALUES[2:])

    def test_as_a_mask(self, tmp_path: Path):
        path = tif(tmp_path / "mask.tif", self.VALUES)
        with rasterio.open(path, "r+") as raster:
            raster.write_mask((np.arange(16) != 5).reshape(4, 4))
        np.testing.assert_array_equal(np.isnan(open_dem(path).read().heights_m), (np.arange(16) == 5).reshape(4, 4))


def test_points_are_pixel_centres_and_areas_pixels(tmp_path: Path):
    """The tie point of a GeoTIFF is a pixel's centre where its raster type is PixelIsPoint (OGC 19-008r4, 7.1.2)."""
    for name, kind in (("area.tif", "Area"), ("point.tif", "Point")):
        path = tif(tmp_path / name, np.zeros((4, 4), "f4"), tags={"AREA_OR_POINT": kind})
        tie_x = tie_point(path)[3]
        west = open_dem(path).frame.west
        assert west == pytest.approx(tie_x + (50.0 if kind == "Area" else 0.0))
    assert tie_point(tmp_path / "area.tif") != tie_point(tmp_path / "point.tif")


def tie_point(path: Path) -> tuple[float, ...]:
    data = path.read_bytes()
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, _, values, place = struct.unpack_from("<HHII", data, entry)
        if tag == 33922:
            return struct.unpack_from(f"<{values}d", data, place)
    raise AssertionError("no tie point")


def test_kilometres_without_a_unit_are_refused_not_believed(tmp_path: Path):
    values = np.linspace(-8.0, 6.0, 400, dtype="f4").reshape(20, 20)
    wide = {"transform": Affine(1e4, 0.0, -1e5, 0.0, -1e4, 1e5)}
    with pytest.raises(InputError, match="-8 to 6 over 200 km seem to be kilometres"):
        open_dem(tif(tmp_path / "km.tif", values, **wide)).read()
    with pytest.raises(InputError, match=r"1729\.4 to 1743\.4 over 200 km"):
        open_dem(tif(tmp_path / "radii.tif", values + np.float32(1737.4), **wide)).read()
    assert open_dem(tif(tmp_path / "m.tif", values, units="m", **wide)).read().heights_m.max() == 6.0


@pytest.fixture(scope="module")
def globe(tmp_path_factory):
    """One-degree pixels from -180 to 180 deg whose heights are their longitudes."""
    values = np.tile(np.arange(-179.5, 180.0), (20, 1)).astype("f4")
    transform = Affine(DEGREE_M, 0.0, -180.0 * DEGREE_M, 0.0, -DEGREE_M, 10.0 * DEGREE_M)
    return open_dem(
        tif(
            tmp_path_factory.mktemp("globe") / "globe.tif",
            values,
            units="m",
            crs="IAU_2015:30110",
            transform=transform,
        )
    )


class TestWindows:
    def test_across_the_seam(self, globe):
        model = globe.read((175.0 * DEGREE_M, -2.0 * DEGREE_M, 186.0 * DEGREE_M, 3.0 * DEGREE_M))
        assert model.heights_m.shape == (5, 11)
        expected = np.array([175.5, 176.5, 177.5, 178.5, 179.5, -179.5, -178.5, -177.5, -176.5, -175.5, -174.5])
        np.testing.assert_array_equal(model.heights_m[0], expected)
        np.testing.assert_allclose(model.height_at(0.0, [176.5, -178.5, 181.5]), [176.5, -178.5, -178.5], atol=1e-6)
        assert np.isnan(model.height_at(0.0, 0.0))

    @settings(max_examples=40, deadline=None)
    @given(west=st.integers(-400, 700), width=st.integers(2, 360))
    def test_any_window_holds_what_the_whole_map_has_there(self, globe, west, width):
        model = globe.read((west * DEGREE_M, -2.0 * DEGREE_M, (west + width) * DEGREE_M, 2.0 * DEGREE_M))
        assert model.heights_m.shape == (4, width)
        longitude = west + 0.5 + np.arange(width)
        np.testing.assert_allclose(model.heights_m[1], (longitude + 180.0) % 360.0 - 180.0, atol=1e-3)
        if width > 2:
            found = model.height_at(0.5, longitude[1:-1])
            np.testing.assert_allclose(found, model.heights_m[1, 1:-1], atol=1e-3)

    def test_either_convention_finds_a_regional_map(self, tmp_path: Path):
        transform = Affine(DEGREE_M, 0.0, 200.0 * DEGREE_M, 0.0, -DEGREE_M, 5.0 * DEGREE_M)
        values = np.arange(100.0, dtype="f4").reshape(10, 10)
        file = open_dem(tif(tmp_path / "far.tif", values, crs="IAU_2015:30110", transform=transform))
        for west in (202.0, -158.0):
            model = file.read((west * DEGREE_M, -1.0 * DEGREE_M, (west + 3.0) * DEGREE_M, 1.0 * DEGREE_M))
            np.testing.assert_array_equal(model.heights_m, values[4:6, 2:5])

    def test_only_the_window_is_read(self, tmp_path: Path, monkeypatch):
        path = tif(tmp_path / "big.tif", np.zeros((512, 512), "f4"), tiled=True, blockxsize=16, blockysize=16)
        file = open_dem(path)
        asked = []
        read = rasterio.DatasetReader.read

        class Watching(rasterio.DatasetReader):
            def read(self, *arguments, **options):
                asked.append(options["window"])
                return read(self, *arguments, **options)

        monkeypatch.setattr("rasterio.DatasetReader", Watching)
        file.read((0.0, 0.0, 300.0, 300.0))
        assert sum(window.width * window.height for window in asked) == 9


class TestDamage:
    """Whatever is done to a file, it is read or refused in words."""

    @settings(max_examples=150, deadline=None)
    @given(
        start=st.integers(0, 700),
        junk=st.binary(max_size=12),
        keep=st.one_of(st.none(), st.integers(0, 900)),
        packed=st.booleans(),
    )
    def test_of_a_geotiff(self, tmp_path_factory, start, junk, keep, packed):
        options = {"compress": "deflate"} if packed else {}
        path = tif(tmp_path_factory.mktemp("dem") / "d.tif", np.arange(64.0, dtype="f4").reshape(8, 8), **options)
        data = path.read_bytes()
        path.write_bytes((data[:start] + junk + data[start + len(junk) :])[:keep])
        with contextlib.suppress(InputError):
            assert isinstance(open_dem(path).read(), Dem)

    @settings(max_examples=150, deadline=None)
    @given(start=st.integers(0, 3200), junk=st.binary(max_size=12), keep=st.one_of(st.none(), st.integers(0, 3200)))
    @example(start=0, junk=b"", keep=0)
    def test_of_a_pds3_label(self, tmp_path_factory, start, junk, keep):
        path = write_lola(tmp_path_factory.mktemp("dem"), half_metres())
        data = path.read_bytes()
        path.write_bytes((data[:start] + junk + data[start + len(junk) :])[:keep])
        with contextlib.suppress(InputError):
            assert isinstance(open_dem(path).read(), Dem)

    @settings(max_examples=80, deadline=None)
    @example(line=22, value="1e99")
    @example(line=35, value="NaN")
    @given(line=st.integers(0, 55), value=st.sampled_from(["-1", "0", "1e99", "NaN", "'N/A'", "", "99999999", "<km>"]))
    def test_of_a_pds3_keyword(self, tmp_path_factory, line, value):
        path = write_lola(tmp_path_factory.mktemp("dem"), half_metres())
        lines = path.read_text().splitlines()
        keyword, equals, _ = lines[line % len(lines)].partition("=")
        lines[line % len(lines)] = f"{keyword}{equals} {value}"
        path.write_text("\r\n".join(lines))
        with contextlib.suppress(InputError):
            assert isinstance(open_dem(path).read(), Dem)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared elevation models are not on this machine")
def test_real_models_nest():
    files = [open_dem(SHARED / name) for name in ("site01_10m.tif", "ldem_84S_240m.tif", "lola_dem_south_1600m.tif")]
    assert [file.pixel_m for file in files] == [10.0, 240.0, 1600.0]
    x, y = -11_000.0, -12_000.0
    heights = [float(file.read((x - 5e3, y - 5e3, x + 5e3, y + 5e3)).height_at_xy(x, y)) for file in files]
    assert np.ptp(heights) < 150.0
    assert {file.projection for file in files} == {polar_projection()}


class TestMeansOfBlocks:
    """`read(..., factor)` against means that numpy makes of all pixels."""

    def test_whole_blocks_that_overlap_the_window(self, tmp_path: Path):
        values = np.random.default_rng(1).normal(0.0, 900.0, (23, 31)).astype("<f4")
        values[5, 6] = -9999.0
        file = open_dem(tif(tmp_path / "hills.tif", values, nodata=-9999.0))
        known = np.where(values == -9999.0, np.nan, values)
        means = known[:20, :28].reshape(5, 4, 7, 4).mean(axis=(1, 3))
        model = file.read(factor=4)
        np.testing.assert_allclose(model.heights_m, means, rtol=1e-5)
        assert np.isnan(model.heights_m[1, 1])
        # From the upper left corner at (-1000, 2000): the first block's middle is 200 m in.
        assert (model.west, model.north, model.pixel_width) == (-800.0, 1800.0, 400.0)
        part = file.read((-500.0, 0.0, 300.0, 900.0), factor=4)
        np.testing.assert_allclose(part.heights_m, means[2:5, 1:4], rtol=1e-5)
        assert (part.west, part.north) == (-400.0, 1000.0)

    def test_right_round_the_moon_there_are_no_ends(self, tmp_path: Path):
        values = np.random.default_rng(2).normal(0.0, 900.0, (18, 36)).astype("<f4")
        place = {"crs": "IAU_2015:30100", "transform": Affine(10.0, 0.0, -180.0, 0.0, -10.0, 90.0)}
        file = open_dem(tif(tmp_path / "globe.tif", values, **place))
        round_it = file.read((170.0, -90.0, 210.0, 90.0), factor=2).heights_m
        expected = np.roll(values, 2, axis=1)[:, :6].reshape(9, 2, 3, 2).mean(axis=(1, 3))[:, 0]
        np.testing.assert_allclose(round_it[:, 0], values[:, 34:].reshape(9, 2, 2).mean(axis=(1, 2)), rtol=1e-4)
        np.testing.assert_allclose(round_it[:, 0], expected, rtol=1e-4)
        np.testing.assert_allclose(round_it[:, 1], values[:, :2].reshape(9, 2, 2).mean(axis=(1, 2)), rtol=1e-4)

    @pytest.mark.parametrize("factor", [12, 64])
    def test_too_large_blocks_have_no_heights(self, tmp_path: Path, factor: int):
        file = open_dem(tif(tmp_path / "small.tif", np.ones((23, 31), dtype="<f4")))
        with pytest.raises(NoHeightsError, match="no 2 x 2 blocks"):
            file.read(factor=factor)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
def test_one_row_or_column_is_no_surface(tmp_path: Path, shape: tuple[int, int]):
    with pytest.raises(InputError, match=rf"{shape[1]} x {shape[0]} pixels are no surface"):
        open_dem(tif(tmp_path / "line.tif", np.ones(shape, dtype="<f4")))


@pytest.mark.parametrize("trial", ["import os; os.abort()", "import time; time.sleep(60)"])
def test_a_netcdf_file_on_which_the_library_crashes_or_hangs_is_refused(tmp_path: Path, monkeypatch, trial: str):
    """What damage does so depends on the library, so the trial itself is made to."""
    monkeypatch.setattr("lunabase.terrain.trial._TRIAL", trial)
    monkeypatch.setattr("lunabase.terrain.trial._LONGEST_S", 1.0)
    path = tmp_path / "crash: it.nc"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    for source in (path, f'NETCDF:"{path}":z', f"NETCDF:{tmp_path}/crash: it.nc:z"):
        with pytest.raises(InputError, match="damaged") as caught:
            open_dem(source)
        assert caught.value.exit_code == 2
