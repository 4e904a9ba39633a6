"""Requests as the planner sees them: what is wanted, in which ways it can be done, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lunabase.planning.demand import Demand, demand
from lunabase.planning.horizon import BoolArray
from lunabase.planning.opportunities import Clause, all_hold, clauses
from lunabase.planning.scene import Scene
from lunabase.planning.variants import Variant, variants_of
from lunabase.station.science import Request

POINTS = 1_000_000
"""A fully placed request of priority 1 is worth this; each further step of priority doubles it."""


@dataclass(frozen=True, slots=True)
class Follows:
    """The n-th activity starts between the gaps after the stop of the other task's n-th."""

    task: int
    minimum_gap_s: float
    maximum_gap_s: float | None


@dataclass(frozen=True, slots=True)
class Task:
    """One request with all that planning needs to know of it."""

    request_id: str
    experiment: str
    partner: str
    request: Request
    variants: tuple[Variant, ...]
    """The ways in which it can be done, at least one; the first is the one that is preferred."""
    open: BoolArray
    """(cells,) where it can be done in any way."""
    demand: Demand
    points: int
    obstacle: str
    """Why no activity can ever be placed, or empty."""
    follows: tuple[Follows, ...]
    ordered: bool
    """The number of an activity matters: it is part of an order, a rhythm, or a row of intervals."""

    @property
    def held(self) -> tuple[Clause, ...]:
        """What must hold for its first variant."""
        return self.variants[0].held

    @property
    def power_w(self) -> float:
        """Power of its first variant, W."""
        return self.variants[0].power_w

    @property
    def host(self) -> str:
        """Module of its first variant's payload."""
        return self.variants[0].host

    @property
    def data_bit_per_s(self) -> float:
        """Data rate of its first variant, bit/s."""
        return self.variants[0].data_bit_per_s

    @property
    def extra_w(self) -> float:
        """Power of its first variant beyond standby, W."""
        return self.variants[0].extra_w

    @property
    def in_time_order(self) -> bool:
        """Whether its numbers must follow each other in time, and nothing else sees to that."""
        return self.ordered and self.demand.kind in ("count", "total")


def tasks_of(scene: Scene) -> Iterator[Task]:
    """One task for each request of the station, in file order."""
    index = {request_id: k for k, (request_id, _, _) in enumerate(scene.station.requests())}
    follows = {
        request_id: tuple(_follows(request_id, request, index)) for request_id, _, request in scene.station.requests()
    }
    followed = {order.task for orders in follows.values() for order in orders}
    variants = 0
    for k, (request_id, experiment, request) in enumerate(scene.station.requests()):
        rhythm = request.every is not None or request.each is not None
        ordered = bool(follows[request_id]) or k in followed or rhythm
        task = _task(scene, k, variants, request_id, experiment.partner, request, follows[request_id], ordered)
        variants += len(task.variants)
        yield task


def _follows(request_id: str, request: Request, index: Mapping[str, int]) -> Iterator[Follows]:
    experiment = request_id.split("/")[0]
    for order in request.after:
        other = order.request if "/" in order.request else f"{experiment}/{order.request}"
        yield Follows(index[other], order.minimum_gap_s, order.maximum_gap_s)


def _task(
    scene: Scene,
    index: int,
    first_variant: int,
    request_id: str,
    partner: str,
    request: Request,
    follows: tuple[Follows, ...],
    ordered: bool,
) -> Task:
    held = clauses(request.constraints, scene.environment, scene.phase)
    intervals = None
    if request.each is not None:
        inside = clauses(request.each.interval, scene.environment, scene.phase)
        held, intervals = (*held, *inside), all_hold(inside, scene.horizon.steps)
    variants = variants_of(scene, index, request, held, first_variant)
    open_ = np.any([variant.open for variant in variants], axis=0)
    return Task(
        request_id=request_id,
        experiment=request_id.split("/")[0],
        partner=partner,
        request=request,
        variants=variants,
        open=open_,
        demand=demand(request, open_, scene.horizon, intervals),
        points=POINTS * 2 ** (request.priority - 1),
        obstacle=variants[0].obstacle,
        follows=follows,
        ordered=ordered,
    )
