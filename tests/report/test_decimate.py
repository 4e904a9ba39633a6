"""Thinned series keep their extremes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lunabase.report.decimate import SERIES_POINTS, kept_rows


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=300)), st.integers(4, 80))
def test_extremes_ends_and_order_survive(table, limit):
    rows = kept_rows(table, limit)
    assert rows[0] == 0
    assert rows[-1] == len(table) - 1
    assert np.all(np.diff(rows) > 0)
    for column in table.T[:, :]:
        if not np.isnan(column).all():
            assert np.nanmax(column[rows]) == np.nanmax(column)
            assert np.nanmin(column[rows]) == np.nanmin(column)


@given(st.integers(1, 5), st.integers(200, 5000))
def test_size_is_bounded(width, count):
    table = np.random.default_rng(0).normal(size=(count, width))
    assert len(kept_rows(table, 200)) <= 202


def test_a_one_sample_spike_survives_in_a_month_of_minutes():
    series = np.zeros(42_523)
    series[31_417] = -1.0
    rows = kept_rows(series)
    assert 31_417 in rows
    assert len(rows) <= SERIES_POINTS + 2


def test_short_series_stay_whole():
    assert kept_rows(np.arange(7.0), 10).tolist() == list(range(7))
