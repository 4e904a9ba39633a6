"""The kernel under light and view maps: a disc passes the horizons of a block of pixels, step after step.

Time is the outer loop and the pixels, contiguous in memory, the inner one, so that each step is a handful of vector
loops over two or four planes of the block's horizons. Steps that find the whole block lit or the whole block dark
(most of them) cost one comparison and are booked together.

The disc's area above the horizon is that above one straight chord, laid through the horizon half a radius to the
left and to the right of the disc's centre. On the horizon of real terrain every degree that is within 0.02 of the
exact area at worst, and within 0.001 (RMS) of it over the steps in which the disc is cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.sky.site import MOON_RADIUS_KM

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]
CountArray = NDArray[np.int32]

ELEVATION, AZIMUTH, ELEVATION_X, ELEVATION_Y, AZIMUTH_X, AZIMUTH_Y, RADIUS, WEIGHT, LEVEL, NEARNESS = range(10)
"""Columns of a pass: the body as seen from a tile's centre, and how that changes across the tile.

Elevation, azimuth and radius in degrees, changes in degrees per radian on the ground along the map's x and y; weight:
the part of the disc that shines (0 to 1); level: the height of the disc's centre above the horizon, in radii, above
which it counts as in view; nearness: the Moon's radius over the body's distance.
"""

_REACH = 0.5
"""Where the chord is laid, in radii from the disc's centre: between 0.45 and 0.6 the worst area is best."""
_STEEP_DEG = 60.0
_STEEP_MARGIN_DEG = 1.0
_AZIMUTH_SHARE = 0.05
"""Most that the azimuth may differ within a block, in steps of the horizon's azimuths, for the vector loop."""
_FAST = {"contract", "arcp", "afn", "reassoc", "nsz"}
_CAP = (np.float32(0.6003343), np.float32(-0.09095885), np.float32(-0.00580369), np.float32(-0.00357177))
"""Area of a cap of height a (in radii) of a disc of area 1: a^1.5 times this polynomial in a, within 3e-6."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some pixels of a map and their horizons.

    lines_deg: (azimuths, pixels), azimuths regular from 0; x, y: (pixels,) angles on the ground from the tile's
    centre, radians; up, north: (pixels, 3) the vertical and the map's y axis, mean-Earth frame. A pixel with a
    horizon that isn't finite is left out.
    """

    lines_deg: SingleArray
    x: SingleArray
    y: SingleArray
    up: FloatArray
    north: FloatArray


class Tally(NamedTuple):
    """What was counted, each of the pixels' shape but `long_outs`, (limits, ...); in steps."""

    visible: NDArray[Any]
    """Sum of the visible fraction."""
    inside: NDArray[Any]
    """Steps in view (above the level)."""
    any_part: NDArray[Any]
    """Steps in which the horizon leaves any part of the disc, whatever its weight."""
    whole: NDArray[Any]
    """Steps in which the horizon leaves the whole disc."""
    longest_in: NDArray[Any]
    longest_out: NDArray[Any]
    long_outs: NDArray[Any]
    """Spells out of view that last at least so many steps."""


def tally(block: Block, track: SingleArray, place_km: FloatArray, limits: CountArray) -> Tally:
    """Count a pass over a block.

    track: (steps, 10), the columns above; place_km: (steps, 3), the body from the Moon's centre, mean-Earth frame, for
    the steps in which a linear change across the block won't do; limits: lengths of spells, in steps.
    """
    pixels = block.x.size
    visible = np.zeros(pixels)
    places = (block.x, block.y, block.up, block.north)
    run, inside, any_part, whole, longest_in, longest_out = np.zeros((6, pixels), dtype=np.int32)
    long_outs = np.zeros((limits.size, pixels), dtype=np.int32)
    spells = (run, inside, longest_in, longest_out)
    _tally(block.lines_deg, places, track, place_km, limits, visible, any_part, whole, spells, long_outs)
    return Tally(visible, inside, any_part, whole, longest_in, longest_out, long_outs)


def visible_part(
    lines_deg: SingleArray, azimuth_deg: FloatArray, elevation_deg: FloatArray, radius_deg: FloatArray
) -> FloatArray:
    """Part of a disc above a horizon (azimuths,), as the maps count it; the other arrays (n,), like the result."""
    fraction = np.empty(azimuth_deg.size)
    _visible_series(lines_deg, azimuth_deg, elevation_deg, radius_deg, fraction)
    return fraction


