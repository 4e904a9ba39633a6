"""The planning horizon: the environment's steps, and the grid of cells on which activities begin."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.planning.plan import Level
from lunabase.station.model import Station
from lunabase.station.science import Request

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_NICE_CELLS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_MOST_CELLS = 9000


@dataclass(frozen=True, slots=True)
class Horizon:
    """From the first epoch of the environment to one step after its last; times inside are seconds from its start.

    Holds begin on multiples of `cell_s` (but see `Window.offset_s`); lengths are exact to the second.
    """

    start: datetime
    step_s: float
    steps: int
    cell_s: int

    @property
    def length_s(self) -> int:
        """Whole seconds from start to stop."""
        return int(self.steps * self.step_s)

    @property
    def cells(self) -> int:
        """Number of whole cells."""
        return self.length_s // self.cell_s

    @property
    def stop(self) -> datetime:
        """End of the last step."""
        return self.moment(self.length_s)

    def moment(self, seconds: float) -> datetime:
        """UTC of a time in the horizon."""
        return self.start + timedelta(seconds=seconds)


def horizon_of(environment: xr.Dataset, station: Station, level: Level = "monthly") -> Horizon:
    """Horizon of an environment on regular epochs; the cell suits the station's requests, on board it is 10 s or less.

    Raises InputError when there are fewer than two epochs or they are not regular.
    """
    start, step_s, steps = _regular_steps(environment)
    requests = [request for _, _, request in station.requests()]
    length_s = int(steps * step_s)
    return Horizon(
        start, step_s, steps, _finest_s(length_s) if level == "on board" else _cell_s(length_s, step_s, requests)
    )


def _regular_steps(environment: xr.Dataset) -> tuple[datetime, float, int]:
    epochs = environment["time"].values.astype("datetime64[ns]").astype(np.int64)
    gaps = np.diff(epochs)
    if len(epochs) < 2 or np.any(np.abs(gaps - gaps[0]) > 1000) or gaps[0] < 1_000_000_000:
        raise InputError(
            "planning needs at least two epochs at regular steps of a second or more.",
            where="environment",
            fix="Compute the environment on a regular time grid.",
        )
    start = datetime.fromtimestamp(int(epochs[0]) // 1_000_000_000, tz=UTC)
    return start, float(gaps[0]) * 1e-9, len(epochs)


def _cell_s(length_s: int, step_s: float, requests: Iterable[Request]) -> int:
    """Largest cell that divides every given length, but not so fine that the horizon has too many cells."""
    lengths = [int(step_s)]
    for request in requests:
        lengths += [math.ceil(length) for length in _lengths_s(request)]
    return max(math.gcd(*lengths), min(_finest_s(length_s), max(int(length_s / 2), 1)))


def _finest_s(length_s: int) -> int:
    return next((cell for cell in _NICE_CELLS_S if length_s / cell <= _MOST_CELLS), _NICE_CELLS_S[-1])


def _lengths_s(request: Request) -> list[float]:
    lengths = [request.minimum_duration_s, request.maximum_duration_s, request.setup_s, request.teardown_s]
    if request.every is not None:
        lengths += [request.every.period_s, request.every.tolerance_s]
    for order in request.after:
        lengths += [order.minimum_gap_s, order.maximum_gap_s or 0.0]
    return lengths


def runs(mask: BoolArray) -> IntArray:
    """Maximal runs of true values: shape (n, 2), first index and one past the last."""
    edges = np.diff(np.concatenate(([0], mask.astype(np.int8), [0])))
    return np.stack((np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)), axis=1)


def cells_that_hold(holds: BoolArray, horizon: Horizon) -> BoolArray:
    """Cells (cells,) in which a series (steps,) holds at every epoch from the one before to the one after the cell."""
    starts_s = np.arange(horizon.cells, dtype=np.float64) * horizon.cell_s
    first = np.floor(starts_s / horizon.step_s).astype(np.int64)
    last = np.ceil((starts_s + horizon.cell_s) / horizon.step_s).astype(np.int64)
    failures = np.concatenate(([0], np.cumsum(~holds)))
    stop = np.minimum(last + 1, horizon.steps)
    return np.asarray(failures[stop] - failures[np.minimum(first, horizon.steps)] == 0)


def lowest_per_cell(values: FloatArray, horizon: Horizon) -> FloatArray:
    """Lowest value (cells,) of a series of step values (steps,) over the steps that each cell touches."""
    starts_s = np.arange(horizon.cells, dtype=np.float64) * horizon.cell_s
    first = np.floor(starts_s / horizon.step_s).astype(np.int64)
    stop = np.ceil((starts_s + horizon.cell_s) / horizon.step_s).astype(np.int64)
    width = int(np.max(stop - first))
    reach = np.minimum(first[:, None] + np.arange(width)[None, :], np.minimum(stop, horizon.steps)[:, None] - 1)
    return np.asarray(values[reach].min(axis=1))
