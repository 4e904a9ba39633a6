"""Projects: problems of compulsory tasks, one mode each, links and constant capacities, to be done soonest (RCPSP)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np
from numba import njit

from lunabase.scheduling.generation import IntArray, Links, Shop
from lunabase.scheduling.problem import Done, Machine, Problem, Renewable, Reservoir, Resource, Solution

_MOST_TICKS = 150
"""Of more begins or ends of intervals, evenly chosen ones are looked at."""


@dataclass(frozen=True, slots=True)
class Project:
    """What the kernels work on, its tasks numbered in an order of the links; `numbers` (n,) are the problem's own."""

    shop: Shop
    numbers: IntArray

    def solution(self, starts: IntArray) -> Solution:
        """The problem's solution for starts in the project's numbering."""
        done: dict[int, Done] = {}
        for place, number in enumerate(self.numbers.tolist()):
            done[number] = Done(int(starts[place]), int(self.shop.durations[place]))
        return tuple(done[number] for number in range(len(done)))


def project_of(problem: Problem) -> Project | None:
    """The problem as a project, or None if it asks for more than a project can say (or can't be done at all)."""
    if problem.objectives != ("makespan",) or problem.groups or not problem.tasks:
        return None
    if not all(_plain(problem, index) for index in range(len(problem.tasks))):
        return None
    if any(_capacity(resource) is None for resource in problem.resources):
        return None
    before: dict[int, list[int]] = {index: [] for index in range(len(problem.tasks))}
    for link in problem.links:
        if link.most is not None or link.least < 0:
            return None
        before[link.second].append(link.first)
    try:
        numbers = list(TopologicalSorter(before).static_order())
    except CycleError:
        return None
    shop = _shop(problem, numbers)
    on_machines = shop.demands[:, [isinstance(resource, Machine) for resource in problem.resources]]
    # A task of no length may lie inside another for a capacity, but not for a machine.
    if (shop.demands > shop.capacities).any() or (on_machines[shop.durations == 0] > 0).any():
        return None
    return Project(shop, np.array(numbers, dtype=np.int64))


def _plain(problem: Problem, index: int) -> bool:
    task = problem.tasks[index]
    mode = task.modes[0]
    return not task.optional and len(task.modes) == 1 and mode.windows is None and mode.most == mode.duration


def _capacity(resource: Resource) -> int | None:
    """The constant capacity of a resource, None if it has none."""
    match resource:
        case Renewable():
            return None if resource.steps else resource.capacity
        case Machine():
            return None if any(any(row) for row in resource.travel) else 1
        case Reservoir():
            return None


def _shop(problem: Problem, numbers: Sequence[int]) -> Shop:
    place = {number: k for k, number in enumerate(numbers)}
    demands = np.zeros((len(numbers), len(problem.resources)), dtype=np.int64)
    for number in numbers:
        for demand in problem.tasks[number].modes[0].demands:
            demands[place[number], demand.resource] += demand.amount
    machines = [isinstance(resource, Machine) for resource in problem.resources]
    demands[:, machines] = demands[:, machines] > 0
    durations = np.array([problem.tasks[number].modes[0].duration for number in numbers], dtype=np.int64)
    capacities = np.array([_capacity(resource) for resource in problem.resources], dtype=np.int64)
    ahead = [(place[link.second], place[link.first], link.least) for link in problem.links]
    back = [(first, second, lag) for second, first, lag in ahead]
    longest = int(durations.sum()) + sum(lag for _, _, lag in ahead)
    return Shop(durations, demands, capacities, _links(ahead, len(numbers)), _links(back, len(numbers)), longest)


def _links(triples: list[tuple[int, int, int]], n: int) -> Links:
    """Links from (task, the one before it, lag)."""
    ordered = np.array(sorted(triples), dtype=np.int64).reshape(-1, 3)
    first = np.searchsorted(ordered[:, 0], np.arange(n + 1)).astype(np.int64)
    return Links(first, np.ascontiguousarray(ordered[:, 1]), np.ascontiguousarray(ordered[:, 2]))


def heads(shop: Shop) -> IntArray:
    """Earliest starts (n,) by the links alone."""
    found = np.zeros_like(shop.durations)
    for i in range(found.size):
        for k in range(shop.ahead.first[i], shop.ahead.first[i + 1]):
            j = shop.ahead.task[k]
            found[i] = max(found[i], found[j] + shop.durations[j] + shop.ahead.lag[k])
    return found


def tails(shop: Shop) -> IntArray:
    """Least ticks (n,) from each task's end to the end of all, by the links alone."""
    found = np.zeros_like(shop.durations)
    for i in reversed(range(found.size)):
        for k in range(shop.back.first[i], shop.back.first[i + 1]):
            j = shop.back.task[k]
            found[i] = max(found[i], found[j] + shop.durations[j] + shop.back.lag[k])
    return found


def least_makespan(shop: Shop, most: int) -> int:
    """A lower bound on the makespan, at most `most`: the longest chain, and the energy that resources must give.

    A makespan is impossible if in some interval tasks must use more than a resource's capacity, wherever they lie
    between head and tail (energetic reasoning: Baptiste, Le Pape and Nuijten 1999, doi 10.1023/A:1018995000688).
    """
    early, late = heads(shop), tails(shop)
    low, high = int((early + shop.durations + late).max()), most
    while low < high:
        middle = (low + high) // 2
        if overloaded(shop, early, middle - late):
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)  # type: ignore[untyped-decorator]
def overloaded(shop: Shop, early: IntArray, latest: IntArray) -> bool:
    """Whether tasks between their earliest starts and latest ends (n,) must overload a resource somewhere."""
    resources = shop.capacities.size
    need = np.empty(resources, np.int64)
    begins, ends = np.unique(early), np.unique(latest)
    for begin in begins[:: 1 + begins.size // _MOST_TICKS]:
        for end in ends[:: 1 + ends.size // _MOST_TICKS]:
            if end <= begin:
                continue
            need[:] = 0
            for i in range(early.size):
                left = min(shop.durations[i], early[i] + shop.durations[i] - begin)
                right = min(shop.durations[i], end - latest[i] + shop.durations[i])
                inside = max(0, min(left, right, end - begin))
                for r in range(resources):
                    need[r] += shop.demands[i, r] * inside
            if (need > shop.capacities * (end - begin)).any():
                return True
    return False
