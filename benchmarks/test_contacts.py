"""Antennas shared among missions: one round of the search, the bound, and whole weeks of the SatNet benchmark."""

import os
import time
from pathlib import Path

import pytest

from lunabase.contacts.benchmark import read_week, solve_week
from lunabase.contacts.bound import least_cost
from lunabase.contacts.fairness import Weights
from lunabase.contacts.solve import share_antennas
from lunabase.scheduling.effort import Effort

DATA = Path(os.environ.get("LUNABASE_DATA", Path(__file__).parents[2] / "shared" / "data")) / "satnet"
BARS = {"W10_2018": (0.12, 0.30, 822), "W20_2018": (0.16, 0.47, 1059)}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"there is no {DATA}")


def week(name):
    return read_week(DATA / "problems.json", name, DATA / "maintenance.csv")


def test_reading(benchmark):
    assert benchmark.pedantic(lambda: week("W20_2018"), rounds=3)


def test_bound(benchmark):
    demand = week("W20_2018").demand
    assert benchmark.pedantic(lambda: least_cost(demand, Weights()), rounds=3) >= 0.0


def test_one_process_two_units_of_work(benchmark):
    demand = week("W20_2018").demand
    shared = benchmark.pedantic(lambda: share_antennas(demand, Weights(), Effort(2.0)), rounds=1)
    assert shared.fairness.u_rms < 0.5


@pytest.mark.long
@pytest.mark.parametrize("name", BARS)
def test_a_week_in_ten_minutes(benchmark, name):
    def solve():
        return solve_week(week(name), Weights(), Effort(deadline_s=time.monotonic() + 570))

    verdict = benchmark.pedantic(solve, rounds=1).verdict
    u_rms, u_max, hours = BARS[name]
    assert verdict.problems == ()
    assert verdict.u_rms <= u_rms
    assert verdict.u_max <= u_max
    assert verdict.hours >= hours
