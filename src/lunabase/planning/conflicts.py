"""Which activities never overlap, and why: one payload, one resource, a flight rule, a disturbance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lunabase.planning.variants import Variant, gives_off
from lunabase.station.model import Station
from lunabase.station.rules import Exclusion


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why two tasks never overlap, or don't in some of their variants."""

    kind: Literal["payload", "resource", "disturbance", "flight rule"]
    words: str


@dataclass(frozen=True, slots=True)
class _Nature:
    """What decides over conflicts."""

    activity: str
    payload: str
    resources: tuple[str, ...]


Conflicts = Mapping[tuple[int, int], Conflict]


def conflicts_of(
    station: Station, variants: tuple[Variant, ...], activities: tuple[str, ...]
) -> tuple[tuple[frozenset[int], ...], dict[tuple[int, int], Conflict]]:
    """Per variant: the variants that it must not overlap; and for every ordered pair of tasks why not.

    `activities`: the activity type of each task. The first of payload, resource, flight rule, disturbance is the why.
    """
    members: dict[_Nature, list[Variant]] = {}
    for variant in variants:
        nature = _Nature(activities[variant.task], variant.payload, variant.resources)
        members.setdefault(nature, []).append(variant)
    apart: list[set[int]] = [set() for _ in variants]
    why: dict[tuple[int, int], Conflict] = {}
    for one, own in members.items():
        for other, theirs in members.items():
            conflict = _conflict(station, one, other)
            if conflict is None:
                continue
            for variant in own:
                apart[variant.index].update(rival.index for rival in theirs)
                for rival in theirs:
                    why.setdefault((variant.task, rival.task), conflict)
    return tuple(frozenset(rivals) for rivals in apart), why


def _conflict(station: Station, one: _Nature, other: _Nature) -> Conflict | None:
    if one.payload == other.payload:
        return Conflict("payload", f"payload {one.payload} does one thing at a time")
    shared = sorted(set(one.resources) & set(other.resources))
    if shared:
        return Conflict("resource", f"{shared[0]} is held")
    pair = {one.activity, other.activity}
    for rule in station.flight_rules.values():
        if isinstance(rule, Exclusion) and pair == {rule.never, rule.during}:
            return Conflict("flight rule", f'the flight rule "{rule.text}"')
    kinds = sorted(
        (gives_off(station, one.activity, one.payload) & _spoiled_by(station, other))
        | (gives_off(station, other.activity, other.payload) & _spoiled_by(station, one))
    )
    return Conflict("disturbance", kinds[0]) if kinds else None


def _spoiled_by(station: Station, nature: _Nature) -> set[str]:
    return {*station.payloads[nature.payload].disturbed_by, *station.activity_types[nature.activity].disturbed_by}
