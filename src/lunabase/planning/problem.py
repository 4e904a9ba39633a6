"""The planning problem, free of any solver: what is wanted, what may not happen at once, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from lunabase.planning.balance import DOWNLINK, RECORDS, RUNS, STANDBY, Forecast, Track, coarser, follow, no_extra
from lunabase.planning.demand import Demand, demand
from lunabase.planning.forecast import forecast
from lunabase.planning.horizon import BoolArray, FloatArray, Horizon, horizon_of, lowest_per_cell
from lunabase.planning.opportunities import Clause, clauses, open_cells
from lunabase.station.equipment import RobotArm, ThermalNode
from lunabase.station.model import Station
from lunabase.station.rules import Exclusion, MaximumPower
from lunabase.station.science import Request
from lunabase.station.site import Phase

CHARGE_MARGIN = 0.02
"""The planner keeps the stores this part of their capacity above the flight rule."""
BALANCE_STEPS = 4500
LONGEST_BALANCE_STEP_S = 600.0
"""Energy and data are balanced in about so many steps while planning, but of at most 10 minutes each."""
POINTS = 1_000_000
"""A fully placed request of priority 1 is worth this; each further step of priority doubles it."""
FAIRNESS_POINTS = 128 * POINTS
"""Worth of lifting the worst-served partner from nothing to all that it is entitled to: a priority-8 request."""


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
    host: str
    resources: tuple[str, ...]
    mode: str
    power_w: float
    standby_w: float
    node: int
    """Thermal node that its payload warms, -1: none."""
    data_bit_per_s: float
    continuous: bool
    can_be_shed: bool
    held: tuple[Clause, ...]
    open: BoolArray
    """(cells,) where all constraints hold; nowhere if there is an obstacle."""
    demand: Demand
    points: int
    obstacle: str
    """Why no activity can ever be placed, or empty."""
    follows: tuple[Follows, ...]
    ordered: bool
    """The number of an activity matters: it is part of an order or of a rhythm."""

    @property
    def extra_w(self) -> float:
        """Power beyond standby, W."""
        return max(self.power_w - self.standby_w, 0.0)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why two tasks never overlap."""

    kind: Literal["payload", "resource", "disturbance", "flight rule"]
    words: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything the solver and the explanations work from."""

    station: Station
    phase_name: str
    phase: Phase
    horizon: Horizon
    tasks: tuple[Task, ...]
    conflicts: Mapping[tuple[int, int], Conflict]
    """For every ordered pair of task indices that must not overlap, with itself too."""
    rivals: tuple[tuple[int, ...], ...]
    """Per task: the tasks it must not overlap, itself among them."""
    followers: tuple[tuple[int, ...], ...]
    """Per task: the tasks that follow it."""
    host_room_w: Mapping[str, float]
    """Power for payloads beyond everybody's standby, by module."""
    peak_room_w: FloatArray
    """(cells,) room below the maximum-power rules."""
    forecast: Forecast
    """In steps of the environment, or coarser."""
    idle: Track
    """How the station fares with nothing planned, in the forecast's steps."""
    entitled_j: Mapping[str, float]
    """Energy at which a partner counts as fully served: what it asks for that is possible, or its share of all that."""


