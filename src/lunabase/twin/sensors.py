"""Sensors: the truth of a step -> what each sensor says of it, NaN where it says nothing.

A sensor adds its offset, what that has drifted, and noise; rounds to its resolution; may lose a sample; may be stuck
or dead. The random part of a sample is a function of seed, step and sensor alone (`twin.chance`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numba import njit

from lunabase.station.sensing import Sensors, kind_of, spread_of
from lunabase.twin.chance import key_of, nearly_normal, uniform
from lunabase.twin.parameters import FloatArray, IntArray, Rows

YEAR_S = 365.25 * 86_400.0
WORKS, DEAD, STUCK = range(3)
"""What a sensor does: measure, say nothing, or repeat `stuck_at`."""
_DRAWS = 2
"""Draws kept for each sensor in each step: one for noise, one for lost samples."""
_OFFSET_KEY, _DRIFT_KEY = -1, -2
"""Steps that no run has, for what is drawn once."""

SENSOR = np.dtype(
    [
        ("channel", "i8"),
        ("noise", "f8"),  # standard deviation of a sample
        ("bias", "f8"),  # offset at the start
        ("drift_per_s", "f8"),
        ("drift_from_s", "f8"),
        ("resolution", "f8"),  # 0: none
        ("missing", "f8"),  # part of the samples that are lost
        ("every_steps", "i8"),
        ("state", "i8"),  # WORKS, DEAD or STUCK
        ("stuck_at", "f8"),
    ]
)
"""One row for each sensor, those of one channel side by side; a fault is a changed copy of the table."""


@dataclass(frozen=True, slots=True)
class SensorSet:
    """The sensors of a station."""

    rows: Rows
    """Dtype SENSOR, shape (sensors,)."""
    first_of_channel: IntArray
    """First sensor of each channel, and the number of sensors at the end; shape (channels + 1,)."""
    perfect: bool
    """One sensor for each channel, without any error: what is measured is the truth."""

    @property
    def channel_of_sensor(self) -> IntArray:
        """Channel that each sensor measures, shape (sensors,)."""
        return np.ascontiguousarray(self.rows["channel"])


def sensor_set(sensors: Sensors | None, channels: Sequence[str], seed: int, step_s: float) -> SensorSet:
    """The sensors of telemetry channels with these names; offsets and drifts are drawn with the seed.

    Which sensors a channel has follows from the unit in its name: ``_k``, ``_w``, ``_j``, ``_bit``, ``_bit_per_s``,
    ``_pa``, ``_kg``, else a fraction. Without ``sensors`` all are perfect.
    """
    kinds = [None if sensors is None else kind_of(sensors, name) for name in channels]
    counts = [1 if kind is None else kind.count for kind in kinds]
    rows = np.zeros(sum(counts), SENSOR)
    rows["channel"] = np.repeat(np.arange(len(counts)), counts)
    rows["every_steps"] = 1
    offsets, drifts = _drawn(seed, _OFFSET_KEY, rows.size), _drawn(seed, _DRIFT_KEY, rows.size)
    for sensor, row in enumerate(rows):
        kind = kinds[row["channel"]]
        if kind is None:
            continue
        spread = spread_of(kind, channels[row["channel"]])
        row["noise"], row["resolution"] = spread.noise, spread.resolution
        row["bias"] = spread.bias * offsets[sensor]
        row["drift_per_s"] = spread.yearly_drift / YEAR_S * drifts[sensor]
        row["missing"] = kind.missing
        row["every_steps"] = max(round(kind.every_s / step_s), 1)
    first = np.concatenate(([0], np.cumsum(counts)))
    return SensorSet(rows, first, perfect=all(kind is None for kind in kinds))


SensorFaultKind = Literal["stuck", "bias", "noise", "missing"]


def with_fault(
    sensors: SensorSet, channel: int, unit: int, kind: SensorFaultKind, size: float, last: FloatArray
) -> SensorSet:
    """The sensors with a fault in one of a channel's sensors (-1: in all of them).

    ``size`` is the offset or the standard deviation that is added, in the channel's unit. ``last`` is what all sensors
    said when the fault began, shape (sensors,): a stuck sensor repeats that.
    """
    rows = sensors.rows.copy()
    first, end = sensors.first_of_channel[channel : channel + 2]
    hit = slice(first, end) if unit < 0 else slice(first + unit, min(first + unit + 1, end))
    if kind == "stuck":
        rows["state"][hit], rows["stuck_at"][hit] = STUCK, last[hit]
    elif kind == "missing":
        rows["state"][hit] = DEAD
    elif kind == "bias":
        rows["bias"][hit] += size
    else:
        rows["noise"][hit] = np.hypot(rows["noise"][hit], size)
    return replace(sensors, rows=rows, perfect=False)


def measured_at(sensors: SensorSet, seed: int, step: int, step_s: float, row: FloatArray) -> FloatArray:
    """What all sensors say of one telemetry row, shape (sensors,)."""
    measured = np.empty(sensors.rows.size)
    measure(sensors.rows, seed, step, step_s, row, measured)
    return measured


@njit(cache=True)
def _drawn(seed, step, count):  # type: ignore[no-untyped-def]
    """What is drawn once for each sensor, normal with deviation 1."""
    key = key_of(seed, step)
    drawn = np.empty(count)
    for sensor in range(count):
        drawn[sensor] = nearly_normal(key, _DRAWS * sensor)
    return drawn


@njit(cache=True)
def measure(sensors, seed, step, step_s, row, measured):  # type: ignore[no-untyped-def]
    """Fill ``measured``, shape (sensors,), with what a table of sensors says of the telemetry row of a step."""
    key = key_of(seed, step)
    for index in range(sensors.size):
        sensor = sensors[index]
        # The division of whole numbers costs as much as the noise; most sensors sample in every step.
        if sensor.state == DEAD or (sensor.every_steps > 1 and step % sensor.every_steps != 0):
            measured[index] = math.nan
        elif sensor.state == STUCK:
            measured[index] = sensor.stuck_at
        elif sensor.missing > 0.0 and uniform(key, _DRAWS * index + 1) < sensor.missing:
            measured[index] = math.nan
        else:
            value = row[sensor.channel] + sensor.bias
            value += sensor.drift_per_s * max((step + 1) * step_s - sensor.drift_from_s, 0.0)
            if sensor.noise > 0.0:
                value += sensor.noise * nearly_normal(key, _DRAWS * index)
            if sensor.resolution > 0.0:
                # Not `math.floor`: that is a whole number, which an unknown or infinite value has none of.
                value = sensor.resolution * np.floor(value / sensor.resolution + 0.5)
            measured[index] = value
