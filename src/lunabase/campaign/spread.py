"""A spread of values written as text: what sizes and durations of faults and varied fields are drawn from.

    30 kWh                 always this
    20..80 kWh             anything between, each as likely
    log 1..100 h           anything between, each order of magnitude as likely
    normal 50+-5 kWh       normal with this standard deviation, cut off at three of them
    exponential 12 h       exponential with this mean
    20, 40, 80 kWh         one of these, each as likely

The unit stands once, at the end. A spread is read as its quantile function, so that one number from 0 to 1 gives
one value, however the numbers were drawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from lunabase.station.quantities import parse_quantity

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_SHAPES: Mapping[str, str] = {
    "uniform": rf"(?P<first>{_NUMBER})\s*\.\.\s*(?P<second>{_NUMBER})",
    "log": rf"log\s+(?P<first>{_NUMBER})\s*\.\.\s*(?P<second>{_NUMBER})",
    "normal": rf"normal\s+(?P<first>{_NUMBER})\s*\+-\s*(?P<second>{_NUMBER})",
    "exponential": rf"exponential\s+(?P<first>{_NUMBER})",
}
_UNIT = r"\s*(?P<unit>[A-Za-zµ°%/][A-Za-zµ°%/*^·²³0-9 ]{0,29})?"
_LIST = re.compile(rf"(?P<numbers>{_NUMBER}(?:\s*,\s*{_NUMBER})*){_UNIT}")
_CUT = 3.0
"""A normal spread ends at so many standard deviations."""

Shape = Literal["uniform", "log", "normal", "exponential", "choice"]


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of one quantity, in SI units."""

    shape: Shape
    values: tuple[float, ...]
    """Limits, mean and deviation, mean, or the choices."""
    text: str
    """As the user wrote it."""

    def at(self, part: float) -> float:
        """The value below which this part (0 to 1) of the distribution lies."""
        first, last = self.values[0], self.values[-1]
        if self.shape == "choice":
            return self.values[min(int(part * len(self.values)), len(self.values) - 1)]
        if self.shape == "uniform":
            return first + (last - first) * part
        if self.shape == "log":
            return first * math.exp(math.log(last / first) * part)
        if self.shape == "normal":
            tail = NormalDist().cdf(-_CUT)
            return first + last * NormalDist().inv_cdf(tail + part * (1.0 - 2.0 * tail))
        return -first * math.log1p(-min(part, 1.0 - 1e-9))

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        if self.shape == "choice":
            return min(self.values), max(self.values)
        return self.at(0.0), self.at(1.0)


def parse_spread(text: object, si_unit: str) -> Spread:
    """Read a spread of quantities with a unit of `quantities.KINDS`. Raises ValueError with what to write instead."""
    if not isinstance(text, str):
        return Spread("choice", (parse_quantity(text, si_unit),), str(text))
    raw, unit = read_spread(text)
    first, *others = raw.values
    if raw.shape == "normal":  # a deviation has no zero point of its own, as a temperature in degC has
        mean = _value(first, unit, si_unit)
        return _checked("normal", (mean, _value(first + others[0], unit, si_unit) - mean), raw.text)
    return _checked(raw.shape, tuple(_value(value, unit, si_unit) for value in raw.values), raw.text)


def read_spread(text: str) -> tuple[Spread, str]:
    """A spread in its own unit, and that unit; empty without one. Raises ValueError with what to write instead."""
    whole = text.strip()
    for shape, pattern in _SHAPES.items():
        found = re.fullmatch(pattern + _UNIT, whole)
        if found is not None:
            numbers = tuple(float(found[name]) for name in ("first", "second") if name in found.groupdict())
            return _checked(shape, numbers, whole), found["unit"] or ""  # type: ignore[arg-type]
    found = _LIST.fullmatch(whole)
    if found is None:
        raise ValueError(f"can't read {text!r}; write a value like `30 kWh`, a range like `20..80 kWh` or a list")
    return Spread("choice", tuple(float(number) for number in found["numbers"].split(",")), whole), found["unit"] or ""


def _checked(shape: Shape, values: tuple[float, ...], text: str) -> Spread:
    if shape in ("uniform", "log") and values[0] >= values[1]:
        raise ValueError(f"{text!r} ends before it begins; write the lower value first")
    if shape in ("log", "exponential") and values[0] <= 0.0:
        raise ValueError(f"{text!r} must begin above 0")
    if shape == "normal" and values[1] <= 0.0:
        raise ValueError(f"the deviation in {text!r} must be above 0")
    return Spread(shape, values, text)


def _value(number: float, unit: str, si_unit: str) -> float:
    return parse_quantity(f"{number!r} {unit}" if unit else number if si_unit == "" else repr(number), si_unit)
