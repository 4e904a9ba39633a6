"""What the solver may choose from: for a task, or one number of an ordered task, the places an activity could take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lunabase.planning.demand import Window
from lunabase.planning.horizon import IntArray, runs
from lunabase.planning.timetable import Placement, Timetable

Place = tuple[int, int, int]
"""Hold start and duration, s, and the variant."""


@dataclass(frozen=True, slots=True)
class Choice:
    """At most `most` of these places are taken by a task; with `number`, they are places of that one activity."""

    task: int
    number: int | None
    most: int
    places: tuple[Place, ...]


def every_choice(timetable: Timetable, before: list[Placement]) -> list[Choice]:
    """All places, on the grid of cells, of all tasks in an empty timetable, and those of a plan before."""
    choices = []
    for index, task in enumerate(timetable.problem.tasks):
        windows = task.demand.windows if task.open.any() else ()
        for window in windows if task.ordered else windows[:1]:
            number = window.number if task.ordered else None
            known = {place_of(item) for item in before if item.task == index and number in (None, item.number)}
            found = {place for k in range(len(task.variants)) for place in _all_places(timetable, index, window, k)}
            places = tuple(sorted(known | _in_time(timetable, index, found)))
            choices.append(Choice(index, number, 1 if task.ordered else len(windows), places))
    return [choice for choice in choices if choice.places]


def place_of(item: Placement) -> Place:
    """Where a placement stands among the places of its task."""
    return item.hold_start_s, item.duration_s, item.variant


def _all_places(timetable: Timetable, index: int, window: Window, variant: int) -> tuple[Place, ...]:
    task, cell_s = timetable.problem.tasks[index], timetable.problem.horizon.cell_s
    demand, way = task.demand, task.variants[variant]
    lengths = range(demand.minimum_s, demand.maximum_s + 1, cell_s)
    durations = sorted({*lengths, demand.maximum_s})
    width = demand.hold_s(demand.minimum_s)
    found: list[Place] = []
    for start, stop in (runs(way.open & timetable.travel.open_cells(way)) * cell_s).tolist():
        low = max(start + window.offset_s, window.earliest_s)
        low = -(-(low - window.offset_s) // cell_s) * cell_s + window.offset_s
        for hold_start in range(low, min(stop - width, window.latest_s) + 1, cell_s):
            found += [(hold_start, d, variant) for d in durations if hold_start + demand.hold_s(d) <= stop]
    return tuple(_in_mode(timetable, index, found))


def _in_time(timetable: Timetable, index: int, places: set[Place]) -> set[Place]:
    """Those places from which the data, with those of what is placed, arrive in time, if they must."""
    if timetable.problem.tasks[index].request.deliver_within_s is None:
        return places
    faults = {place: timetable.fault_with(Placement(index, 0, *place)) for place in places}
    return {place for place, fault in faults.items() if fault is None or fault.kind != "delivery"}


def _in_mode(timetable: Timetable, index: int, places: list[Place]) -> list[Place]:
    """Those places at which the surroundings call for the mode of their variant."""
    if all(way.must_touch is None for way in timetable.problem.tasks[index].variants):
        return places
    return [place for place in places if timetable.in_mode(Placement(index, 0, *place))]


def count_places(timetable: Timetable) -> int:
    """About how many places `every_choice` would list."""
    total = 0
    for task in timetable.problem.tasks:
        demand, cell_s = task.demand, timetable.problem.horizon.cell_s
        lengths = 1 + (demand.maximum_s - demand.minimum_s) // cell_s
        open_ = [int(way.open.sum()) for way in task.variants]
        if not task.ordered:
            total += sum(open_) * lengths
            continue
        for window in demand.windows:
            span = max(window.latest_s - window.earliest_s, 0) // cell_s + 1
            total += sum(min(span, cells) for cells in open_) * lengths
    return total


def some_choices(
    timetable: Timetable, freed: list[Placement], wanted: list[tuple[int, Window]], span_s: tuple[int, int], most: int
) -> list[Choice]:
    """Places within a span for freed activities and further wanted ones; what stays in the timetable is respected.

    Places are the edges of free runs, an even grid between them and what was there before.
    """
    before: dict[tuple[int, int | None], list[Place]] = {}
    windows: dict[tuple[int, int | None], list[Window]] = {}
    for item in freed:
        task = timetable.problem.tasks[item.task]
        key = (item.task, item.number if task.ordered else None)
        before.setdefault(key, []).append(place_of(item))
        windows.setdefault(key, []).append(_window(timetable, item.task, item.number))
    for index, window in wanted:
        key = (index, window.number if timetable.problem.tasks[index].ordered else None)
        windows.setdefault(key, []).append(window)
    choices = []
    for (index, number), mine in sorted(windows.items(), key=lambda item: (item[0][0], item[0][1] or 0)):
        held = before.get((index, number), [])
        low, high = (
            min([span_s[0], *(p[0] for p in held)]),
            max([span_s[1], *(_end(timetable, index, p) for p in held)]),
        )
        ways = range(len(timetable.problem.tasks[index].variants))
        places = {
            place for k in ways for place in _some_places(timetable, index, mine[0], (low, high), most // len(ways), k)
        }
        places = _in_time(timetable, index, places)
        choices.append(Choice(index, number, len(mine), tuple(sorted({*places, *held}))))
    return [choice for choice in choices if choice.places]


def _window(timetable: Timetable, task: int, number: int) -> Window:
    return next(item for item in timetable.problem.tasks[task].demand.windows if item.number == number)


def _end(timetable: Timetable, task: int, place: Place) -> int:
    return place[0] + timetable.problem.tasks[task].demand.hold_s(place[1])


def _some_places(
    timetable: Timetable, index: int, window: Window, span_s: tuple[int, int], most: int, variant: int
) -> list[Place]:
    demand, cell_s = timetable.problem.tasks[index].demand, timetable.problem.horizon.cell_s
    free = timetable.free_cells(index, variant)
    inside = np.zeros_like(free)
    inside[span_s[0] // cell_s : -(-span_s[1] // cell_s)] = True
    found: list[Place] = []
    for start, stop in (runs(free & inside) * cell_s).tolist():
        low, high = max(start, window.earliest_s), min(stop, window.latest_s + demand.hold_s(demand.maximum_s))
        if high - low < demand.hold_s(demand.minimum_s):
            continue
        edges = np.unique(np.linspace(low, high, 13).astype(np.int64) // cell_s * cell_s)
        edges = np.unique(np.concatenate((edges, [-(-low // cell_s) * cell_s, high])))
        for hold_start, duration_s in _between(
            edges, demand.setup_s + demand.teardown_s, demand.minimum_s, demand.maximum_s
        ):
            begins = hold_start - hold_start % cell_s + window.offset_s
            if low <= begins <= window.latest_s and begins + demand.hold_s(duration_s) <= stop:
                found.append((begins, duration_s, variant))
    found = _in_mode(timetable, index, sorted(set(found)))
    if len(found) <= most:
        return found
    return [found[k] for k in np.unique(np.linspace(0, len(found) - 1, most).astype(int))]


def _between(edges: IntArray, overhead_s: int, minimum_s: int, maximum_s: int) -> list[tuple[int, int]]:
    """Hold starts and durations that begin or end at an edge; of flexible lengths also those from edge to edge."""
    places = []
    for edge in edges.tolist():
        for duration_s in {minimum_s, maximum_s}:
            places += [(edge, duration_s), (edge - overhead_s - duration_s, duration_s)]
        for other in edges.tolist() if minimum_s < maximum_s else ():
            duration_s = other - edge - overhead_s
            if minimum_s <= duration_s <= maximum_s:
                places.append((edge, duration_s))
    return places