@njit(cache=True, nogil=True)
def _visible_series(lines, azimuth, elevation, radius, fraction):  # type: ignore[no-untyped-def]
    for k in range(azimuth.size):
        height = _height(lines, azimuth[k], elevation[k], radius[k])
        fraction[k] = part_above(np.float32(height))


@njit(cache=True, nogil=True)
def _tally(lines, places, track, place_km, limits, visible, any_part, whole, spells, long_outs):  # type: ignore[no-untyped-def]
    """Steps of one kind are booked together: `held` of them so far, all lit or all dark."""
    x, y, _, _ = places
    size = lines.shape[1]
    bounds = block_bounds(lines, x, y)
    height, state = np.empty(size, dtype=np.float32), np.empty(size, dtype=np.int32)
    total = np.zeros(size, dtype=np.float32)
    held, held_lit, held_sum, held_clear = 0, False, 0.0, 0
    for k in range(track.shape[0]):
        kind = block_heights(lines, places, bounds, track[k], place_km[k], height)
        lit = kind > 0 and track[k, LEVEL] < 1.0
        if held > 0 and (kind == 0 or lit != held_lit):
            _book(held, held_lit, held_sum, held_clear, limits, visible, any_part, whole, spells, long_outs, state)
            held, held_sum, held_clear = 0, 0.0, 0
        if kind != 0:
            held, held_lit = held + 1, lit
            if kind > 0:
                held_sum += track[k, WEIGHT]
                held_clear += 1
            continue
        _add_view(height, track[k, WEIGHT], track[k, LEVEL], total, any_part, whole, state)
        _add_run(state, 1, spells)
        _add_long(spells[0], 1, limits, long_outs)
        if k % 4096 == 4095:
            visible += total
            total[:] = 0.0
    if held > 0:
        _book(held, held_lit, held_sum, held_clear, limits, visible, any_part, whole, spells, long_outs, state)
    visible += total


@njit(cache=True, nogil=True)
def block_bounds(lines, x, y):  # type: ignore[no-untyped-def]
    """What `block_heights` needs to know of a block; of `Block`'s arrays."""
    lowest, highest = _envelope(lines)
    return _box(x, y), lowest, highest


@njit(cache=True, nogil=True)
def block_heights(lines, places, bounds, now, place_km, height):  # type: ignore[no-untyped-def]
    """Write how many radii the disc's centre stands above each pixel's horizon, unless one answer serves them all.

    Returns 1 if the whole disc is above every horizon of the block, -1 if it is below every one (and leaves `height`
    as it was), 0 otherwise. places: x, y, up, north of `Block`; now: a row of a pass.
    """
    x, y, up, north = places
    box, lowest, highest = bounds
    kind = _kind(now, box, lowest, highest)
    if kind == 0:
        if _is_linear(now, box, lines.shape[0]):
            _heights(lines, x, y, now, box, height)
        else:
            _exact_heights(lines, up, north, place_km, now[RADIUS], height)
    return kind


@njit(cache=True, nogil=True)
def _box(x, y):  # type: ignore[no-untyped-def]
    """Centre and half extent of the block in x and y, and its radius in degrees."""
    middle_x, middle_y = 0.5 * (x.min() + x.max()), 0.5 * (y.min() + y.max())
    half_x, half_y = 0.5 * (x.max() - x.min()), 0.5 * (y.max() - y.min())
    return middle_x, middle_y, half_x, half_y, math.degrees(math.hypot(half_x, half_y))


@njit(cache=True, nogil=True)
def _envelope(lines):  # type: ignore[no-untyped-def]
    """Lowest and highest horizon of the block at each azimuth, and over all azimuths at the end."""
    count, size = lines.shape
    lowest, highest = np.full(count + 1, np.inf), np.full(count + 1, -np.inf)
    for i in range(count):
        for p in range(size):
            lowest[i], highest[i] = min(lowest[i], lines[i, p]), max(highest[i], lines[i, p])
    lowest[count], highest[count] = lowest[:count].min(), highest[:count].max()
    return lowest, highest


