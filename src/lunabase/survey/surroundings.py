"""The ground beyond a map that its pixels see: ever coarser cells outwards, with their slopes and horizons.

What such ground does for a pixel of the map is to send light and heat, in proportion to its part of the pixel's view.
Ground that stands up to an elevation e fills at most sin(e)**2 of the view of level ground. At 80 km the Moon's
curvature alone hides 1.8 km, and 4 km of relief above that make 2 % in the one direction where they stand; the walls of
the widest polar craters with shadowed floors (Haworth, Shoemaker, Faustini: 40 to 50 km across) are well within.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.survey.pyramid import Pyramid, Shape, height_at, level_at, tangent
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.sphere import MOON_RADIUS_M
from lunabase.terrain.surface import gradient

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]
IndexArray = NDArray[np.int32]

REACH_M = 80_000.0
"""How far the surroundings of a map reach."""
WIDTH = 8
"""Cells by which each level reaches beyond the finer one."""
AZIMUTHS = 90
_MOST_SAMPLES = 8
_GROWTH, _STEP_CELLS = 1.08, 0.25
_CELLS_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The cells of a map and of the known ground around it.

    heights_m: (cells,) of the pyramid, NaN where unknown; places: (n, 3) level, row and column of the cells beyond the
    map; place_m: (n, 2) their x and y on the map; slopes: (n, 2) their rise towards x and y.
    """

    pyramid: Pyramid
    heights_m: SingleArray
    places: IndexArray
    place_m: FloatArray
    slopes: FloatArray

    @classmethod
    def none(cls, heights_m: FloatArray) -> Surroundings:
        """Return a map's own cells alone; heights_m: (rows, columns), NaN where unknown."""
        pyramid = Pyramid.over(*heights_m.shape)
        cells_m = np.full(pyramid.size, np.nan, np.float32)
        cells_m[: heights_m.size] = heights_m.ravel()
        pyramid.fill(cells_m[:, None])
        return cls(pyramid, cells_m, np.empty((0, 3), np.int32), np.empty((0, 2)), np.empty((0, 2)))

    @classmethod
    def of(cls, grid: MapGrid, heights_m: FloatArray, models: Sequence[Dem]) -> Surroundings:
        """Return a map with the ground of some models around it; heights_m: (rows, columns) of the map."""
        pyramid = Pyramid.over(*grid.shape, rings=rings_of(grid), width=WIDTH)
        cells_m = np.full(pyramid.size, np.nan, np.float32)
        level, row, column = pyramid.margin()
        slopes = np.full((level.size, 2), np.nan)
        for n in range(pyramid.levels):
            some = level == n
            around = _level_grid(grid, pyramid.shape, n)
            wide_m = sampled_heights(models, around)
            at = (row[some] - pyramid.shape.origins[n, 0] + 1, column[some] - pyramid.shape.origins[n, 1] + 1)
            dem = Dem(wide_m, grid.projection, around.west, around.north, around.pixel_m, around.pixel_m, "around")
            slopes[some] = np.column_stack([rise[at] for rise in gradient(dem)])
            cells_m[pyramid.cells(level[some], row[some], column[some])] = wide_m[at]
        cells_m[pyramid.pixels()] = heights_m.ravel()
        pyramid.fill(cells_m[:, None])
        known = np.isfinite(slopes).all(axis=1) & np.isfinite(cells_m[pyramid.cells(level, row, column)])
        cells_m[pyramid.cells(level[~known], row[~known], column[~known])] = np.nan
        width = grid.pixel_m * 2.0 ** level[known]
        west, north = grid.west - 0.5 * grid.pixel_m, grid.north + 0.5 * grid.pixel_m
        place_m = np.column_stack([west + (column[known] + 0.5) * width, north - (row[known] + 0.5) * width])
        return cls(pyramid, cells_m, np.column_stack([level, row, column])[known], place_m, slopes[known])

    def horizons_deg(self, pixel_m: float, workers: int) -> SingleArray:
        """Return the horizons of the cells beyond the map at 90 azimuths from the map's y axis, (n, 90)."""
        own = self.pyramid.cells(*self.places.T)
        lines_deg = np.empty((len(own), AZIMUTHS), np.float32)
        shape = self.pyramid.shape
        longest = float(np.max(shape.shapes.T * 2.0 ** np.arange(self.pyramid.levels))) * math.sqrt(2.0)
        distances = [1.0]
        while distances[-1] < longest:
            distances.append(distances[-1] * _GROWTH + _STEP_CELLS)

        def look(first: int) -> None:
            some = slice(first, first + _CELLS_AT_ONCE)
            _look(self.heights_m, own[some], self.places[some], shape, np.array(distances), pixel_m, lines_deg[some])

        with ThreadPoolExecutor(workers) as pool:
            for done in pool.map(look, range(0, len(own), _CELLS_AT_ONCE)):
                assert done is None  # takes errors out of the threads
        return lines_deg


