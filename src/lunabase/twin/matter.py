"""One step of all substances: processes, cabins, people, leaks and deliveries, each booked from stock to stock.

Processes work as fast as power, inputs and room allow. The gas of a cabin is ideal and well mixed; supply and
scrubbers close the gap to their pressures exponentially. People take and give the masses of NASA's Baseline Values
and Assumptions Document (2004), fewer when something runs out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lunabase.compiled import called_by_step as within_step
from lunabase.times import FloatArray
from lunabase.twin.chemistry import GAS_J_PER_MOL_K

Rows = NDArray[np.void]

MADE, USED, BROUGHT, CREW_GAVE, CREW_TOOK, MOVED_IN, MOVED_OUT, LEAKED = range(8)
COLUMNS = 8
"""Columns of the books of each stock, kg: given and taken by processes, deliveries, people, moves, leaks."""
OXYGEN, NITROGEN, CARBON_DIOXIDE, VAPOUR = range(4)
GASES = 4
"""Gases of a cabin, in the order of their stocks."""
ROOM_K = 293.15
"""Temperature of a cabin whose module has no node."""

STOCK = np.dtype(
    [
        ("capacity_kg", "f8"),
        ("bottomless", "i8"),  # 1: the ground and space, which give and take what is asked
        ("leak_per_s", "f8"),
        ("supply_kg", "f8"),
        ("supply_first_s", "f8"),  # since the start of the run
        ("supply_every_s", "f8"),
    ]
)
PROCESS = np.dtype(
    [
        ("first", "i8"),  # its terms: from here
        ("last", "i8"),  # to here, exclusive
        ("maximum_kg_per_s", "f8"),
        ("j_per_kg", "f8"),
        ("module", "i8"),
    ]
)
TERM = np.dtype([("stock", "i8"), ("kg_per_kg", "f8")])
CABIN = np.dtype(
    [
        ("first", "i8"),  # stock of its oxygen; the other gases follow
        ("volume_m3", "f8"),
        ("node", "i8"),
        ("leak_per_s", "f8"),
        ("oxygen_pa", "f8"),
        ("total_pa", "f8"),
        ("carbon_dioxide_pa", "f8"),
        ("water_pa", "f8"),
        ("oxygen_from", "i8"),  # stocks; -1: none
        ("nitrogen_from", "i8"),
        ("carbon_dioxide_to", "i8"),
        ("water_to", "i8"),
        ("removed_in_s", "f8"),
    ]
)
NEED = np.dtype([("stock", "i8"), ("kg_per_s", "f8")])
"""What people take (negative) and give, all together."""
MOLAR_KG = np.array([0.031998, 0.028014, 0.044009, 0.018015])
"""Molar masses of a cabin's gases, kg/mol."""


class Matter(NamedTuple):
    """The substances of a station under constant commands."""

    stocks: Rows
    processes: Rows
    on: FloatArray
    """1 where a process may work, shape (processes,)."""
    terms: Rows
    cabins: Rows
    needs: Rows
    people_w: float
    """Heat that all people give off."""
    people_node: int
    tanks: int
    """The first so many stocks are tanks, whose contents are told."""
    planned_kg: FloatArray
    """Scratch: main product that each process wants to make in a step, shape (processes,)."""
    module_w: FloatArray
    """Scratch: power that the processes of each module want, shape (modules,)."""
    module_part: FloatArray
    """Scratch: part of the step that each module is served, shape (modules,)."""


class LiveMatter(NamedTuple):
    """What a step changes in place."""

    stock_kg: FloatArray
    """Shape (stocks,)."""
    stock_low_kg: FloatArray
    """Low-order parts of the stocks: years of equal small changes would round to one side."""
    books_kg: FloatArray
    """Shape (stocks * COLUMNS,)."""
    books_low_kg: FloatArray
    """Low-order parts of the books."""


