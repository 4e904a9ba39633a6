"""Direct sunlight on the pixels of a map at one instant: what the ground absorbs and what it throws back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.environment.regolith import Regolith, albedo
from lunabase.survey.passes import _height, _part, direction

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]

_ALBEDO_STEPS = 1024


@dataclass(frozen=True, slots=True)
class Exposure:
    """What decides how pixels take the Sun's light.

    lines_deg: (pixels, azimuths) horizons, azimuths regular from 0; up, north: (pixels, 3) the vertical and the map's
    y axis; normal: (pixels, 3) of the ground; all unit vectors in the mean-Earth frame. albedo: (1025,) at cosines of
    incidence from 0 to 1.
    """

    lines_deg: SingleArray
    up: FloatArray
    north: FloatArray
    normal: FloatArray
    albedo: SingleArray

    def receive(self, sun_km: FloatArray, radius_km: float, flux_w_m2: float, first: int, light: SingleArray) -> None:
        """Write the sunlight absorbed and reflected (W/m2; light: (n, 2)) by pixels first, first + 1 ...

        sun_km: (3,) from the Moon's centre, mean-Earth frame; flux: on a plate that faces the whole disc. Lets other
        threads run.
        """
        last = first + light.shape[0]
        _receive(
            self.lines_deg[first:last], self.up[first:last], self.north[first:last], self.normal[first:last],
            self.albedo, sun_km, radius_km, flux_w_m2, light,
        )  # fmt: skip


def albedo_table(regolith: Regolith) -> SingleArray:
    """Bond albedo at cosines of incidence from 0 to 1, (1025,)."""
    return albedo(np.degrees(np.arccos(np.linspace(0.0, 1.0, _ALBEDO_STEPS + 1))), regolith).astype(np.float32)


def diffuse_albedo(regolith: Regolith) -> float:
    """Bond albedo for light from the whole hemisphere, equally bright: the mean weighted by the cosine."""
    cosine = (np.arange(20_000) + 0.5) / 20_000
    return float(np.mean(2.0 * cosine * albedo(np.degrees(np.arccos(cosine)), regolith)))


@njit(cache=True, nogil=True)
def _receive(  # type: ignore[no-untyped-def]
    lines, up, north, normal, albedo, sun_km, radius_km, flux, light
):
    distance_km = math.sqrt(sun_km[0] ** 2 + sun_km[1] ** 2 + sun_km[2] ** 2)
    radius = math.asin(radius_km / distance_km)
    x, y, z = sun_km[0] / distance_km, sun_km[1] / distance_km, sun_km[2] / distance_km
    for p in range(light.shape[0]):
        level = 0.0
        facing = normal[p, 0] * x + normal[p, 1] * y + normal[p, 2] * z
        if facing > -radius and not math.isnan(lines[p, 0]):
            azimuth_deg, elevation_deg = direction(up[p], north[p], sun_km)
            above = _height(lines[p], azimuth_deg, elevation_deg, math.degrees(radius))
            lean = normal[p, 0] * up[p, 0] + normal[p, 1] * up[p, 1] + normal[p, 2] * up[p, 2]
            part, level = _level(above, facing, lean, elevation_deg, radius)
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
    part = float(_part(np.float32(height)))
    if height >= 1.0:
        return part, facing
    moment = 2.0 / (3.0 * math.pi) * (1.0 - height * height) ** 1.5 * radius
    if plane <= above:
        return part, max(part * facing + moment, 0.0)
    elevation = math.radians(elevation_deg)
    rise = (lean - facing * math.sin(elevation)) / max(math.cos(elevation), 1e-3)
    return part, max(part * facing + moment * rise, 0.0)
