"""The first plan: activities placed one after another, the most valuable per hour first, partners in turn."""

from __future__ import annotations

import numpy as np

from lunabase.planning.demand import Window
from lunabase.planning.horizon import BoolArray, IntArray, runs
from lunabase.planning.problem import Problem
from lunabase.planning.tasks import Task
from lunabase.planning.timetable import Placement, Timetable
from lunabase.planning.trial import Trial, together
from lunabase.scheduling.effort import Effort

_POSITIONS = 24
_RUNS = 12


def fill(timetable: Timetable, tasks: set[int] | None = None, span_s: tuple[int, int] | None = None) -> None:
    """Place whatever still fits of the given tasks (default: all) within a span (default: the horizon), greedily.

    The next activity is the one worth most per held hour; partners that have little of what they are entitled to
    count up to double; a task that others follow counts as much as the best of them.
    """
    problem = timetable.problem
    waiting = {k for k in (tasks if tasks is not None else range(len(problem.tasks))) if problem.tasks[k].open.any()}
    tried: set[tuple[int, int]] = set()
    worth = _worth(problem)
    served = timetable.served()
    span_s = span_s or (0, problem.horizon.length_s)
    while waiting:
        task = max(waiting, key=lambda k: (worth[k] * (2.0 - served[problem.tasks[k].partner]), -k))
        window = _next_window(timetable, task, tried)
        if window is None:
            waiting.discard(task)
            continue
        placement = find_place(timetable, task, window, span_s)
        if placement is None:
            tried.add((task, window.number))
            if not problem.tasks[task].ordered:
                waiting.discard(task)
            continue
        timetable.put(placement)
        _place_followers(timetable, placement, waiting, span_s)
        served = timetable.served()


def complete(timetable: Timetable, effort: Effort) -> None:
    """Place what still fits anywhere: greedily, then every start of the first activity that each task lacks."""
    fill(timetable)
    for task, wanted in enumerate(timetable.problem.tasks):
        while (
            wanted.open.any() and not _has_enough(timetable, task) and not effort.stopped and effort.seconds_left > 0.0
        ):
            absent = (item for item in wanted.demand.windows if (task, item.number) not in timetable.placed)
            window = next(absent, None)
            placement = _anywhere(timetable, task, window) if window is not None else None
            if placement is None:
                break
            rank = timetable.rank()
            timetable.put(placement)
            if timetable.rank() < rank:
                timetable.take(placement)
                break


def _anywhere(timetable: Timetable, task: int, window: Window) -> Placement | None:
    """The longest activity of a window that fits at any start; nothing fits where the shortest does not."""
    demand = timetable.problem.tasks[task].demand
    *longer, shortest_s = _durations(demand.minimum_s, demand.maximum_s)
    shortest = _at_any_start(timetable, task, window, shortest_s)
    if shortest is None:
        return None
    found = (_at_any_start(timetable, task, window, duration_s) for duration_s in longer)
    return next((placement for placement in found if placement is not None), shortest)


def _at_any_start(timetable: Timetable, task: int, window: Window, duration_s: int) -> Placement | None:
    trial = Trial(timetable, task, window, duration_s)
    start = trial.first_fit(together(trial.members(), trial.start_s.size))
    return None if start is None else trial.placement(start)


def _place_followers(timetable: Timetable, placement: Placement, waiting: set[int], span_s: tuple[int, int]) -> None:
    """What follows an activity gets its place before anything else takes it."""
    problem = timetable.problem
    for follower in problem.followers[placement.task]:
        windows = [w for w in problem.tasks[follower].demand.windows if w.number == placement.number]
        missing = (follower, placement.number) not in timetable.placed and not _has_enough(timetable, follower)
        if follower in waiting and windows and missing:
            found = find_place(timetable, follower, windows[0], span_s)
            if found is not None:
                timetable.put(found)
                _place_followers(timetable, found, waiting, span_s)


def _worth(problem: Problem) -> list[float]:
    """Points per second of hold; tasks that others follow inherit the best of these."""
    worth = [problem.gain(k) * _points_per_s(task) for k, task in enumerate(problem.tasks)]
    for _ in problem.tasks:
        for k, task in enumerate(problem.tasks):
            for order in task.follows:
                # A little more than its follower, so that it comes first.
                worth[order.task] = max(worth[order.task], worth[k] * 1.0001)
    return worth


def _points_per_s(task: Task) -> float:
    demand = task.demand
    if demand.kind == "total":
        return task.points / max(demand.total_s, 1) * demand.maximum_s / demand.hold_s(demand.maximum_s)
    return task.points / max(demand.count, 1) / demand.hold_s(demand.maximum_s)


