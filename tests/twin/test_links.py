"""Rates of a station's own radios over its own sky."""

import numpy as np
import pytest
import xarray as xr
from ruamel.yaml import YAML
from wear_station import STATION

from lunabase.environment.view import Epochs, stand, track_stations
from lunabase.errors import InputError
from lunabase.sky import GroundStation, SurfaceSite, look_arrays, open_kernels
from lunabase.station.model import Station
from lunabase.times import TimeGrid
from lunabase.twin.links import link_rates_bit_per_s, station_range_m

RADIO = {
    "type": "radio", "mass": "9 kg", "rate_to_earth": "1 Mbit/s", "rate_to_relay": "0.6 Mbit/s", "power": "60 W",
    "transmitter": {"frequency": "8.45 GHz", "rf_power": "10 W", "diameter": "0.3 m", "maximum_rate": "1000 Gbit/s"},
}  # fmt: skip
ORBIT = {
    "periapsis_altitude": "200 km", "apoapsis_altitude": "16000 km", "inclination": "60 deg", "raan": "0 deg",
    "argument_of_periapsis": "90 deg", "mean_anomaly": "0 deg", "epoch": "2035-01-01",
}  # fmt: skip
GROUND = {
    "name": "Ground", "latitude": "40 deg", "longitude": "0 deg", "altitude": "0 m", "minimum_elevation": "10 deg",
    "receiver": {"g_over_t": "50 dB", "zenith_loss": "0.1 dB"},
}  # fmt: skip


def talking(ground=GROUND, relay_receiver=None):
    data = YAML(typ="safe", pure=True).load(STATION)
    data["modules"]["base"]["equipment"]["radio"] = RADIO
    data["earth_stations"] = {"ground": ground}
    data["relays"] = {"relay": {"name": "Relay", "orbit": ORBIT, "rate_to_earth": "5 Mbit/s"}}
    if relay_receiver:
        data["relays"]["relay"]["receiver"] = relay_receiver
    return Station.model_validate(data)


def sky(contact=(1, 1, 0), elevation=(20.0, 60.0, 60.0), relay_contact=(1, 1, 1), relay_range=(8e6, 16e6, 16e6)):
    return xr.Dataset(
        {
            "contact": (("earth_station", "time"), np.array([contact], dtype=bool)),
            "contact_elevation": (("earth_station", "time"), np.array([elevation])),
            "earth_range": ("time", np.full(3, 384_400e3)),
            "relay_contact": (("relay", "earth_station", "time"), np.array([[relay_contact]], dtype=bool)),
            "relay_range": (("relay", "time"), np.array([relay_range])),
        },
        coords={"earth_station": ["ground"], "relay": ["relay"], "time": np.arange(3)},
    )


def test_rates_follow_contact_range_and_elevation():
    rates = link_rates_bit_per_s(talking(), ("base",), sky())
    assert rates.shape == (3, 1, 2)
    low, high, none = rates[:, 0, 0]
    # 6371 km * (sin 60 - sin 20) nearer, and 0.1 dB / sin of less atmosphere.
    nearer_m = 6.371e6 * (np.sin(np.radians(60)) - np.sin(np.radians(20)))
    gained_db = 20 * np.log10(1 + nearer_m / 380e6) + 0.1 * (1 / np.sin(np.radians(20)) - 1 / np.sin(np.radians(60)))
    assert 10 * np.log10(high / low) == pytest.approx(gained_db, abs=0.005)
    assert none == 0.0


def test_without_a_receiver_the_stated_rate_holds_and_the_relay_s_own_link_limits():
    ground = {name: value for name, value in GROUND.items() if name != "receiver"}
    rates = link_rates_bit_per_s(talking(ground), ("base",), sky())
    np.testing.assert_allclose(rates[:, 0, 0], [1e6, 1e6, 0.0])
    np.testing.assert_allclose(rates[:, 0, 1], 6e5)
    wide = link_rates_bit_per_s(talking(relay_receiver={"g_over_t": "10 dB"}), ("base",), sky())
    np.testing.assert_allclose(wide[:, 0, 1], 5e6)
    weak = link_rates_bit_per_s(talking(relay_receiver={"g_over_t": "-25 dB"}), ("base",), sky())
    assert weak[0, 0, 1] == pytest.approx(4 * weak[1, 0, 1])


def test_an_old_environment_is_refused():
    with pytest.raises(InputError, match="contact_elevation"):
        link_rates_bit_per_s(talking(), ("base",), sky().drop_vars("contact_elevation"))


def test_range_to_a_ground_station_is_that_of_the_sky():
    """Against positions from the ephemeris, for a place at the south pole of the Moon: better than 0.1 %."""
    site = SurfaceSite(-89.4, 10.0, 0.0)
    grid = TimeGrid.from_utc("2035-01-03", 24, 3600.0)
    earth = look_arrays("earth", site, grid.tdb_s)
    station = look_arrays(GroundStation("ground", 40.0, 0.0, 0.0, 10.0), site, grid.tdb_s)
    epochs, kernels = Epochs(grid.tdb_s, 3600.0), open_kernels()
    (track,) = track_stations((GroundStation("ground", 40.0, 0.0, 0.0, 10.0),), epochs, kernels)
    elevation_deg = track.elevation_deg(stand(site, epochs, kernels).position_km)
    np.testing.assert_allclose(station_range_m(earth.range_m, elevation_deg), station.range_m, rtol=1e-3)
