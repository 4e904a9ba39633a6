"""The station alive in one phase of its life: twin, on-board software, faults, and the wires between them.

One loop: advance the twin to the next planned moment, the software's next timer, the next fault or the next watch that
trips, whichever comes first; let the software react; go on with its commands. Pieces only divide the arrays: nothing
happens at their edges.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr

from lunabase.onboard.commands import Commands, Path
from lunabase.onboard.executive import Edge, ExecutiveState
from lunabase.onboard.guard import Guard
from lunabase.onboard.log import Event
from lunabase.onboard.messages import Hello
from lunabase.onboard.reaction import Reaction, react
from lunabase.onboard.schedule import deleted
from lunabase.onboard.software import Software, SoftwareState, load_software, restarted
from lunabase.onboard.watching import count as count_watches
from lunabase.planning.plan import Plan
from lunabase.runs.deciding import Decider
from lunabase.runs.injection import Effects, Injection
from lunabase.runs.logbook import Logbook, Page
from lunabase.runs.loop import live_through
from lunabase.runs.pieces import Span
from lunabase.runs.repairing import Repairer
from lunabase.runs.senses import Senses
from lunabase.runs.wiring import Wiring, wire
from lunabase.station.model import Station
from lunabase.times import FloatArray
from lunabase.twin.health import Health, healthy
from lunabase.twin.inputs import Inputs
from lunabase.twin.kernel import LOST, REACHED_END, first_readings
from lunabase.twin.layout import UNSERVED
from lunabase.twin.parameters import Names, Parameters, names_of, parameters_of
from lunabase.twin.plant import Plant, copied, live_of, plant_of, replanted
from lunabase.twin.segment import Segment, lose, reloaded, segment_of
from lunabase.twin.state import Commands as Switches
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
        forecast: xr.Dataset,
        decider: Decider | None = None,
        repairer: Repairer | None = None,
        seed: int = 0,
    ) -> None:
        phase = station.phases[span.phase]
        self.span, self.log, self.decider, self.repairer = span, log, decider, repairer
        self.step_s = log.times.step_s
        self.software: Software = load_software(station, phase, plan)
        self.wiring: Wiring = wire(self.software, names_of(station, phase.present), self.step_s)
        self.parameters: Parameters = parameters_of(station, phase.present, plan.start, phase.crew)
        self.base: Health = healthy(station, phase.present)
        self.injection = injection
        self.effects: Effects = injection.effects(self._time_s(span.first), self.base)
        self.next_change_s = injection.next_change_s(self._time_s(span.first))
        self.first: State = initial_state(station, phase.present, self.wiring.watches.size)
        self.state = copied(self.first)
        self.guard = Guard(station, phase, self.wiring.channels, forecast, plan.start)
        telemetry = tuple(self.wiring.telemetry)
        self.senses = Senses(station, phase.present, self.software, telemetry, self.step_s, seed, self.guard.limits)
        self.senses.suffer(self.effects.sensors, None)
        self.held = np.zeros(len(self.software.groups), dtype=np.bool_)
        self.floor_j = float(self.parameters.stores["floor_j"].sum())
        self._decides = decider is not None and not plan.activities
        """It begins activities by itself: without a plan, or when the plan is lost."""
        self._frame: tuple[object, ...] | None = None
        self._switched: Commands | None = None
        self._switches: Switches
        self._segment: Segment
        self._plant: Plant
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
        _, self.row = first_readings(self.parameters, inputs, self.state, self.wiring.watches[:0])
        self.senses.look(self.span.first - 1, self.row)
        sense, nobody = self.senses.sense, np.zeros(self.held.size, dtype=np.bool_)
        count_watches(self.wiring.watches, self.state.watch_steps, nobody, sense.row, sense.valid, self.held)
        self._react(SoftwareState(), self._time_s(self.span.first), in_contact=_in_contact(inputs, 0))

    def live(self, inputs: Inputs, page: Page, count: int, on_step: Callable[[int], bool]) -> int:
        """Live through the first ``count`` rows of a page; the number of rows that were written.

        ``on_step`` gets the step that was reached and says whether to end there.
        """
        if self.reaction is None:
            self.begin(inputs)
        row = 0
        while row < count:
            before, begun, reaction = self.state, row, self._answer
            wake = self._wake_row(page, row, count)
            row, cause = self._advance(inputs, page, row, wake)
            page.note_steps(begun, row, reaction, self._switches.payload_setting, before)
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
                self._react(self._answer.state, time_s, in_contact=_in_contact(inputs, row - 1))
            for event in self.guard.events(self._answer.commands, time_s):
                self.log.note(event)
            if on_step(page.first + row):
                break
        return row

    def _advance(self, inputs: Inputs, page: Page, row: int, wake: int) -> tuple[int, int]:
        """Live under the present commands until a row, a watch or a loss: the next row, and why."""
        plant, live = self._plant_now(inputs), live_of(self.state)
        row, cause = live_through(
            plant, live, self.senses.sense, self.wiring.watches, self.state.watch_steps, self._answer.armed, self.held,
            page.first, row, wake, page.rows, page.estimates,
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
        wake = min(wake, step_at(self.guard.wake_s(self._time_s(page.first + row)), self.step_s) - page.first)
        return min(max(wake, row + 1), count)

    def _count_mode(self, reaction: Reaction, steps: int) -> None:
        spec = self.software.modes.table[reaction.state.mode].spec
        self.log.tally.add_mode(reaction.commands.mode, steps, spec.activities == "all")

    def _plant_now(self, inputs: Inputs) -> Plant:
        """The plant under the present commands; what they leave as it was is not made again."""
        commands, state = self._answer.commands, self.state
        health = self._health_on(commands.path)
        frame = (
            inputs,
            self.effects,
            commands.path,
            commands.radio,
            state.node_lost,
            state.module_lost,
            state.payload_lost,
        )
        same = self._frame is not None and all(one is other for one, other in zip(frame, self._frame, strict=True))
        if same and commands is self._switched:
            return self._plant
        switches = self._switches = self.wiring.switches(commands)
        if same:
            self._segment = reloaded(self._segment, self.parameters, state, switches, health)
            self._plant = replanted(self._plant, self._segment)
        else:
            self._segment = segment_of(self.parameters, inputs, state, switches, health)
            self._plant = plant_of(self.parameters, inputs, self._segment)
        self._frame, self._switched = frame, commands
        return self._plant

    def _health_on(self, path: Path) -> Health:
        """The station's health; while Earth is called over one path, the other is not used."""
        health = self.effects.health
        if path == "direct":
            return replace(health, relay_link=False)
        return replace(health, earth_link=False) if path == "relay" else health

    def _change(self, time_s: float) -> None:
        """Faults begin or end; a computer that was reset forgets what it knew."""
        before = self.effects
        self.effects = self.injection.effects(time_s, self.base)
        self.next_change_s = self.injection.next_change_s(time_s)
        if self.effects.sensors != before.sensors:
            self.senses.suffer(self.effects.sensors, self.row)
        if self.effects.computer.plan_lost and not before.computer.plan_lost:
            self._lose_plan(time_s)
        if self.effects.computer.resets > before.computer.resets:
            self._restart(time_s, "a fault")

    def _lose_plan(self, time_s: float) -> None:
        """What goes on is carried to its end; nothing else is known any more."""
        table, executive = self.software.timetable, self._answer.state.executive
        position = executive.position
        coming = {index for _, _, index in table.edges[position:]} - {item.index for item in executive.current}
        self.software = replace(self.software, timetable=deleted(table, position, coming))
        self._decides = self.decider is not None
        text = "The plan in the computer's memory is lost."
        self.log.note(Event(self.log.moment(time_s), "medium", "twin", "plan_lost", text, "a fault"))

    def _restart(self, time_s: float, cause: str) -> None:
        """The computer begins anew; what lies behind in its timetable stays behind."""
        text = "The computer restarts and knows only what it was loaded with."
        self.log.note(Event(self.log.moment(time_s), "medium", "twin", "computer_reset", text, cause))
        edges = self.software.timetable.edges
        position = bisect_right(edges, (time_s + self.effects.computer.clock_error_s, Edge.START, len(edges)))
        state = replace(restarted(self._answer.state), executive=ExecutiveState(position))
        self.reaction = replace(self._answer, state=state)

    def _react(self, state: SoftwareState, time_s: float, *, in_contact: bool) -> None:
        computer = self.effects.computer
        if computer.down and self.reaction is not None:
            self.reaction = replace(self.reaction, wake_s=math.inf, events=(), stretches=())
            return
        clock_s = time_s + computer.clock_error_s
        listens = bool(self.software.timers) and self.reaction is not None and self._answer.commands.radio
        hears = listens and in_contact and computer.hears and self.effects.health.earth_link
        messages = (Hello(),) if hears else ()
        readings = self.wiring.readings(self.senses, self.state, self.effects.health, messages)
        begin = None
        mind = self.decider if self._decides else self.repairer
        if mind is not None:
            begin = mind.beginning(readings, clock_s, computer.forecast_shift_s)
        reaction = react(self.software, readings, clock_s, state, begin)
        self.software = reaction.software or self.software
        self.reaction = replace(reaction, wake_s=reaction.wake_s - computer.clock_error_s)
        self.senses.expect(reaction.expected)
        self.log.note_reaction(self.wiring, self.software, self.reaction, self.state, time_s)
        self._carry_out(time_s)

    def _carry_out(self, time_s: float) -> None:
        """Units that are cycled, switched over, or the computer that restarts: some faults end with that."""
        commands = self._answer.commands
        if not (commands.power_cycle or commands.switch_over or commands.reset):
            return
        self.injection, gone = self.injection.recover(
            time_s, power_cycle=commands.power_cycle, switch_over=commands.switch_over, reset=commands.reset
        )
        for fault in gone:
            text, cause = f"The fault {fault.name} is over.", "a recovery on board"
            self.log.note(Event(self.log.moment(time_s), "info", "twin", "recovered", text, cause))
        if gone:
            self._change(time_s)
        if commands.reset:
            self._restart(time_s, "its own command")


def _in_contact(inputs: Inputs, row: int) -> bool:
    """Whether Earth could be heard in a step, straight or through a relay."""
    return bool(inputs.rows["direct"][row] == 1 or inputs.rows["relay_bit_per_s"][row] > 0.0)


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
    new.recorder_bit[:], new.waiting_bit[:] = old.recorder_bit, old.waiting_bit
    return new


_KINDS = {
    "stores": ("store_j", "store_left", "drawn_j", "rested"),
    "sources": ("running_w", "waiting_s"),
    "nodes": ("temperature_k", "heater_on", "node_lost"),
    "switches": ("switch_open",),
    "stocks": ("stock_kg", "stock_low_kg"),
    "modules": ("module_lost",),
    "payloads": ("payload_lost", "payload_bit"),
}
"""Fields of a state by what they are of."""
