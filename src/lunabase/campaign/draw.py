"""Faults of one run, drawn from the catalogue: which kind, which target, how bad, when and for how long.

A run's faults follow from the campaign's seed and the number of the run alone. The kinds take turns in a random
order, so that a campaign of as many runs as there are kinds tries each of them once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lunabase.campaign.catalogue import CHANNELS_OF, EffectKind, FaultKind
from lunabase.errors import InputError
from lunabase.runs.damage import Places, places_of
from lunabase.runs.fault import TARGETS, Fault
from lunabase.station.equipment import Battery, FissionSource, FuelCell, RadioisotopeSource, SolarArray
from lunabase.station.form import nearest
from lunabase.station.model import Station

_ORDER, _RUN = 0, 1
"""Streams of random numbers: the order of the kinds, and the draws of each run."""


@dataclass(frozen=True, slots=True)
class FaultUrn:
    """What faults are drawn from: the kinds that fit a station, and what they can hit there."""

    kinds: Mapping[str, FaultKind]
    targets: Mapping[str, tuple[str, ...]]
    """Candidates of each kind of target, like `solar_array`."""
    sensors: Mapping[str, int]
    """How many sensors measure each channel."""
    passed_over: tuple[str, ...]
    """Kinds whose targets the station does not have."""

    def draw(self, run: int, seed: int, span_s: float, *, double: bool = False) -> tuple[Fault, ...]:
        """The faults of a run over a flight of ``span_s``: those of one kind, or of two."""
        names = sorted(self.kinds)
        order = np.random.default_rng((seed, _ORDER)).permutation(len(names))
        random = np.random.default_rng((seed, _RUN, run))
        chosen = [names[order[run % len(names)]]]
        if double and len(names) > 1:
            chosen.append(names[order[(run + 1 + int(random.integers(len(names) - 1))) % len(names)]])
        return tuple(fault for name in chosen for fault in self._faults(name, random, span_s))

    def _faults(self, name: str, random: np.random.Generator, span_s: float) -> list[Fault]:
        kind = self.kinds[name]
        start_s = float(math.floor(random.random() * span_s))
        lasting = random.random()
        stop_s = start_s + max(kind.spread.at(lasting), 1.0) if kind.spread is not None else math.inf
        hit: dict[str, tuple[str, ...]] = {}
        faults = []
        for effect in kind.effects:
            part = random.random()
            size = effect.spread.at(part) if effect.spread is not None else 0.0
            for target in self._hit(effect, hit, random):
                cleared_by = kind.cleared_by
                faults.append(Fault(name, kind.subsystem, effect.effect, target, size, start_s, stop_s, cleared_by))
        return faults

    def _hit(self, effect: EffectKind, hit: dict[str, tuple[str, ...]], random: np.random.Generator) -> tuple[str, ...]:
        """What an effect hits; a second effect on the same kind of target hits the same."""
        if effect.target not in hit:
            candidates = candidates_of(effect, self.targets)
            if effect.target.startswith("any "):
                candidates = (candidates[int(random.integers(len(candidates)))],)
            hit[effect.target] = candidates
        found = hit[effect.target]
        if TARGETS.get(effect.effect) == "channel" and effect.sensors == "one":
            return tuple(f"{channel}/{1 + int(random.integers(self.sensors.get(channel, 1)))}" for channel in found)
        return found


def urn_of(
    kinds: Mapping[str, FaultKind], station: Station, present: tuple[str, ...], sensors: Mapping[str, int]
) -> FaultUrn:
    """The kinds that fit a station; ``sensors`` tells how many measure each channel.

    Raises InputError when a kind names what the station does not have, or when no kind fits.
    """
    places = places_of(station, present)
    targets = _targets(station, present, places)
    fitting, passed_over = {}, []
    for name, kind in kinds.items():
        for effect in kind.effects:
            _check_name(name, effect, places)
        empty = any(not candidates_of(effect, targets) for effect in kind.effects)
        if empty:
            passed_over.append(name)
        else:
            fitting[name] = kind
    if not fitting:
        raise InputError("no fault of the catalogue fits this station.", where="--faults", fix="Add kinds that do.")
    return FaultUrn(fitting, targets, sensors, tuple(passed_over))


def candidates_of(effect: EffectKind, targets: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What an effect may hit; the empty name stands for the station as a whole."""
    if effect.effect not in TARGETS:
        return ("",)
    selector, _, kind = effect.target.rpartition(" ")
    if not selector:
        return (effect.target,)
    return targets["tracking_array" if effect.effect == "array_drive_stuck" else kind]


def _check_name(name: str, effect: EffectKind, places: Places) -> None:
    kind = TARGETS.get(effect.effect)
    if kind is None or " " in effect.target or effect.target in places.known(kind):
        return
    fix = nearest(effect.target, places.known(kind))
    raise InputError(f"the station has no {kind} `{effect.target}`.", where=f"fault {name}", fix=fix)


def _targets(station: Station, present: tuple[str, ...], places: Places) -> dict[str, tuple[str, ...]]:
    arrays = station.equipment(SolarArray, present)
    found = {kind: tuple(sorted(places.known(kind))) for kind in set(TARGETS.values())}
    found |= {
        "tracking_array": tuple(name for name, array in arrays.items() if array.tracking != "none"),
        "battery": tuple(station.equipment(Battery, present)),
        "fuel_cell": tuple(station.equipment(FuelCell, present)),
        "fission_source": tuple(station.equipment(FissionSource, present)),
        "radioisotope_source": tuple(station.equipment(RadioisotopeSource, present)),
    }
    for kind, beginnings in CHANNELS_OF.items():
        found[kind] = tuple(name for name in places.channels if name.startswith(beginnings))
    return found
