"""Projects against published makespans, against CP-SAT alone, and kernels against their definitions."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.peers.psplib import best_known, instances, psplib_folder, read_sm
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.scheduling.check import violations
from lunabase.scheduling.cpsat import solve_in_order
from lunabase.scheduling.effort import Effort
from lunabase.scheduling.generation import justify, place_in_order
from lunabase.scheduling.problem import Demand, Link, Machine, Mode, Problem, Renewable, Task
from lunabase.scheduling.project import heads, least_makespan, overloaded, project_of, tails
from lunabase.scheduling.solve import solve

needs_psplib = pytest.mark.skipif(psplib_folder() is None, reason="no folder psplib: set LUNABASE_DATA")


@st.composite
def projects(draw, most_tasks: int = 8) -> Problem:
    count = draw(st.integers(1, most_tasks))
    capacities = draw(st.lists(st.integers(1, 4), min_size=0, max_size=2))
    resources = (*(Renewable(capacity) for capacity in capacities), Machine())
    tasks = []
    for _ in range(count):
        demands = [Demand(k, draw(st.integers(0, capacity))) for k, capacity in enumerate(capacities)]
        duration = draw(st.integers(0, 4))
        demands.append(Demand(len(capacities), draw(st.integers(0, min(duration, 1)))))
        tasks.append(Task((Mode(duration, tuple(demands)),)))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.integers(0, 2))
    drawn = draw(st.lists(pairs, max_size=count))
    # Numbered against the links' direction, so that the project has to be put in order.
    links = tuple(Link(max(i, j), min(i, j), lag) for i, j, lag in drawn if i != j)
    horizon = sum(task.modes[0].duration for task in tasks) + sum(link.least for link in links)
    return Problem(tuple(tasks), max(horizon, 1), resources, links)


@settings(max_examples=25)
@given(projects())
def test_projects_are_as_short_as_cp_sat_proves(problem):
    result = solve(problem, Effort(1.0))
    assert result.status == "optimal"
    assert violations(problem, result.solution) == []
    assert result.values == result.bounds == solve_in_order(problem, Effort(), 0).values


@settings(max_examples=40)
@given(projects(), st.randoms(use_true_random=False))
def test_justified_schedules_are_valid_and_never_longer(problem, random):
    project = project_of(problem)
    shop, n = project.shop, len(problem.tasks)
    order, left = [], list(range(n))
    while left:
        before = {i: set(shop.ahead.task[shop.ahead.first[i] : shop.ahead.first[i + 1]].tolist()) for i in left}
        order.append(random.choice([i for i in left if not before[i] & set(left)]))
        left.remove(order[-1])
    starts, used = np.empty(n, np.int64), np.zeros((shop.longest, shop.capacities.size), np.int64)
    order = np.array(order)
    first = place_in_order(order, shop, shop.ahead, starts, used)
    assert violations(problem, project.solution(starts)) == []
    second = justify(shop, starts, order, used, first)
    assert second <= first
    assert violations(problem, project.solution(starts)) == []
    assert (np.diff(starts[order]) >= 0).all()
    assert least_makespan(shop, first) <= second


def test_chains_and_energy_bound_by_hand():
    # Three tasks of 4 ticks after a task of 1 tick, two of which fit side by side: 1 + 4 + 4.
    tasks = (Task((Mode(1),)), *(Task((Mode(4, (Demand(0, 1),)),)) for _ in range(3)))
    shop = project_of(Problem(tasks, 20, (Renewable(2),), tuple(Link(0, k) for k in (1, 2, 3)))).shop
    assert heads(shop).tolist() == [0, 1, 1, 1]
    assert tails(shop).tolist() == [4, 0, 0, 0]
    assert overloaded(shop, heads(shop), 6 - tails(shop))
    assert least_makespan(shop, 20) == 7  # the energy: 12 ticks on 2 after 1
    assert solve(Problem(tasks, 20, (Renewable(2),), tuple(Link(0, k) for k in (1, 2, 3))), Effort(1.0)).values == (9,)


def test_what_is_not_a_project():
    task, links = Task((Mode(2, (Demand(0, 1),)),)), (Link(0, 1),)
    plain = Problem((task, task), 9, (Renewable(1),), links)
    assert project_of(plain) is not None
    assert project_of(replace(plain, objectives=("worth",))) is None
    assert project_of(replace(plain, links=(Link(0, 1), Link(1, 0)))) is None
    assert project_of(replace(plain, links=(Link(0, 1, 0, 3),))) is None
    assert project_of(replace(plain, resources=(Renewable(1, ((3, 0),)),))) is None
    assert project_of(replace(plain, resources=(Renewable(0),))) is None
    on_machine = replace(plain, resources=(Machine(),))
    assert project_of(on_machine) is not None
    assert project_of(replace(on_machine, tasks=(task, replace(task, modes=(Mode(0, (Demand(0, 1),)),))))) is None
    assert project_of(replace(plain, tasks=(task, replace(task, optional=True)))) is None


def test_a_horizon_too_near_is_infeasible():
    task = Task((Mode(2, (Demand(0, 1),)),))
    assert solve(Problem((task, task, task), 5, (Renewable(1),)), Effort(1.0)).status == "infeasible"


@needs_psplib
@pytest.mark.parametrize(
    "name", ["j602_1", "j6014_7", "j6021_2", "j6035_9", "j6030_1", "j1202_1", "j12015_4", "j12015_9"]
)
def test_published_optimal_makespans(name):
    folder = psplib_folder()
    problem, known = instances(folder)[name], best_known(folder)[name]
    result = solve(problem, Effort(4.0))
    assert known.bound == known.makespan
    assert (result.status, result.values) == ("optimal", (known.makespan,))
    assert violations(problem, result.solution) == []


@needs_psplib
def test_an_open_instance_stays_within_its_published_bounds_and_is_repeatable():
    folder = psplib_folder()
    problem, known = instances(folder)["j12013_4"], best_known(folder)["j12013_4"]
    seen = []
    first = solve(problem, Effort(0.5, on_progress=seen.append))
    assert violations(problem, first.solution) == []
    assert known.bound <= first.values[0] <= 1.1 * known.makespan
    assert first.bounds[0] <= known.makespan
    assert first == solve(problem, Effort(0.5))
    assert [item.fraction for item in seen] == sorted(item.fraction for item in seen)
    assert min(item.value for item in seen if item.value is not None) == first.values[0]


SM = """\
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        1          1           4
   3        1          1           4
   4        1          0
************************************************************************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1
------------------------------------------------------------------------
  1      1     0       0
  2      1     3       2
  3      1     4       2
  4      1     0       0
************************************************************************
RESOURCEAVAILABILITIES:
  R 1
    3
************************************************************************
"""


def test_reading_an_instance():
    problem = read_sm(SM)
    assert problem.links == (Link(0, 1), Link(0, 2), Link(1, 3), Link(2, 3))
    assert problem.tasks[1] == Task((Mode(3, (Demand(0, 2),)),))
    assert problem.resources == (Renewable(3),)
    assert solve(problem, Effort(1.0)).values == (7,)


@given(st.integers(0, len(SM)), st.integers(0, 30), st.text(max_size=5))
def test_broken_instances_are_refused_or_read(place, length, text):
    with suppress(InputError):
        assert isinstance(read_sm(SM[:place] + text + SM[place + length :]), Problem)
