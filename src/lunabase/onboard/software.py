"""The on-board software as it is loaded, and what it remembers; `onboard.reaction` makes it act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.commands import Commands, PayloadCommand
from lunabase.onboard.estimate import ONBOARD
from lunabase.onboard.executive import ExecutiveState, Timetable, timetable_of
from lunabase.onboard.expected import Loads, loads_of
from lunabase.onboard.log import Severity
from lunabase.onboard.modes import ModeGroups, mode_table
from lunabase.onboard.monitors import Monitor, Monitors, monitors_of, payload_limits
from lunabase.onboard.responses import Responses, ResponseState, responses_of
from lunabase.onboard.shedding import Shedding, ShedState, shedding_of
from lunabase.onboard.watch import Group, delta_channel, watch_of
from lunabase.planning.plan import Plan
from lunabase.station.autonomy import Delta
from lunabase.station.model import Station
from lunabase.station.rules import Exclusion
from lunabase.station.site import Phase


@dataclass(frozen=True, slots=True)
class Timer:
    """A monitor of the time since Earth was last heard."""

    id: str
    limit_s: float
    severity: Severity
    text: str
    modes: tuple[str, ...]
    enabled: bool


@dataclass(frozen=True, slots=True)
class Software:
    """Everything that the software was loaded with; it never changes."""

    start: datetime
    payloads: tuple[str, ...]
    hosts: tuple[str, ...]
    """Module of each payload."""
    modes: ModeGroups
    shedding: Shedding
    monitors: Monitors
    disabled_monitors: frozenset[int]
    """Monitors that are off at the start."""
    timers: tuple[Timer, ...]
    responses: Responses
    waits: Mapping[str, int]
    """Activity type -> group of the conditions that its activities wait for."""
    limits: tuple[tuple[int, ...], ...]
    """Monitors that keep each payload from working."""
    rivals: Mapping[str, Mapping[str, str]]
    """Activity type -> types that never run at the same time as it -> the flight rule in words."""
    timetable: Timetable
    payload_of: tuple[int, ...]
    """Place of the payload of each planned activity."""
    groups: tuple[Group, ...]
    """All groups of watches; the places in `modes`, `shedding`, `monitors` and `responses` refer to these."""
    loads: Loads
    """What units draw and produce as they are commanded."""
    settings: Mapping[str, tuple[str, ...]]
    """Power modes of each payload."""
    continuous: frozenset[str]
    """Payloads that keep working."""
    units: frozenset[str]
    """Everything that can be power-cycled: modules, equipment, payloads."""
    load_monitors: frozenset[str]
    """Monitors of the load against what is commanded."""
    deltas: tuple[tuple[str, float], ...]
    """Channels whose changes are followed, and over which time, s."""
    returns: bool
    """Failure level F2: it leaves safe modes by itself."""

    @property
    def onboard_channels(self) -> tuple[str, ...]:
        """Channels that follow those of telemetry in the row of estimates."""
        return (*ONBOARD, *(delta_channel(channel, over_s) for channel, over_s in self.deltas))

    def mode_of(self, name: str) -> int:
        """Place of a mode in the table (0, the everyday mode, if it is not there)."""
        return next((place for place, mode in enumerate(self.modes.table) if mode.name == name), 0)

    def ordered(self, state: SoftwareState) -> int:
        """The mode that Earth and running responses want at least."""
        held = state.responses.modes
        return max(state.ordered_mode, *(self.mode_of(name) for name in held.values())) if held else state.ordered_mode

    def timer_on(self, state: SoftwareState, name: str) -> bool:
        """Whether a timer is enabled."""
        return next(timer.enabled for timer in self.timers if timer.id == name) != (name in state.toggled_timers)

    def off(self, state: SoftwareState) -> frozenset[str]:
        """Payloads and modules that are off: shed, not used in the mode, or switched off by a response or Earth."""
        shed = self.shedding.off(state.shed)
        others = state.responses.off.union(self.modes.table[state.mode].spec.off)
        return shed | others if others else shed


@dataclass(frozen=True, slots=True)
class Resting:
    """Commands as if no payload worked, kept for as long as mode, shedding and what answers stay the same."""

    key: object
    payloads: tuple[PayloadCommand, ...]
    modules_off: frozenset[str]
    load_w: float
    """Of modules and payloads together."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The last commands, kept for as long as what they follow from stays the same."""

    key: object
    commands: Commands
    expected: NDArray[np.float64]
    """What units draw and produce under them."""
    resting: Resting


