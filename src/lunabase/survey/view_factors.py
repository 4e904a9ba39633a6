"""How much of each pixel's sky is filled by which ground: sparse view factors of terrain on a map grid.

A small plate with the unit normal n sees the direction of azimuth a and elevation e with the weight
n.d cos(e) da de / pi, d the unit vector that way (Lambert's law). Over a sector of azimuth `da` and between two
elevations that is (da / pi) [G(e2) - G(e1)] with G(e) = h (e + sin(e) cos(e)) / 2 + u sin(e)**2 / 2, h the normal's
part along the azimuth and u its part along the vertical: the tilted plate of Dozier & Frew 1990, IEEE Trans. Geosci.
Remote Sensing 28, 963, doi 10.1109/36.58986, between two elevations instead of up to the zenith.

In each of 32 sectors the ground is followed outwards at distances that grow by a seventh. Ground that rises above all
nearer ground is seen, in the band of elevations that it adds; the band belongs to the middle between the last two
distances. Further out, ground is represented by the means over
cells of 2, 4, 8 ... pixels, at most 1/48 of the distance wide. Sectors end at their horizon, which is given (it
knows terrain far beyond the region); a band that is left between the highest ground seen inside the region and that
horizon is given to that ground, or, where nothing inside is seen, to the last cell before the region's rim, or, at the
rim itself, to the seeing pixel. So every row sums to one less the sky view factor of the given horizon.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.terrain.sphere import MOON_RADIUS_M

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]
IndexArray = NDArray[np.int32]

SECTORS = 32
_GROWTH, _STEP_PIXELS = 1.15, 0.5
_CELLS_PER_DISTANCE = 48.0
_ROWS_AT_ONCE = 8
_FINE_WEIGHT = 1e-4
_MOST_PARTS = 8
"""Where the next sample's ground fills more of the view than this, the way to it is cut into up to so many parts."""


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Means over square cells of 1, 2, 4 ... pixels of a map, in one array, finest first.

    shapes, offsets: (levels, 2) and (levels,): cells of each level and where they start.
    """

    shapes: IndexArray
    offsets: IndexArray

    @classmethod
    def over(cls, rows: int, columns: int) -> Pyramid:
        """Return the pyramid of a map down to cells of 1/48 of its larger side."""
        shapes = [(rows, columns)]
        while 2 ** len(shapes) * _CELLS_PER_DISTANCE <= max(rows, columns):
            shapes.append(((shapes[-1][0] + 1) // 2, (shapes[-1][1] + 1) // 2))
        sizes = [height * width for height, width in shapes]
        return cls(np.array(shapes, np.int32), np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32))

    @property
    def size(self) -> int:
        """Return the number of cells of all levels."""
        return int(np.prod(self.shapes, axis=1).sum())

    def fill(self, values: SingleArray) -> None:
        """Set the coarser cells of (cells, k) values to the means of the finest ones, leaving out NaN."""
        for level in range(1, self.offsets.size):
            _coarsen(values, self.shapes[level - 1], self.shapes[level], *self.offsets[level - 1 : level + 1])


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
    heights_m: FloatArray, pixel_m: float, normals: FloatArray, sectors_rad: SingleArray, workers: int = 1
) -> ViewFactors:
    """View factors between the pixels of a map.

    heights_m: (rows, columns), NaN where unknown; pixel_m: on the ground; normals: (pixels, 3) unit vectors by
    their parts along the map's x, its y (against the rows) and the vertical; sectors_rad: (pixels, 32) elevation of
    the horizon, mean over sectors centred on azimuths 0, 11.25 ... deg from the map's y, NaN for pixels that are
    left out (their rows are empty).
    """
    rows, columns = heights_m.shape
    pyramid = Pyramid.over(rows, columns)
    cells_m = np.empty((pyramid.size, 1), np.float32)
    cells_m[: heights_m.size, 0] = heights_m.ravel()
    pyramid.fill(cells_m)
    distances = _distances(math.hypot(rows, columns))
    place = (cells_m[:, 0], pyramid.shapes, pyramid.offsets, distances, float(pixel_m), normals, sectors_rad)
    parts = [(row * columns, min(row + _ROWS_AT_ONCE, rows) * columns) for row in range(0, rows, _ROWS_AT_ONCE)]
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(lambda part: _trace(*part, *place), parts))
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
    first, last, heights, shapes, offsets, distances, pixel_m, normals, horizons
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
        if math.isnan(horizons[p, 0]) or math.isnan(heights[p]):
            continue
        count, open_sky = 0, 0.0
        for sector in range(SECTORS):
            count, free = _follow(
                p, sector, heights, shapes, offsets, distances, pixel_m, normals[p], horizons[p, sector],
                cells, weights, count,
            )  # fmt: skip
            open_sky += free
        count = _merge(cells, weights, count)
        if used + count > all_cells.size:
            all_cells, all_weights = _longer(all_cells, 2 * used + most), _longer(all_weights, 2 * used + most)
        all_cells[used : used + count] = cells[:count]
        all_weights[used : used + count] = weights[:count]
        counts[p - first], sky[p - first], used = count, open_sky, used + count
    return counts, all_cells[:used].copy(), all_weights[:used].copy(), sky


@njit(cache=True, nogil=True)
def _longer(values, size):  # type: ignore[no-untyped-def]
    longer = np.empty(size, values.dtype)
    longer[: values.size] = values
    return longer


@njit(cache=True, nogil=True)
def _follow(  # type: ignore[no-untyped-def]
    p, sector, heights, shapes, offsets, distances, pixel_m, normal, horizon, cells, weights, count
):
    """Add the ground seen in one sector; returns the number of entries and the sky's part."""
    azimuth = 2.0 * math.pi * sector / SECTORS
    east, north = math.sin(azimuth), math.cos(azimuth)
    along, up = normal[0] * east + normal[1] * north, normal[2]
    plane = math.atan2(-along, up)
    top = max(float(horizon), plane)
    columns = shapes[0, 1]
    row, column = p // columns, p % columns
    eye = MOON_RADIUS_M + heights[p]
    # Ground beyond a map of which nothing is seen, as outwards from its rim, is as warm and bright as the pixel itself.
    seen, below, cell = plane, _integral(plane, along, up), np.int32(p)
    entries, before = count, 1.0
    for distance in distances:
        if seen >= top:
            break
        y, x = row - distance * north, column + distance * east
        if y < -0.5 or x < -0.5 or y > shapes[0, 0] - 0.5 or x > columns - 0.5:
            break
        height, at = _ground(heights, shapes, offsets, y, x, distance)
        start, before = before, distance
        if math.isnan(height):
            continue
        elevation = _elevation(height, distance * pixel_m, eye)
        if elevation > seen or entries == count:
            cell = at
        if elevation > seen:
            parts = _parts_of(_integral(min(elevation, top), along, up) - below, distance - start)
            for part in range(1, parts + 1):
                # What rises above the last sample lies between the two.
                reach, half = start + (distance - start) * part / parts, 0.5 * (distance - start) / parts
                y, x = row - reach * north, column + reach * east
                rise = _elevation(_ground(heights, shapes, offsets, y, x, distance)[0], reach * pixel_m, eye)
                if rise > seen and seen < top:
                    y, x = row - (reach - half) * north, column + (reach - half) * east
                    between = _cell(shapes, offsets, y, x, distance)
                    seen = min(rise, top)
                    reached = _integral(seen, along, up)
                    cells[count] = at if math.isnan(heights[between]) else between
                    weights[count] = (reached - below) * 2.0 / SECTORS
                    below, count = reached, count + 1
    end = _integral(top, along, up)
    if end > below:
        cells[count], weights[count] = cell, (end - below) * 2.0 / SECTORS
        count += 1
    return count, (_integral(0.5 * math.pi, along, up) - end) * 2.0 / SECTORS


