"""The on-board software as a whole: woken with its readings, it answers with commands.

`react` is a pure function. The software knows the station file, its plan and the telemetry; the surroundings and
the true state of the station are not among its arguments. Waking it twice with the same readings and time does nothing
twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.commands import Commands, PayloadCommand
from lunabase.onboard.executive import RUNS, Current, ExecutiveState, Reason, Stretch, execute
from lunabase.onboard.expected import expected
from lunabase.onboard.log import Entry, Event, stamped
from lunabase.onboard.messages import Telecommand
from lunabase.onboard.modes import ASLEEP, entered, next_mode
from lunabase.onboard.monitors import arm, check, inhibited
from lunabase.onboard.requests import Desk
from lunabase.onboard.responses import Raised, respond
from lunabase.onboard.shedding import ShedState, shed
from lunabase.onboard.software import Answered, Software, SoftwareState
from lunabase.onboard.watch import Readings
from lunabase.station.autonomy import SOFTWARE_EVENTS

_RULE = "flight_rule_broken"
_LINK_LOOKS = 8.0
"""How often, in the time of the shortest timer, a working link is looked for."""


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
    expected: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    """What the units should draw and produce now, for `estimate.estimate`."""
    software: Software | None = None
    """The software with its schedule changed by a command; None: as before."""


class _Waking:
    """One waking while it is worked on."""

    def __init__(self, software: Software, readings: Readings, time_s: float, state: SoftwareState) -> None:
        self.software, self.readings, self.time_s, self.state = software, readings, time_s, state
        self.entries: list[Entry] = []
        self.fresh = state.read_s != time_s

    def note(self, entries: Sequence[Entry]) -> None:
        self.entries += entries


Begin = Callable[[Software, SoftwareState, tuple[Stretch, ...]], tuple[Software, ExecutiveState, float]]
"""Begins what the plan does not know of: from the software, its state and the work that has just ended to the software
with more activities in its timetable, how far that is carried out, and the time to ask again."""


def react(
    software: Software, readings: Readings, time_s: float, state: SoftwareState, begin: Begin | None = None
) -> Reaction:
    """Read, decide, command. ``time_s`` is the on-board clock, s since the plan's start."""
    work = _Waking(software, readings, time_s, state)
    _listen(work)
    _look(work)
    _change_mode(work)
    shed_state, shed_log = shed(software.shedding, work.state.shed, readings, time_s)
    work.note(shed_log)
    _monitor(work, shed_state)
    _respond(work)
    now = work.state
    gate = _Gate(work.software, now, readings)
    outcome = execute(work.software.timetable, now.executive, gate.refusal, time_s)
    work.note(outcome.entries)
    stretches, again_s = outcome.stretches, math.inf
    if begin is not None:
        before = work.software
        work.software, executive, again_s = begin(before, replace(now, executive=outcome.state), stretches)
        if work.software is not before:
            outcome = execute(work.software.timetable, executive, _Gate(work.software, now, readings).refusal, time_s)
            work.note(outcome.entries)
            stretches = (*stretches, *outcome.stretches)
    events, count, marks = stamped(work.entries, software.start + timedelta(seconds=time_s), now.count, now.marks)
    answered = _answer(work.software, now, outcome.state.current, readings, time_s)
    now = replace(now, executive=outcome.state, count=count, marks=marks, read_s=time_s, answered=answered)
    return Reaction(
        commands=answered.commands,
        state=now,
        events=events,
        stretches=stretches,
        armed=_armed(work.software, now, time_s),
        wake_s=min(_wake_s(work.software, now, time_s), again_s),
        expected=answered.expected,
        software=work.software if work.software is not software else None,
    )


def _listen(work: _Waking) -> None:
    """Earth's messages, each once; a working link is a sign of Earth too."""
    state, heard = work.state, work.fresh and bool(work.readings.messages)
    if state.heard_s < 0.0:
        work.state = state = replace(state, heard_s=work.time_s)
    if heard or (work.software.timers and work.readings.held[work.software.link]):
        work.state = replace(state, heard_s=work.time_s)
    commands = [message for message in work.readings.messages if isinstance(message, Telecommand)]
    if work.fresh and commands:
        desk = Desk(work.software, work.state, work.readings, work.time_s)
        desk.carry_out(commands)
        work.software, work.state = desk.software, desk.state
        work.note(desk.entries)


