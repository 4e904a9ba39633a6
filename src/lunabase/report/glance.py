"""The outcome at a glance: a sentence and a handful of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lunabase.environment.intervals import true_runs
from lunabase.record.run_record import RunRecord
from lunabase.report import amounts
from lunabase.report.chart import milliseconds, mode_spans
from lunabase.report.flown import FlownActivity
from lunabase.report.heat import NodeOutcome
from lunabase.report.light import heights_words, sun_by_height
from lunabase.report.power import lowest_charge

RESIDUAL_LIMIT = 1e-9
"""Largest relative imbalance of a ledger that passes the audit."""


@dataclass(frozen=True, slots=True)
class Card:
    """One number of the overview."""

    label: str
    value: str
    note: str
    tone: str = ""
    """good, warn or bad; empty: neither."""


def cards(record: RunRecord, flown: list[FlownActivity], nodes: list[NodeOutcome]) -> list[Card]:
    """The overview's numbers, most important first."""
    return [
        _outcome(record),
        _charge(record),
        _light(record),
        _earth(record),
        _activities(flown),
        _data(record),
        _heat(nodes),
        _audit(record),
    ]


def _outcome(record: RunRecord) -> Card:
    if record.summary.lost_at is not None:
        return Card("Outcome", "Lost", f"on {amounts.moment(record.summary.lost_at)} UTC", "bad")
    times = record.telemetry["time"].to_numpy()
    flown_s = (milliseconds(times[-1]) - milliseconds(times[0])).item() / 1000.0
    return Card("Outcome", "Alive", f"after {amounts.duration(flown_s)}; {_modes(record)}", "good")


def _modes(record: RunRecord) -> str:
    spans = mode_spans(record)
    total_ms = sum(stop - start for _, start, stop in spans)
    nominal_ms = sum(stop - start for mode, start, stop in spans if mode == "nominal")
    return f"{amounts.percent(nominal_ms / total_ms)} in nominal mode"


def _charge(record: RunRecord) -> Card:
    lowest, when = lowest_charge(record.telemetry)
    floor = record.station.charge_floor
    note = f"on {amounts.moment(when)} UTC" + (f"; flight rule {100.0 * floor:.0f} %" if floor else "")
    return Card("Lowest state of charge", amounts.percent(lowest), note, "good" if lowest >= floor else "bad")


def _light(record: RunRecord) -> Card:
    fractions = sun_by_height(record.environment).values()
    value = " / ".join(amounts.percent(float(fraction.mean())) for fraction in fractions)
    darkness = " / ".join(_darkness(_longest_s(fraction <= 0.0, record)) for fraction in fractions)
    heights = heights_words(record)
    note = f"visible part of the Sun's disc on average; longest darkness {darkness}"
    return Card(f"Sun at {heights}" if heights else "Sun", value, note)


def _darkness(longest_s: float) -> str:
    return amounts.duration(longest_s) if longest_s else "none"


def _earth(record: RunRecord) -> Card:
    environment = record.environment
    in_view = float(environment["earth_in_view"].astype(float).mean())
    linked = environment["contact"].any("earth_station") | environment["relay_contact"].any(["relay", "earth_station"])
    longest_s = _longest_s(~linked.to_numpy().astype(bool), record)
    gap = f"longest without contact {amounts.duration(longest_s)}" if longest_s else "always in contact"
    note = f"contact {amounts.percent(float(linked.astype(float).mean()))}; {gap}"
    return Card("Earth in view", amounts.percent(in_view), note)


def _longest_s(mask: np.ndarray, record: RunRecord) -> float:
    runs = true_runs(mask)
    times_ms = milliseconds(record.environment["time"].to_numpy())
    steps = int((runs[:, 1] - runs[:, 0]).max(initial=0))
    return steps * float(times_ms[1] - times_ms[0]) / 1000.0 if steps else 0.0


def _activities(flown: list[FlownActivity]) -> Card:
    done = sum(one.fate == "done" for one in flown)
    skipped = sum(one.fate == "not started" for one in flown)
    note = f"{len(flown) - done - skipped} only in part, {skipped} not started"
    if done == len(flown):
        note = "all as planned"
    return Card("Activities done", f"{done} of {len(flown)}", note, "good" if done == len(flown) else "warn")


def _data(record: RunRecord) -> Card:
    ledger = record.summary.data
    produced_bit, sent_bit, lost_bit = (sum(part.values()) for part in (ledger.inflow, ledger.used, ledger.lost))
    left_bit = float(record.telemetry["recorder_bit"].iloc[-1])
    fate = f"{amounts.data(lost_bit)} lost" if lost_bit else "none lost"
    note = f"of {amounts.data(produced_bit)} produced; {amounts.data(left_bit)} still on board, {fate}"
    return Card("Data delivered", amounts.data(sent_bit), note, "warn" if lost_bit else "good")


def _heat(nodes: list[NodeOutcome]) -> Card:
    if not nodes:
        return Card("Heat", "no nodes", "the station file describes none")
    worst = min(nodes, key=lambda one: one.survival_margin_k)
    tone = "good" if worst.survival_margin_k > 0.0 else "bad"
    return Card(
        "Smallest thermal margin", amounts.margin(worst.survival_margin_k), f"to survival limits; {worst.id}", tone
    )


def _audit(record: RunRecord) -> Card:
    energy, data = record.summary.energy.residual, record.summary.data.residual
    masses = [ledger.residual for ledger in record.summary.substances]
    passed = max(energy, data, *masses) <= RESIDUAL_LIMIT
    note = f"relative residuals: energy {_short(energy)}, data {_short(data)}"
    note += f", substances {_short(max(masses))}" if masses else ""
    return Card("Audit", "balanced" if passed else "not balanced", note, "good" if passed else "bad")


def _short(residual: float) -> str:
    return amounts.minus(f"{residual:.0e}") if residual else "0"
