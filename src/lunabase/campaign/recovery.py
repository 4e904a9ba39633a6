"""How long a station takes to recover from its faults, read from its log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from lunabase.onboard.log import Event
from lunabase.runs.fault import Fault
from lunabase.runs.fly import Flight

ABNORMAL = ("safe", "dormant", "survival")
"""Modes from which a station has to recover; it sleeps and works in the others."""
AFTERMATH_S = 86_400.0
"""A mode entered this long after a fault's end is still put down to it."""


def recovery_s(flight: Flight, faults: Sequence[Fault]) -> float:
    """The longest time that the station took to recover from something its faults did, s.

    That is the length of a stretch of safe, dormant or survival mode that begins while a fault acts or within a day
    after, or the time from the first fault until one was cleared on board. 0 without any; infinite where a stretch
    lasts until the flight's end.
    """
    if not faults:
        return 0.0
    begin_s = min(fault.start_s for fault in faults)
    end_s = max(fault.stop_s for fault in faults) + AFTERMATH_S
    taken_s = [stop_s - start_s for start_s, stop_s in abnormal_spells(flight) if begin_s <= start_s < end_s]
    cleared = (event for event in flight.events if event.name == "recovered" and event.source == "twin")
    taken_s += [_since_s(flight, event.time) - begin_s for event in cleared]
    return max(taken_s, default=0.0)


def abnormal_spells(flight: Flight) -> list[tuple[float, float]]:
    """Start and stop, s since the flight's start, of each stretch of modes to recover from; the last may never end."""
    spells: list[tuple[float, float]] = []
    since_s = math.nan
    for event in flight.events:
        mode = _entered(event)
        if mode in ABNORMAL and math.isnan(since_s):
            since_s = _since_s(flight, event.time)
        elif mode is not None and mode not in ABNORMAL and not math.isnan(since_s):
            spells.append((since_s, _since_s(flight, event.time)))
            since_s = math.nan
    return spells if math.isnan(since_s) else [*spells, (since_s, math.inf)]


def _entered(event: Event) -> str | None:
    """The mode that an event brings: the one entered, or the everyday one when another is left."""
    if event.name == "mode_entered":
        return event.text.removeprefix("Entered ").partition(" ")[0]
    return "everyday" if event.name == "mode_left" else None


def _since_s(flight: Flight, moment: datetime) -> float:
    return (moment - flight.plan.start).total_seconds()
