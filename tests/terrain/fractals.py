"""Seeded fractal terrain by spectral synthesis, and the comparison of a sweep with exact rays."""

from __future__ import annotations

import numpy as np

from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.projection import Projection, polar_projection
from lunabase.terrain.sweep import HorizonSweep

SOUTH = polar_projection()


def fractal_dem(
    count: int,
    pixel_m: float = 20.0,
    *,
    seed: int = 1,
    slope: float = 0.2,
    west: float = -8000.0,
    north: float = 12000.0,
    projection: Projection = SOUTH,
) -> Dem:
    """A model of count x count pixels: spectral density falling as frequency**-4, slopes of the given RMS."""
    random = np.random.default_rng(seed)
    square = np.fft.fftfreq(count)[:, None] ** 2 + np.fft.rfftfreq(count)[None] ** 2
    square[0, 0] = np.inf
    heights_m = np.fft.irfft2(np.exp(2j * np.pi * random.random(square.shape)) / square, (count, count))
    heights_m *= slope * pixel_m / np.diff(heights_m, axis=1).std()
    return Dem(heights_m.astype(np.float32), projection, west, north, pixel_m, pixel_m, "fractal")


def grid_of(dem: Dem) -> MapGrid:
    """All pixels of a model."""
    return MapGrid(dem.projection, dem.west, dem.north, dem.pixel_width, *dem.heights_m.shape)


def swept_and_exact(
    dems: list[Dem],
    region: MapGrid,
    azimuths_deg: np.ndarray,
    points: np.ndarray,
    heights_m: tuple[float, ...] = (2.0, 10.0),
    step_pixels: float = 0.5,
) -> tuple[np.ndarray, np.ndarray]:
    """Horizons (points, heights, azimuths) of pixels (row, column) by sweep and by rays; azimuths regular."""
    sweep = HorizonSweep(dems, region, heights_m)
    rows, columns = points.T
    swept = np.stack([sweep.planes(azimuth)[:, rows, columns].T for azimuth in azimuths_deg], axis=-1)
    convergence_deg = region.convergence_deg()
    latitude_deg, longitude_deg = region.latitude_longitude_deg()
    exact = np.empty_like(swept)
    for number, (row, column) in enumerate(points):
        true_deg = (azimuths_deg + convergence_deg[row, column]) % 360.0
        order = np.argsort(true_deg)
        mask = point_horizon(
            dems,
            float(latitude_deg[row, column]),
            float(longitude_deg[row, column]),
            azimuths_deg=true_deg[order],
            observer_heights_m=heights_m,
            step_pixels=step_pixels,
        )
        exact[number][:, order] = mask.elevations_deg
    return swept, exact
