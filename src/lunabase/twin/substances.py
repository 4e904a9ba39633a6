"""The station's substances as arrays for `twin.matter`, and their books."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from lunabase.station.model import Station
from lunabase.station.substances import Cabin, Process, Substance, Substances, Tank
from lunabase.times import FloatArray
from lunabase.twin.chemistry import GAS_J_PER_MOL_K, masses_of
from lunabase.twin.matter import (
    CABIN,
    GASES,
    MOLAR_KG,
    NEED,
    NITROGEN,
    OXYGEN,
    PROCESS,
    ROOM_K,
    STOCK,
    TERM,
    Rows,
)

DAY_S = 86_400.0
CREW_KG_PER_DAY = {
    "oxygen": -0.835,
    "food": -0.617,
    "water": -3.909,
    "carbon dioxide": 0.998,
    "vapour": 2.277,
    "waste water": 1.886 + 0.091,
    "solid waste": 0.109,
}
"""What a person takes (negative) and gives in a day (NASA BVAD 2004); in equals out, 5.361 kg."""
CREW_W = 11.82e6 / DAY_S
"""Heat of a person (same source)."""
CABIN_GASES: tuple[Substance, ...] = ("oxygen", "nitrogen", "carbon dioxide", "water")
_SPACE: tuple[Substance, ...] = (
    "oxygen", "hydrogen", "nitrogen", "water", "carbon dioxide", "methane", "regolith", "residue", "food",
    "solid waste", "waste water",
)  # fmt: skip
"""What is dug from the ground, left on it or vented: one bottomless stock for each substance."""


@dataclass(frozen=True, slots=True)
class StockNames:
    """The stocks in order: tanks, gases of cabins, then the ground and space."""

    tanks: tuple[str, ...] = ()
    cabins: tuple[str, ...] = ()
    stocks: tuple[str, ...] = ()
    substances: tuple[Substance, ...] = ()
    """What each stock holds."""

    @property
    def inside(self) -> int:
        """How many stocks are the station's own; those outside follow."""
        return len(self.stocks) - len(_SPACE)

    def outside(self, substance: Substance) -> int:
        """The stock of a substance on the ground and in space."""
        return self.inside + _SPACE.index(substance)


@dataclass(frozen=True, slots=True)
class SubstanceTables:
    """What `twin.matter` needs of a station with these modules and people."""

    names: StockNames
    stocks: Rows
    processes: Rows
    terms: Rows
    cabins: Rows
    needs: Rows
    works: NDArray[np.bool_]
    """Whether a process works in a mode, shape (modes, processes)."""
    people_w: float = 0.0
    people_node: int = -1


def no_substances(modes: int) -> SubstanceTables:
    """Of a station without any."""
    return SubstanceTables(
        StockNames(),
        stocks=np.zeros(0, STOCK),
        processes=np.zeros(0, PROCESS),
        terms=np.zeros(0, TERM),
        cabins=np.zeros(0, CABIN),
        needs=np.zeros(0, NEED),
        works=np.zeros((modes, 0), dtype=np.bool_),
    )


def stock_names(station: Station, present: tuple[str, ...]) -> StockNames:
    """Names of the stocks of the present modules."""
    section = station.substances
    if section is None:
        return StockNames()
    tanks, cabins = _present(section.tanks, present), _present(section.cabins, present)
    held = [section.tanks[name].substance for name in tanks]
    gases = [f"{cabin} {gas}" for cabin in cabins for gas in CABIN_GASES]
    return StockNames(
        tanks,
        cabins,
        (*tanks, *gases, *(f"outside {substance}" for substance in _SPACE)),
        (*held, *CABIN_GASES * len(cabins), *_SPACE),
    )


def tables_of(
    station: Station,
    present: tuple[str, ...],
    nodes: Sequence[str],
    start: datetime,
    crew: int,
) -> SubstanceTables:
    """Tables of the present modules' substances, for a run that starts at a moment with so many people."""
    section, modes = station.substances, tuple(station.modes)
    if section is None:
        return no_substances(len(modes))
    names = stock_names(station, present)
    builder = _Builder(station, section, present, tuple(nodes), names)
    processes = dict(builder.processes())
    terms = [builder.terms(process) for process in processes.values()]
    ends = np.cumsum([len(found) for found in terms], dtype=np.int64)
    rows = [
        (end - len(found), end, process.maximum_rate_kg_per_s, process.energy_per_mass_j_per_kg,
         present.index(process.module))
        for process, found, end in zip(processes.values(), terms, ends, strict=True)
    ]  # fmt: skip
    people = crew if section.life_support is not None and section.life_support.cabin in names.cabins else 0
    works = [[mode in process.modes for process in processes.values()] for mode in modes]
    return SubstanceTables(
        names,
        stocks=builder.stocks(start),
        processes=np.array(rows, PROCESS),
        terms=np.array([term for found in terms for term in found], TERM),
        cabins=np.array([builder.cabin(place, name) for place, name in enumerate(names.cabins)], CABIN),
        needs=np.array(builder.needs(people) if people else [], NEED),
        works=np.array(works, dtype=np.bool_).reshape(len(modes), len(processes)),
        people_w=people * CREW_W,
        people_node=builder.people_node() if people else -1,
    )


