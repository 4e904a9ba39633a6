"""Means over square cells of 1, 2, 4 ... pixels, and coarser ground around: what a map and its surroundings look like.

The cells of a level cover the pixels' area and may reach beyond that of the level before, where no finer ones are
known: near ground is then seen in pixels and ground far outside the map in coarser cells, as many at each distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.terrain.sphere import MOON_RADIUS_M

SingleArray = NDArray[np.float32]
IndexArray = NDArray[np.int32]

CELLS_PER_DISTANCE = 96.0
"""Ground is represented by cells of at most this part of its distance, where there are any."""


class Shape(NamedTuple):
    """Where the cells of all levels are, for the kernels.

    shapes, origins: (levels, 2) rows and columns, and the numbers of the first row and column: the cell (i, j) of
    level n covers the pixels from (i, j) * 2**n on, counted from the map's first; offsets: (levels,) where the cells of
    a level start.
    """

    shapes: IndexArray
    origins: IndexArray
    offsets: IndexArray


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Values of cells in one array, finest first."""

    shape: Shape
    rows: int
    columns: int

    @classmethod
    def over(cls, rows: int, columns: int, *, rings: int = 0, width: int = 0) -> Pyramid:
        """Return the pyramid of a map, with a margin of so many cells around it on each of the first levels."""
        first, last = np.zeros(2, np.int64), np.array([rows, columns])
        boxes: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        while len(boxes) < rings or 2 ** len(boxes) * CELLS_PER_DISTANCE <= max(rows, columns) or not boxes:
            if boxes:
                first, last = first // 2, -(-last // 2)
            if len(boxes) < rings:
                # Whole cells of the next level.
                first, last = (first - width) // 2 * 2, -(-(last + width) // 2) * 2
            boxes.append((first, last))
        sizes = [int(np.prod(end - start)) for start, end in boxes]
        shape = Shape(
            np.array([end - start for start, end in boxes], np.int32),
            np.array([start for start, _ in boxes], np.int32),
            np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32),
        )
        return cls(shape, rows, columns)

    @property
    def size(self) -> int:
        """Return the number of cells of all levels."""
        return int(np.prod(self.shape.shapes, axis=1).sum())

    @property
    def levels(self) -> int:
        """Return the number of levels."""
        return int(self.shape.offsets.size)

    def pixels(self) -> IndexArray:
        """Return the cells of the map's own pixels, row after row, (rows * columns,)."""
        row, column = np.divmod(np.arange(self.rows * self.columns), self.columns)
        return self.cells(np.zeros_like(row), row, column)

    def cells(self, level: NDArray[np.integer], row: NDArray[np.integer], column: NDArray[np.integer]) -> IndexArray:
        """Return the numbers of cells given by level, row and column, (n,) each."""
        shapes, origins, offsets = self.shape
        inside = (row - origins[level, 0]) * shapes[level, 1] + column - origins[level, 1]
        return np.asarray(offsets[level] + inside, dtype=np.int32)

    def margin(self) -> tuple[IndexArray, IndexArray, IndexArray]:
        """Return level, row and column of the cells beyond the map that finer ones don't cover, (n,) each.

        Cells that follow each other lie near each other.
        """
        found = []
        for level, (shape, origin) in enumerate(zip(*self.shape[:2], strict=True)):
            row, column = (first + place for first, place in zip(origin, np.indices(tuple(shape)), strict=True))
            first, last = self._finer(level)
            outside = (row < first[0]) | (row >= last[0]) | (column < first[1]) | (column >= last[1])
            row, column = row[outside], column[outside]
            order = np.lexsort((column, row, column // _PATCH[1], row // _PATCH[0]))
            found.append((np.full(order.size, level), row[order], column[order]))
        levels, rows, columns = (np.concatenate(pieces).astype(np.int32) for pieces in zip(*found, strict=True))
        return levels, rows, columns

    def _finer(self, level: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first and the end of the rows and columns of a level that finer cells, or the map's pixels, cover."""
        if level == 0:
            return np.zeros(2, np.int64), np.array([self.rows, self.columns])
        first = self.shape.origins[level - 1].astype(np.int64)
        return first // 2, -(-(first + self.shape.shapes[level - 1]) // 2)

    def fill(self, values: SingleArray) -> None:
        """Set the cells of (cells, k) values that finer ones cover to the means of these, leaving out NaN."""
        shapes, origins, offsets = self.shape
        for n in range(1, self.levels):
            _coarsen(values, shapes[n - 1], origins[n - 1], offsets[n - 1], shapes[n], origins[n], offsets[n])


_PATCH = (8, 16)


@njit(cache=True, nogil=True)
def level_at(shape, y, x, distance):  # type: ignore[no-untyped-def]
    """The level for a place (in pixels from the centre of the map's first) at a distance; -1 beyond all cells."""
    level, last = 0, shape.offsets.size - 1
    while level < last and (2 << level) * CELLS_PER_DISTANCE <= distance:
        level += 1
    while level <= last:
        part = 1.0 / (1 << level)
        row, column = (y + 0.5) * part - shape.origins[level, 0], (x + 0.5) * part - shape.origins[level, 1]
        if 0.0 <= row <= shape.shapes[level, 0] and 0.0 <= column <= shape.shapes[level, 1]:
            return level
        level += 1
    return -1


@njit(cache=True, nogil=True)
def cell_at(shape, y, x, level):  # type: ignore[no-untyped-def]
    """The cell of a level that a place lies in."""
    part = 1.0 / (1 << level)
    rows, columns = shape.shapes[level]
    row = min(int((y + 0.5) * part - shape.origins[level, 0]), rows - 1)
    column = min(int((x + 0.5) * part - shape.origins[level, 1]), columns - 1)
    return np.int32(shape.offsets[level] + row * columns + column)


@njit(cache=True, nogil=True)
def height_at(shape, heights, y, x, level):  # type: ignore[no-untyped-def]
    """Height at a place of a level, bilinear between cell centres."""
    part = 1.0 / (1 << level)
    rows, columns = shape.shapes[level]
    v = min(max((y + 0.5) * part - 0.5 - shape.origins[level, 0], 0.0), rows - 1.0)
    u = min(max((x + 0.5) * part - 0.5 - shape.origins[level, 1], 0.0), columns - 1.0)
    i, j = min(int(v), max(rows - 2, 0)), min(int(u), max(columns - 2, 0))
    k, m = min(i + 1, rows - 1), min(j + 1, columns - 1)
    start = shape.offsets[level]
    over = heights[start + i * columns + j] * (1.0 - u + j) + heights[start + i * columns + m] * (u - j)
    under = heights[start + k * columns + j] * (1.0 - u + j) + heights[start + k * columns + m] * (u - j)
    return over * (1.0 - v + i) + under * (v - i)


@njit(cache=True, nogil=True)
def tangent(height, out_m, eye):  # type: ignore[no-untyped-def]
    """Tangent of the elevation of ground, so far out on the sphere, from a place at the radius `eye`.

    Sine and cosine by their series, several times as fast as exactly: good to 1e-9 within 300 km.
    """
    radius, angle = MOON_RADIUS_M + height, out_m / MOON_RADIUS_M
    square = angle * angle
    cosine = 1.0 - square * (0.5 - square * (1.0 / 24.0 - square / 720.0))
    sine = angle * (1.0 - square * (1.0 / 6.0 - square / 120.0))
    return (radius * cosine - eye) / (radius * sine)


@njit(cache=True, nogil=True)
def _coarsen(values, fine, fine_origin, fine_start, coarse, coarse_origin, coarse_start):  # type: ignore[no-untyped-def]
    for i in range(fine_origin[0] // 2, (fine_origin[0] + fine[0] - 1) // 2 + 1):
        rows = range(max(2 * i - fine_origin[0], 0), min(2 * i + 2 - fine_origin[0], fine[0]))
        for j in range(fine_origin[1] // 2, (fine_origin[1] + fine[1] - 1) // 2 + 1):
            columns = range(max(2 * j - fine_origin[1], 0), min(2 * j + 2 - fine_origin[1], fine[1]))
            at = coarse_start + (i - coarse_origin[0]) * coarse[1] + j - coarse_origin[1]
            for quantity in range(values.shape[1]):
                total, known = np.float32(0.0), 0
                for row in rows:
                    for column in columns:
                        value = values[fine_start + row * fine[1] + column, quantity]
                        if not math.isnan(value):
                            total += value
                            known += 1
                values[at, quantity] = total / np.float32(known) if known else np.float32(np.nan)
