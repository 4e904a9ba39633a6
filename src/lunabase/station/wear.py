"""What fails in the long run: lives of equipment, spares and repair, upsets by radiation, the Sun's storms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from annotated_types import Interval
from pydantic import Field, Strict

from lunabase.station.quantities import (
    ArealMass,
    Fraction,
    FractionPerTime,
    PositiveArea,
    PositiveDuration,
    PositiveFraction,
    PositiveThickness,
)
from lunabase.station.record import Identifier, Record, Rule, SourcedRecord, repeated

Subsystem = Literal[
    "gyro, sensor or reaction wheel",
    "thruster or fuel",
    "control processor",
    "mechanism, structure or thermal",
    "payload or on-board data",
    "battery",
    "electrical distribution",
    "solar array",
    "telemetry, tracking and command",
]
Shape = Annotated[float, Strict(), Interval(ge=0.1, le=10.0)]
SpareCount = Annotated[int, Strict(), Interval(ge=0, le=1000)]
StormFactor = Annotated[float, Interval(ge=1.0, le=1e6)]


class WeibullLife(Record):
    """Weibull's law: the part exp(-(t / scale)^shape) works at age t."""

    scale_s: PositiveDuration
    """Age at which 37 % still work."""
    shape: Shape
    """Below 1: early failures; 1: at random; above 1: wear-out."""


class Exposure(Record):
    """What meteoroids can hit."""

    area_m2: PositiveArea
    """Exposed surface."""
    wall_m: PositiveThickness
    """Aluminium wall in front of what must not be hit."""


class Repair(Record):
    """How a failure is mended."""

    by: Literal["robot", "crew"]
    """Who does it; a crew only in phases that have one."""
    needs: Identifier | None = None
    """A payload or module that must be there to do it."""
    time_s: PositiveDuration
    """From failure to the end of one attempt."""
    success: PositiveFraction = 1.0
    """Part of the attempts that succeed; the others are tried again."""
    spare: Identifier | None = None
    """What is used up; with it the repaired part is new, without it as old as it was."""


class Life(SourcedRecord):
    """How long some things live; each has a life of its own."""

    of: tuple[Identifier, ...]
    """Equipment, payloads or modules."""
    mean_s: PositiveDuration | None = None
    """Exponential law: mean time to failure."""
    weibull: WeibullLife | None = None
    """Weibull's law."""
    like: Subsystem | None = None
    """The law found for a satellite's subsystem of this kind (Castet & Saleh 2009)."""
    exposed: Exposure | None = None
    """Penetration by meteoroids, on top."""
    common_cause: Fraction = 0.0
    """Part of the failures that hit all of them at once (beta factor)."""
    loses: PositiveFraction = 1.0
    """Part of its function that a failure takes."""
    repair: Repair | None = None
    """How it is mended, if it is."""

    rules = (
        Rule(("of",), lambda life: not life.of, "it names nothing", "of"),
        Rule(("of",), lambda life: repeated(life.of), "it names `{}` twice", "of"),
        Rule(
            ("mean_s", "weibull", "like", "exposed"),
            lambda life: (
                sum(law is not None for law in (life.mean_s, life.weibull, life.like)) != 1
                and not (life.exposed is not None and life.mean_s is life.weibull is life.like is None)
            ),
            "give one of: mean, weibull, like; or only `exposed`",
        ),
        Rule(
            ("common_cause", "of"),
            lambda life: life.common_cause > 0.0 and len(life.of) == 1,
            "a common cause needs two or more things",
            "common_cause",
        ),
    )


class Upsets(SourcedRecord):
    """Upsets of electronics by single particles; a power cycle or a reset clears them."""

    effect: Literal["computer_reset", "module_off", "payload_off"]
    """What happens."""
    of: tuple[Identifier, ...] = ()
    """The modules or payloads it happens to, each at this rate; none for the computer."""
    rate_per_s: FractionPerTime
    """Rate in quiet times, like "0.02 1/d"."""
    in_storms: StormFactor = 1.0
    """How many times more there are while particles of the Sun arrive."""

    rules = (
        Rule(
            ("effect", "of"),
            lambda item: (item.effect == "computer_reset") == bool(item.of),
            "name what is upset in `of`; the computer needs no name",
            "of",
        ),
    )


class Wear(SourcedRecord):
    """What wears, fails and is repaired over the years; drawn anew for each seed."""

    lives: Mapping[Identifier, Life] = Field(default_factory=dict)
    """Lives of equipment, payloads and modules."""
    spares: Mapping[Identifier, SpareCount] = Field(default_factory=dict)
    """Spares on the site at the start."""
    upsets: Mapping[Identifier, Upsets] = Field(default_factory=dict)
    """Upsets by radiation."""
    shielding_kg_per_m2: ArealMass = 50.0
    """Mass per area in front of electronics and people, for the dose of the Sun's storms."""
