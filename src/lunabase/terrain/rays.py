"""Candidates evaluated on the observers' own rays: exactly what a single ray would see there.

All grids here are turned so that rays run along the second axis (major) and move by less than a pixel per column
along the first (minor). `sign` tells whether rays run to higher or lower columns.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.terrain.sphere import MOON_RADIUS_M

BLOCK = 256
# Slots of the scratch memory. One array with fixed distances lets the compiler prove that slots don't overlap.
_ROW, _COLUMN, _REACHED, _DISTANCE, _EYE, _TANGENT = (slot * BLOCK for slot in range(6))
_LINE_0, _SHARE_0, _LINE_1, _SHARE_1, _LINE_2, _SHARE_2 = (slot * BLOCK for slot in range(6, 12))
_UPPER_0, _LOWER_0, _UPPER_1, _LOWER_1, _UPPER_2, _LOWER_2 = (slot * BLOCK for slot in range(12, 18))
_BEST_DISTANCE, _BEST_HEIGHT = (slot * BLOCK for slot in range(18, 20))
SCRATCH = 20 * BLOCK

_ONE, _TWO, _HALF = np.float32(1.0), np.float32(2.0), np.float32(0.5)
_RADIUS = np.float32(MOON_RADIUS_M)
_STRAY = np.float32(2.0)


class Rays(NamedTuple):
    """How the rays of one azimuth run over one grid, in the grid's pixels.

    sign, slope, bend: minor = slope * along + bend * along**2 after `along` columns.
    sinking: metres by which the sphere drops per squared column, for ranking neighbouring samples.
    middle_row, middle_column: the projection's centre; squares: (pixel / map scale)**2, for exact distances.
    ratio, row_0, column_0: a pixel (row, column) of the observers' grid lies at ratio * row + row_0 and
    ratio * column + column_0 of this one.
    """

    sign: int
    slope: float
    bend: float
    sinking: float
    middle_row: float
    middle_column: float
    squares: float
    ratio: float
    row_0: float
    column_0: float


class Line(NamedTuple):
    """The great circle through the observers' middle, by columns of a grid.

    offset: minor offset from the middle, pixels; sine, cosine: of the angle from the middle, positive ahead.
    """

    offset: NDArray[np.float64]
    sine: NDArray[np.float64]
    cosine: NDArray[np.float64]


class Tile(NamedTuple):
    """The observers' pixels in the finest grid."""

    row: int
    column: int
    rows: int
    columns: int


class Box(NamedTuple):
    """First and last row and column between which a grid has data."""

    top: float
    bottom: float
    left: float
    right: float


class Scene(NamedTuple):
    """A grid as the rays of one azimuth see it: heights (minor, major) in metres, where it has data, rays, line."""

    ground: NDArray[np.float32]
    box: Box
    rays: Rays
    line: Line


class Desk(NamedTuple):
    """Candidates on their way to refinement; working memory of one thread.

    target: (block,) place of their tangents among all.
    """

    scratch: NDArray[np.float32]
    target: NDArray[np.int64]


