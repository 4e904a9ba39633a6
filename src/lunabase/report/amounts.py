"""Numbers in the units that people read: kWh, Gbit, days, kelvin and degrees Celsius."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

ZERO_CELSIUS_K = 273.15
WATT_HOUR_J = 3600.0
_AT_LIMIT_K = 1e-3
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def scaled(value: float, unit: str) -> str:
    """Value with an SI prefix and three significant digits: 12340 W -> "12.3 kW"."""
    for factor, prefix in _PREFIXES:
        if abs(value) >= 0.9995 * factor:
            return minus(f"{significant(value / factor)} {prefix}{unit}")
    return minus(f"{significant(value)} {unit}")


def significant(value: float) -> str:
    """Three significant digits without exponent for usual sizes; thousands keep all their digits."""
    if value == 0.0:
        return "0"
    if abs(value) >= 100.0:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def energy(energy_j: float) -> str:
    """Energy in Wh, kWh or MWh."""
    return scaled(energy_j / WATT_HOUR_J, "Wh")


def data(volume_bit: float) -> str:
    """Data volume in bit with an SI prefix."""
    return scaled(volume_bit, "bit")


def amount(value: float, unit: str) -> str:
    """An amount of J, bit or kg in the units that people read."""
    if unit == "kg":
        return minus(f"{significant(value)} kg")
    return energy(value) if unit == "J" else data(value)


def duration(length_s: float) -> str:
    """Length in the two largest fitting units: "3 d 4 h", "2 h 30 min", "45 s"."""
    seconds = round(length_s)
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 1440:
        return _two(minutes // 60, "h", minutes % 60, "min")
    hours = round(seconds / 3600)
    return _two(hours // 24, "d", hours % 24, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    parts = [f"{count} {unit}" for count, unit in ((large, large_unit), (small, small_unit)) if count]
    return " ".join(parts)


def minus(text: str) -> str:
    """The text with true minus signs instead of hyphens; for texts of numbers alone."""
    return text.replace("-", "−")


def temperature(temperature_k: float) -> str:
    """Temperature in kelvin and degrees Celsius."""
    return f"{temperature_k:.0f} K ({minus(f'{temperature_k - ZERO_CELSIUS_K:.0f}')} °C)"


def margin(difference_k: float) -> str:
    """Distance to a temperature limit; the nearer the limit, the more decimals, so that its sign shows."""
    if abs(difference_k) < _AT_LIMIT_K:
        return "at the limit"
    if abs(difference_k) < 0.05:
        return minus(f"{difference_k:.2g} K")
    return minus(f"{difference_k:.0f} K" if abs(difference_k) >= 10.0 else f"{difference_k:.1f} K")


def percent(fraction: float) -> str:
    """Fraction as a percentage, one decimal."""
    return f"{100.0 * fraction:.1f} %"


def moment(time: datetime | np.datetime64) -> str:
    """UTC to the minute: "2035-01-03 04:00"."""
    if isinstance(time, np.datetime64):
        return str(time.astype("datetime64[m]")).replace("T", " ")
    utc = time.astimezone(UTC) if time.tzinfo else time
    return utc.strftime("%Y-%m-%d %H:%M")
