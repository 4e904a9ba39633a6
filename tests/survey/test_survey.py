"""A survey of the embedded far field, from the command's options to its files: whole, honest, gone on with."""

import json
import multiprocessing
import os
import resource
import signal
import time

import numpy as np
import pytest
import rasterio
import xarray as xr

from lunabase.environment.dataset import environment
from lunabase.errors import InputError, LunabaseError
from lunabase.progress import Ticker
from lunabase.record.alone import alone
from lunabase.sky import SurfaceSite, open_kernels
from lunabase.survey import survey, survey_folder
from lunabase.survey.ground import read_ground
from lunabase.survey.ranking import parse_conditions
from lunabase.survey.region import RegionWish
from lunabase.survey.run import run_survey
from lunabase.survey.span import survey_span
from lunabase.survey.survey import SurveyOptions, parse_heights, parse_products
from lunabase.terrain.horizon import point_horizon

SPAN = ("2020-08-01", None, 60.0, 7200.0)
OPTIONS = SurveyOptions(
    (),
    RegionWish((-89.45, 222.0), 16.0),
    heights_m=(2.0, 10.0),
    azimuths=180,
    products=("slope", "light", "earth", "shadow"),
    rank=parse_conditions("light>20%, slope<20deg"),
)


def run(options, folder, *, overwrite=False, span=SPAN):
    said = []
    with Ticker("survey") as ticker:
        document = run_survey(options, span, folder, ticker, overwrite=overwrite, say=said.append)
    return document, said, ticker


