"""How fairly antenna time is given: the part of each mission's request that stays open.

U_rms and U_max as in Goh et al. 2021, doi 10.1109/AERO50100.2021.9438519.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lunabase.contacts.request import Demand, Tracks


@dataclass(frozen=True, slots=True)
class Weights:
    """What is made least: the root mean square of u over the missions, plus these parts of other measures."""

    maximum: float = 0.15
    """Of the greatest u."""
    unsatisfied: float = 0.03
    """Of the part of requests that are not satisfied."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """Measures of a schedule."""

    u: tuple[float, ...]
    """Open part of each mission's request, 0 to 1, in the order of `Demand.missions`."""
    allocated_s: int
    """Tracking time of all requests, each no more than its duration."""
    satisfied: int
    requests: int

    @property
    def u_rms(self) -> float:
        """Root mean square over the missions."""
        return math.sqrt(sum(value * value for value in self.u) / len(self.u)) if self.u else 0.0

    @property
    def u_max(self) -> float:
        """Of the mission that is served worst."""
        return max(self.u, default=0.0)

    def cost(self, weights: Weights) -> float:
        """What the search makes least."""
        open_part = 1.0 - self.satisfied / self.requests if self.requests else 0.0
        return self.u_rms + weights.maximum * self.u_max + weights.unsatisfied * open_part


def fairness(demand: Demand, tracks: Tracks) -> Fairness:
    """Measure a schedule."""
    given = [0] * len(demand.missions)
    satisfied = 0
    for request, mission, own in zip(demand.requests, demand.mission_of, tracks, strict=True):
        time_s = min(sum(track.length_s for track in own), request.duration_s)
        given[mission] += time_s
        satisfied += time_s >= request.satisfied_s
    u = tuple(1.0 - got / asked for got, asked in zip(given, demand.requested_s, strict=True))
    return Fairness(u, sum(given), satisfied, len(demand.requests))
