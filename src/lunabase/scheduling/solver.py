"""One CP-SAT solve within an effort: one worker, deterministic, and ended at once by deadline or Ctrl-C."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Literal

from ortools.sat.python import cp_model

from lunabase.scheduling.effort import Effort

_LOOK_EVERY_S = 0.05
Status = Literal["optimal", "feasible", "infeasible", "unknown"]
_STATUS: dict[object, Status] = {
    cp_model.OPTIMAL: "optimal",
    cp_model.FEASIBLE: "feasible",
    cp_model.INFEASIBLE: "infeasible",
    cp_model.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class Solved:
    """The solver after its work, with a status of "optimal", "feasible", "infeasible" or "unknown"."""

    solver: cp_model.CpSolver
    status: Status

    @property
    def found(self) -> bool:
        """Whether there is a solution to read."""
        return self.status in ("optimal", "feasible")

    @property
    def bound(self) -> int:
        """The proven bound on a whole-numbered objective."""
        return round(self.solver.best_objective_bound)


def solve_model(
    model: cp_model.CpModel, effort: Effort, seed: int, work: float = math.inf, **parameters: object
) -> Solved:
    """Solve for at most `work` (deterministic seconds) of the effort, and count what it took.

    `parameters`: further ones of CP-SAT, by name. The solver runs in a thread, so that Python can take signals
    meanwhile.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.catch_sigint_signal = False
    for name, value in parameters.items():
        setattr(solver.parameters, name, value)
    limit = min(work, effort.work_left)
    if math.isfinite(limit):
        solver.parameters.max_deterministic_time = max(limit, 0.0)
    status: list[object] = []
    thread = threading.Thread(target=lambda: status.append(solver.solve(model)))
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK_EVERY_S)
        if effort.over:
            solver.stop_search()
    effort.spend(solver.response_proto.deterministic_time)
    return Solved(solver, _STATUS[status[0]])
