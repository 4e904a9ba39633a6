"""Intervals of a yes-or-no series."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.environment.intervals import true_intervals, true_runs
from lunabase.errors import InputError
from lunabase.times import TimeGrid

masks = st.lists(st.booleans(), min_size=1, max_size=60)


@given(masks)
def test_runs_rebuild_the_mask(mask: list[bool]) -> None:
    rebuilt = np.zeros(len(mask), dtype=bool)
    for first, past in true_runs(mask):
        assert first < past
        rebuilt[first:past] = True
    assert rebuilt.tolist() == mask


@given(masks)
def test_a_mask_and_its_opposite_tile_the_grid(mask: list[bool]) -> None:
    grid = TimeGrid.from_utc("2030-01-01", len(mask), 60.0)
    pieces = sorted(true_intervals(mask, grid) + true_intervals(np.logical_not(mask), grid))
    assert pieces[0][0] == grid.tdb_s[0]
    assert pieces[-1][1] == grid.stop_tdb_s
    assert all(left[1] == right[0] for left, right in pairwise(pieces))


def test_an_interval_stops_at_the_first_false_epoch() -> None:
    grid = TimeGrid.from_utc("2030-01-01", 5, 600.0)
    times = grid.tdb_s
    assert true_intervals([0, 1, 1, 0, 1], grid) == [(times[1], times[3]), (times[4], grid.stop_tdb_s)]


def test_wrong_length_is_refused() -> None:
    grid = TimeGrid.from_utc("2030-01-01", 5, 600.0)
    with pytest.raises(InputError, match="5 epochs"):
        true_intervals([True], grid)
