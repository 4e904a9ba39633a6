"""What the station breathes, drinks, makes and burns: tanks, processes, cabins, people's needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from lunabase.station.quantities import (
    FractionPerTime,
    Mass,
    PositiveDuration,
    PositiveEnergyPerMass,
    PositiveFraction,
    PositiveMass,
    PositiveMassFlow,
    PositivePressure,
    PositiveVolume,
    Pressure,
    UtcDate,
)
from lunabase.station.record import Identifier, Record, Rule, SourcedRecord

Substance = Literal[
    "oxygen",
    "hydrogen",
    "nitrogen",
    "water",
    "carbon dioxide",
    "methane",
    "regolith",
    "residue",
    "food",
    "solid waste",
    "waste water",
]
Reaction = Literal["water electrolysis", "sabatier", "oxygen from regolith"]


class Supply(SourcedRecord):
    """What landers bring, time and again."""

    amount_kg: PositiveMass
    """What comes each time."""
    first: UtcDate
    """When it comes first (UTC)."""
    every_s: PositiveDuration
    """Time from one delivery to the next."""


class Tank(SourcedRecord):
    """A tank or store of one substance."""

    module: Identifier
    """The module that carries it."""
    substance: Substance
    """What is in it."""
    capacity_kg: PositiveMass
    """How much it can hold."""
    amount_kg: Mass
    """What is in it at the start."""
    leak_per_s: FractionPerTime = 0.0
    """Part of its content that leaks or boils off, like "0.1 %/d"."""
    supply: Supply | None = None
    """What landers bring; what does not fit is left in the lander."""

    rules = (
        Rule(
            ("amount_kg", "capacity_kg"),
            lambda tank: tank.amount_kg > tank.capacity_kg,
            "it holds more than fits",
            "amount",
        ),
    )


class Process(SourcedRecord):
    """A chemical process between tanks; it works as fast as its inputs, the room for its products and power allow."""

    module: Identifier
    """The module it runs in, whose node takes its heat; it stands still while the module is off."""
    reaction: Reaction
    """water electrolysis: 2 H2O -> 2 H2 + O2; sabatier: CO2 + 4 H2 -> CH4 + 2 H2O; oxygen from regolith: by heat and
    recycled hydrogen or by current, with what is left over as residue."""
    tanks: tuple[Identifier, ...]
    """Where its inputs come from and its products go, one for each substance; regolith and residue need none, as there
    is enough ground; a product without a tank is vented."""
    maximum_rate_kg_per_s: PositiveMassFlow
    """Highest output: oxygen, or methane of a Sabatier reactor."""
    energy_per_mass_j_per_kg: PositiveEnergyPerMass
    """Electrical energy per kilogram of that output."""
    regolith_yield: PositiveFraction = 0.02
    """Oxygen from regolith: oxygen won per mass of regolith."""
    modes: tuple[Identifier, ...] = ("nominal", "crewed")
    """Modes of the station in which it works."""

    rules = (Rule(("tanks",), lambda process: not process.tanks, "it needs tanks", "tanks"),)


class Cabin(SourcedRecord):
    """A pressurised volume at the temperature of its module's node."""

    module: Identifier
    """The module."""
    volume_m3: PositiveVolume
    """Free gas volume."""
    oxygen_pa: Pressure
    """Partial pressure at the start and the least that the supply keeps."""
    total_pa: PositivePressure
    """Total pressure at the start and the least that the supply keeps, with nitrogen."""
    leak_per_s: FractionPerTime = 0.0
    """Part of the gas that leaks, like "0.05 %/d"."""
    oxygen_from: Identifier | None = None
    """Tank that keeps up the oxygen."""
    nitrogen_from: Identifier | None = None
    """Tank that keeps up the total pressure."""
    carbon_dioxide_to: Identifier | None = None
    """Tank that takes the carbon dioxide; without one it is vented."""
    carbon_dioxide_pa: PositivePressure = 400.0
    """Partial pressure above which it is removed."""
    water_to: Identifier | None = None
    """Tank that takes the condensed humidity; without one it is vented."""
    water_pa: PositivePressure = 1200.0
    """Partial pressure of water vapour above which it condenses."""
    removed_in_s: PositiveDuration = 3600.0
    """Time in which the scrubbers take away what is above these pressures, as an exponential; so does the supply."""

    rules = (
        Rule(
            ("oxygen_pa", "total_pa"),
            lambda cabin: cabin.oxygen_pa > cabin.total_pa,
            "oxygen_pa is above total_pa",
            "oxygen",
        ),
    )


class LifeSupport(Record):
    """Where the crew's needs come from; with no crew nothing flows."""

    cabin: Identifier
    """The cabin that the crew breathes in."""
    water_from: Identifier
    """Tank of drinking and washing water."""
    waste_water_to: Identifier | None = None
    """Tank of used water; without one it is vented."""
    food_from: Identifier | None = None
    """Store of food; without one it is not counted as a stock."""
    waste_to: Identifier | None = None
    """Store of solid waste."""


_HOLDS: Mapping[str, Substance] = {
    "oxygen_from": "oxygen",
    "nitrogen_from": "nitrogen",
    "carbon_dioxide_to": "carbon dioxide",
    "water_to": "water",
    "water_from": "water",
    "waste_water_to": "waste water",
    "food_from": "food",
    "waste_to": "solid waste",
}
"""What must be in the tank that each of these keys names."""


def _wrong_tank(section: Substances) -> str:
    """The first key that names a tank of another substance, in words."""
    users: list[tuple[str, Record]] = list(section.cabins.items())
    if section.life_support is not None:
        users.append(("life_support", section.life_support))
    for user, record in users:
        for key, substance in _HOLDS.items():
            tank = section.tanks.get(getattr(record, key, None) or "")
            if tank is not None and tank.substance != substance:
                return f"{key} of {user} needs a tank of {substance}, not of {tank.substance}"
    return ""


class Substances(SourcedRecord):
    """All substances of the station and what happens to them, closed by mass."""

    tanks: Mapping[Identifier, Tank] = Field(default_factory=dict)
    """Tanks and stores."""
    processes: Mapping[Identifier, Process] = Field(default_factory=dict)
    """Chemical processes."""
    cabins: Mapping[Identifier, Cabin] = Field(default_factory=dict)
    """Pressurised volumes."""
    life_support: LifeSupport | None = None
    """What keeps the crew alive."""

    rules = (Rule(("tanks", "cabins", "life_support"), _wrong_tank, "{}"),)
