"""The estimator of a station: what it may believe of which sensor, from the station file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.estimate import CHARGE, DELTA, NODE, ONBOARD, STORE, UNKNOWN, Memory, Places, Tables
from lunabase.onboard.voting import CHANNEL, record_of
from lunabase.station.equipment import Battery, DataRecorder, FuelCell, ThermalNode
from lunabase.station.model import Station
from lunabase.station.sensing import kind_of, spread_of

_STUCK_AFTER = 30
_APART = 6.0 * math.sqrt(2.0)
"""Two healthy sensors differ by more than this many standard deviations once in a thousand million samples."""
_DRIFT_YEARS = 10.0
_SLOW, _FAST = 0.25, 0.5
_GAINS = {"w": _FAST, "s": _FAST}
_HUGE = 1e30
_DERIVED = ("generation_w", "recorder_fill", "operating_margin_k", "survival_margin_k")
_NEVER_NEGATIVE = ("temperature_k", "load_w", "array_available_w", "array_power_w", "source_w", "heater_w")


def estimator_of(
    station: Station,
    present: tuple[str, ...],
    channels: Sequence[str],
    counts: Sequence[int],
    step_s: float,
    deltas: Sequence[tuple[str, float]] = (),
) -> Tables:
    """The estimator for telemetry channels with these names and numbers of sensors.

    ``deltas``: channels whose changes are followed, and over which time, s (`Software.deltas`).
    """
    names = {name: place for place, name in enumerate(channels)}
    kinds = {name: _spread(station, name) for name in channels}
    rows = np.zeros(len(channels), CHANNEL)
    first = 0
    for place, (name, count) in enumerate(zip(channels, counts, strict=True)):
        noise, offset, resolution, every_s = kinds[name]
        tolerance = _APART * math.hypot(noise, offset) + 2.0 * resolution
        hold_steps = max(5 * round(every_s / step_s), 10)
        deadband = tolerance if name == "unserved_w" else 0.0
        low, high = _range(name, tolerance)
        # A coarse reading repeats by itself; only noise above the resolution shows that a sensor lives.
        alive = resolution <= noise
        stuck_after = _STUCK_AFTER if alive else 0
        noisy = alive and noise > 0.0
        gain = _gain(name, noise)
        used = 0 if name in _DERIVED else count
        rows[place] = (first, used, low, high, tolerance, stuck_after, noisy, deadband, gain, hold_steps)
        first += count
    recorders = station.equipment(DataRecorder, present).values()
    return Tables(
        perfect=station.sensors is None,
        channels=rows,
        nodes=_nodes(station, present, names),
        stores=_stores(station, present),
        deltas=_deltas((*channels, *ONBOARD), deltas, step_s),
        places=_places(names),
        recorder_bit=sum(item.capacity_bit for item in recorders),
        charge_noise=math.hypot(*kinds["state_of_charge"][:2]),
        power_noise=0.02,
        step_s=step_s,
    )


def memory_of(tables: Tables, station: Station, present: tuple[str, ...], sensors: int) -> Memory:
    """What the estimator remembers of so many sensors at the start: the stores as the station file gives them."""
    initial_j = [item.capacity_j * item.initial_charge for item in _store_items(station, present)]
    return Memory(
        sensors=record_of(sensors),
        well=np.zeros(tables.channels.size, dtype=np.bool_),
        age_steps=np.zeros(tables.channels.size, dtype=np.int64),
        store_j=np.array(initial_j, dtype=np.float64),
        compared=np.column_stack((np.full(tables.deltas.size, np.nan), np.zeros(tables.deltas.size))),
        charge=np.array([(math.nan, 0.0, 0)] * 2, CHARGE),
        counted=np.array([0.05**2, 0.0]),
    )


def blank(tables: Tables) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Estimates and their quality before anything was measured."""
    size = tables.channels.size + len(ONBOARD) + tables.deltas.size
    return np.zeros(size), np.full(size, UNKNOWN, dtype=np.int8)


def _deltas(names: Sequence[str], deltas: Sequence[tuple[str, float]], step_s: float) -> NDArray[np.void]:
    rows = [(names.index(name), max(round(over_s / step_s), 1)) for name, over_s in deltas]
    return np.array(rows, DELTA)


def _places(names: Mapping[str, int]) -> Places:
    return Places(
        state_of_charge=names["state_of_charge"],
        stored_energy=names["stored_energy_j"],
        array_available=names["array_available_w"],
        source=names["source_w"],
        generation=names["generation_w"],
        load=names["load_w"],
        charge=names["charge_w"],
        heater=names["heater_w"],
        recorder=names["recorder_bit"],
        recorder_fill=names["recorder_fill"],
        produced=names["produced_bit_per_s"],
        operating_margin=names["operating_margin_k"],
        survival_margin=names["survival_margin_k"],
        first_onboard=len(names),
    )


def _nodes(station: Station, present: tuple[str, ...], names: Mapping[str, int]) -> NDArray[np.void]:
    rows = [
        (
            names[f"temperature_k.{name}"],
            node.operating.minimum_k,
            node.operating.maximum_k,
            node.survival.minimum_k,
            node.survival.maximum_k,
        )
        for name, node in station.equipment(ThermalNode, present).items()
    ]
    return np.array(rows, NODE)


def _store_items(station: Station, present: tuple[str, ...]) -> tuple[Battery | FuelCell, ...]:
    return (*station.equipment(Battery, present).values(), *station.equipment(FuelCell, present).values())


def _stores(station: Station, present: tuple[str, ...]) -> NDArray[np.void]:
    rows = [
        (
            item.capacity_j,
            item.capacity_j * item.minimum_charge if isinstance(item, Battery) else 0.0,
            item.charge_efficiency,
            item.discharge_efficiency,
        )
        for item in _store_items(station, present)
    ]
    return np.array(rows, STORE)


def _gain(name: str, noise: float) -> float:
    if noise <= 0.0:
        return 1.0
    return _GAINS.get(name.partition(".")[0].rpartition("_")[2], _SLOW)


def _range(name: str, tolerance: float) -> tuple[float, float]:
    """Values that can be: temperatures of matter, parts from 0 to 1, powers that only flow one way."""
    stem = name.partition(".")[0]
    if stem == "temperature_k":
        return 20.0, 800.0
    if stem in ("state_of_charge", "recorder_fill"):
        return -tolerance, 1.0 + tolerance
    return (-tolerance if stem in _NEVER_NEGATIVE else -_HUGE), _HUGE


def _spread(station: Station, channel: str) -> tuple[float, float, float, float]:
    """Of one sensor of a channel: noise, offset with its drift, resolution, time between samples in s."""
    kind = None if station.sensors is None else kind_of(station.sensors, channel)
    if kind is None:
        return 0.0, 0.0, 0.0, 0.0
    spread = spread_of(kind, channel)
    return spread.noise, math.hypot(spread.bias, _DRIFT_YEARS * spread.yearly_drift), spread.resolution, kind.every_s
