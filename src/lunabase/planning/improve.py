"""From the first plan to a better one: small problems whole, large ones by neighbourhoods that CP-SAT solves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lunabase.planning.alternatives import Choice, count_places, every_choice, some_choices
from lunabase.planning.balance import Extra, copied
from lunabase.planning.blocks import blocks_of
from lunabase.planning.choose import Chosen, Model
from lunabase.planning.construct import fill
from lunabase.planning.demand import Window, reaches, usable_starts
from lunabase.planning.goals import FAIRNESS_POINTS
from lunabase.planning.horizon import FloatArray, runs
from lunabase.planning.problem import Problem
from lunabase.planning.tasks import POINTS
from lunabase.planning.timetable import Placement, Timetable, activity_points, total_points
from lunabase.scheduling.effort import Effort

_MOST_PLACES = 4000
_MOST_BLOCKS = 200
_ROUND_WORK = 0.15
_LEAST_WORK = 0.05
_MOST_FREED = 40
_PLACES_EACH = 48
_MOST_IN_VAIN = 400
_HOPE = 0.7
_EVERYTHING = 0.5
_FEW, _MANY = 20, 400
"""The search gets all of its work from so many activities in the first plan on, and less in proportion below."""


@dataclass(frozen=True, slots=True)
class Improved:
    """Whether the plan is proven best within the model, and the bound on the score."""

    optimal: bool
    bound: float


def improve(timetable: Timetable, seed: int, effort: Effort) -> Improved:
    """Improve a timetable in place within the effort; the same seed and work limit give the same plan."""
    _tell(timetable, effort, simple_bound(timetable.problem))
    if effort.over:
        return Improved(False, simple_bound(timetable.problem))
    improve_it = _solve_whole if count_places(timetable) <= _MOST_PLACES else _search
    improved = improve_it(timetable, seed, effort)
    _tell(timetable, effort, improved.bound)
    return improved


def _tell(timetable: Timetable, effort: Effort, bound: float) -> None:
    """Show value and bound, in the worth of a priority-1 request, and how much the worst-served partner gets."""
    fairness = min(timetable.served().values(), default=1.0)
    effort.tell(timetable.score() / POINTS, bound / POINTS, fairness=fairness)


def simple_bound(problem: Problem) -> float:
    """No plan is worth more: each task as if it were alone, every partner fully served."""
    return float(sum(_alone(problem, task) for task in range(len(problem.tasks))) + FAIRNESS_POINTS)


def _alone(problem: Problem, task: int) -> int:
    """Points of a task that has the station to itself."""
    wanted = problem.tasks[task]
    if not all(_most_activities(problem, order.task) for order in wanted.follows):
        return 0
    if wanted.demand.kind == "total":
        return total_points(problem, task, sum(_most_time_s(problem, task, span) for span in _spans_s(problem, task)))
    return _most_activities(problem, task) * activity_points(problem, task, wanted.demand.maximum_s)


def _spans_s(problem: Problem, task: int) -> list[int]:
    """Lengths of the times in which each payload that may do it could, s: several payloads work at once."""
    ways = problem.tasks[task].variants
    opens = [
        np.any([way.open for way in ways if way.payload == name], axis=0) for name in {way.payload for way in ways}
    ]
    return [(stop - start) * problem.horizon.cell_s for open_ in opens for start, stop in runs(open_).tolist()]


def _most_time_s(problem: Problem, task: int, span_s: int) -> int:
    """Most activity time in a span, by the best number of pieces."""
    demand = problem.tasks[task].demand
    overhead_s = demand.hold_s(0)
    few = span_s // demand.hold_s(demand.maximum_s)
    most = max(min(pieces * demand.maximum_s, span_s - pieces * overhead_s) for pieces in (few, few + 1))
    return most if most >= demand.minimum_s else 0


def _most_activities(problem: Problem, task: int) -> int:
    wanted = problem.tasks[task]
    hold_s = wanted.demand.hold_s(wanted.demand.minimum_s)
    most = min(sum(span // hold_s for span in _spans_s(problem, task)), wanted.demand.count)
    if wanted.demand.kind in ("every", "each"):
        usable = usable_starts(wanted.open, problem.horizon, hold_s)
        most = min(most, sum(reaches(usable, window, problem.horizon) for window in wanted.demand.windows))
    before = [order.task for order in wanted.follows if problem.tasks[order.task].demand.kind != "total"]
    return min([most, *(_most_activities(problem, other) for other in before)])


def _solve_whole(timetable: Timetable, seed: int, effort: Effort) -> Improved:
    """All places of all tasks in one model."""
    problem = timetable.problem
    before = sorted(timetable.placed.values())
    empty = Timetable(problem)
    chosen = _choose(empty, timetable.extra, every_choice(empty, before), before, seed, effort, effort.work_left)
    if chosen is None:
        return Improved(False, simple_bound(problem))
    standing = timetable.standing()
    timetable.replace_all(chosen.placements)
    if timetable.fault() is not None or timetable.standing() < standing:
        timetable.replace_all(before)
        return _search(timetable, seed, effort)
    bound = min(timetable.score() + max(chosen.gap, 0.0), simple_bound(problem))
    return Improved(chosen.optimal, max(bound, timetable.score()))


def _choose(
    rest: Timetable,
    present: Extra,
    choices: list[Choice],
    hint: list[Placement],
    seed: int,
    effort: Effort,
    work: float,
) -> Chosen | None:
    model = Model(rest, choices, hint)
    model.forbid_overlaps()
    model.limit_power()
    model.keep_ways_and_stocks()
    model.staff()
    model.keep_order()
    if _energy_or_data_matter(rest, choices):
        model.keep_energy_and_data(blocks_of(rest, present, _MOST_BLOCKS))
    model.maximise()
    before = effort.work_done
    chosen = model.solve(seed, work, effort)
    effort.spend(max(_LEAST_WORK - (effort.work_done - before), 0.0))
    return chosen


def _energy_or_data_matter(rest: Timetable, choices: list[Choice]) -> bool:
    """Whether anything could go wrong with everything on that might be chosen."""
    cell_s = rest.problem.horizon.cell_s
    everything = []
    for choice in choices:
        demand = rest.problem.tasks[choice.task].demand
        covered = np.zeros(rest.problem.horizon.cells + 1, dtype=bool)
        for variant in range(len(rest.problem.tasks[choice.task].variants)):
            covered[:] = False
            for start_s, duration_s, _ in (place for place in choice.places if place[2] == variant):
                covered[start_s // cell_s : -(-(start_s + demand.hold_s(duration_s)) // cell_s)] = True
            for start, stop in (runs(covered) * cell_s).tolist():
                everything.append(Placement(choice.task, 0, start, stop - start - demand.hold_s(0), variant))
    return rest.fault_with(*everything) is not None


def _search(timetable: Timetable, seed: int, effort: Effort) -> Improved:
    """Large neighbourhood search: free some activities around something missing, solve, keep what is better."""
    effort.scale(min(max(len(timetable.placed), _FEW) / _MANY, 1.0))
    problem, generator = timetable.problem, np.random.default_rng(seed)
    bound, in_vain = simple_bound(problem), 0
    hope = np.ones(len(problem.tasks))
    while not effort.over and timetable.score() < bound and in_vain < _MOST_IN_VAIN:
        lacking = _missing(timetable) * hope
        if not lacking.any():
            break
        target = int(generator.choice(lacking.size, p=lacking / lacking.sum()))
        before, standing = sorted(timetable.placed.values()), timetable.standing()
        better = _one_round(timetable, target, generator, seed, effort) and timetable.standing() > standing
        if not better:
            timetable.replace_all(before)
        in_vain = 0 if better else in_vain + 1
        if better:
            _tell(timetable, effort, bound)
        hope[target] = 1.0 if better else hope[target] * _HOPE
    return Improved(False, max(bound, timetable.score()))


def _missing(timetable: Timetable) -> FloatArray:
    """Square roots of what each task still lacks, by its worth to the goals, (tasks,)."""
    problem = timetable.problem
    tasks = range(len(problem.tasks))
    points = [problem.gain(task) * (_alone(problem, task) - timetable.task_points(task)) for task in tasks]
    return np.sqrt(np.maximum(np.array(points, dtype=np.float64), 0.0))


def _one_round(timetable: Timetable, target: int, generator: np.random.Generator, seed: int, effort: Effort) -> bool:
    """One neighbourhood; False if nothing was found or it doesn't hold step by step."""
    window = _wanted_window(timetable, target, generator)
    if window is None:
        effort.spend(_LEAST_WORK)
        return False
    span_s = _span(timetable, target, window, generator)
    freed = _freed(timetable, target, window, span_s, everything=bool(generator.random() < _EVERYTHING))
    present = copied(timetable.extra)
    for placement in freed:
        timetable.take(placement)
    wanted = _wanted(timetable, target, window, freed)
    choices = some_choices(timetable, freed, wanted, span_s, _PLACES_EACH)
    chosen = _choose(timetable, present, choices, freed, seed, effort, min(_ROUND_WORK, effort.work_left))
    if chosen is None:
        return False
    for placement in chosen.placements:
        timetable.put(placement)
    if timetable.fault() is not None:
        return False
    fill(timetable, {choice.task for choice in choices}, span_s)
    return True


