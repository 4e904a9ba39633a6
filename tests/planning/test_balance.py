"""The planner's energy and data balance: closed forms, and agreement with the checker's independent replay."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_station import BASE, array, battery, environment, experiment, payload, request, station, with_equipment

from lunabase.planning.balance import coarser, follow, no_extra
from lunabase.planning.problem import Problem, build_problem
from lunabase.planning.replay import Replay
from lunabase.planning.solve import make_plan
from lunabase.planning.timetable import Placement, Timetable

SIGMA = 5.670374419e-8
SURVIVAL = BASE["modes"]["survival"]


def test_dark_discharge_is_a_straight_line() -> None:
    """100 W from 10 kWh at 80 %: 1.25 % of the charge an hour."""
    store = battery("10 kWh", discharge_efficiency="80 %")
    problem = build_problem(station(modules=with_equipment(cell=store)), environment(24, lit=False))
    np.testing.assert_allclose(problem.idle.charge, 1.0 - 0.0125 * np.arange(1, 25), rtol=1e-12)


def test_charging_stops_at_the_limit_and_when_full() -> None:
    """1.361 kW * 30 % * 2 m2 = 816.6 W; 100 W of load, at most 300 W of charging at 90 %: 2.7 % of 10 kWh an hour."""
    store = battery("10 kWh", initial_charge="50 %", charge_efficiency="90 %", maximum_charge="300 W")
    problem = build_problem(station(modules=with_equipment(cell=store, panel=array("2 m^2"))), environment(24))
    expected = np.minimum(0.5 + 0.027 * np.arange(1, 25), 1.0)
    np.testing.assert_allclose(problem.idle.charge, expected, rtol=1e-12)


def test_heater_holds_its_setpoint() -> None:
    """Loss at 260 K: 0.8 sigma 0.3 m2 T^4 + 0.2 W/K * 160 K; the module's 60 W help, the heater gives the rest."""
    box = {
        "type": "thermal_node", "heat_capacity": "20 kJ/K", "radiator_area": "0.3 m^2", "radiator_emissivity": "0.8",
        "radiator_absorptance": "0.1", "ground_conductance": "0.2 W/K", "heater": "60 W", "heater_setpoint": "260 K",
        "initial_temperature": "280 K", "operating": {"minimum": "250 K", "maximum": "320 K"},
        "survival": {"minimum": "230 K", "maximum": "330 K"},
    }  # fmt: skip
    modules = with_equipment(cell=battery("10 kWh"), box=box)
    modules["base"] |= {"thermal_node": "box", "loads": {"nominal": "60 W"}}
    problem = build_problem(station(modules=modules), environment(4, lit=False, ground_k=100.0))
    loss_w = 0.8 * SIGMA * 0.3 * 260.0**4 + 0.2 * 160.0
    assert problem.idle.load_w[-1] == pytest.approx(60.0 + (loss_w - 60.0), rel=1e-12)


def test_recorder_fills_and_empties() -> None:
    """36 Mbit/h in; 100 kbit/s out from the tenth hour."""
    model = station(
        payloads={"eye": payload(rate="10 kbit/s")},
        experiments={"x": experiment(r=request("look", "eye", "24 h", count=1))},
    )
    problem = build_problem(model, environment(24, earth=np.arange(24) >= 10))
    timetable = Timetable(problem)
    timetable.put(Placement(0, 1, 0, 86_400))
    fill = follow(problem.forecast, timetable.extra).fill_bit
    np.testing.assert_allclose(fill[:10], 36e6 * np.arange(1, 11))
    assert fill[10] == pytest.approx(396e6 - 360e6)
    assert fill[11] == 0.0


def test_put_and_take_leave_no_trace() -> None:
    model = station(
        payloads={"eye": payload(rate="10 kbit/s")},
        experiments={"x": experiment(r=request("look", "eye", "5 h", count=2, setup="20 min"))},
    )
    timetable = Timetable(build_problem(model, environment(24)))
    timetable.put(Placement(0, 1, 3600, 18_000))
    timetable.take(Placement(0, 1, 3600, 18_000))
    assert not timetable.blocked.any()
    assert not timetable.extra.working.any()
    np.testing.assert_allclose(timetable.extra.power_w, 0.0, atol=1e-12)
    np.testing.assert_allclose(timetable.extra.data_bit, 0.0, atol=1e-6)


