"""Resistance, cold, ageing and limits of stores against closed forms."""

import math

import numpy as np
import pytest
from twin_bench import Bench, node, store, surroundings

from lunabase.station.equipment import Battery, FuelCell
from lunabase.twin.layout import (
    CHARGE,
    FIRST_NODE,
    LOAD,
    STATE_OF_CHARGE,
    STORE_CAPACITY,
    STORED_ENERGY,
    STORES_REFUSING,
    UNSERVED,
)
from lunabase.twin.ledger import accounts, energy_balance
from lunabase.twin.stores import store_row

GAS = 8.314462618
YEAR_S = 365.25 * 86_400.0
BATTERY = {
    "type": "battery",
    "mass": "10 kg",
    "capacity": "1 kWh",
    "charge_efficiency": 0.98,
    "discharge_efficiency": 0.96,
    "maximum_charge": "500 W",
    "maximum_discharge": "400 W",
    "minimum_charge": 0.1,
    "initial_charge": 1.0,
}
CELL = {
    "type": "fuel_cell",
    "mass": "10 kg",
    "capacity": "10 kWh",
    "charge_efficiency": 0.7,
    "discharge_efficiency": 0.5,
    "maximum_charge": "500 W",
    "maximum_discharge": "400 W",
    "initial_charge": 1.0,
}


def battery(**changes):
    return np.array([store_row(Battery.model_validate(BATTERY | changes), 0)])


def cell(**changes):
    return np.array([store_row(FuelCell.model_validate(CELL | changes), 0)])


def drawn_and_given_w(stores, load_w, temperature_k=298.15):
    """Power drawn from a store and power that reaches the bus, in the first step of a discharge."""
    bench = Bench(surroundings(1), load_w=load_w, stores=stores, nodes=node(capacity_j_per_k=1e12))
    first = bench.state(temperature_k=temperature_k)
    last, *_, rows = bench.fly(first)
    return (first.store_j[0] - last.store_j[0]) / 60.0, rows[0, LOAD]


def test_resistance_takes_its_part_of_what_is_drawn():
    """At 25 degC: terminals get D - r D^2, r such that a tenth is lost at the highest discharge power."""
    drawn_w, given_w = drawn_and_given_w(battery(internal_loss=0.1), 240.0)
    terminals_w = 240.0 / 0.96
    resistance = 0.1 / 400.0
    assert given_w == pytest.approx(240.0)
    assert drawn_w - resistance * drawn_w**2 == pytest.approx(terminals_w)
    assert drawn_w < terminals_w / (1.0 - 0.1)


def test_resistance_follows_arrhenius():
    stores = battery(internal_loss=0.1, internal_loss_activation="25 kJ/mol")
    resistance = 0.1 / 400.0 * math.exp(25e3 / GAS * (1.0 / 268.15 - 1.0 / 298.15))
    drawn_w, _ = drawn_and_given_w(stores, 240.0, 268.15)
    assert drawn_w - resistance * drawn_w**2 == pytest.approx(240.0 / 0.96, rel=1e-9)
    assert resistance > 3.0 * 0.1 / 400.0


def test_no_more_power_than_the_resistance_lets_through():
    """The most that a source with open-circuit power law D - r D^2 can give is 1 / (4 r)."""
    stores = battery(internal_loss=0.9)
    drawn_w, given_w = drawn_and_given_w(stores, 399.0)
    resistance = 0.9 / 400.0
    assert given_w == pytest.approx(0.96 / (4.0 * resistance))
    assert drawn_w == pytest.approx(0.5 / resistance)


def test_charging_loses_in_the_resistance_too():
    stores = battery(internal_loss=0.1)
    bench = Bench(surroundings(1, array_w=300.0), stores=stores)
    first = bench.state(charge=0.5)
    last, *_, rows = bench.fly(first)
    stored_w = (last.store_j[0] - first.store_j[0]) / 60.0
    assert rows[0, CHARGE] == pytest.approx(300.0)
    assert stored_w + 0.1 / 400.0 * stored_w**2 == pytest.approx(0.98 * 300.0)
    assert accounts(last)["charge_loss_j"] == pytest.approx((300.0 - stored_w) * 60.0)


def test_a_full_store_takes_exactly_what_fits_with_resistance():
    stores = battery(internal_loss=0.1)
    bench = Bench(surroundings(3, array_w=300.0), stores=stores)
    first = bench.state(charge=1.0 - 3_000.0 / 3.6e6)
    last, *_, rows = bench.fly(first)
    assert last.store_j[0] == 3.6e6
    stored_w = 50.0
    assert rows[0, CHARGE] == pytest.approx((stored_w + 0.1 / 400.0 * stored_w**2) / 0.98)


