"""The mode manager: a table made from the station file, and one rule for reading it.

A mode is entered when any of its conditions holds, by a station in a milder mode. It is left when all its leave
conditions hold and none of its enter conditions does; then the severest milder mode whose conditions
hold follows, or the everyday mode. A brown-out resets the computer, which wakes up in survival mode and stays there
until the bus has served everything for an hour: the charge alone does not tell whether it can carry more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lunabase.onboard.log import Entry, Severity
from lunabase.onboard.watch import Group, Readings, Watch, describe, watch_of
from lunabase.station.model import Station
from lunabase.station.rules import ModeSpec
from lunabase.station.site import Phase

SEVERITY = ("night", "dormant", "safe", "survival")
"""Modes beyond the everyday one, the mildest first."""
ASLEEP = ("dormant", "survival")
"""Modes in which the computer and recorder rest."""
BROWN_OUT = Watch("unserved_w", above=True, limit=1e-6)
AFTER_BROWN_OUT = Watch("unserved_w", above=False, limit=1e-6, lasting_s=3600.0)
_ALARMS: dict[str, Severity] = {"safe": "medium", "survival": "high", "dormant": "low"}


@dataclass(frozen=True, slots=True)
class Mode:
    """A row of the table."""

    name: str
    spec: ModeSpec
    enter: tuple[Group, ...]
    """Any of these groups brings the station in."""
    leave: Group
    """This group lets it out; empty for the everyday mode."""
    told: Group = ()
    """The part of that group which the log names as the cause."""


def mode_table(station: Station, phase: Phase) -> tuple[Mode, ...]:
    """The everyday mode (nominal, or crewed with people on the station), then the others, the mildest first."""
    everyday = "crewed" if phase.crew > 0 and "crewed" in station.modes else "nominal"
    first = Mode(everyday, station.modes[everyday], (), ())  # type: ignore[index]
    others = [_mode(name, station.modes[name]) for name in SEVERITY if name in station.modes]  # type: ignore[index]
    return (first, *others)


def _mode(name: str, spec: ModeSpec) -> Mode:
    enter = [watch_of(condition) for condition in spec.enter]
    over = tuple(watch.opposite for watch in enter)
    told = tuple(watch_of(condition) for condition in spec.leave) or over
    if name == "survival":
        enter.append(BROWN_OUT)
        told = (*told, AFTER_BROWN_OUT)
    return Mode(name, spec, tuple((watch,) for watch in enter), tuple(dict.fromkeys((*told, *over))), told)


@dataclass(frozen=True, slots=True)
class ModeGroups:
    """The table with the places of its groups among all groups of the software."""

    table: tuple[Mode, ...]
    enter: tuple[tuple[int, ...], ...]
    leave: tuple[int, ...]
    """-1 for the everyday mode and modes that are never left."""

    def armed(self, mode: int, stays: bool = False) -> Iterator[int]:
        """Groups that would change this mode; ``stays``: it is not left for a milder one."""
        for severer in self.enter[mode + 1 :]:
            yield from severer
        if self.leave[mode] >= 0 and not stays:
            yield self.leave[mode]


def next_mode(
    groups: ModeGroups, mode: int, readings: Readings, ordered: int = 0, stays: bool = False
) -> tuple[int, tuple[Entry, ...]]:
    """The mode that follows from the readings, and what the log says about the change.

    ``ordered``: Earth or a response wants at least this one. ``stays``: the present mode is not left for a milder one.
    """
    called, because = _called(groups, readings)
    if ordered > called:
        called, because = ordered, "an order"
    if called > mode:
        return called, (_entered(groups.table[called], because),)
    if not stays and groups.leave[mode] >= 0 and readings.held[groups.leave[mode]]:
        spec = groups.table[mode]
        cause = describe(spec.told, readings)
        left = Entry("info", "modes", "mode_left", f"Left {spec.name} mode.", cause, because="mode")
        if called == mode:  # its own enter condition holds after all
            return mode, ()
        return called, (left, _entered(groups.table[called], because or cause))
    return mode, ()


def _called(groups: ModeGroups, readings: Readings) -> tuple[int, str]:
    """The severest mode that a condition calls for (0: none does) and the reading that does."""
    for mode in range(len(groups.table) - 1, 0, -1):
        for place, group in zip(groups.enter[mode], groups.table[mode].enter, strict=True):
            if readings.held[place]:
                return mode, describe(group, readings)
    return 0, ""


def _entered(mode: Mode, cause: str) -> Entry:
    severity, text = _ALARMS.get(mode.name, "info"), f"Entered {mode.name} mode."
    raises = "brown-out" if cause.startswith("brown-out") else ""
    return Entry(severity, "modes", "mode_entered", text, cause, about="mode", raises=raises)


def entered(mode: Mode, response: str) -> Entry:
    """What the log says when a response has brought about a mode."""
    entry = _entered(mode, f"response {response}")
    return replace(entry, because=f"response {response}")
