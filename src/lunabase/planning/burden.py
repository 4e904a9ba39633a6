"""What activities ask of energy, heat and data, step by step, and the first thing that goes wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lunabase.planning.balance import Course, Track, no_extra
from lunabase.planning.delivery import Deadline, Queue
from lunabase.planning.heat_room import idle_heat_w
from lunabase.planning.horizon import BoolArray, FloatArray, IntArray
from lunabase.planning.problem import CHARGE_MARGIN, Problem
from lunabase.planning.variants import Variant

_SLACK_W = 1e-6
_SLACK_CHARGE = 1e-9
_SLACK_BIT = 1.0

FaultKind = Literal["battery", "bus", "mode", "shedding", "recorder", "heat", "delivery", "travel", "crew"]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that goes wrong with energy, heat, data, moving things or people."""

    kind: FaultKind
    step: int
    value: float
    """State of charge, missing power (W), index of the mode, state of charge, lost data (bit), or nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one activity asks for; times in seconds of the horizon."""

    variant: Variant
    hold_s: tuple[int, int]
    busy_s: tuple[int, int]
    """Start and stop without setup and teardown."""
    data_class: int
    deadline: Deadline | None


class Burden:
    """The activities' sums by step, and how the station fares under them."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.extra = no_extra(problem.forecast)
        self._course = Course(problem.forecast, self.extra)
        self._changed = (problem.forecast.array_w.size, 0)
        """First step whose activities have changed since the course was followed, and the one past the last."""
        self._queue = Queue(problem.forecast, self.extra.class_bit)
        self._fault: Fault | None = None
        self._fault_is_stale = True

    @property
    def track(self) -> Track:
        """How the station fares under the present activities; not a copy."""
        first, stop = self._changed
        if first < stop:
            _, end = self._course.attempt(self.extra, first, stop)
            self._course.accept(first, end)
            if self.extra.class_bit.shape[1]:
                self._queue.follow(self._course.track.mode, first, max(stop, end))
            self._changed = (self.problem.forecast.array_w.size, 0)
        return self._course.track

    def change(self, work: Work, sign: int) -> None:
        """Add (+1) or remove (-1) an activity."""
        self._add(work, sign)
        first, stop = self._steps(work)
        self._changed = (min(self._changed[0], first), max(self._changed[1], stop))
        self._fault_is_stale = True
        if work.deadline is not None:
            self._queue.change(work.deadline, sign)

    def _add(self, work: Work, sign: int) -> None:
        way, extra = work.variant, self.extra
        steps, part = self._overlap(*work.hold_s)
        extra.power_w[steps] += sign * way.power_w * part
        extra.standby_w[steps] += sign * way.standby_w * part
        if way.node >= 0:
            extra.heat_w[steps, way.node] += sign * way.extra_w * part
        extra.working[steps, 0] += sign
        extra.working[steps, 1] += sign * (not way.continuous)
        extra.working[steps, 2] += sign * way.can_be_shed
        steps, part = self._overlap(*work.busy_s)
        made_bit = sign * way.data_bit_per_s * part * self.problem.forecast.step_s
        extra.data_bit[steps] += made_bit
        if extra.class_bit.shape[1]:
            extra.class_bit[steps, work.data_class] += made_bit

    def _steps(self, work: Work) -> tuple[int, int]:
        """First step that a hold touches and the one past the last."""
        start_s, stop_s = work.hold_s
        step_s = self.problem.forecast.step_s
        return int(start_s // step_s), min(int(-(-stop_s // step_s)), self.problem.forecast.array_w.size)

    def _overlap(self, start_s: int, stop_s: int) -> tuple[slice, FloatArray]:
        """Steps that an interval touches, and the part of each that it covers."""
        step_s, steps = self.problem.forecast.step_s, self.problem.forecast.array_w.size
        first, last = int(start_s // step_s), min(int(-(-stop_s // step_s)), steps)
        edges_s = np.arange(first, last + 1) * step_s
        covered = np.minimum(edges_s[1:], stop_s) - np.maximum(edges_s[:-1], start_s)
        return slice(first, last), np.maximum(covered, 0.0) / step_s

    def fault_with(self, more: Sequence[Work]) -> Fault | None:
        """The first fault if these were there too."""
        kept = self.fault()
        if not more:
            return kept
        spans = [self._steps(work) for work in more]
        first, stop = min(span[0] for span in spans), max(span[1] for span in spans)
        before = self.extra.part(first, stop)
        for work in more:
            self._add(work, 1)
        track, end = self._course.attempt(self.extra, first, stop)
        fault = self._fault_in(track, first) or self._late(track, first, stop, more)
        before.put_into(self.extra, first)
        if fault is None and kept is not None:
            # What went wrong before may lie in what was followed again, and be mended.
            fault = self._fault_in(self.track.part(0, first), 0) or self._fault_in(self.track.part(end, None), end)
        return fault

    def fault(self) -> Fault | None:
        """The first thing that goes wrong, if anything does."""
        if self._fault_is_stale:
            self._fault, self._fault_is_stale = self._fault_in(self.track, 0), False
            late = self._queue.missed()
            if self._fault is None and late is not None:
                self._fault = Fault("delivery", late, 0.0)
        return self._fault

    def _fault_in(self, track: Track, first: int) -> Fault | None:
        """The first fault in a track that begins at a step."""
        problem, part = self.problem, slice(first, first + track.charge.size)
        floor = np.minimum(problem.forecast.charge_floor + CHARGE_MARGIN, problem.idle.charge[part])
        if problem.forecast.stores.shape[0] == 0:
            floor = np.zeros_like(floor)
        return (
            _first("battery", track.charge < floor - _SLACK_CHARGE, track.charge, first)
            or _first("bus", track.unserved_w > problem.idle.unserved_w[part] + 1e-3, track.unserved_w, first)
            or self._stopped(track, first)
            or _first("recorder", track.lost_bit > _SLACK_BIT, track.lost_bit, first)
            or self._too_hot(track, first)
        )

    def _stopped(self, track: Track, first: int) -> Fault | None:
        """Activities at work in a mode that stops them, or while their payloads may be shed."""
        working = self.extra.working[first : first + track.mode.size]
        runs_in = self.problem.forecast.mode_table[:, 0][track.mode]
        stopped = ((working[:, 0] > 0) & (runs_in < 1)) | ((working[:, 1] > 0) & (runs_in < 2))
        shed = (working[:, 2] > 0) & (track.shed == 1)
        return _first("mode", stopped, track.mode, first) or _first("shedding", shed, track.charge, first)

    def _too_hot(self, track: Track, first: int) -> Fault | None:
        """Nodes with more heat than leaves them, where the plan changes the mode; elsewhere the room of cells tells."""
        part, forecast = slice(first, first + track.mode.size), self.problem.forecast
        changed = track.mode != self.problem.idle.mode[part]
        if not changed.any() or forecast.heater_w.size == 0:
            return None
        idle_w = idle_heat_w(forecast, self.problem.idle.mode[part])
        heat_w = idle_heat_w(forecast, track.mode) + self.extra.heat_w[part]
        over_w = (heat_w - np.maximum(forecast.heat_limit_w[part], idle_w)).max(axis=1)
        return _first("heat", changed & (over_w > _SLACK_W), over_w, first)

    def _late(self, track: Track, first: int, stop: int, more: Sequence[Work]) -> Fault | None:
        """Data that don't reach Earth in time, with a track that begins at a step."""
        if not self.extra.class_bit.shape[1]:
            return None
        deadlines = [work.deadline for work in more if work.deadline is not None]
        step = self._queue.missed_with(self._course.track.mode, track.mode, first, stop, deadlines)
        return Fault("delivery", step, 0.0) if step is not None else None


def _first(kind: FaultKind, wrong: BoolArray, values: FloatArray | IntArray, first: int) -> Fault | None:
    if not wrong.any():
        return None
    step = int(np.argmax(wrong))
    return Fault(kind, first + step, float(values[step]))
