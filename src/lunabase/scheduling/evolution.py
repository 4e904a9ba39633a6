"""Kernels of a genetic search for the shortest schedule: orders of tasks are crossed, mutated and justified.

Hartmann 1998, doi 10.1002/(SICI)1520-6750(199810)45:7<733::AID-NAV5>3.0.CO;2-C; Valls, Ballestin and Quintanilla
2008, doi 10.1016/j.ejor.2006.12.033.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from lunabase.scheduling.generation import IntArray, Links, Shop, justify, place_in_order

_SWAP = 0.05


class Population(NamedTuple):
    """Members: orders by start (size, n), starts (size, n), makespans (size,)."""

    orders: IntArray
    starts: IntArray
    makespans: IntArray


@njit(cache=True)  # type: ignore[untyped-decorator]
def sample_order(latest: IntArray, links: Links, generator: np.random.Generator, order: IntArray) -> None:
    """Fill `order` by regret-biased random sampling: the sooner a task must end, the likelier it is next.

    Drexl 1991, doi 10.1287/mnsc.37.12.1590.
    """
    n = latest.size
    waiting = np.empty(n, np.int64)
    done = np.zeros(n, np.bool_)
    eligible = np.empty(n, np.int64)
    for place in range(n):
        count = 0
        worst = 0
        for i in range(n):
            if done[i]:
                continue
            waiting[i] = 0
            for k in range(links.first[i], links.first[i + 1]):
                waiting[i] += not done[links.task[k]]
            if waiting[i] == 0:
                eligible[count] = i
                worst = max(worst, latest[i])
                count += 1
        total = 0.0
        for k in range(count):
            total += (worst - latest[eligible[k]] + 1.0) ** 2
        left = generator.random() * total
        chosen = eligible[count - 1]
        for k in range(count):
            left -= (worst - latest[eligible[k]] + 1.0) ** 2
            if left <= 0.0:
                chosen = eligible[k]
                break
        order[place] = chosen
        done[chosen] = True


@njit(cache=True)  # type: ignore[untyped-decorator]
def found_population(population: Population, shop: Shop, latest: IntArray, generator: np.random.Generator) -> None:
    """Fill every member anew."""
    used = np.zeros((shop.longest, shop.capacities.size), np.int64)
    for member in range(population.makespans.size):
        order = population.orders[member]
        sample_order(latest, shop.ahead, generator, order)
        makespan = place_in_order(order, shop, shop.ahead, population.starts[member], used)
        population.makespans[member] = justify(shop, population.starts[member], order, used, makespan)


@njit(cache=True)  # type: ignore[untyped-decorator]
def cross(mother: IntArray, father: IntArray, first: int, last: int, child: IntArray) -> None:
    """Two-point crossover: the mother's order up to `first`, then in the father's order up to `last`, then hers."""
    taken = np.zeros(mother.size, np.bool_)
    for k in range(first):
        child[k] = mother[k]
        taken[mother[k]] = True
    place = first
    for i in father:
        if place >= last:
            break
        if not taken[i]:
            child[place] = i
            taken[i] = True
            place += 1
    for i in mother:
        if not taken[i]:
            child[place] = i
            place += 1


@njit(cache=True)  # type: ignore[untyped-decorator]
def mutate(order: IntArray, links: Links, generator: np.random.Generator) -> None:
    """Swap neighbours now and then where no link forbids it."""
    for k in range(order.size - 1):
        if generator.random() < _SWAP:
            second = order[k + 1]
            linked = False
            for place in range(links.first[second], links.first[second + 1]):
                linked |= links.task[place] == order[k]
            if not linked:
                order[k + 1] = order[k]
                order[k] = second


@njit(cache=True)  # type: ignore[untyped-decorator]
def fitter(makespans: IntArray, generator: np.random.Generator) -> int:
    """The shorter of two members drawn."""
    one = generator.integers(0, makespans.size)
    other = generator.integers(0, makespans.size)
    return int(one if makespans[one] <= makespans[other] else other)


@njit(cache=True)  # type: ignore[untyped-decorator]
def same(one: IntArray, other: IntArray) -> bool:
    """Whether two arrays are equal; most differ soon."""
    k = 0
    while k < one.size and one[k] == other[k]:
        k += 1
    return k == one.size


@njit(cache=True)  # type: ignore[untyped-decorator]
def settle(population: Population, order: IntArray, starts: IntArray, makespan: int) -> bool:
    """Put a child in the place of the longest member unless it is longer still or there already; whether it was put."""
    longest = 0
    for member in range(population.makespans.size):
        if population.makespans[member] == makespan and same(population.starts[member], starts):
            return False
        if population.makespans[member] > population.makespans[longest]:
            longest = member
    if makespan > population.makespans[longest]:
        return False
    population.orders[longest] = order
    population.starts[longest] = starts
    population.makespans[longest] = makespan
    return True


@njit(cache=True)  # type: ignore[untyped-decorator]
def evolve(population: Population, shop: Shop, generator: np.random.Generator, children: int, bound: int) -> int:
    """Breed so many children, or until one reaches the bound; return the number of those that were put."""
    n = shop.durations.size
    used = np.zeros((shop.longest, shop.capacities.size), np.int64)
    order = np.empty(n, np.int64)
    starts = np.empty(n, np.int64)
    settled = 0
    for _ in range(children):
        mother = fitter(population.makespans, generator)
        father = fitter(population.makespans, generator)
        first = generator.integers(0, n)
        last = min(n, first + generator.integers(n // 4, n // 4 + n // 2 + 1))
        cross(population.orders[mother], population.orders[father], first, last, order)
        mutate(order, shop.ahead, generator)
        makespan = place_in_order(order, shop, shop.ahead, starts, used)
        makespan = justify(shop, starts, order, used, makespan)
        settled += settle(population, order, starts, makespan)
        if makespan <= bound:
            break
    return settled
