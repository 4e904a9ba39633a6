"""What no schedule can beat: a linear relaxation of antenna time.

Antennas give at most the time that they are open in each bin of a few hours; a request takes tracking time and its
part of setup and teardown from the bins that its view periods touch; whole tracks, their order and gaps that are too
short are left out. The root mean square is approached from below by cutting planes (Kelley 1960, doi 10.1137/0108053).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from ortools.linear_solver.python import model_builder

from lunabase.contacts.fairness import Weights
from lunabase.contacts.request import AntennaRequest, Demand, Interval, ViewPeriod

_BIN_S = 3 * 3600
_MOST_CUTS = 12
_CLOSE_ENOUGH = 1e-4
_NOTHING = 1e-6
"""Slopes below this are left out, which keeps a cut true: u is never negative."""


def least_cost(demand: Demand, weights: Weights) -> float:
    """A number that `Fairness.cost` of no schedule is below."""
    if not demand.requests:
        return 0.0
    relaxation = _Relaxation(demand, weights)
    least = 0.0
    for _ in range(_MOST_CUTS):
        least = max(relaxation.solve(), least)
        if not relaxation.cut():
            break
    return least


class _Relaxation:
    """The linear programme, to which cuts are added."""

    def __init__(self, demand: Demand, weights: Weights) -> None:
        self.demand = demand
        self.model = model_builder.Model()  # type: ignore[no-untyped-call]
        self.taken: dict[tuple[str, int], list[object]] = defaultdict(list)
        self.rms = self.model.new_num_var(0.0, 1.0, "")
        self.worst = self.model.new_num_var(0.0, 1.0, "")
        got = [self._request(request) for request in demand.requests]
        self._capacities()
        self.u = [self._open_part(mission, got) for mission in range(len(demand.missions))]
        for u in self.u:
            self.model.add(self.worst >= u)
            self.model.add(self.rms >= u * (1.0 / math.sqrt(len(self.u))))
        satisfied = [self._satisfied(*pair) for pair in zip(demand.requests, got, strict=True)]
        open_part = 1.0 - model_builder.LinearExpr.sum(satisfied) * (1.0 / len(satisfied))
        self.model.minimize(self.rms + weights.maximum * self.worst + weights.unsatisfied * open_part)

    def _request(self, request: AntennaRequest) -> model_builder.Variable:
        """Tracking hours of a request."""
        hours = []
        around_h = (request.setup_s + request.teardown_s) / 3600
        for view in request.views:
            longest_h = min(request.duration_s, view.off_s - view.on_s) / 3600
            for number, span_s in _bins(request, view):
                held = self.model.new_num_var(0.0, span_s / 3600, "")
                for antenna in view.antennas:
                    self.taken[antenna, number].append(held)
                hours.append(held * (longest_h / (longest_h + around_h)))
        total = self.model.new_num_var(0.0, request.duration_s / 3600, "")
        self.model.add(total <= model_builder.LinearExpr.sum(hours))
        return total

    def _capacities(self) -> None:
        for (antenna, number), held in self.taken.items():
            open_h = _BIN_S / 3600 - _closed_h(self.demand.closed.get(antenna, ()), number)
            self.model.add(model_builder.LinearExpr.sum(held) <= max(open_h, 0.0))

    def _open_part(self, mission: int, got: Sequence[model_builder.Variable]) -> model_builder.Variable:
        own = [hours for hours, number in zip(got, self.demand.mission_of, strict=True) if number == mission]
        part = self.model.new_num_var(0.0, 1.0, "")
        asked_h = self.demand.requested_s[mission] / 3600
        self.model.add(part * asked_h == asked_h - model_builder.LinearExpr.sum(own))
        return part

    def _satisfied(self, request: AntennaRequest, hours: model_builder.Variable) -> model_builder.Variable:
        part = self.model.new_num_var(0.0, 1.0, "")
        self.model.add(part * (request.satisfied_s / 3600) <= hours)
        return part

    def solve(self) -> float:
        """The optimum with the present cuts; 0, which is always true, if the solver fails."""
        solver = model_builder.Solver("GLOP")
        self.solved = solver.solve(self.model) == model_builder.SolveStatus.OPTIMAL
        if not self.solved:
            return 0.0
        self.at = np.array([solver.value(u) for u in self.u])
        self.short = float(np.sqrt(np.mean(self.at**2))) - float(solver.value(self.rms))
        return float(solver.objective_value)

    def cut(self) -> bool:
        """Ask for at least the root mean square's tangent at the last optimum; False if there is no need to."""
        if not self.solved or self.short < _CLOSE_ENOUGH:
            return False
        slopes = self.at / np.linalg.norm(self.at) / math.sqrt(self.at.size)
        slopes[slopes < _NOTHING] = 0.0
        self.model.add(self.rms >= model_builder.LinearExpr.weighted_sum(self.u, slopes))
        return True


def _bins(request: AntennaRequest, view: ViewPeriod) -> Iterator[tuple[int, int]]:
    """Bins that a view period with setup and teardown touches, and how long."""
    begin, end = view.on_s - request.setup_s, view.off_s + request.teardown_s
    for number in range(begin // _BIN_S, -(-end // _BIN_S)):
        yield number, min(end, (number + 1) * _BIN_S) - max(begin, number * _BIN_S)


def _closed_h(closed: Sequence[Interval], number: int) -> float:
    """Closed hours in a bin; overlapping closures count once."""
    total, since = 0, number * _BIN_S
    for begin, end in closed:
        low, high = max(begin, since), min(end, (number + 1) * _BIN_S)
        if high > low:
            total, since = total + high - low, high
    return total / 3600
