"""Sunlight at a place: how much of the Sun's disc is seen, and the flux that comes with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lunabase.environment.discs import covered_fraction, light_above_line
from lunabase.sky import Sight
from lunabase.terrain.mask import HorizonMask
from lunabase.terrain.sphere import MOON_RADIUS_M
from lunabase.times import FloatArray

SOLAR_CONSTANT_W_M2 = 1361.0
"""Total solar irradiance at 1 au: 1360.8 +- 0.5, Kopp & Lean 2011, doi 10.1029/2010GL045777; IAU 2015 nominal 1361."""
ASTRONOMICAL_UNIT_M = 149_597_870_700.0
SHADOW_RADIUS_M = 1.01 * 6_378_137.0
"""Radius of the Earth that casts its shadow: Danjon's rule, 1/85 for the atmosphere less 1/594 for the flattening.

As used by Espenak & Meeus, Five Millennium Canon of Lunar Eclipses, NASA/TP-2009-214172.
"""


@dataclass(frozen=True, slots=True)
class Light:
    """Sunlight at one place; each array of shape (n,)."""

    fraction: FloatArray
    """Visible part of the area of the Sun's disc."""
    level: FloatArray
    """Flux through level ground over the flux of the whole disc through a plate that faces it."""


def separation_deg(one: Sight, other: Sight) -> FloatArray:
    """Angle between two directions (deg), by the haversine formula that keeps its precision for small angles."""
    half_up = np.radians(one.elevation_deg - other.elevation_deg) / 2.0
    half_across = np.radians(one.azimuth_deg - other.azimuth_deg) / 2.0
    cosines = np.cos(np.radians(one.elevation_deg)) * np.cos(np.radians(other.elevation_deg))
    haversine = np.sin(half_up) ** 2 + cosines * np.sin(half_across) ** 2
    return np.asarray(np.degrees(2.0 * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))))


def eclipsed_fraction(sun: Sight, earth: Sight) -> FloatArray:
    """Part of the Sun's disc behind the Earth (0 to 1); the light the Earth's air bends into its shadow is ignored."""
    shadow_deg = np.degrees(np.arcsin(SHADOW_RADIUS_M / earth.range_m))
    return covered_fraction(separation_deg(sun, earth), sun.angular_radius_deg, shadow_deg)


def surface_light(sun: Sight, earth: Sight, horizon: HorizonMask, height_m: float) -> Light:
    """Light at a height above the ground that the mask knows.

    Where horizon and Earth both cut into the disc, the parts they leave are multiplied.
    Raises InputError when the mask lacks the height.
    """
    line_deg = horizon.elevation_at(horizon.azimuths_deg, height_m)
    above, level = light_above_line(
        sun.azimuth_deg, sun.elevation_deg, sun.angular_radius_deg, horizon.azimuths_deg, line_deg
    )
    left = 1.0 - eclipsed_fraction(sun, earth)
    return Light(above * left, level * left)


def orbit_light(sun: Sight, earth: Sight, distance_m: FloatArray) -> Light:
    """Light of an orbiter at a distance from the Moon's centre: the Moon and the Earth can cover the Sun.

    There is no ground: `level` is NaN.
    """
    moon_deg = np.degrees(np.arcsin(MOON_RADIUS_M / distance_m))
    hidden = covered_fraction(sun.elevation_deg + 90.0, sun.angular_radius_deg, moon_deg)
    fraction = (1.0 - hidden) * (1.0 - eclipsed_fraction(sun, earth))
    return Light(fraction, np.full_like(fraction, np.nan))


def solar_flux_w_m2(fraction: ArrayLike, range_m: ArrayLike) -> FloatArray:
    """Flux (W/m2) on a plate that faces the Sun, from the visible fraction and the distance; arguments broadcast."""
    distance_au = np.asarray(range_m, dtype=np.float64) / ASTRONOMICAL_UNIT_M
    return np.asarray(SOLAR_CONSTANT_W_M2 * np.asarray(fraction) / distance_au**2)
