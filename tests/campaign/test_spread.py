"""Spreads: what a user writes, and that the quantiles are those of the distribution."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.campaign.spread import parse_spread

PARTS = st.floats(0.0, 1.0)


@pytest.mark.parametrize(
    ("text", "unit", "limits"),
    [
        ("30 kWh", "J", (1.08e8, 1.08e8)),
        ("20..80 kWh", "J", (7.2e7, 2.88e8)),
        ("20 .. 80kWh", "J", (7.2e7, 2.88e8)),
        ("log 1..100 h", "s", (3600.0, 360_000.0)),
        ("normal 50+-5 W", "W", (35.0, 65.0)),
        ("20, 40,80 W", "W", (20.0, 80.0)),
        ("5..20 %", "", (0.05, 0.2)),
        ("0.1..0.3", "", (0.1, 0.3)),
        ("-4..4 K", "delta_degC", (-4.0, 4.0)),
        ("normal 20+-1 degC", "K", (290.15, 296.15)),
        (0.5, "", (0.5, 0.5)),
    ],
)
def test_what_may_be_written(text, unit, limits):
    assert parse_spread(text, unit).limits == pytest.approx(limits)


@pytest.mark.parametrize(
    ("text", "unit", "told"),
    [
        ("20..80", "J", "no unit"),
        ("80..20 kWh", "J", "lower value first"),
        ("20..80 kg", "J", "does not measure energy"),
        ("log 0..5 h", "s", "above 0"),
        ("normal 5+-0 W", "W", "deviation"),
        ("about 5 W", "W", "can't read"),
        ("", "W", "can't read"),
        (True, "", "expected fraction"),
    ],
)
def test_what_may_not(text, unit, told):
    with pytest.raises(ValueError, match=told):
        parse_spread(text, unit)


def below(text, value):
    """Closed forms of the part of each distribution that lies below a value."""
    normal = 0.5 * (1.0 + math.erf((value - 50.0) / 5.0 / math.sqrt(2.0)))
    tail = 0.5 * math.erfc(3.0 / math.sqrt(2.0))
    return {
        "20..80 W": (value - 20.0) / 60.0,
        "log 1..100 W": math.log10(value) / 2.0 if value else math.nan,
        "normal 50+-5 W": (normal - tail) / (1.0 - 2.0 * tail),
        "exponential 12 W": 1.0 - math.exp(-value / 12.0),
    }[text]


@pytest.mark.parametrize("text", ["20..80 W", "log 1..100 W", "normal 50+-5 W", "exponential 12 W"])
@given(part=st.floats(0.0, 1.0 - 1e-8))
def test_the_part_below_a_quantile_is_the_one_asked_for(text, part):
    assert below(text, parse_spread(text, "W").at(part)) == pytest.approx(part, abs=1e-9)


@given(PARTS, PARTS)
def test_a_larger_part_never_gives_a_smaller_value(one, other):
    low, high = sorted((one, other))
    for text in ("20..80 W", "log 1..100 W", "normal 50+-5 W", "exponential 12 W", "20, 40, 80 W"):
        spread = parse_spread(text, "W")
        assert spread.at(low) <= spread.at(high) < math.inf


@given(st.text(max_size=30), st.sampled_from(["W", "", "s"]))
def test_any_text_is_read_or_refused_with_words(text, unit):
    spread = None
    with contextlib.suppress(ValueError):
        spread = parse_spread(text, unit)
    assert spread is None or all(math.isfinite(value) for value in spread.values)
