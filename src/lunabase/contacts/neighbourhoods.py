"""Which requests to free at once: those that stand in one another's way.

Each neighbourhood frees requests that are still open together with requests whose tracks hold what these could use,
and lets CP-SAT place them anew beside all others (large neighbourhood search, Shaw 1998, doi 10.1007/3-540-49481-2_30).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lunabase.contacts.repair import Repair
from lunabase.contacts.request import AntennaRequest, Interval
from lunabase.contacts.sharing import Sharing
from lunabase.scheduling.effort import Effort

_HOUR_S = 3600
_FIXED_WORK = 0.02
"""Deterministic seconds that building a model counts."""
_MOST_WORK = 0.05
"""Deterministic seconds that one neighbourhood may take."""

Pick = Callable[[Sharing, np.random.Generator, int], list[int]]
"""About so many requests to free."""


@dataclass(frozen=True, slots=True)
class Freeing:
    """A neighbourhood of the search: frees what `pick` says and solves."""

    pick: Pick
    size: int

    def __call__(self, sharing: Sharing, generator: np.random.Generator, effort: Effort) -> None:
        """Change the sharing in place."""
        freed = self.pick(sharing, generator, self.size)
        place_anew(sharing, freed, _MOST_WORK, int(generator.integers(2**31)), effort)


def place_anew(sharing: Sharing, freed: Sequence[int], work: float, seed: int, effort: Effort) -> None:
    """Place these requests anew, everything else staying; without an answer nothing changes."""
    found = Repair(sharing, freed).solve(work, effort, seed)
    effort.spend(_FIXED_WORK)
    if found is not None:
        for number, own in zip(freed, found, strict=True):
            sharing.tracks[number] = own


def open_requests(sharing: Sharing) -> list[int]:
    """Those that don't have all they asked for."""
    return [
        number
        for number, (request, own) in enumerate(zip(sharing.demand.requests, sharing.tracks, strict=True))
        if sum(track.length_s for track in own) < request.duration_s
    ]


def in_a_window(sharing: Sharing, generator: np.random.Generator, size: int) -> list[int]:
    """What lies, or could lie, in a span of time on all antennas."""
    requests = sharing.demand.requests
    begin = min(view.on_s for item in requests for view in item.views)
    end = max(view.off_s for item in requests for view in item.views)
    length = generator.uniform(8, 36) * _HOUR_S
    start = generator.uniform(begin - length / 2, end - length / 2)
    span = (int(start), int(start + length))
    held = [k for k, own in enumerate(sharing.tracks) if any(_meet(span, (t.on_s, t.off_s)) for t in own)]
    wished = [k for k in open_requests(sharing) if _in_view(requests[k], span)]
    return _mixed(wished, held, size, generator)


def on_antennas(sharing: Sharing, generator: np.random.Generator, size: int) -> list[int]:
    """What is, or could be, on a few antennas, at any time."""
    antennas = sharing.demand.antennas
    chosen = set(generator.choice(antennas, min(int(generator.integers(2, 5)), len(antennas)), replace=False))
    held = [k for k, own in enumerate(sharing.tracks) if any(chosen & set(track.antennas) for track in own)]
    wished = [
        k
        for k in open_requests(sharing)
        if any(chosen & set(view.antennas) for view in sharing.demand.requests[k].views)
    ]
    return _mixed(wished, held, size, generator)


def of_the_worst(sharing: Sharing, generator: np.random.Generator, size: int) -> list[int]:
    """All requests of a few missions, more often of those that are served badly, and rivals at random."""
    u = np.array(sharing.measure().u) + 0.01
    chosen = generator.choice(u.size, min(3, u.size), replace=False, p=u / u.sum())
    own = [k for k, mission in enumerate(sharing.demand.mission_of) if mission in chosen]
    return _mixed(own, _rivals(sharing, own), size, generator)


def around_one(sharing: Sharing, generator: np.random.Generator, size: int) -> list[int]:
    """An open request, those whose tracks lie where it could, and in turn what lies where these could."""
    u = sharing.measure().u
    wished = open_requests(sharing)
    if not wished:
        return list(generator.permutation(len(sharing.tracks))[:size])
    weights = np.array([u[sharing.demand.mission_of[k]] + 0.01 for k in wished])
    seeds = [wished[k] for k in generator.choice(len(wished), 1, p=weights / weights.sum())]
    freed = list(seeds)
    while len(freed) < size:
        rivals = [k for k in _rivals(sharing, seeds) if k not in freed]
        if not rivals:
            break
        generator.shuffle(rivals)
        seeds = rivals[: max(size // 3, 1)]
        freed += seeds
    near = [k for k in wished if k not in freed]
    generator.shuffle(near)
    return [*freed[: size - size // 6], *near[: size // 6]]


def _rivals(sharing: Sharing, wished: Iterable[int]) -> list[int]:
    """Requests with a track that lies, on one of its antennas, where one of these could."""
    views: dict[str, list[Interval]] = {}
    away = set(wished)
    for number in away:
        for view in sharing.demand.requests[number].views:
            for antenna in view.antennas:
                views.setdefault(antenna, []).append((view.on_s, view.off_s))
    return [
        number
        for number, own in enumerate(sharing.tracks)
        if number not in away
        and any(
            _meet((track.on_s, track.off_s), span)
            for track in own
            for antenna in track.antennas
            for span in views.get(antenna, ())
        )
    ]


def _mixed(wished: list[int], held: list[int], size: int, generator: np.random.Generator) -> list[int]:
    """A third of the wished, at least, and the rest of those that hold something."""
    generator.shuffle(wished)
    first = wished[: max(size // 3, size - len(held))]
    rest = sorted(set(held) - set(first))
    generator.shuffle(rest)
    return [*first, *rest[: size - len(first)]]


def _in_view(request: AntennaRequest, span: Interval) -> bool:
    return any(_meet(span, (view.on_s, view.off_s)) for view in request.views)


def _meet(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


NEIGHBOURHOODS = tuple(
    Freeing(pick, size) for pick in (in_a_window, on_antennas, of_the_worst, around_one) for size in (12, 18, 25)
)
