"""Farther terrain along rays of one azimuth: lines of sight that sweep a whole grid.

Lines are copies of one great circle, a pixel apart, so that every observer is within half a pixel of a line. A
line's terrain is swept from far to near while its upper convex hull is kept in the plane of the great circle, so
curvature is exact; the tangent from an observer to the hull gives the terrain that makes the horizon. There the
surface is then evaluated on the observer's own ray, exactly as a single ray would. Whatever is evaluated lies on
the true ray, so the horizon can come out a little too low where the line's candidate was not the ray's best, but
never too high.

All grids here are turned so that rays run along the second axis (major) and move by less than a pixel per column
along the first (minor). `sign` tells whether rays run to higher or lower columns.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.terrain.sphere import MOON_RADIUS_M
from lunabase.terrain.stencil import REACH

_BLOCK = 512
# Slots of the scratch memory. One array with fixed distances lets the compiler prove that slots don't overlap.
_ROW, _COLUMN, _REACHED, _DISTANCE, _EYE, _TANGENT = (slot * _BLOCK for slot in range(6))
_LINE_0, _SHARE_0, _LINE_1, _SHARE_1, _LINE_2, _SHARE_2 = (slot * _BLOCK for slot in range(6, 12))
_UPPER_0, _LOWER_0, _UPPER_1, _LOWER_1, _UPPER_2, _LOWER_2 = (slot * _BLOCK for slot in range(12, 18))
_BEST_DISTANCE, _BEST_HEIGHT = (slot * _BLOCK for slot in range(18, 20))
SCRATCH = 20 * _BLOCK

_ONE, _TWO, _HALF = np.float32(1.0), np.float32(2.0), np.float32(0.5)
_RADIUS = np.float32(MOON_RADIUS_M)


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


class Desk(NamedTuple):
    """Working memory of one thread: observers of a line on their way to refinement.

    rows, columns: (block,) pixels of the observers; reached: (heights, block) columns of the candidates.
    """

    scratch: NDArray[np.float32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    reached: NDArray[np.int64]


def new_desk(heights: int) -> Desk:
    """Return working memory for one thread and a number of observer heights."""
    return Desk(
        np.zeros(SCRATCH, dtype=np.float32),
        np.zeros(_BLOCK, dtype=np.int64),
        np.zeros(_BLOCK, dtype=np.int64),
        np.zeros((heights, _BLOCK), dtype=np.int64),
    )


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

    A ray that has left the box although its line is still in it takes the terrain of the box's edge.
    """
    first_row, last_row = np.float32(box.top), np.float32(box.bottom)
    for e in range(count):
        distance = s[_DISTANCE + e]
        before, after = distance - _ONE, distance + _ONE
        row_0 = s[_ROW + e] + before * (slope + bend * before)
        row_1 = s[_ROW + e] + distance * (slope + bend * distance)
        row_2 = s[_ROW + e] + after * (slope + bend * after)
        row_0 = min(max(row_0, first_row), last_row)
        row_1 = min(max(row_1, first_row), last_row)
        row_2 = min(max(row_2, first_row), last_row)
        whole_0, whole_1, whole_2 = np.floor(row_0), np.floor(row_1), np.floor(row_2)
        s[_LINE_0 + e], s[_SHARE_0 + e] = whole_0, row_0 - whole_0
        s[_LINE_1 + e], s[_SHARE_1 + e] = whole_1, row_1 - whole_1
        s[_LINE_2 + e], s[_SHARE_2 + e] = whole_2, row_2 - whole_2


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _load(s: NDArray[np.float32], count: int, ground: NDArray[np.float32], stride: int, sign: int) -> None:
    """The heights above and below the rays at the three columns; ground is flat, row by row."""
    for e in range(count):
        column = np.int64(s[_REACHED + e])
        first = np.int64(s[_LINE_0 + e]) * stride + column - sign
        second = np.int64(s[_LINE_1 + e]) * stride + column
        third = np.int64(s[_LINE_2 + e]) * stride + column + sign
        s[_UPPER_0 + e], s[_LOWER_0 + e] = ground[first], ground[first + stride]
        s[_UPPER_1 + e], s[_LOWER_1 + e] = ground[second], ground[second + stride]
        s[_UPPER_2 + e], s[_LOWER_2 + e] = ground[third], ground[third + stride]


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


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _refine(
    desk: Desk,
    count: int,
    ground: NDArray[np.float32],
    box: Box,
    rays: Rays,
    fine: NDArray[np.float32],
    tile: Tile,
    heights_m: NDArray[np.float64],
    tangents: NDArray[np.float32],
) -> None:
    """Evaluate `count` observers' candidates on their own rays, for all heights.

    ground: the candidates' grid; fine: the observers' grid.
    """
    s = desk.scratch
    slope, bend = np.float32(rays.slope), np.float32(rays.bend)
    flat = ground.ravel()
    for k in range(heights_m.size):
        for e in range(count):
            row, column = desk.rows[e], desk.columns[e]
            place = rays.ratio * column + rays.column_0
            s[_ROW + e] = rays.ratio * row + rays.row_0
            s[_COLUMN + e] = place
            s[_REACHED + e] = desk.reached[k, e]
            s[_DISTANCE + e] = rays.sign * (desk.reached[k, e] - place)
            s[_EYE + e] = fine[row, column] + heights_m[k]
            s[_TANGENT + e] = tangents[k, row - tile.row, column - tile.column]
        _trace(s, count, slope, bend, box)
        _load(s, count, flat, ground.shape[1], rays.sign)
        _rank(s, count, np.float32(rays.sinking), slope > 0.0)
        _raise_tangents(
            s,
            count,
            np.float32(rays.sign),
            slope,
            bend,
            np.float32(rays.middle_row),
            np.float32(rays.middle_column),
            np.float32(rays.squares),
        )
        for e in range(count):
            tangents[k, desk.rows[e] - tile.row, desk.columns[e] - tile.column] = s[_TANGENT + e]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _hull_insert(hull_x, hull_y, size, x, y):  # type: ignore[no-untyped-def]
    """Drop points that the new nearest point hides from the hull; return the size without it."""
    while size >= 2 and (hull_y[size - 1] - y) * (hull_x[size - 2] - x) <= (hull_y[size - 2] - y) * (
        hull_x[size - 1] - x
    ):
        size -= 1
    return size


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _deeper(hull_x, hull_y, at, x, y):  # type: ignore[no-untyped-def]
    """Walk outward along the hull to the tangent point as seen from (x, y)."""
    while at > 0 and (hull_y[at - 1] - y) * (hull_x[at] - x) > (hull_y[at] - y) * (hull_x[at - 1] - x):
        at -= 1
    return at


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _nearer(hull_x, hull_y, size, at, x, y):  # type: ignore[no-untyped-def]
    """Walk inward along the hull while that raises the tangent as seen from (x, y)."""
    while at < size - 1 and (hull_y[at + 1] - y) * (hull_x[at] - x) > (hull_y[at] - y) * (hull_x[at + 1] - x):
        at += 1
    return at


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _observers_of(rounded: NDArray[np.int64], k: int, tile: Tile, sign: int) -> tuple[int, int]:
    """Nearest and farthest signed column of line k's observers; empty when nearest > farthest."""
    if sign > 0:
        nearest, farthest = tile.column, tile.column + tile.columns - 1
    else:
        nearest, farthest = -(tile.column + tile.columns - 1), -tile.column
    while nearest <= farthest and not tile.row <= k + rounded[sign * nearest] < tile.row + tile.rows:
        nearest += 1
    while farthest >= nearest and not tile.row <= k + rounded[sign * farthest] < tile.row + tile.rows:
        farthest -= 1
    return nearest, farthest


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def sweep_own_lines(
    fine: NDArray[np.float32],
    box: Box,
    tile: Tile,
    rays: Rays,
    line: Line,
    heights_m: NDArray[np.float64],
    desk: Desk,
    tangents: NDArray[np.float32],
) -> None:
    """Raise tangents (heights, rows, columns) of a tile by the terrain of the observers' own grid.

    Points enter the hull only when they are `REACH` columns away from the observer: nearer ones are exact
    already, and being up to half a pixel beside the ray they could hide the true horizon.
    """
    columns = fine.shape[1]
    whole, rounded = np.empty(columns, np.int64), np.empty(columns, np.int64)
    for c in range(columns):
        whole[c], rounded[c] = np.floor(line.offset[c]), np.floor(line.offset[c] + 0.5)
    covered = rounded[tile.column : tile.column + tile.columns]
    hull_x, hull_y, hull_column = np.empty(columns), np.empty(columns), np.empty(columns, np.int64)
    for k in range(tile.row - covered.max(), tile.row + tile.rows - covered.min()):
        nearest, farthest = _observers_of(rounded, k, tile, rays.sign)
        if nearest > farthest:
            continue
        size = count = 0
        for q in range(int(box.right if rays.sign > 0 else -box.left), nearest + REACH - 1, -1):
            c = rays.sign * q
            if box.top <= k + line.offset[c] <= box.bottom:
                i = k + whole[c]
                radius = MOON_RADIUS_M + fine[i, c] + (line.offset[c] - whole[c]) * (fine[i + 1, c] - fine[i, c])
                x, y = radius * line.sine[c], radius * line.cosine[c] - MOON_RADIUS_M
                size = _hull_insert(hull_x, hull_y, size, x, y)
                hull_x[size], hull_y[size], hull_column[size] = x, y, c
                size += 1
            c = rays.sign * (q - REACH)
            if q - REACH > farthest or size == 0 or not tile.row <= k + rounded[c] < tile.row + tile.rows:
                continue
            desk.rows[count], desk.columns[count] = k + rounded[c], c
            at = size - 1
            for h in range(heights_m.size):
                radius = MOON_RADIUS_M + fine[k + rounded[c], c] + heights_m[h]
                at = _deeper(hull_x, hull_y, at, radius * line.sine[c], radius * line.cosine[c] - MOON_RADIUS_M)
                desk.reached[h, count] = hull_column[at]
            count += 1
            if count == _BLOCK:
                _refine(desk, count, fine, box, rays, fine, tile, heights_m, tangents)
                count = 0
        _refine(desk, count, fine, box, rays, fine, tile, heights_m, tangents)


