"""Why a request was not placed, or not fully: the binding reason in one sentence, found by trying.

What can never be comes first (absent hosts, constraints that leave no interval long enough). Otherwise the missing
activity is tried at every remaining opportunity of the finished plan, and the rule that blocks most of them is named.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from lunabase.planning.cheapest import cheapest
from lunabase.planning.conflict import Exclusion, exclusion
from lunabase.planning.construct import spread
from lunabase.planning.demand import Window, say_duration
from lunabase.planning.horizon import BoolArray, FloatArray, IntArray, runs
from lunabase.planning.opportunities import Clause, open_cells, opportunities
from lunabase.planning.plan import Unplaced
from lunabase.planning.problem import Problem
from lunabase.planning.tasks import Task
from lunabase.planning.timetable import Placement, Timetable
from lunabase.planning.trial import Member, Trial
from lunabase.planning.words import CREW, HEAT, OWN, TRAVEL, say_conflict, say_fault, say_moment

_POSITIONS = 160
_ENERGY_POSITIONS = 24


def unplaced(
    timetable: Timetable, known: Iterable[Unplaced] = (), *, with_changes: bool = True
) -> tuple[Unplaced, ...]:
    """Every request that is not fully placed, in file order, with its reason.

    What is known already of a request that lacks as much as before is told again. Without changes, where time is
    short, the conflict is the reason, and it is left open what would let a request in.
    """
    before = {(item.request, item.wanted, item.placed): item for item in known}
    lacking = [
        _unplaced(timetable, k, before, with_changes)
        for k in range(len(timetable.problem.tasks))
        if _lacks(timetable, k)
    ]
    return tuple(lacking)


def _lacks(timetable: Timetable, index: int) -> bool:
    demand = timetable.problem.tasks[index].demand
    placed = timetable.of_task(index)
    if demand.kind == "total":
        return sum(item.duration_s for item in placed) < demand.total_s
    return len(placed) < demand.count


def _unplaced(
    timetable: Timetable, index: int, before: Mapping[tuple[str, str, str], Unplaced], with_changes: bool
) -> Unplaced:
    task = timetable.problem.tasks[index]
    placed = timetable.of_task(index)
    seconds = sum(item.duration_s for item in placed)
    amount = say_duration(seconds) if task.demand.kind == "total" else f"{len(placed)} of {task.demand.count}"
    words = amount if placed else "nothing"
    if (task.request_id, task.demand.words, words) in before:
        return before[task.request_id, task.demand.words, words]
    conflict, change = _conflict(timetable, index, with_changes)
    return Unplaced(
        request=task.request_id,
        experiment=task.experiment,
        partner=task.partner,
        priority=task.request.priority,
        wanted=task.demand.words,
        placed=words,
        reason=_reason(timetable, index) if with_changes or not conflict else " and ".join(conflict),
        conflict=conflict,
        cheapest_change=change,
    )


def _conflict(timetable: Timetable, index: int, with_changes: bool) -> tuple[tuple[str, ...], str]:
    """What keeps one more activity of the shortest length out, and the cheapest change that lets it in."""
    task = timetable.problem.tasks[index]
    window = next((w for w in task.demand.windows if (index, w.number) not in timetable.placed), None)
    impossible = task.obstacle or _too_long(timetable.problem, task)
    if task.obstacle or window is None:
        return (task.obstacle,) if task.obstacle else (), ""
    found = exclusion(Trial(timetable, index, window, task.demand.minimum_s))
    way = cheapest(found) if with_changes and (found.members or impossible) else None
    words = (impossible,) if impossible else tuple(_say_member(found, member) for member in found.members)
    return words, way.words if way is not None else ""


def _say_member(found: Exclusion, member: Member) -> str:
    """A member of a conflict in the user's terms."""
    trial, task, problem = found.trial, found.trial.wanted, found.trial.problem
    need = say_duration(trial.hold_s)
    if member.clause is not None:
        longest = _longest_s(problem, (member.clause,))
        shown = f"the longest such interval is {say_duration(longest)}" if longest else "there is none"
        return f"it needs {member.clause.words} for {need}; {shown}"
    if member.kind == "rival":
        return say_conflict(problem, trial.task, member.rival, "")
    if member.kind == "balance" and found.fault is not None:
        return say_fault(problem, found.fault, task)
    if member.kind == "host":
        limit_w = problem.station.modules[task.host].payload_power_limit_w
        return f"payload power of {task.host} would exceed its limit of {limit_w:g} W (it needs {task.power_w:g} W)"
    if member.kind == "window":
        first, last = (say_moment(problem.horizon.moment(s)) for s in _window_s(found))
        return f"#{trial.window.number} must begin between {first} and {last}"
    if member.kind == "order":
        return _say_order(found)
    return _PLAIN[member.kind]


