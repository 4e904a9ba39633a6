"""Energy and data through the horizon, step by step: stores, modes, shedding and recorder under a set of activities.

This is the planner's own model. Its assumptions, all on the safe side or small, stand in docs/explanation/planning.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from lunabase.planning.horizon import FloatArray, IntArray

# Columns of a store.
CAPACITY_J, FLOOR_J, CHARGE_EFFICIENCY, DISCHARGE_EFFICIENCY, CHARGE_W, DISCHARGE_W, INITIAL_J = range(7)
# Columns of a mode's condition.
MODE, READING, SIGN, LIMIT, LASTING_S = range(5)
READINGS = ("state_of_charge", "array_power", "generation", "load", "recorder_fill", "unserved")
# Columns of a mode.
RUNS, STANDBY, DOWNLINK, RECORDS = range(4)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the station makes, needs and sends in each step and mode, without activities. Modes: the mildest first."""

    step_s: float
    modes: tuple[str, ...]
    mode_table: IntArray
    """(modes, 4): runs (0 none, 1 continuous payloads, 2 all), standby, downlink, recorder on in any case."""
    enter: FloatArray
    """(n, 5): mode, reading, +1 above or -1 below, limit, lasting."""
    leave: FloatArray
    """As `enter`."""
    array_w: FloatArray
    """(steps,) available from the solar arrays."""
    source_w: FloatArray
    """(steps,) from fission and radioisotope sources."""
    load_w: FloatArray
    """(modes,) modules, recorders and standby."""
    recorder_w: float
    """All recorders; part of `load_w` in the modes that have them on in any case."""
    standby_w: float
    """Standby power of all payloads, part of `load_w` in the modes that have it."""
    radio_w: FloatArray
    """(steps,) the radio with the fastest path, while it sends."""
    node_loss_w: FloatArray
    """(steps, nodes) heat that leaves a node held at its heater's setpoint, isotope heat taken off."""
    node_heat_w: FloatArray
    """(modes, nodes) heat of the loads."""
    heater_w: FloatArray
    """(nodes,) heater power."""
    stores: FloatArray
    """(stores, 7), in the order of use."""
    downlink_bit_per_s: FloatArray
    """(steps,) rate of the fastest path."""
    recorder_bit: float
    charge_floor: float
    shed_below: float
    restore_above: float


@dataclass(frozen=True, slots=True)
class Extra:
    """What a set of activities adds to each step; arrays are changed in place while a plan grows."""

    power_w: FloatArray
    """(steps,) power of working payloads, mean of the step."""
    standby_w: FloatArray
    """(steps,) their standby power, not drawn meanwhile."""
    heat_w: FloatArray
    """(steps, nodes) heat of working payloads beyond standby."""
    data_bit: FloatArray
    """(steps,)"""
    working: IntArray
    """(steps, 3): activities at work, those of payloads that are not continuous, those that can be shed."""


@dataclass(frozen=True, slots=True)
class Track:
    """How the station fares, at the end of each step; arrays (steps,)."""

    charge: FloatArray
    mode: IntArray
    shed: IntArray
    fill_bit: FloatArray
    unserved_w: FloatArray
    lost_bit: FloatArray
    stored_j: FloatArray
    load_w: FloatArray


