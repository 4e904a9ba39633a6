"""What a place can see: directions, the horizon in them, and lines of sight to relays and Earth stations.

Lines between a site or relay and an Earth station are taken as straight and instantaneous. Seen from the Moon,
light time and aberration nearly cancel, because both bodies share their way round the Sun: 0.0003 deg are left. The
station turns by 0.005 deg while the signal is under way, so its elevation is good to 0.01 deg and the edge of a
contact to 3 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lunabase.environment.sampling import Epochs, sample
from lunabase.sky import GroundStation, Kernels, LunarOrbit, Sight, SurfaceSite, look_arrays
from lunabase.sky.ground import itrs_rotation
from lunabase.sky.kernels import EARTH, MOON
from lunabase.sky.site import MOON_RADIUS_KM
from lunabase.terrain.mask import HorizonMask
from lunabase.times import FloatArray

Site = SurfaceSite | LunarOrbit
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the observer is, from the Moon's centre along ICRF axes."""

    position_km: FloatArray
    """Shape (3, n)."""
    axes: FloatArray
    """Rows east, north, up, shape (3, 3, n)."""

    @property
    def distance_km(self) -> FloatArray:
        """Distance from the Moon's centre, shape (n,)."""
        return np.asarray(np.linalg.norm(self.position_km, axis=0))

    def azimuth_elevation_deg(self, point_km: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Direction of a point given from the Moon's centre, (3, n), as azimuth and elevation, (n,) each."""
        east, north, up = np.einsum("ijn,jn->in", self.axes, point_km - self.position_km)
        return np.degrees(np.arctan2(east, north)) % 360.0, np.degrees(np.arctan2(up, np.hypot(east, north)))


@dataclass(frozen=True, slots=True)
class StationTrack:
    """Where an Earth station is, from the Moon's centre along ICRF axes; arrays of shape (3, n)."""

    position_km: FloatArray
    up: FloatArray
    minimum_elevation_deg: float

    def elevation_deg(self, point_km: FloatArray) -> FloatArray:
        """Elevation of a point (from the Moon's centre, (3, n)) above the station's geodetic horizon; airless."""
        line = point_km - self.position_km
        sine = np.sum(line * self.up, axis=0) / np.linalg.norm(line, axis=0)
        return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))

    def sees(self, point_km: FloatArray) -> BoolArray:
        """Whether the point stands at or above the station's least elevation."""
        return np.asarray(self.elevation_deg(point_km) >= self.minimum_elevation_deg)


def sight(target: str | LunarOrbit, site: Site, epochs: Epochs, kernels: Kernels) -> Sight:
    """The target as `sky.look` sees it; interpolated between nodes unless target or site orbits the Moon."""
    if isinstance(target, LunarOrbit) or isinstance(site, LunarOrbit):
        return look_arrays(target, site, epochs.tdb_s, kernels=kernels)

    def vector_and_radius(tdb_s: FloatArray) -> FloatArray:
        seen = look_arrays(target, site, tdb_s, kernels=kernels)
        return np.stack([*_east_north_up_m(seen), seen.angular_radius_deg])

    east, north, up, angular_radius_deg = sample(vector_and_radius, epochs, kernels)
    return Sight(
        np.degrees(np.arctan2(east, north)) % 360.0,
        np.degrees(np.arctan2(up, np.hypot(east, north))),
        np.sqrt(east**2 + north**2 + up**2),
        angular_radius_deg,
    )


def _east_north_up_m(seen: Sight) -> tuple[FloatArray, FloatArray, FloatArray]:
    azimuth_rad, elevation_rad = np.radians(seen.azimuth_deg), np.radians(seen.elevation_deg)
    level = seen.range_m * np.cos(elevation_rad)
    return level * np.sin(azimuth_rad), level * np.cos(azimuth_rad), seen.range_m * np.sin(elevation_rad)


def stand(site: Site, epochs: Epochs, kernels: Kernels) -> Stand:
    """Place and axes of the observer at the epochs; an orbiter's up is radial and its north leans to the pole."""
    if isinstance(site, LunarOrbit):
        position_km = site.state_km(epochs.tdb_s, kernels)[0]
        up = position_km / np.linalg.norm(position_km, axis=0)
        east = np.cross(kernels.moon_rotation(epochs.tdb_s)[0][2], up, axis=0)
        east /= np.linalg.norm(east, axis=0)
        return Stand(position_km, np.stack([east, np.cross(up, east, axis=0), up]))

    def local_axes(tdb_s: FloatArray) -> FloatArray:
        axes = np.einsum("ij,jkn->ikn", site.east_north_up, kernels.moon_rotation(tdb_s)[0])
        return np.asarray(axes.reshape(9, tdb_s.size))

    axes = sample(local_axes, epochs, kernels).reshape(3, 3, -1)
    return Stand(axes[2] * np.linalg.norm(site.position_me_km), axes)


def track_stations(stations: Sequence[GroundStation], epochs: Epochs, kernels: Kernels) -> tuple[StationTrack, ...]:
    """Where the Earth stations are, seen from the Moon's centre, at the epochs."""
    if not stations:
        return ()
    fixed = np.stack([np.stack([station.position_itrs_km, station.up_itrs]) for station in stations])

    def positions_and_ups(tdb_s: FloatArray) -> FloatArray:
        vectors = np.einsum("nij,mki->mkjn", itrs_rotation(tdb_s), fixed)
        vectors[:, 0] += kernels.position_km(EARTH, tdb_s) - kernels.position_km(MOON, tdb_s)
        return np.asarray(vectors.reshape(-1, tdb_s.size))

    vectors = sample(positions_and_ups, epochs, kernels).reshape(len(stations), 2, 3, -1)
    return tuple(
        StationTrack(position_km, up, station.minimum_elevation_deg)
        for station, (position_km, up) in zip(stations, vectors, strict=True)
    )


def hidden_by_moon(one_km: FloatArray, other_km: FloatArray) -> BoolArray:
    """Whether the Moon's sphere cuts the straight line between two points outside it, (3, n) from its centre."""
    line = other_km - one_km
    along = -np.sum(one_km * line, axis=0) / np.sum(line * line, axis=0)
    nearest = one_km + np.clip(along, 0.0, 1.0) * line
    return np.asarray(np.linalg.norm(nearest, axis=0) < MOON_RADIUS_KM)


def limb_elevation_deg(distance_km: FloatArray) -> FloatArray:
    """Elevation of the Moon's limb for an orbiter at a distance from the Moon's centre; below zero."""
    return np.asarray(-np.degrees(np.arccos(MOON_RADIUS_KM / distance_km)))


def above_horizon(
    azimuth_deg: FloatArray, elevation_deg: FloatArray, horizon: HorizonMask, height_m: float
) -> BoolArray:
    """Whether a direction is above the horizon mask as seen from a height the mask knows."""
    return np.asarray(elevation_deg > horizon.elevation_at(azimuth_deg, height_m))
