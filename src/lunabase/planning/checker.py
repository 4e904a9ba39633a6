"""The independent plan checker: replays a plan against station file and environment and lists every violation.

It shares no code with the solver: what the solver knows, it finds out again from the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import xarray as xr

from lunabase.planning.check_case import Case, Violation
from lunabase.planning.check_crew import people, working_hours
from lunabase.planning.check_holds import consumables, host_power, overlaps, presence, reservations, travel
from lunabase.planning.check_levels import levels
from lunabase.planning.check_requests import amounts, each_interval, lengths, orders, requests, rhythms, spans
from lunabase.planning.check_station import station as station_under_plan
from lunabase.planning.check_surroundings import keep_outs, surroundings
from lunabase.planning.claims import claims
from lunabase.planning.plan import Plan
from lunabase.station.model import Station

__all__ = ["Violation", "check_plan"]

_CHECKS: tuple[Callable[[Case], Iterator[Violation]], ...] = (
    spans,
    requests,
    lengths,
    amounts,
    claims,
    each_interval,
    rhythms,
    orders,
    presence,
    overlaps,
    travel,
    people,
    working_hours,
    reservations,
    consumables,
    surroundings,
    keep_outs,
    host_power,
    levels,
)


def check_plan(
    plan: Plan, station: Station, environment: xr.Dataset, *, within: Plan | None = None
) -> tuple[Violation, ...]:
    """All violations of a plan, in order of rule and time; none for a good plan.

    `environment` covers the plan's span (regular epochs on `time`, UTC). A constraint must hold at every epoch from the
    last one before an activity's hold to the first one after it; energy, heat and data are replayed step by step.
    `within` is the coarser plan that this one refines.
    """
    case = Case(plan, station, environment, within)
    found = [violation for check in _CHECKS for violation in check(case)]
    # Activities that are not what the file knows have no place in a replay.
    if not any(violation.rule in ("request", "horizon", "presence") for violation in found):
        found += station_under_plan(case)
    return tuple(found)
