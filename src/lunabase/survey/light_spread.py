"""What the error of the elevations does to the light: maps of several possible terrains, and their spread.

A light map says nothing about its own error, and the error of a height can't be turned into one of a horizon without
the distance of what makes the horizon. So possible terrains are drawn, each gets its horizons and its light, and
the spread of the light is that over the draws.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from lunabase.errors import InputError
from lunabase.sky import Kernels
from lunabase.survey.light_map import light_map, span_attributes
from lunabase.terrain.dem import Dem
from lunabase.times import TimeGrid


def perturbed_dem(dem: Dem, error_m: ArrayLike, *, seed: int, correlation_m: float) -> Dem:
    """One of the terrains that the model may stand for: its heights plus Gaussian noise.

    error_m: standard deviation of the heights, a number or one for each pixel (rows, columns); no error where it
    isn't finite. correlation_m: distance (on the map, at least 0) at which the errors' correlation has fallen to
    exp(-1), of the form exp(-(d / correlation)^2); 0 makes each pixel's error its own, which is the most that it can
    do to slopes. LOLA's models don't say how their errors hang together; interpolated gaps between tracks suggest
    some pixels. Raises InputError for arguments out of range.
    """
    scale_m = np.nan_to_num(np.asarray(error_m, dtype=np.float64), nan=0.0, posinf=0.0)
    if scale_m.ndim and scale_m.shape != dem.heights_m.shape:
        raise InputError(
            f"errors of shape {scale_m.shape} don't fit heights of {dem.heights_m.shape}.",
            where=dem.source,
            fix="Give one error for each pixel, or one number.",
        )
    if (scale_m < 0.0).any() or not correlation_m >= 0.0:
        raise InputError("errors and their correlation can't be negative.", where=dem.source, fix="Give metres >= 0.")
    noise = _noise(dem.heights_m.shape, correlation_m / dem.pixel_width, np.random.default_rng(seed))
    heights_m = (dem.heights_m + scale_m * noise).astype(dem.heights_m.dtype)
    return replace(dem, heights_m=heights_m, source=f"{dem.source}, error drawn with seed {seed}")


def light_spread(cubes: Iterable[xr.Dataset], grid: TimeGrid, kernels: Kernels) -> xr.Dataset:
    """Mean and standard deviation of the light over the horizon cubes of several possible terrains.

    `light_mean`, `light_spread` (sample standard deviation of the mean visible fraction), `light_low` and `light_high`
    (the least and the most), dimensions (height, y, x). The cubes are used one after the other. With n of them the
    spread itself is uncertain by its 1 / sqrt(2 (n - 1)) part. Raises InputError for fewer than two cubes, and as
    `light_map`.
    """
    maps = [light_map(cube, grid, kernels, night_days=())["light"] for cube in cubes]
    if len(maps) < 2:
        raise InputError("a spread needs at least two possible terrains.", where="light spread", fix="Draw more.")
    lights = xr.concat(maps, "draw")
    described = {
        "light_mean": (lights.mean("draw"), "mean over the draws"),
        "light_spread": (lights.std("draw", ddof=1), "standard deviation over the draws"),
        "light_low": (lights.min("draw"), "least of the draws"),
        "light_high": (lights.max("draw"), "most of the draws"),
    }
    variables = {
        name: values.assign_attrs(units="1", long_name=f"mean visible part of the Sun's disc, {text}")
        for name, (values, text) in described.items()
    }
    return xr.Dataset(variables, attrs=span_attributes(grid, kernels) | {"draws": len(maps)})


def _noise(shape: tuple[int, ...], correlation_pixels: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Noise of unit variance whose correlation falls as exp(-(d / length)^2), by a Gaussian filter in frequency."""
    # Twice the length, or more, beyond the map's edge, so that one side doesn't know of the other.
    margin = int(np.ceil(3.0 * correlation_pixels))
    rows, columns = (side + margin for side in shape)
    white = random.standard_normal((rows, columns))
    if correlation_pixels == 0.0:
        return white
    u, v = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)
    response = np.exp(-0.5 * (np.pi * correlation_pixels) ** 2 * (u**2 + v**2))
    full = np.exp(-0.5 * (np.pi * correlation_pixels) ** 2 * (u**2 + np.fft.fftfreq(columns) ** 2))
    coloured = np.fft.irfft2(np.fft.rfft2(white) * response, s=(rows, columns))
    return np.asarray(coloured[: shape[0], : shape[1]] / np.sqrt(np.mean(full**2)))
