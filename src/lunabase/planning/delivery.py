"""When data reach Earth: the recorder sends the data of the partners in order of their priority."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass

import numpy as np
from numba import njit

from lunabase.planning.balance import DOWNLINK, Forecast
from lunabase.planning.horizon import FloatArray, IntArray
from lunabase.station.model import Station

_SLACK_BIT = 1.0


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """The data of a class that are made up to the end of a step have been sent by the end of another."""

    made_step: int
    sent_step: int
    data_class: int


def data_classes(station: Station) -> tuple[int, ...]:
    """Data priorities of the partners, the first sent first; none if nothing has to be delivered in time."""
    if all(request.deliver_within_s is None for _, _, request in station.requests()):
        return ()
    return tuple(sorted({partner.data_priority for partner in station.partners.values()}, reverse=True))


def deadline(forecast: Forecast, data_class: int, stop_s: int, within_s: float) -> Deadline:
    """Deadline of an activity; nothing counts on contacts after the horizon."""
    steps = forecast.array_w.size
    sent_step = min(int((stop_s + within_s) // forecast.step_s), steps) - 1
    return Deadline(min(int((stop_s - 1) // forecast.step_s), steps - 1), sent_step, data_class)


class Queue:
    """Data that wait in the recorder, class by class, kept in step with the activities, and the deadlines they miss.

    What is made in a step can be sent from the next on: a step may be coarser than the contacts in it. As with the
    course of energy, a change is followed only until it makes no difference.
    """

    def __init__(self, forecast: Forecast, class_bit: FloatArray) -> None:
        self._forecast = forecast
        self._class_bit = class_bit
        """(steps, classes) made; changed by others."""
        shape = (class_bit.shape[0] + 1, class_bit.shape[1])
        self._kept, self._tried = np.zeros(shape), np.zeros(shape)
        """(steps + 1, classes) waiting before each step and after the last."""
        self._deadlines: list[Deadline] = []
        self._longest = 0
        self._missed: set[Deadline] = set()

    def change(self, item: Deadline, sign: int) -> None:
        """Add (+1) or remove (-1) a deadline; `follow` comes after it."""
        if sign > 0:
            insort(self._deadlines, item)
            self._longest = max(self._longest, item.sent_step - item.made_step)
        else:
            del self._deadlines[bisect_left(self._deadlines, item)]
            if item not in self._deadlines:
                self._missed.discard(item)

    def follow(self, mode: IntArray, first: int, stop: int) -> None:
        """Keep in step after activities have changed in steps [first, stop)."""
        end = self._run(mode, mode[first:first], first, stop)
        self._kept[first + 1 : end + 1] = self._tried[first + 1 : end + 1]
        touched = self._touched(first, end)
        self._missed.difference_update(touched)
        self._missed.update(item for item in touched if self._misses(item, first, 0))

    def missed(self) -> int | None:
        """Step at which the data of the first missed deadline were made; None if all are met."""
        return min((item.made_step for item in self._missed), default=None)

    def missed_with(self, mode: IntArray, tried: IntArray, first: int, stop: int, more: list[Deadline]) -> int | None:
        """As `missed`, with activities tried in steps [first, stop), the modes `tried` from step `first` on and, beyond
        these, `mode` (steps,); `more` deadlines."""
        end = self._run(mode, tried, first, stop)
        touched = self._touched(first, end)
        wrong = [item for item in [*touched, *more] if self._misses(item, first, end)]
        wrong += self._missed.difference(touched)
        return min((item.made_step for item in wrong), default=None)

    def _run(self, mode: IntArray, tried: IntArray, first: int, stop: int) -> int:
        f = self._forecast
        end: int = _wait(
            f.downlink_bit_per_s, f.step_s, f.mode_table[:, DOWNLINK], mode, tried, first, stop, self._class_bit,
            self._kept, self._tried,
        )  # fmt: skip
        return end

    def _touched(self, first: int, end: int) -> list[Deadline]:
        """Deadlines between whose making and sending any of the steps [first, end) lies."""
        low = bisect_left(self._deadlines, Deadline(first - self._longest, -1, -1))
        high = bisect_left(self._deadlines, Deadline(end + 1, -1, -1))
        return [item for item in self._deadlines[low:high] if item.sent_step >= first]

    def _misses(self, item: Deadline, first: int, end: int) -> bool:
        """Whether more waits than was made after it: a class is sent in the order of its making."""
        if item.sent_step <= item.made_step:
            return True
        after = item.sent_step + 1
        waiting = (self._tried if first < after <= end else self._kept)[after, item.data_class]
        later = self._class_bit[item.made_step + 1 : after, item.data_class].sum()
        return bool(waiting > later + _SLACK_BIT)


@njit(cache=True)
def _wait(  # type: ignore[no-untyped-def]
    rate, step_s, sends, mode, tried, first, stop, class_bit, old, waiting
):
    """Follow from step `first`, at least to `stop`, and then until what waits is as before; return the next step."""
    steps, classes = class_bit.shape
    waiting[first] = old[first]
    for i in range(first, steps):
        now = tried[i - first] if i - first < tried.size else mode[i]
        left = rate[i] * step_s * sends[now]
        same = True
        for k in range(classes):
            sent = min(waiting[i, k], left)
            left -= sent
            waiting[i + 1, k] = waiting[i, k] - sent + class_bit[i, k]
            same = same and waiting[i + 1, k] == old[i + 1, k]
        if same and i + 1 >= stop and i + 1 - first >= tried.size:
            return i + 1
    return steps
