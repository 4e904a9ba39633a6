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

from lunabase.onboard.commanding import answer
from lunabase.onboard.commands import Commands
from lunabase.onboard.executive import ExecutiveState, Stretch, execute
from lunabase.onboard.expected import suspects
from lunabase.onboard.gate import Gate
from lunabase.onboard.log import Entry, Event, stamped
from lunabase.onboard.messages import Telecommand
from lunabase.onboard.modes import entered, next_mode
from lunabase.onboard.monitors import arm, check, inhibited
from lunabase.onboard.noticing import Waking, channel_of, dead_hosts, notice
from lunabase.onboard.requests import Desk
from lunabase.onboard.responses import Raised, respond
from lunabase.onboard.shedding import ShedState, shed
from lunabase.onboard.software import Software, SoftwareState
from lunabase.onboard.watch import Readings

_LISTEN_AFTER, _LISTEN_EVERY = 1.0 / 8.0, 1.0 / 72.0
"""When Earth has not been heard for this part of the shortest timer, it is listened for; and how often then."""


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


Begin = Callable[[Software, SoftwareState, tuple[Stretch, ...]], tuple[Software, ExecutiveState, float]]
"""Begins what the plan does not know of: from the software, its state and the work that has just ended to the software
with more activities in its timetable, how far that is carried out, and the time to ask again."""


def react(
    software: Software, readings: Readings, time_s: float, state: SoftwareState, begin: Begin | None = None
) -> Reaction:
    """Read, decide, command. ``time_s`` is the on-board clock, s since the plan's start."""
    work = Waking(software, readings, time_s, state)
    _listen(work)
    notice(work)
    _change_mode(work)
    shed_state, shed_log = shed(software.shedding, work.state.shed, readings, time_s)
    work.note(shed_log)
    _monitor(work, shed_state)
    _respond(work)
    now = work.state
    gate = Gate(work.software, now, readings)
    outcome = execute(work.software.timetable, now.executive, gate.refusal, time_s)
    work.note(outcome.entries)
    stretches, again_s = outcome.stretches, math.inf
    if begin is not None:
        before = work.software
        work.software, executive, again_s = begin(before, replace(now, executive=outcome.state), stretches)
        if work.software is not before:
            outcome = execute(work.software.timetable, executive, Gate(work.software, now, readings).refusal, time_s)
            work.note(outcome.entries)
            stretches = (*stretches, *outcome.stretches)
    events, count, marks = stamped(work.entries, software.start + timedelta(seconds=time_s), now.count, now.marks)
    answered = answer(work.software, now, outcome.state.current, readings, time_s)
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


def _listen(work: Waking) -> None:
    """Earth's messages, each once."""
    state, heard = work.state, work.fresh and bool(work.readings.messages)
    if state.heard_s < 0.0:
        work.state = state = replace(state, heard_s=work.time_s)
    if heard:
        work.state = replace(state, heard_s=work.time_s)
    commands = [message for message in work.readings.messages if isinstance(message, Telecommand)]
    if work.fresh and commands:
        desk = Desk(work.software, work.state, work.readings, work.time_s)
        desk.carry_out(commands)
        work.software, work.state = desk.software, desk.state
        work.note(desk.entries)


def _change_mode(work: Waking) -> None:
    state, modes = work.state, work.software.modes
    ordered = work.software.ordered(state)
    mode, entries = next_mode(modes, state.mode, work.readings, ordered, state.waits_for_earth)
    if mode != state.mode:
        _enter(work, mode)
    work.note(entries)


def _enter(work: Waking, mode: int) -> None:
    severe = work.software.modes.table[mode].name in ("safe", "survival")
    waits = work.state.waits_for_earth or (severe and not work.software.returns)
    work.state = replace(work.state, mode=mode, waits_for_earth=waits)


def _monitor(work: Waking, shed_state: ShedState) -> None:
    """Check all monitors and timers."""
    software, state = work.software, work.state
    idle = idle_monitors(software, state)
    active, entries = check(software.monitors, state.active, idle, work.readings)
    if active != state.active:
        entries = _suspecting(work, entries)
        state = work.state
    work.note(entries)
    silent = _time_out(work) if software.timers else state.silent
    if (shed_state, active, silent) != (state.shed, state.active, state.silent):
        work.state = replace(state, shed=shed_state, active=active, silent=silent)


