"""How responses hang together: checks that every chain of monitors, events and responses ends."""

from __future__ import annotations

from collections.abc import Iterator

from lunabase.station.autonomy import (
    ENDLESS,
    EVENT_UNIT,
    SOFTWARE_EVENTS,
    Autonomy,
    EnterMode,
    EventAction,
    Limits,
    ResponseSpec,
    RunSequence,
    Shed,
    Step,
    SwitchOff,
    SwitchOn,
)
from lunabase.station.form import nearest
from lunabase.station.model import Station
from lunabase.station.yaml_source import Finding, KeyPath

_LEVELS = ("unit", "subsystem", "station")


def known_events(station: Station) -> Iterator[Finding]:
    """Event-actions wait for events that something raises; software events are never over, so they need conditions."""
    autonomy = station.autonomy
    if autonomy is None:
        return
    for name, action in autonomy.event_actions.items():
        path: KeyPath = ("autonomy", "event_actions", name, "event")
        if action.event not in autonomy.monitors and action.event not in SOFTWARE_EVENTS:
            yield (
                path,
                f"nothing raises `{action.event}`",
                nearest(action.event, [*autonomy.monitors, *SOFTWARE_EVENTS]),
            )
        elif action.event in ENDLESS and _waits_for_end(autonomy, action):
            problem = f"`{action.event}` is never over, so the response can't end with it"
            yield path, problem, "Give the response `recovered_when`."
    for name in set(autonomy.monitors) & set(SOFTWARE_EVENTS):
        yield ("autonomy", "monitors", name), "the software has an event of this name", "Choose another."


def _waits_for_end(autonomy: Autonomy, action: EventAction) -> bool:
    return any(autonomy.responses[name].recovered_when_over for name in _ladder(autonomy, action.start))


def _ladder(autonomy: Autonomy, first: str) -> list[str]:
    """A response and those that follow when it is exhausted, each once."""
    ladder: list[str] = []
    name: str | None = first
    while name is not None and name in autonomy.responses and name not in ladder:
        ladder.append(name)
        name = autonomy.responses[name].then
    return ladder


def ending_ladders(station: Station) -> Iterator[Finding]:
    """A response never leads back to itself, and never to one of a lower level."""
    autonomy = station.autonomy
    if autonomy is None:
        return
    for name, response in autonomy.responses.items():
        path: KeyPath = ("autonomy", "responses", name, "then")
        ladder = _ladder(autonomy, name)
        if autonomy.responses[ladder[-1]].then == name:
            yield path, f"it leads back to itself: {' -> '.join([*ladder, name])}", "Let the last one end."
        follower = autonomy.responses.get(response.then or "")
        if follower is not None and _LEVELS.index(follower.level) < _LEVELS.index(response.level):
            problem = f"`{response.then}` has the lower level {follower.level}"
            yield path, problem, "Escalate from unit to subsystem to station."


def no_answering_oneself(station: Station) -> Iterator[Finding]:
    """No response brings about, by its mode, what only monitors in that mode raise, which would start it again."""
    autonomy = station.autonomy
    if autonomy is None:
        return
    for name, action in autonomy.event_actions.items():
        monitor = autonomy.monitors.get(action.event)
        response = autonomy.responses.get(action.start)
        if monitor is None or response is None:
            continue
        entered = {step.mode for step in _all_steps(autonomy, response) if isinstance(step, EnterMode)}
        if monitor.modes and set(monitor.modes) <= entered:
            problem = (
                f"`{action.start}` enters {monitor.modes[0]} mode, in which alone `{action.event}` is raised again"
            )
            yield ("autonomy", "event_actions", name, "start"), problem, "Let the monitor check in other modes."


def limits_in_range(station: Station) -> Iterator[Finding]:
    """A monitor of a temperature trips before what it protects is destroyed."""
    autonomy = station.autonomy
    if autonomy is None:
        return
    nodes = {name: item for _, name, item in station.all_equipment() if item.type == "thermal_node"}
    for name, monitor in autonomy.monitors.items():
        node = nodes.get(monitor.of or "")
        if node is None or not isinstance(monitor.check, Limits):
            continue
        low, high = monitor.limits
        survival = node.survival
        if low is not None and low <= survival.minimum_k:
            problem = f"{monitor.of} is already destroyed at {survival.minimum_k:g} K"
            yield ("autonomy", "monitors", name, "check", "low"), problem, "Set the limit above."
        if high is not None and high >= survival.maximum_k:
            problem = f"{monitor.of} is already destroyed at {survival.maximum_k:g} K"
            yield ("autonomy", "monitors", name, "check", "high"), problem, "Set the limit below."


def used_modes(station: Station) -> Iterator[Finding]:
    """Modes that monitors and steps name are in the table; steps enter only modes that end by themselves."""
    autonomy = station.autonomy
    if autonomy is None:
        return
    for name, monitor in autonomy.monitors.items():
        for index, mode in enumerate(monitor.modes):
            if mode not in station.modes:
                path: KeyPath = ("autonomy", "monitors", name, "modes", index)
                yield path, f"the station has no mode `{mode}`", f"Known: {', '.join(station.modes)}."
    for path, step in _places(autonomy):
        if isinstance(step, EnterMode) and step.mode not in station.modes:
            yield (*path, "mode"), f"the station has no mode `{step.mode}`", f"Known: {', '.join(station.modes)}."
        elif isinstance(step, EnterMode) and step.mode in ("nominal", "crewed"):
            yield (*path, "mode"), f"`{step.mode}` follows by itself when no other mode holds", "Name a severer mode."
        elif isinstance(step, Shed) and step.loads > len(station.load_shedding.order):
            problem = f"only {len(station.load_shedding.order)} loads can be shed"
            yield (*path, "loads"), problem, "Shed fewer, or extend `load_shedding`."


def switchable(station: Station) -> Iterator[Finding]:
    """What is switched off or on for good is a payload or a module."""
    autonomy = station.autonomy
    if autonomy is None:
        return
    known = {*station.payloads, *station.modules, EVENT_UNIT}
    for path, step in _places(autonomy):
        if isinstance(step, SwitchOff | SwitchOn) and step.target not in known:
            yield (*path, "target"), f"`{step.target}` is no payload or module", nearest(step.target, known)


def _places(autonomy: Autonomy) -> Iterator[tuple[KeyPath, Step]]:
    for kind, entries in (("responses", autonomy.responses), ("sequences", autonomy.sequences)):
        for name, entry in entries.items():
            for index, step in enumerate(entry.steps):
                yield ("autonomy", kind, name, "steps", index), step


def _all_steps(autonomy: Autonomy, response: ResponseSpec) -> Iterator[Step]:
    for step in response.steps:
        if isinstance(step, RunSequence):
            yield from autonomy.sequences[step.sequence].steps if step.sequence in autonomy.sequences else ()
        else:
            yield step
