"""The twin against closed forms and Basilisk: writes docs/validation/twin.md and tests/twin/basilisk.json.

BASILISK_PYTHON=/some/venv/bin/python python -m tools.validation.twin

Without Basilisk its checks are made against the numbers kept in tests/twin/basilisk.json.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
from benchmarks.peers.parts import RADIATED, Ours, Parts, basilisk_python, month, theirs, year
from tools.validation.page import REPOSITORY, Check, Page, around

from lunabase.kernel_cache import use_own_cache
from lunabase.times import FloatArray

KEPT = REPOSITORY / "tests" / "twin" / "basilisk.json"
EVERY = 360
"""Basilisk's month is kept every six hours."""
NIGHT_H = 354.37
SIGMA = 5.670374419e-8
CLOSED = "closed form"
PEER = "Basilisk 2.12.1 (`bsk`)"
NAMES = {"stored_j": "battery", "recorder_bit": "recorder"}


def quiet(**changes: Any) -> Parts:
    """The parts at night, nothing switched on and nothing stored but what is changed."""
    dark = replace(
        month(), steps=30_000, change_steps=30_000, lit=(0.0,), on=(True,), contact=(False,), sink_w=(0.0,) * 24
    )
    return replace(dark, **changes)


def flown(parts: Parts) -> dict[str, FloatArray]:
    """Our series of some parts."""
    ours = Ours(parts)
    return ours.series(ours.run()[0])


def add_night(page: Page) -> None:
    """The night that 7 kWh last at 19.75 W."""
    load_w = 7000.0 / NIGHT_H
    stored_j = flown(quiet(sink_w=(0.0,) * 23 + (load_w,), battery_j=7000.0 * 3600.0, battery_full=1.0))["stored_j"]
    hours = np.count_nonzero(stored_j > 1.0) / 60.0
    page.check(around(f"7 kWh carry {load_w:.2f} W for", hours, NIGHT_H, 0.02, CLOSED, "h", 2))


def add_cooling(page: Page) -> None:
    """Cooling to the ground and to the sky."""
    capacity, elapsed_s = 40.0 * 900.0, 60.0 * np.arange(1, 30_001)
    got = flown(quiet(ground_w_per_k=0.5, start_k=290.0, node_m2=0.0))["node_0_k"]
    exact = 100.0 + 190.0 * np.exp(-0.5 / capacity * elapsed_s)
    worst = float(np.max(np.abs(got - exact)))
    page.check(Check("RC cooling from 290 K to ground of 100 K: worst", worst, 0.0, 1e-3, "0", CLOSED, "K", 6))
    got = flown(quiet(start_k=300.0))["node_0_k"]
    rate = 3.0 * 0.15 * 0.85 * RADIATED * SIGMA / capacity
    exact = (300.0**-3 + rate * elapsed_s) ** (-1.0 / 3.0)
    worst = float(np.max(np.abs(got - exact)))
    page.check(Check("radiator from 300 K to the sky: worst", worst, 0.0, 1e-2, "0", CLOSED, "K", 6))


def difference(ours: FloatArray, peer: FloatArray) -> float:
    """Largest difference in % of the largest value."""
    return 100.0 * float(np.max(np.abs(ours - peer)) / np.max(np.abs(peer)))


def add_peer(page: Page, what: str, ours: dict[str, FloatArray], peer: dict[str, FloatArray], every: int) -> None:
    """Each series beside Basilisk's."""
    nodes = [name for name in peer if name.startswith("node")]
    for name in ("stored_j", "recorder_bit"):
        worst = difference(ours[name][every - 1 :: every], peer[name])
        page.check(Check(f"{what}: {NAMES[name]}", worst, 0.0, 0.1, "0 to 0.1 %", PEER, "%", 6))
    worst = max(difference(ours[name][every - 1 :: every], peer[name]) for name in nodes)
    page.check(Check(f"{what}: worst of {len(nodes)} nodes", worst, 0.0, 0.1, "0 to 0.1 %", PEER, "%", 6))


def kept_month(python: str | None) -> dict[str, FloatArray]:
    """Basilisk's month every six hours: made anew and kept, or as it is kept."""
    if python:
        series, _ = theirs(month(), python)
        thin = {name: values[EVERY - 1 :: EVERY].tolist() for name, values in series.items()}
        made_by = "Basilisk 2.12.1 by `python -m tools.validation.twin`: benchmarks.peers.parts.month, every six hours"
        KEPT.write_text(json.dumps({"made_by": made_by, "series": thin}) + "\n", encoding="utf-8")
    return {name: np.array(values) for name, values in json.loads(KEPT.read_text())["series"].items()}


def add_year(page: Page, python: str) -> None:
    """The year at 10 min, compared and timed in the same run."""
    series, cost = theirs(year(), python)
    ours = Ours(year())
    runs = [ours.run() for _ in range(40)]
    add_peer(page, "a year at 10 min", ours.series(runs[0][0]), series, 1)
    seconds = min(spent for _, spent in runs)
    page.text(
        f"The year (52,560 steps, 50 parts, everything above recorded at every step) took Basilisk "
        f"{cost['seconds']:.3f} s of one core and the twin {seconds:.4f} s, "
        f"{cost['seconds'] / seconds:.1f} times less: "
        f"{cost['ns']:.0f} and {1e9 * seconds / 50 / 52_560:.1f} ns per part and step."
    )


def main() -> int:
    """Write the page."""
    use_own_cache()
    page = Page("twin", "The twin", OPENING)
    python = basilisk_python()
    add_night(page)
    add_cooling(page)
    add_peer(page, "a month at 60 s", flown(month()), kept_month(python), EVERY)
    page.text(CONSTANTS)
    if python:
        add_year(page, python)
    page.text("The regolith under the station is checked against heat1d in [temperature](temperature.md).")
    return page.finish()


OPENING = (
    "The station's physics (`lunabase.twin`) against closed forms, and against Basilisk on the same loads, light and "
    "contacts: ten panels, 24 power sinks, a battery, five instruments, a radio, a recorder and eight radiating nodes "
    "(`benchmarks/peers/parts.py`). Light, loads and contacts change every six hours in the month, at sunrise and "
    "sunset in the year. Differences are in % of the series' largest value, over every step compared."
)
CONSTANTS = (
    "What was made equal: Basilisk's panels see 1361 W/m2 and its `sensorThermal` 1366 W/m2; the latter radiates with "
    "5.76051e-8 W/(m2 K4) where Stefan-Boltzmann's constant is 5.67037e-8, so our emissivities were raised by 1.6 %. "
    "All three were read off Basilisk's series. What is left: Basilisk integrates temperatures with Euler's method, "
    "and its radio sends in the step after the one in which data were stored."
)

if __name__ == "__main__":
    sys.exit(main())
