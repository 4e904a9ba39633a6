"""Addresses on the Moon: the Lunar Grid Reference System (LGRS), in full and as Artemis Condensed Coordinates.

McClernan et al. 2025, USGS Techniques and Methods 11-E1 (doi:10.3133/tm11E1): polar stereographic grids (LPS) beyond
80 deg, transverse Mercator zones of 8 deg (LTM) between, squares of 25 km and of 1 km with letters, metres within.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from lunabase.errors import InputError
from lunabase.terrain.projection import polar_projection, project
from lunabase.terrain.sphere import MOON_RADIUS_M

_POLAR_ABOVE_DEG = 80.0
_POLAR_SCALE = 0.994
_POLAR_FALSE_M = 500_000.0
_ZONE_DEG = 8.0
_ZONE_SCALE = 0.999
_ZONE_FALSE_EASTING_M = 250_000.0
_ZONE_FALSE_NORTHING_M = 2_500_000.0
_SQUARE_M = 25_000.0

# Without I and O, which look like digits.
_POLAR_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_KILOMETRE_LETTERS = "-ABCDEFGHJKLMNPQRSTUVWXYZ"
_BANDS = "CCDEFGHJKLMNPQRSTUVWXX"
_EASTING_LETTERS = "ABCDEFGHJK"
_NORTHING_LETTERS = ("ABCDEFGHJKLMNPQRSTUV", "FGHJKLMNPQRSTUVABCDE", "LMNPQRSTUVABCDEFGHJK")


class Address(NamedTuple):
    """The address of a place: lgrs to 1 m, acc to 10 m; square of 25 km, and short: acc within it, as crews say it."""

    lgrs: str
    acc: str
    square: str
    short: str


def grid_address(latitude_deg: float, longitude_deg: float) -> Address:
    """Return the address of the metre in which a place lies; longitudes from -180 or from 0.

    Raises InputError for a place that isn't on the Moon.
    """
    if not -90.0 <= latitude_deg <= 90.0 or not -180.0 <= longitude_deg <= 360.0:
        raise InputError(
            f"there is no place at latitude {latitude_deg:g}, longitude {longitude_deg:g}.",
            fix="Latitudes run from -90 to 90 deg, longitudes from -180 to 180 or 0 to 360 deg.",
        )
    longitude_deg = (longitude_deg + 180.0) % 360.0 - 180.0
    if abs(latitude_deg) >= _POLAR_ABOVE_DEG:
        square, east_m, north_m = _polar(latitude_deg, longitude_deg)
    else:
        square, east_m, north_m = _mercator(latitude_deg, longitude_deg)
    east, north = int(east_m), int(north_m)
    short = f"{_kilometre(east)}{east % 1000 // 10:02d}{_kilometre(north)}{north % 1000 // 10:02d}"
    return Address(f"{square}{east:05d}{north:05d}", square + short, square, short)


def _kilometre(metres: int) -> str:
    return _KILOMETRE_LETTERS[metres // 1000]


def _polar(latitude_deg: float, longitude_deg: float) -> tuple[str, float, float]:
    """The 25 km square of the polar grid and metres within it."""
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    south = latitude_deg < 0.0
    level = math.cos(latitude)
    up = (level * math.cos(longitude), level * math.sin(longitude), math.sin(latitude))
    x, y = (_POLAR_SCALE * float(each) for each in project(polar_projection("south" if south else "north"), *up))
    # Eastings and northings are rounded before they are cut: a metre's edge must not fall to either side by chance.
    x, y = round(x + _POLAR_FALSE_M, 3) - _POLAR_FALSE_M, round(y + _POLAR_FALSE_M, 3) - _POLAR_FALSE_M
    west = x < 0.0
    band = ("A" if west else "B") if south else ("Y" if west else "Z")
    column, row = math.floor(x / _SQUARE_M), math.floor(y / _SQUARE_M)
    # Letters run east from A in the eastern half and end with Z at the middle of the western one.
    northing = {-13: "-", 12: "+"}.get(row) or _POLAR_LETTERS[row + 12]
    return f"{band}{_POLAR_LETTERS[column % 24]}{northing}", x - column * _SQUARE_M, y - row * _SQUARE_M


def _mercator(latitude_deg: float, longitude_deg: float) -> tuple[str, float, float]:
    """The 25 km square of the transverse Mercator zone and metres within it (Snyder 1987, equations 8-1 to 8-3)."""
    zone = math.floor((longitude_deg + 180.0) / _ZONE_DEG) + 1
    middle_deg = (zone - 0.5) * _ZONE_DEG - 180.0
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg - middle_deg)
    tangent, cosine = math.tan(latitude), math.cos(longitude)
    x = _ZONE_SCALE * MOON_RADIUS_M * math.asinh(math.sin(longitude) / math.hypot(tangent, cosine))
    y = _ZONE_SCALE * MOON_RADIUS_M * math.atan2(tangent, cosine)
    easting = round(x + _ZONE_FALSE_EASTING_M, 3)
    northing = round(y + (_ZONE_FALSE_NORTHING_M if latitude_deg < 0.0 else 0.0), 3)
    band = _BANDS[math.floor(latitude_deg / _ZONE_DEG + len(_BANDS) / 2)]
    column, row = math.floor(easting / _SQUARE_M), math.floor(northing / _SQUARE_M)
    letters = _EASTING_LETTERS[column - 5] + _NORTHING_LETTERS[(zone - 1) % 3][row % 20]
    return f"{zone}{band}{letters}", easting - column * _SQUARE_M, northing - row * _SQUARE_M
