"""A toy to search: order cities so that the tour is short; cities on a circle, whose best tour is the circle itself."""

import math

import numpy as np

ROUND_WORK = 0.01


class Tour:
    """A closed tour over points on the unit circle, at first in a random order."""

    def __init__(self, cities: int, seed: int) -> None:
        angles = np.arange(cities) * 2 * math.pi / cities
        self.points = np.column_stack([np.cos(angles), np.sin(angles)])
        self.order = np.random.default_rng(seed).permutation(cities)
        self.shortest = 2 * cities * math.sin(math.pi / cities)

    def value(self) -> float:
        legs = self.points[self.order] - self.points[np.roll(self.order, 1)]
        return -round(float(np.hypot(*legs.T).sum()), 9)

    def copy(self) -> np.ndarray:
        return self.order.copy()

    def restore(self, state: np.ndarray) -> None:
        self.order = state.copy()


def reverse(tour: Tour, generator, effort) -> None:
    first, last = sorted(generator.integers(tour.order.size, size=2))
    tour.order[first:last] = tour.order[first:last][::-1].copy()
    effort.spend(ROUND_WORK)


def spoil(tour: Tour, generator, effort) -> None:
    generator.shuffle(tour.order)
    effort.spend(ROUND_WORK)
