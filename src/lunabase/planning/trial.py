"""One more activity of a request, tried everywhere: at which starts each rule of the plan would allow it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from lunabase.planning.burden import Fault
from lunabase.planning.demand import Window
from lunabase.planning.horizon import BoolArray, IntArray
from lunabase.planning.opportunities import Clause, open_cells
from lunabase.planning.problem import Problem
from lunabase.planning.tasks import Task
from lunabase.planning.timetable import Placement, Timetable

Kind = Literal[
    "constraint", "rival", "own", "window", "order", "host", "peak", "heat", "crew", "travel", "stock", "balance"
]
_MOST_TRIED = 96
"""Energy and data are followed at so many of the starts that all else allows."""


@dataclass(frozen=True, slots=True)
class Member:
    """Something that could keep an activity out, and at which of the starts it does not."""

    kind: Kind
    allowed: BoolArray
    """(starts,)"""
    clause: Clause | None = None
    rival: int = -1
    """Task whose activities are in the way."""

    @property
    def key(self) -> tuple[str, int, str]:
        """What it is, whatever it allows."""
        return self.kind, self.rival, self.clause.words if self.clause is not None else ""


@dataclass(slots=True)
class Trial:
    """All starts of one more activity, of one length, in all variants of its task."""

    timetable: Timetable
    task: int
    window: Window
    duration_s: int
    variant: IntArray = field(init=False)
    """(starts,)"""
    start_s: IntArray = field(init=False)
    """(starts,)"""
    faults: dict[int, Fault | None] = field(default_factory=dict)
    """What energy and data say of the starts that were followed."""

    def __post_init__(self) -> None:
        cell_s, horizon_s = self.problem.horizon.cell_s, self.problem.horizon.length_s
        starts_s = np.arange(self.window.offset_s, horizon_s - self.hold_s + 1, cell_s, dtype=np.int64)
        ways = [way.in_mode(starts_s, self.hold_s, self.problem.horizon) for way in self.wanted.variants]
        self.start_s = np.concatenate([starts_s[fits] for fits in ways])
        self.variant = np.concatenate([np.full(int(fits.sum()), k, dtype=np.int64) for k, fits in enumerate(ways)])

    @property
    def problem(self) -> Problem:
        """What is planned."""
        return self.timetable.problem

    @property
    def wanted(self) -> Task:
        """The task that lacks an activity."""
        return self.problem.tasks[self.task]

    @property
    def hold_s(self) -> int:
        """Setup, activity and teardown, s."""
        return self.wanted.demand.hold_s(self.duration_s)

    def placement(self, start: int) -> Placement | None:
        """The activity at one of the starts, with people; None without enough of them."""
        at = Placement(
            self.task, self.window.number, int(self.start_s[start]), self.duration_s, int(self.variant[start])
        )
        return self.timetable.staffed(at)

    def inside(self, cells: BoolArray) -> BoolArray:
        """Starts (starts,) whose holds lie wholly in cells (cells,)."""
        cell_s = self.problem.horizon.cell_s
        shut = np.concatenate(([0], np.cumsum(~cells)))
        last = np.minimum(-(-(self.start_s + self.hold_s) // cell_s), cells.size)
        return np.asarray(shut[last] == shut[self.start_s // cell_s])

    def inside_by_variant(self, cells: Iterable[BoolArray]) -> BoolArray:
        """The same, with cells of its own for each variant."""
        answer = np.zeros(self.start_s.size, dtype=bool)
        for variant, own in enumerate(cells):
            answer |= self.inside(own) & (self.variant == variant)
        return answer

    def members(self) -> list[Member]:
        """Everything that keeps it out somewhere, the most general last."""
        found = [*self._people(), *self._things(), *self._rivals(), *self._times(), *self.constraints()]
        return [member for member in found if not member.allowed.all()]

    def constraints(self) -> Iterator[Member]:
        """What must hold; one member for the variants that share it."""
        by_words: dict[str, Clause] = {}
        for way in self.wanted.variants:
            for clause in way.held:
                by_words.setdefault(clause.words, clause)
        everywhere = np.ones(self.problem.horizon.cells, dtype=bool)
        for words, clause in by_words.items():
            shared = open_cells((clause,), self.problem.horizon)
            own = [shared if any(words == c.words for c in way.held) else everywhere for way in self.wanted.variants]
            yield Member("constraint", self.inside_by_variant(own), clause=clause)

    def _rivals(self) -> Iterator[Member]:
        """One member for each task whose activities are in the way; those that cover least first."""
        horizon, ways = self.problem.horizon, self.wanted.variants
        free: dict[int, list[BoolArray]] = {}
        for item in self.timetable.placed.values():
            index = self.timetable.variant(item).index
            for variant, way in enumerate(ways):
                if index in self.problem.apart[way.index]:
                    own = free.setdefault(item.task, [np.ones(horizon.cells, dtype=bool) for _ in ways])
                    start_s, stop_s = self.timetable.span_s(item)
                    own[variant][start_s // horizon.cell_s : -(-stop_s // horizon.cell_s)] = False
        members = [
            Member("own" if rival == self.task else "rival", self.inside_by_variant(cells), rival=rival)
            for rival, cells in free.items()
        ]
        yield from sorted(members, key=lambda member: (-int(member.allowed.sum()), member.rival))

    def _times(self) -> Iterator[Member]:
        """Its place in a rhythm or interval, and its order."""
        earliest_s, latest_s = self.timetable.bounds_s(self.task, self.window.number, self.duration_s)
        yield Member("order", (self.start_s >= earliest_s) & (self.start_s <= latest_s))
        # Except in a rhythm, the window's end is meant for the shortest activity that was asked for.
        demand = self.wanted.demand
        last_s = self.window.latest_s + (0 if demand.kind == "every" else demand.minimum_s - self.duration_s)
        yield Member("window", (self.start_s >= self.window.earliest_s) & (self.start_s <= last_s))

    def _things(self) -> Iterator[Member]:
        """Power, heat, moving things, and what is used up."""
        ways, table = self.wanted.variants, self.timetable
        peak = [(way.power_w <= 0.0) | (table.peak_room_w >= way.extra_w - 1e-6) for way in ways]
        yield Member("peak", self.inside_by_variant(peak))
        rooms = [table.host_room_w.get(way.host) for way in ways]
        everywhere = np.ones(self.problem.horizon.cells, dtype=bool)
        host = [
            everywhere if room is None else room >= way.extra_w - 1e-6 for way, room in zip(ways, rooms, strict=True)
        ]
        yield Member("host", self.inside_by_variant(host))
        heat = [everywhere if way.node < 0 else table.node_room_w[way.node] >= way.extra_w - 1e-6 for way in ways]
        yield Member("heat", self.inside_by_variant(heat))
        travel = [table.travel.open_cells(way) if way.movers else everywhere for way in ways]
        yield Member("travel", self.inside_by_variant(travel))
        lasts = all(stock.lasts(self.task, table.number_of) for stock in self.problem.stocks)
        yield Member("stock", np.full(self.start_s.size, lasts))

    def _people(self) -> Iterator[Member]:
        enough = np.ones(self.start_s.size, dtype=bool)
        for variant, way in enumerate(self.wanted.variants):
            if way.needs:
                own = self.variant == variant
                enough[own] = self.timetable.crew.enough(way.needs, self.start_s[own], self.hold_s)
        yield Member("crew", enough)

    def first_fit(self, allowed: BoolArray) -> int | None:
        """A start, among those that all else allows, at which energy and data allow it too; None if none was found."""
        starts = np.flatnonzero(allowed)
        if starts.size > _MOST_TRIED:
            starts = starts[np.unique(np.linspace(0, starts.size - 1, _MOST_TRIED).astype(np.int64))]
        for start in starts.tolist():
            if start not in self.faults:
                placement = self.placement(start)
                self.faults[start] = (
                    Fault("crew", 0, 0.0) if placement is None else self.timetable.fault_with(placement)
                )
            if self.faults[start] is None:
                return int(start)
        return None


def together(members: Iterable[Member], count: int) -> BoolArray:
    """Starts (count,) that all of these allow."""
    answer = np.ones(count, dtype=bool)
    for member in members:
        answer &= member.allowed
    return answer
