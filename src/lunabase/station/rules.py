"""How the station behaves: modes, load shedding, flight rules and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from lunabase.station.equipment import ModeName
from lunabase.station.quantities import Duration, Fraction, Mass, Power, parse_quantity
from lunabase.station.record import Identifier, Record

Reading = Literal[
    "state_of_charge", "array_power", "generation", "load", "recorder_fill", "operating_margin", "survival_margin"
]
#: What each reading measures, as an SI unit; the margins are the distance of the worst thermal node to its limits.
READING_UNITS: dict[str, str] = {
    "state_of_charge": "",
    "array_power": "W",
    "generation": "W",
    "load": "W",
    "recorder_fill": "",
    "operating_margin": "delta_degC",
    "survival_margin": "delta_degC",
}


class Condition(Record):
    """A reading that has been above or below a limit for some time."""

    reading: Reading
    """What is read: the station's own telemetry, never the truth."""
    above: str | float | None = None
    """The reading is above this (with its unit)."""
    below: str | float | None = None
    """The reading is below this (with its unit)."""
    lasting_s: Duration = 0.0
    """For at least this long."""

    @model_validator(mode="after")
    def _one_limit(self) -> Condition:
        if (self.above is None) == (self.below is None):
            raise ValueError("give either `above` or `below`")
        _ = self.limit
        return self

    @property
    def limit(self) -> float:
        """The limit in the reading's SI unit."""
        text = self.above if self.above is not None else self.below
        return parse_quantity(text, READING_UNITS[self.reading])


class ModeSpec(Record):
    """When a mode is entered and left, and what runs in it."""

    enter: tuple[Condition, ...] = ()
    """Any of these brings the station into the mode."""
    leave: tuple[Condition, ...] = ()
    """All of these together let it leave."""
    activities: Literal["all", "continuous", "none"]
    """Which planned activities run: all, those of continuous payloads, or none."""
    standby: bool
    """Whether payloads get their standby power."""
    downlink: bool
    """Whether the radios send."""


class LoadShedding(Record):
    """What is switched off, in order, when energy runs short."""

    start_below: Fraction
    """State of charge at which shedding begins."""
    restore_above: Fraction
    """State of charge at which loads come back, last shed first."""
    interval_s: Duration
    """Time between two steps."""
    order: tuple[Identifier, ...]
    """Payloads and modules, first to go first; what is not listed is never shed."""

    @model_validator(mode="after")
    def _hysteresis(self) -> LoadShedding:
        if self.restore_above <= self.start_below:
            raise ValueError("restore_above must be above start_below, or loads would flicker")
        return self


class MinimumCharge(Record):
    """The battery never falls below a state of charge."""

    type: Literal["minimum_charge"]
    minimum: Fraction
    """The lowest state of charge of all stores together."""
    text: str
    """The rule in words."""


class MaximumPower(Record):
    """The loads together never exceed a power."""

    type: Literal["maximum_power"]
    maximum_w: Power
    """The highest load."""
    text: str
    """The rule in words."""


class Exclusion(Record):
    """One activity type never runs while another does."""

    type: Literal["exclusion"]
    never: Identifier
    """The activity type that must wait."""
    during: Identifier
    """The activity type during which it must not run."""
    text: str
    """The rule in words."""


FlightRule = Annotated[MinimumCharge | MaximumPower | Exclusion, Field(discriminator="type")]


class PayloadRule(Record):
    """What a partner call allows its payloads together and each."""

    payloads: tuple[Identifier, ...]
    """The payloads of the call."""
    total_mass_kg: Mass
    """All of them together."""
    each_mass_kg: Mass
    """Each of them."""
    total_power_w: Power
    """All of them together, on."""
    each_power_w: Power
    """Each of them, on."""
    text: str = ""
    """The rule and its source."""


class Budgets(Record):
    """Limits that the station must keep on paper."""

    landed_mass_kg: Mass
    """Modules, equipment and payloads together."""
    payload_rules: Mapping[Identifier, PayloadRule] = Field(default_factory=dict)
    """Rules of partner calls."""


Modes = Mapping[ModeName, ModeSpec]
