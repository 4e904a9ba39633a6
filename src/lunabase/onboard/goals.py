"""What the station is asked to do, as it knows it without a plan: goals, the ways to serve them, and when each can be.

Requests say how much they want of a month's plan; without one the station wants that of every month anew. Windows come
from the on-board ephemeris, worked out once for a month.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate
from typing import Literal

import numpy as np
import xarray as xr

from lunabase.onboard.outlook import Outlook, outlook_of
from lunabase.planning.conflicts import conflicts_of
from lunabase.planning.crew_time import members_of
from lunabase.planning.horizon import Horizon, horizon_of, runs
from lunabase.planning.opportunities import Clause, all_hold, clauses
from lunabase.planning.scene import Scene
from lunabase.planning.variants import Variant, variants_of
from lunabase.station.model import Station
from lunabase.station.science import Request
from lunabase.station.site import Phase

MONTH_S = 29.53 * 86_400.0
Kind = Literal["count", "every", "each", "total"]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do a goal's activities; times in s since the flight's start."""

    index: int
    goal: int
    variant: Variant
    payload: int
    """Place of its payload among those that are present."""
    starts_s: tuple[float, ...]
    """When the windows open in which all constraints hold, in order."""
    stops_s: tuple[float, ...]
    left_s: tuple[float, ...]
    """How long they are open in all from each of them on, and after the last."""
    apart: frozenset[int]
    """Ways that must not go on at the same time."""

    def window(self, time_s: float) -> Interval | None:
        """The window that is open at a time or the next one; None after the last."""
        place = bisect_right(self.starts_s, time_s) - 1
        if place >= 0 and time_s < self.stops_s[place]:
            return self.starts_s[place], self.stops_s[place]
        return (self.starts_s[place + 1], self.stops_s[place + 1]) if place + 1 < len(self.starts_s) else None

    def open_s(self, start_s: float) -> float:
        """How long its windows are open in all from a time on."""
        place = bisect_right(self.starts_s, start_s)
        here_s = max(self.stops_s[place - 1] - start_s, 0.0) if place else 0.0
        return here_s + self.left_s[place]


@dataclass(frozen=True, slots=True)
class Goal:
    """A request as the station pursues it."""

    index: int
    request_id: str
    partner: str
    request: Request
    kind: Kind
    wanted: int
    """Activities; for a total the most pieces that it may be cut into."""
    total_s: float
    """Time wanted in all."""
    minimum_s: float
    maximum_s: float
    ways: tuple[Way, ...]
    intervals: tuple[Interval, ...]
    """For `each`: the intervals, one activity in every one."""
    follows: tuple[tuple[int, float, float], ...]
    """Goals whose n-th activity comes before the n-th of this, with the least and the most gap, s."""
    worth: float
    """Of the whole goal: 1 at priority 1, twice that for each step more."""
    data_class: int

    @property
    def around_s(self) -> float:
        """Setup and teardown."""
        return self.request.setup_s + self.request.teardown_s

    def worth_of(self, duration_s: float) -> float:
        """Worth of one activity of this length."""
        return self.worth * (duration_s / self.total_s if self.kind == "total" else 1.0 / max(self.wanted, 1))


@dataclass(frozen=True, slots=True)
class Agenda:
    """All goals of a stretch of time, a month at most; nothing that it starts goes on beyond its end."""

    start_s: float
    stop_s: float
    start: datetime
    """UTC of the flight's start, from which all seconds count."""
    goals: tuple[Goal, ...]
    ways: tuple[Way, ...]
    rivals: tuple[tuple[int, ...], ...]
    """Per way: the other goals that it keeps waiting."""
    outlook: Outlook
    host_room_w: Mapping[str, float]
    entitled_j: Mapping[str, float]
    """Energy at which each partner counts as fully served."""
    people: tuple[str, ...]
    station: Station


