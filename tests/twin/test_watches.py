import numpy as np
import pytest
from twin_bench import Bench, node, payload, source, store, surroundings, table, watch

from lunabase.twin.kernel import LOST, REACHED_END, TRIPPED, first_readings
from lunabase.twin.layout import (
    ARRAY_AVAILABLE,
    ARRAY_POWER,
    DOWNLINK_RATE,
    FIRST_NODE,
    GENERATION,
    HEATER,
    LOAD,
    RECORDER,
    SOURCE,
    STATE_OF_CHARGE,
)
from lunabase.twin.ledger import energy_balance
from lunabase.twin.parameters import RADIO

ABOVE, BELOW = 1.0, -1.0


def draining(*watches, **changes):
    """A store that loses one thousandth of its charge in each step."""
    return Bench(
        surroundings(1000, array_w=changes.pop("array_w", 0.0)),
        load_w=1e6 / 60.0 / 1000.0,
        stores=store(capacity_j=1e6),
        watches=watch(*watches),
        **changes,
    )


def test_watch_stops_after_the_step_in_which_it_trips():
    bench = draining((STATE_OF_CHARGE, BELOW, 0.7495, 1, 0))
    _, step, cause, rows = bench.fly()
    assert (step, cause) == (251, TRIPPED)  # after 250 steps the charge is 0.75, after 251 it is 0.749
    assert np.isfinite(rows[250, STATE_OF_CHARGE])
    assert np.isnan(rows[251, STATE_OF_CHARGE])


def test_dwell_counts_steps_in_a_row():
    light = np.zeros(1000)
    light[100:109] = 50.0
    light[200:230] = 50.0
    bench = draining((ARRAY_AVAILABLE, ABOVE, 40.0, 10, 0), array_w=light)
    assert bench.fly()[1:3] == (210, TRIPPED)


def test_group_needs_all_of_its_conditions_and_must_be_armed():
    conditions = ((STATE_OF_CHARGE, BELOW, 0.9005, 1, 0), (STATE_OF_CHARGE, BELOW, 0.6005, 1, 0))
    bench = draining(*conditions, (STATE_OF_CHARGE, BELOW, 0.8005, 1, 1))
    assert bench.fly(armed=[True, True])[1] == 200
    assert bench.fly(armed=[True, False])[1] == 400
    assert bench.fly(armed=[False, False])[1:3] == (1000, REACHED_END)


def test_counting_goes_on_while_a_group_is_not_armed():
    bench = draining((STATE_OF_CHARGE, BELOW, 0.9005, 50, 0))
    state, step, _, rows = bench.fly(last=200, armed=[False])
    assert state.watch_steps[0] == 101
    assert bench.fly(state, step, rows=rows, armed=[True])[1] == 201


def rich_bench(steps=1000):
    generator = np.random.default_rng(7)
    return Bench(
        surroundings(
            steps,
            array_w=generator.uniform(0, 200, steps),
            flux_w_m2=generator.uniform(0, 1361, steps),
            sun_sin=0.5,
            sun_cos=0.866,
            direct=generator.random(steps) < 0.5,
        ),
        load_w=80.0,
        nodes=node(3, emission_w_per_k4=1e-8, absorbing_m2=0.05, heater_w=30.0, setpoint_k=280.0),
        coupling_w_per_k=np.full((3, 3), 0.3) - 0.3 * np.eye(3),
        stores=store(2, capacity_j=[2e5, 1e6], charge_efficiency=0.9, discharge_efficiency=0.8, node=1),
        sources=source(power_w=5.0, heat_w=30.0, decay_per_s=1e-9, node=0),
        payloads=payload(4, bit_per_s=1234.5),
        payload_on_w=7.0,
        recorder_bit=1e8,
        radios=table(RADIO, 1, power_w=20.0, earth_bit_per_s=7e3),
        watches=watch((STATE_OF_CHARGE, BELOW, 0.5, 7, 0)),
    )


def same(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in one.__dataclass_fields__)


def test_ten_pieces_give_the_same_bits_as_one():
    bench = rich_bench()
    whole, _, _, whole_rows = bench.fly(armed=[False])
    state, rows = bench.state(), bench.rows()
    for first in range(0, 1000, 100):
        state, *_ = bench.fly(state, first, first + 100, rows, armed=[False])
    assert same(whole, state)
    assert np.array_equal(whole_rows, rows)


def test_two_runs_give_the_same_bits_and_leave_their_start_alone():
    bench = rich_bench()
    start = bench.state()
    one, other = bench.fly(start, armed=[False]), bench.fly(start, armed=[False])
    assert same(one[0], other[0])
    assert np.array_equal(one[3], other[3])
    assert same(start, bench.state())


def cooling(**changes):
    """290 K, falling 0.6 K each step at first towards 100 K."""
    limits = {"survival_low_k": 250.0, "ground_w_per_k": 1.0, "capacity_j_per_k": 19_000.0}
    return Bench(surroundings(1000), nodes=node(**(limits | changes)), payloads=payload(2), payload_on_w=3.0)


def step_below(limit_k):
    """Steps until an exponential fall from 290 K to 100 K with tau = 19,000 s is below the limit."""
    return int(np.ceil(19_000.0 * np.log(190.0 / (limit_k - 100.0)) / 60.0))


def test_station_is_lost_with_an_essential_node():
    bench = cooling().but(payloads=payload(0))
    state, step, cause, _ = bench.fly()
    assert (cause, step) == (LOST, step_below(250.0))
    assert state.station_lost


