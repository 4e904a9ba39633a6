"""Solar arrays against closed forms."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from lunabase.environment.arrays import (
    array_power_w,
    available_array_power_w,
    cell_temperature_k,
    efficiency,
    incidence_cosine,
)
from lunabase.errors import InputError
from lunabase.station.equipment import SolarArray
from lunabase.station.load import load_station
from lunabase.times import utc_to_tdb

EXAMPLES = Path(__file__).parents[2] / "examples"


def make_array(**changes):
    values = {
        "type": "solar_array", "mass": "10 kg", "area": "2 m^2", "efficiency": 0.3, "reference_temperature": "301.15 K",
        "temperature_coefficient": "-0.2 %/K", "absorptance": 0.9, "emittance": 0.85, "tracking": "two_axes",
        "height": "2 m", "dust_loss": "10 %",
    }  # fmt: skip
    return SolarArray.model_validate(values | changes)


def light(flux, azimuth=0.0, elevation=0.0):
    time = np.array(["2035-01-01"], dtype="datetime64[ns]")
    data = {
        "sun_azimuth": ("time", [azimuth]),
        "sun_elevation": ("time", [elevation]),
        "solar_flux_by_height": (("height", "time"), [[flux]]),
    }
    return xr.Dataset(data, coords={"time": time, "tdb": ("time", [0.0]), "height": [2.0]})


def test_incidence_of_each_tracking():
    east, high = np.array([90.0]), np.array([30.0])
    assert incidence_cosine(make_array(), east, high)[0] == 1.0
    assert incidence_cosine(make_array(tracking="vertical_axis"), east, high)[0] == pytest.approx(np.sqrt(3) / 2)
    flat = make_array(tracking="none")
    assert incidence_cosine(flat, east, high)[0] == pytest.approx(0.5)
    facing_west = make_array(tracking="none", tilt="90 deg", azimuth="270 deg")
    assert incidence_cosine(facing_west, east, high)[0] == 0.0


def test_panel_without_conversion_reaches_the_black_body_temperature():
    # A thin black plate facing the Sun at 1 AU: (1361 / (2 sigma))^(1/4) = 331.0 K.
    plate = make_array(efficiency=1e-9, absorptance=1.0, emittance=1.0)
    assert cell_temperature_k(plate, np.array([1361.0]))[0] == pytest.approx(331.0, abs=0.05)


def test_efficiency_falls_with_temperature_and_never_below_zero():
    array = make_array()
    assert efficiency(array, np.array([301.15]))[0] == pytest.approx(0.3)
    assert efficiency(array, np.array([351.15]))[0] == pytest.approx(0.3 * 0.9)
    assert efficiency(array, np.array([2000.0]))[0] == 0.0


def test_power_is_area_light_efficiency_and_dust():
    array = make_array(temperature_coefficient="0 1/K")
    assert array_power_w(array, light(1000.0), 0.0)[0] == pytest.approx(2.0 * 1000.0 * 0.3 * 0.9)


def test_dust_grows_with_age():
    year = 365.25 * 86400.0
    array = make_array(temperature_coefficient="0 1/K", dust_loss_rate="5 %/year")
    fresh, old = array_power_w(array, light(1000.0), 0.0)[0], array_power_w(array, light(1000.0), -2 * year)[0]
    assert old / fresh == pytest.approx((1 - 0.2) / (1 - 0.1))


def test_unknown_height_names_the_known_ones():
    with pytest.raises(InputError, match="known at 2 m"):
        array_power_w(make_array(height="7 m"), light(1000.0), 0.0)


def test_each_landing_adds_dust():
    """Of three landings two are over at the epoch of the light."""
    array = make_array(temperature_coefficient="0 1/K", dust_loss_per_landing="3 %")
    got = array_power_w(array, light(1000.0), -1e6, landings_tdb_s=[-5e5, -100.0, 100.0])[0]
    assert got == pytest.approx(2.0 * 1000.0 * 0.3 * (1.0 - 0.1 - 2 * 0.03))


def test_later_phases_land_beside_arrays_that_stand():
    station = load_station(EXAMPLES / "ilrs.yaml").station
    dusty = station.modules["power-station"]
    panel = dusty.equipment["array-east"].model_copy(update={"dust_loss_per_landing": 0.1, "dust_loss_rate_per_s": 0.0})
    module = dusty.model_copy(update={"equipment": {"array-east": panel}})
    one = station.model_copy(update={"modules": {"power-station": module}})
    starts = sorted(phase.start for phase in station.phases.values() if phase.start > station.station.start)
    assert starts
    epochs = [moment.replace(tzinfo=None) for moment in (station.station.start, starts[-1])]
    when = np.array(epochs).astype("datetime64[ns]") + np.timedelta64(1, "D")
    sky = xr.Dataset(
        {name: ("time", [0.0, 0.0]) for name in ("sun_azimuth", "sun_elevation")}
        | {"solar_flux_by_height": (("height", "time"), [[1000.0, 1000.0]])},
        coords={"time": when, "tdb": ("time", utc_to_tdb(when)), "height": [panel.height_m]},
    )
    first, last = available_array_power_w(one, ("power-station",), sky)["array-east"]
    assert last / first == pytest.approx((0.98 - 0.1 * len(starts)) / 0.98)
