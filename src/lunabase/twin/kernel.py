"""The loop over steps: physics until the end, until a watch trips, or until something is lost.

Python acts only between calls. A step is dispatch, heat, data, one telemetry row, the books, and a look at the
limits and watches.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numba import njit

from lunabase.compiled import within_step
from lunabase.twin.data import plan_sending, send, take_in, total_of
from lunabase.twin.health import Health
from lunabase.twin.heat import advance_temperatures, switch_heaters
from lunabase.twin.inputs import Inputs
from lunabase.twin.layout import (
    ARRAY_AVAILABLE,
    ARRAY_LEFT_J,
    ARRAY_POWER,
    ARRAY_TAKEN_J,
    CHARGE,
    CONVERTER_LOSS,
    CONVERTER_LOSS_J,
    CURTAILED,
    DOWNLINK_RATE,
    DUMPED_J,
    FIRST_NODE,
    FISSION_J,
    GENERATION,
    HEATER,
    HEATERS_J,
    LOAD,
    MODULES_J,
    OPERATING_MARGIN,
    OVERFLOW_BIT,
    OVERFLOW_RATE,
    PAYLOADS_J,
    PROCESSES_J,
    PRODUCED_BIT,
    PRODUCED_RATE,
    RADIOISOTOPE_J,
    RADIOS_J,
    RECORDER,
    RECORDER_FILL,
    RECORDERS_J,
    SENT_DIRECT_BIT,
    SENT_RELAY_BIT,
    SOURCE,
    STATE_OF_CHARGE,
    STORE_CAPACITY,
    STORED_ENERGY,
    STORES_REFUSING,
    SURVIVAL_MARGIN,
    UNRECORDED_BIT,
    UNSERVED,
    UNSERVED_J,
)
from lunabase.twin.matter import live_and_leak, plan_processes, run_processes, write_matter
from lunabase.twin.parameters import BoolArray, FloatArray, Parameters, Rows
from lunabase.twin.plant import columns_of, copied, live_of, plant_of
from lunabase.twin.power import dispatch, serve_in_order, serve_together
from lunabase.twin.segment import lose, segment_of
from lunabase.twin.sources import generate
from lunabase.twin.state import Commands, State
from lunabase.twin.stores import age

REACHED_END, TRIPPED, LOST = range(3)
"""Why the kernel stopped: the last step, a watch, or a temperature that destroyed something."""


def advance(
    parameters: Parameters,
    inputs: Inputs,
    state: State,
    commands: Commands,
    health: Health,
    watches: Rows,
    armed: BoolArray,
    first: int,
    last: int,
    rows: FloatArray,
) -> tuple[State, int, int]:
    """Live through the steps ``first`` to ``last`` (exclusive) under constant commands and health.

    Stops after the step in which an armed group of watches (dtype `state.WATCH`) trips or something is lost. Returns
    the new state, the next step, and why it stopped; the old state is not touched. Telemetry goes to ``rows[step]``,
    shape (steps, channels), in place. ``armed`` has one flag per group of watches.
    """
    new = copied(state)
    plant = plant_of(parameters, inputs, segment_of(parameters, inputs, new, commands, health))
    at, cause = _advance(plant, live_of(new), watches, new.watch_steps, armed, first, last, rows)
    return (lose(parameters, new) if cause == LOST else new), int(at), int(cause)


def first_readings(parameters: Parameters, inputs: Inputs, state: State, watches: Rows) -> tuple[State, FloatArray]:
    """What can be read before the first step: the state with its watches counted once, and a row of telemetry.

    Stores, temperatures, and what sources and arrays could give; flows are NaN, as nothing has flowed yet, and no
    condition on them holds.
    """
    live, nodes = live_of(copied(state)), parameters.nodes
    tanks, cabins = len(parameters.substances.names.tanks), parameters.substances.cabins
    first = FIRST_NODE + nodes.size + parameters.stores.size
    row = np.full(first + tanks + 3 * cabins.size, np.nan)
    row[ARRAY_AVAILABLE] = inputs.array_w[0].sum()
    row[SOURCE] = generate(
        parameters.sources, live.running_w, live.waiting_s, inputs.start_s, inputs.step_s, live.flow, live.node_w
    )
    row[GENERATION] = row[ARRAY_AVAILABLE] + row[SOURCE]
    capacity_bit = float(parameters.recorders["capacity_bit"].sum())
    _write_recorder(live.data, capacity_bit, row)
    _write_nodes(columns_of(nodes), state.temperature_k, row)
    _write_stores(parameters.stores, live.bank, state.temperature_k, row)
    write_matter(tanks, cabins, live.matter, state.temperature_k, first, row)
    watch_steps = state.watch_steps.copy()
    nobody = np.zeros(int(watches["group"].max(initial=-1)) + 1, dtype=np.bool_)
    _watch(watches, watch_steps, nobody, row, nobody.copy())
    return replace(state, watch_steps=watch_steps), row


@njit(cache=True)
def _advance(plant, live, watches, watch_steps, armed, first, last, rows):  # type: ignore[no-untyped-def]
    held = np.zeros(armed.size, dtype=np.bool_)
    for index in range(first, last):
        lost = step(plant, live, index, rows[index])
        tripped = _watch(watches, watch_steps, armed, rows[index], held)
        if lost:
            return index + 1, LOST
        if tripped:
            return index + 1, TRIPPED
    return last, REACHED_END


@within_step
def step(plant, live, index, row):  # type: ignore[no-untyped-def]
    """One step of physics: row ``index`` of the surroundings of a `plant.Plant`, on a `plant.Live`, in place.

    Writes the telemetry ``row``, shape (channels,). True if a temperature now destroys something: then `segment.lose`
    must say what before the next step.
    """
    flow, node_w, step_s = live.flow, live.node_w, plant.step_s
    now = plant.surroundings[index]
    array_w = _weighted(plant.array_w[index], plant.array_part)
    _clear(flow)
    _clear(node_w)
    if (plant.first_step + index) % plant.ageing_steps == 0:
        age(plant.stores, live.bank, live.temperature_k, plant.ageing_steps * step_s, step_s, flow)
    made_bit = plant.produced_bit if plant.recorder_on else 0.0
    radio, radio_w, sending_bit, by_relay = plan_sending(
        plant.radios, plant.downlink, live.data, made_bit, plant.recorder_bit, index, now, step_s
    )
    heater_w = switch_heaters(plant.nodes, live.temperature_k, live.heater_on)
    process_w = plan_processes(plant.matter, live.matter, step_s)
    load_w = plant.module_sum_w + plant.payload_sum_w + plant.recorder_sum_w + heater_w + radio_w + process_w
    time_s = plant.start_s + index * step_s
    source_w = generate(plant.sources, live.running_w, live.waiting_s, time_s, step_s, flow, node_w)
    served_w, charge_w = dispatch(plant, live, load_w, source_w, array_w)
    if served_w < load_w and plant.bus.in_order:
        radio_part = serve_in_order(plant, live, load_w, served_w, radio, radio_w)
        for payload in range(plant.payload_bit_per_s.size):
            made_bit_per_s = plant.payload_bit_per_s[payload] * plant.work.payload_part[payload]
            plant.downlink.payload_bit_per_s[payload] = made_bit_per_s
    else:
        radio_part = serve_together(plant, live, load_w, served_w, heater_w, radio, radio_w)
        for payload in range(plant.payload_bit_per_s.size):
            plant.downlink.payload_bit_per_s[payload] = plant.payload_bit_per_s[payload] * radio_part
    if plant.matter.stocks.size > 0:
        run_processes(plant.matter, live.matter)
        live_and_leak(plant.matter, live.matter, live.temperature_k, node_w, time_s, step_s)
    advance_temperatures(plant, live, now, node_w)
    if plant.produced_bit > 0.0:
        made_bit_per_s = plant.downlink.payload_bit_per_s
        take_in(live.data, flow, made_bit_per_s, plant.downlink, plant.recorder_on, step_s)
    on_air_bit = radio_part * sending_bit
    send(live.data, flow, plant.downlink, plant.recorder_bit, on_air_bit, by_relay, time_s, step_s)
    for account in range(flow.size):
        if flow[account] != 0.0:
            add(live.ledger, live.ledger_low, account, flow[account] * step_s)
    _write_flows(flow, array_w, charge_w, row)
    _write_recorder(live.data, plant.recorder_bit, row)
    _write_nodes(plant.nodes, live.temperature_k, row)
    _write_stores(plant.stores, live.bank, live.temperature_k, row)
    first = FIRST_NODE + live.temperature_k.size + plant.stores.size
    write_matter(plant.matter.tanks, plant.matter.cabins, live.matter, live.temperature_k, first, row)
    return _destroys(plant, live.temperature_k)


@within_step
def _destroys(plant, temperature_k):  # type: ignore[no-untyped-def]
    for node in range(temperature_k.size):
        if temperature_k[node] < plant.low_k[node] or temperature_k[node] > plant.high_k[node]:
            return True
    return False


@within_step
def _weighted(values, parts):  # type: ignore[no-untyped-def]
    # Plain loops here and below: numba compiles array expressions many times slower.
    total = 0.0
    for index in range(values.size):
        total += values[index] * parts[index]
    return total


@within_step
def _clear(values):  # type: ignore[no-untyped-def]
    for index in range(values.size):
        values[index] = 0.0


@within_step
def add(total, low, account, amount):  # type: ignore[no-untyped-def]
    """Add to an account without losing the low-order bits (Neumaier 1974, doi 10.1002/zamm.19740540106)."""
    before = total[account]
    after = before + amount
    if abs(before) >= abs(amount):
        low[account] += (before - after) + amount
    else:
        low[account] += (amount - after) + before
    total[account] = after


@within_step
def _write_flows(flow, array_w, charge_w, row):  # type: ignore[no-untyped-def]
    source_w = flow[FISSION_J] + flow[RADIOISOTOPE_J]
    row[ARRAY_AVAILABLE] = array_w
    row[ARRAY_POWER] = flow[ARRAY_TAKEN_J]
    row[SOURCE] = source_w
    row[GENERATION] = array_w + source_w
    row[LOAD] = flow[MODULES_J] + flow[PAYLOADS_J] + flow[RECORDERS_J] + flow[HEATERS_J] + flow[RADIOS_J]
    row[LOAD] += flow[PROCESSES_J]
    row[CHARGE] = charge_w
    row[CURTAILED] = flow[ARRAY_LEFT_J] + flow[DUMPED_J]
    row[UNSERVED] = flow[UNSERVED_J]
    row[HEATER] = flow[HEATERS_J]
    row[CONVERTER_LOSS] = flow[CONVERTER_LOSS_J]
    row[PRODUCED_RATE] = flow[PRODUCED_BIT]
    row[DOWNLINK_RATE] = flow[SENT_DIRECT_BIT] + flow[SENT_RELAY_BIT]
    row[OVERFLOW_RATE] = flow[OVERFLOW_BIT] + flow[UNRECORDED_BIT]


@within_step
def _write_recorder(data, capacity_bit, row):  # type: ignore[no-untyped-def]
    held_bit = total_of(data.recorder_bit) + total_of(data.waiting_bit)
    row[RECORDER] = held_bit
    row[RECORDER_FILL] = held_bit / capacity_bit if capacity_bit > 0.0 else 0.0


@within_step
def _write_nodes(nodes, temperature_k, row):  # type: ignore[no-untyped-def]
    operating_k, survival_k = math.inf, math.inf
    for node in range(temperature_k.size):
        here_k = temperature_k[node]
        operating_k = min(operating_k, here_k - nodes.operating_low_k[node], nodes.operating_high_k[node] - here_k)
        survival_k = min(survival_k, here_k - nodes.survival_low_k[node], nodes.survival_high_k[node] - here_k)
        row[FIRST_NODE + node] = here_k
    row[OPERATING_MARGIN] = operating_k
    row[SURVIVAL_MARGIN] = survival_k


@within_step
def _write_stores(stores, bank, temperature_k, row):  # type: ignore[no-untyped-def]
    """Stores off the bus are not counted; one that is too cold to charge refuses."""
    stored_j, capacity_j, refusing = 0.0, 0.0, 0
    for store in range(stores.size):
        cell = stores[store]
        room_j = cell.capacity_j * bank.left[store]
        row[FIRST_NODE + temperature_k.size + store] = bank.energy_j[store] / room_j if room_j > 0.0 else 0.0
        if cell.off == 1 or (cell.node >= 0 and temperature_k[cell.node] < cell.charges_above_k):
            refusing += 1
        if cell.off == 0:
            stored_j += bank.energy_j[store]
            capacity_j += room_j
    row[STATE_OF_CHARGE] = stored_j / capacity_j if capacity_j > 0.0 else (1.0 if stores.size == 0 else 0.0)
    row[STORED_ENERGY] = stored_j
    row[STORE_CAPACITY] = capacity_j
    row[STORES_REFUSING] = refusing


@within_step
def _watch(watches, steps, armed, row, held):  # type: ignore[no-untyped-def]
    """Count for how long each condition has held; true if an armed group holds as a whole."""
    for group in range(armed.size):
        held[group] = armed[group]
    for index in range(watches.size):
        watch = watches[index]
        if watch.sign * (row[watch.channel] - watch.limit) > 0.0:
            steps[index] += 1
        else:
            steps[index] = 0
        if steps[index] < watch.dwell_steps:
            held[watch.group] = False
    tripped = False
    for group in range(held.size):
        tripped = tripped or held[group]
    return tripped
