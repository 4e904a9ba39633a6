"""The shortest schedule of a project: a genetic search for schedules, CP-SAT for better bounds and the proof."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from lunabase.scheduling.cpsat import Model
from lunabase.scheduling.effort import Effort
from lunabase.scheduling.evolution import Population, evolve, found_population
from lunabase.scheduling.generation import IntArray
from lunabase.scheduling.problem import Problem, Result
from lunabase.scheduling.project import Project, least_makespan, tails
from lunabase.scheduling.solver import solve_model

_FIRST_SIZE, _LARGEST_SIZE = 64, 8192
_BROOD = 256
"""Children between two looks at the effort."""
_GENERATIONS_IN_VAIN = 20
_WORK_PER_TASK = 2.5e-7
"""Deterministic seconds to place one task in one child, three times."""
_FIRST_BREEDING, _FIRST_PROOF, _LAST_BREEDING = 0.03, 0.12, 0.5
_PROVABLE_GAP = 0.05
"""CP-SAT gets the rest of the effort if the gap is below this part of the makespan, the genetic search otherwise."""


@dataclass(slots=True)
class _Search:
    """The best schedule so far, the bound, and the population in work."""

    project: Project
    generator: np.random.Generator
    latest: IntArray
    bound: int = 0
    starts: IntArray | None = None
    makespan: int = 0
    population: Population | None = None
    in_vain: int = 0
    size: int = field(default=_FIRST_SIZE)

    @property
    def proven(self) -> bool:
        """Whether the best schedule can't be shorter."""
        return self.starts is not None and self.makespan <= self.bound

    def breed(self, effort: Effort) -> None:
        """Breed until the effort or the gap is gone; a population in which nothing happens gives way to a larger."""
        while not (effort.over or self.proven) or self.starts is None:
            if self.population is None or self.in_vain > _GENERATIONS_IN_VAIN * self.size:
                self._begin_population()
                effort.spend(self._work(self.size))
            assert self.population is not None
            before = self.population.makespans.min()
            evolve(self.population, self.project.shop, self.generator, _BROOD, self.bound)
            effort.spend(self._work(_BROOD))
            self.in_vain = 0 if self.population.makespans.min() < before else self.in_vain + _BROOD
            if self._take_best():
                effort.tell(self.makespan, self.bound)

    def _begin_population(self) -> None:
        if self.population is not None:
            self.size = min(2 * self.size, _LARGEST_SIZE)
        n = self.latest.size
        empty = np.empty((self.size, n), dtype=np.int64)
        self.population = Population(empty, empty.copy(), np.empty(self.size, dtype=np.int64))
        found_population(self.population, self.project.shop, self.latest, self.generator)
        self.in_vain = 0

    def _work(self, schedules: int) -> float:
        return schedules * self.latest.size * _WORK_PER_TASK

    def _take_best(self) -> bool:
        assert self.population is not None
        member = int(self.population.makespans.argmin())
        makespan = int(self.population.makespans[member])
        if self.starts is not None and makespan >= self.makespan:
            return False
        self.starts, self.makespan = self.population.starts[member].copy(), makespan
        return True


def shortest(problem: Problem, project: Project, effort: Effort, seed: int) -> Result:
    """Make a project's schedule as short as the effort allows, and prove as much as it can of the bound.

    First a few populations; then CP-SAT looks for anything shorter. If the gap that remains is small, CP-SAT also
    gets the end of the effort; a large gap has never been closed by it, so there the populations go on.
    """
    began = effort.work_done
    search = _Search(project, np.random.default_rng(seed), -tails(project.shop))
    search.breed(effort.part(0.0))
    search.bound = least_makespan(project.shop, search.makespan)
    effort.tell(search.makespan, search.bound)
    search.breed(effort.part(_FIRST_BREEDING))
    _prove(problem, search, effort.part(_FIRST_PROOF), seed)
    if search.makespan - search.bound <= _PROVABLE_GAP * search.makespan:
        search.breed(effort.part(_LAST_BREEDING))
        _prove(problem, search, effort, seed)
    search.breed(effort)
    return _result(problem, search, effort.work_done - began)


def _prove(problem: Problem, search: _Search, effort: Effort, seed: int) -> None:
    """Let CP-SAT look for anything shorter: it finds it, or proves that there is none, or raises the bound."""
    if search.proven or effort.over:
        return
    limit = min(problem.horizon, search.makespan - 1)
    model = Model(replace(problem, horizon=limit))
    makespan = model.aim("makespan")
    model.model.add(makespan >= search.bound)
    model.model.minimize(makespan)
    solved = solve_model(model.model, effort, seed)
    if solved.status == "infeasible":
        search.bound = limit + 1
        return
    search.bound = max(search.bound, solved.bound)
    if solved.found:
        starts = [done.start for done in model.read(solved) if done is not None]
        search.starts = np.array(starts, dtype=np.int64)[search.project.numbers]
        search.makespan = round(solved.solver.objective_value)


def _result(problem: Problem, search: _Search, work: float) -> Result:
    assert search.starts is not None
    bounds = (search.bound,)
    if search.makespan > problem.horizon:
        return Result("infeasible" if search.bound > problem.horizon else "unknown", None, (), bounds, work)
    solution = search.project.solution(search.starts)
    return Result("optimal" if search.proven else "feasible", solution, (search.makespan,), bounds, work)
