"""The temperature of one point's ground: a small temperature map about it, of the terrain that matters to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.sky import Kernels
from lunabase.survey.cube_pass import Progress
from lunabase.survey.horizons import horizon_map
from lunabase.survey.temperature import temperature_map
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.mask import HorizonMask
from lunabase.terrain.projection import local_projection
from lunabase.times import TimeGrid

PIXELS = 33
"""Side of the map about the point."""
_WIDE_M = 30_000.0
_SHELTERED = 0.01
_EYE_M = 0.5
_MOST_SAMPLES = 8


@dataclass(frozen=True, slots=True)
class PointTemperature:
    """Surface temperature (time), K, NaN where the models end too near; of which ground, in words."""

    series: xr.DataArray
    words: str


def point_temperature(
    dems: Sequence[Dem],
    latitude_deg: float,
    longitude_deg: float,
    horizon: HorizonMask,
    grid: TimeGrid,
    kernels: Kernels,
    progress: Progress | None = None,
) -> PointTemperature:
    """Return the temperature of a point's sloping ground with light and heat from the terrain around.

    The map about it has PIXELS by PIXELS pixels. They are the finest model's in the open, where little terrain stands
    above its own slope, which counts. Where terrain beyond that fills 1 % and more of the sky, as on the floor of a
    crater, they cover 30 km, if the models do, since then the light and heat of walls far away count.
    """
    found = [dem for dem in sorted(dems, key=lambda each: each.pixel_m) if _knows(dem, latitude_deg, longitude_deg)]
    near = _map_about(found, latitude_deg, longitude_deg, found[0].pixel_m)
    if not np.isfinite(_middle(near)).all():
        return PointTemperature(xr.DataArray(np.full(grid.count, np.nan), {"time": grid.utc}, ("time",)), "unknown")
    if _sheltered(near, horizon):
        wide = _map_about(found, latitude_deg, longitude_deg, max(near.pixel_m, _WIDE_M / PIXELS))
        near = wide if np.isfinite(wide.heights_m).all() else near
    pixel_m, region = near.pixel_width, local_map(latitude_deg, longitude_deg, near.pixel_width)
    beyond = [dem for dem in dems if dem.pixel_m >= pixel_m]
    with TemporaryDirectory() as folder:
        cube = horizon_map([near, *beyond], region, out=Path(folder) / "horizons.zarr", heights_m=(_EYE_M,))
        middle = (PIXELS // 2, PIXELS // 2)
        made = temperature_map(cube, near, grid, kernels, depths_m=(), points=[middle], progress=progress)
    words = (
        f"ground with the slope that pixels of {pixel_m:.0f} m have, and with light and heat from the terrain within "
        f"{0.5 * PIXELS * pixel_m * 1e-3:.2g} km"
    )
    series = made["surface_temperature"][0].to_numpy().astype(np.float64)
    return PointTemperature(xr.DataArray(series, {"time": grid.utc}, ("time",)), words)


def local_map(latitude_deg: float, longitude_deg: float, pixel_m: float) -> MapGrid:
    """Return a map of PIXELS by PIXELS whose middle pixel is the point."""
    half_m = PIXELS // 2 * pixel_m
    return MapGrid(local_projection(latitude_deg, longitude_deg), -half_m, half_m, pixel_m, PIXELS, PIXELS)


def _sheltered(near: Dem, horizon: HorizonMask) -> bool:
    """Whether terrain that stands above the point's own slope, on along its plane, fills much of the sky."""
    (_, up, _), (left, _, right), (_, down, _) = _middle(near)
    azimuth = np.radians(horizon.azimuths_deg)
    rise = ((right - left) * np.sin(azimuth) + (up - down) * np.cos(azimuth)) / (2.0 * near.pixel_width)
    plane_deg = np.maximum(np.degrees(np.arctan(rise)), 0.0)
    risen = np.sin(np.radians(np.maximum(horizon.elevations_deg[0] - plane_deg, 0.0)))
    return float(np.mean(risen**2)) >= _SHELTERED


def _middle(near: Dem) -> NDArray[np.float64]:
    """The heights of the middle pixel and its eight neighbours."""
    inside = slice(PIXELS // 2 - 1, PIXELS // 2 + 2)
    return near.heights_m[inside, inside].astype(np.float64)


def _map_about(dems: Sequence[Dem], latitude_deg: float, longitude_deg: float, pixel_m: float) -> Dem:
    region = local_map(latitude_deg, longitude_deg, pixel_m)
    heights_m = _heights_m(dems, region)
    return Dem(heights_m, region.projection, region.west, region.north, pixel_m, pixel_m, "about the point")


def _knows(dem: Dem, latitude_deg: float, longitude_deg: float) -> bool:
    return bool(np.isfinite(dem.height_at(latitude_deg, longitude_deg)))


def _heights_m(dems: Sequence[Dem], region: MapGrid) -> NDArray[np.float32]:
    """Heights of the finest model that knows them, mean over each pixel where that is coarser than the model."""
    samples = min(_MOST_SAMPLES, max(1, math.ceil(region.pixel_m / dems[0].pixel_m)))
    fine_m = region.pixel_m / samples
    shift_m = 0.5 * (samples - 1) * fine_m
    side = PIXELS * samples
    fine = MapGrid(region.projection, region.west - shift_m, region.north + shift_m, fine_m, side, side)
    up = fine.unit_vectors()
    heights_m = np.full(fine.shape, np.nan)
    for dem in dems:
        heights_m = np.where(np.isnan(heights_m), dem.height_towards(up), heights_m)
    return np.asarray(heights_m.reshape(PIXELS, samples, PIXELS, samples).mean(axis=(1, 3)), dtype=np.float32)