def _look(work: _Waking) -> None:
    """Payloads that fell silent, sensors that failed, readings that became unknown."""
    readings, state = work.readings, work.state
    quiet = (
        frozenset()
        if readings.answering.all()
        else frozenset(
            name for name, answers in zip(work.software.payloads, readings.answering, strict=True) if not answers
        )
    )
    if quiet != state.quiet:
        before = _dead_hosts(work.software, state.quiet)
        for name in sorted(_dead_hosts(work.software, quiet) - before):
            work.note([_silent("module", name, "none of its payloads answers")])
        for name in sorted(quiet - state.quiet):
            work.note([_silent("payload", name, "no answer to its commands")])
        work.state = state = replace(state, quiet=quiet)
    if readings.failed is not None:
        _look_at_sensors(work, readings.failed)
    if readings.quality is not None and state.read_s >= 0.0:
        _look_at_quality(work, readings.quality)


def _silent(kind: str, name: str, cause: str) -> Entry:
    text, about = f"{name} does not answer.", f"silent {name}"
    return Entry("medium", "health", f"{kind}_silent", text, cause, about=about, unit=name)


def _look_at_sensors(work: _Waking, failed: NDArray[np.bool_]) -> None:
    now = frozenset(np.flatnonzero(failed).tolist())
    names = work.readings.sensors
    for sensor in sorted(now - work.state.failed):
        name = names[sensor] if names else f"sensor {sensor + 1}"
        text = f"{name} is not believed any more."
        cause = "it is silent, stuck, out of range or far from the others"
        work.note(
            [
                Entry(
                    "low",
                    "health",
                    "sensor_failed",
                    text,
                    cause,
                    f"sensor {sensor}",
                    unit=_channel_of(work.readings, sensor),
                )
            ]
        )
    for sensor in sorted(work.state.failed - now):
        name = names[sensor] if names else f"sensor {sensor + 1}"
        text = f"{name} is believed again."
        work.note(
            [Entry("info", "health", "sensor_back", text, "it agrees with the others", because=f"sensor {sensor}")]
        )
    if now != work.state.failed:
        work.state = replace(work.state, failed=now)


def _look_at_quality(work: _Waking, quality: NDArray[np.int8]) -> None:
    now = frozenset(np.flatnonzero(quality <= 0).tolist())
    if now == work.state.unknown:
        return
    names = {place: name for name, place in work.readings.channels.items()}
    for place in sorted(now - work.state.unknown):
        why = "its sensors disagree" if quality[place] < 0 else "no sensor tells it"
        text = f"{names.get(place, place)} is unknown; nothing acts on it."
        work.note([Entry("low", "health", "reading_unknown", text, why, about=f"channel {place}")])
    for place in sorted(work.state.unknown - now):
        text = f"{names.get(place, place)} is known again."
        work.note([Entry("info", "health", "reading_known", text, "", because=f"channel {place}")])
    work.state = replace(work.state, unknown=now)


def _change_mode(work: _Waking) -> None:
    state, modes = work.state, work.software.modes
    ordered = work.software.ordered(state)
    mode, entries = next_mode(modes, state.mode, work.readings, ordered, state.waits_for_earth)
    if mode != state.mode:
        _enter(work, mode)
    work.note(entries)


def _enter(work: _Waking, mode: int) -> None:
    severe = work.software.modes.table[mode].name in ("safe", "survival")
    waits = work.state.waits_for_earth or (severe and not work.software.returns)
    work.state = replace(work.state, mode=mode, waits_for_earth=waits)


def _monitor(work: _Waking, shed_state: ShedState) -> None:
    """Check all monitors and timers."""
    software, state = work.software, work.state
    idle = idle_monitors(software, state)
    active, entries = check(software.monitors, state.active, idle, work.readings)
    work.note(entries)
    silent = _time_out(work) if software.timers else state.silent
    if (shed_state, active, silent) != (state.shed, state.active, state.silent):
        work.state = replace(state, shed=shed_state, active=active, silent=silent)


def _time_out(work: _Waking) -> frozenset[str]:
    """The timers that have run out."""
    software, state, silent = work.software, work.state, work.state.silent
    mode, since_s = software.modes.table[state.mode].name, work.time_s - state.heard_s
    for timer in software.timers:
        checked = software.timer_on(state, timer.id) and (not timer.modes or mode in timer.modes)
        beyond, about = checked and since_s >= timer.limit_s, f"monitor {timer.id}"
        if beyond and timer.id not in silent:
            silent |= {timer.id}
            cause = f"Earth was last heard {since_s / 3600.0:.4g} h ago"
            work.note([Entry(timer.severity, "monitor", timer.id, timer.text, cause, about=about)])
        elif timer.id in silent and not beyond:
            silent -= {timer.id}
            cause = "Earth is heard" if checked else "it is not checked now"
            text = f"No longer: {timer.text}"
            work.note([Entry("info", "monitor", f"{timer.id}_over", text, cause, because=about)])
    return silent


def idle_monitors(software: Software, state: SoftwareState) -> frozenset[int]:
    """Monitors that don't check now."""
    off = software.disabled_monitors ^ state.toggled_monitors
    return inhibited(software.monitors, off, software.modes.table[state.mode].name)


