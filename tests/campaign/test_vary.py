"""Sweeps: which field is meant, which points are flown, and what is refused at the door."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lunabase.campaign.vary import latin_hypercube, sweep_of
from lunabase.errors import InputError
from lunabase.station.load import load_station

EXAMPLES = Path(__file__).parents[2] / "examples"
KWH_J = 3.6e6


@cache
def ilrs():
    return load_station(EXAMPLES / "ilrs.yaml", horizon=False)


def battery(station):
    return station.modules["power-station"].equipment["battery"]


def test_a_short_path_names_the_only_field_that_fits_it():
    sweep = sweep_of(ilrs(), ["modules.battery.capacity=20..80 kWh"])
    assert sweep.fields[0].name == "modules.power-station.equipment.battery.capacity"
    assert battery(sweep.station((43.5,))).capacity_j == pytest.approx(43.5 * KWH_J)
    assert battery(ilrs().station).capacity_j == 30 * KWH_J  # the file's own stays


def test_lists_make_a_grid_of_all_combinations():
    sweep = sweep_of(ilrs(), ["modules.battery.capacity=20, 40 kWh", "modules.fuel-cell.capacity=100,200,300 kWh"])
    assert sweep.grid_points == 6
    assert len(set(sweep.points(6, 0))) == 6
    assert sweep.points(12, 0)[6:] == sweep.points(6, 1)


def test_every_point_of_a_hypercube_makes_a_station():
    sweep = sweep_of(ilrs(), ["modules.battery.capacity=20..80 kWh", "modules.fuel-cell.initial_charge=0.2..0.9"])
    for capacity_kwh, charge in sweep.points(5, 0):
        station = sweep.station((capacity_kwh, charge))
        assert battery(station).capacity_j == pytest.approx(capacity_kwh * KWH_J)
        assert station.modules["power-station"].equipment["fuel-cell"].initial_charge == pytest.approx(charge)


@given(st.integers(1, 60), st.integers(1, 4), st.integers(0, 2**32))
def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_field(runs, fields, seed):
    parts = latin_hypercube(runs, fields, seed)
    slices = np.sort(np.floor(parts * runs).astype(int), axis=0)
    assert (slices == np.arange(runs)[:, None]).all()


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("modules.battery.capacity", "can't read"),
        ("modules.battery.capacty=20 kWh", "no field"),
        ("modules.battery.capacity=80..20 kWh", "lower value first"),
        ("modules.battery.capacity=20..80 kg", "does not measure energy"),
        ("modules.battery.capacity=20..80", "no unit"),
        ("modules.battery.capacity=-20..80 kWh", "must be above 0"),
        ("modules.battery.minimum_charge=5..100 %", "minimum_charge"),
        ("modules.capacity=1..2 kWh", "may be any of"),
        ("modules.power-station.name=1..2", "holds no number"),
        ("site.surface.latitude=-89..-88 deg", "surroundings"),
    ],
)
def test_what_cannot_be_varied_is_told_at_the_door(option, told):
    with pytest.raises(InputError, match=told):
        sweep_of(ilrs(), [option])


def test_one_field_cannot_be_varied_twice():
    with pytest.raises(InputError, match="twice"):
        sweep_of(ilrs(), ["modules.battery.capacity=20 kWh", "modules.power-station.battery.capacity=30 kWh"])
