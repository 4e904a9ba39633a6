"""A station's plan for a span of time: made, repaired after a change, or checked against the station file."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import xarray as xr
from pydantic import ValidationError

from lunabase.errors import InputError
from lunabase.planning.change import Change, changed_environment, changed_station, merged
from lunabase.planning.change_check import change_violations
from lunabase.planning.checker import check_plan
from lunabase.planning.plan import Level, Plan
from lunabase.planning.problem import build_problem
from lunabase.planning.repair import repair
from lunabase.planning.solve import WORK_LIMIT, make_plan
from lunabase.progress import Report
from lunabase.runs.change_file import load_change
from lunabase.runs.surroundings import DAY_S, Span, surroundings
from lunabase.scheduling.effort import Effort, Progress, stopped_by_interrupt
from lunabase.sky.kernels import kernels_from
from lunabase.station.load import StationFile
from lunabase.station.model import Station

Stage = Callable[[str], AbstractContextManager[Report]]
"""Opens a stage by its name; gives what the stage calls with its finished part, 0 to 1, and words if there is news."""

LEVELS: dict[Level, tuple[float, float]] = {
    "long-term": (365.0, 600.0),
    "monthly": (29.53, 60.0),
    "weekly": (7.0, 60.0),
    "on board": (1.0, 10.0),
}
"""Length in days and time step in seconds of each level, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What time is planned or flown, and how."""

    start: str | None = None
    days: float = 29.53
    step_s: float = 60.0
    seed: int = 0
    kernels: tuple[Path, ...] = ()
    """NAIF kernels that replace those of DE421."""
    goals: bool = False
    """No plan is made; the station decides on board."""
    record_every: int | None = None
    """Steps that one row of telemetry stands for; None: as the length has it."""
    contact_from_days: float = 0.0
    """Nobody on Earth hears the station before."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What time is planned, how finely, and how long the search may take."""

    level: Level = "monthly"
    start: str | None = None
    days: float | None = None
    """None: as the level has it."""
    step_s: float | None = None
    seed: int = 0
    work_limit: float = WORK_LIMIT
    time_limit_s: float = math.inf
    within: Path | None = None
    """A coarser plan to refine."""
    kernels: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the world that it was made for."""

    plan: Plan
    station: Station
    environment: xr.Dataset
    stopped: bool = False
    """The search was stopped by the user; this is the best plan found so far."""


def plan_station(file: StationFile, options: PlanOptions, stage: Stage) -> Planned:
    """Compute the surroundings and plan in them; the first Ctrl-C of the search keeps the best plan so far."""
    days, step_s = LEVELS[options.level]
    within = read_plan(options.within) if options.within is not None else None
    start = options.start or (within.start.isoformat() if within is not None else None)
    span = Span.of(file, start, options.days or days, options.step_s or step_s)
    with stage("sky and light") as report:
        _, environment = surroundings(file, span, kernels_from(options.kernels), report)
    with stage("planning") as report:
        deadline_s = None if math.isinf(options.time_limit_s) else time.monotonic() + options.time_limit_s
        effort = Effort(options.work_limit, deadline_s, lambda progress: report(progress.fraction, _news(progress)))
        with stopped_by_interrupt(effort):
            plan = make_plan(
                file.sha256,
                file.station,
                environment,
                seed=options.seed,
                effort=effort,
                level=options.level,
                within=within,
                within_sha256=_sha256(options.within) if options.within is not None else "",
            )
    return Planned(plan, file.station, environment, effort.stopped)


def _news(progress: Progress) -> str:
    """How far a search got: value, bound and fairness."""
    if progress.value is None:
        return ""
    bound = f" of at most {progress.bound:.1f}" if progress.bound is not None else ""
    fairness = progress.measures.get("fairness")
    least = f", the worst-served partner gets {fairness:.0%}" if fairness is not None else ""
    return f"value {progress.value:.1f}{bound}{least}"


def repair_station_plan(
    file: StationFile, path: Path, changes: tuple[Path, ...], options: PlanOptions, stage: Stage
) -> Planned:
    """A plan of a file, repaired after changes (none: for the station file as it is now)."""
    previous = read_plan(path)
    known, change = _changes(file, changes, previous)
    with stage("sky and light") as report:
        environment = _environment_of(file, previous, options, report)
    with stage("repairing"):
        station = changed_station(file.station, change)
        environment = changed_environment(environment, change)
        problem = build_problem(station, environment, previous.level)
        mended = repair(problem, previous, change)
    update = {"station_sha256": file.sha256, "change_sha256": known}
    return Planned(mended.model_copy(update=update), station, environment)


def _changes(file: StationFile, paths: tuple[Path, ...], previous: Plan) -> tuple[tuple[str, ...], Change]:
    """Hashes of change files and all of them as one; what a plan was repaired after already must be among them."""
    files = [load_change(path, file.station) for path in paths]
    hashes = tuple(item.sha256 for item in files)
    if not set(previous.change_sha256) <= set(hashes):
        raise InputError(
            "the plan was repaired after a change that is not given here.",
            where="--change",
            fix="Give the earlier change files too, in order: --change FIRST --change SECOND.",
        )
    nothing = Change.model_construct(now=previous.start)
    return hashes, merged(tuple(item.change for item in files)) or nothing


def _environment_of(file: StationFile, plan: Plan, options: PlanOptions, report: Report | None = None) -> xr.Dataset:
    """The environment over a plan's own span."""
    days = (plan.stop - plan.start).total_seconds() / DAY_S
    step_s = options.step_s or LEVELS[plan.level][1]
    span = Span.of(file, plan.start.isoformat(), days, step_s)
    return surroundings(file, span, kernels_from(options.kernels), report)[1]


def check_station_plan(
    file: StationFile, path: Path, changes: tuple[Path, ...], options: PlanOptions
) -> list[dict[str, Any]]:
    """What a plan on disk violates, as plain records; its own dates are used."""
    plan = read_plan(path)
    known, change = _changes(file, changes, plan)
    station = changed_station(file.station, change)
    environment = changed_environment(_environment_of(file, plan, options), change)
    within = read_plan(options.within) if options.within is not None else None
    violations = [*check_plan(plan, station, environment, within=within)]
    violations += change_violations(plan, change) if known else ()
    found = [asdict(item) | {"time": item.time.isoformat()} for item in violations]
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


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
