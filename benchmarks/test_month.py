"""Where the time of a lunar month at 60 s goes: sky and light, planning, flying, record, report."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from lunabase.planning.solve import make_plan
from lunabase.record.folder import write_run
from lunabase.report.page import write_report
from lunabase.runs.fly import fly
from lunabase.runs.planning import RunOptions
from lunabase.runs.run import run_station
from lunabase.runs.surroundings import Span, surroundings
from lunabase.sky.kernels import open_kernels
from lunabase.station.load import load_station

STATION = Path(__file__).parents[1] / "examples" / "ilrs.yaml"


@contextmanager
def no_progress(_name):
    yield lambda part: None


@pytest.fixture(scope="module")
def record():
    return run_station(load_station(STATION), RunOptions(), no_progress)


def once(benchmark, function):
    return benchmark.pedantic(function, rounds=3, iterations=1)


def test_station_file(benchmark):
    assert once(benchmark, lambda: load_station(STATION))


def test_sky_and_light(benchmark, record):
    file = load_station(STATION)
    span = Span.of(file, None, 29.53, 60.0)
    assert once(benchmark, lambda: surroundings(file, span, open_kernels()))


def test_planning(benchmark, record):
    plan = once(benchmark, lambda: make_plan("", record.station, record.environment, seed=0))
    assert plan.activities


def test_flying(benchmark, record):
    flight = once(benchmark, lambda: fly(record.station, record.environment, record.plan, step_s=60.0))
    assert flight.summary.outcome == "alive"


def test_record(benchmark, record, tmp_path):
    once(benchmark, lambda: write_run(record, tmp_path))


def test_report(benchmark, record, tmp_path):
    once(benchmark, lambda: write_report(record, tmp_path / "report.html"))
