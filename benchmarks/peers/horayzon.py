"""HORAYZON (horayzon-extpar on PyPI): rays by Embree against a mesh of triangles around the Moon's centre.

Steger et al. 2022, doi 10.5194/gmd-15-6817-2022. The mesh is three-dimensional, so lunar curvature is exact.
The vertices are 32-bit and counted from the first model's centre, to keep millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from benchmarks.peers.truth import Pixels
from horayzon_extpar import Terrain
from numpy.typing import NDArray

from lunabase.terrain.dem import Dem
from lunabase.terrain.projection import unit_vectors
from lunabase.terrain.sphere import MOON_RADIUS_M

FloatArray = NDArray[np.float64]

LOWEST_DEG = -20.0


class Mesh:
    """Nested models as one mesh: each model's triangles end where a finer model begins."""

    def __init__(self, dems: Sequence[Dem]) -> None:
        centre = unit_vectors(dems[0].projection, *_middle(dems[0]))[0]
        self.origin_m = MOON_RADIUS_M * centre
        self._vertices, self._faces = self._triangles(dems)
        self._terrain = Terrain()
        self._terrain.initialise(
            self._vertices,
            self._faces,
            (-self.origin_m).astype(np.float32),
            (np.array([0.0, 0.0, MOON_RADIUS_M]) - self.origin_m).astype(np.float32),
        )

    def _triangles(self, dems: Sequence[Dem]) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
        vertices, faces, count = [], [], 0
        for k, dem in enumerate(dems):
            points = positions_m(dem).reshape(-1, 3) - self.origin_m
            outside = np.isfinite(dem.heights_m)
            for finer in dems[:k]:
                outside &= ~_covered(dem, finer)
            rows, columns = dem.heights_m.shape
            index = np.arange(rows * columns, dtype=np.uint32).reshape(rows, columns)
            whole = outside[:-1, :-1] & outside[1:, :-1] & outside[:-1, 1:] & outside[1:, 1:]
            a, b = index[:-1, :-1][whole], index[:-1, 1:][whole]
            c, d = index[1:, :-1][whole], index[1:, 1:][whole]
            # South polar maps are seen from outside the Moon with x east: rows run down, so a-c-b is anti-clockwise.
            faces.append(np.stack([np.stack([a, c, b], -1), np.stack([b, c, d], -1)], 1).reshape(-1, 3) + count)
            vertices.append(np.nan_to_num(points).astype(np.float32))
            count += points.shape[0]
        return np.concatenate(vertices), np.ascontiguousarray(np.concatenate(faces), dtype=np.uint32)

    def horizons_deg(
        self, observers_m: FloatArray, azimuths: int, accuracy_deg: float, range_m: float
    ) -> NDArray[np.float32]:
        """Return horizons (n, azimuths) at observers (n, 3), azimuths from true north clockwise."""
        points = np.ascontiguousarray(observers_m - self.origin_m)
        found, _ = self._terrain.horizon_arbitrary(points, azimuths, range_m, 0.5, accuracy_deg, LOWEST_DEG)
        return np.asarray(found)


def positions_m(dem: Dem, height_m: float = 0.0) -> FloatArray:
    """Return every pixel centre in space (rows, columns, 3), lifted by a height above the ground."""
    rows, columns = dem.heights_m.shape
    x, y = np.meshgrid(dem.west + dem.pixel_width * np.arange(columns), dem.north - dem.pixel_height * np.arange(rows))
    radius_m = MOON_RADIUS_M + dem.heights_m.astype(np.float64) + height_m
    return unit_vectors(dem.projection, x, y) * radius_m[..., None]


def observers_m(dem: Dem, pixels: Pixels, height_m: float) -> FloatArray:
    """Return observers (n, 3) above the given pixels."""
    x = np.asarray(dem.west + dem.pixel_width * pixels.columns, dtype=np.float64)
    y = np.asarray(dem.north - dem.pixel_height * pixels.rows, dtype=np.float64)
    radius_m = MOON_RADIUS_M + dem.heights_m[pixels.rows, pixels.columns].astype(np.float64) + height_m
    return unit_vectors(dem.projection, x, y) * radius_m[:, None]


def _middle(dem: Dem) -> tuple[FloatArray, FloatArray]:
    rows, columns = dem.heights_m.shape
    x = dem.west + 0.5 * dem.pixel_width * (columns - 1)
    y = dem.north - 0.5 * dem.pixel_height * (rows - 1)
    return np.array([x]), np.array([y])


def _covered(dem: Dem, finer: Dem) -> NDArray[np.bool_]:
    """Return which pixels of a model lie within a finer one, both on the same map."""
    rows, columns = dem.heights_m.shape
    x = dem.west + dem.pixel_width * np.arange(columns)
    y = dem.north - dem.pixel_height * np.arange(rows)
    fine_rows, fine_columns = finer.heights_m.shape
    inside_x = (x > finer.west) & (x < finer.west + finer.pixel_width * (fine_columns - 1))
    inside_y = (y < finer.north) & (y > finer.north - finer.pixel_height * (fine_rows - 1))
    return np.asarray(inside_y[:, None] & inside_x[None, :])
