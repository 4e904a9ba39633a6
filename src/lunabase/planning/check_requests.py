"""The checker's view of what was asked for: every activity against its request, in number, length, rhythm and order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from lunabase.planning.check_case import SECOND, Case, Violation, number
from lunabase.planning.check_surroundings import all_hold, intervals_of, mode_of
from lunabase.planning.plan import Activity
from lunabase.station.science import Request


def spans(case: Case) -> Iterator[Violation]:
    """Plan and environment cover the same span, in the right phase, and every activity lies within it."""
    plan, epochs = case.plan, case.environment["time"].values.astype("datetime64[ns]").astype(np.int64)
    first_s = plan.start.timestamp() - float(epochs[0]) * 1e-9
    if abs(first_s) >= SECOND or abs(case.length_s - len(epochs) * case.step_s) >= SECOND:
        yield Violation("horizon", (), plan.start, "plan and environment do not cover the same span")
    if plan.phase != case.station.phase_at(plan.start)[0]:
        yield Violation("phase", (), plan.start, f"{plan.phase} is not the phase in force at the start")
    for item in plan.activities:
        if item.hold_start < plan.start or item.hold_stop > plan.stop:
            yield Violation("horizon", (item.id,), item.hold_start, f"{item.id} leaves the planning horizon")


def requests(case: Case) -> Iterator[Violation]:
    """Every activity is one that its request asks for, named once."""
    seen: set[str] = set()
    for item in case.plan.activities:
        if item.id in seen:
            yield Violation("request", (item.id,), item.start, f"{item.id} is planned twice")
        seen.add(item.id)
        if item.request not in case.requests or not number(item):
            yield Violation("request", (item.id,), item.start, f"{item.id} belongs to no request")
            continue
        for name, given, right in _fields(case, item):
            if given != right:
                text = f"{name} of {item.id} is {given}, the station file says {right}"
                yield Violation("request", (item.id,), item.start, text)


def _fields(case: Case, item: Activity) -> Iterator[tuple[str, object, object]]:
    station, request = case.station, case.requests[item.request]
    kind, experiment = station.activity_types[request.activity], item.request.split("/")[0]
    yield "experiment", item.experiment, experiment
    yield "partner", item.partner, station.experiments[experiment].partner
    yield "activity type", item.activity_type, request.activity
    yield "priority", item.priority, request.priority
    yield "promise", item.committed, request.committed
    allowed = (request.payload, *request.or_payload)
    if item.payload not in allowed:
        yield "payload", item.payload, " or ".join(allowed)
        return
    payload = station.payloads[item.payload]
    yield "host", item.host, payload.host
    choices = [(*kind.uses, choice) for choice in kind.uses_one_of] or [kind.uses]
    if item.resources not in choices:
        yield "resources", item.resources, choices
    if item.activity_type == request.activity:
        mode = mode_of(case, item)
        yield "mode", item.mode, mode
        yield "power", round(item.power_w, 6), round(payload.power[mode], 6)
    data_bit = payload.data_rate_bit_per_s * item.duration_s
    yield "data", abs(item.data_bit - data_bit) <= 1e-6 * data_bit + 1.0, True


def lengths(case: Case) -> Iterator[Violation]:
    """Setup, activity and teardown are as long as asked."""
    for item in case.known:
        request = case.requests[item.request]
        setup_s = (item.start - item.hold_start).total_seconds()
        teardown_s = (item.hold_stop - item.stop).total_seconds()
        if abs(setup_s - request.setup_s) >= SECOND:
            text = f"{item.id} has {setup_s:g} s of setup, it needs {request.setup_s:g} s"
            yield Violation("setup", (item.id,), item.hold_start, text)
        if abs(teardown_s - request.teardown_s) >= SECOND:
            text = f"{item.id} has {teardown_s:g} s of teardown, it needs {request.teardown_s:g} s"
            yield Violation("teardown", (item.id,), item.stop, text)
        low, high = request.minimum_duration_s - SECOND, request.maximum_duration_s + SECOND
        if not low < item.duration_s < high:
            text = f"{item.id} lasts {item.duration_s:g} s, not {low + SECOND:g} to {high - SECOND:g} s"
            yield Violation("duration", (item.id,), item.start, text)


def amounts(case: Case) -> Iterator[Violation]:
    """No request gets more than it asks for; what a finer plan may have is up to the coarser one."""
    for request_id, own in case.by_request.items():
        if not own:
            continue
        request, ids = case.requests[request_id], tuple(item.id for item in own)
        wanted = wanted_count(case, request) if case.coarser is None else None
        most = max(number(item) for item in own) if wanted is None else wanted
        if len(own) > most or max(number(item) for item in own) > most:
            yield Violation("amount", ids, own[-1].start, f"{request_id} asks for {most} activities at most")
        spent = [item.duration_s for item in own]
        if case.coarser is None and request.total_s is not None and sum(spent) - min(spent) >= request.total_s:
            yield Violation("amount", ids, own[-1].start, f"{request_id} gets a piece more than it asks for")


def wanted_count(case: Case, request: Request) -> int | None:
    """How many activities a request asks for in this plan's span; none for a total."""
    if request.every is not None:
        return max(int(case.length_s / request.every.period_s + 1e-9), 1)
    if request.each is not None:
        return len(intervals_of(case, request.each))
    return request.count


