"""What a step of the kernel works on: what is constant while commands and health are, and what lives.

Named tuples, because compiled code takes them apart at no cost.
"""

from __future__ import annotations

from copy import deepcopy
from typing import NamedTuple

import numpy as np

from lunabase.twin.inputs import Inputs
from lunabase.twin.parameters import BoolArray, FloatArray, Parameters, Rows
from lunabase.twin.segment import Segment
from lunabase.twin.state import State


class Plant(NamedTuple):
    """The station and its surroundings under constant commands and health."""

    step_s: float
    start_s: float
    """Time of the first row of the surroundings since the start of the run."""
    surroundings: Rows
    """Shape (steps,), dtype `inputs.STEP`."""
    array_w: FloatArray
    """Shape (steps, array columns)."""
    array_part: FloatArray
    nodes: Rows
    coupling_w_per_k: FloatArray
    stores: Rows
    capacity_j: float
    """Of all stores together."""
    sources: Rows
    radios: Rows
    module_w: float
    payload_w: float
    recorder_w: float
    constant_node_w: FloatArray
    """Heat of these loads by node."""
    recorder_on: bool
    recorder_bit: float
    """Capacity of the recorders together."""
    payload_bit_per_s: FloatArray
    produced_bit: float
    """What all payloads produce in a step."""
    low_k: FloatArray
    high_k: FloatArray


class Live(NamedTuple):
    """The arrays of a `state.State` that a step changes in place, and scratch."""

    store_j: FloatArray
    temperature_k: FloatArray
    heater_on: BoolArray
    recorder_bit: FloatArray
    payload_bit: FloatArray
    ledger: FloatArray
    ledger_low: FloatArray
    flow: FloatArray
    """Scratch: flows of the present step by account, W or bit/s."""
    node_w: FloatArray
    """Scratch: heat given to each node."""
    work: FloatArray
    """Scratch of `heat.advance_temperatures`."""


def plant_of(parameters: Parameters, inputs: Inputs, segment: Segment) -> Plant:
    """What stays constant, from the station, its surroundings and what is switched on."""
    return Plant(
        step_s=inputs.step_s,
        start_s=inputs.start_s,
        surroundings=inputs.rows,
        array_w=inputs.array_w,
        array_part=segment.array_part,
        nodes=segment.nodes,
        coupling_w_per_k=parameters.coupling_w_per_k,
        stores=segment.stores,
        capacity_j=float(segment.stores["capacity_j"].sum()),
        sources=segment.sources,
        radios=segment.radios,
        module_w=segment.module_w,
        payload_w=segment.payload_w,
        recorder_w=segment.recorder_w,
        constant_node_w=segment.node_w,
        recorder_on=segment.recorder_on,
        recorder_bit=segment.recorder_bit,
        payload_bit_per_s=segment.payload_bit_per_s,
        produced_bit=float(segment.payload_bit_per_s.sum()) * inputs.step_s,
        low_k=segment.low_k,
        high_k=segment.high_k,
    )


def copied(state: State) -> State:
    """The same state with arrays of its own, which a step may change."""
    return deepcopy(state)


def live_of(state: State) -> Live:
    """The living arrays of a state; steps change the state through them."""
    nodes = state.temperature_k.size
    return Live(
        store_j=state.store_j,
        temperature_k=state.temperature_k,
        heater_on=state.heater_on,
        recorder_bit=state.recorder_bit,
        payload_bit=state.payload_bit,
        ledger=state.ledger,
        ledger_low=state.ledger_low,
        flow=np.zeros(state.ledger.size),
        node_w=np.zeros(nodes),
        work=np.zeros((5 + nodes, nodes)),
    )
