"""What the station knows of itself: estimates from noisy, missing and stuck sensors, each with its quality.

Every step: vote between the sensors of a channel (`onboard.voting`), filter, derive what no sensor gives. The state of
charge is counted from the charging power, store by store, and corrected by its sensors as in a Kalman filter of
one state, so that it outlives their loss for as long as its uncertainty stays small. An estimate that is not
valid keeps its last value, for people to see; no limit acts on it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lunabase.compiled import within_step
from lunabase.onboard.voting import DISAGREE, FAILED_AFTER, VOTED, Record, agreed, vote

ONBOARD = ("charge_uncertainty", "load_mismatch_w", "data_mismatch_bit_per_s", "failed_sensors")
"""Channels that only the software has; they follow those of telemetry.

Standard deviation of the state of charge; load beyond what the switched-on units should draw (negative: less); data
rate against what the working payloads should produce; number of sensors that have failed.
"""
ONBOARD_COUNT = len(ONBOARD)
AT_ODDS, UNKNOWN, GOOD, HELD, COUNTED = -1, 0, 1, 2, 3
"""Quality: two sensors disagree; nothing is known; measured now; measured a moment ago; counted without its sensor."""
CHARGE_KNOWN = 0.1
"""A state of charge with a larger standard deviation is unknown."""
STILL_CHARGE = 0.02
"""A sensor of the state of charge that stands still while this much is counted is stuck."""

NODE = np.dtype(
    [
        ("channel", "i8"),
        ("operating_low_k", "f8"),
        ("operating_high_k", "f8"),
        ("survival_low_k", "f8"),
        ("survival_high_k", "f8"),
    ]
)
STORE = np.dtype([("capacity_j", "f8"), ("floor_j", "f8"), ("charge_efficiency", "f8"), ("discharge_efficiency", "f8")])
CHARGE = np.dtype(
    [
        ("sensed", "f8"),  # what the sensor said last
        ("counted_then", "f8"),  # what had been counted when the sensor last moved
        ("stands", "i8"),  # 1: it stands still while the count moves
    ]
)


DELTA = np.dtype(
    [
        ("channel", "i8"),
        ("every_steps", "i8"),  # from one comparison to the next
    ]
)


class Places(NamedTuple):
    """Places of the channels that are derived, counted or compared."""

    state_of_charge: int
    stored_energy: int
    array_available: int
    source: int
    generation: int
    load: int
    charge: int
    heater: int
    recorder: int
    recorder_fill: int
    produced: int
    operating_margin: int
    survival_margin: int
    first_onboard: int


class Tables(NamedTuple):
    """What the estimator knows; it never changes."""

    perfect: bool
    """One faultless sensor for each channel: what is measured is true."""
    channels: NDArray[np.void]
    """Dtype `voting.CHANNEL`, shape (channels of telemetry,)."""
    nodes: NDArray[np.void]
    """Dtype NODE."""
    stores: NDArray[np.void]
    """Dtype STORE, in the order of charge and discharge."""
    deltas: NDArray[np.void]
    """Dtype DELTA: changes of channels, each with a channel of its own after ONBOARD."""
    places: Places
    recorder_bit: float
    """Capacity of the recorders together."""
    charge_noise: float
    """Standard deviation of a vote on the state of charge."""
    power_noise: float
    """Relative standard deviation of the counted charging power."""
    step_s: float


class Memory(NamedTuple):
    """What the estimator remembers; arrays that change in place."""

    sensors: Record
    well: NDArray[np.bool_]
    """Channels whose sensors all were right the last time, shape (channels of telemetry,)."""
    age_steps: NDArray[np.int64]
    """Steps since each channel was last voted on, shape (channels of telemetry,)."""
    store_j: NDArray[np.float64]
    """Energy counted in each store, shape (stores,)."""
    charge: NDArray[np.void]
    """What was sensed of the state of charge and of the stored energy; dtype CHARGE, shape (2,)."""
    counted: NDArray[np.float64]
    """Variance of the state of charge, and what has been counted in and out since the start, net; shape (2,)."""
    compared: NDArray[np.float64]
    """For each delta the value that the next one is compared with, and the steps since; shape (deltas, 2)."""


@within_step
def estimate(tables, measured, expected, memory, row, quality):  # type: ignore[no-untyped-def]
    """Estimate one step, in place; true if a sensor has failed or come back.

    ``measured`` (sensors,) holds the samples, NaN where missing; ``expected`` the load without heaters, W, what a radio
    may draw on top, W, and the data rate, bit/s, that follow from the commands. Estimates go to ``row`` and
    their quality to ``quality`` (int8; valid above 0), both of shape (channels of telemetry + ONBOARD + deltas,).
    """
    places = tables.places
    if tables.perfect and row[places.first_onboard + 3] == 0.0 and _all_told(measured):
        _take_all(measured, memory, row, quality)
        _count_charge(tables, measured, memory, row, quality)
        _compare(places, expected, row, quality)
        _follow_changes(tables, memory, row, quality)
        return _count_failed(places, memory, row, quality)
    _vote_all(tables, measured, memory, row, quality)
    _count_charge(tables, measured, memory, row, quality)
    _derive(tables, row, quality)
    _compare(places, expected, row, quality)
    _follow_changes(tables, memory, row, quality)
    return _count_failed(places, memory, row, quality)


@within_step
def _all_told(measured):  # type: ignore[no-untyped-def]
    missing = 0
    for sensor in range(measured.size):
        missing += measured[sensor] != measured[sensor]
    return missing == 0


@within_step
def _count_failed(places, memory, row, quality):  # type: ignore[no-untyped-def]
    """Count the failed sensors; true if there are more or fewer than before."""
    before, failed = row[places.first_onboard + 3], 0
    for sensor in range(memory.sensors.failed.size):
        failed += memory.sensors.failed[sensor]
    _set(row, quality, places.first_onboard + 3, float(failed))
    return failed != before


@within_step
def _take_all(measured, memory, row, quality):  # type: ignore[no-untyped-def]
    for channel in range(memory.age_steps.size):
        row[channel] = measured[channel]
        known = measured[channel] == measured[channel]
        quality[channel] = GOOD if known else UNKNOWN
        memory.age_steps[channel] = 0 if known else memory.age_steps[channel] + 1


@within_step
def _vote_all(tables, measured, memory, row, quality):  # type: ignore[no-untyped-def]
    for place in range(tables.channels.size):
        channel = tables.channels[place]
        if channel.count == 0:
            continue
        fine, value = agreed(channel, measured, memory.sensors.last) if memory.well[place] else (False, 0.0)
        outcome = VOTED
        if not fine:
            outcome, value, memory.well[place] = vote(channel, measured, memory.sensors)
        if outcome == VOTED:
            if abs(value) < channel.deadband:
                row[place] = 0.0
            elif quality[place] > 0:
                row[place] += channel.gain * (value - row[place])
            else:
                row[place] = value
            quality[place] = GOOD
            memory.age_steps[place] = 0
            continue
        memory.age_steps[place] += 1
        if outcome == DISAGREE:
            quality[place] = AT_ODDS
        elif quality[place] > 0:
            quality[place] = HELD if memory.age_steps[place] <= channel.hold_steps else UNKNOWN


@within_step
def _count_charge(tables, measured, memory, row, quality):  # type: ignore[no-untyped-def]
    """State of charge: counted from the charging power, corrected by its sensors or those of the stored energy."""
    places, here = tables.places, tables.places.state_of_charge
    capacity_j = 0.0
    for store in range(tables.stores.size):
        capacity_j += tables.stores[store].capacity_j
    if capacity_j <= 0.0:
        return
    power_w, relative = _charging(places, row, quality, tables.power_noise)
    charge = memory.counted
    charge[0] += (relative * abs(power_w) * tables.step_s / capacity_j) ** 2 + 1e-14
    before_j = _total(memory.store_j)
    _fill(tables.stores, memory.store_j, power_w * tables.step_s, True)
    charge[1] += (_total(memory.store_j) - before_j) / capacity_j
    seen, sensed = _sensed_charge(tables, measured, memory, row, capacity_j)
    if seen:
        gain = charge[0] / (charge[0] + tables.charge_noise**2) if tables.charge_noise > 0.0 else 1.0
        _fill(tables.stores, memory.store_j, gain * (sensed * capacity_j - _total(memory.store_j)), False)
        charge[0] *= 1.0 - gain
    charge[0] = min(charge[0], 1.0)
    row[places.first_onboard], quality[places.first_onboard] = math.sqrt(charge[0]), GOOD
    if seen and tables.charge_noise <= 0.0 and sensed == row[here] and quality[here] == GOOD:
        return  # to the last bit what the sensor says
    row[here] = _total(memory.store_j) / capacity_j
    known = COUNTED if row[places.first_onboard] <= CHARGE_KNOWN else UNKNOWN
    quality[here] = GOOD if seen else known
    if memory.age_steps[places.stored_energy] > 0:
        row[places.stored_energy], quality[places.stored_energy] = row[here] * capacity_j, quality[here]


@within_step
def _sensed_charge(tables, measured, memory, row, capacity_j):  # type: ignore[no-untyped-def]
    """Whether a sensor tells the state of charge, and which: its own, or that of the stored energy."""
    places, counted = tables.places, memory.counted[1]
    charge, energy = places.state_of_charge, places.stored_energy
    charge_stands = _stands(tables.channels[charge], measured, memory, 0, counted)
    energy_stands = _stands(tables.channels[energy], measured, memory, 1, counted)
    if memory.age_steps[charge] == 0 and not charge_stands:
        return True, row[charge]
    if memory.age_steps[energy] == 0 and not energy_stands:
        return True, row[energy] / capacity_j
    return False, 0.0


@within_step
def _stands(channel, measured, memory, slot, counted):  # type: ignore[no-untyped-def]
    """Whether the only sensor of a channel stands still while the count moves: then it has failed.

    Where there are several, the vote finds the one that is stuck.
    """
    if channel.count != 1:
        return False
    sensor, mark = channel.first, memory.charge[slot]
    if measured[sensor] != measured[sensor]:
        return False
    if measured[sensor] != mark.sensed:
        if mark.stands:
            memory.sensors.failed[sensor], memory.sensors.bad[sensor] = False, 0
        mark.sensed, mark.counted_then, mark.stands = measured[sensor], counted, 0
    elif abs(counted - mark.counted_then) > STILL_CHARGE:
        mark.stands = 1
        memory.sensors.failed[sensor], memory.sensors.bad[sensor] = True, FAILED_AFTER
    return mark.stands == 1


@within_step
def _total(values):  # type: ignore[no-untyped-def]
    total = 0.0
    for index in range(values.size):
        total += values[index]
    return total


@within_step
def _charging(places, row, quality, noise):  # type: ignore[no-untyped-def]
    """Charging power, W, and its relative uncertainty: its own sensor, else the balance of the bus, else nothing."""
    if quality[places.charge] > 0:
        return row[places.charge], noise
    if quality[places.load] > 0 and quality[places.array_available] > 0 and quality[places.source] > 0:
        return row[places.array_available] + row[places.source] - row[places.load], 0.1
    load_w = row[places.load]
    return -abs(load_w) if load_w == load_w else 0.0, 1.0


@within_step
def _fill(stores, store_j, energy_j, with_losses):  # type: ignore[no-untyped-def]
    """Put energy into the stores in their order, or take it (negative) down to their floors."""
    left_j = energy_j
    for store in range(stores.size):
        kind = stores[store]
        if left_j > 0.0:
            efficiency = kind.charge_efficiency if with_losses else 1.0
            taken_j = min(left_j, max(kind.capacity_j - store_j[store], 0.0) / efficiency)
            store_j[store] += taken_j * efficiency
            left_j -= taken_j
        elif left_j < 0.0:
            efficiency = kind.discharge_efficiency if with_losses else 1.0
            floor_j = kind.floor_j if with_losses else 0.0
            given_j = min(-left_j, max(store_j[store] - floor_j, 0.0) * efficiency)
            store_j[store] -= given_j / efficiency
            left_j += given_j


@within_step
def _derive(tables, row, quality):  # type: ignore[no-untyped-def]
    """What follows from other estimates; as well known as the worst of them."""
    places = tables.places
    row[places.generation] = row[places.array_available] + row[places.source]
    quality[places.generation] = min(quality[places.array_available], quality[places.source])
    row[places.recorder_fill] = row[places.recorder] / tables.recorder_bit if tables.recorder_bit > 0.0 else 0.0
    quality[places.recorder_fill] = quality[places.recorder]
    operating_k, survival_k, known = math.inf, math.inf, False
    for index in range(tables.nodes.size):
        node = tables.nodes[index]
        if quality[node.channel] > 0:
            known = True
            here_k = row[node.channel]
            operating_k = min(operating_k, here_k - node.operating_low_k, node.operating_high_k - here_k)
            survival_k = min(survival_k, here_k - node.survival_low_k, node.survival_high_k - here_k)
    if known or tables.nodes.size == 0:
        _set(row, quality, places.operating_margin, operating_k)
        _set(row, quality, places.survival_margin, survival_k)
    else:
        quality[places.operating_margin] = quality[places.survival_margin] = UNKNOWN


@within_step
def _compare(places, expected, row, quality):  # type: ignore[no-untyped-def]
    """Response of the units against their commands: what the bus gives and the recorder gets, against what it should.

    A radio draws its power only while it sends, so anything up to that is as expected.
    """
    load, data = places.first_onboard + 1, places.first_onboard + 2
    beyond_w = row[places.load] - row[places.heater] - expected[0]
    _set(row, quality, load, beyond_w if beyond_w < 0.0 else max(beyond_w - expected[1], 0.0))
    if quality[places.load] <= 0 or quality[places.heater] <= 0:
        quality[load] = UNKNOWN
    _set(row, quality, data, row[places.produced] - expected[2])
    quality[data] = quality[places.produced]


@within_step
def _follow_changes(tables, memory, row, quality):  # type: ignore[no-untyped-def]
    """Compare channels with their values a while ago; the change stands until the next comparison."""
    first = tables.places.first_onboard + ONBOARD_COUNT
    for index in range(tables.deltas.size):
        channel = tables.deltas[index].channel
        if quality[channel] <= 0:
            memory.compared[index, 0] = math.nan
            memory.compared[index, 1] = 0.0
            quality[first + index] = UNKNOWN
            continue
        then = memory.compared[index, 0]
        memory.compared[index, 1] += 1.0
        if then == then and memory.compared[index, 1] >= tables.deltas[index].every_steps:
            _set(row, quality, first + index, row[channel] - then)
        if then != then or memory.compared[index, 1] >= tables.deltas[index].every_steps:
            memory.compared[index, 0] = row[channel]
            memory.compared[index, 1] = 0.0


@within_step
def _set(row, quality, channel, value):  # type: ignore[no-untyped-def]
    row[channel] = value
    quality[channel] = GOOD
