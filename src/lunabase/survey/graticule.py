"""Lines of latitude and longitude on any map, and where they meet its frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import NORTH_POLAR, SOUTH_POLAR, project

FloatArray = NDArray[np.float64]

_STEPS_DEG = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 45.0, 90.0)
_POINTS = 721
_LINES = 5
"""About so many lines of each kind cross a map."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its words and its points on the map, metres, (n,) each; NaN outside the map's frame."""

    label: str
    x: FloatArray
    y: FloatArray
    is_parallel: bool


def graticule(grid: MapGrid) -> list[Line]:
    """Return the lines of latitude and longitude that cross a map, cut at its frame."""
    latitude_deg, longitude_deg = _edge_degrees(grid)
    lowest, highest = float(latitude_deg.min()), float(latitude_deg.max())
    pole = pole_on(grid)
    if pole is not None:
        lowest, highest = min(lowest, pole), max(highest, pole)
    step = _step(highest - lowest)
    lines = []
    start, length = (-180.0, 360.0) if pole is not None else _arc(longitude_deg)
    digits = max(0, -math.floor(math.log10(step)))
    for value in _multiples(lowest, highest, step):
        if abs(value) < 90.0:
            around = np.linspace(start, start + length, _POINTS)
            words = f"{abs(value):.{digits}f}° {'S' if value < 0.0 else 'N'}" if value else "0°"
            lines.append(_cut(grid, words, np.full(_POINTS, value), around, is_parallel=True))
    step = _step(length) if pole is None else 30.0
    top = np.linspace(lowest, highest, _POINTS)
    digits = max(0, -math.floor(math.log10(step)))
    for value in _multiples(start, start + length - (1e-6 if pole is not None else 0.0), step):
        along = np.full(_POINTS, value)
        lines.append(_cut(grid, _east(value, digits), top, along, is_parallel=False))
    return [line for line in lines if np.isfinite(line.x).sum() > 1]


def pole_on(grid: MapGrid) -> float | None:
    """Return the latitude of the pole that lies within the map's frame, or None."""
    west, south, east, north = grid.bounds
    for latitude_deg in (-90.0, 90.0):
        if grid.projection.kind == (NORTH_POLAR if latitude_deg < 0.0 else SOUTH_POLAR):
            continue
        x, y = project(grid.projection, 0.0, 0.0, math.copysign(1.0, latitude_deg))
        if west <= x <= east and south <= y <= north:
            return latitude_deg
    return None


def _edge_degrees(grid: MapGrid) -> tuple[FloatArray, FloatArray]:
    rows = np.unique(np.linspace(0, grid.rows - 1, 65).astype(int))
    latitudes, longitudes = [], []
    for row in rows:
        latitude, longitude = grid.part(int(row), 0, 1, grid.columns).latitude_longitude_deg()
        latitudes.append(latitude.ravel())
        longitudes.append(longitude.ravel())
    return np.concatenate(latitudes), np.concatenate(longitudes)


def _arc(longitude_deg: FloatArray) -> tuple[float, float]:
    """Start and length of the shortest arc that holds all longitudes."""
    around = np.sort(np.mod(longitude_deg, 360.0))
    gaps = np.diff(np.append(around, around[0] + 360.0))
    widest = int(np.argmax(gaps))
    return float(around[(widest + 1) % around.size]), 360.0 - float(gaps[widest])


def _step(span_deg: float) -> float:
    return next((step for step in _STEPS_DEG if span_deg / step <= _LINES), _STEPS_DEG[-1])


def _multiples(low: float, high: float, step: float) -> list[float]:
    return [step * k for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _east(longitude_deg: float, digits: int) -> str:
    value = (longitude_deg + 180.0) % 360.0 - 180.0
    if abs(value) < 1e-9 or abs(abs(value) - 180.0) < 1e-9:
        return f"{abs(value):.0f}°"
    return f"{abs(value):.{digits}f}° {'E' if value > 0.0 else 'W'}"


def _cut(grid: MapGrid, label: str, latitude_deg: FloatArray, longitude_deg: FloatArray, *, is_parallel: bool) -> Line:
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    flat = np.cos(latitude)
    up = np.stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)], axis=-1)
    points = np.array([project(grid.projection, *each) for each in up])
    west, south, east, north = grid.bounds
    inside = (points[:, 0] >= west) & (points[:, 0] <= east) & (points[:, 1] >= south) & (points[:, 1] <= north)
    points[~inside] = np.nan
    return Line(label, points[:, 0], points[:, 1], is_parallel)
