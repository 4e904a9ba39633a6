"""Slow functions of time evaluated on sparse nodes and interpolated to dense epochs.

Directions to the Sun, the Earth and its stations turn by less than 8 deg in half an hour; six-point Lagrange
interpolation of their vectors between half-hourly nodes is good to 1e-7 rad (0.006 mdeg), and a minute-by-minute
month then costs a thirtieth of the direct evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lunabase.sky import Kernels
from lunabase.times import FloatArray

_SPACING_S = 1800.0
_POINTS = 6


@dataclass(frozen=True, slots=True)
class Epochs:
    """Ascending times about `step_s` apart; `tdb_s` in seconds past J2000, shape (n,)."""

    tdb_s: FloatArray
    step_s: float

    def parts(self, length: int) -> list[Epochs]:
        """The same times in pieces of at most `length`."""
        starts = range(0, self.tdb_s.size, length)
        return [Epochs(self.tdb_s[first : first + length], self.step_s) for first in starts]


def sample(function: Callable[[FloatArray], FloatArray], epochs: Epochs, kernels: Kernels) -> FloatArray:
    """Values of a smooth function of TDB seconds at the epochs, shape (m, n) for a function (k,) -> (m, k).

    Evaluated directly where the epochs are no denser than the nodes. Nodes are whole multiples of 1800 s
    of TDB, so an epoch gets the same value whichever others are asked for with it; they keep
    within the span of the kernels.
    """
    if epochs.step_s >= _SPACING_S:
        return function(epochs.tdb_s)
    lowest, highest = np.ceil(kernels.span_tdb_s[0] / _SPACING_S), np.floor(kernels.span_tdb_s[1] / _SPACING_S)
    before, after = _POINTS // 2 - 1, _POINTS // 2
    first = np.clip(np.floor(epochs.tdb_s[0] / _SPACING_S) - before, lowest, highest - _POINTS + 1)
    last = np.clip(np.floor(epochs.tdb_s[-1] / _SPACING_S) + after, lowest + _POINTS - 1, highest)
    values = function(np.arange(first, last + 1.0) * _SPACING_S)
    position = epochs.tdb_s / _SPACING_S - first
    start = np.clip(np.floor(position).astype(np.intp) - before, 0, values.shape[1] - _POINTS)
    weights = _lagrange(position - start)
    return np.asarray(sum(values[:, start + k] * weights[k] for k in range(_POINTS)))


def _lagrange(position: FloatArray) -> FloatArray:
    """Weights of nodes 0, 1, ... at a position among them, shape (points, n)."""
    nodes = np.arange(_POINTS)
    distance = position - nodes[:, None]
    return np.stack(
        [np.prod(np.delete(distance, k, axis=0), axis=0) / np.prod(k - np.delete(nodes, k)) for k in range(_POINTS)]
    )
