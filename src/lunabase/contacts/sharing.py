"""A schedule in the making: the tracks of each request, and the gaps that they leave on the antennas."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lunabase.contacts.fairness import Fairness, Weights, fairness
from lunabase.contacts.request import AntennaRequest, Demand, Interval, Track, Tracks, ViewPeriod

_NEVER, _FOREVER = -(10**12), 10**12


@dataclass(slots=True)
class Sharing:
    """What the search changes: see `lunabase.scheduling.search.Solution`."""

    demand: Demand
    weights: Weights
    tracks: list[tuple[Track, ...]]

    @classmethod
    def empty(cls, demand: Demand, weights: Weights) -> Sharing:
        """Nobody has anything yet."""
        return cls(demand, weights, [() for _ in demand.requests])

    def measure(self) -> Fairness:
        """How fair it is."""
        return fairness(self.demand, self.copy())

    def value(self) -> float:
        """Worth: the negative cost."""
        return -self.measure().cost(self.weights)

    def copy(self) -> Tracks:
        """The tracks."""
        return tuple(self.tracks)

    def restore(self, state: Tracks) -> None:
        """Take these tracks."""
        self.tracks = list(state)

    def busy_without(self, freed: Iterable[int]) -> dict[str, list[Interval]]:
        """When each antenna is taken or closed, sorted, if these requests' tracks are not counted."""
        away = set(freed)
        busy = {name: list(self.demand.closed.get(name, ())) for name in self.demand.antennas}
        for number, (request, own) in enumerate(zip(self.demand.requests, self.tracks, strict=True)):
            if number in away:
                continue
            for track in own:
                held = (track.on_s - request.setup_s, track.off_s + request.teardown_s)
                for antenna in track.antennas:
                    busy[antenna].append(held)
        return {name: sorted(taken) for name, taken in busy.items()}


def gaps(busy: Sequence[Interval]) -> list[Interval]:
    """What sorted intervals leave free, from long ago to far ahead."""
    free, since = [], _NEVER
    for begin, end in busy:
        if begin > since:
            free.append((since, begin))
        since = max(since, end)
    free.append((since, _FOREVER))
    return free


def openings(request: AntennaRequest, free: dict[str, list[Interval]]) -> list[ViewPeriod]:
    """Where tracks of at least the shortest length fit: view periods cut to the gaps of all their antennas."""
    return [
        ViewPeriod(view.antennas, on_s, off_s)
        for view in request.views
        for on_s, off_s in _fitting(request, view, free)
    ]


def _fitting(request: AntennaRequest, view: ViewPeriod, free: dict[str, list[Interval]]) -> list[Interval]:
    spans = [(view.on_s - request.setup_s, view.off_s + request.teardown_s)]
    for antenna in view.antennas:
        spans = [cut for span in spans for cut in _cut(span, free[antenna])]
    tracks = ((begin + request.setup_s, end - request.teardown_s) for begin, end in spans)
    return [(on_s, off_s) for on_s, off_s in tracks if off_s - on_s >= request.shortest_track_s]


def _cut(span: Interval, free: Sequence[Interval]) -> Iterable[Interval]:
    begin, end = span
    for number in range(max(bisect_right(free, (begin, _FOREVER)) - 1, 0), len(free)):
        low, high = free[number]
        if low >= end:
            return
        if min(high, end) > max(low, begin):
            yield max(low, begin), min(high, end)
