"""What of a plan still holds in a changed problem: its history, its pins, and all that can stay where it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from lunabase.errors import InputError
from lunabase.planning.change import Change, Pin
from lunabase.planning.demand import Window
from lunabase.planning.opportunities import open_cells
from lunabase.planning.plan import Activity, Plan
from lunabase.planning.problem import Problem
from lunabase.planning.restrict import by_request, number_of
from lunabase.planning.timetable import Placement, Timetable


@dataclass(slots=True)
class Mend:
    """A repair under way."""

    timetable: Timetable
    now_s: int
    pinned: set[tuple[int, int]] = field(default_factory=set)
    """Task and number of what must keep its time."""
    freed: list[Placement] = field(default_factory=list)
    """Where the broken activities were."""

    @property
    def problem(self) -> Problem:
        """What is planned."""
        return self.timetable.problem

    def may_move(self, item: Placement) -> bool:
        """Whether it is neither history nor pinned, and nothing that follows it is."""
        if item.hold_start_s < self.now_s or (item.task, item.number) in self.pinned:
            return False
        return all(self.may_move(later) for later in self._followers(item))

    def free(self, item: Placement) -> None:
        """Take an activity out, and what follows it."""
        for later in self._followers(item):
            self.free(later)
        self.timetable.take(item)
        self.freed.append(item)

    def _followers(self, item: Placement) -> Iterator[Placement]:
        placed = self.timetable.placed
        keys = [(follower, item.number) for follower in self.problem.followers[item.task]]
        return (placed[key] for key in keys if key in placed)


def placement_of(problem: Problem, item: Activity, tasks: Mapping[str, int]) -> Placement | None:
    """Where an activity of a plan stands in a problem; None if its request or its way of doing it is gone."""
    index = tasks.get(item.request)
    if index is None:
        return None
    for variant, way in enumerate(problem.tasks[index].variants):
        if (way.payload, way.mode, way.resources) == (item.payload, item.mode, item.resources):
            start_s = round((item.hold_start - problem.horizon.start).total_seconds())
            number = _number_in(problem, index, item, start_s)
            return Placement(index, number, start_s, round(item.duration_s), variant, item.crew)
    return None


def _number_in(problem: Problem, index: int, item: Activity, start_s: int) -> int:
    """An activity's number; where there is one in each interval of a kind, that of the interval it lies in."""
    demand = problem.tasks[index].demand
    if demand.kind != "each":
        return number_of(item)
    inside = (w.number for w in demand.windows if w.earliest_s <= start_s <= w.latest_s)
    return next(inside, number_of(item))


def keep_history(mend: Mend, previous: Plan) -> None:
    """Place what has begun; what is under way and can't go on is freed.

    Raises InputError where the change asks for another form of something that has begun.
    """
    tasks = by_request(mend.problem)
    for item in previous.activities:
        start_s = (item.hold_start - mend.problem.horizon.start).total_seconds()
        if start_s >= mend.now_s:
            continue
        placement = placement_of(mend.problem, item, tasks)
        if placement is None or not _same_form(mend.problem, placement, item):
            raise InputError(
                f"{item.id} has begun before now and is not what the changed request {item.request} asks for.",
                where="--change",
                fix="Give the changed request another name, and cancel the old one.",
            )
        under_way = mend.timetable.span_s(placement)[1] > mend.now_s
        if under_way and not _open_from_now(mend, placement):
            mend.freed.append(placement)
        else:
            mend.timetable.put(placement)


def _same_form(problem: Problem, placement: Placement, item: Activity) -> bool:
    """Whether setup, length and teardown are what the request asks for."""
    demand = problem.tasks[placement.task].demand
    setup_s = (item.start - item.hold_start).total_seconds()
    teardown_s = (item.hold_stop - item.stop).total_seconds()
    fits = demand.minimum_s <= placement.duration_s <= demand.maximum_s
    return fits and abs(setup_s - demand.setup_s) < 1.0 and abs(teardown_s - demand.teardown_s) < 1.0


