"""What a step of the kernel works on: what is constant while commands and health are, and what lives.

Named tuples, because compiled code takes them apart at no cost.
"""

from __future__ import annotations

from copy import deepcopy
from typing import NamedTuple

import numpy as np

from lunabase.twin.inputs import Inputs
from lunabase.twin.matter import LiveMatter, Matter
from lunabase.twin.network import Network
from lunabase.twin.parameters import BoolArray, Bus, FloatArray, IntArray, Parameters, Rows
from lunabase.twin.segment import Segment
from lunabase.twin.state import State
from lunabase.twin.stores import AGEING_S


class Columns(NamedTuple):
    """Columns of the table of nodes that are read in every step, each contiguous, shape (nodes,)."""

    capacity_j_per_k: FloatArray
    ground_w_per_k: FloatArray
    emission_w_per_k4: FloatArray
    absorbing_m2: FloatArray
    sin_tilt: FloatArray
    cos_tilt: FloatArray
    heater_w: FloatArray
    setpoint_k: FloatArray
    operating_low_k: FloatArray
    operating_high_k: FloatArray
    survival_low_k: FloatArray
    survival_high_k: FloatArray


def columns_of(nodes: Rows) -> Columns:
    """The columns of a table of nodes (dtype `parameters.NODE`)."""
    return Columns(*(np.ascontiguousarray(nodes[name]) for name in Columns._fields))


class Work(NamedTuple):
    """Scratch of a step."""

    emission: FloatArray
    """What each node gives off by T^4, shape (nodes,)."""
    first: FloatArray
    second: FloatArray
    moved: FloatArray
    diagonal: FloatArray
    inverse: FloatArray
    lower: FloatArray
    """Shape (entries,) of the elimination."""
    conductance: FloatArray
    """Shape (links,)."""
    payload_part: FloatArray
    """What of a step each payload works, shape (payloads,); set when loads are cut in order."""


class DownlinkPlan(NamedTuple):
    """How data go through the recorders to Earth."""

    payload_queue: IntArray
    """Queue that each payload writes into, shape (payloads,)."""
    queue_rank: IntArray
    """The same for queues that share, lowest first, shape (queues,)."""
    frame_loss: float
    acknowledged_s: float
    link_bit_per_s: FloatArray
    """Rates of the radios with a link budget, to Earth and by relay, shape (steps, budgets, 2)."""
    payload_bit_per_s: FloatArray
    """Scratch: what each payload produces in a step, shape (payloads,)."""


class LiveData(NamedTuple):
    """The data of a `state.State`."""

    recorder_bit: FloatArray
    waiting_bit: FloatArray
    delivered_bit: FloatArray
    payload_bit: FloatArray


class Plant(NamedTuple):
    """The station and its surroundings under constant commands and health."""

    step_s: float
    start_s: float
    """Time of the first row of the surroundings since the start of the run."""
    first_step: int
    """The same in steps."""
    ageing_steps: int
    """After how many steps stores age."""
    surroundings: Rows
    """Shape (steps,), dtype `inputs.STEP`."""
    array_w: FloatArray
    """Shape (steps, array columns)."""
    array_part: FloatArray
    nodes: Columns
    network: Network
    switches: Rows
    stores: Rows
    sources: Rows
    bus: Bus
    order: Rows
    """All loads, the most important first."""
    radios: Rows
    module_w: FloatArray
    module_sum_w: float
    module_node: IntArray
    payload_w: FloatArray
    payload_sum_w: float
    payload_node: IntArray
    recorder_w: FloatArray
    recorder_sum_w: float
    recorder_node: IntArray
    constant_node_w: FloatArray
    """Heat of these loads by node."""
    recorder_on: bool
    recorder_bit: float
    """Capacity of the recorders together."""
    payload_bit_per_s: FloatArray
    produced_bit: float
    """What all payloads produce in a step."""
    downlink: DownlinkPlan
    low_k: FloatArray
    high_k: FloatArray
    matter: Matter
    work: Work


class Bank(NamedTuple):
    """The stores' part of a `state.State`."""

    energy_j: FloatArray
    left: FloatArray
    drawn_j: FloatArray
    rested: FloatArray


class Live(NamedTuple):
    """The arrays of a `state.State` that a step changes in place, and its flows."""

    bank: Bank
    running_w: FloatArray
    waiting_s: FloatArray
    temperature_k: FloatArray
    switch_open: BoolArray
    heater_on: BoolArray
    data: LiveData
    ledger: FloatArray
    ledger_low: FloatArray
    matter: LiveMatter
    flow: FloatArray
    """Flows of the present step by account, W or bit/s."""
    node_w: FloatArray
    """Heat given to each node in the present step."""