@pytest.mark.parametrize(("temperature_k", "charge_w"), [(272.0, 0.0), (274.0, 300.0)])
def test_a_cold_battery_refuses_charge_but_gives(temperature_k, charge_w):
    stores = battery(charges_above="273.15 K")
    bench = Bench(surroundings(2, array_w=300.0), stores=stores, nodes=node(capacity_j_per_k=1e12))
    *_, rows = bench.fly(bench.state(charge=0.5, temperature_k=temperature_k))
    assert rows[0, CHARGE] == pytest.approx(charge_w)
    assert rows[0, STORES_REFUSING] == (charge_w == 0.0)
    assert drawn_and_given_w(stores, 100.0, temperature_k)[1] == pytest.approx(100.0)


def test_a_cold_fuel_cell_does_nothing():
    stores = cell(works_above="275 K")
    assert drawn_and_given_w(stores, 100.0, 274.0)[1] == 0.0
    assert drawn_and_given_w(stores, 100.0, 276.0)[1] == pytest.approx(100.0)


@pytest.mark.parametrize(("array_w", "charge_w"), [(79.0, 0.0), (81.0, 81.0)])
def test_an_electrolyser_stands_still_below_its_least_power(array_w, charge_w):
    stores = cell(least_charge="80 W")
    bench = Bench(surroundings(1, array_w=array_w), stores=stores)
    *_, rows = bench.fly(bench.state(charge=0.5))
    assert rows[0, CHARGE] == pytest.approx(charge_w)


def resting(ageing, temperature_k, years=4.0):
    """A battery that lies about at one temperature: capacity left after some years, in steps of an hour."""
    steps = round(years * YEAR_S / 3600.0)
    bench = Bench(surroundings(steps, 3600.0), stores=battery(ageing=ageing), nodes=node(capacity_j_per_k=1e12))
    last, *_ = bench.fly(bench.state(charge=0.5, temperature_k=temperature_k))
    return last.store_left[0]


def test_calendar_ageing_by_the_root_of_time():
    assert resting({"calendar_loss": 0.03}, 298.15) == pytest.approx(1.0 - 0.03 * math.sqrt(4.0), abs=1e-5)
    linear = {"calendar_loss": 0.03, "calendar_exponent": 1.0}
    assert resting(linear, 298.15) == pytest.approx(1.0 - 0.03 * 4.0, abs=1e-5)


def test_calendar_ageing_follows_arrhenius():
    ageing = {"calendar_loss": 0.03, "calendar_activation": "58 kJ/mol"}
    speed = math.exp(-58e3 / GAS * (1.0 / 283.15 - 1.0 / 298.15))
    assert resting(ageing, 283.15) == pytest.approx(1.0 - 0.03 * speed * 2.0, abs=1e-5)
    assert speed < 0.3


def test_changing_temperatures_add_up_as_time_at_each():
    """Half the years at one temperature and half at another: u = sum of a^2 t, loss = sqrt(u)."""
    ageing = {"calendar_loss": 0.03, "calendar_activation": "58 kJ/mol"}
    hours = round(YEAR_S / 3600.0)
    bench = Bench(surroundings(2 * hours, 3600.0), stores=battery(ageing=ageing), nodes=node(capacity_j_per_k=1e12))
    half, *_ = bench.fly(bench.state(charge=0.5, temperature_k=298.15), last=hours)
    half.temperature_k[:] = 283.15
    last, *_ = bench.fly(half, first=hours)
    speed = math.exp(-58e3 / GAS * (1.0 / 283.15 - 1.0 / 298.15))
    assert last.store_left[0] == pytest.approx(1.0 - 0.03 * math.sqrt(1.0 + speed**2), abs=1e-5)


def cycled(ageing, cycles):
    """A day and night of an hour each, in which a kWh goes in and out: capacity left after the energy of some cycles."""
    hours = 2 * cycles
    stores = battery(
        ageing=ageing,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
        minimum_charge=0.0,
        maximum_charge="2 kW",
        maximum_discharge="2 kW",
    )
    day = np.tile([2000.0, 0.0], cycles)
    bench = Bench(surroundings(hours, 3600.0, array_w=day), load_w=500.0, stores=stores)
    last, *_, rows = bench.fly(bench.state(charge=0.0))
    return last, rows


def test_ageing_by_cycles():
    linear, _ = cycled({"cycle_loss": 0.2}, 500)
    drawn_cycles = linear.drawn_j[0] / 3.6e6
    assert drawn_cycles == pytest.approx(250.0)  # 500 W for 500 hours
    assert linear.store_left[0] == pytest.approx(1.0 - 0.2 * 0.25, rel=1e-3)
    root, _ = cycled({"cycle_loss": 0.2, "cycle_exponent": 0.5}, 500)
    assert root.store_left[0] == pytest.approx(1.0 - 0.2 * math.sqrt(0.25), rel=1e-3)


