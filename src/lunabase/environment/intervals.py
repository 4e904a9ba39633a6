"""From a yes-or-no series on a time grid to the intervals in which it says yes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lunabase.errors import InputError
from lunabase.times import TimeGrid


def true_runs(mask: ArrayLike) -> NDArray[np.int64]:
    """Rows (first, past the last) of the indices of each unbroken run of True; shape (runs, 2)."""
    padded = np.concatenate([[False], np.asarray(mask, dtype=bool), [False]])
    return np.flatnonzero(padded[1:] != padded[:-1]).astype(np.int64).reshape(-1, 2)


def true_intervals(mask: ArrayLike, grid: TimeGrid) -> list[tuple[float, float]]:
    """Intervals (start, stop) in TDB seconds past J2000 in which the mask (shape (grid.count,)) is True, in order.

    What holds at an epoch is taken to hold until the next one: an interval starts at its first True epoch and
    stops at the first epoch that is False again, or at the end of the grid. So edges are late by at
    most one step, and intervals of several masks meet without gaps.
    Raises InputError when mask and grid differ in length.
    """
    values = np.asarray(mask, dtype=bool)
    if values.shape != (grid.count,):
        raise InputError(
            f"a mask of shape {values.shape} doesn't fit {grid.count} epochs.",
            where="true_intervals",
            fix="Give one value per epoch.",
        )
    edges = np.append(grid.tdb_s, grid.stop_tdb_s)
    return [(float(edges[first]), float(edges[past])) for first, past in true_runs(values)]
