"""The example stations and the starter: complete, within the published numbers, and physically able to live."""

from __future__ import annotations

import csv
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lunabase.sky import SurfaceSite, look
from lunabase.station.equipment import Battery, SolarArray, ThermalNode
from lunabase.station.load import load_station
from lunabase.station.model import Station
from lunabase.station.site import EarthStation
from lunabase.times import TimeGrid, utc_to_tdb

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
STARTER = ROOT / "src" / "lunabase" / "station" / "starter.yaml"
SIGMA = 5.670374419e-8
SYNODIC_MONTH_S = 29.530588853 * 86400.0

# Published and estimated values of payloads that stand on the surface: kg, W, kbit/s, and which are estimates.
# CNSA and partner announcements of Chang'e-6/7/8 payloads; planetary.org; NSSDC; arXiv 2407.07173; NASA Artemis III
# and CLPS pages.
CATALOGUE = {
    "operation-robot": (100, 50, 500, "pd"),
    "pakistan-rover": (35, 40, 140, "pd"),
    "micro-rovers": (20, 15, 50, "mpd"),
    "radio-array": (12, 20, 200, "mpd"),
    "laser-retroreflector": (1, 0, 0, "m"),
    "plasma-dust-analyser": (8, 12, 10, "mpd"),
    "particle-detector": (4, 6, 2, "mpd"),
    "neutron-analyser": (4, 6, 1, "mpd"),
    "surface-imager": (4, 10, 500, "mpd"),
    "potential-monitor": (3, 5, 2, "mpd"),
    "seismograph": (15, 8, 5, "mpd"),
    "environment-suite": (10, 15, 5, "mpd"),
    "topography-camera": (2, 8, 1000, "mpd"),
    "rover-raman": (6, 20, 20, "mpd"),
    "rover-radar": (5, 15, 100, "mpd"),
    "rover-magnetometer": (1.5, 3, 1, "mpd"),
    "rover-volatiles": (10, 40, 20, "mpd"),
    "hopper-water-analyser": (10, 40, 50, "mpd"),
    "wide-field-telescope": (3, 8, 300, "mpd"),
    "dust-field-sensor": (3, 6, 2, "mpd"),
    "dorn": (4.5, 12, 4, "pd"),
    "nils": (4, 10, 8, "mpd"),
    "lnd": (2, 5, 1, "mpd"),
    "asan": (0.6, 5, 2, "mpd"),
    "uv-telescope": (15, 30, 200, "mpd"),
    "night-radio-receiver": (120, 19, 5, "md"),
    "seismic-suite": (40, 10, 5, "pd"),
    "lems-a3": (30, 5, 15 * 3 * 24 / 1000, "mpd"),  # 15 samples/s, taken as three axes of 24 bit
    "leaf": (20, 40, 50, "mpd"),
    "dielectric-analyser": (3, 5, 1, "mpd"),
    "magnetotelluric-sounder": (6.4, 11, 5, "d"),
    "lister": (5, 15, 1, "mpd"),
    "prospect": (35, 70, 20, "mpd"),
    "sampling-arm": (5.5, 30, 5, "d"),
    "active-neutron": (6.7, 10, 1, "mpd"),
    "trident": (18, 100, 2, "mpd"),
    "regolith-printer": (40, 300, 20, "mpd"),
    "closed-ecosystem": (12, 25, 20, "mpd"),
}
_LETTERS = {"m": "mass", "p": "power", "d": "data_rate"}


@cache
def station(name: str) -> Station:
    path = STARTER if name == "starter" else ROOT / "examples" / f"{name}.yaml"
    return load_station(path).station


@pytest.fixture(scope="module")
def ilrs() -> Station:
    return station("ilrs")


@pytest.fixture(scope="module")
def lander() -> Station:
    return station("lander")


@pytest.mark.parametrize("name", ["ilrs", "lander", "starter"])
def test_file_has_no_error(name: str) -> None:
    assert station(name).lunabase == 1


