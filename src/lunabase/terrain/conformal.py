"""Elevation models on maps that keep angles: equirectangular ones resampled, polar ones as they are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import (
    EQUIRECTANGULAR,
    Projection,
    local_projection,
    polar_projection,
    project,
    unit_vectors,
)

Region = tuple[float, float, float, float]

_WIDEST_RAD = math.radians(60.0)
_EDGE_POINTS = 257
_PIXELS_AT_ONCE = 1 << 20


def conformal_dem(dem: Dem, region: Region | None = None, pixel_m: float | None = None) -> Dem:
    """Return the model on a conformal map with square pixels: itself where it is that already.

    An equirectangular model is resampled (bilinear) onto the stereographic projection about the region's
    centre, where its scale is true; 110 km from there it is 0.1 % off. A region right round the Moon is mapped
    about its pole. Pixels outside the model have no height.
    region: (west, south, east, north) in the model's map coordinates; all of it by default.
    pixel_m: metres on the ground at the centre; the model's own by default. Larger pixels aren't averaged.
    Raises InputError when the region lies outside or reaches further than 60 deg from its centre.
    """
    own_pixel_m = dem.pixel_m if pixel_m is None else pixel_m
    if not own_pixel_m > 0.0:
        raise InputError("pixels must have a positive size.", fix="Give metres, or leave it out.")
    west, south, east, north = _overlap(dem, region)
    if dem.projection.kind != EQUIRECTANGULAR:
        if _is_square(dem) and own_pixel_m == dem.pixel_m:
            return dem if region is None else _cut(dem, (west, south, east, north))
        return _resampled(dem, _grid_over(dem.projection, (west, south, east, north), own_pixel_m))
    return _resampled(dem, _conformal_grid(dem, (west, south, east, north), own_pixel_m))


def _conformal_grid(dem: Dem, region: Region, pixel_m: float) -> MapGrid:
    """Return the grid that covers a region of an equirectangular model."""
    west, south, east, north = region
    middle_y = np.array(0.5 * (south + north))
    centre = unit_vectors(dem.projection, np.array(0.5 * (west + east)), middle_y)
    conformal = polar_projection("south" if centre[2] < 0.0 else "north")
    if east - west < dem.projection.circumference * (1.0 - 1e-6):
        latitude_rad = math.atan2(centre[2], math.hypot(centre[0], centre[1]))
        conformal = local_projection(math.degrees(latitude_rad), math.degrees(math.atan2(centre[1], centre[0])))
    else:
        centre = np.array([0.0, 0.0, math.copysign(1.0, centre[2])])
    outline = unit_vectors(dem.projection, *_outline(west, south, east, north))
    if float((outline @ centre).min()) < math.cos(_WIDEST_RAD):
        raise InputError(
            "the region is too wide for one conformal map.",
            where=dem.source,
            fix="Choose one that reaches at most 60 deg from its centre.",
        )
    points = np.array([project(conformal, *vector) for vector in outline])
    low, high = points.min(axis=0), points.max(axis=0)
    return _grid_over(conformal, (low[0], low[1], high[0], high[1]), pixel_m)


def grid_of(dem: Dem) -> MapGrid:
    """Return the map grid of a conformal model's pixels. Raises InputError for one with oblong pixels."""
    if dem.projection.kind != EQUIRECTANGULAR and not _is_square(dem):
        raise InputError(
            f"the model's pixels are not square: {dem.pixel_width:g} by {dem.pixel_height:g}.",
            where=dem.source,
            fix="Resample it with `lunabase.terrain.conformal.conformal_dem`.",
        )
    rows, columns = dem.heights_m.shape
    return MapGrid(dem.projection, dem.west, dem.north, dem.pixel_height, rows, columns)


def _is_square(dem: Dem) -> bool:
    return math.isclose(dem.pixel_width, dem.pixel_height, rel_tol=1e-6)


def _edges(dem: Dem) -> Region:
    rows, columns = dem.heights_m.shape
    west, north = dem.west - 0.5 * dem.pixel_width, dem.north + 0.5 * dem.pixel_height
    return west, north - rows * dem.pixel_height, west + columns * dem.pixel_width, north


def _overlap(dem: Dem, region: Region | None) -> Region:
    edges = _edges(dem)
    if region is None:
        return edges
    west, south, east, north = (*map(max, region[:2], edges[:2]), *map(min, region[2:], edges[2:]))
    if dem.wraps:
        # A region across the seam of a map that goes round the Moon is whole.
        west, east = region[0], region[2]
    if west >= east or south >= north:
        bounds = ", ".join(f"{edge:g}" for edge in edges)
        raise InputError(
            "the region lies outside the elevation model.",
            where=dem.source,
            fix=f"Choose one within west, south, east, north = {bounds}.",
        )
    return west, south, east, north


def _cut(dem: Dem, region: Region) -> Dem:
    west, south, east, north = region
    edges = _edges(dem)
    left = math.floor((west - edges[0]) / dem.pixel_width + 1e-9)
    right = max(left + 2, math.ceil((east - edges[0]) / dem.pixel_width - 1e-9))
    top = math.floor((edges[3] - north) / dem.pixel_height + 1e-9)
    bottom = max(top + 2, math.ceil((edges[3] - south) / dem.pixel_height - 1e-9))
    return replace(
        dem,
        heights_m=dem.heights_m[top:bottom, left:right],
        west=dem.west + left * dem.pixel_width,
        north=dem.north - top * dem.pixel_height,
    )


def _outline(west: float, south: float, east: float, north: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points along the region's edges and over its middle, where a map's extremes may lie."""
    x, y = np.linspace(west, east, _EDGE_POINTS), np.linspace(south, north, _EDGE_POINTS)
    low, high, middle = np.full_like(x, south), np.full_like(x, north), np.full_like(y, 0.5 * (west + east))
    left, right = np.full_like(y, west), np.full_like(y, east)
    return np.concatenate([x, x, left, right, middle]), np.concatenate([low, high, y, y, y])


def _grid_over(projection: Projection, region: Region, pixel_m: float) -> MapGrid:
    west, south, east, north = region
    columns = max(2, math.ceil((east - west) / pixel_m - 1e-9))
    rows = max(2, math.ceil((north - south) / pixel_m - 1e-9))
    # Centred, so that what is left over of a pixel falls on both sides.
    first_x = 0.5 * (west + east) - 0.5 * pixel_m * (columns - 1)
    first_y = 0.5 * (south + north) + 0.5 * pixel_m * (rows - 1)
    return MapGrid(projection, first_x, first_y, pixel_m, rows, columns)


def _resampled(dem: Dem, grid: MapGrid) -> Dem:
    heights_m = np.empty(grid.shape, dem.heights_m.dtype)
    at_once = max(1, _PIXELS_AT_ONCE // grid.columns)
    for row in range(0, grid.rows, at_once):
        part = grid.part(row, 0, at_once, grid.columns)
        if grid.projection == dem.projection:
            heights_m[row : row + at_once] = dem.height_at_xy(part.x[None, :], part.y[:, None])
        else:
            heights_m[row : row + at_once] = dem.height_towards(part.unit_vectors())
    source = f"{dem.source}, resampled"
    return Dem(heights_m, grid.projection, grid.west, grid.north, grid.pixel_m, grid.pixel_m, source)
