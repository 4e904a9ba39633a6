"""What a reader should know about an elevation model's file: place, extent, heights, and what was assumed."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import rasterio
from pyproj.exceptions import CRSError
from rasterio.windows import Window

from lunabase.errors import InputError
from lunabase.terrain.dem_file import DemFile, opened
from lunabase.terrain.heights import check_range
from lunabase.terrain.projection import (
    EQUIRECTANGULAR,
    LOCAL_STEREOGRAPHIC,
    NORTH_POLAR,
    SOUTH_POLAR,
    Projection,
    crs_of,
    project,
    unit_vectors,
)
from lunabase.terrain.sphere import MOON_RADIUS_M

_AT_ONCE = 1 << 22
_SAMPLED_BLOCKS = 64
_SAMPLED_SIDE = 1024
_EDGE_POINTS = 1025


class HeightSample(NamedTuple):
    """Lowest and highest height in metres and the share without data, of the looked-at part of the pixels."""

    lowest_m: float
    highest_m: float
    missing_share: float
    looked_at: float


def dem_facts(file: DemFile) -> dict[str, Any]:
    """Return what was understood of a file, as plain values for people and machines.

    Heights come from the file's overviews, or from a part of its blocks where it has none and is large; the fact
    `looked_at` says which share of the pixels that is. Raises InputError when they can't be read or aren't lunar.
    """
    sample = sample_heights(file)
    if sample.missing_share < 1.0:
        check_range(sample.lowest_m, sample.highest_m, file.scale, file.pixel_m * min(file.shape), file.path)
    latitudes, longitudes = latitude_longitude_range(file)
    return {
        "file": file.path,
        "format": file.driver,
        "rows": file.shape[0],
        "columns": file.shape[1],
        "pixel_m": round(file.pixel_m, 6),
        "projection": projection_words(file.projection),
        "code": projection_code(file.projection),
        "bounds": list(file.bounds),
        "bounds_unit": "degree" if _in_degrees(file.projection) else "metre",
        "latitude_deg": latitudes,
        "longitude_deg": longitudes,
        "lowest_m": _rounded(sample.lowest_m),
        "highest_m": _rounded(sample.highest_m),
        "no_data_share": round(sample.missing_share, 6),
        "looked_at": round(sample.looked_at, 6),
        "stored_unit": file.scale.unit,
        "factor_to_m": file.scale.factor,
        "offset_m": file.scale.offset_m,
        "no_data_value": _finite(file.scale.nodata),
        "notes": list(file.notes),
    }


def projection_words(projection: Projection) -> str:
    """Return a projection in words."""
    if projection.kind == EQUIRECTANGULAR:
        if _in_degrees(projection):
            return "latitude and longitude in degrees"
        true_deg = math.degrees(math.acos(min(1.0, projection.x_scale_m / MOON_RADIUS_M)))
        where = "the equator" if true_deg < 1e-6 else f"{true_deg:.6g} deg"
        return f"equirectangular, true scale at {where}"
    name = {SOUTH_POLAR: "south polar stereographic", NORTH_POLAR: "north polar stereographic"}
    words = name.get(projection.kind, "stereographic")
    if projection.kind == LOCAL_STEREOGRAPHIC:
        latitude = math.degrees(math.atan2(projection.centre_sine, projection.centre_cosine))
        longitude = math.degrees(math.atan2(projection.central_sine, projection.central_cosine))
        words += f" about {latitude:.6g}, {longitude:.6g} deg"
    scale = projection.x_scale_m / (2.0 * MOON_RADIUS_M)
    return f"{words}, true scale at its centre" if math.isclose(scale, 1.0) else f"{words}, scale {scale:.6g} there"


def projection_code(projection: Projection) -> str | None:
    """Return the IAU_2015 code of a projection with just these parameters, or None."""
    if projection.kind == EQUIRECTANGULAR and _in_degrees(projection):
        return "IAU_2015:30100" if projection.central_sine == 0.0 and projection.central_cosine > 0.0 else None
    try:
        authority = crs_of(projection).to_authority()
    except (CRSError, InputError):
        return None
    return ":".join(authority) if authority else None


def latitude_longitude_range(file: DemFile) -> tuple[list[float], list[float]]:
    """Return [south, north] and [west, east] in degrees of a file's outer edges; west to east counts eastward."""
    west, south, east, north = file.bounds
    x, y = np.linspace(west, east, _EDGE_POINTS), np.linspace(south, north, _EDGE_POINTS)
    edge_x = np.concatenate([x, x, np.full_like(y, west), np.full_like(y, east)])
    edge_y = np.concatenate([np.full_like(x, south), np.full_like(x, north), y, y])
    if file.projection.kind == EQUIRECTANGULAR:
        return _cylindrical_range(file)
    up = unit_vectors(file.projection, edge_x, edge_y)
    latitudes = np.degrees(np.arctan2(up[:, 2], np.hypot(up[:, 0], up[:, 1])))
    longitudes = np.sort(np.degrees(np.arctan2(up[:, 1], up[:, 0])) % 360.0)
    poles = [pole for pole in (-1.0, 1.0) if _has(file, pole)]
    low, high = (
        min([latitudes.min(), *(90.0 * pole for pole in poles)]),
        max([latitudes.max(), *(90.0 * pole for pole in poles)]),
    )
    if poles:
        return [float(low), float(high)], [0.0, 360.0]
    gaps = np.diff(longitudes, append=longitudes[0] + 360.0)
    widest = int(np.argmax(gaps))
    first = float(longitudes[(widest + 1) % longitudes.size])
    return [float(low), float(high)], [first, first + 360.0 - float(gaps[widest])]


