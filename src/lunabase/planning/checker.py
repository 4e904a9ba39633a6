"""The independent plan checker: replays a plan against station file and environment and lists every violation.

It shares no code with the solver: what the solver knows, it finds out again from the file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.planning.claims import false_claims
from lunabase.planning.plan import Activity, Plan
from lunabase.planning.replay import Moment, Replay
from lunabase.station.model import Station
from lunabase.station.rules import Exclusion, MaximumPower, MinimumCharge
from lunabase.station.science import Request

_SECOND = 1.0
_SLACK_W = 1e-3
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


@dataclass(frozen=True, slots=True)
class _Case:
    plan: Plan
    station: Station
    environment: xr.Dataset
    requests: dict[str, Request]
    known: tuple[Activity, ...]
    """Activities whose request and payload exist."""

    def of_request(self, request_id: str) -> list[Activity]:
        """Activities of a request in order of time."""
        return sorted((item for item in self.known if item.request == request_id), key=lambda item: item.start)


def check_plan(plan: Plan, station: Station, environment: xr.Dataset) -> tuple[Violation, ...]:
    """All violations of a plan, in order of rule and time; none for a good plan.

    `environment` covers the plan's span (regular epochs on `time`, UTC). A constraint must hold at every epoch from the
    last one before an activity's hold to the first one after it; energy and data are replayed step by step.
    """
    requests = {request_id: request for request_id, _, request in station.requests()}
    known = tuple(item for item in plan.activities if item.request in requests)
    case = _Case(plan, station, environment, requests, known)
    found = [violation for check in _CHECKS for violation in check(case)]
    # Activities that are not what the file knows have no place in a replay.
    if not any(violation.rule in ("request", "horizon", "presence") for violation in found):
        found += _replayed(case)
    return tuple(found)


def _spans(case: _Case) -> Iterator[Violation]:
    plan, epochs = case.plan, case.environment["time"].values.astype("datetime64[ns]").astype(np.int64)
    step_s = float(epochs[1] - epochs[0]) * 1e-9
    first = plan.start.timestamp() - float(epochs[0]) * 1e-9
    length_s = (plan.stop - plan.start).total_seconds()
    if abs(first) >= _SECOND or abs(length_s - len(epochs) * step_s) >= _SECOND:
        yield Violation("horizon", (), plan.start, "plan and environment do not cover the same span")
    if plan.phase != case.station.phase_at(plan.start)[0]:
        yield Violation("phase", (), plan.start, f"{plan.phase} is not the phase in force at the start")
    for item in plan.activities:
        if item.hold_start < plan.start or item.hold_stop > plan.stop:
            yield Violation("horizon", (item.id,), item.hold_start, f"{item.id} leaves the planning horizon")


def _requests(case: _Case) -> Iterator[Violation]:
    """Every activity is one that its request asks for, named once."""
    seen: set[str] = set()
    for item in case.plan.activities:
        if item.id in seen:
            yield Violation("request", (item.id,), item.start, f"{item.id} is planned twice")
        seen.add(item.id)
        number = item.id.removeprefix(f"{item.request}#")
        if item.request not in case.requests or not re.fullmatch(_NUMBER, number):
            yield Violation("request", (item.id,), item.start, f"{item.id} belongs to no request")
            continue
        for name, given, right in _fields(case, item):
            if given != right:
                text = f"{name} of {item.id} is {given}, the station file says {right}"
                yield Violation("request", (item.id,), item.start, text)


def _fields(case: _Case, item: Activity) -> Iterator[tuple[str, object, object]]:
    station, request = case.station, case.requests[item.request]
    payload, kind = station.payloads[request.payload], station.activity_types[request.activity]
    experiment = item.request.split("/")[0]
    yield "experiment", item.experiment, experiment
    yield "partner", item.partner, station.experiments[experiment].partner
    yield "activity type", item.activity_type, request.activity
    yield "payload", item.payload, request.payload
    yield "host", item.host, payload.host
    yield "mode", item.mode, kind.mode
    yield "priority", item.priority, request.priority
    yield "resources", item.resources, kind.uses
    yield "power", round(item.power_w, 6), round(payload.power[kind.mode], 6)
    data_bit = payload.data_rate_bit_per_s * item.duration_s
    yield "data", abs(item.data_bit - data_bit) <= 1e-6 * data_bit + 1.0, True


def _lengths(case: _Case) -> Iterator[Violation]:
    for item in case.known:
        request = case.requests[item.request]
        setup_s = (item.start - item.hold_start).total_seconds()
        teardown_s = (item.hold_stop - item.stop).total_seconds()
        if abs(setup_s - request.setup_s) >= _SECOND:
            text = f"{item.id} has {setup_s:g} s of setup, it needs {request.setup_s:g} s"
            yield Violation("setup", (item.id,), item.hold_start, text)
        if abs(teardown_s - request.teardown_s) >= _SECOND:
            text = f"{item.id} has {teardown_s:g} s of teardown, it needs {request.teardown_s:g} s"
            yield Violation("teardown", (item.id,), item.stop, text)
        low, high = request.minimum_duration_s - _SECOND, request.maximum_duration_s + _SECOND
        if not low < item.duration_s < high:
            text = f"{item.id} lasts {item.duration_s:g} s, not {low + _SECOND:g} to {high - _SECOND:g} s"
            yield Violation("duration", (item.id,), item.start, text)


def _amounts(case: _Case) -> Iterator[Violation]:
    length_s = (case.plan.stop - case.plan.start).total_seconds()
    for request_id, request in case.requests.items():
        own = case.of_request(request_id)
        if not own:
            continue
        ids = tuple(item.id for item in own)
        most = request.count or max(_number(item) for item in own)
        if request.every is not None:
            most = max(int(length_s / request.every.period_s + 1e-9), 1)
        if len(own) > most or max(_number(item) for item in own) > most:
            yield Violation("amount", ids, own[-1].start, f"{request_id} asks for {most} activities at most")
        spent = [item.duration_s for item in own]
        if request.total_s is not None and sum(spent) - min(spent) >= request.total_s:
            yield Violation("amount", ids, own[-1].start, f"{request_id} gets a piece more than it asks for")


def _claims(case: _Case) -> Iterator[Violation]:
    for rule, text in false_claims(case.plan, case.station):
        yield Violation(rule, (), case.plan.start, text)


def _number(item: Activity) -> int:
    text = item.id.rpartition("#")[2]
    return int(text) if re.fullmatch(_NUMBER, text) else 0


def _rhythms(case: _Case) -> Iterator[Violation]:
    """Starts less their place in the rhythm all lie within twice the tolerance of each other."""
    for request_id, request in case.requests.items():
        own = case.of_request(request_id)
        if request.every is None or not own:
            continue
        phases = [case.plan.seconds(i.start) - (_number(i) - 1) * request.every.period_s for i in own]
        if max(phases) - min(phases) > 2.0 * request.every.tolerance_s + 2 * _SECOND:
            worst = own[int(np.argmax(np.abs(np.array(phases) - np.median(phases))))]
            text = f"{worst.id} is out of the rhythm of {request_id}"
            yield Violation("cadence", (worst.id,), worst.start, text)


def _orders(case: _Case) -> Iterator[Violation]:
    by_id = {item.id: item for item in case.known}
    followed = set()
    for item in case.known:
        for order in case.requests[item.request].after:
            other = order.request if "/" in order.request else f"{item.experiment}/{order.request}"
            followed.add(other)
            before = by_id.get(f"{other}#{_number(item)}")
            if before is None:
                text = f"{item.id} must follow {other}#{_number(item)}, which is not planned"
                yield Violation("order", (item.id,), item.start, text)
                continue
            gap_s = (item.start - before.stop).total_seconds()
            most = order.maximum_gap_s if order.maximum_gap_s is not None else float("inf")
            if not order.minimum_gap_s - _SECOND < gap_s < most + _SECOND:
                text = f"{item.id} starts {gap_s:g} s after the end of {before.id}"
                yield Violation("order", (before.id, item.id), item.start, text)
    for request_id, request in case.requests.items():
        if request.every is None and (request.after or request_id in followed):
            yield from _numbered_in_time(case.of_request(request_id))


def _numbered_in_time(own: list[Activity]) -> Iterator[Violation]:
    for one, other in pairwise(own):
        if _number(one) >= _number(other):
            yield Violation("order", (one.id, other.id), other.start, f"{one.id} comes before {other.id}")


def _presence(case: _Case) -> Iterator[Violation]:
    phase_name, phase = case.station.phase_at(case.plan.start)
    for item in case.known:
        if item.payload not in case.station.payloads:
            continue
        hosts = {case.station.payloads[item.payload].host} | {_holder(case.station, r) for r in item.resources}
        for host in sorted(hosts - set(phase.present)):
            text = f"{item.id} needs {host}, which is absent in phase {phase_name}"
            yield Violation("presence", (item.id,), item.hold_start, text)


def _holder(station: Station, resource: str) -> str:
    if resource in station.resources:
        return station.resources[resource].host
    return next((module for module, name, _ in station.all_equipment() if name == resource), resource)


def _overlaps(case: _Case) -> Iterator[Violation]:
    ordered = sorted(case.known, key=lambda item: item.hold_start)
    open_: list[Activity] = []
    for item in ordered:
        open_ = [other for other in open_ if other.hold_stop > item.hold_start]
        for other in open_:
            for rule, text in _clash(case.station, other, item):
                yield Violation(rule, (other.id, item.id), item.hold_start, text)
        open_.append(item)


def _clash(station: Station, one: Activity, other: Activity) -> Iterator[tuple[str, str]]:
    pair = f"{one.id} and {other.id}"
    if one.payload == other.payload:
        yield "payload", f"{pair} use payload {one.payload} at once"
    for resource in sorted(set(one.resources) & set(other.resources)):
        yield "resource", f"{pair} hold {resource} at once"
    for rule in station.flight_rules.values():
        if isinstance(rule, Exclusion):
            types = (one.activity_type, other.activity_type)
            if types in ((rule.never, rule.during), (rule.during, rule.never)):
                yield "exclusion", f"{pair} overlap: {rule.text}"
    if one.payload != other.payload:
        for loud, quiet in ((one, other), (other, one)):
            for kind in sorted(_noise(station, loud) & _sensitive(station, quiet)):
                yield "disturbance", f"{loud.id} disturbs {quiet.id} with {kind}"


def _noise(station: Station, item: Activity) -> set[str]:
    kind = station.activity_types.get(item.activity_type)
    payload = station.payloads.get(item.payload)
    return {*(kind.disturbs if kind else ()), *(payload.disturbs if payload else ())}


def _sensitive(station: Station, item: Activity) -> set[str]:
    kind = station.activity_types.get(item.activity_type)
    payload = station.payloads.get(item.payload)
    return {*(kind.disturbed_by if kind else ()), *(payload.disturbed_by if payload else ())}


def _surroundings(case: _Case) -> Iterator[Violation]:
    """Every constraint at every epoch that an activity's hold touches."""
    epochs = case.environment["time"].values.astype("datetime64[ns]").astype(np.int64)
    step_s, last = float(epochs[1] - epochs[0]) * 1e-9, len(epochs) - 1
    cache: dict[str, list[tuple[str, NDArray[Any]]]] = {}
    for item in case.known:
        if item.request not in cache:
            cache[item.request] = list(_conditions(case, case.requests[item.request]))
        first = max(int(case.plan.seconds(item.hold_start) // step_s), 0)
        stop = min(int(-(-case.plan.seconds(item.hold_stop) // step_s)), last)
        for name, holds in cache[item.request]:
            wrong = np.flatnonzero(~holds[first : stop + 1])
            if wrong.size:
                when = case.plan.start + timedelta(seconds=(first + int(wrong[0])) * step_s)
                yield Violation(name, (item.id,), when, f"{item.id} needs its {name} constraint, which fails")


def _conditions(case: _Case, request: Request) -> Iterator[tuple[str, NDArray[Any]]]:
    wanted, given = request.constraints, case.environment
    light = given["sun_visible_fraction"].values
    if wanted.light is not None:
        yield "light", light >= 0.5 if wanted.light == "lit" else light <= 0.0
    if wanted.sun_elevation is not None:
        limits = wanted.sun_elevation
        yield "sun elevation", _within(given["sun_elevation"].values, limits.above_deg, limits.below_deg)
    if wanted.sun_visible_fraction is not None:
        limit = wanted.sun_visible_fraction
        yield "sun visible fraction", _within(light, limit.above, limit.below)
    if wanted.surface_temperature is not None:
        range_ = wanted.surface_temperature
        yield "surface temperature", _within(given["surface_temperature"].values, range_.above_k, range_.below_k)
    if wanted.earth is not None:
        yield "earth", (given["earth_in_view"].values > 0) == (wanted.earth == "in view")
    if wanted.relay is not None:
        yield "relay", _anywhere(given, "relay_in_view") == (wanted.relay == "in view")
    if wanted.link is not None:
        yield "link", _anywhere(given, "contact") | _anywhere(given, "relay_contact")
    if wanted.crew is not None:
        crewed = case.station.phase_at(case.plan.start)[1].crew > 0
        yield "crew", np.full(light.shape, crewed == (wanted.crew == "present"))


def _within(values: NDArray[Any], above: float | None, below: float | None) -> NDArray[Any]:
    inside = np.ones(values.shape, dtype=bool)
    if above is not None:
        inside &= values > above
    if below is not None:
        inside &= values < below
    return inside


def _anywhere(given: xr.Dataset, variable: str) -> NDArray[Any]:
    if variable not in given:
        return np.zeros(given.sizes["time"], dtype=bool)
    other = [dimension for dimension in given[variable].dims if dimension != "time"]
    return np.asarray(given[variable].astype(bool).any(dim=other).values)


def _host_power(case: _Case) -> Iterator[Violation]:
    """Working payloads plus the standby of the others never exceed what their host gives."""
    phase = case.station.phase_at(case.plan.start)[1]
    for name in phase.present:
        limit_w = case.station.modules[name].payload_power_limit_w
        if limit_w is None:
            continue
        idle_w = {key: item.standby_w for key, item in case.station.payloads.items() if item.host == name}
        own = [item for item in case.known if item.host == name and item.payload in idle_w]
        for item in own:
            open_ = [o for o in own if o.hold_start <= item.hold_start < o.hold_stop]
            extra_w = sum(max(o.power_w - idle_w[o.payload], 0.0) for o in open_)
            if extra_w > max(limit_w - sum(idle_w.values()), 0.0) + _SLACK_W:
                text = f"payloads of {name} draw {sum(idle_w.values()) + extra_w:.1f} W of {limit_w:g} W"
                yield Violation("host power", tuple(o.id for o in open_), item.hold_start, text)


_CHECKS: tuple[Callable[[_Case], Iterator[Violation]], ...] = (
    _spans,
    _requests,
    _lengths,
    _amounts,
    _claims,
    _rhythms,
    _orders,
    _presence,
    _overlaps,
    _surroundings,
    _host_power,
)


def _replayed(case: _Case) -> list[Violation]:
    """What the station's energy and data have to say: the first violation of each rule."""
    replay = Replay(case.plan, case.station, case.environment)
    idle, moments = replay.run(()), replay.run(case.plan.activities)
    found: dict[str, Violation] = {}
    working = replay.working(case.plan.activities)
    for k, (moment, alone) in enumerate(zip(moments, idle, strict=True)):
        open_ = [part.activity for part in working.get(k, ())]
        for rule, text, ids in _of_moment(case, moment, alone, open_):
            when = case.plan.start + timedelta(seconds=moment.second)
            found.setdefault(rule, Violation(rule, ids, when, text))
    return [*_idle(case, replay, idle), *found.values()]


def _idle(case: _Case, replay: Replay, idle: list[Moment]) -> Iterator[Violation]:
    """A charge rule that the station breaks by itself: no plan is to blame, but someone has to say so."""
    rules = [rule.minimum for rule in case.station.flight_rules.values() if isinstance(rule, MinimumCharge)]
    lowest = min(idle, key=lambda moment: moment.charge)
    if rules and lowest.charge < max(rules) - 1e-6:
        when = case.plan.start + timedelta(seconds=lowest.second + replay.step_s)
        charge = f"{math.floor(1000 * lowest.charge) / 10:.1f} % on {when.day} {when:%b %H:%M}"
        text = f"with nothing planned the stores already fall to {charge}, below the rule's {100 * max(rules):g} %"
        yield Violation("charge rule, idle station", (), when, text)


def _of_moment(
    case: _Case, moment: Moment, alone: Moment, open_: list[Activity]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    station, ids = case.station, tuple(item.id for item in open_)
    floors = [rule.minimum for rule in station.flight_rules.values() if isinstance(rule, MinimumCharge)]
    if floors and moment.charge < min(max(floors), alone.charge) - 1e-6:
        yield "minimum charge", f"the stores fall to {100 * moment.charge:.1f} %", ids
    if moment.unserved_w > alone.unserved_w + 1.0:
        yield "bus power", f"the bus lacks {moment.unserved_w:.0f} W", ids
    if moment.overflow_bit > 2.0:
        yield "recorder", f"{moment.overflow_bit:.3g} bit find no room in the recorder", ids
    allowed = station.modes[moment.mode].activities  # type: ignore[index]
    for item in open_:
        continuous = station.payloads[item.payload].continuous
        if allowed == "none" or (allowed == "continuous" and not continuous):
            yield "mode", f"{item.id} is planned in {moment.mode} mode, which stops it", (item.id,)
        if moment.shedding and {item.payload, item.host} & set(station.load_shedding.order):
            yield "shedding", f"{item.id} may be shed at a charge of {100 * moment.charge:.1f} %", (item.id,)
    yield from _peak(case, moment, open_)


def _peak(case: _Case, moment: Moment, open_: list[Activity]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The loads at the busiest instant of a step against the maximum-power rules."""
    station = case.station
    spec = station.modes[moment.mode]  # type: ignore[index]
    for rule in (item for item in station.flight_rules.values() if isinstance(item, MaximumPower)):
        for item in open_:
            at_once = [other for other in open_ if other.hold_start <= item.hold_start < other.hold_stop]
            saved_w = sum(station.payloads[o.payload].standby_w for o in at_once) if spec.standby else 0.0
            load_w = moment.peak_w + sum(o.power_w for o in at_once) - saved_w
            working = any(o.power_w > 0.0 for o in at_once)
            if working and load_w > rule.maximum_w + _SLACK_W:
                yield "maximum power", f"the loads reach {load_w:.0f} W: {rule.text}", tuple(o.id for o in at_once)
                return
