"""The map grid: square pixels of a conformal lunar map, and what they are on the ground."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyproj
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.terrain.projection import EQUIRECTANGULAR, Projection, crs_of, unit_vectors
from lunabase.terrain.sphere import MOON_RADIUS_M

FloatArray = NDArray[np.float64]

_NUDGE_M = 1.0


@dataclass(frozen=True, slots=True)
class MapGrid:
    """A north-up grid of square pixels on a conformal projection (one that keeps angles).

    west, north: map coordinates of the centre of the upper left pixel, metres. Rows run south, columns east.
    Azimuths of a grid count clockwise from the map's y axis; the true azimuth, from north, is the grid azimuth
    plus the pixel's `convergence_deg`. So a direction has one azimuth all over a polar map, which true north
    has not.
    """

    projection: Projection
    west: float
    north: float
    pixel_m: float
    rows: int
    columns: int

    def __post_init__(self) -> None:
        """Refuse empty grids and projections that bend angles."""
        if self.projection.kind == EQUIRECTANGULAR:
            raise InputError(
                "an equirectangular map bends angles, so it can't be a survey's grid.",
                fix="Reproject it with `lunabase.terrain.conformal.conformal_dem`.",
            )
        if min(self.rows, self.columns) < 1 or not self.pixel_m > 0.0:
            raise InputError("a map grid needs at least one pixel, of a positive size.", fix="Take a larger region.")

    @property
    def x(self) -> FloatArray:
        """Return the map x of the pixel centres, metres, (columns,)."""
        return np.asarray(self.west + self.pixel_m * np.arange(self.columns))

    @property
    def y(self) -> FloatArray:
        """Return the map y of the pixel centres, metres, (rows,), falling."""
        return np.asarray(self.north - self.pixel_m * np.arange(self.rows))

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, columns)."""
        return self.rows, self.columns

    @property
    def crs(self) -> pyproj.CRS:
        """Return the coordinate system, by its IAU_2015 code where it has one."""
        return crs_of(self.projection)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of the pixels' outer edges, map metres."""
        half = 0.5 * self.pixel_m
        east = self.west + self.pixel_m * (self.columns - 1) + half
        south = self.north - self.pixel_m * (self.rows - 1) - half
        return self.west - half, south, east, self.north + half

    def part(self, row: int, column: int, rows: int, columns: int) -> MapGrid:
        """Return the rows x columns pixels from (row, column) on, cut at the grid's end."""
        return replace(
            self,
            west=self.west + column * self.pixel_m,
            north=self.north - row * self.pixel_m,
            rows=min(rows, self.rows - row),
            columns=min(columns, self.columns - column),
        )

    def unit_vectors(self) -> FloatArray:
        """Return unit vectors from the Moon's centre to the pixel centres, mean-Earth frame, (rows, columns, 3)."""
        x, y = np.meshgrid(self.x, self.y)
        return unit_vectors(self.projection, x, y)

    def latitude_longitude_deg(self) -> tuple[FloatArray, FloatArray]:
        """Return latitudes and longitudes (-180 to 180) of the pixel centres, degrees, (rows, columns) each."""
        up = self.unit_vectors()
        latitude_deg = np.degrees(np.arctan2(up[..., 2], np.hypot(up[..., 0], up[..., 1])))
        return latitude_deg, np.degrees(np.arctan2(up[..., 1], up[..., 0]))

    def convergence_deg(self) -> FloatArray:
        """Return the true azimuth of the map's y axis at each pixel, -180 to 180 deg, (rows, columns)."""
        x, y = np.meshgrid(self.x, self.y)
        here = unit_vectors(self.projection, x, y)
        above = unit_vectors(self.projection, x, y + _NUDGE_M) - unit_vectors(self.projection, x, y - _NUDGE_M)
        # Both have the length cos(latitude), which the arctangent's ratio doesn't see.
        east = np.stack([-here[..., 1], here[..., 0], np.zeros_like(x)], axis=-1)
        north = np.cross(here, east)
        return np.asarray(np.degrees(np.arctan2(np.sum(above * east, axis=-1), np.sum(above * north, axis=-1))))

    def ground_scale(self) -> FloatArray:
        """Return ground metres (on the sphere of 1737.4 km) per map metre at each pixel, (rows, columns)."""
        x, y = np.meshgrid(self.x, self.y)
        step = unit_vectors(self.projection, x, y + _NUDGE_M) - unit_vectors(self.projection, x, y - _NUDGE_M)
        return np.asarray(np.linalg.norm(step, axis=-1) * MOON_RADIUS_M / (2.0 * _NUDGE_M))
