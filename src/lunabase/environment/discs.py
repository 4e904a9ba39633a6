"""How much of a disc in the sky is left when a horizon line or another disc covers part of it.

Everything here works in the plane tangent to the sky at the disc's centre. For the Sun (radius 0.27 deg)
against the Earth (1 deg) that plane is good to 1e-4 of the covered part.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def covered_fraction(separation_deg: ArrayLike, radius_deg: ArrayLike, other_radius_deg: ArrayLike) -> FloatArray:
    """Fraction of a disc's area behind another disc, from the angle between their centres.

    All three in the same unit (deg), broadcast together; result between 0 and 1, shape of the broadcast.
    The common area is the sum of the two circular segments on either side of their common chord.
    """
    arrays = (np.asarray(value, dtype=np.float64) for value in (separation_deg, radius_deg, other_radius_deg))
    separation, radius, other = np.broadcast_arrays(*arrays)
    covered: FloatArray = _covered_series(separation.ravel(), radius.ravel(), other.ravel())
    return covered.reshape(separation.shape)


@njit(cache=True)
def _covered_series(separation, radius, other):  # type: ignore[no-untyped-def]
    covered = np.empty(separation.size)
    for k in range(separation.size):
        covered[k] = _covered(separation[k], radius[k], other[k])
    return covered


@njit(cache=True)
def _covered(separation, radius, other):  # type: ignore[no-untyped-def]
    if separation >= radius + other:
        return 0.0
    if separation <= other - radius:
        return 1.0
    if separation <= radius - other:
        return (other / radius) ** 2
    near = (separation**2 + radius**2 - other**2) / (2.0 * separation)
    far = separation - near
    chord = math.sqrt(max(radius**2 - near**2, 0.0))
    own = radius**2 * math.atan2(chord, near) - near * chord
    its = other**2 * math.atan2(chord, far) - far * chord
    return min(max((own + its) / (math.pi * radius**2), 0.0), 1.0)


def light_above_line(
    azimuth_deg: ArrayLike,
    elevation_deg: ArrayLike,
    radius_deg: ArrayLike,
    line_azimuths_deg: ArrayLike,
    line_elevations_deg: ArrayLike,
) -> tuple[FloatArray, FloatArray]:
    """How much of a disc stands above a horizon line, and how much of its light level ground receives.

    Parameters: azimuth, elevation of the centre and angular radius of the disc (deg, broadcast together to
    any shape); the horizon line as elevations (deg, shape (m,)) at ascending azimuths within one turn (deg,
    shape (m,)), straight between them and closed across north.

    Returns ``(fraction, level)`` in the shape of the broadcast: the visible part of the disc's area (0 to 1),
    and the flux through a level plate in units of the flux the whole disc would send through a plate that
    faces it (equal to sin(elevation) for a disc wholly above both the line and the plate).

    The disc is uniformly bright. Each straight piece of the line is integrated in closed form, so a straight
    line gives the circular segment exactly. Within 1 deg of the zenith the tangent plane fails; a
    horizon as high as that is outside the use of this function.
    """
    azimuth, elevation, radius = np.broadcast_arrays(
        np.asarray(azimuth_deg, dtype=np.float64),
        np.asarray(elevation_deg, dtype=np.float64),
        np.asarray(radius_deg, dtype=np.float64),
    )
    nodes, line = _unrolled(line_azimuths_deg, line_elevations_deg)
    fraction, level = _light_series(
        azimuth.ravel(), elevation.ravel(), radius.ravel(), nodes, line, *_raised_to_level(nodes, line)
    )
    return fraction.reshape(azimuth.shape), level.reshape(azimuth.shape)


def _unrolled(azimuths_deg: ArrayLike, elevations_deg: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Repeat the line from a turn before to two turns after, so that a window around 0..360 is inside it."""
    azimuths = np.asarray(azimuths_deg, dtype=np.float64)
    elevations = np.asarray(elevations_deg, dtype=np.float64)
    turns = np.array([-360.0, 0.0, 360.0, 720.0])
    return (turns[:, None] + azimuths).ravel(), np.tile(elevations, turns.size)


