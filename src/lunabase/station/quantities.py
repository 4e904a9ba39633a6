"""Quantities of the station file: text with a unit at the edge ("12 kW"), an SI float inside.

Angles are the one exception to SI: they stay in degrees, as everywhere at Lunabase's interfaces.
Units are parsed with `pint` (SI prefixes, "%", "degC"); a bare number is an error, because a number
without its unit is the classic way to lose a spacecraft.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from tokenize import TokenError
from typing import Annotated, Any

import pint
from pydantic import BeforeValidator, WithJsonSchema

_UNITS: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)

#: SI unit -> (what it measures, units a user is likely to want)
KINDS: dict[str, tuple[str, str]] = {
    "W": ("power", "W, kW"),
    "J": ("energy", "Wh, kWh, J"),
    "kg": ("mass", "g, kg, t"),
    "m": ("length", "mm, m, km"),
    "m^2": ("area", "m^2"),
    "s": ("duration", "s, min, h, d, year"),
    "K": ("temperature", "K, degC"),
    "delta_degC": ("temperature difference", "K"),
    "deg": ("angle", "deg, rad"),
    "bit": ("data volume", "Mbit, Gbit, MB, GB"),
    "bit/s": ("data rate", "bit/s, kbit/s, Mbit/s"),
    "J/K": ("heat capacity", "J/K, kJ/K"),
    "W/K": ("thermal conductance", "W/K"),
    "1/K": ("temperature coefficient", "1/K, %/K"),
    "1/s": ("rate of change", "%/year, 1/s"),
    "m/s": ("speed", "m/s, km/h"),
    "J/m": ("energy per distance", "Wh/m, J/m"),
    "J/kg": ("energy per mass", "kWh/kg, J/kg"),
    "kg/s": ("mass flow", "kg/h, g/h"),
    "": ("fraction", "% or a number from 0 to 1"),
}


def parse_quantity(text: object, si_unit: str) -> float:
    """Value of ``text`` ("12 kW") in ``si_unit`` ("W"); fractions may also be bare numbers.

    Raises ValueError with what to write instead.
    """
    kind, units = KINDS[si_unit]
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError(f"expected {kind} with a unit ({units}), found {text!r}")
    if isinstance(text, int | float):
        if si_unit == "":
            return float(text)
        raise ValueError(f"the number {text} has no unit; add one of: {units}")
    return _parse_text(text.strip(), si_unit)


_TEXT = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(?P<unit>[A-Za-zµ°%/*^·0-9 ]{0,30})")


@lru_cache(maxsize=4096)
def _parse_text(text: str, si_unit: str) -> float:
    kind, units = KINDS[si_unit]
    parts = _TEXT.fullmatch(text)
    if parts is None:
        raise ValueError(f"can't read {text!r} as {kind}; write a number and a unit ({units})")
    if not parts["unit"]:
        if si_unit != "":
            raise ValueError(f"{text!r} has no unit; add one of: {units}")
        return float(parts["number"])
    try:
        quantity = _UNITS.Quantity(float(parts["number"]), _UNITS.parse_units(parts["unit"].replace("%", "percent")))
        return float(quantity.to(si_unit).magnitude)
    except pint.DimensionalityError:
        raise ValueError(f"{text!r} does not measure {kind}; use {units}") from None
    except pint.UndefinedUnitError:
        raise ValueError(f"unknown unit {parts['unit']!r} in {text!r}; units for {kind}: {units}") from None
    except (pint.PintError, ArithmeticError, ValueError, AttributeError, SyntaxError, TypeError, TokenError) as bad:
        raise ValueError(f"can't read {text!r} as {kind}; write a number and a unit ({units})") from bad


def _quantity(si_unit: str, low: float = float("-inf"), high: float = float("inf")) -> Any:
    kind, units = KINDS[si_unit]

    def parse(text: object) -> float:
        value = parse_quantity(text, si_unit)
        if not low <= value <= high:
            shown = f"at least {low:g}" if high == float("inf") else f"between {low:g} and {high:g}"
            raise ValueError(f"{text!r} is out of range; this {kind} must be {shown} {si_unit}".rstrip())
        return value

    json_type: Any = "string" if si_unit else ["string", "number"]
    schema = {"type": json_type, "description": f"{kind} ({units})", "x-unit": si_unit or "1"}
    return (BeforeValidator(parse), WithJsonSchema(schema))


Power = Annotated[float, *_quantity("W", 0.0)]
Energy = Annotated[float, *_quantity("J", 0.0)]
Mass = Annotated[float, *_quantity("kg", 0.0)]
Length = Annotated[float, *_quantity("m")]
Area = Annotated[float, *_quantity("m^2", 0.0)]
Duration = Annotated[float, *_quantity("s", 0.0)]
Temperature = Annotated[float, *_quantity("K", 0.0)]
Latitude = Annotated[float, *_quantity("deg", -90.0, 90.0)]
Longitude = Annotated[float, *_quantity("deg", -180.0, 360.0)]
Angle = Annotated[float, *_quantity("deg", -360.0, 360.0)]
DataVolume = Annotated[float, *_quantity("bit", 0.0)]
DataRate = Annotated[float, *_quantity("bit/s", 0.0)]
HeatCapacity = Annotated[float, *_quantity("J/K", 0.0)]
Conductance = Annotated[float, *_quantity("W/K", 0.0)]
TemperatureCoefficient = Annotated[float, *_quantity("1/K")]
FractionPerTime = Annotated[float, *_quantity("1/s", 0.0)]
Speed = Annotated[float, *_quantity("m/s", 0.0)]
EnergyPerDistance = Annotated[float, *_quantity("J/m", 0.0)]
EnergyPerMass = Annotated[float, *_quantity("J/kg", 0.0)]
MassFlow = Annotated[float, *_quantity("kg/s", 0.0)]
Fraction = Annotated[float, *_quantity("", 0.0, 1.0)]


def _parse_date(text: object) -> datetime:
    if isinstance(text, datetime):
        moment = text
    else:
        try:
            moment = datetime.fromisoformat(str(text))
        except ValueError:
            fix = "write it like 2035-01-01 or 2035-01-01T00:00:00Z"
            raise ValueError(f"{text!r} is not a date; {fix}") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


UtcDate = Annotated[
    datetime,
    BeforeValidator(_parse_date),
    WithJsonSchema({"type": "string", "description": "UTC date, like 2035-01-01T00:00:00Z"}),
]

_FILE_SUFFIXES = (
    "_bit_per_s", "_m_per_s", "_kg_per_s", "_j_per_kg", "_j_per_m", "_j_per_k", "_w_per_k", "_per_k", "_per_s",
    "_m2", "_bit", "_deg", "_kg", "_w", "_j", "_m", "_s", "_k",
)  # fmt: skip


def file_key(field_name: str) -> str:
    """The key of a field in the file: its name without the unit (``mass_kg`` is written ``mass``)."""
    for suffix in _FILE_SUFFIXES:
        if field_name.endswith(suffix):
            return field_name.removesuffix(suffix)
    return field_name
