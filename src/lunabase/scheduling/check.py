"""An independent check of a solution: every rule looked at directly, sharing nothing with the solvers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from lunabase.scheduling.problem import Demand, Done, Link, Machine, Mode, Problem, Renewable, Reservoir, Solution

Kind = Literal["missing", "mode", "duration", "window", "link", "capacity", "machine", "reservoir", "group"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule broken: its kind, the tasks concerned, and what happens."""

    kind: Kind
    tasks: tuple[int, ...]
    what: str


def violations(problem: Problem, solution: Solution) -> list[Violation]:
    """Everything that is wrong with a solution; empty if it is valid.

    Raises ValueError if the solution is not for as many tasks.
    """
    if len(solution) != len(problem.tasks):
        raise ValueError(f"a solution of {len(solution)} entries for {len(problem.tasks)} tasks")
    found = [fault for task in range(len(solution)) for fault in _task(problem, task, solution[task])]
    if any(fault.kind == "mode" for fault in found):
        return found
    found += [fault for link in problem.links for fault in _link(link, solution)]
    for group in problem.groups:
        count = sum(solution[task] is not None for task in group.tasks)
        if not group.least <= count <= group.most:
            found.append(Violation("group", group.tasks, f"{count} done, {group.least} to {group.most} allowed"))
    for number, resource in enumerate(problem.resources):
        users = _users(problem, solution, number)
        match resource:
            case Renewable():
                found += _capacity(resource, users)
            case Machine():
                found += _machine(resource, users)
            case Reservoir():
                found += _reservoir(resource, users)
    return found


_User = tuple[int, Done, Mode, int]
"""Task, how it is done, its mode and the amount."""


def _users(problem: Problem, solution: Solution, resource: int) -> list[_User]:
    found = []
    for task, done in enumerate(solution):
        if done is not None:
            mode = problem.tasks[task].modes[done.mode]
            amount = sum(demand.amount for demand in mode.demands if _is_of(demand, resource))
            if amount != 0:
                found.append((task, done, mode, amount))
    return found


def _is_of(demand: Demand, resource: int) -> bool:
    return demand.resource == resource


def _task(problem: Problem, index: int, done: Done | None) -> Iterator[Violation]:
    task = problem.tasks[index]
    if done is None:
        if not task.optional:
            yield Violation("missing", (index,), "a compulsory task is left out")
        return
    if not 0 <= done.mode < len(task.modes):
        yield Violation("mode", (index,), f"there is no mode {done.mode}")
        return
    mode = task.modes[done.mode]
    if not mode.duration <= done.duration <= mode.most:
        yield Violation("duration", (index,), f"{done.duration} ticks, {mode.duration} to {mode.most} allowed")
    windows = ((0, problem.horizon),) if mode.windows is None else mode.windows
    inside = any(opened <= done.start and done.end <= closed for opened, closed in windows)
    if not inside or done.start < 0 or done.end > problem.horizon:
        yield Violation("window", (index,), f"{done.start} to {done.end} lies in no window")


def _link(link: Link, solution: Solution) -> Iterator[Violation]:
    first, second = solution[link.first], solution[link.second]
    if second is None:
        return
    if first is None:
        if link.needs:
            yield Violation("link", (link.first, link.second), "done without the task it needs")
        return
    lag = second.start - first.end
    if lag < link.least or (link.most is not None and lag > link.most):
        most = "" if link.most is None else f" to {link.most}"
        yield Violation("link", (link.first, link.second), f"a lag of {lag}, {link.least}{most} allowed")


def _capacity(resource: Renewable, users: list[_User]) -> Iterator[Violation]:
    """Looked at wherever something begins, as only there can the use exceed the capacity anew."""
    ticks = sorted({done.start for _, done, _, _ in users} | {tick for tick, _ in resource.steps})
    for tick in ticks:
        active = [(task, amount) for task, done, _, amount in users if done.start <= tick < done.end]
        room = resource.capacity
        for since, capacity in sorted(resource.steps):
            room = capacity if since <= tick else room
        need = sum(amount for _, amount in active)
        if need > room:
            yield Violation("capacity", tuple(task for task, _ in active), f"{need} of {room} at {tick}")


def _machine(machine: Machine, users: list[_User]) -> Iterator[Violation]:
    """Tasks that take no time need the machine at their place too."""
    in_turn = sorted(users, key=lambda user: (user[1].start, user[1].end, user[0]))
    for (one, done, mode, _), (other, later, next_mode, _) in pairwise(in_turn):
        way = machine.travel[mode.place][next_mode.place]
        if later.start < done.end + way:
            yield Violation("machine", (one, other), f"begins at {later.start}, free at {done.end + way}")


def _reservoir(reservoir: Reservoir, users: list[_User]) -> Iterator[Violation]:
    """Changes of one tick count together."""
    changes: dict[int, int] = {}
    for tick, amount in reservoir.supplies:
        changes[tick] = changes.get(tick, 0) + amount
    for _, done, _, amount in users:
        tick = done.start if amount > 0 else done.end
        changes[tick] = changes.get(tick, 0) - amount
    level = reservoir.initial
    for tick in sorted(changes):
        level += changes[tick]
        if not reservoir.least <= level <= reservoir.most:
            tasks = tuple(user[0] for user in users)
            yield Violation("reservoir", tasks, f"{level} at {tick}, {reservoir.least} to {reservoir.most} allowed")
