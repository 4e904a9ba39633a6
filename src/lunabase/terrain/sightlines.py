"""Farther terrain along rays of one azimuth: lines of sight that sweep a whole grid.

Lines are copies of one great circle, a pixel apart, so that every observer is within half a pixel of a line. A
line's terrain is swept from far to near while its upper convex hull is kept in the plane of the great circle, so
curvature is exact; the tangent from an observer to the hull gives the terrain that makes the horizon. There the
surface is then evaluated on the observer's own ray, exactly as a single ray would. Whatever is evaluated lies on
the true ray, so the horizon can come out a little too low where the line's candidate was not the ray's best, but
never too high.

Grids are turned as in `rays`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.terrain.rays import BLOCK, Box, Desk, Line, Scene, Tile, refine
from lunabase.terrain.sphere import MOON_RADIUS_M
from lunabase.terrain.stencil import REACH


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
            if count == BLOCK:
                refine(desk, count, fine, tile, heights_m, tangents)
                count = 0
        refine(desk, count, fine, tile, heights_m, tangents)


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
                if count == BLOCK:
                    refine(desk, count, far, tile, heights_m, tangents)
                    count = 0
            refine(desk, count, far, tile, heights_m, tangents)
