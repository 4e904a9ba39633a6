"""One run: station file -> surroundings -> plan -> flight -> record."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any

import xarray as xr

from lunabase import __version__
from lunabase.planning.plan import Plan
from lunabase.planning.solve import WORK_LIMIT, make_plan
from lunabase.record.run_record import RunRecord
from lunabase.runs.fly import fly
from lunabase.runs.planning import RunOptions, Stage
from lunabase.runs.surroundings import DAY_S, Span, surroundings
from lunabase.scheduling.effort import Effort, stopped_by_interrupt
from lunabase.sky.kernels import Kernels, kernel_hashes, kernels_from
from lunabase.station.load import StationFile

LONG_DAYS, LONG_STEP_S = 92.0, 600.0
"""Beyond so many days the surroundings are taken at these steps: ten years at a minute would not fit memory."""
LIBRARIES = ("numpy", "numba", "xarray", "skyfield", "ortools", "pydantic", "pyarrow")


def run_station(file: StationFile, options: RunOptions, stage: Stage) -> RunRecord:
    """Plan a station's time, fly the plan on the twin, and return the record; with goals, fly without a plan.

    The first Ctrl-C while it flies ends the flight; what was flown is the record. Raises InputError for dates outside
    the station's life or the kernels.
    """
    kernels = kernels_from(options.kernels)
    span = Span.of(file, options.start, options.days, _sky_step_s(options), across_phases=options.goals)
    began = perf_counter()
    with stage("sky and light") as report:
        horizon, environment = surroundings(file, span, kernels, report)
    plan = None if options.goals else _planned(file, environment, options, stage)
    patience = Effort()
    with stage("flying") as report, stopped_by_interrupt(patience):
        flight = fly(
            file.station,
            environment,
            plan,
            step_s=options.step_s,
            seed=options.seed,
            contact_from_s=options.contact_from_days * DAY_S,
            record_every=options.record_every,
            on_progress=report,
            is_over=lambda: patience.stopped,
        )
    made = provenance(file, options, span, kernels, perf_counter() - began)
    if patience.stopped:
        made["stopped"] = "the flight was ended by the user; the record tells of the part that was flown"
    return RunRecord(
        station=file.station,
        station_text=file.text,
        horizon=horizon,
        environment=environment,
        plan=flight.plan,
        telemetry=flight.telemetry,
        events=flight.events,
        products=flight.products,
        summary=flight.summary,
        provenance=made,
    )


def _sky_step_s(options: RunOptions) -> float:
    """The surroundings of long flights are worked out at ten minutes and interpolated."""
    return max(options.step_s, LONG_STEP_S) if options.goals and options.days > LONG_DAYS else options.step_s


def _planned(file: StationFile, environment: xr.Dataset, options: RunOptions, stage: Stage) -> Plan:
    with stage("planning") as report:
        effort = Effort(WORK_LIMIT, on_progress=lambda progress: report(progress.fraction))
        return make_plan(file.sha256, file.station, environment, seed=options.seed, effort=effort)


def provenance(
    file: StationFile, options: RunOptions, span: Span, kernels: Kernels, wall_clock_s: float
) -> dict[str, Any]:
    """What made this record: versions, seeds, hashes, times."""
    return {
        "lunabase": __version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "station_file": {"name": file.path.name, "sha256": file.sha256},
        "start": str(span.grid.utc[0]),
        "days": options.days,
        "step_s": options.step_s,
        "seed": options.seed,
        "flown_by": "on-board goals" if options.goals else "plan",
        "kernels": kernel_hashes(kernels),
        "kernel_files": [str(path) for path in options.kernels],
        "wall_clock_s": round(wall_clock_s, 1),
        "data": "simulated: every number of the flight comes from the twin, none from a real station",
    }
