"""The upper convex hull of a line's terrain, grown from far to near, and the tangent to it from an observer.

Points lie in the plane of the line's great circle: x runs along the line from the region's middle, y up from the
sphere there, both in metres. A hull is a stack. Entry 0 of it is empty; every other one but the first knows the
straight line through itself and the entry before, so that one comparison tells whether that one is seen over it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

PLACES_PER_LEVEL = 1 << 32
"""A hull point's `place` is its grid's number times this, plus its column."""


class Hull(NamedTuple):
    """Entries 1 to size - 1, far to near, and the straight line y = base + rise * x from each to the one before.

    What lies beyond the last entry must have a base of minus infinity; the first has plus infinity.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rise: NDArray[np.float64]
    base: NDArray[np.float64]
    place: NDArray[np.int64]


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def new_hull(points: int) -> Hull:
    """Return room for a hull of a number of points."""
    room = points + 2
    hull = Hull(np.empty(room), np.empty(room), np.zeros(room), np.empty(room), np.empty(room, np.int64))
    hull.base[0] = np.inf
    hull.base[1] = -np.inf
    return hull


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def add_point(hull_x, hull_y, rise, base, place, size, x, y, where):  # type: ignore[no-untyped-def]
    """Add a line's next nearer point, dropping those that it hides from the hull; return the new size."""
    last = size - 1
    while y >= base[last] + rise[last] * x:
        last -= 1
    size = last + 1
    hull_x[size], hull_y[size], place[size] = x, y, where
    if last > 0:
        slope = (hull_y[last] - y) / (hull_x[last] - x)
        rise[size], base[size] = slope, y - slope * x
    else:
        rise[size], base[size] = 0.0, np.inf
    rise[size + 1], base[size + 1] = 0.0, -np.inf
    return size + 1


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def tangent_point(base, rise, at, x, y):  # type: ignore[no-untyped-def]
    """Return the hull's entry at which the tangent from (x, y) touches it, found from any entry nearby."""
    if y > base[at] + rise[at] * x:
        at -= 1
        while y > base[at] + rise[at] * x:
            at -= 1
    else:
        while y < base[at + 1] + rise[at + 1] * x:
            at += 1
    return at


@njit(cache=True, nogil=True, error_model="numpy")  # type: ignore[untyped-decorator]
def take_beyond(hull: Hull, other: Hull, first: int, last: int, x: float) -> int:
    """Begin a hull with those entries first to last - 1 of another that lie beyond x; return its size."""
    size = 1
    hull.base[1], hull.rise[1] = -np.inf, 0.0
    for n in range(first, last):
        if other.x[n] <= x:
            break
        hull.x[size], hull.y[size], hull.place[size] = other.x[n], other.y[n], other.place[n]
        hull.rise[size], hull.base[size] = other.rise[n], other.base[n]
        size += 1
    hull.rise[size], hull.base[size] = 0.0, -np.inf
    return size
