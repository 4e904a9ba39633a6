"""The terrain under one line of sight: a great circle over a grid, ordered ahead of the rays.

Lines of one azimuth are copies of each other, a row apart, so what depends on the column alone is worked out once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.terrain.rays import Scene, Tile
from lunabase.terrain.sphere import MOON_RADIUS_M

LOWEST_M = -2e4
"""Below this there is no terrain, or only a share of it beside none."""

_CHORDS = (1, 2, 4, 8)
LONGEST_CHORD = 8
_LEVEL_M = 0.01


class Track(NamedTuple):
    """Line 0 over a grid by columns ahead.

    column: of the grid; offset: to the minor side, row: its whole part, share: the rest, nearest: the offset rounded;
    sine, cosine: of the angle from the middle; drop_m: by which the sphere lies lower than there.
    """

    column: NDArray[np.int64]
    offset: NDArray[np.float64]
    row: NDArray[np.int64]
    nearest: NDArray[np.int64]
    share: NDArray[np.float32]
    sine: NDArray[np.float64]
    cosine: NDArray[np.float64]
    drop_m: NDArray[np.float64]


class Profile(NamedTuple):
    """One line's terrain by columns ahead.

    height_m: on the line; ground_m: at the pixel nearest to it; keep: 1 for columns which may matter; kept: their list.
    """

    height_m: NDArray[np.float32]
    ground_m: NDArray[np.float32]
    keep: NDArray[np.int32]
    kept: NDArray[np.int64]


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def track_of(scene: Scene, shift: float) -> Track:
    """Return line 0 ahead of the rays, moved by `shift` rows."""
    size, line = scene.line.offset.size, scene.line
    offset, column, row, nearest = (
        np.empty(size),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
    )
    share, sine, cosine, drop_m = np.empty(size, np.float32), np.empty(size), np.empty(size), np.empty(size)
    for p in range(size):
        c = p if scene.rays.sign > 0 else size - 1 - p
        column[p], offset[p] = c, line.offset[c] + shift
        row[p], nearest[p] = np.floor(offset[p]), np.floor(offset[p] + 0.5)
        share[p] = offset[p] - row[p]
        sine[p], cosine[p] = line.sine[c], line.cosine[c]
        drop_m[p] = MOON_RADIUS_M * (line.cosine[c] - 1.0)
    return Track(column, offset, row, nearest, share, sine, cosine, drop_m)


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def new_profile(columns: int) -> Profile:
    """Return room for the terrain of a line."""
    return Profile(
        np.empty(columns, np.float32),
        np.empty(columns, np.float32),
        np.empty(columns, np.int32),
        np.empty(columns + 1, np.int64),
    )


def lines_of(offset: NDArray[np.float64], tile: Tile) -> tuple[int, int]:
    """First and last line with any observers of a tile; offset: of line 0 by columns of the observers' grid."""
    rounded = np.floor(offset[tile.column : tile.column + tile.columns] + 0.5)
    return int(tile.row - rounded.max()), int(tile.row + tile.rows - 1 - rounded.min())


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def columns_within(offset: NDArray[np.float64], top: float, bottom: float, first: int, last: int) -> tuple[int, int]:
    """First and last of some columns, first to last, where a line lies between two rows; none when first > last.

    A line moves by about a row per column at most, so where it is many rows outside many columns can be skipped.
    """
    while first <= last and not top <= offset[first] <= bottom:
        first += 1 + int(0.5 * max(top - offset[first], offset[first] - bottom))
    while first <= last and not top <= offset[last] <= bottom:
        last -= 1 + int(0.5 * max(top - offset[last], offset[last] - bottom))
    return first, last


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def read_terrain(scene: Scene, track: Track, k: int, first: int, last: int, profile: Profile) -> None:
    """Read line k's terrain and the ground of the pixels nearest to it, columns first to last.

    Where the line is a little outside the grid's data, the data's edge stands in.
    """
    ground, stride = scene.ground.ravel(), scene.ground.shape[1]
    top, bottom = int(scene.box.top), int(scene.box.bottom)
    height_m, ground_m = profile.height_m[first : last + 1], profile.ground_m[first : last + 1]
    share, rows, columns = track.share[first : last + 1], track.row[first : last + 1], track.column[first : last + 1]
    for e in range(height_m.size):
        row = k + rows[e]
        upper = ground[np.uint64(min(max(row, top), bottom) * stride + columns[e])]
        lower = ground[np.uint64(min(max(row + 1, top), bottom) * stride + columns[e])]
        height_m[e] = upper + share[e] * (lower - upper)
        ground_m[e] = lower if share[e] >= np.float32(0.5) else upper


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def thin_out(profile: Profile, first: int, last: int, sinking_m: float) -> int:
    """List the columns that may matter, near to far, and return their number.

    A column below the chord between two others on both sides of it is on no hull of all three. sinking_m: by which
    the sphere drops within a column, so that the chord's ends lie lower.
    """
    keep, height_m, kept = profile.keep[first : last + 1], profile.height_m[first : last + 1], profile.kept
    for e in range(keep.size):
        keep[e] = height_m[e] > np.float32(LOWEST_M)
    for columns in _CHORDS:
        if keep.size > 2 * columns:
            _drop_concave(keep, height_m, columns, np.float32(_LEVEL_M + 2.2 * sinking_m * columns * columns))
    count = 0
    for e in range(keep.size):
        kept[count] = first + e
        count += keep[e]
    return count


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _drop_concave(keep, height_m, columns, rise_m):  # type: ignore[no-untyped-def]
    """Keep no columns that lie below the chord between those so many columns before and behind."""
    size = keep.size - 2 * columns
    middle, here = keep[columns : columns + size], height_m[columns : columns + size]
    before, behind = height_m[:size], height_m[2 * columns :]
    for e in range(size):
        middle[e] = middle[e] if here[e] + here[e] + rise_m >= before[e] + behind[e] else np.int32(0)
