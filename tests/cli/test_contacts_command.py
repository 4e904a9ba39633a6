"""The contacts command, as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOUR = 3600
LANDER = Path(__file__).parents[2] / "examples" / "lander.yaml"


def lunabase(*arguments):
    call = [sys.executable, "-m", "lunabase.cli", "contacts", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, timeout=300)


@pytest.fixture
def week(tmp_path):
    views = [{"RISE": 0, "SET": 0, "TRX ON": 100 * HOUR, "TRX OFF": 104 * HOUR}]
    shape = {"duration": 2.0, "duration_min": 2.0, "setup_time": 60, "teardown_time": 15}
    records = [
        {"track_id": name, "subject": mission, "resource_vp_dict": {"DSS-14": views, "DSS-24_DSS-34": views}, **shape}
        for name, mission in (("a", 1), ("b", 2), ("c", 3))
    ]
    (tmp_path / "problems.json").write_text(json.dumps({"W10_2018": records}))
    closed = f"10,2018,{101 * HOUR},{102 * HOUR},DSS-24\n"
    (tmp_path / "maintenance.csv").write_text("week,year,starttime,endtime,antenna\n" + closed)
    files = ("--satnet", tmp_path / "problems.json", "--maintenance", tmp_path / "maintenance.csv")
    return tmp_path, (*files, "--week", "W10_2018", "--work", 0.2)


def test_a_week_is_shared_and_written(week):
    """One antenna holds one of the three; the array, closed in the midst, none."""
    folder, arguments = week
    done = lunabase(*arguments, "--out", folder / "tracks.json")
    assert done.returncode == 0, done.stderr
    assert "U_max          1.0000" in done.stdout
    assert "1 of 3 requests" in done.stdout
    (row,) = json.loads((folder / "tracks.json").read_text())
    assert list(row) == ["RESOURCE", "SC", "START_TIME", "TRACKING_ON", "TRACKING_OFF", "END_TIME", "TRACK_ID"]
    assert row["RESOURCE"] == "DSS-14"
    assert row["TRACKING_ON"] - row["START_TIME"] == HOUR
    assert row["END_TIME"] - row["TRACKING_OFF"] == HOUR / 4
    assert row["SC"] in (1, 2, 3)


def test_as_json(week):
    answer = json.loads(lunabase(*week[1], "--json").stdout)
    assert answer["ok"]
    assert answer["u_rms"] == pytest.approx((2 / 3) ** 0.5)
    assert len(answer["missions"]) == 3
    assert len(answer["tracks"]) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("--week", "W11_2018"), "weeks in this file: W10_2018"),
        (("--time", "10"), "no unit"),
        (("--time", "-1 min"), "too short"),
        (("--work", "0"), "not above 0"),
        (("--satnet", "nothing.json"), "can't be read"),
    ],
)
def test_wrong_input_is_one_message(week, change, told):
    folder, arguments = week
    done = lunabase(*arguments, *change, "--out", folder / "tracks.json")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "tracks.json").exists()


def test_the_stations_contacts_are_planned_and_written(tmp_path):
    out = tmp_path / "contacts.json"
    done = lunabase(LANDER, "--days", 1, "--step", 300, "--per-day", "1.2 Gbit", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "data brought down: 1.20 of 1.20 Gbit" in done.stdout
    told = json.loads(out.read_text())
    assert told["contacts"]
    assert all(item["start"] >= item["setup_start"] for item in told["contacts"])
    assert sum(item["volume_bit"] for item in told["contacts"]) >= 1.2e9


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("--share", "nowhere=0.5"), "no Earth station 'nowhere'"),
        (("--share", "madrid"), "can't read 'madrid'"),
        (("--share", "madrid=0.6", "--share", "canberra=60%"), "more than 1"),
        (("--every", "20 min"), "fits into a period"),
        (("--format", "xml"), "no format 'xml'"),
        (("--per-day", "5"), "no unit"),
        (("--satnet", "x.json"), "either"),
    ],
)
def test_wrong_wishes_are_one_message(tmp_path, change, told):
    out = tmp_path / "contacts.json"
    done = lunabase(LANDER, "--days", 0.1, "--step", 3600, "--out", out, *change)
    assert done.returncode == 2
    assert told in done.stderr
    assert not out.exists()
