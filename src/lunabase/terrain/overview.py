"""Overviews: an elevation model near a region in its own pixels, farther out in means of ever more of them.

So a small region in a huge model needs no more memory and time than the region and a margin of fixed width in pixels.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid

NEAR_PIXELS = 1024
"""How far around a region a model, or an overview of it, is used, in its own pixels."""

_FACTOR = 4
_BLOCKS_AT_ONCE = 64


def with_overviews(dem: Dem, region: MapGrid) -> list[Dem]:
    """Return a model as nested models around a region: its own pixels near by, then means of 4 x 4, 16 x 16 and so on.

    The last one reaches as far as the model. A model on another map than the region's is returned alone.
    """
    if dem.projection != region.projection:
        return [dem]
    parts: list[Dem] = []
    factor = 1
    while True:
        rows, columns = _near(dem, region, factor)
        last = min(dem.heights_m.shape) < 2 * _FACTOR * factor
        if last or (rows, columns) == _all_of(dem):
            rows, columns = _all_of(dem)
            return [*parts, dem if factor == 1 else _mean_of(dem, rows, columns, factor)]
        if min(rows.stop - rows.start, columns.stop - columns.start) >= 2 * factor:
            parts.append(_mean_of(dem, rows, columns, factor))
        factor *= _FACTOR


def _all_of(dem: Dem) -> tuple[slice, slice]:
    rows, columns = dem.heights_m.shape
    return slice(0, rows), slice(0, columns)


def _near(dem: Dem, region: MapGrid, factor: int) -> tuple[slice, slice]:
    """Rows and columns of a model near a region, whole blocks but for the model's end."""
    west, south, east, north = region.bounds
    reach = NEAR_PIXELS * factor
    top = (dem.north - north) / dem.pixel_height - reach
    bottom = (dem.north - south) / dem.pixel_height + reach
    left, right = (west - dem.west) / dem.pixel_width - reach, (east - dem.west) / dem.pixel_width + reach
    rows, columns = dem.heights_m.shape
    return _blocks(top, bottom, factor, rows), _blocks(left, right, factor, columns)


def _blocks(first: float, last: float, factor: int, count: int) -> slice:
    start, stop = math.floor(first / factor) * factor, math.ceil(last / factor) * factor
    return slice(min(max(start, 0), count), min(max(stop, 0), count))


def _mean_of(dem: Dem, rows: slice, columns: slice, factor: int) -> Dem:
    """Means of a model's blocks; NaN where one of the pixels has no data."""
    down, across = (rows.stop - rows.start) // factor, (columns.stop - columns.start) // factor
    means: NDArray[np.floating] = np.empty((down, across), dtype=dem.heights_m.dtype)
    for first in range(0, down, _BLOCKS_AT_ONCE):
        count = min(_BLOCKS_AT_ONCE, down - first)
        top, left = rows.start + first * factor, columns.start
        part = dem.heights_m[top : top + count * factor, left : left + across * factor]
        means[first : first + count] = part.reshape(count, factor, across, factor).mean(axis=(1, 3))
    middle = 0.5 * (factor - 1)
    return Dem(
        means,
        dem.projection,
        dem.west + (columns.start + middle) * dem.pixel_width,
        dem.north - (rows.start + middle) * dem.pixel_height,
        factor * dem.pixel_width,
        factor * dem.pixel_height,
        dem.source,
    )
