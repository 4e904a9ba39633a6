"""The commands on elevation models, as a user meets them."""

import json
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from affine import Affine


def lunabase(*arguments, cwd=None):
    call = [sys.executable, "-m", "lunabase.cli", *map(str, arguments)]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, timeout=300)


@pytest.fixture
def models(tmp_path):
    paths = []
    for name, size in (("coarse.tif", 1600.0), ("fine.tif", 20.0)):
        profile = {"driver": "GTiff", "count": 1, "height": 6, "width": 5, "dtype": "float32", "crs": "IAU_2015:30135"}
        with rasterio.open(tmp_path / name, "w", transform=Affine(size, 0, 1e4, 0, -size, 2e4), **profile) as raster:
            raster.write(np.arange(30, dtype="f4").reshape(1, 6, 5))
        paths.append(tmp_path / name)
    return paths


def test_info_tells_what_was_understood(models):
    done = lunabase("dem", "info", *models)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "5 x 6 pixels of 20 m" in text
    assert "(IAU_2015:30135)" in text
    assert "0.0 to 29.0 m above 1737.4 km" in text
    assert "taken as metres" in text
    assert text.endswith("fine.tif > coarse.tif")


def test_info_as_json(models):
    answer = json.loads(lunabase("dem", "info", *models, "--json").stdout)
    assert answer["ok"]
    assert [model["pixel_m"] for model in answer["models"]] == [20.0, 1600.0]


def test_what_is_no_model_is_one_message(tmp_path):
    (tmp_path / "page.tif").write_text("<html>not found</html>")
    done = lunabase("dem", "info", tmp_path / "page.tif")
    assert done.returncode == 2
    assert "can't read the elevation model" in done.stderr
    assert "Traceback" not in done.stderr
    answer = json.loads(lunabase("dem", "info", tmp_path / "none.tif", "--json").stdout)
    assert not answer["ok"]


def test_the_catalogue_is_shown_with_its_citations():
    shown = lunabase("dem", "fetch", "--list").stdout
    assert "LDEM_80S_20MPP_ADJ" in shown
    assert "doi:10.3847/PSJ/acf3e1" in shown
    products = json.loads(lunabase("dem", "fetch", "--list", "--json").stdout)["products"]
    site = next(item for item in products if item["name"] == "Site01")
    assert site["urls"] == ["https://pgda.gsfc.nasa.gov/data/LOLA_5mpp/Site01/Site01_final_adj_5mpp_surf.tif"]


def test_fetch_names_what_is_wrong(tmp_path):
    done = lunabase("dem", "fetch", "Site99", "--dir", tmp_path)
    assert (done.returncode, "no elevation model 'Site99'" in done.stderr) == (2, True)
    assert lunabase("dem", "fetch").returncode == 2


def test_a_file_put_there_by_hand_is_taken_and_watched(models, tmp_path):
    place = tmp_path / "kept"
    place.mkdir()
    name = "Site01_final_adj_5mpp_surf.tif"
    (place / name).write_bytes(models[1].read_bytes())
    done = lunabase("dem", "fetch", "Site01", "--dir", place, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["models"] == [{"name": "Site01", "file": str(place / name)}]
    (place / name).write_text("<html>sign in first</html>")
    done = lunabase("dem", "fetch", "Site01", "--dir", place)
    assert done.returncode == 1
    assert "not the file that was first used" in done.stderr


@pytest.mark.parametrize("name", ["Site01", "LDEM_80S_80M"])
def test_a_page_put_there_by_hand_is_no_model(tmp_path, name):
    from lunabase.terrain.catalogue import product

    for url in product(name).urls:
        (tmp_path / url.rsplit("/", 1)[1]).write_text("<html>\nvar page = 1\n</html>")
    done = lunabase("dem", "fetch", name, "--dir", tmp_path)
    assert done.returncode == 1, done.stderr
    assert "not what it should be" in done.stderr
    assert not (tmp_path / "SHA256SUMS").exists()


def test_checksums_that_are_no_text_are_one_message(tmp_path):
    (tmp_path / "SHA256SUMS").write_bytes(b"\xff\xfe\x00")
    done = lunabase("dem", "fetch", "Site01", "--dir", tmp_path)
    assert (done.returncode, "can't read the checksums" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
