"""How the station behaves: modes, load shedding, flight rules and budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from lunabase.station.constraints import Constraints, LimitText, asks_nothing
from lunabase.station.equipment import ModeName
from lunabase.station.quantities import (
    Duration,
    Fraction,
    PositiveDuration,
    PositiveFraction,
    PositiveMass,
    PositivePower,
    Power,
    parse_quantity,
)
from lunabase.station.record import Flag, Identifier, Record, Rule, repeated
from lunabase.station.science import Disturbance

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


def _unreadable_limit(condition: Condition) -> str:
    if (condition.above is None) == (condition.below is None):
        return ""
    unit = READING_UNITS[condition.reading]
    try:
        limit = condition.limit
    except ValueError as bad:
        return str(bad)
    if unit == "" and not 0.0 <= limit <= 1.0:
        return f"{condition.reading} runs from 0 % to 100 %"
    return f"{condition.reading} is never below 0 W" if unit == "W" and limit < 0.0 else ""


class Condition(Record):
    """A reading that has been above or below a limit for some time."""

    reading: Reading
    """What is read: the station's own telemetry, never the truth."""
    above: LimitText | None = None
    """The reading is above this (with its unit)."""
    below: LimitText | None = None
    """The reading is below this (with its unit)."""
    lasting_s: Duration = 0.0
    """For at least this long."""

    rules = (
        Rule(
            ("above", "below"),
            lambda condition: (condition.above is None) == (condition.below is None),
            "give either `above` or `below`",
        ),
        Rule(("reading", "above", "below"), _unreadable_limit, "{}"),
    )

    @property
    def limit(self) -> float:
        """The limit in the reading's SI unit."""
        text = self.above if self.above is not None else self.below
        return parse_quantity(text, READING_UNITS[self.reading])


def _flickers(mode: ModeSpec) -> str:
    """The reading of a way out that does not lie beyond the way in."""
    for enter in mode.enter:
        for leave in mode.leave:
            if enter.reading == leave.reading and not _beyond(leave, enter):
                return enter.reading
    return ""


def _beyond(leave: Condition, enter: Condition) -> bool:
    if enter.below is not None:
        return leave.above is not None and leave.limit > enter.limit
    return leave.below is not None and leave.limit < enter.limit


class ModeSpec(Record):
    """When a mode is entered and left, and what runs in it."""

    enter: tuple[Condition, ...] = ()
    """Any of these brings the station into the mode."""
    leave: tuple[Condition, ...] = ()
    """All of these together let it leave."""
    activities: Literal["all", "continuous", "none"]
    """Which planned activities run: all, those of continuous payloads, or none."""
    standby: Flag
    """Whether payloads get their standby power."""
    downlink: Flag
    """Whether the radios send."""
    off: tuple[Identifier, ...] = ()
    """Payloads and modules that are off in this mode."""

    rules = (
        Rule(
            ("enter", "leave"),
            _flickers,
            "`leave` must lie beyond `enter` for {}, with a gap between them, or the mode would flicker",
            "leave",
        ),
        Rule(("off",), lambda mode: repeated(mode.off), "it names `{}` twice", "off"),
    )


class LoadShedding(Record):
    """What is switched off, in order, when energy runs short."""

    start_below: PositiveFraction
    """State of charge at which shedding begins."""
    restore_above: Fraction
    """State of charge at which loads come back, last shed first."""
    interval_s: PositiveDuration
    """Time between two steps."""
    order: tuple[Identifier, ...]
    """Payloads and modules, first to go first; what is not listed is never shed."""

    rules = (
        Rule(
            ("restore_above", "start_below"),
            lambda shedding: shedding.restore_above <= shedding.start_below,
            "restore_above must be above start_below, or loads would flicker",
            "restore_above",
        ),
        Rule(("order",), lambda shedding: not shedding.order, "nothing can be shed; list payloads or modules", "order"),
        Rule(("order",), lambda shedding: repeated(shedding.order), "it names `{}` twice", "order"),
    )


class MinimumCharge(Record):
    """The battery never falls below a state of charge."""

    type: Literal["minimum_charge"]
    minimum: PositiveFraction
    """The lowest state of charge of all stores together."""
    text: str
    """The rule in words."""

    rules = (Rule(("minimum",), lambda rule: rule.minimum >= 1.0, "stores that stay full can't be used", "minimum"),)


class MaximumPower(Record):
    """The loads together never exceed a power."""

    type: Literal["maximum_power"]
    maximum_w: PositivePower
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

    rules = (
        Rule(
            ("never", "during"),
            lambda rule: rule.never == rule.during,
            "an activity type can't exclude itself",
            "during",
        ),
    )


class KeepOut(Record):
    """Some activities never run while something holds: a quiet zone, a keep-out, a curfew."""

    type: Literal["keep_out"]
    activity_types: tuple[Identifier, ...] = ()
    """Activity types that must not run."""
    disturbances: tuple[Disturbance, ...] = ()
    """Or: whatever gives off one of these."""
    when: Constraints
    """While this holds, at any time from the beginning of setup to the end of teardown."""
    text: str
    """The rule in words."""

    rules = (
        Rule(
            ("activity_types", "disturbances"),
            lambda rule: not rule.activity_types and not rule.disturbances,
            "nothing is kept out; give `activity_types` or `disturbances`",
        ),
        Rule(("when",), lambda rule: asks_nothing(rule.when), "it asks for nothing; name what must hold", "when"),
    )


FlightRule = Annotated[MinimumCharge | MaximumPower | Exclusion | KeepOut, Field(discriminator="type")]


class PayloadRule(Record):
    """What a partner call allows its payloads together and each."""

    payloads: tuple[Identifier, ...]
    """The payloads of the call."""
    total_mass_kg: PositiveMass
    """All of them together."""
    each_mass_kg: PositiveMass
    """Each of them."""
    total_power_w: Power
    """All of them together, on."""
    each_power_w: Power
    """Each of them, on."""
    text: str = ""
    """The rule and its source."""

    rules = (Rule(("payloads",), lambda rule: repeated(rule.payloads), "it names `{}` twice", "payloads"),)


class Budgets(Record):
    """Limits that the station must keep on paper."""

    landed_mass_kg: PositiveMass
    """Modules, equipment and payloads together."""
    payload_rules: Mapping[Identifier, PayloadRule] = Field(default_factory=dict)
    """Rules of partner calls."""


Modes = Mapping[ModeName, ModeSpec]
