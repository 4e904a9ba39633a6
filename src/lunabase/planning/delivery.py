"""When data reach Earth: the recorder sends the data of the partners in order of their priority."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numba import njit

from lunabase.planning.balance import DOWNLINK, Forecast
from lunabase.planning.horizon import FloatArray, IntArray
from lunabase.station.model import Station

_SLACK_BIT = 1.0


@dataclass(frozen=True, slots=True)
class Deadline:
    """The data made up to the end of a step have been sent by the end of another."""

    data_class: int
    made_step: int
    sent_step: int
    """-1: at once, which never happens."""


def data_classes(station: Station) -> tuple[int, ...]:
    """Data priorities of the partners, the first sent first; none if nothing has to be delivered in time."""
    if all(request.deliver_within_s is None for _, _, request in station.requests()):
        return ()
    return tuple(sorted({partner.data_priority for partner in station.partners.values()}, reverse=True))


def deadline(forecast: Forecast, data_class: int, stop_s: int, within_s: float) -> Deadline:
    """Deadline of an activity; nothing counts on contacts after the horizon."""
    steps = forecast.array_w.size
    sent_step = min(int((stop_s + within_s) // forecast.step_s), steps) - 1
    return Deadline(data_class, min(int((stop_s - 1) // forecast.step_s), steps - 1), sent_step)


def missed(forecast: Forecast, class_bit: FloatArray, mode: IntArray, deadlines: Iterable[Deadline]) -> int | None:
    """Step at which the first missed deadline is, if any; `class_bit` (steps, classes) is made, `mode` (steps,).

    What is made in a step counts as sent from the next on: a step may be coarser than the contacts in it.
    """
    link_bit = forecast.downlink_bit_per_s * forecast.step_s * forecast.mode_table[mode, DOWNLINK]
    made = np.cumsum(class_bit, axis=0)
    sent = _sent(class_bit, link_bit)
    late = [
        item.made_step
        for item in deadlines
        if item.sent_step < 0
        or sent[item.sent_step, item.data_class] < made[item.made_step, item.data_class] - _SLACK_BIT
    ]
    return min(late, default=None)


@njit(cache=True)
def _sent(class_bit, link_bit):  # type: ignore[no-untyped-def]
    """Data sent of each class up to the end of each step, (steps, classes)."""
    steps, classes = class_bit.shape
    sent = np.zeros((steps, classes))
    held, total = np.zeros(classes), np.zeros(classes)
    for i in range(steps):
        left = link_bit[i]
        for k in range(classes):
            now = min(held[k], left)
            held[k] += class_bit[i, k] - now
            left -= now
            total[k] += now
            sent[i, k] = total[k]
    return sent
