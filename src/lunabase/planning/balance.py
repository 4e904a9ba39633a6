"""Energy and data through the horizon, step by step: stores, modes, shedding and recorder under a set of activities.

This is the planner's own model. Its assumptions, all on the safe side or small, stand in docs/explanation/planning.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

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
STATE_OF_ALL = 5
"""Columns of a state after those of the stores: fill, mode, shedding, load, unserved power."""


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
    node_standby_w: FloatArray
    """(nodes,) of it, standby of all payloads in the modes that have it."""
    heat_limit_w: FloatArray
    """(steps, nodes) heat of loads that can leave a node at its upper operating temperature."""
    heater_w: FloatArray
    """(nodes,) heater power."""
    stores: FloatArray
    """(stores, 7), in the order of use."""
    downlink_bit_per_s: FloatArray
    """(steps,) rate of the fastest path."""
    data_classes: tuple[int, ...]
    """Priorities of the data that are told apart, the first sent first; none: all are one."""
    reserved_w: FloatArray
    """(steps,) mean power of reservations."""
    reserved_peak_w: FloatArray
    """(steps,) highest power of reservations."""
    known_charge: FloatArray
    """(steps,) state of charge where it was measured, at the beginning of the step; NaN elsewhere."""
    recorder_bit: float
    charge_floor: float
    shed_below: float
    restore_above: float


@dataclass(frozen=True, slots=True)
class Extra:
    """What a set of activities adds to each step; arrays are changed in place while a plan grows."""

    power_w: FloatArray
    """(steps,) power of working payloads and of reservations, mean of the step."""
    standby_w: FloatArray
    """(steps,) their standby power, not drawn meanwhile."""
    heat_w: FloatArray
    """(steps, nodes) heat of working payloads beyond standby."""
    data_bit: FloatArray
    """(steps,)"""
    class_bit: FloatArray
    """(steps, classes) the data by class, if they are told apart."""
    working: IntArray
    """(steps, 3): activities at work, those of payloads that are not continuous, those that can be shed."""

    def part(self, first: int, stop: int) -> Extra:
        """A copy of some steps."""
        return Extra(*(getattr(self, item.name)[first:stop].copy() for item in fields(self)))

    def put_into(self, other: Extra, first: int) -> None:
        """Put these steps into another, from a step on."""
        for item in fields(self):
            array = getattr(self, item.name)
            getattr(other, item.name)[first : first + array.shape[0]] = array


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

    def part(self, first: int, stop: int | None) -> Track:
        """Some steps; not a copy."""
        return Track(*(getattr(self, item.name)[first:stop] for item in fields(self)))


def coarser(forecast: Forecast, finest_s: float) -> Forecast:
    """The same forecast in steps of at least so long: means over several steps, and a hundredth less recorder."""
    steps = forecast.array_w.size
    width = math.ceil(finest_s / forecast.step_s)
    if width <= 1:
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
        heat_limit_w=np.minimum.reduceat(forecast.heat_limit_w, first, axis=0),
        reserved_w=np.add.reduceat(forecast.reserved_w, first) / counts,
        reserved_peak_w=np.maximum.reduceat(forecast.reserved_peak_w, first),
        known_charge=np.fmax.reduceat(forecast.known_charge, first),
        recorder_bit=0.99 * forecast.recorder_bit,
    )


def no_extra(forecast: Forecast) -> Extra:
    """Nothing planned yet: what reservations draw."""
    steps, nodes = forecast.node_loss_w.shape
    return Extra(
        forecast.reserved_w.copy(),
        np.zeros(steps),
        np.zeros((steps, nodes)),
        np.zeros(steps),
        np.zeros((steps, len(forecast.data_classes))),
        np.zeros((steps, 3), dtype=np.int64),
    )


def copied(extra: Extra) -> Extra:
    """A copy with its own arrays."""
    return extra.part(0, extra.power_w.size)


class Course:
    """A track that is kept in step with its activities: a change is followed only until it makes no difference.

    Stores that are full again, and a recorder that is empty, forget what was before; from the step at which the state
    of the station is the old one, to the last bit, nothing has to be followed again.
    """

    def __init__(self, forecast: Forecast, extra: Extra) -> None:
        self.forecast = forecast
        steps = forecast.array_w.size
        width = forecast.stores.shape[0] + STATE_OF_ALL + forecast.enter.shape[0] + forecast.leave.shape[0]
        self._kept = _Rows(np.zeros((6, steps)), np.zeros((2, steps), dtype=np.int64), np.zeros((steps + 1, width)))
        self._tried = _Rows(self._kept.reals.copy(), self._kept.whole.copy(), self._kept.states.copy())
        self._kept.states[0] = first_state(forecast)
        self._run(extra, 0, steps, self._kept)

    @property
    def track(self) -> Track:
        """The whole track, as it was last accepted; not a copy."""
        return _track_of(self._kept, slice(None))

    def attempt(self, extra: Extra, first: int, stop: int) -> tuple[Track, int]:
        """The track from step `first` on with activities that changed in steps [first, stop), and where it joins the
        old one: beyond the last step that differs."""
        end = self._run(extra, first, stop, self._tried)
        return _track_of(self._tried, slice(first, end)), end

    def accept(self, first: int, end: int) -> None:
        """Keep the last attempt."""
        self._kept.reals[:, first:end] = self._tried.reals[:, first:end]
        self._kept.whole[:, first:end] = self._tried.whole[:, first:end]
        self._kept.states[first + 1 : end + 1] = self._tried.states[first + 1 : end + 1]

    def _run(self, extra: Extra, first: int, stop: int, into: _Rows) -> int:
        f = self.forecast
        into.states[first] = self._kept.states[first]
        end: int = _follow(
            f.step_s, f.mode_table, f.enter, f.leave, f.array_w, f.source_w, f.load_w, f.radio_w, f.node_loss_w,
            f.node_heat_w, f.heater_w, f.stores, f.downlink_bit_per_s, f.recorder_bit, f.shed_below, f.restore_above,
            extra.power_w, extra.standby_w, extra.heat_w, extra.data_bit, extra.working[:, 0], f.recorder_w,
            f.known_charge, first, stop, self._kept.states, into.reals, into.whole, into.states,
        )  # fmt: skip
        return end


class _Rows(NamedTuple):
    """What is followed, by step, and the state at the beginning of each step and after the last."""

    reals: FloatArray
    whole: IntArray
    states: FloatArray


def _track_of(rows: _Rows, part: slice) -> Track:
    reals, whole = rows.reals[:, part], rows.whole[:, part]
    return Track(reals[0], whole[0], whole[1], reals[1], reals[2], reals[3], reals[4], reals[5])


def follow(forecast: Forecast, extra: Extra) -> Track:
    """Run the station through the horizon with these activities."""
    return Course(forecast, extra).track


def first_state(forecast: Forecast) -> FloatArray:
    """State before the first step: stores, fill, mode, shedding, load, unserved, then how long each condition holds."""
    stored_j = forecast.stores[:, INITIAL_J]
    capacity_j = max(float(forecast.stores[:, CAPACITY_J].sum()), 1.0)
    shed = stored_j.size > 0 and stored_j.sum() < forecast.shed_below * capacity_j
    held_s = np.full(forecast.enter.shape[0] + forecast.leave.shape[0], -1.0)
    return np.concatenate((stored_j, [0.0, 0.0, float(shed), 0.0, 0.0], held_s))


@njit(cache=True)
def _follow(  # type: ignore[no-untyped-def]
    step_s, mode_table, enter, leave, array_w, source_w, load_w, radio_w, node_loss_w, node_heat_w, heater_w,
    stores, downlink_bit_per_s, recorder_bit, shed_below, restore_above, power_w, standby_w, heat_w, data_bit,
    working, recorder_w, known_charge, first, stop, old, reals, whole, states,
):  # fmt: skip
    """Follow from step `first`, at least to `stop` and then until the state is the old one; return the next step."""
    s, steps = stores.shape[0], array_w.shape[0]
    state = states[first].copy()
    stored_j = state[:s]
    held_s = state[s + STATE_OF_ALL :]
    entered_s, left_s = held_s[: enter.shape[0]], held_s[enter.shape[0] :]
    capacity_j = max(stores[:, CAPACITY_J].sum(), 1.0)
    reading = np.zeros(len(READINGS))
    for i in range(first, steps):
        mode, shed, fill_bit = int(state[s + 1]), state[s + 2] > 0.0, state[s]
        if not np.isnan(known_charge[i]):
            stored_j[:] = known_charge[i] * stores[:, CAPACITY_J]
        reading[0] = stored_j.sum() / capacity_j if s > 0 else 1.0
        reading[1], reading[2] = array_w[i], array_w[i] + source_w[i]
        reading[3], reading[5] = state[s + 3], state[s + 4]
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
        unserved_w = _exchange(stored_j, stores, array_w[i] + source_w[i] - load, step_s)
        reals[3, i] = max(pending_bit - sent_bit - recorder_bit, 0.0)
        fill_bit = min(pending_bit - sent_bit, recorder_bit)
        charge = stored_j.sum() / capacity_j if s > 0 else 1.0
        shed = charge < shed_below or (shed and charge <= restore_above)
        whole[0, i], whole[1, i] = mode, shed
        reals[0, i], reals[1, i], reals[2, i] = charge, fill_bit, unserved_w
        reals[4, i], reals[5, i] = stored_j.sum(), load
        state[s], state[s + 1], state[s + 2], state[s + 3], state[s + 4] = fill_bit, mode, shed, load, unserved_w
        states[i + 1] = state
        if i + 1 >= stop and np.array_equal(state, old[i + 1]):
            return i + 1
    return steps


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
        # No more than is asked for, so that it is forgotten for how long before.
        held_s[k] = min(held_s[k] + step_s, condition[LASTING_S]) if held_s[k] >= 0.0 else 0.0
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
            # A store that is filled is full to the last bit, whatever was before: see Course.
            filled = taken_w == room_w
            stored_j[k] = (
                stores[k, CAPACITY_J] if filled else stored_j[k] + taken_w * stores[k, CHARGE_EFFICIENCY] * step_s
            )
            surplus_w -= taken_w
        elif surplus_w < 0.0:
            left_w = (stored_j[k] - stores[k, FLOOR_J]) * stores[k, DISCHARGE_EFFICIENCY] / step_s
            given_w = min(-surplus_w, stores[k, DISCHARGE_W], max(left_w, 0.0))
            stored_j[k] -= given_w / stores[k, DISCHARGE_EFFICIENCY] * step_s
            surplus_w += given_w
    return max(-surplus_w, 0.0)
