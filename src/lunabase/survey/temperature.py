"""Temperature maps: the ground of every pixel of a horizon cube under the real Sun, among the ground around it.

A map is made tile by tile, each with some of its neighbours' pixels and the terrain around, so that memory stays that
of one tile.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.environment.regolith import Column, Regolith, layered_column
from lunabase.errors import InputError
from lunabase.sky import Kernels
from lunabase.sky.site import MOON_RADIUS_KM
from lunabase.survey.columns import Columns
from lunabase.survey.cube_pass import Progress, Window, check_cube
from lunabase.survey.light_map import span_attributes
from lunabase.survey.sky_track import sun_track
from lunabase.survey.temperature_record import Extremes, Series, joined, temperature_dataset
from lunabase.survey.thermal_terrain import NothingKnownError, Sun, ThermalTerrain
from lunabase.terrain.dem import Dem
from lunabase.times import TimeGrid

SingleArray = NDArray[np.float32]

Once = Callable[[str, Callable[[], xr.Dataset]], xr.Dataset]
"""Takes a tile's name and what makes it, and returns it: made, or as it was kept when it was made before."""

SPIN_UP_S = 12 * 29.530588853 * 86400.0
"""12 synodic months, 354.4 d: the nearest to the Moon's seasonal (draconic) year of 346.6 d."""
LONGEST_STEP_S = 7200.0
_COARSE_STEP_S, _FINE_STEP_S = 8 * 3600.0, 4 * 3600.0
_COARSE_K, _FINE_K = 0.3, 0.1
_MOST_COARSE, _MOST_FINE = 10, 4
TILE_PIXELS = 512
"""Longest side of a tile; a chunk of a horizon cube."""
MARGIN_PIXELS = 16
"""How far the pixels that a tile is computed with reach into its neighbours."""
_LEAST_TILE_PIXELS = 64
_BYTES_PER_PIXEL = 8000
"""At the peak, with the terrain around a tile, besides the horizons' 4 bytes for each azimuth."""
_SHARE_OF_MEMORY = 0.5
_GUESS_STEPS, _GUESS_ROUNDS = 240, 30


def temperature_map(
    cube: xr.Dataset,
    dem: Dem,
    grid: TimeGrid,
    kernels: Kernels,
    *,
    beyond: Sequence[Dem] = (),
    depths_m: Sequence[float] = (0.1, 0.5, 1.0),
    points: Sequence[tuple[int, int]] = (),
    regolith: Regolith | None = None,
    workers: int | None = None,
    once: Once = lambda name, make: make(),
    progress: Progress | None = None,
) -> xr.Dataset:
    """Lowest, mean and highest temperature of the ground at each pixel of a horizon cube over a time grid.

    Variables over (y, x): `surface_temperature_minimum`, `_mean`, `_maximum` (K), `sky_view_factor` (part of the view
    of the sloping ground that is sky) and `spin_up_drift` (K); over (depth, y, x): `temperature_minimum`, `_mean`,
    `_maximum`. For each of `points` (row, column), over (point, time): `surface_temperature`, the fluxes that the
    surface absorbs, `direct_flux`, `scattered_flux`, `infrared_flux`, and `ground_flux`, which the ground below adds
    (W/m2); over (point, depth, time): `temperature`.

    dem: heights of the pixels, best the model the cube was made from, at the same pixel size. Every pixel is a
    column of Hayne et al. 2017 (doi 10.1002/2017JE005387) under the Sun above its horizon (that of the cube's lowest
    height) and its own slope, with scattered sunlight and infrared from the ground around: the map's, and up to 80 km
    beyond it what `dem` and the models in `beyond` know, in ever coarser cells (`lunabase.survey.surroundings`).
    Before the grid's start the ground lives through the 12 synodic months before it again and again, shifted towards
    the balance of its mean heat flow, until the shifts are below 0.1 K, or 14 times; `spin_up_drift` is the largest
    shift that was left undone. Steps last at most two hours.

    Tiles have up to 512 x 512 pixels besides a margin of 16 that they share with their neighbours, fewer where half of
    the machine's memory doesn't hold that at up to 8 kB for each pixel and 4 bytes for each of its azimuths; those of
    which nothing is known are left out. `workers`: threads, by default one for each core; `once` may keep finished
    tiles, to go on after an interruption; `progress` is called with the finished part (0 to 1). Raises InputError for a
    dataset that is no horizon cube, times outside the kernels, depths outside the column, and points outside the map.
    """
    column = layered_column(regolith or Regolith())
    _check(cube, column, depths_m, points)
    tiles, pieces = tiles_of(cube), []
    ground = dem, beyond, workers or os.cpu_count() or 1
    for number, tile in enumerate(tiles):
        wide, inside = _widened(tile, cube), [point for point in points if _holds(tile, *point)]
        rows, columns = wide.slices
        make = partial(
            _tile_map,
            cube.isel(y=rows, x=columns),
            replace(tile, row=tile.row - wide.row, column=tile.column - wide.column),
            ground,
            (column, depths_m, [(row - wide.row, place - wide.column) for row, place in inside]),
            grid,
            kernels,
            _share(progress, number, len(tiles)),
        )
        try:
            pieces.append((tile, once(f"{tile.row}-{tile.column}-{tile.rows}x{tile.columns}", make)))
        except NothingKnownError:
            if inside or (number + 1 == len(tiles) and not pieces):
                raise
    numbers = [next(n for n, (tile, _) in enumerate(pieces) if _holds(tile, *point)) for point in points]
    return joined(cube, pieces, numbers).assign_attrs(span_attributes(grid, kernels))


