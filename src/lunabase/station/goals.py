"""What a plan is to achieve, in order: the aims of the planner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from annotated_types import Interval
from pydantic import Field, Strict

from lunabase.station.record import Record, Rule

Goal = Literal["committed", "value", "fairness", "stability", "early_finish"]
Weight = Annotated[float, Strict(), Interval(ge=0.001, le=1000.0)]

DEFAULT_OBJECTIVES: tuple[Mapping[Goal, float], ...] = (
    {"committed": 1.0},
    {"value": 1.0, "fairness": 1.0},
    {"stability": 1.0},
    {"early_finish": 1.0},
)


def _named_twice(goals: PlanningGoals) -> str:
    names = [goal for step in goals.objectives for goal in step]
    return next((goal for goal in names if names.count(goal) > 1), "")


class PlanningGoals(Record):
    """What the planner aims at once the flight rules hold."""

    objectives: tuple[Mapping[Goal, Weight], ...] = Field(default=DEFAULT_OBJECTIVES)
    """Goals, the most important first; those of one entry are weighed against each other by their weights."""

    rules = (
        Rule(("objectives",), _named_twice, "it names `{}` twice", "objectives"),
        Rule(("objectives",), lambda goals: not goals.objectives, "it needs at least one", "objectives"),
        Rule(("objectives",), lambda goals: {} in goals.objectives, "one of its entries names no goal", "objectives"),
    )