def test_module_and_payloads_are_lost_with_another_node():
    bench = cooling(essential=0).but(load_w=10.0, payloads=payload(2), payload_on_w=0.0)
    state, step, cause, rows = bench.fly()
    assert cause == LOST
    assert not state.station_lost
    assert state.module_lost.all()
    assert state.payload_lost.all()
    *_, rows = bench.fly(state, step, rows=rows)
    assert rows[step - 1, LOAD] == pytest.approx(10.0)
    assert rows[step, LOAD] == 0.0


def test_what_is_lost_gives_nothing_draws_nothing_and_is_lost_only_once():
    """Arrays, source and heater of the module go with its node; isotopes go on warming it, and the books close."""
    bench = Bench(
        surroundings(1000, array_w=200.0),
        load_w=10.0,
        nodes=node(
            2,
            essential=[0, 1],
            survival_low_k=[250.0, -np.inf],
            ground_w_per_k=[1.0, 0.0],
            capacity_j_per_k=19_000.0,
            heater_w=1.0,
            setpoint_k=1e3,
        ),
        sources=source(2, power_w=[100.0, 7.0], heat_w=[2.0, 0.0], node=[0, -1], fission=[1, 0], module=[0, 0]),
        stores=store(capacity_j=1e12),
    )
    start = bench.state(charge=0.5)
    state, step, cause, rows = bench.fly(start)
    assert (cause, rows[0, HEATER]) == (LOST, 2.0)
    state, end, cause, rows = bench.fly(state, step, rows=rows)
    assert (end, cause) == (1000, REACHED_END)
    after = rows[step:]
    for channel in (SOURCE, ARRAY_AVAILABLE, ARRAY_POWER, HEATER, LOAD):
        assert np.all(after[:, channel] == 0.0)
    # 2 W of isotope heat are left, against 1 W/K to the ground at 100 K: tau = 19,000 s.
    fall = np.exp(-60.0 * (1000 - step) / 19_000.0)
    assert rows[-1, FIRST_NODE] == pytest.approx(102.0 + (rows[step - 1, FIRST_NODE] - 102.0) * fall, abs=1e-3)
    balance = energy_balance(start, state)
    gain = sum(balance.inflow.values()) - sum(balance.used.values()) - sum(balance.lost.values())
    assert balance.stored == pytest.approx(gain, rel=1e-9)


def test_first_readings_hold_stores_and_temperatures_but_no_flows():
    bench = draining((STATE_OF_CHARGE, BELOW, 0.5, 1, 0), (LOAD, BELOW, 1e9, 1, 1), (STATE_OF_CHARGE, BELOW, 0.5, 3, 2))
    bench = bench.but(inputs=surroundings(1000, array_w=40.0), sources=source(power_w=5.0))
    start = bench.state(charge=0.4, temperature_k=277.0)
    state, row = first_readings(bench.parameters, bench.inputs, start, bench.watches)
    told = row[[STATE_OF_CHARGE, FIRST_NODE, ARRAY_AVAILABLE, SOURCE, GENERATION]]
    assert told == pytest.approx([0.4, 277.0, 40.0, 5.0, 45.0])
    assert np.isnan(row[[LOAD, ARRAY_POWER]]).all()
    assert state.watch_steps.tolist() == [1, 0, 1]
    assert start.watch_steps.tolist() == [0, 0, 0]


def test_payload_is_lost_alone_beyond_its_own_limits():
    bench = cooling(capacity_j_per_k=19_000.0).but(
        payloads=payload(2, survival_low_k=[270.0, -np.inf]), payload_on_w=0.0
    )
    state, step, cause, _ = bench.fly()
    assert (cause, step) == (LOST, step_below(270.0))
    assert state.payload_lost.tolist() == [True, False]
    assert not state.module_lost.any()
    assert bench.fly(state, step)[1] == step_below(250.0)


def test_best_path_is_taken_and_the_radio_draws_power_for_the_time_it_sends():
    radios = table(
        RADIO, 2, node=-1, power_w=[20.0, 60.0], earth_bit_per_s=[1000.0, 0.0], relay_bit_per_s=[0.0, 9000.0]
    )
    sky = surroundings(4, direct=[0, 1, 1, 1], relay_bit_per_s=[0.0, 0.0, 4000.0, 1e9])
    bench = Bench(sky, payloads=payload(1, bit_per_s=10_000.0), recorder_bit=1e12, radios=radios)
    *_, rows = bench.fly()
    assert rows[:, DOWNLINK_RATE] == pytest.approx([0.0, 1000.0, 4000.0, 9000.0])
    assert rows[:, LOAD] == pytest.approx([0.0, 20.0, 60.0, 60.0])
    *_, rows = bench.but(payloads=payload(1, bit_per_s=250.0)).fly()
    assert rows[1, DOWNLINK_RATE] == pytest.approx(500.0)  # what step 0 left and its own
    assert rows[1, LOAD] == pytest.approx(10.0)
    assert rows[2, LOAD] == pytest.approx(60.0 * 250.0 / 4000.0)


def test_full_recorder_overflows_and_a_recorder_that_is_off_keeps_nothing():
    bench = Bench(surroundings(10), payloads=payload(1, bit_per_s=100.0), recorder_bit=20_000.0)
    *_, rows = bench.fly()
    assert rows[:, RECORDER] == pytest.approx(np.minimum(6000.0 * np.arange(1, 11), 20_000.0))
    *_, rows = bench.but(recorder_on=False).fly()
    assert np.all(rows[:, RECORDER] == 0.0)


def test_temperature_rows_follow_the_channels():
    *_, rows = rich_bench().fly(armed=[False])
    assert rows.shape[1] == FIRST_NODE + 3 + 2
    assert np.all(rows[:, FIRST_NODE : FIRST_NODE + 3] > 100.0)