@njit(cache=True, nogil=True)
def _kind(now, box, lowest, highest):  # type: ignore[no-untyped-def]
    """1 if the whole disc is above every horizon of the block, -1 if it is below every one, 0 otherwise."""
    count = lowest.size - 1
    spread = box[4] * (1.0 + now[NEARNESS]) + now[RADIUS]
    elevation = now[ELEVATION] + now[ELEVATION_X] * box[0] + now[ELEVATION_Y] * box[1]
    if abs(elevation) > _STEEP_DEG:
        spread += _STEEP_MARGIN_DEG
    if elevation - spread >= highest[count]:
        return 1
    if elevation + spread <= lowest[count]:
        return -1
    if abs(elevation) > _STEEP_DEG:
        return 0
    azimuth = now[AZIMUTH] + now[AZIMUTH_X] * box[0] + now[AZIMUTH_Y] * box[1]
    half = now[RADIUS] / math.cos(math.radians(elevation)) + _azimuth_spread(now, box)
    first = math.floor((azimuth - half) * count / 360.0)
    last = math.floor((azimuth + half) * count / 360.0) + 1
    low, high = np.inf, -np.inf
    for i in range(first, min(last + 1, first + count)):
        low, high = min(low, lowest[i % count]), max(high, highest[i % count])
    if elevation - spread >= high:
        return 1
    return -1 if elevation + spread <= low else 0


@njit(cache=True, nogil=True)
def _azimuth_spread(now, box):  # type: ignore[no-untyped-def]
    return abs(now[AZIMUTH_X]) * box[2] + abs(now[AZIMUTH_Y]) * box[3]


@njit(cache=True, nogil=True)
def _is_linear(now, box, count):  # type: ignore[no-untyped-def]
    return abs(now[ELEVATION]) < _STEEP_DEG and _azimuth_spread(now, box) <= _AZIMUTH_SHARE * 360.0 / count


@njit(cache=True, nogil=True)
def _heights(lines, x, y, now, box, height):  # type: ignore[no-untyped-def]
    """Height of the disc's centre above each pixel's horizon, in radii, at right angles to the horizon."""
    count = lines.shape[0]
    elevation = now[ELEVATION] + now[ELEVATION_X] * box[0] + now[ELEVATION_Y] * box[1]
    azimuth = now[AZIMUTH] + now[AZIMUTH_X] * box[0] + now[AZIMUTH_Y] * box[1]
    half = _REACH * now[RADIUS] / math.cos(math.radians(elevation))
    left, right = (azimuth - half) * count / 360.0, (azimuth + half) * count / 360.0
    i, j = math.floor(left), math.floor(right)
    turn = 0.5 / half
    bases = (
        np.float32(left - i),
        np.float32(right - j),
        now[ELEVATION],
        np.float32(-turn * (now[AZIMUTH_X] * box[0] + now[AZIMUTH_Y] * box[1])),
    )
    slopes = (now[ELEVATION_X], now[ELEVATION_Y], np.float32(turn * now[AZIMUTH_X]), np.float32(turn * now[AZIMUTH_Y]))
    scales = (np.float32(1.0 / now[RADIUS]), np.float32(0.5 / (_REACH * now[RADIUS])))
    planes = (i % count, (i + 1) % count, j % count, (j + 1) % count)
    _chord_heights(lines, planes, x, y, bases, slopes, scales, height)


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _chord_heights(lines, planes, x, y, bases, slopes, scales, height):  # type: ignore[no-untyped-def]
    left_a, left_b, right_a, right_b = planes
    left_share, right_share, elevation, turn = bases
    elevation_x, elevation_y, turn_x, turn_y = slopes
    scale, tilt_scale = scales
    one, middle = np.float32(1.0), np.float32(0.5)
    for p in range(height.size):
        left = lines[left_a, p] + left_share * (lines[left_b, p] - lines[left_a, p])
        right = lines[right_a, p] + right_share * (lines[right_b, p] - lines[right_a, p])
        rise = right - left
        line = middle * (left + right) + rise * (turn + turn_x * x[p] + turn_y * y[p])
        tilt = rise * tilt_scale
        above = elevation + elevation_x * x[p] + elevation_y * y[p] - line
        height[p] = above * scale / math.sqrt(one + tilt * tilt)


@njit(cache=True, nogil=True)
def _exact_heights(lines, up, north, place_km, radius_deg, height):  # type: ignore[no-untyped-def]
    """The same with each pixel's own direction; lines of sight start on the sphere of 1737.4 km."""
    for p in range(height.size):
        azimuth_deg, elevation_deg = direction(up[p], north[p], place_km)
        height[p] = _height(lines[:, p], azimuth_deg, elevation_deg, radius_deg)