def test_what_no_longer_fits_is_lost_and_booked():
    """A store that is kept full gives up exactly what its capacity loses."""
    ageing = {"calendar_loss": 0.04, "calendar_exponent": 1.0}
    steps = 2000
    bench = Bench(surroundings(steps, 3600.0, array_w=50.0), load_w=50.0, stores=battery(ageing=ageing))
    first = bench.state(charge=1.0)
    last, *_, rows = bench.fly(first)
    assert last.store_j[0] == pytest.approx(3.6e6 * last.store_left[0], rel=1e-12)
    assert accounts(last)["faded_j"] == pytest.approx(3.6e6 * (1.0 - last.store_left[0]), rel=1e-9)
    assert rows[-1, STATE_OF_CHARGE] == pytest.approx(1.0)
    assert rows[-1, STORE_CAPACITY] == pytest.approx(3.6e6 * last.store_left[0])
    balance = energy_balance(first, last)
    out = sum(balance.used.values()) + sum(balance.lost.values())
    assert sum(balance.inflow.values()) == pytest.approx(out + balance.stored, rel=1e-12)


def test_dead_cells_take_their_charge_with_them():
    bench = Bench(surroundings(2, 3600.0), stores=store(2, capacity_j=1e6))
    first = bench.state(charge=0.9)
    last, *_ = bench.but(health=bench.well(store_part=[0.5, 1.0])).fly(first)
    assert last.store_j.tolist() == [0.5e6, 0.9e6]
    assert accounts(last)["faded_j"] == pytest.approx(0.4e6)


def test_the_books_close_when_half_a_resistive_battery_dies_under_a_surplus():
    """More is stored than fits: no charging, and the loss is booked as damage and as nothing else."""
    stores = battery(internal_loss=0.05)
    bench = Bench(surroundings(61, array_w=400.0), load_w=20.0, stores=stores)
    first = bench.state(charge=0.98)
    last, *_ = bench.but(health=bench.well(store_part=[0.5])).fly(first, 1, 61)  # between two looks at the ageing
    balance = energy_balance(first, last)
    out = sum(balance.used.values()) + sum(balance.lost.values())
    assert sum(balance.inflow.values()) == pytest.approx(out + balance.stored, rel=1e-12)
    assert accounts(last)["faded_j"] == pytest.approx(0.48 * 3.6e6)
    assert accounts(last)["charge_loss_j"] == 0.0


def test_pieces_of_any_length_age_alike():
    ageing = {"calendar_loss": 0.03, "cycle_loss": 0.1, "calendar_activation": "58 kJ/mol"}
    generator = np.random.default_rng(5)
    bench = Bench(
        surroundings(1000, array_w=generator.uniform(0.0, 200.0, 1000)), load_w=90.0, stores=battery(ageing=ageing)
    )
    whole, *_, rows = bench.fly()
    state, pieces = bench.state(), bench.rows()
    for first, last in ((0, 7), (7, 60), (60, 61), (61, 500), (500, 1000)):
        state, *_ = bench.fly(state, first, last, pieces)
    assert state.store_left[0] == whole.store_left[0] < 1.0
    assert np.array_equal(rows, pieces)


def test_stores_off_the_bus_are_not_counted():
    bench = Bench(surroundings(1), stores=store(2, capacity_j=[1e6, 3e6]))
    *_, rows = bench.but(health=bench.well(store_ok=[False, True])).fly(bench.state(charge=0.5))
    assert rows[0, STORED_ENERGY] == pytest.approx(1.5e6)
    assert rows[0, STORE_CAPACITY] == pytest.approx(3e6)
    assert rows[0, STATE_OF_CHARGE] == pytest.approx(0.5)
    assert rows[0, STORES_REFUSING] == 1
    assert rows[0, FIRST_NODE + 1 : FIRST_NODE + 3].tolist() == [0.5, 0.5]


def test_with_every_store_off_the_charge_is_none():
    bench = Bench(surroundings(1), load_w=5.0, stores=store(1))
    *_, rows = bench.but(health=bench.well(store_ok=[False])).fly()
    assert rows[0, STATE_OF_CHARGE] == 0.0
    assert rows[0, UNSERVED] == pytest.approx(5.0)


def test_a_fuel_cell_that_can_never_be_charged_is_refused():
    with pytest.raises(ValueError, match="least_charge"):
        cell(least_charge="600 W")
