"""Quantities of the station file: text with a unit at the edge ("12 kW"), an SI float inside.

Angles are the one exception to SI: they stay in degrees, as everywhere at Lunabase's interfaces.
Units are parsed with `pint` (SI prefixes, "%", "degC"); a bare number is an error, because a number
without its unit is the classic way to lose a spacecraft.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
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
    "W/m^2": ("flux", "W/m^2"),
    "h": ("time of day", "h"),
    "J/m": ("energy per distance", "Wh/m, J/m"),
    "J/kg": ("energy per mass", "kWh/kg, J/kg"),
    "J/mol": ("activation energy", "kJ/mol, J/mol"),
    "W/s": ("change of power", "W/s, kW/min"),
    "kg/s": ("mass flow", "kg/h, g/h"),
    "Pa": ("pressure", "Pa, kPa, mbar"),
    "Hz": ("frequency", "MHz, GHz"),
    "dB": ("ratio", "dB"),
    "m^3": ("volume", "m^3, l"),
    "kg/m^2": ("mass per area", "kg/m^2, g/cm^2"),
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


_TEXT = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(?P<unit>[A-Za-zµ°%/*^·²³0-9 ]{0,30})")
_SUPERSCRIPTS = str.maketrans({"%": "percent", "²": "^2", "³": "^3"})


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
        quantity = _UNITS.Quantity(float(parts["number"]), _UNITS.parse_units(parts["unit"].translate(_SUPERSCRIPTS)))
        value = float(quantity.to(si_unit).magnitude)
    except pint.DimensionalityError:
        raise ValueError(f"{text!r} does not measure {kind}; use {units}") from None
    except pint.UndefinedUnitError:
        raise ValueError(f"unknown unit {parts['unit']!r} in {text!r}; {_meant(parts['unit'], units, kind)}") from None
    except (pint.PintError, ArithmeticError, ValueError, AttributeError, SyntaxError, TypeError, TokenError) as bad:
        raise ValueError(f"can't read {text!r} as {kind}; write a number and a unit ({units})") from bad
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is out of range; no {kind} is that large")
    return value


def _meant(unit: str, units: str, kind: str) -> str:
    power = re.fullmatch(r"([A-Za-z]+)([23])", unit)
    return f"write {power[1]}^{power[2]}" if power else f"units for {kind}: {units}"


def _quantity(si_unit: str, low: float = float("-inf"), high: float = float("inf"), *, positive: bool = False) -> Any:
    """The parts of an annotated float: parser with its limits (``positive``: 0 is refused too) and JSON Schema."""
    kind, units = KINDS[si_unit]

    def parse(text: object) -> float:
        value = parse_quantity(text, si_unit)
        if positive and not value > 0.0:
            raise ValueError(f"{text!r} is out of range; this {kind} must be above 0")
        if not low <= value <= high:
            shown = f"at least {low:g}" if high == float("inf") else f"between {low:g} and {high:g}"
            raise ValueError(f"{text!r} is out of range; this {kind} must be {shown} {si_unit}".rstrip())
        return value

    return (BeforeValidator(parse), WithJsonSchema(_schema(si_unit, kind, units)))


_NUMBER_PATTERN = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"

_UNIT_PATTERN = r"((1/)?[A-Za-zµ°%][A-Za-zµ°%/*^·²³0-9 ]{0,29})"


def _schema(si_unit: str, kind: str, units: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": f"{kind} ({units})", "x-unit": si_unit}
    schema["pattern"] = rf"^\s*{_NUMBER_PATTERN}\s*{_UNIT_PATTERN}{'' if si_unit else '?'}\s*$"
    if not si_unit:
        schema |= {"type": ["string", "number"], "minimum": 0.0, "maximum": 1.0}
    return schema


Power = Annotated[float, *_quantity("W", 0.0)]
PositivePower = Annotated[float, *_quantity("W", positive=True)]
Energy = Annotated[float, *_quantity("J", 0.0)]
PositiveEnergy = Annotated[float, *_quantity("J", positive=True)]
PositiveMass = Annotated[float, *_quantity("kg", positive=True)]
Mass = Annotated[float, *_quantity("kg", 0.0)]
Area = Annotated[float, *_quantity("m^2", 0.0)]
PositiveArea = Annotated[float, *_quantity("m^2", positive=True)]
Duration = Annotated[float, *_quantity("s", 0.0)]
PositiveDuration = Annotated[float, *_quantity("s", positive=True)]
DailyDuration = Annotated[float, *_quantity("s", 0.0, 86_400.0, positive=True)]
Temperature = Annotated[float, *_quantity("K", 0.0)]
TemperatureDifference = Annotated[float, *_quantity("delta_degC", 0.0)]
PositiveTemperature = Annotated[float, *_quantity("K", positive=True)]
DataRate = Annotated[float, *_quantity("bit/s", 0.0)]
PositiveDataRate = Annotated[float, *_quantity("bit/s", positive=True)]
DataVolume = Annotated[float, *_quantity("bit", 0.0)]
PositiveDataVolume = Annotated[float, *_quantity("bit", positive=True)]
PositiveHeatCapacity = Annotated[float, *_quantity("J/K", positive=True)]
Conductance = Annotated[float, *_quantity("W/K", 0.0)]
FractionPerTime = Annotated[float, *_quantity("1/s", 0.0)]
PositiveEnergyPerDistance = Annotated[float, *_quantity("J/m", positive=True)]
PositiveEnergyPerMass = Annotated[float, *_quantity("J/kg", positive=True)]
MolarEnergy = Annotated[float, *_quantity("J/mol", 0.0)]
PositivePowerRamp = Annotated[float, *_quantity("W/s", positive=True)]
PositiveMassFlow = Annotated[float, *_quantity("kg/s", positive=True)]
PositiveFrequency = Annotated[float, *_quantity("Hz", positive=True)]
Decibel = Annotated[float, *_quantity("dB", -200.0, 200.0)]
LossDecibel = Annotated[float, *_quantity("dB", 0.0, 200.0)]
PositiveVolume = Annotated[float, *_quantity("m^3", positive=True)]
PositiveThickness = Annotated[float, *_quantity("m", 0.0, 10.0, positive=True)]
ArealMass = Annotated[float, *_quantity("kg/m^2", 0.0)]
PositiveDiameter = Annotated[float, *_quantity("m", 0.0, 1_000.0, positive=True)]
Pressure = Annotated[float, *_quantity("Pa", 0.0)]
PositivePressure = Annotated[float, *_quantity("Pa", positive=True)]
Fraction = Annotated[float, *_quantity("", 0.0, 1.0)]
PositiveFraction = Annotated[float, *_quantity("", 0.0, 1.0, positive=True)]

Latitude = Annotated[float, *_quantity("deg", -90.0, 90.0)]
Longitude = Annotated[float, *_quantity("deg", -180.0, 360.0)]
Angle = Annotated[float, *_quantity("deg", -360.0, 360.0)]
Elevation = Annotated[float, *_quantity("deg", -90.0, 90.0)]
Tilt = Annotated[float, *_quantity("deg", 0.0, 180.0)]
Inclination = Annotated[float, *_quantity("deg", 0.0, 180.0)]
Slope = Annotated[float, *_quantity("deg", 0.0, 90.0)]
GroundHeight = Annotated[float, *_quantity("m", -20_000.0, 20_000.0)]
"""Ground of the Moon above its sphere: LOLA's extremes are -9.1 km and +10.8 km."""
EarthAltitude = Annotated[float, *_quantity("m", -500.0, 9_000.0)]
"""Ground of the Earth, from the Dead Sea to the highest mountains."""
Length = Annotated[float, *_quantity("m", -1e6, 1e6)]
MastHeight = Annotated[float, *_quantity("m", 0.0, 1_000.0)]
OrbitAltitude = Annotated[float, *_quantity("m", 0.0, 66e6)]
"""Within the Moon's Hill sphere, about 66,000 km; beyond it there is no orbit about the Moon."""
Speed = Annotated[float, *_quantity("m/s", 0.0, 2_400.0, positive=True)]
"""Below lunar escape velocity, 2.4 km/s."""
TemperatureCoefficient = Annotated[float, *_quantity("1/K", -0.02, 0.01)]
"""Solar cells lie between -0.5 %/K and about 0; the sign and a factor of 100 are what goes wrong."""

