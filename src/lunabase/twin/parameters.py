"""What the physics needs to know of a station, as arrays: made once from the station file.

One structured array for each kind of thing, one row for each thing, because that is what numba reads fastest.
Index -1 stands for "no node": heat that goes there leaves the station.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4
from lunabase.station.energy import PowerDistribution
from lunabase.station.equipment import (
    Battery,
    DataRecorder,
    FissionSource,
    FuelCell,
    Module,
    Radio,
    RadioisotopeSource,
    ThermalNode,
)
from lunabase.station.model import Station
from lunabase.station.science import Payload
from lunabase.twin.layout import HEATERS_J, MODULES_J, PAYLOADS_J, RADIOS_J, RECORDERS_J, channel_names
from lunabase.twin.network import Network, network, switch_names
from lunabase.twin.sources import SOURCE, fission_row, isotope_row
from lunabase.twin.stores import STORE, store_row
from lunabase.twin.substances import SubstanceTables, no_substances, stock_names, tables_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Rows = NDArray[Any]
"""A structured array."""
Kind = TypeVar("Kind")

OFF, STANDBY = "off", "standby"
"""Power settings that every payload has; the others are the names of its `power` in the station file."""

NODE = np.dtype(
    [
        ("capacity_j_per_k", "f8"),
        ("emission_w_per_k4", "f8"),  # emissivity * radiator area * Stefan-Boltzmann constant
        ("absorbing_m2", "f8"),  # absorptance * radiator area
        ("sin_tilt", "f8"),
        ("cos_tilt", "f8"),
        ("ground_w_per_k", "f8"),
        ("heater_w", "f8"),
        ("setpoint_k", "f8"),
        ("operating_low_k", "f8"),
        ("operating_high_k", "f8"),
        ("survival_low_k", "f8"),
        ("survival_high_k", "f8"),
        ("essential", "i8"),  # 1: the station is lost with it, as it holds a store or the computer and recorder
        ("module", "i8"),  # which carries it, and powers its heater
    ]
)
PAYLOAD = np.dtype(
    [
        ("module", "i8"),
        ("bit_per_s", "f8"),
        ("survival_low_k", "f8"),
        ("survival_high_k", "f8"),
        ("queue", "i8"),  # of the recorder, for its partner
    ]
)
RECORDER = np.dtype([("module", "i8"), ("power_w", "f8"), ("capacity_bit", "f8")])
RADIO = np.dtype(
    [
        ("module", "i8"),
        ("node", "i8"),
        ("power_w", "f8"),
        ("earth_bit_per_s", "f8"),
        ("relay_bit_per_s", "f8"),
        ("budget", "i8"),  # 1 + column of the rates of its link budget, its stated rates being 0 or 1; 0: none
    ]
)
ORDER = np.dtype([("account", "i8"), ("index", "i8")])
"""A load: the account of the ledger that it is booked in, and which of its kind."""


class Downlink(NamedTuple):
    """How data waits in the recorders and leaves them."""

    queue_rank: tuple[int, ...] = (0,)
    """Rank of each queue, lowest first; queues of one rank share."""
    frame_loss: float = 0.0
    acknowledged_s: float = 0.0
    """Time from sending to the acknowledgement."""


class Bus(NamedTuple):
    """The converter and switches between sources and loads."""

    efficiency: float = 1.0
    limit_w: float = math.inf
    """Highest power to the loads."""
    node: int = -1
    in_order: bool = False
    """True: switches cut the least important loads; False: every load works for a part of the step."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """All parameters of a station; structured arrays with the dtypes above unless stated."""

    nodes: Rows
    network: Network
    """Faces, heat paths and heat switches."""
    stores: Rows
    """Batteries, then fuel cells, in file order: the order of charge and discharge."""
    sources: Rows
    module_node: IntArray
    """Shape (modules,)."""
    module_w: FloatArray
    """Load of each module in each mode, shape (modes, modules)."""
    payloads: Rows
    payload_w: FloatArray
    """Power of each payload in each of its settings, shape (payloads, settings)."""
    recorders: Rows
    radios: Rows
    bus: Bus
    order: Rows
    """All loads, the most important first, dtype `ORDER`."""
    downlink: Downlink = field(default_factory=Downlink)
    substances: SubstanceTables = field(default_factory=lambda: no_substances(1))


@dataclass(frozen=True, slots=True)
class Names:
    """Which thing stands at which index of the arrays."""

    nodes: tuple[str, ...]
    stores: tuple[str, ...]
    sources: tuple[str, ...]
    """Reactors, then isotope sources."""
    switches: tuple[str, ...]
    """Heat switches: a node's name for its radiator, `node/face`, or `node>other` for a heat pipe."""
    modules: tuple[str, ...]
    payloads: tuple[str, ...]
    modes: tuple[str, ...]
    stocks: tuple[str, ...]
    """Stocks of substances: tanks, gases of cabins, then the ground and space."""
    tanks: tuple[str, ...]
    cabins: tuple[str, ...]
    queues: tuple[str, ...]
    """Partners, whose data wait in the recorders, by their priority."""
    settings: tuple[tuple[str, ...], ...]
    """Power settings of each payload: off, standby, then its own."""


