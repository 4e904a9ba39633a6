"""How much of each pixel's sky is filled by which ground: sparse view factors of terrain on a map grid.

A small plate with the unit normal n sees the direction of azimuth a and elevation e with the weight
n.d cos(e) da de / pi, d the unit vector that way (Lambert's law). Over a sector of azimuth `da` and between two
elevations that is (da / pi) [G(e2) - G(e1)] with G(e) = h (e + sin(e) cos(e)) / 2 + u sin(e)**2 / 2, h the normal's
part along the azimuth and u its part along the vertical: the tilted plate of Dozier & Frew 1990, IEEE Trans. Geosci.
Remote Sensing 28, 963, doi 10.1109/36.58986, between two elevations instead of up to the zenith.

In each of 32 sectors the ground is followed outwards at distances that grow by a seventh. Ground that rises above all
nearer ground is seen, in the band of elevations that it adds; the band belongs to the middle between the last two
distances. Where ground has risen and falls again, its crest is looked for between the two. Further out, ground is
represented by the means over cells of 2, 4, 8 ... pixels, at most 1/96 of the distance wide, or by what there is
outside the map. Sectors end at their horizon, which is given; a band that is left between the highest ground seen and
that horizon is given to that ground, or, where nothing is seen, to the last cell before the end of all cells, or, at
that end itself, to the seeing pixel. So every row sums to one less the sky view factor of the given horizon. Bands that
fill less than 0.3 % of what a pixel sees of the ground are joined, and belong to the ground in their middle.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.survey.pyramid import Pyramid, cell_at, height_at, level_at, tangent
from lunabase.terrain.sphere import MOON_RADIUS_M

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]
IndexArray = NDArray[np.int32]

SECTORS = 32
_GROWTH, _STEP_PIXELS = 1.15, 0.5
_PIXELS_AT_ONCE = 2048
_FINE_WEIGHT = 1e-4
_LEAST_SHARE = 1e-3
_MOST_PARTS = 8
"""Where the next sample's ground fills more of the view than this, the way to it is cut into up to so many parts."""


@dataclass(frozen=True, slots=True)
class ViewFactors:
    """A sparse matrix of view factors from pixels to the cells of a pyramid, row after row.

    starts: (pixels + 1,); cells, weights: the entries; sky: (pixels,) what is left to the sky.
    """

    pyramid: Pyramid
    starts: NDArray[np.int64]
    cells: IndexArray
    weights: SingleArray
    sky: SingleArray

    def gather(self, radiosity: SingleArray, first: int, received: SingleArray) -> None:
        """Sum into `received` (n, 2) what pixels first, first + 1, ... receive of what the cells give (cells, 2).

        Lets other threads run.
        """
        _gather(self.starts, self.cells, self.weights, radiosity, first, received)


def view_factors(
    pyramid: Pyramid,
    heights_m: SingleArray,
    places: IndexArray,
    pixel_m: float,
    normals: FloatArray,
    sectors_rad: SingleArray,
    workers: int = 1,
) -> ViewFactors:
    """View factors from some cells of a map and its margin to all.

    heights_m: (cells,) of the pyramid, NaN where unknown; places: (pixels, 3) level, row and column of the seeing
    cells; pixel_m: of the map, on the ground; normals: (pixels, 3) unit vectors by their parts along the map's x, its
    y (against the rows) and the vertical; sectors_rad: (pixels, 32) elevation of the horizon, mean over sectors centred
    on azimuths 0, 11.25 ... deg from the map's y, NaN for pixels that are left out (their rows are empty).
    """
    distances = _distances(float(np.max(pyramid.shape.shapes.T * 2.0 ** np.arange(pyramid.levels))) * math.sqrt(2.0))
    own = pyramid.cells(*places.T)
    seen = (heights_m, own, places, pyramid.shape, distances, float(pixel_m), normals, sectors_rad)
    starts = range(0, len(places), _PIXELS_AT_ONCE)
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(lambda first: _trace(first, min(first + _PIXELS_AT_ONCE, len(places)), *seen), starts))
    counts, cells, weights, sky = (np.concatenate(pieces) for pieces in zip(*found, strict=True))
    return ViewFactors(pyramid, np.concatenate([[0], np.cumsum(counts)]), cells, weights, sky)


