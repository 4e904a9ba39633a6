"""Plans of small synthetic stations against what can be worked out by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest
from planning_station import BASE, array, battery, environment, experiment, payload, request, station, with_equipment

from lunabase.errors import InputError
from lunabase.planning.checker import check_plan
from lunabase.planning.plan import Plan
from lunabase.planning.solve import WORK_LIMIT, make_plan
from lunabase.scheduling.effort import Effort, Progress


def plan_of(model, surroundings, **options) -> Plan:
    plan = make_plan("0" * 64, model, surroundings, **options)
    assert check_plan(plan, model, surroundings) == ()
    return plan


def reason(plan: Plan, request_id: str) -> str:
    return next(item.reason for item in plan.unplaced if item.request == request_id)


def starts_h(plan: Plan, request_id: str) -> list[float]:
    return sorted(plan.seconds(item.start) / 3600 for item in plan.activities if item.request == request_id)


def one_request(activity="look", duration="2 h", instrument=None, **more):
    return station(
        payloads={"eye": instrument or payload()},
        experiments={"x": experiment(r=request(activity, "eye", duration, **more))},
    )


def test_setup_and_teardown_lie_inside_the_opportunity() -> None:
    lit = np.zeros(24, dtype=bool)
    lit[5:13] = True  # epochs 5 h to 12 h: seven hours in which both neighbouring epochs are lit
    model = one_request(duration="4 h", count=2, setup="1 h", teardown="2 h", constraints={"light": "lit"})
    plan = plan_of(model, environment(24, lit=lit))
    assert [item.id for item in plan.activities] == ["x/r#1"]
    assert starts_h(plan, "x/r") == [6.0]
    assert "used all its opportunities" in reason(plan, "x/r")


def test_longest_interval_is_named() -> None:
    lit = np.ones(48, dtype=bool)
    lit[10:14] = False  # dark at the epochs 10 h to 13 h: three hours surely dark
    constraints = {"light": "dark", "earth": "in view"}
    plan = plan_of(one_request(duration="380 min", count=1, constraints=constraints), environment(48, lit=lit))
    assert reason(plan, "x/r") == "it needs dark for 6 h 20 min; in this horizon the longest such interval is 3 h"


def test_rhythm_keeps_its_tolerance_and_names_missing_places() -> None:
    lit = np.ones(96, dtype=bool)
    lit[44:78] = False
    every = {"period": "24 h", "tolerance": "2 h"}
    plan = plan_of(one_request(duration="4 h", every=every, constraints={"light": "lit"}), environment(96, lit=lit))
    assert len(plan.activities) == 3
    assert "1 of the 4 places in its rhythm" in reason(plan, "x/r")


def test_total_is_filled_with_pieces_of_useful_length() -> None:
    model = one_request(duration={"minimum": "2 h", "maximum": "5 h"}, total="12 h")
    plan = plan_of(model, environment(24))
    assert sum(item.duration_s for item in plan.activities) == 12 * 3600
    assert plan.unplaced == ()


def test_order_with_gaps() -> None:
    model = station(
        payloads={"drill": payload(), "lab": payload()},
        experiments={
            "x": experiment(
                a=request("dig", "drill", "2 h", count=2),
                b=request(
                    "look", "lab", "1 h", count=2, after=[{"request": "a", "minimum_gap": "1 h", "maximum_gap": "3 h"}]
                ),
            )
        },
    )
    plan = plan_of(model, environment(24))
    assert plan.unplaced == ()


def test_follower_of_an_impossible_request_says_so() -> None:
    model = station(
        payloads={"drill": payload(), "lab": payload()},
        experiments={
            "x": experiment(
                a=request("dig", "drill", "2 h", count=1, constraints={"crew": "present"}),
                b=request("look", "lab", "1 h", count=1, after=[{"request": "a"}]),
            )
        },
    )
    plan = plan_of(model, environment(24))
    assert reason(plan, "x/a") == "it needs crew on the station; phase robotic has no people on the station"
    assert reason(plan, "x/b") == "it must follow x/a, which is not placed at all"


def test_absent_host_and_too_long() -> None:
    model = station(
        payloads={"far": payload(host="annex"), "eye": payload()},
        experiments={
            "x": experiment(a=request("look", "far", "1 h", count=1), b=request("look", "eye", "50 h", count=1))
        },
    )
    plan = plan_of(model, environment(24))
    assert reason(plan, "x/a") == "its host annex is absent in phase robotic"
    assert reason(plan, "x/b") == "it needs 50 h in one piece; the horizon is 24 h"


def test_disturbance_keeps_listening_and_digging_apart() -> None:
    model = station(
        payloads={"drill": payload(), "seismometer": payload()},
        experiments={
            "x": experiment(
                dig=request("dig", "drill", "2 h", count=3, priority=7),
                listen=request(
                    "listen", "seismometer", {"minimum": "3 h", "maximum": "24 h"}, total="24 h", priority=8
                ),
            )
        },
    )
    plan = plan_of(model, environment(24))
    digging = sum(item.duration_s for item in plan.activities if item.request == "x/dig")
    listening = sum(item.duration_s for item in plan.activities if item.request == "x/listen")
    assert digging == 6 * 3600
    assert listening == 18 * 3600
    assert "vibration" in reason(plan, "x/listen") or "used all" in reason(plan, "x/listen")


def test_exclusion_rule_is_quoted() -> None:
    rule = {"type": "exclusion", "never": "burn", "during": "look", "text": "No fire while we look."}
    model = station(
        payloads={"eye": payload(), "oven": payload()},
        experiments={
            "x": experiment(
                a=request("look", "eye", "20 h", count=1, priority=9),
                b=request("burn", "oven", "6 h", count=1, priority=2),
            )
        },
        flight_rules={"fire": rule},
    )
    plan = plan_of(model, environment(24))
    assert 'the flight rule "No fire while we look." keeps it apart from x/a' in reason(plan, "x/b")


def test_host_power_limit() -> None:
    modules = with_equipment(reactor={"type": "fission_source", "mass": "1 kg", "power": "2 kW"})
    modules["base"]["payload_power_limit"] = "15 W"
    model = station(
        modules=modules,
        payloads={"one": payload(), "two": payload()},
        experiments={
            "x": experiment(a=request("look", "one", "10 h", count=1), b=request("burn", "two", "10 h", count=2))
        },
    )
    plan = plan_of(model, environment(24))
    assert len(plan.activities) == 2
    assert len(plan.unplaced) == 1
    # whichever lacks one is held off by the power of the other, or by its own activity
    assert "15 W" in plan.unplaced[0].reason


def test_maximum_power_rule() -> None:
    rule = {"type": "maximum_power", "maximum": "115 W", "text": "At most 115 W."}
    model = station(
        payloads={"one": payload(), "two": payload()},
        experiments={
            "x": experiment(
                a=request("look", "one", "12 h", count=1), b=request("burn", "two", "13 h", count=1, priority=2)
            )
        },
        flight_rules={"peak": rule},
    )
    plan = plan_of(model, environment(24))
    assert "maximum power" in reason(plan, "x/b")


@pytest.mark.parametrize("kind", ["host", "rule"])
def test_one_payload_alone_may_be_too_much(kind: str) -> None:
    """One place for one activity: nothing else is there to share a power constraint with."""
    modules = with_equipment(reactor={"type": "fission_source", "mass": "1 kg", "power": "2 kW"})
    rules = {"peak": {"type": "maximum_power", "maximum": "115 W", "text": "At most 115 W."}} if kind == "rule" else {}
    modules["base"] |= {"payload_power_limit": "15 W"} if kind == "host" else {}
    model = station(
        modules=modules,
        payloads={"one": payload(on="20 W")},
        experiments={"x": experiment(a=request("look", "one", "2 h", count=1, constraints={"light": "lit"}))},
        flight_rules=rules,
    )
    plan = plan_of(model, environment(24, lit=np.isin(np.arange(24), (5, 6, 7))))
    assert plan.activities == ()


def test_a_follower_gets_no_more_than_its_total() -> None:
    pieces = {"minimum": "90 min", "maximum": "8 h"}
    model = station(
        payloads={"one": payload(), "two": payload()},
        experiments={
            "x": experiment(
                a=request("look", "one", "1 h", count=6),
                b=request("burn", "two", pieces, total="9 h", after=[{"request": "a"}]),
            )
        },
    )
    plan = plan_of(model, environment(96))
    assert len([item for item in plan.activities if item.request == "x/b"]) == 2


def test_battery_gives_what_its_charge_allows() -> None:
    """Dark for 20 h, base load 100 W: 5 kWh less 2 kWh, floor 30 + 2 % of 5 kWh: 1.4 kWh are left for 100 W payloads."""
    model = station(
        modules=with_equipment(cell=battery("5 kWh"), panel=array("1 m^2")),
        payloads={"eye": payload(on="100 W")},
        experiments={"x": experiment(r=request("look", "eye", "1 h", count=20))},
        flight_rules={"floor": {"type": "minimum_charge", "minimum": "30 %", "text": "30 %"}},
    )
    plan = plan_of(model, environment(20, lit=False))
    assert len(plan.activities) == 14
    assert reason(plan, "x/r") == "the stores would fall to 30.0 %, less than 2 % above the rule's 30 %"


def test_a_station_that_breaks_its_charge_rule_by_itself() -> None:
    """100 W from 10 kWh for 24 h: 76 % at the end, and an activity would only make it worse."""
    model = station(
        modules=with_equipment(cell=battery("10 kWh")),
        payloads={"eye": payload(on="100 W")},
        experiments={"x": experiment(r=request("look", "eye", "1 h", count=1))},
        flight_rules={"floor": {"type": "minimum_charge", "minimum": "80 %", "text": "80 %"}},
    )
    surroundings = environment(24, lit=False)
    plan = make_plan("0" * 64, model, surroundings)
    sentence = "with nothing planned the stores already fall to 76.0 % on 2 Jan 00:00, below the rule's 80 %"
    assert reason(plan, "x/r") == sentence
    found = check_plan(plan, model, surroundings)
    assert [(item.rule, item.text) for item in found] == [("charge rule, idle station", sentence)]


def test_full_recorder_is_the_reason() -> None:
    """No contact: 1 Gbit hold ten hours of 27.7 kbit/s at most."""
    model = one_request(duration="1 h", instrument=payload(rate="27.7 kbit/s"), count=20)
    plan = plan_of(model, environment(24, earth=False))
    assert len(plan.activities) == 10
    assert reason(plan, "x/r") == "the recorder would be full: it holds 1 Gbit, and an activity makes 99.7 Mbit"


def test_bus_power_is_the_reason() -> None:
    modules = with_equipment(reactor={"type": "fission_source", "mass": "1 kg", "power": "150 W"})
    model = station(
        modules=modules,
        payloads={"eye": payload(on="80 W")},
        experiments={"x": experiment(r=request("look", "eye", "1 h", count=1))},
    )
    assert reason(plan_of(model, environment(24)), "x/r") == "the bus would lack 30 W"


def test_night_mode_lets_only_continuous_payloads_work() -> None:
    night = {
        "enter": [{"reading": "array_power", "below": "5 W"}],
        "leave": [{"reading": "array_power", "above": "6 W"}],
        "activities": "continuous",
        "standby": True,
        "downlink": True,
    }
    model = station(
        modules=with_equipment(cell=battery("50 kWh"), panel=array("2 m^2")),
        payloads={"eye": payload(), "ear": payload(continuous=True)},
        experiments={
            "x": experiment(a=request("look", "eye", "1 h", count=24), b=request("burn", "ear", "1 h", count=24))
        },
        modes={"night": night},
    )
    plan = plan_of(model, environment(24, lit=np.arange(24) < 12))
    assert len(starts_h(plan, "x/a")) == 11  # the hour to the first dark epoch may not end in it
    assert len(starts_h(plan, "x/b")) == 24


def test_same_seed_same_plan_and_limits() -> None:
    kinds = ["look", "dig", "listen", "burn"]
    payloads = {f"p{k}": payload(partner="alpha" if k % 2 else "beta") for k in range(8)}
    requests = {
        f"r{k}": request(kinds[k % 4], f"p{k}", {"minimum": "2 h", "maximum": "9 h"}, total="60 h", priority=3 + k % 5)
        for k in range(8)
    }
    model = station(payloads=payloads, experiments={"x": experiment(**requests)})
    surroundings = environment(240, step_s=1800.0)
    first = plan_of(model, surroundings, seed=3, effort=Effort(0.5))
    assert first == plan_of(model, surroundings, seed=3, effort=Effort(0.5))
    assert first.solver.bound >= first.solver.objective
    hurried = plan_of(model, surroundings, effort=Effort(WORK_LIMIT, time.monotonic()))
    assert hurried.activities
    assert hurried.solver.objective <= first.solver.objective + 1e-9


def test_progress_tells_value_bound_and_fairness() -> None:
    seen: list[Progress] = []
    plan = plan_of(one_request(count=2), environment(24), effort=Effort(WORK_LIMIT, on_progress=seen.append))
    assert [item.fraction for item in seen] == sorted(item.fraction for item in seen)
    assert (seen[-1].value, seen[-1].bound) == (plan.solver.objective, plan.solver.bound)
    assert seen[-1].measures["fairness"] == 1.0


def test_partner_outcomes() -> None:
    model = station(
        payloads={"one": payload(on="30 W"), "two": payload(partner="beta", on="10 W", rate="1 kbit/s")},
        experiments={
            "x": experiment(r=request("look", "one", "2 h", count=3)),
            "y": experiment(partner="beta", r=request("burn", "two", "6 h", count=1)),
        },
    )
    alpha, beta = plan_of(model, environment(24)).partners
    assert (alpha.energy_j, beta.energy_j) == (30.0 * 21_600, 10.0 * 21_600)
    assert (alpha.received, beta.received) == (0.75, 0.25)
    assert beta.data_bit == 21_600_000
    assert alpha.requested_s == alpha.placed_s == 21_600


def test_irregular_epochs_are_refused() -> None:
    with pytest.raises(InputError, match="regular"):
        make_plan("0" * 64, one_request(count=1), environment(24).isel(time=[0, 1, 3]))


def test_a_station_without_requests_has_an_empty_plan() -> None:
    plan = plan_of(station(), environment(24))
    assert plan.activities == ()
    assert plan.solver.status == "optimal"


def test_maximum_power_counts_a_heater_in_full() -> None:
    """A thermostat draws all of its 60 W or nothing: 100 + 60 + 10 W break a rule of 165 W though the mean does not."""
    box = {
        "type": "thermal_node", "heat_capacity": "20 kJ/K", "radiator_area": "0 m^2", "radiator_emissivity": "0.8",
        "radiator_absorptance": "0.1", "ground_conductance": "0.2 W/K", "heater": "60 W", "heater_setpoint": "260 K",
        "initial_temperature": "280 K", "operating": {"minimum": "250 K", "maximum": "320 K"},
        "survival": {"minimum": "230 K", "maximum": "330 K"},
    }  # fmt: skip
    base = {**BASE["modules"]["base"]}
    base["equipment"] = {**base["equipment"], "box": box}
    rule = {"type": "maximum_power", "maximum": "165 W", "text": "At most 165 W."}

    def model(**rules):
        return station(
            modules={"base": base},
            payloads={"eye": payload(on="10 W"), "mirror": payload(on="0 W")},
            experiments={
                "x": experiment(r=request("look", "eye", "2 h", count=1), s=request("burn", "mirror", "2 h", count=1))
            },
            flight_rules=rules,
        )

    surroundings = environment(24, ground_k=200.0)  # the node needs 12 W
    plan = plan_of(model(peak=rule), surroundings)
    assert [item.request for item in plan.activities] == ["x/s"]
    assert reason(plan, "x/r") == "the loads together would exceed the flight rule's maximum power"
    careless = plan_of(model(), surroundings)
    assert {item.rule for item in check_plan(careless, model(peak=rule), surroundings)} == {"maximum power"}


def test_what_fits_at_two_starts_is_found_without_a_search() -> None:
    """The array carries the payload for four hours of eighty, and the battery can't help: two starts of 78 are left."""
    lit = (np.arange(80) >= 48) & (np.arange(80) < 52)
    model = station(
        modules=with_equipment(
            reactor={"type": "fission_source", "mass": "1 kg", "power": "100 W"},
            cell=battery("10 Wh"),
            panel=array("4 m^2"),
        ),
        payloads={"lamp": payload(on="500 W")},
        experiments={"x": experiment(r=request("look", "lamp", "3 h", count=1))},
    )
    plan = plan_of(model, environment(80, lit=lit), effort=Effort(0.0))
    assert starts_h(plan, "x/r") == [48.0]
    assert plan.unplaced == ()
