"""What stays the same while the commands do: what works, loads and their heat, data rates, the limits of what lives."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lunabase.twin.health import STUCK_OFF, STUCK_ON, Health
from lunabase.twin.inputs import Inputs
from lunabase.twin.parameters import BoolArray, Bus, FloatArray, IntArray, Parameters, Rows
from lunabase.twin.state import Commands, State


@dataclass(frozen=True, slots=True)
class Segment:
    """Constant loads of a stretch of steps."""

    module_w: FloatArray
    """Shape (modules,)."""
    payload_w: FloatArray
    """Shape (payloads,)."""
    recorder_w: FloatArray
    """Shape (recorders,)."""
    recorder_on: bool
    recorder_bit: float
    """Capacity of the recorders together."""
    node_w: FloatArray
    """Heat of these loads by node, shape (nodes,)."""
    payload_bit_per_s: FloatArray
    """Data rate of each payload as commanded, shape (payloads,)."""
    radios: Rows
    """The radios that may send."""
    nodes: Rows
    """The nodes, without the heaters that are lost, with heaters stuck as they are."""
    stores: Rows
    """The stores with what is left of them."""
    sources: Rows
    """The sources; one that is lost gives no power any more, but an isotope goes on decaying and warms its node."""
    switches: Rows
    """The heat switches, stuck ones where they are."""
    bus: Bus
    """The bus with what is left of its limit."""
    array_part: FloatArray
    """What of each column of `inputs.Inputs.array_w` reaches the bus, shape (array columns,)."""
    process_on: FloatArray
    """1 where a chemical process may work, shape (processes,)."""
    low_k: FloatArray
    """Below this temperature of a node something is lost, shape (nodes,)."""
    high_k: FloatArray


def segment_of(parameters: Parameters, inputs: Inputs, state: State, commands: Commands, health: Health) -> Segment:
    """Loads, heat and limits under these commands; what is lost draws nothing, gives nothing and dies no second time.

    Stores and recorders are never lost to temperature alone: the station is lost with the module that carries them.
    """
    module_works = health.module_ok & ~state.module_lost
    payload_node = parameters.module_node[parameters.payloads["module"]]
    low_k, high_k = _limits(parameters, state, payload_node)
    return Segment(
        **_loads(parameters, state, commands, health),
        recorder_bit=float(parameters.recorders["capacity_bit"].sum()) * health.recorder_part,
        radios=_radios(parameters, commands, health, module_works),
        nodes=_nodes(parameters, state, health, module_works),
        stores=_stores(parameters, health),
        sources=_sources(parameters, state, commands, health),
        switches=_switches(parameters, health),
        bus=_bus(parameters.bus, health.converter_part),
        array_part=health.array_part * (1.0 - health.dust_part) * ~state.module_lost[inputs.array_module],
        low_k=low_k,
        high_k=high_k,
    )


def reloaded(segment: Segment, parameters: Parameters, state: State, commands: Commands, health: Health) -> Segment:
    """The segment with other loads: for commands that leave radios and sources as they were, with the same health."""
    return replace(segment, **_loads(parameters, state, commands, health))


def _loads(parameters: Parameters, state: State, commands: Commands, health: Health) -> dict[str, Any]:
    """Loads, their heat and the data rates, as fields of a segment."""
    module_works = health.module_ok & ~state.module_lost
    module_w = (parameters.module_w[commands.mode] + health.extra_load_w) * (commands.module_on & module_works)
    host, recorder_host = parameters.payloads["module"], parameters.recorders["module"]
    alive = ~state.payload_lost & health.payload_ok & module_works[host]
    payload_w = parameters.payload_w[np.arange(alive.size), commands.payload_setting] * alive
    recorder_on = commands.recorder_on and bool(np.all(health.module_ok[recorder_host]))
    recorder_w = parameters.recorders["power_w"] * recorder_on
    node = parameters.module_node
    # Place 0 takes the heat that has no node, as those have index -1.
    warmed = np.concatenate((node, node[host], node[recorder_host])) + 1
    heat_w = np.bincount(warmed, np.concatenate((module_w, payload_w, recorder_w)), parameters.nodes.size + 1)
    return {
        "module_w": module_w,
        "payload_w": payload_w,
        "recorder_w": recorder_w,
        "recorder_on": recorder_on,
        "node_w": heat_w[1:],
        "payload_bit_per_s": parameters.payloads["bit_per_s"] * (commands.producing & alive),
        "process_on": _processes(parameters, commands, module_works),
    }


def _processes(parameters: Parameters, commands: Commands, module_works: BoolArray) -> FloatArray:
    tables = parameters.substances
    runs = (module_works & commands.module_on)[tables.processes["module"]]
    return np.asarray(tables.works[commands.mode] & runs, dtype=np.float64)


def _limits(parameters: Parameters, state: State, payload_node: IntArray) -> tuple[FloatArray, FloatArray]:
    low_k, high_k = parameters.nodes["survival_low_k"].copy(), parameters.nodes["survival_high_k"].copy()
    low_k[state.node_lost], high_k[state.node_lost] = -np.inf, np.inf
    limited = ~state.payload_lost & (payload_node >= 0)
    np.maximum.at(low_k, payload_node[limited], parameters.payloads["survival_low_k"][limited])
    np.minimum.at(high_k, payload_node[limited], parameters.payloads["survival_high_k"][limited])
    return low_k, high_k


def _radios(parameters: Parameters, commands: Commands, health: Health, module_works: BoolArray) -> Rows:
    left = parameters.radios.copy()
    left["earth_bit_per_s"] *= health.radio_part * health.earth_link
    left["relay_bit_per_s"] *= health.radio_part * health.relay_link
    sends: BoolArray = module_works[left["module"]] & commands.radio_on
    return np.asarray(left[sends])


def _nodes(parameters: Parameters, state: State, health: Health, module_works: BoolArray) -> Rows:
    left = parameters.nodes.copy()
    left["setpoint_k"][health.heater == STUCK_ON] = np.inf
    cold = state.node_lost | ~module_works[left["module"]] | (health.heater == STUCK_OFF)
    left["heater_w"][cold] = 0.0
    left["ground_w_per_k"] += health.node_leak_w_per_k
    return left


def _stores(parameters: Parameters, health: Health) -> Rows:
    left = parameters.stores.copy()
    for column in ("capacity_j", "floor_j"):
        left[column] *= health.store_part
    left["off"] = ~health.store_ok
    return left


def _switches(parameters: Parameters, health: Health) -> Rows:
    """A node's stuck heat switch sticks in its radiator and its faces; heat pipes have switches of their own."""
    left = parameters.network.switches.copy()
    ours = left[: parameters.nodes.size + parameters.network.faces.size]
    stuck = health.heat_switch[ours["node"]]
    ours["closes_below_k"][stuck == STUCK_OFF] = ours["opens_above_k"][stuck == STUCK_OFF] = np.inf
    ours["closes_below_k"][stuck == STUCK_ON] = ours["opens_above_k"][stuck == STUCK_ON] = -np.inf
    return left