def agenda_of(
    station: Station,
    phase_name: str,
    environment: xr.Dataset,
    first: datetime,
    span_s: Interval,
    before: Agenda | None = None,
) -> Agenda:
    """The goals from one time to another (s since the flight's start), with the environment of that time and beyond.

    ``first`` is the flight's start. The environment begins at the first of the two times, or an epoch before.
    ``before`` is an earlier agenda of the same station and phase: what never overlaps need not be found out again.
    """
    phase = station.phases[phase_name]
    begin = environment["time"].values[0]
    origin = np.datetime64(first.replace(tzinfo=None), "ns")
    start_s = float((begin - origin).astype(np.int64) * 1e-9)
    outlook = outlook_of(station, phase, environment, start_s)
    scene = _scene(station, phase_name, phase, environment, outlook)
    goals = tuple(_goals(scene, start_s, span_s))
    ways = tuple(_kept_apart(station, goals, before))
    goals = tuple(replace(goal, ways=tuple(ways[way.index] for way in goal.ways)) for goal in goals)
    rivals = tuple(tuple(sorted({ways[other].goal for other in way.apart} - {way.goal})) for way in ways)
    return Agenda(
        start_s=span_s[0],
        stop_s=span_s[1],
        start=first,
        goals=goals,
        ways=ways,
        rivals=rivals,
        outlook=outlook,
        host_room_w=dict(_host_room_w(station, phase)),
        entitled_j=_entitled_j(station, goals),
        people=tuple(members_of(station, phase)),
        station=station,
    )


def _kept_apart(station: Station, goals: tuple[Goal, ...], before: Agenda | None) -> Iterator[Way]:
    """All ways, each with those that it must not overlap."""
    ways = [way for goal in goals for way in goal.ways]
    if before is not None and [_nature(way) for way in ways] == [_nature(way) for way in before.ways]:
        apart: Sequence[frozenset[int]] = [way.apart for way in before.ways]
    else:
        activities = tuple(goal.request.activity for goal in goals)
        apart, _ = conflicts_of(station, tuple(way.variant for way in ways), activities)
    for way, others in zip(ways, apart, strict=True):
        yield replace(way, apart=others)


def _nature(way: Way) -> tuple[int, str, tuple[str, ...]]:
    """What decides over conflicts."""
    return way.goal, way.variant.payload, way.variant.resources


