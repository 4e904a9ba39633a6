"""The digital elevation model: lunar heights on a regular map grid, and the heights between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from lunabase.errors import InputError
from lunabase.terrain.projection import EQUIRECTANGULAR, Projection, project


class Frame(NamedTuple):
    """Map coordinates of the centre of the upper left pixel, and the spacing of pixel centres."""

    west: float
    north: float
    pixel_width: float
    pixel_height: float


@dataclass(frozen=True, slots=True, eq=False)
class Dem:
    """Heights above the sphere of 1737.4 km, metres, at the pixel centres of a north-up map grid.

    heights_m: (rows, columns) float32 or float64, at least 2 x 2, NaN where there is no data.
    west, north: map coordinates of the centre of the upper left pixel, in the unit of the projection.
    pixel_width, pixel_height: spacing of the pixel centres, the same unit, positive.
    source: where the heights come from, for provenance.
    """

    heights_m: NDArray[np.floating]
    projection: Projection
    west: float
    north: float
    pixel_width: float
    pixel_height: float
    source: str

    def __post_init__(self) -> None:
        if self.heights_m.ndim != 2 or min(self.heights_m.shape) < 2:
            raise InputError(
                "an elevation model needs at least 2 x 2 pixels.",
                where=self.source,
                fix="Take a larger window.",
            )
        if not (self.pixel_width > 0.0 and self.pixel_height > 0.0):
            raise InputError(
                "the elevation model's pixels have no size.", where=self.source, fix="Use a north-up raster."
            )

    @property
    def wraps(self) -> bool:
        """Return whether the last column's eastern neighbour is the first column."""
        return self.projection.goes_round(self.heights_m.shape[1] * self.pixel_width)

    @property
    def pixel_m(self) -> float:
        """Return the size of a pixel on the ground, metres, at the map's true scale (north-south)."""
        return self.projection.true_height_m(self.pixel_height)

    def height_at(self, latitude_deg: ArrayLike, longitude_deg: ArrayLike) -> NDArray[np.float64]:
        """Return the bilinear height in metres at points given in degrees; NaN outside and beside no data.

        Longitudes may run from -180 to 180 or from 0 to 360. The result has the broadcast shape.
        """
        latitude, longitude = np.broadcast_arrays(np.radians(latitude_deg), np.radians(longitude_deg))
        up = np.stack(
            [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)],
            axis=-1,
        )
        return self.height_towards(up)

    def height_towards(self, up: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the bilinear height in metres along unit vectors (..., 3); NaN outside and beside no data."""
        columns, rows = _pixels_of_directions(self.projection, self.frame, np.ascontiguousarray(up).reshape(-1, 3))
        return self._heights_at_pixels(columns, rows).reshape(up.shape[:-1])

    def height_at_xy(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Return the bilinear height in metres at map coordinates; NaN outside and beside no data."""
        x_map, y_map = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        columns = ((x_map - self.west) / self.pixel_width).ravel()
        rows = ((self.north - y_map) / self.pixel_height).ravel()
        return self._heights_at_pixels(columns, rows).reshape(x_map.shape)

    def _heights_at_pixels(self, columns: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(_heights_of_pixels(self.heights_m.ravel(), self.heights_m.shape, self.wraps, columns, rows))

    @property
    def frame(self) -> Frame:
        """Return how the pixels lie on the map, for the kernels."""
        return Frame(self.west, self.north, self.pixel_width, self.pixel_height)


@njit(cache=True)  # type: ignore[untyped-decorator]
def pixel_at(projection: Projection, frame: Frame, ux: float, uy: float, uz: float) -> tuple[float, float]:
    """Return fractional (column, row) of a unit vector, counted from the centre of the upper left pixel."""
    x, y = project(projection, ux, uy, uz)
    if projection.kind == EQUIRECTANGULAR:
        # The map may start at any longitude (-180, 0 ...): count eastward from half a pixel before its edge.
        around = 2.0 * math.pi * projection.x_scale_m
        edge = frame.west - 0.5 * frame.pixel_width
        x = edge + (x - edge) % around
    return (x - frame.west) / frame.pixel_width, (frame.north - y) / frame.pixel_height


@njit(cache=True)  # type: ignore[untyped-decorator]
def bilinear(
    heights: NDArray[np.floating], start: int, rows: int, columns: int, wraps: bool, column: float, row: float
) -> float:
    """Return the height between the four pixel centres around (column, row); NaN where one is missing.

    heights: (n,) in which the model's rows x columns begin at `start`, row by row.
    """
    last_column = columns if wraps else columns - 1
    if wraps:
        column = column % columns
    if not (0.0 <= column <= last_column and 0.0 <= row <= rows - 1):
        return math.nan
    left = min(int(column), last_column - 1)
    # Not %: an integer division would cost more than all the rest.
    right = left + 1 if left + 1 < columns else 0
    top = min(int(row), rows - 2)
    east = column - left
    south = row - top
    first = start + top * columns
    second = first + columns
    upper = heights[first + left] * (1.0 - east) + heights[first + right] * east
    lower = heights[second + left] * (1.0 - east) + heights[second + right] * east
    return float(upper * (1.0 - south) + lower * south)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _pixels_of_directions(
    projection: Projection, frame: Frame, up: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    columns, rows = np.empty(up.shape[0]), np.empty(up.shape[0])
    for i in range(up.shape[0]):
        columns[i], rows[i] = pixel_at(projection, frame, up[i, 0], up[i, 1], up[i, 2])
    return columns, rows


@njit(cache=True)  # type: ignore[untyped-decorator]
def _heights_of_pixels(
    heights: NDArray[np.floating],
    shape: tuple[int, int],
    wraps: bool,
    columns: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> NDArray[np.float64]:
    result = np.empty(columns.size)
    for i in range(columns.size):
        result[i] = bilinear(heights, 0, shape[0], shape[1], wraps, columns[i], rows[i])
    return result


def read_dem(path: str | Path, window: tuple[float, float, float, float] | None = None) -> Dem:
    """Read a lunar elevation model: one band, north up, heights above the sphere or radii, metres or km.

    window: (west, south, east, north) in map coordinates, to read only the pixels that overlap it.
    Raises InputError when the file can't be read, isn't on the Moon, or its place or unit is unclear.
    """
    from lunabase.terrain.dem_file import open_dem  # which makes models of this module

    return open_dem(path).read(window)
