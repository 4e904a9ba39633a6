"""The data rates of radios with a link budget, step by step, from ranges and elevations of the environment."""

from __future__ import annotations

import numpy as np
import xarray as xr

from lunabase.errors import InputError
from lunabase.station.equipment import Radio
from lunabase.station.links import Receiver, Transmitter
from lunabase.station.model import Station
from lunabase.times import FloatArray
from lunabase.twin.link_budget import data_rate_bit_per_s

EARTH_RADIUS_M = 6.371e6
"""Mean radius; a station's own distance from the Earth's centre changes a rate by less than 0.1 %."""


def budgeted(station: Station, present: tuple[str, ...]) -> tuple[str, ...]:
    """The present radios that have a link budget, in the order of the columns of the rates."""
    radios = station.equipment(Radio, present)
    return tuple(name for name, radio in radios.items() if radio.transmitter is not None)


def link_rates_bit_per_s(station: Station, present: tuple[str, ...], environment: xr.Dataset) -> FloatArray:
    """Rates to Earth and, through a relay, to Earth; 0 without contact; shape (epochs, budgeted radios, 2), bit/s.

    Where the other end has no receiver of its own the stated rate holds. Raises InputError when the environment lacks
    ranges or elevations.
    """
    radios = station.equipment(Radio, present)
    names = budgeted(station, present)
    rates = np.zeros((environment.sizes["time"], len(names), 2))
    for column, name in enumerate(names):
        rates[:, column, 0] = _to_earth(station, radios[name], environment)
        rates[:, column, 1] = _to_relays(station, radios[name], environment)
    return rates


def _to_earth(station: Station, radio: Radio, environment: xr.Dataset) -> FloatArray:
    best = np.zeros(environment.sizes["time"])
    if radio.rate_to_earth_bit_per_s == 0.0 or "contact" not in environment:
        return best
    for name in environment["earth_station"].values:
        contact = _series(environment, "contact", earth_station=name)
        receiver = station.earth_stations[str(name)].receiver
        if receiver is None:
            rate: FloatArray | float = radio.rate_to_earth_bit_per_s
        else:
            elevation_deg = _series(environment, "contact_elevation", earth_station=name)
            rate = _rate(radio, receiver, station_range_m(_series(environment, "earth_range"), elevation_deg),
                         elevation_deg)  # fmt: skip
        best = np.maximum(best, contact * rate)
    return best


def _to_relays(station: Station, radio: Radio, environment: xr.Dataset) -> FloatArray:
    best = np.zeros(environment.sizes["time"])
    if radio.rate_to_relay_bit_per_s == 0.0 or "relay_contact" not in environment:
        return best
    for name in environment["relay"].values:
        relay = station.relays[str(name)]
        contact = environment["relay_contact"].sel(relay=name).transpose("earth_station", "time").values.any(axis=0)
        rate: FloatArray | float = radio.rate_to_relay_bit_per_s
        if relay.receiver is not None:
            rate = _rate(radio, relay.receiver, _series(environment, "relay_range", relay=name), 90.0)
        best = np.maximum(best, contact * np.minimum(rate, relay.rate_to_earth_bit_per_s))
    return best


def station_range_m(earth_range_m: FloatArray, elevation_deg: FloatArray) -> FloatArray:
    """Distance to a ground station above whose horizon something stands, from that to the Earth's centre."""
    elevation_rad = np.radians(elevation_deg)
    across_m = EARTH_RADIUS_M * np.cos(elevation_rad)
    return np.asarray(np.sqrt(earth_range_m**2 - across_m**2) - EARTH_RADIUS_M * np.sin(elevation_rad))


def _rate(radio: Radio, receiver: Receiver, range_m: FloatArray, elevation_deg: FloatArray | float) -> FloatArray:
    transmitter: Transmitter | None = radio.transmitter
    assert transmitter is not None  # only such radios are asked for
    return data_rate_bit_per_s(transmitter, receiver, np.maximum(range_m, 1.0), elevation_deg)


def _series(environment: xr.Dataset, name: str, **selected: str) -> FloatArray:
    if name not in environment:
        raise InputError(
            f"the environment lacks `{name}`, which the link budgets need.",
            where="environment",
            fix="Compute the environment anew.",
        )
    return np.asarray(environment[name].sel(selected).values, dtype=np.float64)