_PLAIN = {
    "own": OWN,
    "peak": "the loads together would exceed the flight rule's maximum power",
    "heat": HEAT,
    "crew": CREW,
    "travel": TRAVEL,
    "stock": "what it uses up is used up",
    "balance": "energy or data would not suffice",
}
"""Members of a conflict that need no more words."""


def _window_s(found: Exclusion) -> tuple[int, int]:
    window = found.trial.window
    return max(window.earliest_s, 0), max(window.latest_s, 0)


def _say_order(found: Exclusion) -> str:
    trial, table = found.trial, found.trial.timetable
    others = [table.problem.tasks[order.task].request_id for order in trial.wanted.follows]
    absent = [
        table.problem.tasks[order.task].request_id
        for order in trial.wanted.follows
        if table.times_s(order.task, trial.window.number) is None
    ]
    if absent:
        return f"it must follow {absent[0]}#{trial.window.number}, which is not placed"
    return f"it must follow {' and '.join(others)} in its time" if others else "its activities keep their order"


def _reason(timetable: Timetable, index: int) -> str:
    task = timetable.problem.tasks[index]
    return (
        task.obstacle
        or _too_long(timetable.problem, task)
        or _no_opportunity(timetable.problem, task)
        or _no_places_in_rhythm(timetable, index)
        or _used_up(timetable, index)
        or _blocked(timetable, index)
    )


def _too_long(problem: Problem, task: Task) -> str:
    need = task.demand.hold_s(task.demand.minimum_s)
    if need <= problem.horizon.length_s:
        return ""
    return f"it needs {say_duration(need)} in one piece; the horizon is {say_duration(problem.horizon.length_s)}"


def _no_opportunity(problem: Problem, task: Task) -> str:
    """The fewest constraints that together leave no interval long enough."""
    need = task.demand.hold_s(task.demand.minimum_s)
    if _longest_s(problem, task.held) >= need:
        return ""
    culprits = _fewest(task.held, lambda held: _longest_s(problem, held) < need)
    longest = _longest_s(problem, culprits)
    if any("crew" in clause.words for clause in culprits) and longest == 0:
        people = problem.phase.crew or "no"
        return f"it needs {_words(culprits)}; phase {problem.phase_name} has {people} people on the station"
    found = f"the longest such interval is {say_duration(longest)}" if longest else "there is none"
    return f"it needs {_words(culprits)} for {say_duration(need)}; in this horizon {found}"


def _fewest(held: tuple[Clause, ...], excluded: Callable[[tuple[Clause, ...]], bool]) -> tuple[Clause, ...]:
    """Clauses without which it would not be excluded: a minimal set, by leaving out one after another."""
    culprits = held
    for clause in held:
        rest = tuple(other for other in culprits if other is not clause)
        if excluded(rest):
            culprits = rest
    return culprits


def _words(held: tuple[Clause, ...]) -> str:
    return " and ".join(clause.words for clause in held) or "time"


def _longest_s(problem: Problem, held: tuple[Clause, ...]) -> int:
    return max((span.length_s for span in opportunities("", held, problem.horizon, 1)), default=0)