def test_planner_and_checker_agree_step_by_step() -> None:
    night = {
        "enter": [{"reading": "array_power", "below": "20 W", "lasting": "1 h"}],
        "leave": [{"reading": "array_power", "above": "50 W"}, {"reading": "state_of_charge", "above": "40 %"}],
        "activities": "continuous", "standby": False, "downlink": False,
    }  # fmt: skip
    modules = with_equipment(
        cell=battery("3 kWh", charge_efficiency="90 %", discharge_efficiency="95 %"),
        panel=array("1 m^2"),
        recorder={"type": "data_recorder", "mass": "1 kg", "capacity": "1 Gbit", "power": "5 W"},
        radio={"type": "radio", "mass": "1 kg", "rate_to_earth": "50 kbit/s", "power": "30 W"},
    )
    model = station(
        modules=modules,
        payloads={"eye": payload(on="40 W", rate="9 kbit/s", continuous=True), "ear": payload(on="20 W")},
        experiments={
            "x": experiment(a=request("look", "eye", "150 min", count=9), b=request("burn", "ear", "3 h", count=6))
        },
        modes={"night": night},
    )
    hour = np.arange(288) / 3.0
    surroundings = environment(96, step_s=1200.0, lit=hour % 19 < 11, earth=hour % 31 < 17)
    plan = make_plan("0" * 64, model, surroundings)
    problem = build_problem(model, surroundings)
    timetable = Timetable(problem)
    index = {"x/a": 0, "x/b": 1}
    for item in plan.activities:
        number = int(item.id.rpartition("#")[2])
        timetable.put(
            Placement(index[item.request], number, round(plan.seconds(item.hold_start)), round(item.duration_s))
        )
    track = follow(problem.forecast, timetable.extra)
    replay = Replay(plan, model, surroundings)
    course, _ = replay.run(plan.activities)
    np.testing.assert_allclose(track.charge, course.charge, rtol=1e-9)
    assert [problem.forecast.modes[mode] for mode in track.mode] == [replay.modes[mode] for mode in course.mode]


def test_coarser_steps_keep_the_energy() -> None:
    modules = with_equipment(cell=battery("100 kWh", initial_charge="50 %"), panel=array("1 m^2"))
    problem = build_problem(station(modules=modules), environment(48, step_s=600.0, lit=np.arange(288) % 60 < 31))
    coarse = coarser(problem.forecast, 1800.0)
    assert coarse.array_w.size == 96
    ends = follow(coarse, no_extra(coarse)).charge
    np.testing.assert_allclose(ends, problem.idle.charge[2::3], rtol=1e-9)


def test_a_brown_out_leads_to_survival_mode() -> None:
    """100 W of load, 60 W from the battery: survival mode from the second hour, and both models know it."""
    modules = with_equipment(cell=battery("10 kWh", maximum_discharge="60 W"))
    model = station(modules=modules, modes={"survival": {**SURVIVAL, "leave": []}})
    surroundings = environment(6, lit=False)
    problem = build_problem(model, surroundings)
    assert [problem.forecast.modes[mode] for mode in problem.idle.mode] == ["nominal"] + ["survival"] * 5
    replay = Replay(make_plan("0" * 64, model, surroundings), model, surroundings)
    assert [replay.modes[mode] for mode in replay.run(())[0].mode] == ["nominal"] + ["survival"] * 5


@pytest.mark.parametrize(("downlink", "power_w"), [(False, 100.0), (True, 107.0)])
def test_recorder_in_a_dormant_station(downlink: bool, power_w: float) -> None:
    """Asleep it is on with downlink, or for the four hours in which a 10 W payload works; both models count its 7 W."""
    asleep = {"enter": [{"reading": "array_power", "below": "5 W"}], "leave": [{"reading": "array_power", "above": "9 W"}],
              "activities": "continuous", "standby": False, "downlink": downlink}  # fmt: skip
    recorder = {"type": "data_recorder", "mass": "1 kg", "capacity": "1 Gbit", "power": "7 W"}
    model = station(
        modules=with_equipment(cell=battery("100 kWh"), recorder=recorder),
        payloads={"eye": payload(on="10 W", continuous=True)},
        experiments={"x": experiment(r=request("look", "eye", "4 h", count=1))},
        modes={"dormant": asleep},
    )
    surroundings = environment(24, lit=False)
    problem, plan = build_problem(model, surroundings), make_plan("0" * 64, model, surroundings)
    np.testing.assert_allclose(problem.idle.load_w, power_w)
    used_kwh = (24 * power_w + 4 * (117.0 - power_w)) / 1000
    assert len(plan.activities) == 1
    course, _ = Replay(plan, model, surroundings).run(plan.activities)
    assert course.charge[-1] == pytest.approx(1.0 - used_kwh / 100)
    timetable = Timetable(problem)
    timetable.put(Placement(0, 1, 0, 14_400))
    assert follow(problem.forecast, timetable.extra).charge[-1] == pytest.approx(1.0 - used_kwh / 100)


