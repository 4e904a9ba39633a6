"""The survey commands as a user meets them: help, wrong input, JSON, a station's `site:` that checks."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lunabase(*arguments, cwd=None):
    call = [sys.executable, "-m", "lunabase.cli", *map(str, arguments)]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_both_helps_have_an_example_and_name_each_other():
    shown = {words: " ".join(lunabase(*words.split(), "--help").stdout.split()) for words in ("survey", "survey point")}
    assert "Example: lunabase survey site01.tif" in shown["survey"]
    assert "--rank" in shown["survey"]
    assert "lunabase survey point --help" in shown["survey"]
    assert "Example: lunabase survey point -89.44 222.59" in shown["survey point"]
    assert "--rank" not in shown["survey point"]


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
    (("survey", "point", "-95", "20"), "no place"),
    (("survey", "point", "-60", "20"), "no elevation model has data"),
    (("survey", "point", "-89", "20", "--out", str(ROOT)), "not empty"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_input_is_one_clear_message_and_exit_code_2(arguments, words, tmp_path):
    done = lunabase(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_point_s_site_goes_into_a_station_file_that_checks(tmp_path):
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
