"""Monitors: readings beyond a limit are logged, and payloads don't work outside their temperatures.

A monitor trips on one side of its limit and clears a little on the other, so that it doesn't flicker. Those of the
station file's `autonomy` section stand beside those that follow from limits given elsewhere in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.log import Entry, Severity
from lunabase.onboard.watch import Group, Readings, Watch, delta_channel, describe, watch_of
from lunabase.station.autonomy import Delta, MonitorSpec
from lunabase.station.equipment import TemperatureLimits, ThermalNode
from lunabase.station.model import Station
from lunabase.station.rules import MaximumPower, MinimumCharge
from lunabase.station.science import Payload

CLEAR_K = 1.0
"""A temperature must come back this far within its limit."""
_CLEAR_CHARGE = 0.01
_RECORDER_FULL, _RECORDER_CLEAR = 0.95, 0.85
_LOAD_CLEAR_S = 600.0
_PRESSURE_LEFT = 0.9
"""Part of a cabin's pressure below which it leaks badly."""
_OXYGEN_PA = 18.5e3
"""Least partial pressure of oxygen for people who are used to it: 139 mmHg (NASA-STD-3001 volume 2)."""
_CARBON_DIOXIDE_PA = 709.0
"""Highest of carbon dioxide for half a year: 7000 ppm (NASA JSC-20584, 180-day SMAC of 1999)."""
_AIR_CLEAR = 0.02
_AIR_LASTS_S = 300.0


@dataclass(frozen=True, slots=True)
class Monitor:
    """A limit on one reading."""

    trip: Watch
    clear: Watch
    severity: Severity
    name: str
    text: str
    id: str = ""
    """Its name in the station file; empty: one of the built-in monitors."""
    event: str = ""
    """What it raises for responses; empty: nothing."""
    unit: str = ""
    """The thing whose parameter it checks."""
    modes: tuple[str, ...] = ()
    """Modes in which it checks; without any, in all."""
    only_while: Group = ()
    """It trips only while all of these hold too."""
    trip_group: int = -1
    clear_group: int = -1

    @property
    def groups(self) -> tuple[Group, Group]:
        """What it watches: trip and clear."""
        return (self.trip, *self.only_while), (self.clear,)

    @property
    def about(self) -> str:
        """What the log's entries call it."""
        return f"monitor {self.id or f'{self.name} {self.trip.channel}'}"

    def entry(self, cause: str) -> Entry:
        """What the log says when it trips."""
        return Entry(
            self.severity,
            "monitor",
            self.name,
            self.text,
            cause,
            about=self.about,
            raises=self.event,
            units=(self.unit,),
        )

    def describe(self, readings: Readings) -> str:
        """The reading that keeps it active: beyond its limit, or not yet back far enough."""
        beyond = readings.held[self.trip_group]
        return (self.trip if beyond else self.clear.opposite).describe(readings)


@dataclass(frozen=True)
class Monitors:
    """All monitors, with the places of their groups among all groups of the software."""

    all: tuple[Monitor, ...]

    @cached_property
    def trip(self) -> NDArray[np.int64]:
        """Trip group of each."""
        return np.array([monitor.trip_group for monitor in self.all], dtype=np.int64)

    @cached_property
    def clear(self) -> NDArray[np.int64]:
        """Clear group of each."""
        return np.array([monitor.clear_group for monitor in self.all], dtype=np.int64)

    @cached_property
    def bound(self) -> tuple[int, ...]:
        """Those that check in some modes only."""
        return tuple(index for index, monitor in enumerate(self.all) if monitor.modes)

    def of_id(self, name: str) -> frozenset[int]:
        """The monitors of one name of the station file: one for each limit."""
        return frozenset(index for index, monitor in enumerate(self.all) if monitor.id == name)


_SENSED_IN = {"charge_uncertainty": "state_of_charge"}
"""Channels whose sensors tell of a parameter that has none of its own."""

