"""The whole search: a first schedule in chunks, then large neighbourhood search side by side in processes."""

from __future__ import annotations

from dataclasses import dataclass

from lunabase.contacts.bound import least_cost
from lunabase.contacts.fairness import Fairness, Weights
from lunabase.contacts.neighbourhoods import NEIGHBOURHOODS, place_anew
from lunabase.contacts.request import AntennaRequest, Demand, Tracks
from lunabase.contacts.sharing import Sharing
from lunabase.scheduling.effort import Effort
from lunabase.scheduling.search import RecordToRecord, Search
from lunabase.scheduling.together import search_together

_CHUNK = 15
_CHUNK_WORK = 0.05
_SLICE_WORK = 0.5
_THRESHOLD = 0.004
"""How much worse than the best a schedule may be at first, to go on from it."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A schedule with its measures, what no schedule can beat, and the search's effort."""

    tracks: Tracks
    fairness: Fairness
    cost: float
    least_cost: float
    rounds: int
    work: float


def share_antennas(
    demand: Demand,
    weights: Weights,
    effort: Effort,
    *,
    seed: int = 0,
    processes: int = 1,
    slice_work: float = _SLICE_WORK,
) -> Shared:
    """Give antenna time to requests, as fairly as the effort allows.

    For a given seed, work limit and number of processes the answer is the same, unless time or the user ends the
    search first; then it is the best so far. With several processes a script needs its `if __name__ == "__main__"`.
    """
    sharing = Sharing.empty(demand, weights)
    least = least_cost(demand, weights)
    _construct(sharing, effort, seed)
    search = Search(RecordToRecord(_THRESHOLD), bound=-least, measures=measures)
    if processes > 1:
        found = search_together(
            search, sharing, NEIGHBOURHOODS, effort, seed, processes=processes, slice_work=slice_work
        )
    else:
        found = search.run(sharing, NEIGHBOURHOODS, effort, seed)
    return Shared(sharing.copy(), sharing.measure(), -found.value, least, found.rounds, effort.work_done)


def _construct(sharing: Sharing, effort: Effort, seed: int) -> None:
    """A first schedule: requests with the least choice first, a few at a time."""
    requests = sharing.demand.requests
    scarce = sorted(range(len(requests)), key=lambda number: _choice(requests[number]))
    for first in range(0, len(scarce), _CHUNK):
        if effort.over:
            return
        place_anew(sharing, scarce[first : first + _CHUNK], _CHUNK_WORK, seed, effort)
        effort.tell(sharing.value(), **measures(sharing))


def _choice(request: AntennaRequest) -> float:
    """How many times as long as wanted it is in view."""
    return sum(view.off_s - view.on_s for view in request.views) / request.duration_s


def measures(sharing: Sharing) -> dict[str, float]:
    """What is shown while the search works."""
    now = sharing.measure()
    return {"u_rms": now.u_rms, "u_max": now.u_max, "satisfied": float(now.satisfied)}
