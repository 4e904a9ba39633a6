"""Where a target stands in the sky of a place on the Moon or of a lunar orbiter.

Directions are apparent ones: converged light time and stellar aberration ("LT+S" in SPICE's words), with the
observer's barycentric velocity made of the Moon's and of its rotation. No refraction, no gravitational
deflection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from skyfield.relativity import add_aberration

from lunabase.sky.ground import GroundStation, itrs_rotation
from lunabase.sky.kernels import DAY_S, MOON, Kernels, open_kernels
from lunabase.sky.orbit import LunarOrbit
from lunabase.sky.site import SurfaceSite
from lunabase.sky.targets import Body, Star, Target, as_target, position_km
from lunabase.times import FloatArray, TimeGrid, UtcArray, tdb_to_utc, utc_to_tdb

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

Observer = SurfaceSite | LunarOrbit
Times = TimeGrid | FloatArray | UtcArray | float | np.datetime64

SPEED_OF_LIGHT_KM_S = 299_792.458
_AU_KM = 149_597_870.700
_CHUNK = 5000
_LIGHT_TIME_STEPS = 6
_LIGHT_TIME_PRECISION_S = 1e-7
"""A planet moves at most 5 mm in that time; each step gains a factor v/c (1e-4), so three are enough."""

_VARIABLES = {
    "azimuth": ("degree", "azimuth of the target, clockwise from north"),
    "elevation": ("degree", "elevation of the target's centre above the local horizontal plane, airless"),
    "range": ("m", "distance from the observer to the target as it is seen"),
    "angular_radius": ("degree", "angular radius of the target's disc (equatorial radius)"),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """A target as seen by an observer; every field has the shape of the times."""

    azimuth_deg: FloatArray
    elevation_deg: FloatArray
    range_m: FloatArray
    angular_radius_deg: FloatArray


def look(
    target: str | Target | SkyCoord, site: Observer, times: Times, *, kernels: Kernels | None = None
) -> xr.Dataset:
    """Azimuth, elevation, range and angular radius of `target` at `times`, with CF attributes.

    Dimension `time` (UTC); a single time gives a dimension of length one. Angular radius is 0 for orbiters
    and ground stations; it and the range are NaN for stars. Raises InputError for times outside the kernels
    and unknown targets.
    """
    known = as_target(target)
    tdb_s = np.atleast_1d(tdb_seconds(times))
    sight = look_arrays(known, site, tdb_s, kernels=kernels)
    utc = times.utc if isinstance(times, TimeGrid) else tdb_to_utc(tdb_s)
    fields = (sight.azimuth_deg, sight.elevation_deg, sight.range_m, sight.angular_radius_deg)
    variables = {
        name: ("time", values, {"units": units, "long_name": long_name})
        for (name, (units, long_name)), values in zip(_VARIABLES.items(), fields, strict=True)
    }
    return xr.Dataset(variables, coords={"time": ("time", utc)}, attrs=_attributes(known, site))


def look_arrays(
    target: str | Target | SkyCoord, site: Observer, times: Times, *, kernels: Kernels | None = None
) -> Sight:
    """As `look`, in plain arrays of the shape of `times` (a scalar gives arrays of shape ())."""
    known = as_target(target)
    handle = kernels or open_kernels()
    tdb_s = tdb_seconds(times)
    flat = tdb_s.reshape(-1)
    handle.check_span(flat)
    columns = np.empty((4, flat.size))
    for part in _chunks(flat.size):
        columns[:, part] = _look_chunk(known, site, flat[part], handle)
    return Sight(*columns.reshape(4, *tdb_s.shape))


def tdb_seconds(times: Times) -> FloatArray:
    """TDB seconds past J2000 of a grid, of UTC `datetime64`, or of TDB seconds themselves (any shape)."""
    if isinstance(times, TimeGrid):
        return times.tdb_s
    array = np.asarray(times)
    return np.asarray(utc_to_tdb(array)) if array.dtype.kind == "M" else array.astype(np.float64)


def station_elevation_deg(
    station: GroundStation, site: Observer, times: Times, *, kernels: Kernels | None = None
) -> FloatArray:
    """Elevation of a lunar site or orbiter above a ground station's geodetic horizon, deg, shape of `times`.

    `times` are those at the Moon; the station is taken a light time earlier, as in `look`. No refraction.
    """
    handle = kernels or open_kernels()
    tdb_s = tdb_seconds(times)
    flat = tdb_s.reshape(-1)
    handle.check_span(flat)
    elevation_deg = np.empty(flat.size)
    for part in _chunks(flat.size):
        observer_km = _observer_state(site, flat[part], handle)[0]
        to_station_km = _light_time_position(station, flat[part], observer_km, handle)
        emission_s = flat[part] - _length(to_station_km) / SPEED_OF_LIGHT_KM_S
        up = np.einsum("nij,i->jn", itrs_rotation(emission_s), station.up_itrs)
        sine = -np.sum(up * to_station_km, axis=0) / _length(to_station_km)
        elevation_deg[part] = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
    return elevation_deg.reshape(tdb_s.shape)


def _chunks(count: int) -> Iterator[slice]:
    for first in range(0, count, _CHUNK):
        yield slice(first, first + _CHUNK)


def _look_chunk(target: Target, site: Observer, tdb_s: FloatArray, kernels: Kernels) -> FloatArray:
    observer_km, velocity_km_s, axes = _observer_state(site, tdb_s, kernels)
    relative_km = _light_time_position(target, tdb_s, observer_km, kernels)
    range_km = _length(relative_km)
    east, north, up = np.einsum("ijn,jn->in", axes, _aberrate(relative_km, velocity_km_s))
    azimuth_deg = np.degrees(np.arctan2(east, north)) % 360.0
    # arctan2 keeps full precision near the zenith, where arcsin loses half the digits.
    elevation_deg = np.degrees(np.arctan2(up, np.hypot(east, north)))
    if isinstance(target, Star):
        range_km = np.full_like(range_km, np.nan)
    radius_km = target.radius_km if isinstance(target, Body) else 0.0
    angular_radius_deg = np.degrees(np.arcsin(np.minimum(radius_km / range_km, 1.0)))
    return np.stack([azimuth_deg, elevation_deg, range_km * 1e3, angular_radius_deg])


def _observer_state(site: Observer, tdb_s: FloatArray, kernels: Kernels) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Barycentric ICRF position (km), velocity (km/s), (3, n), and rows east, north, up, (3, 3, n)."""
    moon_km, moon_km_s = kernels.state_km(MOON, tdb_s)
    rotation, rate_per_s = kernels.moon_rotation(tdb_s)
    if isinstance(site, LunarOrbit):
        offset_km, offset_km_s = site.state_km(tdb_s, kernels)
        axes = _radial_axes(offset_km, rotation[2])
    else:
        offset_km = np.einsum("jin,j->in", rotation, site.position_me_km)
        offset_km_s = np.einsum("jin,j->in", rate_per_s, site.position_me_km)
        axes = np.einsum("ij,jkn->ikn", site.east_north_up, rotation)
    return moon_km + offset_km, moon_km_s + offset_km_s, axes


