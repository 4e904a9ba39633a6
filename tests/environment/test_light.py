"""Sunlight against published lunar eclipses and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from lunabase.environment.light import (
    ASTRONOMICAL_UNIT_M,
    eclipsed_fraction,
    orbit_light,
    separation_deg,
    solar_flux_w_m2,
    surface_light,
)
from lunabase.sky import Sight, SurfaceSite, look_arrays, sub_solar_point
from lunabase.terrain.mask import flat_mask
from lunabase.times import utc_to_tdb

# Contacts P1, U1, U2, U3, U4, P4 in UT from Espenak's predictions (eclipsewise.com; NASA eclipse pages).
CONTACTS = {
    "2022-05-16": ("01:32:07", "02:27:53", "03:29:03", "04:53:56", "05:55:07", "06:50:48"),
    "2025-03-14": ("03:57:28", "05:09:40", "06:26:06", "07:31:26", "08:47:56", "10:00:09"),
}
AROUND_S = np.arange(-30.0, 31.0, 1.0)


def limb_sites(tdb_s: float, count: int = 72) -> list[SurfaceSite]:
    """Places all round the edge of the sunlit half of the Moon."""
    latitude, longitude = np.radians(sub_solar_point(tdb_s))
    toward = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    north = np.cross(toward, east)
    turn = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
    x, y, z = east[:, None] * np.cos(turn) + north[:, None] * np.sin(turn)
    return [
        SurfaceSite(float(np.degrees(np.arcsin(v))), float(np.degrees(np.arctan2(u, t))), 0.0)
        for t, u, v in zip(x, y, z, strict=True)
    ]


def eclipsed_limb(tdb_s: np.ndarray) -> np.ndarray:
    """Eclipsed part of the Sun, shape (sites, times)."""
    return np.stack(
        [
            eclipsed_fraction(look_arrays("sun", site, tdb_s), look_arrays("earth", site, tdb_s))
            for site in limb_sites(float(tdb_s.mean()))
        ]
    )


@pytest.mark.parametrize("day", CONTACTS)
def test_contacts_of_a_total_eclipse(day: str) -> None:
    """The penumbra reaches the first place at P1, the umbra at U1 and the last place at U2; then backwards.

    The predictions stand on another ephemeris and lunar radius: 5 km of shadow edge, which crosses the limb at
    0.5 to 1 km/s. A shadow without the atmosphere would be 60 km smaller and 60 to 120 s off.
    """
    in_penumbra_or_umbra = (
        lambda part: (part > 0.0).any(axis=0),
        lambda part: (part == 1.0).any(axis=0),
        lambda part: (part == 1.0).all(axis=0),
    )
    for k, clock in enumerate(CONTACTS[day]):
        expected = utc_to_tdb(f"{day}T{clock}")
        entering = k < 3
        inside = in_penumbra_or_umbra[k if entering else 5 - k](eclipsed_limb(expected + AROUND_S))
        assert (inside[0], inside[-1]) == ((False, True) if entering else (True, False)), clock
        change = np.flatnonzero(inside[1:] != inside[:-1])
        assert change.size == 1
        assert AROUND_S[change[0]] + 0.5 == pytest.approx(0.0, abs=10.0), clock


@pytest.mark.parametrize(("day", "clock"), [("2022-05-16", "04:11:29"), ("2025-03-14", "06:58:43")])
def test_near_side_is_dark_at_greatest_eclipse(day: str, clock: str) -> None:
    site = SurfaceSite(10.0, -20.0, 0.0)
    tdb_s = np.atleast_1d(utc_to_tdb(f"{day}T{clock}"))
    light = surface_light(look_arrays("sun", site, tdb_s), look_arrays("earth", site, tdb_s), flat_mask(), 2.0)
    assert look_arrays("sun", site, tdb_s).elevation_deg[0] > 60.0
    assert light.fraction[0] == 0.0
    assert light.level[0] == 0.0


def test_flux_at_one_astronomical_unit_and_at_half() -> None:
    flux = solar_flux_w_m2([1.0, 0.5, 1.0], [ASTRONOMICAL_UNIT_M, ASTRONOMICAL_UNIT_M, ASTRONOMICAL_UNIT_M / 2])
    np.testing.assert_allclose(flux, [1361.0, 680.5, 5444.0], rtol=1e-12)


def test_separation_against_vectors() -> None:
    rng = np.random.default_rng(3)
    azimuth, elevation = rng.uniform(0, 360, (2, 200)), rng.uniform(-90, 90, (2, 200))
    flat = np.cos(np.radians(elevation))
    x, y = flat * np.cos(np.radians(azimuth)), flat * np.sin(np.radians(azimuth))
    z = np.sin(np.radians(elevation))
    one, other = np.stack([x, y, z]).transpose(1, 0, 2)
    expected = np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other, axis=0), axis=0), np.sum(one * other, axis=0)))
    sights = [Sight(azimuth[k], elevation[k], np.ones(200), np.zeros(200)) for k in range(2)]
    np.testing.assert_allclose(separation_deg(*sights), expected, atol=1e-9)


def test_orbiter_loses_half_the_sun_at_the_limb() -> None:
    """100 km up, the limb stands acos(R / (R + h)) below level; a disc centred on it is half hidden."""
    distance_m = np.full(3, 1_837_400.0)
    limb_deg = -np.degrees(np.arccos(1_737_400.0 / 1_837_400.0))
    elevation_deg = limb_deg + np.array([-0.27, 0.0, 0.27])
    sun = Sight(np.zeros(3), elevation_deg, np.full(3, 1.5e11), np.full(3, 0.2666))
    earth = Sight(np.full(3, 180.0), np.full(3, 50.0), np.full(3, 3.8e8), np.full(3, 0.95))
    light = orbit_light(sun, earth, distance_m)
    np.testing.assert_allclose(light.fraction, [0.0, 0.5, 1.0], atol=2e-3)
    assert np.isnan(light.level).all()