def _wanted_window(timetable: Timetable, target: int, generator: np.random.Generator) -> Window | None:
    """One of the target's missing activities."""
    task, horizon = timetable.problem.tasks[target], timetable.problem.horizon
    usable = usable_starts(task.open, horizon, task.demand.hold_s(task.demand.minimum_s))
    absent = [
        w for w in task.demand.windows if (target, w.number) not in timetable.placed and reaches(usable, w, horizon)
    ]
    if not absent:
        return None
    if task.ordered:
        return absent[int(generator.integers(len(absent)))]
    return absent[0]


def _span(timetable: Timetable, target: int, window: Window, generator: np.random.Generator) -> tuple[int, int]:
    """Part of the horizon in which to look: around the window, the activity it follows, or a random opportunity."""
    problem, task = timetable.problem, timetable.problem.tasks[target]
    hold_s = task.demand.hold_s(task.demand.maximum_s)
    reach_s = int(hold_s * generator.choice([1.0, 2.0, 3.0])) + 6 * 3600
    before = [timetable.placed.get((order.task, window.number)) for order in task.follows]
    anchors = [timetable.span_s(item) for item in before if item is not None]
    if anchors:
        low, high = min(start for start, _ in anchors), max(stop for _, stop in anchors)
    elif task.demand.kind == "every":
        low, high = window.earliest_s, window.latest_s + hold_s
        reach_s = hold_s // 2
    else:
        middle = int(generator.choice(np.flatnonzero(task.open))) * problem.horizon.cell_s
        low = high = middle
    return max(low - reach_s, 0), min(high + reach_s, problem.horizon.length_s)


