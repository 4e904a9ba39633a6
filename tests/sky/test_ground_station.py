"""The Earth's orientation against CSPICE, astropy and Skyfield, and a station in the lunar sky against CSPICE."""

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import EarthLocation
from astropy.time import Time
from astropy.utils import iers
from skyfield.api import wgs84

from lunabase.errors import InputError
from lunabase.sky import GroundStation, SurfaceSite, look_arrays, station_elevation_deg
from lunabase.sky.ground import itrs_rotation
from lunabase.sky.kernels import timescale
from lunabase.times import utc_to_tdb

KASHGAR_LIKE = GroundStation("Kashgar-like", 38.4, 76.7, 1250.0, 5.0)
RIDGE = SurfaceSite(-89.44, -137.41, 1500.0)


def arcsec(cosine_part, sine_part):
    return 206264.806 * np.arctan2(sine_part, cosine_part)


@pytest.fixture(scope="module")
def true_equator(spice):
    """CSPICE's own true equator of date (precession of 1976, nutation of 1980)."""
    settings = {
        "FRAME_TEOD": "1400001",
        "FRAME_1400001_NAME": "'TEOD'",
        "FRAME_1400001_CLASS": "5",
        "FRAME_1400001_CLASS_ID": "1400001",
        "FRAME_1400001_CENTER": "399",
        "FRAME_1400001_RELATIVE": "'J2000'",
        "FRAME_1400001_DEF_STYLE": "'PARAMETERIZED'",
        "FRAME_1400001_FAMILY": "'TRUE_EQUATOR_AND_EQUINOX_OF_DATE'",
        "FRAME_1400001_PREC_MODEL": "'EARTH_IAU_1976'",
        "FRAME_1400001_NUT_MODEL": "'EARTH_IAU_1980'",
        "FRAME_1400001_ROTATION_STATE": "'ROTATING'",
    }
    spice.lmpool([f"{key} = {value}" for key, value in settings.items()])
    return "TEOD"


@pytest.mark.parametrize("year", range(2020, 2050, 3))
def test_pole_against_spice(spice, true_equator, year):
    tdb_s = utc_to_tdb(f"{year}-03-03T03:00")
    pole = (itrs_rotation(np.array([tdb_s]))[0] @ spice.pxform("J2000", true_equator, tdb_s).T)[2]
    # The models of 1976 and 1980 differ from those of 2000 by 0.05 arcsec in 2000 and 0.3 arcsec a century.
    assert arcsec(pole[2], np.hypot(pole[0], pole[1])) < 0.1


@pytest.mark.parametrize("year", range(2020, 2050, 3))
def test_rotation_against_spice(spice, year):
    tdb_s = utc_to_tdb(f"{year}-03-03T03:00")
    turn = itrs_rotation(np.array([tdb_s]))[0] @ spice.pxform("J2000", "IAU_EARTH", tdb_s).T
    # IAU_EARTH is a cartographic frame: W0 = 190.147 deg stands 0.047 deg off the sidereal time of J2000 (280.4606 deg
    # less 90 deg and 64 s of rotation), and its rate and TDB - UT1 add 0.03 to 0.09 deg until 2050.
    assert 100.0 < arcsec(turn[0, 0], turn[0, 1]) < 540.0
    assert arcsec(turn[2, 2], np.hypot(turn[2, 0], turn[2, 1])) < 17.0


@pytest.mark.parametrize("year", range(2018, 2026))
def test_position_against_astropy(monkeypatch, year):
    monkeypatch.setattr(iers.conf, "auto_download", False)
    moment = f"{year}-03-03T03:00"
    location = EarthLocation.from_geodetic(76.7 * units.deg, 38.4 * units.deg, 1250.0 * units.m)
    expected_km = location.get_gcrs_posvel(Time(moment, scale="utc"))[0].xyz.to_value("km")
    ours_km = KASHGAR_LIKE.position_km(np.array([utc_to_tdb(moment)]))[:, 0]
    # Polar motion, which we leave out, is up to 0.5 arcsec: 16 m on the ground, 0.008 arcsec from the Moon.
    assert np.linalg.norm(ours_km - expected_km) < 0.017