def _next_window(timetable: Timetable, task: int, tried: set[tuple[int, int]]) -> Window | None:
    wanted = timetable.problem.tasks[task]
    if _has_enough(timetable, task):
        return None
    for window in wanted.demand.windows:
        key = (task, window.number)
        if key not in timetable.placed and key not in tried:
            return window
    return None


def _has_enough(timetable: Timetable, task: int) -> bool:
    demand = timetable.problem.tasks[task].demand
    return demand.kind == "total" and timetable.seconds_of(task) >= demand.total_s


def find_place(timetable: Timetable, task: int, window: Window, span_s: tuple[int, int]) -> Placement | None:
    """A place for one activity in its window and a span in which nothing goes wrong: the longest, then the earliest.

    Among variants the first that has a place of that length is taken.
    """
    wanted, cell_s = timetable.problem.tasks[task], timetable.problem.horizon.cell_s
    free = [timetable.free_cells(task, variant) for variant in range(len(wanted.variants))]
    for cells in free:
        cells[: -(-span_s[0] // cell_s)] = False
        cells[span_s[1] // cell_s :] = False
    if wanted.demand.kind == "total" and wanted.demand.minimum_s < wanted.demand.maximum_s:
        return _longest_piece(timetable, task, window, free)
    for duration_s in _durations(wanted.demand.minimum_s, wanted.demand.maximum_s):
        for variant, cells in enumerate(free):
            starts = timetable.fitting_starts_s(task, window, duration_s, cells, variant)
            for start in spread(starts):
                placement = timetable.staffed(Placement(task, window.number, start, duration_s, variant))
                if placement is not None and timetable.fault_with(placement) is None:
                    return placement
    return None


def _durations(minimum_s: int, maximum_s: int) -> list[int]:
    """The longest, the shortest and three between."""
    if minimum_s == maximum_s:
        return [maximum_s]
    return [round(minimum_s + (maximum_s - minimum_s) * part / 4) for part in (4, 3, 2, 1, 0)]


def spread(starts: IntArray, most: int = _POSITIONS) -> list[int]:
    """At most so many of the starts, the earliest first, evenly over all of them."""
    if starts.size <= most:
        return [int(start) for start in starts]
    chosen = np.unique(np.linspace(0, starts.size - 1, most).astype(np.int64))
    return [int(start) for start in starts[chosen]]


def _longest_piece(timetable: Timetable, task: int, window: Window, free: list[BoolArray]) -> Placement | None:
    """A piece of a total: as long as the longest free run, the total and the longest useful length allow."""
    demand, cell_s = timetable.problem.tasks[task].demand, timetable.problem.horizon.cell_s
    wanted_s = min(max(demand.total_s - timetable.seconds_of(task), demand.minimum_s), demand.maximum_s)
    for start, stop, variant in _limited_runs(timetable, task, window, free):
        room_s = (stop - start) * cell_s - demand.setup_s - demand.teardown_s
        duration_s = min(wanted_s, room_s)
        while duration_s >= demand.minimum_s:
            slack = min((stop - start) * cell_s - demand.hold_s(duration_s), window.latest_s - start * cell_s)
            for shift in sorted({0, slack // cell_s, slack // cell_s // 2}):
                tried = Placement(task, window.number, (start + shift) * cell_s, duration_s, variant)
                placement = timetable.staffed(tried) if timetable.in_mode(tried) else None
                if placement is not None and timetable.fault_with(placement) is None:
                    return placement
            if duration_s == demand.minimum_s:
                break
            duration_s = max(duration_s // 2 // cell_s * cell_s, demand.minimum_s)
    return None


def _limited_runs(timetable: Timetable, task: int, window: Window, free: list[BoolArray]) -> list[tuple[int, int, int]]:
    """Free runs of cells of each variant within the order's bounds that hold a shortest piece, the longest first."""
    demand, cell_s = timetable.problem.tasks[task].demand, timetable.problem.horizon.cell_s
    earliest_s, latest_s = timetable.bounds_s(task, window.number, demand.minimum_s)
    if latest_s < earliest_s:
        return []
    first = -(-max(earliest_s, window.earliest_s) // cell_s)
    last = -(-(latest_s + demand.hold_s(demand.minimum_s)) // cell_s)
    spans = [
        (max(start, first), min(stop, last), variant)
        for variant, cells in enumerate(free)
        for start, stop in runs(cells).tolist()
    ]
    spans = [span for span in spans if span[0] * cell_s <= window.latest_s]
    fitting = [span for span in spans if (span[1] - span[0]) * cell_s >= demand.hold_s(demand.minimum_s)]
    return sorted(fitting, key=lambda span: (span[0] - span[1], span[0], span[2]))[:_RUNS]
