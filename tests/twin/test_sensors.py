from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.station.sensing import Sensors
from lunabase.twin.chance import word_of
from lunabase.twin.sensors import YEAR_S, measured_at, sensor_set, with_fault

CHANNELS = ("state_of_charge", "load_w", "temperature_k.cabin", "temperature_k.tank", "downlink_bit_per_s")
TRUTH = np.array([0.5, 1234.5, 291.3, 268.4, 6e5])


def sensors(**kinds):
    return Sensors.model_validate(kinds)


def samples(table, count, seed=5, step_s=60.0, truth=TRUTH):
    return np.array([measured_at(table, seed, step, step_s, truth) for step in range(count)])


def test_without_a_section_the_truth_is_measured_by_one_sensor_each():
    table = sensor_set(None, CHANNELS, 1, 60.0)
    assert table.perfect
    np.testing.assert_array_equal(measured_at(table, 1, 17, 60.0, TRUTH), TRUTH)
    np.testing.assert_array_equal(table.channel_of_sensor, np.arange(5))


def test_redundant_sensors_stand_side_by_side():
    table = sensor_set(sensors(temperature={"count": 3, "noise": "0.2 K"}), CHANNELS, 1, 60.0)
    assert not table.perfect
    np.testing.assert_array_equal(table.channel_of_sensor, [0, 1, 2, 2, 2, 3, 3, 3, 4])
    np.testing.assert_array_equal(table.first_of_channel, [0, 1, 2, 5, 8, 9])


def test_noise_is_normal_and_independent_of_step_and_sensor():
    """Kolmogorov's test at a level of 0.1 %, and no correlation from one sample or sensor to the next."""
    table = sensor_set(sensors(temperature={"count": 2, "noise": "0.5 K"}), CHANNELS, 3, 60.0)
    drawn = (samples(table, 20_000)[:, 2:6] - TRUTH[[2, 2, 3, 3]]) / 0.5
    for column in drawn.T:
        law = np.vectorize(NormalDist().cdf)(np.sort(column))
        assert np.abs(law - np.arange(0.5, column.size) / column.size).max() * np.sqrt(column.size) < 1.95
        assert abs(np.corrcoef(column[1:], column[:-1])[0, 1]) < 4 / np.sqrt(column.size)
    apart = np.corrcoef(drawn.T)[np.triu_indices(4, 1)]
    assert np.abs(apart).max() < 4 / np.sqrt(drawn.shape[0])


def test_offsets_and_drifts_spread_from_sensor_to_sensor():
    many = tuple(f"load_w.{place}" for place in range(2000))
    table = sensor_set(sensors(power={"count": 2, "bias": "3 W", "yearly_drift": "8 W"}), many, 11, 60.0)
    assert np.std(table.rows["bias"]) == pytest.approx(3.0, rel=0.05)
    assert np.std(table.rows["drift_per_s"]) * YEAR_S == pytest.approx(8.0, rel=0.05)
    truth = np.zeros(len(many))
    year_later = measured_at(table, 1, round(YEAR_S / 60.0) - 1, 60.0, truth)
    np.testing.assert_allclose(year_later - table.rows["bias"], table.rows["drift_per_s"] * YEAR_S, rtol=1e-5)


@given(st.floats(-1e3, 1e3), st.sampled_from([0.01, 0.1, 0.5, 2.0]), st.integers(0, 10**9))
def test_a_value_is_the_nearest_multiple_of_the_resolution(truth, resolution_k, step):
    table = sensor_set(sensors(temperature={"resolution": f"{resolution_k} K"}), ("temperature_k.a",), 1, 60.0)
    (value,) = measured_at(table, 1, step, 60.0, np.array([truth]))
    assert value / resolution_k == pytest.approx(round(value / resolution_k), abs=1e-6)
    assert abs(value - truth) <= resolution_k / 2 * (1 + 1e-9)


@pytest.mark.parametrize("truth", [np.nan, np.inf, -np.inf, 1e25])
def test_what_is_unknown_or_beyond_all_numbers_stays_so(truth):
    table = sensor_set(sensors(temperature={"resolution": "0.1 K", "noise": "1 K"}), ("temperature_k.a",), 1, 60.0)
    np.testing.assert_allclose(measured_at(table, 1, 3, 60.0, np.array([truth])), truth)


def test_samples_come_as_often_as_the_file_says_and_the_rest_is_missing():
    told = sensors(power={"every": "5 min"}, temperature={"missing": 0.25})
    seen = samples(sensor_set(told, CHANNELS, 1, 60.0), 8000)
    np.testing.assert_array_equal(np.flatnonzero(~np.isnan(seen[:20, 1])), [0, 5, 10, 15])
    assert np.isnan(seen[:, 2]).mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 8000))
    assert np.mean(np.isnan(seen[:, 2]) & np.isnan(seen[:, 3])) == pytest.approx(0.0625, abs=0.011)
    assert not np.isnan(seen[:, [0, 4]]).any()


def test_dead_sensors_say_nothing_and_stuck_ones_the_same():
    table = sensor_set(sensors(temperature={"count": 3, "noise": "0.2 K"}), CHANNELS, 1, 60.0)
    last = np.full(9, 250.0)
    table = with_fault(with_fault(table, 2, 0, "missing", 0.0, last), 2, 1, "stuck", 0.0, last)
    seen = samples(table, 50)
    assert np.isnan(seen[:, 2]).all()
    assert (seen[:, 3] == 250.0).all()
    assert np.std(seen[:, 4]) > 0.1


def test_faults_add_offset_and_noise_to_one_sensor_or_to_all_of_a_channel():
    table = sensor_set(sensors(temperature={"count": 2, "noise": "0.3 K"}), CHANNELS, 1, 60.0)
    wrong = with_fault(with_fault(table, 2, 1, "bias", 5.0, TRUTH), 3, -1, "noise", 0.4, TRUTH)
    seen = samples(wrong, 4000)[:, 2:6] - TRUTH[[2, 2, 3, 3]]
    np.testing.assert_allclose(seen.mean(axis=0), [0.0, 5.0, 0.0, 0.0], atol=0.03)
    np.testing.assert_allclose(seen.std(axis=0), [0.3, 0.3, 0.5, 0.5], rtol=0.04)  # 0.3 and 0.4 make 0.5


@given(st.integers(0, 2**62), st.integers(0, 2**40))
def test_any_step_can_be_computed_alone(seed, step):
    table = sensor_set(sensors(temperature={"count": 2, "noise": "0.3 K", "missing": 0.3}), CHANNELS, seed, 60.0)
    here = measured_at(table, seed, step, 60.0, TRUTH)
    for other in (step + 1, 0):
        measured_at(table, seed, other, 60.0, TRUTH)
    np.testing.assert_array_equal(here, measured_at(table, seed, step, 60.0, TRUTH))
    assert not np.array_equal(here, measured_at(table, seed, step + 1, 60.0, TRUTH), equal_nan=True)


def test_words_are_those_of_splitmix64():
    """The first numbers of java.util.SplittableRandom's generator for the seed 1234567, as published with its C code."""
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [int(word_of(1234567, draw)) for draw in range(5)] == expected