@pytest.mark.parametrize("year", [2020, 2030, 2049])
def test_position_against_skyfield(year):
    topos = wgs84.latlon(38.4, 76.7, elevation_m=1250.0)
    expected_km = topos.at(timescale().utc(year, 3, 3, 3)).xyz.km
    ours_km = KASHGAR_LIKE.position_km(np.array([utc_to_tdb(f"{year}-03-03T03:00")]))[:, 0]
    # Same UT1, full nutation of 2000A there.
    assert np.linalg.norm(ours_km - expected_km) < 0.001


@pytest.fixture(scope="module")
def station_in_spice(spice, tmp_path_factory):
    """The station's path on 2030-03-03 as an SPK (type 9), so that CSPICE computes its light time and aberration."""
    start = utc_to_tdb("2030-03-03")
    epochs = start + np.arange(0.0, 86460.0, 60.0)
    position = KASHGAR_LIKE.position_km(epochs).T
    velocity = (KASHGAR_LIKE.position_km(epochs + 1.0) - KASHGAR_LIKE.position_km(epochs - 1.0)).T / 2.0
    path = tmp_path_factory.mktemp("spk") / "station.bsp"
    handle = spice.spkopn(str(path), "station", 0)
    states = np.hstack([position, velocity])
    spice.spkw09(handle, -778, 399, "J2000", epochs[0], epochs[-1], "station", 7, len(epochs), states, epochs)
    spice.spkcls(handle)
    spice.furnsh(str(path))
    yield "-778"
    spice.unload(str(path))


@pytest.mark.parametrize("hour", [1, 7, 13, 22])
def test_a_station_in_the_lunar_sky(spice, station_in_spice, hour):
    tdb_s = utc_to_tdb(f"2030-03-03T{hour:02d}:20")
    up = RIDGE.east_north_up[2]
    state, light_time_s = spice.spkcpo(
        station_in_spice, tdb_s, "MOON_ME", "OBSERVER", "CN+S", up * 1738.9, "MOON", "MOON_ME"
    )
    east, north, vertical = RIDGE.east_north_up @ state[:3]
    sight = look_arrays(KASHGAR_LIKE, RIDGE, tdb_s)
    assert float(sight.azimuth_deg) == pytest.approx(np.degrees(np.arctan2(east, north)) % 360.0, abs=0.001 / 3600)
    elevation_deg = np.degrees(np.arctan2(vertical, np.hypot(east, north)))
    assert float(sight.elevation_deg) == pytest.approx(elevation_deg, abs=0.001 / 3600)
    assert float(sight.range_m) == pytest.approx(light_time_s * spice.clight() * 1e3, abs=0.1)


@pytest.mark.parametrize("hour", [1, 7, 13, 22])
def test_the_moon_over_the_station(spice, hour):
    tdb_s = utc_to_tdb(f"2030-03-03T{hour:02d}:20")
    light_time_s = float(look_arrays(KASHGAR_LIKE, RIDGE, tdb_s).range_m) / 1e3 / spice.clight()
    sent = timescale().tdb_jd(2451545.0, (tdb_s - light_time_s) / 86400.0)
    topos = wgs84.latlon(38.4, 76.7, elevation_m=1250.0)
    moon_km = spice.spkezr("MOON", tdb_s, "J2000", "NONE", "0")[0][:3]
    earth_km = spice.spkezr("EARTH", tdb_s - light_time_s, "J2000", "NONE", "0")[0][:3]
    site_km = moon_km + spice.pxform("MOON_ME", "J2000", tdb_s) @ (RIDGE.east_north_up[2] * 1738.9)
    path = topos.rotation_at(sent) @ (site_km - earth_km - topos.at(sent).xyz.km)
    expected_deg = np.degrees(np.arcsin(path[2] / np.linalg.norm(path)))
    assert float(station_elevation_deg(KASHGAR_LIKE, RIDGE, tdb_s)) == pytest.approx(expected_deg, abs=1e-5)


@pytest.mark.parametrize("field", ["latitude_deg", "altitude_m", "minimum_elevation_deg"])
def test_impossible_stations_are_refused(field):
    values = {"latitude_deg": 0.0, "longitude_deg": 0.0, "altitude_m": 0.0, "minimum_elevation_deg": 5.0, field: -1e5}
    with pytest.raises(InputError, match=f"Delingha: {field}"):
        GroundStation("Delingha", **values)