@pytest.fixture(scope="module", autouse=True)
def no_pictures():
    """Pictures take most of the time here; test_pictures and the how-to draw them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey_folder, "map_picture", lambda values, backdrop, path: path.touch())
        yield


@pytest.fixture(scope="module")
def done(tmp_path_factory, no_pictures):
    folder = tmp_path_factory.mktemp("survey") / "s"
    return folder, *run(OPTIONS, folder)


def test_every_map_is_there_as_tif_picture_and_variable(done):
    folder, document, _, _ = done
    with xr.open_dataset(folder / "survey.nc", engine="h5netcdf") as maps:
        names = set(maps.data_vars) - {"spatial_ref"}
    assert {
        "light_2m",
        "light_10m",
        "longest_dark_2m",
        "earth_2m",
        "psr_2m",
        "slope",
        "elevation",
        "pareto_front",
    } <= names
    assert names == set(document["maps"]) == {path.stem for path in folder.glob("*.tif")}
    assert {path.stem for path in folder.glob("*.png")} == names
    assert json.loads((folder / "survey.json").read_text())["maps"].keys() == document["maps"].keys()
    assert not [path for path in folder.rglob("*.part")]
    assert not (folder / ".steps").exists()


def test_every_product_carries_the_far_field_s_warning(done):
    folder, document, _, _ = done
    assert any("1.2 deg" in warning for warning in document["warnings"])
    for path in folder.glob("*.tif"):
        with rasterio.open(path) as raster:
            assert "1.2 deg" in raster.tags()["WARNING"]
    with xr.open_dataset(folder / "survey.nc", engine="h5netcdf") as maps:
        assert "1.2 deg" in maps.attrs["warning"]
    assert "1.2 deg" in (folder / "index.html").read_text()
    assert "1.2 deg" in json.loads((folder / "places.geojson").read_text())["warning"]


def test_the_maps_agree_with_the_exact_horizon_of_their_pixels(done):
    """Light, darkness and Earth view of four pixels against rays, exact discs and the sky of each point."""
    folder = done[0]
    kernels = open_kernels()
    grid = survey_span(*SPAN, kernels)
    with xr.open_dataset(folder / "survey.nc", engine="h5netcdf") as maps:
        maps.load()
    ground = read_ground((), OPTIONS.region)
    for row, column in ((2, 3), (5, 5), (7, 1), (1, 8)):
        x, y = float(maps["x"][column]), float(maps["y"][row])
        place = -90.0 + 2.0 * np.degrees(np.arctan(np.hypot(x, y) / 3_474_800.0)), np.degrees(np.arctan2(x, y))
        horizon = point_horizon(ground.dems, *place, observer_heights_m=(2.0, 10.0))
        seen = environment(SurfaceSite(*place, horizon.ground_height_m), grid, horizon=horizon, kernels=kernels)
        for height_m in (2.0, 10.0):
            exact = seen["sun_visible_fraction_by_height"].sel(height=height_m).to_numpy()
            assert float(maps[f"light_{height_m:g}m"][row, column]) == pytest.approx(exact.mean(), abs=0.01)
        assert float(maps["earth_2m"][row, column]) == pytest.approx(float(seen["earth_in_view"].mean()), abs=0.02)
        assert float(maps["elevation"][row, column]) == pytest.approx(horizon.ground_height_m, abs=1e-3)


def test_the_same_command_again_finds_it_done(done):
    folder = done[0]
    before = (folder / "survey.json").stat().st_mtime_ns
    document, said, ticker = run(OPTIONS, folder)
    assert (folder / "survey.json").stat().st_mtime_ns == before
    assert any("already" in each for each in said)
    assert "horizons" not in ticker.stages
    assert document["maps"]


def test_another_survey_needs_overwrite_and_keeps_fitting_horizons(done, tmp_path):
    folder = done[0]
    longer = ("2020-08-01", None, 61.0, 7200.0)
    with pytest.raises(InputError, match="another survey"):
        run(OPTIONS, folder, span=longer)
    marks = {path: path.stat().st_mtime_ns for path in (folder / "horizons.zarr").rglob("c/*") if path.is_file()}
    run(OPTIONS, folder, span=longer, overwrite=True)
    assert {path: path.stat().st_mtime_ns for path in marks} == marks
    run(OPTIONS, folder, overwrite=True)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="something else"):
        run(OPTIONS, tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_wrong_condition_is_told_before_the_work(tmp_path):
    from dataclasses import replace

    with pytest.raises(InputError, match="temperature_max"):
        run(replace(OPTIONS, rank=parse_conditions("temperature_max<300K")), tmp_path / "s")
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (parse_heights, "10,2"),
        (parse_heights, "two"),
        (parse_heights, "0"),
        (parse_products, "lihgt"),
        (parse_products, ""),
    ],
)
def test_lists_of_heights_and_products_are_checked(call, text):
    with pytest.raises(InputError):
        call(text)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (("2020-01-01", 2, 3.0, 3600.0), "two lengths"),
        (("2020-01-01", None, float("nan"), 3600.0), "--days"),
        (("2020-01-01", None, 3.0, float("nan")), "--step"),
        (("2020-01-01", None, -3.0, 3600.0), "--days"),
        (("2020-01-01", 0, None, 3600.0), "--years"),
        (("2020-01-01", None, None, 0.5), "--step"),
        (("2049-12-01", 5, None, 3600.0), "2050"),
        (("tomorrow", None, None, 3600.0), "not a date"),
    ],
)
def test_spans_that_make_no_sense_are_refused(span, words):
    with pytest.raises(InputError, match=words):
        survey_span(*span, open_kernels())


def test_a_year_is_a_calendar_year():
    grid = survey_span("2020-01-01", None, None, 3600.0, open_kernels())
    assert grid.count == 366 * 24
    assert survey_span("2019-01-01", 19, None, 3600.0, open_kernels()).count == (19 * 365 + 5) * 24


SMALL = SurveyOptions((), RegionWish((-89.45, 222.0), 9.0), (2.0,), 24, ("slope", "light"))
SOON = ("2020-08-01", None, 3.0, 7200.0)


def begin(folder):
    """A survey in a process of its own, with pauses in which it can be stopped."""

    def slowly(work):
        def call(*arguments, **options):
            time.sleep(0.05)
            return work(*arguments, **options)

        return call

    survey_folder.write_cog = slowly(survey_folder.write_cog)
    survey.light_map = slowly(survey.light_map)
    run(SMALL, folder, span=SOON)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_survey_killed_at_any_moment_looks_unfinished_and_goes_on(tmp_path):
    """`kill -9` at several moments: no file that looks finished, and the same survey ends what was begun."""
    folder = tmp_path / "s"
    killed = 0
    for sign in ("request.json", "horizons.zarr/unfinished/*", ".steps/light-*.nc", "*.tif"):
        working = multiprocessing.get_context("fork").Process(target=begin, args=(folder,))
        working.start()
        until = time.monotonic() + 60.0
        while not list(folder.glob(sign)) and working.is_alive() and time.monotonic() < until:
            time.sleep(0.001)
        os.kill(working.pid, signal.SIGKILL)
        working.join()
        killed += working.exitcode == -signal.SIGKILL
        assert not (folder / "survey.json").exists()
    assert killed == 4
    # What a kill while the horizons' store is being laid out leaves.
    (folder / ".horizons.zarr.4711.part").mkdir()
    document, _, ticker = run(SMALL, folder, span=SOON)
    assert "light" not in ticker.stages
    assert document == json.loads((folder / "survey.json").read_text())
    assert not list(folder.rglob("*.part"))
    for path in folder.glob("*.tif"):
        with rasterio.open(path) as raster:
            assert raster.read(1).shape == (6, 6)


def test_a_full_disk_is_told_and_the_same_survey_goes_on(tmp_path):
    """Files may not grow beyond 3 kB for a while: the error says so and nothing half-written is left."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        with pytest.raises(LunabaseError) as told:
            run(SMALL, tmp_path / "s", span=SOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert told.value.exit_code == 1
    assert not list(tmp_path.rglob("*.part"))
    assert not (tmp_path / "s" / "survey.json").exists()
    document, _, _ = run(SMALL, tmp_path / "s", span=SOON)
    assert "light_2m" in document["maps"]


def test_maps_open_with_their_place_in_gdal_and_xarray(done):
    folder = done[0]
    with (
        rasterio.open(folder / "light_2m.tif") as raster,
        xr.open_dataset(folder / "survey.nc", engine="h5netcdf") as maps,
    ):
        assert raster.crs.to_dict()["proj"] == "stere"
        assert raster.crs.to_dict()["R"] == 1_737_400
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.units == ("1",)
        np.testing.assert_allclose(raster.read(1), maps["light_2m"].values)
        row, column = raster.index(float(maps["x"][3]), float(maps["y"][2]))
        assert (row, column) == (2, 3)
        wkt = maps["spatial_ref"].attrs["crs_wkt"]
    assert rasterio.crs.CRS.from_wkt(wkt).to_dict()["R"] == 1_737_400
    with rasterio.open(f'NETCDF:"{folder / "survey.nc"}":light_2m') as raster:
        assert raster.crs.to_dict()["proj"] == "stere"


def test_places_are_geojson(done):
    """RFC 7946: a FeatureCollection of points, longitude first, within -180 to 180."""
    document = json.loads((done[0] / "places.geojson").read_text())
    assert document["type"] == "FeatureCollection"
    assert document["features"]
    for feature in document["features"]:
        assert feature["type"] == "Feature"
        longitude, latitude = feature["geometry"]["coordinates"]
        assert -180.0 <= longitude <= 180.0
        assert latitude < -88.0


def test_two_surveys_do_not_share_a_folder(tmp_path):
    taken = LunabaseError("taken")
    with alone(tmp_path / ".s.lock", taken), pytest.raises(LunabaseError, match="another survey is being made there"):
        run(OPTIONS, tmp_path / "s")
    assert not (tmp_path / "s").exists()
