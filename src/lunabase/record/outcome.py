"""A run in a few numbers: what the command line and the report show first."""

from __future__ import annotations

import numpy as np

from lunabase.record.run_record import RunRecord

BIT_PER_GBIT = 1e9


def outcome(record: RunRecord) -> dict[str, str]:
    """Outcome, light, energy, science and audit of a run, as text with units."""
    telemetry, environment, summary = record.telemetry, record.environment, record.summary
    lowest = int(np.argmin(telemetry["state_of_charge"].to_numpy()))
    done = sum(product.completed for product in record.products)
    fate = "alive" if summary.outcome == "alive" else f"lost at {summary.lost_at:%Y-%m-%d %H:%M} UTC: {summary.reason}"
    return {
        "station": fate,
        "sunlit": f"{float(environment['sun_visible_fraction'].mean()):.1%} of the time at 2 m",
        "earth_in_view": f"{float(environment['earth_in_view'].mean()):.1%} of the time",
        "lowest_state_of_charge": f"{telemetry['state_of_charge'].iloc[lowest]:.1%} at "
        f"{telemetry['time'].iloc[lowest]:%Y-%m-%d %H:%M} UTC",
        "activities_completed": f"{done} of {len(record.plan.activities)} planned",
        "requests_not_fully_placed": str(len(record.plan.unplaced)),
        "data_delivered": f"{sum(summary.data.used.values()) / BIT_PER_GBIT:,.1f} Gbit",
        "energy_audit": f"residual {summary.energy.residual:.1e}",
        "data_audit": f"residual {summary.data.residual:.1e}",
    }
