from dataclasses import dataclass, field, replace

import numpy as np

from lunabase.twin.health import Health, all_well
from lunabase.twin.inputs import STEP, Inputs
from lunabase.twin.kernel import advance
from lunabase.twin.layout import ACCOUNTS, CHANNELS
from lunabase.twin.network import FACE, LINK, SWITCH, network_of
from lunabase.twin.parameters import NODE, ORDER, PAYLOAD, RADIO, RECORDER, Bus, Parameters
from lunabase.twin.sources import SOURCE
from lunabase.twin.state import WATCH, Commands, State
from lunabase.twin.stores import STORE


def table(dtype, count, **columns):
    rows = np.zeros(count, dtype)
    for name, values in columns.items():
        rows[name] = values
    return rows


def node(count=1, **changes):
    """Thermal nodes that do nothing but hold heat, unless changed."""
    blank = {
        "capacity_j_per_k": 1e4,
        "cos_tilt": 1.0,
        "operating_low_k": -np.inf,
        "operating_high_k": np.inf,
        "survival_low_k": -np.inf,
        "survival_high_k": np.inf,
        "essential": 1,
    }
    return table(NODE, count, **(blank | changes))


def store(count=1, **changes):
    """Stores of 7 kWh without losses and limits, on no node, unless changed."""
    blank = {
        "capacity_j": 7000.0 * 3600.0,
        "charge_efficiency": 1.0,
        "discharge_efficiency": 1.0,
        "maximum_charge_w": 1e6,
        "maximum_discharge_w": 1e6,
        "node": -1,
        "calendar_exponent": 1.0,
        "cycle_exponent": 1.0,
    }
    rows = table(STORE, count, **(blank | changes))
    rows["rated_j"] = rows["capacity_j"]
    return rows


def source(count=1, **changes):
    return table(SOURCE, count, **({"node": -1} | changes))


def payload(count=1, **changes):
    blank = {"survival_low_k": -np.inf, "survival_high_k": np.inf}
    return table(PAYLOAD, count, **(blank | changes))


def surroundings(steps, step_s=60.0, array_w=0.0, **changes):
    """Night without contacts at 100 K, unless changed; the arrays stand on the module."""
    array_w = np.broadcast_to(array_w, steps)[:, None].astype(float)
    rows = table(STEP, steps, **({"ground_k": 100.0, "sun_cos": 1.0} | changes))
    return Inputs(step_s, rows, array_w, np.array([0]))


def watch(*conditions):
    """Table of (channel index, sign, limit, dwell steps, group)."""
    return np.array(list(conditions), WATCH)


