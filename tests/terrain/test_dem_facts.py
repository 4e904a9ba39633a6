"""What is told of a file, and that a large one isn't read whole for it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from lola import write_lola

from lunabase.errors import InputError
from lunabase.terrain.catalogue import PRODUCTS, product
from lunabase.terrain.dem_facts import dem_facts, nesting
from lunabase.terrain.dem_file import open_dem

DEGREE_M = math.radians(1.0) * 1_737_400.0


def tif(path: Path, values: np.ndarray, transform: Affine, crs="IAU_2015:30135", overviews=(), **options) -> Path:
    rows, columns = values.shape
    profile = {"driver": "GTiff", "count": 1, "height": rows, "width": columns, "dtype": values.dtype}
    with rasterio.open(path, "w", crs=crs, transform=transform, **profile, **options) as raster:
        raster.write(values, 1)
        if overviews:
            raster.build_overviews(overviews, rasterio.enums.Resampling.nearest)
    return path


def test_a_polar_label_in_full(tmp_path):
    stored = np.arange(64, dtype="<i2").reshape(8, 8)
    stored[0, 0] = -32768
    facts = dem_facts(open_dem(write_lola(tmp_path, stored)))
    assert facts["code"] == "IAU_2015:30135"
    assert facts["projection"] == "south polar stereographic, true scale at its centre"
    assert facts["bounds"] == [-80.0, -80.0, 80.0, 80.0]
    corner = -90.0 + 2.0 * math.degrees(math.atan(math.hypot(80.0, 80.0) / (2.0 * 1_737_400.0)))
    assert facts["latitude_deg"] == pytest.approx([-90.0, corner])
    assert facts["longitude_deg"] == [0.0, 360.0]
    assert (facts["lowest_m"], facts["highest_m"]) == (0.5, 31.5)
    assert facts["no_data_share"] == pytest.approx(1.0 / 64.0, abs=1e-6)
    assert (facts["factor_to_m"], facts["offset_m"], facts["looked_at"]) == (0.5, 0.0, 1.0)


@pytest.mark.parametrize(
    ("crs", "centre", "words", "code"),
    [
        ("IAU_2015:30130", (3e5, 2e5), "north polar stereographic, true scale at its centre", "IAU_2015:30130"),
        ("+proj=stere +lat_0=-43.3 +lon_0=-11.4 +R=1737400", (0.0, 0.0), "stereographic about -43.3, -11.4 deg", None),
        ("+proj=stere +lat_0=-90 +lat_ts=-80 +R=1737400", (-4e5, 1e5), "south polar stereographic, scale 0.99", None),
        ("IAU_2015:30110", (5e5, -3e5), "equirectangular, true scale at the equator", "IAU_2015:30110"),
    ],
)
def test_the_range_of_latitude_and_longitude_is_that_of_proj(tmp_path, crs, centre, words, code):
    half = 1e5
    transform = Affine(2e4, 0.0, centre[0] - half, 0.0, -2e4, centre[1] + half)
    facts = dem_facts(open_dem(tif(tmp_path / "dem.tif", np.ones((10, 10), "f4"), transform, crs)))
    assert facts["projection"].startswith(words)
    assert facts["code"] == code
    system = pyproj.CRS(crs)
    steps = np.linspace(-half, half, 201)
    x, y = np.meshgrid(centre[0] + steps, centre[1] + steps)
    longitude, latitude = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True).transform(x, y)
    assert facts["latitude_deg"] == pytest.approx([latitude.min(), latitude.max()], abs=0.01)
    west, east = facts["longitude_deg"]
    middle = 0.5 * (west + east)
    around = (longitude - middle + 180.0) % 360.0 - 180.0
    assert [around.min(), around.max()] == pytest.approx([west - middle, east - middle], abs=0.01)


def test_degrees_are_named(tmp_path):
    transform = Affine(0.1, 0.0, 359.0, 0.0, -0.1, 2.0)
    facts = dem_facts(open_dem(tif(tmp_path / "dem.tif", np.ones((10, 20), "f4"), transform, "IAU_2015:30100")))
    assert (facts["code"], facts["bounds_unit"]) == ("IAU_2015:30100", "degree")
    assert facts["longitude_deg"] == pytest.approx([359.0, 361.0])
    assert facts["pixel_m"] == pytest.approx(0.1 * DEGREE_M)


@pytest.mark.parametrize("options", [{"overviews": (2, 4, 8)}, {"tiled": True, "blockxsize": 64, "blockysize": 64}, {}])
def test_a_large_file_is_not_read_whole(tmp_path, monkeypatch, options):
    side = 3000
    values = np.full((side, side), 7.0, "f4")
    values[:, : side // 4] = np.nan
    file = open_dem(tif(tmp_path / "large.tif", values, Affine(10.0, 0.0, 0.0, 0.0, -10.0, 0.0), **options))
    seen = []

    class Watching(rasterio.DatasetReader):
        def read(self, *arguments, **wanted):
            part = super().read(*arguments, **wanted)
            seen.append(part.size)
            return part

    monkeypatch.setattr("rasterio.DatasetReader", Watching)
    facts = dem_facts(file)
    assert 0 < sum(seen) < 0.5 * side * side
    assert facts["looked_at"] == pytest.approx(sum(seen) / side**2, abs=1e-6)
    assert facts["no_data_share"] == pytest.approx(0.25, abs=0.03)
    assert (facts["lowest_m"], facts["highest_m"]) == (7.0, 7.0)


def test_what_no_survey_would_read_is_refused(tmp_path):
    values = np.linspace(-8.0, 6.0, 100, dtype="f4").reshape(10, 10)
    wide = Affine(1e4, 0.0, 0.0, 0.0, -1e4, 0.0)
    with pytest.raises(InputError, match="seem to be kilometres"):
        dem_facts(open_dem(tif(tmp_path / "km.tif", values, wide)))
    values[0, 0] = -32768.0
    with pytest.raises(InputError, match="are not lunar"):
        dem_facts(open_dem(tif(tmp_path / "fill.tif", values * 100.0, wide)))


def test_a_sample_without_heights_is_told(tmp_path, monkeypatch):
    """A large file without overviews, whose few heights lie in a block that isn't looked at."""
    monkeypatch.setattr("lunabase.terrain.dem_facts._AT_ONCE", 2048)
    monkeypatch.setattr("lunabase.terrain.dem_facts._SAMPLED_BLOCKS", 1)
    values = np.full((256, 256), np.nan, dtype="f4")
    values[112:128, 112:128] = 3.0
    blocks = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    facts = dem_facts(open_dem(tif(tmp_path / "few.tif", values, Affine(20.0, 0.0, 0.0, 0.0, -20.0, 0.0), **blocks)))
    assert (facts["lowest_m"], facts["highest_m"], facts["no_data_share"]) == (None, None, 1.0)
    json.dumps(facts, allow_nan=False)


def test_models_nest_by_their_pixels(tmp_path):
    files = [
        open_dem(tif(tmp_path / f"{size}.tif", np.ones((3, 3), "f4"), Affine(size, 0.0, 0.0, 0.0, -size, 0.0)))
        for size in (240.0, 5.0, 1600.0)
    ]
    assert [file.name for file in nesting(files)] == ["5.0.tif", "240.0.tif", "1600.0.tif"]


def test_the_catalogue_is_found_by_name_or_file():
    assert product("site01") is product("Site01_final_adj_5mpp_surf.tif") is product("Site01")
    assert product("ldem_80s_20mpp_adj.TIF").pixel_m == 20.0
    assert product("ldem_87s_5mpp").name == "LDEM_87S_5MPP"
    with pytest.raises(InputError, match="no elevation model 'Site99'") as caught:
        product("Site99")
    assert "Site01" in caught.value.fix


def test_the_catalogue_is_sound():
    assert len({item.name for item in PRODUCTS}) == len(PRODUCTS)
    for item in PRODUCTS:
        assert all(url.startswith("https://") for url in item.urls)
        assert "doi:10." in item.citation
        assert not item.exact or item.size_bytes
