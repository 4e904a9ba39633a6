"""The bus: sources, stores, what is served, what is left over.

Order of supply: sources that can't be turned down, arrays, batteries, fuel cells. Batteries go first because they
give back more of what they got; the fuel cells carry the rest of a long night. A surplus charges in the same
order; what nobody can take is left on the arrays, which need not deliver it, or dumped by the sources.
All losses of a store are at its converter, so that its power limits hold at the bus.
"""

from __future__ import annotations

import math

from numba import njit

from lunabase.twin.layout import (
    ARRAY_LEFT_J,
    ARRAY_TAKEN_J,
    CHARGE_LOSS_J,
    DISCHARGE_LOSS_J,
    DUMPED_J,
    FISSION_J,
    RADIOISOTOPE_J,
)


@njit(cache=True)
def generate(sources, time_s, flow, node_w):  # type: ignore[no-untyped-def]
    """Electrical power of all sources, W, at a time since the start; their heat goes to their nodes."""
    total_w = 0.0
    for source in range(sources.size):
        left = math.exp(-sources[source].decay_per_s * (sources[source].age_s + time_s))
        power_w = sources[source].power_w * left
        total_w += power_w
        flow[FISSION_J if sources[source].fission else RADIOISOTOPE_J] += power_w
        if sources[source].node >= 0:
            node_w[sources[source].node] += sources[source].heat_w * left
    return total_w


@njit(cache=True)
def dispatch(stores, store_j, load_w, source_w, array_w, step_s, flow, node_w):  # type: ignore[no-untyped-def]
    """Serve the load for one step: returns the part of it that is served (0..1) and the charging power, W.

    The charging power is positive into the stores and negative out of them, at the bus. A part below one means
    that the stores ran out within the step: everything on the bus worked for that part of it.
    """
    supply_w = source_w + array_w
    if supply_w >= load_w:
        charge_w = _charge(stores, store_j, supply_w - load_w, step_s, flow, node_w)
        taken_w = load_w + charge_w
        source_taken_w = min(source_w, taken_w)
        array_taken_w = min(array_w, taken_w - source_taken_w)
        part = 1.0
    else:
        charge_w = -_discharge(stores, store_j, load_w - supply_w, step_s, flow, node_w)
        source_taken_w, array_taken_w = source_w, array_w
        part = min((supply_w - charge_w) / load_w, 1.0)
    flow[ARRAY_TAKEN_J] = array_taken_w
    flow[ARRAY_LEFT_J] = array_w - array_taken_w
    flow[DUMPED_J] = source_w - source_taken_w
    return part, charge_w


@njit(cache=True)
def _charge(stores, store_j, surplus_w, step_s, flow, node_w):  # type: ignore[no-untyped-def]
    total_w = 0.0
    for store in range(store_j.size):
        efficiency = stores[store].charge_efficiency
        power_w = min(surplus_w - total_w, stores[store].maximum_charge_w)
        room_j = stores[store].capacity_j - store_j[store]
        if efficiency * power_w * step_s > room_j:
            power_w = room_j / (efficiency * step_s)
        if power_w <= 0.0:
            continue
        store_j[store] = min(store_j[store] + efficiency * power_w * step_s, stores[store].capacity_j)
        loss_w = (1.0 - efficiency) * power_w
        flow[CHARGE_LOSS_J] += loss_w
        if stores[store].node >= 0:
            node_w[stores[store].node] += loss_w
        total_w += power_w
    return total_w


@njit(cache=True)
def _discharge(stores, store_j, deficit_w, step_s, flow, node_w):  # type: ignore[no-untyped-def]
    total_w = 0.0
    for store in range(store_j.size):
        efficiency = stores[store].discharge_efficiency
        usable_j = store_j[store] - stores[store].floor_j
        power_w = min(deficit_w - total_w, stores[store].maximum_discharge_w, efficiency * usable_j / step_s)
        if power_w <= 0.0:
            continue
        drawn_w = power_w / efficiency
        store_j[store] = max(store_j[store] - drawn_w * step_s, stores[store].floor_j)
        flow[DISCHARGE_LOSS_J] += drawn_w - power_w
        if stores[store].node >= 0:
            node_w[stores[store].node] += drawn_w - power_w
        total_w += power_w
    return total_w
