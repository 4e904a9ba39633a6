"""Tiny random problems, and their best values by trying everything."""

from itertools import product

from hypothesis import strategies as st

from lunabase.scheduling.check import violations
from lunabase.scheduling.problem import (
    MAXIMISED,
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
    value_of,
)

HORIZON = 5
RESOURCES = (
    Renewable(2, ((2, 1), (4, 2))),
    Machine(((0, 1), (2, 0))),
    Reservoir(1, 0, 2, ((3, 1),)),
)


@st.composite
def modes(draw) -> Mode:
    duration = draw(st.integers(0, 2))
    demands = draw(
        st.lists(
            st.sampled_from([Demand(0, 1), Demand(0, 2), Demand(1, 1), Demand(2, 1), Demand(2, -1)]),
            max_size=2,
            unique_by=lambda demand: demand.resource,
        )
    )
    windows = draw(st.none() | st.sampled_from([((0, 2),), ((1, 3), (3, 5)), ((2, 5),)]))
    longest = draw(st.none() | st.just(duration + 1))
    # A machine's tasks take time: what comes first of two at one moment is not in the solution.
    if any(demand.resource == 1 for demand in demands):
        duration = max(duration, 1)
        longest = longest and duration + 1
    return Mode(duration, tuple(demands), windows, longest, draw(st.integers(0, 1)))


@st.composite
def problems(draw) -> Problem:
    count = draw(st.integers(1, 3))
    tasks = tuple(
        Task(
            tuple(draw(st.lists(modes(), min_size=1, max_size=2))),
            draw(st.booleans()),
            draw(st.integers(0, 5)),
            draw(st.integers(0, 2)),
            draw(st.none() | st.integers(0, 1)),
            draw(st.none() | st.integers(0, 3)),
        )
        for _ in range(count)
    )
    links = ()
    if count > 1:
        ends = st.tuples(st.integers(0, count - 2), st.integers(0, 2), st.none() | st.just(2), st.booleans())
        links = tuple(
            Link(first, first + 1, least, most, needs) for first, least, most, needs in draw(st.lists(ends, max_size=2))
        )
    least = draw(st.integers(0, 1))
    groups = draw(st.sampled_from([(), (Group(tuple(range(count)), least, 2),)]))
    names = ["makespan", "worth", "fairness", "stability", "earliness"]
    objectives = tuple(draw(st.permutations(names))[: draw(st.integers(1, 3))])
    return Problem(tasks, HORIZON, RESOURCES, links, groups, (4, 6), objectives)


def choices(problem: Problem, task: Task) -> list[Done | None]:
    """Every way to do a task, windows and all else apart."""
    ways = [
        Done(start, duration, number)
        for number, mode in enumerate(task.modes)
        for duration in range(mode.duration, mode.most + 1)
        for start in range(problem.horizon - duration + 1)
    ]
    return [*ways, None] if task.optional else ways


def best_values(problem: Problem) -> tuple | None:
    """The lexicographically best values of all valid solutions; None if there is none."""
    alone = []
    for index, task in enumerate(problem.tasks):
        fine = [
            way
            for way in choices(problem, task)
            if not any(
                index in fault.tasks and fault.kind in ("window", "duration")
                for fault in violations(problem, tuple(way if k == index else None for k in range(len(problem.tasks))))
            )
        ]
        alone.append(fine)
    signs = [-1 if objective in MAXIMISED else 1 for objective in problem.objectives]
    found = [
        tuple(
            sign * value_of(problem, objective, solution)
            for sign, objective in zip(signs, problem.objectives, strict=True)
        )
        for solution in product(*alone)
        if not violations(problem, solution)
    ]
    if not found:
        return None
    return tuple(sign * value for sign, value in zip(signs, min(found), strict=True))
