"""Monitors: readings beyond a limit are logged, and payloads don't work outside their temperatures.

A monitor trips on one side of its limit and clears a little on the other, so that it doesn't flicker.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lunabase.onboard.log import Entry, Severity
from lunabase.onboard.watch import Group, Readings, Watch, describe
from lunabase.station.equipment import TemperatureLimits, ThermalNode
from lunabase.station.model import Station
from lunabase.station.rules import MaximumPower, MinimumCharge
from lunabase.station.science import Payload

CLEAR_K = 1.0
"""A temperature must come back this far within its limit."""
_CLEAR_CHARGE = 0.01
_RECORDER_FULL, _RECORDER_CLEAR = 0.95, 0.85
_LOAD_CLEAR_S = 600.0


@dataclass(frozen=True, slots=True)
class Monitor:
    """A limit on one reading."""

    trip: Watch
    clear: Watch
    severity: Severity
    name: str
    text: str
    trip_group: int = -1
    clear_group: int = -1

    @property
    def groups(self) -> tuple[Group, Group]:
        """What it watches: trip and clear."""
        return (self.trip,), (self.clear,)

    def describe(self, readings: Readings) -> str:
        """The reading that keeps it active: beyond its limit, or not yet back far enough."""
        beyond = readings.held[self.trip_group]
        return (self.trip if beyond else self.clear.opposite).describe(readings)


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
    """Monitors of the nodes' operating limits, the payloads' limits, the flight rules and the recorder."""
    found: dict[Watch, Monitor] = {}
    for node, item in station.equipment(ThermalNode, present).items():
        for watch in _two_sided(node, item.operating):
            found[watch] = _temperature(watch, "medium", f"{node} is outside its operating limits.")
    payloads = station.payloads_present(present)
    for name, watches in payload_limits(station, present).items():
        for watch in watches:
            if watch not in found:
                found[watch] = _temperature(watch, "low", _for_payloads(watch, name, payloads))
    return (*found.values(), *_flight_rules(station), _recorder())


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
            yield Monitor(trip, clear, "high", "flight_rule_broken", rule.text)
        elif isinstance(rule, MaximumPower):
            trip = Watch("load_w", True, rule.maximum_w)
            yield Monitor(
                trip, Watch("load_w", False, rule.maximum_w, _LOAD_CLEAR_S), "high", "flight_rule_broken", rule.text
            )


def _recorder() -> Monitor:
    trip = Watch("recorder_fill", True, _RECORDER_FULL)
    clear = Watch("recorder_fill", False, _RECORDER_CLEAR)
    return Monitor(trip, clear, "medium", "recorder_full", "The recorder is nearly full; new data will be lost.")


def armed(monitors: tuple[Monitor, ...], active: frozenset[int]) -> Iterator[int]:
    """Groups that would trip or clear a monitor."""
    for index, monitor in enumerate(monitors):
        yield monitor.clear_group if index in active else monitor.trip_group


def check(
    monitors: tuple[Monitor, ...], active: frozenset[int], readings: Readings
) -> tuple[frozenset[int], tuple[Entry, ...]]:
    """The monitors that are tripped now, and what the log says about changes."""
    changed, entries = set(active), []
    for index, monitor in enumerate(monitors):
        if index in active and readings.held[monitor.clear_group]:
            changed.discard(index)
            cause = describe((monitor.clear,), readings)
            entries.append(Entry("info", "monitor", f"{monitor.name}_over", f"No longer: {monitor.text}", cause))
        elif index not in active and readings.held[monitor.trip_group]:
            changed.add(index)
            cause = describe((monitor.trip,), readings)
            entries.append(Entry(monitor.severity, "monitor", monitor.name, monitor.text, cause))
    return frozenset(changed), tuple(entries)
