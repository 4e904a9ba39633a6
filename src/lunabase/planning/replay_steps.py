"""The checker's own loop over steps: modes, loads, stores and recorder, in plain scalar arithmetic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

READINGS = ("state_of_charge", "array_power", "generation", "load", "recorder_fill")
"""What conditions of modes can ask for and the replay knows."""
_BROWN_OUT_W = 1e-6
"""Power lacking on the bus that resets the computer."""
_SURVIVAL = 1


class Rules(NamedTuple):
    """The station in its modes: the everyday one first, then survival and the milder ones in order."""

    step_s: float
    load_w: FloatArray
    """(modes,) modules, recorders that are always on, and standby."""
    node_heat_w: FloatArray
    """(modes, nodes) what of it warms each node."""
    standby: BoolArray
    """(modes,) payloads get their standby power."""
    downlink: BoolArray
    """(modes,) radios send."""
    records: BoolArray
    """(modes,) recorders are on without a payload at work."""
    enter: FloatArray
    """(conditions, 5): mode, reading, 1 for above or -1 for below, limit, seconds."""
    leave: FloatArray
    survives: bool
    """A survival mode exists; it is number 1."""
    stores: FloatArray
    """(stores, 7): capacity J, floor J, efficiencies of charge and discharge, limits of both W, stored J at first."""
    heater_w: FloatArray
    """(nodes,)"""
    recorder_w: float
    recorder_bit: float
    shed_below: float
    restore_above: float


class Given(NamedTuple):
    """What each step brings, whatever is planned."""

    array_w: FloatArray
    supply_w: FloatArray
    """Arrays and sources."""
    link_bit: FloatArray
    """What the fastest radio could send in the step."""
    radio_w: FloatArray
    loss_w: FloatArray
    """(steps, nodes) heat that leaves each node at its heater's setpoint, less isotope heat."""
    reserved_w: FloatArray
    """Mean power of reservations."""
    known_charge: FloatArray
    """State of charge where it was measured, at the beginning of the step; NaN elsewhere."""


class Work(NamedTuple):
    """What the activities do in each step, as means over the step."""

    working: BoolArray
    power_w: FloatArray
    standby_w: FloatArray
    """Standby that the working payloads would draw."""
    node_power_w: FloatArray
    """(steps, nodes) what of it warms each node."""
    node_standby_w: FloatArray
    node_extra_w: FloatArray
    """(steps, nodes) power beyond standby of those payloads that draw more than it."""
    made_bit: FloatArray
    """(steps, classes) data made, the class that is sent first in column 0."""


class Course(NamedTuple):
    """How the station fares, step by step."""

    mode: IntArray
    charge: FloatArray
    """All stores together, at the end of the step; 1 without stores."""
    shedding: BoolArray
    unserved_w: FloatArray
    overflow_bit: FloatArray
    sent_bit: FloatArray
    """(steps, classes)"""


@njit(cache=True)
def run_steps(rules, given, work):  # type: ignore[no-untyped-def]
    """Every step under the given work; returns the columns of `Course`."""
    steps, classes = given.array_w.size, work.made_bit.shape[1]
    mode, charge = np.zeros(steps, np.int64), np.ones(steps)
    shedding, unserved_w, overflow_bit = np.zeros(steps, np.bool_), np.zeros(steps), np.zeros(steps)
    sent_bit, held_bit = np.zeros((steps, classes)), np.zeros(classes)
    stored_j = rules.stores[:, 6].copy()
    since = np.full((2, max(len(rules.enter), len(rules.leave))), -1.0)
    part, low, now, load_w, lacking_w = 1.0, False, 0, 0.0, 0.0
    if rules.stores.shape[0] > 0:
        part = stored_j.sum() / rules.stores[:, 0].sum()
        low = part < rules.shed_below
    for k in range(steps):
        if not np.isnan(given.known_charge[k]):
            part = given.known_charge[k]
            stored_j[:] = part * rules.stores[:, 0]
        fill = held_bit.sum() / rules.recorder_bit if rules.recorder_bit > 0.0 else 0.0
        readings = (part, given.array_w[k], given.supply_w[k], load_w, fill)
        now = next_mode(rules, now, readings, since, lacking_w > _BROWN_OUT_W)
        link_bit = given.link_bit[k] if rules.downlink[now] else 0.0
        overflow_bit[k] = send(held_bit, work.made_bit[k], link_bit, rules.recorder_bit, sent_bit[k])
        load_w = load_of(rules, given, work, k, now)
        if link_bit > 0.0:
            load_w += given.radio_w[k] * sent_bit[k].sum() / link_bit
        lacking_w = supply(rules.stores, stored_j, given.supply_w[k] - load_w, rules.step_s)
        if rules.stores.shape[0] > 0:
            part = stored_j.sum() / rules.stores[:, 0].sum()
        low = part < rules.shed_below or (low and part <= rules.restore_above)
        mode[k], charge[k], shedding[k], unserved_w[k] = now, part, low, lacking_w
    return mode, charge, shedding, unserved_w, overflow_bit, sent_bit


