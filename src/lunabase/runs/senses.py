"""What the software perceives of the twin: sensors measure the truth, votes and counts make estimates of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lunabase.compiled import within_step
from lunabase.onboard.estimate import Memory, Tables, estimate
from lunabase.onboard.guard import Limits, look
from lunabase.onboard.sensing import blank, estimator_of, memory_of
from lunabase.onboard.software import Software
from lunabase.runs.injection import SensorFault
from lunabase.station.model import Station
from lunabase.times import FloatArray
from lunabase.twin.sensors import DEAD, STUCK, SensorSet, measure, sensor_set


class Sense(NamedTuple):
    """Sensors and estimator as compiled code takes them; arrays change in place."""

    perfect: bool
    """What is measured is the truth."""
    sensors: NDArray[np.void]
    """Dtype `twin.sensors.SENSOR`."""
    seed: int
    step_s: float
    tables: Tables
    memory: Memory
    expected: FloatArray
    """What the units should draw and produce, as commanded; shape (3,)."""
    measured: FloatArray
    """Shape (sensors,)."""
    row: FloatArray
    """The latest estimates: channels of telemetry, then those that only the software has."""
    quality: NDArray[np.int8]
    valid: NDArray[np.bool_]
    limits: Limits
    """Flight rules that telemetry alone can break."""


@within_step
def perceive(sense, step, truth):  # type: ignore[no-untyped-def]
    """Measure and estimate one step of the flight, in place; true if a sensor or a flight rule has news."""
    if sense.perfect:
        changed = estimate(sense.tables, truth, sense.expected, sense.memory, sense.row, sense.quality)
    else:
        measure(sense.sensors, sense.seed, step, sense.step_s, truth, sense.measured)
        changed = estimate(sense.tables, sense.measured, sense.expected, sense.memory, sense.row, sense.quality)
    for channel in range(sense.valid.size):
        sense.valid[channel] = sense.quality[channel] > 0
    alarmed = look(sense.limits, sense.row, sense.valid)
    return changed or alarmed


class Senses:
    """The sensors of a station and what its software makes of them."""

    def __init__(
        self,
        station: Station,
        present: tuple[str, ...],
        software: Software,
        channels: Sequence[str],
        step_s: float,
        seed: int,
        limits: Limits,
    ) -> None:
        self.sensors: SensorSet = sensor_set(station.sensors, channels, seed, step_s)
        first = self.sensors.first_of_channel
        tables = estimator_of(station, present, channels, np.diff(first).tolist(), step_s, software.deltas)
        row, quality = blank(tables)
        self.sense = Sense(
            perfect=self.sensors.perfect,
            sensors=self.sensors.rows,
            seed=seed,
            step_s=step_s,
            tables=tables,
            memory=memory_of(tables, station, present, self.sensors.rows.size),
            expected=np.zeros(3),
            measured=np.full(self.sensors.rows.size, np.nan),
            row=row,
            quality=quality,
            valid=np.zeros(row.size, dtype=np.bool_),
            limits=limits,
        )
        self._channels = {name: place for place, name in enumerate(channels)}
        self._stuck_at: dict[tuple[int, float], float] = {}
        self.names = tuple(_names(channels, np.diff(first).tolist()))

    @property
    def are_perfect(self) -> bool:
        """Every reading is the truth."""
        return self.sense.perfect

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Sensors that are not believed, shape (sensors,)."""
        return np.asarray(self.sense.memory.sensors.failed, dtype=np.bool_)

    def expect(self, expected: FloatArray) -> None:
        """What the commands should lead to."""
        self.sense.expected[:] = expected

    def look(self, step: int, truth: FloatArray) -> None:
        """Perceive one row outside the loop."""
        perceive(self.sense, step, truth)

    def suffer(self, faults: Sequence[SensorFault], truth: FloatArray | None) -> None:
        """Sensors with these faults and no others; ``truth`` is the latest row, at which sensors get stuck."""
        if not faults:
            self.sense = self.sense._replace(perfect=self.sensors.perfect, sensors=self.sensors.rows)
            return
        rows = self.sensors.rows.copy()
        for fault in faults:
            for place in self._places(fault):
                self._spoil(rows, place, fault, truth)
        self.sense = self.sense._replace(perfect=False, sensors=rows)

    def _places(self, fault: SensorFault) -> range:
        channel = self._channels[fault.channel]
        first, stop = self.sensors.first_of_channel[channel : channel + 2].tolist()
        return range(first, stop) if fault.unit < 0 else range(first + fault.unit, min(first + fault.unit + 1, stop))

    def _spoil(self, rows: NDArray[np.void], place: int, fault: SensorFault, truth: FloatArray | None) -> None:
        row = rows[place]
        if fault.kind == "stuck":
            here = truth[row["channel"]] if truth is not None else math.nan
            last = float(self.sense.measured[place])
            self._stuck_at.setdefault((place, fault.since_s), last if last == last else float(here))
            row["state"], row["stuck_at"] = STUCK, self._stuck_at[place, fault.since_s]
        elif fault.kind == "missing":
            row["state"] = DEAD
        elif fault.kind == "bias":
            row["bias"] += fault.size
        else:
            row["noise"] = math.hypot(row["noise"], fault.size)


def _names(channels: Sequence[str], counts: Sequence[int]) -> list[str]:
    return [
        f"{name}/{unit + 1}" if count > 1 else name
        for name, count in zip(channels, counts, strict=True)
        for unit in range(count)
    ]
