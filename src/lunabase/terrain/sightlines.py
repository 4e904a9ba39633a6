"""Terrain beyond the stencil along rays of one azimuth: lines of sight that sweep all grids from far to near.

Lines are copies of one great circle, a pixel apart, so that every observer is within half a pixel of a line. A
line's terrain is swept from far to near while its upper convex hull is kept in the plane of the great circle, so
curvature is exact; the tangent from an observer to the hull gives the terrain that makes the horizon. There the
surface is then evaluated on the observer's own ray, exactly as a single ray would. Whatever is evaluated lies on
the true ray, so the horizon can come out a little too low where the line's candidate was not the ray's best, but
never too high.

The hull of a line over a finer grid begins with that over the coarser ones, which neighbouring lines share.

Grids are turned as in `rays`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.terrain.hull import PLACES_PER_LEVEL, Hull, add_point, new_hull, take_beyond, tangent_point
from lunabase.terrain.profile import (
    LONGEST_CHORD,
    LOWEST_M,
    columns_within,
    new_profile,
    read_terrain,
    thin_out,
    track_of,
)
from lunabase.terrain.rays import BLOCK, Box, Desk, Scene, Tile, put, refine
from lunabase.terrain.sphere import MOON_RADIUS_M
from lunabase.terrain.stencil import REACH

_NOTHING_M = -1e30
_OUTSIDE_PIXELS = 0.01
"""How far outside a grid's data a line may be; a line along its border bends by as much."""


class Hulls(NamedTuple):
    """Hulls over coarser grids, far to near, each shared by `spacing` neighbouring lines of observers.

    start: (n + 1,) where each begins among the entries; first: the number of the first line of hull 0.
    """

    entries: Hull
    start: NDArray[np.int64]
    first: int
    spacing: int


class Finds(NamedTuple):
    """What observers see of coarser grids.

    place: of the hull's point; target: of their tangent among all; row, column: their pixel; eye_m: their height.
    """

    place: NDArray[np.int64]
    target: NDArray[np.int64]
    row: NDArray[np.float32]
    column: NDArray[np.float32]
    eye_m: NDArray[np.float32]