def _no_places_in_rhythm(timetable: Timetable, index: int) -> str:
    """Whether most missing places of a rhythm lie where the constraints don't hold."""
    task, problem = timetable.problem.tasks[index], timetable.problem
    if task.demand.kind != "every":
        return ""
    absent = [w for w in task.demand.windows if (index, w.number) not in timetable.placed]
    shut = [w for w in absent if not _starts(timetable, index, w, task.open).size]
    if 2 * len(shut) <= len(absent):
        return ""

    def all_shut(held: tuple[Clause, ...]) -> bool:
        cells = open_cells(held, problem.horizon)
        return not any(_starts(timetable, index, window, cells).size for window in shut)

    culprits = _fewest(task.held, all_shut)
    need = say_duration(task.demand.hold_s(task.demand.minimum_s))
    part = 100 * open_cells(culprits, problem.horizon).mean()
    return (
        f"it needs {_words(culprits)} for {need}; {len(shut)} of the {task.demand.count} places in its rhythm "
        f"do not offer that (it holds {part:.0f} % of the time)"
    )


def _starts(timetable: Timetable, index: int, window: Window, cells: BoolArray) -> IntArray:
    """Hold starts in the window with the shortest hold inside the given cells, nothing else asked."""
    task, cell_s = timetable.problem.tasks[index], timetable.problem.horizon.cell_s
    width = -(-(window.offset_s + task.demand.hold_s(task.demand.minimum_s)) // cell_s)
    low = max(-(-(window.earliest_s - window.offset_s) // cell_s), 0)
    high = (window.latest_s - window.offset_s) // cell_s
    found = [np.arange(max(a, low), min(b - width, high) + 1) for a, b in runs(cells).tolist()]
    starts = np.concatenate([np.zeros(0, dtype=np.int64), *found]).astype(np.int64)
    return np.asarray(starts * cell_s + window.offset_s)


def _used_up(timetable: Timetable, index: int) -> str:
    """Whether all of a request's opportunities are taken by its own activities."""
    task, cell_s = timetable.problem.tasks[index], timetable.problem.horizon.cell_s
    left = task.open.copy()
    for item in timetable.of_task(index):
        start_s, stop_s = timetable.span_s(item)
        left[start_s // cell_s : -(-stop_s // cell_s)] = False
    need = task.demand.hold_s(task.demand.minimum_s)
    if any((stop - start) * cell_s >= need for start, stop in runs(left).tolist()):
        return ""
    whole = say_duration(float(task.open.sum()) * cell_s)
    return f"it has used all its opportunities: {_words(task.held)} adds up to {whole} in this horizon"


def _blocked(timetable: Timetable, index: int) -> str:
    """The rule that blocks most of the places left for what is missing."""
    task = timetable.problem.tasks[index]
    windows = [w for w in task.demand.windows if (index, w.number) not in timetable.placed]
    waiting = _waits_for(timetable, index, windows)
    if waiting:
        return waiting
    tally: Counter[str] = Counter()
    for window in windows if task.ordered else windows[:1]:
        starts = spread(
            _starts(timetable, index, window, task.open), _POSITIONS if len(windows) == 1 or not task.ordered else 24
        )
        tally.update(_blockers(timetable, index, window, starts))
    if not tally:
        return "the places left lie outside the times that its order allows"
    own = tally.pop(OWN, 0)
    return tally.most_common(1)[0][0] if tally else OWN if own else "the search ended before it was placed"


def _waits_for(timetable: Timetable, index: int, windows: list[Window]) -> str:
    """Whether what it must follow is itself missing."""
    for order in timetable.problem.tasks[index].follows:
        absent = [w for w in windows if (order.task, w.number) not in timetable.placed]
        if 2 * len(absent) > len(windows):
            times = "so often" if timetable.of_task(order.task) else "at all"
            return f"it must follow {timetable.problem.tasks[order.task].request_id}, which is not placed {times}"
    return ""


def _blockers(timetable: Timetable, index: int, window: Window, starts: list[int]) -> Iterator[str]:
    """For every start, all rules that block an activity of the shortest length there; energy and data on a sample."""
    free_of_rules, rivals = [], _rivals(timetable, index)
    for start_s in starts:
        placement = Placement(index, window.number, start_s, timetable.problem.tasks[index].demand.minimum_s)
        found = (
            _order_rule(timetable, placement),
            _overlap_rule(timetable, placement, rivals),
            _host_rule(timetable, placement),
            _peak_rule(timetable, placement),
            _heat_rule(timetable, placement),
        )
        reasons = [reason for reason in found if reason]
        yield from reasons
        if not reasons:
            free_of_rules.append(placement)
    weight = math.ceil(len(free_of_rules) / _ENERGY_POSITIONS)
    for placement in free_of_rules[:: max(weight, 1)]:
        fault = timetable.fault_with(placement)
        if fault is not None:
            task = timetable.problem.tasks[index]
            yield from [say_fault(timetable.problem, fault, task)] * max(weight, 1)


def _order_rule(timetable: Timetable, placement: Placement) -> str:
    task = timetable.problem.tasks[placement.task]
    earliest, latest = timetable.bounds_s(placement.task, placement.number, placement.duration_s)
    if earliest <= placement.hold_start_s <= latest:
        return ""
    others = [timetable.problem.tasks[order.task].request_id for order in task.follows]
    return f"its order after {' and '.join(others)} leaves no room" if others else "its activities keep their order"


def _rivals(timetable: Timetable, index: int) -> IntArray:
    """Start, stop and task of every activity that a task must not overlap, (n, 3)."""
    conflicts = timetable.problem.conflicts
    spans = [
        (*timetable.span_s(item), item.task) for item in timetable.placed.values() if (index, item.task) in conflicts
    ]
    return np.array(spans, dtype=np.int64).reshape(-1, 3)


def _overlap_rule(timetable: Timetable, placement: Placement, rivals: IntArray) -> str:
    """What holds the place, named by the rival that covers most of it."""
    start_s, stop_s = timetable.span_s(placement)
    covered_s = np.minimum(rivals[:, 1], stop_s) - np.maximum(rivals[:, 0], start_s)
    shares = np.zeros(len(timetable.problem.tasks), dtype=np.int64)
    np.add.at(shares, rivals[:, 2], np.maximum(covered_s, 0))
    rival = int(np.argmax(shares))
    return say_conflict(timetable.problem, placement.task, rival) if shares[rival] > 0 else ""


def _host_rule(timetable: Timetable, placement: Placement) -> str:
    task = timetable.problem.tasks[placement.task]
    room_w = timetable.host_room_w.get(task.host)
    if room_w is None or not _short(timetable, placement, room_w):
        return ""
    limit_w = timetable.problem.station.modules[task.host].payload_power_limit_w
    return f"payload power of {task.host} would exceed its limit of {limit_w:g} W (it needs {task.power_w:g} W)"


def _peak_rule(timetable: Timetable, placement: Placement) -> str:
    needs_power = timetable.problem.tasks[placement.task].power_w > 0.0
    if not needs_power or not _short(timetable, placement, timetable.peak_room_w):
        return ""
    return "the loads together would exceed the flight rule's maximum power"


def _heat_rule(timetable: Timetable, placement: Placement) -> str:
    node = timetable.variant(placement).node
    return HEAT if node >= 0 and _short(timetable, placement, timetable.node_room_w[node]) else ""


def _short(timetable: Timetable, placement: Placement, room_w: FloatArray) -> bool:
    start_s, stop_s = timetable.span_s(placement)
    cell_s = timetable.problem.horizon.cell_s
    room = room_w[start_s // cell_s : -(-stop_s // cell_s)]
    return bool(room.min() < timetable.problem.tasks[placement.task].extra_w - 1e-6)
