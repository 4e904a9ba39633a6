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


class Hull(NamedTuple):
    """Upper convex hull of a line's terrain, far to near: places in the plane of its great circle, metres, and columns.

    x runs along the line from the middle, y up from the sphere there.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    column: NDArray[np.int64]


class FarLines(NamedTuple):
    """How the lines of a coarser grid lie: `spacing` neighbouring lines of observers share one hull.

    origin: number of a line with which such a group begins, so that all tiles of a region have the same groups.
    doubt_m: how much higher than under the line the terrain may be under the ray; where even that would not be
    seen nothing is evaluated. lowest_m: the lowest observer, above the sphere.
    """

    spacing: int
    origin: int
    doubt_m: float
    lowest_m: float


class Desk(NamedTuple):
    """Observers of a line on their way to refinement; working memory of one thread.

    rows, columns: (block,) their pixels; ground_m: (block,) height of their ground; reached: (heights, block)
    columns of their candidates.
    """

    scratch: NDArray[np.float32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    ground_m: NDArray[np.float64]
    reached: NDArray[np.int64]


def new_desk(heights: int) -> Desk:
    """Return working memory for one thread and a number of observer heights."""
    return Desk(
        np.zeros(SCRATCH, dtype=np.float32),
        np.zeros(_BLOCK, dtype=np.int64),
        np.zeros(_BLOCK, dtype=np.int64),
        np.zeros(_BLOCK),
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
    scene: Scene,
    tile: Tile,
    heights_m: NDArray[np.float64],
    tangents: NDArray[np.float32],
) -> None:
    """Evaluate the candidates of the desk's first `count` observers on their own rays, for all heights."""
    s, rays = desk.scratch, scene.rays
    slope, bend = np.float32(rays.slope), np.float32(rays.bend)
    middle_row, middle_column = np.float32(rays.middle_row), np.float32(rays.middle_column)
    ground = scene.ground.ravel()
    for e in range(count):
        s[_ROW + e] = rays.ratio * desk.rows[e] + rays.row_0
        s[_COLUMN + e] = rays.ratio * desk.columns[e] + rays.column_0
    for k in range(heights_m.size):
        for e in range(count):
            reached = desk.reached[k, e]
            s[_REACHED + e] = reached
            s[_DISTANCE + e] = rays.sign * (reached - rays.ratio * desk.columns[e] - rays.column_0)
            s[_EYE + e] = desk.ground_m[e] + heights_m[k]
            s[_TANGENT + e] = tangents[k, desk.rows[e] - tile.row, desk.columns[e] - tile.column]
        _trace(s, count, slope, bend, scene.box)
        _load(s, count, ground, scene.ground.shape[1], rays.sign)
        _rank(s, count, np.float32(rays.sinking), slope > 0.0)
        sign, squares = np.float32(rays.sign), np.float32(rays.squares)
        _raise_tangents(s, count, sign, slope, bend, middle_row, middle_column, squares)
        for e in range(count):
            tangents[k, desk.rows[e] - tile.row, desk.columns[e] - tile.column] = s[_TANGENT + e]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _add_to_hull(hull, size, x, y, column):  # type: ignore[no-untyped-def]
    """Add a line's next nearer point, dropping those that it hides from the hull; return the new size."""
    while size >= 2:
        last, before = size - 1, size - 2
        if (hull.y[last] - y) * (hull.x[before] - x) > (hull.y[before] - y) * (hull.x[last] - x):
            break
        size -= 1
    hull.x[size], hull.y[size], hull.column[size] = x, y, column
    return size + 1


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _outward(hull, at, x, y):  # type: ignore[no-untyped-def]
    """Walk outward along the hull to the tangent point as seen from (x, y)."""
    while at > 0 and (hull.y[at - 1] - y) * (hull.x[at] - x) > (hull.y[at] - y) * (hull.x[at - 1] - x):
        at -= 1
    return at


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _inward(hull, size, at, x, y):  # type: ignore[no-untyped-def]
    """Walk inward along the hull while that raises the tangent as seen from (x, y)."""
    while at < size - 1 and (hull.y[at + 1] - y) * (hull.x[at] - x) > (hull.y[at] - y) * (hull.x[at + 1] - x):
        at += 1
    return at


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _rounded(line: Line, tile: Tile) -> tuple[NDArray[np.int64], int, int]:
    """By column, the row of the observers on line 0, relative to the line's number; first and last line with any."""
    rounded = np.empty(line.offset.size, np.int64)
    for c in range(rounded.size):
        rounded[c] = np.floor(line.offset[c] + 0.5)
    covered = rounded[tile.column : tile.column + tile.columns]
    return rounded, tile.row - covered.max(), tile.row + tile.rows - 1 - covered.min()


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


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _point(scene, column, row):  # type: ignore[no-untyped-def]
    """Place of the terrain at a column and fractional row in the plane of the line's great circle."""
    i = int(row)
    upper = scene.ground[i, column]
    radius = MOON_RADIUS_M + upper + (row - i) * (scene.ground[i + 1, column] - upper)
    return radius * scene.line.sine[column], radius * scene.line.cosine[column] - MOON_RADIUS_M


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _eye(line, column, ground_m):  # type: ignore[no-untyped-def]
    radius = MOON_RADIUS_M + ground_m
    return radius * line.sine[column], radius * line.cosine[column] - MOON_RADIUS_M


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def sweep_own_lines(
    fine: Scene, tile: Tile, heights_m: NDArray[np.float64], desk: Desk, tangents: NDArray[np.float32]
) -> None:
    """Raise tangents (heights, minor, major) of a tile by the terrain of the observers' own grid.

    Points enter the hull only when they are `REACH` columns away from the observer: nearer ones are exact
    already, and being up to half a pixel beside the ray they could hide the true horizon.
    """
    sign, box, line = fine.rays.sign, fine.box, fine.line
    rounded, first, last = _rounded(line, tile)
    size = line.offset.size
    hull = Hull(np.empty(size), np.empty(size), np.empty(size, np.int64))
    for k in range(first, last + 1):
        nearest, farthest = _observers_of(rounded, k, tile, sign)
        size = count = 0
        for q in range(int(box.right if sign > 0 else -box.left), nearest + REACH - 1, -1):
            c = sign * q
            row = k + line.offset[c]
            if box.top <= row <= box.bottom:
                x, y = _point(fine, c, row)
                size = _add_to_hull(hull, size, x, y, c)
            c = sign * (q - REACH)
            if q - REACH > farthest or size == 0 or not tile.row <= k + rounded[c] < tile.row + tile.rows:
                continue
            ground_m = fine.ground[k + rounded[c], c]
            at = size - 1
            for h in range(heights_m.size):
                x, y = _eye(line, c, ground_m + heights_m[h])
                at = _outward(hull, at, x, y)
                desk.reached[h, count] = hull.column[at]
            desk.rows[count], desk.columns[count], desk.ground_m[count] = k + rounded[c], c, ground_m
            count += 1
            if count == _BLOCK:
                _refine(desk, count, fine, tile, heights_m, tangents)
                count = 0
        _refine(desk, count, fine, tile, heights_m, tangents)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _far_hull(far: Scene, inner: Box, shift: float, hull: Hull) -> int:
    """Fill the hull of a line's terrain from the far end of a grid to the edge of the inner box; return its size."""
    sign, box, line = far.rays.sign, far.box, far.line
    size = 0
    for q in range(int(box.right if sign > 0 else -box.left), int(box.left if sign > 0 else -box.right), -1):
        c = sign * q
        row = line.offset[c] + shift
        if inner.left <= c <= inner.right and inner.top <= row <= inner.bottom:
            break
        if box.top <= row <= box.bottom:
            x, y = _point(far, c, row)
            size = _add_to_hull(hull, size, x, y, c)
    return size


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _may_rise(hull, at, x, y, sine, cosine, tangent, doubt_m):  # type: ignore[no-untyped-def]
    """Whether a hull point, if it lay `doubt_m` higher, would stand above a tangent as seen from (x, y)."""
    along, above = hull.x[at] - x, hull.y[at] - y
    return along * sine + above * cosine + doubt_m > tangent * (along * cosine - above * sine)


