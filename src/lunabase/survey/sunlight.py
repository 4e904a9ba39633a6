"""Direct sunlight on the pixels of a map at one instant: what the ground absorbs and what it throws back.

Pixels come in the blocks of `lunabase.survey.columns`, which share the vector work of `lunabase.survey.passes`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.environment.regolith import Regolith, albedo
from lunabase.survey.columns import LANES, to_blocks
from lunabase.survey.cube_pass import map_axes, tile_at
from lunabase.survey.passes import ELEVATION, ELEVATION_X, ELEVATION_Y, block_bounds, block_heights, part_above
from lunabase.survey.sky_track import fill_pass
from lunabase.terrain.grid import MapGrid

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]

_ALBEDO_STEPS = 1024
_FLAT_RAD = 16.0 / 1737.4
_WIDE_RAD = 1e3
"""Within 16 km of a block's centre directions are linear to 0.004 deg; wider blocks are made to look far too wide."""
_CLEAR = np.float32(2.0)
"""A height (in radii) at which the whole disc is in view."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What decides how pixels take the Sun's light, in blocks.

    lines_deg: (blocks, azimuths, LANES) horizons, azimuths regular from 0; places, bounds, tiles: what the passes want
    of each block; normal: (blocks, 3, LANES) of the ground, mean-Earth frame, NaN for pixels that stay dark; lean:
    (blocks, LANES) its part along the vertical; albedo: (1025,) at cosines of incidence from 0 to 1.
    """

    lines_deg: SingleArray
    places: tuple[SingleArray, SingleArray, FloatArray, FloatArray]
    bounds: tuple[FloatArray, FloatArray, FloatArray]
    tiles: tuple[FloatArray, FloatArray, FloatArray]
    normal: SingleArray
    lean: SingleArray
    albedo: SingleArray

    @classmethod
    def of(
        cls, grid: MapGrid, place_m: FloatArray, lines_deg: SingleArray, normal: FloatArray, regolith: Regolith
    ) -> Exposure:
        """Prepare pixels of a map.

        place_m: (pixels, 2) their x and y on the grid's map; normal: (pixels, 3) along the map's x, its y and the
        vertical, NaN: stays dark.
        """
        up, north = map_axes(grid, *place_m.T)
        tilted = normal[:, :1] * np.cross(north, up) + normal[:, 1:2] * north + normal[:, 2:] * up
        blocks, filled = len(lines_deg), np.minimum(np.arange(len(lines_deg) * LANES), up.shape[0] - 1)
        place_m = place_m[filled].reshape(blocks, LANES, 2)
        tiles = [tile_at(grid, *middle) for middle in 0.5 * (place_m.min(axis=1) + place_m.max(axis=1))]
        up, north = up[filled].reshape(blocks, LANES, 3), north[filled].reshape(blocks, LANES, 3)
        place_x = np.stack([up[k] @ tile.east for k, tile in enumerate(tiles)]).astype(np.float32)
        place_y = np.stack([up[k] @ tile.north for k, tile in enumerate(tiles)]).astype(np.float32)
        return cls(
            lines_deg,
            (place_x, place_y, up, north),
            _bounds(lines_deg, place_x, place_y),
            (np.stack([t.up for t in tiles]), np.stack([t.north for t in tiles]), np.array([t.turn for t in tiles])),
            np.ascontiguousarray(to_blocks(tilted.astype(np.float32)).transpose(0, 2, 1)),
            to_blocks(normal[:, 2].astype(np.float32)),
            albedo_table(regolith),
        )

    def receive(self, sun_km: FloatArray, radius_km: float, flux_w_m2: float, first: int, light: SingleArray) -> None:
        """Write the sunlight absorbed and reflected (W/m2; light: (n, LANES, 2)) by blocks first, first + 1 ...

        sun_km: (3,) from the Moon's centre, mean-Earth frame; flux: on a plate that faces the whole disc. Lets other
        threads run.
        """
        _receive(
            self.lines_deg, self.places, self.bounds, self.tiles, self.normal, self.lean,
            self.albedo, sun_km, radius_km, flux_w_m2, first, light,
        )  # fmt: skip


