"""Energy and data on a coarse grid, as linear constraints for the solver.

A block's surplus may charge the stores (taken together, at the worst efficiencies of all) up to their capacity; what
the stores give must keep them above a floor at the end of every block. The floor leaves the same room below the present
plan in this model as the step-by-step balance does, so that the two agree around that plan. Data in less data out
stays in the recorder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model

from lunabase.planning.alternatives import Place
from lunabase.planning.balance import (
    CAPACITY_J,
    CHARGE_EFFICIENCY,
    CHARGE_W,
    DISCHARGE_EFFICIENCY,
    DISCHARGE_W,
    DOWNLINK,
    FLOOR_J,
    INITIAL_J,
    STANDBY,
    Extra,
    follow,
)
from lunabase.planning.demand import Demand
from lunabase.planning.horizon import FloatArray
from lunabase.planning.problem import CHARGE_MARGIN, Problem
from lunabase.planning.timetable import Timetable
from lunabase.planning.variants import Variant

_PARTS = 10_000_000
"""Parts of the stores' capacity, and of the recorder's, in which the model counts."""
_PER_MILLE = 1000

Linear = cp_model.LinearExpr | int


@dataclass(frozen=True, slots=True)
class Optional:
    """An activity that the solver may take: its literal, and whether the present plan has it."""

    taken: cp_model.IntVar
    variant: Variant
    demand: Demand
    place: Place
    was: bool


@dataclass(frozen=True, slots=True)
class Blocks:
    """The given part of the plan on blocks; arrays (blocks,) unless said otherwise."""

    problem: Problem
    edges_s: FloatArray
    """(blocks + 1,)"""
    surplus_j: FloatArray
    """Generation less the load of what is given."""
    room_j: FloatArray
    """Energy that the present plan leaves in the stores above the limit, least of each block."""
    data_bit: FloatArray
    """Data of what is given."""
    link_bit: FloatArray
    """What can be sent."""
    saves_standby: bool
    """Whether a working payload saves its standby power in every mode of the present plan."""

    def constrain(self, model: cp_model.CpModel, options: list[Optional]) -> None:
        """Add the constraints for optional activities."""
        if self.problem.forecast.stores.shape[0] > 0:
            self._constrain_energy(model, options)
        if any(option.variant.data_bit_per_s > 0.0 for option in options):
            self._constrain_data(model, options)

    def _constrain_energy(self, model: cp_model.CpModel, options: list[Optional]) -> None:
        """Stored after <= stored before + gain * surplus, + cost * surplus (a deficit costs more), + fastest charge."""
        stores, seconds = self.problem.forecast.stores, np.diff(self.edges_s)
        part_j = stores[:, CAPACITY_J].sum() / _PARTS
        fastest = (stores[:, CHARGE_W].sum() * seconds / part_j).astype(np.int64).tolist()
        most = (stores[:, DISCHARGE_W].sum() * seconds / part_j).astype(np.int64).tolist()
        surplus = np.floor(self.surplus_j / part_j).astype(np.int64).tolist()
        room = np.floor(np.maximum(self.room_j, 0.0) / part_j).astype(np.int64).tolist()
        gain, cost = _per_mille(stores)
        course = int(stores[:, INITIAL_J].sum() / part_j)
        before: Linear = course
        for block, (loads, was) in enumerate(self._per_block(options, _hold, self._added_w, part_j)):
            net = surplus[block] - was
            course = min(_PARTS, course + min(gain * net, cost * net, gain * fastest[block]) // _PER_MILLE)
            course = max(course, 0)
            after = model.new_int_var(max(course - room[block], 0), _PARTS, "")
            model.add_hint(after, course)
            used = sum(loads)
            model.add(_PER_MILLE * after <= _PER_MILLE * before + gain * (surplus[block] - used))
            model.add(_PER_MILLE * after <= _PER_MILLE * before + cost * (surplus[block] - used))
            model.add(_PER_MILLE * after <= _PER_MILLE * before + gain * fastest[block])
            if loads:
                model.add(used <= max(surplus[block] + most[block], was))
            before = after

    def _constrain_data(self, model: cp_model.CpModel, options: list[Optional]) -> None:
        """Fill after >= fill before + produced - sent, and never below nothing."""
        part_bit = max(self.problem.forecast.recorder_bit, 1.0) / _PARTS
        given = np.ceil((self.data_bit - self.link_bit) / part_bit).astype(np.int64).tolist()
        before: Linear = 0
        course = 0
        for block, (amounts, was) in enumerate(self._per_block(options, _work, _data_rate, part_bit)):
            course = max(course + given[block] + was, 0)
            after = model.new_int_var(0, max(int(self.problem.forecast.recorder_bit / part_bit), course), "")
            model.add_hint(after, course)
            model.add(after >= before + given[block] + sum(amounts))
            before = after

    def _added_w(self, variant: Variant) -> float:
        return variant.extra_w if self.saves_standby else variant.power_w

    def _per_block(
        self,
        options: list[Optional],
        span_s: Callable[[Optional], tuple[int, int]],
        rate: Callable[[Variant], float],
        part: float,
    ) -> list[tuple[list[Linear], int]]:
        """By block: the terms of all options, and the sum of those that the present plan has."""
        terms: list[list[Linear]] = [[] for _ in range(self.surplus_j.size)]
        present = [0] * self.surplus_j.size
        for option in options:
            for block, covered_s in cover(self.edges_s, *span_s(option)):
                amount = int(np.ceil(rate(option.variant) * covered_s / part - 1e-9))
                if amount:
                    terms[block].append(amount * option.taken)
                    present[block] += amount * option.was
        return list(zip(terms, present, strict=True))


def _hold(option: Optional) -> tuple[int, int]:
    start_s, duration_s, _ = option.place
    return start_s, start_s + option.demand.hold_s(duration_s)


def _work(option: Optional) -> tuple[int, int]:
    start_s = option.place[0] + option.demand.setup_s
    return start_s, start_s + option.place[1]


def _data_rate(variant: Variant) -> float:
    return variant.data_bit_per_s


def cover(edges_s: FloatArray, start_s: float, stop_s: float) -> list[tuple[int, float]]:
    """Blocks that an interval touches and the seconds of each that it covers."""
    first = int(np.searchsorted(edges_s, start_s, side="right")) - 1
    last = int(np.searchsorted(edges_s, stop_s, side="left"))
    edges = edges_s[first : last + 1].tolist()
    return [(first + k, min(stop_s, right) - max(start_s, left)) for k, (left, right) in enumerate(pairwise(edges))]


def blocks_of(timetable: Timetable, present: Extra, most: int) -> Blocks:
    """About `most` blocks of what a timetable holds; `present` is the whole plan to improve.

    Blocks also end where the surplus changes its sign, so that none hides a dip.
    """
    problem, forecast = timetable.problem, timetable.problem.forecast
    track, course = timetable.track, follow(forecast, present)
    surplus_w = forecast.array_w + forecast.source_w - track.load_w
    steps = surplus_w.size
    width = -(-steps // most)
    turns = np.flatnonzero(np.diff(np.sign(surplus_w))) + 1
    first = np.unique(np.concatenate((np.arange(0, steps, width), turns)))
    link_bit = forecast.downlink_bit_per_s * forecast.step_s * forecast.mode_table[course.mode, DOWNLINK]
    return Blocks(
        problem=problem,
        edges_s=np.append(first, steps) * forecast.step_s,
        surplus_j=np.add.reduceat(surplus_w * forecast.step_s, first),
        room_j=np.minimum.reduceat(course.stored_j - _limit_j(problem), first),
        data_bit=np.add.reduceat(timetable.extra.data_bit, first),
        link_bit=np.add.reduceat(link_bit, first),
        saves_standby=bool(forecast.mode_table[course.mode, STANDBY].all()),
    )


def _limit_j(problem: Problem) -> FloatArray:
    """Least energy in the stores, (steps,)."""
    stores = problem.forecast.stores
    rule = np.minimum(problem.forecast.charge_floor + CHARGE_MARGIN, problem.idle.charge)
    return np.asarray(np.maximum(rule * stores[:, CAPACITY_J].sum(), stores[:, FLOOR_J].sum()))


def _per_mille(stores: FloatArray) -> tuple[int, int]:
    """Energy stored per energy charged, and taken from the store per energy given, in thousandths."""
    gain = int(stores[:, CHARGE_EFFICIENCY].min() * _PER_MILLE)
    return gain, int(np.ceil(_PER_MILLE / stores[:, DISCHARGE_EFFICIENCY].min()))
