"""Monitors, event-actions and responses as the station file declares them, step by step, and what holds for all."""

import math

import numpy as np
import pytest
from autonomous_station import AUTONOMY, console
from hypothesis import given, settings
from hypothesis import strategies as st
from onboard_station import activity

from lunabase.onboard.log import chain
from lunabase.onboard.messages import Hello


def named(board, *names):
    return [event for event in board.events if event.name in names]


def test_monitor_trips_and_clears_where_the_file_says():
    board = console()
    for hours, here_k in enumerate([290.0, 304.9, 305.1, 304.0, 303.1, 302.9]):
        board.wake(hours, temperature_k__box=here_k)
    told = [(event.name, event.cause) for event in named(board, "box-hot", "box-hot_over")]
    assert told == [
        ("box-hot", "temperature of box 305.1 K above 305 K"),
        ("box-hot_over", "temperature of box 302.9 K below 303 K"),
    ]


def test_monitor_checks_only_in_its_modes_and_while_its_conditions_hold():
    board = console()
    board.wake(0.0, temperature_k__box=275.0)
    assert "box-cold-by-night" not in board.names()
    board.wake(1.0, array_available_w=0.0)
    board.wake(2.0)
    assert "box-cold-by-night" in board.names()
    board.wake(3.0, array_available_w=500.0)
    board.wake(4.0)
    assert named(board, "box-cold-by-night_over")[0].cause == "it is not checked now"
    board.wake(5.0, load_w=450.0)
    assert "starved" not in board.names()  # switched off in the file


def test_change_within_a_time_is_a_channel_of_its_own():
    board = console()
    board.wake(0.0)
    board.wake(1.0, change_in_3600_s__temperature_k__box=-5.5)
    assert board.events[-1].cause == "change in 60 min of temperature of box -5.5 K below -5 K"


def test_response_that_helps_ends_and_says_so():
    board = console()
    board.wake(0.0)
    commands = board.wake(1.0, temperature_k__box=306.0)
    assert commands.power_cycle == {"camera"}
    assert board.reaction.wake_s == pytest.approx(3600.0 + 600.0)
    assert board.wake(1.05).power_cycle == frozenset()  # once
    board.wake(1.1, temperature_k__box=300.0)
    board.wake(1.0 + 1 / 6)
    story = [event.name for event in board.events]
    assert story == ["box-hot", "response_started", "response_step", "box-hot_over", "response_succeeded"]
    assert board.reaction.wake_s == pytest.approx(24 * 3600.0 / 8.0)  # only the timer for Earth is left


def test_ladder_is_climbed_rung_by_rung_and_ends_with_an_alarm():
    board = console()
    board.wake(0.0)
    hours, modes = 1.0, []
    board.wake(hours, temperature_k__box=306.0, operating_margin_k=14.0)
    while board.state.responses.runs:
        hours = (board.reaction.wake_s + 1e-3) / 3600.0
        modes.append(board.wake(hours).mode)
    modes.append(board.wake(hours + 0.1).mode)
    steps = [event.text for event in named(board, "response_step", "load_shed", "mode_entered")]
    assert steps == [
        "Switch camera off and on.", "Switch camera off and on.", "Switch camera off.", "Shed 1 load.",
        "Switched off camera.", "Enter dormant mode.", "Entered dormant mode.", "Restart the computer.",
        "Entered nominal mode.",
    ]  # fmt: skip
    assert [event.name for event in board.events if event.severity == "high"] == ["response_exhausted"]
    assert "Response hide did not help; Earth must act." in [event.text for event in board.events]
    assert modes[-2:] == ["dormant", "nominal"]
    assert board.setting("camera").setting == "off"


def test_chain_of_causes_leads_from_the_reading_to_the_action():
    board = console(activity("camera", 0.5, 30.0))
    board.wake(0.0)
    board.wake(0.5)
    board.wake(1.0, temperature_k__box=306.0)
    while board.state.responses.runs:
        board.wake(board.reaction.wake_s / 3600.0)
    (aborted,) = named(board, "activity_aborted")
    assert aborted.cause in ("camera is shed", "camera was switched off by a response or from Earth")
    story = [event.name for event in chain(board.events, named(board, "response_exhausted")[-1].id)]
    assert story[0] == "box-hot"
    assert story[1] == "response_started"
    assert story[-1] == "response_exhausted"
    ids = [event.id for event in board.events]
    assert ids == list(range(1, len(ids) + 1))
    assert all(event.cause_id < event.id for event in board.events)


def test_mode_that_ends_an_activity_is_its_cause():
    board = console(activity("camera", 0.5, 30.0))
    board.wake(0.5)
    board.wake(1.0, array_available_w=0.0)
    story = [event.name for event in chain(board.events, board.events[-1].id)]
    assert story == ["mode_entered", "activity_aborted"]


