"""Votes between redundant sensors of one channel: the median of those that can be believed (their mean if all agree).

A sample is not believed when it is missing, out of range, stuck, or far from what the others say. A sensor that is
not believed for a while has failed, until it has been right for as long.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lunabase.compiled import within_step

CHANNEL = np.dtype(
    [
        ("first", "i8"),  # its first sensor; the others follow
        ("count", "i8"),  # 0: no sensor, it is derived
        ("low", "f8"),  # a value below can't be
        ("high", "f8"),
        ("tolerance", "f8"),  # two sensors this far apart disagree
        ("stuck_after", "i8"),  # samples with the same value to the last bit after which one is stuck; 0: never
        ("noisy", "i8"),  # 1: noise moves each sample, so that even a sensor alone can be seen to be stuck
        ("deadband", "f8"),  # a vote nearer to 0 is 0
        ("gain", "f8"),  # of the first-order filter: 1 takes each vote as it is
        ("hold_steps", "i8"),  # for how many steps without a vote the last estimate still counts
    ]
)
FAILED_AFTER = 10
"""Samples not believed after which a sensor has failed; as many good ones clear it."""
NO_VOTE, VOTED, DISAGREE = range(3)


class Record(NamedTuple):
    """What is remembered of each sensor; arrays of shape (sensors,) that change in place."""

    last: NDArray[np.float64]
    """Its last sample."""
    still: NDArray[np.int64]
    """For how many samples it has not changed."""
    silent: NDArray[np.int64]
    """For how many steps there was no sample."""
    bad: NDArray[np.int64]
    """How many samples were not believed, less the good ones since."""
    failed: NDArray[np.bool_]
    order: NDArray[np.float64]
    """Scratch."""


def record_of(sensors: int) -> Record:
    """Of so many sensors, before the first sample."""
    return Record(
        last=np.full(sensors, np.nan),
        still=np.zeros(sensors, dtype=np.int64),
        silent=np.zeros(sensors, dtype=np.int64),
        bad=np.zeros(sensors, dtype=np.int64),
        failed=np.zeros(sensors, dtype=np.bool_),
        order=np.zeros(sensors),
    )


@within_step
def agreed(channel, measured, last):  # type: ignore[no-untyped-def]
    """Whether all sensors of a channel moved, are in range and agree: then there is nothing to vote about; the mean.

    The short way for the usual case; remembers the samples when they agree.
    """
    first, end = channel.first, channel.first + channel.count
    smallest, largest, total = math.inf, -math.inf, 0.0
    for sensor in range(first, end):
        value = measured[sensor]
        if not (channel.low <= value <= channel.high) or value == last[sensor]:
            return False, 0.0
        smallest, largest = min(smallest, value), max(largest, value)
        total += value
    if largest - smallest > channel.tolerance:
        return False, 0.0
    for sensor in range(first, end):
        last[sensor] = measured[sensor]
    return True, total / channel.count


@within_step
def vote(channel, measured, record):  # type: ignore[no-untyped-def]
    """One channel's vote: its outcome, its value (0 without one), and whether all is well with its sensors.

    ``channel`` is a row of CHANNEL; ``measured`` (sensors,) are the samples of all channels, NaN where missing.
    """
    first, end = channel.first, channel.first + channel.count
    moved = 0
    for sensor in range(first, end):
        if measured[sensor] == measured[sensor] and measured[sensor] != record.last[sensor]:
            moved += 1
    size = 0
    for sensor in range(first, end):
        if _believed(channel, measured[sensor], moved, record, sensor) and not record.failed[sensor]:
            size = _insert(measured[sensor], record.order, size)
    outcome, value = _median(record.order, size, channel.tolerance)
    well = True
    for sensor in range(first, end):
        _judge(channel, measured[sensor], outcome, value, size, record, sensor)
        well = well and record.still[sensor] == 0 and record.silent[sensor] == 0 and record.bad[sensor] == 0
    return outcome, value, well


@within_step
def _believed(channel, value, moved, record, sensor):  # type: ignore[no-untyped-def]
    """Whether a sample can be right; remembers it."""
    if value != value:
        return False
    if value != record.last[sensor]:
        record.still[sensor] = 0
        record.last[sensor] = value
    elif moved > 0 or channel.noisy:
        record.still[sensor] += 1
    return _plausible(channel, value, record.still[sensor])


@within_step
def _plausible(channel, value, still):  # type: ignore[no-untyped-def]
    if value < channel.low or value > channel.high:
        return False
    return channel.stuck_after == 0 or still < channel.stuck_after


@within_step
def _insert(value, order, size):  # type: ignore[no-untyped-def]
    place = size
    while place > 0 and order[place - 1] > value:
        order[place] = order[place - 1]
        place -= 1
    order[place] = value
    return size + 1


@within_step
def _median(order, size, tolerance):  # type: ignore[no-untyped-def]
    """Median of the sorted samples, if most of them are near it."""
    if size == 0:
        return NO_VOTE, 0.0
    middle = 0.5 * (order[(size - 1) // 2] + order[size // 2])
    if size == 1:
        return VOTED, middle
    if size == 2:
        return (VOTED if order[1] - order[0] <= tolerance else DISAGREE), middle
    near = 0
    for place in range(size):
        if abs(order[place] - middle) <= tolerance:
            near += 1
    return (VOTED if 2 * near > size else DISAGREE), middle


@within_step
def _judge(channel, sample, outcome, value, size, record, sensor):  # type: ignore[no-untyped-def]
    if sample != sample:  # a sensor that is rarely read is not a bad one, one that stays silent is
        record.silent[sensor] += 1
        record.failed[sensor] = record.failed[sensor] or record.silent[sensor] > channel.hold_steps
        return
    record.silent[sensor] = 0
    right = _plausible(channel, sample, record.still[sensor])
    if right and outcome == VOTED and (size > 2 or record.failed[sensor]):
        right = abs(sample - value) <= channel.tolerance
    if right:
        record.bad[sensor] = max(record.bad[sensor] - 1, 0)
        record.failed[sensor] = record.failed[sensor] and record.bad[sensor] > 0
    else:
        record.bad[sensor] = min(record.bad[sensor] + 1, FAILED_AFTER)
        record.failed[sensor] = record.failed[sensor] or record.bad[sensor] == FAILED_AFTER