def _raised_to_level(nodes: FloatArray, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The line where it is above the level of the ground and 0 elsewhere, with nodes where it crosses."""
    crossing = np.flatnonzero(line[:-1] * line[1:] < 0.0)
    share = line[crossing] / (line[crossing] - line[crossing + 1])
    at = nodes[crossing] + share * (nodes[crossing + 1] - nodes[crossing])
    return np.insert(nodes, crossing + 1, at), np.insert(np.maximum(line, 0.0), crossing + 1, 0.0)


@njit(cache=True)
def _light_series(azimuth, elevation, radius, nodes, line, level_nodes, level_line):  # type: ignore[no-untyped-def]
    fraction = np.empty(azimuth.size)
    level = np.empty(azimuth.size)
    lowest, highest = line.min(), line.max()
    for k in range(azimuth.size):
        up = math.sin(math.radians(elevation[k]))
        if elevation[k] - radius[k] >= highest and elevation[k] >= radius[k]:
            fraction[k], level[k] = 1.0, up
        elif elevation[k] + radius[k] <= lowest:
            fraction[k], level[k] = 0.0, 0.0
        else:
            bearing = azimuth[k] % 360.0
            fraction[k], _ = _above(bearing, elevation[k], radius[k], nodes, line)
            area, moment = _above(bearing, elevation[k], radius[k], level_nodes, level_line)
            level[k] = max(area * up + moment * math.cos(math.radians(elevation[k])), 0.0)
    return fraction, level


@njit(cache=True)
def _above(azimuth, elevation, radius, nodes, line):  # type: ignore[no-untyped-def]
    """Visible area over the disc's area, and its mean height above the centre (rad) times that area."""
    across = max(math.cos(math.radians(elevation)), 1e-3)
    half = min(radius / across, 180.0)
    scale = across / radius
    area, moment = 0.0, 0.0
    k = np.searchsorted(nodes, azimuth - half, side="right") - 1
    while nodes[k] < azimuth + half:
        slope = (line[k + 1] - line[k]) / (nodes[k + 1] - nodes[k])
        left = max(nodes[k], azimuth - half)
        right = min(nodes[k + 1], azimuth + half)
        v1 = (line[k] + slope * (left - nodes[k]) - elevation) / radius
        v2 = (line[k] + slope * (right - nodes[k]) - elevation) / radius
        a, m = _strip((left - azimuth) * scale, v1, (right - azimuth) * scale, v2)
        area += a
        moment += m
        k += 1
    return min(area / math.pi, 1.0), moment / math.pi * math.radians(radius)


@njit(cache=True)
def _strip(u1, v1, u2, v2):  # type: ignore[no-untyped-def]
    """Area and first moment of the unit disc above the straight line (u1, v1)-(u2, v2), between u1 and u2."""
    if u2 <= u1:
        return 0.0, 0.0
    slope = (v2 - v1) / (u2 - u1)
    offset = v1 - slope * u1
    square = 1.0 + slope * slope
    inside = square - offset * offset
    area, moment, start = 0.0, 0.0, u1
    if inside > 0.0:
        root = math.sqrt(inside)
        for cut in ((-slope * offset - root) / square, (-slope * offset + root) / square):
            if start < cut < u2:
                a, m = _between(start, cut, slope, offset)
                area += a
                moment += m
                start = cut
    a, m = _between(start, u2, slope, offset)
    return area + a, moment + m


@njit(cache=True)
def _between(u1, u2, slope, offset):  # type: ignore[no-untyped-def]
    """The same where the line stays wholly above, within or below the disc."""
    middle = 0.5 * (u1 + u2)
    height = math.sqrt(max(1.0 - middle * middle, 0.0))
    line = offset + slope * middle
    if line >= height:
        return 0.0, 0.0
    half_disc = _under_circle(u2) - _under_circle(u1)
    if line <= -height:
        return 2.0 * half_disc, 0.0
    width = u2 - u1
    first = 0.5 * (u2 * u2 - u1 * u1)
    second = (u2**3 - u1**3) / 3.0
    area = half_disc - offset * width - slope * first
    moment = 0.5 * (width - second - offset**2 * width - 2.0 * offset * slope * first - slope**2 * second)
    return area, moment


@njit(cache=True)
def _under_circle(u):  # type: ignore[no-untyped-def]
    u = min(max(u, -1.0), 1.0)
    return 0.5 * (u * math.sqrt(1.0 - u * u) + math.asin(u))
