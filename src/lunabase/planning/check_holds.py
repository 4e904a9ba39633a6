"""The checker's view of what activities hold: payloads, resources and hosts, quiet, reservations, substances."""

from __future__ import annotations

from collections.abc import Iterator

from lunabase.planning.check_case import SECOND, Case, Violation, most_at_once
from lunabase.planning.plan import Activity
from lunabase.station.model import Station
from lunabase.station.rules import Exclusion

_SLACK_W = 1e-3
_SLACK_KG = 1e-9


def presence(case: Case) -> Iterator[Violation]:
    """Hosts of payloads and resources are there in the phase."""
    for item in case.known:
        for host in sorted(_hosts(case, item) - set(case.phase.present)):
            text = f"{item.id} needs {host}, which is absent in phase {case.plan.phase}"
            yield Violation("presence", (item.id,), item.hold_start, text)


def _hosts(case: Case, item: Activity) -> set[str]:
    return {case.payload(item).host} | {_holder(case.station, name) for name in item.resources}


def _holder(station: Station, resource: str) -> str:
    if resource in station.resources:
        return station.resources[resource].host
    return next((module for module, name, _ in station.all_equipment() if name == resource), resource)


def overlaps(case: Case) -> Iterator[Violation]:
    """Pairs of activities that go on at once, against everything that may keep them apart."""
    open_: list[Activity] = []
    for item in case.known:
        open_ = [other for other in open_ if other.hold_stop > item.hold_start]
        for other in open_:
            for rule, text in _clash(case, other, item):
                yield Violation(rule, (other.id, item.id), item.hold_start, text)
        open_.append(item)


def _clash(case: Case, one: Activity, other: Activity) -> Iterator[tuple[str, str]]:
    pair = f"{one.id} and {other.id}"
    if one.payload == other.payload:
        yield "payload", f"{pair} use payload {one.payload} at once"
    for resource in sorted(set(one.resources) & set(other.resources)):
        yield "resource", f"{pair} hold {resource} at once"
    for person in sorted(set(one.crew) & set(other.crew)):
        yield "crew overlap", f"{pair} need {person} at once"
    for rule in case.station.flight_rules.values():
        if isinstance(rule, Exclusion):
            types = (one.activity_type, other.activity_type)
            if types in ((rule.never, rule.during), (rule.during, rule.never)):
                yield "exclusion", f"{pair} overlap: {rule.text}"
    if one.payload != other.payload:
        for loud, quiet in ((one, other), (other, one)):
            spoiled = {*case.kind(quiet).disturbed_by, *case.payload(quiet).disturbed_by}
            for kind in sorted(case.gives_off(loud) & spoiled):
                yield "disturbance", f"{loud.id} disturbs {quiet.id} with {kind}"


def reservations(case: Case) -> Iterator[Violation]:
    """Nothing uses what is reserved: a thing, a person, or whatever is hosted in a module."""
    for reserved in case.station.reservations.values():
        for item in case.known:
            if item.hold_start >= reserved.stop or item.hold_stop <= reserved.start:
                continue
            used = {item.payload, *item.resources, *item.crew, *_hosts(case, item)}
            for name in sorted(used & set(reserved.of)):
                when = max(item.hold_start, reserved.start)
                text = f"{item.id} needs {name}, which is reserved: {reserved.text}"
                yield Violation("reservation", (item.id,), when, text)


def consumables(case: Case) -> Iterator[Violation]:
    """Activities together use no more of a substance than there is."""
    for name, stock in case.station.consumables.items():
        used_kg, users = 0.0, []
        for item in case.known:
            mass_kg = case.kind(item).consumes.get(name, 0.0)
            if mass_kg > 0.0:
                used_kg += mass_kg
                users.append(item)
        if used_kg > stock.amount_kg + _SLACK_KG + 1e-9 * used_kg:
            text = f"activities use {used_kg:g} kg of {name}, there are {stock.amount_kg:g} kg"
            yield Violation("consumable", tuple(item.id for item in users), users[-1].hold_start, text)


def host_power(case: Case) -> Iterator[Violation]:
    """Working payloads plus the standby of the others never exceed what their host gives."""
    for name in case.phase.present:
        limit_w = case.station.modules[name].payload_power_limit_w
        if limit_w is None:
            continue
        idle_w = sum(item.standby_w for item in case.station.payloads.values() if item.host == name)
        own = [item for item in case.known if case.payload(item).host == name]
        extra = [
            (
                case.plan.seconds(item.hold_start),
                case.plan.seconds(item.hold_stop),
                max(item.power_w - case.payload(item).standby_w, 0.0),
            )
            for item in own
        ]
        worst = max(most_at_once(extra), key=lambda piece: piece[2], default=(0.0, 0.0, 0.0))
        if worst[2] > max(limit_w - idle_w, 0.0) + _SLACK_W:
            ids = tuple(i.id for i, (start, stop, _) in zip(own, extra, strict=True) if start <= worst[0] < stop)
            text = f"payloads of {name} draw {idle_w + worst[2]:.1f} W of {limit_w:g} W"
            yield Violation("host power", ids, case.moment(int(worst[0] // case.step_s)), text)


def travel(case: Case) -> Iterator[Violation]:
    """What moves has time to drive from where it stands to where the next activity happens."""
    movers = {name: item for name, item in case.station.resources.items() if item.starts_at is not None}
    for item in case.known:
        if case.kind(item).place is not None and not movers.keys() & set(item.resources):
            text = f"{item.id} happens at {case.kind(item).place}, but nothing that it holds can go there"
            yield Violation("place", (item.id,), item.hold_start, text)
    earlier = case.coarser.activities if case.coarser is not None else ()
    before = sorted((item for item in earlier if item.hold_start < case.plan.start), key=lambda item: item.hold_start)
    for name, mover in movers.items():
        here, free_s, last = mover.starts_at or "", 0.0, ""
        for item in (other for other in before if name in other.resources):
            here, free_s = case.kind(item).place or here, case.plan.seconds(item.hold_stop)
        for item in (other for other in case.known if name in other.resources):
            there = case.kind(item).place or here
            need_s = _distance_m(case.station, here, there) / (mover.travel_speed_m_per_s or 1.0)
            gap_s = case.plan.seconds(item.hold_start) - free_s
            if gap_s < need_s - SECOND:
                ids = (last, item.id) if last else (item.id,)
                text = f"{name} has {max(gap_s, 0.0):.0f} s to drive from {here} to {there}, it needs {need_s:.0f} s"
                yield Violation("travel", ids, item.hold_start, text)
            here, free_s, last = there, max(case.plan.seconds(item.hold_stop), free_s), item.id


def _distance_m(station: Station, one: str, other: str) -> float:
    here, there = station.places[one], station.places[other]
    return float(((here.east_m - there.east_m) ** 2 + (here.north_m - there.north_m) ** 2) ** 0.5)
