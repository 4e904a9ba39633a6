"""What stays the same while the commands do: what works, loads and their heat, data rates, the limits of what lives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lunabase.twin.inputs import Inputs
from lunabase.twin.parameters import BoolArray, FloatArray, Parameters, Rows
from lunabase.twin.state import Commands, State


@dataclass(frozen=True, slots=True)
class Segment:
    """Constant loads of a stretch of steps."""

    module_w: float
    payload_w: float
    recorder_w: float
    node_w: FloatArray
    """Heat of these loads by node, shape (nodes,)."""
    payload_bit_per_s: FloatArray
    """Data rate of each payload as commanded, shape (payloads,)."""
    radios: Rows
    """The radios that may send."""
    nodes: Rows
    """The nodes, without the heaters that are lost."""
    sources: Rows
    """The sources; one that is lost gives no power any more, but an isotope goes on decaying and warms its node."""
    array_on: BoolArray
    """Which columns of `inputs.Inputs.array_w` still reach the bus."""
    low_k: FloatArray
    """Below this temperature of a node something is lost, shape (nodes,)."""
    high_k: FloatArray


def segment_of(parameters: Parameters, inputs: Inputs, state: State, commands: Commands) -> Segment:
    """Loads, heat and limits under these commands; what is lost draws nothing, gives nothing and dies no second time.

    Stores and recorders don't appear here: the station is lost with the module that carries them.
    """
    module_w = parameters.module_w[commands.mode] * (commands.module_on & ~state.module_lost)
    alive = ~state.payload_lost
    settings = np.take_along_axis(parameters.payload_w, commands.payload_setting[:, None], axis=1)[:, 0]
    payload_w = settings * alive
    recorder_w = parameters.recorders["power_w"] * commands.recorder_on
    payload_node = parameters.module_node[parameters.payloads["module"]]
    node_w = np.zeros(parameters.nodes.size)
    _warm(node_w, parameters.module_node, module_w)
    _warm(node_w, payload_node, payload_w)
    _warm(node_w, parameters.module_node[parameters.recorders["module"]], recorder_w)
    low_k, high_k = parameters.nodes["survival_low_k"].copy(), parameters.nodes["survival_high_k"].copy()
    low_k[state.node_lost], high_k[state.node_lost] = -np.inf, np.inf
    limited = alive & (payload_node >= 0)
    np.maximum.at(low_k, payload_node[limited], parameters.payloads["survival_low_k"][limited])
    np.minimum.at(high_k, payload_node[limited], parameters.payloads["survival_high_k"][limited])
    usable = ~state.module_lost[parameters.radios["module"]] & commands.radio_on
    return Segment(
        module_w=float(module_w.sum()),
        payload_w=float(payload_w.sum()),
        recorder_w=float(recorder_w.sum()),
        node_w=node_w,
        payload_bit_per_s=parameters.payloads["bit_per_s"] * (commands.producing & alive),
        radios=parameters.radios[usable],
        nodes=_without(parameters.nodes, "heater_w", state.node_lost | state.module_lost[parameters.nodes["module"]]),
        sources=_without(parameters.sources, "power_w", state.module_lost[parameters.sources["module"]]),
        array_on=~state.module_lost[inputs.array_module],
        low_k=low_k,
        high_k=high_k,
    )


def _without(rows: Rows, column: str, lost: BoolArray) -> Rows:
    left = rows.copy()
    left[column][lost] = 0.0
    return left


def _warm(node_w: FloatArray, node: np.ndarray, power_w: FloatArray) -> None:
    known = node >= 0
    np.add.at(node_w, node[known], power_w[known])


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
