"""What the coming weeks bring by themselves, hour by hour: energy to spend, room for heat and loads, room for data.

The forecast is the planner's, made from the station file and the on-board ephemeris; what the stores and the recorder
hold is measured. How much an activity may spend is what still leaves enough for the dark to come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import NDArray

from lunabase.planning.balance import (
    CAPACITY_J,
    CHARGE_EFFICIENCY,
    CHARGE_W,
    DISCHARGE_EFFICIENCY,
    DISCHARGE_W,
    DOWNLINK,
    FLOOR_J,
    Forecast,
    Track,
    follow,
    no_extra,
)
from lunabase.planning.forecast import forecast
from lunabase.planning.heat_room import idle_heat_w
from lunabase.planning.horizon import horizon_of
from lunabase.station.model import Station
from lunabase.station.rules import MaximumPower
from lunabase.station.site import Phase

FloatArray = NDArray[np.float64]
STEP_S = 3600.0
LOOK_S = 12.0 * 86_400.0
"""How far ahead the stores are followed: beyond the longest dark spell of a polar winter and its refill."""
CHARGE_MARGIN = 0.02
"""The stores are kept this part of their capacity above flight rules and shedding."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The station without activities; arrays by step of ``step_s`` from ``start_s`` on, (steps,) unless stated."""

    start_s: float
    """Since the flight's start."""
    step_s: float
    surplus_w: FloatArray
    """What sources and arrays give beyond modules, standby, heaters and radio."""
    link_bit_per_s: FloatArray
    stores: FloatArray
    """(stores, 7), columns as in `planning.balance`, in the order of use."""
    floor_j: float
    """What the stores together shall keep."""
    recorder_bit: float
    peak_room_w: FloatArray
    """Below the lowest maximum-power rule, with heaters, radio and all standby on."""
    node_room_w: FloatArray
    """(nodes, steps) heat beyond standby that can leave each thermal node."""
    forecast: Forecast
    idle: Track

    @property
    def capacity_j(self) -> float:
        """Of all stores together."""
        return float(self.stores[:, CAPACITY_J].sum())

    def step_of(self, time_s: float) -> int:
        """The step in which a time lies, at most the last."""
        return min(max(int((time_s - self.start_s) // self.step_s), 0), self.surplus_w.size - 1)

    def steps_between(self, start_s: float, stop_s: float) -> slice:
        """The steps that a time touches."""
        first = self.step_of(start_s)
        return slice(first, max(min(int(-((stop_s - self.start_s) // -self.step_s)), self.surplus_w.size), first + 1))


def outlook_of(station: Station, phase: Phase, environment: xr.Dataset, start_s: float) -> Outlook:
    """The outlook over an environment whose first epoch is ``start_s`` after the flight's start."""
    epochs = environment["time"].values[:2].astype("datetime64[ns]").astype(np.int64)
    stride = 1 if _light_stops_work(station) else max(round(STEP_S / (float(epochs[1] - epochs[0]) * 1e-9)), 1)
    hourly = environment.isel(time=slice(None, None, stride))
    if hourly.sizes["time"] < 2:
        hourly = environment
    horizon = horizon_of(hourly, station)
    expected = forecast(station, phase, hourly, horizon)
    idle = follow(expected, no_extra(expected))
    radio_w = expected.radio_w * expected.mode_table[idle.mode, DOWNLINK]
    link = expected.downlink_bit_per_s * expected.mode_table[idle.mode, DOWNLINK]
    keep = min(_charge_to_keep(station) + CHARGE_MARGIN, 1.0)
    room_w = np.maximum(expected.heat_limit_w - idle_heat_w(expected, idle.mode), 0.0)
    return Outlook(
        start_s=start_s,
        step_s=horizon.step_s,
        surplus_w=np.ascontiguousarray(expected.array_w + expected.source_w - idle.load_w - radio_w),
        link_bit_per_s=np.ascontiguousarray(link),
        stores=np.ascontiguousarray(expected.stores),
        floor_j=keep * float(expected.stores[:, CAPACITY_J].sum()),
        recorder_bit=expected.recorder_bit,
        peak_room_w=_lower_of_neighbours(_peak_room_w(station, expected, idle)),
        node_room_w=np.stack([_lower_of_neighbours(column) for column in room_w.T])
        if room_w.shape[1]
        else np.zeros((0, horizon.steps)),
        forecast=expected,
        idle=idle,
    )


def _light_stops_work(station: Station) -> bool:
    """Whether work ends with the light, by a mode that what the arrays give brings on: then every epoch counts."""
    restful = (spec for spec in station.modes.values() if spec.activities != "all")
    return any(condition.reading in ("array_power", "generation") for spec in restful for condition in spec.enter)


def _charge_to_keep(station: Station) -> float:
    """State of charge below which a rule is broken, a load is shed, or a mode stops work."""
    restful = (spec for spec in station.modes.values() if spec.activities != "all")
    stops = [item.limit for spec in restful for item in spec.enter if item.reading == "state_of_charge" and item.below]
    return max(station.charge_floor, station.load_shedding.start_below, *stops)


def _peak_room_w(station: Station, expected: Forecast, idle: Track) -> FloatArray:
    rules = [rule.maximum_w for rule in station.flight_rules.values() if isinstance(rule, MaximumPower)]
    if not rules:
        return np.full(expected.array_w.size, np.inf)
    need_w = expected.node_loss_w - expected.node_heat_w[idle.mode]
    heaters_w = np.where(need_w > 0.0, expected.heater_w, 0.0).sum(axis=1)
    others_w = expected.standby_w + expected.recorder_w + heaters_w + expected.radio_w + expected.reserved_peak_w
    return np.asarray(min(rules) - expected.load_w.max() - others_w)


def _lower_of_neighbours(values: FloatArray) -> FloatArray:
    """The lowest of each value, the one before and the one after it: a step may begin in between."""
    padded = np.concatenate((values[:1], values, values[-1:]))
    return np.minimum(np.minimum(padded[:-2], padded[1:-1]), padded[2:])


def split_j(stores: FloatArray, before_j: FloatArray, total_j: float) -> FloatArray:
    """What each store holds, (stores,), now that all hold ``total_j``: they fill and empty in their order.

    ``before_j`` is the last such estimate; it is right again whenever the stores are full or empty.
    """
    held_j = before_j.copy()
    change_j = total_j - float(held_j.sum())
    for store in range(held_j.size):
        low_j, high_j = stores[store, FLOOR_J], stores[store, CAPACITY_J]
        moved_j = min(max(held_j[store] + change_j, low_j), high_j) - held_j[store]
        held_j[store] += moved_j
        change_j -= moved_j
    return held_j


@njit(cache=True)
def foresee(  # type: ignore[no-untyped-def]
    stores, stored_j, surplus_w, extra_w, link_bit_per_s, extra_bit_per_s, fill_bit, step_s, now_s, first, last,
    more_w, more_bit_per_s, more_until,
):  # fmt: skip
    """Least energy in the stores and most data in the recorder, steps ``first`` to ``last``, ``now_s`` into the first.

    With the activities that run (``extra_w``, ``extra_bit_per_s``, (steps,)) and one more until step ``more_until``.
    """
    held_j = stored_j.copy()
    lowest_j, highest_bit = np.inf, fill_bit
    for step in range(first, last):
        length_s = step_s - now_s if step == first else step_s
        net_w = surplus_w[step] - extra_w[step]
        bit_per_s = extra_bit_per_s[step] - link_bit_per_s[step]
        if step < more_until:
            net_w -= more_w
            bit_per_s += more_bit_per_s
        fill_bit = max(fill_bit + bit_per_s * length_s, 0.0)
        highest_bit = max(highest_bit, fill_bit)
        total_j = 0.0
        for store in range(held_j.size):
            if net_w > 0.0:
                room_w = (stores[store, CAPACITY_J] - held_j[store]) / (stores[store, CHARGE_EFFICIENCY] * length_s)
                power_w = min(net_w, stores[store, CHARGE_W], max(room_w, 0.0))
                held_j[store] += power_w * stores[store, CHARGE_EFFICIENCY] * length_s
                net_w -= power_w
            elif net_w < 0.0:
                left_w = (held_j[store] - stores[store, FLOOR_J]) * stores[store, DISCHARGE_EFFICIENCY] / length_s
                power_w = min(-net_w, stores[store, DISCHARGE_W], max(left_w, 0.0))
                held_j[store] -= power_w / stores[store, DISCHARGE_EFFICIENCY] * length_s
                net_w += power_w
            total_j += held_j[store]
        if net_w < -1.0:  # what the stores can't give counts as missing from them
            total_j += net_w * length_s
        lowest_j = min(lowest_j, total_j)
    return lowest_j, highest_bit