class Seen(NamedTuple):
    """What a line's observers see of its hull, by columns ahead.

    along_m, above_m: the way to the hull's point in the line's plane; place: of the point; target: of the observer's
    tangent among all; chosen: 1 where the point is worth refining.
    """

    along_m: NDArray[np.float32]
    above_m: NDArray[np.float32]
    place: NDArray[np.int64]
    target: NDArray[np.int64]
    chosen: NDArray[np.int32]


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _new_seen(columns: int) -> Seen:
    """Return room for what a line's observers see."""
    return Seen(
        np.empty(columns, np.float32),
        np.empty(columns, np.float32),
        np.empty(columns, np.int64),
        np.empty(columns, np.int64),
        np.empty(columns, np.int32),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _sweep_line(hull, size, track, profile, count, eye_m, nearest, farthest, seen):  # type: ignore[no-untyped-def]
    """Add a line's points to the hull from far to near and let its observers see them when they are far enough.

    Neighbours mostly see the same point, so each observer's search begins where the last one's ended.
    """
    kept, height_m, ground_m, column = profile.kept, profile.height_m, profile.ground_m, track.column
    sine, cosine, drop_m = track.sine, track.cosine, track.drop_m
    hull_x, hull_y, hull_place, base, rise = hull.x, hull.y, hull.place, hull.base, hull.rise
    along_m, above_m, place = seen.along_m, seen.above_m, seen.place
    at, o = size - 1, farthest
    if size == 1:
        o = _see_nothing(seen, max(kept[count - 1] - REACH + 1, nearest) if count > 0 else nearest, farthest)
    for s in range(count - 1, -2, -1):
        p = kept[s] if s >= 0 else 0
        while o >= max(p - REACH + 1, nearest):
            eye_radius = MOON_RADIUS_M + ground_m[o] + eye_m
            x, y = eye_radius * sine[o], (ground_m[o] + eye_m) * cosine[o] + drop_m[o]
            at = tangent_point(base, rise, min(at, size - 1), x, y)
            along_m[o], above_m[o], place[o] = hull_x[at] - x, hull_y[at] - y, hull_place[at]
            o -= 1
        if o < nearest:
            break
        radius = MOON_RADIUS_M + height_m[p]
        x, y = radius * sine[p], height_m[p] * cosine[p] + drop_m[p]
        size = add_point(hull_x, hull_y, rise, base, hull_place, size, x, y, column[p])


@njit(cache=True, nogil=True, error_model="numpy")
def _see_nothing(seen, nearest, farthest):  # type: ignore[no-untyped-def]
    """Let observers, nearest to farthest, see nothing; return the next nearer one."""
    seen.along_m[nearest : farthest + 1], seen.above_m[nearest : farthest + 1] = 1.0, _NOTHING_M
    seen.place[nearest : farthest + 1] = 0
    return min(farthest, nearest - 1)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _choose(seen, h, track, k, tile, tangents, doubts_m, nearest, farthest):  # type: ignore[no-untyped-def]
    """Mark the observers whose point seen might stand above their tangent, would it lie higher by the doubt."""
    along_m, above_m = seen.along_m[nearest : farthest + 1], seen.above_m[nearest : farthest + 1]
    sine, cosine = track.sine[nearest : farthest + 1], track.cosine[nearest : farthest + 1]
    target, chosen = seen.target[nearest : farthest + 1], seen.chosen[nearest : farthest + 1]
    rows, columns = track.nearest[nearest : farthest + 1], track.column[nearest : farthest + 1]
    place = seen.place[nearest : farthest + 1]
    start = h * tile.rows * tile.columns - tile.column
    for e in range(chosen.size):
        i = rows[e] + (k - tile.row)
        inside = (i >= 0) & (i < tile.rows)
        target[e] = start + min(max(i, 0), tile.rows - 1) * tile.columns + columns[e]
        rise = along_m[e] * sine[e] + above_m[e] * cosine[e] + doubts_m[np.uint64(place[e]) >> np.uint64(32)]
        level = along_m[e] * cosine[e] - above_m[e] * sine[e]
        chosen[e] = inside & (rise > tangents[np.uint64(target[e])] * level)


@njit(cache=True, nogil=True, error_model="numpy")
def _settle(fine, ground_m, eye_m, seen, track, k, nearest, farthest, desk, finds, found, tangents):  # type: ignore[no-untyped-def]
    """Refine what chosen observers see of their own grid, list what they see of others; return the list's length."""
    for begin in range(nearest, farthest + 1, BLOCK):
        own = 0
        for o in range(begin, min(begin + BLOCK, farthest + 1)):
            place, row = seen.place[o], k + track.nearest[o]
            desk.target[own] = seen.target[o]
            eye = ground_m[o] + np.float32(eye_m)
            put(desk.scratch, own, np.float32(row), np.float32(track.column[o]), np.float32(place), eye, fine.rays.sign)
            own += seen.chosen[o] & (place < PLACES_PER_LEVEL)
            if place >= PLACES_PER_LEVEL and seen.chosen[o] != 0:
                finds.place[found], finds.target[found] = place, seen.target[o]
                finds.row[found], finds.column[found], finds.eye_m[found] = row, track.column[o], eye
                found += 1
        refine(desk, own, fine, tangents)
    return found


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def sweep_own_lines(
    fine: Scene,
    tile: Tile,
    first_line: int,
    lines: int,
    heights_m: NDArray[np.float64],
    hulls: Hulls,
    doubts_m: NDArray[np.float32],
    desk: Desk,
    finds: Finds,
    tangents: NDArray[np.float32],
) -> int:
    """Raise tangents (heights x minor x major) of a tile by the terrain of the observers' own grid.

    Points enter the hull only when they are `REACH` columns away from the observer: nearer ones are exact
    already, and being up to half a pixel beside the ray they could hide the true horizon. What is seen of coarser
    grids is listed; returned is how much of it.
    """
    size, box, ahead = fine.line.offset.size, fine.box, fine.rays.sign > 0
    track, profile, seen = track_of(fine, 0.0), new_profile(size), _new_seen(size)
    hull = new_hull(size + hulls.entries.x.size)
    begin = tile.column if ahead else size - tile.column - tile.columns
    left, right = (box.left, box.right) if ahead else (size - 1 - box.right, size - 1 - box.left)
    found = 0
    for k in range(first_line, first_line + lines):
        top = tile.row - k - 0.5
        nearest, farthest = columns_within(track.offset, top, top + tile.rows, begin, begin + tile.columns - 1)
        if nearest > farthest:
            continue
        top, bottom = box.top - k - _OUTSIDE_PIXELS, box.bottom - k + _OUTSIDE_PIXELS
        first, last = columns_within(track.offset, top, bottom, int(left), int(right))
        read_terrain(fine, track, k, min(first, nearest), max(last, farthest), profile)
        count = thin_out(profile, max(first, nearest + REACH - LONGEST_CHORD), last, fine.rays.sinking)
        n = (k - hulls.first) // hulls.spacing
        outermost = last if first <= last else farthest
        x = (MOON_RADIUS_M + profile.height_m[outermost]) * track.sine[outermost]
        for h in range(heights_m.size):
            depth = take_beyond(hull, hulls.entries, hulls.start[n], hulls.start[n + 1], x)
            _sweep_line(hull, depth, track, profile, count, heights_m[h], nearest, farthest, seen)
            _choose(seen, h, track, k, tile, tangents, doubts_m, nearest, farthest)
            found = _settle(
                fine, profile.ground_m, heights_m[h], seen, track, k, nearest, farthest, desk, finds, found, tangents
            )
    return found


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def raise_by_finds(
    scene: Scene, level: int, finds: Finds, count: int, desk: Desk, tangents: NDArray[np.float32]
) -> None:
    """Raise tangents by what observers see of one coarser grid."""
    rays, some = scene.rays, 0
    for n in range(count):
        if finds.place[n] >> 32 == level:
            desk.target[some] = finds.target[n]
            row, column = rays.ratio * finds.row[n] + rays.row_0, rays.ratio * finds.column[n] + rays.column_0
            place = finds.place[n] - level * PLACES_PER_LEVEL
            put(desk.scratch, some, np.float32(row), np.float32(column), np.float32(place), finds.eye_m[n], rays.sign)
            some += 1
        if some == BLOCK:
            refine(desk, some, scene, tangents)
            some = 0
    refine(desk, some, scene, tangents)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def far_hulls(far: Scene, level: int, inner: Box, first: int, groups: int, spacing: int, farther: Hulls) -> Hulls:
    """Return hulls over a coarser grid and all beyond it, down to the edge of the inner box."""
    size = far.line.offset.size
    hull = new_hull(size + farther.entries.x.size)
    start = np.zeros(groups + 1, np.int64)
    entries = new_hull(0)
    track = track_of(far, 0.0)
    ground = far.ground.ravel()
    for group in range(groups):
        middle = first + spacing * group + 0.5 * (spacing - 1)
        shift = far.rays.ratio * middle
        n = int(middle - farther.first) // farther.spacing
        depth = _far_hull(far, ground, level, inner, shift, hull, farther, n, track)
        start[group + 1] = start[group] + depth - 1
        if entries.x.size < start[group + 1] + 2:
            entries = _with_room(entries, start[group], 2 * start[group + 1] + 64)
        for e in range(1, depth):
            m = start[group] + e - 1
            entries.x[m], entries.y[m], entries.place[m] = hull.x[e], hull.y[e], hull.place[e]
            entries.rise[m], entries.base[m] = hull.rise[e], hull.base[e]
    return Hulls(entries, start, first, spacing)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _with_room(hull: Hull, used: int, points: int) -> Hull:
    larger: Hull = new_hull(points)
    larger.x[:used], larger.y[:used], larger.place[:used] = hull.x[:used], hull.y[:used], hull.place[:used]
    larger.rise[:used], larger.base[:used] = hull.rise[:used], hull.base[:used]
    return larger


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def no_hulls() -> Hulls:
    """Return the hulls beyond the coarsest grid: one of no points for all lines."""
    return Hulls(new_hull(0), np.zeros(2, np.int64), -(1 << 40), 1 << 41)


@njit(cache=True, nogil=True, error_model="numpy")
def _far_hull(far, ground, level, inner, shift, hull, farther, n, track):  # type: ignore[no-untyped-def]
    """Fill the hull of one line from all beyond a grid to the edge of the inner box; return its size."""
    stride, box, depth = far.ground.shape[1], far.box, 0
    for p in range(track.column.size - 1, -1, -1):
        c = track.column[p]
        row = far.line.offset[c] + shift
        if inner.left <= c <= inner.right and inner.top <= row <= inner.bottom:
            break
        if not (box.top <= row <= box.bottom and box.left <= c <= box.right):
            continue
        i = int(row)
        upper, lower = ground[i * stride + c], ground[(i + 1) * stride + c]
        height_m = upper + (row - i) * (lower - upper)
        if height_m < LOWEST_M:
            continue
        x, y = (MOON_RADIUS_M + height_m) * track.sine[p], height_m * track.cosine[p] + track.drop_m[p]
        if depth == 0:
            depth = take_beyond(hull, farther.entries, farther.start[n], farther.start[n + 1], x)
        depth = add_point(hull.x, hull.y, hull.rise, hull.base, hull.place, depth, x, y, level * PLACES_PER_LEVEL + c)
    if depth == 0:
        depth = take_beyond(hull, farther.entries, farther.start[n], farther.start[n + 1], -np.inf)
    return depth


def new_finds(room: int) -> Finds:
    """Return room for a number of finds."""
    places, targets = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    rows, columns, eyes_m = (np.empty(room, dtype=np.float32) for _ in range(3))
    return Finds(places, targets, rows, columns, eyes_m)
