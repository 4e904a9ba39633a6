"""Bodies passing the horizons of a whole cube: the map in tiles, read ahead, counted on all cores.

Regions of the store are read one after the other while the one before is counted, so that memory stays at two of them
whatever the size of the map. Within a region each tile gets its own directions, and each block its share of the
vector work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

import numpy as np
import rasterio.crs
import xarray as xr
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.survey.passes import Block, CountArray, FloatArray, SingleArray, Tally, tally
from lunabase.survey.sky_track import SkyTrack, Tile, columns
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import read_projection, unit_vectors

HORIZON = "horizon_elevation"
GROUND = "ground_height"
Progress = Callable[[float], None]

_REGION = 512
"""Pixels along a side of what is read at once: the largest chunk of a horizon cube."""
_TILE = 128
_BLOCK = 32
_TILE_M = 11_300.0
"""Longest side of a tile: from its corners, 8 km away, directions are linear to 0.001 deg below 59 deg elevation."""
_NEAR_KM = 100_000.0
"""Nearer bodies (relays, not the Earth) stand lower for whoever stands higher: 0.1 deg for 2 km at 1000 km."""
_NEAR_BLOCK = 8
"""Pixels along a side of what shares one ground height before a near body: 0.02 deg for 300 m at 1000 km."""
_NUDGE_M = 1.0
_TURN_M = 500.0
_AZIMUTHS_AT_ONCE = 30


@dataclass(frozen=True, slots=True)
class Window:
    """Rows and columns of a map from (row, column) on."""

    row: int
    column: int
    rows: int
    columns: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Of the last two dimensions of an array."""
        return slice(self.row, self.row + self.rows), slice(self.column, self.column + self.columns)

    def pieces(self, side: int) -> list[Window]:
        """The window cut into windows of at most side x side."""
        return [
            Window(row, column, min(side, self.row + self.rows - row), min(side, self.column + self.columns - column))
            for row in range(self.row, self.row + self.rows, side)
            for column in range(self.column, self.column + self.columns, side)
        ]


def map_grid(cube: xr.Dataset) -> MapGrid:
    """The map grid of a horizon cube.

    Raises InputError for a cube without coordinate system or regular square pixels.
    """
    wkt = cube["spatial_ref"].attrs.get("crs_wkt") if "spatial_ref" in cube else None
    crs = rasterio.crs.CRS.from_wkt(wkt) if wkt else None
    x, y = cube["x"].values, cube["y"].values
    if max(x.size, y.size) < 2:
        raise InputError("one pixel doesn't tell its size.", where="horizon cube", fix="Take two or more side by side.")
    pixel_m = float(x[1] - x[0]) if x.size > 1 else float(y[0] - y[1])
    for axis, step in ((x, pixel_m), (y, -pixel_m)):
        if not np.allclose(np.diff(axis), step, rtol=1e-6):
            raise InputError("its pixels are no regular squares.", where="horizon cube", fix="Make the cube anew.")
    return MapGrid(read_projection(crs, "horizon cube"), float(x[0]), float(y[0]), pixel_m, y.size, x.size)


def check_cube(cube: xr.Dataset) -> None:
    """Raise InputError unless the dataset has horizons over regular azimuths from 0."""
    if HORIZON not in cube or set(cube[HORIZON].dims) != {"height", "azimuth", "y", "x"}:
        raise InputError(
            f"it has no {HORIZON} over height, azimuth, y and x.", where="horizon cube", fix="Give a horizon cube."
        )
    azimuths = cube["azimuth"].values
    if azimuths.size < 4 or not np.allclose(azimuths, np.arange(azimuths.size) * 360.0 / azimuths.size, atol=1e-6):
        raise InputError("its azimuths aren't regular from 0.", where="horizon cube", fix="Make the cube anew.")