def node(heater="0 W", area="0 m^2", ground="0 W/K", setpoint="260 K", closes="0 K", **couplings):
    return {
        "type": "thermal_node", "heat_capacity": "20 kJ/K", "radiator_area": area, "radiator_emissivity": "0.8",
        "radiator_absorptance": "0.1", "ground_conductance": ground, "heater": heater, "heater_setpoint": setpoint,
        "initial_temperature": "280 K", "operating": {"minimum": "30 K", "maximum": "320 K"},
        "survival": {"minimum": "20 K", "maximum": "330 K"}, "couplings": couplings, "radiator_closes_below": closes,
    }  # fmt: skip


MASTS = {
    # On the ground alone: between 260 K and 100 K as 0.3 W/K to 0.1 W/K, so 220 K.
    "ground": (node(ground="0.1 W/K"), 0.3 * (260.0 - 220.0)),
    # Its heater gives 10 W of the 12 W that would hold it at 250 K: (10 + 0.1 * 100 + 0.3 * 260) / 0.4 = 245 K.
    "weak heater": (node(ground="0.1 W/K", heater="10 W", setpoint="250 K"), 0.3 * (260.0 - 245.0)),
    "heater": (node(ground="0.1 W/K", heater="90 W", setpoint="250 K"), 0.3 * 10.0),
    "warmer heater": (node(ground="0.1 W/K", heater="90 W", setpoint="280 K"), 0.0),
    # A radiator of emissivity 0.8 that gives off what comes over the path at 200 K: area such that the balance holds.
    "radiator": (node(area=f"{0.3 * 60.0 / (0.8 * SIGMA * 200.0**4):.12g} m^2"), 0.3 * 60.0),
    "heat switch": (node(area="5 m^2", closes="230 K"), 0.3 * 30.0),
}


@pytest.mark.parametrize("mast", MASTS)
def test_a_path_to_a_colder_node_is_a_loss(mast: str) -> None:
    """0.3 W/K from a box held at 260 K to a mast whose steady temperature can be worked out; ground at 100 K."""
    there, loss_w = MASTS[mast]
    modules = with_equipment(cell=battery("100 kWh"), box=node(heater="90 W", mast="0.3 W/K"), mast=there)
    model = station(modules=modules)
    surroundings = environment(4, lit=False, ground_k=100.0)
    problem = build_problem(model, surroundings)
    assert problem.forecast.node_loss_w[:, 0] == pytest.approx(loss_w, abs=0.02)
    replay = Replay(make_plan("0" * 64, model, surroundings), model, surroundings)
    assert replay.loss_w[:, 0] == pytest.approx([loss_w] * 4, abs=0.02)
    np.testing.assert_allclose(problem.forecast.node_loss_w[0], replay.loss_w[0], atol=0.02)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 90), st.integers(1, 8)), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_a_change_is_followed_as_far_as_it_matters(holds: list[tuple[int, int, int]]) -> None:
    """Followed piece by piece or from the beginning, the station fares the same to the last bit; a trial leaves no trace."""
    timetable = Timetable(_restless_problem())
    for number, start_h, hours in holds:
        placement = Placement(0, number, start_h * 3600, hours * 3600)
        if (0, number) in timetable.placed:
            timetable.take(timetable.placed[0, number])
        else:
            timetable.fault_with(Placement(0, 9, 7200, 36_000))
            timetable.put(placement)
        whole = follow(timetable.problem.forecast, timetable.extra)
        for name in ("charge", "mode", "shed", "fill_bit", "unserved_w", "lost_bit", "stored_j", "load_w"):
            np.testing.assert_array_equal(getattr(timetable.track, name), getattr(whole, name), err_msg=name)


@cache
def _restless_problem() -> Problem:
    """Four days with nights, night and dormant modes, two stores, a recorder and contacts."""
    hours = np.arange(100)
    modules = with_equipment(
        cell=battery("3 kWh", initial_charge="60 %"),
        spare=battery("2 kWh"),
        panel=array("2 m^2"),
        second=array("1 m^2"),
    )
    model = station(
        modules=modules,
        payloads={"eye": payload(on="150 W", rate="10 kbit/s")},
        experiments={"x": experiment(r=request("look", "eye", {"minimum": "1 h", "maximum": "10 h"}, total="60 h"))},
    )
    return build_problem(model, environment(100, lit=hours % 24 < 11, earth=hours % 7 > 4))
