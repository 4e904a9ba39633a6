"""Projections against PROJ."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
import rasterio.crs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.terrain.projection import (
    crs_of,
    equirectangular_projection,
    local_projection,
    polar_projection,
    project,
    read_projection,
    unit_vectors,
)

SUPPORTED = [
    "+proj=stere +lat_0=-90 +lat_ts=-90 +R=1737400",
    "+proj=stere +lat_0=90 +lat_ts=90 +R=1737400",
    "+proj=stere +lat_0=-90 +lat_ts=-80 +lon_0=45 +x_0=500 +y_0=-700 +R=1737400",
    "+proj=stere +lat_0=90 +k=0.99 +lon_0=-30 +R=1737400",
    "+proj=stere +lat_0=-43.3 +lon_0=-11.4 +R=1737400",
    "+proj=stere +lat_0=0 +lon_0=170 +k=1.01 +x_0=500 +y_0=-700 +R=1737400",
    "+proj=stere +lat_0=89.5 +lon_0=120 +R=1737400",
    "+proj=sterea +lat_0=26.1 +lon_0=3.6 +R=1737400",
    "+proj=eqc +R=1737400",
    "+proj=eqc +lat_ts=20 +lat_0=10 +lon_0=180 +x_0=3 +y_0=4 +R=1737400",
]


def crs(text: str) -> rasterio.crs.CRS:
    return rasterio.crs.CRS.from_string(text)


def unit(latitude_deg: float, longitude_deg: float) -> tuple[float, float, float]:
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    cos_latitude = math.cos(latitude)
    return (cos_latitude * math.cos(longitude), cos_latitude * math.sin(longitude), math.sin(latitude))


@pytest.mark.parametrize("text", SUPPORTED)
@settings(deadline=None)  # the first call compiles
@given(latitude_deg=st.floats(-89.9, 89.9), longitude_deg=st.floats(-179.9, 179.9))
def test_project_agrees_with_proj_and_its_inverse(text, latitude_deg, longitude_deg):
    if "lat_0=90" in text or "lat_0=-90" in text:
        # Half a hemisphere: far from the pole the map grows without bound.
        latitude_deg = math.copysign(45.0 + abs(latitude_deg) / 2.0, 1.0 if "lat_0=90" in text else -1.0)
    elif "stere" in text:
        origin = pyproj.CRS(text).to_dict()
        latitude_deg = (origin["lat_0"] + latitude_deg) / 2.0
        longitude_deg = origin["lon_0"] + longitude_deg / 3.0
    # Where the map ends, x may have either sign.
    assume("lon_0=180" not in text or abs(longitude_deg) > 1e-6)
    projection = read_projection(crs(text), "test")
    vector = unit(latitude_deg, longitude_deg)
    x, y = project(projection, *vector)
    expected = pyproj.Proj(text)(longitude_deg, latitude_deg)
    np.testing.assert_allclose((x, y), expected, atol=1e-6)
    np.testing.assert_allclose(unit_vectors(projection, x, y), vector, atol=1e-12)


@pytest.mark.parametrize("place", [(-43.3, -11.4), (0.0, 180.0), (89.5, 33.0), (-12.0, 0.0)])
def test_a_local_projection_survives_its_coordinate_system(place):
    projection = local_projection(*place)
    wkt = crs_of(projection).to_wkt("WKT1_GDAL")
    np.testing.assert_allclose(read_projection(crs(wkt), "test"), projection, atol=1e-9)
    np.testing.assert_allclose(project(projection, *unit(*place)), 0.0, atol=1e-8)


def test_the_named_projections_are_those_of_the_iau_codes():
    assert polar_projection() == read_projection(crs("IAU_2015:30135"), "test")
    assert polar_projection("north") == read_projection(crs("IAU_2015:30130"), "test")
    assert equirectangular_projection() == read_projection(crs("IAU_2015:30110"), "test")


def test_degrees_are_an_equirectangular_map():
    projection = read_projection(crs("IAU_2015:30100"), "test")
    np.testing.assert_allclose(project(projection, *unit(-33.0, 71.0)), (71.0, -33.0), atol=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("EPSG:3031", "not on the Moon: its body's radius is 6378.137 km"),
        ("EPSG:4326", "not on the Moon"),
        ("IAU_2015:49935", "not on the Moon"),
        ("+proj=stere +lat_0=-90 +lat_ts=-90 +R=1737420", "counts from a radius of 1737.420 km"),
        ("+proj=longlat +R=1738000", "counts from a radius of 1738.000 km"),
        ("+proj=stere +lat_0=-90 +lat_ts=-90 +a=1737400 +b=1735970", "counts from a radius of 1735.970 km"),
        ("+proj=stere +lat_0=-90 +lat_ts=-90 +R=1737.4", "given as 1737.4 m; that is kilometres"),
        ("+proj=laea +lat_0=-85 +R=1737400", "not supported"),
        ("+proj=tmerc +R=1737400", "not supported"),
        ("+proj=stere +lat_0=-90 +lat_ts=-90 +R=1737400 +units=km", "not the metre"),
    ],
)
def test_other_bodies_and_projections_are_refused_with_the_reason(text, message):
    with pytest.raises(InputError, match=message) as caught:
        read_projection(crs(text), "file.tif")
    assert caught.value.where == "file.tif"
    assert caught.value.fix


def test_a_radius_within_ten_metres_is_the_moon():
    assert read_projection(crs("+proj=stere +lat_0=-90 +lat_ts=-90 +R=1737408"), "test") == polar_projection()


@pytest.mark.parametrize("nothing", [None, rasterio.crs.CRS()])
def test_no_coordinate_system_is_refused(nothing):
    with pytest.raises(InputError, match="no coordinate system"):
        read_projection(nothing, "test")
