"""What faults do to the health of the reference station, and when."""

import math
from dataclasses import fields
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.runs.fault import SIZES, TARGETS, Fault
from lunabase.runs.injection import DRIVE_STEP_S, SunTrack, inject, sun_track
from lunabase.runs.wear_faults import wear_faults
from lunabase.station.equipment import ThermalNode
from lunabase.station.load import load_station
from lunabase.station.wear import Life, Upsets, Wear
from lunabase.twin.health import healthy

ILRS = Path(__file__).parents[2] / "examples" / "ilrs.yaml"
TARGET_OF = {
    "solar_array": "array-east", "store": "battery", "source": "reactor", "module": "laboratory",
    "thermal_node": "power-node", "radio": "earth-radio", "payload": "regolith-printer",
    "mechanism": "science-rover-wheels", "channel": "state_of_charge/1", "": "",
}  # fmt: skip


@cache
def station():
    return load_station(ILRS, horizon=False).station


def present():
    return station().phases["robotic"].present


def base():
    return healthy(station(), present())


def fault(effect, *, target=None, size=0.5, start_s=100.0, stop_s=math.inf, cleared_by="nothing"):
    where = TARGET_OF[TARGETS.get(effect, "")] if target is None else target
    return Fault(effect, "power", effect, where, size, start_s, stop_s, cleared_by)


def health(*faults, at_s=100.0, sun=None):
    return inject(station(), present(), faults, sun).effects(at_s, base()).health


def same(one, other):
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


def test_every_effect_on_the_station_changes_its_health_and_ends_with_the_fault():
    """An effect that did nothing would make its fault harmless and the campaign a lie."""
    sun = SunTrack(np.array([0.0, 1e6]), np.array([0.0, 100.0]))
    for effect in SIZES:
        item = fault(effect, size=3600.0 if effect == "reset_loop" else 0.5, stop_s=1e5)
        injection = inject(station(), present(), [item], sun)
        acting = injection.effects(5e4, base())
        touched = [not same(acting.health, base()), bool(acting.sensors), acting.computer != type(acting.computer)()]
        assert sum(touched) == 1, effect
        after = injection.effects(1e5, base())
        assert same(after.health, base())
        assert not after.sensors
        assert not after.computer.down
        assert after.computer.hears
        assert after.computer.clock_error_s == 0.0


def test_half_of_one_of_two_equal_arrays_is_a_quarter_of_the_column_and_both_arrays_are_all_of_it():
    both = [fault("array_loss", target=name, size=1.0) for name in ("array-east", "array-west")]
    assert health(fault("array_loss")).array_part == pytest.approx([0.75])
    assert health(*both).array_part == pytest.approx([0.0])
    assert health(fault("array_loss"), fault("array_loss")).array_part == pytest.approx([1 - 0.5 * (1 - 0.25)])
    assert health(fault("array_dust")).dust_part == pytest.approx([0.25])


def moved_sun():
    """A Sun that goes one degree every two hours and passes north."""
    hours = np.arange(181)
    times = np.datetime64("2035-01-01", "ns") + hours * np.timedelta64(1, "h")
    return xr.Dataset({"sun_azimuth": ("time", (350.0 + 0.5 * hours) % 360.0)}, {"time": times})


def test_a_stuck_array_loses_by_the_cosine_of_the_suns_way():
    """The Sun a quarter round: nothing is left of the stuck half; the other half tracks on."""
    sun = sun_track(moved_sun())
    stuck = fault("array_drive_stuck", start_s=0.0)
    for steps in (0, 30, 60, 89):
        left = health(stuck, at_s=steps * DRIVE_STEP_S, sun=sun).array_part[0]
        assert left == pytest.approx(0.5 + 0.5 * math.cos(math.radians(steps + 0.5)), abs=1e-9)


def test_leaks_and_shorts_are_parts_of_what_the_thing_has_anyway():
    nodes, modules = list(station().equipment(ThermalNode, present())), list(present())
    torn = health(fault("insulation_loss", target="laboratory-node", size=0.5)).node_leak_w_per_k
    assert torn[nodes.index("laboratory-node")] == pytest.approx(0.5 * 1.5)
    short = health(fault("extra_load", target="laboratory", size=2.0)).extra_load_w
    assert short[modules.index("laboratory")] == pytest.approx(2.0 * 750.0)
    assert np.count_nonzero(torn) == np.count_nonzero(short) == 1


def test_a_jammed_rover_silences_what_needs_its_wheels_and_nothing_else():
    silent = health(fault("mechanism_jam")).payload_ok
    names = list(station().payloads_present(present()))
    assert {name for name, ok in zip(names, silent, strict=True) if not ok} == {
        "rover-raman", "rover-radar", "rover-magnetometer", "rover-volatiles", "asan",
    }  # fmt: skip


def test_a_loop_resets_the_computer_on_time_until_somebody_switches_over():
    loop = fault("reset_loop", size=600.0, cleared_by="switch_over")
    injection = inject(station(), present(), [loop])
    assert [injection.effects(t, base()).computer.resets for t in (99.0, 100.0, 699.0, 700.0, 1900.0)] == [
        0,
        1,
        1,
        2,
        4,
    ]
    assert injection.next_change_s(100.0) == 700.0
    calmed, cleared = injection.recover(750.0, switch_over=("computer",))
    assert cleared == (loop,)
    assert calmed.effects(1e6, base()).computer.resets == 2
    assert math.isinf(calmed.next_change_s(750.0))


