"""Regions are the pixels that the user means, on any projection."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.survey.ground import read_ground
from lunabase.survey.region import RegionWish, parse_bounds, parse_place, part_of, region_wish
from lunabase.terrain.farfield import embedded_far_field
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection

WHOLE = MapGrid(polar_projection(), -18_995.0, -4005.0, 10.0, 1600, 1600)


@given(st.floats(-90.0, 90.0), st.floats(-180.0, 360.0))
def test_a_place_is_read_as_written(latitude, longitude):
    assert parse_place(f" {latitude:.9f} , {longitude:.9f}", "here") == pytest.approx((latitude, longitude), abs=1e-8)


@given(st.text(max_size=30))
def test_any_text_is_a_place_or_refused(text):
    try:
        latitude, longitude = parse_place(text, "here")
    except InputError:
        return
    assert -90.0 <= latitude <= 90.0
    assert -180.0 <= longitude <= 360.0


@given(st.text(max_size=30))
def test_any_text_is_a_box_or_refused(text):
    try:
        west, south, east, north = parse_bounds(text)
    except InputError:
        return
    assert west < east
    assert south < north


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-89,0", None, None), "--size is missing"),
        ((None, 3.0, None), "--center is missing"),
        (("-89,0", 3.0, "0,0,1,1"), "two regions"),
        (("-89,0", -3.0, None), "out of range"),
        (("-91,0", 3.0, None), "no place"),
        ((None, None, "0,0,0,1"), "empty"),
    ],
)
def test_wishes_that_contradict_themselves_are_refused(options, words):
    with pytest.raises(InputError) as told:
        region_wish(*options)
    assert words in str(told.value)


def test_a_square_about_a_place_is_centred_on_it():
    part = part_of(WHOLE, RegionWish((-89.44, 222.59), 2.0), "model")
    assert part.shape == (200, 200)
    west, south, east, north = part.bounds
    latitude, longitude = MapGrid(
        WHOLE.projection, (west + east) / 2, (south + north) / 2, 1.0, 1, 1
    ).latitude_longitude_deg()
    off_m = (
        np.radians(np.hypot(latitude[0, 0] + 89.44, (longitude[0, 0] + 137.41) * np.cos(np.radians(89.44)))) * 1_737_400
    )
    assert off_m < 8.0


def test_a_box_is_cut_at_whole_pixels():
    part = part_of(WHOLE, RegionWish(bounds=(-12_000.0, -14_000.0, -8000.0, -10_000.0)), "model")
    assert part.bounds == (-12_000.0, -14_000.0, -8000.0, -10_000.0)


def test_a_region_beyond_the_model_is_refused():
    with pytest.raises(InputError, match="beyond"):
        part_of(WHOLE, RegionWish((-89.44, 222.59), 30.0), "model")


def test_without_models_the_far_field_is_surveyed_with_its_warning():
    ground = read_ground((), RegionWish((-89.45, 222.0), 64.0))
    assert ground.grid.shape == (40, 40)
    assert len(ground.dems) == 1
    assert any("1600 m" in warning for warning in ground.warnings)
    heights_m = ground.heights_m()
    latitude, longitude = ground.grid.part(7, 11, 1, 1).latitude_longitude_deg()
    whole = embedded_far_field().read()
    assert heights_m[7, 11] == pytest.approx(float(whole.height_at(latitude, longitude)[0, 0]), abs=1e-6)


def test_an_equirectangular_model_is_surveyed_on_a_conformal_map(tmp_path):
    """Heights that are the latitude in metres times 100 are so on the survey's pixels too."""
    path = tmp_path / "plain.tif"
    latitudes = -20.0 - (np.arange(400) + 0.5) * 0.01
    heights_m = np.repeat(100.0 * latitudes[:, None], 400, axis=1).astype(np.float32)
    crs = rasterio.crs.CRS.from_user_input("IAU_2015:30100")
    profile = {"driver": "GTiff", "height": 400, "width": 400, "count": 1, "dtype": "float32", "crs": crs}
    with rasterio.open(path, "w", **profile, transform=Affine(0.01, 0.0, 30.0, 0.0, -0.01, -20.0)) as raster:
        raster.write(heights_m, 1)
    ground = read_ground((path,), RegionWish((-22.0, 32.0), 20.0))
    assert ground.grid.bounds[2] - ground.grid.bounds[0] == pytest.approx(20_000.0, abs=ground.grid.pixel_m)
    latitude, longitude = ground.grid.latitude_longitude_deg()
    assert ground.heights_m() == pytest.approx(100.0 * latitude, abs=0.01)
    middle = ground.grid.rows // 2, ground.grid.columns // 2
    assert (latitude[middle], longitude[middle]) == pytest.approx((-22.0, 32.0), abs=0.02)
    assert any("none of the models" in warning for warning in ground.warnings)
