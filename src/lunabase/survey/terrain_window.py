"""Terrain around a tile: of models that are files, only the part that the tile's horizons can depend on is read."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import DemFile, opened
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import project, unit_vectors
from lunabase.terrain.sphere import MOON_RADIUS_M

Model = Dem | DemFile
"""An elevation model in memory or in a file."""

_LOWEST_M, _HIGHEST_M = -9_200.0, 10_800.0
"""Lowest and highest ground of the Moon, rounded outward (LOLA; doi 10.1016/j.icarus.2016.06.006)."""

_PROBES = 65


def models_around(models: Sequence[Model], tile: MapGrid) -> list[Dem]:
    """Return the models in memory: those that are files cut to all that can be seen from anywhere in the tile.

    Files that have nothing there are left out. Raises InputError when none has anything.
    """
    reach = _reach(tile)
    found = []
    for model in models:
        if isinstance(model, Dem):
            found.append(model)
        else:
            window = _overlap(_on_map_of(model, tile, reach), model)
            if window is not None:
                found.append(model.read(window))
    if not found:
        raise InputError("no elevation model has terrain around the region.", fix="Give one that covers it.")
    return found


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


def _reach(tile: MapGrid) -> Bounds:
    """The tile's map bounds, grown by the distance between the Moon's lowest horizon and its highest summit."""
    lowest_m = MOON_RADIUS_M + _LOWEST_M
    limit_rad = 2.0 * math.acos(lowest_m / (MOON_RADIUS_M + _HIGHEST_M))
    west, south, east, north = tile.bounds
    scale_m = tile.projection.x_scale_m
    corner_m = math.hypot(
        max(abs(west - tile.projection.false_easting_m), abs(east - tile.projection.false_easting_m)),
        max(abs(south - tile.projection.false_northing_m), abs(north - tile.projection.false_northing_m)),
    )
    limit_m = scale_m * math.tan(min(math.atan(corner_m / scale_m) + limit_rad / 2.0, 1.4)) - corner_m
    return west - limit_m, south - limit_m, east + limit_m, north + limit_m


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


def _overlap(window: Bounds, model: DemFile) -> Bounds | None:
    west, south, east, north = model.bounds
    around = model.projection.circumference
    if not math.isfinite(around) and (window[0] >= east or window[2] <= west):
        return None
    if window[1] >= north or window[3] <= south:
        return None
    return window
