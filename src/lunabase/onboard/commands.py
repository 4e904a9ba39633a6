"""What the on-board software switches: the only way in which it acts on the station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Path = Literal["best", "direct", "relay"]


@dataclass(frozen=True, slots=True)
class PayloadCommand:
    """How one payload is switched."""

    setting: str
    """`off`, `standby`, or one of its power modes."""
    producing: bool
    """It takes data."""
    activity_type: str = ""
    """What it is used for, from the beginning of setup to the end of teardown; empty: for nothing."""


@dataclass(frozen=True, slots=True)
class Commands:
    """The switches of the whole station, all of them."""

    mode: str
    payloads: tuple[PayloadCommand, ...]
    """In the order of `names`."""
    names: tuple[str, ...]
    """The payloads."""
    modules_off: frozenset[str]
    recorder: bool
    radio: bool
    path: Path = "best"
    """Over which path the radios call: the fastest that answers, or one of the two while contact is searched."""
    power_cycle: frozenset[str] = frozenset()
    """Units to switch off and on, now and once."""
    switch_over: frozenset[str] = frozenset()
    """Units to replace by their spare, now and once."""
    reset: bool = False
    """Restart the computer, now and once."""
