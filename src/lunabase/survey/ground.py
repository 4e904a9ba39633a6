"""The terrain of a survey: the user's elevation models, the embedded far field beyond them, and the region."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lunabase.survey.region import RegionWish, finest_dem
from lunabase.survey.terrain_window import NEXT_FACTOR, near_reach_m, nested_around
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import DemFile, open_dem
from lunabase.terrain.farfield import FAR_FIELD_CITATION, embedded_far_field, far_field_warning
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import EQUIRECTANGULAR, local_projection, project, unit_vectors
from lunabase.terrain.sphere import MOON_RADIUS_M

REACH_M = 400_000.0
"""How far from the region terrain is read: between heights of -9 and +10 km, more than lines of sight can reach."""
_KNOWN_KM = 200.0
"""Terrain within this distance makes all horizons but those of a few far summits."""
_BORDER_PIXELS = 20
"""How far inside the finest model horizons are those of its own terrain (docs/explanation/horizons.md)."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Elevation models, finest first, and the region, which is on the finest one's pixels."""

    dems: tuple[Dem, ...]
    grid: MapGrid
    sources: tuple[dict[str, Any], ...]
    """Of each model: name, pixel size, SHA-256 of its file, notes, citation if known."""
    warnings: tuple[str, ...]

    def region_dem(self, margin: int = 0) -> tuple[Dem, tuple[slice, slice]]:
        """Return the region's heights with up to so many pixels around it, and where in them the region is."""
        dem, grid = self.dems[0], self.grid
        left = round((grid.west - dem.west) / dem.pixel_width)
        top = round((dem.north - grid.north) / dem.pixel_height)
        first_row, first_column = max(top - margin, 0), max(left - margin, 0)
        rows = slice(first_row, top + grid.rows + margin)
        columns = slice(first_column, left + grid.columns + margin)
        west, north = dem.west + first_column * dem.pixel_width, dem.north - first_row * dem.pixel_height
        part = replace(dem, heights_m=dem.heights_m[rows, columns], west=west, north=north)
        inside = slice(top - first_row, top - first_row + grid.rows)
        return part, (inside, slice(left - first_column, left - first_column + grid.columns))

    def heights_m(self) -> NDArray[np.float64]:
        """Return the finest model's heights of the region's pixels, (rows, columns)."""
        return np.asarray(self.region_dem()[0].heights_m, dtype=np.float64)


def open_models(paths: Sequence[Path]) -> tuple[list[DemFile], list[str]]:
    """Return the models, finest first, with the embedded far field at the end, and the warnings they ask for."""
    files = sorted((open_dem(path) for path in paths), key=lambda file: file.pixel_m)
    far = embedded_far_field()
    if not any(Path(file.path).name == far.name for file in files):
        files.append(far)
    warning = far_field_warning(files)
    return files, [warning] if warning else []


def read_ground(paths: Sequence[Path], wish: RegionWish) -> Ground:
    """Read what a survey needs of its models. Raises InputError for models or regions that can't be used."""
    files, warnings = open_models(paths)
    finest, grid = finest_dem(files[0], wish, near_reach_m(files[0].pixel_m, 1))
    # Resampled for the region alone, a finest model in degrees is itself the nearest terrain around it.
    factor = 1 if files[0].projection.kind == EQUIRECTANGULAR else NEXT_FACTOR
    beyond = [] if _covers(finest, files[0]) else nested_around(files[0], grid, factor)
    dems = (finest, *beyond, *read_around(files[1:], grid))
    unknown = unknown_part(dems, grid)
    if unknown > 0.0:
        warnings.append(
            f"Of the ground within {_KNOWN_KM:g} km of the region's centre, {max(unknown, 0.01):.0%} is in none of the "
            "models: horizons leave out what may stand there. Give a wider model besides."
        )
    if near_border(next((dem for dem in dems if dem.source == files[0].name), finest), grid):
        warnings.append(
            f"The region comes within {_BORDER_PIXELS} pixels of the border of {files[0].name}; beyond it the ground "
            "is coarser or unknown, and horizons near it may be too low by up to 13 deg. Choose a region farther "
            "inside or give a wider fine model."
        )
    used = {dem.source for dem in dems[1:]}
    described = tuple(describe(file) for file in files if file is files[0] or file.name in used)
    return Ground(dems, grid, described, tuple(warnings))


