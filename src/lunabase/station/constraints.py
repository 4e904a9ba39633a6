"""What must hold in the surroundings of an activity: conditions on light, view, temperature and any other variable."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from lunabase.station.quantities import Elevation, Fraction, Temperature, parse_quantity
from lunabase.station.record import Record, Rule

VARIABLE_UNITS: dict[str, str] = {
    "sun_azimuth": "deg",
    "sun_elevation": "deg",
    "sun_visible_fraction": "",
    "solar_flux": "W/m^2",
    "earth_azimuth": "deg",
    "earth_elevation": "deg",
    "earth_visible_fraction": "",
    "surface_temperature": "K",
    "lunar_local_time": "h",
}
"""Variables of the environment that a range can be asked of, and the unit of their limits."""

Variable = Literal[
    "sun_azimuth",
    "sun_elevation",
    "sun_visible_fraction",
    "solar_flux",
    "earth_azimuth",
    "earth_elevation",
    "earth_visible_fraction",
    "surface_temperature",
    "lunar_local_time",
]


def _text_or_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"expected a limit with its unit, found {value!r}")
    return value


LIMITS: dict[str, tuple[float, float, str]] = {
    "deg": (-90.0, 90.0, "-90 to 90 deg"),
    "": (0.0, 1.0, "0 % to 100 %"),
    "W/m^2": (0.0, 1e5, "0 to 100 kW/m^2"),
    "K": (0.0, 1e4, "0 K to 10000 K"),
    "h": (0.0, 24.0, "0 to 24 h"),
}
"""What limits may be, by unit; azimuths run from 0 to 360 deg."""
ROUND = ("sun_azimuth", "earth_azimuth", "lunar_local_time")
"""Variables that begin again where they end: from above 350 deg to below 10 deg is a range."""

LimitText = Annotated[str | float, BeforeValidator(_text_or_number)]
"""A limit whose unit depends on what is read; parsed by its record."""


def _range_rules(above: str, below: str) -> tuple[Rule, ...]:
    """An interval has a side, and something in it."""

    def empty(interval: Any) -> bool:
        low, high = getattr(interval, above), getattr(interval, below)
        return low is not None and high is not None and low >= high

    def open_everywhere(interval: Any) -> bool:
        return getattr(interval, above) is None and getattr(interval, below) is None

    return (
        Rule((above, below), empty, "nothing lies in it: `above` must be less than `below`"),
        Rule((above, below), open_everywhere, "give `above`, `below` or both"),
    )


class ElevationRange(Record):
    """An interval of an elevation."""

    above_deg: Elevation | None = None
    """The elevation is above this."""
    below_deg: Elevation | None = None
    """The elevation is below this."""

    rules = _range_rules("above_deg", "below_deg")


class TemperatureRange(Record):
    """An interval of a temperature."""

    above_k: Temperature | None = None
    """The temperature is above this."""
    below_k: Temperature | None = None
    """The temperature is below this."""

    rules = _range_rules("above_k", "below_k")


class FractionRange(Record):
    """An interval of a fraction."""

    above: Fraction | None = None
    """The fraction is above this."""
    below: Fraction | None = None
    """The fraction is below this."""

    rules = _range_rules("above", "below")


def _unreadable_range(wanted: VariableRange) -> str:
    """What is wrong with the limits of a range, in words."""
    unit = VARIABLE_UNITS[wanted.variable]
    least, most, words = (0.0, 360.0, "0 to 360 deg") if wanted.variable.endswith("azimuth") else LIMITS[unit]
    try:
        low, high = wanted.above_limit, wanted.below_limit
    except ValueError as bad:
        return str(bad)
    if any(limit is not None and not least <= limit <= most for limit in (low, high)):
        return f"{wanted.variable} runs from {words}"
    if low is None or high is None or low < high or (low > high and wanted.variable in ROUND):
        return ""
    return "nothing lies in it: `above` must be less than `below`"


class VariableRange(Record):
    """An interval of a variable of the environment; azimuths and local times may run through north or midnight."""

    variable: Variable
    """The variable."""
    above: LimitText | None = None
    """It is above this (with its unit)."""
    below: LimitText | None = None
    """It is below this (with its unit)."""

    rules = (
        Rule(
            ("above", "below"),
            lambda wanted: wanted.above is None and wanted.below is None,
            "give `above`, `below` or both",
        ),
        Rule(("variable", "above", "below"), _unreadable_range, "{}"),
    )

    @property
    def above_limit(self) -> float | None:
        """Lower limit in the variable's unit of `VARIABLE_UNITS`."""
        return None if self.above is None else parse_quantity(self.above, VARIABLE_UNITS[self.variable])

    @property
    def below_limit(self) -> float | None:
        """Upper limit in the variable's unit of `VARIABLE_UNITS`."""
        return None if self.below is None else parse_quantity(self.below, VARIABLE_UNITS[self.variable])


def _light_contradicts(constraints: Constraints) -> bool:
    seen = constraints.sun_visible_fraction
    if seen is None or constraints.light is None:
        return False
    if constraints.light == "dark":
        return seen.above is not None
    return seen.below is not None and seen.below <= 0.5


def asks_nothing(constraints: Constraints) -> bool:
    """Whether no key of the constraints is given, so that they hold always."""
    return not any(getattr(constraints, name) for name in Constraints.model_fields)


def _without_meaning(which: str) -> Rule:
    return Rule(
        (which,),
        lambda constraints: any(map(asks_nothing, getattr(constraints, which))),
        "one of its conditions asks for nothing; name what must hold",
        which,
    )


class Constraints(Record):
    """What must hold in the surroundings, all of it, from the beginning of setup to the end of teardown."""

    light: Literal["lit", "dark"] | None = None
    """lit: at least half of the Sun's disc is visible; dark: none of it."""
    sun_elevation: ElevationRange | None = None
    """Elevation of the Sun's centre."""
    sun_visible_fraction: FractionRange | None = None
    """Visible part of the Sun's disc."""
    earth: Literal["in view", "out of view"] | None = None
    """Earth above the horizon or not."""
    relay: Literal["in view", "out of view"] | None = None
    """Any relay above the horizon or not."""
    link: Literal["available"] | None = None
    """A contact with Earth, direct or through a relay."""
    surface_temperature: TemperatureRange | None = None
    """Temperature of the ground."""
    crew: Literal["present", "absent"] | None = None
    """People on the station or not."""
    within: tuple[VariableRange, ...] = ()
    """Ranges of any variables of the environment, all of them."""
    any_of: tuple[Constraints, ...] = ()
    """At each moment at least one of these holds."""
    none_of: tuple[Constraints, ...] = ()
    """At no moment does one of these hold."""

    rules = (
        Rule(
            ("light", "sun_visible_fraction"),
            _light_contradicts,
            "`light` and `sun_visible_fraction` can't both hold (lit: at least half of the disc; dark: none of it)",
        ),
        _without_meaning("any_of"),
        _without_meaning("none_of"),
    )
