import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from twin_bench import Bench, node, payload, source, store, surroundings, table

from lunabase.twin import kernel
from lunabase.twin import power as power_room
from lunabase.twin.layout import (
    DISCHARGE_LOSS_J,
    HEATERS_J,
    LOAD,
    MODULES_J,
    OVERFLOW_RATE,
    PAYLOADS_J,
    PRODUCED_RATE,
    RADIOS_J,
    RECORDERS_J,
)
from lunabase.twin.ledger import Balance, accounts, data_balance, energy_balance
from lunabase.twin.parameters import RADIO, Bus


def imbalance(balance: Balance, rounding: float = 0.0) -> float:
    """Relative difference of the two sides, what comes out of the store counted as coming in.

    ``rounding`` is what the last bits of the stores' contents may hide over the run.
    """
    given_ = sum(balance.inflow.values()) + max(-balance.stored, 0.0)
    taken = sum(balance.used.values()) + sum(balance.lost.values()) + max(balance.stored, 0.0)
    return max(abs(given_ - taken) - rounding, 0.0) / max(given_, taken, 1e-300)


LOADS = [(MODULES_J, 0), (RECORDERS_J, 0), (RADIOS_J, 0)]
LOADS += [(HEATERS_J, node) for node in range(2)] + [(PAYLOADS_J, index) for index in range(3)]
efficiency = st.floats(0.05, 1.0)
power = st.floats(0.0, 1e5)


@st.composite
def benches(draw):
    steps = 400
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    light = generator.uniform(0.0, draw(power), steps) * (generator.random(steps) < 0.5)
    contact = generator.random(steps) < 0.3
    count = draw(st.integers(0, 4))

    def many(strategy):
        return [draw(strategy) for _ in range(count)]

    stores = store(
        count,
        capacity_j=many(st.floats(1e3, 1e10)),
        charge_efficiency=many(efficiency),
        discharge_efficiency=many(efficiency),
        maximum_charge_w=many(power),
        maximum_discharge_w=many(power),
        node=0,
        resistance_per_w=many(st.floats(0.0, 1e-4)),
        resistance_k=3000.0,
        calendar_per_s=many(st.floats(0.0, 1e-6)),
        cycle_loss=many(st.floats(0.0, 1e3)),
    )
    stores["floor_j"] = stores["capacity_j"] * draw(st.floats(0.0, 0.3))
    return Bench(
        surroundings(steps, array_w=light, direct=contact, relay_bit_per_s=generator.uniform(0, 1e6, steps) * ~contact),
        load_w=draw(power),
        nodes=node(2, heater_w=draw(power), setpoint_k=280.0, ground_w_per_k=0.5),
        stores=stores,
        sources=source(2, power_w=[draw(power), draw(power)], decay_per_s=1e-7, fission=[1, 0]),
        payloads=payload(3, bit_per_s=[draw(st.floats(0, 1e6)), 5.0, 0.0]),
        payload_on_w=draw(power),
        recorder_bit=draw(st.floats(0.0, 1e9)),
        radios=table(RADIO, 2, power_w=[20.0, 35.0], earth_bit_per_s=[3e5, 0.0], relay_bit_per_s=[0.0, 8e5]),
        recorder_on=draw(st.booleans()),
        bus=Bus(draw(efficiency), draw(st.floats(1.0, 1e5)), 0, draw(st.booleans())),
        order=draw(st.permutations(LOADS)),
    )


@given(benches(), st.floats(0.0, 1.0))
@settings(max_examples=150, deadline=None)
def test_energy_and_data_close_to_1e_9(bench, charge):
    first = bench.state(charge=max(charge, 0.3))
    last, *_ = bench.fly(first)
    last_bits_j = bench.steps * np.finfo(float).eps * bench.stores["capacity_j"].sum()
    assert imbalance(energy_balance(first, last), last_bits_j) < 1e-9
    assert imbalance(data_balance(first, last)) < 1e-9


