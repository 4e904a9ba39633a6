"""The environment of a site as a whole: published light and view, SPICE geometry, invariants of the dataset."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import spiceypy
import xarray as xr
from skyfield.api import wgs84

from lunabase.environment import DIRECT, contact_windows, environment
from lunabase.environment import dataset as dataset_module
from lunabase.environment.ground import SPIN_UP_S, absorbed_flux_w_m2
from lunabase.environment.light import Light
from lunabase.environment.regolith import Regolith
from lunabase.errors import InputError
from lunabase.sky import GroundStation, LunarOrbit, Sight, SurfaceSite, open_kernels
from lunabase.sky.kernels import timescale
from lunabase.terrain.mask import HorizonMask, catalogue_mask, flat_mask
from lunabase.times import TimeGrid, utc_to_tdb

RIDGE = SurfaceSite(-89.44, 222.59, 1958.0)
EQUATOR = SurfaceSite(0.0, 20.0, 0.0)
STATIONS = (
    GroundStation("Kashi", 38.42, 76.71, 1250.0, 10.0),
    GroundStation("Neuquen", -38.19, -70.15, 450.0, 15.0),
)
RELAY = LunarOrbit.from_altitudes(
    200e3,
    16_000e3,
    inclination_deg=62.4,
    raan_deg=40.0,
    argument_of_periapsis_deg=90.0,
    mean_anomaly_deg=10.0,
    epoch_tdb_s=utc_to_tdb("2030-01-01"),
)
LOW_ORBIT = LunarOrbit.from_altitudes(
    100e3,
    100e3,
    inclination_deg=90.0,
    raan_deg=0.0,
    argument_of_periapsis_deg=0.0,
    mean_anomaly_deg=0.0,
    epoch_tdb_s=utc_to_tdb("2030-01-01"),
)


@pytest.fixture(scope="module")
def ridge_year() -> xr.Dataset:
    times = TimeGrid.from_utc("2020-01-01", "2021-01-01", 600.0)
    mask = catalogue_mask("shackleton-de-gerlache-ridge")
    return environment(RIDGE, times, horizon=mask, earth_stations=STATIONS, relays={"queqiao": RELAY})


def test_ridge_is_lit_most_of_2020_and_sees_the_earth_half_of_it(ridge_year: xr.Dataset) -> None:
    """85 % of the Sun's disc on average (REFERENCES: best-lit ridge points 82.9 to 86 %), Earth in view 49 to 51 %."""
    assert float(ridge_year.sun_visible_fraction.mean()) == pytest.approx(0.85, abs=0.02)
    assert 0.49 <= float(ridge_year.earth_in_view.mean()) <= 0.51


def test_ten_metres_up_is_lit_more(ridge_year: xr.Dataset) -> None:
    """Gains of the same kind are published: 3.4 points from 2 to 10 m at a point lit 92 % (Glaeser et al. 2014), 5 to
    8 points for the first 2 m at others (Glaeser et al. 2018)."""
    low, high = ridge_year.sun_visible_fraction_by_height.mean("time").values
    assert 0.03 < high - low < 0.09


def test_ridge_ground_is_cold_and_follows_the_light(ridge_year: xr.Dataset) -> None:
    temperature = ridge_year.surface_temperature
    assert 20.0 < float(temperature.min()) < float(temperature.max()) < 250.0
    lit = ridge_year.sun_visible_fraction == 1.0
    dark = ridge_year.sun_visible_fraction == 0.0
    assert float(temperature.where(lit).mean()) > float(temperature.where(dark).mean()) + 10.0
    assert temperature.attrs["settling_drift_k"] < 0.02


def test_a_longer_history_changes_nothing(ridge_year: xr.Dataset) -> None:
    """The year's last month, started afresh, is as the whole year left it."""
    mask = catalogue_mask("shackleton-de-gerlache-ridge")
    december = environment(RIDGE, TimeGrid.from_utc("2020-12-01", "2021-01-01", 600.0), horizon=mask)
    whole = ridge_year.surface_temperature.sel(time=december.time)
    assert float(np.abs(december.surface_temperature - whole).max()) < 0.5