@njit(cache=True, nogil=True, error_model="numpy")
def _highest_tangent(hull, size, line, column, lines):  # type: ignore[no-untyped-def]
    """The highest tangent at which the lowest observer would see the hull from a column."""
    x, y = _eye(line, column, lines.lowest_m)
    at = _outward(hull, size - 1, x, y)
    sine, cosine = line.sine[column], line.cosine[column]
    along, above = hull.x[at] - x, hull.y[at] - y
    return (along * sine + above * cosine + lines.doubt_m) / (along * cosine - above * sine)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def sweep_far_lines(
    far: Scene,
    inner: Box,
    lines: FarLines,
    fine: Scene,
    tile: Tile,
    heights_m: NDArray[np.float64],
    desk: Desk,
    tangents: NDArray[np.float32],
) -> None:
    """Raise tangents of a tile by the terrain of a coarser grid outside the inner box."""
    rays, line = far.rays, fine.line
    rounded, start, last = _rounded(line, tile)
    width = far.line.offset.size
    hull = Hull(np.empty(width), np.empty(width), np.empty(width, np.int64))
    spacing = lines.spacing
    for first in range(start - (start - lines.origin) % spacing, last + 1, spacing):
        size = _far_hull(far, inner, rays.ratio * (first + 0.5 * (spacing - 1)), hull)
        if size == 0:
            continue
        at = size - 1
        for k in range(max(first, start), min(first + spacing, last + 1)):
            count = 0
            nearest, farthest = _observers_of(rounded, k, tile, rays.sign)
            if nearest > farthest:
                continue
            bound = max(
                _highest_tangent(hull, size, line, rays.sign * nearest, lines),
                _highest_tangent(hull, size, line, rays.sign * farthest, lines),
            )
            for q in range(farthest, nearest - 1, -1):
                c = rays.sign * q
                i, j = k + rounded[c] - tile.row, c - tile.column
                # The highest observer has the lowest horizon.
                if not 0 <= i < tile.rows or tangents[heights_m.size - 1, i, j] > bound:
                    continue
                ground_m = fine.ground[i + tile.row, c]
                seen = False
                x, y = _eye(line, c, ground_m + heights_m[0])
                at = _inward(hull, size, at, x, y)
                higher = at
                for h in range(heights_m.size):
                    x, y = _eye(line, c, ground_m + heights_m[h])
                    higher = _outward(hull, higher, x, y)
                    at = higher if h == 0 else at
                    desk.reached[h, count] = hull.column[higher]
                    seen |= _may_rise(
                        hull, higher, x, y, line.sine[c], line.cosine[c], tangents[h, i, j], lines.doubt_m
                    )
                if not seen:
                    continue
                desk.rows[count], desk.columns[count], desk.ground_m[count] = i + tile.row, c, ground_m
                count += 1
                if count == _BLOCK:
                    _refine(desk, count, far, tile, heights_m, tangents)
                    count = 0
            _refine(desk, count, far, tile, heights_m, tangents)