def _respond(work: _Waking) -> None:
    """Events start responses, responses act."""
    software, state = work.software, work.state
    raised = _raised(work)
    if not raised and not state.responses.runs:
        return
    off = software.responses.disabled ^ state.toggled_actions
    answer = respond(software.responses, state.responses, raised, off, _holding(work), work.readings, work.time_s)
    if answer.state is state.responses:
        return
    work.note(answer.entries)
    work.state = replace(state, responses=answer.state)
    if answer.shed:
        _shed_more(work, answer.shed)
    for name, response in answer.modes:
        _demand(work, name, response)


def _holding(work: _Waking) -> set[tuple[str, str]]:
    """Events that are not over, with the units that they befell."""
    software, state = work.software, work.state
    holding = {(item.id, item.unit) for item in map(software.monitors.all.__getitem__, state.active)}
    holding |= {(name, "") for name in state.silent} | {("payload-silent", name) for name in state.quiet}
    holding |= {("module-silent", name) for name in _dead_hosts(software, state.quiet)}
    return holding | {("sensor-failed", _channel_of(work.readings, sensor)) for sensor in state.failed}


def _raised(work: _Waking) -> list[Raised]:
    """Events of this waking that start something."""
    starts = work.software.responses.starts
    if not starts:
        return []
    found = []
    for entry in work.entries:
        name = entry.name if entry.source == "monitor" and entry.name != _RULE else entry.name.replace("_", "-")
        if entry.name == "mode_entered" and entry.cause.startswith("brown-out"):
            name = "brown-out"
        if name in starts and (entry.source == "monitor" or name in SOFTWARE_EVENTS):
            found.append((name, entry.unit, entry.about))
    return found


def _dead_hosts(software: Software, quiet: frozenset[str]) -> frozenset[str]:
    """Modules of which no payload answers."""
    if not quiet:
        return frozenset()
    alive = {host for name, host in zip(software.payloads, software.hosts, strict=True) if name not in quiet}
    return frozenset(software.hosts) - alive


def _channel_of(readings: Readings, sensor: int) -> str:
    """The channel that a sensor measures: its name without its number."""
    return readings.sensors[sensor].partition("/")[0] if readings.sensors else f"sensor {sensor + 1}"


def _shed_more(work: _Waking, loads: int) -> None:
    rule, state = work.software.shedding, work.state.shed
    level = min(state.level + loads, len(rule.order))
    for load in rule.order[state.level : level]:
        work.note([Entry("low", "shedding", "load_shed", f"Switched off {load}.", "a response", f"load {load}")])
    paused = replace(state, level=level, pause_until_s=work.time_s + rule.interval_s)
    work.state = replace(work.state, shed=paused)


def _demand(work: _Waking, name: str, response: str) -> None:
    """A response brings the station into a mode, if it is not in a severer one."""
    table, mode = work.software.modes.table, work.software.mode_of(name)
    if mode > work.state.mode:
        _enter(work, mode)
        work.note([entered(table[mode], response)])


class _Gate:
    """Lets activities run or not, as things are at one waking."""

    def __init__(self, software: Software, state: SoftwareState, readings: Readings) -> None:
        self.software, self.state, self.readings = software, state, readings
        self.off = software.off(state)
        self.mode = software.modes.table[state.mode]
        self.runs = self.mode.spec.activities
        self.answering = readings.answering.tolist()

    def refusal(self, index: int, current: Sequence[Current]) -> Reason:
        """Why an activity may not run beside the current ones."""
        software, state = self.software, self.state
        activity, payload = software.timetable.activities[index], software.payload_of[index]
        if not self.answering[payload]:
            return Reason(f"{activity.payload} does not answer", f"silent {activity.payload}")
        if self.runs == "none":
            return Reason(f"{self.mode.name} mode runs no activities", "mode")
        if self.runs == "continuous" and not software.timetable.continuous[index]:
            return Reason(f"{self.mode.name} mode runs only continuous payloads", "mode")
        for load in (activity.payload, software.hosts[payload]) if self.off else ():
            if load in self.off:
                return _off(software, state, load)
        for monitor in software.limits[payload]:
            if monitor in state.active:
                item = software.monitors.all[monitor]
                return Reason(item.describe(self.readings), item.about)
        if state.schedule_off or activity.activity_type in software.waits:
            reason = self._held_back(index, current)
            if reason.text:
                return reason
        return _excluded(software, index, current)

    def _held_back(self, index: int, current: Sequence[Current]) -> Reason:
        """Why an activity may not begin; once begun it goes on."""
        activity = self.software.timetable.activities[index]
        if any(item.index == index and item.doing != "waiting" for item in current):
            return RUNS
        if self.state.schedule_off & {"", activity.partner}:
            return Reason(f"Earth has disabled the schedule of {activity.partner}")
        group = self.software.waits.get(activity.activity_type, -1)
        if group < 0 or self.readings.held[group]:
            return RUNS
        unmet = " and ".join(watch.opposite.describe(self.readings) for watch in self.software.groups[group])
        return Reason(f"it waits: {unmet}", waits=True)


