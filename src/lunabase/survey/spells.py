"""Spells of light and darkness at a point: the nightfall forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from lunabase.environment.intervals import true_intervals
from lunabase.sky.kernels import DAY_S
from lunabase.times import TimeGrid, tdb_to_utc


@dataclass(frozen=True, slots=True)
class Spell:
    """An unbroken time of light or darkness, TDB seconds past J2000, from one epoch to another.

    `whole` is False for the first and the last of a span, which began before or go on after it: they last at least as
    long as is said here.
    """

    lit: bool
    start_tdb_s: float
    stop_tdb_s: float
    whole: bool

    @property
    def duration_days(self) -> float:
        """Length, days."""
        return (self.stop_tdb_s - self.start_tdb_s) / DAY_S

    @property
    def utc(self) -> tuple[np.datetime64, np.datetime64]:
        """Start and end, UTC."""
        return tdb_to_utc(self.start_tdb_s), tdb_to_utc(self.stop_tdb_s)


def spells(visible: ArrayLike, grid: TimeGrid, *, dark_below: float = 0.0) -> list[Spell]:
    """Spells of a series of the visible fraction (grid.count,), in order, lit and dark in turn.

    An epoch is dark when no more than `dark_below` is visible, as in the maps; what holds at an epoch holds
    until the next. So a spell may start up to one step late. Raises InputError where series and grid differ in length.
    """
    lit = np.asarray(visible, dtype=np.float64) > dark_below
    found = [(start, stop, True) for start, stop in true_intervals(lit, grid)]
    found += [(start, stop, False) for start, stop in true_intervals(~lit, grid)]
    last = len(found) - 1
    return [Spell(is_lit, start, stop, whole=0 < k < last) for k, (start, stop, is_lit) in enumerate(sorted(found))]


def nights(found: Sequence[Spell], *, least_days: float = 0.0) -> list[Spell]:
    """The dark spells of at least so many days."""
    return [spell for spell in found if not spell.lit and spell.duration_days >= least_days]


def next_nightfall(found: Sequence[Spell], after_tdb_s: float, *, least_days: float = 0.0) -> Spell | None:
    """The first night of at least so many days that falls at or after an instant; None if none does in the span.

    A spell in which the span starts has no nightfall.
    """
    falls = (dark for lit, dark in pairwise(found) if lit.lit and dark.start_tdb_s >= after_tdb_s)
    return next((dark for dark in falls if dark.duration_days >= least_days), None)
