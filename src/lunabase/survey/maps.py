"""What each map of a survey means: its unit, its words, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.terrain.grid import MapGrid

MAPPING = "spatial_ref"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of map. unit: as in CF; better: 1 if more is better, -1 if less is, 0 if neither."""

    title: str
    unit: str
    colours: str
    better: int = 0
    limits: tuple[float, float] | None = None
    """Ends of the colour scale; from the values themselves when None."""
    meaning: str = ""


KINDS: Mapping[str, Kind] = {
    "elevation": Kind("Height above 1737.4 km", "m", "cividis", meaning="height of the ground above the sphere"),
    "slope": Kind("Slope", "degree", "viridis", -1, None, "steepest slope against the local horizontal"),
    "roughness": Kind("Roughness", "m", "viridis", -1, None, "RMS height about the best plane"),
    "light": Kind("Sunlight", "1", "inferno", 1, (0.0, 1.0), "mean visible part of the Sun's disc over the span"),
    "light_low": Kind("Sunlight, low estimate", "1", "inferno", 1, (0.0, 1.0), "from the error of the elevations"),
    "light_high": Kind("Sunlight, high estimate", "1", "inferno", 1, (0.0, 1.0), "from the error of the elevations"),
    "light_spread": Kind(
        "Sunlight, spread", "1", "viridis", -1, None, "standard deviation, from the elevations' error"
    ),
    "longest_dark": Kind("Longest darkness", "d", "cividis", -1, None, "longest spell in which the Sun counts as down"),
    "longest_lit": Kind("Longest light", "d", "inferno", 1, None, "longest spell in which the Sun counts as up"),
    "nights_1d": Kind("Nights longer than 1 day", "1", "cividis", -1, None, "number of dark spells in the span"),
    "nights_3d": Kind("Nights longer than 3 days", "1", "cividis", -1, None, "number of dark spells in the span"),
    "nights_7d": Kind("Nights longer than 7 days", "1", "cividis", -1, None, "number of dark spells in the span"),
    "psr": Kind("Permanent shadow", "1", "cividis", 0, (0.0, 1.0), "1 where the Sun's disc never shows"),
    "always_lit": Kind("Always lit", "1", "cividis", 0, (0.0, 1.0), "1 where part of the Sun's disc always shows"),
    "earth": Kind("Earth in view", "1", "viridis", 1, (0.0, 1.0), "part of the span with Earth's centre in view"),
    "earth_whole": Kind("Whole Earth in view", "1", "viridis", 1, (0.0, 1.0), "part of the span, whole disc in view"),
    "longest_no_earth": Kind("Longest time without Earth", "d", "cividis", -1, None, "Earth's centre out of view"),
    "station": Kind("Direct line to an Earth station", "1", "viridis", 1, (0.0, 1.0), "part of the span"),
    "relay": Kind("Relay in view", "1", "viridis", 1, (0.0, 1.0), "part of the span"),
    "temperature_min": Kind("Lowest temperature", "K", "plasma", 0, None, "of the surface"),
    "temperature_mean": Kind("Mean temperature", "K", "plasma", 0, None, "of the surface"),
    "temperature_max": Kind("Highest temperature", "K", "plasma", 0, None, "of the surface"),
    "temperature_deep": Kind("Temperature at depth", "K", "plasma", 0, None, "yearly mean below the seasons' reach"),
    "sky_view": Kind("Sky view", "1", "viridis", 0, (0.0, 1.0), "part of the sky's light that level ground receives"),
    "pareto_front": Kind("Best compromises", "1", "cividis", 0, (0.0, 1.0), "1 where no other pixel is better in all"),
}


def height_suffix(height_m: float) -> str:
    """Return a height above ground as the end of a map's name: 2 -> '_2m', 0.5 -> '_0_5m'."""
    return f"_{height_m:g}m".replace(".", "_")


def kind_of(values: xr.DataArray) -> Kind:
    """Return the kind of one of a survey's maps."""
    return KINDS[str(values.attrs["kind"])]


def add_map(
    maps: xr.Dataset, kind: str, values: NDArray[Any], *, height_m: float | None = None, of: str = "", note: str = ""
) -> str:
    """Put a map (rows, columns) into a survey's dataset and return its name there.

    kind: a key of KINDS; height_m: of the observer above ground; of: what it is about, when there are several (an
    Earth station's id); note: how it was made, if it needs saying.
    """
    meant = KINDS[kind]
    name = "_".join(part for part in (kind, of.replace("-", "_")) if part)
    name += "" if height_m is None else height_suffix(height_m)
    attributes: dict[str, Any] = {"units": meant.unit, "long_name": _title(meant, height_m, of), "kind": kind}
    attributes["comment"] = "; ".join(part for part in (meant.meaning, note) if part)
    attributes["grid_mapping"] = MAPPING
    if height_m is not None:
        attributes["height_above_ground_m"] = float(height_m)
    maps[name] = (("y", "x"), values, attributes)
    return name


def _title(meant: Kind, height_m: float | None, of: str) -> str:
    words = f"{meant.title}: {of}" if of else meant.title
    return words if height_m is None else f"{words}, {height_m:g} m above ground"


def empty_maps(grid: MapGrid) -> xr.Dataset:
    """Return a dataset with a grid's coordinates and its coordinate system, and no map yet."""
    west, _, _, north = grid.bounds
    place = {"crs_wkt": grid.crs.to_wkt(), "spatial_ref": grid.crs.to_wkt()}
    place["GeoTransform"] = f"{west!r} {grid.pixel_m!r} 0 {north!r} 0 {-grid.pixel_m!r}"
    along = {"units": "m", "standard_name": "projection_x_coordinate", "long_name": "map x", "axis": "X"}
    across = {"units": "m", "standard_name": "projection_y_coordinate", "long_name": "map y", "axis": "Y"}
    coordinates = {"y": ("y", grid.y, across), "x": ("x", grid.x, along), MAPPING: ((), np.int32(0), place)}
    return xr.Dataset(coords=coordinates, attrs={"Conventions": "CF-1.11"})


def find_map(maps: xr.Dataset, name: str) -> str:
    """Return the full name of a map: the name itself, or with the lowest height that it comes in.

    Raises InputError, with the names there are and their units.
    """
    if name in maps.data_vars:
        return name
    heights_m = {float(each.attrs["height_above_ground_m"]) for each in maps.data_vars.values() if _has_height(each)}
    for height_m in sorted(heights_m):
        if name + height_suffix(height_m) in maps.data_vars:
            return name + height_suffix(height_m)
    known = ", ".join(f"{each} ({values.attrs['units']})" for each, values in maps.data_vars.items())
    raise InputError(f"there is no map named {name!r}.", where="--rank", fix=f"Use one of: {known}.")


def _has_height(values: xr.DataArray) -> bool:
    return "height_above_ground_m" in values.attrs
