"""Solving the symmetric equations of a thermal network: the order of elimination is found once, zeros are never met.

Stations are made of groups of a few nodes, so almost all of a matrix is zero. Nodes are eliminated in the order of
least degree (George and Liu 1989, doi 10.1137/1031001); for chains and trees nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lunabase.compiled import within_step

IntArray = npt.NDArray[np.int64]


class Elimination(NamedTuple):
    """Which numbers of a symmetric matrix there are, and in which order its rows are eliminated.

    Only rows that change others have a stage here.
    """

    pivot: IntArray
    """Row that is eliminated at each stage, shape (stages,)."""
    begin: IntArray
    """First entry of each stage, and the number of entries: shape (stages + 1,)."""
    row: IntArray
    """The other row of each entry, eliminated later, shape (entries,)."""
    target: IntArray
    """For each pair of entries of a stage, the entry that they change, in the order in which they are met."""


def elimination(rows: int, pairs: Collection[tuple[int, int]]) -> tuple[Elimination, dict[frozenset[int], int]]:
    """The order for a matrix with these pairs of coupled rows, and the place of each pair among the entries."""
    neighbours: list[set[int]] = [set() for _ in range(rows)]
    for one, other in pairs:
        neighbours[one].add(other)
        neighbours[other].add(one)
    left, pivots, stages = set(range(rows)), [], []
    while left:
        pivot = min(left, key=lambda row: (len(neighbours[row]), row))
        left.discard(pivot)
        later = sorted(neighbours[pivot])
        for row in later:  # those that it joined now touch each other
            neighbours[row] |= set(later) - {row}
            neighbours[row].discard(pivot)
        if later:
            pivots.append(pivot)
            stages.append(later)
    places: dict[frozenset[int], int] = {}
    for pivot, later in zip(pivots, stages, strict=True):
        for row in later:
            places[frozenset((pivot, row))] = len(places)
    target = [
        places[frozenset((one, other))]
        for later in stages
        for index, one in enumerate(later)
        for other in later[index + 1 :]
    ]
    order = Elimination(
        pivot=np.array(pivots, dtype=np.int64),
        begin=np.cumsum([0, *(len(later) for later in stages)], dtype=np.int64),
        row=np.array([row for later in stages for row in later], dtype=np.int64),
        target=np.array(target, dtype=np.int64),
    )
    return order, places


@within_step
def factor(order, diagonal, lower, inverse):  # type: ignore[no-untyped-def]
    """L D L^T in place: ``diagonal`` (rows,) becomes D, ``lower`` (entries,) L, ``inverse`` (rows,) 1 / D.

    The matrix must be diagonally dominant, so that no pivoting is needed.
    """
    target = 0
    for stage in range(order.pivot.size):
        pivot = diagonal[order.pivot[stage]]
        last = order.begin[stage + 1]
        for entry in range(order.begin[stage], last):
            multiplier = lower[entry] / pivot
            diagonal[order.row[entry]] -= multiplier * lower[entry]
            for other in range(entry + 1, last):
                lower[order.target[target]] -= multiplier * lower[other]
                target += 1
            lower[entry] = multiplier
    for row in range(diagonal.size):
        inverse[row] = 1.0 / diagonal[row]


@within_step
def solve(order, inverse, lower, vector):  # type: ignore[no-untyped-def]
    """Solve for one right side, in place, with what `factor` left."""
    for stage in range(order.pivot.size):
        value = vector[order.pivot[stage]]
        for entry in range(order.begin[stage], order.begin[stage + 1]):
            vector[order.row[entry]] -= lower[entry] * value
    for row in range(vector.size):
        vector[row] *= inverse[row]
    for stage in range(order.pivot.size - 1, -1, -1):
        value = vector[order.pivot[stage]]
        for entry in range(order.begin[stage], order.begin[stage + 1]):
            value -= lower[entry] * vector[order.row[entry]]
        vector[order.pivot[stage]] = value
