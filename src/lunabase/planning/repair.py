"""A plan mended after a change: what still holds stays, what the change breaks finds the nearest place that is left.

History stays as it was. Of what follows, each activity is tried in the changed problem where it was; what no longer
fits is freed, and what the stores, the bus or the recorder can't bear any more loses the least that mends it. Freed
activities then go to the nearest time at which nothing goes wrong, the most valuable first; new wishes are added. What
still finds no place may push activities that are worth less aside, if these find another place or are worth giving up.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lunabase.errors import InputError
from lunabase.planning.begin import remembering
from lunabase.planning.burden import Fault
from lunabase.planning.change import Change
from lunabase.planning.construct import fill, spread
from lunabase.planning.demand import Window
from lunabase.planning.explain import unplaced
from lunabase.planning.improve import simple_bound
from lunabase.planning.keep import Mend, keep_history, keep_pins, keep_what_holds, settle, window_of
from lunabase.planning.outcome import goal_outcomes, partner_outcomes
from lunabase.planning.plan import Plan, SolverSummary
from lunabase.planning.problem import Problem
from lunabase.planning.restrict import restricted, seconds
from lunabase.planning.solve import activity_of
from lunabase.planning.tasks import POINTS
from lunabase.planning.timetable import Placement, Timetable, activity_points, total_points

SOLVER = "repair with the least change"
_NEAREST = 24
"""So many of the nearest starts are tried for one activity."""
_FARTHER = 8
"""And so many all over the rest."""
_PUSHED = 12
"""So many places are tried at which others would have to make way."""
_WORTH_ITS_COST = 0.5
"""Others make way only for something that is worth twice what that costs: change is a cost of its own."""
_MOVED = 0.1
"""What is pushed to another time counts as this part of a loss."""
_FULL = 1.0 - 1e-9


def repair(problem: Problem, previous: Plan, change: Change) -> Plan:
    """The plan that is as near to the previous one as a change allows.

    `problem` was built for the changed station in its changed environment and covers the previous plan's span. Hashes
    and level stay those of the previous plan. Raises InputError when a pin can't be kept, or the change contradicts
    what has happened.
    """
    if problem.horizon.start != previous.start or problem.horizon.stop != previous.stop:
        raise InputError("the plan does not cover the span of the environment.", fix="Compute it for the plan's dates.")
    problem, _ = remembering(restricted(problem, previous, change), previous)
    mend = Mend(Timetable(problem), seconds(problem.horizon, change))
    keep_history(mend, previous)
    keep_pins(mend, previous, change)
    keep_what_holds(mend, previous)
    _drop_what_is_too_much(mend)
    _place_again(mend)
    _add_what_is_new(mend, change)
    return _plan(mend, previous)


def _drop_what_is_too_much(mend: Mend) -> None:
    """Free the least valuable of what overloads stores, bus or recorder, until nothing does."""
    while (fault := mend.timetable.fault()) is not None:
        culprits = [item for item in _culprits(mend.timetable, fault) if mend.may_move(item)]
        if not culprits:
            return  # what is left can't be moved
        mend.free(min(culprits, key=lambda item: (_worth_per_use(mend.timetable, item, fault), item)))


def _culprits(timetable: Timetable, fault: Fault) -> list[Placement]:
    """Activities between the last time that the stores were full (the recorder was empty) and a fault."""
    track, step_s = timetable.track, timetable.problem.forecast.step_s
    if fault.kind == "recorder":
        fresh = np.flatnonzero(track.fill_bit[: fault.step] <= 0.0)
    else:
        fresh = np.flatnonzero(track.charge[: fault.step] >= _FULL)
    first_s = (int(fresh[-1]) if fresh.size else 0) * step_s
    last_s = (fault.step + 1) * step_s
    spans = ((item, *timetable.span_s(item)) for item in timetable.placed.values())
    return [item for item, start_s, stop_s in spans if start_s < last_s and stop_s > first_s]


def _worth_per_use(timetable: Timetable, item: Placement, fault: Fault) -> float:
    """Worth of an activity for what it takes of what is short."""
    way = timetable.variant(item)
    use = way.data_bit_per_s if fault.kind == "recorder" else max(way.extra_w, 1e-3)
    return worth(timetable, item) / max(use * item.duration_s, 1e-9)


def worth(timetable: Timetable, item: Placement) -> float:
    """Points of an activity; promised ones count above all others."""
    problem, task = timetable.problem, timetable.problem.tasks[item.task]
    of_kind = total_points if task.demand.kind == "total" else activity_points
    points = float(of_kind(problem, item.task, item.duration_s))
    return points + (1e12 if task.request.committed else 0.0)


def _place_again(mend: Mend) -> None:
    """Every freed activity to the nearest place, the most valuable first and followers after what they follow."""
    waiting = sorted(mend.freed, key=lambda item: (-worth(mend.timetable, item), item.hold_start_s, item))
    placed = True
    while waiting and placed:
        placed = False
        for item in list(waiting):
            if _is_ready(mend, item, waiting) and (place_near(mend, item) or _push_aside(mend, item)):
                waiting.remove(item)
                placed = True
    # What was pushed aside without finding a place joined the freed ones; it is worth less than what is there now.


def _is_ready(mend: Mend, item: Placement, waiting: Iterable[Placement]) -> bool:
    """Whether nothing that it must follow still waits."""
    before = {order.task for order in mend.problem.tasks[item.task].follows}
    return not any(other.task in before and other.number == item.number for other in waiting)


def place_near(mend: Mend, item: Placement) -> bool:
    """Place an activity at the free time nearest to where it was, as long as it was or shorter."""
    window = window_of(mend.problem, item)
    if window is None or (item.task, item.number) in mend.timetable.placed:
        return False
    demand = mend.problem.tasks[item.task].demand
    longest_s = min(max(item.duration_s, demand.minimum_s), demand.maximum_s)
    for duration_s in dict.fromkeys((longest_s, (longest_s + demand.minimum_s) // 2, demand.minimum_s)):
        for variant in _variants(mend.problem, item):
            found = _nearest(mend, item, window, duration_s, variant)
            if found is not None:
                mend.timetable.put(found)
                return True
    return False


def _variants(problem: Problem, item: Placement) -> list[int]:
    """The task's variants, the present one first."""
    others = [k for k in range(len(problem.tasks[item.task].variants)) if k != item.variant]
    return [item.variant, *others]