def test_repeats_are_limited_over_their_time():
    """Twice in ten hours: the third time the next rung answers at once."""
    board = console()
    board.wake(0.0)
    for begin in (1.0, 3.0, 5.0):
        board.wake(begin, temperature_k__box=306.0)
        board.wake(begin + 0.05, temperature_k__box=300.0)
        board.wake(begin + 1 / 6)
    assert [event.text.split()[1] for event in named(board, "response_started")] == ["cycle", "cycle", "shut"]
    assert len(named(board, "response_held_back")) == 1
    board.wake(13.5)
    board.wake(14.0, temperature_k__box=306.0)
    assert named(board, "response_started")[-1].text.startswith("Response cycle")


def test_silence_starts_the_search_and_a_word_from_earth_ends_it():
    board = console()
    board.wake(0.0, [Hello("madrid")])
    assert board.wake(23.9).path == "best"
    commands = board.wake(24.0)
    assert named(board, "earth-silent")[0].cause == "Earth was last heard 24 h ago"
    assert (commands.path, commands.radio) == ("relay", True)
    assert board.wake(26.0).path == "direct"
    board.wake(28.0)
    assert named(board, "response_repeated")
    board.wake(29.0, [Hello("madrid")])
    assert named(board, "earth-silent_over")
    assert board.wake(30.0).path == "best"
    assert named(board, "response_succeeded")
    assert board.reaction.wake_s > 30.0 * 3600.0


def test_radio_is_called_on_even_where_the_mode_keeps_it_off():
    board = console()
    board.wake(0.0, array_available_w=0.0)
    assert not board.wake(1.0).radio
    assert board.wake(24.0).radio


def test_earth_is_listened_for_more_often_the_longer_it_is_silent():
    board = console()
    board.wake(0.0)
    assert board.reaction.wake_s == 3 * 3600.0  # an eighth of the timer
    board.wake(3.0)
    assert board.reaction.wake_s == pytest.approx(3 * 3600.0 + 1200.0)
    board.wake(20.0, [Hello()])
    assert board.reaction.wake_s == 23 * 3600.0
    board.wake(40.0)
    assert "earth-silent" not in board.names()


def test_payload_that_falls_silent_starts_its_response():
    board = console()
    board.wake(0.0)
    board.answering = np.array([True, False, True])
    assert board.wake(1.0).switch_over == {"recorder"}
    assert board.wake(2.0).switch_over == frozenset()
    assert len(named(board, "payload_silent")) == 1


def test_activity_waits_for_its_condition():
    board = console(activity("drill", 1.0, 5.0, "bore"))
    board.wake(0.0, state_of_charge=0.7)
    board.wake(1.0)
    assert named(board, "activity_delayed")[0].cause == "it waits: state of charge 70 % below 80 %"
    assert board.reaction.armed[board.software.waits["bore"]]
    board.wake(2.0, state_of_charge=0.85)
    assert board.setting("drill").producing
    board.wake(3.0, state_of_charge=0.75)  # once begun it goes on
    assert board.setting("drill").producing
    board.wake(5.0)
    (stretch,) = board.stretches
    assert (stretch.start_s, stretch.completed) == (7200.0, False)


def test_level_e2_reacts_to_no_event():
    board = console(section=AUTONOMY.replace("autonomy:\n", "autonomy:\n  execution: E2\n"))
    board.wake(0.0)
    assert board.wake(1.0, temperature_k__box=306.0).power_cycle == frozenset()
    assert "box-hot" in board.names()


def test_level_f1_stays_in_survival_until_earth_lets_it_go():
    from lunabase.onboard.messages import Telecommand

    board = console(section=AUTONOMY.replace("autonomy:\n", "autonomy:\n  failure: F1\n"))
    board.wake(0.0, state_of_charge=0.05)
    assert board.wake(1.0, state_of_charge=0.9).mode == "survival"
    assert board.wake(2.0, [Telecommand("7", "release_mode")]).mode == "nominal"


def test_unknown_reading_is_told_once():
    board = console()
    board.quality = np.ones(len(board.channels), dtype=np.int8)
    board.wake(0.0)
    board.quality[9] = -1
    board.wake(1.0)
    board.wake(2.0)
    board.quality[9] = 1
    board.wake(3.0)
    told = [(event.name, event.cause) for event in board.events]
    assert told == [("reading_unknown", "its sensors disagree"), ("reading_known", "")]


def test_waking_twice_at_one_time_does_nothing_twice():
    board = console()
    board.wake(0.0)
    first = board.wake(1.0, temperature_k__box=306.0)
    count = len(board.events)
    assert board.wake(1.0) == first
    assert len(board.events) == count


NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 0.05, 0.9, 306.0, 275.0, 500.0, -9.0])
WAKINGS = st.lists(
    st.tuples(
        st.floats(0.02, 30.0),
        st.dictionaries(
            st.sampled_from(
                ["state_of_charge", "array_available_w", "temperature_k__box", "load_w", "unserved_w",
                 "survival_margin_k", "operating_margin_k", "charge_w", "recorder_fill", "downlink_bit_per_s"]
            ),
            NUMBERS,
            max_size=5,
        ),
        st.lists(st.booleans(), min_size=3, max_size=3),
        st.booleans(),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(WAKINGS)
def test_whatever_the_readings_limits_on_repeats_hold_and_responses_end(wakings):
    board = console(activity("camera", 2.0, 30.0), activity("listener", 1.0, 90.0, "listen"))
    hours = 0.0
    for after_h, values, answering, heard in wakings:
        hours += after_h
        board.answering = np.array(answering)
        board.wake(hours, [Hello()] if heard else [], **values)
        assert board.reaction.wake_s > hours * 3600.0
    for _ in range(200):  # nothing changes any more: what runs comes to its end, and the software sleeps
        if not board.state.responses.runs:
            break
        hours = (board.reaction.wake_s + 1e-3) / 3600.0
        assert math.isfinite(hours)
        board.wake(hours)
    assert not board.state.responses.runs
    for name, response in board.software.responses.by_name.items():
        starts = [event for event in named(board, "response_started", "response_repeated") if f" {name} " in event.text]
        for event in starts:
            window = [one for one in starts if 0.0 <= (one.time - event.time).total_seconds() < response.spec.per_s - 1]
            assert len(window) <= response.spec.attempts


@settings(max_examples=100, deadline=None)
@given(WAKINGS)
def test_mode_machine_never_flickers(wakings):
    """Woken again with the same readings it stays where it is, and nothing that is armed holds already."""
    board = console(section="")
    hours = 0.0
    for after_h, values, answering, _ in wakings:
        hours += after_h
        board.answering = np.array(answering)
        mode = board.wake(hours, **values).mode
        held = [all(board._holds(watch) for watch in group) for group in board.software.groups]
        ways = {group for places in board.software.modes.enter for group in places} | set(board.software.modes.leave)
        assert not [group for group in ways if group >= 0 and held[group] and board.reaction.armed[group]]
        events = len(board.events)
        assert board.wake(hours + 1e-3).mode == mode
        assert [event.name for event in board.events[events:] if event.source == "modes"] == []


ANY_UNIT = """
autonomy:
  event_actions:
    payloads: {event: payload-silent, start: wake}
    modules: {event: module-silent, start: rouse}
  responses:
    wake:
      level: unit
      steps: [{type: power_cycle, target: event-unit, wait: 10 min}]
      recovered_when_over: true
      attempts: 2
      per: 5 h
    rouse: {level: subsystem, steps: [{type: power_cycle, target: event-unit}], recovered_when_over: true}
"""


def test_each_unit_that_falls_silent_gets_its_own_response():
    board = console(section=ANY_UNIT)
    board.wake(0.0)
    board.answering = np.array([False, False, True])
    assert board.wake(1.0).power_cycle == {"camera", "listener", "base"}
    board.answering = np.array([False, True, True])
    board.wake(1.2)
    board.wake(1.5)
    story = [event.text for event in board.events if event.name in ("response_succeeded", "response_exhausted")]
    assert story == [
        "Response rouse (base) has helped.",
        "Response wake (listener) has helped.",
        "Response wake (camera) did not help; Earth must act.",
    ]
    assert len(named(board, "response_repeated")) == 1


def test_sensor_that_failed_is_told_once_and_starts_its_response():
    section = ANY_UNIT.replace("event: module-silent", "event: sensor-failed")
    board = console(section=section)
    board.wake(0.0)
    board.failed, board.sensors = np.array([False, True]), ("load_w/1", "load_w/2")
    assert board.wake(1.0).power_cycle == {"load_w"}
    board.wake(1.1)
    board.failed = np.array([False, False])
    board.wake(1.5)
    assert [event.text for event in named(board, "sensor_failed", "sensor_back", "response_succeeded")] == [
        "Sensor load_w/2 is not believed any more.",
        "Sensor load_w/2 is believed again.",
    ]
    assert named(board, "response_exhausted")  # it was tried once, before the sensor came back


WRONG_LOAD = """
autonomy:
  monitors:
    too-much: {parameter: load_mismatch, check: {type: limits, high: 5 W, clear_by: 1 W}, text: Too much.}
    too-little: {parameter: load_mismatch, check: {type: limits, low: -5 W, clear_by: 1 W}, text: Too little.}
  event_actions:
    cycle-one: {event: too-much, start: cycle}
    cycle-other: {event: too-little, start: cycle}
  responses:
    cycle:
      {level: unit, steps: [{type: power_cycle, target: event-unit, wait: 5 min}], recovered_when_over: true}
"""


@pytest.mark.parametrize(
    ("mismatch_w", "unit"),
    [(13.2, "camera"), (59.0, "drill"), (-50.5, ""), (-10.2, "rover"), (200.0, ""), (30.0, "")],
)
def test_unit_that_does_not_follow_its_command_is_found_by_its_load(mismatch_w, unit):
    """Standby: camera 1 of at most 14 W, drill 0 of 60 W; rover 10 W; base 50 W, but its camera answers."""
    board = console(section=WRONG_LOAD)
    board.wake(0.0)
    assert board.wake(1.0, load_mismatch_w=mismatch_w).power_cycle == ({unit} if unit else set())
    board.wake(1.01, load_mismatch_w=0.0)
    board.wake(1.2)
    assert board.events[-1].name == "response_succeeded"
