"""What of the station works: constant between two calls of the kernel, changed only where faults are injected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lunabase.station.equipment import Radio, SolarArray
from lunabase.station.model import Station
from lunabase.twin.parameters import BoolArray, FloatArray, IntArray, names_of

STUCK_OFF, WORKS, STUCK_ON = -1, 0, 1
"""States of a heater; of a heat switch: stuck closed, works, stuck open."""


@dataclass(frozen=True, slots=True)
class Health:
    """What is left of each thing; parts run from 0 (nothing) to 1 (all)."""

    array_part: FloatArray
    """Power left of each column of `inputs.Inputs.array_w`, shape (array columns,)."""
    dust_part: FloatArray
    """Light lost to dust on top of what the station file says, shape (array columns,)."""
    store_part: FloatArray
    """Capacity left of each store, shape (stores,); what no longer fits is lost and booked."""
    store_ok: BoolArray
    """False: the store is off the bus and keeps what it holds, shape (stores,)."""
    source_part: FloatArray
    """Electrical power left of each fission or radioisotope source, shape (sources,)."""
    converter_part: float
    """Power limit left of the bus converter; without a limit in the station file only 0 has an effect."""
    heater: IntArray
    """0 works, -1 stuck off, +1 stuck on (while its bus has power), shape (nodes,)."""
    heat_switch: IntArray
    """Radiator: 0 works, -1 stuck closed (gives off no heat), +1 stuck open, shape (nodes,)."""
    node_leak_w_per_k: FloatArray
    """Extra conductance to the ground, as from lost insulation, shape (nodes,)."""
    radio_part: FloatArray
    """Data rate left of each radio, shape (radios,); 0: it doesn't send."""
    earth_link: bool
    """False: nobody on Earth hears the station."""
    relay_link: bool
    """False: no relay does."""
    recorder_part: float
    """Capacity left of the recorders together."""
    module_ok: BoolArray
    """False: powered off; it and its payloads draw nothing and the node it carries is not heated, shape (modules,)."""
    payload_ok: BoolArray
    """False: powered off, shape (payloads,)."""
    extra_load_w: FloatArray
    """Load on top of each module's own while it is switched on, shape (modules,)."""


def healthy(station: Station, present: tuple[str, ...]) -> Health:
    """Everything works, in a station with these modules."""
    names = names_of(station, present)
    carriers = [name for name in present if station.equipment(SolarArray, (name,))]
    return all_well(
        arrays=len(carriers),
        stores=len(names.stores),
        sources=len(names.sources),
        nodes=len(names.nodes),
        radios=len(station.equipment(Radio, present)),
        modules=len(names.modules),
        payloads=len(names.payloads),
    )


def all_well(*, arrays: int, stores: int, sources: int, nodes: int, radios: int, modules: int, payloads: int) -> Health:
    """Everything works, for these numbers of things."""
    return Health(
        array_part=np.ones(arrays),
        dust_part=np.zeros(arrays),
        store_part=np.ones(stores),
        store_ok=np.ones(stores, dtype=np.bool_),
        source_part=np.ones(sources),
        converter_part=1.0,
        heater=np.zeros(nodes, dtype=np.int64),
        heat_switch=np.zeros(nodes, dtype=np.int64),
        node_leak_w_per_k=np.zeros(nodes),
        radio_part=np.ones(radios),
        earth_link=True,
        relay_link=True,
        recorder_part=1.0,
        module_ok=np.ones(modules, dtype=np.bool_),
        payload_ok=np.ones(payloads, dtype=np.bool_),
        extra_load_w=np.zeros(modules),
    )
