"""A plan while it grows: what is placed, what room is left, and the first thing that would go wrong."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from lunabase.planning.balance import Extra, Track
from lunabase.planning.burden import Burden, Fault, Work
from lunabase.planning.crew_time import CrewTime
from lunabase.planning.delivery import deadline
from lunabase.planning.demand import Window
from lunabase.planning.goals import FAIRNESS_POINTS, Earlier, fairness_points, late_points
from lunabase.planning.horizon import BoolArray, IntArray
from lunabase.planning.problem import Problem
from lunabase.planning.travel import Travel
from lunabase.planning.variants import Variant
from lunabase.station.goals import Goal

_SLACK_W = 1e-6


@dataclass(frozen=True, slots=True, order=True)
class Placement:
    """One activity of a task, in seconds of the horizon."""

    task: int
    number: int
    hold_start_s: int
    duration_s: int
    variant: int = 0
    """Which of the task's variants."""
    crew: tuple[str, ...] = ()
    """Who works on it."""


class Timetable:
    """The placements so far and the room that they leave; `put` and `take` keep both in step."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.placed: dict[tuple[int, int], Placement] = {}
        cells = problem.horizon.cells
        self.blocked = np.zeros((len(problem.variants), cells), dtype=np.int32)
        """Per variant, how many activities hold each cell that it must not overlap."""
        self.host_room_w = {name: np.full(cells, room) for name, room in problem.host_room_w.items()}
        self.peak_room_w = problem.peak_room_w.copy()
        self.node_room_w = problem.node_room_w.copy()
        self.travel = Travel(problem.station, problem.horizon)
        self.crew = CrewTime(problem.station, problem.phase, problem.horizon)
        self._unstaffed: set[tuple[int, int]] = set()
        self.burden = Burden(problem)
        self._own: list[list[Placement]] = [[] for _ in problem.tasks]
        self._seconds = [0] * len(problem.tasks)
        self._seconds_by_variant = [0] * len(problem.variants)
        self._points = [0] * len(problem.tasks)
        self._value = 0
        self._committed = 0
        self._kept = 0
        self._late = 0

    @property
    def track(self) -> Track:
        """How the station fares with what is placed; not a copy."""
        return self.burden.track

    @property
    def extra(self) -> Extra:
        """What the activities add to each step; not a copy."""
        return self.burden.extra

    def put(self, placement: Placement) -> None:
        """Add a placement; it must fit. If it takes people and names none, free ones are found."""
        placement = self.staffed(placement) or placement
        self.placed[placement.task, placement.number] = placement
        insort(self._own[placement.task], placement)
        self._change(placement, 1)

    def take(self, placement: Placement) -> None:
        """Remove a placement."""
        del self.placed[placement.task, placement.number]
        own = self._own[placement.task]
        del own[bisect_left(own, placement)]
        self._change(placement, -1)

    def replace_all(self, placements: Iterable[Placement]) -> None:
        """Make the timetable hold exactly these placements."""
        wanted = set(placements)
        for placement in sorted(set(self.placed.values()) - wanted):
            self.take(placement)
        for placement in sorted(wanted - set(self.placed.values()), key=lambda item: (item.hold_start_s, item)):
            self.put(placement)

    def of_task(self, task: int) -> list[Placement]:
        """Placements of a task in order of their numbers."""
        return list(self._own[task])

    def seconds_of(self, task: int) -> int:
        """Activity time placed of a task, s."""
        return self._seconds[task]

    def number_of(self, task: int) -> int:
        """How many activities are placed of a task."""
        return len(self._own[task])

    def staffed(self, placement: Placement) -> Placement | None:
        """The placement with people who are free for it, unless it names them or takes none; None: too few are free."""
        needs = self.variant(placement).needs
        if not needs or placement.crew:
            return placement
        crew = self.crew.assigned(needs, *self.span_s(placement))
        return replace(placement, crew=crew) if crew is not None else None

    def variant(self, placement: Placement) -> Variant:
        """The way in which a placement is done."""
        return self.problem.tasks[placement.task].variants[placement.variant]

    def span_s(self, placement: Placement) -> tuple[int, int]:
        """Hold of a placement: start and stop, s."""
        hold_s = self.problem.tasks[placement.task].demand.hold_s(placement.duration_s)
        return placement.hold_start_s, placement.hold_start_s + hold_s

    def start_s(self, placement: Placement) -> int:
        """Start of the activity itself, s."""
        return placement.hold_start_s + self.problem.tasks[placement.task].demand.setup_s

    def stop_s(self, placement: Placement) -> int:
        """Stop of the activity itself, s."""
        return self.start_s(placement) + placement.duration_s

    def times_s(self, task: int, number: int) -> tuple[int, int] | None:
        """Start and stop, s, of an activity that is placed, or that lies outside the horizon; None: neither."""
        item = self.placed.get((task, number))
        return (self.start_s(item), self.stop_s(item)) if item is not None else self.problem.outside.get((task, number))

    def _change(self, placement: Placement, sign: int) -> None:
        problem, way = self.problem, self.variant(placement)
        self._change_worth(placement, sign)
        start_s, stop_s = self.span_s(placement)
        cells = slice(start_s // problem.horizon.cell_s, -(-stop_s // problem.horizon.cell_s))
        for rival in problem.apart[way.index]:
            self.blocked[rival, cells] += sign
        if way.host in self.host_room_w:
            self.host_room_w[way.host][cells] -= sign * way.extra_w
        self.peak_room_w[cells] -= sign * way.extra_w
        if way.node >= 0:
            self.node_room_w[way.node, cells] -= sign * way.extra_w
        self.travel.change(way, start_s, stop_s, sign)
        self.crew.change(placement.crew, start_s, stop_s, sign)
        if len(placement.crew) < sum(need.people for need in way.needs):
            (self._unstaffed.add if sign > 0 else self._unstaffed.discard)((placement.task, placement.number))
        self.burden.change(self._work(placement), sign)

    def _change_worth(self, placement: Placement, sign: int) -> None:
        """Time and points are whole numbers, so that what is taken away leaves no trace."""
        task, before = placement.task, self.task_points(placement.task)
        self._seconds[task] += sign * placement.duration_s
        self._seconds_by_variant[self.variant(placement).index] += sign * placement.duration_s
        self._points[task] += sign * activity_points(self.problem, task, placement.duration_s)
        gained = self.task_points(task) - before
        self._value += gained
        self._committed += gained * self.problem.tasks[task].request.committed
        self._kept += sign * self.kept_points(placement)
        self._late += sign * late_points(self.stop_s(placement))

    def _work(self, placement: Placement) -> Work:
        """What a placement asks of energy, heat and data."""
        way, task = self.variant(placement), self.problem.tasks[placement.task]
        busy_s, forecast = (self.start_s(placement), self.stop_s(placement)), self.problem.forecast
        data_class, due = self.problem.data_class[placement.task], None
        if task.request.deliver_within_s is not None and way.data_bit_per_s > 0.0:
            due = deadline(forecast, data_class, busy_s[1], task.request.deliver_within_s)
        return Work(way, self.span_s(placement), busy_s, data_class, due)

    def free_cells(self, task: int, variant: int = 0) -> BoolArray:
        """Cells (cells,) in which a task may hold: constraints, rivals, peak power, travel and stocks.

        People, energy and data are not asked.
        """
        way = self.problem.tasks[task].variants[variant]
        if not all(stock.lasts(task, self.number_of) for stock in self.problem.stocks):
            return np.zeros_like(way.open)
        free = way.open & (self.blocked[way.index] == 0)
        if way.power_w > 0.0:
            free &= self.peak_room_w >= way.extra_w - _SLACK_W
        if way.host in self.host_room_w:
            free &= self.host_room_w[way.host] >= way.extra_w - _SLACK_W
        if way.node >= 0 and way.extra_w > 0.0:
            free &= self.node_room_w[way.node] >= way.extra_w - _SLACK_W
        if way.movers:
            free &= self.travel.open_cells(way)
        return np.asarray(free)

    def in_mode(self, placement: Placement) -> bool:
        """Whether the surroundings call for the mode of the placement's variant."""
        start_s, stop_s = self.span_s(placement)
        return bool(self.variant(placement).in_mode(np.array([start_s]), stop_s - start_s, self.problem.horizon)[0])

    def fitting_starts_s(
        self, task: int, window: Window, duration_s: int, free: BoolArray, variant: int = 0
    ) -> IntArray:
        """Hold starts, s, at which an activity of this length fits into the free cells and its window and order."""
        cell_s, demand = self.problem.horizon.cell_s, self.problem.tasks[task].demand
        earliest_s, latest_s = self.bounds_s(task, window.number, duration_s)
        first_s, last_s = max(window.earliest_s, earliest_s), min(window.latest_s, latest_s)
        width = -(-(window.offset_s + demand.hold_s(duration_s)) // cell_s)
        first = max(-(-(first_s - window.offset_s) // cell_s), 0)
        last = (last_s - window.offset_s) // cell_s
        if last < first:
            return np.zeros(0, dtype=np.int64)
        shut = np.concatenate(([0], np.cumsum(~free[first : last + width])))
        starts = first + np.flatnonzero(shut[width:] == shut[:-width])
        starts_s = starts * cell_s + window.offset_s
        way, hold_s = self.problem.tasks[task].variants[variant], demand.hold_s(duration_s)
        starts_s = starts_s[way.in_mode(starts_s, hold_s, self.problem.horizon)]
        return starts_s[self.crew.enough(way.needs, starts_s, hold_s)] if way.needs else starts_s

    def bounds_s(self, task: int, number: int, duration_s: int) -> tuple[int, int]:
        """Earliest and latest hold start, s, that the order leaves to an activity of this number; maybe none."""
        wanted, setup_s = self.problem.tasks[task], self.problem.tasks[task].demand.setup_s
        earliest, latest = 0.0, float(self.problem.horizon.length_s)
        if wanted.in_time_order:
            earlier, later = self._neighbours(task, number)
            if earlier is not None:
                earliest = max(earliest, self.stop_s(earlier) - setup_s)
            if later is not None:
                latest = min(latest, self.start_s(later) - duration_s - setup_s)
        for order in wanted.follows:
            before = self.times_s(order.task, number)
            if before is None:
                return 1, 0
            earliest = max(earliest, before[1] + order.minimum_gap_s - setup_s)
            if order.maximum_gap_s is not None:
                latest = min(latest, before[1] + order.maximum_gap_s - setup_s)
        return self._bounds_of_followers(task, number, duration_s, earliest, latest)

    def _neighbours(self, task: int, number: int) -> tuple[Placement | None, Placement | None]:
        """The placed activities of a task with the next lower and the next higher number."""
        own = self._own[task]
        place = bisect_left(own, Placement(task, number, 0, 0))
        after = place + (place < len(own) and own[place].number == number)
        return own[place - 1] if place else None, own[after] if after < len(own) else None

    def _bounds_of_followers(
        self, task: int, number: int, duration_s: int, earliest: float, latest: float
    ) -> tuple[int, int]:
        setup_s = self.problem.tasks[task].demand.setup_s
        for follower in self.problem.followers[task]:
            later = self.times_s(follower, number)
            if later is None:
                continue
            for order in (item for item in self.problem.tasks[follower].follows if item.task == task):
                before_s = later[0] - duration_s - setup_s
                latest = min(latest, before_s - order.minimum_gap_s)
                if order.maximum_gap_s is not None:
                    earliest = max(earliest, before_s - order.maximum_gap_s)
        return math.ceil(earliest), math.floor(latest)

    def fault_with(self, *more: Placement) -> Fault | None:
        """The first fault if these were placed too."""
        return self.burden.fault_with([self._work(placement) for placement in more])

    def fault(self) -> Fault | None:
        """The first thing that goes wrong with energy, heat, data, moving things or people, if anything does."""
        return self.burden.fault() or self._misplaced()

    def _misplaced(self) -> Fault | None:
        """A moving thing that comes too late, or an activity without its people."""
        late_s = self.travel.late()
        if late_s is not None:
            return Fault("travel", int(late_s // self.problem.forecast.step_s), 0.0)
        if self._unstaffed:
            start_s = min(self.placed[key].hold_start_s for key in self._unstaffed)
            return Fault("crew", int(start_s // self.problem.forecast.step_s), 0.0)
        return None

    def task_points(self, task: int) -> int:
        """Worth of what is placed of a task."""
        if self.problem.tasks[task].demand.kind == "total":
            return total_points(self.problem, task, self._seconds[task])
        return self._points[task]

    def energy_j(self) -> dict[str, float]:
        """By partner: energy placed."""
        energy_j = dict.fromkeys(self.problem.entitled_j, 0.0)
        for way, seconds in zip(self.problem.variants, self._seconds_by_variant, strict=True):
            energy_j[self.problem.tasks[way.task].partner] += way.power_w * seconds
        return energy_j

    def served(self) -> dict[str, float]:
        """By partner: energy placed as a part of what it is entitled to, at most 1; 1 for those entitled to none."""
        energy_j = self.energy_j()
        return {
            name: min(energy_j[name] / entitled, 1.0) if entitled > 0.0 else 1.0
            for name, entitled in self.problem.entitled_j.items()
        }

    def kept_points(self, placement: Placement) -> int:
        """How much a placement is like the previous plan."""
        if not self.problem.aims.earlier:
            return 0
        now = Earlier(placement.number, placement.hold_start_s, placement.duration_s, placement.variant)
        return self.problem.aims.kept_points(placement.task, self.problem.tasks[placement.task].ordered, now)

    def reached(self, goal: Goal) -> int:
        """Points of a goal; those of early finish are lost."""
        if goal == "fairness":
            return fairness_points(self.served())
        sums = {
            "committed": self._committed,
            "value": self._value,
            "stability": self._kept,
            "early_finish": -self._late,
        }
        return sums[goal]

    def rank(self) -> tuple[int, ...]:
        """Points of each step of the goals: the greater is the better plan."""
        steps = self.problem.aims.steps
        return tuple(int(sum(weight * self.reached(goal) for goal, weight in step.items())) for step in steps)

    def standing(self) -> tuple[int, ...]:
        """The rank without the steps that ask for early finish alone, which are seen to when all else is settled."""
        steps = self.problem.aims.steps
        return tuple(points for points, step in zip(self.rank(), steps, strict=True) if set(step) != {"early_finish"})

    def score(self) -> int:
        """Value by priority plus the worth of the worst-served partner's part."""
        return self._value + int(FAIRNESS_POINTS * min(self.served().values(), default=1.0))


def activity_points(problem: Problem, task: int, duration_s: int) -> int:
    """Worth of one counted activity: half for being there, half by its length against the longest useful."""
    demand = problem.tasks[task].demand
    return int(problem.tasks[task].points / max(demand.count, 1) * (0.5 + 0.5 * duration_s / demand.maximum_s))


def total_points(problem: Problem, task: int, seconds: float) -> int:
    """Worth of so much time of a task that asks for a total."""
    wanted = problem.tasks[task]
    return int(wanted.points * min(seconds / max(wanted.demand.total_s, 1), 1.0))
