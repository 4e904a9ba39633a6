"""What a plan is to achieve: the station file's goals in steps, the first step before all others.

Every goal is counted in points, of which a fully placed request of priority 1 is worth POINTS. Plans are compared step
by step; where one number is needed, as in the solver's model, a step counts a thousand times the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lunabase.planning.tasks import POINTS
from lunabase.station.goals import Goal

FAIRNESS_POINTS = 128 * POINTS
"""Worth of lifting the worst-served partner from nothing to all that it is entitled to: a priority-8 request."""
TOGETHER_POINTS = POINTS // 100
"""Worth of lifting all partners from nothing to all: it only decides between plans that are alike for the worst."""
_NEXT = 1000.0
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Earlier:
    """Where an activity was in the previous plan, in seconds of the horizon."""

    number: int
    hold_start_s: int
    duration_s: int
    variant: int


@dataclass(frozen=True, slots=True)
class Aims:
    """The steps, and what a new plan should stay like."""

    steps: tuple[Mapping[Goal, float], ...]
    earlier: Mapping[int, tuple[Earlier, ...]]
    """By task; empty without a previous plan."""

    def weight(self, goal: Goal) -> float:
        """Of a goal in one number; 1 for one of weight 1 in the first step that has value or fairness."""
        middle = next((k for k, step in enumerate(self.steps) if step.keys() & {"value", "fairness"}), 0)
        for k, step in enumerate(self.steps):
            if goal in step:
                return step[goal] * _NEXT ** (middle - k)
        return 0.0

    def asks_for(self, goal: Goal) -> bool:
        """Whether it is among the goals at all."""
        return any(goal in step for step in self.steps)

    def kept_points(self, task: int, ordered: bool, activity: Earlier) -> int:
        """How much an activity is like the previous plan: all at its old time and choice, else half, less farther off.

        Without an order the nearest of the old activities counts; a day off, or in another way, nothing is left.
        """
        best = 0.0
        for old in self.earlier.get(task, ()):
            if ordered and old.number != activity.number:
                continue
            distance = abs(old.hold_start_s - activity.hold_start_s) / _DAY_S
            same = old.hold_start_s == activity.hold_start_s and old.duration_s == activity.duration_s
            alike = 1.0 if same and old.variant == activity.variant else 0.5 * max(1.0 - distance, 0.0)
            best = max(best, alike)
        return int(POINTS * best)


def late_points(stop_s: int) -> int:
    """Points lost by an activity's stop: one priority-1 request per day from the beginning of the horizon."""
    return int(POINTS * stop_s / _DAY_S)


def fairness_points(served: Mapping[str, float]) -> int:
    """The worst-served partner's part first, then all together."""
    if not served:
        return FAIRNESS_POINTS
    return int(FAIRNESS_POINTS * min(served.values())) + int(TOGETHER_POINTS * sum(served.values()) / len(served))
