import numpy as np
import pytest
from onboard_station import Console

from lunabase.onboard.modes import SEVERITY
from lunabase.onboard.watch import Readings, Watch


def test_night_comes_and_goes_with_the_light():
    console = Console()
    assert console.wake(0.0).mode == "nominal"
    night = console.wake(1.0, array_available_w=2.0)
    assert (night.mode, night.radio, night.recorder) == ("night", False, True)
    assert console.wake(2.0, array_available_w=20.0).mode == "night"
    assert console.wake(3.0, array_available_w=50.0).mode == "nominal"
    assert console.names() == ["mode_entered", "mode_left", "mode_entered"]
    assert console.events[0].cause == "array available 2 W below 5 W for 10 min"


def test_severer_modes_win_and_milder_ones_wait():
    console = Console()
    console.wake(0.0)
    assert console.wake(1.0, state_of_charge=0.08, array_available_w=0.0).mode == "survival"
    assert console.wake(2.0, state_of_charge=0.15).mode == "survival"
    assert console.wake(3.0, state_of_charge=0.26).mode == "night"  # its light is still gone
    assert console.wake(4.0, state_of_charge=0.15).mode == "dormant"


def test_all_leave_conditions_are_needed():
    console = Console()
    console.wake(0.0, state_of_charge=0.19)
    assert console.wake(1.0, state_of_charge=0.4, array_available_w=20.0).mode == "dormant"
    assert console.wake(2.0, state_of_charge=0.25, array_available_w=90.0).mode == "dormant"
    assert console.wake(3.0, state_of_charge=0.31).mode == "nominal"


def test_mode_is_not_left_while_its_own_cause_lasts():
    console = Console()
    console.wake(0.0, survival_margin_k=2.0)
    assert console.wake(1.0, state_of_charge=0.9).mode == "survival"
    assert console.wake(2.0, survival_margin_k=8.0).mode == "nominal"


def test_brown_out_resets_into_survival():
    console = Console()
    console.wake(0.0, unserved_w=5.0)
    assert console.reaction.commands.mode == "survival"
    assert "unserved 5 W" in console.events[0].cause
    assert console.events[0].severity == "high"
    assert console.wake(1.0).mode == "survival"
    assert console.wake(2.0, unserved_w=0.0).mode == "nominal"


def test_survival_is_left_only_after_an_hour_without_a_brown_out():
    console = Console()
    modes = console.software.modes
    survival = [mode.name for mode in modes.table].index("survival")
    quiet = [watch for watch in modes.table[survival].leave if watch.channel == "unserved_w"]
    assert [(watch.above, watch.lasting_s) for watch in quiet] == [(False, 3600.0)]
    console.wake(0.0, unserved_w=5.0)
    console.wake(1.5, unserved_w=0.0)
    left = next(event for event in console.events if event.name == "mode_left")
    assert left.cause == "state of charge 90 % above 25 % and no brown-out for 60 min"


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (318.0000004, "temperature of box 318.0000004 K above 318 K"),
        (318.4, "temperature of box 318.4 K above 318 K"),
        (np.nextafter(318.0, 400.0), "temperature of box 318.0000000000001 K above 318 K"),
    ],
)
def test_log_shows_on_which_side_of_the_limit_a_reading_is(reading, told):
    readings = Readings({"temperature_k.box": 0}, np.array([reading]), np.zeros(0, bool), np.zeros(0, bool))
    assert Watch("temperature_k.box", True, 318.0).describe(readings) == told


def test_log_of_a_charge_just_below_its_limit():
    readings = Readings({"state_of_charge": 0}, np.array([0.14999998]), np.zeros(0, bool), np.zeros(0, bool))
    assert Watch("state_of_charge", False, 0.15).describe(readings) == "state of charge 14.999998 % below 15 %"


@pytest.mark.parametrize("mode", range(5))
def test_armed_groups_are_those_that_would_change_something(mode):
    """Waking with all readings calm and nothing armed that already holds: the software can sleep."""
    console = Console()
    console.wake(0.0)
    held = [all(console._holds(watch) for watch in group) for group in console.software.groups]
    assert not any(armed and holds for armed, holds in zip(console.reaction.armed, held, strict=True))
    if mode < len(console.software.modes.table):
        severer = console.software.modes.enter[mode + 1 :]
        assert set(console.software.modes.armed(mode)) >= {place for places in severer for place in places}


def test_modes_stand_in_order_of_severity():
    names = [mode.name for mode in Console().software.modes.table]
    assert names == ["nominal", *(name for name in SEVERITY if name != "safe")]


def test_loads_are_shed_in_order_with_pauses_and_restored_last_first():
    console = Console()
    console.wake(0.0, charge_w=-50.0)
    first = console.wake(1.0, state_of_charge=0.34)
    assert (console.setting("camera").setting, first.modules_off) == ("off", frozenset())
    assert console.reaction.wake_s == pytest.approx(3600.0 + 600.0)
    assert console.wake(1.1).modules_off == frozenset()  # within the pause
    second = console.wake(1.0 + 1 / 6)
    assert second.modules_off == {"rover"}
    assert console.setting("drill").setting == "off"
    assert console.wake(2.0, state_of_charge=0.44).modules_off == {"rover"}
    assert console.wake(3.0, state_of_charge=0.46).modules_off == frozenset()
    assert console.setting("camera").setting == "off"
    console.wake(3.5)
    assert console.setting("camera").setting == "standby"
    shed_log = [event.text for event in console.events if event.source == "shedding"]
    assert shed_log == [
        "Switched off camera.", "Switched off rover.", "Switched rover back on.", "Switched camera back on.",
    ]  # fmt: skip


def test_nothing_more_is_shed_while_the_stores_fill():
    console = Console()
    console.wake(0.0, state_of_charge=0.33, charge_w=-50.0)
    console.wake(1.0, charge_w=30.0)
    assert console.state.shed.level == 1
    console.wake(2.0, charge_w=-1.0)
    assert console.state.shed.level == 2


def test_broken_flight_rule_raises_one_alarm_until_it_is_over():
    console = Console()
    for hours, charge in enumerate([0.5, 0.29, 0.28, 0.305, 0.32, 0.29]):
        console.wake(float(hours), state_of_charge=charge)
    rule = [event.name for event in console.events if event.source == "monitor"]
    assert rule == ["flight_rule_broken", "flight_rule_broken_over", "flight_rule_broken"]
    assert console.events[-1].severity == "high"


def test_recorder_full_and_node_too_warm_are_reported():
    console = Console()
    console.wake(0.0, recorder_fill=0.97, temperature_k__box=325.0)
    assert {"recorder_full", "temperature_high"} <= set(console.names())
    assert "temperature of box 325 K above 320 K" in {event.cause for event in console.events}