def _nearest(mend: Mend, item: Placement, window: Window, duration_s: int, variant: int) -> Placement | None:
    timetable = mend.timetable
    free = timetable.free_cells(item.task, variant)
    starts_s = timetable.fitting_starts_s(item.task, window, duration_s, free, variant)
    near = starts_s[np.argsort(np.abs(starts_s - item.hold_start_s), kind="stable")]
    # The nearest ones first, then a few all over the window.
    for start_s in dict.fromkeys([*near[:_NEAREST].tolist(), *spread(near[_NEAREST:], _FARTHER)]):
        found = timetable.staffed(Placement(item.task, item.number, start_s, duration_s, variant))
        if found is not None and timetable.fault_with(found) is None:
            return found
    return None


def _push_aside(mend: Mend, item: Placement) -> bool:
    """Place an activity where others that are worth less must make way; they are placed again if they can be."""
    timetable = mend.timetable
    window = window_of(mend.problem, item)
    if window is None:
        return False
    before, freed = list(timetable.placed.values()), list(mend.freed)
    best: tuple[float, list[Placement], list[Placement]] | None = None
    for candidate in _candidates(mend, item, window):
        cost, most = _try_pushing(mend, candidate), _WORTH_ITS_COST * worth(timetable, candidate)
        if cost is not None and cost < most and (best is None or cost < best[0]):
            best = (cost, list(timetable.placed.values()), list(mend.freed))
        timetable.replace_all(before)
        mend.freed = list(freed)
        if best is not None and best[0] == 0.0:
            break
    if best is None:
        return False
    timetable.replace_all(best[1])
    mend.freed = best[2]
    return True


