"""Named craters near both poles, to find one's way on a map.

Names, diameters and centres (mean-Earth frame) are those of the Gazetteer of Planetary Nomenclature of the
International Astronomical Union, kept by the USGS (https://planetarynames.wr.usgs.gov), rounded to 0.01. A small
choice: what is large or often spoken of poleward of 75 degrees.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import project
from lunabase.terrain.sphere import MOON_RADIUS_M


class Crater(NamedTuple):
    """A crater's name, the diameter of its rim and its centre."""

    name: str
    diameter_km: float
    latitude_deg: float
    longitude_deg: float


class Ring(NamedTuple):
    """A crater on a map: its centre and the radius of its rim, map metres."""

    name: str
    x: float
    y: float
    radius: float


CRATERS = (
    Crater("Shackleton", 20.92, -89.67, 129.78),
    Crater("de Gerlache", 32.71, -88.48, -88.34),
    Crater("Sverdrup", 32.83, -88.32, -153.39),
    Crater("Shoemaker", 51.82, -88.14, 45.91),
    Crater("Slater", 25.12, -88.08, 111.29),
    Crater("Haworth", 51.42, -87.45, -5.17),
    Crater("Malinkin", 8.28, -87.22, 75.94),
    Crater("Faustini", 42.48, -87.18, 84.31),
    Crater("Ibn Bajja", 11.98, -86.30, -75.04),
    Crater("Cabeus", 100.58, -85.33, -42.13),
    Crater("Nobile", 79.27, -85.28, 53.27),
    Crater("Wiechert J", 34.89, -85.20, -177.64),
    Crater("Wiechert P", 38.62, -85.13, 151.76),
    Crater("Malapert", 72.38, -85.00, 11.40),
    Crater("Kocher", 24.03, -84.47, -134.02),
    Crater("Amundsen", 103.39, -84.44, 83.07),
    Crater("Wiechert", 40.82, -84.03, 164.70),
    Crater("Idel'son L", 28.04, -83.99, 118.56),
    Crater("Malapert E", 19.47, -83.94, 19.83),
    Crater("Scott M", 17.85, -83.86, 34.74),
    Crater("Wapowski", 11.45, -83.08, 53.79),
    Crater("Scott", 107.82, -82.35, 48.52),
    Crater("Cabeus B", 59.62, -82.26, -54.58),
    Crater("Cabeus A", 40.88, -82.08, -40.24),
    Crater("von Baeyer", 13.46, -81.80, 61.87),
    Crater("Hédervári", 74.14, -81.77, 85.60),
    Crater("Svedberg", 15.34, -81.68, 65.15),
    Crater("Newton B", 45.98, -81.45, -16.72),
    Crater("Idel'son", 59.82, -81.35, 112.69),
    Crater("Ashbrook", 157.68, -81.10, -110.58),
    Crater("Nefed'ev", 52.94, -81.07, 135.77),
    Crater("Malapert C", 38.99, -80.98, 10.08),
    Crater("Newton A", 62.26, -80.05, -20.82),
    Crater("Drygalski", 162.49, -79.57, -87.18),
    Crater("Ganswindt", 77.52, -79.42, 111.17),
    Crater("Demonax", 121.93, -78.09, 59.36),
    Crater("De Forest", 56.26, -76.94, -163.33),
    Crater("Schomberger", 85.80, -76.64, 24.69),
    Crater("Newton", 83.85, -76.52, -17.44),
    Crater("Zeeman", 186.56, -75.07, -135.06),
    Crater("Hinshelwood", 13.35, 89.41, -51.89),
    Crater("Whipple", 14.53, 89.14, 120.02),
    Crater("Peary", 78.75, 88.63, 24.40),
    Crater("Hermite A", 19.86, 87.94, -51.02),
    Crater("Florey", 69.06, 87.04, -19.75),
    Crater("Erlanger", 10.94, 86.99, 28.62),
    Crater("Hermite", 108.64, 86.17, -93.32),
    Crater("Fibiger", 21.10, 86.14, 37.13),
    Crater("Rozhdestvenskiy W", 74.96, 85.89, 114.64),
    Crater("Rozhdestvenskiy", 181.15, 84.99, -157.89),
    Crater("Rozhdestvenskiy U", 44.11, 84.89, 152.05),
    Crater("Haber", 56.79, 83.40, -94.63),
    Crater("Houssay", 31.41, 83.11, 98.52),
    Crater("Hevesy", 49.99, 83.09, 149.15),
    Crater("Sylvester", 59.28, 82.65, -81.22),
    Crater("Lovelace", 57.06, 82.08, -109.51),
    Crater("Haskin", 66.57, 81.51, 133.16),
    Crater("Main", 47.43, 80.87, 10.41),
    Crater("Froelich", 56.73, 80.00, -111.63),
)


def craters_on(grid: MapGrid) -> tuple[Ring, ...]:
    """Return the named craters whose rim touches a map, largest first, in map metres."""
    west, south, east, north = grid.bounds
    middle = grid.part(grid.rows // 2, grid.columns // 2, 1, 1)
    rings = []
    for crater in sorted(CRATERS, key=lambda one: -one.diameter_km):
        up = _unit_vector(crater)
        if float(up @ middle.unit_vectors()[0, 0]) < 0.5:
            continue  # on another side of the Moon, where a stereographic map of this place has no sense
        x, y = project(grid.projection, *up)
        radius = 500.0 * crater.diameter_km / _ground_scale(grid, x, y)
        nearest_x, nearest_y = min(max(x, west), east), min(max(y, south), north)
        if np.hypot(nearest_x - x, nearest_y - y) <= radius:
            rings.append(Ring(crater.name, float(x), float(y), radius))
    return tuple(rings)


def _unit_vector(crater: Crater) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    latitude, longitude = np.radians(crater.latitude_deg), np.radians(crater.longitude_deg)
    return np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])


def _ground_scale(grid: MapGrid, x: float, y: float) -> float:
    place = MapGrid(grid.projection, x, y, grid.pixel_m, 1, 1)
    scale = float(place.ground_scale()[0, 0])
    return scale if 0.0 < scale < MOON_RADIUS_M else 1.0
