"""The exact horizon of a point: rays over nested elevation models on the curved Moon.

From the observer a ray follows the great circle of each azimuth. At every sample the finest model with data
there gives the height, and the elevation angle of that surface point is taken in three dimensions above the
plane normal to the observer's local vertical. Samples lie at most `step_pixels` of the finest model near by
apart, and also wherever the ray crosses a row or column of pixel centres, where a bilinear surface has its
kinks. A ray ends where even the highest terrain of all models could no longer rise above the horizon found so
far, so no range has to be guessed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem, Frame, bilinear, pixel_at
from lunabase.terrain.mask import HorizonMask
from lunabase.terrain.projection import Projection, unit_vectors
from lunabase.terrain.sphere import MOON_RADIUS_M

_EVERYWHERE_RAD = math.radians(60.0)

Vector = NDArray[np.float64]


class _Terrain(NamedTuple):
    """All models, finest first, in arrays whose types don't depend on how many there are.

    heights: (n,) the models' rows one after the other; shapes: (k, 4) start in heights, rows, columns, wraps;
    maps: (k, 13) fields of Projection, then of Frame; caps: (k, 6) around each model: unit vector, radius,
    step inside it, cosine of the radius, angles in radians.
    """

    heights: NDArray[np.floating]
    shapes: NDArray[np.int64]
    maps: NDArray[np.float64]
    caps: NDArray[np.float64]
    highest_radius_m: float


class _Observer(NamedTuple):
    """The observer: unit vector up, radii of its heights (k,) and the end of its rays in radians."""

    up: NDArray[np.float64]
    radii_m: NDArray[np.float64]
    farthest_rad: float


def point_horizon(
    dems: Sequence[Dem],
    latitude_deg: float,
    longitude_deg: float,
    *,
    observer_heights_m: Sequence[float] = (2.0, 10.0),
    azimuths_deg: ArrayLike | None = None,
    max_range_m: float | None = None,
    step_pixels: float = 0.5,
) -> HorizonMask:
    """Return the horizon seen from a point above the ground of one or several nested elevation models.

    dems: any order; where several have data the one with the smallest pixels is used. A model's data reach to
    its outermost pixel centres.
    azimuths_deg: (n,) regular, clockwise from true north; every 0.5 deg by default. At a pole, north is what
    it is just beside the pole on the given longitude's meridian.
    max_range_m: ground distance at which rays end although terrain beyond could count.
    step_pixels: longest step along a ray, in pixels, at most 1.

    The provenance tells whether terrain was known as far as it can count. Raises InputError when the point
    has no ground in any model or an argument is out of range.
    """
    _check_arguments(dems, observer_heights_m, max_range_m, step_pixels)
    azimuths: Vector = np.arange(720.0) * 0.5 if azimuths_deg is None else np.array(azimuths_deg, dtype=float)
    ordered = sorted(dems, key=lambda dem: dem.pixel_m)
    up, north, east = _local_axes(latitude_deg, longitude_deg)
    ground_height_m = _ground_height(ordered, latitude_deg, longitude_deg)
    terrain = _terrain_of(ordered, step_pixels)
    radii_m = MOON_RADIUS_M + ground_height_m + np.array(observer_heights_m, dtype=float)
    lowest_m = MOON_RADIUS_M + min(float(np.nanmin(dem.heights_m)) for dem in ordered)
    farthest_rad = math.acos(lowest_m / float(radii_m.max())) + math.acos(lowest_m / terrain.highest_radius_m)
    if max_range_m is not None:
        farthest_rad = min(farthest_rad, max_range_m / MOON_RADIUS_M)
    azimuths_rad = np.radians(azimuths)[:, None]
    forward = np.cos(azimuths_rad) * north + np.sin(azimuths_rad) * east
    tangents, reaches_rad = _horizon_of_rays(terrain, _Observer(up, radii_m, farthest_rad), forward)
    provenance = {
        "latitude_deg": f"{latitude_deg:.10g}",
        "longitude_deg": f"{longitude_deg:.10g}",
        "terrain": "; ".join(f"{dem.source} ({dem.pixel_m:g} m)" for dem in ordered),
        "terrain_reach": _reach_note(reaches_rad),
    }
    heights_m = tuple(float(height) for height in observer_heights_m)
    elevations_deg: Vector = np.degrees(np.arctan(tangents)).T
    return HorizonMask(azimuths, heights_m, elevations_deg, provenance, ground_height_m)


def _check_arguments(
    dems: Sequence[Dem], observer_heights_m: Sequence[float], max_range_m: float | None, step_pixels: float
) -> None:
    if not dems:
        raise InputError("a horizon needs at least one elevation model.", fix="Give one that covers the point.")
    if not observer_heights_m or not all(0.0 < height < 1e6 for height in observer_heights_m):
        raise InputError("observer heights must be above the ground.", fix="Give metres above 0, for example 2.")
    if max_range_m is not None and not max_range_m > 0.0:
        raise InputError("the range of the horizon must be positive.", fix="Give metres, or leave it out.")
    if not 0.0 < step_pixels <= 1.0:
        raise InputError("the step of the horizon's rays must be in (0, 1] pixels.", fix="Use 0.5.")


def _local_axes(latitude_deg: float, longitude_deg: float) -> tuple[Vector, Vector, Vector]:
    """Unit vectors up, north and east at a point of the sphere."""
    if not -90.0 <= latitude_deg <= 90.0 or not -180.0 <= longitude_deg <= 360.0:
        raise InputError(
            f"there is no point at latitude {latitude_deg:g}, longitude {longitude_deg:g}.",
            fix="Latitudes run from -90 to 90 deg, longitudes from -180 to 180 or 0 to 360 deg.",
        )
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    sin_lat, cos_lat = math.sin(latitude), math.cos(latitude)
    sin_lon, cos_lon = math.sin(longitude), math.cos(longitude)
    up = np.array([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat])
    north = np.array([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat])
    return up, north, np.array([-sin_lon, cos_lon, 0.0])


def _ground_height(dems: Sequence[Dem], latitude_deg: float, longitude_deg: float) -> float:
    for dem in dems:
        height_m = float(dem.height_at(latitude_deg, longitude_deg))
        if math.isfinite(height_m):
            return height_m
    raise InputError(
        f"no elevation model has data at latitude {latitude_deg:g}, longitude {longitude_deg:g} deg.",
        where=", ".join(dem.source for dem in dems),
        fix="Move the point or add a model that covers it.",
    )


def _terrain_of(dems: Sequence[Dem], step_pixels: float) -> _Terrain:
    starts = np.cumsum([0, *(dem.heights_m.size for dem in dems)])
    return _Terrain(
        np.concatenate([dem.heights_m.ravel() for dem in dems]),
        np.array([[start, *dem.heights_m.shape, dem.wraps] for start, dem in zip(starts, dems, strict=False)]),
        np.array([[*dem.projection, *dem.frame] for dem in dems]),
        np.array([_cap(dem, step_pixels) for dem in dems]),
        MOON_RADIUS_M + max(float(np.nanmax(dem.heights_m)) for dem in dems),
    )


def _cap(dem: Dem, step_pixels: float) -> list[float]:
    """A spherical cap around the model, so that a ray knows how far off the model is, and the step inside."""
    rows, columns = dem.heights_m.shape
    x = dem.west + dem.pixel_width * np.linspace(0.0, columns - 1, 65)
    y = dem.north - dem.pixel_height * np.linspace(0.0, rows - 1, 65)
    edge_x = np.concatenate([x, x, np.full(65, x[0]), np.full(65, x[-1])])
    edge_y = np.concatenate([np.full(65, y[0]), np.full(65, y[-1]), y, y])
    centre_x, centre_y = float(x[32]), float(y[32])
    around = unit_vectors(
        dem.projection,
        np.array([centre_x, centre_x + dem.pixel_width, centre_x]),
        np.array([centre_y, centre_y, centre_y + dem.pixel_height]),
    )
    centre = around[0]
    pixel_rad = max(float(_angles(around[1:], centre).min()), 0.1 * dem.pixel_m / MOON_RADIUS_M)
    radius_rad = float(_angles(unit_vectors(dem.projection, edge_x, edge_y), centre).max()) * 1.01 + pixel_rad
    if radius_rad > _EVERYWHERE_RAD:
        radius_rad = math.pi
    return [*centre.tolist(), radius_rad, step_pixels * pixel_rad, math.cos(radius_rad)]


def _angles(vectors: Vector, centre: Vector) -> Vector:
    # Through the chord: acos is blind to angles of a pixel.
    chords = np.linalg.norm(vectors - centre, axis=-1)
    return np.asarray(2.0 * np.arcsin(np.minimum(chords / 2.0, 1.0)))


def _reach_note(reaches_rad: NDArray[np.float64]) -> str:
    reach_rad = float(reaches_rad.min())
    if math.isinf(reach_rad):
        return "complete: known in every direction as far as any terrain can count"
    reach_km = reach_rad * MOON_RADIUS_M / 1000.0
    return f"incomplete: data end {reach_km:.1f} km away in some direction, where terrain could still count"


@njit(cache=True)  # type: ignore[untyped-decorator]
def _pixel_in(terrain: _Terrain, model: int, ux: float, uy: float, uz: float) -> tuple[float, float]:
    m, i = terrain.maps, model
    projection = Projection(int(m[i, 0]), m[i, 1], m[i, 2], m[i, 3], m[i, 4], m[i, 5], m[i, 6], m[i, 7], m[i, 8])
    column, row = pixel_at(projection, Frame(m[i, 9], m[i, 10], m[i, 11], m[i, 12]), ux, uy, uz)
    return column, row


@njit(cache=True)  # type: ignore[untyped-decorator]
def _surface_height(terrain: _Terrain, ux: float, uy: float, uz: float) -> float:
    for model in range(terrain.shapes.shape[0]):
        start, rows = terrain.shapes[model, 0], terrain.shapes[model, 1]
        columns, wraps = terrain.shapes[model, 2], terrain.shapes[model, 3] != 0
        column, row = _pixel_in(terrain, model, ux, uy, uz)
        height_m = bilinear(terrain.heights, start, rows, columns, wraps, column, row)
        if not math.isnan(height_m):
            return float(height_m)
    return math.nan


@njit(cache=True)  # type: ignore[untyped-decorator]
def _next_step(caps: NDArray[np.float64], ux: float, uy: float, uz: float) -> tuple[float, int]:
    """Return the step to take and the finest model within whose cap the point lies (-1 for none)."""
    step_rad = math.inf
    inside = -1
    for i in range(caps.shape[0]):
        cosine = ux * caps[i, 0] + uy * caps[i, 1] + uz * caps[i, 2]
        if cosine >= caps[i, 5]:
            inside = i if inside < 0 else inside
            step_rad = min(step_rad, caps[i, 4])
        else:
            gap_rad = math.acos(max(-1.0, cosine)) - caps[i, 3]
            step_rad = min(step_rad, max(gap_rad, caps[i, 4]))
    return step_rad, inside


@njit(cache=True)  # type: ignore[untyped-decorator]
def _raise_horizon(
    terrain: _Terrain,
    observer: _Observer,
    forward: NDArray[np.float64],
    angle_rad: float,
    tangents: NDArray[np.float64],
) -> bool:
    """Let the surface at one angle along the ray raise the horizon; return whether there is any."""
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    ux = cosine * observer.up[0] + sine * forward[0]
    uy = cosine * observer.up[1] + sine * forward[1]
    uz = cosine * observer.up[2] + sine * forward[2]
    height_m = _surface_height(terrain, ux, uy, uz)
    if math.isnan(height_m):
        return False
    radius_m = MOON_RADIUS_M + height_m
    for k in range(tangents.size):
        tangent = (radius_m * cosine - observer.radii_m[k]) / (radius_m * sine)
        tangents[k] = max(tangents[k], tangent)
    return True


@njit(cache=True)  # type: ignore[untyped-decorator]
def _crossings(before: tuple[float, float], after: tuple[float, float]) -> tuple[float, float]:
    """Return at which fractions of a step a ray crosses a column and a row of pixel centres (2: nowhere)."""
    column, row = 2.0, 2.0
    if math.floor(before[0]) != math.floor(after[0]):
        line = max(math.floor(before[0]), math.floor(after[0]))
        column = (line - before[0]) / (after[0] - before[0])
    if math.floor(before[1]) != math.floor(after[1]):
        line = max(math.floor(before[1]), math.floor(after[1]))
        row = (line - before[1]) / (after[1] - before[1])
    return column, row


@njit(cache=True)  # type: ignore[untyped-decorator]
def _nothing_higher(terrain: _Terrain, observer: _Observer, angle_rad: float, tangents: NDArray[np.float64]) -> bool:
    """Return whether even the highest terrain from here on stays under the horizon found so far."""
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    for k in range(tangents.size):
        if observer.radii_m[k] * cosine > terrain.highest_radius_m:
            # The highest terrain still rises with distance as seen from above it.
            return False
        tangent = (terrain.highest_radius_m * cosine - observer.radii_m[k]) / (terrain.highest_radius_m * sine)
        if tangent > tangents[k]:
            return False
    return True


@njit(cache=True)  # type: ignore[untyped-decorator]
def _follow_ray(
    terrain: _Terrain, observer: _Observer, forward: NDArray[np.float64], tangents: NDArray[np.float64]
) -> float:
    """Fill the tangents (k,) of a ray's horizon; return the angle where data first lack (infinity: never)."""
    reach_rad = math.inf
    angle_rad = 0.0
    up = observer.up
    ux, uy, uz = up[0], up[1], up[2]
    while angle_rad < observer.farthest_rad:
        step_rad, model = _next_step(terrain.caps, ux, uy, uz)
        after_rad = min(angle_rad + step_rad, observer.farthest_rad)
        cosine, sine = math.cos(after_rad), math.sin(after_rad)
        vx = cosine * up[0] + sine * forward[0]
        vy = cosine * up[1] + sine * forward[1]
        vz = cosine * up[2] + sine * forward[2]
        if model >= 0:
            before = _pixel_in(terrain, model, ux, uy, uz)
            for fraction in _crossings(before, _pixel_in(terrain, model, vx, vy, vz)):
                if 0.0 < fraction < 1.0:
                    crossing_rad = angle_rad + fraction * (after_rad - angle_rad)
                    _raise_horizon(terrain, observer, forward, crossing_rad, tangents)
        if not _raise_horizon(terrain, observer, forward, after_rad, tangents):
            reach_rad = min(reach_rad, after_rad)
        angle_rad, ux, uy, uz = after_rad, vx, vy, vz
        if _nothing_higher(terrain, observer, angle_rad, tangents):
            break
    return reach_rad


@njit(cache=True)  # type: ignore[untyped-decorator]
def _horizon_of_rays(
    terrain: _Terrain, observer: _Observer, forward: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return tangents (n, k) of the horizon and reaches (n,) in radians for ray directions (n, 3)."""
    count = forward.shape[0]
    tangents = np.full((count, observer.radii_m.size), -np.inf)
    reaches_rad = np.empty(count)
    for i in range(count):
        reaches_rad[i] = _follow_ray(terrain, observer, forward[i], tangents[i])
    return tangents, reaches_rad
