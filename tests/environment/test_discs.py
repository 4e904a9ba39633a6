"""Discs against closed forms, limits and a sampled disc."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.environment.discs import covered_fraction, light_above_line

FLAT = (np.array([0.0, 120.0, 240.0]), np.zeros(3))
RADIUS = 0.2666


def sampled_disc(rings: int = 400, spokes: int = 720) -> tuple[np.ndarray, np.ndarray]:
    """Points of equal area on the unit disc."""
    radius = np.sqrt((np.arange(rings) + 0.5) / rings)
    angle = (np.arange(spokes) + 0.5) * 2 * np.pi / spokes
    return np.outer(radius, np.cos(angle)).ravel(), np.outer(radius, np.sin(angle)).ravel()


def test_disc_on_flat_horizon() -> None:
    elevations = np.array([0.0, RADIUS, -RADIUS, 45.0, -10.0])
    fraction, _ = light_above_line(33.0, elevations, RADIUS, *FLAT)
    np.testing.assert_allclose(fraction, [0.5, 1.0, 0.0, 1.0, 0.0], atol=1e-12)


@given(st.floats(-1.0, 1.0), st.floats(0.0, 359.9))
def test_straight_line_leaves_a_circular_segment(height: float, azimuth: float) -> None:
    fraction, _ = light_above_line(azimuth, 0.0, RADIUS, FLAT[0], np.full(3, height * RADIUS))
    segment = (np.arccos(height) - height * np.sqrt(1 - height**2)) / np.pi
    assert float(fraction) == pytest.approx(segment, abs=1e-9)


def test_level_flux_of_a_half_risen_sun() -> None:
    """Mean height of a half disc above its diameter is 4 R / (3 pi); half the disc is there."""
    _, level = light_above_line(0.0, 0.0, RADIUS, *FLAT)
    assert float(level) == pytest.approx(0.5 * 4 * np.radians(RADIUS) / (3 * np.pi), rel=1e-9)


def test_level_flux_of_a_full_sun_is_the_sine() -> None:
    _, level = light_above_line(10.0, 37.0, RADIUS, *FLAT)
    assert float(level) == pytest.approx(np.sin(np.radians(37.0)), rel=1e-12)


def test_no_level_flux_from_below_the_plate() -> None:
    """On a ridge the Sun can stand above the horizon line and still below the level of the ground."""
    fraction, level = light_above_line(10.0, -1.0, RADIUS, FLAT[0], np.full(3, -3.0))
    assert float(fraction) == pytest.approx(1.0)
    assert float(level) == 0.0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 359.9), st.floats(-1.0, 3.0))
def test_ragged_line_against_sampled_disc(seed: int, azimuth: float, elevation: float) -> None:
    line = np.random.default_rng(seed).uniform(-0.5, 2.5, 720)
    azimuths = np.arange(720) * 0.5
    fraction, level = light_above_line(azimuth, elevation, RADIUS, azimuths, line)
    x, y = sampled_disc()
    height = elevation + y * RADIUS
    across = azimuth + x * RADIUS / np.cos(np.radians(elevation))
    seen = height > np.interp(across, azimuths, line, period=360.0)
    assert float(fraction) == pytest.approx(seen.mean(), abs=2e-3)
    expected = np.mean(np.where(seen & (height > 0), np.sin(np.radians(height)), 0.0))
    assert float(level) == pytest.approx(expected, abs=2e-4)


def test_line_is_closed_across_north() -> None:
    azimuths = np.arange(720) * 0.5
    line = np.sin(np.radians(azimuths * 7)) * 0.2
    turned, _ = light_above_line(np.array([0.0, 0.1, 359.9]), 0.05, RADIUS, azimuths, line)
    middle, _ = light_above_line(np.array([180.0, 180.1, 179.9]), 0.05, RADIUS, azimuths, np.roll(line, 360))
    np.testing.assert_allclose(turned, middle, atol=1e-12)


def test_a_line_of_one_value_is_that_height_all_round() -> None:
    fraction, _ = light_above_line([0.0, 180.0, 359.99], 0.4, RADIUS, [0.0], [0.4])
    np.testing.assert_allclose(fraction, 0.5, atol=1e-12)


def test_scalar_and_vector_agree() -> None:
    azimuths, elevations = np.meshgrid([0.0, 90.0, 200.5], [-0.2, 0.0, 0.1, 5.0])
    fraction, level = light_above_line(azimuths, elevations, RADIUS, *FLAT)
    assert fraction.shape == (4, 3)
    one, one_level = light_above_line(200.5, 0.1, RADIUS, *FLAT)
    assert (float(one), float(one_level)) == (fraction[2, 2], level[2, 2])


@pytest.mark.parametrize(
    ("separation", "expected"),
    [(1.3, 0.0), (0.0, 1.0), (0.7, 1.0), (2.0, 0.0)],
)
def test_covering_limits(separation: float, expected: float) -> None:
    assert float(covered_fraction(separation, 0.25, 1.0)) == expected


def test_small_disc_in_front_of_a_large_one() -> None:
    assert float(covered_fraction(0.1, 1.0, 0.25)) == pytest.approx(0.0625)


def test_equal_discs_with_centres_a_radius_apart() -> None:
    """The common lens is 2 pi / 3 - sqrt(3) / 2 of radius squared."""
    lens = (2 * np.pi / 3 - np.sqrt(3) / 2) / np.pi
    assert float(covered_fraction(1.0, 1.0, 1.0)) == pytest.approx(lens, rel=1e-12)


@given(st.floats(0.0, 1.5), st.floats(0.05, 1.5))
@settings(max_examples=40, deadline=None)
def test_covering_against_sampled_disc(separation: float, other: float) -> None:
    x, y = sampled_disc()
    hidden = (0.25 * x - separation) ** 2 + (0.25 * y) ** 2 < other**2
    assert float(covered_fraction(separation, 0.25, other)) == pytest.approx(hidden.mean(), abs=2e-3)
