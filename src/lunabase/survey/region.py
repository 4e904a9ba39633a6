"""The region of a survey: which pixels of the finest elevation model, chosen by centre and size or by map edges."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from lunabase.errors import InputError
from lunabase.terrain.conformal import conformal_dem, grid_of
from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import DemFile
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import EQUIRECTANGULAR, local_projection, project

_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*"
_PAIR = re.compile(rf"{_NUMBER},{_NUMBER}", re.ASCII)
_FOUR = re.compile(rf"{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}", re.ASCII)
_WIDER = 1.02
"""By how much more of an equirectangular model is read than the region needs: its edges are curved there."""


@dataclass(frozen=True, slots=True)
class RegionWish:
    """What the user wants surveyed: all of the finest model, or a square about a place, or a box of its map.

    centre: latitude and longitude, degrees; size_km: the square's side on the ground; bounds: west, south, east, north
    in the finest model's own map coordinates.
    """

    centre: tuple[float, float] | None = None
    size_km: float | None = None
    bounds: tuple[float, float, float, float] | None = None


def parse_place(text: str, where: str) -> tuple[float, float]:
    """Read "LAT,LON" in degrees. Raises InputError, also for a place that is not on the Moon."""
    match = _PAIR.fullmatch(text)
    if match is None:
        raise InputError(
            f"{text!r} is no place.", where=where, fix="Write latitude,longitude in degrees: -89.45,222.0."
        )
    latitude_deg, longitude_deg = (float(number) for number in match.groups())
    if not (abs(latitude_deg) <= 90.0 and -180.0 <= longitude_deg <= 360.0):
        fix = "Latitudes run from -90 to 90 deg, longitudes from -180 to 180 or 0 to 360 deg."
        raise InputError(f"there is no place at {latitude_deg:g}, {longitude_deg:g}.", where=where, fix=fix)
    return latitude_deg, longitude_deg


def parse_bounds(text: str) -> tuple[float, float, float, float]:
    """Read "W,S,E,N" in map coordinates. Raises InputError."""
    match = _FOUR.fullmatch(text)
    if match is None:
        fix = "Write west,south,east,north in the finest model's map coordinates: -12000,-14000,-8000,-10000."
        raise InputError(f"{text!r} is no box.", where="--bounds", fix=fix)
    west, south, east, north = (float(number) for number in match.groups())
    if west >= east or south >= north:
        raise InputError("the box is empty.", where="--bounds", fix="Give west below east and south below north.")
    return west, south, east, north


def region_wish(centre: str | None, size_km: float | None, bounds: str | None) -> RegionWish:
    """Return the wish from a command's options. Raises InputError when they contradict each other."""
    if bounds is not None and (centre is not None or size_km is not None):
        raise InputError("--bounds and --center are two regions.", where="--bounds", fix="Give one of them.")
    if (centre is None) != (size_km is None):
        missing = "--center" if centre is None else "--size"
        raise InputError(f"{missing} is missing.", where="region", fix="Give --center LAT,LON and --size KM together.")
    if size_km is not None and not 0.0 < size_km <= 4000.0:
        raise InputError(f"--size {size_km:g} is out of range.", where="--size", fix="Give kilometres above 0.")
    place = None if centre is None else parse_place(centre, "--center")
    return RegionWish(place, size_km, None if bounds is None else parse_bounds(bounds))


def finest_dem(file: DemFile, wish: RegionWish, margin_m: float) -> tuple[Dem, MapGrid]:
    """Return the finest model on a conformal map, with a margin about the region, and the region's grid on it.

    An equirectangular model is resampled about the region. Raises InputError where the region isn't on the model.
    """
    if file.projection.kind == EQUIRECTANGULAR:
        return _resampled(file, wish)
    frame = file.frame
    whole = MapGrid(file.projection, frame.west, frame.north, frame.pixel_width, *file.shape)
    grid = part_of(whole, wish, file.name)
    west, south, east, north = grid.bounds
    edges = file.bounds
    wanted = (west - margin_m, south - margin_m, east + margin_m, north + margin_m)
    cut = (*map(max, wanted[:2], edges[:2]), *map(min, wanted[2:], edges[2:]))
    return conformal_dem(file.read((cut[0], cut[1], cut[2], cut[3]))), grid


def _resampled(file: DemFile, wish: RegionWish) -> tuple[Dem, MapGrid]:
    bounds = wish.bounds
    if wish.centre is not None and wish.size_km is not None:
        bounds = _degrees_about(file, wish.centre, 500.0 * wish.size_km * _WIDER)
    dem = conformal_dem(file.read(bounds), bounds)
    grid = grid_of(dem)
    return dem, grid if wish.centre is None else part_of(grid, wish, file.name)


def _degrees_about(file: DemFile, centre: tuple[float, float], reach_m: float) -> tuple[float, float, float, float]:
    """Edges, in an equirectangular model's map unit, that hold a square of half side `reach_m` about a place."""
    corners = MapGrid(local_projection(*centre), -reach_m, reach_m, reach_m, 3, 3).unit_vectors().reshape(-1, 3)
    points = np.array([project(file.projection, *each) for each in corners])
    middle = project(file.projection, *corners[4])
    around = file.projection.circumference
    x = middle[0] + (points[:, 0] - middle[0] + 0.5 * around) % around - 0.5 * around
    return float(x.min()), float(points[:, 1].min()), float(x.max()), float(points[:, 1].max())


def part_of(whole: MapGrid, wish: RegionWish, where: str) -> MapGrid:
    """Return the part of a grid that a wish names, on the same pixels. Raises InputError when it lies outside."""
    if wish.bounds is not None:
        west, south, east, north = wish.bounds
    elif wish.centre is not None and wish.size_km is not None:
        latitude, longitude = np.radians(wish.centre)
        flat = math.cos(latitude)
        x, y = project(
            whole.projection, flat * math.cos(longitude), flat * math.sin(longitude), float(np.sin(latitude))
        )
        scale = float(MapGrid(whole.projection, x, y, whole.pixel_m, 1, 1).ground_scale()[0, 0])
        half = 500.0 * wish.size_km / scale
        west, south, east, north = x - half, y - half, x + half, y + half
    else:
        return whole
    edge_west, _, _, edge_north = whole.bounds
    left, top = round((west - edge_west) / whole.pixel_m), round((edge_north - north) / whole.pixel_m)
    right = left + max(2, round((east - west) / whole.pixel_m))
    bottom = top + max(2, round((north - south) / whole.pixel_m))
    if left < 0 or top < 0 or right > whole.columns or bottom > whole.rows:
        fix = f"Choose one within {_extent(whole)}, or give a model of the place (`lunabase dem fetch --help`)."
        raise InputError("the region reaches beyond the finest elevation model.", where=where, fix=fix)
    return whole.part(top, left, bottom - top, right - left)


def _extent(grid: MapGrid) -> str:
    """A grid's size, place and edges in words."""
    middle = grid.part(grid.rows // 2, grid.columns // 2, 1, 1)
    latitude_deg, longitude_deg = (float(angle[0, 0]) for angle in middle.latitude_longitude_deg())
    across, down = (1e-3 * grid.pixel_m * count for count in (grid.columns, grid.rows))
    edges = ", ".join(f"{edge:.0f}" for edge in grid.bounds)
    return (
        f"its {across:.4g} x {down:.4g} km around {latitude_deg:.2f}, {longitude_deg:.2f} deg "
        f"(west, south, east, north = {edges} map metres)"
    )
