"""Exact horizons at random pixels, and how far a program's horizons are from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lunabase.terrain.dem import Dem
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.projection import unit_vectors

FloatArray = NDArray[np.float64]

LOWEST_DEG = -15.0
"""Horizons below this are left out of the comparison: at a tile's edge there is no terrain, and none is lower."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """Pixels of a model at which horizons are compared: rows and columns, each (n,)."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Errors:
    """Differences from the exact horizon, degrees, over all compared pixels and azimuths."""

    median_deg: float
    within_99_deg: float
    bias_deg: float
    compared: int


def random_pixels(dem: Dem, count: int, margin: float = 0.1, seed: int = 3) -> Pixels:
    """Return `count` pixels at random, none closer to the edge than `margin` of the tile's size."""
    random = np.random.default_rng(seed)
    rows, columns = dem.heights_m.shape
    return Pixels(
        random.integers(int(margin * rows), int((1.0 - margin) * rows), count),
        random.integers(int(margin * columns), int((1.0 - margin) * columns), count),
    )


def directions(dem: Dem, pixels: Pixels) -> FloatArray:
    """Return the pixels' unit vectors (n, 3)."""
    x = np.asarray(dem.west + dem.pixel_width * pixels.columns, dtype=np.float64)
    y = np.asarray(dem.north - dem.pixel_height * pixels.rows, dtype=np.float64)
    return unit_vectors(dem.projection, x, y)


def exact_horizons_deg(
    dems: Sequence[Dem], pixels: Pixels, azimuths_deg: FloatArray, height_m: float, *, grid_azimuths: bool
) -> FloatArray:
    """Return exact horizons (n, azimuths) at pixels of the first model, azimuths from true north or map y."""
    up = directions(dems[0], pixels)
    latitudes_deg = np.degrees(np.arcsin(up[:, 2]))
    longitudes_deg = np.degrees(np.arctan2(up[:, 1], up[:, 0]))
    found = np.empty((up.shape[0], azimuths_deg.size))
    order = np.argsort(azimuths_deg)
    for k in range(up.shape[0]):
        # On the south polar map, north points away from the pole: grid azimuth = true azimuth + longitude.
        shift_deg = -longitudes_deg[k] if grid_azimuths else 0.0
        true_deg = (azimuths_deg[order] + shift_deg) % 360.0
        around = np.argsort(true_deg)
        mask = point_horizon(
            dems, latitudes_deg[k], longitudes_deg[k], observer_heights_m=(height_m,), azimuths_deg=true_deg[around]
        )
        found[k, order[around]] = mask.elevations_deg[0]
    return found


def errors_of(found_deg: FloatArray, exact_deg: FloatArray) -> Errors:
    """Compare horizons (n, azimuths) in degrees where the exact ones are above LOWEST_DEG."""
    counted = np.isfinite(exact_deg) & (exact_deg > LOWEST_DEG)
    difference = found_deg[counted] - exact_deg[counted]
    size = np.abs(difference)
    return Errors(
        float(np.median(size)), float(np.quantile(size, 0.99)), float(difference.mean()), int(difference.size)
    )
