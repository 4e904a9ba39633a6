"""What a request wants: how many activities, how long, and where in its rhythm each may begin."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lunabase.planning.horizon import BoolArray, Horizon, runs
from lunabase.station.science import Request

_ANCHORS = 48
_MOST_PIECES = 2000


@dataclass(frozen=True, slots=True)
class Window:
    """When one wanted activity may begin its hold: seconds from `earliest_s` to `latest_s`.

    Holds begin at `offset_s` past a cell's edge; that is 0 unless a rhythm is stricter than the cells.
    """

    number: int
    earliest_s: int
    latest_s: int
    offset_s: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """The activities that a request wants in this horizon."""

    kind: Literal["count", "every", "each", "total"]
    count: int
    """Activities wanted; for a total the most pieces that it may be cut into."""
    total_s: int
    """Activity time wanted in all."""
    setup_s: int
    teardown_s: int
    minimum_s: int
    maximum_s: int
    windows: tuple[Window, ...]
    words: str

    def hold_s(self, duration_s: int) -> int:
        """Setup, activity and teardown together, s."""
        return self.setup_s + duration_s + self.teardown_s


def demand(request: Request, open_: BoolArray, horizon: Horizon, intervals: BoolArray | None = None) -> Demand:
    """Demand of a request whose constraints hold in the cells `open_` (cells,).

    `intervals` (steps,): where what `each` asks for holds.
    A rhythm's first place may be anywhere in its first period: the one with the most usable places is taken.
    """
    minimum, maximum = math.ceil(request.minimum_duration_s), math.ceil(request.maximum_duration_s)
    setup, teardown = math.ceil(request.setup_s), math.ceil(request.teardown_s)
    hold = setup + minimum + teardown
    if request.every is not None:
        windows = _rhythm(request, open_, horizon, setup, hold)
        words = f"{len(windows)} activities, one every {say_duration(request.every.period_s)}"
        total = len(windows) * maximum
        return Demand("every", len(windows), total, setup, teardown, minimum, maximum, windows, words)
    if request.each is not None and intervals is not None:
        windows = tuple(_intervals(intervals, horizon, request.each.shortest_s, hold))
        words = f"{len(windows)} activities, one in each interval of its kind"
        total = len(windows) * maximum
        return Demand("each", len(windows), total, setup, teardown, minimum, maximum, windows, words)
    latest = horizon.length_s - hold
    if request.count is not None:
        windows = tuple(Window(n, 0, latest) for n in range(1, request.count + 1))
        words = f"{request.count} activit{'y' if request.count == 1 else 'ies'}"
        total = request.count * maximum
        return Demand("count", request.count, total, setup, teardown, minimum, maximum, windows, words)
    total = math.ceil(request.total_s or 0.0)
    at_once = 1 + len(request.or_payload)
    pieces = min(math.ceil(total / minimum), max(horizon.length_s // hold, 1) * at_once, _MOST_PIECES)
    windows = tuple(Window(n, 0, latest) for n in range(1, pieces + 1))
    return Demand("total", pieces, total, setup, teardown, minimum, maximum, windows, f"{say_duration(total)} in all")


def _intervals(holds: BoolArray, horizon: Horizon, shortest_s: float, hold_s: int) -> Iterator[Window]:
    """One window for each run of epochs that is long enough; the last epoch holds to the end of the horizon."""
    number = 0
    for first, stop in runs(holds).tolist():
        start_s = first * horizon.step_s
        stop_s = horizon.length_s if stop == horizon.steps else (stop - 1) * horizon.step_s
        if stop_s > start_s and stop_s - start_s >= shortest_s:
            number += 1
            yield Window(number, math.ceil(start_s), math.floor(stop_s) - hold_s)


def _rhythm(request: Request, open_: BoolArray, horizon: Horizon, setup_s: int, hold_s: int) -> tuple[Window, ...]:
    assert request.every is not None
    period, tolerance = request.every.period_s, request.every.tolerance_s
    count = max(int(horizon.length_s / period + 1e-9), 1)
    usable = usable_starts(open_, horizon, hold_s)
    step = max(horizon.cell_s, math.ceil(period / _ANCHORS / horizon.cell_s) * horizon.cell_s)
    anchors = range(0, max(int(min(period, horizon.length_s)), 1), step)
    best: tuple[Window, ...] = ()
    most = -1
    for anchor in anchors:
        windows = rhythm_windows(anchor, period, tolerance, count, horizon, setup_s, hold_s)
        number = sum(reaches(usable, window, horizon) for window in windows)
        if number > most:
            most, best = number, windows
    return best


def rhythm_windows(
    anchor_s: int, period_s: float, tolerance_s: float, count: int, horizon: Horizon, setup_s: int, hold_s: int
) -> tuple[Window, ...]:
    """Windows of the holds; the first place of the rhythm is `anchor_s` after the earliest possible start."""
    windows = []
    for place in range(count):
        middle = anchor_s + place * period_s
        earliest, latest = math.ceil(middle - tolerance_s), math.floor(middle + tolerance_s)
        exact = 2 * tolerance_s < horizon.cell_s
        offset = round(middle) % horizon.cell_s if exact else 0
        first, last = (round(middle), round(middle)) if exact else (max(earliest, 0), latest)
        windows.append(Window(place + 1, first, min(last, horizon.length_s - hold_s), offset))
    return tuple(windows)


def usable_starts(open_: BoolArray, horizon: Horizon, hold_s: int) -> BoolArray:
    """Cells (cells,) from which the next `hold_s` are all open."""
    width = math.ceil(hold_s / horizon.cell_s)
    if width > open_.size:
        return np.zeros(open_.size, dtype=bool)
    shut = np.concatenate(([0], np.cumsum(~open_)))
    usable = np.zeros(open_.size, dtype=bool)
    usable[: open_.size - width + 1] = shut[width:] - shut[:-width] == 0
    return usable


def reaches(usable: BoolArray, window: Window, horizon: Horizon) -> bool:
    """Whether a window holds any usable start."""
    first = -(-(window.earliest_s - window.offset_s) // horizon.cell_s)
    last = (window.latest_s - window.offset_s) // horizon.cell_s
    return bool(usable[first : last + 1].any()) if last >= first else False


def say_duration(seconds: float) -> str:
    """A duration for people: "6 h 20 min", "3 d 4 h", "45 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days >= 3:
        return f"{days} d" + (f" {hours} h" if hours else "")
    hours += days * 24
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(part for part in parts if part)
