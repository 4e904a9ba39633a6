"""What a plan says about itself, against its own activities: part of the independent checker."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lunabase.planning.check_case import SECOND, Case, Violation
from lunabase.planning.check_requests import wanted_count
from lunabase.planning.check_surroundings import all_hold
from lunabase.planning.plan import Activity, PartnerOutcome, Plan
from lunabase.station.science import Request

_FAIRNESS = 128.0
_ALL_SERVED = 0.01
_DAY_S = 86_400.0


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
    if case.coarser is None:  # else requests are what the coarser plan left of them
        yield from _wrongly_served(case)
        yield from _wrong_goals(case)


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


def _wrongly_served(case: Case) -> Iterator[tuple[str, str]]:
    """A part served that can't be: partners are entitled to what they ask for, or to their share of all, if it is less.

    Requests that can never happen don't count. Which these are is left open between those whose constraints hold
    nowhere and those that have no activity, and so is the choice among payloads and modes.
    """
    least = dict.fromkeys(case.station.partners, 0.0)
    most = dict.fromkeys(case.station.partners, 0.0)
    for request_id, experiment, request in case.station.requests():
        low_w, high_w = _powers_w(case, request)
        asked_s = request.total_s or (wanted_count(case, request) or 0) * request.maximum_duration_s
        if case.by_request[request_id]:
            least[experiment.partner] += low_w * asked_s
        if all_hold(case, request.constraints).any():
            most[experiment.partner] += high_w * (asked_s + SECOND)
    for outcome in case.plan.partners:
        if outcome.partner not in least:
            continue
        low, high = (_part(case, outcome, asked) for asked in (most, least))
        if not low - 1e-6 <= outcome.served <= high + 1e-6:
            text = f"{outcome.partner} is said to be served to {outcome.served:.4f}, not {low:.4f} to {high:.4f}"
            yield "partners", text


def _powers_w(case: Case, request: Request) -> tuple[float, float]:
    """Least and highest power among the ways in which a request can be met."""
    kind = case.station.activity_types[request.activity]
    modes = (kind.mode, *(other.mode for other in kind.mode_when))
    payloads = (case.station.payloads[name] for name in (request.payload, *request.or_payload))
    powers = [payload.power[mode] for payload in payloads for mode in modes]
    return min(powers), max(powers)


def _part(case: Case, outcome: PartnerOutcome, asked_j: dict[str, float]) -> float:
    """Part of what it is entitled to that a partner gets if so much is asked for."""
    share = case.station.partners[outcome.partner].share
    entitled_j = min(asked_j[outcome.partner], share * sum(asked_j.values()))
    return min(outcome.energy_j / entitled_j, 1.0) if entitled_j > 0.0 else 1.0


def _wrong_goals(case: Case) -> Iterator[tuple[str, str]]:
    """What the plan is said to achieve, against its activities; staying like another plan can't be seen in a plan."""
    steps = case.station.planning.objectives
    told = case.plan.solver.goals
    if told and tuple(outcome.goals for outcome in told) != tuple(tuple(step) for step in steps):
        yield "goals", "the plan's goals are not those of the station"
        return
    worth = {request_id: _worth(case, request_id, request) for request_id, request in case.requests.items()}
    served = [outcome.served for outcome in case.plan.partners]
    reached = {
        "committed": sum(points for name, points in worth.items() if case.requests[name].committed),
        "value": sum(worth.values()),
        "fairness": _FAIRNESS * min(served, default=1.0) + _ALL_SERVED * sum(served) / max(len(served), 1),
        "early_finish": -sum(case.plan.seconds(item.stop) for item in case.plan.activities) / _DAY_S,
    }
    for outcome, step in zip(told, steps, strict=False):
        if "stability" in step:
            continue
        right = sum(weight * reached[goal] for goal, weight in step.items())
        if not math.isclose(outcome.value, right, rel_tol=1e-4, abs_tol=1e-2):
            yield "goals", f"{' and '.join(step)} is given as {outcome.value:g}, the activities are worth {right:g}"


def _worth(case: Case, request_id: str, request: Request) -> float:
    """2^(priority - 1) for all of it; in part by time, or by number and length in equal parts."""
    whole, spent = 2.0 ** (request.priority - 1), [item.duration_s for item in case.by_request[request_id]]
    if request.total_s is not None:
        return whole * min(sum(spent) / request.total_s, 1.0)
    wanted = max(wanted_count(case, request) or 0, 1)
    return whole / wanted * sum(0.5 + 0.5 * seconds / request.maximum_duration_s for seconds in spent)
