"""Flies a plan: the twin lives, the on-board software wakes when it has to, and everything is written down.

One loop: advance the twin to the next planned moment, the software's next timer or the next watch that trips,
whichever comes first; let the software react; go on with its commands.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from lunabase.errors import InputError
from lunabase.onboard.log import Event
from lunabase.onboard.software import SoftwareState, load_software, react
from lunabase.planning.plan import Plan
from lunabase.record.run_record import Ledger, Product, Summary
from lunabase.runs.logbook import Logbook
from lunabase.runs.wiring import Wiring, wire
from lunabase.station.model import Station
from lunabase.times import FloatArray, TimeGrid
from lunabase.twin.health import healthy
from lunabase.twin.inputs import inputs_of
from lunabase.twin.kernel import LOST, advance, first_readings
from lunabase.twin.layout import FIRST_NODE, UNSERVED
from lunabase.twin.ledger import data_balance, energy_balance
from lunabase.twin.parameters import Parameters, names_of, parameters_of
from lunabase.twin.state import State, initial_state

_PROGRESS_PART = 0.01


@dataclass(frozen=True, slots=True)
class Flight:
    """What a flight leaves behind."""

    telemetry: pd.DataFrame
    """One row a step; columns in docs/reference/telemetry.md. It ends with the station."""
    events: tuple[Event, ...]
    products: tuple[Product, ...]
    summary: Summary


def fly(
    station: Station,
    environment: xr.Dataset,
    plan: Plan,
    *,
    step_s: float = 60.0,
    on_progress: Callable[[float], None] | None = None,
) -> Flight:
    """Fly a plan from its start to its stop on the twin of a station.

    The environment must cover the plan; on coarser times it is interpolated. ``on_progress`` gets the part done, 0 to
    1. Nothing in the twin is random. Raises InputError when plan, station and environment don't fit together.
    """
    phase = station.phases[plan.phase]
    names = names_of(station, phase.present)
    _check(plan, names.payloads)
    times = TimeGrid.from_utc(plan.start, int(plan.seconds(plan.stop) // step_s), step_s)
    software = load_software(station, phase, plan)
    wiring = wire(software, names, step_s)
    parameters = parameters_of(station, phase.present, plan.start)
    inputs = inputs_of(station, phase.present, environment, times)
    health = healthy(station, phase.present)
    first = initial_state(station, phase.present, wiring.watches.size)
    state, row = first_readings(parameters, inputs, first, wiring.watches)
    log = Logbook(wiring, times, plan.start)

    step, reported = 0, 0.0
    reaction = react(software, wiring.readings(row, state), 0.0, SoftwareState())
    log.note_reaction(software, reaction, state, 0.0)
    while step < times.count:
        before, begun = state, step
        wake = min(max(_step_at(reaction.wake_s, step_s), step + 1), times.count)
        state, step, cause = advance(
            parameters, inputs, state, wiring.switches(reaction.commands), health, wiring.watches, reaction.armed,
            step, wake, log.rows,
        )  # fmt: skip
        log.note_steps(begun, step, reaction, before)
        if state.station_lost:
            break
        if cause == LOST:
            log.note_losses(before, state, step * step_s)
        readings = wiring.readings(log.rows[step - 1], state)
        reaction = react(software, readings, step * step_s, reaction.state)
        log.note_reaction(software, reaction, state, step * step_s)
        if on_progress is not None and step / times.count >= reported + _PROGRESS_PART:
            reported = step / times.count
            on_progress(reported)
    log.note_end(software, reaction, state, step * step_s)
    return _finish(log, first, state, parameters, wiring, step, step_s)


def _check(plan: Plan, payloads: tuple[str, ...]) -> None:
    missing = sorted({activity.payload for activity in plan.activities} - set(payloads))
    if missing:
        raise InputError(
            f"the plan uses {', '.join(missing)}, which the station does not have in phase {plan.phase}.",
            where="plan",
            fix="Plan again with this station file.",
        )


def _step_at(time_s: float, step_s: float) -> int:
    """First step that begins at or after a time."""
    return math.ceil(min(time_s, 1e15) / step_s - 1e-9)


def _finish(
    log: Logbook, first: State, last: State, parameters: Parameters, wiring: Wiring, step: int, step_s: float
) -> Flight:
    reason, moment = "", log.moment(step * step_s)
    if last.station_lost:
        reason = _why_lost(log, parameters, wiring, log.rows[:step], step_s)
        log.events.append(Event(moment, "high", "twin", "station_lost", "The station is lost.", reason))
    energy, data = energy_balance(first, last), data_balance(first, last)
    summary = Summary(
        outcome="lost" if last.station_lost else "alive",
        lost_at=moment if last.station_lost else None,
        reason=reason,
        energy=Ledger("energy", "J", energy.inflow, energy.used, energy.stored, energy.lost),
        data=Ledger("data", "bit", data.inflow, data.used, data.stored, data.lost),
    )
    return Flight(log.telemetry(step), tuple(log.events), tuple(log.products), summary)


def _why_lost(log: Logbook, parameters: Parameters, wiring: Wiring, rows: FloatArray, step_s: float) -> str:
    """The node that passed its limits, and since when the bus was without power if it was."""
    here_k, nodes = rows[-1, FIRST_NODE:], parameters.nodes
    below = here_k - nodes["survival_low_k"]
    above = nodes["survival_high_k"] - here_k
    margin_k = np.where(nodes["essential"] == 1, np.minimum(below, above), np.inf)
    node = int(np.argmin(margin_k))
    side, limit = ("below", "survival_low_k") if below[node] < above[node] else ("above", "survival_high_k")
    text = f"{wiring.names.nodes[node]} went {side} its survival limit of {nodes[limit][node]:g} K"
    served = np.flatnonzero(rows[:, UNSERVED] <= 0.0)
    if rows[-1, UNSERVED] > 0.0:
        since_s = (served[-1] + 1) * step_s if served.size else 0.0
        text += f"; the bus had been short of power since {log.moment(since_s):%Y-%m-%d %H:%M} UTC"
    return text
