"""The CP-SAT model of a problem, and its objectives solved one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python import cp_model

from lunabase.scheduling.effort import Effort
from lunabase.scheduling.problem import (
    FAIRNESS_PARTS,
    MAXIMISED,
    Done,
    Link,
    Machine,
    Mode,
    Objective,
    Problem,
    Renewable,
    Reservoir,
    Result,
    Solution,
    Task,
    value_of,
)
from lunabase.scheduling.solver import Solved, solve_model

Linear = cp_model.LinearExpr | int


def _total(terms: Iterable[Linear]) -> Linear:
    total: Linear = 0
    for term in terms:
        total = total + term
    return total


@dataclass(frozen=True, slots=True)
class _Way:
    """A mode of a task: whether it is taken, its length (0 if not taken), its interval."""

    mode: Mode
    taken: cp_model.IntVar
    length: Linear
    interval: cp_model.IntervalVar


@dataclass(frozen=True, slots=True)
class _TaskVars:
    start: cp_model.IntVar
    present: cp_model.IntVar
    ways: tuple[_Way, ...]

    @property
    def length(self) -> Linear:
        """Ticks from start to end; 0 if left out."""
        return _total(way.length for way in self.ways)

    @property
    def end(self) -> Linear:
        """The end, if present."""
        return self.start + self.length


class Model:
    """The constraints of a problem; objectives are set by `aim`."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = cp_model.CpModel()
        self._true = self.model.new_constant(1)
        self.tasks = [self._task(task) for task in problem.tasks]
        for link in problem.links:
            self._link(link)
        for group in problem.groups:
            self.model.add_linear_constraint(
                sum(self.tasks[task].present for task in group.tasks), group.least, group.most
            )
        for number, resource in enumerate(problem.resources):
            users = list(self._users(number))
            match resource:
                case Renewable():
                    self._renewable(resource, users)
                case Machine():
                    self._machine(resource, [(task, way) for task, way, _ in users])
                case Reservoir():
                    self._reservoir(resource, users)

    def _task(self, task: Task) -> _TaskVars:
        present = self.model.new_bool_var("") if task.optional else self._true
        start = self.model.new_int_var(0, self.problem.horizon, "")
        alone = len(task.modes) == 1
        ways = tuple(self._way(mode, start, present if alone else self.model.new_bool_var("")) for mode in task.modes)
        if not alone:
            self.model.add(sum(way.taken for way in ways) == present)
        return _TaskVars(start, present, ways)

    def _way(self, mode: Mode, start: cp_model.IntVar, taken: cp_model.IntVar) -> _Way:
        windows = ((0, self.problem.horizon),) if mode.windows is None else mode.windows
        if mode.most == mode.duration:
            spans = [(max(a, 0), min(b, self.problem.horizon) - mode.duration) for a, b in windows]
            domain = cp_model.Domain.from_intervals([[a, b] for a, b in spans if a <= b])
            self.model.add_linear_expression_in_domain(start, domain).only_enforce_if(taken)
            fixed = self.model.new_optional_fixed_size_interval_var(start, mode.duration, taken, "")
            return _Way(mode, taken, mode.duration if taken is self._true else mode.duration * taken, fixed)
        length = self.model.new_int_var(0, mode.most, "")
        end = self.model.new_int_var(0, self.problem.horizon, "")
        self.model.add(length >= mode.duration).only_enforce_if(taken)
        self.model.add(length == 0).only_enforce_if(~taken)
        inside = [self.model.new_bool_var("") for _ in windows]
        for here, (opened, closed) in zip(inside, windows, strict=True):
            self.model.add(start >= opened).only_enforce_if(here)
            self.model.add(end <= closed).only_enforce_if(here)
        self.model.add_bool_or(*inside, ~taken)
        return _Way(mode, taken, length, self.model.new_optional_interval_var(start, length, end, taken, ""))

    def _link(self, link: Link) -> None:
        first, second = self.tasks[link.first], self.tasks[link.second]
        if link.needs:
            self.model.add_implication(second.present, first.present)
        both = [first.present, second.present]
        self.model.add(second.start >= first.end + link.least).only_enforce_if(both)
        if link.most is not None:
            self.model.add(second.start <= first.end + link.most).only_enforce_if(both)

    def _users(self, resource: int) -> Iterator[tuple[_TaskVars, _Way, int]]:
        for task in self.tasks:
            for way in task.ways:
                amount = sum(demand.amount for demand in way.mode.demands if demand.resource == resource)
                if amount != 0:
                    yield task, way, amount

    def _renewable(self, resource: Renewable, users: list[tuple[_TaskVars, _Way, int]]) -> None:
        """A drop of the capacity is an interval that takes what is missing from its maximum."""
        steps = [(0, resource.capacity), *sorted(resource.steps), (self.problem.horizon + 1, 0)]
        room = max(capacity for _, capacity in steps[:-1])
        intervals, amounts = [way.interval for _, way, _ in users], [amount for _, _, amount in users]
        for (tick, capacity), (until, _) in pairwise(steps):
            if capacity < room and until > tick:
                intervals.append(self.model.new_fixed_size_interval_var(tick, until - tick, ""))
                amounts.append(room - capacity)
        self.model.add_cumulative(intervals, amounts, room)

    def _machine(self, machine: Machine, users: list[tuple[_TaskVars, _Way]]) -> None:
        self.model.add_no_overlap([way.interval for _, way in users])
        if not any(any(row) for row in machine.travel):
            return
        arcs: list[cp_model.ArcT] = [(0, 0, self._none_of([way for _, way in users]))]
        for i, (task, way) in enumerate(users, start=1):
            arcs += [(0, i, self.model.new_bool_var("")), (i, 0, self.model.new_bool_var("")), (i, i, ~way.taken)]
            for j, (other, next_way) in enumerate(users, start=1):
                if i == j or task is other:
                    continue
                follows = self.model.new_bool_var("")
                ticks = machine.travel[way.mode.place][next_way.mode.place]
                self.model.add(other.start >= task.start + way.length + ticks).only_enforce_if(follows)
                arcs.append((i, j, follows))
        self.model.add_circuit(arcs)

    def _none_of(self, ways: list[_Way]) -> cp_model.IntVar:
        idle = self.model.new_bool_var("")
        for way in ways:
            self.model.add_implication(idle, ~way.taken)
        return idle

    def _reservoir(self, reservoir: Reservoir, users: list[tuple[_TaskVars, _Way, int]]) -> None:
        times: list[Linear] = [tick for tick, _ in reservoir.supplies]
        changes = [amount for _, amount in reservoir.supplies]
        active: list[cp_model.LiteralT] = [self._true] * len(changes)
        for task, way, amount in users:
            times.append(task.start if amount > 0 else self._end_var(task))
            changes.append(-amount)
            active.append(way.taken)
        lowest, highest = reservoir.least - reservoir.initial, reservoir.most - reservoir.initial
        self.model.add_reservoir_constraint_with_active(times, changes, active, lowest, highest)

    def _end_var(self, task: _TaskVars) -> cp_model.IntVar:
        """The end as one variable; a reservoir's times may have no more."""
        end = self.model.new_int_var(0, 2 * self.problem.horizon, "")
        self.model.add(end == task.end)
        return end

    def aim(self, objective: Objective) -> Linear:
        """The expression of an objective."""
        match objective:
            case "makespan":
                return self._makespan()
            case "worth":
                return _total(self._worth(index) for index in range(len(self.tasks)))
            case "fairness":
                return self._fairness()
            case "stability":
                return self._stability()
            case "earliness":
                return _total(self._if_present(task, task.start) for task in self.tasks)

    def _makespan(self) -> Linear:
        makespan = self.model.new_int_var(0, self.problem.horizon, "")
        for task in self.tasks:
            self.model.add(makespan >= task.end).only_enforce_if(task.present)
        return makespan

    def _worth(self, index: int) -> Linear:
        task = self.problem.tasks[index]
        return task.worth * self.tasks[index].present + task.worth_per_tick * self.tasks[index].length

    def _fairness(self) -> Linear:
        least = self.model.new_int_var(-(10**6), FAIRNESS_PARTS, "")
        for beneficiary, claim in enumerate(self.problem.claims):
            own = [i for i, task in enumerate(self.problem.tasks) if task.beneficiary == beneficiary]
            if claim > 0:
                self.model.add(claim * least <= FAIRNESS_PARTS * _total(self._worth(index) for index in own))
        return least

    def _stability(self) -> Linear:
        terms: list[Linear] = []
        for task, variables in zip(self.problem.tasks, self.tasks, strict=True):
            if task.previous_start is not None:
                late = self._if_present(variables, variables.start - task.previous_start)
                early = task.previous_start - variables.start
                self.model.add(late >= early).only_enforce_if(variables.present)
                terms += [late, self.problem.horizon * (1 - variables.present)]
        return _total(terms)

    def _if_present(self, task: _TaskVars, term: Linear) -> cp_model.IntVar:
        """A variable at least as great as the term if the task is present; to be minimised."""
        value = self.model.new_int_var(0, self.problem.horizon, "")
        self.model.add(value >= term).only_enforce_if(task.present)
        return value

    def hint(self, solution: Solution) -> None:
        """Begin the next search from a solution."""
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for task, done in zip(self.tasks, solution, strict=True):
            if done is not None:
                self.model.add_hint(task.start, done.start)
            if task.present is not self._true:
                self.model.add_hint(task.present, done is not None)
            if len(task.ways) > 1:
                for number, way in enumerate(task.ways):
                    self.model.add_hint(way.taken, done is not None and number == done.mode)

    def read(self, solved: Solved) -> Solution:
        """The solver's solution."""
        return tuple(self._read(task, solved.solver) for task in self.tasks)

    def _read(self, task: _TaskVars, solver: cp_model.CpSolver) -> Done | None:
        for number, way in enumerate(task.ways):
            if solver.value(way.taken):
                return Done(solver.value(task.start), solver.value(way.length), number)
        return None


