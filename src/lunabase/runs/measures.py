"""A flight in plain numbers: survival, margins, availability, science, alarms; one row of a campaign's table."""

from __future__ import annotations

import xarray as xr

from lunabase.planning.horizon import runs
from lunabase.planning.opportunities import all_hold, clauses
from lunabase.record.run_record import Ledger, Measures, Product
from lunabase.runs.logbook import Logbook
from lunabase.station.model import Station
from lunabase.station.science import Request

MONTH_S = 29.53 * 86_400.0
"""The horizon for which requests say how much they want: a plan's month. A longer flight wants it every month."""
_RECOVERED = ("mode_left", "load_restored", "recovered")


def measures(station: Station, environment: xr.Dataset, log: Logbook, data: Ledger) -> Measures:
    """What a flight comes to."""
    tally = log.tally
    flown_s = tally.steps * tally.step_s
    return Measures(
        lowest_charge=tally.lowest_charge,
        lowest_charge_at=tally.moment(tally.lowest_charge_s),
        worst_night_margin_wh=tally.worst_margin_wh,
        worst_night_at=tally.moment(tally.worst_margin_s),
        availability={
            "power": tally.part(tally.served),
            "heat": tally.part(tally.within_limits),
            "data": tally.part(tally.recording),
            "science": tally.part(tally.science),
        },
        modes={name: tally.part(steps) for name, steps in tally.modes.items()},
        activities_completed=sum(product.completed for product in log.products),
        activities_cut=sum(not product.completed for product in log.products),
        science_weight=science_weight(station, environment, log.products, flown_s),
        delivered_bit=sum(data.used.values()),
        alarms=sum(event.severity in ("medium", "high") for event in log.events),
        recoveries=sum(event.name.startswith(_RECOVERED) for event in log.events),
        spares_used=sum(event.name == "spare_used" for event in log.events),
    )


def science_weight(station: Station, environment: xr.Dataset, products: list[Product], flown_s: float) -> float:
    """Requests done, weighed as the planner does: 1 for a month's request of priority 1, twice that for each step more.

    Of requests for a total time every stretch counts, of others every completed activity; nothing beyond the wanted.
    """
    done: dict[str, float] = {}
    requests = {request_id: request for request_id, _, request in station.requests()}
    for product in products:
        request = requests.get(product.activity.partition("#")[0])
        if request is None:
            continue
        name = product.activity.partition("#")[0]
        lasted_s = (product.stop - product.start).total_seconds()
        done[name] = done.get(name, 0.0) + (lasted_s if request.total_s is not None else float(product.completed))
    months = max(flown_s / MONTH_S, 1.0)
    weight = 0.0
    for name, amount in done.items():
        wanted = _wanted(requests[name], station, environment, flown_s, months)
        weight += 2.0 ** (requests[name].priority - 1) * min(amount / wanted, 1.0) * months
    return weight


def _wanted(request: Request, station: Station, environment: xr.Dataset, flown_s: float, months: float) -> float:
    """How many activities, or how many seconds, a request wants of a flight."""
    if request.total_s is not None:
        return request.total_s * months
    if request.count is not None:
        return request.count * months
    if request.every is not None:
        return max(flown_s // request.every.period_s, 1.0)
    assert request.each is not None  # the station file has exactly one of the four
    phase = next(iter(station.phases.values()))
    holds = all_hold(clauses(request.each.interval, environment, phase), environment.sizes["time"])
    return float(max(len(runs(holds)), 1))