@njit(cache=True)
def next_mode(rules, now, readings, since, brown_out):  # type: ignore[no-untyped-def]
    """Modes as on board: the severest one called for; back only when every leave condition holds."""
    called, held = 0, False
    for row in range(len(rules.enter)):
        mode = int(rules.enter[row, 0])
        if lasts(rules.enter[row], readings, since[0], row, rules.step_s):
            called = mode if called == 0 else min(called, mode)
            held = held or mode == now
    if brown_out and rules.survives:
        called, held = _SURVIVAL, held or now == _SURVIVAL
    may_leave = not held
    for row in range(len(rules.leave)):
        holds = lasts(rules.leave[row], readings, since[1], row, rules.step_s)
        if int(rules.leave[row, 0]) == now and not holds:
            may_leave = False
    if now == 0 or (called != 0 and called < now) or may_leave:
        return called
    return now


@njit(cache=True)
def lasts(condition, readings, since, row, step_s):  # type: ignore[no-untyped-def]
    """Whether a condition has held long enough; `since` holds its seconds so far, or less than none."""
    value = readings[int(condition[1])]
    if (value - condition[3]) * condition[2] > 0.0:
        since[row] = 0.0 if since[row] < 0.0 else since[row] + step_s
        return since[row] >= condition[4]
    since[row] = -1.0
    return False


@njit(cache=True)
def send(held_bit, made_bit, link_bit, capacity_bit, sent_bit):  # type: ignore[no-untyped-def]
    """Send class after class; what is left and finds no room is lost, last class first. Returns the loss."""
    for k in range(held_bit.size):
        held_bit[k] += made_bit[k]
        sent_bit[k] = min(held_bit[k], link_bit)
        held_bit[k] -= sent_bit[k]
        link_bit -= sent_bit[k]
    lost_bit = max(held_bit.sum() - capacity_bit, 0.0)
    over_bit = lost_bit
    for k in range(held_bit.size - 1, -1, -1):
        dropped = min(held_bit[k], over_bit)
        held_bit[k] -= dropped
        over_bit -= dropped
    return lost_bit


@njit(cache=True)
def load_of(rules, given, work, k, mode):  # type: ignore[no-untyped-def]
    """Load without radio; heaters hold each node at its setpoint."""
    load_w = rules.load_w[mode] + given.reserved_w[k] + work.power_w[k]
    if rules.standby[mode]:
        load_w -= work.standby_w[k]
    if work.working[k] and not rules.records[mode]:
        load_w += rules.recorder_w
    for node in range(rules.heater_w.size):
        warm_w = rules.node_heat_w[mode, node] + work.node_extra_w[k, node]
        load_w += min(max(given.loss_w[k, node] - warm_w, 0.0), rules.heater_w[node])
    return load_w


@njit(cache=True)
def supply(stores, stored_j, surplus_w, step_s):  # type: ignore[no-untyped-def]
    """Charge or discharge one store after the other; the power that is lacking, W."""
    for k in range(len(stores)):
        capacity_j, floor_j, into, out, most_in_w, most_out_w, _ = stores[k]
        if surplus_w > 0.0:
            taken_w = min(surplus_w, most_in_w, (capacity_j - stored_j[k]) / into / step_s)
            stored_j[k] += taken_w * into * step_s
            surplus_w -= taken_w
        else:
            given_w = min(-surplus_w, most_out_w, max(stored_j[k] - floor_j, 0.0) * out / step_s)
            stored_j[k] -= given_w / out * step_s
            surplus_w += given_w
    return max(-surplus_w, 0.0)
