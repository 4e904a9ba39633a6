"""What the horizon of a site is made from: there, on the Moon, for this place, and known at the arrays' heights."""

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from lunabase.station.load import StationFileError, load_station
from lunabase.station.reference import starter_text
from lunabase.terrain.mask import flat_mask, write_mask

RIDGE = "horizon: {catalogue: shackleton-de-gerlache-ridge}"
MOON = "+proj=stere +lat_0=-90 +lon_0=0 +R=1737400 +units=m +no_defs"


def load(text, folder, **options):
    path = folder / "station.yaml"
    path.write_text(text, encoding="utf-8")
    return load_station(path, **options)


def problems(text, folder):
    with pytest.raises(StationFileError) as caught:
        load(text, folder)
    return caught.value.problems


def with_horizon(source):
    return starter_text().replace(RIDGE, f"horizon: {source}")


def raster(path, crs, bands=1):
    heights = np.zeros((bands, 4, 4), dtype="float32")
    shape = {"driver": "GTiff", "height": 4, "width": 4, "count": bands, "dtype": "float32"}
    with rasterio.open(path, "w", **shape, crs=crs, transform=from_origin(-200, 200, 100, 100)) as file:
        file.write(heights)


def test_an_unknown_catalogue_name_names_the_nearest_and_its_line(tmp_path):
    text = with_horizon("{catalogue: shackleton-de-gerlach-ridge}")
    (found,) = problems(text, tmp_path)
    assert found.field == "site.surface.horizon.catalogue"
    assert found.fix == "Did you mean `shackleton-de-gerlache-ridge`?"
    assert "gerlach-ridge" in text.splitlines()[found.line - 1]


def test_horizon_errors_come_with_the_others(tmp_path):
    text = with_horizon("{mask: none.csv}").replace("mass: 500 kg", "mass: 500 kW")
    assert [item.field for item in problems(text, tmp_path)] == ["site.surface.horizon.mask", "modules.lander.mass"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "there is no file `m.csv`"), ("a,b\n", "header"), ("azimuth_deg,elevation_2m_deg\nx,1\n", "not a number")],
)
def test_a_mask_that_cannot_be_read_is_told(content, words, tmp_path):
    if content is not None:
        (tmp_path / "m.csv").write_text(content)
    (found,) = problems(with_horizon("{mask: m.csv}"), tmp_path)
    assert (found.field, words in found.problem) == ("site.surface.horizon.mask", True)


def test_a_record_is_read_without_the_files_of_its_horizon(tmp_path):
    assert (
        load(with_horizon("{mask: none.csv}"), tmp_path, horizon=False).station.site.surface.horizon.mask == "none.csv"
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "there is no file `dem.tif`"),
        (lambda path: path.write_text("no raster"), "opens"),
        (lambda path: raster(path, "EPSG:4326"), "not on the Moon"),
        (lambda path: raster(path, MOON, bands=3), "3 bands"),
    ],
)
def test_an_elevation_model_that_is_none_is_told(make, words, tmp_path):
    make(tmp_path / "dem.tif")
    (found,) = problems(with_horizon("{dem: [dem.tif]}"), tmp_path)
    assert (found.field, words in found.problem) == ("site.surface.horizon.dem[0]", True)


def test_a_lunar_elevation_model_is_accepted(tmp_path):
    raster(tmp_path / "dem.tif", MOON)
    assert load(with_horizon("{dem: [dem.tif]}"), tmp_path).station.site.surface.horizon.dem == ("dem.tif",)


def test_a_horizon_of_another_place_is_refused_with_the_distance(tmp_path):
    """One degree of latitude is 2 pi 1737.4 km / 360 = 30.32 km."""
    (found,) = problems(starter_text().replace("latitude: -89.44 deg", "latitude: -88.44 deg", 1), tmp_path)
    assert (found.field, "30.3 km from the site" in found.problem) == ("site.surface.horizon", True)


def test_a_horizon_holds_within_a_hundred_metres(tmp_path):
    """0.003 deg of latitude are 91 m, 0.004 deg are 121 m."""
    text = starter_text()
    assert load(text.replace("latitude: -89.44 deg", "latitude: -89.443 deg", 1), tmp_path).station
    assert "121 m" in problems(text.replace("latitude: -89.44 deg", "latitude: -89.444 deg", 1), tmp_path)[0].problem


@pytest.mark.parametrize("source", [RIDGE.removeprefix("horizon: "), "{flat: true}"])
def test_arrays_stand_at_a_height_of_the_horizon(source, tmp_path):
    text = with_horizon(source).replace("height: 2 m ", "height: 3 m ")
    (found,) = problems(text, tmp_path)
    assert found.field == "modules.lander.equipment.array.height"
    assert found.fix == "Use one of: 2 m, 10 m."
    assert load(text.replace("height: 3 m ", "height: 10 m "), tmp_path).station


def test_a_mask_may_know_other_heights(tmp_path):
    write_mask(flat_mask((3.0,)), tmp_path / "m.csv")
    text = with_horizon("{mask: m.csv}")
    assert problems(text, tmp_path)[0].fix == "Use one of: 3 m."
    assert load(text.replace("height: 2 m ", "height: 3 m "), tmp_path).station
