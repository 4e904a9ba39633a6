"""What a fault takes away is missing from the station's flows, and only that."""

import numpy as np
import pytest
from twin_bench import Bench, node, payload, source, store, surroundings, table

from lunabase.twin.layout import (
    ARRAY_AVAILABLE,
    CHARGE,
    DOWNLINK_RATE,
    FIRST_NODE,
    HEATER,
    LOAD,
    PRODUCED_RATE,
    RECORDER,
    SOURCE,
)
from lunabase.twin.parameters import RADIO


def last_row(bench, charge=0.5, **health):
    *_, rows = bench.but(health=bench.well(**health)).fly(bench.state(charge=charge))
    return rows[-1]


def test_a_dead_string_and_dust_take_their_part_of_the_arrays():
    bench = Bench(surroundings(3, array_w=100.0))
    assert last_row(bench, array_part=[0.75])[ARRAY_AVAILABLE] == pytest.approx(75.0)
    assert last_row(bench, array_part=[0.75], dust_part=[0.2])[ARRAY_AVAILABLE] == pytest.approx(60.0)


def test_a_source_gives_its_part_and_still_its_heat():
    bench = Bench(surroundings(10), sources=source(power_w=80.0, heat_w=50.0, node=0))
    row = last_row(bench, source_part=[0.25])
    assert row[SOURCE] == pytest.approx(20.0)
    assert row[FIRST_NODE] == pytest.approx(290.0 + 50.0 * 600.0 / 1e4)


def test_a_store_off_the_bus_keeps_what_it_holds():
    bench = Bench(surroundings(10), load_w=30.0, stores=store(2))
    first = bench.state(charge=0.5)
    last, *_ = bench.but(health=bench.well(store_ok=[False, True])).fly(first)
    assert last.store_j[0] == first.store_j[0]
    assert first.store_j[1] - last.store_j[1] == pytest.approx(30.0 * 600.0)
    assert last_row(bench, store_ok=[False, False])[LOAD] == 0.0


def test_a_store_fills_to_the_capacity_it_has_left():
    bench = Bench(surroundings(200, array_w=1e4))
    last, *_ = bench.but(health=bench.well(store_part=[0.6])).fly(bench.state(charge=0.1))
    assert last.store_j[0] == pytest.approx(0.6 * bench.stores["capacity_j"][0])


@pytest.mark.parametrize(("heater", "expected_w"), [(0, 0.0), (1, 40.0), (-1, 0.0)])
def test_heater_stuck_on_heats_a_warm_node(heater, expected_w):
    bench = Bench(surroundings(5), nodes=node(heater_w=40.0, setpoint_k=250.0))
    assert last_row(bench, heater=[heater])[HEATER] == expected_w


def test_heater_stuck_off_leaves_a_cold_node_cold():
    bench = Bench(surroundings(5), nodes=node(heater_w=40.0, setpoint_k=300.0))
    assert last_row(bench)[HEATER] == 40.0
    assert last_row(bench, heater=[-1])[HEATER] == 0.0


def test_heat_switch_stuck_closed_and_open():
    nodes = node(emission_w_per_k4=1e-8)
    bench = Bench(surroundings(500), nodes=nodes, closes_below_k=280.0)
    assert last_row(bench, heat_switch=[-1])[FIRST_NODE] == pytest.approx(290.0)
    assert last_row(bench)[FIRST_NODE] > 275.0
    assert last_row(bench, heat_switch=[1])[FIRST_NODE] < 250.0


def test_lost_insulation_cools_to_the_ground():
    bench = Bench(surroundings(100))
    got = last_row(bench, node_leak_w_per_k=[0.5])[FIRST_NODE]
    assert got == pytest.approx(100.0 + 190.0 * np.exp(-0.5 * 6000.0 / 1e4), abs=0.05)


def test_module_that_failed_draws_nothing_and_its_payloads_take_no_data():
    bench = Bench(surroundings(5), load_w=30.0, payloads=payload(1, bit_per_s=10.0), payload_on_w=5.0)
    assert last_row(bench)[LOAD] == pytest.approx(35.0)
    row = last_row(bench, module_ok=[False])
    assert row[LOAD] == 0.0
    assert row[PRODUCED_RATE] == 0.0
    row = last_row(bench, payload_ok=[False])
    assert row[LOAD] == pytest.approx(30.0)
    assert row[PRODUCED_RATE] == 0.0
    assert last_row(bench, extra_load_w=[12.0])[LOAD] == pytest.approx(47.0)


def radio_bench():
    return Bench(
        surroundings(5, direct=1, relay_bit_per_s=1e6),
        payloads=payload(1, bit_per_s=1e4),
        radios=table(RADIO, 1, power_w=20.0, earth_bit_per_s=300.0, relay_bit_per_s=200.0),
    )


@pytest.mark.parametrize(
    ("health", "rate"),
    [
        ({}, 300.0),
        ({"radio_part": [0.5]}, 150.0),
        ({"earth_link": False}, 200.0),
        ({"relay_link": False}, 300.0),
        ({"earth_link": False, "relay_link": False}, 0.0),
        ({"module_ok": [False]}, 0.0),
    ],
)
def test_links(health, rate):
    assert last_row(radio_bench(), **health)[DOWNLINK_RATE] == pytest.approx(rate)


def test_recorder_with_less_room():
    bench = Bench(surroundings(100), payloads=payload(1, bit_per_s=1e6), recorder_bit=1e9)
    assert last_row(bench, recorder_part=0.25)[RECORDER] == pytest.approx(0.25e9)


def test_a_healthy_station_charges():
    assert last_row(Bench(surroundings(5, array_w=10.0)))[CHARGE] == pytest.approx(10.0)