@dataclass(frozen=True)
class Bench:
    """A station of arrays on the bench with one module: build it, fly it, look at its rows."""

    inputs: Inputs
    load_w: float = 0.0
    nodes: np.ndarray = field(default_factory=node)
    coupling_w_per_k: np.ndarray | None = None
    faces: np.ndarray = field(default_factory=lambda: table(FACE, 0))
    links: np.ndarray = field(default_factory=lambda: table(LINK, 0))
    closes_below_k: float | list[float] = 0.0
    opens_above_k: float | list[float] = 0.0
    """Of the radiators' heat switches, then those of faces and links."""
    stores: np.ndarray = field(default_factory=store)
    sources: np.ndarray = field(default_factory=lambda: source(0))
    payloads: np.ndarray = field(default_factory=lambda: payload(0))
    payload_on_w: float = 0.0
    recorder_bit: float = 1e9
    radios: np.ndarray = field(default_factory=lambda: table(RADIO, 0))
    watches: np.ndarray = field(default_factory=watch)
    recorder_on: bool = True
    radio_on: bool = True
    health: Health | None = None
    bus: Bus = field(default_factory=Bus)
    order: tuple = ()
    source_level: list | None = None

    @property
    def steps(self):
        return self.inputs.rows.size

    @property
    def parameters(self):
        count = self.nodes.size
        return Parameters(
            nodes=self.nodes,
            network=self.network,
            stores=self.stores,
            sources=self.sources,
            module_node=np.array([0 if count else -1]),
            module_w=np.array([[self.load_w]]),
            payloads=self.payloads,
            payload_w=np.tile([0.0, 0.0, self.payload_on_w], (self.payloads.size, 1)),
            recorders=table(RECORDER, 1, capacity_bit=self.recorder_bit),
            radios=self.radios,
            bus=self.bus,
            order=np.array(list(self.order), ORDER),
        )

    @property
    def network(self):
        links = self.links
        if self.coupling_w_per_k is not None:
            a, b = np.nonzero(np.triu(self.coupling_w_per_k))
            links = table(LINK, a.size, a=a, b=b, w_per_k=self.coupling_w_per_k[a, b], switch=-1)
        node = [*range(self.nodes.size), *self.faces["node"], *links["a"][links["switch"] >= 0]]
        closes_k = np.broadcast_to(self.closes_below_k, len(node))
        switches = table(SWITCH, len(node), node=node, closes_below_k=closes_k)
        switches["opens_above_k"] = np.maximum(closes_k, self.opens_above_k)
        return network_of(self.nodes.size, self.faces, links, switches)

    def well(self, **changes):
        """Health of this station: all is well, but for the changes."""
        counts = {
            "arrays": self.inputs.array_w.shape[1],
            "stores": self.stores.size,
            "sources": self.sources.size,
            "nodes": self.nodes.size,
            "radios": self.radios.size,
            "modules": 1,
            "payloads": self.payloads.size,
        }
        return replace(all_well(**counts), **{name: np.asarray(value)[()] for name, value in changes.items()})

    def state(self, charge=1.0, temperature_k=290.0):
        return State(
            store_j=self.stores["capacity_j"] * charge,
            store_left=np.ones(self.stores.size),
            drawn_j=np.zeros(self.stores.size),
            rested=np.zeros(self.stores.size),
            running_w=self.sources["power_w"].copy(),
            waiting_s=np.zeros(self.sources.size),
            temperature_k=np.zeros(self.nodes.size) + temperature_k,
            switch_open=np.ones(self.network.switches.size, dtype=np.bool_),
            heater_on=np.zeros(self.nodes.size, dtype=np.bool_),
            recorder_bit=np.zeros(1),
            node_lost=np.zeros(self.nodes.size, dtype=np.bool_),
            module_lost=np.zeros(1, dtype=np.bool_),
            payload_lost=np.zeros(self.payloads.size, dtype=np.bool_),
            station_lost=False,
            payload_bit=np.zeros(self.payloads.size),
            watch_steps=np.zeros(self.watches.size, dtype=np.int64),
            ledger=np.zeros(len(ACCOUNTS)),
            ledger_low=np.zeros(len(ACCOUNTS)),
        )

    def commands(self):
        return Commands(
            mode=0,
            module_on=np.ones(1, dtype=np.bool_),
            payload_setting=np.full(self.payloads.size, 2, dtype=np.int64),
            producing=np.ones(self.payloads.size, dtype=np.bool_),
            recorder_on=self.recorder_on,
            radio_on=self.radio_on,
            source_level=None if self.source_level is None else np.array(self.source_level),
        )

    def but(self, **changes):
        return replace(self, **changes)

    def rows(self):
        return np.full((self.steps, len(CHANNELS) + self.nodes.size + self.stores.size), np.nan)

    def fly(self, state=None, first=0, last=None, rows=None, armed=None):
        """State, next step, cause and telemetry rows."""
        state = self.state() if state is None else state
        rows = self.rows() if rows is None else rows
        groups = int(self.watches["group"].max()) + 1 if self.watches.size else 0
        armed = np.ones(groups, dtype=np.bool_) if armed is None else np.array(armed)
        last = self.steps if last is None else last
        health = self.well() if self.health is None else self.health
        out = advance(
            self.parameters, self.inputs, state, self.commands(), health, self.watches, armed, first, last, rows
        )
        return (*out, rows)
