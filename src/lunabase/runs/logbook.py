"""What is written down during a flight: telemetry rows, events and science products."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from lunabase.onboard.executive import Stretch
from lunabase.onboard.log import Event
from lunabase.onboard.reaction import Reaction
from lunabase.onboard.software import Software
from lunabase.planning.plan import Activity
from lunabase.record.run_record import Product
from lunabase.runs.tally import Tally
from lunabase.runs.thinning import thinned
from lunabase.runs.wiring import Wiring
from lunabase.times import FloatArray, TimeGrid
from lunabase.twin.parameters import IntArray, Names
from lunabase.twin.state import State

WORKING = 2
"""Status of a payload in any of its own power settings, after off and standby."""


@dataclass
class Logbook:
    """Filled piece by piece during one flight; telemetry rows are thinned when their piece ends."""

    times: TimeGrid
    """All steps of the flight."""
    start: datetime
    every: int
    """Steps that one kept row stands for; 0: no telemetry is kept."""
    tally: Tally
    events: list[Event] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    frames: list[pd.DataFrame] = field(default_factory=list)
    _counter_bit: dict[str, float] = field(default_factory=dict)

    def moment(self, time_s: float) -> datetime:
        """UTC of a time since the start."""
        return self.start + timedelta(seconds=time_s)

    def keep(self, page: Page, count: int, floor_j: float) -> None:
        """Take in the first ``count`` rows of a page that is done."""
        self.tally.add(page.rows[:count], floor_j)
        if self.every and count:
            self.frames.append(page.table(self.times, count, self.every))

    def telemetry(self) -> pd.DataFrame:
        """All that was kept, as one table; columns in docs/reference/telemetry.md."""
        if not self.frames:
            return pd.DataFrame()
        return pd.concat(self.frames, ignore_index=True) if len(self.frames) > 1 else self.frames[0]

    def note_reaction(
        self, wiring: Wiring, software: Software, reaction: Reaction, state: State, time_s: float
    ) -> None:
        """Write down events, work that ended, and the data counters of work that begins."""
        self.events.extend(reaction.events)
        for stretch in reaction.stretches:
            self._note_stretch(wiring.names, stretch, state)
        for item in reaction.state.executive.current:
            if item.doing == "work" and item.since_s == time_s:
                activity = software.timetable.activities[item.index]
                self._counter_bit[activity.id] = _produced_bit(wiring.names, activity, state)

    def note_losses(self, names: Names, before: State, after: State, time_s: float) -> None:
        """Write down what a temperature has destroyed; the truth, not known on board."""
        self._lost("module", names.modules, after.module_lost & ~before.module_lost, time_s)
        self._lost("payload", names.payloads, after.payload_lost & ~before.payload_lost, time_s)

    def note_end(self, wiring: Wiring, software: Software, reaction: Reaction, state: State, time_s: float) -> None:
        """Close the work that still goes on when the flight ends."""
        for item in reaction.state.executive.current:
            if item.doing == "work":
                activity = software.timetable.activities[item.index]
                stretch = Stretch(activity, item.since_s, time_s, completed=False)
                self._note_stretch(wiring.names, stretch, state)

    def note(self, event: Event) -> None:
        """Write down what only the simulator knows."""
        self.events.append(event)

    def _lost(self, kind: str, names: tuple[str, ...], flags: Iterable[bool], time_s: float) -> None:
        for name, lost in zip(names, flags, strict=True):
            if lost:
                text = f"The {kind} {name} is lost."
                cause = "its temperature passed its survival limits"
                self.events.append(Event(self.moment(time_s), "high", "twin", f"{kind}_lost", text, cause))

    def _note_stretch(self, names: Names, stretch: Stretch, state: State) -> None:
        activity = stretch.activity
        now_bit = _produced_bit(names, activity, state)
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


def _produced_bit(names: Names, activity: Activity, state: State) -> float:
    return float(state.payload_bit[names.payloads.index(activity.payload)])


class Page:
    """Every row of one piece of a flight, and what was commanded meanwhile."""

    def __init__(self, wiring: Wiring, first: int, count: int, *, estimates: bool) -> None:
        self.first = first
        """Step of the first row."""
        self.rows: FloatArray = np.empty((count, len(wiring.telemetry)))
        self.estimates: FloatArray = np.empty((count if estimates else 0, len(wiring.channels)))
        """What was believed on board, where that differs from the truth."""
        self._wiring = wiring
        self._mode = np.zeros(count, dtype=np.int8)
        self._shed = np.zeros(count, dtype=np.int16)
        self._payloads = np.zeros((count, len(wiring.names.payloads)), dtype=np.int8)

    def note_steps(self, first: int, last: int, reaction: Reaction, settings: IntArray, before: State) -> None:
        """Write down what was commanded from one row to another (exclusive); ``settings`` (payloads,) as switched."""
        self._mode[first:last] = self._wiring.names.modes.index(reaction.commands.mode)
        self._shed[first:last] = reaction.state.shed.level
        self._payloads[first:last] = np.minimum(settings, WORKING) * ~before.payload_lost

    def table(self, times: TimeGrid, count: int, every: int) -> pd.DataFrame:
        """The first rows as a table, one for each ``every`` steps; columns in docs/reference/telemetry.md."""
        names, kept = self._wiring.names, slice(0, count, every)
        columns: dict[str, object] = {
            "time": times.part(self.first, count).utc[::every],
            "mode": np.array(names.modes, dtype=object)[self._mode[kept]],
            "shed_level": self._shed[kept].astype(np.int64),
        }
        columns |= {
            name: np.array(part) for name, part in thinned(self.rows[:count], every, self._wiring.telemetry).items()
        }
        if self.estimates.shape[0]:
            ends = np.minimum(np.arange(0, count, every) + every, count) - 1
            columns |= {
                f"estimated.{name}": self.estimates[ends, place] for name, place in self._wiring.channels.items()
            }
        columns |= {f"payload.{name}": self._payloads[kept, place].copy() for place, name in enumerate(names.payloads)}
        return pd.DataFrame(columns)
