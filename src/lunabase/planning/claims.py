"""What a plan says about itself, against its own activities: part of the independent checker."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lunabase.planning.plan import PartnerOutcome, Plan
from lunabase.station.model import Station

_SECOND = 1.0


def false_claims(plan: Plan, station: Station) -> Iterator[tuple[str, str]]:
    """Rule and sentence for every shortage that the plan keeps quiet about and every sum that is wrong."""
    yield from _quiet_shortages(plan, station)
    for name in sorted(set(station.partners) ^ {outcome.partner for outcome in plan.partners}):
        yield "partners", f"{name} is not both a partner of the station and of the plan"
    for outcome in plan.partners:
        yield from _wrong_sums(plan, outcome)


def _quiet_shortages(plan: Plan, station: Station) -> Iterator[tuple[str, str]]:
    """Requests that get less than they ask for and are not among the unplaced, with their reasons."""
    length_s = (plan.stop - plan.start).total_seconds()
    admitted = {item.request for item in plan.unplaced}
    for request_id, _, request in station.requests():
        spent = [item.duration_s for item in plan.activities if item.request == request_id]
        got, wanted = float(len(spent)), float(request.count or 0)
        if request.every is not None:
            wanted = max(int(length_s / request.every.period_s + 1e-9), 1)
        if request.total_s is not None:
            got, wanted = sum(spent) + _SECOND, request.total_s
        if got < wanted and request_id not in admitted:
            yield "unplaced", f"{request_id} gets less than it asks for, and no reason is given"


def _wrong_sums(plan: Plan, outcome: PartnerOutcome) -> Iterator[tuple[str, str]]:
    """What a partner is said to get, against what its activities add up to."""
    own = [item for item in plan.activities if item.partner == outcome.partner]
    energy_j = sum(item.power_w * item.duration_s for item in own)
    whole_j = sum(item.power_w * item.duration_s for item in plan.activities)
    sums = {
        "energy": (outcome.energy_j, energy_j),
        "time": (outcome.placed_s, sum(item.duration_s for item in own)),
        "data": (outcome.data_bit, sum(item.data_bit for item in own)),
        "part received": (outcome.received, energy_j / whole_j if whole_j > 0.0 else 0.0),
    }
    for what, (given, right) in sums.items():
        if not math.isclose(given, right, rel_tol=1e-6, abs_tol=1e-6):
            yield "partners", f"{what} of {outcome.partner} is given as {given:g}, its activities add up to {right:g}"