def new_desk() -> Desk:
    """Return working memory for one thread."""
    return Desk(np.zeros(SCRATCH, dtype=np.float32), np.zeros(BLOCK, dtype=np.int64))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def scale_near(
    ground: NDArray[np.float32], tile: Tile, rays: Rays, map_scale: float, tangents: NDArray[np.float32]
) -> None:
    """Turn tangents over map metres into tangents over metres at the observer's height."""
    squares, map_factor = np.float32(rays.squares), np.float32(map_scale)
    for k in range(tangents.shape[0]):
        for i in range(tile.rows):
            here = ground[tile.row + i, tile.column : tile.column + tile.columns]
            row = tangents[k, i]
            minor = np.float32(tile.row + i - rays.middle_row)
            first = np.float32(tile.column - rays.middle_column)
            for j in range(tile.columns):
                major = first + np.float32(j)
                off_centre = (minor * minor + major * major) * squares
                row[j] *= (_ONE + off_centre) * map_factor * _RADIUS / (_RADIUS + here[j])


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _trace(s: NDArray[np.float32], count: int, slope: np.float32, bend: np.float32, box: Box) -> None:
    """Rows, whole and fraction, of the rays at the candidate's column and its two neighbours.

    Where the line's candidate is in the box but the ray, beside it, has just left it, the edge's terrain counts.
    """
    top, bottom = np.float32(box.top), np.float32(box.bottom)
    first_row, last_row = top - _STRAY, bottom + _STRAY
    for e in range(count):
        distance = s[_DISTANCE + e]
        before, after = distance - _ONE, distance + _ONE
        row_0 = s[_ROW + e] + before * (slope + bend * before)
        row_1 = s[_ROW + e] + distance * (slope + bend * distance)
        row_2 = s[_ROW + e] + after * (slope + bend * after)
        row_0 = min(max(row_0, first_row), last_row)
        row_1 = min(max(row_1, top), bottom)
        row_2 = min(max(row_2, first_row), last_row)
        whole_0, whole_1, whole_2 = np.floor(row_0), np.floor(row_1), np.floor(row_2)
        s[_LINE_0 + e], s[_SHARE_0 + e] = whole_0, row_0 - whole_0
        s[_LINE_1 + e], s[_SHARE_1 + e] = whole_1, row_1 - whole_1
        s[_LINE_2 + e], s[_SHARE_2 + e] = whole_2, row_2 - whole_2


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _load(s: NDArray[np.float32], count: int, ground: NDArray[np.float32], stride: int, sign: int) -> None:
    """The heights above and below the rays at the three columns; ground is flat, row by row."""
    below = np.uint64(stride)
    for e in range(count):
        column = np.int64(s[_REACHED + e])
        first = np.uint64(np.int64(s[_LINE_0 + e]) * stride + column - sign)
        second = np.uint64(np.int64(s[_LINE_1 + e]) * stride + column)
        third = np.uint64(np.int64(s[_LINE_2 + e]) * stride + column + sign)
        s[_UPPER_0 + e], s[_LOWER_0 + e] = ground[first], ground[first + below]
        s[_UPPER_1 + e], s[_LOWER_1 + e] = ground[second], ground[second + below]
        s[_UPPER_2 + e], s[_LOWER_2 + e] = ground[third], ground[third + below]


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _between(upper_0, lower_0, line_0, share_0, upper_1, lower_1, line_1, share_1, southward):  # type: ignore[no-untyped-def]
    """Part of the way from one column to the next, and height: where the ray crosses a row, or half way."""
    crosses = line_0 != line_1
    way = line_1 + share_1 - line_0 - share_0
    part = (max(line_0, line_1) - line_0 - share_0) / way if crosses else _HALF
    share = _HALF * (share_0 + share_1)
    from_kink = lower_0 if southward else upper_0
    to_kink = upper_1 if southward else lower_1
    start = from_kink if crosses else upper_0 + (lower_0 - upper_0) * share
    end = to_kink if crosses else upper_1 + (lower_1 - upper_1) * share
    return part, start + (end - start) * part


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _rank(s: NDArray[np.float32], count: int, sinking: np.float32, southward: bool) -> None:
    """Find the highest of five points of each ray: three columns and what lies between them."""
    for e in range(count):
        eye = s[_EYE + e]
        u0, l0, u1, l1 = s[_UPPER_0 + e], s[_LOWER_0 + e], s[_UPPER_1 + e], s[_LOWER_1 + e]
        u2, l2 = s[_UPPER_2 + e], s[_LOWER_2 + e]
        i0, f0, i1, f1 = s[_LINE_0 + e], s[_SHARE_0 + e], s[_LINE_1 + e], s[_SHARE_1 + e]
        i2, f2 = s[_LINE_2 + e], s[_SHARE_2 + e]
        d1 = s[_DISTANCE + e]
        d0, d2 = d1 - _ONE, d1 + _ONE
        distance, height = d1, u1 + (l1 - u1) * f1
        best = (height - eye) / d1 - sinking * d1
        z = u0 + (l0 - u0) * f0
        score = (z - eye) / d0 - sinking * d0
        wins = score > best
        best, distance, height = score if wins else best, d0 if wins else distance, z if wins else height
        z = u2 + (l2 - u2) * f2
        score = (z - eye) / d2 - sinking * d2
        wins = score > best
        best, distance, height = score if wins else best, d2 if wins else distance, z if wins else height
        part, z = _between(u0, l0, i0, f0, u1, l1, i1, f1, southward)
        d = d0 + part
        score = (z - eye) / d - sinking * d
        wins = score > best
        best, distance, height = score if wins else best, d if wins else distance, z if wins else height
        part, z = _between(u1, l1, i1, f1, u2, l2, i2, f2, southward)
        d = d1 + part
        score = (z - eye) / d - sinking * d
        wins = score > best
        s[_BEST_DISTANCE + e] = d if wins else distance
        s[_BEST_HEIGHT + e] = z if wins else height


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _raise_tangents(s, count, sign, slope, bend, middle_row, middle_column, squares):  # type: ignore[no-untyped-def]
    """Let the point found raise the tangent, in three dimensions.

    Distances on a stereographic map are exact: sin(angle / 2)**2 = (d / scale)**2 / ((1 + a) (1 + b)) with
    a, b the squared distances of both ends from the map's centre, in the same scale (Snyder 1987, section 21).
    """
    for e in range(count):
        along, height = s[_BEST_DISTANCE + e], s[_BEST_HEIGHT + e]
        across = along * (slope + bend * along)
        minor, major = s[_ROW + e] - middle_row, s[_COLUMN + e] - middle_column
        near = (minor * minor + major * major) * squares
        minor += across
        major += sign * along
        far = (minor * minor + major * major) * squares
        half_square = (along * along + across * across) * squares / ((_ONE + near) * (_ONE + far))
        radius = _RADIUS + height
        chord = _TWO * radius * np.sqrt(half_square * (_ONE - half_square))
        tangent = (height - s[_EYE + e] - _TWO * half_square * radius) / chord
        s[_TANGENT + e] = max(s[_TANGENT + e], tangent)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def put(s, e, row, column, reached, eye_m, sign):  # type: ignore[no-untyped-def]
    """Note a candidate: the observer's row and column in the candidate's grid, its column, the eye's height."""
    s[_ROW + e], s[_COLUMN + e], s[_REACHED + e], s[_EYE + e] = row, column, reached, eye_m
    s[_DISTANCE + e] = sign * (reached - column)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def refine(desk: Desk, count: int, scene: Scene, tangents: NDArray[np.float32]) -> None:
    """Evaluate the desk's first `count` candidates on their observers' own rays; tangents are flat."""
    s, rays, target = desk.scratch, scene.rays, desk.target
    slope, bend = np.float32(rays.slope), np.float32(rays.bend)
    middle_row, middle_column = np.float32(rays.middle_row), np.float32(rays.middle_column)
    for e in range(count):
        s[_TANGENT + e] = tangents[np.uint64(target[e])]
    _trace(s, count, slope, bend, scene.box)
    _load(s, count, scene.ground.ravel(), scene.ground.shape[1], rays.sign)
    _rank(s, count, np.float32(rays.sinking), slope > 0.0)
    sign, squares = np.float32(rays.sign), np.float32(rays.squares)
    _raise_tangents(s, count, sign, slope, bend, middle_row, middle_column, squares)
    for e in range(count):
        tangents[np.uint64(target[e])] = s[_TANGENT + e]
