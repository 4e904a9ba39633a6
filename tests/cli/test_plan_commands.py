"""The plan commands as a user meets them: levels, formats, repair, diff, pictures, Ctrl-C, wrong input."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LANDER = str(ROOT / "examples" / "lander.yaml")


CHANGE = """now: 2030-01-17T00:00:00Z
unavailable: [{of: [dosimeter], start: 2030-01-17T00:00:00Z, stop: 2030-01-18T12:00:00Z, text: reset}]
"""


def test_helps_have_an_example_and_name_each_other(lunabase):
    shown = {words: " ".join(lunabase(*words.split(), "--help").stdout.split()) for words in ("plan", "plan diff")}
    assert "Example: lunabase plan examples/ilrs.yaml" in shown["plan"]
    assert "lunabase plan diff --help" in shown["plan"]
    assert "lunabase plan [OPTIONS]" in shown["plan"]
    assert "Example: lunabase plan diff plan.json" in shown["plan diff"]


BAD = [
    (("plan", LANDER, "--change", LANDER), "--from PLAN"),
    (("plan", LANDER, "--from", LANDER), "not a plan"),
    (("plan", LANDER, "--from", "none.json"), "can't be read"),
    (("plan", LANDER, "--from", "none.json", "--days", "3"), "keeps the time of the plan before"),
    (("plan", LANDER, "--from", "none.json", "--work", "3"), "has no use with --from"),
    (("plan", LANDER, "--within", "none.json"), "can't be read"),
    (("plan", LANDER, "--time", "soon"), "--time"),
    (("plan", LANDER, "--time", "0 s"), "--time"),
    (("plan", LANDER, "--work", "-1"), "--work"),
    (("plan", LANDER, "--level", "daily"), "--level"),
    (("plan", LANDER, "--out", "plan.xlsx"), "--format"),
    (("plan", LANDER, "--format", "xml"), "json, csv, ics"),
    (("plan", LANDER, "--days", "1", "--picture", "plan.gif"), ".png"),
    (("plan", "diff", LANDER, LANDER), "not a plan"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_input_is_one_clear_message_and_exit_code_2(arguments, words, tmp_path, lunabase):
    done = lunabase(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr + done.stdout
    assert os.listdir(tmp_path) == []


def test_plan_repair_check_and_diff(tmp_path, lunabase):
    made = lunabase("plan", LANDER, "--level", "weekly", "--work", "0.1", "--out", "plan.json", "--json", cwd=tmp_path)
    assert json.loads(made.stdout)["ok"], made.stderr
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["level"] == "weekly"
    assert "value" in made.stderr  # how far the search got
    (tmp_path / "change.yaml").write_text(CHANGE)
    repair = ("plan", LANDER, "--from", "plan.json", "--change", "change.yaml", "--out", "new.json")
    assert lunabase(*repair, cwd=tmp_path).returncode == 0
    check = lunabase("plan", LANDER, "--check", "new.json", "--change", "change.yaml", cwd=tmp_path)
    assert (check.returncode, check.stdout) == (0, "0 violations\n")
    forgotten = lunabase("plan", LANDER, "--check", "new.json", cwd=tmp_path)
    assert forgotten.returncode == 2
    assert "--change" in forgotten.stderr
    diff = json.loads(
        lunabase("plan", "diff", "plan.json", "new.json", "--out", "diff.svg", "--json", cwd=tmp_path).stdout
    )
    assert diff["kept"] > 0
    assert {item["request"] for item in (*diff["moved"], *diff["vanished"])} == {"dose/daily"}
    assert (tmp_path / "diff.svg").read_text().startswith("<?xml")
    words = lunabase("plan", "diff", "plan.json", "new.json", cwd=tmp_path).stdout
    assert f"{diff['kept']} activities stay" in words


@pytest.mark.parametrize(
    ("name", "begins"), [("p.csv", "id,request"), ("p.ics", "BEGIN:VCALENDAR"), ("p.openmct.json", "{")]
)
def test_the_ending_of_out_names_the_format(name, begins, tmp_path, lunabase):
    done = lunabase("plan", LANDER, "--days", "2", "--work", "0.05", "--out", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name).read_text().startswith(begins)


def test_a_format_without_a_file_is_printed(tmp_path, lunabase):
    done = lunabase("plan", LANDER, "--days", "2", "--work", "0.05", "--format", "csv", cwd=tmp_path)
    assert done.stdout.startswith("id,request,partner")


def test_a_picture_is_drawn(tmp_path, lunabase):
    done = lunabase("plan", LANDER, "--days", "3", "--work", "0.05", "--picture", "plan.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plan.png").read_bytes()[1:4] == b"PNG"


def test_a_plan_is_not_replaced_unasked(tmp_path, lunabase):
    (tmp_path / "plan.json").write_text("mine")
    done = lunabase("plan", LANDER, "--out", "plan.json", cwd=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "plan.json").read_text() == "mine"


def test_ctrl_c_keeps_the_best_plan_so_far(tmp_path):
    ilrs = str(ROOT / "examples" / "ilrs.yaml")
    call = [
        sys.executable,
        "-m",
        "lunabase.cli",
        "plan",
        ilrs,
        "--level",
        "weekly",
        "--time",
        "300 s",
        "--out",
        "p.json",
    ]
    log = tmp_path / "log"
    with log.open("w") as stderr:
        started = subprocess.Popen(call, cwd=tmp_path, stdout=subprocess.PIPE, stderr=stderr, text=True)
        while "sky and light" not in log.read_text() and started.poll() is None:
            time.sleep(0.1)
        time.sleep(6.0)  # into the search
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=120)
    assert started.returncode == 0, log.read_text()
    assert "stopped by Ctrl-C; this is the best plan found so far" in log.read_text()
    assert json.loads((tmp_path / "p.json").read_text())["activities"]