def tiles_of(cube: xr.Dataset) -> list[Window]:
    """Return the tiles of a cube: as few as memory allows, about equal."""
    each = _BYTES_PER_PIXEL + 4 * cube.sizes["azimuth"]
    memory = _SHARE_OF_MEMORY * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    side = TILE_PIXELS
    while side > _LEAST_TILE_PIXELS and (side + 2 * MARGIN_PIXELS) ** 2 * each > memory:
        side //= 2
    edges = [
        [round(k * size / count) for k in range(count + 1)]
        for size in (cube.sizes["y"], cube.sizes["x"])
        for count in (-(-size // side),)
    ]
    return [
        Window(top, left, bottom - top, right - left)
        for top, bottom in zip(edges[0], edges[0][1:], strict=False)
        for left, right in zip(edges[1], edges[1][1:], strict=False)
    ]


def _widened(tile: Window, cube: xr.Dataset) -> Window:
    """A tile with its margin of the cube's other pixels."""
    top, left = max(tile.row - MARGIN_PIXELS, 0), max(tile.column - MARGIN_PIXELS, 0)
    bottom = min(tile.row + tile.rows + MARGIN_PIXELS, cube.sizes["y"])
    right = min(tile.column + tile.columns + MARGIN_PIXELS, cube.sizes["x"])
    return Window(top, left, bottom - top, right - left)


def _holds(tile: Window, row: int, column: int) -> bool:
    return 0 <= row - tile.row < tile.rows and 0 <= column - tile.column < tile.columns


def _share(progress: Progress | None, number: int, tiles: int) -> Progress | None:
    """Progress of one tile as progress of all."""
    return (lambda part: progress((number + part) / tiles)) if progress else None


def _tile_map(
    cube: xr.Dataset,
    tile: Window,
    ground: tuple[Dem, Sequence[Dem], int],
    wanted: tuple[Column, Sequence[float], Sequence[tuple[int, int]]],
    grid: TimeGrid,
    kernels: Kernels,
    progress: Progress | None,
) -> xr.Dataset:
    """The map of one tile of a cube.

    ground: its model, those beyond, threads; wanted: the column, depths, and points by row and column in the cube.
    """
    (dem, beyond, workers), (column, depths_m, points) = ground, wanted
    terrain = ThermalTerrain(cube, dem, column.regolith, workers, beyond=beyond)
    pixels = np.array([row * terrain.grid.columns + place for row, place in points], dtype=np.intp)
    substeps = math.ceil(grid.step_s / LONGEST_STEP_S - 1e-9)
    fine = TimeGrid(grid.start_tdb_s, grid.step_s / substeps, (grid.count - 1) * substeps + 1)
    told = _Told(progress, fine.count - 1)
    columns, drift_k = _spin_up(terrain, column, grid, kernels, told)
    extremes, series = Extremes(columns, depths_m), Series(pixels, depths_m, grid.count, column)
    for k, sun in enumerate(_suns(fine, kernels, terrain)):
        if k > 0:
            terrain.step(columns, sun, fine.step_s, record=extremes)
            told.step()
        else:
            terrain.each(lambda part: extremes.add(part, columns.part(part)))
        extremes.count()
        if k % substeps == 0:
            series.set(k // substeps, terrain, columns)
    y, x = tile.slices
    return temperature_dataset(cube, terrain, extremes, series, drift_k, grid).isel(y=y, x=x)


def _check(cube: xr.Dataset, column: Column, depths_m: Sequence[float], points: Sequence[tuple[int, int]]) -> None:
    check_cube(cube)
    if not all(0.0 < depth <= column.depth_m[-1] for depth in depths_m):
        raise InputError(
            f"a depth lies outside the column of {column.depth_m[-1]:.1f} m.",
            where="depths_m",
            fix="Give depths in metres below the surface; the surface itself is always there.",
        )
    rows, columns = cube.sizes["y"], cube.sizes["x"]
    if not all(0 <= row < rows and 0 <= place < columns for row, place in points):
        raise InputError(
            "a point lies outside the map.", where="points", fix=f"Give (row, column) within {rows} x {columns}."
        )


class _Told:
    """Progress in steps; spin-up counts as all the cycles that it may need."""

    def __init__(self, progress: Progress | None, steps: int) -> None:
        self._progress = progress
        self._coarse = _MOST_COARSE * round(SPIN_UP_S / _COARSE_STEP_S)
        self._spin_up = self._coarse + _MOST_FINE * round(SPIN_UP_S / _FINE_STEP_S)
        self._whole = self._spin_up + max(steps, 1)
        self._done = 0

    def step(self) -> None:
        self._done += 1
        if self._progress:
            self._progress(self._done / self._whole)

    def coarse_ends(self) -> None:
        self._done = self._coarse

    def spin_up_ends(self) -> None:
        self._done = self._spin_up


def _suns(grid: TimeGrid, kernels: Kernels, terrain: ThermalTerrain) -> list[Sun]:
    """The Sun at each epoch; eclipsed as at the middle of the map."""
    track = sun_track(grid, kernels)
    middle = terrain.grid.part(terrain.grid.rows // 2, terrain.grid.columns // 2, 1, 1)
    shining = track.weight(MOON_RADIUS_KM * middle.unit_vectors()[0, 0])
    return [Sun(place, track.radius_km, part) for place, part in zip(track.place_km, shining.tolist(), strict=True)]


def _spin_up(
    terrain: ThermalTerrain, column: Column, grid: TimeGrid, kernels: Kernels, told: _Told
) -> tuple[Columns, SingleArray]:
    """Columns settled at the grid's start, and the shift (K) of each that was left undone.

    First with long steps, to come near; each cycle ends at the start of the grid.
    """
    coarse, coarse_s = _cycle(grid, kernels, terrain, _COARSE_STEP_S)
    some = coarse[:: max(1, len(coarse) // _GUESS_STEPS)]
    columns = Columns.uniform(column, terrain.balance(some, _GUESS_ROUNDS).ravel()[: terrain.known.size])
    for _ in range(_MOST_COARSE):
        drift_k = _live(terrain, columns, coarse, coarse_s, told, shifted_above_k=0.0)
        if _worst(drift_k, terrain) < _COARSE_K:
            break
    told.coarse_ends()
    fine, fine_s = _cycle(grid, kernels, terrain, _FINE_STEP_S)
    for left in reversed(range(_MOST_FINE)):
        limit_k = _FINE_K if left else math.inf
        drift_k = _live(terrain, columns, fine, fine_s, told, shifted_above_k=limit_k)
        if _worst(drift_k, terrain) < _FINE_K:
            break
    told.spin_up_ends()
    return columns, drift_k


def _cycle(grid: TimeGrid, kernels: Kernels, terrain: ThermalTerrain, step_s: float) -> tuple[list[Sun], float]:
    """The Suns of the spin-up before the grid, one at the end of each step, and the step."""
    count = round(SPIN_UP_S / step_s)
    step_s = SPIN_UP_S / count
    before = TimeGrid(grid.start_tdb_s - step_s * (count - 1), step_s, count)
    return _suns(before, kernels, terrain), step_s


def _live(
    terrain: ThermalTerrain,
    columns: Columns,
    suns: list[Sun],
    step_s: float,
    told: _Told,
    *,
    shifted_above_k: float,
) -> SingleArray:
    """March through the Suns; shift the layers unless the largest shift is below the limit. Returns the shifts."""
    flow = columns.no_flow()
    for sun in suns:
        terrain.step(columns, sun, step_s, flow=flow)
        told.step()
    shift_k = columns.imbalance(flow, len(suns))
    drift_k = np.abs(shift_k).max(axis=1)
    if _worst(drift_k, terrain) >= shifted_above_k:
        columns.shift(shift_k)
    return np.asarray(drift_k)


def _worst(drift_k: SingleArray, terrain: ThermalTerrain) -> float:
    """The largest drift of the map's own pixels."""
    return float(drift_k.ravel()[: terrain.count][terrain.known[: terrain.count]].max())
