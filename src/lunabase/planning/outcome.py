"""What each partner gets from a plan, against its agreed share."""

from __future__ import annotations

from collections.abc import Mapping

from lunabase.planning.goals import TOGETHER_POINTS
from lunabase.planning.plan import Activity, GoalOutcome, PartnerOutcome
from lunabase.planning.tasks import POINTS
from lunabase.planning.timetable import Timetable
from lunabase.station.goals import Goal


def goal_outcomes(timetable: Timetable, bound: float) -> tuple[GoalOutcome, ...]:
    """What each step of the goals got to, in the worth of a priority-1 request; `bound`: of value and fairness."""
    steps = timetable.problem.aims.steps
    return tuple(
        GoalOutcome(goals=tuple(step), value=points / POINTS, bound=_bound(step, bound))
        for step, points in zip(steps, timetable.rank(), strict=True)
    )


def _bound(step: Mapping[Goal, float], bound: float) -> float | None:
    """Known for value and fairness together, and for each alone: their sum is no less."""
    if not set(step) <= {"value", "fairness"}:
        return None
    return max(step.values()) * (bound / POINTS + TOGETHER_POINTS / POINTS)


def partner_outcomes(timetable: Timetable, activities: tuple[Activity, ...]) -> tuple[PartnerOutcome, ...]:
    """One outcome for each partner of the station, in file order."""
    problem, served = timetable.problem, timetable.served()
    everything_j = sum(item.power_w * item.duration_s for item in activities)
    outcomes = []
    for name, partner in problem.station.partners.items():
        own = [item for item in activities if item.partner == name]
        energy_j = sum(item.power_w * item.duration_s for item in own)
        outcomes.append(
            PartnerOutcome(
                partner=name,
                share=partner.share,
                received=energy_j / everything_j if everything_j > 0.0 else 0.0,
                requested_s=float(sum(task.demand.total_s for task in problem.tasks if task.partner == name)),
                placed_s=sum(item.duration_s for item in own),
                energy_j=energy_j,
                data_bit=sum(item.data_bit for item in own),
                served=served[name],
            )
        )
    return tuple(outcomes)
