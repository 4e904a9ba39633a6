"""A finer plan inside a coarser one: the same activities, each near its time there, and no others.

Activities of the coarser plan that cross an edge of the finer horizon are left to the plans beside it: what they hold
is reserved. Those wholly outside matter where an activity inside follows them, or they follow it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from lunabase.errors import InputError
from lunabase.planning.demand import Demand, Window
from lunabase.planning.plan import Activity, Plan
from lunabase.planning.problem import Problem
from lunabase.planning.tasks import Task
from lunabase.station.model import Station
from lunabase.station.resources import Reservation


def with_reservations(station: Station, problem: Problem, coarser: Plan) -> Station:
    """The station as a coarser plan leaves it to a problem's horizon.

    What crosses an edge of the horizon is reserved, and things that move stand where they were last needed.

    Raises InputError when the coarser plan does not cover the horizon.
    """
    horizon = problem.horizon
    if horizon.start < coarser.start or horizon.stop > coarser.stop:
        raise InputError(
            f"the coarser plan runs from {coarser.start:%Y-%m-%dT%H:%M} to {coarser.stop:%Y-%m-%dT%H:%M}.",
            where="--within",
            fix="Plan a time inside it.",
        )
    reservations = dict(station.reservations)
    for number, item in enumerate(_crossing(problem, coarser), start=1):
        reservations[f"plan-around-{number}"] = _reservation(problem, item)
    resources = {
        name: item.model_copy(update={"starts_at": _place_at_start(station, name, coarser, horizon.start)})
        if item.starts_at is not None
        else item
        for name, item in station.resources.items()
    }
    return station.model_copy(update={"reservations": reservations, "resources": resources})


def _place_at_start(station: Station, mover: str, coarser: Plan, start: datetime) -> str | None:
    """Where a coarser plan has brought a moving thing by the finer horizon's start."""
    here = station.resources[mover].starts_at
    for item in sorted(coarser.activities, key=lambda item: item.hold_start):
        if mover in item.resources and item.hold_start < start:
            here = station.activity_types[item.activity_type].place or here
    return here


def _crossing(problem: Problem, coarser: Plan) -> Iterator[Activity]:
    start, stop = problem.horizon.start, problem.horizon.stop
    for item in coarser.activities:
        overlaps = item.hold_start < stop and item.hold_stop > start
        known = any(task.request_id == item.request for task in problem.tasks)
        if known and overlaps and not (start <= item.hold_start and item.hold_stop <= stop):
            yield item


def _reservation(problem: Problem, item: Activity) -> Reservation:
    """What it holds, the payloads that must not work beside it, and its power beyond standby."""
    index = {task.request_id: number for number, task in enumerate(problem.tasks)}
    rivals = {problem.tasks[rival].request.payload for rival in problem.rivals[index[item.request]]}
    payload = problem.station.payloads[item.payload]
    return Reservation.model_construct(
        of=tuple(sorted({item.payload, *item.resources, *item.crew, *rivals})),
        power_w=max(item.power_w - payload.standby_w, 0.0),
        start=item.hold_start,
        stop=item.hold_stop,
        text=f"{item.id} of the plan around",
    )


def refined(problem: Problem, coarser: Plan) -> Problem:
    """The problem with a coarser plan's activities alone: each starts less than a cell of it from its time there."""
    own: dict[str, dict[int, Activity]] = {task.request_id: {} for task in problem.tasks}
    for item in coarser.activities:
        if item.request in own:
            own[item.request][_number(item)] = item
    tasks = tuple(_refined(problem, task, own[task.request_id], coarser.cell_s) for task in problem.tasks)
    outside = {
        (index, number): (_second(problem, item.start), _second(problem, item.stop))
        for index, task in enumerate(problem.tasks)
        for number, item in own[task.request_id].items()
        if not _is_inside(problem, item)
    }
    return replace(problem, tasks=tasks, outside=outside)


def _number(item: Activity) -> int:
    return int(item.id.rpartition("#")[2])


def _second(problem: Problem, moment: datetime) -> int:
    return round((moment - problem.horizon.start).total_seconds())


def _is_inside(problem: Problem, item: Activity) -> bool:
    return problem.horizon.start <= item.hold_start and item.hold_stop <= problem.horizon.stop


def _refined(problem: Problem, task: Task, coarse: Mapping[int, Activity], cell_s: int) -> Task:
    starts_s = {n: _second(problem, item.hold_start) for n, item in coarse.items() if _is_inside(problem, item)}
    slack_s = {n: (cell_s - 1, cell_s - 1) for n in starts_s}
    if task.request.every is not None:
        slack_s = _within_rhythm(task, {n: _second(problem, item.hold_start) for n, item in coarse.items()}, cell_s)
    windows = [
        window for n in sorted(starts_s) for window in _windows(problem, task.demand, n, starts_s[n], slack_s[n])
    ]
    lengths = [round(coarse[window.number].duration_s) for window in windows]
    wanted = replace(
        task.demand,
        count=len(windows),
        total_s=sum(lengths),
        maximum_s=max(lengths, default=task.demand.maximum_s),
        windows=tuple(windows),
        words=f"{len(windows)} activities of the plan around",
    )
    return replace(task, demand=wanted, ordered=True)


def _within_rhythm(task: Task, starts_s: Mapping[int, int], cell_s: int) -> dict[int, tuple[int, int]]:
    """By number, how much earlier and later a start may be so that all starts still keep one rhythm."""
    assert task.request.every is not None
    period_s, tolerance_s = task.request.every.period_s, task.request.every.tolerance_s
    phases = {number: start - (number - 1) * period_s for number, start in starts_s.items()}
    if not phases:
        return {}
    middle = (min(phases.values()) + max(phases.values())) / 2.0
    return {
        number: (
            int(min(max(phase - (middle - tolerance_s), 0.0), cell_s - 1)),
            int(min(max(middle + tolerance_s - phase, 0.0), cell_s - 1)),
        )
        for number, phase in phases.items()
    }


def _windows(problem: Problem, demand: Demand, number: int, start_s: int, slack_s: tuple[int, int]) -> Iterator[Window]:
    """The window of one activity: near its time in the coarser plan, on the finer cells."""
    latest_s = problem.horizon.length_s - demand.hold_s(demand.minimum_s)
    earliest_s, latest_s = max(start_s - slack_s[0], 0), min(start_s + slack_s[1], latest_s)
    fixed = slack_s[0] + slack_s[1] < problem.horizon.cell_s
    if fixed and start_s <= latest_s:
        yield Window(number, start_s, start_s, start_s % problem.horizon.cell_s)
    elif earliest_s <= latest_s:
        yield Window(number, earliest_s, latest_s)