def _off(software: Software, state: SoftwareState, load: str) -> Reason:
    if load in software.shedding.off(state.shed):
        return Reason(f"{load} is shed", f"load {load}")
    if load in state.responses.off:
        return Reason(f"{load} was switched off by a response or from Earth")
    return Reason(f"{load} is off in {software.modes.table[state.mode].name} mode", "mode")


def _excluded(software: Software, index: int, current: Sequence[Current]) -> Reason:
    activities = software.timetable.activities
    rivals = software.rivals.get(activities[index].activity_type)
    if rivals:
        for item in current:
            other = activities[item.index]
            if item.index != index and item.doing != "waiting" and other.activity_type in rivals:
                return Reason(f"flight rule: {rivals[other.activity_type]}, and {other.id} runs")
    return RUNS


def _answer(
    software: Software, state: SoftwareState, current: tuple[Current, ...], readings: Readings, time_s: float
) -> Answered:
    """The commands, made anew only if something that they follow from has changed."""
    responses = state.responses
    pulses = responses.pulsed_s == time_s
    key = (
        state.mode,
        state.shed.level,
        responses.off,
        responses.path,
        pulses and (responses.power_cycle, responses.switch_over, responses.reset),
        current,
        software.payload_of,
        state.quiet,
    )
    if state.answered is not None and state.answered.key == key:
        return state.answered
    commands = command(software, state, current, readings, pulses)
    return Answered(key, commands, expected(software.loads, commands))


def command(
    software: Software, state: SoftwareState, current: tuple[Current, ...], readings: Readings, pulses: bool
) -> Commands:
    """The switches that follow from the software's state; ``pulses``: with the short commands of this moment."""
    mode = software.modes.table[state.mode]
    off = software.off(state)
    at_work: dict[str, Current] = {}
    for item in current:
        if item.doing != "waiting":
            at_work[software.timetable.activities[item.index].payload] = item
    idle = PayloadCommand("standby" if mode.spec.standby else "off", False)
    payloads = []
    for name, host, answers in zip(software.payloads, software.hosts, readings.answering.tolist(), strict=True):
        if name in off or host in off or not answers:
            payloads.append(_OFF)
        elif name in at_work:
            item = at_work[name]
            activity = software.timetable.activities[item.index]
            payloads.append(PayloadCommand(activity.mode, item.doing == "work", activity.activity_type))
        else:
            payloads.append(idle)
    taking_data = any(payload.producing for payload in payloads)
    responses = state.responses
    calling = responses.path != "best" and mode.name != "survival"
    return Commands(
        mode=mode.name,
        payloads=tuple(payloads),
        names=software.payloads,
        modules_off=off.difference(software.payloads),
        recorder=mode.name not in ASLEEP or mode.spec.downlink or calling or taking_data,
        radio=mode.spec.downlink or calling,
        path=responses.path,
        power_cycle=responses.power_cycle if pulses else frozenset(),
        switch_over=responses.switch_over if pulses else frozenset(),
        reset=pulses and responses.reset,
    )


_OFF = PayloadCommand("off", False)


def _armed(software: Software, state: SoftwareState, time_s: float) -> NDArray[np.bool_]:
    flags = np.zeros(len(software.groups), dtype=np.bool_)
    arm(software.monitors, state.active, idle_monitors(software, state), flags)
    stays = state.waits_for_earth or software.ordered(state) >= state.mode > 0
    for group in (*software.modes.armed(state.mode, stays), *software.shedding.armed(state.shed, time_s)):
        flags[group] = True
    if software.timers and time_s >= state.heard_s + _look_after_s(software):
        flags[software.link] = True
    for item in state.executive.current:
        if item.doing == "waiting":
            group = software.waits.get(software.timetable.activities[item.index].activity_type, -1)
            if group >= 0:
                flags[group] = True
    return flags


def _look_after_s(software: Software) -> float:
    return min(timer.limit_s for timer in software.timers) / _LINK_LOOKS


def _wake_s(software: Software, state: SoftwareState, time_s: float) -> float:
    edges, position = software.timetable.edges, state.executive.position
    planned_s = edges[position][0] if position < len(edges) else np.inf
    times = [planned_s, state.shed.pause_until_s, state.responses.wake_s]
    if software.timers:
        times.append(state.heard_s + _look_after_s(software))
        times += [state.heard_s + timer.limit_s for timer in software.timers if timer.id not in state.silent]
    return float(min((when for when in times if when > time_s), default=np.inf))
