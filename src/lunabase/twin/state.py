"""What changes while the station lives: its state, the commands it obeys and the watches that wake its software."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lunabase.station.equipment import Battery, FissionSource, FuelCell, RadioisotopeSource, ThermalNode
from lunabase.station.model import Station
from lunabase.twin.data import SLOTS
from lunabase.twin.layout import ACCOUNTS
from lunabase.twin.matter import COLUMNS
from lunabase.twin.network import network
from lunabase.twin.parameters import BoolArray, FloatArray, IntArray, names_of
from lunabase.twin.substances import first_stocks_kg


@dataclass(frozen=True, slots=True)
class State:
    """The true state of the station."""

    store_j: FloatArray
    """Energy in each store, shape (stores,)."""
    store_left: FloatArray
    """Part of each store's capacity that ageing has left, shape (stores,)."""
    drawn_j: FloatArray
    """Energy drawn from each store since it was new, shape (stores,)."""
    rested: FloatArray
    """Loss of capacity with time, to the power of 1 / its exponent, shape (stores,)."""
    running_w: FloatArray
    """Power of each source, without its decay, shape (sources,)."""
    waiting_s: FloatArray
    """How long each source must still stand, shape (sources,)."""
    temperature_k: FloatArray
    """Shape (nodes,)."""
    switch_open: BoolArray
    """Heat switches that let heat pass, in the order of `network.Network.switches`."""
    heater_on: BoolArray
    """Thermostats, shape (nodes,)."""
    recorder_bit: FloatArray
    """Data in all recorders together that Earth does not have yet, by partner, shape (queues,)."""
    node_lost: BoolArray
    """Nodes that have been beyond their survival limits, shape (nodes,)."""
    module_lost: BoolArray
    payload_lost: BoolArray
    station_lost: bool
    payload_bit: FloatArray
    """Data that each payload has produced since the start, shape (payloads,)."""
    watch_steps: IntArray
    """For how many steps the condition of each watch has held, shape (watches,)."""
    ledger: FloatArray
    """The accounts of `layout.ACCOUNTS`."""
    ledger_low: FloatArray
    """Low-order parts of the accounts (compensated sums)."""
    waiting_bit: FloatArray = field(default_factory=lambda: np.zeros(SLOTS))
    """Data that Earth has but has not acknowledged, by the part of the wait in which it was sent, shape (SLOTS,)."""
    delivered_bit: FloatArray = field(default_factory=lambda: np.zeros(1))
    """Data that Earth has got since the start, by partner, shape (queues,)."""
    stock_kg: FloatArray = field(default_factory=lambda: np.zeros(0))
    """What each stock of substances holds, shape (stocks,)."""
    stock_low_kg: FloatArray = field(default_factory=lambda: np.zeros(0))
    """Low-order parts of the stocks (compensated sums)."""
    books_kg: FloatArray = field(default_factory=lambda: np.zeros(0))
    """The books of the stocks by `matter.COLUMNS`, shape (stocks * COLUMNS,)."""
    books_low_kg: FloatArray = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class Commands:
    """What the on-board software has switched."""

    mode: int
    """Row of the modules' load table."""
    module_on: BoolArray
    """Shape (modules,)."""
    payload_setting: IntArray
    """Column of the payloads' power table, shape (payloads,)."""
    producing: BoolArray
    """Payloads that produce data, shape (payloads,)."""
    recorder_on: bool
    radio_on: bool
    source_level: FloatArray | None = None
    """Part of its full power that each fission source is set to, shape (sources,); 0 stops it. None: all at 1."""


WATCH = np.dtype(
    [
        ("channel", "i8"),  # index of a telemetry channel
        ("sign", "f8"),  # +1: the channel must be above the limit; -1: below it
        ("limit", "f8"),
        ("dwell_steps", "i8"),  # steps in a row for which the condition must hold, at least 1
        ("group", "i8"),  # a group trips when all its conditions hold long enough; from 0 without gaps
    ]
)
"""One row of a table of watches: conditions on telemetry that stop the kernel."""


def initial_state(station: Station, present: tuple[str, ...], watch_count: int) -> State:
    """The state on the first day, as the station file gives it, recorders empty and nothing lost."""
    names = names_of(station, present)
    stores: tuple[Battery | FuelCell, ...] = (
        *station.equipment(Battery, present).values(),
        *station.equipment(FuelCell, present).values(),
    )
    nodes = station.equipment(ThermalNode, present)
    temperature_k = np.array([node.initial_temperature_k for node in nodes.values()], dtype=np.float64)
    switches = network(nodes, on_ground=True).switches
    sources: tuple[FissionSource | RadioisotopeSource, ...] = (
        *station.equipment(FissionSource, present).values(),
        *station.equipment(RadioisotopeSource, present).values(),
    )
    power_w = [source.power_w for source in sources]
    return State(
        store_j=np.array([store.capacity_j * store.initial_charge for store in stores], dtype=np.float64),
        store_left=np.ones(len(stores)),
        drawn_j=np.zeros(len(stores)),
        rested=np.zeros(len(stores)),
        running_w=np.array(power_w, dtype=np.float64),
        waiting_s=np.zeros(len(power_w)),
        temperature_k=temperature_k,
        switch_open=temperature_k[switches["node"]] >= switches["closes_below_k"],
        heater_on=np.zeros(len(names.nodes), dtype=np.bool_),
        recorder_bit=np.zeros(len(names.queues)),
        node_lost=np.zeros(len(names.nodes), dtype=np.bool_),
        module_lost=np.zeros(len(names.modules), dtype=np.bool_),
        payload_lost=np.zeros(len(names.payloads), dtype=np.bool_),
        station_lost=False,
        payload_bit=np.zeros(len(names.payloads)),
        watch_steps=np.zeros(watch_count, dtype=np.int64),
        ledger=np.zeros(len(ACCOUNTS)),
        ledger_low=np.zeros(len(ACCOUNTS)),
        delivered_bit=np.zeros(len(names.queues)),
        stock_kg=first_stocks_kg(station, present),
        stock_low_kg=np.zeros(len(names.stocks)),
        books_kg=np.zeros(len(names.stocks) * COLUMNS),
        books_low_kg=np.zeros(len(names.stocks) * COLUMNS),
    )
