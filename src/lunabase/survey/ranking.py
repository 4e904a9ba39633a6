"""What a user asks of a place: conditions such as "light>0.75, longest_dark<5d", and the pixels that meet them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.survey.maps import find_map, kind_of

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

_CONDITION = re.compile(
    r"(?P<name>[A-Za-z_]\w*)\s*(?P<sign><=|>=|<|>)\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>%|[A-Za-z]*)",
    re.ASCII,
)
_COMPARE: Mapping[str, Callable[[Any, float], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_UNITS: Mapping[str, Mapping[str, float]] = {
    "1": {"": 1.0, "%": 0.01},
    "d": {"": 1.0, "d": 1.0, "h": 1.0 / 24.0},
    "degree": {"": 1.0, "deg": 1.0},
    "m": {"": 1.0, "m": 1.0, "km": 1000.0},
    "K": {"": 1.0, "K": 1.0},
}
"""What a unit written by the user is worth in a map's own unit."""
_EXAMPLE = 'Write conditions such as "light>0.75, longest_dark<5d, slope<10deg, earth>45%".'
OBJECTIVES = ("light", "longest_dark", "earth", "slope")
"""The maps between which the Pareto front seeks the best compromises, where the survey has them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a map's name as the user wrote it, a comparison, a number in the user's unit."""

    name: str
    sign: str
    number: float
    unit: str

    def __str__(self) -> str:
        return f"{self.name}{self.sign}{self.number!r}{self.unit}"


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """Read conditions separated by commas, semicolons or `and`. Raises InputError with the part that is wrong."""
    parts = [part.strip() for part in re.split(r"[,;]|\band\b", text)]
    if not any(parts):
        raise InputError("there is no condition.", where="--rank", fix=_EXAMPLE)
    return tuple(_condition(part) for part in parts if part)


def _condition(part: str) -> Condition:
    match = _CONDITION.fullmatch(part)
    if match is None:
        raise InputError(f"{part!r} is no condition.", where="--rank", fix=_EXAMPLE)
    number = float(match["number"])
    if not np.isfinite(number):
        raise InputError(f"{match['number']} is too large.", where="--rank", fix=_EXAMPLE)
    return Condition(match["name"], match["sign"], number, match["unit"])


def check_conditions(conditions: Sequence[Condition], maps: xr.Dataset) -> None:
    """Raise InputError for a name that is no map of the survey, or a unit that the map is not measured in."""
    for condition in conditions:
        _limit(condition, maps[find_map(maps, condition.name)])


def _limit(condition: Condition, values: xr.DataArray) -> float:
    """The condition's number in the map's own unit."""
    units = _UNITS[str(values.attrs["units"])]
    if condition.unit not in units:
        known = ", ".join(unit for unit in units if unit) or "no unit"
        problem = f"{condition.name} is not measured in {condition.unit!r}."
        raise InputError(problem, where=f"--rank {condition}", fix=f"Use {known}.")
    return condition.number * units[condition.unit]


def passing(maps: xr.Dataset, conditions: Sequence[Condition]) -> BoolArray:
    """Return where all conditions hold, (rows, columns); nowhere without data. Raises InputError as above."""
    result: BoolArray = np.ones((maps.sizes["y"], maps.sizes["x"]), dtype=bool)
    for condition in conditions:
        values = maps[find_map(maps, condition.name)]
        result &= _COMPARE[condition.sign](values.to_numpy(), _limit(condition, values))
    return result


def merit(maps: xr.Dataset, conditions: Sequence[Condition]) -> tuple[FloatArray, ...]:
    """Return what makes one pixel better than another, most important first, higher is better, (rows, columns) each.

    The user's conditions in their order, then light, darkness, Earth and slope.
    """
    wanted = [(find_map(maps, each.name), 1 if each.sign[0] == ">" else -1) for each in conditions]
    wanted += [item for item in objectives(maps) if item[0] not in [name for name, _ in wanted]]
    return tuple(better * maps[name].to_numpy().astype(np.float64) for name, better in wanted)


def objectives(maps: xr.Dataset) -> list[tuple[str, int]]:
    """Return (map, 1 if more is better else -1) of the front's objectives that the survey has."""
    found = []
    for name in OBJECTIVES:
        try:
            full = find_map(maps, name)
        except InputError:
            continue
        found.append((full, kind_of(maps[full]).better))
    return found


def pareto_front(values: FloatArray) -> BoolArray:
    """Return which of n points no other point dominates, (n,).

    values: (n, k), higher is better. A point dominates another if it is as good in everything and better in
    something. Points with a NaN are not on the front and dominate nobody; equal points are on it together.
    """
    result = np.zeros(len(values), dtype=bool)
    finite = np.flatnonzero(np.all(np.isfinite(values), axis=1))
    if finite.size == 0:
        return result
    points = np.ascontiguousarray(values[finite])
    span = np.maximum(points.max(axis=0) - points.min(axis=0), 1e-300)
    # Best sum first: who comes later dominates no one before. Rounding keeps that order but for ties, which the
    # points themselves decide.
    total = ((points - points.min(axis=0)) / span).sum(axis=1)
    order = np.lexsort((*(-points.T), -total))
    result[finite[order[_undominated(points[order])]]] = True
    return result


@njit(cache=True)  # type: ignore[untyped-decorator]
def _undominated(points: FloatArray) -> BoolArray:
    """Whether none of the points before it dominates a point; one that does is tried first on the next."""
    count, size = points.shape
    best = np.zeros(count, dtype=np.bool_)
    front = np.empty(count, dtype=np.int64)
    found = 0
    for i in range(count):
        covered, equal = False, False
        for place in range(found):
            j = front[place]
            covered, equal = True, True
            for k in range(size):
                covered = covered and points[j, k] >= points[i, k]
                equal = equal and points[j, k] == points[i, k]
                if not covered:
                    break
            if covered:
                front[place], front[place // 2] = front[place // 2], front[place]
                break
        best[i] = not covered or equal
        if not covered:
            front[found] = i
            found += 1
    return best
