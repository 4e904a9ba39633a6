"""The cheapest change that would let one more activity in. Each candidate is verified by trying it.

Costs: an activity shortened by a part costs that part; a rhythm's tolerance or an order's gap widened costs its growth
against the period or the activity; a limit moved costs the move against the scale of its unit; each activity moved
elsewhere costs 0.3, each one dropped 0.5 and a tenth of its priority; a larger store costs its growth; a constraint
given up costs 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lunabase.planning.balance import CAPACITY_J, INITIAL_J
from lunabase.planning.conflict import Exclusion
from lunabase.planning.demand import say_duration
from lunabase.planning.horizon import BoolArray, IntArray, cells_that_hold
from lunabase.planning.opportunities import Limit
from lunabase.planning.timetable import Placement, Timetable
from lunabase.planning.trial import Member, Trial, together

_SCALES = {" deg": 10.0, " K": 50.0, "": 1.0, " W/m^2": 500.0, " h": 6.0}
"""A limit moved by this much costs as much as giving the constraint up."""
_LEAST_PART = 0.25
"""An activity shortened to less than this is another one."""
_HALVINGS = 18
_MOVED, _DROPPED = 0.3, 0.5
_PLACES = 12
"""So many places are tried at which others would have to make way."""
_WH_J = 3600.0


@dataclass(frozen=True, slots=True)
class WayIn:
    """A change that lets the activity in."""

    cost: float
    words: str


def cheapest(found: Exclusion) -> WayIn | None:
    """The cheapest change found that lets the activity of a conflict in; None if there is none."""
    ways = [
        *_shorter(found),
        *_made_way(found),
        *(way for member in found.members for way in _without(found, member)),
    ]
    return min(ways, key=lambda way: (way.cost, way.words), default=None)


def _shorter(found: Exclusion) -> Iterator[WayIn]:
    """The longest activity, shorter than asked for, that fits."""
    trial = found.trial
    asked_s, unit_s = trial.duration_s, 60 if trial.duration_s >= 1800 else 1
    low, high = math.ceil(_LEAST_PART * asked_s / unit_s), math.ceil(asked_s / unit_s)
    if low >= high or not _fits_at(trial, low * unit_s):
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _fits_at(trial, middle * unit_s) else (low, middle)
    words = f"an activity of {say_duration(low * unit_s)} instead of {say_duration(asked_s)}"
    yield WayIn(1.0 - low * unit_s / asked_s, words)


def _fits_at(trial: Trial, duration_s: int) -> bool:
    other = Trial(trial.timetable, trial.task, trial.window, duration_s)
    return other.start_s.size > 0 and other.first_fit(together(other.members(), other.start_s.size)) is not None


def _without(found: Exclusion, member: Member) -> Iterator[WayIn]:
    """Changes that weaken one member of the conflict."""
    if member.kind == "constraint":
        yield from _relaxed(found, member)
    elif member.kind == "window":
        yield from _wider(found, member)
    elif member.kind == "order":
        yield from _looser(found, member)
    elif member.kind == "balance":
        yield from _larger_store(found)


def _relaxed(found: Exclusion, member: Member) -> Iterator[WayIn]:
    """A limit moved by the least amount, or the constraint given up."""
    trial, clause = found.trial, member.clause
    assert clause is not None
    rest = found.but_for(member)
    if clause.shut_s:  # a reservation, a forbidden time, the past: nothing that the request could relax
        return
    if clause.limit is not None:
        moved = _least_limit(trial, clause.limit, rest)
        if moved is not None:
            scale = _SCALES.get(clause.limit.unit, max(abs(clause.limit.limit), 1.0))
            side = "above" if clause.limit.is_least else "below"
            words = f"{clause.limit.what} {side} {moved:g} instead of {clause.limit.limit:g}{clause.limit.unit}"
            yield WayIn(abs(moved - clause.limit.limit) / scale, words)
    elif trial.first_fit(rest) is not None:
        yield WayIn(1.0, f"without the constraint: {clause.words}")


def _least_limit(trial: Trial, limit: Limit, rest: BoolArray) -> float | None:
    """The limit nearest to the one asked for at which the activity fits; rounded to the user's side."""

    def fits(value: float) -> bool:
        inside = trial.inside(cells_that_hold(limit.holds_at(value), trial.problem.horizon))
        return trial.first_fit(rest & inside) is not None

    extreme = float(np.nanmin(limit.values) if limit.is_least else np.nanmax(limit.values))
    far = extreme + (-1e-3 if limit.is_least else 1e-3)
    if not fits(far):
        return None
    near = limit.limit
    for _ in range(_HALVINGS):
        middle = (near + far) / 2.0
        near, far = (near, middle) if fits(middle) else (middle, far)
    digits = max(2 - math.floor(math.log10(max(abs(far - limit.limit), 1e-9))), 0)
    step = 10.0**-digits
    rounded = (math.floor(far / step) if limit.is_least else math.ceil(far / step)) * step
    value = round(rounded, digits)
    return value if fits(value) else far