@within_step
def plan_processes(matter, live, step_s):  # type: ignore[no-untyped-def]
    """Power that all processes ask for in this step, W; their plans stand in ``matter``'s scratch."""
    total_w = 0.0
    for process in range(matter.processes.size):
        matter.module_w[matter.processes[process].module] = 0.0
    for process in range(matter.processes.size):
        plan = matter.processes[process]
        wanted_kg = matter.on[process] * plan.maximum_kg_per_s * step_s
        matter.planned_kg[process] = _possible(matter, live, plan, wanted_kg)
        power_w = matter.planned_kg[process] * plan.j_per_kg / step_s
        matter.module_w[plan.module] += power_w
        total_w += power_w
    return total_w


@within_step
def _possible(matter, live, plan, wanted_kg):  # type: ignore[no-untyped-def]
    """Main product for which there are inputs and room."""
    for place in range(plan.first, plan.last):
        term = matter.terms[place]
        stock = matter.stocks[term.stock]
        if stock.bottomless == 0:
            held_kg = live.stock_kg[term.stock]
            if term.kg_per_kg < 0.0:
                wanted_kg = min(wanted_kg, -held_kg / term.kg_per_kg)
            else:
                wanted_kg = min(wanted_kg, (stock.capacity_kg - held_kg) / term.kg_per_kg)
    return max(wanted_kg, 0.0)


@within_step
def run_processes(matter, live):  # type: ignore[no-untyped-def]
    """Let each process work for its module's part of the step."""
    for process in range(matter.processes.size):
        plan = matter.processes[process]
        # What another process took in this step is no longer there.
        made_kg = _possible(matter, live, plan, matter.planned_kg[process] * matter.module_part[plan.module])
        if made_kg > 0.0:
            for place in range(plan.first, plan.last):
                term = matter.terms[place]
                _book(live, term.stock, term.kg_per_kg * made_kg, MADE if term.kg_per_kg > 0.0 else USED)


@within_step
def live_and_leak(matter, live, temperature_k, node_w, time_s, step_s):  # type: ignore[no-untyped-def]
    """People, cabins, leaks and deliveries of a step that begins at a time since the start of the run."""
    if matter.needs.size > 0:
        part = _met(matter, live, step_s)
        for place in range(matter.needs.size):
            need = matter.needs[place]
            _book(live, need.stock, need.kg_per_s * step_s * part, CREW_GAVE if need.kg_per_s > 0.0 else CREW_TOOK)
        if matter.people_node >= 0:
            node_w[matter.people_node] += matter.people_w * part
    for place in range(matter.cabins.size):
        _condition(matter, live, matter.cabins[place], temperature_k, step_s)
    for place in range(matter.stocks.size):
        stock = matter.stocks[place]
        if stock.leak_per_s > 0.0:
            _book(live, place, live.stock_kg[place] * math.expm1(-stock.leak_per_s * step_s), LEAKED)
        if stock.supply_kg > 0.0:
            _deliver(live, place, stock, time_s, step_s)


@within_step
def _met(matter, live, step_s):  # type: ignore[no-untyped-def]
    """Part of people's needs for which there is enough of everything."""
    part = 1.0
    for place in range(matter.needs.size):
        need = matter.needs[place]
        if need.kg_per_s < 0.0 and matter.stocks[need.stock].bottomless == 0:
            part = min(part, live.stock_kg[need.stock] / (-need.kg_per_s * step_s))
    return max(part, 0.0)


