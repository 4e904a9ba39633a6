"""A survey of the embedded far field, from the command's options to its files: whole, honest, gone on with."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import rasterio
import xarray as xr

from lunabase.errors import InputError
from lunabase.progress import Ticker
from lunabase.sky import open_kernels
from lunabase.survey import survey_folder
from lunabase.survey.point import look_at_point
from lunabase.survey.ranking import parse_conditions
from lunabase.survey.region import RegionWish
from lunabase.survey.run import run_survey
from lunabase.survey.span import survey_span
from lunabase.survey.survey import Links, SurveyOptions, parse_heights, parse_products

SPAN = ("2020-08-01", None, 60.0, 7200.0)
OPTIONS = SurveyOptions(
    (),
    RegionWish((-89.45, 222.0), 16.0),
    heights_m=(2.0, 10.0),
    azimuths=360,
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
    """Pictures take most of the time here; test_pictures draws them, and so does the survey that is killed below."""
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
    ground = OPTIONS.region
    assert ground.centre is not None
    for row, column in ((2, 3), (5, 5), (7, 1), (1, 8)):
        x, y = float(maps["x"][column]), float(maps["y"][row])
        latitude = -90.0 + 2.0 * np.degrees(np.arctan(np.hypot(x, y) / 3_474_800.0))
        found = look_at_point(latitude, np.degrees(np.arctan2(x, y)), (), (2.0, 10.0), grid, kernels, Links())
        for height_m in (2.0, 10.0):
            exact = found.seen["sun_visible_fraction_by_height"].sel(height=height_m).to_numpy()
            assert float(maps[f"light_{height_m:g}m"][row, column]) == pytest.approx(exact.mean(), abs=0.01)
        assert float(maps["earth_2m"][row, column]) == pytest.approx(
            float(found.seen["earth_in_view"].mean()), abs=0.02
        )
        assert float(maps["elevation"][row, column]) == pytest.approx(found.horizon.ground_height_m, abs=1e-3)


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


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_survey_killed_at_any_moment_looks_unfinished_and_goes_on(tmp_path):
    """`kill -9` at several moments: no file that looks finished, and the same command ends what was begun."""
    words = "survey --out s --center=-89.45,222.0 --size 24 --heights 2 --days 40 --products light,slope --azimuths 180"
    call = [sys.executable, "-m", "lunabase.cli", *words.split()]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    folder = tmp_path / "s"
    for sign in ("request.json", "horizons.zarr/unfinished/*", ".steps/light-*.nc", "*.tif"):
        running = subprocess.Popen(call, cwd=tmp_path, **quiet)
        until = time.monotonic() + 120.0
        while not list(folder.glob(sign)) and running.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        if running.returncode == 0:
            break
        assert not (folder / "survey.json").exists()
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    document = json.loads((folder / "survey.json").read_text())
    assert "light_2m" in document["maps"]
    assert not list(folder.rglob("*.part"))
    for path in folder.glob("*.tif"):
        with rasterio.open(path) as raster:
            assert raster.read(1).shape == (15, 15)
        assert path.with_suffix(".png").stat().st_size > 10_000