@dataclass(frozen=True, slots=True)
class SoftwareState:
    """What the software remembers."""

    mode: int = 0
    shed: ShedState = field(default_factory=ShedState)
    active: frozenset[int] = frozenset()
    """Monitors that are tripped."""
    executive: ExecutiveState = field(default_factory=ExecutiveState)
    responses: ResponseState = field(default_factory=ResponseState)
    silent: frozenset[str] = frozenset()
    """Timers that have run out."""
    heard_s: float = -1.0
    """When Earth was last heard; below 0: the software has just started."""
    read_s: float = -1.0
    """Time of the last waking, whose messages are done with."""
    toggled_monitors: frozenset[int] = frozenset()
    """Monitors that Earth has switched to the other of on and off."""
    toggled_actions: frozenset[str] = frozenset()
    toggled_timers: frozenset[str] = frozenset()
    schedule_off: frozenset[str] = frozenset()
    """Partners whose activities don't begin; the empty name: nobody's do."""
    ordered_mode: int = 0
    """Mode that Earth wants at least."""
    waits_for_earth: bool = False
    """At failure level F1, after a severe mode."""
    quiet: frozenset[str] = frozenset()
    """Payloads that don't answer."""
    failed: frozenset[int] = frozenset()
    """Sensors that have failed."""
    unknown: frozenset[int] = frozenset()
    """Watched channels that are not known."""
    suspects: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """For each event about a wrong load the units that would explain it."""
    count: int = 0
    """Events so far."""
    marks: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Number of the last event about each thing."""
    answered: Answered | None = None


def restarted(state: SoftwareState) -> SoftwareState:
    """What is left in protected memory when the computer has restarted: the log's count, attempts, Earth's orders."""
    return SoftwareState(
        responses=replace(state.responses, runs={}, modes={}, path="best"),
        heard_s=state.heard_s,
        toggled_monitors=state.toggled_monitors,
        toggled_actions=state.toggled_actions,
        toggled_timers=state.toggled_timers,
        schedule_off=state.schedule_off,
        ordered_mode=state.ordered_mode,
        waits_for_earth=state.waits_for_earth,
        count=state.count,
        marks=state.marks,
    )


def load_software(station: Station, phase: Phase, plan: Plan) -> Software:
    """The software of a station in a phase of its life, with its plan; times count from the plan's start."""
    payloads = station.payloads_present(phase.present)
    groups: list[Group] = []

    def place(group: Group) -> int:
        groups.append(group)
        return len(groups) - 1

    table = mode_table(station, phase)
    modes = ModeGroups(
        table=table,
        enter=tuple(tuple(place(group) for group in mode.enter) for mode in table),
        leave=tuple(place(mode.leave) if mode.leave else -1 for mode in table),
    )
    shedding = shedding_of(station, phase.present)
    shedding = replace(shedding, low_group=place(shedding.low), high_group=place(shedding.high))
    monitors = tuple(
        replace(monitor, trip_group=place(monitor.groups[0]), clear_group=place(monitor.groups[1]))
        for monitor in monitors_of(station, phase.present)
    )
    responses = responses_of(station)
    placed = {
        name: replace(item, recovered_group=place(item.recovered)) if item.recovered else item
        for name, item in responses.by_name.items()
    }
    timers = tuple(_timers(station))
    continuous = frozenset(name for name, item in payloads.items() if item.continuous)
    autonomy = station.autonomy
    waits = autonomy.wait_until if autonomy is not None else {}
    return Software(
        start=plan.start,
        payloads=tuple(payloads),
        hosts=tuple(payload.host for payload in payloads.values()),
        modes=modes,
        shedding=shedding,
        monitors=Monitors(monitors),
        disabled_monitors=_disabled(station, monitors),
        timers=timers,
        responses=replace(responses, by_name=placed),
        waits={name: place(tuple(watch_of(one) for one in conditions)) for name, conditions in waits.items()},
        limits=_limits(station, phase.present, monitors),
        rivals=_rivals(station),
        timetable=timetable_of(plan, continuous),
        payload_of=tuple(list(payloads).index(activity.payload) for activity in plan.activities),
        groups=tuple(groups),
        loads=loads_of(station, phase.present),
        settings={name: ("off", "standby", *item.power) for name, item in payloads.items()},
        continuous=continuous,
        units=frozenset({*phase.present, *payloads, *(name for _, name, _ in station.all_equipment())}),
        load_monitors=frozenset(item.id for item in monitors if item.id and item.trip.channel == "load_mismatch_w"),
        deltas=tuple(_deltas(station)),
        returns=autonomy is None or autonomy.failure == "F2",
    )


def _disabled(station: Station, monitors: tuple[Monitor, ...]) -> frozenset[int]:
    specs = station.autonomy.monitors if station.autonomy is not None else {}
    return frozenset(index for index, item in enumerate(monitors) if item.id and not specs[item.id].enabled)


def _timers(station: Station) -> list[Timer]:
    specs = station.autonomy.monitors if station.autonomy is not None else {}
    return [
        Timer(name, spec.limits[1] or 0.0, spec.severity, spec.text, tuple(spec.modes), spec.enabled)
        for name, spec in specs.items()
        if spec.parameter == "silence"
    ]


def _deltas(station: Station) -> list[tuple[str, float]]:
    specs = station.autonomy.monitors if station.autonomy is not None else {}
    found = [(spec.channel, spec.check.over_s) for spec in specs.values() if isinstance(spec.check, Delta)]
    return list(dict.fromkeys(found))


def _limits(station: Station, present: tuple[str, ...], monitors: tuple[Monitor, ...]) -> tuple[tuple[int, ...], ...]:
    of_watch = {monitor.trip: index for index, monitor in enumerate(monitors) if not monitor.id}
    limits = payload_limits(station, present)
    return tuple(tuple(of_watch[watch] for watch in limits.get(name, ())) for name in station.payloads_present(present))


def _rivals(station: Station) -> dict[str, dict[str, str]]:
    rivals: dict[str, dict[str, str]] = {}
    for rule in station.flight_rules.values():
        if isinstance(rule, Exclusion):
            text = f"no {rule.never} during {rule.during}"
            rivals.setdefault(rule.never, {})[rule.during] = text
            rivals.setdefault(rule.during, {})[rule.never] = text
    return rivals