def _suspecting(work: Waking, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Entries about a wrong load name the units that would explain it."""
    return tuple(_accused(work, entry) if entry.raises in work.software.load_monitors else entry for entry in entries)


def _accused(work: Waking, entry: Entry) -> Entry:
    software, answered = work.software, work.state.answered
    if answered is None:
        return entry
    answering = dict(zip(software.payloads, work.readings.answering.tolist(), strict=True))
    mismatch_w = work.readings.value("load_mismatch_w")
    units = suspects(software.loads, answered.commands, answering, mismatch_w)
    work.state = replace(work.state, suspects={**work.state.suspects, entry.raises: units})
    told = f" It would fit {' or '.join(units)}." if units else ""
    return replace(entry, units=units, text=f"{entry.text}{told}")


def _time_out(work: Waking) -> frozenset[str]:
    """The timers that have run out."""
    software, state, silent = work.software, work.state, work.state.silent
    mode, since_s = software.modes.table[state.mode].name, work.time_s - state.heard_s
    for timer in software.timers:
        checked = software.timer_on(state, timer.id) and (not timer.modes or mode in timer.modes)
        beyond, about = checked and since_s >= timer.limit_s, f"monitor {timer.id}"
        if beyond and timer.id not in silent:
            silent |= {timer.id}
            cause = f"Earth was last heard {since_s / 3600.0:.4g} h ago"
            work.note([Entry(timer.severity, "monitor", timer.id, timer.text, cause, about, raises=timer.id)])
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


def _respond(work: Waking) -> None:
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


def _holding(work: Waking) -> set[tuple[str, tuple[str, ...]]]:
    """Events that are not over, with the units that they befell."""
    software, state = work.software, work.state
    holding: set[tuple[str, tuple[str, ...]]] = set()
    for item in map(software.monitors.all.__getitem__, state.active):
        holding.add((item.event, (item.unit,)))
    events = {event for event, _ in holding}
    holding |= {(event, units) for event, units in state.suspects.items() if event in events}
    holding |= {(name, ()) for name in state.silent} | {("payload-silent", (name,)) for name in state.quiet}
    holding |= {("module-silent", (name,)) for name in dead_hosts(software, state.quiet)}
    return holding | {("sensor-failed", (channel_of(work.readings, sensor),)) for sensor in state.failed}


def _raised(work: Waking) -> list[Raised]:
    """Events of this waking that start something."""
    starts = work.software.responses.starts
    if not starts:
        return []
    return [(entry.raises, entry.units, entry.about) for entry in work.entries if entry.raises in starts]


def _shed_more(work: Waking, loads: int) -> None:
    rule, state = work.software.shedding, work.state.shed
    level = min(state.level + loads, len(rule.order))
    for load in rule.order[state.level : level]:
        work.note([Entry("low", "shedding", "load_shed", f"Switched off {load}.", "a response", f"load {load}")])
    paused = replace(state, level=level, pause_until_s=work.time_s + rule.interval_s)
    work.state = replace(work.state, shed=paused)


def _demand(work: Waking, name: str, response: str) -> None:
    """A response brings the station into a mode, if it is not in a severer one."""
    table, mode = work.software.modes.table, work.software.mode_of(name)
    if mode > work.state.mode:
        _enter(work, mode)
        work.note([entered(table[mode], response)])


def _armed(software: Software, state: SoftwareState, time_s: float) -> NDArray[np.bool_]:
    flags = np.zeros(len(software.groups), dtype=np.bool_)
    arm(software.monitors, state.active, idle_monitors(software, state), flags)
    stays = state.waits_for_earth or software.ordered(state) >= state.mode > 0
    for group in (*software.modes.armed(state.mode, stays), *software.shedding.armed(state.shed, time_s)):
        flags[group] = True
    for item in state.executive.current:
        if item.doing == "waiting":
            group = software.waits.get(software.timetable.activities[item.index].activity_type, -1)
            if group >= 0:
                flags[group] = True
    return flags


def _wake_s(software: Software, state: SoftwareState, time_s: float) -> float:
    edges, position = software.timetable.edges, state.executive.position
    planned_s = edges[position][0] if position < len(edges) else np.inf
    times = [planned_s, state.shed.pause_until_s, state.responses.wake_s]
    if software.timers:
        shortest_s = min(timer.limit_s for timer in software.timers)
        times.append(max(state.heard_s + _LISTEN_AFTER * shortest_s, time_s + _LISTEN_EVERY * shortest_s))
        times += [state.heard_s + timer.limit_s for timer in software.timers if timer.id not in state.silent]
    return float(min((when for when in times if when > time_s), default=np.inf))