def test_a_clock_that_gains_ten_seconds_a_day_is_five_off_after_half_a_day():
    clock = inject(station(), present(), [fault("clock_drift", size=10.0, start_s=0.0), fault("clock_step", size=2.0)])
    assert clock.clock_error_s(43_200.0) == pytest.approx(7.0)


def test_a_power_cycle_of_a_module_clears_what_hangs_in_it_and_only_that():
    hung = fault("payload_off", cleared_by="power_cycle")
    broken = fault("store_offline", cleared_by="nothing")
    injection = inject(station(), present(), [hung, broken])
    same_injection, none = injection.recover(200.0, power_cycle=("laboratory",))
    assert not none
    assert same_injection.active(200.0) == (hung, broken)
    after, cleared = injection.recover(200.0, power_cycle=(station().payloads["regolith-printer"].host, "battery"))
    assert cleared == (hung,)
    assert after.active(200.0) == (broken,)
    assert after.active(150.0) == (hung, broken)  # what was, stays


def test_the_bus_off_and_on_cycles_everything_but_a_spare_bus_replaces_only_itself():
    hung, limited = fault("extra_load", cleared_by="power_cycle"), fault("converter_limit", cleared_by="switch_over")
    replaced = fault("store_offline", cleared_by="switch_over")
    injection = inject(station(), present(), [hung, limited, replaced])
    assert injection.recover(200.0, power_cycle=("bus",))[1] == (hung,)
    assert injection.recover(200.0, switch_over=("bus",))[1] == (limited,)


def test_a_sensor_fault_names_its_channel_and_unit():
    injection = inject(station(), present(), [fault("sensor_bias", target="temperature_k.power-node/2", size=4.0)])
    (sensor,) = injection.effects(100.0, base()).sensors
    assert (sensor.channel, sensor.unit, sensor.kind, sensor.size) == ("temperature_k.power-node", 1, "bias", 4.0)


def test_failures_and_upsets_of_wear_become_faults_that_fit_the_station():
    """A life of an hour on average: each kind of equipment fails, by what it is, until its repair."""
    of = ["array-east", "battery", "reactor", "earth-radio", "recorder", "hopper", "topography-camera"]
    wear = Wear(
        lives={"short": Life(of=tuple(of), mean="1 h", loses=1.0)},
        upsets={"memory": Upsets(effect="computer_reset", rate="10 1/d")},
    )
    worn = station().model_copy(update={"wear": wear})
    start = worn.station.start
    faults, spares = wear_faults(worn, present(), start, start + timedelta(days=2), seed=3)
    inject(worn, present(), faults)
    effects = {(item.target, item.effect) for item in faults}
    assert effects >= {
        ("array-east", "array_loss"), ("battery", "store_offline"), ("reactor", "source_loss"),
        ("earth-radio", "radio_loss"), ("recorder", "recorder_loss"), ("hopper", "module_off"),
        ("topography-camera", "payload_off"), ("", "computer_reset"),
    }  # fmt: skip
    assert spares == 0
    assert faults == wear_faults(worn, present(), start, start + timedelta(days=2), seed=3)[0]
    assert faults != wear_faults(worn, present(), start, start + timedelta(days=2), seed=4)[0]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"effect": "array_loss", "target": "array-eats"}, "Did you mean `array-east`"),
        ({"effect": "array_loss", "size": 1.5}, "no part from 0 to 1"),
        ({"effect": "extra_load", "size": math.nan}, "no part"),
        ({"effect": "payload_off", "start_s": 5.0, "stop_s": 5.0}, "ends before it begins"),
        ({"effect": "reset_loop", "size": 0.0}, "at least 60 s"),
    ],
)
def test_a_fault_that_fits_no_station_is_refused(wrong, told):
    with pytest.raises(InputError, match=told):
        inject(station(), present(), [fault(**wrong)])


@st.composite
def schedules(draw):
    effects = draw(st.lists(st.sampled_from(sorted(SIZES)), min_size=1, max_size=4))
    starts = [draw(st.integers(0, 40)) * 900.0 for _ in effects]
    lengths = [draw(st.one_of(st.just(math.inf), st.integers(1, 60).map(lambda n: n * 900.0))) for _ in effects]
    return [
        fault(effect, size=1800.0 if effect == "reset_loop" else 0.25, start_s=start, stop_s=start + length)
        for effect, start, length in zip(effects, starts, lengths, strict=True)
    ]


@given(schedules(), st.lists(st.floats(0.0, 90_000.0), min_size=2, max_size=8))
def test_nothing_changes_between_two_changes(faults, times):
    """The loop stops at the changes only: between them nothing but a drifting clock may move."""
    sun = SunTrack(np.array([0.0, 1e5]), np.array([0.0, 15.0]))
    injection = inject(station(), present(), faults, sun)
    for time_s in times:
        until_s = min(injection.next_change_s(time_s), 1e5)
        assert until_s > time_s
        early, late = (injection.effects(t, base()) for t in (time_s, math.nextafter(until_s, 0.0)))
        assert same(early.health, late.health)
        assert early.sensors == late.sensors
        assert early.computer.resets == late.computer.resets
        assert early.computer.down == late.computer.down
