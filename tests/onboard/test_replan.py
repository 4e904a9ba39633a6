"""The plan's coming day, repaired on board: silent payloads, contacts that stay away, and nothing without news."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lunabase.onboard.replan import DAY_S, PAUSE_S, SILENT_S, Expected, Watchful
from lunabase.planning.solve import make_plan
from lunabase.runs.fault import Fault
from lunabase.runs.fly import fly
from lunabase.runs.surroundings import Span, surroundings
from lunabase.scheduling.effort import Effort
from lunabase.sky.kernels import kernels_from
from lunabase.station.load import load_station

EXAMPLE = Path(__file__).parents[2] / "examples" / "ilrs.yaml"


@cache
def planned():
    """Eight days of the reference station with their plan."""
    file = load_station(EXAMPLE)
    _, sky = surroundings(file, Span.of(file, None, 8.0, 300.0), kernels_from(()))
    return file.station, sky, make_plan("0" * 64, file.station, sky, effort=Effort(0.1))


def flown(*faults, repairs):
    station, sky, plan = planned()
    return fly(station, sky, plan, step_s=300.0, faults=faults, goals=repairs)


def repairs_told(flight):
    return [event for event in flight.events if event.name == "day_repaired"]


def test_a_plan_that_turns_out_as_expected_is_flown_as_it_is():
    plain, watchful = flown(repairs=False), flown(repairs=True)
    assert plain.telemetry.equals(watchful.telemetry)
    assert plain.products == watchful.products
    assert repairs_told(watchful) == []


def test_activities_of_a_silent_payload_are_given_up_before_they_are_skipped():
    silent = Fault("off", "payloads", "payload_off", "surface-imager", start_s=2.0 * DAY_S)
    plain, mended = flown(silent, repairs=False), flown(silent, repairs=True)
    told = repairs_told(mended)
    assert "surface-imager" in told[0].cause
    assert told[0].time >= planned()[2].start
    skips = [[event for event in flight.events if event.name == "activity_skipped"] for flight in (plain, mended)]
    assert len(skips[1]) < len(skips[0])


@pytest.fixture(scope="module")
def without_earth():
    direct = Fault("deaf", "data", "earth_link_loss", start_s=1.0 * DAY_S)
    relay = Fault("no relay", "data", "relay_link_loss", start_s=1.0 * DAY_S)
    return flown(direct, relay, repairs=False), flown(direct, relay, repairs=True)


def test_when_contacts_stay_away_less_is_measured_than_gets_lost(without_earth):
    plain, mended = without_earth
    assert repairs_told(mended)
    assert sum(mended.summary.data.lost.values()) < sum(plain.summary.data.lost.values())
    assert mended.summary.outcome == "alive"


def test_repairs_keep_their_distance(without_earth):
    times = [event.time for event in repairs_told(without_earth[1])]
    gaps_s = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert all(gap_s >= PAUSE_S for gap_s in gaps_s)


def test_what_is_news():
    watchful = Watchful(Expected(3600.0, np.full(240, 0.9)))
    assert watchful.news(0.0, 0.88, frozenset(), 0.0) == ""
    assert "below" in watchful.news(0.0, 0.80, frozenset(), 0.0)
    assert "camera" in watchful.news(0.0, 0.9, frozenset({"camera"}), 0.0)
    assert watchful.news(0.0, 0.9, frozenset(), SILENT_S + 1.0) == "contacts stay away"


def test_what_was_answered_is_no_news_until_the_next_day():
    watchful = Watchful(Expected(3600.0, np.full(240, 0.9)))
    watchful.note(0.0, 0.80, frozenset({"camera"}), 0.0)
    assert watchful.news(PAUSE_S - 1.0, 0.5, frozenset(), 0.0) == ""
    assert watchful.news(PAUSE_S, 0.80, frozenset({"camera"}), 0.0) == ""
    assert "below" in watchful.news(PAUSE_S, 0.70, frozenset({"camera"}), 0.0)
    assert "camera" in watchful.news(DAY_S, 0.80, frozenset({"camera"}), 0.0)
    assert "still" in watchful.news(DAY_S, 0.80, frozenset(), 0.0)
