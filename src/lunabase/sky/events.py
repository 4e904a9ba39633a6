"""The one event search: when a continuous function of time crosses zero, and when it is positive.

Every rise, set, crossing and contact is asked as a function that is positive while the thing holds: the Sun's
elevation above a horizon, a station's elevation above its mask, the least of several such functions when all
must hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.times import FloatArray

Condition = Callable[[FloatArray], FloatArray]

_CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Event:
    """A crossing of zero: the function becomes positive (`rising`) or stops being positive."""

    tdb_s: float
    rising: bool


def find_events(
    function: Condition, start_tdb_s: float, stop_tdb_s: float, *, step_s: float, precision_s: float = 1.0
) -> list[Event]:
    """Crossings of zero of `function` in [start, stop], in order, each within `precision_s` of the truth.

    `function` takes TDB seconds (n,) and returns values (n,), positive while the condition holds; it is
    sampled every `step_s` and all brackets are halved together. Two crossings within one step are missed:
    choose `step_s` below the shortest spell that matters. Raises InputError for an empty span or a step or
    precision that isn't positive.
    """
    _check(start_tdb_s, stop_tdb_s, step_s, precision_s)
    times, positive = _sample(function, start_tdb_s, stop_tdb_s, step_s)
    change = np.flatnonzero(positive[1:] != positive[:-1])
    crossings = _refine(function, times(change), times(change + 1), positive[change + 1], precision_s)
    return [Event(float(t), bool(up)) for t, up in zip(crossings, positive[change + 1], strict=True)]


def find_intervals(
    function: Condition, start_tdb_s: float, stop_tdb_s: float, *, step_s: float, precision_s: float = 1.0
) -> list[tuple[float, float]]:
    """Intervals (start, stop) of TDB seconds in which `function` is positive, cut at the ends of the span.

    Sampling, precision, limits and errors as in `find_events`.
    """
    events = find_events(function, start_tdb_s, stop_tdb_s, step_s=step_s, precision_s=precision_s)
    positive_at_start = not events[0].rising if events else bool(_values(function, np.array([start_tdb_s]))[0] > 0.0)
    edges = [event.tdb_s for event in events]
    if positive_at_start:
        edges.insert(0, float(start_tdb_s))
    if len(edges) % 2:
        edges.append(float(stop_tdb_s))
    return list(zip(edges[::2], edges[1::2], strict=True))


def _check(start_tdb_s: float, stop_tdb_s: float, step_s: float, precision_s: float) -> None:
    if not stop_tdb_s > start_tdb_s:
        raise InputError("the span of the search is empty.", where="times", fix="Let the end come after the start.")
    if not (step_s > 0.0 and precision_s > 0.0):
        raise InputError("step and precision must be positive.", where="event search", fix="Give seconds above zero.")


def _values(function: Condition, tdb_s: FloatArray) -> FloatArray:
    values: FloatArray = np.asarray(function(tdb_s), dtype=np.float64)
    if values.shape != tdb_s.shape or np.isnan(values).any():
        raise ValueError("an event function must return one number per epoch, and no NaN")
    return values


def _sample(
    function: Condition, start_tdb_s: float, stop_tdb_s: float, step_s: float
) -> tuple[Callable[[NDArray[np.intp]], FloatArray], NDArray[np.bool_]]:
    """Sample times by index, and whether the function is positive there, in bounded memory."""
    count = int(np.ceil((stop_tdb_s - start_tdb_s) / step_s)) + 1

    def times(index: NDArray[np.intp]) -> FloatArray:
        return np.asarray(np.minimum(start_tdb_s + index * step_s, stop_tdb_s))

    positive = np.empty(count, dtype=bool)
    for first in range(0, count, _CHUNK):
        index = np.arange(first, min(first + _CHUNK, count))
        positive[index] = _values(function, times(index)) > 0.0
    return times, positive


def _refine(
    function: Condition, low_s: FloatArray, high_s: FloatArray, rising: NDArray[np.bool_], precision_s: float
) -> FloatArray:
    """Middles of the brackets, after all are halved together until none is wider than the precision."""
    while low_s.size and np.max(high_s - low_s) > precision_s:
        middle_s = 0.5 * (low_s + high_s)
        before = (_values(function, middle_s) > 0.0) != rising
        low_s = np.where(before, middle_s, low_s)
        high_s = np.where(before, high_s, middle_s)
    return 0.5 * (low_s + high_s)