def rings_of(grid: MapGrid) -> int:
    """Return over how many levels surroundings reach far enough."""
    return max(1, math.ceil(math.log2(REACH_M / (WIDTH * grid.pixel_m) + 1.0)))


def cells_around(grid: MapGrid) -> int:
    """Return the number of a map's pixels and of the cells around it, where all ground is known."""
    level, _, _ = Pyramid.over(*grid.shape, rings=rings_of(grid), width=WIDTH).margin()
    return grid.rows * grid.columns + int(level.size)


def sampled_heights(models: Sequence[Dem], grid: MapGrid) -> FloatArray:
    """Heights (rows, columns) of the finest model that knows them, mean over each pixel where that is coarser.

    NaN where no model knows them.
    """
    finest_first = sorted(models, key=lambda dem: dem.pixel_m)
    samples = min(_MOST_SAMPLES, max(1, math.ceil(grid.pixel_m / finest_first[0].pixel_m - 1e-9)))
    fine_m = grid.pixel_m / samples
    shift_m = 0.5 * (samples - 1) * fine_m
    rows, columns = grid.rows * samples, grid.columns * samples
    fine = MapGrid(grid.projection, grid.west - shift_m, grid.north + shift_m, fine_m, rows, columns)
    x, y = np.meshgrid(fine.x, fine.y)
    up, heights_m = fine.unit_vectors(), np.full(fine.shape, np.nan)
    for dem in finest_first:
        missing = np.isnan(heights_m)
        if dem.projection == grid.projection:
            heights_m[missing] = dem.height_at_xy(x[missing], y[missing])
        else:
            heights_m[missing] = dem.height_towards(up[missing])
    return np.asarray(heights_m.reshape(grid.rows, samples, grid.columns, samples).mean(axis=(1, 3)))


def _level_grid(grid: MapGrid, shape: Shape, level: int) -> MapGrid:
    """The grid of a level's cells and one more on each side."""
    width = grid.pixel_m * 2.0**level
    row, column = shape.origins[level] - 0.5
    west, north = grid.west - 0.5 * grid.pixel_m + column * width, grid.north + 0.5 * grid.pixel_m - row * width
    rows, columns = shape.shapes[level] + 2
    return MapGrid(grid.projection, float(west), float(north), width, int(rows), int(columns))


@njit(cache=True, nogil=True)
def _look(heights, own, places, shape, distances, pixel_m, lines):  # type: ignore[no-untyped-def]
    """Walk outwards from each cell at each azimuth, to the end of all cells; the steps grow by a twelfth."""
    for p in range(own.size):
        width = float(1 << places[p, 0])
        row, column = (places[p, 1] + 0.5) * width - 0.5, (places[p, 2] + 0.5) * width - 0.5
        eye = MOON_RADIUS_M + heights[own[p]]
        for k in range(lines.shape[1]):
            azimuth = 2.0 * math.pi * k / lines.shape[1]
            south, east, highest = -math.cos(azimuth), math.sin(azimuth), -np.inf
            for step in distances:
                distance = step * width
                y, x = row + distance * south, column + distance * east
                level = level_at(shape, y, x, distance)
                if level < 0:
                    break
                rise = tangent(height_at(shape, heights, y, x, level), distance * pixel_m, eye)
                if rise > highest:  # never where unknown
                    highest = rise
            lines[p, k] = math.degrees(math.atan(highest)) if highest > -np.inf else 0.0