def sector_means(horizon_deg: SingleArray) -> SingleArray:
    """Mean horizon over each sector, radians (pixels, 32), from elevations (pixels, azimuths), regular from 0 deg.

    Elevations are interpolated to a multiple of the sectors; those on the line between two count half in each.
    """
    count = horizon_deg.shape[1]
    fine = SECTORS * max(2, math.ceil(count / SECTORS))
    fine += fine // SECTORS % 2 * SECTORS
    at = np.arange(fine) * count / fine
    left = np.floor(at).astype(np.intp)
    share = at - left
    values = horizon_deg[:, left] * (1.0 - share) + horizon_deg[:, (left + 1) % count] * share
    per = fine // SECTORS
    turned = np.roll(values, per // 2, axis=1).reshape(-1, SECTORS, per)
    following = np.roll(turned[:, :, 0], -1, axis=1)
    means = (turned.sum(axis=2) + 0.5 * (following - turned[:, :, 0])) / per
    return np.asarray(np.radians(means), dtype=np.float32)


def _distances(longest: float) -> FloatArray:
    distances = [1.0]
    while distances[-1] < longest:
        distances.append(distances[-1] * _GROWTH + _STEP_PIXELS)
    return np.array(distances)


@njit(cache=True, nogil=True)
def _trace(  # type: ignore[no-untyped-def]
    first, last, heights, own, places, shape, distances, pixel_m, normals, horizons
):
    """Rows first to last of the matrix: entries per row, cells, weights and the sky."""
    most = SECTORS * (_MOST_PARTS * distances.size + 1)
    counts = np.zeros(last - first, np.int64)
    cells, weights = np.empty(most, np.int32), np.empty(most, np.float64)
    all_cells, all_weights = (
        np.empty(64 * (last - first) + most, np.int32),
        np.empty(64 * (last - first) + most, np.float32),
    )
    sky = np.full(last - first, np.nan, np.float32)
    used = 0
    for p in range(first, last):
        if math.isnan(horizons[p, 0]) or math.isnan(heights[own[p]]):
            continue
        sky[p - first] = open_sky = _open_sky(normals[p], horizons[p])
        least, count = _LEAST_SHARE * max(1.0 - open_sky, 0.0), 0
        for sector in range(SECTORS):
            count = _follow(
                own[p], places[p], sector, heights, shape, distances, pixel_m, normals[p], horizons[p, sector],
                least, cells, weights, count,
            )  # fmt: skip
        count = _merge(cells, weights, count)
        if used + count > all_cells.size:
            all_cells, all_weights = _longer(all_cells, 2 * used + most), _longer(all_weights, 2 * used + most)
        all_cells[used : used + count] = cells[:count]
        all_weights[used : used + count] = weights[:count]
        counts[p - first], used = count, used + count
    return counts, all_cells[:used].copy(), all_weights[:used].copy(), sky


@njit(cache=True, nogil=True)
def _open_sky(normal, horizons):  # type: ignore[no-untyped-def]
    """The part of a pixel's view above its horizon and its own plane."""
    total = 0.0
    for sector in range(SECTORS):
        azimuth = 2.0 * math.pi * sector / SECTORS
        along, up = normal[0] * math.sin(azimuth) + normal[1] * math.cos(azimuth), normal[2]
        top = max(float(horizons[sector]), math.atan2(-along, up))
        total += _integral(0.5 * math.pi, along, up) - _integral(top, along, up)
    return total * 2.0 / SECTORS


@njit(cache=True, nogil=True)
def _longer(values, size):  # type: ignore[no-untyped-def]
    longer = np.empty(size, values.dtype)
    longer[: values.size] = values
    return longer


@njit(cache=True, nogil=True)
def _follow(  # type: ignore[no-untyped-def]
    own, place, sector, heights, shape, distances, pixel_m, normal, horizon, least, cells, weights, count
):
    """Add the ground seen in one sector; returns the number of entries."""
    azimuth = 2.0 * math.pi * sector / SECTORS
    east, north = math.sin(azimuth), math.cos(azimuth)
    along, up = normal[0] * east + normal[1] * north, normal[2]
    plane = math.atan2(-along, up)
    top = max(float(horizon), plane)
    width = float(1 << place[0])
    row, column = (place[1] + 0.5) * width - 0.5, (place[2] + 0.5) * width - 0.5
    eye = MOON_RADIUS_M + heights[own]
    # Ground beyond all cells of which nothing is seen, as outwards from their end, is as warm and bright as the pixel.
    line, view = (row, column, north, east, pixel_m, eye), (along, up, top, least)
    end, first, before, rising = _integral(top, along, up), count, width, False
    seen, below, cell, middle, halfway = plane, _integral(plane, along, up), own, own, False
    seen_rise = math.tan(seen)
    for step in distances:
        distance = step * width
        y, x = row - distance * north, column + distance * east
        level = level_at(shape, y, x, distance)
        if seen >= top or level < 0:
            break
        height = height_at(shape, heights, y, x, level)
        start, before = before, distance
        if math.isnan(height):
            continue
        rise = tangent(height, distance * pixel_m, eye)
        rose, rising = rising, rise > seen_rise
        if rising or first == count:
            cell = cell_at(shape, y, x, level)
        if rising or rose:
            # What rises above the last sample lies between the two, and so does the crest of what rose before.
            band = _integral(min(math.atan(rise), top), along, up) if rising else end
            ways = (start, distance, _parts_of(band - below, distance - start))
            seen, below, count, cell, middle, halfway = _climb(
                ways, line, view, shape, heights, cells, weights, (seen, below, count, cell, middle, halfway)
            )
            seen_rise = math.tan(seen)
    if end > below:
        cells[count], weights[count] = cell, (end - below) * 2.0 / SECTORS
        count += 1
    return count


@njit(cache=True, nogil=True)
def _climb(ways, line, view, shape, heights, cells, weights, state):  # type: ignore[no-untyped-def]
    """Add the bands that rise above what is seen on the way between two samples, in parts; returns the new state.

    Bands too small to count are joined: the whole belongs to the cell (`middle`) that fills it halfway.
    """
    start, stop, parts = ways
    row, column, north, east, pixel_m, eye = line
    along, up, top, least = view
    seen, below, count, cell, middle, halfway = state
    half = 0.5 * (stop - start) / parts
    for part in range(1, parts + 1):
        reach = start + 2.0 * half * part
        y, x = row - reach * north, column + reach * east
        rise = _elevation(height_at(shape, heights, y, x, level_at(shape, y, x, reach)), reach * pixel_m, eye)
        if rise > seen and seen < top:
            y, x = row - (reach - half) * north, column + (reach - half) * east
            between = cell_at(shape, y, x, level_at(shape, y, x, reach - half))
            cell = cell if math.isnan(heights[between]) else between
            seen = min(rise, top)
            reached = _integral(seen, along, up)
            weight = (reached - below) * 2.0 / SECTORS
            if not halfway:
                middle, halfway = cell, weight >= 0.5 * least
            if weight >= least:
                cells[count], weights[count] = middle, weight
                below, count, halfway = reached, count + 1, False
    return seen, below, count, cell, middle, halfway


@njit(cache=True, nogil=True)
def _parts_of(band, pixels):  # type: ignore[no-untyped-def]
    """Into how many parts the way to the next sample is cut: the more of the view its ground fills, the more."""
    return max(1, min(int(band * 2.0 / SECTORS / _FINE_WEIGHT), int(pixels), _MOST_PARTS))


@njit(cache=True, nogil=True)
def _elevation(height, out_m, eye):  # type: ignore[no-untyped-def]
    """Elevation of ground, so far out on the sphere, from a place at the radius `eye`."""
    return math.atan(tangent(height, out_m, eye))


@njit(cache=True, nogil=True)
def _integral(elevation, along, up):  # type: ignore[no-untyped-def]
    """G of the module's docstring."""
    sine, cosine = math.sin(elevation), math.cos(elevation)
    return 0.5 * (along * (elevation + sine * cosine) + up * sine * sine)


@njit(cache=True, nogil=True)
def _merge(cells, weights, count):  # type: ignore[no-untyped-def]
    """Add up entries of the same cell; the entries come out in ascending order of cells."""
    if count == 0:
        return 0
    order = np.argsort(cells[:count], kind="mergesort")
    old_cells, old_weights = cells[:count].copy(), weights[:count].copy()
    kept = 0
    cells[0], weights[0] = old_cells[order[0]], old_weights[order[0]]
    for n in range(1, count):
        if old_cells[order[n]] == cells[kept]:
            weights[kept] += old_weights[order[n]]
        else:
            kept += 1
            cells[kept], weights[kept] = old_cells[order[n]], old_weights[order[n]]
    return kept + 1


@njit(cache=True, nogil=True)
def _gather(starts, cells, weights, radiosity, first, received):  # type: ignore[no-untyped-def]
    """Without fast arithmetic, which would turn the loads into vector gathers, twice as slow as single loads."""
    for p in range(received.shape[0]):
        light, heat = np.float32(0.0), np.float32(0.0)
        for k in range(starts[first + p], starts[first + p + 1]):
            cell = np.uint32(cells[k])  # unsigned: no check for places counted from the end
            light += weights[k] * radiosity[cell, 0]
            heat += weights[k] * radiosity[cell, 1]
        received[p, 0], received[p, 1] = light, heat
