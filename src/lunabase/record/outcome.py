"""A run in a few numbers: what the command line shows, to people and to machines."""

from __future__ import annotations

from typing import Any

import xarray as xr

from lunabase.record.night import night_report
from lunabase.record.run_record import RunRecord


def outcome(record: RunRecord) -> dict[str, Any]:
    """Outcome, light, energy, science and audit of a run; the keys carry the units, fractions are 0 to 1."""
    telemetry, environment, summary = record.telemetry, record.environment, record.summary
    lowest = int(telemetry["state_of_charge"].to_numpy().argmin())
    measures = summary.measures
    return {
        "outcome": summary.outcome,
        "lost_at": summary.lost_at.isoformat() if summary.lost_at else None,
        "lost_reason": summary.reason,
        "sun_visible_fraction_by_height_m": _by_height(environment["sun_visible_fraction_by_height"]),
        "earth_in_view_fraction": float(environment["earth_in_view"].mean()),
        "lowest_state_of_charge": float(telemetry["state_of_charge"].iloc[lowest]),
        "lowest_state_of_charge_at": f"{telemetry['time'].iloc[lowest]:%Y-%m-%dT%H:%M:%SZ}",
        "activities_completed": sum(product.completed for product in record.products),
        "activities_planned": len(record.plan.activities),
        "activities_cut": sum(not product.completed for product in record.products),
        "requests_not_fully_placed": len(record.plan.unplaced),
        "data_delivered_bit": sum(summary.data.used.values()),
        "energy_residual": summary.energy.residual,
        "data_residual": summary.data.residual,
        "flown_by": record.provenance.get("flown_by", "plan"),
        "stopped": "stopped" in record.provenance,
        "availability": measures.availability if measures else {},
        "science_weight": measures.science_weight if measures else None,
        "alarms": measures.alarms if measures else None,
        "recoveries": measures.recoveries if measures else None,
        "worst_night": night_report(record.station, telemetry, measures),
    }


def _by_height(fraction: xr.DataArray) -> dict[str, float]:
    means = fraction.mean("time")
    return {f"{height:g}": float(means.sel(height=height)) for height in fraction["height"].values}


def outcome_lines(facts: dict[str, Any]) -> list[str]:
    """The same for people, a line each."""
    fate = "alive" if facts["outcome"] == "alive" else f"lost at {facts['lost_at'][:16]} UTC: {facts['lost_reason']}"
    charge_at = facts["lowest_state_of_charge_at"][:16].replace("T", " ")
    heights = facts["sun_visible_fraction_by_height_m"]
    sun = ", ".join(f"{part:.1%}" + (f" at {height} m" if len(heights) > 1 else "") for height, part in heights.items())
    if facts["stopped"]:
        fate += " when you stopped it"
    return [
        f"station: {fate}",
        f"Sun: {sun} of its disc visible on average",
        f"Earth: in view {facts['earth_in_view_fraction']:.1%} of the time",
        f"lowest state of charge: {facts['lowest_state_of_charge']:.1%} at {charge_at} UTC",
        _activities(facts),
        *_night(facts["worst_night"]),
        f"data delivered: {facts['data_delivered_bit'] / 1e9:,.1f} Gbit",
        f"audit: energy balances to {facts['energy_residual']:.1e}, data to {facts['data_residual']:.1e}",
    ]


def _activities(facts: dict[str, Any]) -> str:
    if facts["flown_by"] == "on-board goals":
        begun = facts["activities_completed"] + facts["activities_cut"]
        return f"activities completed: {facts['activities_completed']} of {begun} begun on board, without a plan"
    unplaced = facts["requests_not_fully_placed"]
    done = f"{facts['activities_completed']} of {facts['activities_planned']} planned"
    return f"activities completed: {done}; requests not fully placed: {unplaced}"


def _night(night: dict[str, Any]) -> list[str]:
    """The worst night in a line; nothing where it never is dark."""
    if not night:
        return []
    began = night["start"][:16].replace("T", " ")
    return [
        f"worst night: {night['hours']:.0f} h of darkness from {began} UTC to its worst moment, "
        f"{night['margin_wh'] / 1e3:,.1f} kWh left above the stores' floors"
    ]
