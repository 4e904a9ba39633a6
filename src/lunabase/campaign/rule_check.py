"""Whether a flight kept the station's flight rules, judged by the truth and not by what was known on board.

A rule that was broken without an alarm is the worst that autonomy can do: nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from lunabase.environment.intervals import true_runs
from lunabase.planning.opportunities import all_hold, clauses
from lunabase.record.run_record import Product
from lunabase.runs.fly import Flight
from lunabase.station.model import Station
from lunabase.station.rules import Exclusion, FlightRule, KeepOut, MaximumPower, MinimumCharge

Stretch = tuple[float, float]
"""Start and stop, s since the flight's start."""
NOTICE_S = 600.0
"""An alarm may come this long after a rule was broken: filters take some readings."""
SLACK = 1e-9
"""Relative; below it a limit is kept."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A stretch of time in which a rule was broken."""

    rule: str
    start_s: float
    stop_s: float
    told: bool
    """An alarm was raised for it."""


def broken_rules(station: Station, flight: Flight, environment: xr.Dataset) -> tuple[Broken, ...]:
    """Every stretch in which a flight rule was broken in truth."""
    return tuple(
        Broken(name, *stretch, _told(rule, flight, stretch))
        for name, rule in station.flight_rules.items()
        for stretch in _stretches(rule, station, flight, environment)
    )


def _stretches(rule: FlightRule, station: Station, flight: Flight, environment: xr.Dataset) -> Iterator[Stretch]:
    table = flight.telemetry
    if isinstance(rule, MinimumCharge):
        yield from _while(table["state_of_charge"].to_numpy() < rule.minimum * (1.0 - SLACK), table, flight)
    elif isinstance(rule, MaximumPower):
        yield from _while(table["load_w"].to_numpy() > rule.maximum_w * (1.0 + SLACK), table, flight)
    elif isinstance(rule, Exclusion):
        yield from _overlaps(station, flight, rule)
    else:
        yield from _kept_in(station, flight, rule, environment)


def _while(flags: npt.NDArray[np.bool_], table: pd.DataFrame, flight: Flight) -> Iterator[Stretch]:
    times_s = _seconds(table["time"].to_numpy(), flight)
    for first, past in true_runs(flags):
        yield float(times_s[first]), float(times_s[past - 1])


def _overlaps(station: Station, flight: Flight, rule: Exclusion) -> Iterator[Stretch]:
    waiting = [item for item in flight.products if _type_of(station, item) == rule.never]
    running = [item for item in flight.products if _type_of(station, item) == rule.during]
    for one in waiting:
        for other in running:
            start, stop = max(one.start, other.start), min(one.stop, other.stop)
            if start < stop:
                yield _since_s(flight, start), _since_s(flight, stop)


def _kept_in(station: Station, flight: Flight, rule: KeepOut, environment: xr.Dataset) -> Iterator[Stretch]:
    kept_out = [item for item in flight.products if _is_kept_out(station, item, rule)]
    if not kept_out:
        return
    holds = all_hold(clauses(rule.when, environment, station.phases[flight.plan.phase]), environment.sizes["time"])
    times_s = _seconds(environment["time"].values, flight)
    for first, past in true_runs(holds):
        for product in kept_out:
            start_s = max(_since_s(flight, product.start), float(times_s[first]))
            stop_s = min(_since_s(flight, product.stop), float(times_s[past - 1]))
            if start_s < stop_s:
                yield start_s, stop_s


def _is_kept_out(station: Station, product: Product, rule: KeepOut) -> bool:
    kind = _type_of(station, product)
    given_off = {*station.payloads[product.payload].disturbs}
    if kind in station.activity_types:
        given_off |= {*station.activity_types[kind].disturbs}
    return kind in rule.activity_types or bool(given_off & {*rule.disturbances})


def _type_of(station: Station, product: Product) -> str:
    """The activity type of a product's activity, which is named `experiment/request#number`."""
    experiment, _, request = product.activity.partition("#")[0].partition("/")
    found = station.experiments[experiment].requests.get(request) if experiment in station.experiments else None
    return found.activity if found is not None else ""


def _told(rule: FlightRule, flight: Flight, stretch: Stretch) -> bool:
    """Whether an alarm about this rule was up at any time from the break to shortly after it."""
    up: set[str] = set()
    for event in flight.events:
        time_s = _since_s(flight, event.time)
        if time_s > stretch[1] + NOTICE_S:
            break
        if up and time_s >= stretch[0]:
            return True
        if event.name.startswith("flight_rule") and rule.text in event.text:
            if event.name.endswith("_over"):
                up.discard(event.name.removesuffix("_over"))
            else:
                up.add(event.name)
    return bool(up)


def _since_s(flight: Flight, moment: datetime) -> float:
    return (moment - flight.plan.start).total_seconds()


def _seconds(times: npt.NDArray[np.datetime64], flight: Flight) -> npt.NDArray[np.float64]:
    start = np.datetime64(flight.plan.start.replace(tzinfo=None), "ns")
    return np.asarray((times.astype("datetime64[ns]") - start).astype(np.int64) * 1e-9)