def each_interval(case: Case) -> Iterator[Violation]:
    """The n-th activity lies wholly inside the n-th interval that counts; in a finer plan, inside any."""
    for request_id, own in case.by_request.items():
        each = case.requests[request_id].each
        if each is None or not own:
            continue
        intervals, holds = intervals_of(case, each), all_hold(case, each.interval)
        for item in own:
            place = number(item)
            inside = bool(holds[case.touched(item)].all())
            if case.coarser is None and 0 < place <= len(intervals):  # more is told as an amount
                start, stop = intervals[place - 1]
                inside = start <= item.hold_start and item.hold_stop <= stop
            if not inside:
                text = f"{item.id} does not lie inside its interval, the {place}. of {len(intervals)}"
                yield Violation("each", (item.id,), item.hold_start, text)


def rhythms(case: Case) -> Iterator[Violation]:
    """Starts less their place in the rhythm all lie within twice the tolerance of each other."""
    for request_id, own in case.by_request.items():
        every = case.requests[request_id].every
        if every is None or not own:
            continue
        phases = [case.plan.seconds(i.start) - (number(i) - 1) * every.period_s for i in own]
        if max(phases) - min(phases) > 2.0 * every.tolerance_s + 2 * SECOND:
            worst = own[int(np.argmax(np.abs(np.array(phases) - np.median(phases))))]
            yield Violation("cadence", (worst.id,), worst.start, f"{worst.id} is out of the rhythm of {request_id}")


def orders(case: Case) -> Iterator[Violation]:
    """The n-th activity comes after the n-th of what its request follows, within the gaps."""
    around = case.coarser.activities if case.coarser is not None else ()
    by_id = {item.id: item for item in (*around, *case.known)}
    followed = set()
    for item in case.known:
        for order in case.requests[item.request].after:
            other = order.request if "/" in order.request else f"{item.request.split('/')[0]}/{order.request}"
            followed.add(other)
            before = by_id.get(f"{other}#{number(item)}")
            if before is None:
                text = f"{item.id} must follow {other}#{number(item)}, which is not planned"
                yield Violation("order", (item.id,), item.start, text)
                continue
            gap_s = (item.start - before.stop).total_seconds()
            most = order.maximum_gap_s if order.maximum_gap_s is not None else float("inf")
            if not order.minimum_gap_s - SECOND < gap_s < most + SECOND:
                text = f"{item.id} starts {gap_s:g} s after the end of {before.id}"
                yield Violation("order", (before.id, item.id), item.start, text)
    for request_id, request in case.requests.items():
        if request.every is None and (request.after or request_id in followed):
            yield from _numbered_in_time(case.by_request[request_id])


def _numbered_in_time(own: list[Activity]) -> Iterator[Violation]:
    for one, other in pairwise(own):
        if number(one) >= number(other):
            yield Violation("order", (one.id, other.id), other.start, f"{one.id} comes before {other.id}")
