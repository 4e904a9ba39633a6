"""Conditions on readings that the software wants to be woken for.

A watch looks at one telemetry channel; a group of watches holds when all of them have held for their time.
Whoever carries the telemetry counts the time and says which groups hold; the software arms those it would act on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.messages import Message
from lunabase.station.rules import Condition

_CHANGE = "change_in_"


def delta_channel(channel: str, over_s: float) -> str:
    """Name of the on-board channel with the change of another over a time."""
    return f"{_CHANGE}{over_s:g}_s.{channel}"


CHANNEL_OF_READING: Mapping[str, str] = {
    "state_of_charge": "state_of_charge",
    "array_power": "array_available_w",
    "generation": "generation_w",
    "load": "load_w",
    "recorder_fill": "recorder_fill",
    "operating_margin": "operating_margin_k",
    "survival_margin": "survival_margin_k",
}
"""Telemetry channel of each reading of the station file."""
_UNITS = {"w": ("W", 1.0), "k": ("K", 1.0), "pa": ("kPa", 1e-3)}
_PERCENT = ("state_of_charge", "recorder_fill", "charge_uncertainty")


@dataclass(frozen=True, slots=True)
class Watch:
    """A channel above or below a limit for some time."""

    channel: str
    above: bool
    limit: float
    lasting_s: float = 0.0

    @property
    def opposite(self) -> Watch:
        """The channel on the other side of the limit, at once."""
        return Watch(self.channel, not self.above, self.limit)

    def describe(self, readings: Readings) -> str:
        """The reading against the limit, in words: "state of charge 11.9 % below 12 %"."""
        if self.channel == "unserved_w":
            unserved = f"brown-out: unserved {readings.value(self.channel):.5g} W"
            return unserved if self.above else f"no brown-out for {self.lasting_s / 60.0:g} min"
        words = ""
        channel = self.channel
        if channel.startswith(_CHANGE):
            time_s, _, channel = channel.removeprefix(_CHANGE).partition("_s.")
            words = f"change in {float(time_s) / 60.0:g} min of "
        name, _, node = channel.partition(".")
        stem, _, suffix = name.rpartition("_")
        unit, factor = _UNITS.get(suffix, ("", 1.0))
        if name in _PERCENT:
            stem, unit, factor = name, "%", 100.0
        elif suffix not in _UNITS:
            stem = name.removesuffix("_bit_per_s")
        words += " ".join([stem.replace("_", " "), *(["of", node] if node else [])])
        side = "above" if self.above else "below"
        lasting = f" for {self.lasting_s / 60.0:g} min" if self.lasting_s else ""
        value, limit = _told_apart(readings.value(self.channel) * factor, self.limit * factor)
        return f"{words} {value} {unit} {side} {limit} {unit}{lasting}"


def _told_apart(value: float, limit: float) -> tuple[str, str]:
    """Both as text, the value with five digits or as many as it takes to see on which side of the limit it is."""
    told = f"{limit:g}"
    digits = (f"{value:.{count}g}" for count in range(5, 18))
    return next((text for text in digits if float(text) != float(told)), f"{value:g}"), told


Group = tuple[Watch, ...]


def watch_of(condition: Condition) -> Watch:
    """The watch of a condition of the station file."""
    channel = CHANNEL_OF_READING[condition.reading]
    return Watch(channel, condition.above is not None, condition.limit, condition.lasting_s)


def describe(group: Group, readings: Readings) -> str:
    """All readings of a group in words."""
    return " and ".join(watch.describe(readings) for watch in group)


@dataclass(frozen=True, slots=True)
class Readings:
    """What the software reads when it is woken."""

    channels: Mapping[str, int]
    """Place of each telemetry channel."""
    values: NDArray[np.float64]
    """The latest telemetry row, shape (channels,)."""
    held: NDArray[np.bool_]
    """Groups of watches that hold, shape (groups,)."""
    answering: NDArray[np.bool_]
    """Payloads that answer when spoken to, shape (payloads,)."""
    quality: NDArray[np.int8] | None = None
    """How well each channel is known, `onboard.estimate`: valid above 0; None: all are. Shape (channels,)."""
    failed: NDArray[np.bool_] | None = None
    """Sensors that have failed, shape (sensors,); None: none."""
    sensors: tuple[str, ...] = ()
    """Names of the sensors, for the log."""
    messages: tuple[Message, ...] = ()
    """What has come from Earth since the last waking, in order."""

    def value(self, channel: str) -> float:
        """The latest value of a channel."""
        return float(self.values[self.channels[channel]])