def _scene(station: Station, phase_name: str, phase: Phase, environment: xr.Dataset, outlook: Outlook) -> Scene:
    """The planner's view, with the idle mode of the outlook's steps at every epoch."""
    horizon = horizon_of(environment, station)
    place = np.minimum(
        (np.arange(horizon.steps) * horizon.step_s // outlook.step_s).astype(np.int64), outlook.idle.mode.size - 1
    )
    idle = replace(outlook.idle, mode=outlook.idle.mode[place])
    return Scene(station, phase_name, phase, environment, horizon, outlook.forecast, idle)


def _goals(scene: Scene, start_s: float, span_s: Interval) -> Iterator[Goal]:
    requests = list(scene.station.requests())
    index = {request_id: k for k, (request_id, _, _) in enumerate(requests)}
    payloads = {name: k for k, name in enumerate(scene.station.payloads_present(scene.phase.present))}
    made = 0
    for k, (request_id, experiment, request) in enumerate(requests):
        held = clauses(request.constraints, scene.environment, scene.phase)
        intervals: tuple[Interval, ...] = ()
        if request.each is not None:
            inside = clauses(request.each.interval, scene.environment, scene.phase)
            held = (*held, *inside)
            intervals = tuple(
                pair
                for pair in _windows(
                    (Clause("", all_hold(inside, scene.horizon.steps)),), scene.horizon, start_s, span_s
                )
                if pair[1] - pair[0] >= request.each.shortest_s
            )
        shortest_s = request.setup_s + request.minimum_duration_s + request.teardown_s
        ways = tuple(
            _way(variant, k, payloads, scene.horizon, start_s, span_s, shortest_s)
            for variant in variants_of(scene, k, request, held, made)
        )
        made += len(ways)
        yield Goal(
            index=k,
            request_id=request_id,
            partner=experiment.partner,
            request=request,
            minimum_s=request.minimum_duration_s,
            maximum_s=request.maximum_duration_s,
            ways=ways,
            intervals=intervals,
            follows=tuple(_follows(request_id, request, index)),
            worth=2.0 ** (request.priority - 1),
            data_class=scene.station.partners[experiment.partner].data_priority,
            **_amount(request, intervals, span_s),  # type: ignore[arg-type]
        )


def _amount(request: Request, intervals: tuple[Interval, ...], span_s: Interval) -> dict[str, object]:
    length_s, longest_s = span_s[1] - span_s[0], request.maximum_duration_s
    if request.every is not None:
        wanted = max(int(length_s / request.every.period_s + 1e-9), 1)
        return {"kind": "every", "wanted": wanted, "total_s": wanted * longest_s}
    if request.each is not None:
        return {"kind": "each", "wanted": len(intervals), "total_s": len(intervals) * longest_s}
    if request.count is not None:
        return {"kind": "count", "wanted": request.count, "total_s": request.count * longest_s}
    total_s = request.total_s or 0.0
    return {"kind": "total", "wanted": int(total_s // request.minimum_duration_s) + 1, "total_s": total_s}


def _follows(request_id: str, request: Request, index: Mapping[str, int]) -> Iterator[tuple[int, float, float]]:
    for order in request.after:
        name = order.request if "/" in order.request else f"{request_id.split('/')[0]}/{order.request}"
        most_s = order.maximum_gap_s if order.maximum_gap_s is not None else float("inf")
        yield index[name], order.minimum_gap_s, most_s


def _way(
    variant: Variant,
    goal: int,
    payloads: Mapping[str, int],
    horizon: Horizon,
    start_s: float,
    span_s: Interval,
    shortest_s: float,
) -> Way:
    pairs = [] if variant.obstacle else _windows(variant.held, horizon, start_s, span_s)
    pairs = [pair for pair in pairs if pair[1] - pair[0] >= shortest_s]
    return Way(
        index=variant.index,
        goal=goal,
        variant=variant,
        payload=payloads.get(variant.payload, -1),
        starts_s=tuple(start for start, _ in pairs),
        stops_s=tuple(stop for _, stop in pairs),
        left_s=tuple(accumulate((stop - start for start, stop in reversed(pairs)), initial=0.0))[::-1],
        apart=frozenset(),
    )


def _windows(held: tuple[Clause, ...], horizon: Horizon, start_s: float, span_s: Interval) -> list[Interval]:
    """From the first to the last epoch of each run at which all holds, within the span; less what is shut."""
    spans = runs(all_hold(held, horizon.steps)).astype(np.float64)
    last_s = start_s + (horizon.steps - 1) * horizon.step_s
    pairs = [
        (max(start_s + first * horizon.step_s, span_s[0]), min(start_s + (stop - 1) * horizon.step_s, span_s[1]))
        for first, stop in spans.tolist()
    ]
    if pairs and pairs[-1][1] >= last_s:  # the last epoch holds to the end of its step
        pairs[-1] = (pairs[-1][0], min(last_s + horizon.step_s, span_s[1]))
    for shut in (shut for clause in held for shut in clause.shut_s):
        pairs = list(_without(pairs, (start_s + shut[0], start_s + shut[1])))
    return [pair for pair in pairs if pair[0] < pair[1]]


def _without(pairs: list[Interval], shut: Interval) -> Iterator[Interval]:
    for start_s, stop_s in pairs:
        if shut[1] <= start_s or shut[0] >= stop_s:
            yield start_s, stop_s
        else:
            yield start_s, min(stop_s, shut[0])
            yield max(start_s, shut[1]), stop_s


def _host_room_w(station: Station, phase: Phase) -> Iterator[tuple[str, float]]:
    for name in phase.present:
        limit_w = station.modules[name].payload_power_limit_w
        if limit_w is not None:
            yield name, limit_w - sum(item.standby_w for item in station.payloads.values() if item.host == name)


def _entitled_j(station: Station, goals: tuple[Goal, ...]) -> dict[str, float]:
    asked_j: dict[str, float] = dict.fromkeys(station.partners, 0.0)
    for goal in goals:
        if any(way.starts_s for way in goal.ways):
            asked_j[goal.partner] += goal.ways[0].variant.power_w * goal.total_s
    total_j = sum(asked_j.values())
    return {name: min(energy_j, station.partners[name].share * total_j) for name, energy_j in asked_j.items()}