def _bus(bus: Bus, part: float) -> Bus:
    limited = math.isfinite(bus.limit_w) or part <= 0.0
    return bus._replace(limit_w=bus.limit_w * part if math.isfinite(bus.limit_w) else 0.0) if limited else bus


def _sources(parameters: Parameters, state: State, commands: Commands, health: Health) -> Rows:
    left = parameters.sources.copy()
    if commands.source_level is not None:
        left["power_w"] *= np.where(left["fission"] == 1, commands.source_level, 1.0)
    left["power_w"] *= health.source_part * ~state.module_lost[left["module"]]
    return left


def lose(parameters: Parameters, state: State) -> State:
    """The state with everything marked as lost that its temperature has destroyed.

    A node beyond its survival limits takes its modules and their payloads with it, and the station when it is
    essential; a payload is lost alone beyond its own limits.
    """
    nodes, payloads = parameters.nodes, parameters.payloads
    here_k = state.temperature_k
    dead = (here_k < nodes["survival_low_k"]) | (here_k > nodes["survival_high_k"])
    # Index -1 reads the entry appended here: without a node nothing is lost.
    module_lost = state.module_lost | np.append(dead, False)[parameters.module_node]
    host_k = np.append(here_k, np.nan)[parameters.module_node[payloads["module"]]]
    damaged = (host_k < payloads["survival_low_k"]) | (host_k > payloads["survival_high_k"])
    return replace(
        state,
        node_lost=state.node_lost | dead,
        module_lost=module_lost,
        payload_lost=state.payload_lost | damaged | module_lost[payloads["module"]],
        station_lost=state.station_lost or bool(np.any(dead & (nodes["essential"] == 1))),
    )
