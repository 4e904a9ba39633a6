"""Flies a station: the twin lives, the on-board software wakes when it has to, and everything is written down.

A flight of years is lived in pieces, and a new phase of the station's life begins a new leg; pieces leave no trace in
the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from lunabase.errors import InputError, LunabaseError
from lunabase.onboard.log import Event
from lunabase.planning.plan import Activity, Plan, SolverSummary
from lunabase.record.run_record import Ledger, Product, Summary
from lunabase.runs.deciding import Decider
from lunabase.runs.fault import Fault
from lunabase.runs.injection import inject, sun_track
from lunabase.runs.leg import Leg
from lunabase.runs.logbook import Logbook, Page
from lunabase.runs.measures import measures
from lunabase.runs.pieces import Span, inputs_between, spans_of
from lunabase.runs.repairing import Repairer
from lunabase.runs.tally import Tally
from lunabase.runs.thinning import default_every
from lunabase.station.model import Station
from lunabase.times import TimeGrid
from lunabase.twin.layout import FIRST_NODE
from lunabase.twin.ledger import Balance, data_balance, energy_balance, substance_balances

_PROGRESS_PART = 0.01
_CLOSES = 1e-9
"""Books that don't close to this part of what came in mean that the twin is wrong."""


@dataclass(frozen=True, slots=True)
class Flight:
    """What a flight leaves behind."""

    telemetry: pd.DataFrame
    """One row a step, or one for several steps of a long flight; columns in docs/reference/telemetry.md. It ends with
    the station. Empty if none was to be kept."""
    events: tuple[Event, ...]
    products: tuple[Product, ...]
    summary: Summary
    plan: Plan
    """The plan that was flown, with what the station began by itself in up to three months."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to fly."""

    step_s: float = 60.0
    faults: tuple[Fault, ...] = ()
    seed: int = 0
    goals: bool = False
    contact_from_s: float = 0.0
    keep_telemetry: bool = True
    record_every: int | None = None
    on_progress: Callable[[float], None] | None = None
    is_over: Callable[[], bool] = lambda: False


