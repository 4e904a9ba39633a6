import numpy as np
import pytest
from twin_bench import Bench, source, store, surroundings

from lunabase.twin.layout import (
    ARRAY_POWER,
    CHARGE,
    CURTAILED,
    LOAD,
    SOURCE,
    STATE_OF_CHARGE,
    STORED_ENERGY,
    UNSERVED,
)

HOUR_S = 3600.0
SYNODIC_NIGHT_H = 354.37  # half a synodic month


def test_seven_kwh_carries_19_75_w_through_the_night():
    bench = Bench(surroundings(22_000), load_w=7000.0 / SYNODIC_NIGHT_H)
    *_, rows = bench.fly()
    first_dark = int(np.flatnonzero(rows[:, UNSERVED] > 1e-9)[0])
    assert first_dark * 60.0 / HOUR_S == pytest.approx(SYNODIC_NIGHT_H, abs=60.0 / HOUR_S)
    assert pytest.approx(19.75, abs=0.01) == 7000.0 / SYNODIC_NIGHT_H


def test_load_ends_within_the_step_in_which_the_store_runs_out():
    bench = Bench(surroundings(200), load_w=10.0, stores=store(capacity_j=10.0 * 60.0 * 90.25))
    *_, rows = bench.fly()
    assert rows[90, LOAD] == pytest.approx(2.5)
    assert rows[90, UNSERVED] == pytest.approx(7.5)
    assert rows[91, LOAD] == 0.0


def test_charge_and_discharge_efficiencies():
    cell = store(capacity_j=1e9, charge_efficiency=0.8, discharge_efficiency=0.6)
    sun = surroundings(60, array_w=500.0)
    state, *_ = Bench(sun, stores=cell).fly(Bench(sun, stores=cell).state(charge=0.0))
    assert state.store_j[0] == pytest.approx(0.8 * 500.0 * HOUR_S)
    night = Bench(surroundings(60), stores=cell, load_w=30.0)
    after, *_ = night.fly(state)
    assert state.store_j[0] - after.store_j[0] == pytest.approx(30.0 * HOUR_S / 0.6)


def test_batteries_go_before_fuel_cells_down_to_their_floor_and_within_their_limits():
    stores = store(2, capacity_j=[36_000.0, 1e9], floor_j=[3_600.0, 0.0], maximum_discharge_w=[40.0, 25.0])
    *_, rows = Bench(surroundings(40), load_w=60.0, stores=stores).fly()
    assert rows[0, LOAD] == pytest.approx(60.0)  # 40 W from the battery and 20 W from the cell
    battery_ends = (36_000.0 - 3_600.0) / 40.0 / 60.0
    after = int(np.ceil(battery_ends)) + 1
    assert rows[after, LOAD] == pytest.approx(25.0)
    assert rows[after, UNSERVED] == pytest.approx(35.0)


def test_surplus_charges_within_limits_and_the_rest_is_left():
    stores = store(2, capacity_j=1e9, maximum_charge_w=[100.0, 50.0])
    bench = Bench(surroundings(10, array_w=400.0), load_w=60.0, stores=stores)
    *_, rows = bench.fly(bench.state(charge=0.5))
    assert rows[-1, CHARGE] == pytest.approx(150.0)
    assert rows[-1, ARRAY_POWER] == pytest.approx(210.0)
    assert rows[-1, CURTAILED] == pytest.approx(190.0)


def test_full_store_takes_exactly_what_fits():
    bench = Bench(surroundings(10, array_w=400.0), stores=store(capacity_j=1e6))
    state, *_, rows = bench.fly(bench.state(charge=1.0 - 30_000.0 / 1e6))
    assert rows[0, CHARGE] == pytest.approx(400.0)
    assert rows[1, CHARGE] == pytest.approx((30_000.0 - 400.0 * 60.0) / 60.0)
    assert rows[2, CHARGE] == 0.0
    assert state.store_j[0] == 1e6


def test_plutonium_source_halves_in_its_half_life():
    half_life_s = 87.7 * 365.25 * 86400.0
    sources = source(power_w=110.0, decay_per_s=np.log(2.0) / half_life_s)
    bench = Bench(surroundings(3, step_s=half_life_s), sources=sources)
    *_, rows = bench.fly()
    assert rows[:, SOURCE] == pytest.approx([110.0, 55.0, 27.5])


def test_sources_serve_before_arrays_and_dump_what_is_too_much():
    bench = Bench(surroundings(1, array_w=50.0), load_w=70.0, sources=source(power_w=60.0), stores=store(0))
    *_, rows = bench.fly()
    assert rows[0, ARRAY_POWER] == pytest.approx(10.0)
    assert rows[0, CURTAILED] == pytest.approx(40.0)
    *_, rows = bench.but(load_w=20.0).fly()
    assert rows[0, CURTAILED] == pytest.approx(50.0 + 40.0)
    assert rows[0, STATE_OF_CHARGE] == 1.0
    assert rows[0, STORED_ENERGY] == 0.0
