"""The bus: sources, stores, what is served, what is left over.

Order of supply: sources that can't be turned down, arrays, batteries, fuel cells. Batteries go first because they
give back more of what they got; the fuel cells carry the rest of a long night. A surplus charges in the same
order; what nobody can take is left on the arrays, which need not deliver it, or dumped by the sources. All losses of a
store are its own, so that its power limits hold at the bus. Loads hang behind the bus' converter.
"""

from __future__ import annotations

from lunabase.compiled import within_step
from lunabase.twin.layout import (
    ARRAY_LEFT_J,
    ARRAY_TAKEN_J,
    CONVERTER_LOSS_J,
    DUMPED_J,
    HEATERS_J,
    MODULES_J,
    PAYLOADS_J,
    PROCESSES_J,
    RADIOS_J,
    RECORDERS_J,
    UNSERVED_J,
)
from lunabase.twin.stores import charge, discharge

_ROUNDING = 1e-13
"""A load that is served but for this part is served: what is missing is rounding, no brown-out."""


@within_step
def dispatch(plant, live, load_w, source_w, array_w):  # type: ignore[no-untyped-def]
    """Serve the load for one step: returns what of it is served, W, and the charging power, W.

    The charging power is positive into the stores and negative out of them, at the bus. Less served than asked means
    that the converter is at its limit or that the stores ran out within the step.
    """
    flow, node_w, bus = live.flow, live.node_w, plant.bus
    carried_w = min(load_w, bus.limit_w)
    bus_w = carried_w / bus.efficiency
    supply_w = source_w + array_w
    if supply_w >= bus_w:
        charge_w = charge(plant.stores, live.bank, supply_w - bus_w, live.temperature_k, plant.step_s, flow, node_w)
        taken_w = bus_w + charge_w
        source_taken_w = min(source_w, taken_w)
        array_taken_w = min(array_w, taken_w - source_taken_w)
        part = 1.0
    else:
        charge_w = -discharge(plant.stores, live.bank, bus_w - supply_w, live.temperature_k, plant.step_s, flow, node_w)
        source_taken_w, array_taken_w = source_w, array_w
        part = (supply_w - charge_w) / bus_w
        if part > 1.0 - _ROUNDING:
            part = 1.0
    flow[ARRAY_TAKEN_J] = array_taken_w
    flow[ARRAY_LEFT_J] = array_w - array_taken_w
    flow[DUMPED_J] = source_w - source_taken_w
    served_w = part * carried_w
    lost_w = part * bus_w - served_w
    flow[CONVERTER_LOSS_J] = lost_w
    if bus.node >= 0:
        node_w[bus.node] += lost_w
    return served_w, charge_w


@within_step
def serve_together(plant, live, load_w, served_w, heater_w, radio, radio_w):  # type: ignore[no-untyped-def]
    """Every load works for the same part of the step, which is returned; flows and heat are booked."""
    flow, node_w = live.flow, live.node_w
    part = served_w / load_w if served_w < load_w else 1.0
    flow[MODULES_J] = part * plant.module_sum_w
    flow[PAYLOADS_J] = part * plant.payload_sum_w
    flow[RECORDERS_J] = part * plant.recorder_sum_w
    flow[HEATERS_J] = part * heater_w
    flow[RADIOS_J] = part * radio_w
    if plant.matter.processes.size > 0:
        for module in range(plant.matter.module_part.size):
            _book_process(plant.matter, plant.module_node, flow, node_w, module, part)
    flow[UNSERVED_J] = (1.0 - part) * load_w
    for node in range(node_w.size):
        heating_w = plant.nodes.heater_w[node] if live.heater_on[node] else 0.0
        node_w[node] += part * (plant.constant_node_w[node] + heating_w)
    if radio >= 0 and plant.radios[radio].node >= 0:
        node_w[plant.radios[radio].node] += part * radio_w
    return part


@within_step
def serve_in_order(plant, live, load_w, served_w, radio, radio_w):  # type: ignore[no-untyped-def]
    """The most important loads get all, the last one that gets any a part of the step.

    Returns the radio's part; those of the payloads stand in ``plant.work.payload_part``.
    """
    left_w, radio_part = served_w, 0.0
    for place in range(plant.order.size):
        load = plant.order[place]
        wanted_w, node = _load(plant, live, load, radio, radio_w)
        process_w = plant.matter.module_w[load.index] if load.account == MODULES_J else 0.0
        given_w = min(wanted_w + process_w, left_w)
        left_w -= given_w
        part = given_w / (wanted_w + process_w) if wanted_w + process_w > 0.0 else 1.0
        own_w = given_w if process_w == 0.0 else part * wanted_w
        live.flow[load.account] += own_w
        if node >= 0:
            live.node_w[node] += own_w
        if process_w > 0.0:
            _book_process(plant.matter, plant.module_node, live.flow, live.node_w, load.index, part)
        if load.account == PAYLOADS_J:
            plant.work.payload_part[load.index] = part
        elif load.account == RADIOS_J:
            radio_part = part
    live.flow[UNSERVED_J] = load_w - served_w
    return radio_part


@within_step
def _book_process(matter, module_node, flow, node_w, module, part):  # type: ignore[no-untyped-def]
    """Let the processes of a module work for a part of the step."""
    given_w = part * matter.module_w[module]
    matter.module_part[module] = part
    flow[PROCESSES_J] += given_w
    if module_node[module] >= 0:
        node_w[module_node[module]] += given_w


@within_step
def _load(plant, live, load, radio, radio_w):  # type: ignore[no-untyped-def]
    """Power that a load asks for, and the node that it warms."""
    index = load.index
    if load.account == MODULES_J:
        return plant.module_w[index], plant.module_node[index]
    if load.account == PAYLOADS_J:
        return plant.payload_w[index], plant.payload_node[index]
    if load.account == HEATERS_J:
        return (plant.nodes.heater_w[index] if live.heater_on[index] else 0.0), index
    if load.account == RADIOS_J:
        return radio_w, (plant.radios[radio].node if radio >= 0 else -1)
    return plant.recorder_w[index], plant.recorder_node[index]
