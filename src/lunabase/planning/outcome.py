"""What each partner gets from a plan, against its agreed share."""

from __future__ import annotations

from lunabase.planning.plan import Activity, PartnerOutcome
from lunabase.planning.problem import Problem


def partner_outcomes(problem: Problem, activities: tuple[Activity, ...]) -> tuple[PartnerOutcome, ...]:
    """One outcome for each partner of the station, in file order."""
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
            )
        )
    return tuple(outcomes)
