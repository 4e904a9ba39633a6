"""The nearest terrain along rays of one azimuth: a stencil of weights that serves every pixel.

A ray in a given direction crosses rows and columns of pixel centres at the same offsets from each observer who
stands on a pixel centre. So the first crossings are a fixed table of offsets, weights and distances, and the
horizon of the nearest terrain is a maximum over the table, for whole rows of pixels at a time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

REACH = 16
"""Columns along a ray's major axis that the stencil covers; lines of sight take over from there."""

_DENSE_PIXELS = 8.0
_LONGEST_STEP = 0.5
_SAME = 1e-9


class Stencil(NamedTuple):
    """Samples of the nearest terrain: surface height is the sum of weights times heights at the offsets.

    offsets: (n, 4, 2) minor and major pixel offsets; weights: (n, 4), of which the last two may be 0 together.
    nearness: (n,) 1 / distance in 1 / m; sinking: (n,) tangent by which curvature lowers the sample.
    """

    offsets: NDArray[np.int64]
    weights: NDArray[np.float32]
    nearness: NDArray[np.float32]
    sinking: NDArray[np.float32]


def stencil_of(slope: float, sign: int, pixel_m: float, radius_m: float) -> Stencil:
    """Return the stencil of a direction: minor pixels per major pixel (-1 to 1), and the major axis's sign.

    pixel_m: map metres; radius_m: the sphere's radius in map metres, for the curvature.
    Samples lie where rays cross rows and columns of pixel centres, at which a bilinear surface has its kinks,
    and, near by, also at most half a pixel apart.
    """
    stretch = math.hypot(1.0, slope)
    distances = [float(column) for column in range(1, REACH + 1)]
    if abs(slope) > _SAME:
        distances += [row / abs(slope) for row in range(1, math.ceil(REACH * abs(slope)))]
    distances += [_LONGEST_STEP * step / stretch for step in range(1, round(_DENSE_PIXELS / _LONGEST_STEP))]
    majors = np.sort(distances)
    majors = majors[np.concatenate([[True], np.diff(majors) > _SAME])]
    corners = [_corners(slope * major, float(major), sign) for major in majors]
    metres = majors * stretch * pixel_m
    return Stencil(
        np.array([[place for place, _ in four] for four in corners], dtype=np.int64),
        np.array([[weight for _, weight in four] for four in corners], dtype=np.float32),
        (1.0 / metres).astype(np.float32),
        (metres / (2.0 * radius_m)).astype(np.float32),
    )


def _corners(minor: float, major: float, sign: int) -> list[tuple[tuple[int, int], float]]:
    """The four pixels around a sample with their bilinear weights, the heaviest first; weightless ones repeat it."""
    row, south = _split(minor)
    column, along = _split(major)
    four = [
        ((row + i, sign * (column + j)), abs(1.0 - i - south) * abs(1.0 - j - along)) for i in (0, 1) for j in (0, 1)
    ]
    four.sort(key=lambda corner: -corner[1])
    return [(place if weight > 0.0 else four[0][0], weight) for place, weight in four]


def _split(position: float) -> tuple[int, float]:
    nearest = round(position)
    if abs(position - nearest) < _SAME:
        return nearest, 0.0
    return math.floor(position), position - math.floor(position)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def near_tangents(
    ground: NDArray[np.float32],
    tile: tuple[int, int],
    stencil: Stencil,
    heights_m: NDArray[np.float32],
    tangents: NDArray[np.float32],
) -> None:
    """Fill tangents (heights, minor, major) of the near horizon's elevation, distances being map metres.

    ground: heights in metres, minor by major axis; tile: where in it the observers begin.
    """
    tangents[:] = np.float32(-1e9)
    for row in range(tangents.shape[1]):
        for sample in range(stencil.nearness.size):
            for k in range(heights_m.size):
                _raise_row(ground, tile[0] + row, tile[1], stencil, sample, heights_m[k], tangents[k, row])


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _shifted(ground, row, column, offset, width):  # type: ignore[no-untyped-def]
    return ground[row + offset[0], column + offset[1] : column + offset[1] + width]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _raise_row(ground, row, column, stencil, sample, height_m, tangents):  # type: ignore[no-untyped-def]
    """Let one sample of the stencil raise the tangents (major,) of a row of observers."""
    width = tangents.size
    here = ground[row, column : column + width]
    offsets, weights = stencil.offsets[sample], stencil.weights[sample]
    a, b = _shifted(ground, row, column, offsets[0], width), _shifted(ground, row, column, offsets[1], width)
    wa, wb, wc, wd = weights[0], weights[1], weights[2], weights[3]
    nearness = stencil.nearness[sample]
    lowering = height_m * nearness + stencil.sinking[sample]
    if wc == 0.0:
        for i in range(width):
            tangent = (wa * a[i] + wb * b[i] - here[i]) * nearness - lowering
            tangents[i] = tangent if tangent > tangents[i] else tangents[i]
        return
    c, d = _shifted(ground, row, column, offsets[2], width), _shifted(ground, row, column, offsets[3], width)
    for i in range(width):
        height = wa * a[i] + wb * b[i] + wc * c[i] + wd * d[i]
        tangent = (height - here[i]) * nearness - lowering
        tangents[i] = tangent if tangent > tangents[i] else tangents[i]
