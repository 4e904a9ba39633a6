"""Repair of a plan after a change, beside its bars: 2 s for a week, 0.1 s for the on-board day.

The repair itself is measured with the changed environment and the problem given; the whole command, which loads the
station and computes sky and light anew, is measured too.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lunabase.planning.change import changed_environment, changed_station
from lunabase.planning.checker import check_plan
from lunabase.planning.problem import build_problem
from lunabase.planning.repair import repair
from lunabase.planning.solve import make_plan
from lunabase.runs.change_file import load_change
from lunabase.runs.surroundings import Span, surroundings
from lunabase.scheduling.effort import Effort
from lunabase.sky.kernels import open_kernels
from lunabase.station.load import load_station

STATION = Path(__file__).parents[1] / "examples" / "ilrs.yaml"
CASES = {"weekly": (7.0, 60.0, 2.0), "on board": (1.0, 10.0, 0.1)}
ANOMALY = """unavailable: [{of: [sampling-arm-time], start: 2035-01-01T08:00:00Z, stop: 2035-01-03, text: stuck}]
power: [{start: 2035-01-01T08:00:00Z, stop: 2035-01-02, less: 1500 W}]
"""
LOST = "lost_contacts: [{start: 2035-01-01T08:00:00Z, stop: 2035-01-01T20:00:00Z}]\n"
NEW = """requests:
  topography:
    look-at-the-crack: {activity: take-images, payload: topography-camera, duration: 1 h, count: 1, priority: 10}
"""
CHANGES = {"anomaly": ANOMALY, "lost contact": LOST, "new request": NEW}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    days, step_s, bar_s = CASES[request.param]
    file = load_station(STATION)
    _, environment = surroundings(file, Span.of(file, None, days, step_s), open_kernels())
    plan = make_plan(file.sha256, file.station, environment, effort=Effort(0.5), level=request.param)
    return file, environment, plan, bar_s


@pytest.mark.parametrize("what", CHANGES)
def test_repair(benchmark, case, what, tmp_path):
    file, environment, plan, bar_s = case
    path = tmp_path / "change.yaml"
    path.write_text("now: 2035-01-01T08:00:00Z\n" + CHANGES[what])
    change = load_change(path, file.station).change
    station, around = changed_station(file.station, change), changed_environment(environment, change)
    problem = build_problem(station, around, plan.level)
    mended = benchmark(lambda: repair(problem, plan, change))
    assert check_plan(mended, station, around) == ()
    assert benchmark.stats["min"] < bar_s


@pytest.mark.parametrize("level", ["weekly", "on-board"])
def test_whole_command(benchmark, level, tmp_path):
    (tmp_path / "change.yaml").write_text("now: 2035-01-01T08:00:00Z\n" + ANOMALY)
    program = [sys.executable, "-m", "lunabase.cli", "plan", str(STATION)]
    made = [*program, "--level", level, "--work", "0.2", "--out", "plan.json"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    command = [*program, "--from", "plan.json", "--change", "change.yaml", "--json", "--out", "new.json", "--overwrite"]
    done = benchmark.pedantic(
        lambda: subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True), rounds=3
    )
    assert json.loads(done.stdout)["ok"]
