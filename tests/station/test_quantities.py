"""Quantities: units in, SI out, and one clear sentence when they are wrong."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.station.quantities import KINDS, file_key, parse_quantity

# Factors from the SI brochure (9th edition, tables 7 and 8) and, for the byte, IEC 80000-13.
KNOWN = [
    ("12 kW", "W", 12e3),
    ("18 kWh", "J", 18 * 3.6e6),
    ("-89.45 deg", "deg", -89.45),
    ("1 rad", "deg", 57.29577951308232),
    ("6 Mbit/s", "bit/s", 6e6),
    ("1 GB", "bit", 8e9),
    ("-20 degC", "K", 253.15),
    ("30 %", "", 0.3),
    ("1.5 h", "s", 5400.0),
    ("2 t", "kg", 2000.0),
    ("36 km/h", "m/s", 10.0),
    ("0.5 Wh/m", "J/m", 1800.0),
    ("-0.2 %/K", "1/K", -0.002),
    ("1 year", "s", 365.25 * 86400),
    ("14 m²", "m^2", 14.0),
    ("250 cm^2", "m^2", 0.025),
]


@pytest.mark.parametrize(("text", "unit", "value"), KNOWN)
def test_known_conversions(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "words"),
    [
        (12, "W", "has no unit"),
        ("12", "W", "has no unit"),
        ("12 kWh", "W", "does not measure power"),
        ("12 kilowats", "W", "unknown unit 'kilowats'"),
        ("twelve kW", "W", "power"),
        ("", "W", "power"),
        (True, "W", "expected power"),
        (["1 W"], "W", "expected power"),
        ("nan W", "K", "temperature"),
        ("14 m2", "m^2", r"write m\^2"),
        ("1e999 W", "W", "no power is that large"),
    ],
)
def test_wrong_quantities_say_what_to_write(text, unit, words):
    with pytest.raises(ValueError, match=words):
        parse_quantity(text, unit)


@given(st.text(max_size=30), st.sampled_from(sorted(KINDS)))
def test_no_text_raises_anything_but_a_value_error(text, unit):
    with contextlib.suppress(ValueError):
        assert isinstance(parse_quantity(text, unit), float)


@given(st.floats(-1e9, 1e9, allow_nan=False))
def test_a_number_with_its_si_unit_is_itself(value):
    assert parse_quantity(f"{value!r} W", "W") == pytest.approx(value)


def test_file_keys_drop_only_units():
    names = {"mass_kg": "mass", "rate_to_earth_bit_per_s": "rate_to_earth", "crew": "crew", "status": "status"}
    assert {name: file_key(name) for name in names} == names