def solve_in_order(problem: Problem, effort: Effort, seed: int, hint: Solution | None = None) -> Result:
    """Solve for each objective in turn, the earlier ones kept at what was reached.

    Every objective but the last gets at most half of the work that is left.
    """
    model, began = Model(problem), effort.work_done
    best, bounds, proven = hint, [], True
    for number, objective in enumerate(problem.objectives, start=1):
        aim = model.aim(objective)
        (model.model.maximize if objective in MAXIMISED else model.model.minimize)(aim)
        if best is not None:
            model.hint(best)
        work = math.inf if number == len(problem.objectives) else effort.work_left / 2
        solved = solve_model(model.model, effort, seed, work)
        if solved.status == "infeasible":
            return Result("infeasible", None, (), (), effort.work_done - began)
        if not solved.found:
            break
        best = model.read(solved)
        proven = proven and solved.status == "optimal"
        bounds.append(solved.bound)
        reached = round(solved.solver.objective_value)
        model.model.add(aim >= reached if objective in MAXIMISED else aim <= reached)
    return _result(problem, best, bounds, proven, effort.work_done - began)


def _result(problem: Problem, best: Solution | None, bounds: list[int], proven: bool, work: float) -> Result:
    known = (*bounds, *[None] * (len(problem.objectives) - len(bounds)))
    if best is None:
        return Result("unknown", None, (), known, work)
    values = tuple(value_of(problem, objective, best) for objective in problem.objectives)
    optimal = proven and len(bounds) == len(problem.objectives)
    return Result("optimal" if optimal else "feasible", best, values, known, work)
