"""The checker's view of the station under a plan: energy, heat, modes and data, replayed step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from lunabase.planning.check_case import SECOND, Case, Violation, most_at_once
from lunabase.planning.replay import Replay
from lunabase.planning.replay_steps import Course, Work
from lunabase.station.rules import MaximumPower, MinimumCharge

FloatArray = NDArray[np.float64]
_SLACK_W = 1e-3


def station(case: Case) -> Iterator[Violation]:
    """What the station's energy, heat and data have to say: the first violation of each rule."""
    replay = Replay(case.plan, case.station, case.environment)
    (idle, rest), (course, work) = replay.run(()), replay.run(case.known)
    yield from _idle_charge(case, idle)
    yield from _stores(case, replay, idle, course)
    yield from _heat(case, replay, replay.node_heat_w(idle, rest), replay.node_heat_w(course, work))
    yield from _modes(case, replay, course)
    yield from _peaks(case, replay, course)
    yield from _deliveries(case, replay, course, work)


def _floor(case: Case) -> float:
    rules = case.station.flight_rules.values()
    return max((rule.minimum for rule in rules if isinstance(rule, MinimumCharge)), default=-1.0)


def _idle_charge(case: Case, idle: Course) -> Iterator[Violation]:
    """A charge rule that the station breaks by itself: no plan is to blame, but someone has to say so."""
    lowest = int(np.argmin(idle.charge))
    if idle.charge[lowest] < _floor(case) - 1e-6:
        when = case.moment(lowest + 1)
        charge = f"{math.floor(1000 * idle.charge[lowest]) / 10:.1f} % on {when.day} {when:%b %H:%M}"
        text = f"with nothing planned the stores already fall to {charge}, below the rule's {100 * _floor(case):g} %"
        yield Violation("charge rule, idle station", (), when, text)


def _stores(case: Case, replay: Replay, idle: Course, course: Course) -> Iterator[Violation]:
    """Charge, bus and recorder; what the idle station itself lacks is not the plan's fault."""
    for k in _first(course.charge < np.minimum(_floor(case), idle.charge) - 1e-6):
        yield _at(case, replay, k, "minimum charge", f"the stores fall to {100 * course.charge[k]:.1f} %")
    for k in _first(course.unserved_w > idle.unserved_w + 1.0):
        yield _at(case, replay, k, "bus power", f"the bus lacks {course.unserved_w[k]:.0f} W")
    for k in _first(course.overflow_bit > 2.0):
        yield _at(case, replay, k, "recorder", f"{course.overflow_bit[k]:.3g} bit find no room in the recorder")


def _heat(case: Case, replay: Replay, idle_w: FloatArray, heat_w: FloatArray) -> Iterator[Violation]:
    """No node gets more heat than can leave it at its upper operating temperature."""
    for column, name in enumerate(replay.nodes):
        room_w = np.maximum(replay.heat_room_w[:, column], idle_w[:, column])
        for k in _first(heat_w[:, column] > room_w + _SLACK_W):
            text = f"{name} gets {heat_w[k, column]:.1f} W and can give off {room_w[k]:.1f} W"
            yield _at(case, replay, k, "heat", text)


def _first(wrong: NDArray[np.bool_]) -> list[int]:
    """The first step at which something is wrong, if there is one."""
    return [int(np.argmax(wrong))] if wrong.any() else []


def _at(case: Case, replay: Replay, step: int, rule: str, text: str) -> Violation:
    """A violation in a step, with the activities that go on in it."""
    start_s, stop_s = step * replay.step_s, (step + 1) * replay.step_s
    ids = tuple(
        item.id
        for item in case.known
        if case.plan.seconds(item.hold_start) < stop_s and case.plan.seconds(item.hold_stop) > start_s
    )
    return Violation(rule, ids, case.moment(step), text)


def _modes(case: Case, replay: Replay, course: Course) -> Iterator[Violation]:
    """No activity in a mode that stops it, or while its payload may be shed: the first of each."""
    runs = np.array([("none", "continuous", "all").index(spec.activities) for spec in replay.specs])[course.mode]
    order = set(case.station.load_shedding.order)
    found: dict[str, Violation] = {}
    for item in case.known:
        steps = slice(*replay.steps_of(case.plan.seconds(item.hold_start), case.plan.seconds(item.hold_stop)))
        least = 1 if case.payload(item).continuous else 2
        for k in _first(runs[steps] < least):
            step = steps.start + k
            text = f"{item.id} is planned in {replay.modes[course.mode[step]]} mode, which stops it"
            _keep_earlier(found, Violation("mode", (item.id,), case.moment(step), text))
        for k in _first(course.shedding[steps]) if {item.payload, case.payload(item).host} & order else ():
            step = steps.start + k
            text = f"{item.id} may be shed at a charge of {100 * course.charge[step]:.1f} %"
            _keep_earlier(found, Violation("shedding", (item.id,), case.moment(step), text))
    yield from found.values()


