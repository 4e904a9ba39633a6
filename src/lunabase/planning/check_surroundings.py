"""The checker's view of the surroundings: every constraint at every epoch that a hold touches, and keep-outs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.planning.check_case import Case, Violation
from lunabase.planning.plan import Activity
from lunabase.station.constraints import ROUND, Constraints, VariableRange
from lunabase.station.rules import KeepOut
from lunabase.station.science import Each

BoolArray = NDArray[np.bool_]


def surroundings(case: Case) -> Iterator[Violation]:
    """Every constraint of an activity's request."""
    for request_id, own in case.by_request.items():
        held = list(conditions(case, case.requests[request_id].constraints)) if own else []
        for item in own:
            for name, holds in held:
                wrong = np.flatnonzero(~holds[case.touched(item)])
                if wrong.size:
                    when = case.moment(case.touched(item).start + int(wrong[0]))
                    yield Violation(name, (item.id,), when, f"{item.id} needs its {name} constraint, which fails")


def keep_outs(case: Case) -> Iterator[Violation]:
    """What must not run while something holds."""
    for rule in case.station.flight_rules.values():
        if not isinstance(rule, KeepOut):
            continue
        holds = all_hold(case, rule.when)
        for item in case.known:
            meant = item.activity_type in rule.activity_types or case.gives_off(item) & set(rule.disturbances)
            wrong = np.flatnonzero(holds[case.touched(item)])
            if meant and wrong.size:
                when = case.moment(case.touched(item).start + int(wrong[0]))
                yield Violation("keep-out", (item.id,), when, f"{item.id} runs while it must not: {rule.text}")


def mode_of(case: Case, item: Activity) -> str:
    """The power mode that an activity must have where it stands: that of the first other mode's `when` that holds."""
    for other in case.kind(item).mode_when:
        if all_hold(case, other.when)[case.touched(item)].any():
            return other.mode
    return case.kind(item).mode


def intervals_of(case: Case, each: Each) -> list[tuple[datetime, datetime]]:
    """First and last moment of every interval that counts, in order of time.

    The time between two epochs belongs to an interval if it holds at both; that after the last epoch if it holds
    there.
    """
    holds = all_hold(case, each.interval)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], holds.astype(np.int8), [0]))))
    found = []
    for first, stop in edges.reshape(-1, 2).tolist():
        last = stop if stop == holds.size else stop - 1
        if last > first and (last - first) * case.step_s >= each.shortest_s:
            found.append((case.moment(first), case.moment(last)))
    return found


def all_hold(case: Case, wanted: Constraints) -> BoolArray:
    """Epochs (epochs,) at which constraints hold together."""
    together = np.ones(case.environment.sizes["time"], dtype=bool)
    for _, holds in conditions(case, wanted):
        together &= holds
    return together


def conditions(case: Case, wanted: Constraints) -> Iterator[tuple[str, BoolArray]]:
    """Name of every constraint that is given, and the epochs (epochs,) at which it holds."""
    yield from _light(wanted, case.environment)
    yield from _views(wanted, case.environment)
    if wanted.surface_temperature is not None:
        limits = wanted.surface_temperature
        ground_k = case.environment["surface_temperature"].values
        yield "surface temperature", _within(ground_k, limits.above_k, limits.below_k)
    if wanted.crew is not None:
        crewed = case.phase.crew > 0
        yield "crew", np.full(case.environment.sizes["time"], crewed == (wanted.crew == "present"))
    for limited in wanted.within:
        yield limited.variable.replace("_", " "), _in_range(case.environment, limited)
    if wanted.any_of:
        yield "any of", np.any([all_hold(case, item) for item in wanted.any_of], axis=0)
    for item in wanted.none_of:
        yield "none of", ~all_hold(case, item)


def _light(wanted: Constraints, given: xr.Dataset) -> Iterator[tuple[str, BoolArray]]:
    light = given["sun_visible_fraction"].values
    if wanted.light is not None:
        yield "light", light >= 0.5 if wanted.light == "lit" else light <= 0.0
    if wanted.sun_elevation is not None:
        limits = wanted.sun_elevation
        yield "sun elevation", _within(given["sun_elevation"].values, limits.above_deg, limits.below_deg)
    if wanted.sun_visible_fraction is not None:
        limit = wanted.sun_visible_fraction
        yield "sun visible fraction", _within(light, limit.above, limit.below)


def _views(wanted: Constraints, given: xr.Dataset) -> Iterator[tuple[str, BoolArray]]:
    if wanted.earth is not None:
        yield "earth", (given["earth_in_view"].values > 0) == (wanted.earth == "in view")
    if wanted.relay is not None:
        yield "relay", _anywhere(given, "relay_in_view") == (wanted.relay == "in view")
    if wanted.link is not None:
        yield "link", _anywhere(given, "contact") | _anywhere(given, "relay_contact")


def _in_range(given: xr.Dataset, item: VariableRange) -> BoolArray:
    """Inside a range, which may run through north or midnight."""
    values, above, below = given[item.variable].values, item.above_limit, item.below_limit
    if item.variable in ROUND and above is not None and below is not None and above > below:
        return np.asarray((values > above) | (values < below))
    return _within(values, above, below)


def _within(values: NDArray[Any], above: float | None, below: float | None) -> BoolArray:
    inside = np.ones(values.shape, dtype=bool)
    if above is not None:
        inside &= values > above
    if below is not None:
        inside &= values < below
    return inside


def _anywhere(given: xr.Dataset, variable: str) -> BoolArray:
    if variable not in given:
        return np.zeros(given.sizes["time"], dtype=bool)
    other = [dimension for dimension in given[variable].dims if dimension != "time"]
    return np.asarray(given[variable].astype(bool).any(dim=other).values)