Limits = dict[str, tuple[Watch, Watch]]
"""Payload -> the watches of its lower and upper temperature limit."""


def payload_limits(station: Station, present: tuple[str, ...]) -> Limits:
    """Temperatures of its host's node within which each payload may work: its own limits, or the node's."""
    nodes = station.equipment(ThermalNode, present)
    limits = {}
    for name, payload in station.payloads_present(present).items():
        node = station.modules[payload.host].thermal_node
        if node in nodes:
            limits[name] = _two_sided(node, payload.thermal or nodes[node].operating)
    return limits


def _two_sided(node: str, limits: TemperatureLimits) -> tuple[Watch, Watch]:
    channel = f"temperature_k.{node}"
    return Watch(channel, False, limits.minimum_k), Watch(channel, True, limits.maximum_k)


def monitors_of(station: Station, present: tuple[str, ...]) -> tuple[Monitor, ...]:
    """Monitors of the nodes' operating limits, the payloads' limits, the flight rules, the recorder, and the declared.

    Payloads' limits are always watched, as they keep payloads from working; the rest of the built-in monitors can be
    left out in the station file.
    """
    found: dict[Watch, Monitor] = {}
    builtin = station.autonomy is None or station.autonomy.builtin_monitors
    if builtin:
        for node, item in station.equipment(ThermalNode, present).items():
            for watch in _two_sided(node, item.operating):
                text = f"{node} is outside its operating limits."
                event = "node-hot" if watch.above else "node-cold"
                found[watch] = replace(_temperature(watch, "medium", text), event=event, unit=node)
    payloads = station.payloads_present(present)
    for name, watches in payload_limits(station, present).items():
        for watch in watches:
            if watch not in found:
                found[watch] = _temperature(watch, "low", _for_payloads(watch, name, payloads))
    others = (*_flight_rules(station), _recorder(), *_cabins(station, present)) if builtin else ()
    return (*found.values(), *others, *_declared(station, present))


def _declared(station: Station, present: tuple[str, ...]) -> Iterator[Monitor]:
    """Those of the station file, one for each limit; silence is a timer and not among them."""
    nodes = station.equipment(ThermalNode, present)
    for name, spec in station.autonomy.monitors.items() if station.autonomy is not None else ():
        if spec.parameter != "silence" and (spec.of is None or spec.of in nodes):
            yield from _sides(name, spec)


def _sides(name: str, spec: MonitorSpec) -> Iterator[Monitor]:
    channel = spec.channel
    if isinstance(spec.check, Delta):
        channel = delta_channel(channel, spec.check.over_s)
    for above, limit in zip((False, True), spec.limits, strict=True):
        if limit is not None:
            inside = limit - spec.clear_by if above else limit + spec.clear_by
            if spec.clear_by == 0.0:  # right at its limit it is no longer beyond it
                inside = float(np.nextafter(limit, np.inf if above else -np.inf))
            clear = Watch(channel, not above, inside, spec.lasting_s)
            yield Monitor(
                trip=Watch(channel, above, limit, spec.lasting_s),
                clear=clear,
                severity=spec.severity,
                name=name,
                text=spec.text,
                id=name,
                event=name,
                unit=spec.of or _SENSED_IN.get(spec.parameter, spec.channel),
                modes=tuple(spec.modes),
                only_while=tuple(watch_of(condition) for condition in spec.only_while),
            )


def _for_payloads(watch: Watch, first: str, payloads: dict[str, Payload]) -> str:
    host = payloads[first].host
    return f"{host} is {'too warm' if watch.above else 'too cold'} for some of its payloads, like {first}."


def _temperature(watch: Watch, severity: Severity, text: str) -> Monitor:
    inside = watch.limit - CLEAR_K if watch.above else watch.limit + CLEAR_K
    name = "temperature_high" if watch.above else "temperature_low"
    return Monitor(watch, Watch(watch.channel, not watch.above, inside), severity, name, text)


