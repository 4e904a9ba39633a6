"""The goals in their order: what is promised, value, fairness, likeness to the previous plan, early finish."""

from __future__ import annotations

import pytest
from planning_station import environment, experiment, payload, request, station

from lunabase.planning.checker import check_plan
from lunabase.planning.goals import Aims, Earlier
from lunabase.planning.improve import simple_bound
from lunabase.planning.plan import Plan
from lunabase.planning.problem import build_problem
from lunabase.planning.solve import make_plan
from lunabase.planning.tasks import POINTS


def plan_of(model, surroundings, **options) -> Plan:
    plan = make_plan("0" * 64, model, surroundings, **options)
    assert check_plan(plan, model, surroundings) == ()
    return plan


def count(plan: Plan, request_id: str) -> int:
    return sum(item.request == request_id for item in plan.activities)


def rivals(objectives=None, **more):
    """One arm for twelve hours: a promise of priority 1 against a wish of priority 10, of one partner."""
    goals = {"planning": {"objectives": objectives}} if objectives else {}
    return station(
        payloads={"one": payload(), "two": payload()},
        experiments={
            "x": experiment(
                promise=request("hold", "one", "8 h", priority=1, count=1, **more),
                wish=request("hold", "two", "8 h", priority=10, count=1),
            )
        },
        **goals,
    )


def test_what_is_promised_comes_before_any_value() -> None:
    plan = plan_of(rivals(committed=True), environment(12))
    assert [item.request for item in plan.activities] == ["x/promise"]
    assert plan.activities[0].committed
    assert plan.solver.goals[0].goals == ("committed",)
    assert plan.solver.goals[0].value == 1.0
    assert [item.request for item in plan_of(rivals(), environment(12)).activities] == ["x/wish"]


def test_the_station_file_may_put_value_first() -> None:
    plan = plan_of(rivals([{"value": 1.0}, {"committed": 1.0}], committed=True), environment(12))
    assert [item.request for item in plan.activities] == ["x/wish"]
    assert [(goal.goals, goal.value) for goal in plan.solver.goals] == [(("value",), 512.0), (("committed",), 0.0)]


def shared(objectives):
    """Ten hours of one arm: two hours for beta cost alpha one of its five pieces of two hours, worth 32 each."""
    return station(
        planning={"objectives": objectives},
        payloads={"one": payload(), "two": payload(partner="beta")},
        experiments={
            "x": experiment(a=request("hold", "one", "2 h", priority=8, count=4)),
            "y": experiment(partner="beta", b=request("hold", "two", "2 h", priority=1, count=4)),
        },
    )


@pytest.mark.parametrize(
    ("objectives", "for_beta"),
    [
        ([{"value": 1.0}], 0),
        ([{"fairness": 1.0}, {"value": 1.0}], 2),
        ([{"value": 1.0, "fairness": 1000.0}], 2),
        ([{"value": 1.0, "fairness": 0.001}], 0),
    ],
)
def test_fairness_is_weighed_as_the_file_says(objectives, for_beta) -> None:
    """Eight hours of the arm: 0 or 2 of beta's activities fit beside what alpha leaves."""
    plan = plan_of(shared(objectives), environment(8))
    assert count(plan, "y/b") == for_beta
    assert count(plan, "x/a") == 4 - for_beta
    served = {outcome.partner: outcome.served for outcome in plan.partners}
    assert served == {"alpha": (4 - for_beta) / 4, "beta": for_beta / 4}


def test_a_new_plan_stays_like_the_previous_one() -> None:
    """Without a previous plan everything begins at once; with one it stays where it was, though that is later."""

    def model(**held):
        return station(
            payloads={"one": payload(), "two": payload()},
            experiments={
                "x": experiment(
                    a=request("look", "one", "2 h", count=2, **held), b=request("burn", "two", "3 h", count=1, **held)
                )
            },
        )

    late = {"constraints": {"within": [{"variable": "sun_visible_fraction", "below": 0.5}]}}
    surroundings = environment(24, lit=[hour < 12 for hour in range(24)])
    before = plan_of(model(**late), surroundings)
    assert min(before.seconds(item.start) for item in before.activities) >= 12 * 3600
    fresh = plan_of(model(), surroundings)
    assert min(fresh.seconds(item.start) for item in fresh.activities) == 0.0
    like = plan_of(model(), surroundings, previous=before)
    assert {(i.id, i.start, i.stop) for i in like.activities} == {(i.id, i.start, i.stop) for i in before.activities}
    kept = next(goal for goal in like.solver.goals if goal.goals == ("stability",))
    assert kept.value == 3.0


def test_likeness_fades_with_the_distance() -> None:
    aims = Aims(({"stability": 1.0},), {0: (Earlier(1, 36_000, 3600, 0), Earlier(2, 100_000, 3600, 0))})
    assert aims.kept_points(0, True, Earlier(1, 36_000, 3600, 0)) == POINTS
    assert aims.kept_points(0, True, Earlier(1, 36_000, 3600, 1)) == POINTS // 2
    assert aims.kept_points(0, True, Earlier(1, 36_000 + 43_200, 3600, 0)) == POINTS // 4
    assert aims.kept_points(0, True, Earlier(1, 36_000 + 90_000, 3600, 0)) == 0
    assert aims.kept_points(0, False, Earlier(1, 100_000, 3600, 0)) == POINTS
    assert aims.kept_points(1, True, Earlier(1, 36_000, 3600, 0)) == 0


def test_activities_end_as_early_as_they_can() -> None:
    model = station(
        payloads={"one": payload(), "two": payload()},
        experiments={
            "x": experiment(
                a=request("hold", "one", "2 h", count=3, priority=2),
                b=request("hold", "two", "1 h", count=2, priority=2),
            )
        },
    )
    plan = plan_of(model, environment(24))
    assert max(plan.seconds(item.stop) for item in plan.activities) == 8 * 3600
    lost_days = sum(plan.seconds(item.stop) for item in plan.activities) / 86_400
    assert plan.solver.goals[-1].value == pytest.approx(-lost_days, abs=1e-4)


def test_bounds_stand_above_what_was_reached() -> None:
    plan = plan_of(rivals(committed=True), environment(12))
    for goal in plan.solver.goals:
        assert goal.bound is None or goal.bound >= goal.value - 1e-9


def test_the_bound_counts_payloads_that_work_at_once() -> None:
    """Two payloads serve one request for 20 h in 12 h: the bound of a large problem must not say that it can't be."""
    model = station(
        payloads={"one": payload(), "two": payload()},
        experiments={"x": experiment(r=request("look", "one", "2 h", total="20 h", or_payload=["two"], priority=6))},
    )
    problem = build_problem(model, environment(12))
    plan = plan_of(model, environment(12))
    assert simple_bound(problem) >= plan.solver.objective * POINTS
    assert sum(item.duration_s for item in plan.activities) == 20 * 3600