def first_stocks_kg(station: Station, present: tuple[str, ...]) -> FloatArray:
    """What all stocks hold on the first day, shape (stocks,)."""
    names, section = stock_names(station, present), station.substances
    if section is None:
        return np.zeros(0)
    held_kg = [section.tanks[name].amount_kg for name in names.tanks]
    for name in names.cabins:
        held_kg += _gases_kg(station, section.cabins[name])
    return np.array([*held_kg, *(0.0 for _ in _SPACE)])


def _gases_kg(station: Station, cabin: Cabin) -> list[float]:
    node = station.modules[cabin.module].thermal_node
    temperature_k = ROOM_K
    for _, name, item in station.all_equipment():
        if name == node and item.type == "thermal_node":
            temperature_k = item.initial_temperature_k
    mol_per_pa = cabin.volume_m3 / (GAS_J_PER_MOL_K * temperature_k)
    pressure_pa = [0.0] * GASES
    pressure_pa[OXYGEN], pressure_pa[NITROGEN] = cabin.oxygen_pa, cabin.total_pa - cabin.oxygen_pa
    return [float(mol_per_pa * part_pa * MOLAR_KG[gas]) for gas, part_pa in enumerate(pressure_pa)]


def _present(things: Mapping[str, Tank | Cabin | Process], present: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name, item in things.items() if item.module in present)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Rows of the tables, by the names of the stocks."""

    station: Station
    section: Substances
    present: tuple[str, ...]
    nodes: tuple[str, ...]
    names: StockNames

    def stocks(self, start: datetime) -> Rows:
        rows = np.zeros(len(self.names.stocks), STOCK)
        rows["capacity_kg"] = math.inf
        rows["bottomless"][self.names.inside :] = 1
        for row, name in zip(rows, self.names.tanks, strict=False):
            tank = self.section.tanks[name]
            row["capacity_kg"], row["leak_per_s"] = tank.capacity_kg, tank.leak_per_s
            if tank.supply is not None:
                row["supply_kg"], row["supply_every_s"] = tank.supply.amount_kg, tank.supply.every_s
                row["supply_first_s"] = (tank.supply.first - start).total_seconds()
        for name in self.names.cabins:
            first = self.names.stocks.index(f"{name} oxygen")
            rows["leak_per_s"][first : first + GASES] = self.section.cabins[name].leak_per_s
        return rows

    def processes(self) -> Iterator[tuple[str, Process]]:
        """The processes of the section and the productions of modules, which are processes too."""
        for name in _present(self.section.processes, self.present):
            yield name, self.section.processes[name]
        for name in self.present:
            made = self.station.modules[name].production
            if made is not None and made.into is not None:
                yield f"{name} production", Process.model_construct(
                    module=name, reaction="oxygen from regolith", tanks=(made.into,),
                    maximum_rate_kg_per_s=made.maximum_rate_kg_per_s,
                    energy_per_mass_j_per_kg=made.energy_per_mass_j_per_kg,
                    regolith_yield=made.regolith_yield, modes=made.modes,
                )  # fmt: skip

    def terms(self, process: Process) -> list[tuple[int, float]]:
        masses = masses_of(process.reaction, process.regolith_yield)
        return [(self._stock_of(substance, process.tanks), mass) for substance, mass in masses.items()]

    def cabin(self, place: int, name: str) -> tuple[int | float, ...]:
        cabin = self.section.cabins[name]
        return (
            len(self.names.tanks) + place * GASES, cabin.volume_m3, self._node(cabin.module), cabin.leak_per_s,
            cabin.oxygen_pa, cabin.total_pa, cabin.carbon_dioxide_pa, cabin.water_pa,
            self._tank(cabin.oxygen_from, None), self._tank(cabin.nitrogen_from, None),
            self._tank(cabin.carbon_dioxide_to, "carbon dioxide"), self._tank(cabin.water_to, "water"),
            cabin.removed_in_s,
        )  # fmt: skip

    def needs(self, crew: int) -> list[tuple[int, float]]:
        life = self.section.life_support
        assert life is not None  # only then are there people
        cabin = self.names.stocks.index(f"{life.cabin} oxygen")
        stocks = {
            "oxygen": cabin,
            "carbon dioxide": cabin + CABIN_GASES.index("carbon dioxide"),
            "vapour": cabin + CABIN_GASES.index("water"),
            "water": self._tank(life.water_from, "water"),
            "food": self._tank(life.food_from, "food"),
            "waste water": self._tank(life.waste_water_to, "waste water"),
            "solid waste": self._tank(life.waste_to, "solid waste"),
        }
        return [(stocks[name], crew * rate / DAY_S) for name, rate in CREW_KG_PER_DAY.items()]

    def people_node(self) -> int:
        life = self.section.life_support
        return -1 if life is None else self._node(self.section.cabins[life.cabin].module)

    def _node(self, module: str) -> int:
        node = self.station.modules[module].thermal_node
        return self.nodes.index(node) if node in self.nodes else -1

    def _tank(self, name: str | None, outside: Substance | None) -> int:
        """The stock of a tank; without it the outside, or -1."""
        if name is not None and name in self.names.tanks:
            return self.names.tanks.index(name)
        return -1 if outside is None else self.names.outside(outside)

    def _stock_of(self, substance: Substance, tanks: tuple[str, ...]) -> int:
        found = [name for name in tanks if name in self.names.tanks and self.section.tanks[name].substance == substance]
        return self._tank(found[0] if found else None, substance)
