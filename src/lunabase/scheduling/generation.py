"""Kernels that turn an order of tasks into a schedule: the serial generation scheme and double justification.

Kolisch 1996, doi 10.1016/0377-2217(95)00357-6; Valls, Ballestin and Quintanilla 2005,
doi 10.1016/j.ejor.2004.04.008. Tasks are numbered so that every one comes after its predecessors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


class Links(NamedTuple):
    """Predecessors of every task: those of task i at `first[i]:first[i + 1]` of `task`, with minimum lags."""

    first: IntArray
    task: IntArray
    lag: IntArray


class Shop(NamedTuple):
    """What the kernels need: durations (n,), demands (n, resources), capacities (resources,), links both ways.

    `back` is the same in reversed time: successors as predecessors. `longest` bounds every schedule's length.
    """

    durations: IntArray
    demands: IntArray
    capacities: IntArray
    ahead: Links
    back: Links
    longest: int


@njit(cache=True)  # type: ignore[untyped-decorator]
def place_in_order(order: IntArray, shop: Shop, links: Links, starts: IntArray, used: IntArray) -> int:
    """Start each task in turn as early as links and resources let it; return the makespan.

    Fills `starts` (n,); `used` (longest, resources) is room to work in. The order keeps the links.
    """
    used[:] = 0
    makespan = 0
    resources = shop.capacities.size
    for i in order:
        duration = shop.durations[i]
        start = 0
        for k in range(links.first[i], links.first[i + 1]):
            j = links.task[k]
            start = max(start, starts[j] + shop.durations[j] + links.lag[k])
        tick = start + duration - 1
        while tick >= start:
            fits = True
            for r in range(resources):
                if used[tick, r] + shop.demands[i, r] > shop.capacities[r]:
                    fits = False
                    break
            if fits:
                tick -= 1
            else:
                start = tick + 1
                tick = start + duration - 1
        for tick in range(start, start + duration):
            for r in range(resources):
                used[tick, r] += shop.demands[i, r]
        starts[i] = start
        makespan = max(makespan, start + duration)
    return makespan


@njit(cache=True)  # type: ignore[untyped-decorator]
def order_by(keys: IntArray, sign: int, order: IntArray) -> None:
    """Fill `order` with the tasks by their keys; ties by number, from the last if the sign is negative."""
    n = keys.size
    for k in range(n):
        i = k if sign > 0 else n - 1 - k
        p = k
        while p > 0 and sign * keys[order[p - 1]] > sign * keys[i]:
            order[p] = order[p - 1]
            p -= 1
        order[p] = i


@njit(cache=True)  # type: ignore[untyped-decorator]
def justify(shop: Shop, starts: IntArray, order: IntArray, used: IntArray, makespan: int) -> int:
    """Shift every task as late as it goes, latest first, then as early as it goes; never longer than before.

    Changes `starts`; leaves in `order` the tasks by their new starts.
    """
    late = np.empty_like(starts)
    order_by(starts + shop.durations, -1, order)
    makespan = place_in_order(order, shop, shop.back, late, used)
    order_by(makespan - late - shop.durations, 1, order)
    makespan = place_in_order(order, shop, shop.ahead, starts, used)
    order_by(starts, 1, order)
    return makespan
