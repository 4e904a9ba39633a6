"""The error of the elevations, from the option to maps of the light's spread."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from test_ground import write_model

from lunabase.errors import InputError
from lunabase.progress import Ticker
from lunabase.survey import survey_folder
from lunabase.survey.elevation_error import parse_error, read_error
from lunabase.survey.ground import read_ground
from lunabase.survey.region import RegionWish
from lunabase.survey.run import run_survey
from lunabase.survey.survey import SurveyOptions
from lunabase.terrain.dem_file import open_dem
from lunabase.terrain.farfield import embedded_far_field
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection

GRID = MapGrid(polar_projection(), -19_500.0, 19_500.0, 1000.0, 40, 40)


def polar_model(path, values, offset_m=0.0):
    west, _, _, north = GRID.bounds
    return write_model(path, values, west + offset_m, north, GRID.pixel_m, GRID.crs.to_wkt())


@given(st.text(max_size=12))
def test_any_text_is_an_error_a_file_or_refused(text):
    try:
        error = parse_error(text)
    except InputError:
        return
    assert not isinstance(error, float) or 0.0 < error <= 1000.0


@pytest.mark.parametrize("text", ["-1", "0", "nan", "inf", "1e9"])
def test_numbers_that_are_no_errors_are_refused(text):
    with pytest.raises(InputError, match="no error"):
        parse_error(text)


def test_a_map_of_errors_is_read_on_the_model_s_pixels(tmp_path):
    dem = open_dem(polar_model(tmp_path / "heights.tif", np.full((40, 40), 100.0))).read()
    errors_m = np.arange(1600.0).reshape(40, 40) / 1600.0
    errors_m[3, 4] = np.nan
    path = polar_model(tmp_path / "errors.tif", errors_m)
    np.testing.assert_allclose(read_error(path, dem), errors_m, rtol=1e-6)
    part = replace(dem, heights_m=dem.heights_m[5:9, 7:20], west=dem.west + 7000.0, north=dem.north - 5000.0)
    np.testing.assert_allclose(read_error(path, part), errors_m[5:9, 7:20], rtol=1e-6)


@pytest.mark.parametrize(
    ("offset_m", "level", "words"),
    [(300.0, 1.0, "on the pixels"), (0.0, -2.0, "no errors"), (0.0, 5000.0, "no errors")],
)
def test_a_map_that_is_not_the_model_s_is_refused(tmp_path, offset_m, level, words):
    dem = open_dem(polar_model(tmp_path / "heights.tif", np.full((40, 40), 100.0))).read()
    path = polar_model(tmp_path / "errors.tif", np.full((40, 40), level), offset_m)
    with pytest.raises(InputError, match=words):
        read_error(path, dem)


def test_a_survey_with_an_error_has_low_high_and_spread(tmp_path, monkeypatch):
    """A hair's error leaves the light as it is; a hundred metres don't. What was drawn is not left behind."""
    monkeypatch.setattr(survey_folder, "map_picture", lambda values, backdrop, path: path.touch())
    options = SurveyOptions((), RegionWish((-89.45, 222.0), 8.0), (2.0,), 36, ("light",))
    lights = {}
    for error_m in (0.01, 100.0):
        folder = tmp_path / f"{error_m:g}"
        with Ticker("survey") as ticker:
            wanted = replace(options, dem_error=error_m)
            document = run_survey(
                wanted, ("2020-08-01", None, 30.0, 7200.0), folder, ticker, overwrite=False, say=print
            )
        assert document["elevation_error"] == f"{error_m:g} m"
        assert not list(folder.rglob("draw-*"))
        with xr.open_dataset(folder / "survey.nc", engine="h5netcdf") as maps:
            lights[error_m] = maps.load()
    for maps in lights.values():
        assert (maps["light_low_2m"] <= maps["light_high_2m"]).all()
        assert "estimate" in maps["light_spread_2m"].attrs["comment"]
    assert float(abs(lights[0.01]["light_high_2m"] - lights[0.01]["light_2m"]).max()) < 2e-3
    assert float(lights[0.01]["light_spread_2m"].max()) < 1e-3
    assert float(lights[100.0]["light_spread_2m"].mean()) > 0.01


def test_noise_goes_where_the_region_is(tmp_path):
    from lunabase.survey.elevation_error import _near

    ground = read_ground((), RegionWish((-89.45, 222.0), 16.0))
    near, window = _near(ground)
    np.testing.assert_array_equal(ground.dems[0].heights_m[window], near.heights_m)
    assert near.pixel_m == embedded_far_field().pixel_m