@pytest.mark.parametrize("name", ["ilrs", "lander", "starter"])
def test_every_partner_and_every_payload_has_a_request(name: str) -> None:
    described = station(name)
    requests = list(described.requests())
    assert {experiment.partner for _, experiment, _ in requests} == set(described.partners)
    assert {request.payload for _, _, request in requests} == set(described.payloads)


@pytest.mark.parametrize("name", ["ilrs", "lander", "starter"])
def test_arrays_stand_where_the_horizon_is_known(name: str) -> None:
    arrays = [item for _, _, item in station(name).all_equipment() if isinstance(item, SolarArray)]
    assert arrays
    assert {array.height_m for array in arrays} <= {2.0, 10.0}


def test_ilrs_has_five_parts_two_phases_and_twelve_countries(ilrs: Station) -> None:
    parts = {module.part for module in ilrs.modules.values()}
    assert parts >= {"energy and communication", "research", "resources", "technology", "astronomy"}
    assert [phase.crew > 0 for phase in ilrs.phases.values()] == [False, True]
    assert len({partner.country for partner in ilrs.partners.values()}) >= 12
    assert sum(partner.share for partner in ilrs.partners.values()) == pytest.approx(1.0)


def test_ilrs_payloads_are_those_of_the_catalogue(ilrs: Station) -> None:
    assert set(ilrs.payloads) == set(CATALOGUE)
    for name, (mass_kg, power_w, rate_kbit_per_s, estimated) in CATALOGUE.items():
        payload = ilrs.payloads[name]
        values = (payload.mass_kg, payload.power["on"], payload.data_rate_bit_per_s)
        assert values == pytest.approx((mass_kg, power_w, 1000 * rate_kbit_per_s)), name
        marked = set(payload.estimates) & set(_LETTERS.values())
        assert marked == {_LETTERS[letter] for letter in estimated}, name
        assert payload.source, name


def test_ilrs_members_are_example_roles(ilrs: Station) -> None:
    members = [member for partner in ilrs.partners.values() for member in partner.members]
    assert members
    assert all(member.name.startswith("Example ") for member in members)


def test_change_8_partner_payloads_keep_the_rule_of_the_call(ilrs: Station) -> None:
    """CNSA call 2023: 200 kg and 200 W in all, 100 kg and 50 W each."""
    rule = ilrs.budgets.payload_rules["chang-e-8-partners"]
    payloads = [ilrs.payloads[name] for name in rule.payloads]
    limits = (rule.total_mass_kg, rule.each_mass_kg, rule.total_power_w, rule.each_power_w)
    assert limits == (200.0, 100.0, 200.0, 50.0)
    assert sum(payload.mass_kg for payload in payloads) <= 200.0
    assert sum(payload.power["on"] for payload in payloads) <= 200.0
    assert all(payload.mass_kg <= 100.0 and payload.power["on"] <= 50.0 for payload in payloads)


def test_ilrs_height_is_the_ground_of_the_elevation_model(ilrs: Station) -> None:
    path = DATA / "terrain" / "site01_10m.tif"
    if not path.exists():
        pytest.skip("the elevation model of the ridge is not here")
    import rasterio

    site = ilrs.site.surface
    assert site is not None
    rho_m = 2 * 1_737_400.0 * math.tan(math.radians(90.0 + site.latitude_deg) / 2)
    longitude_rad = math.radians(site.longitude_deg)
    with rasterio.open(path) as raster:
        height_m = next(raster.sample([(rho_m * math.sin(longitude_rad), rho_m * math.cos(longitude_rad))]))[0]
    assert site.height_m == pytest.approx(height_m, abs=1.0)