_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def _parse_date(text: object) -> datetime:
    fix = "write it like 2035-01-01 or 2035-01-01T00:00:00Z"
    if not isinstance(text, str | date):
        raise ValueError(f"{text!r} is not a date; {fix}")
    try:
        moment = text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a date; {fix}") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"{text!r} is out of range; dates run from the year {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


UtcDate = Annotated[
    datetime,
    BeforeValidator(_parse_date),
    WithJsonSchema(
        {"type": "string", "description": "UTC date, like 2035-01-01T00:00:00Z", "pattern": r"^\d{4}-\d{2}-\d{2}"}
    ),
]

_FILE_SUFFIXES = (
    "_bit_per_s", "_m_per_s", "_kg_per_m2", "_kg_per_s", "_w_per_s", "_j_per_mol", "_j_per_kg", "_j_per_m", "_j_per_k",
    "_w_per_k", "_per_k", "_per_s", "_m2", "_m3", "_bit", "_deg", "_kg", "_pa", "_hz", "_db", "_w", "_j", "_m", "_s",
    "_k",
)  # fmt: skip


def file_key(field_name: str) -> str:
    """The key of a field in the file: its name without the unit (``mass_kg`` is written ``mass``)."""
    for suffix in _FILE_SUFFIXES:
        if field_name.endswith(suffix):
            return field_name.removesuffix(suffix)
    return field_name