def _flight_rules(station: Station) -> Iterator[Monitor]:
    for rule in station.flight_rules.values():
        if isinstance(rule, MinimumCharge):
            trip = Watch("state_of_charge", False, rule.minimum)
            clear = Watch("state_of_charge", True, rule.minimum + _CLEAR_CHARGE)
            yield Monitor(trip, clear, "high", "flight_rule_broken", rule.text, event="flight-rule-broken")
        elif isinstance(rule, MaximumPower):
            trip = Watch("load_w", True, rule.maximum_w)
            clear = Watch("load_w", False, rule.maximum_w, _LOAD_CLEAR_S)
            yield Monitor(trip, clear, "high", "flight_rule_broken", rule.text, event="flight-rule-broken")


def _recorder() -> Monitor:
    text = "The recorder is nearly full; new data will be lost."
    trip = Watch("recorder_fill", True, _RECORDER_FULL)
    clear = Watch("recorder_fill", False, _RECORDER_CLEAR)
    return Monitor(trip, clear, "medium", "recorder_full", text, event="recorder-full")


def _cabins(station: Station, present: tuple[str, ...]) -> Iterator[Monitor]:
    """Pressure lost, too little oxygen, too much carbon dioxide."""
    cabins = station.substances.cabins if station.substances is not None else {}
    for name in (name for name, cabin in cabins.items() if cabin.module in present):
        checks = (
            ("pressure_pa", False, _PRESSURE_LEFT * cabins[name].total_pa, "cabin-pressure", "loses pressure"),
            ("oxygen_pressure_pa", False, _OXYGEN_PA, "cabin-oxygen", "has too little oxygen"),
            ("carbon_dioxide_pressure_pa", True, _CARBON_DIOXIDE_PA, "cabin-air", "has too much carbon dioxide"),
        )
        for channel, above, limit, event, trouble in checks:
            trip = Watch(f"{channel}.{name}", above, limit, _AIR_LASTS_S)
            inside = limit * (1.0 - _AIR_CLEAR if above else 1.0 + _AIR_CLEAR)
            clear = Watch(trip.channel, not above, inside)
            yield Monitor(trip, clear, "high", event.replace("-", "_"), f"{name} {trouble}.", event=event, unit=name)


def inhibited(monitors: Monitors, off: frozenset[int], mode: str) -> frozenset[int]:
    """Monitors that don't check now: switched off, or not meant for the mode."""
    bound = [index for index in monitors.bound if mode not in monitors.all[index].modes]
    return off.union(bound) if bound else off


def arm(monitors: Monitors, active: frozenset[int], idle: frozenset[int], flags: NDArray[np.bool_]) -> None:
    """Flag the groups that would trip or clear a monitor, in place."""
    flags[monitors.trip] = True
    for index in idle:
        flags[monitors.trip[index]] = False
    for index in active:
        flags[monitors.trip[index]] = False
        flags[monitors.clear[index]] = True


def check(
    monitors: Monitors, active: frozenset[int], idle: frozenset[int], readings: Readings
) -> tuple[frozenset[int], tuple[Entry, ...]]:
    """The monitors that are tripped now, and what the log says about changes."""
    cleared = [index for index in active if index in idle or readings.held[monitors.clear[index]]]
    beyond = np.flatnonzero(readings.held[monitors.trip]).tolist()
    tripped = [index for index in beyond if index not in active and index not in idle]
    if not cleared and not tripped:
        return active, ()
    entries = []
    for index in sorted((*cleared, *tripped)):
        monitor = monitors.all[index]
        if index in active:
            cause = "it is not checked now" if index in idle else describe((monitor.clear,), readings)
            text = f"No longer: {monitor.text}"
            name = f"{monitor.name}_over"
            entries.append(Entry("info", "monitor", name, text, cause, because=monitor.about))
        else:
            entries.append(monitor.entry(describe((monitor.trip,), readings)))
    return active.difference(cleared).union(tripped), tuple(entries)
