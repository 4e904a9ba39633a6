"""The planning problem, free of any solver: what is wanted, what may not happen at once, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from lunabase.planning.balance import DOWNLINK, RECORDS, STANDBY, Forecast, Track, coarser, follow, no_extra
from lunabase.planning.conflicts import Conflicts, conflicts_of
from lunabase.planning.forecast import forecast
from lunabase.planning.goals import Aims
from lunabase.planning.heat_room import idle_heat_w
from lunabase.planning.horizon import FloatArray, Horizon, horizon_of, lowest_per_cell
from lunabase.planning.plan import Level
from lunabase.planning.scene import Scene
from lunabase.planning.stocks import Stock, stocks_of
from lunabase.planning.tasks import Task, tasks_of
from lunabase.planning.variants import Variant
from lunabase.station.model import Station
from lunabase.station.rules import MaximumPower
from lunabase.station.site import Phase

_LEAST_GAIN = 1e-3
CHARGE_MARGIN = 0.02
"""The planner keeps the stores this part of their capacity above the flight rule."""
BALANCE_STEPS = 4500
LONGEST_BALANCE_STEP_S = 600.0
"""Energy and data are balanced in about so many steps while planning, but of at most 10 minutes each."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything the solver and the explanations work from."""

    station: Station
    phase_name: str
    phase: Phase
    horizon: Horizon
    tasks: tuple[Task, ...]
    conflicts: Conflicts
    """For every ordered pair of task indices that must not overlap, with itself too, in some of their variants."""
    rivals: tuple[tuple[int, ...], ...]
    """Per task: the tasks it must not overlap, itself among them."""
    variants: tuple[Variant, ...]
    """The variants of all tasks, by their index."""
    apart: tuple[frozenset[int], ...]
    """Per variant: the variants that it must not overlap."""
    stocks: tuple[Stock, ...]
    followers: tuple[tuple[int, ...], ...]
    """Per task: the tasks that follow it."""
    host_room_w: Mapping[str, float]
    """Power for payloads beyond everybody's standby, by module."""
    peak_room_w: FloatArray
    """(cells,) room below the maximum-power rules."""
    node_room_w: FloatArray
    """(nodes, cells) heat beyond everybody's standby that can leave each thermal node."""
    forecast: Forecast
    """In steps of the environment, or coarser."""
    idle: Track
    """How the station fares with nothing planned, in the forecast's steps."""
    entitled_j: Mapping[str, float]
    """Energy at which a partner counts as fully served: what it asks for that is possible, or its share of all that."""
    aims: Aims
    data_class: tuple[int, ...] = ()
    """Per task, the place of its data among the forecast's classes."""
    outside: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """Start and stop, s, of activities before or after the horizon that others must follow, by task and number."""

    def gain(self, task: int) -> float:
        """What a point of a task is worth in one number; a little even where the goals don't ask for any."""
        gain = self.aims.weight("value") + self.aims.weight("committed") * self.tasks[task].request.committed
        return max(gain, _LEAST_GAIN)


def build_problem(station: Station, environment: xr.Dataset, level: Level = "monthly") -> Problem:
    """Problem of a station in an environment; the phase at its first epoch gives modules and crew."""
    horizon = horizon_of(environment, station, level)
    phase_name, phase = station.phase_at(horizon.start)
    expected = forecast(station, phase, environment, horizon)
    idle = follow(expected, no_extra(expected))
    balance = coarser(expected, min(horizon.length_s / BALANCE_STEPS, LONGEST_BALANCE_STEP_S))
    scene = Scene(station, phase_name, phase, environment, horizon, expected, idle)
    tasks = tuple(tasks_of(scene))
    variants = tuple(variant for task in tasks for variant in task.variants)
    apart, conflicts = conflicts_of(station, variants, tuple(task.request.activity for task in tasks))
    rivals: list[list[int]] = [[] for _ in tasks]
    for one, other in sorted(conflicts):
        rivals[one].append(other)
    followers = tuple(
        tuple(k for k, task in enumerate(tasks) if any(order.task == index for order in task.follows))
        for index in range(len(tasks))
    )
    host_room_w = dict(_host_room_w(station, phase))
    peak_room_w = lowest_per_cell(_peak_room_w(station, expected, idle), horizon)
    node_room_w = _node_room_w(expected, idle, horizon)
    entitled_j = _entitled_j(station, tasks)
    return Problem(
        station, phase_name, phase, horizon, tasks, conflicts, tuple(map(tuple, rivals)), variants, apart,
        stocks_of(station, tasks), followers,
        host_room_w, peak_room_w, node_room_w, balance, follow(balance, no_extra(balance)), entitled_j,
        Aims(station.planning.objectives, {}),
        tuple(_data_class(station, balance, task) for task in tasks),
    )  # fmt: skip


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
    others_w = standby_w + recorder_w + heaters_w + radio_w + expected.reserved_peak_w
    return np.asarray(min(rules) - expected.load_w[idle.mode] - others_w)


def _node_room_w(expected: Forecast, idle: Track, horizon: Horizon) -> FloatArray:
    room_w = np.maximum(expected.heat_limit_w - idle_heat_w(expected, idle.mode), 0.0)
    columns = [lowest_per_cell(column, horizon) for column in room_w.T]
    return np.stack(columns) if columns else np.zeros((0, horizon.cells))


def _data_class(station: Station, balance: Forecast, task: Task) -> int:
    priority = station.partners[task.partner].data_priority
    return balance.data_classes.index(priority) if balance.data_classes else 0


def _entitled_j(station: Station, tasks: tuple[Task, ...]) -> dict[str, float]:
    asked: dict[str, float] = dict.fromkeys(station.partners, 0.0)
    for task in tasks:
        if task.open.any():
            asked[task.partner] += task.power_w * task.demand.total_s
    total = sum(asked.values())
    return {name: min(energy, station.partners[name].share * total) for name, energy in asked.items()}
