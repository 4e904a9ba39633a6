"""Nested elevation models as nested grids of one map: the finest around the observers, coarser ones farther out.

Each level is a window of the map of the observers' region, at about the resolution of one model. Where that model
has no data, and in an apron around it, the level is filled from the next coarser ones, so levels overlap with equal
terrain and a line of sight may change from one to the next at the apron's outer edge. At its inner edge the fill begins
with the model's own heights, so that no step between two models makes a horizon.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.terrain.apron import border_of, ease
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.overview import with_overviews
from lunabase.terrain.projection import Projection, unit_vectors
from lunabase.terrain.sphere import MOON_RADIUS_M
from lunabase.terrain.stencil import REACH

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NOWHERE_M = np.float32(-1e5)
"""Height where no model has data: so low that it never makes a horizon."""

APRON_PIXELS = 5
"""Least width of the apron around a level, in pixels of the next coarser model."""

PADDING = REACH + 4
"""Pixels without data around a level, so that no line or stencil leaves the array."""

_EASED_PIXELS = 1
"""Over how many pixels of the next coarser model its heights are eased; the lines over it begin farther out."""

_PROBES = 257
_BAND = 256
_ALIGNED = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Heights in metres of a map window, both by rows and by columns, padded with `NOWHERE_M`.

    grid: the padded window's pixels. upright: (rows, columns); turned: its transpose, contiguous.
    """

    grid: MapGrid
    upright: NDArray[np.float32]
    turned: NDArray[np.float32]


def levels_of(dems: Sequence[Dem], region: MapGrid, highest_observer_m: float) -> list[Level]:
    """Return the levels, finest first, that hold all terrain which can matter to a region's observers.

    dems: finest first; the first one's pixels are the region's. highest_observer_m: above the ground.
    Raises InputError when the region isn't aligned with the finest model or no model covers it.
    """
    check_region(dems[0], region)
    reach = _grown(region.bounds, geometric_limit_m(dems, region, highest_observer_m))
    models = sorted((part for dem in dems for part in with_overviews(dem, region)), key=lambda dem: dem.pixel_m)
    levels: list[Level] = []
    window = region.bounds
    for number, dem in enumerate(models):
        covered = _coverage(dem, region.projection, reach)
        if covered is None:
            continue
        # Each level surrounds the one before, also where its own model lies beside that one.
        window = _cut(_around(window, _grown(covered, _apron_m(models, number))), reach)
        levels.append(_level(models, number, _grid_over(dem, region, window, number)))
        if window == reach:
            break
    return levels


def _apron_m(models: Sequence[Dem], number: int) -> float:
    """Lines of the next level begin in the apron, out of the stencil's reach from any observer."""
    if number + 1 == len(models):
        return 0.0
    return max(APRON_PIXELS * models[number + 1].pixel_m, PADDING * models[number].pixel_m)


def check_region(dem: Dem, region: MapGrid) -> None:
    """Raise InputError unless the region's pixels are pixels of the model."""
    if not is_aligned(dem, region):
        raise InputError(
            "the region's pixels are not those of the finest elevation model.",
            where=dem.source,
            fix="Take a part of the model's own grid.",
        )
    if not np.isfinite(pixels_of(dem, region)).any():
        raise InputError(
            "the finest elevation model has no data in the region.", where=dem.source, fix="Choose a region within it."
        )


def is_aligned(dem: Dem, grid: MapGrid) -> bool:
    """Return whether a grid's pixels are pixels of the model, or would be if it went on."""
    column, row = (grid.west - dem.west) / grid.pixel_m, (dem.north - grid.north) / grid.pixel_m
    same_pixels = math.isclose(dem.pixel_width, grid.pixel_m) and math.isclose(dem.pixel_height, grid.pixel_m)
    aligned = abs(column - round(column)) < _ALIGNED and abs(row - round(row)) < _ALIGNED
    return dem.projection == grid.projection and same_pixels and aligned