def channels_of(names: Names) -> tuple[str, ...]:
    """Names of the channels of a telemetry row, in order."""
    return channel_names(names.nodes, names.stores, names.tanks, names.cabins)


def names_of(station: Station, present: tuple[str, ...]) -> Names:
    """Names of what the present modules hold, in the order of the arrays."""
    payloads, stocks = station.payloads_present(present), stock_names(station, present)
    return Names(
        nodes=tuple(station.equipment(ThermalNode, present)),
        stores=(*station.equipment(Battery, present), *station.equipment(FuelCell, present)),
        sources=(*station.equipment(FissionSource, present), *station.equipment(RadioisotopeSource, present)),
        switches=switch_names(station.equipment(ThermalNode, present)),
        modules=present,
        payloads=tuple(payloads),
        modes=tuple(station.modes),
        stocks=stocks.stocks,
        tanks=stocks.tanks,
        cabins=stocks.cabins,
        queues=queues_of(station),
        settings=tuple(_settings(payload) for payload in payloads.values()),
    )


def parameters_of(station: Station, present: tuple[str, ...], start: datetime, crew: int = 0) -> Parameters:
    """Parameters of a station with these modules and people, for a run that starts at a moment (UTC)."""
    names = names_of(station, present)
    index = {name: place for place, name in enumerate(names.nodes)}
    modules = tuple(station.modules[name] for name in present)
    payloads = tuple(station.payloads[name] for name in names.payloads)
    module_node = [_index(module.thermal_node, index) for module in modules]
    return Parameters(
        nodes=_node_rows(station, present, index),
        network=network(station.equipment(ThermalNode, present), on_ground=station.site.surface is not None),
        stores=_store_rows(station, present, index),
        sources=_source_rows(station, present, index, start),
        module_node=np.array(module_node, dtype=np.int64),
        module_w=np.array(
            [[module.load_w(mode) - module.production_w(mode) for module in modules] for mode in names.modes]
        ),
        payloads=_payload_rows(payloads, names),
        payload_w=_payload_power(payloads, names),
        recorders=np.array([(at, x.power_w, x.capacity_bit) for at, x in _placed(modules, DataRecorder)], RECORDER),
        radios=_radio_rows(modules, module_node),
        bus=_bus(station, present, index),
        order=_order(station, names, len(station.equipment(DataRecorder, present))),
        downlink=_downlink(station),
        substances=tables_of(station, present, names.nodes, start, crew),
    )


def queues_of(station: Station) -> tuple[str, ...]:
    """The queues of the recorders, one for each partner, those that go first in front."""
    return tuple(sorted(station.partners, key=lambda name: -station.partners[name].data_priority))


def _downlink(station: Station) -> Downlink:
    ranks = tuple(-station.partners[name].data_priority for name in queues_of(station))
    return Downlink(ranks, station.downlink.frame_loss, station.downlink.acknowledged_after_s)


def _bus(station: Station, present: tuple[str, ...], index: dict[str, int]) -> Bus:
    units = tuple(station.equipment(PowerDistribution, present).values())
    if not units:
        return Bus()
    unit = units[0]
    return Bus(unit.efficiency, unit.maximum_w, _index(unit.thermal_node, index), unit.cuts == "in_order")


def _order(station: Station, names: Names, recorders: int) -> Rows:
    """Recorders, modules, heaters, radios, payloads; then what the file sheds, last of its order first."""
    shed = [name for name in station.load_shedding.order if name in (*names.modules, *names.payloads)]

    def row(name: str) -> tuple[int, int]:
        if name in names.modules:
            return MODULES_J, names.modules.index(name)
        return PAYLOADS_J, names.payloads.index(name)

    kept = [name for name in (*names.modules, *names.payloads) if name not in shed]
    rows = [
        *((RECORDERS_J, index) for index in range(recorders)),
        *(row(name) for name in kept if name in names.modules),
    ]
    rows += [(HEATERS_J, node) for node in range(len(names.nodes))] + [(RADIOS_J, 0)]
    rows += [row(name) for name in kept if name in names.payloads]
    return np.array([*rows, *(row(name) for name in reversed(shed))], ORDER)


def _settings(payload: Payload) -> tuple[str, ...]:
    return (OFF, STANDBY, *(mode for mode in payload.power if mode not in (OFF, STANDBY)))


def _index(name: str | None, index: dict[str, int]) -> int:
    return -1 if name is None else index.get(name, -1)