@njit(cache=True, nogil=True)
def direction(up, north, place_km):  # type: ignore[no-untyped-def]
    """Azimuth from the map's y axis and elevation (deg) of a point (km) seen from the sphere of 1737.4 km."""
    dx = place_km[0] - MOON_RADIUS_KM * up[0]
    dy = place_km[1] - MOON_RADIUS_KM * up[1]
    dz = place_km[2] - MOON_RADIUS_KM * up[2]
    above = dx * up[0] + dy * up[1] + dz * up[2]
    ahead = dx * north[0] + dy * north[1] + dz * north[2]
    east_x = north[1] * up[2] - north[2] * up[1]
    east_y = north[2] * up[0] - north[0] * up[2]
    east_z = north[0] * up[1] - north[1] * up[0]
    aside = dx * east_x + dy * east_y + dz * east_z
    azimuth_deg = math.degrees(math.atan2(aside, ahead)) % 360.0
    return azimuth_deg, math.degrees(math.atan2(above, math.hypot(aside, ahead)))


@njit(cache=True, nogil=True)
def _height(line, azimuth_deg, elevation_deg, radius_deg):  # type: ignore[no-untyped-def]
    count = line.size
    half = _REACH * radius_deg / max(math.cos(math.radians(elevation_deg)), 1e-3)
    left, right = _line_at(line, azimuth_deg - half, count), _line_at(line, azimuth_deg + half, count)
    tilt = (right - left) / (2.0 * _REACH * radius_deg)
    return (elevation_deg - 0.5 * (left + right)) / radius_deg / math.sqrt(1.0 + tilt * tilt)


@njit(cache=True, nogil=True)
def _line_at(line, azimuth_deg, count):  # type: ignore[no-untyped-def]
    position = azimuth_deg * count / 360.0
    i = math.floor(position)
    share = position - i
    return line[i % count] * (1.0 - share) + line[(i + 1) % count] * share


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy", inline="always")
def part_above(height):  # type: ignore[no-untyped-def]
    """Visible part of a disc whose centre stands so many radii above a straight horizon."""
    one = np.float32(1.0)
    cap = max(one - abs(height), np.float32(0.0))
    area = cap * math.sqrt(cap) * (_CAP[0] + cap * (_CAP[1] + cap * (_CAP[2] + cap * _CAP[3])))
    return one - area if height > 0.0 else area


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _add_view(height, weight, level, total, any_part, whole, state):  # type: ignore[no-untyped-def]
    for p in range(height.size):
        total[p] += weight * part_above(height[p])
        any_part[p] += height[p] > np.float32(-1.0)
        whole[p] += height[p] >= np.float32(1.0)
        state[p] = height[p] > level


@njit(cache=True, nogil=True)
def _add_run(state, steps, spells):  # type: ignore[no-untyped-def]
    """Runs are counted up in view and down out of view; a change starts anew from zero."""
    run, inside, longest_in, longest_out = spells
    m, zero = np.int32(steps), np.int32(0)
    for p in range(state.size):
        lit = state[p]
        now = max(run[p], zero) + m if lit != 0 else min(run[p], zero) - m
        run[p] = now
        inside[p] += m * lit
        longest_in[p] = max(longest_in[p], now)
        longest_out[p] = max(longest_out[p], -now)


@njit(cache=True, nogil=True)
def _add_long(run, steps, limits, long_outs):  # type: ignore[no-untyped-def]
    """A spell counts in the step in which it reaches the limit."""
    for n in range(limits.size):
        _add_reached(run, limits[n], np.int32(steps), long_outs, n)


@njit(cache=True, nogil=True)
def _add_reached(run, limit, steps, long_outs, n):  # type: ignore[no-untyped-def]
    for p in range(run.size):
        long_outs[n, p] += (run[p] <= -limit) & (run[p] + steps > -limit)


@njit(cache=True, nogil=True)
def _book(held, lit, part_sum, clear, limits, visible, any_part, whole, spells, long_outs, state):  # type: ignore[no-untyped-def]
    """Book steps that were the same for the whole block."""
    state[:] = 1 if lit else 0
    visible += part_sum
    any_part += np.int32(clear)
    whole += np.int32(clear)
    _add_run(state, held, spells)
    _add_long(spells[0], held, limits, long_outs)
