import contextlib
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import spiceypy
from hypothesis import given
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.times import TimeGrid, lunar_local_time_h, parse_utc, tdb_to_tt, tdb_to_utc, utc_to_tdb

MOMENTS = st.datetimes(datetime(1972, 1, 1), datetime(2068, 1, 1))
TDB_S = st.floats(-8.8e8, 2.1e9)


@pytest.mark.usefixtures("leap_second_kernel")
class TestAgainstSpice:
    @given(MOMENTS)
    def test_utc_to_tdb(self, moment):
        assert utc_to_tdb(moment) == pytest.approx(spiceypy.str2et(moment.isoformat()), abs=1e-6, rel=0)

    @given(TDB_S)
    def test_tdb_to_tt(self, tdb_s):
        assert float(tdb_to_tt(tdb_s)) == pytest.approx(spiceypy.unitim(tdb_s, "ET", "TDT"), abs=1e-6, rel=0)

    @pytest.mark.parametrize("year", [1972, 1999, 2006, 2017])
    def test_both_sides_of_a_leap_second(self, year):
        for text in (f"{year - 1}-12-31T23:59:59.5", f"{year}-01-01T00:00:00", f"{year}-01-01T00:00:00.5"):
            assert utc_to_tdb(text) == pytest.approx(spiceypy.str2et(text), abs=1e-6, rel=0)

    def test_an_inserted_second_repeats_the_labels_of_the_next(self):
        inserted = spiceypy.str2et("2016-12-31T23:59:60.25")
        assert tdb_to_utc(inserted) == np.datetime64("2017-01-01T00:00:00.250")
        assert tdb_to_utc(inserted + 1.0) == np.datetime64("2017-01-01T00:00:00.250")
        assert tdb_to_utc(inserted - 1.0) == np.datetime64("2016-12-31T23:59:59.250")


@given(MOMENTS)
def test_utc_survives_the_round_trip(moment):
    utc = np.datetime64(moment, "ns")
    assert tdb_to_utc(utc_to_tdb(utc)) == utc


@pytest.mark.parametrize("year", [1973, 1977, 1990, 1996, 2006, 2009, 2017])
def test_midnight_after_a_leap_second_survives_too(year):
    midnight = np.datetime64(f"{year}-01-01T00:00:00")
    assert tdb_to_utc(utc_to_tdb(midnight)) == midnight


@given(st.floats(6e8, 2.1e9))
def test_tdb_survives_the_round_trip(tdb_s):
    assert abs(utc_to_tdb(tdb_to_utc(tdb_s)) - tdb_s) < 1e-6


@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_scalars_and_arrays_agree(moments):
    utc = np.array(moments, dtype="datetime64[ns]")
    tdb_s = utc_to_tdb(utc)
    np.testing.assert_array_equal(tdb_s, [utc_to_tdb(moment) for moment in moments])
    np.testing.assert_array_equal(tdb_to_utc(tdb_s), [tdb_to_utc(float(t)) for t in tdb_s])
    assert tdb_to_utc(tdb_s).dtype == np.dtype("datetime64[ns]")


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-31T18:30:00",
        "2030-01-31T18:30:00Z",
        " 2030-01-31 18:30 ",
        "2030-02-01T02:30:00+08:00",
        "2030-01-31T13:30-05:00",
    ],
)
def test_spellings_of_one_moment(text):
    assert parse_utc(text) == np.datetime64("2030-01-31T18:30:00")


def test_datetimes_with_and_without_zone():
    zoned = datetime(2030, 2, 1, 2, 30, tzinfo=timezone(timedelta(hours=8)))
    assert parse_utc(zoned) == parse_utc(datetime(2030, 1, 31, 18, 30)) == np.datetime64("2030-01-31T18:30")
    assert parse_utc(datetime(2030, 1, 1, tzinfo=UTC)) == np.datetime64("2030-01-01")


@pytest.mark.parametrize(
    "text", ["2030-13-01", "2030-02-30", "tomorrow", "", "2030-01-01T25:00", "1492-10-12", "9999-12-31T23:00-05:00"]
)
def test_a_bad_date_is_named(text):
    with pytest.raises(InputError) as caught:
        parse_utc(text)
    assert text in str(caught.value)
    assert caught.value.fix


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InputError):
        assert parse_utc(text).dtype == np.dtype("datetime64[ns]")


def test_a_missing_time_is_refused():
    with pytest.raises(InputError):
        utc_to_tdb(np.array(["2030-01-01", "NaT"], dtype="datetime64[ns]"))


class TestGrid:
    @given(
        MOMENTS.filter(lambda m: m.year >= 2017), st.integers(1, 500), st.sampled_from([0.25, 1.0, 60.0, 600.0, 3600.0])
    )
    def test_regular_in_utc_and_consistent(self, start, count, step_s):
        grid = TimeGrid.from_utc(start, count, step_s)
        assert grid.utc.shape == grid.tdb_s.shape == (count,)
        assert grid.utc[0] == parse_utc(start)
        assert np.all(np.diff(grid.utc) == np.timedelta64(round(step_s * 1e9), "ns"))
        np.testing.assert_allclose(grid.tdb_s, [utc_to_tdb(t) for t in grid.utc], atol=0, rtol=0)
        assert grid.tdb_s[0] == pytest.approx(grid.start_tdb_s, abs=1e-6)
        assert grid.stop_tdb_s == pytest.approx(grid.tdb_s[-1] + step_s, abs=1e-5)

    def test_a_year_of_ten_minutes(self):
        grid = TimeGrid.from_utc("2030-01-01", "2031-01-01", 600.0)
        assert grid.count == 52560
        assert grid.utc[-1] == np.datetime64("2030-12-31T23:50")
        assert grid.stop_tdb_s == pytest.approx(utc_to_tdb("2031-01-01"), abs=1e-6)

    def test_the_stop_is_excluded_and_a_part_step_counts(self):
        assert TimeGrid.from_utc("2030-01-01", "2030-01-01T01:00", 600.0).count == 6
        assert TimeGrid.from_utc("2030-01-01", "2030-01-01T01:00:01", 600.0).count == 7

    def test_across_a_leap_second_utc_stays_regular(self):
        grid = TimeGrid.from_utc("2016-12-31T23:50", 3, 600.0)
        assert grid.utc[2] == np.datetime64("2017-01-01T00:10")
        np.testing.assert_allclose(np.diff(grid.tdb_s), [601.0, 600.0], atol=1e-5)

    @pytest.mark.parametrize(
        ("stop", "step_s"),
        [
            ("2029-12-31", 600.0),
            ("2030-01-01", 600.0),
            (0, 600.0),
            ("2030-02-01", 0.0),
            ("2030-02-01", -60.0),
            ("2030-02-01", float("nan")),
        ],
    )
    def test_empty_grids_are_refused(self, stop, step_s):
        with pytest.raises(InputError):
            TimeGrid.from_utc("2030-01-01", stop, step_s)


@given(st.floats(-180, 180), st.floats(-180, 360))
def test_local_time_lies_within_the_day(sun_deg, place_deg):
    assert 0.0 <= float(lunar_local_time_h(sun_deg, place_deg)) < 24.0


def test_local_time_of_the_quarters():
    np.testing.assert_allclose(
        lunar_local_time_h(30.0, [30.0, 120.0, -150.0, -60.0, 300.0]), [12, 18, 0, 6, 6], atol=1e-12
    )
