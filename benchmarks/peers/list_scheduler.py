"""A plain list scheduler over the planner's own rules: requests by priority, each activity where it fits first.

The baseline of operations by hand: no partner's turn, no search. What a request must follow comes before it.
"""

from lunabase.planning.construct import find_place
from lunabase.planning.problem import Problem
from lunabase.planning.timetable import Timetable


def list_schedule(problem: Problem) -> Timetable:
    """A timetable with everything placed that fits, the highest priority first."""
    timetable = Timetable(problem)
    for task in _in_order(problem):
        wanted = problem.tasks[task]
        for window in wanted.demand.windows if wanted.open.any() else ():
            placement = find_place(timetable, task, window, (0, problem.horizon.length_s))
            if placement is not None:
                timetable.put(placement)
            elif not wanted.ordered:
                break
            if wanted.demand.kind == "total" and timetable.seconds_of(task) >= wanted.demand.total_s:
                break
    return timetable


def _in_order(problem: Problem) -> list[int]:
    order: list[int] = []

    def take(task: int) -> None:
        for before in problem.tasks[task].follows:
            take(before.task)
        if task not in order:
            order.append(task)

    for task in sorted(range(len(problem.tasks)), key=lambda k: (-problem.tasks[k].request.priority, k)):
        take(task)
    return order
