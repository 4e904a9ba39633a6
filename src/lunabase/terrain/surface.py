"""The shape of the surface, pixel by pixel: slope, aspect, normals, roughness and shading of a conformal model.

Heights count along the local vertical, so a surface that follows the sphere is level. Distances between pixels
are those on the ground: the map's, by its scale at each pixel, at the radius of the pixel's height.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.terrain.conformal import grid_of
from lunabase.terrain.dem import Dem
from lunabase.terrain.sphere import MOON_RADIUS_M

FloatArray = NDArray[np.float64]


def gradient(dem: Dem) -> tuple[FloatArray, FloatArray]:
    """Return the rise per ground metre towards the map's +x and +y, (rows, columns) each.

    Horn 1981 (doi:10.1109/PROC.1981.11918): differences over two pixels, weighted 1, 2, 1 across. NaN at the
    outermost pixels and beside missing heights. Raises InputError for models whose map isn't conformal and square.
    """
    z = dem.heights_m.astype(np.float64)
    span_m = 8.0 * _pixel_ground_m(dem)[1:-1, 1:-1]
    rise_x, rise_y = np.full(z.shape, np.nan), np.full(z.shape, np.nan)
    east = z[:-2, 2:] + 2.0 * z[1:-1, 2:] + z[2:, 2:]
    west = z[:-2, :-2] + 2.0 * z[1:-1, :-2] + z[2:, :-2]
    north = z[:-2, :-2] + 2.0 * z[:-2, 1:-1] + z[:-2, 2:]
    south = z[2:, :-2] + 2.0 * z[2:, 1:-1] + z[2:, 2:]
    rise_x[1:-1, 1:-1] = (east - west) / span_m
    rise_y[1:-1, 1:-1] = (north - south) / span_m
    return rise_x, rise_y


def slope_deg(dem: Dem) -> FloatArray:
    """Return the steepest slope against the local horizontal, degrees, (rows, columns); see `gradient`."""
    return np.asarray(np.degrees(np.arctan(np.hypot(*gradient(dem)))))


def aspect_deg(dem: Dem) -> FloatArray:
    """Return the true azimuth in which the ground falls most steeply, 0 to 360 deg; NaN where it is level."""
    rise_x, rise_y = gradient(dem)
    grid_azimuth = np.degrees(np.arctan2(-rise_x, -rise_y))
    level = (rise_x == 0.0) & (rise_y == 0.0)
    return np.asarray(np.where(level, np.nan, (grid_azimuth + grid_of(dem).convergence_deg()) % 360.0))


def normals(dem: Dem) -> FloatArray:
    """Return unit normals (rows, columns, 3) along the map's +x, +y and the local vertical; see `gradient`."""
    rise_x, rise_y = gradient(dem)
    length = np.sqrt(1.0 + rise_x**2 + rise_y**2)
    return np.stack([-rise_x, -rise_y, np.ones_like(rise_x)], axis=-1) / length[..., None]


def true_normals(dem: Dem) -> FloatArray:
    """Return unit normals (rows, columns, 3) along true east, true north and the local vertical."""
    along_map = normals(dem)
    turn = np.radians(grid_of(dem).convergence_deg())
    cosine, sine = np.cos(turn), np.sin(turn)
    east = along_map[..., 0] * cosine + along_map[..., 1] * sine
    north = along_map[..., 1] * cosine - along_map[..., 0] * sine
    return np.stack([east, north, along_map[..., 2]], axis=-1)


def hillshade(dem: Dem, azimuth_deg: float = 315.0, elevation_deg: float = 45.0) -> FloatArray:
    """Return the cosine of the incidence angle, 0 where light comes from behind, (rows, columns).

    azimuth_deg: where light comes from, clockwise from the map's +y, one direction all over the map.
    """
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    light = np.array(
        [math.sin(azimuth) * math.cos(elevation), math.cos(azimuth) * math.cos(elevation), math.sin(elevation)]
    )
    return np.asarray(np.maximum(normals(dem) @ light, 0.0))


def roughness_m(dem: Dem, baseline_m: float) -> tuple[FloatArray, float]:
    """Return the RMS height about the best plane in a square around each pixel, metres, and the square's side.

    Shepard et al. 2001 (doi:10.1029/2000JE001429): RMS height after detrending, which grows with the length it is
    taken over, so that it must be stated. Here it is the side, on the map, of an odd number of pixels, 3 at least,
    between the outermost pixel centres. NaN nearer than half a side to the border or to missing heights.
    """
    grid = grid_of(dem)
    half = max(1, round(0.5 * baseline_m / grid.pixel_m)) if 0.0 < baseline_m < math.inf else grid.columns
    if 2 * half + 1 > min(grid.shape):
        raise InputError(
            f"no square of {baseline_m:g} m fits the elevation model.",
            where=dem.source,
            fix=f"Choose a baseline from {2.0 * grid.pixel_m:g} to {(min(grid.shape) - 1) * grid.pixel_m:g} m.",
        )
    z = dem.heights_m.astype(np.float64)
    # About the mean: sums of squares of small numbers keep their digits.
    return np.asarray(_rms_about_planes(z - np.nanmean(z), half)), 2.0 * half * grid.pixel_m


