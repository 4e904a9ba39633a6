"""A new plan that begins with what still holds of a previous one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lunabase.planning.goals import Earlier
from lunabase.planning.keep import placement_of, settle
from lunabase.planning.plan import Plan
from lunabase.planning.problem import Problem
from lunabase.planning.restrict import by_request
from lunabase.planning.timetable import Placement, Timetable


def begun(problem: Problem, previous: Plan) -> Timetable:
    """A timetable with every activity of a previous plan that fits where it was, and the aim to stay like it."""
    problem, earlier = remembering(problem, previous)
    timetable = Timetable(problem)
    for item in earlier:
        settled = settle(timetable, item) if item.hold_start_s >= 0 else None
        if settled is not None and timetable.fault_with(settled) is None:
            timetable.put(settled)
    return timetable


def remembering(problem: Problem, previous: Plan) -> tuple[Problem, list[Placement]]:
    """The problem with the aim to stay like a previous plan, and where its activities were, in order of time."""
    tasks = by_request(problem)
    known = [placement_of(problem, item, tasks) for item in previous.activities]
    earlier = sorted((item for item in known if item is not None), key=lambda item: (item.hold_start_s, item))
    return replace(problem, aims=replace(problem.aims, earlier=_by_task(earlier))), earlier


def _by_task(placements: list[Placement]) -> Mapping[int, tuple[Earlier, ...]]:
    found: dict[int, list[Earlier]] = {}
    for item in placements:
        old = Earlier(item.number, item.hold_start_s, item.duration_s, item.variant)
        found.setdefault(item.task, []).append(old)
    return {task: tuple(items) for task, items in found.items()}