def read_around(files: Sequence[DemFile], grid: MapGrid) -> list[Dem]:
    """Return of each model what can be seen from a region; models that don't reach there are left out."""
    return [dem for file in files if _reaches(file, grid) for dem in nested_around(file, grid)]


def _covers(dem: Dem, file: DemFile) -> bool:
    return dem.projection == file.projection and dem.heights_m.shape == file.shape


def _reaches(file: DemFile, grid: MapGrid) -> bool:
    """Whether a model on a plane map comes near the region, which may be on the other side of the Moon."""
    if file.projection.kind == EQUIRECTANGULAR:
        return True
    west, south, east, north = file.bounds
    middle = grid.unit_vectors()[grid.rows // 2, grid.columns // 2]
    x, y = project(file.projection, *middle)
    nearest = unit_vectors(file.projection, np.clip(x, west, east), np.clip(y, south, north))
    corners = grid.unit_vectors()[:: max(grid.rows - 1, 1), :: max(grid.columns - 1, 1)].reshape(-1, 3)
    half_rad = math.acos(min(1.0, float((corners @ middle).min())))
    return math.acos(np.clip(nearest @ middle, -1.0, 1.0)) < half_rad + REACH_M / MOON_RADIUS_M


def near_border(dem: Dem, grid: MapGrid) -> bool:
    """Return whether a model has no heights somewhere along a region's outline or within _BORDER_PIXELS of it."""
    for pixels in (0, _BORDER_PIXELS // 2, _BORDER_PIXELS):
        reach_m = pixels * grid.pixel_m
        rows, columns = grid.rows + 2 * pixels, grid.columns + 2 * pixels
        around = MapGrid(grid.projection, grid.west - reach_m, grid.north + reach_m, grid.pixel_m, rows, columns)
        x, y = around.x, around.y
        outline_x = np.concatenate([x, x, np.full(rows, x[0]), np.full(rows, x[-1])])
        outline_y = np.concatenate([np.full(columns, y[0]), np.full(columns, y[-1]), y, y])
        if not np.isfinite(dem.height_towards(unit_vectors(grid.projection, outline_x, outline_y))).all():
            return True
    return False


def unknown_part(dems: Sequence[Dem], grid: MapGrid) -> float:
    """Return the part of the ground within _KNOWN_KM of a grid's centre that no model knows, 0 to 1."""
    middle = grid.part(grid.rows // 2, grid.columns // 2, 1, 1).latitude_longitude_deg()
    reach_m, side = 1000.0 * _KNOWN_KM, 81
    around = MapGrid(
        local_projection(*(angle.item() for angle in middle)), -reach_m, reach_m, 2.0 * reach_m / (side - 1), side, side
    )
    inside = np.hypot(around.x[None, :], around.y[:, None]) <= reach_m
    up = around.unit_vectors()[inside]
    known = np.zeros(len(up), dtype=bool)
    for dem in dems:
        known |= np.isfinite(dem.height_towards(up))
    return float(1.0 - known.mean())


def describe(file: DemFile) -> dict[str, Any]:
    """Return what a record says about a model."""
    facts: dict[str, Any] = {"name": file.name, "pixel_m": file.pixel_m, "sha256": _sha256(Path(file.path))}
    if file.name == embedded_far_field().name:
        facts["source"] = f"embedded far field: {FAR_FIELD_CITATION}"
    return facts | ({"notes": "; ".join(file.notes)} if file.notes else {})


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""  # a variable within a file, named the way GDAL does
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
