"""The on-board log: what happened, how bad it is, and what caused it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["info", "low", "medium", "high"]
"""PUS service 5 severities (ECSS-E-ST-70-41C, 6.5)."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on board: what, how bad, and what caused it."""

    time: datetime
    severity: Severity
    source: str
    """Who says so: executive, modes, shedding, monitor, twin."""
    name: str
    """Short machine-readable name like ``mode_entered``."""
    text: str
    """One sentence for people."""
    cause: str = ""
    """The reading or event that led to it."""
    id: int = 0
    """Number of the event on board, from 1; 0: nobody on board knows of it."""
    cause_id: int = 0
    """The event that led to it; 0: a reading, the plan or a command did."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log before it gets its time and number."""

    severity: Severity
    source: str
    name: str
    text: str
    cause: str = ""
    about: str = ""
    """What it is about, like `mode` or `monitor box-hot`: later entries find their cause by it."""
    because: str = ""
    """What its cause is about; empty: a reading, the plan or a command."""
    raises: str = ""
    """The event that can start responses; empty: none."""
    units: tuple[str, ...] = ()
    """The unit that it befell, a payload, module, node or channel; where that is uncertain, the likeliest first."""


def stamped(
    entries: Iterable[Entry], moment: datetime, count: int, marks: Mapping[str, int]
) -> tuple[tuple[Event, ...], int, Mapping[str, int]]:
    """Events of entries, in order: with time (UTC), number, and the number of what caused them.

    ``count`` events came before; ``marks`` has the last event about each thing. Both come back brought up to date.
    """
    events, known = [], dict(marks)
    for entry in entries:
        count += 1
        cause_id = known.get(entry.because, 0) if entry.because else 0
        if entry.about:
            known[entry.about] = count
        events.append(Event(moment, entry.severity, entry.source, entry.name, entry.text, entry.cause, count, cause_id))
    return tuple(events), count, known if events else marks


def chain(events: Iterable[Event], last: int) -> tuple[Event, ...]:
    """The events that led to the one with this number, from the first cause to itself."""
    by_id = {event.id: event for event in events if event.id}
    found: list[Event] = []
    while last in by_id:
        found.append(by_id[last])
        last = by_id[last].cause_id
    return tuple(reversed(found))
