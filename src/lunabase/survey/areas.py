"""Connected areas of a mask on a map, such as the permanent shadows: their centres and sizes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.record.whole import whole_file
from lunabase.terrain.grid import MapGrid


@dataclass(frozen=True, slots=True)
class Area:
    """A connected region of a mask: its centre of area (deg, longitude -180 to 180), ground area and pixels."""

    latitude_deg: float
    longitude_deg: float
    area_km2: float
    pixels: int


def areas(mask: NDArray[np.bool_], grid: MapGrid, *, least_km2: float = 0.0) -> list[Area]:
    """The connected regions of a mask (rows, columns) of at least `least_km2`, the largest first.

    Pixels connect across edges and corners. The area is that on the sphere of 1737.4 km.
    """
    labels, count = label(mask)
    if count == 0:
        return []
    inside = labels > 0
    index = labels[inside] - 1
    pixel_km2 = ((grid.pixel_m * grid.ground_scale()[inside]) ** 2) * 1e-6
    up = grid.unit_vectors()[inside]
    area_km2 = np.bincount(index, pixel_km2, count)
    pixels = np.bincount(index, minlength=count)
    x, y, z = (np.bincount(index, pixel_km2 * up[:, axis], count) for axis in range(3))
    latitude_deg, longitude_deg = np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))
    order = [k for k in np.argsort(-area_km2, kind="stable") if area_km2[k] >= least_km2]
    return [Area(float(latitude_deg[k]), float(longitude_deg[k]), float(area_km2[k]), int(pixels[k])) for k in order]


def write_areas(found: Sequence[Area], path: Path) -> None:
    """Write areas as CSV, the file whole or not at all. Raises LunabaseError when it can't be written."""
    with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["latitude_deg", "longitude_deg", "area_km2", "pixels"])
        rows.writerows(
            [f"{each.latitude_deg:.6f}", f"{each.longitude_deg:.6f}", f"{each.area_km2:.6f}", each.pixels]
            for each in found
        )


def label(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """Number the connected regions of a mask (rows, columns) from 1, 0 outside; pixels connect at corners too."""
    labels: NDArray[np.int64]
    labels, count = _label(np.ascontiguousarray(mask, dtype=np.bool_))
    return labels, int(count)


@njit(cache=True)
def _label(mask):  # type: ignore[no-untyped-def]
    """Union-find over each pixel and the four neighbours that come before it."""
    rows, columns = mask.shape
    parent = np.arange(rows * columns)
    for row in range(rows):
        for column in range(columns):
            if not mask[row, column]:
                continue
            here = row * columns + column
            for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
                r, c = row + down, column + right
                if r >= 0 and 0 <= c < columns and mask[r, c]:
                    _join(parent, here, r * columns + c)
    labels = np.zeros((rows, columns), dtype=np.int64)
    count = 0
    for pixel in range(rows * columns):
        row, column = pixel // columns, pixel % columns
        if not mask[row, column]:
            continue
        root = _root(parent, pixel)
        if root == pixel:
            count += 1
            labels[row, column] = count
        else:
            labels[row, column] = labels[root // columns, root % columns]
    return labels, count


@njit(cache=True)
def _root(parent, pixel):  # type: ignore[no-untyped-def]
    while parent[pixel] != pixel:
        parent[pixel] = parent[parent[pixel]]
        pixel = parent[pixel]
    return pixel


@njit(cache=True)
def _join(parent, one, other):  # type: ignore[no-untyped-def]
    """The smaller number becomes the root, so that a root comes before all pixels of its region."""
    a, b = _root(parent, one), _root(parent, other)
    parent[max(a, b)] = min(a, b)
