"""Repairs the coming day of the plan on board when energy, health or contacts turn out otherwise than it expected.

The planner's own repair on its on-board horizon: what still holds stays, what is broken finds the nearest place that is
left, and the least valuable goes where energy is short. What can't be repaired is left to the executive, which skips
what may not run. At most one repair in `PAUSE_S`, and none for a small difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.planning.change import (
    Change,
    Charge,
    LostContact,
    Unavailable,
    changed_environment,
    changed_station,
)
from lunabase.planning.inside import with_reservations
from lunabase.planning.keep import placement_of
from lunabase.planning.plan import Activity, Plan
from lunabase.planning.problem import Problem, build_problem
from lunabase.planning.repair import repair
from lunabase.planning.restrict import by_request, number_of
from lunabase.planning.timetable import Timetable
from lunabase.station.model import Station

DAY_S = 86_400.0
PAUSE_S = 6.0 * 3600.0
"""No two repairs within this time."""
LESS_CHARGE = 0.05
"""A state of charge that is so much below what was expected asks for a repair."""
SILENT_S = 6.0 * 3600.0
"""So long a time in which a contact was expected and nothing was sent."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the plan expects of the stores: state of charge at the end of each step, (steps,)."""

    step_s: float
    charge: NDArray[np.float64]

    def at(self, time_s: float) -> float:
        """At a time since the plan's start."""
        return float(self.charge[min(max(int(time_s // self.step_s), 0), self.charge.size - 1)])


def expected_of(station: Station, environment: xr.Dataset, plan: Plan) -> Expected:
    """The stores under a plan as the planner foresees them; the environment covers the plan's span."""
    problem = build_problem(station, environment, plan.level)
    timetable, tasks = Timetable(problem), by_request(problem)
    for item in plan.activities:
        placement = placement_of(problem, item, tasks)
        if placement is not None:
            timetable.put(placement)
    return Expected(problem.forecast.step_s, timetable.track.charge.copy())


@dataclass(slots=True)
class Watchful:
    """What has turned out otherwise, and what has been answered already."""

    expected: Expected
    repaired_s: float = -np.inf
    less: float = 0.0
    """How much below the expected the charge was at the last repair."""
    quiet: frozenset[str] = frozenset()
    """Payloads that did not answer at the last repair."""
    silent: bool = False
    """Whether contacts had stayed away at the last repair."""

    def news(self, time_s: float, charge: float, quiet: frozenset[str], unheard_s: float) -> str:
        """Why to repair now, in words; empty if there is no need."""
        if time_s < self.repaired_s + PAUSE_S:
            return ""
        less = self.expected.at(time_s) - charge
        if less > self.less + LESS_CHARGE:
            return f"state of charge {100.0 * less:.1f} % below the plan's"
        # A repair is for a day: what still holds then asks for another.
        again = time_s >= self.repaired_s + DAY_S
        mute = sorted(quiet if again else quiet - self.quiet)
        if mute:
            return f"no answer from {', '.join(mute)}"
        if unheard_s > SILENT_S and (again or not self.silent):
            return "contacts stay away"
        return f"state of charge still {100.0 * less:.1f} % below the plan's" if again and less > LESS_CHARGE else ""

    def note(self, time_s: float, charge: float, quiet: frozenset[str], unheard_s: float) -> None:
        """A repair was made, or tried, with this in mind."""
        self.repaired_s, self.less = time_s, max(self.expected.at(time_s) - charge, 0.0)
        self.quiet, self.silent = quiet, unheard_s > SILENT_S


def change_of(now: datetime, charge: float, quiet: Collection[str], silent: bool, text: str) -> Change:
    """What the planner is told of the coming day: charge as measured, silent units, contacts that stay away."""
    stop = now + timedelta(seconds=DAY_S)
    gone = Unavailable.model_construct(of=tuple(sorted(quiet)), start=now, stop=stop, text="does not answer")
    lost = LostContact.model_construct(start=now, stop=stop)
    return Change.model_construct(
        now=now,
        text=text,
        charge=Charge.model_construct(at=now, value=charge),
        unavailable=(gone,) if quiet else (),
        lost_contacts=(lost,) if silent else (),
    )


def repaired_day(
    station: Station,
    plan: Plan,
    environment: xr.Dataset,
    coming: Sequence[Activity],
    change: Change,
    fill_bit: float,
) -> dict[str, Activity | None] | None:
    """The activities of the coming day by their ids as they are now; None for one without a place; None: no repair.

    ``environment`` begins at the change's time and covers the day; ``coming`` lies in it and has not begun; ``plan``
    holds whatever else goes on around. ``fill_bit``: what the recorder holds and can't take any more.
    """
    try:
        first = build_problem(station, environment, "on board")
        around = with_reservations(station, first, plan)
        problem = build_problem(changed_station(around, change), changed_environment(environment, change), "on board")
        numbered, names = _numbered(station, coming)
        day = plan.model_copy(
            update={
                "level": "on board",
                "start": problem.horizon.start,
                "stop": problem.horizon.stop,
                "activities": numbered,
                "cell_s": problem.horizon.cell_s,
            }
        )
        left_bit = max(problem.forecast.recorder_bit - fill_bit, 0.0)
        problem = replace(
            problem,
            outside=_outside(problem, plan, names),
            forecast=replace(problem.forecast, recorder_bit=left_bit),
        )
        mended = repair(problem, day, change)
    except InputError:
        return None
    found: dict[str, Activity | None] = dict.fromkeys(names.values())
    for item in mended.activities:
        if item.id in names:
            found[names[item.id]] = item.model_copy(update={"id": names[item.id]})
    return found


def _numbered(station: Station, coming: Sequence[Activity]) -> tuple[tuple[Activity, ...], dict[str, str]]:
    """The day's activities numbered as a plan of one day has them, and their own ids.

    Activities that are counted keep their numbers; those of rhythms, intervals and totals count from 1 each day.
    """
    requests = {request_id: request for request_id, _, request in station.requests()}
    count: dict[str, int] = defaultdict(int)
    renamed, names = [], {}
    for item in sorted(coming, key=lambda one: one.start):
        count[item.request] += 1
        counted = requests[item.request].count is not None
        name = item.id if counted else f"{item.request}#{count[item.request]}"
        names[name] = item.id
        renamed.append(item.model_copy(update={"id": name}))
    return tuple(renamed), names


def _outside(problem: Problem, plan: Plan, names: dict[str, str]) -> dict[tuple[int, int], tuple[int, int]]:
    """When activities that are not of the day take place, for those that must follow them or come before."""
    tasks, inside = by_request(problem), set(names.values())
    start = problem.horizon.start
    return {
        (tasks[item.request], number_of(item)): (
            round((item.start - start).total_seconds()),
            round((item.stop - start).total_seconds()),
        )
        for item in plan.activities
        if item.request in tasks and item.id not in inside and problem.tasks[tasks[item.request]].demand.kind == "count"
    }
