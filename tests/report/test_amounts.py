"""Numbers as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from lunabase.report import amounts


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0 W"), (12340.0, "12.3 kW"), (-2500.0, "−2.5 kW"), (999.9, "1 kW"), (3.2e9, "3.2 GW"), (0.5, "0.5 W")],
)
def test_scaled(value, words):
    assert amounts.scaled(value, "W") == words


def test_energy_is_in_watt_hours():
    assert amounts.energy(3.6e6) == "1 kWh"


@pytest.mark.parametrize(
    ("length_s", "words"),
    [
        (0.0, "0 s"),
        (45.0, "45 s"),
        (59.7, "1 min"),
        (3600.0, "1 h"),
        (5400.0, "1 h 30 min"),
        (86_400.0, "1 d"),
        (273_600.0, "3 d 4 h"),
        (86_400.0 - 1.0, "1 d"),
        (2 * 86_400.0 - 60.0, "2 d"),
    ],
)
def test_duration(length_s, words):
    assert amounts.duration(length_s) == words


def test_temperature_shows_kelvin_and_celsius():
    assert amounts.temperature(273.15) == "273 K (0 °C)"
    assert amounts.temperature(95.0) == "95 K (−178 °C)"


@pytest.mark.parametrize(
    ("margin_k", "words"),
    [
        (45.2, "45 K"),
        (8.04, "8.0 K"),
        (-0.06, "−0.1 K"),
        (-0.0123, "−0.012 K"),
        (-1e-5, "at the limit"),
        (-12.0, "−12 K"),
    ],
)
def test_margins_near_a_limit_show_their_sign(margin_k, words):
    assert amounts.margin(margin_k) == words


def test_moments_are_utc():
    east = timezone(timedelta(hours=8))
    assert amounts.moment(datetime(2035, 1, 1, 8, tzinfo=east)) == "2035-01-01 00:00"
    assert amounts.moment(datetime(2035, 1, 1, 8, tzinfo=UTC)) == "2035-01-01 08:00"
    assert amounts.moment(np.datetime64("2035-01-01T08:00:30", "ns")) == "2035-01-01 08:00"
