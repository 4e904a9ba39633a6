"""The on-board software as a whole: woken with its readings, it answers with commands.

`react` is a pure function. The software knows the station file, its plan and the telemetry; the surroundings and
the true state of the station are not among its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.commands import Commands, PayloadCommand
from lunabase.onboard.executive import Current, ExecutiveState, Stretch, Timetable, execute, timetable_of
from lunabase.onboard.log import Entry, Event
from lunabase.onboard.modes import ASLEEP, ModeGroups, mode_table, next_mode
from lunabase.onboard.monitors import Monitor, armed, check, monitors_of, payload_limits
from lunabase.onboard.shedding import Shedding, ShedState, shed, shedding_of
from lunabase.onboard.watch import Group, Readings
from lunabase.planning.plan import Plan
from lunabase.station.model import Station
from lunabase.station.rules import Exclusion
from lunabase.station.site import Phase


@dataclass(frozen=True, slots=True)
class Software:
    """Everything that the software was loaded with; it never changes."""

    start: datetime
    payloads: tuple[str, ...]
    hosts: tuple[str, ...]
    """Module of each payload."""
    modes: ModeGroups
    shedding: Shedding
    monitors: tuple[Monitor, ...]
    limits: tuple[tuple[int, ...], ...]
    """Monitors that keep each payload from working."""
    rivals: Mapping[str, Mapping[str, str]]
    """Activity type -> types that never run at the same time as it -> the flight rule in words."""
    timetable: Timetable
    payload_of: tuple[int, ...]
    """Place of the payload of each planned activity."""
    groups: tuple[Group, ...]
    """All groups of watches; the places in `modes`, `shedding` and `monitors` refer to these."""


@dataclass(frozen=True, slots=True)
class SoftwareState:
    """What the software remembers."""

    mode: int = 0
    shed: ShedState = field(default_factory=ShedState)
    active: frozenset[int] = frozenset()
    """Monitors that are tripped."""
    executive: ExecutiveState = field(default_factory=ExecutiveState)


@dataclass(frozen=True, slots=True)
class Reaction:
    """The answer to one waking."""

    commands: Commands
    state: SoftwareState
    events: tuple[Event, ...]
    stretches: tuple[Stretch, ...]
    """Work that ended."""
    armed: NDArray[np.bool_]
    """Groups of watches that shall wake the software, shape (groups,)."""
    wake_s: float
    """Time at which it wants to be woken in any case (infinite: at none)."""


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
    return Software(
        start=plan.start,
        payloads=tuple(payloads),
        hosts=tuple(payload.host for payload in payloads.values()),
        modes=modes,
        shedding=shedding,
        monitors=monitors,
        limits=_limits(station, phase.present, monitors),
        rivals=_rivals(station),
        timetable=timetable_of(plan, frozenset(name for name, item in payloads.items() if item.continuous)),
        payload_of=tuple(list(payloads).index(activity.payload) for activity in plan.activities),
        groups=tuple(groups),
    )


def _limits(station: Station, present: tuple[str, ...], monitors: tuple[Monitor, ...]) -> tuple[tuple[int, ...], ...]:
    of_watch = {monitor.trip: index for index, monitor in enumerate(monitors)}
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


def react(software: Software, readings: Readings, time_s: float, state: SoftwareState) -> Reaction:
    """Read, decide, command. ``time_s`` is the on-board clock, s since the plan's start."""
    mode, mode_log = next_mode(software.modes, state.mode, readings)
    shed_state, shed_log = shed(software.shedding, state.shed, readings, time_s)
    active, monitor_log = check(software.monitors, state.active, readings)
    new = SoftwareState(mode, shed_state, active, state.executive)

    def refusal(index: int, current: Sequence[Current]) -> str:
        return refuse(software, new, readings, index, current)

    outcome = execute(software.timetable, state.executive, refusal, time_s)
    new = replace(new, executive=outcome.state)
    moment = software.start + timedelta(seconds=time_s)
    return Reaction(
        commands=command(software, new, readings),
        state=new,
        events=_events((*mode_log, *shed_log, *monitor_log, *outcome.entries), moment),
        stretches=outcome.stretches,
        armed=_armed(software, new, time_s),
        wake_s=_wake_s(software, new, time_s),
    )


def refuse(software: Software, state: SoftwareState, readings: Readings, index: int, current: Sequence[Current]) -> str:
    """Why an activity may not run now; empty when it may."""
    activity = software.timetable.activities[index]
    payload = software.payload_of[index]
    mode = software.modes.table[state.mode]
    off = software.shedding.off(state.shed)
    if not readings.answering[payload]:
        return f"{activity.payload} does not answer"
    if mode.spec.activities == "none":
        return f"{mode.name} mode runs no activities"
    if mode.spec.activities == "continuous" and not software.timetable.continuous[index]:
        return f"{mode.name} mode runs only continuous payloads"
    for load in (activity.payload, software.hosts[payload]):
        if load in off:
            return f"{load} is shed"
    for monitor in software.limits[payload]:
        if monitor in state.active:
            return software.monitors[monitor].describe(readings)
    return _excluded(software, index, current)


def _excluded(software: Software, index: int, current: Sequence[Current]) -> str:
    activities = software.timetable.activities
    rivals = software.rivals.get(activities[index].activity_type)
    if not rivals:
        return ""
    for item in current:
        other = activities[item.index]
        if item.index != index and item.doing != "waiting" and other.activity_type in rivals:
            return f"flight rule: {rivals[other.activity_type]}, and {other.id} runs"
    return ""


def command(software: Software, state: SoftwareState, readings: Readings) -> Commands:
    """The switches that follow from the software's state."""
    mode = software.modes.table[state.mode]
    off = software.shedding.off(state.shed)
    at_work: dict[str, Current] = {}
    for item in state.executive.current:
        if item.doing != "waiting":
            at_work[software.timetable.activities[item.index].payload] = item
    payloads = []
    for name, host, answers in zip(software.payloads, software.hosts, readings.answering, strict=True):
        if name in off or host in off or not answers:
            payloads.append(PayloadCommand("off", False))
        elif name in at_work:
            item = at_work[name]
            setting = software.timetable.activities[item.index].mode
            payloads.append(PayloadCommand(setting, item.doing == "work"))
        else:
            payloads.append(PayloadCommand("standby" if mode.spec.standby else "off", False))
    taking_data = any(payload.producing for payload in payloads)
    return Commands(
        mode=mode.name,
        payloads=tuple(payloads),
        modules_off=off - set(software.payloads),
        recorder=mode.name not in ASLEEP or mode.spec.downlink or taking_data,
        radio=mode.spec.downlink,
    )


def _events(entries: Iterable[Entry], moment: datetime) -> tuple[Event, ...]:
    return tuple(entry.at(moment) for entry in entries)


def _armed(software: Software, state: SoftwareState, time_s: float) -> NDArray[np.bool_]:
    flags = np.zeros(len(software.groups), dtype=np.bool_)
    for group in (
        *software.modes.armed(state.mode),
        *software.shedding.armed(state.shed, time_s),
        *armed(software.monitors, state.active),
    ):
        flags[group] = True
    return flags


def _wake_s(software: Software, state: SoftwareState, time_s: float) -> float:
    edges, position = software.timetable.edges, state.executive.position
    planned_s = edges[position][0] if position < len(edges) else np.inf
    pause_s = state.shed.pause_until_s
    return float(min(planned_s, pause_s if pause_s > time_s else np.inf))
