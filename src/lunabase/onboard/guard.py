"""The guard: checks the flight rules in every step, apart from the software that is to keep them.

It shares no code with executive, monitors and modes, and sees only telemetry and commands: whatever they do, no rule
is broken without an alarm. Limits of telemetry are checked in compiled code (`look`); what may not run together,
or not now, whenever commands change or such a time begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import NDArray

from lunabase.onboard.commands import Commands
from lunabase.onboard.log import Event
from lunabase.planning.opportunities import all_hold, clauses
from lunabase.planning.variants import gives_off
from lunabase.station.model import Station
from lunabase.station.rules import Exclusion, KeepOut, MaximumPower, MinimumCharge
from lunabase.station.site import Phase

LIMIT = np.dtype(
    [
        ("channel", "i8"),
        ("sign", "f8"),  # +1: broken above the limit; -1: below
        ("limit", "f8"),
    ]
)
OVER_STEPS = 10
"""A rule is kept again when it was kept for so many steps."""


class Limits(NamedTuple):
    """Rules that telemetry alone can break; arrays that change in place, but for the first."""

    rows: NDArray[np.void]
    """Dtype LIMIT, shape (rules,)."""
    broken: NDArray[np.bool_]
    kept_steps: NDArray[np.int64]
    """For how many steps each has been kept."""
    value: NDArray[np.float64]
    """What was read when it was last broken or kept anew."""


@njit(cache=True)
def look(limits, row, valid):  # type: ignore[no-untyped-def]
    """Check one step, in place; true if a rule is broken or kept anew. ``row`` and ``valid`` are the estimates."""
    news = False
    for index in range(limits.rows.size):
        rule = limits.rows[index]
        value = row[rule.channel]
        if valid[rule.channel] and rule.sign * (value - rule.limit) > 0.0:
            limits.kept_steps[index] = 0
            if not limits.broken[index]:
                limits.broken[index] = True
                limits.value[index] = value
                news = True
        elif limits.broken[index] and valid[rule.channel]:
            limits.kept_steps[index] += 1
            if limits.kept_steps[index] >= OVER_STEPS:
                limits.broken[index] = False
                limits.value[index] = value
                news = True
    return news


Interval = tuple[float, float]


class Guard:
    """The flight rules of a station in a phase of its life."""

    def __init__(
        self, station: Station, phase: Phase, channels: Mapping[str, int], forecast: xr.Dataset, start: datetime
    ) -> None:
        """``forecast``: the environment as the station expects it; ``start``: from which all seconds count."""
        self.station, self.start = station, start
        rules = station.flight_rules
        self._limits = {name: row for name, rule in rules.items() if (row := _limit(rule, channels)) is not None}
        count = len(self._limits)
        self.limits = Limits(
            rows=np.array(list(self._limits.values()), LIMIT),
            broken=np.zeros(count, dtype=np.bool_),
            kept_steps=np.zeros(count, dtype=np.int64),
            value=np.zeros(count),
        )
        self.shut_s = {
            name: _shut_s(rule, phase, forecast, start) for name, rule in rules.items() if isinstance(rule, KeepOut)
        }
        """Times in which each keep-out holds."""
        self._told: set[str] = set()
        self._seen: Commands | None = None
        self._at_work: set[tuple[str, str]] = set()

    def events(self, commands: Commands, time_s: float) -> Iterator[Event]:
        """What is broken now and was not before, and what is kept again."""
        broken = {**self._beyond(), **self._running(commands, time_s)}
        moment = self.start + timedelta(seconds=time_s)
        for name in sorted(broken.keys() - self._told):
            yield Event(moment, "high", "guard", "flight_rule_alarm", self._text(name), broken[name])
        for name in sorted(self._told - broken.keys()):
            text = f"No longer: {self._text(name)}"
            yield Event(moment, "info", "guard", "flight_rule_alarm_over", text, "it is kept again")
        self._told = set(broken)

    def wake_s(self, time_s: float) -> float:
        """When the next keep-out begins or ends (infinite: none does)."""
        edges = (edge for times in self.shut_s.values() for pair in times for edge in pair if edge > time_s)
        return min(edges, default=np.inf)

    def _text(self, name: str) -> str:
        return self.station.flight_rules[name].text

    def _beyond(self) -> dict[str, str]:
        found = {}
        for name, row, broken, value in zip(
            self._limits, self.limits.rows, self.limits.broken, self.limits.value, strict=True
        ):
            if broken:
                side = "above" if row["sign"] > 0 else "below"
                found[name] = f"telemetry: {value:.8g} {side} {row['limit']:g}"
        return found

    def _running(self, commands: Commands, time_s: float) -> dict[str, str]:
        if commands is not self._seen:
            self._seen = commands
            self._at_work = {
                (payload.activity_type, name)
                for name, payload in zip(commands.names, commands.payloads, strict=True)
                if payload.activity_type
            }
        at_work = self._at_work
        types = {kind for kind, _ in at_work}
        found = {}
        for name, rule in self.station.flight_rules.items():
            if isinstance(rule, Exclusion) and {rule.never, rule.during} <= types:
                found[name] = f"commands: {rule.never} and {rule.during} at one time"
            elif isinstance(rule, KeepOut) and _within(self.shut_s[name], time_s):
                for kind, payload in sorted(at_work):
                    if kind in rule.activity_types or gives_off(self.station, kind, payload) & {*rule.disturbances}:
                        found[name] = f"commands: {payload} does {kind}"
        return found


def _limit(rule: object, channels: Mapping[str, int]) -> tuple[int, float, float] | None:
    # A limit is kept when it is touched: the last bit of a sum is no reason for an alarm.
    if isinstance(rule, MinimumCharge):
        return channels["state_of_charge"], -1.0, rule.minimum * (1.0 - 1e-9)
    if isinstance(rule, MaximumPower):
        return channels["load_w"], 1.0, rule.maximum_w * (1.0 + 1e-9)
    return None


def _shut_s(rule: KeepOut, phase: Phase, forecast: xr.Dataset, start: datetime) -> tuple[Interval, ...]:
    """From the first to the last epoch of each run at which the rule holds, s since the start."""
    holds = all_hold(clauses(rule.when, forecast, phase), forecast.sizes["time"])
    edges = np.flatnonzero(np.diff(np.concatenate(([0], holds.astype(np.int8), [0]))))
    origin = np.datetime64(start.replace(tzinfo=None), "ns")
    times_s = (forecast["time"].values.astype("datetime64[ns]") - origin).astype(np.int64) * 1e-9
    return tuple((float(times_s[first]), float(times_s[past - 1])) for first, past in edges.reshape(-1, 2))


def _within(times: tuple[Interval, ...], time_s: float) -> bool:
    return any(start <= time_s < stop for start, stop in times)
