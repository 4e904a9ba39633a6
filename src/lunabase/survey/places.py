"""The best places of a survey: areas that meet the conditions, and the best compromises, as GeoJSON and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.survey.areas import label
from lunabase.survey.ranking import BoolArray, Condition, merit, objectives, pareto_front, passing
from lunabase.terrain.address import grid_address
from lunabase.terrain.grid import MapGrid

AREA, SINGLE, COMPROMISE = "area", "best pixel", "best compromise"
MOST_AREAS = 200
MOST_SINGLES = 20
MOST_COMPROMISES = 50
APART_M = 500.0
"""Least distance on the ground between single best pixels."""
MOON_CRS = "IAU_2015:30100"
_NOTE = (
    "Coordinates are longitude and latitude on the Moon (mean-Earth frame, sphere of 1737.4 km, IAU_2015:30100), "
    "not the WGS 84 that RFC 7946 assumes."
)

_PLACE = ("rank", "why", "latitude_deg", "longitude_deg", "x_m", "y_m", "address")
_COLUMNS = (*_PLACE, "pixels", "area_km2", "on_pareto_front")


@dataclass(frozen=True, slots=True)
class Place:
    """A place worth looking at. rank counts from 1, best first; area_km2 is that of one pixel for single pixels."""

    rank: int
    why: str
    row: int
    column: int
    pixels: int
    area_km2: float
    on_front: bool


def find_places(maps: xr.Dataset, grid: MapGrid, conditions: Sequence[Condition]) -> tuple[BoolArray, list[Place]]:
    """Return the Pareto front, (rows, columns), and the places, best first.

    With conditions: each connected area (by sides or corners) of pixels that meet them all, by its best pixel, up to
    MOST_AREAS; the front is that of these pixels. Without, or where nothing meets them: the best single pixels, APART_M
    from each other. Then up to MOST_COMPROMISES of the front's pixels, as far apart. What is best, the order of the
    conditions decides (see `merit`).
    """
    good = passing(maps, conditions)
    met = bool(conditions) and bool(good.any())
    front = _front(maps, good if met else np.ones_like(good))
    order = _best_first(merit(maps, conditions), good if met else np.ones_like(good))
    places = _areas(good, grid, order, front) if met else _singles(order, grid, front, SINGLE, MOST_SINGLES)
    more = _singles(order[front.ravel()[order]], grid, front, COMPROMISE, MOST_COMPROMISES, places)
    return front, [_renumbered(place, rank) for rank, place in enumerate((*places, *more), start=1)]


def _renumbered(place: Place, rank: int) -> Place:
    return Place(rank, place.why, place.row, place.column, place.pixels, place.area_km2, place.on_front)


def _front(maps: xr.Dataset, among: BoolArray) -> BoolArray:
    wanted = objectives(maps)
    front: BoolArray = np.zeros(among.shape, dtype=bool)
    if wanted:
        inside = np.flatnonzero(among)
        values = [better * maps[name].to_numpy().ravel()[inside].astype(np.float64) for name, better in wanted]
        front.ravel()[inside] = pareto_front(np.stack(values, axis=1))
    return front


def _best_first(merits: Sequence[NDArray[np.float64]], among: BoolArray) -> NDArray[np.intp]:
    """Flat indices of pixels, best first; none without data in what matters most."""
    if not merits:
        return np.empty(0, dtype=np.intp)
    inside = np.flatnonzero(among & np.isfinite(merits[0]))
    keys = [-np.nan_to_num(values.ravel()[inside], nan=-np.inf) for values in merits]
    return np.asarray(inside[np.lexsort(keys[::-1])])


def _areas(good: BoolArray, grid: MapGrid, order: NDArray[np.intp], front: BoolArray) -> list[Place]:
    labels, _ = label(good)
    pixel_km2 = (grid.pixel_m * grid.ground_scale() * 1e-3) ** 2
    sizes = np.bincount(labels.ravel())
    areas_km2 = np.bincount(labels.ravel(), weights=pixel_km2.ravel())
    on_front = np.bincount(labels.ravel(), weights=front.ravel()) > 0.0
    _, first = np.unique(labels.ravel()[order], return_index=True)
    places = []
    for index in order[np.sort(first)][:MOST_AREAS]:
        row, column = divmod(int(index), grid.columns)
        area = labels[row, column]
        places.append(Place(0, AREA, row, column, int(sizes[area]), float(areas_km2[area]), bool(on_front[area])))
    return places


def _singles(
    order: NDArray[np.intp], grid: MapGrid, front: BoolArray, why: str, most: int, taken: Sequence[Place] = ()
) -> list[Place]:
    """Return the first pixels of an order that keep their distance from each other and from the places taken."""
    scale = grid.ground_scale()
    places: list[Place] = []
    free: BoolArray = np.ones(grid.shape, dtype=bool)
    for place in taken:
        _clear(free, place.row, place.column, APART_M / (grid.pixel_m * float(scale[place.row, place.column])))
    for index in order:
        row, column = divmod(int(index), grid.columns)
        if not free[row, column]:
            continue
        pixel_m = grid.pixel_m * float(scale[row, column])
        places.append(Place(0, why, row, column, 1, (pixel_m * 1e-3) ** 2, bool(front[row, column])))
        if len(places) == most:
            break
        _clear(free, row, column, APART_M / pixel_m)
    return places


def _clear(free: BoolArray, row: int, column: int, radius: float) -> None:
    """Take the pixels within a radius (pixels) of one out of `free`."""
    reach = int(radius)
    top, left = max(row - reach, 0), max(column - reach, 0)
    near = free[top : row + reach + 1, left : column + reach + 1]
    rows, columns = np.ogrid[top : top + near.shape[0], left : left + near.shape[1]]
    near[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = False


def place_rows(places: Sequence[Place], maps: xr.Dataset, grid: MapGrid) -> list[dict[str, Any]]:
    """Return one record per place: rank, coordinates, LGRS address to 1 m, area, and every map's value there."""
    rows = []
    for place in places:
        latitude, longitude = grid.part(place.row, place.column, 1, 1).latitude_longitude_deg()
        latitude_deg, longitude_deg = float(latitude[0, 0]), float(longitude[0, 0])
        row: dict[str, Any] = {
            "rank": place.rank,
            "why": place.why,
            "latitude_deg": round(latitude_deg, 7),
            "longitude_deg": round(longitude_deg, 7),
            "x_m": float(grid.x[place.column]),
            "y_m": float(grid.y[place.row]),
            "address": grid_address(latitude_deg, longitude_deg).lgrs,
            "pixels": place.pixels,
            "area_km2": round(place.area_km2, 6),
            "on_pareto_front": place.on_front,
        }
        rows.append(row | {str(name): _number(maps[name], place) for name in maps.data_vars if name != "pareto_front"})
    return rows


def _number(values: xr.DataArray, place: Place) -> float | None:
    value = float(values[place.row, place.column])
    return float(f"{value:.6g}") if np.isfinite(value) else None


def write_geojson(rows: Sequence[dict[str, Any]], units: dict[str, str], path: Path, warning: str = "") -> None:
    """Write places as GeoJSON points; their body and coordinate system are said in words and as foreign members."""
    features = [
        {
            "type": "Feature",
            "id": row["rank"],
            "geometry": {"type": "Point", "coordinates": [row["longitude_deg"], row["latitude_deg"]]},
            "properties": row | {"body": "Moon"},
        }
        for row in rows
    ]
    document = {
        "type": "FeatureCollection",
        "note": _NOTE,
        "body": "Moon",
        "coordinate_system": MOON_CRS,
        "units": units,
        "warning": warning,
        "features": features,
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def write_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str], path: Path) -> None:
    """Write places as CSV with a header row; what is not known is left empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows(rows)


def place_columns(maps: xr.Dataset) -> list[str]:
    """Return the columns of a table of places."""
    return [*_COLUMNS, *(str(name) for name in maps.data_vars if name != "pareto_front")]