def _freed(
    timetable: Timetable, target: int, window: Window, span_s: tuple[int, int], *, everything: bool
) -> list[Placement]:
    """Activities that may move: the target's rivals in the span or everything there, and what is in order with them."""
    problem, middle = timetable.problem, (span_s[0] + span_s[1]) / 2
    rivals = set(problem.rivals[target])
    near = []
    for item in timetable.placed.values():
        start_s, stop_s = timetable.span_s(item)
        if (everything or item.task in rivals) and start_s < span_s[1] and stop_s > span_s[0]:
            near.append((abs((start_s + stop_s) / 2 - middle), item))
    freed = {item for _, item in sorted(near)[:_MOST_FREED]}
    linked = [key for item in freed for key in _linked(problem, item.task, item.number)]
    linked += _linked(problem, target, window.number)
    return sorted(freed | {timetable.placed[key] for key in linked if key in timetable.placed})


def _linked(problem: Problem, task: int, number: int) -> list[tuple[int, int]]:
    """The activities that one follows, and those that follow it."""
    ahead = [(order.task, number) for order in problem.tasks[task].follows]
    return ahead + [(follower, number) for follower in problem.followers[task]]


def _wanted(timetable: Timetable, target: int, window: Window, freed: list[Placement]) -> list[tuple[int, Window]]:
    """The missing activity, more of its kind if numbers don't matter, and one more of each lacking freed task."""
    problem = timetable.problem
    wanted = [(target, window)]
    for task in sorted({target} | {item.task for item in freed}):
        if problem.tasks[task].ordered:
            continue
        taken = {item.number for item in freed if item.task == task}
        absent = [
            other
            for other in problem.tasks[task].demand.windows
            if (task, other.number) not in timetable.placed and other.number not in taken
        ]
        more = absent[1:3] if task == target else absent[:1]
        wanted += [(task, item) for item in more]
    return wanted
