"""What goals are pursued with: what is known at a waking, how far each goal is, what runs and what begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lunabase.onboard.executive import Stretch
from lunabase.onboard.goals import Way
from lunabase.planning.plan import Activity


@dataclass(frozen=True, slots=True)
class Situation:
    """What the software knows when goals are looked at."""

    time_s: float
    stored_j: float
    fill_bit: float
    sent_bit_per_s: float
    """What goes to Earth now."""
    runs: str
    """Which activities the mode runs: all, continuous or none."""
    off: frozenset[str]
    """Payloads and modules that are shed."""
    able: Sequence[bool]
    """Payloads that answer and are within their temperatures."""
    current: frozenset[str]
    """Activities that have begun and hold something."""
    ended: tuple[Stretch, ...]
    """Work that has ended since the last look."""
    shift_s: float = 0.0
    """By how much the ephemeris runs ahead, if it is wrong."""


@dataclass(slots=True)
class Progress:
    """How far a goal is."""

    number: int = 0
    """The last number that was begun."""
    done: int = 0
    done_s: float = 0.0
    at_work: int = 0
    """Activities that hold something now, and the work that they will do."""
    at_work_s: float = 0.0
    anchor_s: float = math.nan
    """Start of the first activity of a rhythm."""
    ready_s: float = -math.inf
    """Nothing can begin before."""
    stops_s: dict[int, float] = field(default_factory=dict)
    """When each number was completed."""


class Running(NamedTuple):
    """An activity that holds something."""

    way: Way
    number: int
    hold_start_s: float
    start_s: float
    stop_s: float
    hold_stop_s: float
    people: tuple[int, ...]


class Start(NamedTuple):
    """An activity to begin now, and its times in s since the flight's start."""

    activity: Activity
    payload: int
    continuous: bool
    hold_start_s: float
    start_s: float
    stop_s: float
    hold_stop_s: float
