"""Power that reservations keep for something else."""

from __future__ import annotations

import numpy as np

from lunabase.planning.horizon import FloatArray, Horizon
from lunabase.station.model import Station


def reserved_w(station: Station, horizon: Horizon) -> tuple[FloatArray, FloatArray]:
    """Mean and highest reserved power of each step, both (steps,)."""
    mean_w, highest_w = np.zeros(horizon.steps), np.zeros(horizon.steps)
    edges_s = np.arange(horizon.steps + 1) * horizon.step_s
    for item in station.reservations.values():
        start_s = (item.start - horizon.start).total_seconds()
        stop_s = (item.stop - horizon.start).total_seconds()
        covered_s = np.maximum(np.minimum(edges_s[1:], stop_s) - np.maximum(edges_s[:-1], start_s), 0.0)
        mean_w += item.power_w * covered_s / horizon.step_s
        highest_w += item.power_w * (covered_s > 0.0)
    return mean_w, highest_w
