"""The smooth lunar sphere to which heights refer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOON_RADIUS_M = 1_737_400.0
"""Radius of the sphere under lunar heights (LOLA; IAU 2015 report, doi 10.1007/s10569-017-9805-5)."""


def dip_deg(height_m: ArrayLike) -> NDArray[np.float64]:
    """Return by how much the smooth sphere's horizon lies below the horizontal: acos(R / (R + height)).

    height_m: any shape, at least 0.
    """
    height = np.asarray(height_m, dtype=float)
    # The arctangent form: acos loses half its digits for small heights.
    return np.degrees(np.arctan(np.sqrt(height * (2.0 * MOON_RADIUS_M + height)) / MOON_RADIUS_M))
