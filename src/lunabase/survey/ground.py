"""The terrain of a survey: the user's elevation models, the embedded far field beyond them, and the region."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lunabase.survey.region import RegionWish, finest_dem
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import DemFile, open_dem
from lunabase.terrain.farfield import FAR_FIELD_CITATION, embedded_far_field, far_field_warning
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import EQUIRECTANGULAR, project

REACH_M = 400_000.0
"""How far from the region terrain is read: between heights of -9 and +10 km, more than lines of sight can reach."""


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
    finest, grid = finest_dem(files[0], wish, REACH_M)
    others = [read_around(file, grid) for file in files[1:]]
    dems = (finest, *(dem for dem in others if dem is not None))
    if grid.unit_vectors()[grid.rows // 2, grid.columns // 2, 2] > -0.94 and len(paths) < 2:
        warnings.append("The embedded far field ends at 70 S, so terrain beyond your models is not known here.")
    return Ground(dems, grid, tuple(describe(file) for file in files), tuple(warnings))


def read_around(file: DemFile, grid: MapGrid) -> Dem | None:
    """Return a model within REACH_M of a region, or None where it doesn't reach there."""
    if file.projection.kind == EQUIRECTANGULAR:
        return file.read()
    corners = grid.unit_vectors()[:: max(grid.rows - 1, 1), :: max(grid.columns - 1, 1)].reshape(-1, 3)
    points = np.array([project(file.projection, *each) for each in corners])
    low, high = points.min(axis=0) - REACH_M, points.max(axis=0) + REACH_M
    west, south, east, north = file.bounds
    box = (max(low[0], west), max(low[1], south), min(high[0], east), min(high[1], north))
    return file.read(box) if box[0] < box[2] and box[1] < box[3] else None


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
