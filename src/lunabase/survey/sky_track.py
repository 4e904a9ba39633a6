"""Where a body stands over a span of time, from the Moon's centre, and how a small tile of the map sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.environment.discs import covered_fraction
from lunabase.environment.light import SHADOW_RADIUS_M
from lunabase.environment.sampling import Epochs, sample
from lunabase.environment.view import track_stations
from lunabase.errors import InputError
from lunabase.sky import BODIES, GroundStation, Kernels, LunarOrbit, directions
from lunabase.sky.kernels import MOON
from lunabase.sky.site import MOON_RADIUS_KM
from lunabase.survey.passes import (
    AZIMUTH,
    AZIMUTH_X,
    AZIMUTH_Y,
    ELEVATION,
    ELEVATION_X,
    ELEVATION_Y,
    LEVEL,
    NEARNESS,
    RADIUS,
    WEIGHT,
    SingleArray,
    direction,
)
from lunabase.times import FloatArray, TimeGrid

Weight = Callable[[FloatArray], FloatArray]

_CHUNK = 20_000
_POINT_RADIUS_DEG = 1e-4
"""A point is counted as a disc so small that no horizon cuts it."""
_ECLIPSE_REACH_DEG = 2.0
"""Seen from the Moon's centre: radii of Sun (0.27 deg) and shadow (1.05 deg), and the Earth's parallax (0.28 deg)."""


@dataclass(frozen=True, slots=True, eq=False)
class SkyTrack:
    """A body over a time grid, in the Moon's mean-Earth frame.

    place_km: (n, 3) from the Moon's centre, apparent (light time and aberration) for Sun and Earth, geometric for
    stations and relays; radius_km: of its disc, 0 for a point; weight: from a place on the Moon (3,), km, to the part
    of the disc that shines or can be used, (n,), 0 to 1; level: from these weights to the height of the disc's centre
    above the horizon, in radii, above which the body counts as in view, (n,).
    """

    place_km: FloatArray
    radius_km: float
    weight: Weight
    level: Callable[[FloatArray], FloatArray]
    step_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A small part of a map: its centre's vertical and map axes (mean-Earth frame), and how the map's y axis turns.

    turn: by how much the y axis turns towards x against the great circles, per radian along x and along y.
    """

    up: FloatArray
    north: FloatArray
    turn: tuple[float, float]

    @property
    def east(self) -> FloatArray:
        """The map's x axis, (3,)."""
        return np.cross(self.north, self.up)


def sun_track(grid: TimeGrid, kernels: Kernels, *, dark_below: float = 0.0) -> SkyTrack:
    """The Sun; in view while more than `dark_below` of its disc is visible. The Earth's shadow takes from it.

    Raises InputError for times outside the kernels and for a `dark_below` outside 0 <= dark_below < 1.
    """
    if not 0.0 <= dark_below < 1.0:
        raise InputError(f"{dark_below} is no part of a disc.", where="dark_below", fix="Use 0, or less than 1.")
    sun_km, earth_km = body_place_km("sun", grid, kernels), body_place_km("earth", grid, kernels)
    cosine = np.einsum("ni,ni->n", sun_km, earth_km)
    cosine /= np.linalg.norm(sun_km, axis=1) * np.linalg.norm(earth_km, axis=1)
    near = np.flatnonzero(cosine > np.cos(np.radians(_ECLIPSE_REACH_DEG)))

    def weight(place_km: FloatArray) -> FloatArray:
        shining = np.ones(sun_km.shape[0])
        shining[near] = 1.0 - _eclipsed(sun_km[near] - place_km, earth_km[near] - place_km)
        return shining

    def level(shining: FloatArray) -> FloatArray:
        return _level_of_part(dark_below, shining)

    return SkyTrack(sun_km, BODIES["sun"].radius_km, weight, level, grid.step_s)


