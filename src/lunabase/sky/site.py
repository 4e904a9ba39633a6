"""Where an observer stands on the Moon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lunabase.errors import InputError
from lunabase.times import FloatArray

MOON_RADIUS_KM = 1737.4
"""Reference sphere of lunar heights (Archinal et al. 2018, doi:10.1007/s10569-017-9805-5, table 5)."""


def check_range(value: float, low: float, high: float, name: str) -> None:
    """Raise InputError unless `value` is finite and within [low, high]."""
    if not (np.isfinite(value) and low <= value <= high):
        raise InputError(f"{value} is outside {low:g} to {high:g}.", where=name, fix="Check the sign and the unit.")


@dataclass(frozen=True, slots=True)
class SurfaceSite:
    """A place on the Moon: mean-Earth frame, longitude east (-180..360), height above 1737.4 km."""

    latitude_deg: float
    longitude_deg: float
    height_m: float = 0.0

    def __post_init__(self) -> None:
        """Validate once, at the door."""
        check_range(self.latitude_deg, -90.0, 90.0, "latitude_deg")
        check_range(self.longitude_deg, -180.0, 360.0, "longitude_deg")
        check_range(self.height_m, -20_000.0, 100_000.0, "height_m")

    @property
    def position_me_km(self) -> FloatArray:
        """Position in the mean-Earth frame, km, shape (3,)."""
        return np.asarray((MOON_RADIUS_KM + self.height_m * 1e-3) * self.east_north_up[2])

    @property
    def east_north_up(self) -> FloatArray:
        """Rows east, north, up in the mean-Earth frame, (3, 3); at a pole those of the given longitude."""
        latitude_rad, longitude_rad = np.radians((self.latitude_deg, self.longitude_deg))
        # cos(90 deg) is 6e-17 in floats, so the poles need no case of their own.
        sin_lat, cos_lat = np.sin(latitude_rad), np.cos(latitude_rad)
        sin_lon, cos_lon = np.sin(longitude_rad), np.cos(longitude_rad)
        return np.array(
            [
                [-sin_lon, cos_lon, 0.0],
                [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
                [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
            ]
        )
