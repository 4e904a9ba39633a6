"""Batteries and fuel cells: what they take, what they give, and how they age.

A store has a converter of constant efficiency and an internal resistance at a constant open-circuit voltage. With
r = R / V^2, chemical power D gives D - r D^2 at the terminals, and charging with power P stores S = P - r S^2. The
resistance follows Arrhenius' law, r = r25 exp(E / R_gas (1/T - 1/298.15 K)), as measured for lithium-ion cells (Waag
et al. 2013, doi 10.1016/j.apenergy.2012.09.030).

Capacity is lost with time, a(T) t^z, and with the energy drawn, b n^y for n full cycles, as fitted by Wang et al. 2011
(doi 10.1016/j.jpowsour.2010.11.134) and Schmalstieg et al. 2014 (doi 10.1016/j.jpowsour.2014.02.012); the two add up,
and each partial cycle counts by its energy alone. For a changing temperature the sum runs over (a(T))^(1/z) dt.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lunabase.compiled import within_step
from lunabase.station.energy import BatteryAgeing
from lunabase.station.equipment import Battery, FuelCell
from lunabase.twin.layout import CHARGE_LOSS_J, DISCHARGE_LOSS_J, FADED_J

REFERENCE_K = 298.15
AGEING_S = 3600.0
"""How often capacities are worked out anew."""
_GAS_J_PER_MOL_K = 8.314462618
_YEAR_S = 365.25 * 86_400.0

STORE = np.dtype(
    [
        ("rated_j", "f8"),  # capacity of a new one, all cells working
        ("capacity_j", "f8"),  # what is left of it but for ageing
        ("floor_j", "f8"),  # energy below which a new store disconnects; shrinks with the capacity
        ("charge_efficiency", "f8"),
        ("discharge_efficiency", "f8"),
        ("maximum_charge_w", "f8"),
        ("maximum_discharge_w", "f8"),
        ("node", "i8"),
        ("resistance_per_w", "f8"),  # r at 298.15 K
        ("resistance_k", "f8"),  # its activation energy over the gas constant
        ("least_charge_w", "f8"),
        ("charges_above_k", "f8"),
        ("discharges_above_k", "f8"),
        ("calendar_per_s", "f8"),  # a^(1/z) at 298.15 K
        ("calendar_k", "f8"),  # activation energy over z and the gas constant
        ("calendar_exponent", "f8"),
        ("cycle_loss", "f8"),  # in 1000 cycles
        ("cycle_exponent", "f8"),
        ("off", "i8"),  # 1: off the bus
    ]
)
Rows = npt.NDArray[np.void]


def store_row(store: Battery | FuelCell, node: int) -> np.void:
    """The numbers of a store; ``node`` is the index of its thermal node, -1 without one."""
    row = np.zeros(1, STORE)
    for name in ("capacity_j", "charge_efficiency", "discharge_efficiency", "maximum_charge_w", "maximum_discharge_w"):
        row[name] = getattr(store, name)
    row["rated_j"], row["node"] = store.capacity_j, node
    row["calendar_exponent"] = row["cycle_exponent"] = 1.0
    if isinstance(store, FuelCell):
        row["least_charge_w"] = store.least_charge_w
        row["charges_above_k"] = row["discharges_above_k"] = store.works_above_k
    else:
        row["floor_j"] = store.minimum_charge * store.capacity_j
        row["resistance_per_w"] = store.internal_loss / store.maximum_discharge_w
        row["resistance_k"] = store.internal_loss_activation_j_per_mol / _GAS_J_PER_MOL_K
        row["charges_above_k"] = store.charges_above_k
        if store.ageing is not None:
            _set_ageing(row, store.ageing)
    return np.void(row[0])


def _set_ageing(row: Rows, ageing: BatteryAgeing) -> None:
    row["calendar_per_s"] = ageing.calendar_loss ** (1.0 / ageing.calendar_exponent) / _YEAR_S
    row["calendar_k"] = ageing.calendar_activation_j_per_mol / ageing.calendar_exponent / _GAS_J_PER_MOL_K
    row["calendar_exponent"], row["cycle_exponent"] = ageing.calendar_exponent, ageing.cycle_exponent
    row["cycle_loss"] = ageing.cycle_loss


@within_step
def charge(stores, bank, surplus_w, temperature_k, step_s, flow, node_w):  # type: ignore[no-untyped-def]
    """Put a surplus into the stores of a `plant.Bank`, in order; the power that they take at the bus, W."""
    total_w = 0.0
    for store in range(stores.size):
        cell = stores[store]
        power_w = min(surplus_w - total_w, cell.maximum_charge_w)
        if power_w <= 0.0 or cell.off == 1:
            continue
        here_k = temperature_k[cell.node] if cell.node >= 0 else REFERENCE_K
        if here_k < cell.charges_above_k or power_w < cell.least_charge_w:
            continue
        resistance = _resistance(cell, here_k)
        stored_w = _stored(cell.charge_efficiency * power_w, resistance)
        capacity_j = cell.capacity_j * bank.left[store]
        room_j = max(capacity_j - bank.energy_j[store], 0.0)  # damage may have left less than it holds
        if stored_w * step_s > room_j:
            stored_w = room_j / step_s
            power_w = (stored_w + resistance * stored_w * stored_w) / cell.charge_efficiency
        if power_w <= 0.0:
            continue
        bank.energy_j[store] = min(bank.energy_j[store] + stored_w * step_s, capacity_j)
        flow[CHARGE_LOSS_J] += power_w - stored_w
        if cell.node >= 0:
            node_w[cell.node] += power_w - stored_w
        total_w += power_w
    return total_w


@within_step
def discharge(stores, bank, deficit_w, temperature_k, step_s, flow, node_w):  # type: ignore[no-untyped-def]
    """Draw a deficit from the stores of a `plant.Bank`, in order; the power that they give to the bus, W."""
    total_w = 0.0
    for store in range(stores.size):
        cell = stores[store]
        wanted_w = min(deficit_w - total_w, cell.maximum_discharge_w)
        if wanted_w <= 0.0 or cell.off == 1:
            continue
        here_k = temperature_k[cell.node] if cell.node >= 0 else REFERENCE_K
        if here_k < cell.discharges_above_k:
            continue
        floor_j = cell.floor_j * bank.left[store]
        resistance = _resistance(cell, here_k)
        power_w = wanted_w
        drawn_w = _drawn(wanted_w / cell.discharge_efficiency, resistance)
        most_w = (bank.energy_j[store] - floor_j) / step_s
        if resistance > 0.0:
            most_w = min(most_w, 0.5 / resistance)
        if drawn_w > most_w:
            drawn_w = most_w
            power_w = cell.discharge_efficiency * (drawn_w - resistance * drawn_w * drawn_w)
        if power_w <= 0.0:
            continue
        bank.energy_j[store] = max(bank.energy_j[store] - drawn_w * step_s, floor_j)
        bank.drawn_j[store] += drawn_w * step_s
        flow[DISCHARGE_LOSS_J] += drawn_w - power_w
        if cell.node >= 0:
            node_w[cell.node] += drawn_w - power_w
        total_w += power_w
    return total_w


@within_step
def _resistance(cell, here_k):  # type: ignore[no-untyped-def]
    if cell.resistance_k == 0.0 or cell.resistance_per_w == 0.0:
        return cell.resistance_per_w
    return cell.resistance_per_w * math.exp(cell.resistance_k * (1.0 / here_k - 1.0 / REFERENCE_K))


@within_step
def _stored(terminal_w, resistance):  # type: ignore[no-untyped-def]
    """S with S + r S^2 = P, written so that it has no difference of near numbers."""
    return 2.0 * terminal_w / (1.0 + math.sqrt(1.0 + 4.0 * resistance * terminal_w))


@within_step
def _drawn(terminal_w, resistance):  # type: ignore[no-untyped-def]
    """D with D - r D^2 = P; infinite beyond the highest power that the resistance lets through, at D = 1 / (2 r)."""
    under_root = 1.0 - 4.0 * resistance * terminal_w
    return 2.0 * terminal_w / (1.0 + math.sqrt(under_root)) if under_root > 0.0 else math.inf


@within_step
def age(stores, bank, temperature_k, span_s, step_s, flow):  # type: ignore[no-untyped-def]
    """Let time and use take their part of each capacity; what then no longer fits is lost with it."""
    for store in range(stores.size):
        cell = stores[store]
        if cell.calendar_per_s > 0.0 or cell.cycle_loss > 0.0:
            here_k = temperature_k[cell.node] if cell.node >= 0 else REFERENCE_K
            speed = math.exp(-cell.calendar_k * (1.0 / here_k - 1.0 / REFERENCE_K))
            bank.rested[store] += cell.calendar_per_s * speed * span_s
            thousand_cycles = bank.drawn_j[store] / cell.rated_j / 1000.0
            lost = bank.rested[store] ** cell.calendar_exponent
            lost += cell.cycle_loss * thousand_cycles**cell.cycle_exponent
            bank.left[store] = max(1.0 - lost, 0.0)
        over_j = bank.energy_j[store] - cell.capacity_j * bank.left[store]
        if over_j > 0.0:
            bank.energy_j[store] -= over_j
            flow[FADED_J] += over_j / step_s
