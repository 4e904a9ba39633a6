"""A station's plan for a span of time: made, or checked against the station file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lunabase.errors import InputError
from lunabase.planning.checker import check_plan
from lunabase.planning.plan import Plan
from lunabase.planning.solve import WORK_LIMIT, make_plan
from lunabase.runs.surroundings import DAY_S, Span, surroundings
from lunabase.scheduling.effort import Effort
from lunabase.sky.kernels import kernels_from
from lunabase.station.load import StationFile

Stage = Callable[[str], AbstractContextManager[Callable[[float], None]]]
"""Opens a stage by its name; gives what the stage calls with its finished part, 0 to 1."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What time is planned or flown, and how."""

    start: str | None = None
    days: float = 29.53
    step_s: float = 60.0
    seed: int = 0
    kernels: tuple[Path, ...] = ()
    """NAIF kernels that replace those of DE421."""


def plan_station(file: StationFile, options: RunOptions, stage: Stage) -> Plan:
    """Compute the surroundings and plan in them."""
    span = Span.of(file, options.start, options.days, options.step_s)
    with stage("sky and light") as report:
        _, environment = surroundings(file, span, kernels_from(options.kernels), report)
    with stage("planning") as report:
        effort = Effort(WORK_LIMIT, on_progress=lambda progress: report(progress.fraction))
        return make_plan(file.sha256, file.station, environment, seed=options.seed, effort=effort)


def check_station_plan(file: StationFile, path: Path, options: RunOptions) -> list[dict[str, Any]]:
    """What a plan on disk violates, as plain records; its own dates are used."""
    plan = read_plan(path)
    days = (plan.stop - plan.start).total_seconds() / DAY_S
    span = Span.of(file, plan.start.isoformat(), days, options.step_s)
    _, environment = surroundings(file, span, kernels_from(options.kernels))
    found = [asdict(item) | {"time": item.time.isoformat()} for item in check_plan(plan, file.station, environment)]
    if plan.station_sha256 != file.sha256:
        text = "The plan was made for another station file, or for this one before it was changed."
        found.insert(0, {"rule": "station file", "activities": [], "time": plan.start.isoformat(), "text": text})
    return found


def read_plan(path: Path) -> Plan:
    """Read a plan's JSON. Raises InputError when it is none."""
    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as missing:
        raise InputError(f"can't be read: {missing.strerror}.", where=str(path), fix="Check the path.") from None
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        fix = "Give a file that `lunabase plan --out` wrote."
        raise InputError(f"this is not a plan: {place}: {first['msg']}.", where=str(path), fix=fix) from None
