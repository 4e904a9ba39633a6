"""Stations on the Earth."""

from __future__ import annotations

from dataclasses import dataclass

import erfa
import numpy as np

from lunabase.sky.kernels import DAY_S, J2000_JD, timescale
from lunabase.sky.site import check_range
from lunabase.times import FloatArray, tdb_to_tt

_WGS84 = 1


@dataclass(frozen=True, slots=True)
class GroundStation:
    """An antenna on the Earth: geodetic WGS84 coordinates (east positive) and the elevation it sees from."""

    name: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    minimum_elevation_deg: float

    def __post_init__(self) -> None:
        """Validate once, at the door."""
        check_range(self.latitude_deg, -90.0, 90.0, f"{self.name}: latitude_deg")
        check_range(self.longitude_deg, -180.0, 360.0, f"{self.name}: longitude_deg")
        check_range(self.altitude_m, -1000.0, 10_000.0, f"{self.name}: altitude_m")
        check_range(self.minimum_elevation_deg, 0.0, 90.0, f"{self.name}: minimum_elevation_deg")

    @property
    def position_itrs_km(self) -> FloatArray:
        """Earth-fixed position, km, shape (3,)."""
        longitude_rad, latitude_rad = np.radians((self.longitude_deg, self.latitude_deg))
        position_m: FloatArray = erfa.gd2gc(_WGS84, longitude_rad, latitude_rad, self.altitude_m)
        return position_m * 1e-3

    def position_km(self, tdb_s: FloatArray) -> FloatArray:
        """Position from the Earth's centre along ICRF axes at `tdb_s` (n,), km, shape (3, n)."""
        return np.asarray(np.einsum("nij,i->jn", itrs_rotation(tdb_s), self.position_itrs_km))

    @property
    def up_itrs(self) -> FloatArray:
        """Unit vector of the geodetic vertical, Earth-fixed, shape (3,)."""
        longitude_rad, latitude_rad = np.radians((self.longitude_deg, self.latitude_deg))
        cos_lat = np.cos(latitude_rad)
        return np.array([cos_lat * np.cos(longitude_rad), cos_lat * np.sin(longitude_rad), np.sin(latitude_rad)])


def itrs_rotation(tdb_s: FloatArray) -> FloatArray:
    """Matrices from the geocentric ICRF axes to the Earth-fixed ITRS, shape (n, 3, 3).

    IAU 2000B precession and nutation (1 mas, 3 cm on the ground); UT1 from the tables and the prediction that
    Skyfield carries (future UT1 is uncertain by some tenths of a second, 0.1 to 0.2 km on the ground); polar
    motion (up to about 15 m) left out.
    """
    tt_s = tdb_to_tt(tdb_s)
    tt_days = np.asarray(tt_s) / DAY_S
    ut1_days = tt_days - timescale().tt_jd(J2000_JD, tt_days).delta_t / DAY_S
    return np.asarray(erfa.c2t00b(J2000_JD, tt_days, J2000_JD, ut1_days, 0.0, 0.0))
