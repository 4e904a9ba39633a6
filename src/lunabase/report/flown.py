"""The plan against the flight: what became of each activity, request and partner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lunabase.planning.plan import Activity
from lunabase.record.run_record import Event, Product, RunRecord
from lunabase.station.model import Station
from lunabase.station.science import Request

Fate = Literal["done", "interrupted", "stopped early", "not started"]
"""Interrupted: it worked to its planned stop, but not all of the time."""


@dataclass(frozen=True, slots=True)
class FlownActivity:
    """A planned activity and what became of it."""

    activity: Activity
    fate: Fate
    products: tuple[Product, ...]
    why: str
    """For activities that were not done: what the log says about it."""

    @property
    def flown_s(self) -> float:
        """Time that it worked, s."""
        return sum((product.stop - product.start).total_seconds() for product in self.products)

    @property
    def produced_bit(self) -> float:
        """Data that it gave, bit."""
        return sum(product.produced_bit for product in self.products)


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """A request: planned, flown, and whether its success criterion is met."""

    id: str
    title: str
    partner: str
    request: Request
    planned_count: int
    done_count: int
    flown_s: float
    produced_bit: float
    success: str
    """Its criterion in words; empty without one."""
    met: bool | None
    """None: no criterion."""


@dataclass(frozen=True, slots=True)
class PartnerFlown:
    """A partner over the run: agreed, planned and flown."""

    id: str
    name: str
    share: float
    planned_part: float
    """Part of all planned payload energy."""
    flown_part: float
    """Part of all flown payload energy."""
    requested_s: float
    planned_s: float
    flown_s: float
    planned_count: int
    done_count: int
    energy_j: float
    produced_bit: float


def flown_activities(record: RunRecord) -> list[FlownActivity]:
    """What became of each planned activity, in the plan's order."""
    products: dict[str, list[Product]] = {}
    for product in record.products:
        products.setdefault(product.activity, []).append(product)
    reasons = _reasons(record.events)
    lost_at = record.summary.lost_at
    for activity in record.plan.activities:
        if lost_at is not None and activity.start >= lost_at:
            reasons[activity.id] = "the station was lost before"
    activities = record.plan.activities or _begun_on_board(record.station, record.products)
    return [_flown(activity, products.get(activity.id, []), reasons.get(activity.id, "")) for activity in activities]


def _begun_on_board(station: Station, products: Iterable[Product]) -> list[Activity]:
    """Activities of a flight whose plan does not tell them, from what they left behind."""
    requests = {request_id: request for request_id, _, request in station.requests()}
    begun: dict[str, Activity] = {}
    for product in products:
        request_id = product.activity.partition("#")[0]
        request = requests[request_id]
        payload, mode = station.payloads[product.payload], station.activity_types[request.activity].mode
        begun[product.activity] = Activity.model_construct(
            id=product.activity,
            request=request_id,
            experiment=product.experiment,
            partner=product.partner,
            activity_type=request.activity,
            payload=product.payload,
            host=payload.host,
            mode=mode,
            hold_start=product.start,
            start=product.start,
            stop=product.stop,
            hold_stop=product.stop,
            power_w=payload.power[mode],
            data_bit=product.produced_bit,
            priority=request.priority,
        )
    return list(begun.values())


def _flown(activity: Activity, products: list[Product], reason: str) -> FlownActivity:
    if any(product.completed for product in products):
        return FlownActivity(activity, "done", tuple(products), "")
    fate: Fate = "not started"
    if products:
        fate = "interrupted" if max(product.stop for product in products) >= activity.stop else "stopped early"
    return FlownActivity(activity, fate, tuple(products), reason)


def _reasons(events: Iterable[Event]) -> dict[str, str]:
    """The cause of the last event that names an activity and is more than a routine note, by the activity's id."""
    reasons = {}
    for event in events:
        if event.severity != "info":
            for word in event.text.split():
                reasons[word.rstrip(".,:;")] = event.cause or event.text
    return reasons


def request_outcomes(record: RunRecord, flown: list[FlownActivity]) -> list[RequestOutcome]:
    """Outcome of every request, in file order."""
    by_request: dict[str, list[FlownActivity]] = {}
    for one in flown:
        by_request.setdefault(one.activity.request, []).append(one)
    outcomes = []
    for request_id, experiment, request in record.station.requests():
        mine = by_request.get(request_id, [])
        done_count = sum(one.fate == "done" for one in mine)
        flown_s = sum(one.flown_s for one in mine)
        produced_bit = sum(one.produced_bit for one in mine)
        outcomes.append(
            RequestOutcome(
                request_id,
                experiment.title,
                experiment.partner,
                request,
                len(mine),
                done_count,
                flown_s,
                produced_bit,
                *_success(request, done_count, flown_s),
            )
        )
    return outcomes


def _success(request: Request, done_count: int, flown_s: float) -> tuple[str, bool | None]:
    criterion = request.success
    needs: list[str] = []
    checks: list[bool] = []
    if criterion.minimum_count is not None:
        needs.append(f"at least {criterion.minimum_count} activities")
        checks.append(done_count >= criterion.minimum_count)
    if criterion.minimum_total_s is not None:
        needs.append(f"at least {criterion.minimum_total_s / 3600.0:g} h in all")
        checks.append(flown_s >= criterion.minimum_total_s)
    words = criterion.text or " and ".join(needs)
    return words, all(checks) if checks else None


def partners_flown(record: RunRecord, flown: list[FlownActivity]) -> list[PartnerFlown]:
    """Agreed, planned and flown of every partner, largest share first."""
    planned = {one.partner: one for one in record.plan.partners}
    total_j = sum(one.activity.power_w * one.flown_s for one in flown)
    outcomes = []
    for partner_id, partner in record.station.partners.items():
        mine = [one for one in flown if one.activity.partner == partner_id]
        plan = planned.get(partner_id)
        energy_j = sum(one.activity.power_w * one.flown_s for one in mine)
        outcomes.append(
            PartnerFlown(
                id=partner_id,
                name=partner.name,
                share=partner.share,
                planned_part=plan.received if plan else 0.0,
                flown_part=energy_j / total_j if total_j else 0.0,
                requested_s=plan.requested_s if plan else 0.0,
                planned_s=sum(one.activity.duration_s for one in mine),
                flown_s=sum(one.flown_s for one in mine),
                planned_count=len(mine),
                done_count=sum(one.fate == "done" for one in mine),
                energy_j=energy_j,
                produced_bit=sum(one.produced_bit for one in mine),
            )
        )
    return sorted(outcomes, key=lambda one: -one.share)
