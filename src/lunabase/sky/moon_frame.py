"""Directions in the Moon's mean-Earth frame, as seen from its centre: the sub-solar point and its kin."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lunabase.sky.kernels import MOON, Kernels, open_kernels
from lunabase.sky.look import apparent_direction
from lunabase.sky.targets import as_target
from lunabase.times import FloatArray


def directions(body: str, tdb_s: ArrayLike, *, kernels: Kernels | None = None) -> FloatArray:
    """Unit vectors (mean-Earth frame) from the Moon's centre to a body, (3, *tdb_s.shape), LT+S."""
    handle = kernels or open_kernels()
    tdb = np.asarray(tdb_s, dtype=np.float64)
    flat = tdb.reshape(-1)
    handle.check_span(flat)
    unit = apparent_direction(as_target(body), *handle.state_km(MOON, flat), flat, handle)
    fixed: FloatArray = np.einsum("ijn,jn->in", handle.moon_rotation(flat)[0], unit)
    return fixed.reshape(3, *tdb.shape)


def sub_point(body: str, tdb_s: ArrayLike, *, kernels: Kernels | None = None) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude (deg, -180..180) of the point with the body in its zenith, shape of `tdb_s`."""
    x, y, z = directions(body, tdb_s, kernels=kernels)
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def sub_solar_point(tdb_s: ArrayLike, *, kernels: Kernels | None = None) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude (deg) of the sub-solar point; the longitude gives the lunar local time."""
    return sub_point("sun", tdb_s, kernels=kernels)


def sub_earth_point(tdb_s: ArrayLike, *, kernels: Kernels | None = None) -> tuple[FloatArray, FloatArray]:
    """Latitude and longitude (deg) of the sub-Earth point: the optical libration."""
    return sub_point("earth", tdb_s, kernels=kernels)
