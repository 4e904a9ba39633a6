"""Brings the on-board goals together with the software: a month's agenda at a time, a look at it at each waking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import xarray as xr

from lunabase.onboard.executive import ExecutiveState, Stretch
from lunabase.onboard.goals import MONTH_S, Agenda, agenda_of
from lunabase.onboard.outlook import LOOK_S
from lunabase.onboard.pursuit import RETRY_S, Pursuit
from lunabase.onboard.reaction import Begin
from lunabase.onboard.situation import Situation
from lunabase.onboard.software import Software, SoftwareState
from lunabase.onboard.taken_up import taken_up
from lunabase.onboard.watch import Readings
from lunabase.planning.plan import Activity
from lunabase.runs.pieces import Span
from lunabase.station.model import Station
from lunabase.times import TimeGrid

KEPT_S = 92.0 * 86_400.0
"""Of longer flights only the products tell what was done: a list of all activities would fill memory and pages."""


class Decider:
    """The goals of a station in one phase of its life."""

    def __init__(
        self, station: Station, span: Span, environment: xr.Dataset, times: TimeGrid, before: Decider | None = None
    ) -> None:
        self.station, self.span, self.environment, self.times = station, span, environment, times
        self.start = datetime.fromisoformat(str(times.utc[:1][0])[:19]).replace(tzinfo=UTC)
        self.stop_s = span.first * times.step_s
        """End of the present month."""
        self.pursuit: Pursuit | None = before.pursuit if before is not None else None
        self.agenda: Agenda | None = None
        self.begun: list[Activity] = before.begun if before is not None else []
        """What was begun, of a flight that is no longer than a plan could be."""
        self._keeps = times.count * times.step_s <= KEPT_S

    def beginning(self, readings: Readings, time_s: float, shift_s: float) -> Begin:
        """What the software asks at a waking: the activities to begin now."""

        def begin(
            software: Software, state: SoftwareState, ended: tuple[Stretch, ...]
        ) -> tuple[Software, ExecutiveState, float]:
            if time_s >= self.stop_s and time_s < self.span.last * self.times.step_s:
                self._renew(time_s)
            if self.pursuit is None:
                return software, state.executive, math.inf
            if self._is_busy(software, state):
                return software, state.executive, time_s + RETRY_S
            starts, look_s = self.pursuit.look(_situation(software, state, ended, readings, time_s, shift_s))
            executive = state.executive
            if starts:
                if self._keeps:
                    self.begun += [start.activity for start in starts]
                software, executive = taken_up(software, executive, starts)
            return software, executive, min(look_s, self.stop_s)

        return begin

    def _is_busy(self, software: Software, state: SoftwareState) -> bool:
        """Whether something runs that was not begun here, like the rest of a plan that is lost."""
        assert self.pursuit is not None  # looked at by `beginning`
        activities = software.timetable.activities
        return any(activities[item.index].id not in self.pursuit.running for item in state.executive.current)

    def _renew(self, time_s: float) -> None:
        """A new month: everything is wanted anew, substances are what is left."""
        last_s = self.span.last * self.times.step_s
        until_s = min(time_s + MONTH_S, last_s)
        if last_s - until_s < MONTH_S / 2.0:  # no month of a few days
            until_s = last_s
        agenda = agenda_of(
            self.station, self.span.phase, self._part(time_s, until_s), self.start, (time_s, until_s), self.agenda
        )
        self.agenda = agenda
        stocks = {name: item.amount_kg for name, item in self.station.consumables.items()}
        before = self.pursuit
        self.pursuit = Pursuit(agenda, before.stocks if before is not None else stocks, before)
        self.stop_s = until_s

    def _part(self, start_s: float, stop_s: float) -> xr.Dataset:
        """The environment of a month, and as far beyond as the energy is followed."""
        known = self.environment["time"].values
        origin = np.datetime64(self.start.replace(tzinfo=None), "ns")
        first = np.searchsorted(known, origin + np.timedelta64(round(start_s * 1e9), "ns"), side="right") - 1
        last = np.searchsorted(known, origin + np.timedelta64(round((stop_s + LOOK_S) * 1e9), "ns"))
        return self.environment.isel(time=slice(max(int(first), 0), int(last)))


def _situation(
    software: Software,
    state: SoftwareState,
    ended: tuple[Stretch, ...],
    readings: Readings,
    time_s: float,
    shift_s: float,
) -> Situation:
    able: Sequence[bool] = readings.answering.tolist()
    if state.active:
        hot = [any(monitor in state.active for monitor in limits) for limits in software.limits]
        able = [answers and not limited for answers, limited in zip(able, hot, strict=True)]
    activities = software.timetable.activities
    return Situation(
        time_s=time_s,
        stored_j=readings.value("stored_energy_j"),
        fill_bit=readings.value("recorder_bit"),
        sent_bit_per_s=readings.value("downlink_bit_per_s"),
        runs=software.modes.table[state.mode].spec.activities,
        off=software.off(state),
        able=able,
        current=frozenset(activities[item.index].id for item in state.executive.current),
        ended=ended,
        shift_s=shift_s,
    )
