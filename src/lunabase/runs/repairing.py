"""Brings on-board repairs together with the software: watches for news, puts the mended day into the timetable."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import xarray as xr

from lunabase.onboard.executive import ExecutiveState, Stretch
from lunabase.onboard.log import Event
from lunabase.onboard.reaction import Begin
from lunabase.onboard.replan import DAY_S, PAUSE_S, SILENT_S, Watchful, change_of, expected_of, repaired_day
from lunabase.onboard.schedule import deleted, inserted, waiting
from lunabase.onboard.software import Software, SoftwareState
from lunabase.onboard.watch import Readings
from lunabase.planning.plan import Activity, Plan
from lunabase.runs.logbook import Logbook
from lunabase.station.model import Station


class Repairer:
    """The plan of a flight as it is mended on board."""

    def __init__(self, station: Station, environment: xr.Dataset, plan: Plan, log: Logbook) -> None:
        self.station, self.environment, self.plan, self.log = station, environment, plan, log
        self.watchful = Watchful(expected_of(station, environment, plan))
        self.unheard_s, self.looked_s = 0.0, 0.0
        self.spent_s: list[float] = []
        """CPU time of each repair."""

    def beginning(self, readings: Readings, time_s: float, shift_s: float) -> Begin:
        """What the software asks at a waking: its timetable, mended if there is news."""

        def begin(
            software: Software, state: SoftwareState, _: tuple[Stretch, ...]
        ) -> tuple[Software, ExecutiveState, float]:
            self._listen(readings, time_s + shift_s)
            charge = readings.value("state_of_charge")
            news = self.watchful.news(time_s, charge, state.quiet, self.unheard_s)
            if not news:
                return software, state.executive, math.inf
            began = time.process_time()
            mended = self._mended(software, state, readings, time_s, shift_s, news)
            self.spent_s.append(time.process_time() - began)
            self.watchful.note(time_s, charge, state.quiet, self.unheard_s)
            return mended, state.executive, time_s + PAUSE_S

        return begin

    def _listen(self, readings: Readings, time_s: float) -> None:
        """For how long there should have been a contact without anything being sent."""
        here = int(np.searchsorted(self._epochs_s(), time_s, side="right")) - 1
        now = self.environment.isel(time=[max(here, 0)])
        linked = any(bool(now[name].any()) for name in ("contact", "relay_contact") if name in now)
        if readings.value("downlink_bit_per_s") > 0.0 or readings.value("recorder_bit") <= 0.0:
            self.unheard_s = 0.0
        elif linked:
            self.unheard_s += time_s - self.looked_s
        self.looked_s = time_s

    def _epochs_s(self) -> np.ndarray:
        origin = np.datetime64(self.plan.start.replace(tzinfo=None), "ns")
        return np.asarray((self.environment["time"].values - origin).astype(np.int64) * 1e-9)

    def _mended(
        self, software: Software, state: SoftwareState, readings: Readings, time_s: float, shift_s: float, news: str
    ) -> Software:
        epochs_s = self._epochs_s()
        first = int(np.searchsorted(epochs_s, time_s + shift_s, side="left"))
        begin_s = float(epochs_s[first]) if first < epochs_s.size else math.inf
        past = int(np.searchsorted(epochs_s, begin_s + DAY_S))
        if past - first < 2:
            return software
        stop_s = float(epochs_s[past - 1] + epochs_s[1] - epochs_s[0])
        table, position = software.timetable, state.executive.position
        day = {
            name: index
            for name, index in waiting(table, position).items()
            if table.activities[index].hold_start >= self._moment(begin_s)
            and table.activities[index].hold_stop <= self._moment(stop_s)
        }
        charge, fill_bit = readings.value("state_of_charge"), readings.value("recorder_bit")
        change = change_of(self._moment(begin_s), charge, state.quiet, self.unheard_s > SILENT_S, news)
        coming = [table.activities[index] for index in day.values()]
        environment = self.environment.isel(time=slice(first, past))
        found = repaired_day(self.station, self.plan, environment, coming, change, fill_bit) if coming else {}
        if found is None:
            self._tell(time_s, "The coming day could not be repaired; what may not run is skipped.", news)
            return software
        moved = {name: item for name, item in found.items() if item != table.activities[day[name]]}
        if not moved:
            return software
        self._tell(time_s, _words(moved), news)
        return self._with(software, state, {name: day[name] for name in moved}, moved)

    def _with(
        self, software: Software, state: SoftwareState, places: dict[str, int], moved: dict[str, Activity | None]
    ) -> Software:
        """The software with the mended activities in its timetable."""
        position = state.executive.position
        table = deleted(software.timetable, position, set(places.values()))
        payload_of = list(software.payload_of)
        for item in moved.values():
            if item is not None:
                continuous = item.payload in software.continuous
                table = inserted(table, position, item, continuous, software.start)
                payload_of.append(software.payloads.index(item.payload))
        kept = [item for item in self.plan.activities if item.id not in moved]
        mended = [item for item in moved.values() if item is not None]
        ordered = sorted((*kept, *mended), key=lambda item: (item.hold_start, item.id))
        self.plan = self.plan.model_copy(update={"activities": tuple(ordered)})
        return replace(software, timetable=table, payload_of=tuple(payload_of))

    def _moment(self, time_s: float) -> datetime:
        return self.plan.start + timedelta(seconds=time_s)

    def _tell(self, time_s: float, text: str, cause: str) -> None:
        self.log.note(Event(self._moment(time_s), "low", "replanning", "day_repaired", text, cause))


def _words(moved: dict[str, Activity | None]) -> str:
    gone = sum(item is None for item in moved.values())
    return f"Of the coming day {len(moved) - gone} activities were moved and {gone} given up."
