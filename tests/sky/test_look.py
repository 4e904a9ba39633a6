import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.sky import GroundStation, LunarOrbit, Star, SurfaceSite, look, look_arrays
from lunabase.sky.look import tdb_seconds
from lunabase.times import TimeGrid, tdb_to_utc, utc_to_tdb

START = utc_to_tdb("2030-01-01")
RIDGE = SurfaceSite(-89.44, 222.59, 1500.0)
RELAY = LunarOrbit.from_altitudes(
    200e3,
    16_000e3,
    inclination_deg=62.4,
    raan_deg=0.0,
    argument_of_periapsis_deg=90.0,
    mean_anomaly_deg=0.0,
    epoch_tdb_s=START,
)
STATION = GroundStation("Jiamusi", 46.5, 130.8, 50.0, 5.0)
SIRIUS = Star("Sirius", 101.28715533, -16.71611586, -546.01, -1223.07, 379.21)


@settings(max_examples=40, deadline=None)
@given(
    target=st.sampled_from(["sun", "earth", "mars", RELAY, STATION, SIRIUS]),
    site=st.sampled_from([RIDGE, SurfaceSite(90.0, 10.0), SurfaceSite(0.0, 0.0), RELAY]),
    offsets_s=st.lists(st.floats(0.0, 3e7), min_size=1, max_size=5),
)
def test_scalars_and_arrays_agree(target, site, offsets_s):
    if target is site:
        return
    tdb_s = START + np.array(offsets_s)
    together = look_arrays(target, site, tdb_s)
    for i, epoch in enumerate(tdb_s):
        alone = look_arrays(target, site, float(epoch))
        assert alone.azimuth_deg.shape == ()
        for field in ("azimuth_deg", "elevation_deg", "range_m", "angular_radius_deg"):
            expected = getattr(together, field)[i]
            np.testing.assert_allclose(getattr(alone, field), expected, rtol=1e-12, atol=1e-9, equal_nan=True)


def test_chunks_leave_no_seam_and_shapes_are_kept():
    tdb_s = START + 60.0 * np.arange(12_000)
    whole = look_arrays("earth", RIDGE, tdb_s)
    parts = [look_arrays("earth", RIDGE, part).elevation_deg for part in np.array_split(tdb_s, 7)]
    np.testing.assert_allclose(whole.elevation_deg, np.concatenate(parts), rtol=0, atol=1e-10)
    assert look_arrays("earth", RIDGE, tdb_s.reshape(3, 4000)).range_m.shape == (3, 4000)
    assert look_arrays("earth", RIDGE, np.empty(0)).range_m.shape == (0,)


def test_the_dataset_says_what_it_holds():
    grid = TimeGrid.from_utc("2030-01-01", 5, 600.0)
    dataset = look("Sun", RIDGE, grid)
    assert dict(dataset.sizes) == {"time": 5}
    assert set(dataset.data_vars) == {"azimuth", "elevation", "range", "angular_radius"}
    np.testing.assert_array_equal(dataset.time, grid.utc)
    assert dataset.time.dtype == np.dtype("datetime64[ns]")
    for variable in dataset.data_vars.values():
        assert variable.attrs["units"] in {"degree", "m"}
        assert variable.attrs["long_name"]
    assert "aberration" in dataset.attrs["corrections"]


def test_times_of_every_kind_mean_the_same():
    grid = TimeGrid.from_utc("2030-01-01", 3, 3600.0)
    for times in (grid, grid.tdb_s, grid.utc, grid.utc.astype("datetime64[s]")):
        np.testing.assert_array_equal(tdb_seconds(times), grid.tdb_s)
    np.testing.assert_array_equal(look("sun", RIDGE, grid).elevation, look("sun", RIDGE, grid.utc).elevation)
    assert look("sun", RIDGE, grid.utc[1]).time.values == [grid.utc[1]]
    assert tdb_to_utc(float(tdb_seconds(grid.utc[2]))) == grid.utc[2]


def test_discs_have_their_published_sizes():
    """Sun 0.263 to 0.273 deg, Earth 0.90 to 1.03 deg in radius as seen from the Moon; points and stars none."""
    tdb_s = START + 86400.0 * np.arange(365.0)
    sun = look_arrays("sun", RIDGE, tdb_s).angular_radius_deg
    earth = look_arrays("earth", RIDGE, tdb_s).angular_radius_deg
    assert 0.261 < sun.min() < 0.264 < 0.270 < sun.max() < 0.273
    assert 0.89 < earth.min() < 0.91 < 1.01 < earth.max() < 1.03
    assert np.all(look_arrays(RELAY, RIDGE, tdb_s).angular_radius_deg == 0.0)
    assert np.all(look_arrays(STATION, RIDGE, tdb_s).angular_radius_deg == 0.0)
    star = look_arrays(SIRIUS, RIDGE, tdb_s)
    assert np.isnan(star.angular_radius_deg).all()
    assert np.isnan(star.range_m).all()


def test_the_moon_lies_under_an_orbiter():
    sight = look_arrays("moon", RELAY, START + 600.0 * np.arange(100))
    # Light time and aberration together leave the orbital speed over that of light: at periapsis, by vis-viva,
    # 2.14 km/s, 1.474 arcsec.
    np.testing.assert_allclose(sight.elevation_deg, -90.0, atol=1.474 / 3600)
    altitudes_m = sight.range_m - 1737.4e3
    assert 199e3 < altitudes_m.min() < 210e3
    assert altitudes_m.max() < 16_001e3


@pytest.mark.parametrize("year", ["1899", "2051", "2080"])
def test_dates_outside_the_kernels_are_refused(year):
    inside, outside = START, utc_to_tdb(np.datetime64(f"{year}-01-01T12:00"))
    with pytest.raises(InputError) as caught:
        look("sun", RIDGE, np.array([inside, outside]))
    assert f"{year}-01-01T12:00" in str(caught.value)
    assert "moon_pa_de421_1900-2050.bpc" in str(caught.value)
    assert "--kernel" in caught.value.fix


@pytest.mark.parametrize(
    ("latitude_deg", "longitude_deg", "height_m"), [(-90.1, 0, 0), (0, 361, 0), (0, 0, 1e9), (float("nan"), 0, 0)]
)
def test_impossible_sites_are_refused(latitude_deg, longitude_deg, height_m):
    with pytest.raises(InputError):
        SurfaceSite(latitude_deg, longitude_deg, height_m)
