"""The survey commands as a user meets them: help, wrong input, JSON, a station's `site:` that checks."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_both_helps_have_an_example_and_name_each_other(lunabase):
    shown = {words: " ".join(lunabase(*words.split(), "--help").stdout.split()) for words in ("survey", "survey point")}
    assert "Example: lunabase survey site01.tif" in shown["survey"]
    assert "--rank" in shown["survey"]
    assert "lunabase survey point --help" in shown["survey"]
    assert "Example: lunabase survey point -89.44 222.59" in shown["survey point"]
    assert "--rank" not in shown["survey point"]
    assert "Usage: lunabase survey [OPTIONS]" in shown["survey"]


BAD = [
    (("survey", "none.tif"), "none.tif"),
    (("survey", "--center", "-89.4", "--size", "3"), "latitude,longitude"),
    (("survey", "--center=-89.4,20"), "--size is missing"),
    (("survey", "--center=-60,20", "--size", "3"), "beyond"),
    (("survey", "--heights", "10,2"), "--heights"),
    (("survey", "--products", "light,lihgt"), "lihgt"),
    (("survey", "--rank", "light=5"), "light=5"),
    (("survey", "--center=-89.4,20", "--size", "9", "--rank", "shine>5"), "light_2m (1)"),
    (("survey", "--center=-89.4,20", "--size", "9", "--start", "2050-06-01"), "2050"),
    (("survey", "--center=-89.4,20", "--size", "9", "--station", "none.yaml"), "none.yaml"),
    (("survey", "--center=-89.4,20", "--size", "9", "--out", str(ROOT)), "something else"),
    (("survey", "--center=-89.4,20", "--size", "nan"), "--size"),
    (("survey", "--center=-89.4,20", "--size", "-3"), "--size"),
    (("survey", "--center=-89.4,20", "--size", "1e300"), "--size"),
    (("survey", "--center=nan,20", "--size", "3"), "latitude,longitude"),
    (("survey", "--bounds=5000,0,-5000,9000"), "west below east"),
    (("survey", "--bounds=0,0,1e9,1e9"), "no box"),
    (("survey", "--bounds=0,0,900000,900000"), "beyond"),
    (("survey", "--azimuths", "0"), "--azimuths"),
    (("survey", "--heights", "nan"), "--heights"),
    (("survey", "--heights", "-2"), "--heights"),
    (("survey", "--step", "nan"), "--step"),
    (("survey", "--step", "-60"), "--step"),
    (("survey", "--days", "nan"), "--days"),
    (("survey", "--days", "inf"), "--days"),
    (("survey", "--days", "1e-9"), "0 steps"),
    (("survey", "--years", "2", "--days", "3"), "two lengths"),
    (("survey", "--start", "2020-13-01"), "2020-13-01"),
    (("survey", "--dem-error", "-1"), "--dem-error"),
    (("survey", "--center=-89.4,20", "--size", "9", "--dem-error", "none.tif"), "none.tif"),
    (("survey", "--center=-89.4,20", "--size", "9", "--products", "slope", "--dem-error", "1"), "--dem-error"),
    (("survey", "--rank", "light>0.5 or slope<3"), "no condition"),
    (("survey", str(ROOT / "README.md")), "README.md"),
    (("survey", "--center=-89.4,20", "--size", "9", "--out", str(ROOT / "README.md")), "README.md"),
    (("survey", "point", "nan", "20"), "no place"),
    (("survey", "point", "-89", "20", "--heights", "5,5"), "--heights"),
    (("survey", "point", "-95", "20"), "no place"),
    (("survey", "point", "-60", "20"), "no elevation model has data"),
    (("survey", "point", "-89", "20", "--out", str(ROOT)), "not empty"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_input_is_one_clear_message_and_exit_code_2(arguments, words, lunabase, tmp_path):
    done = lunabase(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_point_s_site_goes_into_a_station_file_that_checks(lunabase, tmp_path):
    done = lunabase("survey", "point", "-89.44", "222.59", "--days", "3", "--out", "p", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["ok"]
    assert 0.0 <= answer["numbers"]["at_2_m"]["light"] <= 1.0
    text = (ROOT / "examples" / "lander.yaml").read_text()
    pasted = re.sub(r"(?ms)^site:\n.*?(?=^\S)", answer["site"] + "\n", text)
    (tmp_path / "p" / "station.yaml").write_text(pasted)
    checked = lunabase("check", "p/station.yaml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    "arguments", [("--center=-89.4,20", "--size", "x"), ("--heights", "10,2"), ("--center=-60,20", "--size", "3")]
)
def test_errors_as_json(arguments, lunabase, tmp_path):
    done = lunabase("survey", *arguments, "--json", cwd=tmp_path)
    assert done.returncode == 2
    answer = json.loads(done.stdout)
    assert not answer["ok"]
    assert answer["error"]


def test_a_folder_that_can_t_be_made_is_told(lunabase):
    done = lunabase("survey", "--center=-89.4,20", "--size", "9", "--out", "/proc/survey")
    assert done.returncode == 1
    assert "/proc/survey: can't write" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_library_that_catches_every_exception_does_not_swallow_the_signal(lunabase, monkeypatch, tmp_path, number):
    def swallow(_):
        try:
            os.kill(os.getpid(), number)
            time.sleep(10.0)
        except Exception as every:
            raise ValueError("something else") from every

    monkeypatch.setattr("lunabase.survey.run.kernels_from", swallow)
    done = lunabase("survey", "--out", "s", cwd=tmp_path)
    assert done.returncode == 130
    assert done.stderr == f"error: stopped by {number.name}; nothing half-written is left.\n"
    assert os.listdir(tmp_path) == []