def geometric_limit_m(dems: Sequence[Dem], region: MapGrid, highest_observer_m: float) -> float:
    """Return the map distance beyond which no terrain can stand above any observer's horizon, metres."""
    lowest_m = MOON_RADIUS_M + min(float(np.nanmin(dem.heights_m)) for dem in dems)
    highest_m = MOON_RADIUS_M + max(float(np.nanmax(dem.heights_m)) for dem in dems)
    ground = pixels_of(dems[0], region)
    observer_m = MOON_RADIUS_M + float(np.nanmax(ground)) + highest_observer_m
    limit_rad = math.acos(min(1.0, lowest_m / observer_m)) + math.acos(lowest_m / highest_m)
    scale_m = region.projection.x_scale_m
    west, south, east, north = region.bounds
    easting, northing = region.projection.false_easting_m, region.projection.false_northing_m
    off_centre_m = math.hypot(
        max(abs(west - easting), abs(east - easting)), max(abs(south - northing), abs(north - northing))
    )
    farthest_m = scale_m * math.tan(min(math.atan(off_centre_m / scale_m) + limit_rad / 2.0, 1.4))
    return farthest_m - off_centre_m


def pixels_of(dem: Dem, grid: MapGrid) -> NDArray[np.float32]:
    """Return the model's heights at the pixels of an aligned grid, (rows, columns); NaN where it has none."""
    column, row = round((grid.west - dem.west) / grid.pixel_m), round((dem.north - grid.north) / grid.pixel_m)
    rows, columns = dem.heights_m.shape
    part = np.full(grid.shape, np.nan, dtype=np.float32)
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + grid.rows, rows), min(column + grid.columns, columns)
    if top < bottom and left < right:
        part[top - row : bottom - row, left - column : right - column] = dem.heights_m[top:bottom, left:right]
    return part


Bounds = tuple[float, float, float, float]


def _grown(bounds: Bounds, by_m: float) -> Bounds:
    west, south, east, north = bounds
    return west - by_m, south - by_m, east + by_m, north + by_m


def _cut(bounds: Bounds, limit: Bounds) -> Bounds:
    return (
        max(bounds[0], limit[0]),
        max(bounds[1], limit[1]),
        min(bounds[2], limit[2]),
        min(bounds[3], limit[3]),
    )


def _around(one: Bounds, other: Bounds) -> Bounds:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _coverage(dem: Dem, projection: Projection, reach: Bounds) -> Bounds | None:
    """The part of the map within reach where a model's pixels lie; None where it has none."""
    west, south, east, north = reach
    if dem.projection == projection:
        rows, columns = dem.heights_m.shape
        right, bottom = dem.west + (columns - 1) * dem.pixel_width, dem.north - (rows - 1) * dem.pixel_height
        covered = _cut((dem.west, bottom, right, dem.north), reach)
    else:
        x, y = np.meshgrid(np.linspace(west, east, _PROBES), np.linspace(north, south, _PROBES))
        known = np.isfinite(_heights(dem, projection, x, y))
        if not known.any():
            return None
        step_x, step_y = x[0, 1] - x[0, 0], y[0, 0] - y[1, 0]
        columns, rows = np.flatnonzero(known.any(axis=0)), np.flatnonzero(known.any(axis=1))
        covered = _cut(
            (
                x[0, columns[0]] - step_x,
                y[rows[-1], 0] - step_y,
                x[0, columns[-1]] + step_x,
                y[rows[0], 0] + step_y,
            ),
            reach,
        )
    return covered if covered[0] < covered[2] and covered[1] < covered[3] else None


