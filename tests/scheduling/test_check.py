"""Each kind of violation is caught, beside a solution that has none."""

from dataclasses import replace

import pytest

from lunabase.scheduling.check import violations
from lunabase.scheduling.problem import (
    Demand,
    Done,
    Group,
    Link,
    Machine,
    Mode,
    Problem,
    Renewable,
    Reservoir,
    Task,
)

PROBLEM = Problem(
    tasks=(
        Task((Mode(2, (Demand(0, 2), Demand(1, 1))), Mode(1))),
        Task((Mode(2, (Demand(0, 1), Demand(1, 1)), place=1),)),
        Task((Mode(1, (Demand(2, 2),), windows=((0, 3), (6, 9)), longest=2),), optional=True),
        Task((Mode(1, (Demand(2, -2),)),), optional=True),
    ),
    horizon=12,
    resources=(Renewable(2, ((8, 1),)), Machine(((0, 3), (3, 0))), Reservoir(1, 0, 2)),
    links=(Link(3, 2, 1, 4),),
    groups=(Group((2, 3), 1, 2),),
)
VALID = (Done(0, 2), Done(5, 2), Done(6, 2), Done(2, 1))


def change(task: int, done: Done | None) -> tuple:
    return tuple(done if k == task else old for k, old in enumerate(VALID))


def kinds(solution, problem=PROBLEM) -> set[str]:
    return {fault.kind for fault in violations(problem, solution)}


def test_a_valid_solution_has_no_violation():
    # The reservoir holds 1; 2 more would overflow, so let it begin empty.
    problem = replace(PROBLEM, resources=(*PROBLEM.resources[:2], Reservoir(0, 0, 2)))
    assert violations(problem, VALID) == []


@pytest.mark.parametrize(
    ("solution", "kind"),
    [
        (change(0, None), "missing"),
        (change(0, Done(0, 2, 2)), "mode"),
        (change(0, Done(0, 3)), "duration"),
        (change(2, Done(3, 2)), "window"),
        (change(2, Done(2, 2)), "window"),
        (change(1, Done(11, 2)), "window"),
        (change(1, Done(-1, 2)), "window"),
        (change(2, Done(8, 1)), "link"),
        (change(3, Done(5, 1)), "link"),
        (change(3, None), "link"),
        (change(0, Done(6, 2)), "capacity"),
        (change(0, Done(7, 2)), "capacity"),
        (change(1, Done(4, 2)), "machine"),
        (VALID, "reservoir"),
        ((VALID[0], VALID[1], None, None), "group"),
    ],
)
def test_each_kind_is_caught(solution, kind):
    assert kind in kinds(solution)


def test_a_step_of_capacity_is_seen_while_a_task_runs():
    assert "capacity" in kinds(change(0, Done(7, 2)))
    assert "capacity" not in kinds(change(0, Done(10, 1, 1)))


def test_a_reservoir_may_not_run_dry():
    empty = replace(PROBLEM, links=(), groups=())
    assert "reservoir" in kinds((*VALID[:2], Done(6, 2), None), empty)


def test_only_whole_solutions_are_checked():
    with pytest.raises(ValueError, match="3 entries for 4 tasks"):
        violations(PROBLEM, VALID[:3])
