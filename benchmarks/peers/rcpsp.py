"""Solve one PSPLIB instance with one program in a process of its own: same CPU time, one core, one worker.

    python -m benchmarks.peers.rcpsp PROGRAM INSTANCE SECONDS

`run` starts that and returns what it found. Time is the process's CPU time, from the problem in memory to the answer,
the building of models included: CP-SAT itself stops by the wall clock only, so a watcher stops it for the peers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.peers.psplib import instances, psplib_folder
from ortools.sat.python import cp_model

from lunabase.scheduling.check import violations
from lunabase.scheduling.effort import Effort
from lunabase.scheduling.problem import Done, Problem, Solution, value_of
from lunabase.scheduling.solve import solve

SEED = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program found on an instance; the schedule was checked by `violations`."""

    program: str
    instance: str
    makespan: int
    bound: int
    proven: bool
    cpu_s: float


class CpuLimited(cp_model.CpSolver):
    """CP-SAT stopped when the process has used so much CPU time."""

    until_s = 0.0

    def solve(self, *given: object, **named: object) -> object:
        """Solve while a watcher looks at the CPU time."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.02):
                if time.process_time() > self.until_s:
                    self.stop_search()

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            return super().solve(*given, **named)
        finally:
            done.set()
            watcher.join()


def lunabase(problem: Problem, seconds: float) -> tuple[Solution, int, bool]:
    """Ours, kernels compiled before."""
    effort = Effort(deadline_s=time.process_time() + seconds, clock=time.process_time)
    result = solve(problem, effort, SEED)
    assert result.solution is not None
    assert result.bounds[0] is not None
    return result.solution, result.bounds[0], result.status == "optimal"


def cpsat(problem: Problem, seconds: float) -> tuple[Solution, int, bool]:
    """The standard model: an interval for each job, one cumulative for each resource; CP-SAT's own settings."""
    model = cp_model.CpModel()
    starts = [model.new_int_var(0, problem.horizon, "") for _ in problem.tasks]
    durations = [task.modes[0].duration for task in problem.tasks]
    intervals = [model.new_fixed_size_interval_var(s, d, "") for s, d in zip(starts, durations, strict=True)]
    for link in problem.links:
        model.add(starts[link.second] >= starts[link.first] + durations[link.first])
    for number, resource in enumerate(problem.resources):
        users = [
            (intervals[k], demand.amount)
            for k, task in enumerate(problem.tasks)
            for demand in task.modes[0].demands
            if demand.resource == number
        ]
        model.add_cumulative([user[0] for user in users], [user[1] for user in users], resource.capacity)
    makespan = model.new_int_var(0, problem.horizon, "")
    model.add_max_equality(makespan, [s + d for s, d in zip(starts, durations, strict=True)])
    model.minimize(makespan)
    solver = CpuLimited()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    status = solver.solve(model)
    solution = tuple(Done(solver.value(s), d) for s, d in zip(starts, durations, strict=True))
    return solution, round(solver.best_objective_bound), status == cp_model.OPTIMAL


def pyjobshop(problem: Problem, seconds: float) -> tuple[Solution, int, bool]:
    """PyJobShop over CP-SAT, one worker, its own settings otherwise."""
    import importlib

    from pyjobshop import Model

    # The package re-exports the class under the name of its module.
    importlib.import_module("pyjobshop.solvers.ortools.CPModel").CpSolver = CpuLimited
    model = Model()
    resources = [model.add_renewable(resource.capacity) for resource in problem.resources]
    tasks = [model.add_task() for _ in problem.tasks]
    for task, ours in zip(tasks, problem.tasks, strict=True):
        mode = ours.modes[0]
        used = [resources[demand.resource] for demand in mode.demands]
        model.add_mode(task, used, mode.duration, [demand.amount for demand in mode.demands])
    for link in problem.links:
        model.add_end_before_start(tasks[link.first], tasks[link.second])
    result = model.solve(num_workers=1, display=False, random_seed=SEED)
    solution = tuple(Done(task.start, task.end - task.start) for task in result.best.tasks)
    return solution, round(result.lower_bound), result.status.value == "Optimal"


PROGRAMS: dict[str, Callable[[Problem, float], tuple[Solution, int, bool]]] = {
    "lunabase": lunabase,
    "pyjobshop": pyjobshop,
    "cpsat": cpsat,
}


def run(program: str, instance: str, seconds: float, core: int = 0) -> Outcome:
    """Solve in a process of its own, on one core."""
    cores = {sorted(os.sched_getaffinity(0))[core]}
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers.rcpsp", program, instance, str(seconds)],
        check=True,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    return Outcome(program, instance, **json.loads(told.stdout.splitlines()[-1]))


def main() -> None:
    """Solve in this process and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("program", choices=sorted(PROGRAMS))
    parser.add_argument("instance")
    parser.add_argument("seconds", type=float)
    given = parser.parse_args()
    folder = psplib_folder()
    if folder is None:
        sys.exit("error: there is no folder psplib; give the folder that holds it in LUNABASE_DATA")
    problem = instances(folder)[given.instance]
    if given.program == "lunabase":
        solve(problem, Effort(0.01))
    began_s = time.process_time()
    CpuLimited.until_s = began_s + given.seconds
    solution, bound, proven = PROGRAMS[given.program](problem, given.seconds)
    cpu_s = time.process_time() - began_s
    broken = violations(problem, solution)
    if broken:
        sys.exit(f"error: {given.program} on {given.instance}: {broken[0]}")
    makespan = value_of(problem, "makespan", solution)
    print(json.dumps({"makespan": makespan, "bound": bound, "proven": proven, "cpu_s": cpu_s}))


if __name__ == "__main__":
    main()
