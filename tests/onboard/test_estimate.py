"""The estimator against what can be reckoned by hand: votes, counted charge, and what it must not believe."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from onboard_station import small_station

from lunabase.onboard.estimate import AT_ODDS, COUNTED, GOOD, HELD, ONBOARD, UNKNOWN, estimate
from lunabase.onboard.sensing import blank, estimator_of, memory_of
from lunabase.onboard.watching import count
from lunabase.station.sensing import FractionSensors, PowerSensors, Sensors, TemperatureSensors
from lunabase.twin.layout import channel_names
from lunabase.twin.state import WATCH

CHANNELS = channel_names(("box",))
PLACE = {name: place for place, name in enumerate((*CHANNELS, *ONBOARD))}
TRUE = dict.fromkeys(CHANNELS, 0.0) | {
    "state_of_charge": 0.8, "stored_energy_j": 0.8 * 7 * 3.6e6, "array_available_w": 100.0, "generation_w": 100.0,
    "load_w": 60.0, "charge_w": 40.0, "temperature_k.box": 290.0, "operating_margin_k": 27.0, "survival_margin_k": 40.0,
}  # fmt: skip
CAPACITY_J = 7 * 3.6e6


class Board:
    """An estimator of the small station with three temperature sensors and two of everything else."""

    def __init__(self, sensors=None, copies=1, step_s=60.0):
        station = small_station()
        if sensors is not None:
            station = station.model_copy(update={"sensors": sensors})
        counts = [copies if sensors is None else {"temperature_k": 3}.get(name.split(".")[0], 2) for name in CHANNELS]
        self.channel_of_sensor = np.repeat(np.arange(len(CHANNELS)), counts)
        self.tables = estimator_of(station, ("base", "rover"), CHANNELS, counts, step_s)
        self.memory = memory_of(self.tables, station, ("base", "rover"), self.channel_of_sensor.size)
        self.row, self.quality = blank(self.tables)
        self.rng = np.random.default_rng(7)

    def step(self, expected=(0.0, 0.0, 0.0), *, noise=0.0, truth=TRUE, **samples):
        """One step; ``samples`` replace the first sensors of a channel."""
        values = np.array([truth[name] for name in CHANNELS])[self.channel_of_sensor]
        values = values + noise * self.rng.normal(size=values.size)
        for name, told in samples.items():
            first = np.flatnonzero(self.channel_of_sensor == PLACE[name.replace("__", ".")])[0]
            values[first : first + len(told)] = told
        return estimate(self.tables, values, np.array(expected), self.memory, self.row, self.quality)

    def of(self, name):
        return float(self.row[PLACE[name]]), int(self.quality[PLACE[name]])


def noisy():
    return Sensors(
        temperature=TemperatureSensors(**{"count": 3, "noise": "0.1 K"}),
        power=PowerSensors(**{"count": 2, "noise": "1 W"}),
        charge=FractionSensors(**{"count": 2, "noise": "1 %"}),
    )


def test_perfect_sensors_are_passed_on_to_the_last_bit():
    board = Board()
    board.step(temperature_k__box=[291.0000000000001])
    measured = [board.row[place] for place in range(len(CHANNELS))]
    assert measured == [291.0000000000001 if name == "temperature_k.box" else TRUE[name] for name in CHANNELS]
    assert (board.quality[: len(CHANNELS)] == GOOD).all()


def test_one_of_three_that_is_far_off_is_outvoted_and_fails_and_comes_back():
    board = Board(noisy())
    told = [board.step(noise=0.05, temperature_k__box=[350.0]) for _ in range(20)]
    value, quality = board.of("temperature_k.box")
    assert quality == GOOD
    assert abs(value - 290.0) < 0.3
    assert told.index(True) == 9
    assert sum(told) == 1
    assert board.of("failed_sensors")[0] == 1.0
    told = [board.step(noise=0.05) for _ in range(20)]
    assert told.index(True) == 9
    assert board.of("failed_sensors")[0] == 0.0


def test_two_that_disagree_say_so_and_keep_the_last_value():
    board = Board(noisy())
    board.step(noise=0.05)
    before = board.of("load_w")[0]
    board.step(noise=0.05, load_w=[60.0, 160.0])
    assert board.of("load_w") == (before, AT_ODDS)
    assert board.of("load_mismatch_w")[1] == UNKNOWN
    board.step(noise=0.05)
    assert board.of("load_w")[1] == GOOD


def test_sensor_stuck_to_the_last_bit_is_left_out():
    board = Board(noisy())
    for _ in range(60):
        board.step(noise=0.05, temperature_k__box=[290.0123])
    assert board.of("failed_sensors")[0] == 1.0
    warm = TRUE | {"temperature_k.box": 300.0}
    for _ in range(40):
        board.step(noise=0.05, truth=warm, temperature_k__box=[290.0123])
    value, quality = board.of("temperature_k.box")
    assert quality == GOOD
    assert abs(value - 300.0) < 0.2


def test_missing_samples_are_bridged_for_a_while_only():
    board = Board(noisy())
    board.step(noise=0.05)
    gone = {"temperature_k__box": [math.nan] * 3}
    seen = []
    for _ in range(12):
        board.step(noise=0.05, **gone)
        seen.append(board.of("temperature_k.box")[1])
    assert seen == [HELD] * 10 + [UNKNOWN] * 2
    assert board.of("operating_margin_k")[1] == UNKNOWN
    assert abs(board.of("temperature_k.box")[0] - 290.0) < 0.3  # the last value stays, for people to see


def test_value_out_of_range_is_not_believed():
    board = Board(noisy())
    board.step(noise=0.05, temperature_k__box=[5000.0, -1.0, math.inf])
    assert board.of("temperature_k.box")[1] == UNKNOWN


def test_margins_follow_from_the_temperatures_of_the_vote():
    board = Board(noisy())
    board.step(noise=0.0, temperature_k__box=[270.0, 270.01, 270.02])
    assert board.of("operating_margin_k")[0] == pytest.approx(270.01 - 263.0)
    assert board.of("survival_margin_k")[0] == pytest.approx(270.01 - 250.0)


@pytest.mark.parametrize(("power_w", "stored_j"), [(100.0, 0.95 * 100.0), (-100.0, -100.0 / 0.95)])
def test_charge_is_counted_when_its_sensors_are_gone(power_w, stored_j):
    """Energy = power x time x efficiency; 7 kWh, 95 % each way, 8 h."""
    board = Board()
    half = TRUE | {"state_of_charge": 0.5, "stored_energy_j": 0.5 * CAPACITY_J, "charge_w": power_w}
    board.step(truth=half)
    lost = {"state_of_charge": [math.nan], "stored_energy_j": [math.nan]}
    for _ in range(480):
        board.step(truth=half, **lost)
    value, quality = board.of("state_of_charge")
    assert quality == COUNTED
    assert_allclose(value, 0.5 + 480 * 60.0 * stored_j / CAPACITY_J, rtol=1e-12)
    assert 0.0 < board.of("charge_uncertainty")[0] < 0.01


def test_stored_energy_tells_the_charge_when_its_own_sensor_is_gone():
    board = Board()
    for _ in range(30):
        board.step(state_of_charge=[math.nan])
    value, quality = board.of("state_of_charge")
    assert quality == GOOD
    assert_allclose(value, 0.8, rtol=1e-12)


def test_charge_is_unknown_when_nothing_has_told_of_it_for_long():
    board = Board()
    board.step()
    blind = {name: [math.nan] for name in ("state_of_charge", "stored_energy_j", "charge_w", "load_w")}
    for _ in range(10):
        board.step(load_w=[200.0])
    for _ in range(20_000):
        board.step(**blind | {"load_w": [500.0]}, array_available_w=[math.nan])
    assert board.of("state_of_charge")[1] == UNKNOWN


def test_single_charge_sensor_that_stands_still_is_found_out():
    board = Board()
    board.step()
    for _ in range(400):
        board.step(truth=TRUE | {"charge_w": -200.0})  # the sensor still says 80 %
    value, quality = board.of("state_of_charge")
    assert quality == COUNTED
    assert value < 0.8 - 0.02
    assert board.of("failed_sensors")[0] == 2.0  # that of the stored energy stands still too
    assert board.step(truth=TRUE | {"charge_w": -200.0, "state_of_charge": 0.6})
    board.step(truth=TRUE | {"charge_w": -200.0, "state_of_charge": 0.599})
    assert board.of("state_of_charge") == (0.599, GOOD)
    assert board.of("failed_sensors")[0] == 1.0


def test_perfect_sensor_that_falls_silent_has_failed():
    board = Board()
    board.step()
    told = [board.step(temperature_k__box=[math.nan]) for _ in range(20)]
    assert told.index(True) == 10
    assert board.of("temperature_k.box") == (290.0, UNKNOWN)
    assert board.step()
    board.step()
    assert board.of("temperature_k.box") == (290.0, GOOD)


def test_noise_is_filtered_and_its_spread_is_known():
    board = Board(noisy())
    errors = []
    for _ in range(3000):
        board.step(noise=0.01, truth=TRUE | {"charge_w": 0.0})
        errors.append(board.of("state_of_charge")[0] - 0.8)
    assert np.std(errors[500:]) < 0.003
    assert board.of("charge_uncertainty")[0] < 0.003


def test_units_that_do_not_follow_their_commands_show_in_the_load():
    board = Board()
    board.step((50.0, 22.0, 0.0))
    assert board.of("load_mismatch_w") == (0.0, GOOD)  # 10 W more: the radio may draw 22
    board.step((30.0, 22.0, 5.0))
    assert board.of("load_mismatch_w") == (8.0, GOOD)
    assert board.of("data_mismatch_bit_per_s") == (-5.0, GOOD)
    board.step((70.0, 22.0, 0.0))
    assert board.of("load_mismatch_w") == (-10.0, GOOD)


def test_unknown_reading_trips_nothing():
    watches = np.array([(0, 1.0, 5.0, 2, 0), (1, -1.0, 5.0, 1, 1)], WATCH)
    steps, armed, held = np.zeros(2, dtype=np.int64), np.ones(2, dtype=np.bool_), np.zeros(2, dtype=np.bool_)
    row, known, unknown = np.array([9.0, 9.0]), np.array([1, 1], dtype=np.int8), np.array([0, 1], dtype=np.int8)
    assert [count(watches, steps, armed, row, valid, held) for valid in (known, unknown, known, known)] == [
        False, False, False, True,
    ]  # fmt: skip
    assert not count(watches, steps, armed, np.array([math.nan, math.nan]), known, held)


samples = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0.0, 400.0)


@given(st.lists(st.lists(samples, min_size=4, max_size=4), min_size=1, max_size=8))
def test_whatever_the_sensors_say_what_is_valid_is_a_number(steps):
    board = Board(noisy())
    for told in steps:
        board.step(temperature_k__box=told[:3], charge_w=told[1:3], state_of_charge=told[2:4], load_w=told[:2])
        valid = board.quality > 0
        assert np.isfinite(board.row[valid]).all()
        assert 0.0 <= board.of("state_of_charge")[0] <= 1.0
        assert board.of("charge_uncertainty")[0] >= 0.0
