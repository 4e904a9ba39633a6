"""Meteoroids: how many hit a surface, and how many pass through its wall.

The flux is that of Gruen et al. 1985 (doi 10.1016/0019-1035(85)90121-6) as in ECSS-E-ST-10-04C clause 10.2.4, for a
plate turned at random 1 au from the Sun. On the Moon's surface the ground hides half of the sky and its gravity
adds 1 %. The wall is a single sheet of aluminium; ejecta thrown up by impacts on the ground are not counted.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from lunabase.times import FloatArray

SPEED_KM_PER_S = 20.0
"""Mean speed of impact (Gruen et al. 1985)."""
DENSITY_G_PER_CM3 = 2.5
"""Density of the particles (Gruen et al. 1985)."""
ESCAPE_KM_PER_S = 2.376
"""From the Moon's surface."""
_YEAR_S = 3.155_76e7
_ALUMINIUM_G_PER_CM3, _ALUMINIUM_SOUND_KM_PER_S, _BRINELL = 2.71, 5.1, 95.0
"""Sheet of aluminium 6061-T6."""
_PERFORATES = 1.8
"""A sheet is perforated when it is thinner than so many depths of the crater in a thick plate."""


def flux_per_m2_s(mass_kg: ArrayLike) -> FloatArray:
    """Particles of at least this mass on one side of a plate turned at random in free space, per m2 and s; any shape.

    Valid from 1e-21 kg to 0.1 kg.
    """
    gram = np.asarray(mass_kg, dtype=np.float64) * 1e3
    large = (2.2e3 * gram**0.306 + 15.0) ** -4.38
    middle = 1.3e-9 * (gram + 1e11 * gram**2 + 1e27 * gram**4) ** -0.36
    small = 1.3e-16 * (gram + 1e6 * gram**2) ** -0.85
    return np.asarray(large + middle + small)


def on_the_moon() -> float:
    """Flux on the Moon's surface over that in free space: half of the sky, times the pull of the Moon's gravity.

    ECSS-E-ST-10-04C annex C.1.2: 1 + (escape speed / speed)^2.
    """
    return 0.5 * (1.0 + (ESCAPE_KM_PER_S / SPEED_KM_PER_S) ** 2)


def perforating_mass_kg(wall_m: ArrayLike) -> FloatArray:
    """Least mass that goes through an aluminium wall of this thickness at the mean speed, head on; any shape.

    Crater depth 5.24 d^(19/18) H^(-1/4) (density ratio)^(1/2) (speed / speed of sound)^(2/3) in cm, after Cour-Palais
    (NASA TM-2009-214789, section 3.1).
    """
    per_diameter = (
        5.24 * _BRINELL**-0.25 * math.sqrt(DENSITY_G_PER_CM3 / _ALUMINIUM_G_PER_CM3)
        * (SPEED_KM_PER_S / _ALUMINIUM_SOUND_KM_PER_S) ** (2.0 / 3.0)
    )  # fmt: skip
    depth_cm = np.asarray(wall_m, dtype=np.float64) * 100.0 / _PERFORATES
    diameter_cm = (depth_cm / per_diameter) ** (18.0 / 19.0)
    return np.asarray(math.pi / 6.0 * DENSITY_G_PER_CM3 * diameter_cm**3 * 1e-3)


def penetrations_per_m2_s(wall_m: ArrayLike) -> FloatArray:
    """How many meteoroids go through a wall on the Moon's surface, per m2 of its outside and s; any shape."""
    return flux_per_m2_s(perforating_mass_kg(wall_m)) * on_the_moon()
