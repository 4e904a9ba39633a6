import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.sky import LunarOrbit
from lunabase.sky.orbit import GM_MOON_KM3_S2, eccentric_anomaly_rad

ANGLES = {
    "inclination_deg": 62.4,
    "raan_deg": 10.0,
    "argument_of_periapsis_deg": 90.0,
    "mean_anomaly_deg": 0.0,
    "epoch_tdb_s": 9e8,
}


@given(st.lists(st.floats(-1000.0, 1000.0), min_size=1, max_size=50), st.floats(0.0, 0.999))
def test_kepler_s_equation_is_solved(mean_anomalies_rad, eccentricity):
    mean = np.array(mean_anomalies_rad)
    anomaly = eccentric_anomaly_rad(mean, eccentricity)
    np.testing.assert_allclose(anomaly - eccentricity * np.sin(anomaly), mean, atol=1e-12)
    # An array goes on until its slowest element has settled, which may turn a last bit of the others.
    alone = [eccentric_anomaly_rad(m, eccentricity) for m in mean]
    np.testing.assert_allclose(anomaly, alone, rtol=1e-14, atol=1e-14)


def test_a_queqiao_2_like_relay_has_its_published_period():
    """200 x 16,000 km: 24 h (CNSA), 24.3 h by Kepler's law."""
    orbit = LunarOrbit.from_altitudes(200e3, 16_000e3, **ANGLES)
    assert orbit.period_s / 3600.0 == pytest.approx(24.3, abs=0.05)


@given(st.floats(0.0, 0.95), st.floats(0.0, 1e6))
def test_energy_and_momentum_are_kept(eccentricity, age_s):
    orbit = LunarOrbit(2e6 / (1 - eccentricity), eccentricity, **ANGLES)
    position, velocity = orbit.state_km(9e8 + np.array([0.0, age_s]))
    energy = np.sum(velocity**2, axis=0) / 2 - GM_MOON_KM3_S2 / np.linalg.norm(position, axis=0)
    np.testing.assert_allclose(energy, -GM_MOON_KM3_S2 / (2 * orbit.semi_major_axis_m / 1e3), rtol=1e-9)
    momentum = np.cross(position, velocity, axis=0)
    np.testing.assert_allclose(momentum[:, 0], momentum[:, 1], rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"semi_major_axis_m": 1.7e6},
        {"eccentricity": 1.0},
        {"eccentricity": 0.5},
        {"inclination_deg": 190.0},
        {"raan_deg": float("nan")},
    ],
)
def test_impossible_orbits_are_refused(change):
    with pytest.raises(InputError):
        LunarOrbit(**{"semi_major_axis_m": 2e6, "eccentricity": 0.0, **ANGLES, **change})