def sample_heights(file: DemFile) -> HeightSample:
    """Return the range of a file's heights and the share without, without reading a large one whole."""
    with opened(file.path) as raster:
        parts, looked_at = _parts(raster)
        lowest, highest, missing, count = math.inf, -math.inf, 0, 0
        for stored in parts:
            heights = file.scale.heights_m(stored)
            known = heights[np.isfinite(heights)]
            missing, count = missing + heights.size - known.size, count + heights.size
            if known.size:
                lowest, highest = min(lowest, float(known.min())), max(highest, float(known.max()))
    return HeightSample(lowest, highest, missing / count, looked_at)


def _parts(raster: rasterio.DatasetReader) -> tuple[list[np.ma.MaskedArray[Any, np.dtype[Any]]], float]:
    rows, columns = raster.shape
    if rows * columns <= _AT_ONCE:
        return [raster.read(1, masked=True)], 1.0
    if raster.overviews(1):
        shape = (min(rows, _SAMPLED_SIDE), min(columns, _SAMPLED_SIDE))
        return [raster.read(1, out_shape=shape, masked=True)], shape[0] * shape[1] / (rows * columns)
    windows = _scattered(raster)
    seen = sum(window.width * window.height for window in windows)
    return [raster.read(1, window=window, masked=True) for window in windows], seen / (rows * columns)


def _scattered(raster: rasterio.DatasetReader) -> list[Window]:
    """Return blocks spread over the raster, of which reading costs no more than a few million pixels."""
    block_rows, block_columns = raster.block_shapes[0]
    down, across = math.ceil(raster.height / block_rows), math.ceil(raster.width / block_columns)
    most = max(1, min(_AT_ONCE // (block_rows * block_columns), _SAMPLED_BLOCKS * max(1, 256 // block_rows)))
    aside = min(across, max(1, math.isqrt(most * across // max(down, 1))))
    rows = _spread(down, max(1, most // aside))
    return [
        Window(
            column * block_columns,
            row * block_rows,
            min(block_columns, raster.width - column * block_columns),
            min(block_rows, raster.height - row * block_rows),
        )
        for row in rows
        for column in _spread(across, aside)
    ]


def _spread(count: int, wanted: int) -> list[int]:
    return sorted({int(place) for place in np.linspace(0, count - 1, min(count, wanted)).round()})


def _cylindrical_range(file: DemFile) -> tuple[list[float], list[float]]:
    west, south, east, north = file.bounds
    projection = file.projection
    central = math.degrees(math.atan2(projection.central_sine, projection.central_cosine))
    longitudes = [math.degrees((x - projection.false_easting_m) / projection.x_scale_m) + central for x in (west, east)]
    latitudes = [math.degrees((y - projection.false_northing_m) / projection.y_scale_m) for y in (south, north)]
    return [max(-90.0, min(90.0, latitude)) for latitude in latitudes], longitudes


def _has(file: DemFile, pole: float) -> bool:
    with np.errstate(all="ignore"):
        x, y = _pole_on(file.projection, pole)
    west, south, east, north = file.bounds
    return west <= x <= east and south <= y <= north


def _pole_on(projection: Projection, pole: float) -> tuple[float, float]:
    if {SOUTH_POLAR: 1.0, NORTH_POLAR: -1.0}.get(projection.kind) == pole:
        return math.inf, math.inf
    x, y = project(projection, 0.0, 0.0, pole)
    return float(x), float(y)


def _in_degrees(projection: Projection) -> bool:
    return projection.kind == EQUIRECTANGULAR and projection.y_scale_m != MOON_RADIUS_M


def _rounded(height_m: float) -> float | None:
    """Centimetres; None where no pixel that was looked at has a height."""
    return round(height_m, 2) if math.isfinite(height_m) else None


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def nesting(files: list[DemFile]) -> list[DemFile]:
    """Return files in the order in which a survey uses them: the smallest pixels first."""
    return sorted(files, key=lambda file: file.pixel_m)