@njit(cache=True, nogil=True, error_model="numpy")
def _far_hull(ground, box, inner, rays, line, shift, hull_x, hull_y, hull_column):  # type: ignore[no-untyped-def]
    """Fill the hull of a line's terrain from the far end of a grid to the edge of the inner box; return its size."""
    size = 0
    for q in range(int(box.right if rays.sign > 0 else -box.left), int(box.left if rays.sign > 0 else -box.right), -1):
        c = rays.sign * q
        row = line.offset[c] + shift
        if inner.left <= c <= inner.right and inner.top <= row <= inner.bottom:
            break
        if row < box.top or row > box.bottom:
            continue
        i = int(row)
        radius = MOON_RADIUS_M + ground[i, c] + (row - i) * (ground[i + 1, c] - ground[i, c])
        x, y = radius * line.sine[c], radius * line.cosine[c] - MOON_RADIUS_M
        size = _hull_insert(hull_x, hull_y, size, x, y)
        hull_x[size], hull_y[size], hull_column[size] = x, y, c
        size += 1
    return size


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def sweep_far_lines(
    far: NDArray[np.float32],
    box: Box,
    inner: Box,
    rays: Rays,
    line: Line,
    spacing: int,
    fine: NDArray[np.float32],
    tile: Tile,
    own_line: Line,
    heights_m: NDArray[np.float64],
    desk: Desk,
    tangents: NDArray[np.float32],
) -> None:
    """Raise tangents of a tile by the terrain of a coarser grid outside the inner box.

    `spacing` neighbouring lines of observers share one hull. own_line: the same great circle on the fine grid.
    """
    rounded = np.empty(fine.shape[1], np.int64)
    for c in range(rounded.size):
        rounded[c] = np.floor(own_line.offset[c] + 0.5)
    covered = rounded[tile.column : tile.column + tile.columns]
    end = tile.row + tile.rows - covered.min()
    hull_x, hull_y, hull_column = np.empty(far.shape[1]), np.empty(far.shape[1]), np.empty(far.shape[1], np.int64)
    for first in range(tile.row - covered.max(), end, spacing):
        shift = rays.ratio * (first + 0.5 * (spacing - 1))
        size = _far_hull(far, box, inner, rays, line, shift, hull_x, hull_y, hull_column)
        if size == 0:
            continue
        at = size - 1
        for k in range(first, min(first + spacing, end)):
            count = 0
            nearest, farthest = _observers_of(rounded, k, tile, rays.sign)
            for q in range(farthest, nearest - 1, -1):
                c = rays.sign * q
                row = k + rounded[c]
                if not tile.row <= row < tile.row + tile.rows:
                    continue
                desk.rows[count], desk.columns[count] = row, c
                radius = MOON_RADIUS_M + fine[row, c] + heights_m[0]
                x, y = radius * own_line.sine[c], radius * own_line.cosine[c] - MOON_RADIUS_M
                at = _deeper(hull_x, hull_y, _nearer(hull_x, hull_y, size, at, x, y), x, y)
                desk.reached[0, count] = hull_column[at]
                higher = at
                for h in range(1, heights_m.size):
                    radius = MOON_RADIUS_M + fine[row, c] + heights_m[h]
                    x, y = radius * own_line.sine[c], radius * own_line.cosine[c] - MOON_RADIUS_M
                    higher = _deeper(hull_x, hull_y, higher, x, y)
                    desk.reached[h, count] = hull_column[higher]
                count += 1
                if count == _BLOCK:
                    _refine(desk, count, far, box, rays, fine, tile, heights_m, tangents)
                    count = 0
            _refine(desk, count, far, box, rays, fine, tile, heights_m, tangents)
