"""Horizon maps: the horizon of every pixel of a region, computed tile by tile into a cube on disk."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.survey.horizon_store import CHUNK, CubeForm, HorizonStore, open_cube, prepare_store
from lunabase.survey.terrain_window import Model, model_hash, model_name, models_around
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.levels import PADDING
from lunabase.terrain.overview import NEAR_PIXELS
from lunabase.terrain.sweep import HorizonSweep

if TYPE_CHECKING:
    from distributed import Client

_PLANE_BYTES = 14
_TERRAIN_BYTES = 28
_DEFAULT_MEMORY_BYTES = 8 * 2**30


def horizon_map(
    dems: Sequence[Model],
    region: MapGrid,
    *,
    out: Path,
    azimuths: int = 360,
    heights_m: Sequence[float] = (2.0,),
    overwrite: bool = False,
    memory_bytes: int = _DEFAULT_MEMORY_BYTES,
    threads: int | None = None,
    client: Client | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Compute the horizon of every pixel of a region into the Zarr store `out`, and open it.

    dems: elevation models, any order; the finest one's pixels must be the region's. Of models that are files
    (`open_dem`) only what matters is read, tile by tile.
    azimuths: how many, regular over the circle from 0, clockwise from the map's y axis.
    heights_m: ascending heights of the observers above the ground.
    memory_bytes: what the computation may use besides models that are in memory; a region that needs more is
    computed in tiles.
    client: a Dask cluster whose workers share the file system; without one, threads of this process work.
    progress: called with the finished part, 0 to 1.

    A store of the same inputs that was interrupted is gone on with. Returns `horizon_elevation` (height, azimuth,
    y, x) in degrees, read lazily. Raises InputError for wrong arguments or a store of other inputs.
    """
    if azimuths < 1 or not heights_m:
        raise InputError("a horizon map needs at least one azimuth and height.", fix="Usual are 360, and 2 m.")
    out = Path(out)
    directions: NDArray[np.float64] = np.arange(float(azimuths)) * (360.0 / azimuths)
    terrain = {model_name(dem): model_hash(dem) for dem in dems}
    form = CubeForm(region, directions, tuple(float(height) for height in heights_m), terrain)
    workers = threads or os.cpu_count() or 1
    corners = tile_corners(dems, region, len(heights_m), workers, memory_bytes)
    first = _sweep(dems, region.part(*corners[0]), heights_m, region)
    store = prepare_store(out, form, overwrite=overwrite)
    missing = store.missing([region.part(*corner) for corner in corners], azimuths)
    report = progress or (lambda part: None)
    total = azimuths * len(corners)
    done = total - len(missing)
    report(done / total)
    for number, corner in enumerate(corners):
        wanted = [azimuth for tile, azimuth in missing if tile == number]
        if not wanted:
            continue
        tile = region.part(*corner)
        sweep = first if number == 0 else _sweep(dems, tile, heights_m, region)
        task = _Planes(out, sweep, corner[0], corner[1], azimuths)
        for _ in _in_threads(task, wanted, workers) if client is None else _on_cluster(task, wanted, client):
            done += 1
            report(done / total)
    if missing:
        store.finish()
    return open_cube(out)


def _sweep(dems: Sequence[Model], tile: MapGrid, heights_m: Sequence[float], region: MapGrid) -> HorizonSweep:
    return HorizonSweep(models_around(dems, tile), tile, heights_m, whole=region)


def tile_corners(
    models: Sequence[Model], region: MapGrid, heights: int, threads: int, memory_bytes: int
) -> list[tuple[int, int, int, int]]:
    """Return (row, column, rows, columns) of tiles of whole chunks whose computation fits into the memory.

    Raises InputError when not even a tile of one chunk fits.
    """
    side = max(region.shape)
    while (needed := tile_bytes(models, _first_tile(region, side), heights, threads)) > memory_bytes:
        if side <= CHUNK:
            raise InputError(
                f"horizons need {needed / 1e9:.2g} GB of memory, but may use {memory_bytes / 1e9:.2g} GB.",
                fix="Allow more memory, or use fewer threads or heights.",
            )
        side = max(CHUNK, -(-side // 2 // CHUNK) * CHUNK)
    return [
        (row, column, min(side, region.rows - row), min(side, region.columns - column))
        for row in range(0, region.rows, side)
        for column in range(0, region.columns, side)
    ]


def _first_tile(region: MapGrid, side: int) -> MapGrid:
    return region.part(0, 0, min(side, region.rows), min(side, region.columns))


def tile_bytes(models: Sequence[Model], tile: MapGrid, heights: int, threads: int) -> int:
    """Return about how much memory the horizons of a tile need, besides the models that are in memory already.

    These are its planes, and the terrain around it: each model's window with a margin, once in its own pixels and in
    overviews that grow by less, and once more while they are made.
    """
    planes = _PLANE_BYTES * tile.rows * tile.columns * heights * threads
    return planes + sum(_window_bytes(model, tile) for model in models)


def _window_bytes(model: Model, tile: MapGrid) -> int:
    shape: tuple[int, ...] = model.heights_m.shape if isinstance(model, Dem) else model.shape
    own = 0 if isinstance(model, Dem) else 4 * shape[0] * shape[1]
    if model.projection != tile.projection:
        # Resampled to half its pixels.
        return own + 4 * _TERRAIN_BYTES * shape[0] * shape[1]
    ratio, margin = tile.pixel_m / model.pixel_m, 2 * (NEAR_PIXELS + 2 * PADDING)
    window = math.prod(
        min(math.ceil(ratio * side), n) + min(margin, n) for side, n in zip(tile.shape, shape, strict=True)
    )
    return own + 2 * _TERRAIN_BYTES * window


class _Planes:
    """The work on one tile: call it with an azimuth's number to compute and store its planes."""

    def __init__(self, out: Path, sweep: HorizonSweep, row: int, column: int, azimuths: int) -> None:
        self._out, self._sweep, self._row, self._column, self._azimuths = out, sweep, row, column, azimuths

    def __call__(self, azimuth: int) -> None:
        planes_deg = self._sweep.planes(azimuth * 360.0 / self._azimuths)
        HorizonStore(self._out).write(self._sweep.region, self._row, self._column, azimuth, planes_deg)


def _in_threads(task: _Planes, azimuths: Iterable[int], threads: int) -> Iterator[None]:
    """Yield after every finished azimuth. No more are begun than threads can take, so that errors stop the work."""
    with ThreadPoolExecutor(threads) as pool:
        running: set[Future[None]] = set()
        for azimuth in azimuths:
            running.add(pool.submit(task, azimuth))
            if len(running) >= threads:
                yield from _finished(running)
        while running:
            yield from _finished(running)


def _finished(running: set[Future[None]]) -> Iterator[None]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    running -= done
    for future in done:
        yield future.result()


def _on_cluster(task: _Planes, azimuths: Iterable[int], client: Client) -> Iterator[None]:
    from distributed import as_completed

    shared = client.scatter(task, broadcast=True)  # type: ignore[no-untyped-call]
    futures = [client.submit(_run, shared, azimuth, pure=False) for azimuth in azimuths]
    for future in as_completed(futures):  # type: ignore[no-untyped-call]
        yield future.result()


def _run(task: _Planes, azimuth: int) -> None:
    task(azimuth)
