"""The error of the finest elevation model, and the horizons of terrains drawn from it."""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from rasterio.windows import Window

from lunabase.errors import InputError
from lunabase.survey.ground import Ground
from lunabase.survey.horizons import horizon_map
from lunabase.survey.light_spread import perturbed_dem
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import open_dem, opened

DRAWS = 5
"""Terrains drawn: their standard deviation is itself uncertain by a third."""
CORRELATION_PIXELS = 3.0
"""Distance at which errors count as hardly related any more; the models don't say."""
_REACH_M = 20_000.0
"""Terrain further from the region keeps its heights: a metre makes 0.003 deg there."""

ElevationError = float | Path
"""Standard deviation of all heights in metres, or a map of it on the finest model's pixels."""


def parse_error(text: str) -> ElevationError:
    """Read "1.5" or the path of a map of errors. Raises InputError for a number that is no error."""
    try:
        error_m = float(text)
    except ValueError:
        return Path(text)
    if not 0.0 < error_m <= 1000.0:
        fix = "Give the standard deviation of the heights in metres, or the file with its map."
        raise InputError(f"{text} m is no error of heights.", where="--dem-error", fix=fix)
    return error_m


def error_words(error: ElevationError) -> str:
    """Return an error for a record: the number in metres, or the map's name and SHA-256. Raises InputError."""
    if not isinstance(error, Path):
        return f"{error:g} m"
    try:
        with error.open("rb") as file:
            return f"{error.name}, sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as failed:
        fix = "Check the path, or give a number in metres."
        raise InputError(f"can't be read: {failed.strerror}.", where=str(error), fix=fix) from failed


def read_error(error: ElevationError, dem: Dem) -> float | NDArray[np.float32]:
    """Return an error as a number, or as one for each pixel of a model in memory, NaN where the map doesn't reach.

    Raises InputError for a map that isn't on the model's own pixels.
    """
    if not isinstance(error, Path):
        return error
    file = open_dem(error)
    fix = "Give the map of errors that belongs to the finest model, or one number in metres."
    across, down = (dem.west - file.frame.west) / dem.pixel_width, (file.frame.north - dem.north) / dem.pixel_height
    aligned = math.isclose(file.frame.pixel_width, dem.pixel_width, rel_tol=1e-9)
    aligned = aligned and max(abs(across - round(across)), abs(down - round(down))) < 0.01
    if file.projection != dem.projection or not aligned:
        raise InputError("it is not on the pixels of the finest elevation model.", where=str(error), fix=fix)
    rows, columns = dem.heights_m.shape
    left, top = max(round(across), 0), max(round(down), 0)
    right, bottom = min(round(across) + columns, file.shape[1]), min(round(down) + rows, file.shape[0])
    result = np.full((rows, columns), np.nan, dtype=np.float32)
    if left < right and top < bottom:
        with opened(file.path) as raster:
            part = raster.read(1, window=Window(left, top, right - left, bottom - top), masked=True)
            values = np.ma.filled(part.astype(np.float32) * np.float32(raster.scales[0]), np.nan)
        result[top - round(down) : bottom - round(down), left - round(across) : right - round(across)] = values
    if not np.nanmin(result, initial=np.inf) >= 0.0 or np.nanmax(result, initial=0.0) > 1000.0:
        raise InputError("its values are no errors of heights in metres.", where=str(error), fix=fix)
    return result


def drawn_cubes(
    ground: Ground,
    error: ElevationError,
    folder: Path,
    azimuths: int,
    heights_m: Sequence[float],
    report: Callable[[float], None],
) -> Iterator[xr.Dataset]:
    """Yield the horizon cubes of DRAWS terrains, one at a time: the next one takes its place on disk."""
    near, window = _near(ground)
    errors = read_error(error, near)
    correlation_m = CORRELATION_PIXELS * near.pixel_width
    for seed in range(DRAWS):
        drawn = perturbed_dem(near, errors, seed=seed, correlation_m=correlation_m)
        heights = ground.dems[0].heights_m.copy()
        heights[window] = drawn.heights_m
        dems = (replace(ground.dems[0], heights_m=heights, source=drawn.source), *ground.dems[1:])
        out = folder / f"draw-{seed}.zarr"
        yield horizon_map(
            dems,
            ground.grid,
            out=out,
            azimuths=azimuths,
            heights_m=heights_m,
            overwrite=True,
            progress=lambda part, seed=seed: report((seed + part) / DRAWS),  # type: ignore[misc]
        )
        shutil.rmtree(out)


def _near(ground: Ground) -> tuple[Dem, Any]:
    """The finest model within _REACH_M of the region, and where in it that is."""
    dem, grid = ground.dems[0], ground.grid
    margin = math.ceil(_REACH_M / (dem.pixel_width * float(grid.ground_scale().min())))
    left = round((grid.west - dem.west) / dem.pixel_width)
    top = round((dem.north - grid.north) / dem.pixel_height)
    first_row, first_column = max(top - margin, 0), max(left - margin, 0)
    window = (slice(first_row, top + grid.rows + margin), slice(first_column, left + grid.columns + margin))
    return ground.region_dem(margin)[0], window
