"""Telecommands: each is reported at acceptance, start and completion, or rejected without any effect."""

from dataclasses import replace
from datetime import timedelta

import pytest
from autonomous_station import console
from hypothesis import given
from hypothesis import strategies as st
from onboard_station import activity

from lunabase.onboard.messages import Telecommand
from lunabase.onboard.requests import _ACTIONS

REPORTS = ["request_accepted", "request_started", "request_completed"]


def reports(board):
    return [event.name for event in board.events if event.source == "requests"]


def test_request_is_reported_at_each_stage_and_each_report_knows_the_one_before():
    board = console()
    board.wake(0.0, [Telecommand("41", "set_mode", "dormant")])
    assert reports(board) == REPORTS
    accepted, started, completed = (event for event in board.events if event.source == "requests")
    assert (started.cause_id, completed.cause_id) == (accepted.id, started.id)


def test_mode_from_earth_holds_until_it_is_released():
    board = console()
    assert board.wake(0.0, [Telecommand("1", "set_mode", "dormant")]).mode == "dormant"
    assert board.wake(9.0).mode == "dormant"
    assert board.wake(10.0, state_of_charge=0.05).mode == "survival"  # a severer one is still entered
    assert board.wake(11.0, state_of_charge=0.9).mode == "dormant"
    assert board.wake(12.0, [Telecommand("2", "release_mode")]).mode == "nominal"


def test_monitor_is_switched_off_and_on_again():
    board = console()
    board.wake(0.0, [Telecommand("1", "disable_monitor", "box-hot"), Telecommand("2", "enable_monitor", "starved")])
    board.wake(1.0, temperature_k__box=306.0, load_w=450.0, array_available_w=40.0)
    assert ("box-hot" in board.names(), "starved" in board.names()) == (False, True)
    board.wake(2.0, [Telecommand("3", "enable_monitor", "box-hot"), Telecommand("4", "enable_monitor", "box-hot")])
    assert "box-hot" in board.names()


def test_timer_and_event_action_are_switched_off():
    board = console()
    board.wake(
        0.0, [Telecommand("1", "disable_monitor", "earth-silent"), Telecommand("2", "disable_event_action", "cool")]
    )
    assert board.wake(25.0, temperature_k__box=306.0).path == "best"
    assert board.reaction.commands.power_cycle == frozenset()
    assert "box-hot" in board.names()


def test_schedule_of_one_partner_is_held_back():
    board = console(activity("camera", 1.0, 2.0), activity("camera", 3.0, 4.0, number=2))
    board.wake(0.0, [Telecommand("1", "disable_schedule", "east")])
    board.wake(1.0)
    assert board.events[-1].cause == "Earth has disabled the schedule of east"
    board.wake(2.5, [Telecommand("2", "enable_schedule", "east")])
    board.wake(3.0)
    assert board.setting("camera").producing


def test_activities_are_inserted_shifted_and_deleted():
    board = console(activity("camera", 5.0, 6.0), activity("listener", 7.0, 9.0, "listen"))
    extra = activity("camera", 2.0, 3.0, number=7)
    board.wake(0.0, [
        Telecommand("1", "insert_activity", activity=extra),
        Telecommand("2", "shift_activity", "test/camera#1", shift_s=3600.0),
        Telecommand("3", "delete_activity", "test/listener#1"),
    ])  # fmt: skip
    assert reports(board) == REPORTS * 3
    assert board.reaction.wake_s == 2 * 3600.0
    for hours in (2.0, 3.0, 6.0, 7.0, 9.0):
        board.wake(hours)
    spans = [(stretch.activity.id, stretch.start_s / 3600.0, stretch.stop_s / 3600.0) for stretch in board.stretches]
    assert spans == [("test/camera#7", 2.0, 3.0), ("test/camera#1", 6.0, 7.0)]
    assert board.stretches[1].activity.start == activity("camera", 6.0, 7.0).start


def test_whole_schedule_moves():
    board = console(activity("camera", 5.0, 6.0), activity("listener", 7.0, 9.0, "listen"))
    board.wake(0.0, [Telecommand("1", "shift_activity", shift_s=-7200.0)])
    assert board.reaction.wake_s == 3 * 3600.0


WRONG = [
    (Telecommand("x", "enable_monitor", "box-hat"), "no monitor"),
    (Telecommand("x", "disable_event_action", "box-hot"), "no event-action"),
    (Telecommand("x", "disable_schedule", "west"), "no activity of the schedule"),
    (Telecommand("x", "insert_activity"), "names no activity"),
    (Telecommand("x", "insert_activity", activity=activity("camera", -1.0, 3.0, number=9)), "already"),
    (Telecommand("x", "insert_activity", activity=activity("camera", 4.0, 3.0, number=9)), "not in order"),
    (Telecommand("x", "insert_activity", activity=activity("camera", 4.0, 5.0)), "is an activity"),
    (Telecommand("x", "delete_activity", "test/camera#2"), "waits for its start"),
    (Telecommand("x", "shift_activity", "test/camera#1", shift_s=-8e4), "already"),
    (Telecommand("x", "set_mode", "crewed"), "no mode"),
    (Telecommand("x", "start_response", "cool"), "no response"),
    (Telecommand("x", "power_cycle", "toaster"), "no unit"),
]


@pytest.mark.parametrize(("command", "why"), WRONG, ids=lambda item: getattr(item, "action", ""))
def test_what_cannot_be_done_is_rejected_and_changes_nothing(command, why):
    board = console(activity("camera", 5.0, 6.0))
    board.wake(0.0)
    before = board.state
    board.wake(1.0, [command])
    assert reports(board) == ["request_rejected"]
    assert why in board.events[-1].cause
    after = replace(board.state, count=before.count, marks=before.marks, read_s=before.read_s, heard_s=before.heard_s)
    assert replace(after, answered=before.answered) == before


def test_response_and_unit_are_commanded():
    board = console()
    board.wake(0.0, [Telecommand("1", "start_response", "cycle")])
    assert board.reaction.commands.power_cycle == {"camera"}
    board.wake(1.0, [Telecommand("2", "switch_off", "camera"), Telecommand("3", "reset")])
    assert (board.setting("camera").setting, board.reaction.commands.reset) == ("off", True)
    board.wake(2.0, [Telecommand("4", "switch_on", "camera")])
    assert (board.setting("camera").setting, board.reaction.commands.reset) == ("standby", False)


targets = st.sampled_from(["", "camera", "box-hot", "starved", "cool", "cycle", "east", "dormant", "test/camera#1"])
requests = st.builds(
    Telecommand,
    id=st.just("r"),
    action=st.sampled_from(sorted(_ACTIONS)),
    target=targets,
    activity=st.none() | st.integers(1, 9).map(lambda n: activity("camera", n, n + 1, number=n)),
    shift_s=st.floats(-1e5, 1e5),
)


@given(st.lists(st.tuples(st.floats(0.1, 9.0), st.lists(requests, max_size=4)), max_size=8))
def test_any_requests_leave_a_schedule_in_order(wakings):
    board = console(activity("camera", 5.0, 6.0), activity("listener", 7.0, 9.0, "listen"))
    hours = 0.0
    for after_h, commands in wakings:
        hours += after_h
        board.wake(hours, commands)
        coming = board.software.timetable.edges[board.state.executive.position :]
        assert list(coming) == sorted(coming)
        assert all(time_s >= hours * 3600.0 for time_s, _, _ in coming)
        first, last = board.software.start, board.software.start + timedelta(days=30)
        assert all(first <= one.start < last for one in board.software.timetable.activities)
        assert len(reports(board)) >= len(commands)
