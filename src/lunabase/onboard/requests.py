"""Telecommands: verified, carried out, and reported at acceptance, start and completion (services 1, 11, 12, 19).

What can't be carried out is rejected with its reason, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from lunabase.onboard.executive import Timetable
from lunabase.onboard.log import Entry
from lunabase.onboard.messages import Telecommand
from lunabase.onboard.responses import Answer, ResponseState, begin, pulsed
from lunabase.onboard.schedule import deleted, inserted, shifted, waiting
from lunabase.onboard.software import Software, SoftwareState
from lunabase.onboard.watch import Readings


class RefusedError(Exception):
    """Why a telecommand can't be carried out."""


class Desk:
    """Software and state while telecommands are carried out."""

    def __init__(self, software: Software, state: SoftwareState, readings: Readings, time_s: float) -> None:
        self.software, self.state, self.readings, self.time_s = software, state, readings, time_s
        self.entries: list[Entry] = []

    def carry_out(self, commands: Iterable[Telecommand]) -> None:
        """All of them, in order."""
        for command in commands:
            about = f"request {command.id}"
            try:
                self._accept(command, about)
            except RefusedError as refused:
                text = f"Request {command.id} ({command.action} {command.target}) is rejected."
                self.entries.append(Entry("low", "requests", "request_rejected", text, str(refused), about=about))

    def _accept(self, command: Telecommand, about: str) -> None:
        act = _ACTIONS[command.action](self, command)
        what = " ".join(word for word in (command.action.replace("_", " "), command.target) if word)
        self._report("request_accepted", f"Request {command.id} ({what}) is accepted.", about, "a command from Earth")
        self._report("request_started", f"Request {command.id} begins.", about, because=about)
        act()
        self._report("request_completed", f"Request {command.id} is done.", about, because=about)

    def _report(self, name: str, text: str, about: str, cause: str = "", because: str = "") -> None:
        self.entries.append(Entry("info", "requests", name, text, cause or about, about=about, because=because))

    def _monitors(self, command: Telecommand) -> Callable[[], None]:
        found = self.software.monitors.of_id(command.target)
        timers = {timer.id for timer in self.software.timers} & {command.target}
        if not found and not timers:
            raise RefusedError(f"there is no monitor {command.target}")
        wanted = command.action == "enable_monitor"

        def act() -> None:
            off = self.state.toggled_monitors
            now = {index for index in found if (index in self.software.disabled_monitors) == (index in off)}
            change = found - now if wanted else now  # enabled ones are switched off, disabled ones on
            names = self.state.toggled_timers.symmetric_difference(
                name for name in timers if self.software.timer_on(self.state, name) != wanted
            )
            self.state = replace(self.state, toggled_monitors=off ^ frozenset(change), toggled_timers=names)

        return act

    def _event_action(self, command: Telecommand) -> Callable[[], None]:
        responses = self.software.responses
        if command.target not in {action for pairs in responses.starts.values() for action, _ in pairs}:
            raise RefusedError(f"there is no event-action {command.target}")
        off = command.target in responses.disabled.symmetric_difference(self.state.toggled_actions)
        wanted = command.action == "enable_event_action"

        def act() -> None:
            if off == wanted:
                toggled = self.state.toggled_actions.symmetric_difference({command.target})
                self.state = replace(self.state, toggled_actions=toggled)

        return act

    def _schedule(self, command: Telecommand) -> Callable[[], None]:
        known = {activity.partner for activity in self.software.timetable.activities}
        if command.target and command.target not in known:
            raise RefusedError(f"no activity of the schedule is one of {command.target}")

        def act() -> None:
            off = self.state.schedule_off
            changed = off - {command.target} if command.action == "enable_schedule" else off | {command.target}
            if command.action == "enable_schedule" and not command.target:
                changed = frozenset()
            self.state = replace(self.state, schedule_off=changed)

        return act

    def _insert(self, command: Telecommand) -> Callable[[], None]:
        activity, table = command.activity, self.software.timetable
        if activity is None:
            raise RefusedError("it names no activity")
        if activity.payload not in self.software.payloads:
            raise RefusedError(f"there is no payload {activity.payload}")
        if activity.mode not in self.software.settings[activity.payload]:
            raise RefusedError(f"{activity.payload} has no power mode {activity.mode}")
        if not activity.hold_start <= activity.start < activity.stop <= activity.hold_stop:
            raise RefusedError("its times are not in order")
        if (activity.hold_start - self.software.start).total_seconds() < self.time_s:
            raise RefusedError("it would have had to begin already")
        if any(one.id == activity.id for one in table.activities):
            raise RefusedError(f"there is an activity {activity.id} already")

        def act() -> None:
            payload = self.software.payloads.index(activity.payload)
            continuous = activity.payload in self.software.continuous
            position = self.state.executive.position
            self._replan(inserted(table, position, activity, continuous, self.software.start), payload)

        return act

    def _delete(self, command: Telecommand) -> Callable[[], None]:
        indices = self._waiting(command)
        return lambda: self._replan(deleted(self.software.timetable, self.state.executive.position, indices))

    def _shift(self, command: Telecommand) -> Callable[[], None]:
        indices, position = self._waiting(command), self.state.executive.position
        coming = [time_s for time_s, _, index in self.software.timetable.edges[position:] if index in indices]
        if min(coming) + command.shift_s < self.time_s:
            raise RefusedError("an activity would have had to begin already")
        return lambda: self._replan(shifted(self.software.timetable, position, indices, command.shift_s))

    def _waiting(self, command: Telecommand) -> frozenset[int]:
        """Activities that a command means: one by its id, those of a partner, or all that have not begun."""
        table, ready = self.software.timetable, waiting(self.software.timetable, self.state.executive.position)
        found = frozenset(
            index for name, index in ready.items() if command.target in ("", name, table.activities[index].partner)
        )
        if not found:
            raise RefusedError(f"no activity {command.target} waits for its start")
        return found

    def _replan(self, table: Timetable, payload: int | None = None) -> None:
        added = () if payload is None else (payload,)
        self.software = replace(self.software, timetable=table, payload_of=(*self.software.payload_of, *added))

    def _mode(self, command: Telecommand) -> Callable[[], None]:
        names = [mode.name for mode in self.software.modes.table]
        if command.target not in names:
            raise RefusedError(f"the station has no mode {command.target}; it has {', '.join(names)}")
        return lambda: self._set(ordered_mode=names.index(command.target))

    def _release(self, command: Telecommand) -> Callable[[], None]:
        return lambda: self._set(ordered_mode=0, waits_for_earth=False)

    def _response(self, command: Telecommand) -> Callable[[], None]:
        if command.target not in self.software.responses.by_name:
            raise RefusedError(f"there is no response {command.target}")

        def act() -> None:
            state = self.state.responses
            answer = Answer(self.software.responses, state, (), self.readings, self.time_s)
            begin(answer, command.target, "", (), f"request {command.id}")
            self.entries += answer.entries
            self._set(responses=answer.state)

        return act

    def _unit(self, command: Telecommand) -> Callable[[], None]:
        if command.action != "reset" and command.target not in self.software.units:
            raise RefusedError(f"there is no unit {command.target}")
        return lambda: self._set(responses=_switched(pulsed(self.state.responses, self.time_s), command))

    def _set(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]


def _switched(state: ResponseState, command: Telecommand) -> ResponseState:
    unit = frozenset({command.target})
    match command.action:
        case "power_cycle":
            return replace(state, power_cycle=state.power_cycle | unit)
        case "switch_over":
            return replace(state, switch_over=state.switch_over | unit)
        case "switch_off":
            return replace(state, off=state.off | unit)
        case "switch_on":
            return replace(state, off=state.off - unit)
        case _:
            return replace(state, reset=True)


_ACTIONS: Mapping[str, Callable[[Desk, Telecommand], Callable[[], None]]] = {
    "enable_monitor": Desk._monitors,
    "disable_monitor": Desk._monitors,
    "enable_event_action": Desk._event_action,
    "disable_event_action": Desk._event_action,
    "enable_schedule": Desk._schedule,
    "disable_schedule": Desk._schedule,
    "insert_activity": Desk._insert,
    "delete_activity": Desk._delete,
    "shift_activity": Desk._shift,
    "set_mode": Desk._mode,
    "release_mode": Desk._release,
    "start_response": Desk._response,
    "power_cycle": Desk._unit,
    "switch_over": Desk._unit,
    "switch_off": Desk._unit,
    "switch_on": Desk._unit,
    "reset": Desk._unit,
}