@within_step
def _condition(matter, live, cabin, temperature_k, step_s):  # type: ignore[no-untyped-def]
    """Supply of oxygen and nitrogen, removal of carbon dioxide and water."""
    per_mol_pa = GAS_J_PER_MOL_K * (temperature_k[cabin.node] if cabin.node >= 0 else ROOM_K) / cabin.volume_m3
    closing = -math.expm1(-step_s / cabin.removed_in_s)
    total_pa = 0.0
    for gas in range(GASES):
        total_pa += live.stock_kg[cabin.first + gas] / MOLAR_KG[gas] * per_mol_pa
    oxygen_pa = live.stock_kg[cabin.first + OXYGEN] / MOLAR_KG[OXYGEN] * per_mol_pa
    if cabin.oxygen_from >= 0 and oxygen_pa < cabin.oxygen_pa:
        wanted_kg = closing * (cabin.oxygen_pa - oxygen_pa) / per_mol_pa * MOLAR_KG[OXYGEN]
        _move(matter, live, cabin.oxygen_from, cabin.first + OXYGEN, wanted_kg)
    if cabin.nitrogen_from >= 0 and total_pa < cabin.total_pa:
        wanted_kg = closing * (cabin.total_pa - total_pa) / per_mol_pa * MOLAR_KG[NITROGEN]
        _move(matter, live, cabin.nitrogen_from, cabin.first + NITROGEN, wanted_kg)
    _scrub(matter, live, cabin.first, CARBON_DIOXIDE, cabin.carbon_dioxide_pa, per_mol_pa, closing,
           cabin.carbon_dioxide_to)  # fmt: skip
    _scrub(matter, live, cabin.first, VAPOUR, cabin.water_pa, per_mol_pa, closing, cabin.water_to)


@within_step
def _scrub(matter, live, first, gas, limit_pa, per_mol_pa, closing, to):  # type: ignore[no-untyped-def]
    over_kg = live.stock_kg[first + gas] - limit_pa / per_mol_pa * MOLAR_KG[gas]
    if over_kg > 0.0:
        _move(matter, live, first + gas, to, closing * over_kg)


@within_step
def _move(matter, live, source, to, wanted_kg):  # type: ignore[no-untyped-def]
    """From one stock to another of the same substance, as far as there is some and it fits."""
    moved_kg = min(wanted_kg, live.stock_kg[source])
    if matter.stocks[to].bottomless == 0:
        moved_kg = min(moved_kg, matter.stocks[to].capacity_kg - live.stock_kg[to])
    if moved_kg > 0.0:
        _book(live, source, -moved_kg, MOVED_OUT)
        _book(live, to, moved_kg, MOVED_IN)


@within_step
def _deliver(live, place, stock, time_s, step_s):  # type: ignore[no-untyped-def]
    before = math.floor((time_s - stock.supply_first_s) / stock.supply_every_s)
    after = math.floor((time_s + step_s - stock.supply_first_s) / stock.supply_every_s)
    if after > before and after >= 0.0:
        room_kg = stock.capacity_kg - live.stock_kg[place]
        _book(live, place, min(stock.supply_kg, max(room_kg, 0.0)), BROUGHT)


@within_step
def _book(live, stock, change_kg, column):  # type: ignore[no-untyped-def]
    """Change a stock and its books."""
    _add(live.stock_kg, live.stock_low_kg, stock, change_kg)
    _add(live.books_kg, live.books_low_kg, stock * COLUMNS + column, change_kg)


@within_step
def _add(total, low, account, amount):  # type: ignore[no-untyped-def]
    """Neumaier's sum, as in `kernel.add`."""
    before = total[account]
    after = before + amount
    if abs(before) >= abs(amount):
        low[account] += (before - after) + amount
    else:
        low[account] += (amount - after) + before
    total[account] = after


@within_step
def write_matter(tanks, cabins, live, temperature_k, first, row):  # type: ignore[no-untyped-def]
    """Telemetry from a channel on: contents of the tanks, then total, oxygen and carbon dioxide pressure by cabin."""
    for tank in range(tanks):
        row[first + tank] = live.stock_kg[tank]
    for place in range(cabins.size):
        cabin = cabins[place]
        per_mol_pa = GAS_J_PER_MOL_K * (temperature_k[cabin.node] if cabin.node >= 0 else ROOM_K) / cabin.volume_m3
        total_pa = 0.0
        for gas in range(GASES):
            total_pa += live.stock_kg[cabin.first + gas] / MOLAR_KG[gas] * per_mol_pa
        at = first + tanks + 3 * place
        row[at] = total_pa
        row[at + 1] = live.stock_kg[cabin.first + OXYGEN] / MOLAR_KG[OXYGEN] * per_mol_pa
        row[at + 2] = live.stock_kg[cabin.first + CARBON_DIOXIDE] / MOLAR_KG[CARBON_DIOXIDE] * per_mol_pa
