"""The guard against rules that are broken by hand, apart from the software that would have kept them."""

from datetime import timedelta

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from onboard_station import START, STATION, small_station

from lunabase.onboard.commands import Commands, PayloadCommand
from lunabase.onboard.guard import OVER_STEPS, Guard, look

RULES = """
  bus: {type: maximum_power, maximum: 100 W, text: No more than 100 W.}
  dusk: {type: keep_out, activity_types: [image], when: {light: dark}, text: No pictures in the dark.}
"""
CHANNELS = {"load_w": 0, "state_of_charge": 1}


def guard(dark=(False,) * 6):
    station = small_station(STATION.replace("  floor: {type", RULES.strip("\n") + "\n  floor: {type"))
    times = np.datetime64(START.replace(tzinfo=None), "ns") + np.arange(len(dark)) * np.timedelta64(3600, "s")
    sun = xr.DataArray(np.where(dark, 0.0, 1.0), dims="time")
    forecast = xr.Dataset({"sun_visible_fraction": sun, "surface_temperature": sun * 0.0 + 200.0}, {"time": times})
    return Guard(station, station.phases["robotic"], CHANNELS, forecast, START)


def commands(**types):
    names = ("camera", "listener", "drill")
    payloads = tuple(PayloadCommand("on", True, types.get(name, "")) for name in names)
    return Commands("nominal", payloads, names, frozenset(), True, True)


def told(found):
    return [(event.name, event.text) for event in found]


def step(watched, load_w, charge, known=True):
    row, valid = np.array([load_w, charge]), np.array([known, True])
    return look(watched.limits, row, valid)


def test_limits_of_telemetry_are_checked_in_every_step():
    watched = guard()
    assert not step(watched, 100.0, 0.3)  # a limit that is touched is kept
    assert step(watched, 100.1, 0.3)
    assert not step(watched, 101.0, 0.3)
    assert told(watched.events(commands(), 60.0)) == [("flight_rule_alarm", "No more than 100 W.")]
    assert told(watched.events(commands(), 120.0)) == []
    assert [step(watched, 99.0, 0.3) for _ in range(OVER_STEPS)] == [False] * (OVER_STEPS - 1) + [True]
    assert told(watched.events(commands(), 900.0)) == [("flight_rule_alarm_over", "No longer: No more than 100 W.")]
    assert step(watched, 50.0, 0.29)
    assert told(watched.events(commands(), 960.0)) == [("flight_rule_alarm", "The battery never falls below 30 %.")]


def test_reading_that_is_unknown_says_nothing_about_a_rule():
    watched = guard()
    assert not step(watched, 500.0, 0.9, known=False)
    assert not step(watched, float("nan"), 0.9)


def test_what_must_not_run_together_is_seen_in_the_commands():
    watched = guard()
    assert told(watched.events(commands(drill="bore"), 0.0)) == []
    both = commands(drill="bore", listener="listen")
    assert told(watched.events(both, 60.0)) == [("flight_rule_alarm", "No drilling while listening.")]
    assert told(watched.events(commands(listener="listen"), 120.0))[0][0] == "flight_rule_alarm_over"


def test_keep_out_is_told_when_its_time_begins():
    watched = guard((False, False, True, True, True, False))
    busy = commands(camera="image")
    assert told(watched.events(busy, 0.0)) == []
    assert watched.wake_s(0.0) == 7200.0
    assert told(watched.events(busy, 7200.0)) == [("flight_rule_alarm", "No pictures in the dark.")]
    assert watched.wake_s(7200.0) == 14_400.0
    assert told(watched.events(busy, 14_400.0))[0][0] == "flight_rule_alarm_over"
    assert watched.wake_s(14_400.0) == np.inf


@given(st.lists(st.floats(0.0, 200.0), max_size=60))
def test_no_step_beyond_a_limit_is_without_an_alarm(loads):
    """Between alarm and "over" lies every step beyond the limit: judged here by a plain loop over all loads."""
    watched, up = guard(), False
    for count, load_w in enumerate(loads):
        if step(watched, load_w, 0.9):
            for event in watched.events(commands(), 60.0 * count):
                up = event.name == "flight_rule_alarm"
                assert event.time == START + timedelta(seconds=60.0 * count)
        assert up or not load_w > 100.0 * (1.0 + 1e-9)


@pytest.mark.parametrize("kind", ["image", "listen"])
def test_alarm_names_who_breaks_the_rule(kind):
    watched = guard((True,) * 6)
    (event, *_) = [*watched.events(commands(camera=kind), 60.0), None]
    assert (event is None) == (kind == "listen")
    if event is not None:
        assert event.cause == "commands: camera does image"
