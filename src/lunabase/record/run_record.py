"""The record of one run, as it lies in its folder.

station.yaml         the station file as used
horizon.csv          the horizon mask as used
environment.parquet  the environment (one row a step; names as in the environment's Dataset)
plan.json            the plan
telemetry.parquet    one row a step
events.jsonl         what happened on board, with causes
products.json        science data products
summary.json         outcome, energy and data audit
provenance.json      versions, seeds, kernel and file hashes, times
report.html          made from all of the above
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

import pandas as pd
import xarray as xr

from lunabase.onboard.log import Event as Event
from lunabase.onboard.log import Severity as Severity
from lunabase.planning.plan import Plan
from lunabase.station.model import Station
from lunabase.terrain.mask import HorizonMask


@dataclass(frozen=True, slots=True)
class Product:
    """The science data of one activity as flown."""

    activity: str
    experiment: str
    partner: str
    payload: str
    start: datetime
    stop: datetime
    completed: bool
    produced_bit: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """A balance: in = used + stored + lost."""

    quantity: str
    """energy, data, or a substance."""
    unit: Literal["J", "bit", "kg"]
    inflow: dict[str, float]
    used: dict[str, float]
    stored: float
    """Change of what is stored over the run."""
    lost: dict[str, float]

    @property
    def residual(self) -> float:
        """Relative imbalance: |in - used - stored - lost| / in."""
        total = sum(self.inflow.values())
        difference = total - sum(self.used.values()) - self.stored - sum(self.lost.values())
        return abs(difference) / max(total, 1.0)


@dataclass(frozen=True, slots=True)
class Measures:
    """A flight in plain numbers; parts are 0 to 1 of the time flown."""

    lowest_charge: float
    lowest_charge_at: datetime
    worst_night_margin_wh: float
    """Least energy above the stores' floors while the arrays were dark; of all times if they never were."""
    worst_night_at: datetime
    availability: dict[str, float]
    """power: the bus carried every load; heat: all nodes within operating limits; data: none lost; science: all
    activities could run."""
    modes: dict[str, float]
    """Part of the time in each mode."""
    activities_completed: int
    activities_cut: int
    """Stretches of work that were broken off, or began late."""
    science_weight: float
    """Requests done, by priority: 1 for a whole month's request of priority 1, twice that for each step more."""
    delivered_bit: float
    alarms: int
    """Events of severity medium or high."""
    recoveries: int
    """Modes left and loads restored, and recoveries by responses."""
    spares_used: int


@dataclass(frozen=True, slots=True)
class Summary:
    """How the run ended."""

    outcome: Literal["alive", "lost"]
    lost_at: datetime | None
    reason: str
    """Why the station was lost; empty if it lives."""
    energy: Ledger
    data: Ledger
    measures: Measures | None = None
    """None in records of older versions."""
    record_every_s: float = 60.0
    """Time that one row of telemetry stands for; 0: no telemetry was kept."""
    substances: tuple[Ledger, ...] = ()
    """The books of each substance that the station holds."""

    @property
    def numbers(self) -> dict[str, float]:
        """All plain numbers by name, for a table of many flights."""
        found = {"alive": float(self.outcome == "alive"), "energy_residual": self.energy.residual}
        found["data_residual"] = self.data.residual
        found |= {f"stored_kg.{ledger.quantity}": ledger.stored for ledger in self.substances}
        for item in fields(self.measures) if self.measures is not None else ():
            value = getattr(self.measures, item.name)
            if isinstance(value, dict):
                found |= {f"{item.name}.{name}": float(part) for name, part in value.items()}
            elif isinstance(value, int | float):
                found[item.name] = float(value)
        return found


@dataclass(frozen=True)
class RunRecord:
    """Everything that a run leaves behind."""

    station: Station
    station_text: str
    horizon: HorizonMask | None
    """None in orbit."""
    environment: xr.Dataset
    plan: Plan
    telemetry: pd.DataFrame
    """Column ``time`` (UTC) and the channels described in docs/reference/telemetry.md."""
    events: tuple[Event, ...]
    products: tuple[Product, ...]
    summary: Summary
    provenance: dict[str, Any] = field(default_factory=dict)
