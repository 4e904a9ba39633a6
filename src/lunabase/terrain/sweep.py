"""The horizon of every pixel of a region in one azimuth: near terrain by stencil, the rest by lines of sight.

The result is the exact bilinear horizon of `horizon.point_horizon` but for terrain that a line of sight beside the
ray did not propose. See docs/explanation/horizons.md for the method and its measured error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.levels import PADDING, levels_of, pixels_of
from lunabase.terrain.profile import lines_of
from lunabase.terrain.rays import Box, Line, Rays, Scene, Tile, new_desk, scale_near
from lunabase.terrain.sightlines import Hulls, far_hulls, new_finds, no_hulls, raise_by_finds, sweep_own_lines
from lunabase.terrain.sphere import MOON_RADIUS_M
from lunabase.terrain.stencil import near_tangents, stencil_of

_LINES_PER_FAR_PIXEL = 4
_OVERLAP_PIXELS = 2.5
_DOUBT_PER_PIXEL = 0.15
_LINES_AT_ONCE = 128
_STRAIGHT = 1e-12


class HorizonSweep:
    """A region of the finest model and all terrain around it, ready to be swept; it doesn't change afterwards.

    dems: any order and projection, but the finest one's pixels must be the region's.
    heights_m: ascending heights of the observers above the ground of their pixels.
    whole: the larger region of which `region` is a tile; its tiles share their lines of sight, so that they fit.

    Raises InputError when the arguments don't fit this.
    """

    def __init__(
        self,
        dems: Sequence[Dem],
        region: MapGrid,
        heights_m: Sequence[float] = (2.0,),
        *,
        whole: MapGrid | None = None,
    ) -> None:
        if not dems:
            raise InputError("a horizon needs at least one elevation model.", fix="Give one that covers the region.")
        if not heights_m or not (np.diff([0.0, *heights_m]) > 0.0).all() or heights_m[-1] >= 1e6:
            raise InputError("observer heights must be above the ground and ascending.", fix="For example 2 and 10 m.")
        ordered = sorted(dems, key=lambda dem: dem.pixel_m)
        self.region = region
        self._whole = whole or region
        self.heights_m = np.array(heights_m, dtype=float)
        self.levels = levels_of(ordered, region, float(max(heights_m)))
        ground = pixels_of(ordered[0], region)
        self._nowhere = np.isnan(ground)

    def planes(self, azimuth_deg: float) -> NDArray[np.float32]:
        """Return the horizon's elevation in degrees in a grid azimuth, (heights, rows, columns).

        azimuth_deg: clockwise from the map's y axis. NaN where the finest model has no ground. Threads may call
        this at the same time.
        """
        azimuth = math.radians(azimuth_deg)
        east, south = _clean(math.sin(azimuth)), _clean(-math.cos(azimuth))
        turned = abs(south) > abs(east)
        along, across = (south, east) if turned else (east, south)
        tangents = self._tangents(1 if along > 0.0 else -1, across / abs(along), turned)
        if turned:
            tangents = np.ascontiguousarray(tangents.transpose(0, 2, 1))
        _to_degrees(tangents.ravel())
        tangents[:, self._nowhere] = np.nan
        return tangents

    def _tangents(self, sign: int, slope: float, turned: bool) -> NDArray[np.float32]:
        """Tangents (heights, minor, major) of the horizon's elevation for rays of a slope across the major axis."""
        fine, *coarser = (_Axes(level.grid, turned) for level in self.levels)
        ground, *farther = (level.turned if turned else level.upright for level in self.levels)
        tile = _tile_in(self.levels[0].grid, self.region, turned)
        whole = _tile_in(self.levels[0].grid, self._whole, turned)
        own = _scene(ground, fine, fine, whole, sign, slope)
        tangents = np.empty((self.heights_m.size, tile.rows, tile.columns), dtype=np.float32)
        stencil = stencil_of(slope, sign, fine.pixel_m, _curvature_radius_m(own.rays, fine.pixel_m))
        near_tangents(ground, (tile.row, tile.column), stencil, self.heights_m.astype(np.float32), tangents)
        scale_near(ground, tile, own.rays, fine.scale_m / (2.0 * MOON_RADIUS_M), tangents)
        scenes = [
            _scene(heights, axes, fine, whole, sign, slope) for heights, axes in zip(farther, coarser, strict=True)
        ]
        lines = lines_of(own.line.offset, tile)
        hulls = _hulls_over(scenes, (fine, *coarser), lines, whole.row + whole.rows // 2)
        self._raise(tangents.reshape(-1), own, scenes, hulls, tile, lines)
        return tangents

    def _raise(
        self,
        tangents: NDArray[np.float32],
        own: Scene,
        scenes: Sequence[Scene],
        hulls: Hulls,
        tile: Tile,
        lines: tuple[int, int],
    ) -> None:
        """Raise flat tangents by all terrain beyond the stencil."""
        doubts_m = np.array([_DOUBT_PER_PIXEL * level.grid.pixel_m for level in self.levels], dtype=np.float32)
        desk, finds = new_desk(), new_finds(_LINES_AT_ONCE * tile.columns * self.heights_m.size)
        for first in range(lines[0], lines[1] + 1, _LINES_AT_ONCE):
            count = min(_LINES_AT_ONCE, lines[1] + 1 - first)
            found = sweep_own_lines(own, tile, first, count, self.heights_m, hulls, doubts_m, desk, finds, tangents)
            for level, scene in enumerate(scenes, start=1):
                raise_by_finds(scene, level, finds, found, desk, tangents)


def _hulls_over(scenes: Sequence[Scene], axes: Sequence[_Axes], lines: tuple[int, int], middle: int) -> Hulls:
    """The hulls of all coarser grids that lines of observers, the first to the last, begin with.

    scenes: finest first; axes: the same, but with the observers' own grid before them. middle: a line with which a
    group of lines begins, so that all tiles of a region have the same groups.
    """
    groups = []
    first, last = lines
    for scene in scenes:
        spacing = max(1, round(1.0 / (scene.rays.ratio * _LINES_PER_FAR_PIXEL)))
        first -= (first - middle) % spacing
        count = (last - first) // spacing + 1
        last = first + count * spacing - 1
        groups.append((first, count, spacing))
    hulls: Hulls = no_hulls()
    for level in range(len(scenes), 0, -1):
        inside = axes[level].box_of(axes[level - 1], _OVERLAP_PIXELS)
        hulls = far_hulls(scenes[level - 1], level, inside, *groups[level - 1], hulls)
    return hulls


def _clean(component: float) -> float:
    return 0.0 if abs(component) < _STRAIGHT else component


def _scene(heights: NDArray[np.float32], axes: _Axes, fine: _Axes, whole: Tile, sign: int, slope: float) -> Scene:
    rays = _rays_over(axes, fine, whole, sign, slope)
    return Scene(heights, axes.box(), rays, _line_over(axes, rays, whole))


class _Axes:
    """A level's grid with rows and columns exchanged where rays run along columns."""

    def __init__(self, grid: MapGrid, turned: bool) -> None:
        centre_row = (grid.north - grid.projection.false_northing_m) / grid.pixel_m
        centre_column = (grid.projection.false_easting_m - grid.west) / grid.pixel_m
        self.pixel_m, self.scale_m = grid.pixel_m, grid.projection.x_scale_m
        self.rows, self.columns = grid.shape[::-1] if turned else grid.shape
        self.centre = (centre_column, centre_row) if turned else (centre_row, centre_column)

    def box(self) -> Box:
        """Return where the level has data."""
        return Box(PADDING, self.rows - 1 - PADDING, PADDING, self.columns - 1 - PADDING)

    def box_of(self, other: _Axes, margin: float) -> Box:
        """Return where another level has data, less a margin, in this level's pixels."""
        ratio, inside = other.pixel_m / self.pixel_m, other.box()
        row_0, column_0 = self.shift_of(other)
        return Box(
            ratio * inside.top + row_0 + margin,
            ratio * inside.bottom + row_0 - margin,
            ratio * inside.left + column_0 + margin,
            ratio * inside.right + column_0 - margin,
        )

    def shift_of(self, other: _Axes) -> tuple[float, float]:
        """Return the row and column here of another level's first pixel."""
        ratio = other.pixel_m / self.pixel_m
        return self.centre[0] - ratio * other.centre[0], self.centre[1] - ratio * other.centre[1]


def _tile_in(grid: MapGrid, region: MapGrid, turned: bool) -> Tile:
    row, column = round((grid.north - region.north) / grid.pixel_m), round((region.west - grid.west) / grid.pixel_m)
    if turned:
        return Tile(column, row, region.columns, region.rows)
    return Tile(row, column, region.rows, region.columns)


def _middle(tile: Tile, ratio: float, row_0: float, column_0: float) -> tuple[float, float]:
    """The tile's middle pixel, in the pixels of a level."""
    return ratio * (tile.row + tile.rows // 2) + row_0, ratio * (tile.column + tile.columns // 2) + column_0


def _rays_over(axes: _Axes, fine: _Axes, tile: Tile, sign: int, slope: float) -> Rays:
    """The rays of a direction over one level.

    On a stereographic map a great circle is a circle, at a point p from the map's centre with the curvature
    -2 (p . n) / (scale**2 + |p|**2) towards the normal n of its direction.
    """
    ratio = fine.pixel_m / axes.pixel_m
    row_0, column_0 = axes.shift_of(fine)
    row, column = _middle(tile, ratio, row_0, column_0)
    minor, major = row - axes.centre[0], sign * (column - axes.centre[1])
    squares = (axes.pixel_m / axes.scale_m) ** 2
    stretch = math.hypot(1.0, slope)
    off_centre = 1.0 + (minor * minor + major * major) * squares
    bend = -(minor - slope * major) * squares / off_centre * stretch**2
    ground_m = axes.pixel_m * stretch * (2.0 * MOON_RADIUS_M / axes.scale_m) / off_centre
    sinking = ground_m * ground_m / (2.0 * MOON_RADIUS_M)
    return Rays(sign, slope, bend, sinking, *axes.centre, squares, ratio, row_0, column_0)


def _curvature_radius_m(rays: Rays, pixel_m: float) -> float:
    """The radius by which a sphere sinks over map metres as the Moon does over metres on the ground."""
    return (1.0 + rays.slope**2) * pixel_m**2 / (2.0 * rays.sinking)


def _line_over(axes: _Axes, rays: Rays, tile: Tile) -> Line:
    """The great circle through the tile's middle, over a level's columns."""
    row, column = _middle(tile, rays.ratio, rays.row_0, rays.column_0)
    along = rays.sign * (np.arange(axes.columns) - column)
    across = along * (rays.slope + rays.bend * along)
    minor, major = row - axes.centre[0], column - axes.centre[1]
    here = 1.0 + (minor**2 + major**2) * rays.squares
    there = 1.0 + ((minor + across) ** 2 + (major + rays.sign * along) ** 2) * rays.squares
    half_square = (along**2 + across**2) * rays.squares / (here * there)
    sine = np.sign(along) * 2.0 * np.sqrt(half_square * (1.0 - half_square))
    return Line(rays.row_0 + across, sine, 1.0 - 2.0 * half_square)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")  # type: ignore[untyped-decorator]
def _to_degrees(tangents: NDArray[np.float32]) -> None:
    """Replace tangents by angles in degrees.

    The polynomial is Abramowitz and Stegun 4.4.49, within 2e-8 rad.
    """
    one, quarter = np.float32(1.0), np.float32(90.0)
    degrees = np.float32(180.0 / math.pi)
    for i in range(tangents.size):
        tangent = tangents[i]
        size = abs(tangent)
        steep = size > one
        x = one / size if steep else size
        y = x * x
        p = np.float32(0.0028662257)
        p = p * y - np.float32(0.0161657367)
        p = p * y + np.float32(0.0429096138)
        p = p * y - np.float32(0.0752896400)
        p = p * y + np.float32(0.1065626393)
        p = p * y - np.float32(0.1420889944)
        p = p * y + np.float32(0.1999355085)
        p = p * y - np.float32(0.3333314528)
        angle = (p * y + one) * x * degrees
        angle = quarter - angle if steep else angle
        tangents[i] = -angle if tangent < np.float32(0.0) else angle
