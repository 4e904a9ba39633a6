"""The on-board log: what happened, how bad it is, and what caused it."""

from __future__ import annotations

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
    """A line of the log before it gets its time."""

    severity: Severity
    source: str
    name: str
    text: str
    cause: str = ""

    def at(self, time: datetime) -> Event:
        """The event at a time (UTC)."""
        return Event(time, self.severity, self.source, self.name, self.text, self.cause)
