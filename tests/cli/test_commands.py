"""The command line as a user meets it: exit codes, one clear message, JSON, nothing half-written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
LANDER = str(ROOT / "examples" / "lander.yaml")


def lunabase(*arguments, cwd=None):
    call = [sys.executable, "-m", "lunabase.cli", *map(str, arguments)]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, timeout=300)


def test_help_of_every_command_has_an_example():
    for command in ("init", "check", "sky", "plan", "run", "report"):
        shown = lunabase(command, "--help")
        assert shown.returncode == 0
        assert f"Example: lunabase {command}" in " ".join(shown.stdout.replace("│", " ").split())


BAD = [
    (("check", "none.yaml"), "no such file"),
    (("run", "none.yaml"), "no such file"),
    (("run", LANDER, "--start", "1850-01-01"), "1850"),
    (("run", LANDER, "--start", "tomorrow"), "not a date"),
    (("run", LANDER, "--start", "2049-01-01"), "outside the station's dates"),
    (("run", LANDER, "--start", "2030-02-01T00:00:00.5"), "whole second"),
    (("run", str(ROOT / "examples" / "ilrs.yaml"), "--start", "2040-12-20"), "phase `crewed` begins on 2041-01-01"),
    (("run", LANDER, "--days", "0"), "--days"),
    (("run", LANDER, "--days", "-3"), "--days"),
    (("run", LANDER, "--days", "nan"), "--days"),
    (("run", LANDER, "--step", "0"), "--step"),
    (("run", LANDER, "--kernel", "none.bsp"), "none.bsp"),
    (("run", LANDER, "--kernel", LANDER), "lander.yaml"),
    (("sky", "--latitude", "95", "--longitude", "0", "--start", "2030-01-01"), "latitude"),
    (("sky", "--latitude", "5", "--longitude", "0"), "--start"),
    (("sky", LANDER, "--target", "mun"), "moon"),
    (("sky", LANDER, "--format", "xml"), "csv, parquet or json"),
    (("sky", "--latitude", "0", "--longitude", "0", "--start", "2051-01-01"), "2050"),
    (("sky", LANDER, "--days", "inf"), "--days"),
    (("sky", LANDER, "--days", "100000", "--step", "0.001"), "--step"),
    (("sky",), "station file"),
    (("plan", LANDER, "--check", LANDER), "not a plan"),
    (("report", "none"), "not a run"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_input_is_one_clear_message_and_exit_code_2(arguments, words, tmp_path):
    done = lunabase(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert os.listdir(tmp_path) == []


def test_errors_as_json(tmp_path):
    done = lunabase("check", "none.yaml", "--json", cwd=tmp_path)
    answer = json.loads(done.stdout)
    assert done.returncode == 2
    assert not answer["ok"]
    assert "no such file" in answer["error"]


@pytest.mark.parametrize("arguments", [("sky", "--days", "x"), ("run",), ("plan", LANDER, "--nonsense")])
def test_usage_errors_as_json(arguments, tmp_path):
    done = lunabase(*arguments, "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert not json.loads(done.stdout)["ok"]


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
def test_a_full_standard_output_is_one_clear_error(tmp_path):
    for command in (("sky", LANDER, "--days", "30"), ("check", LANDER), ("check", LANDER, "--json")):
        call = [sys.executable, "-m", "lunabase.cli", *command]
        with open("/dev/full", "w") as full:
            done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300)
        assert done.returncode == 1
        assert "No space left" in done.stderr
        assert "Traceback" not in done.stderr


def test_sky_tables_agree_in_every_format(tmp_path):
    ask = ("sky", LANDER, "--days", "1", "--target", "sun")
    for name in ("t.csv", "t.parquet", "t.json"):
        assert lunabase(*ask, "--out", name, cwd=tmp_path).returncode == 0
    tables = [
        pd.read_csv(tmp_path / "t.csv"),
        pd.read_parquet(tmp_path / "t.parquet"),
        pd.read_json(tmp_path / "t.json"),
    ]
    assert len(tables[0]) == 144
    for table in tables[1:]:
        assert (pd.to_datetime(table["time"], utc=True) == pd.to_datetime(tables[0]["time"], utc=True)).all()
        for column in ("azimuth_deg", "elevation_deg", "range_m", "angular_radius_deg"):
            np.testing.assert_allclose(table[column], tables[0][column], rtol=1e-12)


def test_rises_and_sets_are_where_the_table_changes_sign(tmp_path):
    ask = ("sky", LANDER, "--target", "sun", "--days", "60", "--step", "3600")
    events = json.loads(lunabase(*ask, "--events", "--json", cwd=tmp_path).stdout)
    table = pd.DataFrame(json.loads(lunabase(*ask, "--json", cwd=tmp_path).stdout))
    up = table["elevation_deg"] > -np.degrees(np.arccos(1737400.0 / 1737402.0))
    changes = pd.to_datetime(table["time"][1:][up.to_numpy()[1:] != up.to_numpy()[:-1]])
    found = pd.to_datetime(pd.Series([event["time"] for event in events]))
    assert len(found) == len(changes) > 2
    assert (abs(found.to_numpy() - changes.to_numpy()) <= np.timedelta64(3600, "s")).all()
    assert [event["event"] for event in events] == ["set", "rise"] * (len(events) // 2) + ["set"] * (len(events) % 2)


def test_check_lists_problems_as_json(tmp_path):
    text = Path(LANDER).read_text().replace("mass:", "mas:", 1)
    (tmp_path / "bad.yaml").write_text(text)
    answer = json.loads(lunabase("check", "bad.yaml", "--json", cwd=tmp_path).stdout)
    (unknown,) = [item for item in answer["problems"] if item["problem"] == "unknown key"]
    assert text.splitlines()[unknown["line"] - 1].strip().startswith("mas:")
    assert unknown["fix"] == "Did you mean `mass`?"


def test_init_writes_a_station_that_passes(tmp_path):
    assert lunabase("init", "here", cwd=tmp_path).returncode == 0
    assert lunabase("check", "here/station.yaml", cwd=tmp_path).returncode == 0
    again = lunabase("init", "here", cwd=tmp_path)
    assert again.returncode == 2
    assert "a station already" in again.stderr


def test_a_plan_on_disk_passes_its_check_and_a_tampered_one_does_not(tmp_path):
    assert lunabase("plan", LANDER, "--days", "6", "--out", "plan.json", cwd=tmp_path).returncode == 0
    assert lunabase("plan", LANDER, "--check", "plan.json", cwd=tmp_path).returncode == 0
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["activities"]
    plan["activities"][0]["power_w"] = 1e-3
    plan["activities"][0]["stop"] = plan["activities"][0]["start"]
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    bad = lunabase("plan", LANDER, "--check", "plan.json", cwd=tmp_path)
    assert bad.returncode == 1
    assert "violation" in bad.stdout
    as_json = lunabase("plan", LANDER, "--check", "plan.json", "--json", cwd=tmp_path)
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["violations"]


def test_an_existing_result_is_kept_unless_told_otherwise(tmp_path):
    (tmp_path / "plan.json").write_text("mine")
    done = lunabase("plan", LANDER, "--days", "2", "--out", "plan.json", cwd=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "plan.json").read_text() == "mine"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_leaves_nothing_behind(number, tmp_path):
    call = [sys.executable, "-m", "lunabase.cli", "run", LANDER, "--days", "300", "--out", "run"]
    process = subprocess.Popen(call, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(4.0)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "stopped by" in errors
    assert "Traceback" not in errors
    assert os.listdir(tmp_path) == []


def test_a_run_into_a_place_that_cannot_be_written_fails_clearly(tmp_path):
    (tmp_path / "file").write_text("x")
    done = lunabase("run", LANDER, "--days", "1", "--out", "file/run", cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert "file/run" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terrain_in_another_projection_is_refused(tmp_path):
    import rasterio
    from rasterio.transform import from_origin

    profile = {"driver": "GTiff", "width": 8, "height": 8, "count": 1, "dtype": "float32"}
    with rasterio.open(
        tmp_path / "earth.tif", "w", crs="EPSG:32633", transform=from_origin(5e5, 5e6, 10, 10), **profile
    ) as file:
        file.write(np.zeros((1, 8, 8), "float32"))
    text = Path(LANDER).read_text()
    assert "{flat: true}" in text
    (tmp_path / "station.yaml").write_text(text.replace("{flat: true}", "{dem: [earth.tif]}"))
    done = lunabase("check", "station.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "earth.tif" in done.stderr
    assert "Moon" in done.stderr
