"""Rovers that must drive, people who must be free and qualified, and substances that run out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from planning_station import BASE, environment, experiment, payload, request, station

from lunabase.planning.crew_time import CrewTime, Need
from lunabase.planning.horizon import horizon_of
from lunabase.planning.plan import Plan
from lunabase.planning.problem import build_problem
from lunabase.planning.solve import make_plan
from lunabase.planning.timetable import Placement, Timetable

PLACES = {
    "rim": {"name": "Rim", "east": "3 km", "north": "4 km"},
    "base": {"name": "Base", "east": "0 m", "north": "0 m"},
    "hill": {"name": "Hill", "east": "0 m", "north": "4 km"},
}
ROVER = {"wheels": {"name": "Wheels", "host": "base", "starts_at": "base", "travel_speed": "0.5 m/s"}}
CREWED = {"crewed": {"start": "2035-01-01", "present": ["base"], "crew": 3}}
CREW = {
    "members": {
        "ada": {"name": "A", "partner": "alpha", "qualifications": ["eva", "medic"]},
        "bo": {"name": "B", "partner": "beta", "qualifications": ["eva"]},
        "cy": {"name": "C", "partner": "beta"},
        "di": {"name": "D", "partner": "beta", "qualifications": ["eva"]},
    },
    "daily_work": "6 h",
}


def kinds(**more):
    return {**BASE["activity_types"], **more}


def drive(place: str | None = None):
    return {"description": "drive", "uses": ["wheels"], **({"place": place} if place else {})}


def plan_of(model, surroundings, **options) -> Plan:
    return make_plan("0" * 64, model, surroundings, **options)


def spans_h(plan: Plan) -> list[tuple[str, float, float]]:
    return [
        (item.request, plan.seconds(item.hold_start) / 3600, plan.seconds(item.hold_stop) / 3600)
        for item in plan.activities
    ]


def test_a_rover_needs_time_from_place_to_place() -> None:
    """Base to rim: 5 km at 0.5 m/s, 10 000 s; rim to hill: 3 km, 6000 s; the way back is not needed."""
    model = station(
        places=PLACES,
        resources=ROVER,
        payloads={"eye": payload(), "ear": payload()},
        activity_types=kinds(a=drive("rim"), b=drive("hill"), c=drive()),
        experiments={
            "x": experiment(
                r=request("a", "eye", "1 h", count=2),
                s=request("b", "ear", "1 h", count=1),
                t=request("c", "ear", "1 h", count=1),
            )
        },
    )
    plan = plan_of(model, environment(10, step_s=1200.0))
    where = {"x/r": (3000, 4000), "x/s": (0, 4000), "x/t": None}
    here, free_s = (0, 0), 0.0
    assert len(plan.activities) == 4
    for request_id, start_h, stop_h in spans_h(plan):
        place = where[request_id] or here
        way_s = np.hypot(place[0] - here[0], place[1] - here[1]) / 0.5
        assert start_h * 3600 - free_s >= way_s
        here, free_s = place, stop_h * 3600


def test_what_would_stand_between_two_places_is_seen() -> None:
    """Taking the stop at the rim out of base, rim, nowhere, rim leaves too little time after the stop at nowhere."""
    model = station(
        places=PLACES,
        resources=ROVER,
        payloads={f"p{k}": payload() for k in range(2)},
        activity_types=kinds(a=drive("rim"), c=drive()),
        experiments={"x": experiment(r=request("a", "p0", "1 h", count=2), t=request("c", "p1", "1 h", count=1))},
    )
    timetable = Timetable(build_problem(model, environment(24)))
    first, between, last = Placement(0, 1, 14_400, 3600), Placement(1, 1, 18_000, 3600), Placement(0, 2, 21_600, 3600)
    for placement in (first, between, last):
        timetable.put(placement)
    assert timetable.fault() is None
    timetable.take(first)
    fault = timetable.fault()
    assert fault is not None
    assert fault.kind == "travel"
    timetable.put(first)
    assert timetable.fault() is None


@pytest.mark.parametrize("seed", range(4))
def test_free_cells_of_a_rover_are_those_where_nothing_comes_late(seed: int) -> None:
    """A hold fits into the free cells just where putting it leaves every later hold in time, found by trying."""
    generator = np.random.default_rng(seed)
    model = station(
        places=PLACES,
        resources=ROVER,
        payloads={f"p{k}": payload() for k in range(3)},
        activity_types=kinds(a=drive("rim"), b=drive("hill"), c=drive()),
        experiments={"x": experiment(**{f"r{k}": request("abc"[k], f"p{k}", "1 h", count=30) for k in range(3)})},
    )
    timetable = Timetable(build_problem(model, environment(60)))
    for number in range(1, 9):
        task = int(generator.integers(3))
        starts = np.flatnonzero(timetable.free_cells(task))
        if starts.size:
            timetable.put(Placement(task, number, int(generator.choice(starts)) * 3600, 3600))
    for task in range(3):
        free = timetable.free_cells(task)
        for cell in range(60):
            if timetable.blocked[task, cell]:
                continue
            tried = Placement(task, 20, cell * 3600, 3600)
            timetable.put(tried)
            assert (timetable.fault() is None) == free[cell]
            timetable.take(tried)


def crewed(needs, count=6, duration="2 h", **more):
    return station(
        phases=CREWED,
        crew=CREW,
        payloads={f"p{k}": payload() for k in range(count)},
        activity_types=kinds(work={"description": "work", "crew": needs}),
        experiments={"x": experiment(**{f"r{k}": request("work", f"p{k}", duration, count=1) for k in range(count)})},
        **more,
    )


def test_people_are_qualified_and_do_one_thing_at_a_time() -> None:
    """Of three people (the fourth stays at home) two are fit for walks: one walk of two at a time, 6 h of them a day."""
    needs = [{"people": 2, "qualification": "eva"}]
    plan = plan_of(crewed(needs), environment(24))
    assert len(plan.activities) == 3
    assert {item.crew for item in plan.activities} <= {("ada", "bo"), ("bo", "ada")}
    for (_, _, stop), (_, start, _) in pairwise(spans_h(plan)):
        assert stop <= start


def test_needs_are_met_by_different_people() -> None:
    """A medic and a walker: ada must be the medic; with anyone besides, all three work."""
    needs = [{"qualification": "eva"}, {"qualification": "medic"}, {"people": 1}]
    plan = plan_of(crewed(needs, count=1), environment(24))
    assert plan.activities[0].crew == ("bo", "ada", "cy")


def test_reserved_people_are_not_at_work() -> None:
    held = {"rest": {"of": ["bo"], "start": "2035-01-01T00:00:00", "stop": "2035-01-01T12:00:00", "text": "Rest."}}
    plan = plan_of(crewed([{"people": 2, "qualification": "eva"}], reservations=held), environment(24))
    assert len(plan.activities) == 3
    assert min(start for _, start, _ in spans_h(plan)) >= 12.0


def test_too_few_people_is_said() -> None:
    model = crewed([{"people": 2, "qualification": "medic"}], count=1)
    plan = plan_of(model, environment(24))
    assert plan.unplaced[0].reason == (
        "it needs 2 people qualified for medic; phase crewed has 3 people whose time is planned"
    )


def test_work_over_midnight_counts_for_both_days() -> None:
    model = crewed([{"people": 1}], count=1)
    crew = CrewTime(model, model.phases["crewed"], horizon_of(environment(72), model))
    assert crew.per_day(22 * 3600, 27 * 3600) == [(0, 7200), (1, 3 * 3600)]
    crew.change(("cy",), 22 * 3600, 27 * 3600, 1)
    assert crew.worked_s[2].tolist() == [7200, 10_800, 0, 0]
    everyone = (Need(3, frozenset((0, 1, 2))),)
    starts = np.array([10, 12, 27, 30, 46, 52]) * 3600
    # 4 h more fit into no rest of day 0 but up to 24 h; on day 1 three hours are left for cy.
    assert crew.enough(everyone, starts, 4 * 3600).tolist() == [True, True, False, False, True, True]


def test_a_substance_runs_out() -> None:
    model = station(
        consumables={"resin": {"name": "Resin", "amount": "1 kg"}},
        payloads={"printer": payload(), "other": payload()},
        activity_types=kinds(
            print={"description": "print", "consumes": {"resin": "0.3 kg"}},
            patch={"description": "patch", "consumes": {"resin": "0.1 kg"}},
        ),
        experiments={
            "x": experiment(
                big=request("print", "printer", "1 h", count=5, priority=9),
                small=request("patch", "other", "1 h", count=5, priority=1),
            )
        },
    )
    plan = plan_of(model, environment(24))
    placed = [item.request for item in plan.activities]
    assert (placed.count("x/big"), placed.count("x/small")) == (3, 1)
