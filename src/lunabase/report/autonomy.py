"""The autonomy of a station as tables: modes, monitors, event-actions and responses, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from lunabase.onboard.modes import SEVERITY
from lunabase.onboard.monitors import monitors_of
from lunabase.onboard.responses import words
from lunabase.planning.demand import say_duration
from lunabase.station.autonomy import Autonomy, Check, Delta, ExpectedValue, MonitorSpec, ResponseSpec
from lunabase.station.model import Station
from lunabase.station.rules import Condition, ModeSpec


@dataclass(frozen=True, slots=True)
class ModeRow:
    """One mode."""

    mode: str
    enter: tuple[str, ...]
    """Any of these brings the station in."""
    leave: tuple[str, ...]
    """All of these let it out."""
    activities: str
    standby: bool
    downlink: bool
    off: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonitorRow:
    """One monitor."""

    monitor: str
    parameter: str
    check: str
    when: str
    severity: str
    on: bool
    text: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One event-action."""

    name: str
    event: str
    start: str
    on: bool


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """One response."""

    response: str
    level: str
    steps: tuple[str, ...]
    recovered: str
    repeats: str
    then: str


@dataclass(frozen=True, slots=True)
class AutonomyTables:
    """Everything that a station does without Earth."""

    station: str
    phase: str
    execution: str
    failure: str
    modes: tuple[ModeRow, ...]
    monitors: tuple[MonitorRow, ...]
    builtin_monitors: tuple[MonitorRow, ...]
    event_actions: tuple[ActionRow, ...]
    responses: tuple[ResponseRow, ...]

    def json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def tables_of(station: Station, phase: str) -> AutonomyTables:
    """The tables of a station in a phase of its life; without a section `autonomy` those of the built-in autonomy."""
    autonomy = station.autonomy or Autonomy()
    everyday = "crewed" if station.phases[phase].crew > 0 and "crewed" in station.modes else "nominal"
    order = [name for name in (everyday, *SEVERITY) if name in station.modes]
    return AutonomyTables(
        station=station.station.name,
        phase=phase,
        execution=autonomy.execution,
        failure=autonomy.failure,
        modes=tuple(_mode(name, station.modes[name]) for name in order),  # type: ignore[index]
        monitors=tuple(_monitor(name, item) for name, item in autonomy.monitors.items()),
        builtin_monitors=tuple(_builtin(station, phase)),
        event_actions=tuple(
            ActionRow(name, item.event, item.start, item.enabled) for name, item in autonomy.event_actions.items()
        ),
        responses=tuple(_response(autonomy, name, item) for name, item in autonomy.responses.items()),
    )


def say(condition: Condition) -> str:
    """A condition in words: "state of charge below 33 % for 10 min"."""
    side, limit = ("above", condition.above) if condition.above is not None else ("below", condition.below)
    lasting = f" for {say_duration(condition.lasting_s)}" if condition.lasting_s else ""
    return f"{condition.reading.replace('_', ' ')} {side} {limit}{lasting}"


def _mode(name: str, spec: ModeSpec) -> ModeRow:
    enter = tuple(say(item) for item in spec.enter)
    leave = tuple(say(item) for item in spec.leave)
    if name == "survival":
        enter, leave = (*enter, "brown-out"), (*leave, "no brown-out for 60 min")
    return ModeRow(name, enter, leave, spec.activities, spec.standby, spec.downlink, tuple(spec.off))


def _monitor(name: str, spec: MonitorSpec) -> MonitorRow:
    parameter = spec.parameter.replace("_", " ") + (f" of {spec.of}" if spec.of else "")
    limits = [f"in {' or '.join(spec.modes)} mode"] if spec.modes else []
    if spec.only_while:
        limits.append(f"while {_joined(say(item) for item in spec.only_while)}")
    lasting = f" for {say_duration(spec.lasting_s)}" if spec.lasting_s else ""
    check = _check(spec.check) + lasting
    return MonitorRow(name, parameter, check, ", ".join(limits), spec.severity, spec.enabled, spec.text)


def _check(check: Check) -> str:
    if isinstance(check, ExpectedValue):
        return f"is not {check.value}"
    sides = [f"below {check.low}"] if check.low is not None else []
    sides += [f"above {check.high}"] if check.high is not None else []
    if isinstance(check, Delta):
        return f"changes in {say_duration(check.over_s)} by {' or '.join(sides)}"
    return " or ".join(sides)


def _builtin(station: Station, phase: str) -> Iterable[MonitorRow]:
    for item in monitors_of(station, station.phases[phase].present):
        if not item.id:
            watch = item.trip
            name = watch.channel.replace("_k.", " of ").replace("_", " ")
            check = f"{'above' if watch.above else 'below'} {watch.limit:g}"
            yield MonitorRow(item.name.replace("_", "-"), name, check, "", item.severity, True, item.text)


def _response(autonomy: Autonomy, name: str, spec: ResponseSpec) -> ResponseRow:
    steps = []
    for step in autonomy.steps_of(spec):
        wait_s = getattr(step, "wait_s", 0.0)
        steps.append(words(step) + (f", wait {say_duration(wait_s)}" if wait_s else ""))
    recovered = "the event is over" if spec.recovered_when_over else _joined(say(item) for item in spec.recovered_when)
    repeats = f"{spec.attempts} in {say_duration(spec.per_s)}"
    return ResponseRow(name, spec.level, tuple(steps), recovered, repeats, spec.then or "Earth")


def _joined(parts: Iterable[str]) -> str:
    return " and ".join(parts)
