"""What a plan says about itself, against its own activities: part of the independent checker."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lunabase.planning.check_case import SECOND, Case, Violation
from lunabase.planning.check_requests import wanted_count
from lunabase.planning.plan import Activity, PartnerOutcome, Plan


def claims(case: Case) -> Iterator[Violation]:
    """Every shortage that the plan keeps quiet about, and every sum that is wrong."""
    for rule, text in _false_claims(case):
        yield Violation(rule, (), case.plan.start, text)


def _false_claims(case: Case) -> Iterator[tuple[str, str]]:
    yield from _quiet_shortages(case)
    for name in sorted(set(case.station.partners) ^ {outcome.partner for outcome in case.plan.partners}):
        yield "partners", f"{name} is not both a partner of the station and of the plan"
    for outcome in case.plan.partners:
        yield from _wrong_sums(case.plan, outcome)


def _quiet_shortages(case: Case) -> Iterator[tuple[str, str]]:
    """Requests that get less than they ask for and are not among the unplaced, with their reasons."""
    admitted = {item.request for item in case.plan.unplaced}
    for request_id, request in case.requests.items():
        if request_id in admitted:
            continue
        spent = [item.duration_s for item in case.by_request[request_id]]
        got, wanted = float(len(spent)), float(wanted_count(case, request) or 0)
        if case.coarser is not None:
            wanted = float(len(_inside(case, case.coarser, request_id)))
        elif request.total_s is not None:
            got, wanted = sum(spent) + SECOND, request.total_s
        if got < wanted:
            yield "unplaced", f"{request_id} gets less than it asks for, and no reason is given"


def _inside(case: Case, coarser: Plan, request_id: str) -> list[Activity]:
    """Activities of a request that the coarser plan has wholly inside this plan's span."""
    return [
        item
        for item in coarser.activities
        if item.request == request_id and item.hold_start >= case.plan.start and item.hold_stop <= case.plan.stop
    ]


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
