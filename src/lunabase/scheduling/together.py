"""The same search in several processes: equal slices of work from one state, the best of which is the next state."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lunabase.scheduling.effort import Effort
from lunabase.scheduling.search import Found, Neighbourhood, Roulette, S, Search

_given: _Given


@dataclass(frozen=True, slots=True)
class _Given:
    """What every process knows from its start."""

    solution: Any
    neighbourhoods: Sequence[Neighbourhood[Any]]
    search: Search


@dataclass(frozen=True, slots=True)
class _Task:
    """One slice: whence, with which chances, how much work and time, and how far the whole search is."""

    state: Any
    weights: NDArray[np.float64]
    work: float
    seconds: float
    fraction: float


@dataclass(frozen=True, slots=True)
class _Slice:
    """What came out of one slice."""

    state: Any
    found: Found
    weights: NDArray[np.float64]
    work: float


def search_together(
    search: Search,
    solution: S,
    neighbourhoods: Sequence[Neighbourhood[S]],
    effort: Effort,
    seed: int,
    *,
    processes: int,
    slice_work: float,
) -> Found:
    """Search in place in so many processes, each for `slice_work` (deterministic seconds) at a time.

    Solution, neighbourhoods and search are pickled once, states at every slice. All processes begin a slice at the
    best state so far, with seeds of their own. For given processes, seed and work limit the end is the same; the work
    of a slice counts once, as its processes run side by side. New processes import the caller's main module, so
    a script needs its `if __name__ == "__main__"`.
    """
    given = _Given(solution, neighbourhoods, search)
    roulette = Roulette.even(len(neighbourhoods))
    best, rounds, in_vain, number = solution.value(), 0, 0, 0
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(given,)) as pool:
        while not effort.over and best < search.bound and not _enough(search, in_vain):
            state = solution.copy()
            work = min(slice_work, effort.work_left)
            seeds = [*range(seed + number, seed + number + processes)]
            number += processes
            task = _Task(state, roulette.weights, work, effort.seconds_left, effort.fraction)
            with _unheard():
                tasks = [pool.submit(_explore, task, seed) for seed in seeds]
            slices = [task.result() for task in tasks]
            leader = max(slices, key=lambda item: item.found.value)
            made = sum(item.found.rounds for item in slices)
            rounds, in_vain = rounds + made, 0 if leader.found.value > best else in_vain + made
            roulette.weights = np.mean([item.weights for item in slices], axis=0)
            solution.restore(leader.state)
            best = leader.found.value
            effort.spend(max(item.work for item in slices))
            effort.tell(best, search.shown_bound, **search.measures(solution))
    return Found(best, search.bound, rounds, search.reason(best, effort))


def _enough(search: Search, in_vain: int) -> bool:
    return search.most_in_vain is not None and in_vain >= search.most_in_vain


@contextmanager
def _unheard() -> Iterator[None]:
    """Let Ctrl-C wait while processes are begun, which inherit that they don't hear it; it reaches all of a group."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(given: _Given) -> None:
    """Keep what was given; Ctrl-C is the first process's matter."""
    global _given
    _given = given
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _explore(task: _Task, seed: int) -> _Slice:
    def accept(candidate: float, present: float, best: float, fraction: float) -> bool:
        return _given.search.accept(candidate, present, best, task.fraction)

    solution, roulette = _given.solution, Roulette(task.weights.copy())
    solution.restore(task.state)
    effort = Effort(task.work, time.monotonic() + task.seconds)
    search = replace(_given.search, accept=accept, most_in_vain=None)
    found = search.run(solution, _given.neighbourhoods, effort, seed, roulette)
    return _Slice(solution.copy(), found, roulette.weights, effort.work_done)
