"""Terrain around a tile: of models that are files, only the part that the tile's horizons can depend on is read."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import DemFile, opened
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.heights import NoHeightsError
from lunabase.terrain.overview import NEAR_PIXELS
from lunabase.terrain.projection import project, unit_vectors
from lunabase.terrain.sphere import MOON_RADIUS_M

Model = Dem | DemFile
"""An elevation model in memory or in a file."""

_LOWEST_M, _HIGHEST_M = -9_200.0, 10_800.0
"""Lowest and highest ground of the Moon, rounded outward (LOLA; doi 10.1016/j.icarus.2016.06.006)."""

_PROBES = 65
NEXT_FACTOR = 4
"""By how much pixels grow from one part of a file to the next, as in overviews of models in memory."""


def models_around(models: Sequence[Model], tile: MapGrid) -> list[Dem]:
    """Return the models in memory: those that are files cut to all that can be seen from anywhere in the tile.

    Files that have nothing there are left out. Raises InputError when none has anything.
    """
    found = [dem for model in models for dem in ([model] if isinstance(model, Dem) else nested_around(model, tile))]
    if not found:
        raise InputError("no elevation model has terrain around the region.", fix="Give one that covers it.")
    return found


def nested_around(file: DemFile, tile: MapGrid, factor: int = 1) -> list[Dem]:
    """Return of a file all that can be seen from a tile: its own pixels near by, farther out means of ever more.

    So a small tile in a huge file needs little memory; models in memory are thinned out alike (`with_overviews`).
    factor: of how many pixels along a side the nearest means are. Empty where the file has nothing.
    """
    limit_m = _limit_m(tile)
    found = []
    while True:
        smallest = min(file.shape) < 2 * NEXT_FACTOR * factor
        near_m = limit_m if smallest else min(near_reach_m(file.pixel_m, factor), limit_m)
        west, south, east, north = tile.bounds
        window = _on_map_of(file, tile, (west - near_m, south - near_m, east + near_m, north + near_m))
        with suppress(NoHeightsError):
            found.append(file.read(window, factor))
        if near_m == limit_m or _covers(window, file):
            return found
        factor *= NEXT_FACTOR


def near_reach_m(pixel_m: float, factor: int) -> float:
    """Return how far around a region a model is used in means of factor x factor of its pixels, metres."""
    return NEAR_PIXELS * factor * pixel_m


def model_name(model: Model) -> str:
    """Return a model's name and resolution, for provenance."""
    return f"{model.source if isinstance(model, Dem) else model.name} ({model.pixel_m:g} m)"


def model_hash(model: Model) -> str:
    """Return a hash over a model's heights and place, or over the bytes of its files."""
    if isinstance(model, Dem):
        facts = (model.projection, model.frame, model.heights_m.shape, str(model.heights_m.dtype))
        digest = hashlib.sha256(repr(facts).encode())
        digest.update(np.ascontiguousarray(model.heights_m).data)
        return digest.hexdigest()
    digest = hashlib.sha256()
    with opened(model.path) as raster:
        paths = sorted(raster.files)
    for path in paths:
        with Path(path).open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


Bounds = tuple[float, float, float, float]


def _limit_m(tile: MapGrid) -> float:
    """The distance on the tile's map between the Moon's lowest horizon and its highest summit."""
    lowest_m = MOON_RADIUS_M + _LOWEST_M
    limit_rad = 2.0 * math.acos(lowest_m / (MOON_RADIUS_M + _HIGHEST_M))
    west, south, east, north = tile.bounds
    scale_m = tile.projection.x_scale_m
    corner_m = math.hypot(
        max(abs(west - tile.projection.false_easting_m), abs(east - tile.projection.false_easting_m)),
        max(abs(south - tile.projection.false_northing_m), abs(north - tile.projection.false_northing_m)),
    )
    return scale_m * math.tan(min(math.atan(corner_m / scale_m) + limit_rad / 2.0, 1.4)) - corner_m


def _on_map_of(model: DemFile, tile: MapGrid, reach: Bounds) -> Bounds:
    """The reach on a model's own map, in its unit."""
    west, south, east, north = reach
    if model.projection == tile.projection:
        return reach
    x, y = np.meshgrid(np.linspace(west, east, _PROBES), np.linspace(south, north, _PROBES))
    places = np.array([project(model.projection, *up) for up in unit_vectors(tile.projection, x, y).reshape(-1, 3)])
    margin = 2.0 * max(east - west, north - south) / (_PROBES - 1) / MOON_RADIUS_M * model.projection.y_scale_m
    (left, bottom), (right, top) = places.min(axis=0) - margin, places.max(axis=0) + margin
    if right - left > 0.5 * model.projection.circumference:
        # Around a pole or across the map's edge: all longitudes.
        left, _, right, _ = model.bounds
    return float(left), float(bottom), float(right), float(top)


def _covers(window: Bounds, file: DemFile) -> bool:
    """Whether a window on a file's map holds all of the file."""
    west, south, east, north = file.bounds
    return window[0] <= west and window[1] <= south and window[2] >= east and window[3] >= north
