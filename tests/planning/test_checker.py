"""A good plan has no violation; a plan spoiled in any one way has one of the right kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from planning_station import BASE, battery, environment, experiment, payload, request, station
from pydantic import ValidationError

from lunabase.planning.checker import check_plan
from lunabase.planning.plan import Activity, Plan
from lunabase.planning.solve import make_plan

HOUR = timedelta(hours=1)


def rich_station(**more):
    base = {
        **BASE["modules"]["base"],
        "payload_power_limit": "80 W",
        "loads": {"nominal": "100 W"},
        "equipment": {**BASE["modules"]["base"]["equipment"], "cell": battery("2 kWh")},
    }
    base["equipment"]["reactor"] = {"type": "fission_source", "mass": "1 kg", "power": "120 W"}
    rules = {
        "floor": {"type": "minimum_charge", "minimum": "50 %", "text": "Half full."},
        "peak": {"type": "maximum_power", "maximum": "190 W", "text": "At most 190 W."},
        "fire": {"type": "exclusion", "never": "burn", "during": "look", "text": "No fire while we look."},
    }
    night = {
        "enter": [{"reading": "load", "above": "185 W"}],
        "leave": [{"reading": "load", "below": "150 W"}],
        "activities": "continuous",
        "standby": True,
        "downlink": True,
    }
    experiments = {
        "x": experiment(
            look=request(
                "look",
                "eye",
                "3 h",
                count=2,
                setup="1 h",
                teardown="1 h",
                constraints={"light": "lit", "earth": "in view"},
            ),
            dig=request("dig", "drill", "2 h", count=2),
            lift=request("hold", "crane", "2 h", count=1),
            listen=request("listen", "ear", {"minimum": "2 h", "maximum": "6 h"}, total="12 h"),
            burn=request(
                "burn", "oven", "2 h", count=1, after=[{"request": "dig", "minimum_gap": "1 h", "maximum_gap": "90 h"}]
            ),
            watch=request("look", "eye", "1 h", every={"period": "24 h", "tolerance": "3 h"}, priority=9),
        )
    }
    payloads = {
        "eye": payload(on="20 W"),
        "drill": payload(on="40 W"),
        "crane": payload(on="10 W"),
        "ear": payload(on="5 W", rate="20 kbit/s"),
        "oven": payload(on="30 W"),
    }
    parts = {
        "modules": {"base": base},
        "payloads": payloads,
        "experiments": experiments,
        "flight_rules": rules,
        "modes": {"night": night},
        **more,
    }
    return station(**parts)


LIT = np.ones(96, dtype=bool)
LIT[60:80] = False
SURROUNDINGS = environment(96, lit=LIT, earth=np.arange(96) < 90)
STATION = rich_station()
PLAN = make_plan("0" * 64, STATION, SURROUNDINGS)


def rules_of(plan: Plan, model=STATION, surroundings=SURROUNDINGS) -> set[str]:
    return {violation.rule for violation in check_plan(plan, model, surroundings)}


def changed(request_id: str, change: Callable[[Activity], Activity]) -> Plan:
    """The plan with the first activity of a request changed."""
    first = next(item for item in PLAN.activities if item.request == request_id)
    others = tuple(change(item) if item is first else item for item in PLAN.activities)
    return PLAN.model_copy(update={"activities": others})


def moved(item: Activity, shift: timedelta) -> Activity:
    names = ("hold_start", "start", "stop", "hold_stop")
    return item.model_copy(update={name: getattr(item, name) + shift for name in names})


def moved_to(item: Activity, hold_start_h: float) -> Activity:
    return moved(item, PLAN.start + hold_start_h * HOUR - item.hold_start)


def first_of(request_id: str) -> Activity:
    return next(item for item in PLAN.activities if item.request == request_id)


def test_the_plan_itself_is_good_and_complete() -> None:
    assert rules_of(PLAN) == set()
    assert PLAN.unplaced == ()


MUTATIONS = {
    "wrong payload": ("request", "x/dig", lambda i: i.model_copy(update={"payload": "crane"})),
    "wrong host": ("request", "x/dig", lambda i: i.model_copy(update={"host": "annex"})),
    "wrong partner": ("request", "x/dig", lambda i: i.model_copy(update={"partner": "beta"})),
    "wrong mode": ("request", "x/dig", lambda i: i.model_copy(update={"mode": "standby"})),
    "wrong priority": ("request", "x/dig", lambda i: i.model_copy(update={"priority": 1})),
    "wrong power": ("request", "x/dig", lambda i: i.model_copy(update={"power_w": 1.0})),
    "wrong data": ("request", "x/listen", lambda i: i.model_copy(update={"data_bit": 1.0})),
    "resources forgotten": ("request", "x/dig", lambda i: i.model_copy(update={"resources": ()})),
    "unknown request": ("request", "x/dig", lambda i: i.model_copy(update={"request": "x/rest"})),
    "named twice": ("request", "x/dig", lambda i: i.model_copy(update={"id": "x/dig#2"})),
    "number 0": ("request", "x/lift", lambda i: i.model_copy(update={"id": "x/lift#0"})),
    "number 01": ("request", "x/lift", lambda i: i.model_copy(update={"id": "x/lift#01"})),
    "number in superscript": ("request", "x/lift", lambda i: i.model_copy(update={"id": "x/lift#\u00b2"})),
    "too short": ("duration", "x/dig", lambda i: i.model_copy(update={"stop": i.stop - HOUR, "hold_stop": i.hold_stop - HOUR})),
    "too long": ("duration", "x/listen", lambda i: i.model_copy(update={"stop": i.start + 7 * HOUR, "hold_stop": i.start + 7 * HOUR, "data_bit": 7 * 72e6})),
    "setup missing": ("setup", "x/look", lambda i: i.model_copy(update={"hold_start": i.start})),
    "teardown missing": ("teardown", "x/look", lambda i: i.model_copy(update={"hold_stop": i.stop})),
    "before the horizon": ("horizon", "x/lift", lambda i: moved_to(i, -1.0)),
    "after the horizon": ("horizon", "x/lift", lambda i: moved_to(i, 95.0)),
    "in the dark": ("light", "x/look", lambda i: moved_to(i, 62.0)),
    "one epoch into the dark": ("light", "x/look", lambda i: moved_to(i, 55.5)),
    "Earth below the horizon": ("earth", "x/look", lambda i: moved_to(i, 88.0)),
    "out of the rhythm": ("cadence", "x/watch", lambda i: moved(i, 8 * HOUR)),
    "same payload at once": ("payload", "x/look", lambda i: moved_to(i, PLAN.seconds(first_of("x/watch").start) / 3600 - 1.0)),
    "same resource at once": ("resource", "x/lift", lambda i: moved_to(i, PLAN.seconds(first_of("x/dig").start) / 3600)),
    "disturbed": ("disturbance", "x/listen", lambda i: moved_to(i, PLAN.seconds(first_of("x/dig").start) / 3600)),
    "disturbing": ("disturbance", "x/dig", lambda i: moved_to(i, PLAN.seconds(first_of("x/listen").start) / 3600)),
    "excluded": ("exclusion", "x/burn", lambda i: moved_to(i, PLAN.seconds(first_of("x/watch").start) / 3600)),
    "before what it follows": ("order", "x/burn", lambda i: moved_to(i, PLAN.seconds(first_of("x/dig").start) / 3600)),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_kind_of_mistake_is_found(name: str) -> None:
    rule, request_id, change = MUTATIONS[name]
    assert rule in rules_of(changed(request_id, change))


def test_follower_without_predecessor() -> None:
    others = tuple(item for item in PLAN.activities if item.id != "x/dig#1")
    assert "order" in rules_of(PLAN.model_copy(update={"activities": others}))


def test_more_than_asked() -> None:
    extra = moved_to(first_of("x/lift").model_copy(update={"id": "x/lift#2"}), 30.0)
    assert "amount" in rules_of(PLAN.model_copy(update={"activities": (*PLAN.activities, extra)}))


def test_a_needless_piece() -> None:
    extra = moved_to(first_of("x/listen").model_copy(update={"id": "x/listen#9"}), 40.0)
    assert "amount" in rules_of(PLAN.model_copy(update={"activities": (*PLAN.activities, extra)}))


@pytest.mark.parametrize("request_id", sorted({item.request for item in PLAN.activities}))
def test_forgotten_without_a_reason(request_id: str) -> None:
    kept = list(PLAN.activities)
    kept.remove(next(item for item in reversed(kept) if item.request == request_id))
    assert "unplaced" in rules_of(PLAN.model_copy(update={"activities": tuple(kept)}))


@pytest.mark.parametrize("field", ["energy_j", "placed_s", "data_bit", "received"])
def test_partner_outcomes_that_do_not_add_up(field: str) -> None:
    first = PLAN.partners[0]
    wrong = first.model_copy(update={field: getattr(first, field) * 1.01 + 0.01})
    assert rules_of(PLAN.model_copy(update={"partners": (wrong, *PLAN.partners[1:])})) == {"partners"}
    assert rules_of(PLAN.model_copy(update={"partners": PLAN.partners[:1]})) == {"partners"}


def test_times_without_a_zone_are_no_plan() -> None:
    text = PLAN.model_dump_json().replace(PLAN.start.isoformat().replace("+00:00", "Z"), "2035-01-01T00:00:00", 1)
    with pytest.raises(ValidationError, match="timezone"):
        Plan.model_validate_json(text)


def test_wrong_phase_and_span() -> None:
    assert "phase" in rules_of(PLAN.model_copy(update={"phase": "crewed"}))
    assert "horizon" in rules_of(PLAN.model_copy(update={"stop": PLAN.stop - HOUR}))


def test_absent_host() -> None:
    payloads = {
        "eye": payload(on="20 W"),
        "drill": payload(on="40 W"),
        "crane": payload(host="annex", on="10 W"),
        "ear": payload(on="5 W", rate="20 kbit/s"),
        "oven": payload(on="30 W"),
    }
    there = changed("x/lift", lambda item: item.model_copy(update={"host": "annex"}))
    assert "presence" in rules_of(there, rich_station(payloads=payloads))


def test_crew() -> None:
    experiments = {"x": experiment(tend=request("look", "eye", "1 h", count=1))}
    kept = {"x": experiment(tend=request("look", "eye", "1 h", count=1, constraints={"crew": "present"}))}
    payloads = {"eye": payload()}
    plan = make_plan("0" * 64, station(payloads=payloads, experiments=experiments), environment(24))
    assert rules_of(plan, station(payloads=payloads, experiments=kept), environment(24)) == {"crew"}


def harsher(**parts):
    """The plan against a station that allows less."""
    model = rich_station(**parts)
    return rules_of(PLAN, model)


def base_with(**changes):
    equipment = {**BASE["modules"]["base"]["equipment"], "cell": battery("2 kWh")}
    equipment["reactor"] = {"type": "fission_source", "mass": "1 kg", "power": "120 W"}
    equipment |= changes.pop("equipment", {})
    return {"base": {**BASE["modules"]["base"], "payload_power_limit": "80 W", "equipment": equipment, **changes}}


def test_host_power() -> None:
    assert "host power" in harsher(modules=base_with(payload_power_limit="35 W"))


def test_maximum_power() -> None:
    rule = {"type": "maximum_power", "maximum": "125 W", "text": "At most 125 W."}
    assert "maximum power" in harsher(flight_rules={"peak": rule})


def test_minimum_charge() -> None:
    rule = {"type": "minimum_charge", "minimum": "99.9 %", "text": "Full."}
    assert "minimum charge" in harsher(flight_rules={"floor": rule})


def test_bus_power() -> None:
    assert "bus power" in harsher(modules=base_with(equipment={"cell": battery("2 kWh", maximum_discharge="1 W")}))


def test_recorder() -> None:
    recorder = {"type": "data_recorder", "mass": "1 kg", "capacity": "1 Mbit", "power": "0 W"}
    radio = {"type": "radio", "mass": "1 kg", "rate_to_earth": "1 bit/s", "power": "0 W"}
    assert "recorder" in harsher(modules=base_with(equipment={"recorder": recorder, "radio": radio}))


def test_mode_that_stops_activities() -> None:
    asleep = {
        "enter": [{"reading": "load", "above": "130 W"}],
        "leave": [{"reading": "load", "below": "110 W"}],
        "activities": "none",
        "standby": False,
        "downlink": False,
    }
    assert "mode" in harsher(modes={"dormant": asleep})


def test_shedding() -> None:
    shedding = {"start_below": "99.9 %", "restore_above": "100 %", "interval": "1 h", "order": ["drill", "eye", "oven"]}
    assert "shedding" in harsher(load_shedding=shedding)


@pytest.mark.parametrize("change", [0.9, 1.1])
def test_a_partner_said_to_be_served_better_or_worse(change: float) -> None:
    first = PLAN.partners[0].model_copy(update={"served": PLAN.partners[0].served * change})
    assert rules_of(PLAN.model_copy(update={"partners": (first, *PLAN.partners[1:])})) >= {"partners"}


@pytest.mark.parametrize("goals", [("committed",), ("value", "fairness"), ("early_finish",)])
def test_goals_that_were_not_reached(goals: tuple[str, ...]) -> None:
    told = tuple(
        item.model_copy(update={"value": item.value + 0.1}) if item.goals == goals else item
        for item in PLAN.solver.goals
    )
    assert told != PLAN.solver.goals
    assert rules_of(PLAN.model_copy(update={"solver": PLAN.solver.model_copy(update={"goals": told})})) == {"goals"}


def test_goals_of_another_station() -> None:
    solver = PLAN.solver.model_copy(update={"goals": PLAN.solver.goals[1:]})
    assert rules_of(PLAN.model_copy(update={"solver": solver})) == {"goals"}