def _made_way(found: Exclusion) -> Iterator[WayIn]:
    """Activities of others that would have to make way: moved elsewhere if they can be, else dropped."""
    trial, table = found.trial, found.trial.timetable
    if not any(member.kind == "rival" for member in found.all_members):
        return
    rest = together((m for m in found.all_members if m.kind != "rival"), trial.start_s.size)
    starts = np.flatnonzero(rest)
    crowd = _in_the_way(trial, starts)
    fewest = starts[np.argsort(crowd, kind="stable")][:_PLACES] if starts.size else starts
    before = list(table.placed.values())
    for start in fewest.tolist():
        way = _make_way_at(trial, start)
        table.replace_all(before)
        if way is not None:
            yield way


def _rivals_of(trial: Trial) -> list[tuple[Placement, frozenset[int]]]:
    """Activities of other tasks that some variant must not overlap, and these variants."""
    table, ways = trial.timetable, trial.wanted.variants
    found = []
    for item in table.placed.values():
        index = table.variant(item).index
        apart = frozenset(k for k, way in enumerate(ways) if index in trial.problem.apart[way.index])
        if apart and item.task != trial.task:
            found.append((item, apart))
    return found


def _in_the_way(trial: Trial, starts: IntArray) -> IntArray:
    """How many activities of others a hold at each of these starts (n,) overlaps."""
    begin_s, variant = trial.start_s[starts], trial.variant[starts]
    count = np.zeros(starts.size, dtype=np.int64)
    for item, apart in _rivals_of(trial):
        first_s, last_s = trial.timetable.span_s(item)
        count += (begin_s < last_s) & (begin_s + trial.hold_s > first_s) & np.isin(variant, list(apart))
    return count


def _make_way_at(trial: Trial, start: int) -> WayIn | None:
    """Take all rivals off one place, put the activity there and see what becomes of them."""
    table, problem = trial.timetable, trial.problem
    begin_s, end_s = int(trial.start_s[start]), int(trial.start_s[start]) + trial.hold_s
    taken = [
        item
        for item, apart in _rivals_of(trial)
        if table.span_s(item)[0] < end_s and table.span_s(item)[1] > begin_s and int(trial.variant[start]) in apart
    ]
    if any((follower, item.number) in table.placed for item in taken for follower in problem.followers[item.task]):
        return None  # what follows them would lose its place too
    for item in taken:
        table.take(item)
    placement = trial.placement(start)
    if placement is None or table.fault_with(placement) is not None:
        return None
    table.put(placement)
    return _say_way(trial, [(item, _elsewhere(table, item)) for item in taken])


def _elsewhere(table: Timetable, item: Placement) -> bool:
    """Place an activity at the nearest other time, as long as it was."""
    window = next((w for w in table.problem.tasks[item.task].demand.windows if w.number == item.number), None)
    if window is None:
        return False
    free = table.free_cells(item.task, item.variant)
    starts_s = table.fitting_starts_s(item.task, window, item.duration_s, free, item.variant)
    for start_s in starts_s[np.argsort(np.abs(starts_s - item.hold_start_s))][:_PLACES].tolist():
        tried = table.staffed(replace(item, hold_start_s=start_s, crew=()))
        if tried is not None and table.fault_with(tried) is None:
            table.put(tried)
            return True
    return False


