"""One run of a campaign: a variant flown under its faults, and what it comes to as one row of the results."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import xarray as xr

from lunabase.campaign.draw import FaultUrn
from lunabase.campaign.least import least_station
from lunabase.campaign.recovery import recovery_s
from lunabase.campaign.rule_check import broken_rules
from lunabase.campaign.vary import Point, Sweep
from lunabase.errors import LunabaseError
from lunabase.record.night import night_report
from lunabase.runs.fault import Fault
from lunabase.runs.fly import Flight, fly
from lunabase.runs.wear_faults import wear_faults
from lunabase.station.model import Station

_FLIGHT = 3
"""Stream of random numbers within a flight."""
_MOST_ROWS = 200_000
"""Rows of telemetry that the rules are checked on: every step up to 138 days of minutes."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Setup:
    """What every run of a campaign needs; sent to each worker once."""

    sweep: Sweep
    environment: xr.Dataset
    urn: FaultUrn | None
    """None: no faults are drawn from a catalogue."""
    points: tuple[Point, ...]
    """The variant of each run."""
    step_s: float
    days: float
    seed: int
    double: bool = False
    contact_from_s: float = 0.0
    wear: bool = False
    """Faults are those of the station's own wear."""

    def faults(self, run: int) -> tuple[tuple[Fault, ...], int]:
        """The faults of a run, and the spares that their repair takes."""
        if self.wear:
            return self._worn(run)
        if self.urn is None:
            return (), 0
        return self.urn.draw(run, self.seed, self.days * 86_400.0, double=self.double), 0

    def flight_seed(self, run: int) -> int:
        """The seed of a run's flight."""
        return int(np.random.SeedSequence((self.seed, _FLIGHT, max(run, 0))).generate_state(1)[0])

    def _worn(self, run: int) -> tuple[tuple[Fault, ...], int]:
        station = self.sweep.station(self.points[run])
        start = datetime.fromtimestamp(int(self.environment["time"].values[0].astype("datetime64[s]").astype(int)), UTC)
        phase = station.phases[station.phase_at(start)[0]]
        stop = start + timedelta(days=self.days)
        return wear_faults(station, phase.present, start, stop, self.flight_seed(run), crew=phase.crew)


@dataclass(frozen=True, slots=True)
class Reference:
    """What the station returns without faults."""

    science_weight: float
    delivered_bit: float


def fly_batch(setup: Setup, runs: Sequence[int], references: Mapping[Point, Reference]) -> list[Row]:
    """The rows of some runs, in order."""
    return [fly_run(setup, run, references[setup.points[run]]) for run in runs]


def fly_references(setup: Setup, points: Sequence[Point]) -> list[Row]:
    """The rows of fault-free flights at these points; their run number is -1."""
    return [_row(setup, -1, point, (), 0, Reference(math.nan, math.nan)) for point in points]


def fly_run(setup: Setup, run: int, reference: Reference) -> Row:
    """The row of one run. An error that should not be is raised with the run's number and faults."""
    try:
        return _row(setup, run, setup.points[run], *setup.faults(run), reference)
    except Exception as broken:
        broken.add_note(f"in run {run} with the faults {setup.faults(run)[0]}")
        raise


def _row(setup: Setup, run: int, point: Point, faults: tuple[Fault, ...], spares: int, reference: Reference) -> Row:
    station = setup.sweep.station(point)
    row = _asked(setup, run, point, faults)
    try:
        flight = _flight(setup, station, faults, row["seed"])
    except LunabaseError as failed:
        return row | {"outcome": "failed", "reason": str(failed), "night": ""} | empty_numbers(station)
    night = json.dumps(night_report(station, flight.telemetry, flight.summary.measures)) if run < 0 else ""
    numbers = _came_to(station, setup, faults, flight, reference)
    if flight.summary.outcome == "lost":
        least = _flight(setup, least_station(station), faults, row["seed"])
        numbers["lost_at_least_load"] = float(least.summary.outcome == "lost")
    return row | numbers | {"night": night, "spares_used": numbers["spares_used"] + spares}


def _flight(setup: Setup, station: Station, faults: tuple[Fault, ...], seed: int) -> Flight:
    steps = setup.days * 86_400.0 / setup.step_s
    return fly(
        station,
        setup.environment,
        None,
        step_s=setup.step_s,
        faults=faults,
        seed=seed,
        contact_from_s=setup.contact_from_s,
        record_every=max(math.ceil(steps / _MOST_ROWS), 1),
    )


def _asked(setup: Setup, run: int, point: Point, faults: tuple[Fault, ...]) -> Row:
    # A flight of the file as it stands has an empty point.
    values = {field.name: value for field, value in zip(setup.sweep.fields, point, strict=False)}
    return {
        "run": run,
        "seed": setup.flight_seed(run),
        **values,
        "fault": " + ".join(dict.fromkeys(fault.name for fault in faults)),
        "subsystem": " + ".join(dict.fromkeys(fault.subsystem for fault in faults)),
        "target": " + ".join(dict.fromkeys(fault.target for fault in faults if fault.target)),
        "fault_start_s": min((fault.start_s for fault in faults), default=math.nan),
        "faults": json.dumps([_finite(asdict(fault)) for fault in faults]),
    }


def _finite(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: a fault for good has no stop."""
    return {name: None if value == math.inf else value for name, value in fields.items()}


def _came_to(station: Station, setup: Setup, faults: tuple[Fault, ...], flight: Flight, reference: Reference) -> Row:
    summary = flight.summary
    lost_at_s = math.nan
    if summary.lost_at is not None:
        lost_at_s = (summary.lost_at - flight.plan.start).total_seconds()
    numbers = empty_numbers(station)
    numbers |= {name: value for name, value in summary.numbers.items() if name in numbers}
    broken = broken_rules(station, flight, setup.environment)
    return {
        "outcome": summary.outcome,
        "reason": summary.reason,
        **numbers,
        "lost_at_s": lost_at_s,
        "recovery_s": recovery_s(flight, faults),
        "rules_broken": float(len(broken)),
        "rules_broken_silently": float(sum(not item.told for item in broken)),
        "undelivered_bit": summary.data.stored,
        "science_part": _part(numbers["science_weight"], reference.science_weight),
        "delivered_part": _part(numbers["delivered_bit"], reference.delivered_bit),
    }


def _part(value: float, of: float) -> float:
    """A part of what the fault-free run returns; 1 where that returns nothing."""
    if math.isnan(of) or of == 0.0:
        return 1.0
    return value / of


NUMBERS = (
    "energy_residual",
    "data_residual",
    "lowest_charge",
    "worst_night_margin_wh",
    "availability.power",
    "availability.heat",
    "availability.data",
    "availability.science",
    "activities_completed",
    "activities_cut",
    "science_weight",
    "delivered_bit",
    "alarms",
    "recoveries",
    "spares_used",
    "lost_at_s",
    "lost_at_least_load",
    "recovery_s",
    "rules_broken",
    "rules_broken_silently",
    "undelivered_bit",
    "science_part",
    "delivered_part",
)
"""Numbers that every row has, besides those of the modes."""


def number_columns(station: Station) -> tuple[str, ...]:
    """All numbers of a row: those of any run, and the part of the time in each mode."""
    return ("alive", *NUMBERS, *(f"modes.{mode}" for mode in station.modes))


def empty_numbers(station: Station) -> dict[str, float]:
    """Every number unknown, and no time in any mode."""
    return {name: 0.0 if name.startswith("modes.") else math.nan for name in number_columns(station)}
