"""A problem after a change: nothing new before now, nothing in forbidden times, and rhythms as they were begun."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from lunabase.planning.change import Change
from lunabase.planning.demand import Demand, rhythm_windows
from lunabase.planning.horizon import BoolArray, Horizon
from lunabase.planning.opportunities import Clause, open_cells
from lunabase.planning.plan import Activity, Plan
from lunabase.planning.problem import Problem
from lunabase.planning.tasks import Task


def restricted(problem: Problem, previous: Plan, change: Change) -> Problem:
    """The problem of the changed station as it is left now; `previous` says where its rhythms began."""
    own: dict[str, list[Activity]] = {}
    for item in previous.activities:
        own.setdefault(item.request, []).append(item)
    now_s = seconds(problem.horizon, change)
    everywhen = np.ones(problem.horizon.steps, dtype=bool)
    past = Clause("time from now on", everywhen, ((-1.0, float(now_s)),))
    ahead = open_cells((past,), problem.horizon)
    tasks = tuple(
        _restricted(problem, task, own.get(task.request_id, []), change, (past, ahead)) for task in problem.tasks
    )
    variants = tuple(variant for task in tasks for variant in task.variants)
    return replace(problem, tasks=tasks, variants=variants)


def seconds(horizon: Horizon, change: Change) -> int:
    """Now, in whole seconds of the horizon."""
    return math.ceil((change.now - horizon.start).total_seconds())


def _restricted(
    problem: Problem, task: Task, own: Sequence[Activity], change: Change, past: tuple[Clause, BoolArray]
) -> Task:
    more = tuple(_forbidden(problem, task, change))
    cells = past[1] & open_cells(more, problem.horizon) if more else past[1]
    variants = tuple(replace(way, held=(*way.held, past[0], *more), open=way.open & cells) for way in task.variants)
    demand = task.demand
    if task.request.every is not None and own:
        demand = _in_rhythm(problem.horizon, task, own)
    return replace(task, variants=variants, open=np.any([way.open for way in variants], axis=0), demand=demand)


def _forbidden(problem: Problem, task: Task, change: Change) -> Iterator[Clause]:
    """Times that the change forbids to the request, or to its activity type; other things are reserved instead."""
    horizon = problem.horizon
    everywhen = np.ones(horizon.steps, dtype=bool)
    if task.request_id in change.cancel:
        yield Clause("time before it was cancelled", everywhen, ((seconds(horizon, change), horizon.length_s + 1.0),))
    for item in change.forbid:
        if item.request == task.request_id or item.activity_type == task.request.activity:
            start_s = (item.start - horizon.start).total_seconds()
            stop_s = (item.stop - horizon.start).total_seconds()
            words = f"time outside {item.start:%d %b %H:%M} to {item.stop:%d %b %H:%M} (forbidden by the change)"
            yield Clause(words, everywhen, ((start_s, stop_s),))


def _in_rhythm(horizon: Horizon, task: Task, own: Sequence[Activity]) -> Demand:
    """The demand with the rhythm that its activities keep, in the middle of what they leave open."""
    assert task.request.every is not None
    period_s, tolerance_s = task.request.every.period_s, task.request.every.tolerance_s
    starts_s = {number_of(item): (item.hold_start - horizon.start).total_seconds() for item in own}
    phases = [start - (number - 1) * period_s for number, start in starts_s.items()]
    anchor_s = round((max(phases) + min(phases)) / 2.0)
    demand = task.demand
    windows = rhythm_windows(
        anchor_s, period_s, tolerance_s, demand.count, horizon, demand.setup_s, demand.hold_s(demand.minimum_s)
    )
    return replace(demand, windows=windows)


def number_of(item: Activity) -> int:
    """The number in an activity's id."""
    return int(item.id.rpartition("#")[2])


def by_request(problem: Problem) -> Mapping[str, int]:
    """Index of each task by its request's id."""
    return {task.request_id: index for index, task in enumerate(problem.tasks)}