@pytest.mark.parametrize(
    ("name", "kernel_name"),
    [
        ("kunming", "KUNMING"),
        ("tianma", "TIANMA65"),
        ("badary", "BADARY"),
        ("hartebeesthoek", "HARTRAO"),
        ("goldstone", "DSS-24,"),
        ("canberra", "DSS-34,"),
        ("madrid", "DSS-54,"),
    ],
)
def test_earth_stations_stand_where_the_kernels_say(ilrs: Station, name: str, kernel_name: str) -> None:
    path = DATA / "stations" / "stations_from_kernels.csv"
    if not path.exists():
        pytest.skip("the table of ground stations is not here")
    with path.open(newline="") as text:
        row = next(row for row in csv.DictReader(text) if row["name"] == kernel_name)
    _assert_near(ilrs.earth_stations[name], row)


def _assert_near(found: EarthStation, row: dict[str, str]) -> None:
    assert found.latitude_deg == pytest.approx(float(row["lat_deg"]), abs=1e-4)
    assert found.longitude_deg == pytest.approx(float(row["lon_deg"]), abs=1e-4)
    assert found.altitude_m == pytest.approx(1000 * float(row["alt_km"]), abs=1.0)


@pytest.mark.parametrize("name", ["ilrs", "lander", "starter"])
def test_relay_takes_a_day_for_its_orbit(name: str) -> None:
    """200 x 16000 km: 24.3 h by Kepler's third law (GM 4902.800 km3/s2)."""
    for relay in station(name).relays.values():
        axis_km = 1737.4 + (relay.orbit.periapsis_altitude_m + relay.orbit.apoapsis_altitude_m) / 2000
        period_h = 2 * math.pi * math.sqrt(axis_km**3 / 4902.800) / 3600
        assert period_h == pytest.approx(24.3, abs=0.1)


# --- heat ---------------------------------------------------------------------------------------------------------


def _heat_w(described: Station, node_id: str, mode: str) -> float:
    """Loads of the modules on a node, its isotope heat, in a mode; payloads left out."""
    heat_w = 0.0
    for module in described.modules.values():
        if module.thermal_node == node_id:
            heat_w += module.load_w(mode)
        for item in module.equipment.values():
            if item.type == "radioisotope_source" and item.thermal_node == node_id:
                heat_w += item.heat_w
    return heat_w


def _nodes(described: Station) -> dict[str, ThermalNode]:
    return {name: item for _, name, item in described.all_equipment() if isinstance(item, ThermalNode)}


def _payload_w(described: Station, node_id: str) -> float:
    hosts = [name for name, module in described.modules.items() if module.thermal_node == node_id]
    limits = [described.modules[name].payload_power_limit_w or 0.0 for name in hosts]
    total = sum(payload.power["on"] for payload in described.payloads.values() if payload.host in hosts)
    return min(sum(limits), total) if limits else total


NODES = [(name, node_id) for name in ("ilrs", "starter") for node_id in _nodes(station(name))]


@pytest.mark.parametrize(("name", "node_id"), NODES)
def test_polar_node_stays_within_operating_limits_at_full_load(name: str, node_id: str) -> None:
    """Balance P = A eps sigma T^4 with the radiator open; sunlight at 2 deg on level ground and the Sun's mean flux."""
    described = station(name)
    node = _nodes(described)[node_id]
    heat_w = max(_heat_w(described, node_id, mode) for mode in ("nominal", "crewed")) + _payload_w(described, node_id)
    heat_w += node.radiator_absorptance * node.radiator_area_m2 * 1412.0 * math.sin(math.radians(2.1))
    hottest_k = (heat_w / (node.radiator_area_m2 * node.radiator_emissivity * SIGMA)) ** 0.25
    assert hottest_k < node.operating.maximum_k


@pytest.mark.parametrize(("name", "node_id"), NODES)
@pytest.mark.parametrize("mode", ["night", "dormant", "survival"])
def test_polar_node_stays_warm_over_the_coldest_ground(name: str, node_id: str, mode: str) -> None:
    """Balance P = G (T - T_ground) with the radiator closed over ground at 40 K; the heater may help."""
    described = station(name)
    node = _nodes(described)[node_id]
    assert node.radiator_closes_below_k > node.heater_setpoint_k > node.operating.minimum_k
    needed_w = node.ground_conductance_w_per_k * (node.heater_setpoint_k - 40.0)
    assert _heat_w(described, node_id, mode) + node.heater_w > 1.1 * needed_w