def _bounds(lines_deg: SingleArray, x: SingleArray, y: SingleArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    each = [block_bounds(*block) for block in zip(lines_deg, x, y, strict=True)]
    boxes = np.array([box for box, _, _ in each])
    boxes[np.maximum(boxes[:, 2], boxes[:, 3]) > _FLAT_RAD, 2:] = _WIDE_RAD
    return boxes, np.stack([lowest for _, lowest, _ in each]), np.stack([highest for _, _, highest in each])


def albedo_table(regolith: Regolith) -> SingleArray:
    """Bond albedo at cosines of incidence from 0 to 1, (1025,)."""
    return albedo(np.degrees(np.arccos(np.linspace(0.0, 1.0, _ALBEDO_STEPS + 1))), regolith).astype(np.float32)


def diffuse_albedo(regolith: Regolith) -> float:
    """Bond albedo for light from the whole hemisphere, equally bright: the mean weighted by the cosine."""
    cosine = (np.arange(20_000) + 0.5) / 20_000
    return float(np.mean(2.0 * cosine * albedo(np.degrees(np.arccos(cosine)), regolith)))


@njit(cache=True, nogil=True)
def _receive(  # type: ignore[no-untyped-def]
    lines, places, bounds, tiles, normal, lean, albedo, sun_km, radius_km, flux, first, light
):
    distance_km = math.sqrt(sun_km[0] ** 2 + sun_km[1] ** 2 + sun_km[2] ** 2)
    radius = math.asin(radius_km / distance_km)
    towards = (
        np.float32(sun_km[0] / distance_km), np.float32(sun_km[1] / distance_km), np.float32(sun_km[2] / distance_km),
    )  # fmt: skip
    now, place_km = np.empty((1, 10), np.float32), sun_km.reshape(1, 3)
    height, facing = np.empty(lines.shape[2], np.float32), np.empty(lines.shape[2], np.float32)
    for n in range(light.shape[0]):
        b = first + n
        fill_pass(place_km, tiles[0][b], tiles[1][b], tiles[2][b], radius_km, now)
        place = (places[0][b], places[1][b], places[2][b], places[3][b])
        kind = block_heights(lines[b], place, (bounds[0][b], bounds[1][b], bounds[2][b]), now[0], sun_km, height)
        if kind < 0:
            light[n] = 0.0
            continue
        if kind > 0:
            height[:] = _CLEAR
        _face(normal[b], towards, facing)
        _take(height, facing, lean[b], place[0], place[1], now[0], radius, albedo, flux, light[n])


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _face(normal, towards, facing):  # type: ignore[no-untyped-def]
    for p in range(facing.size):
        facing[p] = normal[0, p] * towards[0] + normal[1, p] * towards[1] + normal[2, p] * towards[2]


@njit(cache=True, nogil=True)
def _take(height, facing, lean, x, y, now, radius, albedo, flux, light):  # type: ignore[no-untyped-def]
    for p in range(height.size):
        level = 0.0
        if facing[p] > -radius and height[p] > -1.0:
            elevation_deg = now[ELEVATION] + now[ELEVATION_X] * x[p] + now[ELEVATION_Y] * y[p]
            part, level = _level(height[p], facing[p], lean[p], elevation_deg, radius)
        if level <= 0.0:
            light[p, 0], light[p, 1] = 0.0, 0.0
            continue
        position = min(level / part, 1.0) * (albedo.size - 1)
        k = min(int(position), albedo.size - 2)
        thrown = albedo[k] + (position - k) * (albedo[k + 1] - albedo[k])
        light[p, 0], light[p, 1] = flux * level * (1.0 - thrown), flux * level * thrown


@njit(cache=True, nogil=True)
def _level(above, facing, lean, elevation_deg, radius):  # type: ignore[no-untyped-def]
    """Visible part of the disc, and that part times the mean cosine of incidence.

    The disc is cut by one straight line, the horizon or the plane of the ground, whichever hides more. Light comes
    from the middle of what is left, which lies further from that line than the disc's centre.
    """
    plane = facing / radius
    height = min(above, plane)
    if height <= -1.0:
        return 0.0, 0.0
    part = float(part_above(np.float32(height)))
    if part <= 0.0:
        return 0.0, 0.0  # a sliver too thin for float32
    if height >= 1.0:
        return part, facing
    moment = 2.0 / (3.0 * math.pi) * (1.0 - height * height) ** 1.5 * radius
    if plane <= above:
        return part, max(part * facing + moment, 0.0)
    elevation = math.radians(elevation_deg)
    rise = (lean - facing * math.sin(elevation)) / max(math.cos(elevation), 1e-3)
    return part, max(part * facing + moment * rise, 0.0)