def rms_deviation_m(dem: Dem, lag_m: float) -> tuple[float, float]:
    """Return the RMS difference of heights a lag apart along rows and columns, metres, and the lag taken.

    Shepard et al. 2001 (doi:10.1029/2000JE001429), equation 3; over the lag it is the RMS slope, and its growth with
    the lag is the Hurst exponent. NaN where no two heights are a lag apart.
    """
    grid = grid_of(dem)
    step = max(1, round(lag_m / grid.pixel_m))
    z = dem.heights_m.astype(np.float64)
    squares = [((z[step:] - z[:-step]) ** 2).ravel(), ((z[:, step:] - z[:, :-step]) ** 2).ravel()]
    known = np.concatenate(squares)
    known = known[np.isfinite(known)]
    return float(np.sqrt(known.mean())) if known.size else math.nan, step * grid.pixel_m


def _pixel_ground_m(dem: Dem) -> FloatArray:
    """Return the ground distance of neighbouring pixels, metres, (rows, columns).

    On a stereographic map of scale k0 at its centre the scale is k0 (1 + (rho / (2 R k0))^2) at the map distance rho
    (Snyder 1987, USGS PP 1395, equation 21-4).
    """
    grid = grid_of(dem)
    projection = grid.projection
    x = (grid.x - projection.false_easting_m) / projection.x_scale_m
    y = (grid.y - projection.false_northing_m) / projection.y_scale_m
    map_scale = projection.x_scale_m / (2.0 * MOON_RADIUS_M) * (1.0 + x[None, :] ** 2 + y[:, None] ** 2)
    return np.asarray(grid.pixel_m / map_scale * (1.0 + dem.heights_m.astype(np.float64) / MOON_RADIUS_M))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _rms_about_planes(z: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """RMS height about the best plane in squares of 2 half + 1 pixels, in time that doesn't grow with them."""
    rows, columns = z.shape
    side = 2 * half + 1
    result = np.full((rows, columns), np.nan)
    # Per column over the square's rows: sum, sum of squares, moment in y about the centre row, missing.
    sums, squares, moments = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    missing = np.zeros(columns, dtype=np.int64)
    for row in range(rows):
        for column in range(columns):
            below = z[row, column]
            if math.isnan(below):
                missing[column] += 1
                below = 0.0
            above = 0.0
            if row >= side:
                above = z[row - side, column]
                if math.isnan(above):
                    missing[column] -= 1
                    above = 0.0
            # The centre moves down by one: heights leave at half rows above it and come at half rows below.
            moments[column] += (half + 1.0) * below + half * above
            sums[column] += below - above
            squares[column] += below * below - above * above
            moments[column] -= sums[column]
        if row >= side - 1:
            _slide_along(sums, squares, moments, missing, half, result[row - half])
    return result


@njit(cache=True)  # type: ignore[untyped-decorator]
def _slide_along(
    sums: NDArray[np.float64],
    squares: NDArray[np.float64],
    moments: NDArray[np.float64],
    missing: NDArray[np.int64],
    half: int,
    result: NDArray[np.float64],
) -> None:
    """Fill the RMS heights of a row of squares from their columns' sums."""
    side = 2 * half + 1
    count = float(side * side)
    spread = count * half * (half + 1.0) / 3.0
    total, total_squares, moment_x, moment_y, holes = 0.0, 0.0, 0.0, 0.0, 0
    for column in range(sums.size):
        gone = column - side
        moment_x += (half + 1.0) * sums[column]
        total += sums[column]
        total_squares += squares[column]
        moment_y += moments[column]
        holes += missing[column]
        if gone >= 0:
            moment_x += half * sums[gone]
            total -= sums[gone]
            total_squares -= squares[gone]
            moment_y -= moments[gone]
            holes -= missing[gone]
        moment_x -= total
        if column >= side - 1 and holes == 0:
            left = total_squares - total * total / count - (moment_x * moment_x + moment_y * moment_y) / spread
            result[column - half] = math.sqrt(max(left, 0.0) / count)