def fly(
    station: Station,
    environment: xr.Dataset,
    plan: Plan | None = None,
    *,
    step_s: float = 60.0,
    faults: Sequence[Fault] = (),
    seed: int = 0,
    goals: bool = False,
    contact_from_s: float = 0.0,
    keep_telemetry: bool = True,
    record_every: int | None = None,
    on_progress: Callable[[float], None] | None = None,
    is_over: Callable[[], bool] = lambda: False,
) -> Flight:
    """Fly a plan from its start to its stop on the twin of a station; without a plan, the span of the environment.

    The environment must cover the plan; on coarser times it is interpolated. ``faults`` happen as they say; ``seed``
    draws whatever is random. ``goals``: the station repairs the coming day of its plan when things turn out otherwise,
    and when the plan is lost it decides for itself what to do next, as it does without one. Nobody on Earth hears the
    station before ``contact_from_s``. ``record_every``: steps that one row of telemetry stands for, by default one for
    flights of up to three months. ``on_progress`` gets the part done, 0 to 1; when ``is_over`` says so, the flight ends
    early. Raises InputError when plan, station and environment don't fit together, LunabaseError when books don't
    close.
    """
    options = Options(
        step_s, tuple(faults), seed, goals or plan is None, contact_from_s, keep_telemetry, record_every, on_progress,
        is_over,
    )  # fmt: skip
    plan = plan if plan is not None else _no_plan(station, environment, step_s)
    times = TimeGrid.from_utc(plan.start, int(plan.seconds(plan.stop) // step_s), step_s)
    every = (record_every or default_every(times.count)) if keep_telemetry else 0
    log = Logbook(times, plan.start, every, Tally(plan.start, step_s))
    legs: list[Leg] = []
    decider: Decider | None = None
    repairer = Repairer(station, environment, plan, log) if options.goals and plan.activities else None
    for span in _spans(station, plan, times):
        injection = inject(station, station.phases[span.phase].present, options.faults, sun_track(environment))
        decider = Decider(station, span, environment, times, decider) if options.goals else None
        leg = Leg(station, span, plan, injection, log, environment, decider, repairer, seed)
        if legs:
            leg.take_over(legs[-1])
        legs.append(leg)
        stop = _live(leg, span, station, environment, options)
        leg.end(stop)
        if stop < span.last or leg.state.station_lost:
            break
    flown = plan if decider is None else _with_begun(plan, decider.begun)
    return _finish(station, environment, flown, log, legs, stop)


def _with_begun(plan: Plan, begun: list[Activity]) -> Plan:
    """A plan with the activities that the station began by itself."""
    if not begun:
        return plan
    activities = tuple(sorted((*plan.activities, *begun), key=lambda item: (item.hold_start, item.id)))
    return plan.model_copy(update={"activities": activities})


def _no_plan(station: Station, environment: xr.Dataset, step_s: float) -> Plan:
    """An empty plan over the whole steps that an environment covers."""
    epochs = environment["time"].values.astype("datetime64[ns]").astype(np.int64)
    length_s = (epochs[-1] - epochs[0] + (epochs[-1] - epochs[-2] if epochs.size > 1 else 0)) * 1e-9
    start = datetime.fromtimestamp(int(epochs[0]) // 1_000_000_000, tz=UTC)
    return Plan(
        station=station.station.name,
        station_sha256="",
        phase=station.phase_at(start)[0],
        start=start,
        stop=start + timedelta(seconds=float(length_s // step_s) * step_s),
        activities=(),
        unplaced=(),
        partners=(),
        solver=SolverSummary(solver="on-board goals", status="empty", objective=0.0, bound=0.0, seed=0, work_limit=0.0),
    )


def _spans(station: Station, plan: Plan, times: TimeGrid) -> list[Span]:
    """The legs of a flight; a plan with activities is for one phase."""
    present = station.payloads_present(station.phases[plan.phase].present)
    missing = sorted({activity.payload for activity in plan.activities} - set(present))
    if missing:
        raise InputError(
            f"the plan uses {', '.join(missing)}, which the station does not have in phase {plan.phase}.",
            where="plan",
            fix="Plan again with this station file.",
        )
    if plan.activities:
        return [Span(plan.phase, 0, times.count)]
    return list(spans_of(station, plan.start, times.count, times.step_s))


def _live(leg: Leg, span: Span, station: Station, environment: xr.Dataset, options: Options) -> int:
    """Live through a leg, piece by piece; the step at which it ended."""
    times, reported = leg.log.times, 0.0

    def report(step: int) -> bool:
        nonlocal reported
        if options.on_progress is not None and step / times.count >= reported + _PROGRESS_PART:
            reported = step / times.count
            options.on_progress(reported)
        return options.is_over()

    for first, count in span.pieces(times.step_s):
        inputs = inputs_between(station, span, environment, times, first, count, options.contact_from_s)
        page = Page(leg.wiring, first, count, estimates=options.keep_telemetry and not leg.senses.are_perfect)
        done = leg.live(inputs, page, count, report)
        leg.log.keep(page, done, leg.floor_j)
        if done < count or leg.state.station_lost:
            return first + done
    return span.last


def _finish(station: Station, environment: xr.Dataset, plan: Plan, log: Logbook, legs: list[Leg], stop: int) -> Flight:
    last, reason, moment = legs[-1], "", log.moment(stop * log.times.step_s)
    if last.state.station_lost:
        reason = _why_lost(last, log)
        log.note(Event(moment, "high", "twin", "station_lost", "The station is lost.", reason))
    energy = _ledger("energy", "J", [energy_balance(leg.first, leg.state) for leg in legs])
    data = _ledger("data", "bit", [data_balance(leg.first, leg.state) for leg in legs])
    substances = _substances(legs)
    for ledger in (energy, data, *substances):
        if ledger.residual > _CLOSES:
            raise LunabaseError(f"the books of {ledger.quantity} don't close: {ledger.residual:.1e} of what came in.")
    summary = Summary(
        outcome="lost" if last.state.station_lost else "alive",
        lost_at=moment if last.state.station_lost else None,
        reason=reason,
        energy=energy,
        data=data,
        measures=measures(station, environment, log, data),
        record_every_s=log.every * log.times.step_s,
        substances=substances,
    )
    return Flight(log.telemetry(), tuple(log.events), tuple(log.products), summary, plan)


def _substances(legs: list[Leg]) -> tuple[Ledger, ...]:
    """The books of every substance, leg by leg added up."""
    found: dict[str, list[Balance]] = {}
    for leg in legs:
        for name, balance in substance_balances(leg.parameters, leg.first, leg.state).items():
            found.setdefault(name, []).append(balance)
    return tuple(_ledger(name, "kg", balances) for name, balances in found.items())


def _ledger(quantity: str, unit: Literal["J", "bit", "kg"], legs: list[Balance]) -> Ledger:
    """The legs' balances added up."""

    def total(which: str) -> dict[str, float]:
        names = dict.fromkeys(name for leg in legs for name in getattr(leg, which))
        return {name: math.fsum(getattr(leg, which).get(name, 0.0) for leg in legs) for name in names}

    stored = math.fsum(leg.stored for leg in legs)
    return Ledger(quantity, unit, total("inflow"), total("used"), stored, total("lost"))


def _why_lost(leg: Leg, log: Logbook) -> str:
    """The node that passed its limits, and since when the bus was without power if it was."""
    assert leg.row is not None
    nodes = leg.parameters.nodes
    here_k = leg.row[FIRST_NODE : FIRST_NODE + nodes.size]
    below = here_k - nodes["survival_low_k"]
    above = nodes["survival_high_k"] - here_k
    margin_k = np.where(nodes["essential"] == 1, np.minimum(below, above), np.inf)
    node = int(np.argmin(margin_k))
    side, limit = ("below", "survival_low_k") if below[node] < above[node] else ("above", "survival_high_k")
    text = f"{leg.wiring.names.nodes[node]} went {side} its survival limit of {nodes[limit][node]:g} K"
    if not leg.is_served:
        text += f"; the bus had been short of power since {log.moment(log.tally.last_served_s):%Y-%m-%d %H:%M} UTC"
    return text
