"""What a repaired plan must keep of its change beyond what the checker sees in the changed station."""

from __future__ import annotations

from collections.abc import Iterator

from lunabase.planning.change import Change, Forbidden
from lunabase.planning.check_case import Violation
from lunabase.planning.plan import Activity, Plan


def change_violations(plan: Plan, change: Change) -> tuple[Violation, ...]:
    """Activities in forbidden times, of cancelled requests after now, and pins that are elsewhere."""
    return (*_forbidden(plan, change), *_cancelled(plan, change), *_unpinned(plan, change))


def _forbidden(plan: Plan, change: Change) -> Iterator[Violation]:
    for period in change.forbid:
        for item in plan.activities:
            overlaps = item.hold_start < period.stop and item.hold_stop > max(period.start, change.now)
            if overlaps and item.hold_start >= change.now and _is_meant(period, item):
                text = f"{item.id} is in a time that the change forbids to it"
                yield Violation("forbidden", (item.id,), max(item.hold_start, period.start), text)


def _is_meant(period: Forbidden, item: Activity) -> bool:
    return (
        item.request == period.request
        or item.activity_type == period.activity_type
        or item.payload == period.payload
        or period.resource in item.resources
    )


def _cancelled(plan: Plan, change: Change) -> Iterator[Violation]:
    for item in plan.activities:
        if item.request in change.cancel and item.hold_stop > change.now:
            yield Violation("cancelled", (item.id,), item.hold_start, f"{item.id} is of a request that is cancelled")


def _unpinned(plan: Plan, change: Change) -> Iterator[Violation]:
    known = {item.id: item for item in plan.activities}
    for pin in change.pins:
        item = known.get(pin.activity)
        if item is None or (pin.start is not None and item.start != pin.start):
            when = item.start if item is not None else plan.start
            yield Violation("pin", (pin.activity,), when, f"{pin.activity} is not where it was pinned")
