"""Flights without a plan and without Earth: stored science comes down later, a stopped flight keeps what was flown."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lunabase.record.folder import read_run, write_run
from lunabase.record.night import night_report
from lunabase.record.outcome import outcome, outcome_lines
from lunabase.report.page import report_html
from lunabase.runs.fly import fly
from lunabase.runs.planning import RunOptions
from lunabase.runs.run import run_station
from lunabase.runs.surroundings import Span, surroundings
from lunabase.sky.kernels import kernels_from
from lunabase.station.load import load_station

EXAMPLES = Path(__file__).parents[2] / "examples"
SILENT_DAYS = 12.0


@cache
def reference():
    """25 days of the reference station, the sky at ten minutes."""
    file = load_station(EXAMPLES / "ilrs.yaml")
    _, sky = surroundings(file, Span.of(file, None, 25.0, 600.0), kernels_from(()))
    return file.station, sky


@pytest.fixture(scope="module")
def silent():
    return fly(*reference(), step_s=300.0, contact_from_s=SILENT_DAYS * 86_400.0)


def test_without_earth_the_station_lives_and_works(silent):
    heard = fly(*reference(), step_s=300.0)
    assert silent.summary.outcome == "alive"
    assert silent.summary.measures.science_weight > 0.8 * heard.summary.measures.science_weight
    assert not [event for event in silent.events if event.name == "flight_rule_broken"]


def test_nothing_is_sent_in_silence_and_nothing_is_lost(silent):
    rows = silent.telemetry
    quiet = rows["time"] < rows["time"].iloc[0] + np.timedelta64(int(SILENT_DAYS * 86_400), "s")
    assert rows.loc[quiet, "downlink_bit_per_s"].max() == 0.0
    assert sum(silent.summary.data.lost.values()) == 0.0


def test_what_was_stored_in_silence_is_delivered_afterwards(silent):
    """Data leave first in, first out: more has been sent in the end than was made up to the first contact."""
    rows = silent.telemetry
    quiet = rows["time"] < rows["time"].iloc[0] + np.timedelta64(int(SILENT_DAYS * 86_400), "s")
    stored_bit = float(rows.loc[quiet, "produced_bit_per_s"].sum()) * 300.0
    assert stored_bit > 1e10
    assert silent.summary.measures.delivered_bit > stored_bit


def test_a_flight_that_is_stopped_tells_of_its_part():
    looks = []

    def is_over():
        looks.append(1)
        return len(looks) > 40

    whole = fly(*reference(), step_s=300.0)
    part = fly(*reference(), step_s=300.0, is_over=is_over)
    count = len(part.telemetry)
    assert 0 < count < len(whole.telemetry)
    assert part.telemetry.equals(whole.telemetry.iloc[:count])
    assert part.summary.outcome == "alive"
    assert part.summary.energy.residual < 1e-9
    assert part.summary.measures.availability["power"] == 1.0


@pytest.fixture(scope="module")
def record(no_progress):
    options = RunOptions("2035-01-18", 4.0, 300.0, goals=True, record_every=12)
    return run_station(load_station(EXAMPLES / "ilrs.yaml"), options, no_progress)


def test_a_run_from_goals_is_written_and_read_back(record, tmp_path):
    write_run(record, tmp_path)
    again = read_run(tmp_path)
    assert again.summary == record.summary
    assert again.provenance["flown_by"] == "on-board goals"
    assert len(again.telemetry) == 4 * 24


def test_its_report_and_outcome_tell_of_goals_and_night(record):
    page = report_html(record)
    assert "Nothing was planned on the ground" in page
    assert "The worst night" in page
    facts = outcome(record)
    assert facts["worst_night"]["margin_wh"] == record.summary.measures.worst_night_margin_wh
    assert any("begun on board" in line for line in outcome_lines(facts))


def test_what_may_be_shed_adds_up_to_its_use(record):
    night = night_report(record.station, record.telemetry, record.summary.measures)
    assert [load["load"] for load in night["loads"]] == list(record.station.load_shedding.order)
    gained_wh = night["loads"][-1]["margin_wh"] - night["margin_wh"]
    assert gained_wh == pytest.approx(sum(load["saved_wh"] for load in night["loads"]))
    assert 0.0 < gained_wh < night["used_wh"]
