"""The survive-the-night report: the worst dark spell of a flight, its margin, and what shedding loads would add."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lunabase.environment.intervals import true_runs
from lunabase.record.run_record import Measures
from lunabase.station.model import Station

DARK_W = 1.0
"""Arrays that could give less than this are in the dark."""
J_PER_WH = 3600.0


def night_report(station: Station, table: pd.DataFrame, measures: Measures | None) -> dict[str, Any]:
    """From telemetry, the dark spell around the least stored energy, as plain values; empty where it never is dark.

    `loads` lists what may be shed, in the station's order: the energy that each drew in the spell up to the worst
    moment, and the margin if it and all before it had been off. What stores lose on the way is on top of it.
    """
    spell = _worst_spell(table) if measures is not None and not table.empty else None
    if spell is None or measures is None:
        return {}
    first, past = spell
    dark = table.iloc[first:past]
    step_h = _step_h(table)
    margin_wh = measures.worst_night_margin_wh
    return {
        "start": f"{dark['time'].iloc[0]:%Y-%m-%dT%H:%M:%SZ}",
        "hours": (past - first) * step_h,
        "margin_wh": margin_wh,
        "used_wh": float(dark["load_w"].sum()) * step_h,
        "from_sources_wh": float(dark["source_w"].sum()) * step_h,
        "heaters_wh": float(dark["heater_w"].sum()) * step_h,
        "loads": _sheddable(station, dark, step_h, margin_wh),
    }


def _worst_spell(table: pd.DataFrame) -> tuple[int, int] | None:
    """The dark spell in which the stores came lowest."""
    stored = table["stored_energy_j"].to_numpy()
    spells = true_runs(table["array_available_w"].to_numpy() < DARK_W)
    if not len(spells):
        return None
    first, past = min(spells, key=lambda spell: float(stored[spell[0] : spell[1]].min()))
    lowest = int(stored[first:past].argmin())
    return int(first), int(first) + lowest + 1


def _step_h(table: pd.DataFrame) -> float:
    times = table["time"].to_numpy()
    return float((times[1] - times[0]) / np.timedelta64(1, "s")) / 3600.0 if len(times) > 1 else 0.0


def _sheddable(station: Station, dark: pd.DataFrame, step_h: float, margin_wh: float) -> list[dict[str, Any]]:
    found = []
    for name in station.load_shedding.order:
        power_w = _payload_w(station, name, dark) if name in station.payloads else _module_w(station, name, dark)
        saved_wh = float(power_w.sum()) * step_h
        margin_wh += saved_wh
        found.append({"load": name, "saved_wh": saved_wh, "margin_wh": margin_wh})
    return found


def _payload_w(station: Station, name: str, dark: pd.DataFrame) -> npt.NDArray[np.float64]:
    column = f"payload.{name}"
    if column not in dark:
        return np.zeros(len(dark))
    payload = station.payloads[name]
    powers_w = np.array([0.0, payload.standby_w, payload.working_w])
    return np.asarray(powers_w[dark[column].to_numpy().astype(np.int64)])


def _module_w(station: Station, name: str, dark: pd.DataFrame) -> npt.NDArray[np.float64]:
    loads = {mode: station.modules[name].load_w(mode) for mode in dark["mode"].unique()}
    return np.asarray(dark["mode"].map(loads).to_numpy(dtype=np.float64))
