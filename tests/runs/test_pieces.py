"""A flight in pieces, over phases, thinned, out of contact and with faults: the lander and the reference station."""

import dataclasses
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lunabase.runs import pieces
from lunabase.runs.fault import Fault
from lunabase.runs.fly import fly
from lunabase.runs.pieces import spans_of
from lunabase.runs.surroundings import Span, surroundings
from lunabase.runs.thinning import default_every
from lunabase.sky.kernels import kernels_from
from lunabase.station.load import load_station

EXAMPLES = Path(__file__).parents[2] / "examples"
DAYS = 20.0


@cache
def lander():
    """The lander and its sky at ten minutes: coarser than the step, as for long flights."""
    file = load_station(EXAMPLES / "lander.yaml")
    _, sky = surroundings(file, Span.of(file, None, DAYS, 600.0), kernels_from(()))
    return file.station, sky


@pytest.fixture(scope="module")
def whole():
    return fly(*lander())


def test_pieces_leave_no_trace(whole, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_S", 1.37 * 86_400.0)
    cut = fly(*lander())
    pd.testing.assert_frame_equal(whole.telemetry, cut.telemetry, check_exact=True)
    assert (whole.events, whole.products, whole.summary) == (cut.events, cut.products, cut.summary)


def test_a_last_piece_of_a_few_steps_is_lived_too(monkeypatch):
    station, sky = lander()
    whole = fly(station, sky.isel(time=slice(0, 145)))
    monkeypatch.setattr(pieces, "PIECE_S", 86_400.0)
    cut = fly(station, sky.isel(time=slice(0, 145)))
    assert len(cut.telemetry) == 1450
    pd.testing.assert_frame_equal(whole.telemetry, cut.telemetry, check_exact=True)


def test_kept_rows_are_means_ends_and_extremes_of_all_rows(whole, monkeypatch):
    monkeypatch.setattr(pieces, "PIECE_S", 5.0 * 86_400.0)
    thin = fly(*lander(), record_every=60).telemetry
    full = whole.telemetry
    hours = full.groupby(np.arange(len(full)) // 60)
    assert np.allclose(thin["load_w"], hours["load_w"].mean(), rtol=1e-12)
    assert (thin["state_of_charge"] == hours["state_of_charge"].last()).all()
    assert (thin["lowest.state_of_charge"] == hours["state_of_charge"].min()).all()
    assert (thin["highest.load_w"] == hours["load_w"].max()).all()
    assert (thin["time"] == hours["time"].first()).all()


def test_numbers_of_a_flight_do_not_depend_on_what_is_kept(whole):
    bare = fly(*lander(), keep_telemetry=False)
    assert bare.telemetry.empty
    assert bare.summary.measures == whole.summary.measures
    assert bare.summary.numbers["lowest_charge"] == whole.telemetry["state_of_charge"].min()


def test_worst_night_margin_is_what_the_dark_leaves(whole):
    dark = whole.telemetry[whole.telemetry["array_available_w"] < 1.0]
    battery = lander()[0].modules["lander"].equipment["battery"]
    left_j = dark["stored_energy_j"].min() - battery.minimum_charge * battery.capacity_j
    assert whole.summary.measures.worst_night_margin_wh == pytest.approx(left_j / 3600.0)


@pytest.mark.parametrize(("days", "rows"), [(29.53, 43_200), (90.0, 131_072), (3650.0, 131_072), (36_500.0, 131_072)])
def test_a_flight_of_any_length_keeps_a_table_that_fits(days, rows):
    steps = round(days * 1440)
    assert steps / default_every(steps) <= rows


def test_phases_divide_a_flight():
    station = load_station(EXAMPLES / "ilrs.yaml").station
    start = station.phases["crewed"].start - timedelta(days=2)
    robotic, crewed = spans_of(station, start, 7 * 24, 3600.0)
    assert (robotic.phase, robotic.first, robotic.last) == ("robotic", 0, 48)
    assert (crewed.phase, crewed.first, crewed.last) == ("crewed", 48, 168)


@pytest.fixture(scope="module")
def arrival():
    """Four days around the beginning of the reference station's crewed phase."""
    file = load_station(EXAMPLES / "ilrs.yaml")
    start = file.station.phases["crewed"].start - timedelta(days=2)
    span = Span.of(file, start.isoformat(), 4.0, 600.0, across_phases=True)
    _, sky = surroundings(file, span, kernels_from(()))
    return fly(file.station, sky, step_s=300.0)


def test_modules_of_a_new_phase_join_the_station(arrival):
    rows = arrival.telemetry
    begins = len(rows) // 2
    assert rows["temperature_k.habitat-node"].isna().to_numpy().argmin() == begins
    assert rows["source_w"].iloc[begins + 1] - rows["source_w"].iloc[begins - 1] == pytest.approx(40_000.0)
    assert rows["mode"].iloc[-1] == "crewed"
    assert arrival.summary.energy.residual < 1e-9


def test_what_was_there_before_a_phase_goes_on(arrival):
    rows = arrival.telemetry
    begins = len(rows) // 2
    step = rows["stored_energy_j"].diff()
    assert abs(step.iloc[begins]) < 3.0 * step.abs().max() / 2.0
    assert abs(rows["temperature_k.power-node"].diff().iloc[begins]) < 0.5


def test_nobody_hears_the_station_before_contact(whole):
    day_s = 86_400.0
    late = fly(*lander(), contact_from_s=10.0 * day_s)
    rows = late.telemetry
    assert rows["downlink_bit_per_s"].iloc[: 10 * 1440].max() == 0.0
    assert late.summary.outcome == whole.summary.outcome


def test_a_fault_begins_and_ends_on_time():
    station, sky = lander()
    load = Fault("leak", "modules", "extra_load", "lander", 0.5, start_s=3600.0, stop_s=7200.0)
    rows = fly(station, sky.isel(time=slice(0, 30)), faults=(load,)).telemetry["load_w"].to_numpy()
    quiet = fly(station, sky.isel(time=slice(0, 30))).telemetry["load_w"].to_numpy()
    assert np.allclose((rows - quiet)[:60], 0.0)
    assert np.allclose((rows - quiet)[60:120], 0.5 * station.modules["lander"].load_w("nominal"))
    assert np.allclose((rows - quiet)[120:180], 0.0)


def test_a_computer_that_is_reset_says_so():
    station, sky = lander()
    reset = Fault("upset", "computer", "computer_reset", start_s=600.0, stop_s=900.0, cleared_by="time")
    flight = fly(station, sky.isel(time=slice(0, 12)), faults=(reset,))
    assert [event.name for event in flight.events].count("computer_reset") == 1


def test_books_that_do_not_close_fail_the_flight(monkeypatch):
    from lunabase.errors import LunabaseError
    from lunabase.runs import fly as module

    def wrong(first, last):
        balance = energy_balance(first, last)
        return dataclasses.replace(balance, stored=balance.stored + 1e-3 * sum(balance.inflow.values()))

    energy_balance = module.energy_balance
    monkeypatch.setattr(module, "energy_balance", wrong)
    station, sky = lander()
    with pytest.raises(LunabaseError, match="energy"):
        fly(station, sky.isel(time=slice(0, 30)))
