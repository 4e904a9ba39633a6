"""The terrain just outside a model: the coarser model's, eased to the finer one's heights at its border.

Two models of the same ground differ by metres, and where one ends beside an observer a step of metres is a wall of
tens of degrees that isn't there. So the difference found at the nearest border pixel is carried outward and fades.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

_DIAGONAL = np.float32(math.sqrt(2.0))
_ONE, _FAR = np.float32(1.0), np.float32(1e9)


def border_of(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which known pixels have a neighbour, of eight, that isn't."""
    padded = np.pad(known, 1, mode="edge")
    rows, columns = known.shape
    inside = np.ones_like(known)
    for row in range(3):
        for column in range(3):
            inside &= padded[row : row + rows, column : column + columns]
    return known & ~inside


def ease(
    heights_m: NDArray[np.float32],
    known: NDArray[np.bool_],
    steps_m: NDArray[np.float32],
    width_pixels: float,
) -> None:
    """Add to unknown pixels the step at the border pixel nearest to them, less with distance, nothing at the width.

    heights_m: (rows, columns), changed; known: which of them are the finer model's; steps_m: its heights less the
    coarser model's at the border pixels, of any value elsewhere.
    """
    distance = np.where(known, np.float32(0.0), _FAR)
    nearest_m = steps_m.copy()
    _carry(distance, nearest_m)
    share = np.float32(1.0) - distance / np.float32(width_pixels)
    eased = ~known & (share > 0.0)
    heights_m[eased] += (share * nearest_m)[eased]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _carry(distance: NDArray[np.float32], nearest: NDArray[np.float32]) -> None:
    """Fill distances in pixels to the nearest pixel of distance 0, and that pixel's value, in two chamfer passes."""
    rows, columns = distance.shape
    for row in range(rows):
        for column in range(columns):
            _take(distance, nearest, row, column, -1)
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            _take(distance, nearest, row, column, 1)


@njit(cache=True, inline="always")  # type: ignore[untyped-decorator]
def _take(distance: NDArray[np.float32], nearest: NDArray[np.float32], row: int, column: int, ahead: int) -> None:
    """Take what the four neighbours that were visited before know, if it is nearer."""
    rows, columns = distance.shape
    for i, j in ((0, ahead), (ahead, 0), (ahead, -1), (ahead, 1)):
        there_row, there_column = row + i, column + j
        if 0 <= there_row < rows and 0 <= there_column < columns:
            through = distance[there_row, there_column] + (_DIAGONAL if i != 0 and j != 0 else _ONE)
            if through < distance[row, column]:
                distance[row, column] = through
                nearest[row, column] = nearest[there_row, there_column]