# --- the lander's night ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def night_s(lander: Station) -> tuple[float, float]:
    """Beginning and end of the lander's night, seconds after its start: the Sun's disc wholly below the horizon."""
    place = lander.site.surface
    assert place is not None
    site = SurfaceSite(place.latitude_deg, place.longitude_deg, place.height_m)
    start_tdb_s = float(utc_to_tdb(lander.station.start))
    sun = look("sun", site, TimeGrid(start_tdb_s, 300.0, int(SYNODIC_MONTH_S / 300.0)))
    below = (sun["elevation"] + sun["angular_radius"]).values < 0.0
    dark = np.flatnonzero(below)
    assert np.all(np.diff(dark) == 1)
    return 300.0 * dark[0], 300.0 * (dark[-1] + 1)


def test_lander_lives_a_month_that_holds_its_whole_night(night_s: tuple[float, float]) -> None:
    """Half a synodic month is 354.37 h; the disc and the Moon's unsteady pace change it by about an hour each."""
    begin_s, end_s = night_s
    assert begin_s > 5 * 86400.0
    assert end_s < SYNODIC_MONTH_S - 86400.0
    assert (end_s - begin_s) / 3600.0 == pytest.approx(354.37, abs=2.5)


def _night_energy_j(described: Station, night_s: float, mode: str, payloads_w: float) -> float:
    """Energy out of the store: the loads, or the heat that holds the heater's setpoint if that is more."""
    module = described.modules["lander"]
    node = _nodes(described)["warm-box"]
    battery = module.equipment["battery"]
    recorder = module.equipment["recorder"]
    assert isinstance(battery, Battery)
    load_w = module.load_w(mode) + payloads_w + (recorder.power_w if mode == "night" else 0.0)  # type: ignore[union-attr]
    mean_ground_k = 105.0
    """Mean of the Diviner night at the equator, 95 K before sunrise (Hayne et al. 2017)."""
    hold_w = node.ground_conductance_w_per_k * (node.heater_setpoint_k - mean_ground_k)
    return max(load_w, hold_w) * night_s / battery.discharge_efficiency


def test_lander_lives_through_the_night_with_a_margin(lander: Station, night_s: tuple[float, float]) -> None:
    battery = lander.modules["lander"].equipment["battery"]
    assert isinstance(battery, Battery)
    receiver_w = lander.payloads["night-receiver"].power["on"]
    needed_j = _night_energy_j(lander, night_s[1] - night_s[0], "night", receiver_w)
    margin = 1.0 - needed_j / battery.capacity_j
    assert 0.10 < margin < 0.25
    assert margin > lander.charge_floor
    assert margin > lander.load_shedding.start_below


def test_lander_stays_below_the_published_survival_power(lander: Station) -> None:
    """7 kWh carries at most 19.75 W through an equatorial night."""
    battery = lander.modules["lander"].equipment["battery"]
    assert isinstance(battery, Battery)
    assert battery.capacity_j / 3600.0 == pytest.approx(7000.0)
    assert lander.modules["lander"].load_w("night") + lander.payloads["night-receiver"].power["on"] < 19.75


def test_lander_dies_with_half_its_battery(lander: Station, night_s: tuple[float, float]) -> None:
    """Even asleep from sunset on, and with all heat of the warm box down to its survival limit, half is not enough."""
    battery = lander.modules["lander"].equipment["battery"]
    node = _nodes(lander)["warm-box"]
    assert isinstance(battery, Battery)
    needed_j = _night_energy_j(lander, night_s[1] - night_s[0], "survival", 0.0)
    warmth_j = node.heat_capacity_j_per_k * (node.initial_temperature_k - node.survival.minimum_k)
    assert needed_j - warmth_j > battery.capacity_j / 2