def plant_of(parameters: Parameters, inputs: Inputs, segment: Segment) -> Plant:
    """What stays constant, from the station, its surroundings and what is switched on."""
    return Plant(
        step_s=inputs.step_s,
        start_s=inputs.start_s,
        first_step=round(inputs.start_s / inputs.step_s),
        ageing_steps=max(round(AGEING_S / inputs.step_s), 1),
        surroundings=inputs.rows,
        array_w=inputs.array_w,
        array_part=segment.array_part,
        nodes=columns_of(segment.nodes),
        network=parameters.network,
        switches=segment.switches,
        stores=segment.stores,
        sources=segment.sources,
        bus=segment.bus,
        order=parameters.order,
        radios=segment.radios,
        module_w=segment.module_w,
        module_sum_w=float(segment.module_w.sum()),
        module_node=parameters.module_node,
        payload_w=segment.payload_w,
        payload_sum_w=float(segment.payload_w.sum()),
        payload_node=parameters.module_node[parameters.payloads["module"]],
        recorder_w=segment.recorder_w,
        recorder_sum_w=float(segment.recorder_w.sum()),
        recorder_node=parameters.module_node[parameters.recorders["module"]],
        constant_node_w=segment.node_w,
        recorder_on=segment.recorder_on,
        recorder_bit=segment.recorder_bit,
        payload_bit_per_s=segment.payload_bit_per_s,
        produced_bit=float(segment.payload_bit_per_s.sum()) * inputs.step_s,
        downlink=DownlinkPlan(
            payload_queue=np.ascontiguousarray(parameters.payloads["queue"]),
            queue_rank=np.array(parameters.downlink.queue_rank, dtype=np.int64),
            frame_loss=parameters.downlink.frame_loss,
            acknowledged_s=parameters.downlink.acknowledged_s,
            link_bit_per_s=inputs.link_bit_per_s,
            payload_bit_per_s=np.zeros(parameters.payloads.size),
        ),
        low_k=segment.low_k,
        high_k=segment.high_k,
        matter=_matter(parameters, segment),
        work=_work(parameters),
    )


def replanted(plant: Plant, segment: Segment) -> Plant:
    """The plant with the loads of a segment in which nothing else is different."""
    return plant._replace(
        module_w=segment.module_w,
        module_sum_w=float(segment.module_w.sum()),
        payload_w=segment.payload_w,
        payload_sum_w=float(segment.payload_w.sum()),
        recorder_w=segment.recorder_w,
        recorder_sum_w=float(segment.recorder_w.sum()),
        constant_node_w=segment.node_w,
        recorder_on=segment.recorder_on,
        payload_bit_per_s=segment.payload_bit_per_s,
        produced_bit=float(segment.payload_bit_per_s.sum()) * plant.step_s,
        matter=plant.matter._replace(on=segment.process_on),
    )


def _matter(parameters: Parameters, segment: Segment) -> Matter:
    tables, modules = parameters.substances, parameters.module_node.size
    return Matter(
        stocks=tables.stocks,
        processes=tables.processes,
        on=segment.process_on,
        terms=tables.terms,
        cabins=tables.cabins,
        needs=tables.needs,
        people_w=tables.people_w,
        people_node=tables.people_node,
        tanks=len(tables.names.tanks),
        planned_kg=np.zeros(tables.processes.size),
        module_w=np.zeros(modules),
        module_part=np.ones(modules),
    )


def _work(parameters: Parameters) -> Work:
    nodes = parameters.nodes.size
    return Work(
        emission=np.zeros(nodes),
        first=np.zeros(nodes),
        second=np.zeros(nodes),
        moved=np.zeros(nodes),
        diagonal=np.zeros(nodes),
        inverse=np.zeros(nodes),
        lower=np.zeros(parameters.network.order.row.size),
        conductance=np.zeros(parameters.network.links.size),
        payload_part=np.zeros(parameters.payloads.size),
    )


def copied(state: State) -> State:
    """The same state with arrays of its own, which a step may change."""
    return deepcopy(state)


def live_of(state: State) -> Live:
    """The living arrays of a state; steps change the state through them."""
    return Live(
        bank=Bank(state.store_j, state.store_left, state.drawn_j, state.rested),
        running_w=state.running_w,
        waiting_s=state.waiting_s,
        temperature_k=state.temperature_k,
        switch_open=state.switch_open,
        heater_on=state.heater_on,
        data=LiveData(state.recorder_bit, state.waiting_bit, state.delivered_bit, state.payload_bit),
        ledger=state.ledger,
        ledger_low=state.ledger_low,
        matter=LiveMatter(state.stock_kg, state.stock_low_kg, state.books_kg, state.books_low_kg),
        flow=np.zeros(state.ledger.size),
        node_w=np.zeros(state.temperature_k.size),
    )