@given(benches(), st.floats(0.3, 1.0))
@settings(max_examples=50, deadline=None)
def test_the_books_agree_with_the_telemetry(bench, charge):
    first = bench.state(charge=charge)
    last, *_, rows = bench.fly(first)
    energy, data = energy_balance(first, last), data_balance(first, last)
    assert sum(energy.used.values()) == pytest.approx(rows[:, LOAD].sum() * 60.0, rel=1e-12)
    assert sum(data.inflow.values()) == pytest.approx(rows[:, PRODUCED_RATE].sum() * 60.0, rel=1e-12)
    assert sum(data.lost.values()) == pytest.approx(rows[:, OVERFLOW_RATE].sum() * 60.0, rel=1e-12)
    assert last.payload_bit.sum() == pytest.approx(sum(data.inflow.values()), rel=1e-9)


@given(benches(), st.floats(0.3, 1.0))
@settings(max_examples=50, deadline=None)
def test_stores_stay_within_their_limits(bench, charge):
    last, *_ = bench.fly(bench.state(charge=charge))
    assert np.all(last.store_j >= bench.stores["floor_j"] * last.store_left * (1.0 - 1e-12))
    assert np.all(last.store_j <= bench.stores["capacity_j"] * last.store_left * (1.0 + 1e-12))
    assert 0.0 <= last.recorder_bit[0] <= bench.recorder_bit


def leaking_charge(stores, bank, surplus_w, temperature_k, step_s, flow, node_w):
    """A converter that loses one part in 10,000 without telling."""
    power_w = charge(stores, bank, surplus_w, temperature_k, step_s, flow, node_w)
    bank.energy_j[0] -= 1e-4 * power_w * step_s
    return power_w


def careless_loads(plant, live, load_w, served_w, heater_w, radio, radio_w):
    """Heaters that are served and warm, but not booked whole."""
    part = serve_together(plant, live, load_w, served_w, heater_w, radio, radio_w)
    live.flow[HEATERS_J] *= 0.999
    return part


def wrong_efficiency(stores, bank, deficit_w, temperature_k, step_s, flow, node_w):
    """Losses booked for a converter slightly better than the one that works."""
    power_w = discharge(stores, bank, deficit_w, temperature_k, step_s, flow, node_w)
    flow[DISCHARGE_LOSS_J] *= 0.999
    return power_w


charge, discharge, serve_together = power_room.charge, power_room.discharge, kernel.serve_together


@pytest.mark.parametrize(
    ("room", "name", "wrong"),
    [
        (power_room, "charge", leaking_charge),
        (power_room, "discharge", wrong_efficiency),
        (kernel, "serve_together", careless_loads),
    ],
)
def test_an_error_in_the_flows_would_show(monkeypatch, room, name, wrong):
    """The residual is not zero by construction: each of these faults, compiled into the kernel, breaks the balance."""
    day_and_night = np.repeat([300.0, 0.0], 50)
    bench = Bench(
        surroundings(100, array_w=day_and_night),
        load_w=50.0,
        nodes=node(heater_w=30.0, setpoint_k=1e3),
        stores=store(charge_efficiency=0.9, discharge_efficiency=0.9),
    )
    first = bench.state(charge=0.5)
    right, *_ = bench.fly(first)
    assert imbalance(energy_balance(first, right)) < 1e-12
    fresh = njit(_nrt=False)  # not from the cache, where the right functions are
    monkeypatch.setattr(room, name, fresh(wrong))
    # Numba reads globals when it compiles, so whoever calls the faulty function is compiled again.
    monkeypatch.setattr(kernel, "dispatch", fresh(power_room.dispatch.py_func))
    monkeypatch.setattr(kernel, "step", fresh(kernel.step.py_func))
    monkeypatch.setattr(kernel, "_advance", njit(kernel._advance.py_func))
    last, *_ = bench.fly(first)
    assert imbalance(energy_balance(first, last)) > 1e-6


def test_compensated_sums_keep_small_flows_beside_large_ones():
    bench = Bench(surroundings(300_000, array_w=0.1 + 1e5), load_w=0.1, stores=store(0))
    last, *_ = bench.fly()
    assert accounts(last)["modules_j"] == pytest.approx(0.1 * 60.0 * 300_000, rel=1e-15)
