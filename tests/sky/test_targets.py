import contextlib

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import Distance, SkyCoord
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.sky import BODIES, Star, SurfaceSite, look_arrays, parse_target
from lunabase.sky.targets import as_target
from lunabase.times import utc_to_tdb

SITE = SurfaceSite(-45.0, 30.0)
START = utc_to_tdb("2035-06-01")


@settings(max_examples=100, deadline=None)
@given(st.floats(0.0, 360.0), st.floats(-90.0, 90.0), st.floats(-4e8, 4e8))
def test_stars_against_spice(spice, ra_deg, dec_deg, age_s):
    tdb_s = START + age_s
    site_me_km = SITE.east_north_up[2] * 1737.4
    velocity = (
        spice.spkgeo(301, tdb_s, "J2000", 0)[0][3:] + spice.sxform("MOON_ME", "J2000", tdb_s)[3:, :3] @ site_me_km
    )
    apparent = spice.stelab(spice.radrec(1e12, np.radians(ra_deg), np.radians(dec_deg)), velocity)
    east, north, up = SITE.east_north_up @ (spice.pxform("J2000", "MOON_ME", tdb_s) @ apparent)
    sight = look_arrays(Star("there", ra_deg, dec_deg), SITE, tdb_s)
    elevation_deg = np.degrees(np.arctan2(up, np.hypot(east, north)))
    across_deg = (float(sight.azimuth_deg) - np.degrees(np.arctan2(east, north)) + 180.0) % 360.0 - 180.0
    assert abs(across_deg * np.cos(np.radians(elevation_deg))) * 3600 < 0.001
    assert abs(float(sight.elevation_deg) - elevation_deg) * 3600 < 0.001


@pytest.mark.filterwarnings("ignore:ERFA function")
@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 359.9), st.floats(-89.0, 89.0), st.floats(-5000.0, 5000.0), st.floats(-5000.0, 5000.0))
def test_proper_motion_against_astropy(ra_deg, dec_deg, motion_ra, motion_dec):
    coordinate = SkyCoord(
        ra_deg * units.deg,
        dec_deg * units.deg,
        pm_ra_cosdec=motion_ra * units.mas / units.yr,
        pm_dec=motion_dec * units.mas / units.yr,
        distance=10.0 * units.pc,
        radial_velocity=0.0 * units.km / units.s,
        obstime=Time("J2000"),
    )
    then = coordinate.apply_space_motion(Time("J2035.0")).icrs
    x, y, z = as_target(coordinate).position_km(np.array([35 * 365.25 * 86400.0]))[:, 0]
    ours = SkyCoord(np.degrees(np.arctan2(y, x)) * units.deg, np.degrees(np.arctan2(z, np.hypot(x, y))) * units.deg)
    assert ours.separation(then).arcsec < 0.005


def test_the_parallax_ellipse_has_its_size():
    """A star at the ecliptic pole swings by its parallax once a year, aberration (20.5 arcsec) taken away."""
    pole = {"right_ascension_deg": 270.0, "declination_deg": 66.5607}
    times = START + 86400.0 * np.arange(366.0)
    near = look_arrays(Star("near", **pole, parallax_mas=1000.0), SITE, times)
    far = look_arrays(Star("far", **pole), SITE, times)
    across = (near.azimuth_deg - far.azimuth_deg) * np.cos(np.radians(far.elevation_deg)) * 3600
    apart = np.hypot(across, (near.elevation_deg - far.elevation_deg) * 3600)
    # The Sun-Moon distance in au, 0.98 to 1.02, and the Sun's own way about the barycentre.
    assert 0.97 < apart.min() < apart.max() < 1.03


def test_skycoords_of_other_frames_and_distances():
    centre = as_target(SkyCoord(l=0.0 * units.deg, b=0.0 * units.deg, frame="galactic"))
    assert (centre.right_ascension_deg, centre.declination_deg) == pytest.approx((266.40499, -28.93617), abs=1e-4)
    assert centre.parallax_mas == 0.0
    near = as_target(SkyCoord(10 * units.deg, 20 * units.deg, distance=Distance(parallax=500 * units.mas)))
    assert near.parallax_mas == pytest.approx(500.0)
    with pytest.raises(InputError):
        as_target(SkyCoord([1, 2] * units.deg, [3, 4] * units.deg))


@pytest.mark.parametrize(
    "text",
    [
        "RA=101.2875,Dec=-16.716111",
        "ra = 6h45m09s, dec = -16d42m58s",
        "RA=6:45:09h,DEC=-16:42:58",
        "RA=101.2875;Dec=-16.716111",
    ],
)
def test_spellings_of_coordinates(text):
    star = parse_target(text)
    assert (star.right_ascension_deg, star.declination_deg) == pytest.approx((101.2875, -16.716111), abs=1e-6)


@pytest.mark.parametrize("name", BODIES)
def test_every_body_is_read_and_seen(name):
    assert parse_target(f" {name.upper()} ") is BODIES[name]
    assert np.isfinite(look_arrays(name, SITE, START).range_m)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("jupitr", '"jupiter"'), ("Erth", '"earth"'), ("xyz", "RA="), ("RA=east,Dec=1", "RA="), ("RA=1,Dec=95", "sign")],
)
def test_unknown_targets_get_a_hint(text, hint):
    with pytest.raises(InputError) as caught:
        parse_target(text)
    assert hint in caught.value.fix


@given(st.one_of(st.text(max_size=20), st.from_regex(r"RA=.{0,12},Dec=.{0,12}", fullmatch=True)))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InputError):
        parse_target(text)