def test_equator_temperatures_under_the_real_sun() -> None:
    """Hayne et al. 2017: noon 385 K, midnight 101 K, minimum 95 K, for the mean distance of the Sun."""
    times = TimeGrid.from_utc("2031-04-01", 1418, 1800.0)
    result = environment(EQUATOR, times, horizon=flat_mask())
    temperature, hour = result.surface_temperature.values, result.lunar_local_time.values
    distance_au = float(result.sun_range.mean()) / 149_597_870_700.0
    assert distance_au == pytest.approx(1.0, abs=0.01)
    assert temperature[np.argmin(np.abs(hour - 12.0))] == pytest.approx(385.0, abs=5.0)
    assert temperature[np.argmin(np.abs((hour + 12.0) % 24.0 - 12.0))] == pytest.approx(101.0, abs=5.0)
    assert temperature.min() == pytest.approx(95.0, abs=5.0)


def test_sunrise_is_half_past_six_lunar_hours_after_midnight() -> None:
    """At the equator half the disc is up at 6 h, but for the dip of 0.087 deg and the Moon's 1.5 deg of tilt."""
    result = environment(EQUATOR, TimeGrid.from_utc("2031-04-01", 1418, 1800.0), horizon=flat_mask())
    morning = result.sel(time=(result.lunar_local_time > 5.0) & (result.lunar_local_time < 7.0))
    crossing = np.interp(0.5, morning.sun_visible_fraction.values, morning.lunar_local_time.values)
    assert crossing == pytest.approx(6.0 - 0.087 / 15.0, abs=0.005)


def moon_to_station_km(station: GroundStation, tdb_s: float) -> tuple[np.ndarray, Any, Any]:
    """A station by Skyfield's WGS84 and Earth rotation, from the Moon's centre by CSPICE."""
    time = timescale().tdb_jd(2451545.0, tdb_s / 86400.0)
    place = wgs84.latlon(station.latitude_deg, station.longitude_deg, station.altitude_m)
    earth_km, _ = spiceypy.spkpos("EARTH", tdb_s, "J2000", "NONE", "MOON")
    return earth_km + place.at(time).position.km, place, time


