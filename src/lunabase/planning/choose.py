"""The CP-SAT model: take the best set of places, everything that stays in the timetable being given.

A place is an optional interval of fixed start and length. Energy and data are linear on coarse blocks; the caller
checks the answer step by step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from lunabase.planning.alternatives import Choice, Place, place_of
from lunabase.planning.blocks import Blocks, Linear, Optional
from lunabase.planning.goals import FAIRNESS_POINTS
from lunabase.planning.horizon import FloatArray
from lunabase.planning.problem import Problem
from lunabase.planning.tasks import Task
from lunabase.planning.timetable import Placement, Timetable, activity_points, total_points
from lunabase.planning.variants import Variant
from lunabase.scheduling.effort import Effort
from lunabase.scheduling.solver import solve_model

_UNITS = 1000
"""Parts of a whole in which fairness is counted, and finer parts of these in which energy is."""
_FINE = 1000
_MOST_IN_CLIQUE = 1500
_PARAMETERS = {
    "cp_model_probing_level": 0,
    "symmetry_level": 0,
    "merge_at_most_one_work_limit": 0.0,
    "linearization_level": 1,
}
"""The places are few and fixed; long presolve costs more than it gives."""
_STOCK_PARTS = 1_000_000
"""Parts of a consumable in which the model counts."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the solver took, and how sure it is."""

    placements: tuple[Placement, ...]
    optimal: bool
    gap: float
    """The bound less the value of what was taken, in points."""


@dataclass(frozen=True, slots=True)
class Option:
    """One place with its literal."""

    task: int
    number: int | None
    place: Place
    taken: cp_model.IntVar
    was: bool