def coarser(forecast: Forecast, most_steps: int) -> Forecast:
    """The same forecast in at most so many steps: means over several steps, and a hundredth less recorder."""
    steps = forecast.array_w.size
    width = -(-steps // most_steps)
    if width == 1:
        return forecast
    first = np.arange(0, steps, width)
    counts = np.diff(np.append(first, steps))
    return replace(
        forecast,
        step_s=forecast.step_s * width,
        array_w=np.add.reduceat(forecast.array_w, first) / counts,
        source_w=np.add.reduceat(forecast.source_w, first) / counts,
        radio_w=np.add.reduceat(forecast.radio_w, first) / counts,
        node_loss_w=np.add.reduceat(forecast.node_loss_w, first, axis=0) / counts[:, None],
        downlink_bit_per_s=np.add.reduceat(forecast.downlink_bit_per_s, first) / counts,
        recorder_bit=0.99 * forecast.recorder_bit,
    )


def no_extra(forecast: Forecast) -> Extra:
    """Nothing planned yet."""
    steps, nodes = forecast.node_loss_w.shape
    return Extra(
        np.zeros(steps),
        np.zeros(steps),
        np.zeros((steps, nodes)),
        np.zeros(steps),
        np.zeros((steps, 3), dtype=np.int64),
    )


def copied(extra: Extra) -> Extra:
    """A copy with its own arrays."""
    arrays = (extra.power_w, extra.standby_w, extra.heat_w, extra.data_bit, extra.working)
    return Extra(*(array.copy() for array in arrays))  # type: ignore[arg-type]


def follow(forecast: Forecast, extra: Extra) -> Track:
    """Run the station through the horizon with these activities."""
    f = forecast
    answer = _follow(
        f.step_s, f.mode_table, f.enter, f.leave, f.array_w, f.source_w, f.load_w, f.radio_w, f.node_loss_w,
        f.node_heat_w, f.heater_w, f.stores, f.downlink_bit_per_s, f.recorder_bit, f.shed_below, f.restore_above,
        extra.power_w, extra.standby_w, extra.heat_w, extra.data_bit, extra.working[:, 0], f.recorder_w,
    )  # fmt: skip
    reals, whole = answer
    return Track(reals[0], whole[0], whole[1], reals[1], reals[2], reals[3], reals[4], reals[5])


@njit(cache=True)
def _follow(  # type: ignore[no-untyped-def]
    step_s, mode_table, enter, leave, array_w, source_w, load_w, radio_w, node_loss_w, node_heat_w, heater_w,
    stores, downlink_bit_per_s, recorder_bit, shed_below, restore_above, power_w, standby_w, heat_w, data_bit,
    working, recorder_w,
):  # fmt: skip
    steps = array_w.shape[0]
    reals = np.zeros((6, steps))
    whole = np.zeros((2, steps), dtype=np.int64)
    stored_j = stores[:, INITIAL_J].copy()
    capacity_j = max(stores[:, CAPACITY_J].sum(), 1.0)
    entered_s, left_s = np.full(enter.shape[0], -1.0), np.full(leave.shape[0], -1.0)
    reading = np.zeros(len(READINGS))
    mode, shed, fill_bit = 0, stored_j.sum() < shed_below * capacity_j and stores.shape[0] > 0, 0.0
    for i in range(steps):
        reading[0] = stored_j.sum() / capacity_j if stores.shape[0] > 0 else 1.0
        reading[1], reading[2] = array_w[i], array_w[i] + source_w[i]
        reading[4] = fill_bit / recorder_bit if recorder_bit > 0.0 else 0.0
        mode = _next_mode(mode, enter, leave, entered_s, left_s, reading, step_s)
        sending = mode_table[mode, DOWNLINK] == 1
        pending_bit = fill_bit + data_bit[i]
        link_bit = downlink_bit_per_s[i] * step_s if sending else 0.0
        sent_bit = min(pending_bit, link_bit)
        load = load_w[mode] + power_w[i]
        if sent_bit > 0.0:
            load += radio_w[i] * sent_bit / link_bit
        if mode_table[mode, STANDBY] == 1:
            load -= standby_w[i]
        if working[i] > 0 and mode_table[mode, RECORDS] == 0:
            load += recorder_w
        for k in range(heater_w.shape[0]):
            need = node_loss_w[i, k] - node_heat_w[mode, k] - heat_w[i, k]
            load += min(max(need, 0.0), heater_w[k])
        reading[3] = reals[5, i] = load
        reading[5] = reals[2, i] = _exchange(stored_j, stores, array_w[i] + source_w[i] - load, step_s)
        reals[3, i] = max(pending_bit - sent_bit - recorder_bit, 0.0)
        fill_bit = min(pending_bit - sent_bit, recorder_bit)
        charge = stored_j.sum() / capacity_j if stores.shape[0] > 0 else 1.0
        shed = charge < shed_below or (shed and charge <= restore_above)
        whole[0, i], whole[1, i] = mode, shed
        reals[0, i], reals[1, i], reals[4, i] = charge, fill_bit, stored_j.sum()
    return reals, whole


@njit(cache=True)
def _next_mode(mode, enter, leave, entered_s, left_s, reading, step_s):  # type: ignore[no-untyped-def]
    """The severest mode that any of its conditions calls for; milder modes only once all leave conditions hold."""
    called, wanted = 0, False
    for k in range(enter.shape[0]):
        if _lasts(enter[k], entered_s, k, reading, step_s):
            called = max(called, int(enter[k, MODE]))
            wanted = wanted or int(enter[k, MODE]) == mode
    released = True
    for k in range(leave.shape[0]):
        lasts = _lasts(leave[k], left_s, k, reading, step_s)
        if int(leave[k, MODE]) == mode:
            released = released and lasts
    if called > mode or (called < mode and released and not wanted):
        return called
    return mode


@njit(cache=True)
def _lasts(condition, held_s, k, reading, step_s):  # type: ignore[no-untyped-def]
    if (reading[int(condition[READING])] - condition[LIMIT]) * condition[SIGN] > 0.0:
        held_s[k] = held_s[k] + step_s if held_s[k] >= 0.0 else 0.0
        return held_s[k] >= condition[LASTING_S]
    held_s[k] = -1.0
    return False


@njit(cache=True)
def _exchange(stored_j, stores, surplus_w, step_s):  # type: ignore[no-untyped-def]
    """Charge or discharge the stores in order; the power, W, that could not be served."""
    for k in range(stores.shape[0]):
        if surplus_w > 0.0:
            room_w = (stores[k, CAPACITY_J] - stored_j[k]) / (stores[k, CHARGE_EFFICIENCY] * step_s)
            taken_w = min(surplus_w, stores[k, CHARGE_W], max(room_w, 0.0))
            stored_j[k] += taken_w * stores[k, CHARGE_EFFICIENCY] * step_s
            surplus_w -= taken_w
        elif surplus_w < 0.0:
            left_w = (stored_j[k] - stores[k, FLOOR_J]) * stores[k, DISCHARGE_EFFICIENCY] / step_s
            given_w = min(-surplus_w, stores[k, DISCHARGE_W], max(left_w, 0.0))
            stored_j[k] -= given_w / stores[k, DISCHARGE_EFFICIENCY] * step_s
            surplus_w += given_w
    return max(-surplus_w, 0.0)
