import numpy as np
import pytest
from twin_bench import Bench, source, surroundings

from lunabase.twin.layout import CURTAILED, SOURCE
from lunabase.twin.sources import SOURCE as SOURCE_ROW


def reactor(**changes):
    return source(1, fission=1, power_w=1500.0, **changes)


def test_sources_without_a_ramp_follow_at_once():
    bench = Bench(surroundings(3), sources=reactor(), source_level=[0.4])
    *_, rows = bench.fly()
    assert rows[:, SOURCE] == pytest.approx([600.0] * 3)


def test_power_changes_along_its_ramp():
    bench = Bench(surroundings(8), sources=reactor(ramp_w_per_s=5.0), source_level=[0.4])
    *_, rows = bench.fly()
    assert rows[:, SOURCE] == pytest.approx([1200.0, 900.0, 600.0, 600.0, 600.0, 600.0, 600.0, 600.0])


def test_a_stop_is_at_once_and_a_restart_waits():
    bench = Bench(surroundings(20), sources=reactor(ramp_w_per_s=10.0, restart_s=300.0), source_level=[0.0])
    state, step, _, rows = bench.fly(last=2)
    assert rows[:2, SOURCE].tolist() == [0.0, 0.0]
    bench.but(source_level=[1.0]).fly(state, step, rows=rows)
    # Stopped in step 0, five minutes without power, then 600 W more each minute.
    assert rows[:10, SOURCE] == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.0, 600.0, 1200.0, 1500.0, 1500.0, 1500.0])


def test_isotopes_obey_no_command():
    sources = np.concatenate([reactor(), source(1, power_w=100.0)]).astype(SOURCE_ROW)
    bench = Bench(surroundings(1), sources=sources, source_level=[0.0, 0.0])
    *_, rows = bench.fly()
    assert rows[0, SOURCE] == pytest.approx(100.0)


def test_a_reactor_declines_with_time():
    year_s = 365.25 * 86_400.0
    bench = Bench(surroundings(3, year_s), sources=reactor(decay_per_s=0.002 / year_s, age_s=year_s))
    *_, rows = bench.fly()
    assert rows[:, SOURCE] == pytest.approx(1500.0 * np.exp(-0.002 * np.arange(1, 4)))


def test_a_trip_and_its_end():
    bench = Bench(surroundings(12), sources=reactor(ramp_w_per_s=10.0, restart_s=120.0))
    state, step, _, rows = bench.fly(last=3)
    tripped, step, *_ = bench.but(health=bench.well(source_part=[0.0])).fly(state, step, 5, rows)
    bench.fly(tripped, step, rows=rows)
    assert rows[:, SOURCE].tolist() == [1500.0] * 3 + [0.0] * 2 + [600.0, 1200.0] + [1500.0] * 5
    assert rows[0, CURTAILED] == pytest.approx(1500.0)
