"""What there is room for: power at host and bus, heat, energy for the dark to come, data beside coming contacts."""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.goals import Agenda, Goal, Way
from lunabase.onboard.outlook import LOOK_S, foresee, split_j
from lunabase.onboard.situation import Running, Situation

_PRIORITY_CHARGE = 0.004
"""Each step of priority below the highest leaves this part of the stores' capacity on top."""
_FILL, _PRIORITY_FILL = 0.55, 0.04
"""Part of the recorder that data may fill: this, and more with each step of priority."""
_RATION = 0.02
"""While contacts don't come, one activity takes at most this part of the room that is left for its data."""
SILENT_S = 21_600.0
"""When the forecast had a link for so long in all and nothing was sent, contacts to come are not counted on."""


class Room:
    """What the activities that run leave of energy, heat, power and data, hour by hour."""

    def __init__(self, agenda: Agenda, before: Room | None = None) -> None:
        self.agenda = agenda
        self.held_j: NDArray[np.float64] | None = before.held_j if before else None
        """Energy in each store, as far as the sum of all tells."""
        self.unheard_s: float = before.unheard_s if before else 0.0
        """For how long there should have been a link, and nothing was sent."""
        self.looked_s: float = before.looked_s if before else math.inf
        steps = agenda.outlook.surplus_w.size
        self.extra_w, self.extra_bit_per_s = np.zeros(steps), np.zeros(steps)
        self.node_w = np.zeros((agenda.outlook.node_room_w.shape[0], steps))
        self._no_link = np.zeros(steps)

    def note(self, now: Situation) -> None:
        """Take in what the stores hold and whether Earth is heard."""
        outlook = self.agenda.outlook
        if self.held_j is None or self.held_j.size != outlook.stores.shape[0]:
            self.held_j = outlook.stores[:, 0] * (now.stored_j / max(outlook.capacity_j, 1.0))
        self.held_j = split_j(outlook.stores, self.held_j, now.stored_j)
        self._listen(now)

    def _listen(self, now: Situation) -> None:
        """Whether the contacts of the forecast come."""
        outlook = self.agenda.outlook
        if now.sent_bit_per_s > 0.0 or now.fill_bit <= 0.0:
            self.unheard_s = 0.0
        elif outlook.link_bit_per_s[outlook.step_of(now.time_s + now.shift_s)] > 0.0:
            self.unheard_s += max(now.time_s - self.looked_s, 0.0)
        self.looked_s = now.time_s

    @property
    def _link_bit_per_s(self) -> NDArray[np.float64]:
        """What the contacts to come are counted on to carry, by step."""
        return self._no_link if self.unheard_s > SILENT_S else self.agenda.outlook.link_bit_per_s

    def take(self, run: Running, sign: float, from_s: float) -> None:
        """Enter what an activity takes of energy, data and heat into the outlook's steps, from a time on."""
        outlook, variant = self.agenda.outlook, run.way.variant
        steps = outlook.steps_between(from_s, run.hold_stop_s)
        self.extra_w[steps] += sign * variant.extra_w
        self.extra_bit_per_s[outlook.steps_between(from_s, run.stop_s)] += sign * variant.data_bit_per_s
        if variant.node >= 0:
            self.node_w[variant.node, steps] += sign * variant.extra_w

    def is_there(self, goal: Goal, way: Way, duration_s: float, running: Collection[Running], now: Situation) -> bool:
        """Room at host, bus and node, in the recorder, and energy for the dark to come."""
        outlook, variant = self.agenda.outlook, way.variant
        at_s = now.time_s + now.shift_s
        hold_stop_s = at_s + duration_s + goal.around_s
        steps = outlook.steps_between(at_s, hold_stop_s)
        room_w = self.agenda.host_room_w.get(variant.host)
        if room_w is not None:
            used_w = sum(run.way.variant.extra_w for run in running if run.way.variant.host == variant.host)
            if used_w + variant.extra_w > max(room_w, 0.0) + 1e-6:
                return False
        if variant.extra_w > 0.0 and (self.extra_w[steps] + variant.extra_w > outlook.peak_room_w[steps]).any():
            return False
        if variant.node >= 0:
            heat_w = self.node_w[variant.node, steps] + variant.extra_w
            if variant.extra_w > 0.0 and (heat_w > outlook.node_room_w[variant.node, steps]).any():
                return False
        return self._is_bearable(goal, way, hold_stop_s, now) and self._arrives(goal, way, at_s, duration_s, running)

    def _is_bearable(self, goal: Goal, way: Way, hold_stop_s: float, now: Situation) -> bool:
        """Stores and recorder bear it; what the station lacks by itself is not its fault."""
        variant, outlook = way.variant, self.agenda.outlook
        lowest_j, highest_bit = self._foreseen(now, variant.extra_w, variant.data_bit_per_s, hold_stop_s)
        if variant.data_bit_per_s > 0.0 and highest_bit > self._most_bit(goal, now, hold_stop_s) + 1.0:
            return False
        if outlook.stores.shape[0] == 0 or variant.extra_w <= 0.0:
            return True
        spare = _PRIORITY_CHARGE * (10 - goal.request.priority) * outlook.capacity_j
        keep_j = outlook.floor_j + spare
        return lowest_j >= keep_j or lowest_j >= self._foreseen(now, 0.0, 0.0, hold_stop_s)[0] - 1.0

    def _most_bit(self, goal: Goal, now: Situation, hold_stop_s: float) -> float:
        """Up to where an activity may fill the recorder; in silence it gets a small part of what is left."""
        most_bit = self.agenda.outlook.recorder_bit * (_FILL + _PRIORITY_FILL * goal.request.priority)
        if self.unheard_s > SILENT_S:
            others_bit = self._foreseen(now, 0.0, 0.0, hold_stop_s)[1]
            most_bit = others_bit + _RATION * max(most_bit - others_bit, 0.0)
        return max(most_bit, now.fill_bit)

    def _foreseen(self, now: Situation, more_w: float, bit_per_s: float, until_s: float) -> tuple[float, float]:
        outlook = self.agenda.outlook
        at_s = now.time_s + now.shift_s
        first, until = outlook.step_of(at_s), outlook.steps_between(at_s, until_s).stop
        into_s = min(max(at_s - outlook.start_s - first * outlook.step_s, 0.0), outlook.step_s - 1.0)
        last = min(max(until, first + int(LOOK_S / outlook.step_s)), outlook.surplus_w.size)
        assert self.held_j is not None  # `note` comes first
        return foresee(  # type: ignore[no-any-return]
            outlook.stores, self.held_j, outlook.surplus_w, self.extra_w, self._link_bit_per_s, self.extra_bit_per_s,
            now.fill_bit, outlook.step_s, into_s, first, last, more_w, bit_per_s, until,
        )  # fmt: skip

    def _arrives(self, goal: Goal, way: Way, at_s: float, duration_s: float, running: Collection[Running]) -> bool:
        """Whether the contacts carry its data to Earth in time, with all that is in the recorder and ahead of it."""
        within_s = goal.request.deliver_within_s
        made_bit = way.variant.data_bit_per_s * duration_s
        if within_s is None or made_bit <= 0.0:
            return True
        outlook, start_s = self.agenda.outlook, at_s + goal.request.setup_s
        steps = outlook.steps_between(start_s + duration_s, start_s + duration_s + within_s)
        ahead = [run for run in running if self.agenda.goals[run.way.goal].data_class >= goal.data_class]
        ahead_bit = sum(run.way.variant.data_bit_per_s * (run.stop_s - run.start_s) for run in ahead)
        ends_s = outlook.start_s + outlook.surplus_w.size * outlook.step_s
        sent_bit = float(self._link_bit_per_s[steps.start + 1 : steps.stop - 1].sum()) * outlook.step_s
        return start_s + duration_s + within_s <= ends_s and made_bit + ahead_bit <= sent_bit
