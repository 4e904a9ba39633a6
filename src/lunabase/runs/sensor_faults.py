"""Sensors under faults: a changed copy of the table of sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lunabase.runs.injection import SensorFault
from lunabase.times import FloatArray
from lunabase.twin.sensors import DEAD, STUCK, SensorSet


def spoiled(
    base: SensorSet,
    faults: Sequence[SensorFault],
    channels: Mapping[str, int],
    measured: FloatArray,
    before: SensorSet,
) -> SensorSet:
    """The sensors ``base`` with these faults; ``channels`` gives the place of each channel.

    A sensor that gets stuck repeats what it ``measured`` last, shape (sensors,); one that was stuck ``before`` goes on
    with its value. A fault of a sensor that the channel does not have is none.
    """
    if not faults:
        return base
    rows = base.rows.copy()
    for fault in faults:
        channel = channels[fault.channel]
        first, past = int(base.first_of_channel[channel]), int(base.first_of_channel[channel + 1])
        chosen = range(first, past) if fault.unit < 0 else range(first + fault.unit, min(first + fault.unit + 1, past))
        for sensor in chosen:
            row = rows[sensor]
            if fault.kind == "missing":
                row["state"] = DEAD
            elif fault.kind == "stuck":
                held = before.rows[sensor]["stuck_at"] if before.rows[sensor]["state"] == STUCK else measured[sensor]
                row["state"], row["stuck_at"] = STUCK, held if np.isfinite(held) else 0.0
            elif fault.kind == "bias":
                row["bias"] += fault.size
            else:
                row["noise"] = np.hypot(row["noise"], fault.size)
    return replace(base, rows=rows, perfect=False)