def _open_from_now(mend: Mend, placement: Placement) -> bool:
    """Whether what is under way may go on: no constraint is in its way from now on."""
    cell_s = mend.problem.horizon.cell_s
    stop_s = mend.timetable.span_s(placement)[1]
    way = mend.timetable.variant(placement)
    return bool(way.open[-(-mend.now_s // cell_s) : -(-stop_s // cell_s)].all())


def keep_pins(mend: Mend, previous: Plan, change: Change) -> None:
    """Place what is pinned, before anything else can take its place."""
    known = {item.id: item for item in previous.activities}
    tasks = by_request(mend.problem)
    pins = [*change.pins, *(Pin.model_construct(activity=item.id) for item in previous.activities if item.pinned)]
    for pin in pins:
        placement = _pinned_placement(mend, pin, known, tasks)
        key = (placement.task, placement.number)
        if key in mend.timetable.placed:
            mend.pinned.add(key)
            continue
        settled = settle(mend.timetable, placement)
        if settled is None or mend.timetable.fault_with(settled) is not None:
            name = f"{pin.activity} at {mend.problem.horizon.moment(mend.timetable.start_s(placement)):%Y-%m-%d %H:%M}"
            raise InputError(
                f"{name} can't be pinned: {_hindrance(mend, placement)}.", where="--change", fix="Pin it elsewhere."
            )
        mend.timetable.put(settled)
        mend.pinned.add(key)


def _pinned_placement(mend: Mend, pin: Pin, known: Mapping[str, Activity], tasks: Mapping[str, int]) -> Placement:
    item, problem = known.get(pin.activity), mend.problem
    if item is None and pin.start is None:
        fix = "Give its `start`, or pin an activity of the plan."
        raise InputError(f"{pin.activity} is not in the plan.", where="--change", fix=fix)
    request, _, number = pin.activity.rpartition("#")
    if request not in tasks or not number.isdecimal():
        raise InputError(f"{pin.activity} is no activity's id.", where="--change", fix="Write `experiment/request#1`.")
    placement = placement_of(problem, item, tasks) if item is not None else None
    if placement is None:
        placement = Placement(tasks[request], int(number), 0, problem.tasks[tasks[request]].demand.maximum_s)
    if pin.start is not None:
        start_s = round((pin.start - problem.horizon.start).total_seconds())
        hold_start_s = start_s - problem.tasks[placement.task].demand.setup_s
        return replace(placement, hold_start_s=hold_start_s)
    return placement


def _hindrance(mend: Mend, placement: Placement) -> str:
    """Why a pin can't be kept, in words."""
    cell_s = mend.problem.horizon.cell_s
    start_s, stop_s = mend.timetable.span_s(placement)
    if start_s < mend.now_s:
        return "it would have begun before now"
    way = mend.timetable.variant(placement)
    cells = slice(start_s // cell_s, -(-stop_s // cell_s))
    for clause in way.held:
        if not open_cells((clause,), mend.problem.horizon)[cells].all():
            return f"it needs {clause.words}"
    if not mend.timetable.free_cells(placement.task, placement.variant)[cells].all():
        return "something else that is pinned or under way holds what it needs"
    fault = mend.timetable.fault_with(placement)
    return f"the {fault.kind} does not allow it" if fault is not None else "its number, rhythm or order is another"


def window_of(problem: Problem, placement: Placement) -> Window | None:
    """The window of a placement's number; None if its request has no such number any more."""
    windows = problem.tasks[placement.task].demand.windows
    return next((window for window in windows if window.number == placement.number), None)


def settle(timetable: Timetable, placement: Placement) -> Placement | None:
    """The placement, with its people or others, if it could be added where it is; energy and data are not asked."""
    window = window_of(timetable.problem, placement)
    if window is None or not _is_in_place(timetable, placement, window):
        return None
    needs = timetable.variant(placement).needs
    if not needs:
        return placement
    start_s, stop_s = timetable.span_s(placement)
    free = timetable.crew.free(np.array([start_s]), stop_s - start_s)[:, 0]
    if placement.crew and all(free[timetable.crew.names.index(name)] for name in placement.crew):
        return placement
    return timetable.staffed(replace(placement, crew=()))


def _is_in_place(timetable: Timetable, placement: Placement, window: Window) -> bool:
    """Whether nothing but people, energy and data is in its way: length, time, order, rivals, power, travel, stocks."""
    demand, cell_s = timetable.problem.tasks[placement.task].demand, timetable.problem.horizon.cell_s
    if not demand.minimum_s <= placement.duration_s <= demand.maximum_s:
        return False
    if not window.earliest_s <= placement.hold_start_s <= window.latest_s:
        return False
    earliest_s, latest_s = timetable.bounds_s(placement.task, placement.number, placement.duration_s)
    if not earliest_s <= placement.hold_start_s <= latest_s:
        return False
    start_s, stop_s = timetable.span_s(placement)
    free = timetable.free_cells(placement.task, placement.variant)
    if stop_s > timetable.problem.horizon.length_s or not free[start_s // cell_s : -(-stop_s // cell_s)].all():
        return False
    return timetable.in_mode(placement)


def keep_what_holds(mend: Mend, previous: Plan) -> None:
    """Place what still fits where it was, in order of time; the rest is freed. Energy and data are not asked."""
    tasks = by_request(mend.problem)
    for item in sorted(previous.activities, key=lambda one: one.hold_start):
        placement = placement_of(mend.problem, item, tasks)
        if placement is None or placement.hold_start_s < mend.now_s:
            continue
        if (placement.task, placement.number) in mend.timetable.placed:
            continue
        settled = settle(mend.timetable, placement)
        if settled is not None:
            mend.timetable.put(settled)
        elif window_of(mend.problem, placement) is not None:
            mend.freed.append(placement)