def _say_way(trial: Trial, taken: list[tuple[Placement, bool]]) -> WayIn:
    """Words and cost of what was moved (True) and dropped (False)."""
    parts, cost = [], 0.0
    for item, moved in sorted(taken, key=lambda pair: not pair[1]):
        other = trial.problem.tasks[item.task]
        priority = other.request.priority
        parts.append(f"{'move' if moved else 'drop'} {other.request_id}#{item.number} (priority {priority})")
        cost += _MOVED if moved else _DROPPED + priority / 10.0
    return WayIn(cost, " and ".join(parts))


def _wider(found: Exclusion, member: Member) -> Iterator[WayIn]:
    """A rhythm's tolerance widened until the nearest place is within it."""
    trial = found.trial
    every = trial.wanted.request.every
    if every is None:
        return
    rest = found.but_for(member)
    beyond_s = np.maximum(trial.window.earliest_s - trial.start_s, trial.start_s - trial.window.latest_s)
    order = np.argsort(beyond_s, kind="stable")
    near = order[rest[order]][:_PLACES]
    for start in near.tolist():
        tolerance_s = every.tolerance_s + int(beyond_s[start])
        if tolerance_s <= every.period_s / 2 and trial.first_fit(_only(trial, start)) is not None:
            words = f"a tolerance of {say_duration(tolerance_s)} instead of {say_duration(every.tolerance_s) or '0 s'}"
            yield WayIn(int(beyond_s[start]) / every.period_s, words)
            return


def _looser(found: Exclusion, member: Member) -> Iterator[WayIn]:
    """A longer greatest gap to what it follows."""
    trial, table = found.trial, found.trial.timetable
    rest = found.but_for(member)
    for order in trial.wanted.follows:
        before = table.times_s(order.task, trial.window.number)
        if before is None or order.maximum_gap_s is None:
            continue
        gap_s = trial.start_s + trial.wanted.demand.setup_s - before[1]
        late = np.flatnonzero(rest & (gap_s > order.maximum_gap_s))
        for start in late[np.argsort(gap_s[late])][:_PLACES].tolist():
            if trial.first_fit(_only(trial, start)) is not None:
                words = (
                    f"up to {say_duration(float(gap_s[start]))} instead of {say_duration(order.maximum_gap_s)} "
                    f"after {table.problem.tasks[order.task].request_id}"
                )
                yield WayIn((float(gap_s[start]) - order.maximum_gap_s) / trial.hold_s, words)
                break


def _only(trial: Trial, start: int) -> BoolArray:
    answer = np.zeros(trial.start_s.size, dtype=bool)
    answer[start] = True
    return answer


def _larger_store(found: Exclusion) -> Iterator[WayIn]:
    """More battery, if that is what is short: as much as the best place lacks, tried with the larger store."""
    trial = found.trial
    if found.fault is None or found.fault.kind != "battery" or trial.problem.forecast.stores.shape[0] == 0:
        return
    capacity_j = float(trial.problem.forecast.stores[:, CAPACITY_J].sum())
    allowed = together(found.all_members, trial.start_s.size)
    for part in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6):
        if _fits_with_more(trial, allowed, 1.0 + part):
            yield WayIn(part, f"{part * capacity_j / _WH_J:.0f} Wh more in the stores ({part:.0%})")
            return


def _fits_with_more(trial: Trial, allowed: BoolArray, factor: float) -> bool:
    """Whether it would fit with stores that are larger by a factor, as full at the start as now."""
    stores = trial.problem.forecast.stores.copy()
    stores[0, [CAPACITY_J, INITIAL_J]] += (factor - 1.0) * stores[:, [CAPACITY_J, INITIAL_J]].sum(axis=0)
    larger = replace(trial.problem, forecast=replace(trial.problem.forecast, stores=stores))
    table = Timetable(larger)
    for item in trial.timetable.placed.values():
        table.put(item)
    other = Trial(table, trial.task, trial.window, trial.duration_s)
    return other.first_fit(allowed) is not None