def earth_track(grid: TimeGrid, kernels: Kernels) -> SkyTrack:
    """The Earth; in view while the centre of its disc is. Raises InputError for times outside the kernels."""
    place_km = body_place_km("earth", grid, kernels)
    return SkyTrack(place_km, BODIES["earth"].radius_km, _always(grid.count), np.zeros_like, grid.step_s)


def station_track(station: GroundStation, grid: TimeGrid, kernels: Kernels) -> SkyTrack:
    """A station on the Earth; in view while it also sees the place at or above its least elevation.

    Straight, instantaneous lines, as in `lunabase.environment`. Raises InputError for times outside the kernels.
    """
    place_km, up = np.empty((grid.count, 3)), np.empty((grid.count, 3))
    for part, epochs in _parts(grid, kernels):
        rotation = kernels.moon_rotation(epochs.tdb_s)[0]
        (track,) = track_stations([station], epochs, kernels)
        place_km[part] = np.einsum("ijn,jn->ni", rotation, track.position_km)
        up[part] = np.einsum("ijn,jn->ni", rotation, track.up)
    lowest = np.sin(np.radians(station.minimum_elevation_deg))

    def weight(from_km: FloatArray) -> FloatArray:
        line = from_km - place_km
        sine = np.einsum("ni,ni->n", line, up) / np.linalg.norm(line, axis=1)
        return np.asarray(sine >= lowest, dtype=np.float64)

    return SkyTrack(place_km, 0.0, weight, _level_where_used, grid.step_s)


def relay_track(relay: LunarOrbit, grid: TimeGrid, kernels: Kernels) -> SkyTrack:
    """A relay in lunar orbit; in view while it stands above the horizon. Raises InputError for times outside."""
    place_km = np.empty((grid.count, 3))
    for part, epochs in _parts(grid, kernels):
        rotation = kernels.moon_rotation(epochs.tdb_s)[0]
        place_km[part] = np.einsum("ijn,jn->ni", rotation, relay.state_km(epochs.tdb_s, kernels)[0])
    return SkyTrack(place_km, 0.0, _always(grid.count), _level_where_used, grid.step_s)


def circle_track(latitude_deg: float, radius_deg: float, distance_km: float, *, steps: int = 3600) -> SkyTrack:
    """A disc that goes once round the Moon above one latitude, westward, in so many steps of 1 s."""
    longitude = -2.0 * np.pi * np.arange(steps) / steps
    latitude = np.radians(latitude_deg)
    level_km = distance_km * np.cos(latitude)
    height_km = np.full(steps, distance_km * np.sin(latitude))
    place_km = np.stack([level_km * np.cos(longitude), level_km * np.sin(longitude), height_km], axis=1)
    radius_km = distance_km * np.sin(np.radians(radius_deg))
    return SkyTrack(place_km, float(radius_km), _always(steps), lambda shining: np.full_like(shining, -1.0), 1.0)


def body_place_km(name: str, grid: TimeGrid, kernels: Kernels) -> FloatArray:
    """Apparent place of the Sun or the Earth from the Moon's centre, mean-Earth frame, km, (n, 3)."""
    code = BODIES[name].code
    place_km = np.empty((grid.count, 3))

    def places(tdb_s: FloatArray) -> FloatArray:
        range_km = np.linalg.norm(kernels.position_km(code, tdb_s) - kernels.position_km(MOON, tdb_s), axis=0)
        return np.asarray(directions(name, tdb_s, kernels=kernels) * range_km)

    for part, epochs in _parts(grid, kernels):
        place_km[part] = sample(places, epochs, kernels).T
    return place_km


def columns(track: SkyTrack, tile: Tile) -> SingleArray:
    """The pass of a track over a tile, (n, 10), with the columns of `lunabase.survey.passes`."""
    table = np.empty((track.place_km.shape[0], 10), dtype=np.float32)
    fill_pass(track.place_km, tile.up, tile.north, tile.turn, track.radius_km, table)
    shining = track.weight(MOON_RADIUS_KM * tile.up)
    table[:, WEIGHT] = shining
    table[:, LEVEL] = track.level(shining)
    return table


