import os
import signal
import threading
import time

import pytest
from hypothesis import given, settings
from ortools.sat.python import cp_model
from tiny import best_values, problems

from lunabase.scheduling.check import violations
from lunabase.scheduling.cpsat import solve_in_order
from lunabase.scheduling.effort import Effort, stopped_by_interrupt
from lunabase.scheduling.problem import Demand, Done, Mode, Problem, Renewable, Task, value_of
from lunabase.scheduling.solver import solve_model


@settings(max_examples=80)
@given(problems())
def test_random_problems_are_solved_to_the_best_there_is(problem):
    best = best_values(problem)
    result = solve_in_order(problem, Effort(), 0)
    if best is None:
        assert result.status == "infeasible"
        return
    assert result.status == "optimal"
    assert violations(problem, result.solution) == []
    assert result.values == best == result.bounds
    assert result.values == tuple(value_of(problem, name, result.solution) for name in problem.objectives)


def hard() -> Problem:
    """60 tasks that no one packs well in little time."""
    tasks = tuple(Task((Mode(3 + k % 7, (Demand(0, 2 + k * k % 5),)),)) for k in range(60))
    return Problem(tasks, 1000, (Renewable(9),))


def test_without_effort_the_hint_is_kept():
    problem = hard()
    ends = [0]
    for task in problem.tasks:
        ends.append(ends[-1] + task.modes[0].duration)
    hint = tuple(Done(start, task.modes[0].duration) for start, task in zip(ends, problem.tasks, strict=False))
    result = solve_in_order(problem, Effort(0.0), 0, hint)
    assert result.values[0] <= ends[-1]
    assert violations(problem, result.solution) == []


def test_same_seed_and_work_same_result():
    first, second = (solve_in_order(hard(), Effort(0.05), 3) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("how", ["deadline", "stop", "interrupt"])
def test_a_long_solve_ends_when_asked(how):
    model = cp_model.CpModel()
    # Pigeons: 14 in 13 holes, hopeless without symmetry.
    holes = [[model.new_bool_var("") for _ in range(13)] for _ in range(14)]
    for row in holes:
        model.add_bool_or(row)
    for column in zip(*holes, strict=True):
        for i, one in enumerate(column):
            for other in column[:i]:
                model.add_bool_or(~one, ~other)
    effort = Effort(deadline_s=time.monotonic() + 0.3) if how == "deadline" else Effort()
    if how == "stop":
        threading.Timer(0.3, lambda: setattr(effort, "stopped", True)).start()
    if how == "interrupt":
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    plain = {"symmetry_level": 0, "cp_model_presolve": False, "linearization_level": 0, "cp_model_probing_level": 0}
    with stopped_by_interrupt(effort):
        solved = solve_model(model, effort, 0, **plain)
    assert solved.status == "unknown"
    assert not solved.found
    assert time.monotonic() - began < 3.0
    assert effort.work_done > 0.0