def site_axes(tdb_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Position and rows east, north, up of the ridge site in J2000, by CSPICE."""
    turn = spiceypy.pxform("MOON_ME", "J2000", tdb_s)
    up = spiceypy.latrec(1.0, np.radians(RIDGE.longitude_deg), np.radians(RIDGE.latitude_deg))
    east = spiceypy.vhat(spiceypy.vcrss([0.0, 0.0, 1.0], up))
    axes = np.stack([east, spiceypy.vcrss(up, east), up]) @ turn.T
    return axes[2] * (1737.4 + RIDGE.height_m / 1000.0), axes


@pytest.mark.usefixtures("spice")
def test_contacts_against_spice_and_skyfield(ridge_year: xr.Dataset) -> None:
    mask = catalogue_mask("shackleton-de-gerlache-ridge")
    checked = 0
    for k in np.random.default_rng(5).choice(ridge_year.sizes["time"], 150, replace=False):
        tdb_s = float(ridge_year.tdb[k])
        place_km, axes = site_axes(tdb_s)
        for row, station in enumerate(STATIONS):
            station_km, place, time = moon_to_station_km(station, tdb_s)
            east, north, up = axes @ (station_km - place_km)
            azimuth = np.degrees(np.arctan2(east, north))
            clear = np.degrees(np.arctan2(up, np.hypot(east, north))) - mask.elevation_at(azimuth, 2.0)
            zenith = place.rotation_at(time)[2]
            line = spiceypy.vhat(place_km - station_km)
            above = np.degrees(np.arcsin(zenith @ line)) - station.minimum_elevation_deg
            if min(abs(float(clear)), abs(above)) > 0.02:
                checked += 1
                assert bool(ridge_year.contact[row, k]) == (clear > 0 and above > 0)
    assert checked > 250


@pytest.mark.usefixtures("spice")
def test_relay_links_against_spice(ridge_year: xr.Dataset) -> None:
    seen = set()
    for k in np.random.default_rng(6).choice(ridge_year.sizes["time"], 150, replace=False):
        tdb_s = float(ridge_year.tdb[k])
        relay_km = RELAY.state_km(np.array([tdb_s]))[0][:, 0]
        links = []
        for row, station in enumerate(STATIONS):
            station_km, place, time = moon_to_station_km(station, tdb_s)
            line = spiceypy.vhat(station_km - relay_km)
            _, miss_km = spiceypy.npedln(1737.4, 1737.4, 1737.4, relay_km, line)
            hidden = miss_km == 0.0 and relay_km @ line < 0.0
            above = np.degrees(np.arcsin(place.rotation_at(time)[2] @ -line)) - station.minimum_elevation_deg
            if abs(above) < 0.02:
                break
            links.append(above > 0.0 and not hidden)
            in_view = bool(ridge_year.relay_in_view[0, k])
            assert bool(ridge_year.relay_contact[0, row, k]) == (links[-1] and in_view)
        else:
            assert bool(ridge_year.relay_to_earth[0, k]) == any(links)
            seen.add((any(links), bool(ridge_year.relay_in_view[0, k])))
    assert len(seen) == 4


def test_contact_windows_cover_the_series(ridge_year: xr.Dataset) -> None:
    windows = contact_windows(ridge_year)
    starts = [window.start_tdb_s for window in windows]
    assert starts == sorted(starts)
    for row, station in enumerate(STATIONS):
        direct = [w.duration_s for w in windows if (w.link, w.earth_station) == (DIRECT, station.name)]
        relayed = [w.duration_s for w in windows if (w.link, w.earth_station) == ("queqiao", station.name)]
        assert sum(direct) == pytest.approx(600.0 * float(ridge_year.contact[row].sum()), rel=1e-9)
        assert sum(relayed) == pytest.approx(600.0 * float(ridge_year.relay_contact[0, row].sum()), rel=1e-9)
    long = contact_windows(ridge_year, shortest_s=3600.0)
    assert long == [window for window in windows if window.duration_s >= 3600.0]


def small(site: SurfaceSite | LunarOrbit, count: int = 400, step_s: float = 300.0, **keywords: Any) -> xr.Dataset:
    mask = flat_mask() if isinstance(site, SurfaceSite) else None
    times = TimeGrid.from_utc("2030-02-10", count, step_s)
    return environment(site, times, horizon=mask, earth_stations=STATIONS, relays={"queqiao": RELAY}, **keywords)


@pytest.mark.parametrize("site", [RIDGE, LOW_ORBIT])
def test_pieces_make_the_same_whole(site: SurfaceSite | LunarOrbit, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small(site)
    monkeypatch.setattr(dataset_module, "_CHUNK", 37)
    heard: list[float] = []
    pieces = small(site, progress=heard.append)
    xr.testing.assert_identical(pieces, whole)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_one_epoch_is_the_first_of_many() -> None:
    one, many = small(RIDGE, 1), small(RIDGE, 50)
    xr.testing.assert_identical(one, many.isel(time=slice(1)))


@pytest.mark.parametrize("site", [RIDGE, LOW_ORBIT])
def test_everything_has_units_and_a_name(site: SurfaceSite | LunarOrbit) -> None:
    result = small(site, 20)
    for name, variable in result.data_vars.items():
        assert variable.attrs["units"], name
        assert variable.attrs["long_name"], name
    assert result.attrs["Conventions"].startswith("CF-")
    assert set(result.sizes) == {"time", "height", "earth_station", "relay"}


@pytest.mark.parametrize("raan_deg", [0.0, 30.0, 60.0, 90.0, 120.0, 150.0])
def test_low_orbit_passes_through_the_shadow(raan_deg: float) -> None:
    """Dark part of a circular orbit behind a cylinder: acos(sqrt(r2 - R2) / (r cos beta)) / pi, beta the Sun's height
    over the orbit's plane (Larson & Wertz, Space Mission Analysis and Design, section 5.1)."""
    orbit = dataclasses.replace(LOW_ORBIT, raan_deg=raan_deg)
    times = TimeGrid.from_utc("2030-02-10", round(20 * orbit.period_s / 30.0), 30.0)
    result = environment(orbit, times, horizon=None)
    position, velocity = orbit.state_km(times.tdb_s[:1])
    normal = np.cross(position[:, 0], velocity[:, 0])
    kernels = open_kernels()
    middle = times.tdb_s[[times.count // 2]]
    sun = (kernels.position_km(10, middle) - kernels.position_km(301, middle))[:, 0]
    sine_beta = sun @ normal / np.linalg.norm(sun) / np.linalg.norm(normal)
    ratio = np.sqrt(1837.4**2 - 1737.4**2) / (1837.4 * np.sqrt(1 - sine_beta**2))
    expected = np.arccos(min(ratio, 1.0)) / np.pi
    # The Sun is 0.53 deg wide and moves 1.6 deg along: 0.5 % of an orbit where the path grazes the shadow.
    assert 1.0 - float(result.sun_visible_fraction.mean()) == pytest.approx(expected, abs=0.005)
    assert result.surface_temperature.isnull().all()
    assert result.height.size == 1


def test_half_visible_sun_gives_half_the_flux() -> None:
    result = small(EQUATOR)
    expected = 1361.0 * result.sun_visible_fraction * (149_597_870_700.0 / result.sun_range) ** 2
    np.testing.assert_allclose(result.solar_flux, expected, rtol=1e-12)


def test_long_steps_are_divided_for_the_ground() -> None:
    """A six-hourly series is the hourly one thinned out."""
    hourly = small(EQUATOR, 241, 3600.0).surface_temperature.values
    coarse = small(EQUATOR, 41, 21_600.0).surface_temperature.values
    np.testing.assert_allclose(coarse, hourly[::6], atol=1e-6)


def test_absorbed_flux_uses_the_albedo_at_that_incidence() -> None:
    sun = Sight(np.zeros(2), np.array([90.0, 30.0]), np.full(2, 149_597_870_700.0), np.full(2, 0.27))
    light = Light(np.array([1.0, 0.5]), np.array([1.0, 0.25]))
    overhead, slanting = absorbed_flux_w_m2(sun, light, Regolith())
    assert overhead == pytest.approx(1361.0 * 0.88)
    at_60_deg = 0.12 + 0.06 * (60.0 / 45.0) ** 3 + 0.25 * (60.0 / 90.0) ** 8
    assert slanting == pytest.approx(1361.0 * 0.25 * (1.0 - at_60_deg))


def test_spin_up_is_whole_lunations_and_four_draconic_years() -> None:
    assert pytest.approx(4 * 346.62, abs=2.0) == SPIN_UP_S / 86400.0


def test_mask_is_asked_for_and_its_heights_are_checked() -> None:
    times = TimeGrid.from_utc("2030-01-01", 2, 600.0)
    with pytest.raises(InputError, match="needs a horizon mask"):
        environment(RIDGE, times, horizon=None)
    with pytest.raises(InputError, match="no observer height"):
        environment(RIDGE, times, horizon=flat_mask(), reference_height_m=3.0)
    with pytest.raises(InputError, match="no horizon mask"):
        environment(LOW_ORBIT, times, horizon=flat_mask())


def test_times_outside_the_kernels_are_refused() -> None:
    with pytest.raises(InputError, match="is outside"):
        environment(RIDGE, TimeGrid.from_utc("2060-01-01", 2, 600.0), horizon=flat_mask())


def test_a_wall_to_the_north_hides_what_stands_behind_it() -> None:
    azimuths = np.arange(720) * 0.5
    wall = np.where((azimuths < 45.0) | (azimuths > 315.0), 80.0, -1.0)
    mask = HorizonMask(azimuths, (2.0,), wall[None])
    site = SurfaceSite(-60.0, 0.0, 0.0)
    result = environment(site, TimeGrid.from_utc("2030-01-01", 709, 3600.0), horizon=mask)
    north = np.cos(np.radians(result.sun_azimuth)) > np.cos(np.radians(44.0))
    assert bool(((result.sun_elevation > 5.0) & north).any())
    assert float(result.sun_visible_fraction.where(north, 0.0).max()) == 0.0
    assert not bool(result.earth_in_view.any())