def build_problem(station: Station, environment: xr.Dataset) -> Problem:
    """Problem of a station in an environment; the phase at its first epoch gives modules and crew."""
    horizon = horizon_of(environment, station)
    phase_name, phase = station.phase_at(horizon.start)
    expected = forecast(station, phase, environment, horizon)
    idle = follow(expected, no_extra(expected))
    balance = coarser(expected, min(horizon.length_s / BALANCE_STEPS, LONGEST_BALANCE_STEP_S))
    scene = _Scene(station, phase_name, phase, environment, horizon, expected, idle)
    tasks = tuple(_tasks(scene))
    conflicts = _conflicts(station, tasks)
    rivals = tuple(tuple(j for i, j in conflicts if i == k) for k in range(len(tasks)))
    followers = tuple(
        tuple(k for k, task in enumerate(tasks) if any(order.task == index for order in task.follows))
        for index in range(len(tasks))
    )
    host_room_w = dict(_host_room_w(station, phase))
    peak_room_w = lowest_per_cell(_peak_room_w(station, expected, idle), horizon)
    entitled_j = _entitled_j(station, tasks)
    return Problem(
        station, phase_name, phase, horizon, tasks, conflicts, rivals, followers,
        host_room_w, peak_room_w, balance, follow(balance, no_extra(balance)), entitled_j,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Scene:
    station: Station
    phase_name: str
    phase: Phase
    environment: xr.Dataset
    horizon: Horizon
    forecast: Forecast
    idle: Track


def _tasks(scene: _Scene) -> Iterator[Task]:
    index = {request_id: k for k, (request_id, _, _) in enumerate(scene.station.requests())}
    follows = {
        request_id: tuple(_follows(request_id, request, index)) for request_id, _, request in scene.station.requests()
    }
    followed = {order.task for orders in follows.values() for order in orders}
    for request_id, experiment, request in scene.station.requests():
        ordered = bool(follows[request_id]) or index[request_id] in followed or request.every is not None
        yield _task(scene, request_id, experiment.partner, request, follows[request_id], ordered)


def _follows(request_id: str, request: Request, index: Mapping[str, int]) -> Iterator[Follows]:
    experiment = request_id.split("/")[0]
    for order in request.after:
        other = order.request if "/" in order.request else f"{experiment}/{order.request}"
        yield Follows(index[other], order.minimum_gap_s, order.maximum_gap_s)


def _task(
    scene: _Scene,
    request_id: str,
    partner: str,
    request: Request,
    follows: tuple[Follows, ...],
    ordered: bool,
) -> Task:
    station, payload = scene.station, scene.station.payloads[request.payload]
    kind = station.activity_types[request.activity]
    obstacle = _obstacle(scene, payload.host, kind.uses)
    held = clauses(request.constraints, scene.environment, scene.phase)
    held += _mode_clause(scene, payload.continuous)
    opened = open_cells(held, scene.horizon)
    shed = request.payload in station.load_shedding.order or payload.host in station.load_shedding.order
    return Task(
        request_id=request_id,
        experiment=request_id.split("/")[0],
        partner=partner,
        request=request,
        host=payload.host,
        resources=kind.uses,
        mode=kind.mode,
        power_w=payload.power[kind.mode],
        standby_w=payload.standby_w,
        node=_node(scene, payload.host),
        data_bit_per_s=payload.data_rate_bit_per_s,
        continuous=payload.continuous,
        can_be_shed=shed,
        held=held,
        open=opened & (not obstacle),
        demand=demand(request, opened, scene.horizon),
        points=POINTS * 2 ** (request.priority - 1),
        obstacle=obstacle,
        follows=follows,
        ordered=ordered,
    )


def _obstacle(scene: _Scene, host: str, uses: Iterable[str]) -> str:
    for module in (host, *(resource_host(scene.station, name) for name in uses)):
        if module not in scene.phase.present:
            return f"its host {module} is absent in phase {scene.phase_name}"
    return ""


def resource_host(station: Station, name: str) -> str:
    """Module of a resource, or of a robot arm that is used as one."""
    if name in station.resources:
        return station.resources[name].host
    return next(
        module for module, item, record in station.all_equipment() if item == name and isinstance(record, RobotArm)
    )


def _mode_clause(scene: _Scene, continuous: bool) -> tuple[Clause, ...]:
    """Where the expected mode lets the activity run; empty if it does so all the time."""
    runs_in = scene.forecast.mode_table[:, RUNS] >= (1 if continuous else 2)
    holds = runs_in[scene.idle.mode]
    if holds.all():
        return ()
    expected = set(scene.idle.mode.tolist())
    stops = [scene.forecast.modes[k] for k, runs in enumerate(runs_in) if not runs and k in expected]
    who = "no payload works" if continuous else "only continuous payloads work"
    return (Clause(f"time outside {' and '.join(stops)} mode (in which {who})", holds),)


def _node(scene: _Scene, host: str) -> int:
    nodes = list(scene.station.equipment(ThermalNode, scene.phase.present))
    node = scene.station.modules[host].thermal_node
    return nodes.index(node) if node in nodes else -1


def _conflicts(station: Station, tasks: tuple[Task, ...]) -> dict[tuple[int, int], Conflict]:
    """Why pairs of tasks exclude each other; the first of payload, resource, flight rule, disturbance."""
    found = {}
    for i, one in enumerate(tasks):
        for j, other in enumerate(tasks):
            conflict = _conflict(station, one, other)
            if conflict is not None:
                found[i, j] = conflict
    return found


def _conflict(station: Station, one: Task, other: Task) -> Conflict | None:
    if one.request.payload == other.request.payload:
        return Conflict("payload", f"payload {one.request.payload} does one thing at a time")
    shared = sorted(set(one.resources) & set(other.resources))
    if shared:
        return Conflict("resource", f"{shared[0]} is held")
    pair = {one.request.activity, other.request.activity}
    for rule in station.flight_rules.values():
        if isinstance(rule, Exclusion) and pair == {rule.never, rule.during}:
            return Conflict("flight rule", f'the flight rule "{rule.text}"')
    kinds = sorted(
        (_gives_off(station, one) & _spoiled_by(station, other))
        | (_gives_off(station, other) & _spoiled_by(station, one))
    )
    return Conflict("disturbance", kinds[0]) if kinds else None


def _gives_off(station: Station, task: Task) -> set[str]:
    kind = station.activity_types[task.request.activity]
    return {*station.payloads[task.request.payload].disturbs, *kind.disturbs}


def _spoiled_by(station: Station, task: Task) -> set[str]:
    kind = station.activity_types[task.request.activity]
    return {*station.payloads[task.request.payload].disturbed_by, *kind.disturbed_by}


def _host_room_w(station: Station, phase: Phase) -> Iterator[tuple[str, float]]:
    for name in phase.present:
        limit = station.modules[name].payload_power_limit_w
        if limit is not None:
            yield name, limit - sum(item.standby_w for item in station.payloads.values() if item.host == name)


def _peak_room_w(station: Station, expected: Forecast, idle: Track) -> FloatArray:
    """Room (steps,) between the idle station and the lowest maximum-power rule.

    Radio, recorder and all standby are on, and a heater that is needed at all is on in full, as thermostats are.
    """
    rules = [rule.maximum_w for rule in station.flight_rules.values() if isinstance(rule, MaximumPower)]
    if not rules:
        return np.full(expected.array_w.size, np.inf)
    need_w = expected.node_loss_w - expected.node_heat_w[idle.mode]
    heaters_w = np.where(need_w > 0.0, expected.heater_w, 0.0).sum(axis=1)
    radio_w = expected.radio_w * expected.mode_table[idle.mode, DOWNLINK]
    standby_w = expected.standby_w * (1 - expected.mode_table[idle.mode, STANDBY])
    recorder_w = expected.recorder_w * (1 - expected.mode_table[idle.mode, RECORDS])
    return np.asarray(min(rules) - expected.load_w[idle.mode] - standby_w - recorder_w - heaters_w - radio_w)


def _entitled_j(station: Station, tasks: tuple[Task, ...]) -> dict[str, float]:
    asked: dict[str, float] = dict.fromkeys(station.partners, 0.0)
    for task in tasks:
        if task.open.any():
            asked[task.partner] += task.power_w * task.demand.total_s
    total = sum(asked.values())
    return {name: min(energy, station.partners[name].share * total) for name, energy in asked.items()}
