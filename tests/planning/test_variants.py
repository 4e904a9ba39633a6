"""Choices among payloads, resources and modes, keep-outs, reservations, and one activity in each interval."""

from __future__ import annotations

import numpy as np
from planning_station import BASE, environment, experiment, payload, request, station

from lunabase.planning.plan import Plan
from lunabase.planning.solve import make_plan


def kinds(**more):
    return {**BASE["activity_types"], **more}


def plan_of(model, surroundings, **options) -> Plan:
    return make_plan("0" * 64, model, surroundings, **options)


def starts_h(plan: Plan, request_id: str) -> list[float]:
    return sorted(plan.seconds(item.start) / 3600 for item in plan.activities if item.request == request_id)


def reason(plan: Plan, request_id: str) -> str:
    return next(item.reason for item in plan.unplaced if item.request == request_id)


def test_a_second_payload_takes_what_the_first_cannot() -> None:
    """Twelve hours of work in eight hours: two instruments share it, each with its own power, host and data."""
    model = station(
        phases={"robotic": {"start": "2035-01-01", "present": ["base", "annex"]}},
        payloads={"one": payload(on="10 W"), "two": payload(on="30 W", host="annex", rate="1 kbit/s")},
        experiments={"x": experiment(r=request("look", "one", "4 h", count=3, or_payload=["two"]))},
    )
    plan = plan_of(model, environment(8))
    by_payload = {item.payload: item for item in plan.activities}
    assert len(plan.activities) == 3
    assert (by_payload["one"].host, by_payload["one"].power_w, by_payload["one"].data_bit) == ("base", 10.0, 0.0)
    assert (by_payload["two"].host, by_payload["two"].power_w) == ("annex", 30.0)
    assert by_payload["two"].data_bit == 4 * 3600 * 1000.0


def test_one_of_two_resources_is_chosen() -> None:
    model = station(
        resources={"arm": {"name": "Arm", "host": "base"}, "crane": {"name": "Crane", "host": "base"}},
        payloads={f"p{k}": payload() for k in range(4)},
        activity_types=kinds(lift={"description": "lift", "uses": [], "uses_one_of": ["arm", "crane"]}),
        experiments={
            "x": experiment(
                a=request("hold", "p0", "10 h", count=1, priority=9),
                b=request("lift", "p1", "5 h", count=1),
                c=request("lift", "p2", "5 h", count=1),
                d=request("lift", "p3", "5 h", count=1, priority=1),
            )
        },
    )
    plan = plan_of(model, environment(10))
    chosen = {item.request: item.resources for item in plan.activities}
    assert chosen == {"x/a": ("arm",), "x/b": ("crane",), "x/c": ("crane",)}
    assert "is held" in reason(plan, "x/d")


def test_the_mode_follows_the_surroundings_of_the_whole_hold() -> None:
    """Dark at the epochs 6 h to 12 h: a hold that touches one of them takes the warm mode, any other the plain one."""
    lit = np.ones(24, dtype=bool)
    lit[6:13] = False
    instrument = {**payload(), "power": {"on": "10 W", "warm": "25 W"}}
    model = station(
        payloads={"eye": instrument},
        activity_types=kinds(
            watch={"description": "watch", "mode_when": [{"mode": "warm", "when": {"light": "dark"}}]}
        ),
        experiments={"x": experiment(r=request("watch", "eye", "2 h", total="22 h"))},
    )
    plan = plan_of(model, environment(24, lit=lit))
    assert sum(item.duration_s for item in plan.activities) == 22 * 3600
    for item in plan.activities:
        start_h, stop_h = plan.seconds(item.start) / 3600, plan.seconds(item.stop) / 3600
        touches = start_h < 13 and stop_h > 5
        assert (item.mode, item.power_w) == (("warm", 25.0) if touches else ("on", 10.0))


