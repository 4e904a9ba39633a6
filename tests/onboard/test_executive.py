import subprocess
import sys

import numpy as np
import pytest
from onboard_station import Console, activity, plan_of


def console_with(*activities):
    return Console(plan_of(*activities))


def test_activity_goes_through_setup_work_and_teardown():
    console = console_with(activity("camera", 2.0, 4.0, setup_h=0.5, teardown_h=0.5))
    console.wake(0.0)
    assert console.reaction.wake_s == 1.5 * 3600.0
    seen = []
    for hours in (1.5, 2.0, 4.0, 4.5):
        console.wake(hours)
        seen.append((console.setting("camera").setting, console.setting("camera").producing))
    assert seen == [("survey", False), ("survey", True), ("survey", False), ("standby", False)]
    (stretch,) = console.stretches
    assert (stretch.start_s, stretch.stop_s, stretch.completed) == (7200.0, 14_400.0, True)
    assert console.names() == ["activity_started", "activity_completed"]


def test_back_to_back_activities_of_one_payload_do_not_trip_over_each_other():
    console = console_with(activity("camera", 1.0, 2.0), activity("camera", 2.0, 3.0, number=2))
    for hours in (0.0, 1.0, 2.0, 3.0):
        console.wake(hours)
    assert [stretch.completed for stretch in console.stretches] == [True, True]
    assert "activity_skipped" not in console.names()


def test_activity_is_skipped_when_the_mode_forbids_it():
    console = console_with(activity("camera", 2.0, 3.0))
    console.wake(1.0, array_available_w=0.0)
    console.wake(2.0)
    assert console.names()[-1] == "activity_skipped"
    assert console.events[-1].cause == "night mode runs only continuous payloads"
    assert console.events[-1].severity != "info"
    assert "test/camera#1" in console.events[-1].text
    console.wake(2.5, array_available_w=100.0)
    assert console.setting("camera").setting == "standby"  # a skipped activity doesn't start late


def test_running_activity_is_aborted_with_its_cause():
    console = console_with(activity("camera", 1.0, 3.0))
    console.wake(1.0)
    console.wake(2.0, state_of_charge=0.34, charge_w=-9.0)
    assert console.events[-1].name == "activity_aborted"
    assert console.events[-1].cause == "camera is shed"
    assert console.setting("camera").setting == "off"
    (stretch,) = console.stretches
    assert (stretch.stop_s, stretch.completed) == (7200.0, False)
    console.wake(3.0)
    assert len(console.stretches) == 1


def test_payload_rests_outside_its_temperatures():
    console = console_with(activity("camera", 1.0, 3.0))
    console.wake(1.0)
    console.wake(2.0, temperature_k__box=311.0)
    assert console.events[-1].name == "activity_aborted"
    assert console.events[-1].cause == "temperature of box 311 K above 310 K"


def test_continuous_payload_works_through_the_night_and_waits_through_worse():
    console = console_with(activity("listener", 1.0, 9.0, "listen"))
    console.wake(1.0)
    console.wake(2.0, array_available_w=0.0)
    assert console.setting("listener").producing
    console.wake(3.0, state_of_charge=0.15)
    assert not console.setting("listener").producing
    console.wake(5.0, state_of_charge=0.5, array_available_w=100.0)
    assert console.setting("listener").producing
    console.wake(9.0)
    spans = [(stretch.start_s / 3600.0, stretch.stop_s / 3600.0, stretch.completed) for stretch in console.stretches]
    assert spans == [(1.0, 3.0, False), (5.0, 9.0, False)]
    executive = [event.name for event in console.events if event.source == "executive"]
    assert executive == ["activity_started", "activity_interrupted", "activity_resumed", "activity_ended"]


def test_continuous_payload_starts_late_but_never_after_its_stop():
    console = console_with(activity("listener", 1.0, 4.0, "listen"))
    console.wake(1.0, state_of_charge=0.15)
    assert console.names()[-1] == "activity_delayed"
    console.wake(4.0)
    console.wake(5.0, state_of_charge=0.5)
    assert console.stretches == []
    assert not console.setting("listener").producing


def test_exclusion_holds_on_board_even_when_the_plan_forgot_it():
    console = console_with(activity("listener", 1.0, 3.0, "listen"), activity("drill", 2.0, 3.0, "bore"))
    console.wake(1.0)
    console.wake(2.0)
    assert console.events[-1].name == "activity_skipped"
    assert console.events[-1].cause == "flight rule: no bore during listen, and test/listener#1 runs"


def test_payload_that_does_not_answer_is_switched_off():
    console = console_with(activity("camera", 1.0, 3.0))
    console.wake(1.0)
    console.answering = np.array([False, True, True])
    console.wake(2.0)
    assert console.setting("camera").setting == "off"
    assert console.events[-1].cause == "camera does not answer"


def test_recorder_sleeps_only_when_nothing_takes_or_sends_data():
    console = console_with(activity("listener", 1.0, 3.0, "listen"))
    assert console.wake(0.0).recorder
    assert not console.wake(0.5, state_of_charge=0.15, array_available_w=0.0).recorder


def test_modes_outlive_a_plan_without_activities():
    console = Console(plan_of())
    console.wake(0.0)
    assert console.reaction.wake_s == float("inf")


@pytest.mark.parametrize(("room", "stranger"), [("onboard", "twin"), ("twin", "onboard"), ("twin", "planning")])
def test_strangers_stay_strangers(room, stranger):
    modules = {"onboard": "lunabase.onboard.software", "twin": "lunabase.twin.kernel, lunabase.twin.inputs"}
    code = f"import sys, {modules[room]}; assert not [m for m in sys.modules if m.startswith('lunabase.{stranger}.')]"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
