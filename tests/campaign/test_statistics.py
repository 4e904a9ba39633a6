"""Statistics against tables, closed forms and definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lunabase.campaign.statistics import first_order_index, pareto_front, rank_correlation, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "interval"),
    [  # Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I, method 3
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilsons_interval_is_the_published_one(successes, trials, interval):
    assert wilson(successes, trials) == pytest.approx(interval, abs=5e-5)


def test_rank_correlation_of_a_textbook_case():
    """IQ and hours of television (Wikipedia, Spearman's rank correlation): -29/165."""
    iq = np.array([106, 100, 86, 101, 99, 103, 97, 113, 112, 110.0])
    hours = np.array([7, 27, 2, 50, 28, 29, 20, 12, 6, 17.0])
    assert rank_correlation(iq, hours) == pytest.approx(-29 / 165)
    assert rank_correlation(iq, np.exp(iq / 10)) == pytest.approx(1.0)
    assert math.isnan(rank_correlation(iq, np.ones(10)))


def test_first_order_indices_of_ishigamis_function_are_the_analytic_ones():
    """Ishigami and Homma 1990, a = 7, b = 0.1: 0.3139, 0.4424 and 0."""
    random = np.random.default_rng(1)
    x = random.uniform(-np.pi, np.pi, (20_000, 3))
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = [first_order_index(x[:, column], y) for column in range(3)]
    assert found == pytest.approx([0.3139, 0.4424, 0.0], abs=0.015)


@given(arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(0, 5).map(float)))
def test_the_front_holds_what_nothing_beats(rows):
    front = pareto_front(rows)
    assert front.any()
    for index, row in enumerate(rows):
        beaten = any((other <= row).all() and (other < row).any() for other in rows)
        assert front[index] != beaten