def _parts(grid: TimeGrid, kernels: Kernels) -> list[tuple[slice, Epochs]]:
    tdb_s = grid.tdb_s
    kernels.check_span(tdb_s)
    starts = range(0, grid.count, _CHUNK)
    pieces = Epochs(tdb_s, grid.step_s).parts(_CHUNK)
    return [(slice(first, first + _CHUNK), piece) for first, piece in zip(starts, pieces, strict=True)]


def _always(count: int) -> Weight:
    return lambda place_km: np.ones(count)


def _level_where_used(weight: FloatArray) -> FloatArray:
    return np.where(weight > 0.0, 0.0, np.inf)


def _eclipsed(sun_km: FloatArray, earth_km: FloatArray) -> FloatArray:
    """Part of the Sun's disc behind the Earth; both from the observer, (n, 3)."""
    sun_range_km, earth_range_km = np.linalg.norm(sun_km, axis=1), np.linalg.norm(earth_km, axis=1)
    sine = np.linalg.norm(np.cross(sun_km, earth_km), axis=1)
    separation_deg = np.degrees(np.arctan2(sine, np.einsum("ni,ni->n", sun_km, earth_km)))
    sun_deg = np.degrees(np.arcsin(BODIES["sun"].radius_km / sun_range_km))
    shadow_deg = np.degrees(np.arcsin(SHADOW_RADIUS_M * 1e-3 / earth_range_km))
    return covered_fraction(separation_deg, sun_deg, shadow_deg)


def _level_of_part(part: float, weight: FloatArray) -> FloatArray:
    """Height of the centre (radii) at which this part of the disc is visible, with a weight; infinite if never."""
    wanted = np.full_like(weight, np.inf)
    np.divide(part, weight, out=wanted, where=weight > 0.0)
    heights: NDArray[np.float64] = np.linspace(-1.0, 1.0, 20_001)
    parts = 0.5 + (heights * np.sqrt(1.0 - heights**2) + np.arcsin(heights)) / np.pi
    return np.where(wanted < 1.0, np.interp(wanted, parts, heights), np.inf)


@njit(cache=True, nogil=True)
def fill_pass(place_km, up, north, turn, radius_km, table):  # type: ignore[no-untyped-def]
    """Fill a pass, but for weight and level: directions from a tile's centre, their first derivatives on the ground.

    Moving by d along the ground tilts the vertical by d/R and, at distance r of the body, turns the line of sight by
    d sin/r; the map's axes turn by `turn` besides.
    """
    per_rad = 180.0 / np.pi
    for k in range(table.shape[0]):
        azimuth_deg, elevation_deg = direction(up, north, place_km[k])
        azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
        offset = place_km[k] - MOON_RADIUS_KM * up
        distance_km = np.sqrt(offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2)
        near = MOON_RADIUS_KM / distance_km
        sine, cosine = np.sin(elevation), max(np.cos(elevation), 1e-6)
        lift = per_rad * (1.0 + near * sine)
        swing = per_rad * (near + sine) / cosine
        table[k, ELEVATION], table[k, AZIMUTH] = elevation_deg, azimuth_deg
        table[k, ELEVATION_X], table[k, ELEVATION_Y] = lift * np.sin(azimuth), lift * np.cos(azimuth)
        table[k, AZIMUTH_X] = -swing * np.cos(azimuth) - per_rad * turn[0]
        table[k, AZIMUTH_Y] = swing * np.sin(azimuth) - per_rad * turn[1]
        radius_deg = per_rad * np.arcsin(min(radius_km / distance_km, 1.0))
        table[k, RADIUS] = max(radius_deg, _POINT_RADIUS_DEG)
        table[k, NEARNESS] = near