def _node_rows(station: Station, present: tuple[str, ...], index: dict[str, int]) -> Rows:
    essential = _essential(station, present)
    rows = np.zeros(len(index), NODE)
    carriers = [place for place, _ in _placed(tuple(station.modules[name] for name in present), ThermalNode)]
    rows["module"] = carriers
    for row, (name, node) in zip(rows, station.equipment(ThermalNode, present).items(), strict=True):
        tilt_rad = math.radians(node.radiator_tilt_deg)
        row["capacity_j_per_k"] = node.heat_capacity_j_per_k
        row["emission_w_per_k4"] = node.radiator_area_m2 * node.radiator_emissivity * STEFAN_BOLTZMANN_W_M2_K4
        row["absorbing_m2"] = node.radiator_area_m2 * node.radiator_absorptance
        row["sin_tilt"], row["cos_tilt"] = math.sin(tilt_rad), math.cos(tilt_rad)
        row["ground_w_per_k"] = node.ground_conductance_w_per_k if station.site.surface is not None else 0.0
        row["heater_w"], row["setpoint_k"] = node.heater_w, node.heater_setpoint_k
        row["operating_low_k"], row["operating_high_k"] = node.operating.minimum_k, node.operating.maximum_k
        row["survival_low_k"], row["survival_high_k"] = node.survival.minimum_k, node.survival.maximum_k
        row["essential"] = name in essential
    return rows


def _essential(station: Station, present: tuple[str, ...]) -> set[str | None]:
    """Nodes of stores, and of the modules that carry stores or recorders: none of these is lost alone."""
    essential: set[str | None] = set()
    for module in (station.modules[name] for name in present):
        for item in module.equipment.values():
            if isinstance(item, Battery | FuelCell):
                essential |= {item.thermal_node, module.thermal_node}
            elif isinstance(item, DataRecorder):
                essential.add(module.thermal_node)
    return essential


def _store_rows(station: Station, present: tuple[str, ...], index: dict[str, int]) -> Rows:
    stores: tuple[Battery | FuelCell, ...] = (
        *station.equipment(Battery, present).values(),
        *station.equipment(FuelCell, present).values(),
    )
    return np.array([store_row(store, _index(store.thermal_node, index)) for store in stores], STORE)


def _source_rows(station: Station, modules: tuple[str, ...], index: dict[str, int], start: datetime) -> Rows:
    """Sources as of the start of a run; reactors first, as in `Names.sources`."""
    placed = tuple(station.modules[name] for name in modules)
    rows = []
    for place, reactor in _placed(placed, FissionSource):
        begun = min(phase.start for phase in station.phases.values() if modules[place] in phase.present)
        rows.append(fission_row(reactor, _age_s(start, begun), place))
    for place, item in _placed(placed, RadioisotopeSource):
        rows.append(isotope_row(item, _age_s(start, item.fuelled), _index(item.thermal_node, index), place))
    return np.array(rows, SOURCE)


def _age_s(now: datetime, begun: datetime) -> float:
    return max((now - begun).total_seconds(), 0.0)


def _payload_rows(payloads: tuple[Payload, ...], names: Names) -> Rows:
    rows = [
        (names.modules.index(item.host), item.data_rate_bit_per_s, *_survival(item), names.queues.index(item.partner))
        for item in payloads
    ]
    return np.array(rows, PAYLOAD)


def _survival(payload: Payload) -> tuple[float, float]:
    limits = payload.thermal_survival
    return (-math.inf, math.inf) if limits is None else (limits.minimum_k, limits.maximum_k)


def _payload_power(payloads: tuple[Payload, ...], names: Names) -> FloatArray:
    width = max((len(settings) for settings in names.settings), default=2)
    table = np.zeros((len(payloads), width))
    for row, (payload, settings) in enumerate(zip(payloads, names.settings, strict=True)):
        for column, setting in enumerate(settings):
            table[row, column] = payload.power.get(setting, 0.0)
    return table


def _placed(modules: tuple[Module, ...], kind: type[Kind]) -> list[tuple[int, Kind]]:
    return [
        (place, item)
        for place, module in enumerate(modules)
        for item in module.equipment.values()
        if isinstance(item, kind)
    ]


def _radio_rows(modules: tuple[Module, ...], module_node: list[int]) -> Rows:
    rows, budgets = [], 0
    for place, radio in _placed(modules, Radio):
        rates, budget = (radio.rate_to_earth_bit_per_s, radio.rate_to_relay_bit_per_s), 0
        if radio.transmitter is not None:
            budgets += 1
            rates, budget = (float(rates[0] > 0.0), float(rates[1] > 0.0)), budgets
        rows.append((place, module_node[place], radio.power_w, *rates, budget))
    return np.array(rows, RADIO)