def _keep_earlier(found: dict[str, Violation], new: Violation) -> None:
    if new.rule not in found or new.time < found[new.rule].time:
        found[new.rule] = new


def _peaks(case: Case, replay: Replay, course: Course) -> Iterator[Violation]:
    """The loads at the busiest instant of every step against the maximum-power rules."""
    rules = [rule for rule in case.station.flight_rules.values() if isinstance(rule, MaximumPower)]
    limit_w = min((rule.maximum_w for rule in rules), default=math.inf)
    if math.isinf(limit_w):
        return
    busiest_w = np.where(
        replay.rules.standby[course.mode], _busiest_w(case, replay, True), _busiest_w(case, replay, False)
    )
    load_w = replay.peak_w(course) + busiest_w
    for k in _first(load_w > limit_w + _SLACK_W):
        rule = next(rule for rule in rules if rule.maximum_w == limit_w)
        yield _at(case, replay, k, "maximum power", f"the loads reach {load_w[k]:.0f} W: {rule.text}")


def _busiest_w(case: Case, replay: Replay, standby: bool) -> FloatArray:
    """Highest power (steps,) of working payloads and reservations together, at an instant at which a payload works.

    `standby`: the working payloads' standby power, which they don't draw meanwhile, is taken off. Minus infinity where
    nothing that draws power works.
    """
    seconds, own, working, reserved = case.plan.seconds, [], [], []
    for item in case.known:
        start_s, stop_s = seconds(item.hold_start), seconds(item.hold_stop)
        own.append((start_s, stop_s, item.power_w - (case.payload(item).standby_w if standby else 0.0)))
        working.append((start_s, stop_s, 1.0 if item.power_w > 0.0 else 0.0))
        reserved.append((start_s, stop_s, 0.0))
    for kept in case.station.reservations.values():
        start_s, stop_s = max(seconds(kept.start), 0.0), min(seconds(kept.stop), case.length_s)
        if start_s < stop_s:
            for spans, amount in ((own, kept.power_w), (working, 0.0)):
                spans.append((start_s, stop_s, amount))
    highest = np.full(replay.seconds.size, -np.inf)
    for (start_s, stop_s, total_w), (_, _, busy) in zip(most_at_once(own), most_at_once(working), strict=True):
        if busy > 0.5:
            steps = slice(*replay.steps_of(start_s, stop_s))
            highest[steps] = np.maximum(highest[steps], total_w)
    return highest


def _deliveries(case: Case, replay: Replay, course: Course, work: Work) -> Iterator[Violation]:
    """The last bit of each activity's data has reached Earth in time; a class sends what was made first."""
    made, sent = np.cumsum(work.made_bit, axis=0), np.cumsum(course.sent_bit, axis=0)
    for item in case.known:
        within_s, column = case.requests[item.request].deliver_within_s, replay.sent_as(item)
        if within_s is None or item.data_bit <= 0.0:
            continue
        stop_s = case.plan.seconds(item.stop)
        last = max(replay.steps_of(stop_s - SECOND, stop_s)[1] - 1, 0)
        wanted_bit = made[last, column]
        step = int(np.searchsorted(sent[:, column], wanted_bit - 1.0))
        if step < sent.shape[0]:
            late_s = _arrival_s(replay, course, step, column, wanted_bit, sent) - stop_s - within_s
            text = f"the data of {item.id} reach Earth {(late_s + within_s) / 3600:.2f} h after it"
        else:
            late_s = case.length_s - stop_s - within_s
            text = f"the data of {item.id} have not reached Earth by the end of the plan"
        if late_s > SECOND:
            text += f", not within {within_s / 3600:g} h"
            yield Violation("delivery", (item.id,), item.stop + timedelta(seconds=within_s), text)


def _arrival_s(replay: Replay, course: Course, step: int, column: int, wanted_bit: float, sent: FloatArray) -> float:
    """When the wanted amount of a class has been sent in a step, at the link's rate, classes before it first."""
    before_bit = sent[step, column] - course.sent_bit[step, column]
    first_bit = course.sent_bit[step, :column].sum() + max(wanted_bit - before_bit, 0.0)
    return float(replay.step_s * (step + first_bit / replay.given.link_bit[step]))