class Model:
    """Builds the CP-SAT model piece by piece."""

    def __init__(self, timetable: Timetable, choices: Sequence[Choice], hint: Iterable[Placement]) -> None:
        self.timetable = timetable
        self.problem: Problem = timetable.problem
        self.model = cp_model.CpModel()
        was = {(item.task, *place_of(item)) for item in hint}
        self.options: list[Option] = []
        for choice in choices:
            own = [self._option(choice, place, (choice.task, *place) in was) for place in choice.places]
            self.options += own
            if len(own) > choice.most:
                self.model.add(sum(option.taken for option in own) <= choice.most)
        self.tasks = sorted({choice.task for choice in choices})

    def _option(self, choice: Choice, place: Place, was: bool) -> Option:
        taken = self.model.new_bool_var("")
        self.model.add_hint(taken, was)
        return Option(choice.task, choice.number, place, taken, was)

    def _task(self, option: Option) -> Task:
        return self.problem.tasks[option.task]

    def _variant(self, option: Option) -> Variant:
        return self._task(option).variants[option.place[2]]

    def _cells(self, option: Option) -> tuple[int, int]:
        """First cell and number of cells that a place holds."""
        cell_s = self.problem.horizon.cell_s
        start_s, duration_s, _ = option.place
        first = start_s // cell_s
        return first, -(-(start_s + self._task(option).demand.hold_s(duration_s)) // cell_s) - first

    def forbid_overlaps(self) -> None:
        """No two activities overlap whose variants are in conflict: one constraint for each clique of variants.

        At most one place over each cell says the same as no overlap and bounds far better, but takes more room.
        """
        spans: dict[int, list[tuple[cp_model.IntVar, int, int]]] = {}
        for option in self.options:
            spans.setdefault(self._variant(option).index, []).append((option.taken, *self._cells(option)))
        for clique in cliques(self.problem, sorted(spans)):
            own = [span for variant in clique for span in spans[variant]]
            if len(own) > _MOST_IN_CLIQUE:
                self.model.add_no_overlap(
                    [
                        self.model.new_optional_fixed_size_interval_var(start, size, taken, "")
                        for taken, start, size in own
                    ]
                )
                continue
            for cell in sorted({start for _, start, _ in own}):
                self.model.add_at_most_one([taken for taken, start, size in own if start <= cell < start + size])

    def limit_power(self) -> None:
        """Host limits, maximum-power rules and heat of thermal nodes, at every cell where a place begins."""
        if np.isfinite(self.timetable.peak_room_w).all():
            self._limit(self.options, self.timetable.peak_room_w)
        for host, room_w in self.timetable.host_room_w.items():
            self._limit([option for option in self.options if self._variant(option).host == host], room_w)

        for node, room_w in enumerate(self.timetable.node_room_w):
            self._limit([option for option in self.options if self._variant(option).node == node], room_w)

    def _limit(self, options: list[Option], room_w: FloatArray) -> None:
        """Sum of the power of the places over a cell within its room; the room may change from cell to cell."""
        spans = [(option, *self._cells(option)) for option in options if self._variant(option).extra_w > 0.0]
        together = sum({self._variant(item).index: self._variant(item).extra_w for item, _, _ in spans}.values())
        if together <= room_w.min():
            return
        changes = {int(k) + 1 for k in np.flatnonzero(np.diff(room_w))}
        for cell in sorted({first for _, first, _ in spans} | changes):
            room = float(room_w[cell])
            if together <= room:
                continue
            over = [option for option, first, size in spans if first <= cell < first + size]
            if over:
                need = sum(int(np.ceil(10 * self._variant(option).extra_w - 1e-6)) * option.taken for option in over)
                self.model.add(need <= max(int(np.floor(10 * room + 1e-5)), 0))

    def keep_ways_and_stocks(self) -> None:
        """Nothing that moves is at two places without the time between, and no more is used up than there is."""
        moving: dict[str, list[Option]] = {}
        for option in self.options:
            variant = self._variant(option)
            for mover in variant.movers if variant.place else ():
                moving.setdefault(mover, []).append(option)
        for mover, options in sorted(moving.items()):
            self._keep_ways(mover, options)
        for stock in self.problem.stocks:
            used = [(option, stock.each_kg[option.task]) for option in self.options if option.task in stock.each_kg]
            left_kg = max(stock.left_kg(self.timetable.number_of), 0.0)
            part_kg = stock.amount_kg / _STOCK_PARTS
            if used:
                terms = [math.ceil(kg / part_kg - 1e-3) * option.taken for option, kg in used]
                self.model.add(sum(terms) <= math.floor(left_kg / part_kg + 1e-3))

    def _keep_ways(self, mover: str, options: list[Option]) -> None:
        """Each option forbids those that begin, elsewhere, before the thing can be there."""
        options = sorted(options, key=lambda option: option.place)
        starts = np.array([option.place[0] for option in options])
        stops = starts + np.array([self._task(o).demand.hold_s(o.place[1]) for o in options])
        names = sorted({self._variant(option).place for option in options})
        ways_s = np.array([[self.timetable.travel.time_s(mover, one, other) for other in names] for one in names])
        places = np.array([names.index(self._variant(option).place) for option in options])
        for k, option in enumerate(options):
            way_s = ways_s[places[k], places]
            near = (starts >= starts[k]) & (starts < stops[k] + way_s) & (way_s > 0)
            others = [options[j].taken.negated() for j in np.flatnonzero(near)]
            if others:
                self.model.add_bool_and(others).only_enforce_if(option.taken)

    def staff(self) -> None:
        """No more people of any group at work than there are, at any time and in any day: needed, not yet enough."""
        needs = [self._variant(option).needs for option in self.options]
        for who in sorted({need.who for own in needs for need in own}, key=sorted):
            takes = [sum(need.people for need in own if need.who <= who) for own in needs]
            self._staff(sorted(who), [(o, people) for o, people in zip(self.options, takes, strict=True) if people])

    def _staff(self, who: list[int], takes: list[tuple[Option, int]]) -> None:
        crew = self.timetable.crew
        free = (crew.busy[who] == 0).sum(axis=0)
        spans = [(option, people, *self._cells(option)) for option, people in takes]
        for cell in sorted({first for _, _, first, _ in spans}):
            over = [people * o.taken for o, people, first, size in spans if first <= cell < first + size]
            self.model.add(sum(over) <= int(free[cell]))
        per_day: dict[int, list[Linear]] = {}
        for option, people in takes:
            start_s, duration_s, _ = option.place
            for day, seconds in crew.per_day(start_s, start_s + self._task(option).demand.hold_s(duration_s)):
                per_day.setdefault(day, []).append(people * seconds * option.taken)
        for day, terms in sorted(per_day.items()):
            left_s = np.maximum(crew.daily_s - crew.worked_s[who, day], 0).sum()
            self.model.add(sum(terms) <= int(left_s))

    def keep_order(self) -> None:
        """Numbers in order of time, and every follower within its gaps."""
        events = self._events()
        of_task: dict[int, list[_Event]] = {}
        for (task, number), event in sorted(events.items(), key=lambda item: item[0]):
            of_task.setdefault(task, []).append(event)
            for order in self.problem.tasks[task].follows:
                before = events.get((order.task, number))
                if before is None:
                    self.model.add(event.present == 0)
                else:
                    self.model.add(event.present <= before.present)
                    self._precede(before, event, order.minimum_gap_s, order.maximum_gap_s)

        for task, own in of_task.items():
            if self.problem.tasks[task].in_time_order:
                self._keep_in_time(own)

    def _keep_in_time(self, own: Iterable[_Event]) -> None:
        """Events of a task, by number: the given ones are in order, so each other one only needs its neighbours."""
        given: _Event | None = None
        optional: list[_Event] = []
        between: list[_Event] = []
        for event in own:
            earlier = between if event.is_given else optional
            for other in [*earlier, *([given] if given is not None else [])]:
                self._precede(other, event, 0.0, None)
            if event.is_given:
                given, between = event, []
            else:
                optional.append(event)
                between.append(event)

    def _precede(self, first: _Event, second: _Event, least_s: float, most_s: float | None) -> None:
        if first.is_given and second.is_given:
            return
        slack = 4 * self.problem.horizon.length_s
        idle = slack * (2 - first.present - second.present)
        self.model.add(second.start >= first.stop + int(np.ceil(least_s)) - idle)
        if most_s is not None:
            self.model.add(second.start <= first.stop + int(np.floor(most_s)) + idle)

    def _events(self) -> dict[tuple[int, int], _Event]:
        """Presence, start and stop of every ordered activity, chosen or given, as linear expressions."""
        events: dict[tuple[int, int], _Event] = {}
        groups: dict[tuple[int, int], list[Option]] = {}
        for option in self.options:
            if option.number is not None:
                groups.setdefault((option.task, option.number), []).append(option)
        for key, options in groups.items():
            setup_s = self.problem.tasks[key[0]].demand.setup_s
            present = sum(option.taken for option in options)
            start = sum((option.place[0] + setup_s) * option.taken for option in options)
            stop = sum((option.place[0] + setup_s + option.place[1]) * option.taken for option in options)
            events[key] = _Event(present, start, stop)
        for key, item in self.timetable.placed.items():
            if self.problem.tasks[item.task].ordered:
                start_s, stop_s = self.timetable.start_s(item), self.timetable.stop_s(item)
                events[key] = _Event(1, start_s, stop_s)
        for key, (start_s, stop_s) in self.problem.outside.items():
            events[key] = _Event(1, start_s, stop_s)
        return events

    def keep_energy_and_data(self, blocks: Blocks) -> None:
        """Stores above their floor and recorder below its capacity, on the blocks' grid."""
        options = [
            Optional(item.taken, self._variant(item), self._task(item).demand, item.place, item.was)
            for item in self.options
        ]
        blocks.constrain(self.model, options)

    def maximise(self) -> None:
        """The goals in one number: see `Aims.weight`. Early finish is left to the end of the search."""
        terms: list[Linear] = []
        likeness = self.problem.aims.weight("stability") if self.problem.aims.earlier else 0.0
        for option in self.options:
            if self._task(option).demand.kind != "total":
                points = activity_points(self.problem, option.task, option.place[1])
                terms.append(round(self.problem.gain(option.task) * points) * option.taken)
            if likeness:
                placement = Placement(option.task, option.number or 0, *option.place)
                terms.append(round(likeness * self.timetable.kept_points(placement)) * option.taken)
        for task in self.tasks:
            if self.problem.tasks[task].demand.kind == "total":
                terms.append(self._total(task))
        self.model.maximize(sum(terms) + self._fairness())

    def _total(self, task: int) -> Linear:
        wanted = self.problem.tasks[task].demand.total_s
        given = sum(item.duration_s for item in self.timetable.of_task(task))
        chosen = [option.place[1] * option.taken for option in self.options if option.task == task]
        seconds = self.model.new_int_var(0, wanted, "")
        self.model.add(seconds <= given + sum(chosen))
        was = sum(option.place[1] for option in self.options if option.task == task and option.was)
        self.model.add_hint(seconds, min(wanted, given + was))
        # No piece more than it takes: without the shortest piece the total would not be reached.
        enough = wanted + self.problem.tasks[task].demand.minimum_s - 1
        self.model.add(given + sum(chosen) <= max(enough, given + was))
        return math.floor(self.problem.gain(task) * total_points(self.problem, task, wanted) / max(wanted, 1)) * seconds

    def _fairness(self) -> Linear:
        """Worth of the least part, over partners, of the energy that it is entitled to."""
        least = self.model.new_int_var(0, _UNITS, "")
        energy_j = self.timetable.energy_j()
        hint = _UNITS
        for partner, entitled_j in self.problem.entitled_j.items():
            if entitled_j <= 0.0:
                continue
            own = [option for option in self.options if self._task(option).partner == partner]
            parts = [self._part(self._variant(option), option.place[1], entitled_j) for option in own]
            given = int(_UNITS * _FINE * energy_j[partner] / entitled_j + 0.5)
            was = sum(part for part, option in zip(parts, own, strict=True) if option.was)
            hint = min(hint, (given + was) // _FINE)
            taken = [part * option.taken for part, option in zip(parts, own, strict=True)]
            self.model.add(_FINE * least <= given + sum(taken))
        self.model.add_hint(least, hint)
        return round(self.problem.aims.weight("fairness") * FAIRNESS_POINTS / _UNITS) * least

    def _part(self, variant: Variant, duration_s: int, entitled_j: float) -> int:
        """Energy of an activity as a part of what its partner is entitled to."""
        return int(_UNITS * _FINE * variant.power_w * duration_s / entitled_j + 0.5)

    def solve(self, seed: int, work: float, effort: Effort) -> Chosen | None:
        """The best choice found within so much work of the effort; None if there was no time for any."""
        solved = solve_model(self.model, effort, seed, work, **_PARAMETERS)
        if not solved.found:
            return None
        taken = [option for option in self.options if solved.solver.value(option.taken)]
        placements = sorted(self._numbered(taken), key=lambda item: (item.hold_start_s, item))
        gap = solved.solver.best_objective_bound - solved.solver.objective_value
        return Chosen(tuple(placements), solved.status == "optimal", gap)

    def _numbered(self, taken: list[Option]) -> Iterable[Placement]:
        """Placements of the taken options; unordered ones get the task's free numbers in order of time."""
        used = set(self.timetable.placed)
        for option in sorted(taken, key=lambda item: (item.task, item.place)):
            number = option.number
            if number is None:
                number = next(n for n in range(1, len(used) + len(taken) + 2) if (option.task, n) not in used)
                used.add((option.task, number))
            yield Placement(option.task, number, *option.place)


@dataclass(frozen=True, slots=True)
class _Event:
    """Presence (0 or 1), start and stop (s; 0 if absent) of an ordered activity."""

    present: Linear
    start: Linear
    stop: Linear

    @property
    def is_given(self) -> bool:
        """Whether nothing of it is to be chosen."""
        return isinstance(self.present, int)


def cliques(problem: Problem, variants: Sequence[int]) -> list[list[int]]:
    """Sets of variants that exclude each other pairwise and together cover all pairs in conflict."""
    uncovered = {(i, j) for i in variants for j in variants if i <= j and j in problem.apart[i]}
    found = []
    for pair in sorted(uncovered, key=lambda pair: (pair[0] == pair[1], pair)):
        if pair not in uncovered:
            continue
        clique = sorted(set(pair))
        for variant in variants:
            if variant not in clique and all(variant in problem.apart[member] for member in clique):
                clique.append(variant)
        uncovered -= {(i, j) for i in clique for j in clique}
        found.append(sorted(clique))
    return found
