"""Addresses against the USGS reference program (lgrs_usgs.csv, made by make_lgrs_usgs.py)."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.terrain.address import grid_address

with (Path(__file__).with_name("lgrs_usgs.csv")).open() as file:
    KNOWN = [(float(row["latitude_deg"]), float(row["longitude_deg"]), row) for row in csv.DictReader(file)]


@pytest.mark.parametrize(("latitude", "longitude", "row"), KNOWN)
def test_addresses_are_those_of_the_reference_program(latitude, longitude, row):
    found = grid_address(latitude, longitude)
    assert (found.lgrs, found.acc) == (row["lgrs"], row["acc"])
    assert found.acc == found.square + found.short


@given(latitude=st.floats(-90.0, 90.0), longitude=st.floats(-180.0, 179.9))
def test_every_place_has_one_address_in_either_convention(latitude, longitude):
    found = grid_address(latitude, longitude)
    numbers = found.lgrs[len(found.square) :]
    assert len(numbers) == 10
    assert int(numbers[:5]) < 25_000 > int(numbers[5:])
    assert len(found.short) == 6
    # Adding whole turns may move a place by a rounding of the angle, 1e-7 m.
    if longitude < 0.0:
        assert abs(int(grid_address(latitude, longitude + 360.0).lgrs[-10:-5]) - int(numbers[:5])) in (0, 1, 24_999)


def test_metres_within_a_square_are_metres():
    """Ten metres north along a meridian change the address by ten metres, but for the grid's scale of 0.994."""
    step_deg = np.degrees(1000.0 / 1_737_400.0)
    first, second = grid_address(-89.5, 45.0), grid_address(-89.5 + step_deg, 45.0)
    east = int(second.lgrs[3:8]) - int(first.lgrs[3:8])
    north = int(second.lgrs[8:]) - int(first.lgrs[8:])
    assert first.square == second.square
    assert np.hypot(east, north) == pytest.approx(994.0, abs=2.0)


@pytest.mark.parametrize("place", [(-90.1, 0.0), (0.0, 361.0), (0.0, -181.0), (float("nan"), 0.0)])
def test_what_is_no_place_is_refused(place):
    with pytest.raises(InputError, match="no place"):
        grid_address(*place)
