"""Make a plan: build the problem, place greedily, improve with CP-SAT, explain what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr

from lunabase.planning.begin import begun
from lunabase.planning.construct import complete, fill
from lunabase.planning.early import finish_early
from lunabase.planning.explain import unplaced
from lunabase.planning.improve import Improved, improve
from lunabase.planning.inside import refined, with_reservations
from lunabase.planning.outcome import goal_outcomes, partner_outcomes
from lunabase.planning.plan import Activity, Level, Plan, SolverSummary
from lunabase.planning.problem import Problem, build_problem
from lunabase.planning.tasks import POINTS
from lunabase.planning.timetable import Placement, Timetable
from lunabase.scheduling.effort import Effort
from lunabase.station.model import Station

SOLVER = "greedy construction, then OR-Tools CP-SAT in neighbourhoods"
WORK_LIMIT = 2.0
"""Default limit, in CP-SAT's deterministic seconds (plus a fixed cost for each neighbourhood)."""


def make_plan(
    station_file_sha256: str,
    station: Station,
    environment: xr.Dataset,
    *,
    seed: int = 0,
    effort: Effort | None = None,
    level: Level = "monthly",
    within: Plan | None = None,
    within_sha256: str = "",
    previous: Plan | None = None,
) -> Plan:
    """Plan for the time span of an environment (regular epochs on `time`, UTC).

    The same inputs, seed and work limit give the same plan; a deadline, or `effort.stopped`, ends the search early with
    the best plan so far. Progress tells value, bound and fairness (least served partner) of the search. Objective and
    bound are in the worth of a priority-1 request (docs/explanation/planning.md). level: sets how fine the cells are.
    within: a coarser plan to refine, whose activities alone are planned, each near its time there; `within_sha256` is
    the hash of its file. previous: a plan to begin with and to stay near, as far as the goals ask for it. Raises
    InputError for irregular epochs, or a coarser plan of another time.
    """
    effort = effort or Effort(WORK_LIMIT)
    work_limit = effort.work_limit
    problem = build_problem(station, environment, level)
    if within is not None:
        reserved = build_problem(with_reservations(station, problem, within), environment, level)
        problem = refined(reserved, within)
    timetable = begun(problem, previous) if previous is not None else Timetable(problem)
    fill(timetable)
    improved = improve(timetable, seed, effort)
    finish_early(timetable, effort)
    complete(timetable, effort)
    plan = _plan(station_file_sha256, timetable, improved, seed, work_limit)
    return plan.model_copy(update={"level": level, "within_sha256": within_sha256, "cell_s": problem.horizon.cell_s})


def _plan(sha256: str, timetable: Timetable, improved: Improved, seed: int, work_limit: float) -> Plan:
    problem = timetable.problem
    activities = tuple(sorted(_activities(timetable), key=lambda item: (item.hold_start, item.id)))
    status = "optimal" if improved.optimal else "feasible" if activities else "empty"
    return Plan(
        station=problem.station.station.name,
        station_sha256=sha256,
        phase=problem.phase_name,
        start=problem.horizon.start,
        stop=problem.horizon.stop,
        activities=activities,
        unplaced=unplaced(timetable),
        partners=partner_outcomes(timetable, activities),
        solver=SolverSummary(
            solver=SOLVER,
            status=status,
            objective=timetable.score() / POINTS,
            bound=improved.bound / POINTS,
            seed=seed,
            work_limit=work_limit,
            goals=goal_outcomes(timetable, improved.bound),
        ),
    )


def _activities(timetable: Timetable) -> Iterator[Activity]:
    """Activities of all tasks; those whose number means nothing are numbered in order of time."""
    for index, task in enumerate(timetable.problem.tasks):
        placed = timetable.of_task(index)
        if not task.ordered:
            placed = sorted(placed, key=lambda item: item.hold_start_s)
        for place, item in enumerate(placed, start=1):
            yield activity_of(timetable.problem, item, item.number if task.ordered else place)


def activity_of(problem: Problem, item: Placement, number: int) -> Activity:
    """A placement as the plan tells it."""
    task, moment = problem.tasks[item.task], problem.horizon.moment
    way = task.variants[item.variant]
    start_s = item.hold_start_s + task.demand.setup_s
    stop_s = start_s + item.duration_s
    return Activity(
        id=f"{task.request_id}#{number}",
        request=task.request_id,
        experiment=task.experiment,
        partner=task.partner,
        activity_type=task.request.activity,
        payload=way.payload,
        host=way.host,
        mode=way.mode,
        hold_start=moment(item.hold_start_s),
        start=moment(start_s),
        stop=moment(stop_s),
        hold_stop=moment(stop_s + task.demand.teardown_s),
        power_w=way.power_w,
        data_bit=way.data_bit_per_s * item.duration_s,
        priority=task.request.priority,
        resources=way.resources,
        crew=item.crew,
        committed=task.request.committed,
    )
