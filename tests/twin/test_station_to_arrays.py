"""From the station file and the environment to the twin's arrays."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from ruamel.yaml import YAML

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4
from lunabase.errors import InputError
from lunabase.station.equipment import ThermalNode
from lunabase.station.load import load_station
from lunabase.station.model import Station
from lunabase.times import TimeGrid
from lunabase.twin.inputs import inputs_of
from lunabase.twin.parameters import names_of, parameters_of
from lunabase.twin.state import initial_state

EXAMPLES = Path(__file__).parents[2] / "examples"
START = datetime(2030, 1, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def lander():
    return load_station(EXAMPLES / "lander.yaml").station


def sky(station, count=4, step_s=600.0, **changes):
    """An environment by hand; `contact` for one Earth station and `relay_contact` for one relay."""
    times = TimeGrid.from_utc("2030-01-16", count, step_s)
    lit = np.full(count, 1361.0)
    series = {
        "sun_azimuth": np.full(count, 90.0),
        "sun_elevation": np.linspace(0.0, 30.0, count),
        "solar_flux": lit,
        "surface_temperature": np.linspace(100.0, 400.0, count),
    } | changes
    variables = {name: ("time", values) for name, values in series.items()}
    variables["solar_flux_by_height"] = (("height", "time"), lit[None, :])
    variables["contact"] = (("earth_station", "time"), np.arange(count)[None, :] % 2 == 1)
    links = (np.arange(count) == 2)[None, None, :]
    variables["relay_contact"] = (("relay", "earth_station", "time"), links)
    names = {"relay": list(station.relays)[:1], "earth_station": list(station.earth_stations)[:1]}
    return xr.Dataset(variables, {"time": times.utc, "tdb": ("time", times.tdb_s), "height": [2.0], **names})


def test_numbers_of_the_lander_arrive(lander):
    parameters = parameters_of(lander, ("lander",), START)
    names = names_of(lander, ("lander",))
    (node,) = parameters.nodes
    equipment = lander.modules["lander"].equipment
    box, battery = equipment["warm-box"], equipment["battery"]
    assert node["capacity_j_per_k"] == box.heat_capacity_j_per_k
    assert node["emission_w_per_k4"] == box.radiator_emissivity * box.radiator_area_m2 * STEFAN_BOLTZMANN_W_M2_K4
    assert node["essential"] == 1
    assert parameters.stores["floor_j"][0] == battery.minimum_charge * battery.capacity_j
    assert parameters.stores["node"][0] == 0
    night = names.modes.index("night")
    assert parameters.module_w[night, 0] == lander.modules["lander"].load_w("night")
    receiver = names.payloads.index("night-receiver")
    on = names.settings[receiver].index("on")
    assert parameters.payload_w[receiver, on] == lander.payloads["night-receiver"].power["on"]
    assert parameters.payload_w[receiver, 0] == 0.0


def test_state_on_the_first_day(lander):
    state = initial_state(lander, ("lander",), 3)
    battery = lander.modules["lander"].equipment["battery"]
    assert state.store_j[0] == battery.initial_charge * battery.capacity_j
    assert state.watch_steps.size == 3


def test_every_coupling_is_one_link_between_its_nodes():
    station = load_station(EXAMPLES / "ilrs.yaml").station
    _, phase = station.phase_at(station.station.start)
    names = names_of(station, phase.present)
    links = parameters_of(station, phase.present, station.station.start).network.links
    told = {(names.nodes[link["a"]], names.nodes[link["b"]]): link["w_per_k"] for link in links}
    written = {
        (name, other): conductance
        for name, node in station.equipment(ThermalNode, phase.present).items()
        for other, conductance in node.couplings.items()
        if other in names.nodes
    }
    assert told == written
    assert written


def test_environment_is_interpolated_and_contacts_are_held(lander):
    inputs = inputs_of(lander, ("lander",), sky(lander), TimeGrid.from_utc("2030-01-16", 40, 60.0))
    rows = inputs.rows
    assert rows["ground_k"][5] == pytest.approx(150.0)
    assert rows["ground_k"][10] == pytest.approx(200.0)
    assert rows["sun_sin"][15] == pytest.approx(math.sin(math.radians(15.0)))
    assert rows["direct"].reshape(4, 10).tolist() == [[0] * 10, [1] * 10, [0] * 10, [1] * 10]
    rate = next(iter(lander.relays.values())).rate_to_earth_bit_per_s
    assert rows["relay_bit_per_s"].reshape(4, 10).tolist() == [[0.0] * 10, [0.0] * 10, [rate] * 10, [0.0] * 10]


def test_same_grid_takes_the_values_as_they_are(lander):
    environment = sky(lander)
    rows = inputs_of(lander, ("lander",), environment, TimeGrid.from_utc("2030-01-16", 4, 600.0)).rows
    assert np.array_equal(rows["ground_k"], environment["surface_temperature"].values)
    assert np.array_equal(rows["flux_w_m2"], environment["solar_flux"].values)


@pytest.mark.parametrize(("start", "count"), [("2030-01-15T23:59", 10), ("2030-01-16", 41)])
def test_uncovered_times_are_refused(lander, start, count):
    with pytest.raises(InputError, match="environment covers"):
        inputs_of(lander, ("lander",), sky(lander), TimeGrid.from_utc(start, count, 60.0))


def test_isotope_sources_age_from_their_fuelling(lander):
    text = (EXAMPLES / "lander.yaml").read_text()
    unit = "{type: radioisotope_source, mass: 1 kg, power: 0 W, heat: 8 W, half_life: 87.7 year, "
    unit += "fuelled: 2028-01-16, thermal_node: warm-box}"
    text = text.replace("    equipment:\n", f"    equipment:\n      warmer: {unit}\n", 1)
    station = Station.model_validate(YAML(typ="safe", pure=True).load(text))
    (source,) = parameters_of(station, ("lander",), START).sources
    assert source["age_s"] == 2 * 365.0 * 86400.0 + 86400.0  # 2028 is a leap year
    assert source["decay_per_s"] == pytest.approx(math.log(2.0) / (87.7 * 365.25 * 86400.0), rel=1e-3)
    assert source["node"] == 0
