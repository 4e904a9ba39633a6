"""The last touch: activities move to the earliest place that is as good for every goal before early finish."""

from __future__ import annotations

from dataclasses import replace

from lunabase.planning.timetable import Placement, Timetable
from lunabase.scheduling.effort import Effort


def finish_early(timetable: Timetable, effort: Effort) -> None:
    """Move every activity, in order of time, to its earliest place if the plan is better for it."""
    if not timetable.problem.aims.asks_for("early_finish"):
        return
    for item in sorted(timetable.placed.values(), key=lambda item: (item.hold_start_s, item)):
        if effort.stopped or effort.seconds_left <= 0.0:
            return
        _move(timetable, item)


def _move(timetable: Timetable, item: Placement) -> None:
    task = timetable.problem.tasks[item.task]
    window = next((window for window in task.demand.windows if window.number == item.number), None)
    if window is None:
        return
    before = timetable.rank()
    timetable.take(item)
    free = timetable.free_cells(item.task, item.variant)
    starts_s = timetable.fitting_starts_s(item.task, window, item.duration_s, free, item.variant)
    if starts_s.size and starts_s[0] < item.hold_start_s:
        moved = timetable.staffed(replace(item, hold_start_s=int(starts_s[0]), crew=()))
        if moved is not None and timetable.fault_with(moved) is None:
            timetable.put(moved)
            if timetable.rank() > before and timetable.fault() is None:
                return
            timetable.take(moved)
    timetable.put(item)
