"""The time that a survey looks at."""

from __future__ import annotations

import numpy as np

from lunabase.errors import InputError
from lunabase.sky import Kernels
from lunabase.times import TimeGrid, parse_utc

MOST_STEPS = 2_000_000


def survey_span(start: str, years: int | None, days: float | None, step_s: float, kernels: Kernels) -> TimeGrid:
    """Return the steps from a start (UTC) over whole calendar years, or over days; a year when neither is given.

    Raises InputError for spans that make no sense or that the kernels don't cover.
    """
    if years is not None and days is not None:
        raise InputError("--years and --days are two lengths.", where="--days", fix="Give one of them.")
    begin = parse_utc(start)
    if begin != begin.astype("datetime64[s]"):
        raise InputError(f"{start} has parts of a second.", where="--start", fix="Start at a whole second.")
    if not 1.0 <= step_s <= 86_400.0 or step_s % 1.0:
        raise InputError(f"--step {step_s:g} is out of range.", where="--step", fix="Give whole seconds, 1 to 86400.")
    if years is not None and not 1 <= years <= 100:
        raise InputError(f"--years {years} is out of range.", where="--years", fix="Give a whole number from 1.")
    if days is not None and not 0.0 < days <= 36_525.0:
        raise InputError(f"--days {days:g} is out of range.", where="--days", fix="Give a number of days above 0.")
    length_s = _years_s(begin, years or 1) if days is None else days * 86_400.0
    count = round(length_s / step_s)
    if not 2 <= count <= MOST_STEPS:
        raise InputError(f"the span has {count} steps of {step_s:g} s.", where="--step", fix="Take another --step.")
    grid = TimeGrid.from_utc(begin, count, step_s)
    kernels.check_span(np.array([grid.start_tdb_s, grid.stop_tdb_s]))
    return grid


def _years_s(begin: np.datetime64, years: int) -> float:
    """Seconds from a moment to the same date some years later; a 29 February becomes 1 March."""
    month = begin.astype("datetime64[M]")
    later = (month + np.timedelta64(12 * years, "M")).astype("datetime64[ns]") + (
        begin - month.astype("datetime64[ns]")
    )
    return float((later - begin) / np.timedelta64(1, "s"))


def span_words(grid: TimeGrid) -> str:
    """Return the span in words: first and last day, number of steps and their length."""
    first, last = str(grid.utc[0])[:10], str(grid.utc[-1])[:10]
    step = f"{grid.step_s / 3600.0:g} h" if grid.step_s >= 3600.0 else f"{grid.step_s:g} s"
    return f"{first} to {last} UTC, {grid.count:,} steps of {step}"
