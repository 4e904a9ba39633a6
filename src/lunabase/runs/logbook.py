"""What is written down during a flight: telemetry rows, events and science products."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from lunabase.onboard.executive import Stretch
from lunabase.onboard.log import Event
from lunabase.onboard.software import Reaction, Software
from lunabase.planning.plan import Activity
from lunabase.record.run_record import Product
from lunabase.runs.wiring import Wiring
from lunabase.times import TimeGrid
from lunabase.twin.state import State


class Logbook:
    """Filled step by step during one flight."""

    def __init__(self, wiring: Wiring, times: TimeGrid, start: datetime) -> None:
        self.rows = np.empty((times.count, len(wiring.channels)))
        self.events: list[Event] = []
        self.products: list[Product] = []
        self._wiring, self._times, self._start = wiring, times, start
        self._mode = np.zeros(times.count, dtype=np.int8)
        self._shed = np.zeros(times.count, dtype=np.int16)
        self._payloads = np.zeros((times.count, len(wiring.names.payloads)), dtype=np.int8)
        self._counter_bit: dict[str, float] = {}

    def moment(self, time_s: float) -> datetime:
        """UTC of a time since the start."""
        return self._start + timedelta(seconds=time_s)

    def note_reaction(self, software: Software, reaction: Reaction, state: State, time_s: float) -> None:
        """Write down events, work that ended, and the data counters of work that begins."""
        self.events.extend(reaction.events)
        for stretch in reaction.stretches:
            self._note_stretch(stretch, state)
        for item in reaction.state.executive.current:
            if item.doing == "work" and item.since_s == time_s:
                activity = software.timetable.activities[item.index]
                self._counter_bit[activity.id] = self._produced_bit(activity, state)

    def note_steps(self, first: int, last: int, reaction: Reaction, before: State) -> None:
        """Write down what was commanded from one step to another (exclusive)."""
        self._mode[first:last] = self._wiring.names.modes.index(reaction.commands.mode)
        self._shed[first:last] = reaction.state.shed.level
        self._payloads[first:last] = self._wiring.payload_status(reaction.commands, before)

    def note_losses(self, before: State, after: State, time_s: float) -> None:
        """Write down what a temperature has destroyed; the truth, not known on board."""
        names = self._wiring.names
        self._lost("module", names.modules, after.module_lost & ~before.module_lost, time_s)
        self._lost("payload", names.payloads, after.payload_lost & ~before.payload_lost, time_s)

    def note_end(self, software: Software, reaction: Reaction, state: State, time_s: float) -> None:
        """Close the work that still goes on when the flight ends."""
        for item in reaction.state.executive.current:
            if item.doing == "work":
                activity = software.timetable.activities[item.index]
                self._note_stretch(Stretch(activity, item.since_s, time_s, completed=False), state)

    def _lost(self, kind: str, names: tuple[str, ...], flags: Iterable[bool], time_s: float) -> None:
        for name, lost in zip(names, flags, strict=True):
            if lost:
                text = f"The {kind} {name} is lost."
                cause = "its temperature passed its survival limits"
                self.events.append(Event(self.moment(time_s), "high", "twin", f"{kind}_lost", text, cause))

    def _produced_bit(self, activity: Activity, state: State) -> float:
        return float(state.payload_bit[self._wiring.names.payloads.index(activity.payload)])

    def _note_stretch(self, stretch: Stretch, state: State) -> None:
        activity = stretch.activity
        now_bit = self._produced_bit(activity, state)
        self.products.append(
            Product(
                activity=activity.id,
                experiment=activity.experiment,
                partner=activity.partner,
                payload=activity.payload,
                start=self.moment(stretch.start_s),
                stop=self.moment(stretch.stop_s),
                completed=stretch.completed,
                produced_bit=now_bit - self._counter_bit.pop(activity.id, now_bit),
            )
        )

    def telemetry(self, steps: int) -> pd.DataFrame:
        """The first steps as a table; columns in docs/reference/telemetry.md."""
        names = self._wiring.names
        columns: dict[str, object] = {
            "time": self._times.utc[:steps],
            "mode": np.array(names.modes, dtype=object)[self._mode[:steps]],
            "shed_level": self._shed[:steps].astype(np.int64),
        }
        columns |= {name: self.rows[:steps, place] for name, place in self._wiring.channels.items()}
        columns |= {f"payload.{name}": self._payloads[:steps, place] for place, name in enumerate(names.payloads)}
        return pd.DataFrame(columns)
