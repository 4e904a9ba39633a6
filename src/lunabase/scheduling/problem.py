"""Scheduling problems and their solutions as frozen records. Times are whole ticks from 0 to the horizon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lunabase.errors import InputError

Span = tuple[int, int]
Objective = Literal["makespan", "worth", "fairness", "stability", "earliness"]
MAXIMISED = frozenset({"worth", "fairness"})
FAIRNESS_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Demand:
    """What a mode takes of a resource: a level held throughout (renewable), or a change of a reservoir's level.

    A reservoir's positive amount is taken at the start, a negative one given at the end. Machines are held whole:
    any amount above 0.
    """

    resource: int
    amount: int


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to do a task: for `duration` ticks or, if flexible, up to `longest`, wholly inside one of the windows.

    Without windows it may be anywhere in the horizon. `place` is where a machine must be for it.
    """

    duration: int
    demands: tuple[Demand, ...] = ()
    windows: tuple[Span, ...] | None = None
    longest: int | None = None
    place: int = 0

    @property
    def most(self) -> int:
        """The longest duration."""
        return self.duration if self.longest is None else self.longest


@dataclass(frozen=True, slots=True)
class Task:
    """A task with its modes, of which one is used. It may be left out if `optional`.

    Done, it is worth `worth`, and `worth_per_tick` for every tick of its duration, to its `beneficiary`.
    `previous_start` is its start in the schedule that this one should resemble.
    """

    modes: tuple[Mode, ...]
    optional: bool = False
    worth: int = 0
    worth_per_tick: int = 0
    beneficiary: int | None = None
    previous_start: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """`second` starts at least `least` and at most `most` ticks after the end of `first`, if both are done.

    With `needs`, `second` is done only if `first` is.
    """

    first: int
    second: int
    least: int = 0
    most: int | None = None
    needs: bool = True


@dataclass(frozen=True, slots=True)
class Renewable:
    """A capacity shared at every moment; `steps` (tick, capacity) change it from a tick on."""

    capacity: int
    steps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """Does one task at a time; going from place to place takes `travel[from][to]` ticks."""

    travel: tuple[tuple[int, ...], ...] = ((0,),)


@dataclass(frozen=True, slots=True)
class Reservoir:
    """A level within `least` and `most` at all times; `supplies` (tick, amount) come from outside."""

    initial: int
    least: int
    most: int
    supplies: tuple[tuple[int, int], ...] = ()


Resource = Renewable | Machine | Reservoir


@dataclass(frozen=True, slots=True)
class Group:
    """At least `least` and at most `most` of these tasks are done."""

    tasks: tuple[int, ...]
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A scheduling problem; objectives in lexicographic order.

    makespan: the latest end. worth: the sum over the tasks done. fairness: the least, over beneficiaries, of their
    worth in thousandths (at most 1000) of what they are entitled to (`claims`, by beneficiary). stability: the sum
    over tasks with a previous start of the shift, a horizon's length for one left out; least. earliness: the sum of
    starts; least. Raises InputError for indices out of range, durations, capacities or times below 0.
    """

    tasks: tuple[Task, ...]
    horizon: int
    resources: tuple[Resource, ...] = ()
    links: tuple[Link, ...] = ()
    groups: tuple[Group, ...] = ()
    claims: tuple[int, ...] = ()
    objectives: tuple[Objective, ...] = ("makespan",)

    def __post_init__(self) -> None:
        for index, task in enumerate(self.tasks):
            self._check_task(index, task)
        ends = [end for link in self.links for end in (link.first, link.second)]
        self._check_tasks("a link", ends)
        self._check_tasks("a group", (task for group in self.groups for task in group.tasks))
        if any(isinstance(item, Reservoir) and not item.least <= item.initial <= item.most for item in self.resources):
            raise InputError("a reservoir begins outside its limits", fix="Give least <= initial <= most.")
        if any(link.most is not None and link.most < link.least for link in self.links):
            raise InputError("a link's greatest lag is below its least", fix="Give most >= least.")

    def _check_task(self, index: int, task: Task) -> None:
        where = f"task {index}"
        if not task.modes:
            raise InputError("a task has no mode", where=where, fix="Give at least one Mode.")
        if task.beneficiary is not None and not 0 <= task.beneficiary < len(self.claims):
            raise InputError(f"there is no beneficiary {task.beneficiary}", where=where, fix="Give it a claim.")
        for mode in task.modes:
            if not 0 <= mode.duration <= mode.most:
                raise InputError("a duration is below 0 or above the longest", where=where, fix="Correct the mode.")
            for demand in mode.demands:
                self._check_demand(demand, mode, where)

    def _check_demand(self, demand: Demand, mode: Mode, where: str) -> None:
        if not 0 <= demand.resource < len(self.resources):
            raise InputError(f"there is no resource {demand.resource}", where=where, fix="Number resources from 0.")
        resource = self.resources[demand.resource]
        if demand.amount < 0 and not isinstance(resource, Reservoir):
            raise InputError("a demand is below 0", where=where, fix="Only reservoirs can be given to.")
        if isinstance(resource, Machine) and not 0 <= mode.place < len(resource.travel):
            raise InputError(f"the machine knows no place {mode.place}", where=where, fix="Extend its travel times.")

    def _check_tasks(self, what: str, tasks: Iterable[int]) -> None:
        for task in tasks:
            if not 0 <= task < len(self.tasks):
                raise InputError(f"{what} names task {task}, which does not exist", fix="Number tasks from 0.")


@dataclass(frozen=True, slots=True)
class Done:
    """How and when a task is done."""

    start: int
    duration: int
    mode: int = 0

    @property
    def end(self) -> int:
        """The tick at which it is over."""
        return self.start + self.duration


Solution = tuple[Done | None, ...]
"""One entry for each task; None: left out."""


@dataclass(frozen=True, slots=True)
class Result:
    """The best solution found (None if there is none), values and bounds by objective, and the work it took.

    "optimal": proven best in all objectives, in their order. Bounds are None where none is known.
    """

    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    solution: Solution | None
    values: tuple[int, ...]
    bounds: tuple[int | None, ...]
    work: float


def value_of(problem: Problem, objective: Objective, solution: Solution) -> int:
    """One objective's value of a solution."""
    placed = [(task, done) for task, done in zip(problem.tasks, solution, strict=True) if done is not None]
    match objective:
        case "makespan":
            return max((done.end for _, done in placed), default=0)
        case "worth":
            return sum(worth_of(task, done) for task, done in placed)
        case "fairness":
            return _fairness(problem, placed)
        case "stability":
            shifts = [abs(done.start - (task.previous_start or 0)) for task, done in placed if _known(task)]
            return sum(shifts) + problem.horizon * (sum(map(_known, problem.tasks)) - len(shifts))
        case "earliness":
            return sum(done.start for _, done in placed)


def worth_of(task: Task, done: Done) -> int:
    """Worth of a task that is done."""
    return task.worth + task.worth_per_tick * done.duration


def _known(task: Task) -> bool:
    return task.previous_start is not None


def _fairness(problem: Problem, placed: list[tuple[Task, Done]]) -> int:
    parts = [FAIRNESS_PARTS]
    for beneficiary, claim in enumerate(problem.claims):
        own = sum(worth_of(task, done) for task, done in placed if task.beneficiary == beneficiary)
        parts.append(FAIRNESS_PARTS * own // claim if claim > 0 else FAIRNESS_PARTS)
    return min(parts)
