"""Solve a scheduling problem within an effort."""

from __future__ import annotations

from lunabase.scheduling.cpsat import solve_in_order
from lunabase.scheduling.effort import Effort
from lunabase.scheduling.problem import Problem, Result
from lunabase.scheduling.project import project_of
from lunabase.scheduling.shortest import shortest


def solve(problem: Problem, effort: Effort, seed: int = 0) -> Result:
    """The best solution that the effort allows, with its bounds; the same seed and work limit give the same one.

    Projects (compulsory tasks of one mode, constant capacities, shortest makespan) are searched by their own
    method (`shortest`); everything else goes to CP-SAT.
    """
    project = project_of(problem)
    if project is not None:
        return shortest(problem, project, effort, seed)
    return solve_in_order(problem, effort, seed)
