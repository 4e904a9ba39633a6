"""Stored values to metres above the sphere of 1737.4 km: unit, scale, reference surface and missing values."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from lunabase.errors import InputError
from lunabase.terrain.sphere import MOON_RADIUS_M

_RADIUS_ABOVE_M = 1.6e6
_HIGHEST_M = 20_000.0
_NO_HEIGHT_ABOVE = 1e30
_UNIT_M = {
    **dict.fromkeys(("m", "meter", "metre", "meters", "metres"), 1.0),
    **dict.fromkeys(("km", "kilometer", "kilometre", "kilometers", "kilometres"), 1000.0),
}
_UNKNOWN = {"", "unknown", "n/a", "none", "unk"}
_KILOMETRES_WITHIN_M = 30.0
_KILOMETRE_LEVELS = (0.0, MOON_RADIUS_M / 1000.0)
_WIDE_M = 100_000.0

Masked = np.ma.MaskedArray[Any, np.dtype[Any]]


class NoHeightsError(InputError):
    """A part of an elevation model that was asked for has no heights, or none of the model is there."""


class Scale(NamedTuple):
    """How stored values become heights: height_m = stored * factor + offset_m, above the sphere of 1737.4 km.

    kind: float32 or float64, what holds them; nodata: the stored value that stands for none, if declared;
    unit: "metre" or "kilometre"; declared: whether the file names it; radii: whether it stores radii.
    """

    factor: float
    offset_m: float
    kind: type[np.floating]
    nodata: float | None
    unit: str
    declared: bool
    radii: bool

    def heights_m(self, stored: Masked) -> NDArray[np.floating]:
        """Return heights in metres, NaN where there is none, of the stored values' shape."""
        values = np.ma.filled(stored.astype(np.float64), np.nan)
        # What a nonsensical scale makes infinite is refused as no lunar height.
        with np.errstate(invalid="ignore", over="ignore"):
            # Fillers such as -3.4e38 which nothing declares.
            values[np.abs(values) > _NO_HEIGHT_ABOVE] = np.nan
            values *= self.factor
            values += self.offset_m
            return values.astype(self.kind, copy=False)


def scale_of(raster: rasterio.DatasetReader, label: dict[str, str], where: str) -> tuple[Scale, list[str]]:
    """Return the scale of a raster's only band, and notes on what had to be assumed.

    label: the keywords of its PDS3 label, if it has one. Raises InputError for an unknown unit or no heights.
    """
    notes: list[str] = []
    name = (raster.units[0] or label.get("UNIT") or "").strip()
    unit_m = _UNIT_M.get(name.lower())
    declared = unit_m is not None
    if not declared and name.lower() not in _UNKNOWN:
        raise InputError(f"the height unit {name!r} is unknown.", where=where, fix="Convert the heights to metres.")
    scale, offset = float(raster.scales[0]), float(raster.offsets[0])
    if not (np.isfinite(scale) and np.isfinite(offset) and scale != 0.0):
        raise InputError("the heights' scale is not a number.", where=where, fix="Fetch the file anew.")
    if unit_m is None:
        in_km = abs(offset - MOON_RADIUS_M / 1000.0) < 1.0
        unit_m = 1000.0 if in_km else 1.0
        reason = ": the offset is the Moon's radius in them" if in_km else ""
        notes.append(f"the file names no height unit, taken as {'kilometres' if in_km else 'metres'}{reason}")
    first = _first_heights(raster, where) * scale * unit_m + offset * unit_m
    radii = bool(first.min() > _RADIUS_ABOVE_M)
    if radii:
        notes.append("the file gives radii, 1737400 m were taken off")
    dtype = np.dtype(raster.dtypes[0])
    small = dtype.itemsize <= (4 if dtype.kind == "f" else 2)
    kind: type[np.floating] = np.float32 if small else np.float64
    offset_m = offset * unit_m - (MOON_RADIUS_M if radii else 0.0)
    unit = "kilometre" if unit_m == 1000.0 else "metre"
    return Scale(scale * unit_m, offset_m, kind, raster.nodata, unit, declared, radii), notes


def check_lunar(heights_m: NDArray[np.floating], scale: Scale, pixel_m: float, where: str) -> None:
    """Raise InputError unless there are heights, and such as the Moon has."""
    if not np.isfinite(heights_m).any():
        raise NoHeightsError("the elevation model holds no heights.", where=where, fix="Take another file or window.")
    wide_m = pixel_m * min(heights_m.shape)
    check_range(float(np.nanmin(heights_m)), float(np.nanmax(heights_m)), scale, wide_m, where)


def check_range(lowest: float, highest: float, scale: Scale, wide_m: float, where: str) -> None:
    """Raise InputError unless heights of this range in metres, over so many metres of ground, are the Moon's.

    Kilometres that nothing declares show in a range of metres where the Moon's is hundreds, about zero or about
    the radius.
    """
    if max(abs(lowest), abs(highest)) > _HIGHEST_M:
        raise InputError(
            f"heights from {lowest:.0f} to {highest:.0f} m are not lunar.",
            where=where,
            fix="Set the file's no-data value, scale or unit; heights count from the sphere of 1737.4 km.",
        )
    flat = any(abs(lowest - level) < _KILOMETRES_WITHIN_M > abs(highest - level) for level in _KILOMETRE_LEVELS)
    if not scale.declared and wide_m >= _WIDE_M and lowest < highest and flat:
        raise InputError(
            f"heights from {lowest:.6g} to {highest:.6g} over {wide_m / 1000.0:.0f} km seem to be kilometres.",
            where=where,
            fix="Name the unit: rio edit-info --bidx 1 --units km FILE (or m, if they are metres).",
        )


def _first_heights(raster: rasterio.DatasetReader, where: str) -> NDArray[np.float64]:
    """Stored values of the first block that has any, from the middle of the raster outwards."""
    block_rows, block_columns = raster.block_shapes[0]
    rows = _from_the_middle(raster.height, block_rows)
    columns = _from_the_middle(raster.width, block_columns)
    for row in rows:
        for column in columns:
            window = Window(
                column, row, min(block_columns, raster.width - column), min(block_rows, raster.height - row)
            )
            stored = raster.read(1, window=window, masked=True)
            values = np.ma.filled(stored.astype(np.float64), np.nan)
            values = values[np.isfinite(values) & (np.abs(values) < _NO_HEIGHT_ABOVE)]
            if values.size:
                return np.asarray(values)
    raise InputError("the elevation model holds no heights.", where=where, fix="Take another file.")


def _from_the_middle(size: int, block: int) -> list[int]:
    starts = list(range(0, size, block))
    return sorted(starts, key=lambda start: abs(start + block / 2 - size / 2))
