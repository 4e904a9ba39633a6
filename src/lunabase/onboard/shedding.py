"""Load shedding: loads go off one at a time in the file's order, and come back last shed first.

Below the limit a load goes off every interval, but only while nothing charges the stores: once they fill again,
what is still on stays on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lunabase.onboard.log import Entry
from lunabase.onboard.watch import Group, Readings, Watch, describe
from lunabase.station.model import Station


@dataclass(frozen=True, slots=True)
class Shedding:
    """The rule of the station file; loads that are not present are passed over."""

    order: tuple[str, ...]
    low: Group
    high: Group
    interval_s: float
    low_group: int = -1
    high_group: int = -1

    def armed(self, state: ShedState, time_s: float) -> Iterator[int]:
        """Groups that would shed or restore a load now."""
        if time_s >= state.pause_until_s:
            if state.level < len(self.order):
                yield self.low_group
            if state.level > 0:
                yield self.high_group

    def off(self, state: ShedState) -> frozenset[str]:
        """Payloads and modules that are shed."""
        return frozenset(self.order[: state.level])


@dataclass(frozen=True, slots=True)
class ShedState:
    """How many loads are off, and until when nothing more is done."""

    level: int = 0
    pause_until_s: float = 0.0


def shedding_of(station: Station, present: tuple[str, ...]) -> Shedding:
    """The rule for the modules and payloads that are present."""
    rule = station.load_shedding
    here = {*present, *station.payloads_present(present)}
    return Shedding(
        order=tuple(name for name in rule.order if name in here),
        low=(Watch("state_of_charge", above=False, limit=rule.start_below), Watch("charge_w", above=False, limit=1e-6)),
        high=(Watch("state_of_charge", above=True, limit=rule.restore_above),),
        interval_s=rule.interval_s,
    )


def shed(rule: Shedding, state: ShedState, readings: Readings, time_s: float) -> tuple[ShedState, tuple[Entry, ...]]:
    """Shed or restore at most one load."""
    if time_s < state.pause_until_s:
        return state, ()
    pause_s = time_s + rule.interval_s
    if readings.held[rule.low_group] and state.level < len(rule.order):
        load = rule.order[state.level]
        cause = describe(rule.low[:1], readings)
        entry = Entry("low", "shedding", "load_shed", f"Switched off {load}.", cause, about=f"load {load}")
        return replace(state, level=state.level + 1, pause_until_s=pause_s), (entry,)
    if readings.held[rule.high_group] and state.level > 0:
        load = rule.order[state.level - 1]
        cause = describe(rule.high, readings)
        entry = Entry("info", "shedding", "load_restored", f"Switched {load} back on.", cause, because=f"load {load}")
        return replace(state, level=state.level - 1, pause_until_s=pause_s), (entry,)
    return state, ()
