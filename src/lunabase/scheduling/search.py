"""Adaptive large neighbourhood search over anything that has a value and can be copied and restored.

Ropke and Pisinger 2006, doi 10.1287/trsc.1050.0135; record-to-record travel: Dueck 1993, doi 10.1006/jcph.1993.1010.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from lunabase.scheduling.effort import Effort

_DECAY = 0.9
_LEAST_WEIGHT = 0.05
_NEW_BEST, _BETTER, _ACCEPTED, _IN_VAIN = 1.0, 0.5, 0.2, 0.0


class Solution(Protocol):
    """What is searched. The state that `copy` gives is a snapshot that later changes don't touch."""

    def value(self) -> float:
        """Worth of the present state; greater is better (of something to be least, the negative)."""

    def copy(self) -> Any:
        """A snapshot of the present state."""

    def restore(self, state: Any) -> None:
        """Go back to a snapshot, which stays valid."""


Reason = Literal["bound", "effort", "stagnation"]
S = TypeVar("S", bound=Solution)
Neighbourhood = Callable[[S, np.random.Generator, Effort], None]
"""Changes the solution in place, as it likes; draws from the generator alone; counts its work with `effort.spend`."""

Acceptance = Callable[[float, float, float, float], bool]
"""Whether to go on from a candidate: its value, the present one, the best so far, the effort's spent fraction."""


def better(candidate: float, present: float, best: float, fraction: float) -> bool:
    """Only upwards."""
    return candidate > present


def not_worse(candidate: float, present: float, best: float, fraction: float) -> bool:
    """Upwards and sideways."""
    return candidate >= present


@dataclass(frozen=True, slots=True)
class RecordToRecord:
    """Not worse than now, or less than a threshold below the best; it falls linearly from `start` to 0."""

    start: float

    def __call__(self, candidate: float, present: float, best: float, fraction: float) -> bool:
        """Accept or not."""
        return candidate >= present or candidate > best - self.start * (1.0 - fraction)


@dataclass(frozen=True, slots=True)
class Found:
    """How a search ended: best value, bound, rounds made, and why it stopped."""

    value: float
    bound: float
    rounds: int
    reason: Reason


@dataclass(slots=True)
class Roulette:
    """Chances of the neighbourhoods, (n,): those that lately led to something are drawn more often."""

    weights: NDArray[np.float64]

    @classmethod
    def even(cls, n: int) -> Roulette:
        """The same chance for each."""
        return cls(np.ones(n))

    def draw(self, generator: np.random.Generator) -> int:
        """One of them; nothing is drawn where there is no choice."""
        if self.weights.size == 1:
            return 0
        return int(generator.choice(self.weights.size, p=self.weights / self.weights.sum()))

    def reward(self, drawn: int, score: float) -> None:
        """Let the score of one round (0 to 1) into the weight."""
        self.weights[drawn] = max(_DECAY * self.weights[drawn] + (1.0 - _DECAY) * score, _LEAST_WEIGHT)


def no_measures(solution: Solution) -> dict[str, float]:
    """Nothing but the value is shown."""
    return {}


@dataclass(frozen=True, slots=True)
class Search:
    """How to search: acceptance, the bound that ends it, how many rounds in vain end it, measures to show."""

    accept: Acceptance = not_worse
    bound: float = math.inf
    most_in_vain: int | None = None
    measures: Callable[[Any], dict[str, float]] = no_measures

    def run(
        self,
        solution: S,
        neighbourhoods: Sequence[Neighbourhood[S]],
        effort: Effort,
        seed: int,
        roulette: Roulette | None = None,
    ) -> Found:
        """Search in place; leaves the solution at the best state met.

        Ends at the effort's end (always after a whole round), at the bound, or after `most_in_vain` rounds without
        a new best. The same solution, seed and work limit give the same end. Neighbourhoods must spend work, or the
        search ends only by time, bound or stagnation. The chances in `roulette` are learnt in place.
        """
        generator = np.random.default_rng(seed)
        roulette = roulette or Roulette.even(len(neighbourhoods))
        present_state = best_state = solution.copy()
        present = best = solution.value()
        rounds = in_vain = 0
        effort.tell(best, self.shown_bound, **self.measures(solution))
        while not effort.over and best < self.bound and in_vain != self.most_in_vain:
            drawn = roulette.draw(generator)
            neighbourhoods[drawn](solution, generator, effort)
            value = solution.value()
            rounds, in_vain = rounds + 1, in_vain + 1
            roulette.reward(drawn, _score(value, present, best))
            if value > best or self.accept(value, present, best, effort.fraction):
                present_state, present = solution.copy(), value
            else:
                solution.restore(present_state)
            if value > best:
                best_state, best, in_vain = present_state, value, 0
                effort.tell(best, self.shown_bound, **self.measures(solution))
        solution.restore(best_state)
        return Found(best, self.bound, rounds, self.reason(best, effort))

    def reason(self, best: float, effort: Effort) -> Reason:
        """Why a search ended."""
        if best >= self.bound:
            return "bound"
        return "effort" if effort.over else "stagnation"

    @property
    def shown_bound(self) -> float | None:
        """The bound, if there is one."""
        return self.bound if math.isfinite(self.bound) else None


def _score(value: float, present: float, best: float) -> float:
    """What a round was worth to its neighbourhood."""
    if value > best:
        return _NEW_BEST
    if value > present:
        return _BETTER
    return _ACCEPTED if value == present else _IN_VAIN