def _radial_axes(offset_km: FloatArray, pole: FloatArray) -> FloatArray:
    """East, north, up of an orbiter: up is radial, north leans toward the Moon's mean-Earth +Z axis."""
    up = offset_km / _length(offset_km)
    east = np.cross(pole, up, axis=0)
    east /= _length(east)
    return np.stack([east, np.cross(up, east, axis=0), up])


def _light_time_position(target: Target, tdb_s: FloatArray, observer_km: FloatArray, kernels: Kernels) -> FloatArray:
    """Target minus observer, km, (3, n), with the target where its light left it."""
    if isinstance(target, Star):
        return position_km(target, tdb_s, kernels) - observer_km
    light_time_s = np.zeros_like(tdb_s)
    for _ in range(_LIGHT_TIME_STEPS):
        relative_km = position_km(target, tdb_s - light_time_s, kernels) - observer_km
        change_s = _length(relative_km) / SPEED_OF_LIGHT_KM_S - light_time_s
        light_time_s = light_time_s + change_s
        if not np.any(np.abs(change_s) > _LIGHT_TIME_PRECISION_S):
            break
    return relative_km


def apparent_direction(
    target: Target, observer_km: FloatArray, velocity_km_s: FloatArray, tdb_s: FloatArray, kernels: Kernels
) -> FloatArray:
    """Unit vectors (3, n) along ICRF axes to a target from an observer's barycentric state (3, n), LT+S."""
    apparent = _aberrate(_light_time_position(target, tdb_s, observer_km, kernels), velocity_km_s)
    return apparent / _length(apparent)


def _aberrate(relative_km: FloatArray, velocity_km_s: FloatArray) -> FloatArray:
    """Apparent position, au, (3, n), for an observer of that barycentric velocity (special relativity)."""
    apparent_au = relative_km / _AU_KM
    light_time_days = _length(relative_km) / SPEED_OF_LIGHT_KM_S / DAY_S
    add_aberration(apparent_au, velocity_km_s * (DAY_S / _AU_KM), light_time_days)
    return apparent_au


def _length(vectors: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.einsum("in,in->n", vectors, vectors)))


def _attributes(target: Target, site: Observer) -> dict[str, str]:
    return {
        "Conventions": "CF-1.11",
        "title": f"{_name(target)} in the sky of {site}",
        "corrections": "light time and stellar aberration (LT+S); no refraction, no gravitational deflection",
        "frame": "Moon mean-Earth; azimuth clockwise from north (at a pole, of the longitude's meridian)",
    }


def _name(target: Target) -> str:
    return "orbiter" if isinstance(target, LunarOrbit) else target.name
