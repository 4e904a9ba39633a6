import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.twin.meteoroids import flux_per_m2_s, on_the_moon, penetrations_per_m2_s, perforating_mass_kg

YEAR_S = 365.25 * 86_400.0


def test_mass_that_falls_on_earth_is_tens_of_tonnes_a_day():
    """The craters of LDEF say 40,000 +- 20,000 t a year (Love & Brownlee 1993, doi 10.1126/science.262.5133.550).

    Earth pulls in 1 + (11.2 / 20)^2 times the flux of free space.
    """
    mass_kg = np.logspace(-15, -3, 2000)
    flux = flux_per_m2_s(mass_kg)
    per_m2_s = np.sum(-np.diff(flux) * np.sqrt(mass_kg[1:] * mass_kg[:-1]))
    a_year_kg = per_m2_s * 4 * np.pi * 6.371e6**2 * YEAR_S * (1 + (11.2 / 20) ** 2)
    assert 0.5e7 < a_year_kg < 6e7


def test_a_microgram_hits_a_square_metre_about_once_a_year():
    """Gruen et al. 1985: 4.7e-8 per m2 and s of 1e-6 g and more (their figure 1, read to 10 %)."""
    assert flux_per_m2_s(1e-9) == pytest.approx(4.7e-8, rel=0.1)


def test_the_moon_hides_half_of_the_sky_and_pulls_a_little():
    assert on_the_moon() == pytest.approx(0.5 * 1.014, abs=1e-3)


@given(st.floats(1e-20, 1e-3), st.floats(1.01, 100.0))
def test_larger_particles_are_rarer(mass_kg, factor):
    assert flux_per_m2_s(mass_kg * factor) < flux_per_m2_s(mass_kg)


@given(st.floats(1e-5, 0.01), st.floats(1.01, 10.0))
def test_thicker_walls_stop_more(wall_m, factor):
    assert perforating_mass_kg(wall_m * factor) > perforating_mass_kg(wall_m)
    assert penetrations_per_m2_s(wall_m * factor) < penetrations_per_m2_s(wall_m)


def test_scalar_and_vector_calls_agree():
    walls = np.array([1e-4, 1e-3, 3e-3])
    np.testing.assert_array_equal(penetrations_per_m2_s(walls), [penetrations_per_m2_s(wall) for wall in walls])