def test_keep_out_rules_by_kind_and_by_disturbance() -> None:
    """Earth in view at the epochs from 12 h on: dust and burning wait for it to be gone."""
    quiet = {"type": "keep_out", "disturbances": ["dust"], "when": {"earth": "in view"}, "text": "No dust."}
    cold = {"type": "keep_out", "activity_types": ["burn"], "when": {"earth": "in view"}, "text": "No fire."}
    model = station(
        payloads={"mill": payload(disturbs=["dust"]), "oven": payload(), "eye": payload()},
        experiments={
            "x": experiment(
                a=request("look", "mill", "1 h", count=24),
                b=request("burn", "oven", "1 h", count=24),
                c=request("look", "eye", "1 h", count=24),
            )
        },
        flight_rules={"quiet": quiet, "cold": cold},
    )
    plan = plan_of(model, environment(24, earth=np.arange(24) >= 12))
    assert starts_h(plan, "x/a") == starts_h(plan, "x/b") == [float(hour) for hour in range(11)]
    assert len(starts_h(plan, "x/c")) == 24
    assert 'the keep-out "No dust."' in reason(plan, "x/a")


def test_reserved_things_are_not_used() -> None:
    """The payload is taken from 2 h to 4 h, its module's arm from 5:30 to 6:30, and all of the annex from 20 h on."""
    held = {
        "one": {"of": ["eye"], "start": "2035-01-01T02:00:00", "stop": "2035-01-01T04:00:00", "text": "Tests."},
        "two": {"of": ["arm"], "start": "2035-01-01T05:30:00", "stop": "2035-01-01T06:30:00", "text": "Grease."},
        "three": {"of": ["annex"], "start": "2035-01-01T20:00:00", "stop": "2035-01-03", "text": "Away."},
        "past": {"of": ["eye"], "start": "2034-01-01", "stop": "2035-01-01", "text": "Long ago."},
    }
    model = station(
        phases={"robotic": {"start": "2035-01-01", "present": ["base", "annex"]}},
        payloads={"eye": payload(), "claw": payload(), "far": payload(host="annex")},
        experiments={
            "x": experiment(
                a=request("look", "eye", "1 h", count=24),
                b=request("hold", "claw", "1 h", count=24),
                c=request("look", "far", "1 h", count=24),
            )
        },
        reservations=held,
    )
    plan = plan_of(model, environment(24))
    assert set(range(24)) - set(starts_h(plan, "x/a")) == {2, 3}
    assert set(range(24)) - set(starts_h(plan, "x/b")) == {5, 6}
    assert set(range(24)) - set(starts_h(plan, "x/c")) == {20, 21, 22, 23}


def test_one_activity_in_each_interval() -> None:
    """Dark at the epochs 3-6, 10-11 and 15-20 of 24: of the spans of 3, 1 and 5 h those of at least 2 h count."""
    lit = np.ones(24, dtype=bool)
    for first, last in ((3, 6), (10, 11), (15, 20)):
        lit[first : last + 1] = False
    each = {"interval": {"light": "dark"}, "shortest": "2 h"}
    model = station(
        payloads={"eye": payload()},
        experiments={"x": experiment(r=request("look", "eye", {"minimum": "1 h", "maximum": "9 h"}, each=each))},
    )
    plan = plan_of(model, environment(24, lit=lit))
    spans = {item.id: (plan.seconds(item.start) / 3600, plan.seconds(item.stop) / 3600) for item in plan.activities}
    assert spans == {"x/r#1": (3.0, 6.0), "x/r#2": (15.0, 20.0)}
    assert plan.unplaced == ()


def test_an_interval_too_short_for_the_activity_is_missed() -> None:
    each = {"interval": {"light": "dark"}}
    model = station(
        payloads={"eye": payload()},
        experiments={"x": experiment(r=request("look", "eye", "2 h", each=each))},
    )
    plan = plan_of(model, environment(24, lit=~np.isin(np.arange(24), (3, 4, 8, 9, 10, 23))))
    assert {item.id for item in plan.activities} == {"x/r#2"}
    assert plan.unplaced[0].placed == "1 of 3"
