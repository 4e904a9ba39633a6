"""Consumables: what activities use up, against what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lunabase.planning.tasks import Task
from lunabase.station.model import Station

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Stock:
    """A consumable that some task uses."""

    name: str
    amount_kg: float
    each_kg: Mapping[int, float]
    """What one activity uses up, by task."""

    def left_kg(self, placed: Callable[[int], int]) -> float:
        """What is left with so many activities placed of each task."""
        return self.amount_kg - sum(kg * placed(task) for task, kg in self.each_kg.items())

    def lasts(self, task: int, placed: Callable[[int], int]) -> bool:
        """Whether it suffices for one more activity of a task."""
        return self.left_kg(placed) >= self.each_kg.get(task, 0.0) - _SLACK * self.amount_kg


def stocks_of(station: Station, tasks: tuple[Task, ...]) -> tuple[Stock, ...]:
    """All consumables that any task uses."""
    uses = [station.activity_types[task.request.activity].consumes for task in tasks]
    found = []
    for name, item in station.consumables.items():
        each_kg = {k: kinds[name] for k, kinds in enumerate(uses) if name in kinds}
        if each_kg:
            found.append(Stock(name, item.amount_kg, each_kg))
    return tuple(found)
