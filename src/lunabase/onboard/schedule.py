"""Changes of the timetable by command: activities that are inserted, deleted or moved (service 11)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from lunabase.onboard.executive import Edge, Timetable
from lunabase.planning.plan import Activity


def waiting(table: Timetable, position: int) -> dict[str, int]:
    """Activities that have not begun, by their id; ``position`` is the next edge."""
    return {table.activities[index].id: index for _, edge, index in table.edges[position:] if edge is Edge.HOLD}


def inserted(table: Timetable, position: int, activity: Activity, continuous: bool, start: datetime) -> Timetable:
    """The timetable with one more activity; ``start`` is the moment from which its seconds count."""
    index = len(table.activities)
    moments = {
        Edge.HOLD: activity.hold_start,
        Edge.START: activity.start,
        Edge.STOP: activity.stop,
        Edge.RELEASE: activity.hold_stop,
    }
    edges = [((moment - start).total_seconds(), edge, index) for edge, moment in moments.items()]
    return Timetable(
        activities=(*table.activities, activity),
        continuous=(*table.continuous, continuous),
        start_s=(*table.start_s, (activity.start - start).total_seconds()),
        edges=(*table.edges[:position], *sorted((*table.edges[position:], *edges))),
    )


def deleted(table: Timetable, position: int, indices: Collection[int]) -> Timetable:
    """The timetable without the coming edges of some activities."""
    coming = [edge for edge in table.edges[position:] if edge[2] not in indices]
    return replace(table, edges=(*table.edges[:position], *coming))


def shifted(table: Timetable, position: int, indices: Collection[int], later_s: float) -> Timetable:
    """The timetable with some activities later (negative: earlier)."""
    coming = sorted(
        (time_s + later_s if index in indices else time_s, edge, index)
        for time_s, edge, index in table.edges[position:]
    )
    later = timedelta(seconds=later_s)
    activities = tuple(
        _moved(activity, later) if index in indices else activity for index, activity in enumerate(table.activities)
    )
    start_s = tuple(value + later_s if index in indices else value for index, value in enumerate(table.start_s))
    return replace(table, activities=activities, start_s=start_s, edges=(*table.edges[:position], *coming))


def _moved(activity: Activity, later: timedelta) -> Activity:
    times = ("hold_start", "start", "stop", "hold_stop")
    return activity.model_copy(update={name: getattr(activity, name) + later for name in times})
