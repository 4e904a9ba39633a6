"""The station alive in one phase of its life: twin, on-board software, faults, and the wires between them.

One loop: advance the twin to the next planned moment, the software's next timer, the next fault or the next watch that
trips, whichever comes first; let the software react; go on with its commands. Pieces only divide the arrays: nothing
happens at their edges.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lunabase.onboard.log import Event
from lunabase.onboard.reaction import Reaction, react
from lunabase.onboard.software import Software, SoftwareState, load_software
from lunabase.planning.plan import Plan
from lunabase.runs.deciding import Decider
from lunabase.runs.injection import Effects, Injection
from lunabase.runs.logbook import Logbook, Page
from lunabase.runs.loop import live_through
from lunabase.runs.pieces import Span
from lunabase.runs.wiring import Wiring, wire
from lunabase.station.model import Station
from lunabase.times import FloatArray
from lunabase.twin.health import Health, healthy
from lunabase.twin.inputs import Inputs
from lunabase.twin.kernel import LOST, REACHED_END, first_readings
from lunabase.twin.layout import UNSERVED
from lunabase.twin.parameters import Names, Parameters, names_of, parameters_of
from lunabase.twin.plant import copied, live_of, plant_of
from lunabase.twin.segment import lose, segment_of
from lunabase.twin.state import State, initial_state


class Leg:
    """A station in one phase, from step to step."""

    def __init__(
        self,
        station: Station,
        span: Span,
        plan: Plan,
        injection: Injection,
        log: Logbook,
        decider: Decider | None = None,
    ) -> None:
        phase = station.phases[span.phase]
        self.span, self.log, self.decider = span, log, decider
        self.step_s = log.times.step_s
        self.software: Software = load_software(station, phase, plan)
        self.wiring: Wiring = wire(self.software, names_of(station, phase.present), self.step_s)
        self.parameters: Parameters = parameters_of(station, phase.present, plan.start)
        self.base: Health = healthy(station, phase.present)
        self.injection = injection
        self.effects: Effects = injection.effects(self._time_s(span.first), self.base)
        self.next_change_s = injection.next_change_s(self._time_s(span.first))
        self.first: State = initial_state(station, phase.present, self.wiring.watches.size)
        self.state = copied(self.first)
        self.valid = np.ones(len(self.wiring.channels), dtype=np.bool_)
        self.held = np.zeros(len(self.software.groups), dtype=np.bool_)
        self.floor_j = float(self.parameters.stores["floor_j"].sum())
        self.row: FloatArray | None = None
        self.reaction: Reaction | None = None

    def take_over(self, before: Leg) -> None:
        """Go on where another leg ended: what both have keeps its state, what is new begins its life."""
        self.first = carried(self.first, self.wiring.names, before.state, before.wiring.names)
        self.state = copied(self.first)

    @property
    def is_served(self) -> bool:
        """Whether the bus carried every load in the last step."""
        return self.row is None or not self.row[UNSERVED] > 0.0

    def begin(self, inputs: Inputs) -> None:
        """The first look, before the first step."""
        self.state, self.row = first_readings(self.parameters, inputs, self.state, self.wiring.watches)
        self._react(SoftwareState(), self._time_s(self.span.first))

    def live(self, inputs: Inputs, page: Page, count: int, on_step: Callable[[int], None]) -> int:
        """Live through the first ``count`` rows of a page; the number of rows that were written."""
        if self.reaction is None:
            self.begin(inputs)
        row = 0
        while row < count:
            before, begun, reaction = self.state, row, self._answer
            wake = self._wake_row(page, row, count)
            row, cause = self._advance(inputs, page, row, wake)
            page.note_steps(begun, row, reaction, before)
            self._count_mode(reaction, row - begun)
            self.row = page.rows[row - 1]
            time_s = self._time_s(page.first + row)
            if self.state.station_lost:
                return row
            if cause == LOST:
                self.log.note_losses(self.wiring.names, before, self.state, time_s)
            changed = time_s >= self.next_change_s
            if changed:
                self._change(time_s)
            if changed or cause != REACHED_END or page.first + row >= min(self._wake_step(), self.span.last):
                self._react(self._answer.state, time_s)
            on_step(page.first + row)
        return row

    def _advance(self, inputs: Inputs, page: Page, row: int, wake: int) -> tuple[int, int]:
        """Live under the present commands until a row, a watch or a loss: the next row, and why."""
        switches, health = self.wiring.switches(self._answer.commands), self.effects.health
        segment = segment_of(self.parameters, inputs, self.state, switches, health)
        plant, live = plant_of(self.parameters, inputs, segment), live_of(self.state)
        row, cause = live_through(
            plant, live, self.wiring.watches, self.state.watch_steps, self._answer.armed, self.valid, self.held,
            row, wake, page.rows,
        )  # fmt: skip
        if cause == LOST:
            self.state = lose(self.parameters, self.state)
        return row, cause

    def end(self, step: int) -> None:
        """Close the work that goes on."""
        self.log.note_end(self.wiring, self.software, self._answer, self.state, self._time_s(step))

    @property
    def _answer(self) -> Reaction:
        assert self.reaction is not None  # `begin` comes first
        return self.reaction

    def _time_s(self, step: int) -> float:
        return step * self.step_s

    def _wake_step(self) -> int:
        return step_at(self._answer.wake_s, self.step_s)

    def _wake_row(self, page: Page, row: int, count: int) -> int:
        """Where the twin must stop: the software's timer, a fault, or the end of the rows."""
        wake = min(self._wake_step(), step_at(self.next_change_s, self.step_s)) - page.first
        return min(max(wake, row + 1), count)

    def _count_mode(self, reaction: Reaction, steps: int) -> None:
        spec = self.software.modes.table[reaction.state.mode].spec
        self.log.tally.add_mode(reaction.commands.mode, steps, spec.activities == "all")

    def _change(self, time_s: float) -> None:
        """Faults begin or end; a computer that was reset forgets what it knew."""
        resets = self.effects.computer.resets
        self.effects = self.injection.effects(time_s, self.base)
        self.next_change_s = self.injection.next_change_s(time_s)
        if self.effects.computer.resets > resets:
            text = "The computer restarts and knows only what it was loaded with."
            self.log.note(Event(self.log.moment(time_s), "medium", "twin", "computer_reset", text, "a fault"))
            self.reaction = replace(self._answer, state=SoftwareState())

    def _react(self, state: SoftwareState, time_s: float) -> None:
        assert self.row is not None
        if self.effects.computer.down and self.reaction is not None:
            self.reaction = replace(self.reaction, wake_s=math.inf, events=(), stretches=())
            return
        clock_s = time_s + self.effects.computer.clock_error_s
        readings = self.wiring.readings(self.row, self.state)
        reaction = react(self.software, readings, clock_s, state)
        if self.decider is not None:
            shift_s = self.effects.computer.forecast_shift_s
            self.software, reaction = self.decider.decide(self.software, reaction, readings, clock_s, shift_s)
        self.reaction = replace(reaction, wake_s=reaction.wake_s - self.effects.computer.clock_error_s)
        self.log.note_reaction(self.wiring, self.software, self.reaction, self.state, time_s)


def step_at(time_s: float, step_s: float) -> int:
    """First step that begins at or after a time."""
    return math.ceil(min(time_s, 1e15) / step_s - 1e-9)


def carried(fresh: State, names: Names, old: State, old_names: Names) -> State:
    """A fresh state with what an old one knows of the same things; the books begin anew."""
    new = copied(fresh)
    for kind, fields in _KINDS.items():
        own, theirs = getattr(names, kind), getattr(old_names, kind)
        for place, name in enumerate(own):
            if name in theirs:
                for field in fields:
                    getattr(new, field)[place] = getattr(old, field)[theirs.index(name)]
    new.recorder_bit[:] = old.recorder_bit
    return new


_KINDS = {
    "stores": ("store_j", "store_left", "drawn_j", "rested"),
    "sources": ("running_w", "waiting_s"),
    "nodes": ("temperature_k", "heater_on", "node_lost"),
    "switches": ("switch_open",),
    "modules": ("module_lost",),
    "payloads": ("payload_lost", "payload_bit"),
}
"""Fields of a state by what they are of."""
