"""Light at a point: masks out of cubes, daily means, spells and nightfalls."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from horizon_cubes import cube_of
from hypothesis import given
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.sky import SurfaceSite, open_kernels
from lunabase.survey.point_light import cube_mask, daily_light, light_series
from lunabase.survey.spells import next_nightfall, nights, spells
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.mask import flat_mask
from lunabase.terrain.projection import local_projection, polar_projection
from lunabase.times import TimeGrid, utc_to_tdb


@pytest.mark.parametrize(
    "projection", [polar_projection("south"), polar_projection("north"), local_projection(40.0, -30.0)]
)
def test_mask_of_a_pixel_looks_the_same_way_as_the_cube(projection):
    """A peak towards the next pixel stands in the mask at that pixel's true azimuth, by spherical trigonometry."""
    grid = MapGrid(projection, 20e3, -35e3, 1000.0, 4, 4)
    lines = np.zeros((360, 4, 4))
    lines[90] = 30.0  # the map's +x
    mask, site = cube_mask(cube_of(grid, lines), 2, 1)
    latitude_deg, longitude_deg = (np.radians(values) for values in grid.latitude_longitude_deg())
    (lat1, lat2), (lon1, lon2) = latitude_deg[2, 1:3], longitude_deg[2, 1:3]
    ahead = np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(lon2 - lon1)
    azimuth_deg = np.degrees(np.arctan2(np.sin(lon2 - lon1) * np.cos(lat2), ahead))
    assert mask.elevation_at(azimuth_deg, 2.0) == pytest.approx(30.0, abs=1.0)  # half a pixel of turn: 0.03 deg
    assert (site.latitude_deg, site.longitude_deg) == pytest.approx((np.degrees(lat1), np.degrees(lon1)))


def test_mask_of_no_pixel_is_refused():
    grid = MapGrid(polar_projection("south"), 0.0, 0.0, 10.0, 2, 2)
    cube = cube_of(grid, np.full((36, 2, 2), np.nan))
    with pytest.raises(InputError, match="no horizon there"):
        cube_mask(cube, 0, 0)
    with pytest.raises(InputError, match="2 x 2 pixels"):
        cube_mask(cube, 0, 2)


def test_light_of_a_day_at_the_equator():
    """Sunrise at the terminator of the books: a plain at the equator is lit for half of a synodic month."""
    month = TimeGrid.from_utc("2031-03-01", round(29.530589 * 24), 3600.0)
    series = light_series(flat_mask(), SurfaceSite(0.0, 0.0), month, open_kernels(), height_m=2.0)
    assert series.mean() == pytest.approx(0.5, abs=0.005)
    daily = daily_light(series)
    assert daily.size == 30
    assert daily["time"].values[0] == np.datetime64("2031-03-01")
    assert daily.values[3] == pytest.approx(series.values[72:96].mean())
    with pytest.raises(InputError, match="height"):
        light_series(flat_mask(), SurfaceSite(0.0, 0.0), month, open_kernels(), height_m=3.0)


def test_days_begin_at_midnight_whenever_the_series_does():
    times = np.datetime64("2030-01-01T18:00", "ns") + np.arange(10) * np.timedelta64(3, "h")
    daily = daily_light(xr.DataArray(np.arange(10.0), {"time": times}, ("time",)))
    np.testing.assert_array_equal(daily.values, [0.5, 5.5])  # 18 h, 21 h; then eight
    np.testing.assert_array_equal(daily["time"].values, np.array(["2030-01-01", "2030-01-02"], "datetime64[ns]"))


def test_days_without_a_sample_are_left_out():
    times = np.datetime64("2030-01-01", "ns") + np.arange(3) * np.timedelta64(2, "D")
    daily = daily_light(xr.DataArray(np.arange(3.0), {"time": times}, ("time",)))
    np.testing.assert_array_equal(daily.values, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(daily["time"].values, times)


def test_nightfalls():
    grid = TimeGrid.from_utc("2030-01-01", 240, 3600.0)
    visible = np.ones(240)
    visible[:10] = visible[50:53] = visible[100:148] = visible[230:] = 0.0
    visible[148] = 1e-9
    found = spells(visible, grid)
    assert [spell.lit for spell in found] == [False, True, False, True, False, True, False]
    assert [spell.whole for spell in found] == [False, True, True, True, True, True, False]
    dark = nights(found)
    assert [round(24 * spell.duration_days, 6) for spell in dark] == [10, 3, 48, 10]
    assert dark[2].utc == (np.datetime64("2030-01-05T04:00"), np.datetime64("2030-01-07T04:00"))
    assert nights(found, least_days=1.0) == [dark[2]]
    start = utc_to_tdb("2030-01-01")
    assert next_nightfall(found, start) == dark[1]  # the first darkness has no nightfall in the span
    assert next_nightfall(found, start, least_days=2.0) == dark[2]
    assert next_nightfall(found, dark[2].start_tdb_s) == dark[2]
    assert next_nightfall(found, dark[2].start_tdb_s + 1.0) == dark[3]
    assert next_nightfall(found, dark[3].start_tdb_s + 1.0) is None
    # With a limit the glimpse after the long night belongs to it.
    assert nights(spells(visible, grid, dark_below=0.1), least_days=1.0)[0].duration_days == pytest.approx(49 / 24)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60), st.floats(0.0, 0.9))
def test_spells_tile_the_span_in_turn(visible, dark_below):
    grid = TimeGrid.from_utc("2030-01-01", len(visible), 600.0)
    found = spells(visible, grid, dark_below=dark_below)
    assert found[0].start_tdb_s == grid.start_tdb_s
    assert found[-1].stop_tdb_s == grid.stop_tdb_s
    assert not found[0].whole
    assert not found[-1].whole
    lit = sum(spell.duration_days for spell in found if spell.lit) * 144.0
    assert lit == pytest.approx(sum(value > dark_below for value in visible), abs=1e-6)
    for one, other in pairwise(found):
        assert one.stop_tdb_s == other.start_tdb_s
        assert one.lit != other.lit
