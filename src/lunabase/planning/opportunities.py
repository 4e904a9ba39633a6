"""When a request could run: its constraints against the environment, and the intervals in which all of them hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from lunabase.planning.horizon import BoolArray, FloatArray, Horizon, cells_that_hold, runs
from lunabase.station.constraints import VARIABLE_UNITS, Constraints, VariableRange
from lunabase.station.site import Phase

_LIT_FRACTION = 0.5


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on a series: what a constraint asks of it, and how it would be said."""

    what: str
    values: FloatArray
    """Shape (steps,)."""
    is_least: bool
    """The values must be above it; if not, below."""
    limit: float
    unit: str

    def holds_at(self, limit: float) -> BoolArray:
        """Steps (steps,) at which it would hold with another limit."""
        return np.asarray(self.values > limit if self.is_least else self.values < limit)


@dataclass(frozen=True, slots=True)
class Clause:
    """One constraint in the user's words, and where it holds."""

    words: str
    holds: BoolArray
    """Shape (steps,)."""
    shut_s: tuple[tuple[float, float], ...] = ()
    """Times, in seconds of the horizon, in which it doesn't hold either, whatever the steps say."""
    limit: Limit | None = None
    """The number behind it, if there is one."""


@dataclass(frozen=True, slots=True)
class Opportunity:
    """An interval, in seconds of the horizon, in which all constraints of a request hold."""

    request: str
    start_s: int
    stop_s: int
    because: tuple[str, ...]
    """The constraints that hold, in words."""

    @property
    def length_s(self) -> int:
        """Length, s."""
        return self.stop_s - self.start_s


def clauses(constraints: Constraints, environment: xr.Dataset, phase: Phase) -> tuple[Clause, ...]:
    """Every constraint that is given, with the steps at which it holds.

    lit: at least half of the Sun's disc at the reference height; dark: none of it. "above" and "below" are strict.
    An alternative (`any_of`) is one clause, and so is each exclusion (`none_of`).
    """
    steps = environment.sizes["time"]
    people = np.full(steps, phase.crew > 0)
    found = [*_light(constraints, environment), *_view(constraints, environment)]
    ground_k = environment["surface_temperature"].values
    if constraints.surface_temperature is not None:
        wanted = constraints.surface_temperature
        found += _between("the ground", ground_k, wanted.above_k, wanted.below_k, " K")
    if constraints.crew is not None:
        present = constraints.crew == "present"
        found.append(Clause("crew on the station" if present else "no crew", people if present else ~people))
    for limits in constraints.within:
        found += _inside(limits, environment)
    if constraints.any_of:
        sets = [together(clauses(item, environment, phase), steps) for item in constraints.any_of]
        found.append(Clause(" or ".join(item.words for item in sets), np.any([item.holds for item in sets], axis=0)))
    for item in constraints.none_of:
        shunned = together(clauses(item, environment, phase), steps)
        found.append(Clause(f"not {shunned.words}", ~shunned.holds))
    return tuple(found)


def together(held: tuple[Clause, ...], steps: int) -> Clause:
    """All of these as one; with none of them it always holds."""
    words = " and ".join(clause.words for clause in held)
    return Clause(f"({words})" if len(held) > 1 else words or "any time", all_hold(held, steps))


def all_hold(held: tuple[Clause, ...], steps: int) -> BoolArray:
    """Steps (steps,) at which all clauses hold."""
    answer = np.ones(steps, dtype=bool)
    for clause in held:
        answer &= clause.holds
    return answer


def _inside(limits: VariableRange, environment: xr.Dataset) -> Iterator[Clause]:
    """One clause for each side of a range; one for both where it runs through north or midnight."""
    values, low, high = environment[limits.variable].values, limits.above_limit, limits.below_limit
    unit = VARIABLE_UNITS[limits.variable]
    what, unit = limits.variable.replace("_", " "), f" {unit}" if unit else ""
    if low is not None and high is not None and low >= high:
        yield Clause(f"{what} above {low:g}{unit} or below {high:g}{unit}", (values > low) | (values < high))
    else:
        yield from _between(what, values, low, high, unit)


def _light(constraints: Constraints, environment: xr.Dataset) -> Iterator[Clause]:
    fraction = environment["sun_visible_fraction"].values
    if constraints.light == "lit":
        yield Clause("sunlight", fraction >= _LIT_FRACTION)
    if constraints.light == "dark":
        yield Clause("dark", fraction <= 0.0)
    if constraints.sun_elevation is not None:
        angle = constraints.sun_elevation
        height_deg = environment["sun_elevation"].values
        yield from _between("the Sun", height_deg, angle.above_deg, angle.below_deg, " deg")
    if constraints.sun_visible_fraction is not None:
        part = constraints.sun_visible_fraction
        yield from _between("the visible part of the Sun", fraction, part.above, part.below, "")


def _between(what: str, values: FloatArray, above: float | None, below: float | None, unit: str) -> Iterator[Clause]:
    if above is not None:
        yield Clause(f"{what} above {above:g}{unit}", values > above, limit=Limit(what, values, True, above, unit))
    if below is not None:
        yield Clause(f"{what} below {below:g}{unit}", values < below, limit=Limit(what, values, False, below, unit))


def _view(constraints: Constraints, environment: xr.Dataset) -> Iterator[Clause]:
    if constraints.earth is not None:
        seen = environment["earth_in_view"].values.astype(bool)
        yield Clause(f"Earth {constraints.earth}", seen if constraints.earth == "in view" else ~seen)
    if constraints.relay is not None:
        seen = ever(environment, "relay_in_view")
        yield Clause(f"a relay {constraints.relay}", seen if constraints.relay == "in view" else ~seen)
    if constraints.link is not None:
        yield Clause("a link to Earth", ever(environment, "contact") | ever(environment, "relay_contact"))


def ever(environment: xr.Dataset, variable: str) -> BoolArray:
    """Whether a boolean variable holds for any relay and Earth station, shape (steps,); False where there is none."""
    steps = environment.sizes["time"]
    if variable not in environment:
        return np.zeros(steps, dtype=bool)
    values = environment[variable].transpose(..., "time").values.astype(bool)
    return np.asarray(values.reshape(-1, steps).any(axis=0))


def open_cells(held: tuple[Clause, ...], horizon: Horizon) -> BoolArray:
    """Cells (cells,) in which all clauses hold."""
    cells = cells_that_hold(all_hold(held, horizon.steps), horizon)
    starts_s = np.arange(horizon.cells) * horizon.cell_s
    for start_s, stop_s in (span for clause in held for span in clause.shut_s):
        cells &= (starts_s + horizon.cell_s <= start_s) | (starts_s >= stop_s)
    return cells


def opportunities(request: str, held: tuple[Clause, ...], horizon: Horizon, hold_s: int) -> tuple[Opportunity, ...]:
    """Intervals of at least `hold_s` (setup, activity and teardown) in which all clauses hold."""
    words = tuple(clause.words for clause in held)
    spans = runs(open_cells(held, horizon)) * horizon.cell_s
    return tuple(Opportunity(request, int(start), int(stop), words) for start, stop in spans if stop - start >= hold_s)