@njit(cache=True, nogil=True)
def _parts_of(band, pixels):  # type: ignore[no-untyped-def]
    """Into how many parts the way to the next sample is cut: the more of the view its ground fills, the more."""
    return max(1, min(int(band * 2.0 / SECTORS / _FINE_WEIGHT), int(pixels), _MOST_PARTS))


@njit(cache=True, nogil=True)
def _elevation(height, out_m, eye):  # type: ignore[no-untyped-def]
    """Elevation of ground, so far out on the sphere, from a place at the radius `eye`."""
    angle, radius = out_m / MOON_RADIUS_M, MOON_RADIUS_M + height
    return math.atan2(radius * math.cos(angle) - eye, radius * math.sin(angle))


@njit(cache=True, nogil=True)
def _integral(elevation, along, up):  # type: ignore[no-untyped-def]
    """G of the module's docstring."""
    sine, cosine = math.sin(elevation), math.cos(elevation)
    return 0.5 * (along * (elevation + sine * cosine) + up * sine * sine)


@njit(cache=True, nogil=True)
def _level(offsets, distance):  # type: ignore[no-untyped-def]
    level = 0
    while level + 1 < offsets.size and 2.0 ** (level + 1) * _CELLS_PER_DISTANCE <= distance:
        level += 1
    return level


@njit(cache=True, nogil=True)
def _cell(shapes, offsets, y, x, distance):  # type: ignore[no-untyped-def]
    """The cell that a place (in pixels) lies in, of the size for a distance."""
    level = _level(offsets, distance)
    rows, columns = shapes[level]
    row, column = int((y + 0.5) / 2**level), int((x + 0.5) / 2**level)
    return np.int32(offsets[level] + min(row, rows - 1) * columns + min(column, columns - 1))


@njit(cache=True, nogil=True)
def _ground(heights, shapes, offsets, y, x, distance):  # type: ignore[no-untyped-def]
    """Height (bilinear between cell centres) at a place given in pixels, and the cell that it lies in."""
    level = _level(offsets, distance)
    width = 2**level
    rows, columns = shapes[level]
    v = min(max((y + 0.5) / width - 0.5, 0.0), rows - 1.0)
    u = min(max((x + 0.5) / width - 0.5, 0.0), columns - 1.0)
    i, j = min(int(v), max(rows - 2, 0)), min(int(u), max(columns - 2, 0))
    k, m = min(i + 1, rows - 1), min(j + 1, columns - 1)
    start = offsets[level]
    over = heights[start + i * columns + j] * (1.0 - u + j) + heights[start + i * columns + m] * (u - j)
    under = heights[start + k * columns + j] * (1.0 - u + j) + heights[start + k * columns + m] * (u - j)
    return over * (1.0 - v + i) + under * (v - i), _cell(shapes, offsets, y, x, distance)


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
def _coarsen(values, fine, coarse, fine_start, coarse_start):  # type: ignore[no-untyped-def]
    for i in range(coarse[0]):
        for j in range(coarse[1]):
            for quantity in range(values.shape[1]):
                total, known = np.float32(0.0), 0
                for row in range(2 * i, min(2 * i + 2, fine[0])):
                    for column in range(2 * j, min(2 * j + 2, fine[1])):
                        value = values[fine_start + row * fine[1] + column, quantity]
                        if not math.isnan(value):
                            total += value
                            known += 1
                mean = total / np.float32(known) if known else np.float32(np.nan)
                values[coarse_start + i * coarse[1] + j, quantity] = mean


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
