"""One run: station file -> surroundings -> plan -> flight -> record."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any

from lunabase import __version__
from lunabase.planning.solve import WORK_LIMIT, make_plan
from lunabase.record.run_record import RunRecord
from lunabase.runs.fly import fly
from lunabase.runs.planning import RunOptions, Stage
from lunabase.runs.surroundings import Span, surroundings
from lunabase.scheduling.effort import Effort
from lunabase.sky.kernels import Kernels, kernel_hashes, kernels_from
from lunabase.station.load import StationFile

LIBRARIES = ("numpy", "numba", "xarray", "skyfield", "ortools", "pydantic", "pyarrow")


def run_station(file: StationFile, options: RunOptions, stage: Stage) -> RunRecord:
    """Plan a station's time, fly the plan on the twin, and return the record.

    Raises InputError for dates outside the station's life or the kernels.
    """
    kernels = kernels_from(options.kernels)
    span = Span.of(file, options.start, options.days, options.step_s)
    began = perf_counter()
    with stage("sky and light") as report:
        horizon, environment = surroundings(file, span, kernels, report)
    with stage("planning") as report:
        effort = Effort(WORK_LIMIT, on_progress=lambda progress: report(progress.fraction))
        plan = make_plan(file.sha256, file.station, environment, seed=options.seed, effort=effort)
    with stage("flying") as report:
        flight = fly(file.station, environment, plan, step_s=options.step_s, on_progress=report)
    return RunRecord(
        station=file.station,
        station_text=file.text,
        horizon=horizon,
        environment=environment,
        plan=plan,
        telemetry=flight.telemetry,
        events=flight.events,
        products=flight.products,
        summary=flight.summary,
        provenance=provenance(file, options, span, kernels, perf_counter() - began),
    )


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
        "kernels": kernel_hashes(kernels),
        "kernel_files": [str(path) for path in options.kernels],
        "wall_clock_s": round(wall_clock_s, 1),
        "data": "simulated: every number of the flight comes from the twin, none from a real station",
    }
