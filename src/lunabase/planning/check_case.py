"""What the independent checker looks at, and what it finds: a plan beside its station and surroundings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

import numpy as np
import xarray as xr

from lunabase.planning.plan import Activity, Plan
from lunabase.station.model import Station
from lunabase.station.science import ActivityType, Payload, Request
from lunabase.station.site import Phase

SECOND = 1.0
"""Plans tell times in whole seconds; nothing closer is a violation."""
_NUMBER = "[1-9][0-9]{0,5}"


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that a plan must not do."""

    rule: str
    """Which kind of rule, in a word or two."""
    activities: tuple[str, ...]
    """The activities involved."""
    time: datetime
    """When it happens first."""
    text: str
    """One sentence."""


@dataclass(frozen=True)
class Case:
    """A plan to be checked."""

    plan: Plan
    station: Station
    environment: xr.Dataset
    coarser: Plan | None = None
    """The plan that this one refines."""

    @cached_property
    def requests(self) -> dict[str, Request]:
        """All requests of the station by their id."""
        return {request_id: request for request_id, _, request in self.station.requests()}

    @cached_property
    def known(self) -> tuple[Activity, ...]:
        """Activities whose request, activity type and payload exist, in order of their holds."""
        found = (
            item
            for item in self.plan.activities
            if item.request in self.requests
            and item.payload in self.station.payloads
            and item.activity_type in self.station.activity_types
        )
        return tuple(sorted(found, key=lambda item: item.hold_start))

    @cached_property
    def by_request(self) -> dict[str, list[Activity]]:
        """Activities of each request in order of time."""
        found: dict[str, list[Activity]] = {request_id: [] for request_id in self.requests}
        for item in sorted(self.known, key=lambda item: item.start):
            found[item.request].append(item)
        return found

    @cached_property
    def phase(self) -> Phase:
        """The phase in force at the start."""
        return self.station.phase_at(self.plan.start)[1]

    @cached_property
    def step_s(self) -> float:
        """Time between two epochs, s."""
        epochs = self.environment["time"].values[:2].astype("datetime64[ns]").astype(np.int64)
        return float(epochs[1] - epochs[0]) * 1e-9

    @property
    def length_s(self) -> float:
        """Length of the plan, s."""
        return (self.plan.stop - self.plan.start).total_seconds()

    def touched(self, item: Activity) -> slice:
        """Epochs from the last before an activity's hold to the first after it."""
        first = max(int(self.plan.seconds(item.hold_start) // self.step_s), 0)
        last = int(-(-self.plan.seconds(item.hold_stop) // self.step_s))
        return slice(first, max(min(last + 1, self.environment.sizes["time"]), 0))

    def moment(self, epoch: int) -> datetime:
        """Time of an epoch."""
        return self.plan.start + timedelta(seconds=epoch * self.step_s)

    def kind(self, item: Activity) -> ActivityType:
        """Type of a known activity."""
        return self.station.activity_types[item.activity_type]

    def payload(self, item: Activity) -> Payload:
        """Payload of a known activity."""
        return self.station.payloads[item.payload]

    def gives_off(self, item: Activity) -> set[str]:
        """Disturbances of a known activity."""
        return {*self.kind(item).disturbs, *self.payload(item).disturbs}


def number(item: Activity) -> int:
    """The number of an activity within its request; 0 if its id has none."""
    text = item.id.removeprefix(f"{item.request}#")
    return int(text) if re.fullmatch(_NUMBER, text) else 0


def most_at_once(spans: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Start, stop and sum of every piece of time in which the same of these (start, stop, amount) go on together."""
    edges = sorted({edge for start, stop, _ in spans for edge in (start, stop)})
    change = dict.fromkeys(edges, 0.0)
    for start, stop, amount in spans:
        if stop > start:
            change[start] += amount
            change[stop] -= amount
    pieces, total = [], 0.0
    for edge, following in pairwise(edges):
        total += change[edge]
        pieces.append((edge, following, total))
    return pieces