def _grid_over(dem: Dem, region: MapGrid, window: Bounds, number: int) -> MapGrid:
    """A padded grid over a window: the model's own pixels where it is on the region's map."""
    west, south, east, north = window
    own = dem.projection == region.projection and math.isclose(dem.pixel_width, dem.pixel_height)
    pixel_m = region.pixel_m if number == 0 else dem.pixel_width if own else 0.5 * dem.pixel_m
    x_0, y_0 = (dem.west, dem.north) if own else (0.0, 0.0)
    left, right = math.ceil((west - x_0) / pixel_m - _ALIGNED), math.floor((east - x_0) / pixel_m + _ALIGNED)
    top, bottom = math.ceil((y_0 - north) / pixel_m - _ALIGNED), math.floor((y_0 - south) / pixel_m + _ALIGNED)
    return MapGrid(
        region.projection,
        x_0 + (left - PADDING) * pixel_m,
        y_0 - (top - PADDING) * pixel_m,
        pixel_m,
        bottom - top + 1 + 2 * PADDING,
        right - left + 1 + 2 * PADDING,
    )


def _level(dems: Sequence[Dem], number: int, grid: MapGrid) -> Level:
    """Sample the models over a grid, the level's own model first, then the coarser and at last the finer ones."""
    inner = grid.part(PADDING, PADDING, grid.rows - 2 * PADDING, grid.columns - 2 * PADDING)
    heights = np.empty(inner.shape, dtype=np.float32)
    known = np.empty(inner.shape, dtype=np.bool_)
    for row in range(0, inner.rows, _BAND):
        band = inner.part(row, 0, min(_BAND, inner.rows - row), inner.columns)
        part = slice(row, row + band.rows)
        heights[part] = _own_heights(dems[number], band)
        known[part] = np.isfinite(heights[part])
        rows, columns = np.nonzero(~known[part])
        heights[row + rows, columns] = _first_of((*dems[number + 1 :], *dems[:number]), band, rows, columns)
    if number + 1 < len(dems):
        _ease_border(heights, known, dems[number + 1 :], inner)
    upright = np.full(grid.shape, NOWHERE_M, dtype=np.float32)
    upright[PADDING:-PADDING, PADDING:-PADDING] = np.where(np.isnan(heights), NOWHERE_M, heights)
    return Level(grid, upright, np.ascontiguousarray(upright.T))


def _own_heights(dem: Dem, grid: MapGrid) -> NDArray[np.floating]:
    if is_aligned(dem, grid):
        return pixels_of(dem, grid)
    x, y = np.meshgrid(grid.x, grid.y)
    return _heights(dem, grid.projection, x, y)


def _ease_border(heights: NDArray[np.float32], known: NDArray[np.bool_], coarser: Sequence[Dem], grid: MapGrid) -> None:
    """Let the coarser models' heights beside the level's own model begin with that model's heights."""
    rows, columns = np.nonzero(border_of(known))
    steps = np.zeros_like(heights)
    steps[rows, columns] = np.nan_to_num(heights[rows, columns] - _first_of(coarser, grid, rows, columns))
    ease(heights, known, steps, _EASED_PIXELS * coarser[0].pixel_m / grid.pixel_m)


def _first_of(dems: Sequence[Dem], grid: MapGrid, rows: IntArray, columns: IntArray) -> NDArray[np.float32]:
    """Heights at some pixels (n,) of a grid from the first model that has any there; NaN where none has."""
    heights = np.full(rows.size, np.nan, dtype=np.float32)
    for dem in dems:
        (empty,) = np.nonzero(np.isnan(heights))
        heights[empty] = _heights(dem, grid.projection, grid.x[columns[empty]], grid.y[rows[empty]])
    return heights


def _heights(dem: Dem, projection: Projection, x: FloatArray, y: FloatArray) -> FloatArray:
    if dem.projection == projection:
        return dem.height_at_xy(x, y)
    up = unit_vectors(projection, x, y)
    latitude_deg = np.degrees(np.arctan2(up[..., 2], np.hypot(up[..., 0], up[..., 1])))
    return dem.height_at(latitude_deg, np.degrees(np.arctan2(up[..., 1], up[..., 0])))
