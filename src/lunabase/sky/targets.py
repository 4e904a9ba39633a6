"""What can be looked at: Sun, Earth, Moon, planets, lunar orbiters, ground stations, stars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from lunabase.errors import InputError
from lunabase.sky.ground import GroundStation
from lunabase.sky.kernels import EARTH, MOON, SUN, Kernels
from lunabase.sky.orbit import LunarOrbit
from lunabase.sky.site import check_range
from lunabase.times import FloatArray

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord


@dataclass(frozen=True, slots=True)
class Body:
    """A body of the ephemeris; where it lacks the planet's centre, its system's barycentre stands in."""

    name: str
    code: int
    radius_km: float

    def code_in(self, kernels: Kernels) -> int:
        """NAIF code that the ephemeris has: the centre or (DE421, Jupiter and beyond) the barycentre."""
        return self.code if kernels.has_body(self.code) else self.code // 100


# Equatorial radii: Archinal et al. 2018, doi:10.1007/s10569-017-9805-5, tables 4 and 5.
BODIES = {
    body.name: body
    for body in (
        Body("sun", SUN, 695_700.0),
        Body("mercury", 199, 2440.53),
        Body("venus", 299, 6051.8),
        Body("earth", EARTH, 6378.1366),
        Body("moon", MOON, 1737.4),
        Body("mars", 499, 3396.19),
        Body("jupiter", 599, 71_492.0),
        Body("saturn", 699, 60_268.0),
        Body("uranus", 799, 25_559.0),
        Body("neptune", 899, 24_764.0),
    )
}

_KM_PER_PARSEC = 3.0856775814913673e13
_YEAR_S = 365.25 * 86400.0
_MAS_RAD = np.pi / (180.0 * 3600.0 * 1000.0)
_COORDINATES = re.compile(r"\s*RA\s*=\s*(?P<ra>[^,;]+)[,;]\s*DEC\s*=\s*(?P<dec>[^,;]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Star:
    """A fixed direction: ICRS coordinates at J2000 with proper motion and parallax (zero: infinitely far)."""

    name: str
    right_ascension_deg: float
    declination_deg: float
    proper_motion_ra_cos_dec_mas_yr: float = 0.0
    proper_motion_dec_mas_yr: float = 0.0
    parallax_mas: float = 0.0

    def __post_init__(self) -> None:
        """Validate once, at the door."""
        check_range(self.right_ascension_deg, 0.0, 360.0, f"{self.name}: right ascension")
        check_range(self.declination_deg, -90.0, 90.0, f"{self.name}: declination")
        check_range(self.parallax_mas, 0.0, 1e12, f"{self.name}: parallax")

    def position_km(self, tdb_s: FloatArray) -> FloatArray:
        """ICRF position from the barycentre as seen at `tdb_s` (n,), km, (3, n); 1 Gpc off if no parallax."""
        ra_rad, dec_rad = np.radians((self.right_ascension_deg, self.declination_deg))
        east = np.array([-np.sin(ra_rad), np.cos(ra_rad), 0.0])
        north = np.array([-np.sin(dec_rad) * np.cos(ra_rad), -np.sin(dec_rad) * np.sin(ra_rad), np.cos(dec_rad)])
        out = np.array([np.cos(dec_rad) * np.cos(ra_rad), np.cos(dec_rad) * np.sin(ra_rad), np.sin(dec_rad)])
        motion = (self.proper_motion_ra_cos_dec_mas_yr * east + self.proper_motion_dec_mas_yr * north) * _MAS_RAD
        direction = out[:, None] + motion[:, None] * (tdb_s / _YEAR_S)
        distance_km = _KM_PER_PARSEC * (1000.0 / self.parallax_mas if self.parallax_mas else 1e9)
        return np.asarray(distance_km * direction)

    @classmethod
    def from_skycoord(cls, coordinate: SkyCoord, name: str = "coordinates") -> Star:
        """ICRS direction of an astropy SkyCoord (any frame), with its proper motion and distance, if any."""
        if not coordinate.isscalar:
            raise InputError("the SkyCoord holds several coordinates.", where="target", fix="Look at one at a time.")
        icrs = coordinate.icrs
        motion_ra = motion_dec = parallax_mas = 0.0
        if "s" in icrs.data.differentials:
            motion_ra = float(icrs.pm_ra_cosdec.to_value("mas/yr"))
            motion_dec = float(icrs.pm_dec.to_value("mas/yr"))
        if icrs.distance.unit.physical_type == "length":
            parallax_mas = 1000.0 * _KM_PER_PARSEC / float(icrs.distance.to_value("km"))
        return cls(name, float(icrs.ra.deg), float(icrs.dec.deg), motion_ra, motion_dec, parallax_mas)


Target = Body | LunarOrbit | GroundStation | Star


def parse_target(text: str) -> Target:
    """Read a target: a body ("sun", "earth", "mars" ...) or ICRS coordinates "RA=6h45m8.9s,Dec=-16d42m58s".

    Numbers without a unit are degrees. Raises InputError with the nearest known name.
    """
    if coordinates := _COORDINATES.fullmatch(text):
        return _parse_coordinates(text, coordinates["ra"].strip(), coordinates["dec"].strip())
    name = text.strip().lower()
    if name in BODIES:
        return BODIES[name]
    close = get_close_matches(name, BODIES, n=1)
    suggestion = f'Did you mean "{close[0]}"? ' if close else ""
    raise InputError(
        f'"{text}" is no known target.',
        where="target",
        fix=f"{suggestion}Known: {', '.join(BODIES)}; or coordinates as RA=101.287,Dec=-16.716.",
    )


def _parse_coordinates(text: str, ra: str, dec: str) -> Star:
    from astropy.coordinates import Angle  # slow to import, and seldom needed

    try:
        ra_deg = float(Angle(ra, unit=None if re.search(r"[a-z:°]", ra) else "deg").deg)
        dec_deg = float(Angle(dec, unit="deg").deg)
    except (ValueError, TypeError) as error:
        raise InputError(
            f'"{text}" holds no coordinates ({error}).',
            where="target",
            fix="Write RA=101.287,Dec=-16.716 (degrees) or RA=6h45m8.9s,Dec=-16d42m58s.",
        ) from None
    return Star(text.strip(), ra_deg % 360.0, dec_deg)


def as_target(target: str | Target | SkyCoord) -> Target:
    """The target as a record, from text or an astropy SkyCoord too."""
    if isinstance(target, str):
        return parse_target(target)
    if isinstance(target, Body | LunarOrbit | GroundStation | Star):
        return target
    return Star.from_skycoord(target)


def position_km(target: Target, tdb_s: FloatArray, kernels: Kernels) -> FloatArray:
    """ICRF position of a target from the solar system barycentre at `tdb_s` (n,), km, shape (3, n)."""
    match target:
        case Body():
            return kernels.position_km(target.code_in(kernels), tdb_s)
        case LunarOrbit():
            return kernels.position_km(MOON, tdb_s) + target.state_km(tdb_s, kernels)[0]
        case GroundStation():
            return kernels.position_km(EARTH, tdb_s) + target.position_km(tdb_s)
        case Star():
            return target.position_km(tdb_s)