def _candidates(mend: Mend, item: Placement, window: Window) -> list[Placement]:
    """Places at which only activities that may move are in the way, the nearest first."""
    timetable, demand = mend.timetable, mend.problem.tasks[item.task].demand
    duration_s = min(max(item.duration_s, demand.minimum_s), demand.maximum_s)
    found = []
    for variant in _variants(mend.problem, item):
        way = mend.problem.tasks[item.task].variants[variant]
        starts_s = timetable.fitting_starts_s(item.task, window, duration_s, way.open, variant)
        near = starts_s[np.argsort(np.abs(starts_s - item.hold_start_s), kind="stable")]
        found += [Placement(item.task, item.number, start, duration_s, variant) for start in spread(near, _PUSHED)]
    return found


def _try_pushing(mend: Mend, candidate: Placement) -> float | None:
    """Make way for an activity; what that costs: the worth of what found no other place, and a part of what moved.

    None if way can't be made.
    """
    timetable = mend.timetable
    rivals = mend.problem.apart[timetable.variant(candidate).index]
    start_s, stop_s = timetable.span_s(candidate)
    in_the_way = []
    for other in timetable.placed.values():
        if timetable.variant(other).index in rivals:
            begin_s, end_s = timetable.span_s(other)
            if begin_s < stop_s and end_s > start_s:
                in_the_way.append(other)
    stake = sum(worth(timetable, other) for other in in_the_way)
    if not in_the_way or not all(mend.may_move(other) for other in in_the_way):
        return None
    if max(worth(timetable, other) for other in in_the_way) >= worth(timetable, candidate) and stake > 0.0:
        return None
    known = len(mend.freed)
    for other in in_the_way:
        if (other.task, other.number) in timetable.placed:
            mend.free(other)
    settled = settle(timetable, candidate)
    if settled is None or timetable.fault_with(settled) is not None:
        return None
    timetable.put(settled)
    pushed = sorted(mend.freed[known:], key=lambda other: other.hold_start_s)
    parts = [_MOVED if place_near(mend, other) else 1.0 for other in pushed]
    return sum(part * worth(timetable, other) for part, other in zip(parts, pushed, strict=True))


def _add_what_is_new(mend: Mend, change: Change) -> None:
    """Activities of new requests, and further ones of requests that lost some; new ones may push others aside."""
    new = {
        index
        for index, task in enumerate(mend.problem.tasks)
        if task.request_id.partition("/")[2] in change.requests.get(task.experiment, {})
    }
    fill(mend.timetable, new | {item.task for item in mend.freed})
    for index in sorted(new):
        demand = mend.problem.tasks[index].demand
        for window in demand.windows:
            enough = demand.kind == "total" and mend.timetable.seconds_of(index) >= demand.total_s
            if (index, window.number) in mend.timetable.placed or enough:
                continue
            wanted = Placement(index, window.number, max(window.earliest_s, mend.now_s), demand.maximum_s)
            if not _push_aside(mend, wanted):
                break


def _plan(mend: Mend, previous: Plan) -> Plan:
    timetable, problem = mend.timetable, mend.problem
    activities = []
    for item in timetable.placed.values():
        activity = activity_of(problem, item, item.number)
        pinned = (item.task, item.number) in mend.pinned
        activities.append(activity.model_copy(update={"pinned": True}) if pinned else activity)
    ordered = tuple(sorted(activities, key=lambda activity: (activity.hold_start, activity.id)))
    score = timetable.score()
    bound = max(simple_bound(problem), score)
    summary = SolverSummary(
        solver=SOLVER,
        status="feasible" if ordered else "empty",
        objective=score / POINTS,
        bound=bound / POINTS,
        seed=previous.solver.seed,
        work_limit=0.0,
        goals=goal_outcomes(timetable, bound),
    )
    made = {
        "activities": ordered,
        "unplaced": unplaced(timetable, previous.unplaced, with_changes=previous.level != "on board"),
        "partners": partner_outcomes(timetable, ordered),
        "solver": summary,
    }
    return previous.model_copy(update=made)
