"""What the surroundings do to the station in every step, as arrays: made from the environment.

An input holds for its whole step, with its value at the step's start.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from lunabase.environment.arrays import available_array_power_w
from lunabase.errors import InputError
from lunabase.station.model import Station
from lunabase.times import TimeGrid, UtcArray
from lunabase.twin.links import link_rates_bit_per_s
from lunabase.twin.parameters import BoolArray, FloatArray, IntArray, Rows

STEP = np.dtype(
    [
        ("ground_k", "f8"),  # surface temperature
        ("flux_w_m2", "f8"),  # sunlight on a surface that faces the Sun, 2 m above the ground
        ("sun_sin", "f8"),  # sine of the Sun's elevation
        ("sun_cos", "f8"),
        ("sun_east", "f8"),  # direction to the Sun in the horizontal plane: unit vector's parts
        ("sun_north", "f8"),
        ("direct", "i8"),  # 1: an Earth station can hear the station
        ("relay_bit_per_s", "f8"),  # rate to Earth of the fastest relay in contact; 0 without contact
    ]
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The surroundings, step by step."""

    step_s: float
    rows: Rows
    """Shape (steps,), dtype STEP."""
    array_w: FloatArray
    """Power that the arrays of a module could give, shape (steps, modules with arrays)."""
    array_module: IntArray
    """Module of each column of ``array_w``."""
    link_bit_per_s: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 2)))
    """Rates of the radios with a link budget, to Earth and by relay, shape (steps, budgets, 2)."""
    start_s: float = 0.0
    """Time of the first row since the start of the run; not 0 where a run is lived in pieces."""


def inputs_of(station: Station, present: tuple[str, ...], environment: xr.Dataset, times: TimeGrid) -> Inputs:
    """Inputs at the epochs of ``times``: quantities interpolated linearly, contacts taken from the last known epoch.

    Raises InputError when the environment doesn't cover the times.
    """
    at = _Sampler(environment, times.utc)
    elevation_rad = np.radians(at.value("sun_elevation"))
    arrays = [list(available_array_power_w(station, (name,), environment).values()) for name in present]
    carriers = [place for place, power_w in enumerate(arrays) if power_w]
    array_w = np.zeros((times.count, len(carriers)))
    for column, place in enumerate(carriers):
        array_w[:, column] = at.series(np.sum(arrays[place], axis=0))
    rows = np.zeros(times.count, STEP)
    if station.site.surface is not None:  # in orbit there is no ground and no heat path to it
        rows["ground_k"] = at.value("surface_temperature")
    rows["flux_w_m2"] = at.value("solar_flux")
    rows["sun_sin"], rows["sun_cos"] = np.sin(elevation_rad), np.cos(elevation_rad)
    azimuth_rad = np.radians(environment["sun_azimuth"].values.astype(np.float64))
    rows["sun_east"] = rows["sun_cos"] * at.series(np.sin(azimuth_rad))
    rows["sun_north"] = rows["sun_cos"] * at.series(np.cos(azimuth_rad))
    rows["direct"] = at.any_flag("contact")
    rows["relay_bit_per_s"] = _relay_rate(station, environment, at)
    links = at.held(link_rates_bit_per_s(station, present, environment))
    return Inputs(times.step_s, rows, array_w, np.array(carriers, dtype=np.int64), links)


def _relay_rate(station: Station, environment: xr.Dataset, at: _Sampler) -> FloatArray:
    rate = np.zeros(at.count)
    if "relay_contact" in environment:
        for relay in environment["relay"].values:
            in_contact = at.any_flag("relay_contact", relay=relay)
            rate = np.maximum(rate, in_contact * station.relays[str(relay)].rate_to_earth_bit_per_s)
    return rate


class _Sampler:
    """Reads the series of an environment at other times."""

    def __init__(self, environment: xr.Dataset, utc: UtcArray) -> None:
        known_s, wanted_s = _seconds(environment["time"].values, utc)
        step_s = known_s[-1] - known_s[-2] if known_s.size > 1 else 0.0
        if wanted_s[0] < known_s[0] or wanted_s[-1] >= known_s[-1] + max(step_s, 1e-3):
            raise InputError(
                f"the environment covers {environment['time'].values[0]} to {environment['time'].values[-1]}, "
                f"but the run goes from {utc[0]} to {utc[-1]}.",
                where="environment",
                fix="Compute the environment for the whole run.",
            )
        self.environment = environment
        self.count = utc.size
        self._known_s, self._wanted_s = known_s, wanted_s
        self._last = np.searchsorted(known_s, wanted_s, side="right") - 1

    def series(self, values: FloatArray) -> FloatArray:
        return np.asarray(np.interp(self._wanted_s, self._known_s, values))

    def value(self, name: str) -> FloatArray:
        return self.series(self.environment[name].values.astype(np.float64))

    def flag(self, values: BoolArray) -> BoolArray:
        return np.asarray(values.astype(np.bool_)[self._last])

    def held(self, values: FloatArray) -> FloatArray:
        """Values by epoch, those of the last known epoch."""
        return np.ascontiguousarray(values[self._last])

    def any_flag(self, name: str, **selected: str) -> BoolArray:
        """True where the flag is in any of its rows; False throughout without rows."""
        if name not in self.environment:
            return np.zeros(self.count, dtype=np.bool_)
        rows = self.environment[name].sel(selected).transpose(..., "time").values
        return self.flag(np.any(np.atleast_2d(rows), axis=0))


def _seconds(known: UtcArray, wanted: UtcArray) -> tuple[FloatArray, FloatArray]:
    origin = np.datetime64("2000-01-01T00:00:00", "ns")  # a fixed one: no rounding depends on where a piece begins
    first, second = ((utc - origin).astype(np.int64) * 1e-9 for utc in (known, wanted))
    return np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