def pass_cube(
    cube: xr.Dataset,
    tracks: Sequence[SkyTrack],
    limits: Sequence[CountArray],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[list[Tally], NDArray[np.bool_]]:
    """Count each track over every pixel and height of a cube; one list of spell limits (in steps) for each track.

    Returns the counts in maps (height, y, x), and where the cube has a horizon. The cube is read once. Lines of sight
    to near bodies start at the heights of the ground if the cube carries them, `ground_height` (y, x) in metres above
    the sphere of 1737.4 km; all others start on that sphere. `workers`: threads, by default one for each core;
    `progress` is called with the finished part (0 to 1). Raises InputError for a dataset that is no horizon cube.
    """
    check_cube(cube)
    grid = map_grid(cube)
    ground_km = ground_heights_m(cube) * 1e-3
    heights = cube.sizes["height"]
    maps = [_empty_maps((heights, *grid.shape), limit.size) for limit in limits]
    known = np.zeros((heights, *grid.shape), dtype=bool)
    done, total = 0, heights * grid.rows * grid.columns
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        for height, region, lines_deg in _read_ahead(cube, grid):
            known[(height, *region.slices)] = np.isfinite(lines_deg).all(axis=0)
            jobs: dict[Future[None], Window] = {}
            for tile in region.pieces(_tile_side(grid)):
                part = _part(lines_deg, region, tile)
                views = [_at(m, height) for m in maps]
                job = pool.submit(_pass_tile, part, ground_km[tile.slices], grid, tile, tracks, limits, views)
                jobs[job] = tile
            for job in as_completed(jobs):
                job.result()
                done += jobs[job].rows * jobs[job].columns
                if progress:
                    progress(done / total)
    return maps, known


def _read_ahead(cube: xr.Dataset, grid: MapGrid) -> Iterator[tuple[int, Window, SingleArray]]:
    """Regions of the cube with their horizons (azimuth, rows, columns), each read while the last is in use."""
    wanted = [
        (height, region)
        for height in range(cube.sizes["height"])
        for region in Window(0, 0, grid.rows, grid.columns).pieces(_REGION)
    ]
    lines = cube[HORIZON].transpose("height", "azimuth", "y", "x")
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(_read, lines, *wanted[0])
        for k, (height, region) in enumerate(wanted):
            lines_deg = coming.result()
            if k + 1 < len(wanted):
                coming = reader.submit(_read, lines, *wanted[k + 1])
            yield height, region, lines_deg


def _read(lines: xr.DataArray, height: int, region: Window) -> SingleArray:
    count = lines.sizes["azimuth"]
    lines_deg = np.empty((count, region.rows, region.columns), dtype=np.float32)
    for first in range(0, count, _AZIMUTHS_AT_ONCE):
        some = slice(first, first + _AZIMUTHS_AT_ONCE)
        lines_deg[some] = lines[(height, some, *region.slices)].values
    return lines_deg


def _part(lines_deg: SingleArray, region: Window, tile: Window) -> SingleArray:
    row, column = tile.row - region.row, tile.column - region.column
    return lines_deg[:, row : row + tile.rows, column : column + tile.columns]


def _tile_side(grid: MapGrid) -> int:
    """Pixels along a side of a tile: whole blocks where they fit into its length."""
    fitting = max(int(_TILE_M / grid.pixel_m), 1)
    return min(_TILE, fitting if fitting < _BLOCK else fitting // _BLOCK * _BLOCK)


def ground_heights_m(cube: xr.Dataset) -> FloatArray:
    """Heights of the ground above the sphere of 1737.4 km, (y, x); 0 where the cube has none."""
    if GROUND not in cube:
        return np.zeros((cube.sizes["y"], cube.sizes["x"]))
    return np.nan_to_num(cube[GROUND].transpose("y", "x").values.astype(np.float64))


def _pass_tile(
    lines_deg: SingleArray,
    ground_km: FloatArray,
    grid: MapGrid,
    tile: Window,
    tracks: Sequence[SkyTrack],
    limits: Sequence[CountArray],
    maps: Sequence[Tally],
) -> None:
    if np.isnan(lines_deg).all():
        return
    centre = tile_of(grid, tile)
    blocks = [(piece, _block(lines_deg, grid, tile, piece, centre)) for piece in tile.pieces(_BLOCK)]
    for track, limit, target in zip(tracks, limits, maps, strict=True):
        if ground_km.any() and np.linalg.norm(track.place_km, axis=1).min() < _NEAR_KM:
            _pass_near(lines_deg, ground_km, grid, tile, track, limit, target)
            continue
        table = columns(track, centre)
        for piece, block in blocks:
            if block is not None:
                _store(tally(block, table, track.place_km, limit), target, piece)


def _pass_near(
    lines_deg: SingleArray,
    ground_km: FloatArray,
    grid: MapGrid,
    tile: Window,
    track: SkyTrack,
    limit: CountArray,
    target: Tally,
) -> None:
    """Count a near body in small blocks, each from the mean height of its ground."""
    for piece in tile.pieces(_NEAR_BLOCK):
        centre = tile_of(grid, piece)
        block = _block(lines_deg, grid, tile, piece, centre)
        if block is None:
            continue
        # Seen from higher up, the body is lower down.
        row, column = piece.row - tile.row, piece.column - tile.column
        rise_km = ground_km[row : row + piece.rows, column : column + piece.columns].mean() * centre.up
        seen = replace(track, place_km=track.place_km - rise_km)
        _store(tally(block, columns(seen, centre), seen.place_km, limit), target, piece)


def tile_of(grid: MapGrid, window: Window) -> Tile:
    """A window of the grid as a tile, with the axes of its centre."""
    x = grid.west + grid.pixel_m * (window.column + 0.5 * (window.columns - 1))
    y = grid.north - grid.pixel_m * (window.row + 0.5 * (window.rows - 1))
    return tile_at(grid, x, y)


def tile_at(grid: MapGrid, x: float, y: float) -> Tile:
    """A tile by its centre's coordinates on the grid's map."""
    east_of = np.array([x, x - _TURN_M, x + _TURN_M, x, x])
    north_of = np.array([y, y, y, y - _TURN_M, y + _TURN_M])
    up, north = map_axes(grid, east_of, north_of)
    east = np.cross(north[0], up[0])
    turned, moved_x, moved_y = north @ east, up @ east, up @ north[0]
    along_x = (turned[2] - turned[1]) / (moved_x[2] - moved_x[1])
    along_y = (turned[4] - turned[3]) / (moved_y[4] - moved_y[3])
    return Tile(up[0], north[0], (float(along_x), float(along_y)))


def map_axes(grid: MapGrid, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The vertical and the map's y axis at map points, unit vectors in the mean-Earth frame, (n, 3) each."""
    up = unit_vectors(grid.projection, x, y)
    north = unit_vectors(grid.projection, x, y + _NUDGE_M) - unit_vectors(grid.projection, x, y - _NUDGE_M)
    north -= np.sum(north * up, axis=-1, keepdims=True) * up
    return up, north / np.linalg.norm(north, axis=-1, keepdims=True)


def _block(lines_deg: SingleArray, grid: MapGrid, tile: Window, piece: Window, centre: Tile) -> Block | None:
    """A block of the tile; None if no pixel has a horizon. Pixels without one borrow a neighbour's, to be ignored."""
    lines = np.ascontiguousarray(_part(lines_deg, tile, piece)).reshape(lines_deg.shape[0], -1)
    known = np.isfinite(lines).all(axis=0)
    if not known.any():
        return None
    if not known.all():
        lines[:, ~known] = lines[:, [int(np.argmax(known))]]
    part = grid.part(piece.row, piece.column, piece.rows, piece.columns)
    x, y = np.meshgrid(part.x, part.y)
    up, north = map_axes(grid, x.ravel(), y.ravel())
    return Block(lines, (up @ centre.east).astype(np.float32), (up @ centre.north).astype(np.float32), up, north)


def _empty_maps(shape: tuple[int, int, int], limits: int) -> Tally:
    inside, any_part, whole, longest_in, longest_out = np.zeros((5, *shape), dtype=np.int32)
    long_outs = np.zeros((limits, *shape), dtype=np.int32)
    return Tally(np.zeros(shape), inside, any_part, whole, longest_in, longest_out, long_outs)


def _at(maps: Tally, height: int) -> Tally:
    """The maps of one height, as views."""
    return Tally(*(values[..., height, :, :] for values in maps))


def _store(counted: Tally, target: Tally, piece: Window) -> None:
    for values, counts in zip(target, counted, strict=True):
        values[(..., *piece.slices)] = counts.reshape(*counts.shape[:-1], piece.rows, piece.columns)
