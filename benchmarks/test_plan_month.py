"""The reference station's month: time to the first plan and to the best, value and fairness beside a list scheduler."""

import time
from pathlib import Path

import pytest
from benchmarks.peers.list_scheduler import list_schedule

from lunabase.planning.construct import fill
from lunabase.planning.improve import improve, simple_bound
from lunabase.planning.problem import build_problem
from lunabase.planning.tasks import POINTS
from lunabase.planning.timetable import Timetable
from lunabase.runs.surroundings import Span, surroundings
from lunabase.scheduling.effort import Effort
from lunabase.sky.kernels import open_kernels
from lunabase.station.load import load_station

STATION = Path(__file__).parents[1] / "examples" / "ilrs.yaml"


@pytest.fixture(scope="module")
def month():
    file = load_station(STATION)
    return file.station, surroundings(file, Span.of(file, None, 29.53, 60.0), open_kernels())[1]


def told(timetable):
    served = timetable.served().values()
    return {
        "value": timetable.score() / POINTS,
        "bound": simple_bound(timetable.problem) / POINTS,
        "least_served": min(served),
        "mean_served": sum(served) / len(served),
        "activities": len(timetable.placed),
    }


def once(benchmark, plan):
    timetable = benchmark.pedantic(plan, rounds=1, iterations=1, warmup_rounds=1)
    benchmark.extra_info.update(told(timetable))
    assert timetable.fault() is None


def test_first_plan(benchmark, month):
    once(benchmark, lambda: searched(month, 0.0))


def test_list_scheduler(benchmark, month):
    once(benchmark, lambda: list_schedule(build_problem(*month)))


def searched(month, work):
    timetable = Timetable(build_problem(*month))
    fill(timetable)
    improve(timetable, 0, Effort(work))
    return timetable


def test_default_search(benchmark, month):
    once(benchmark, lambda: searched(month, 2.0))


@pytest.mark.long
def test_search_of_thirty_minutes(benchmark, month):
    def plan():
        timetable = Timetable(build_problem(*month))
        fill(timetable)
        improve(timetable, 0, Effort(deadline_s=time.monotonic() + 1800.0))
        return timetable

    timetable = benchmark.pedantic(plan, rounds=1, iterations=1)
    benchmark.extra_info.update(told(timetable))
