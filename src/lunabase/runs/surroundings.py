"""The environment of a station over a span of time, from its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import xarray as xr

from lunabase.environment.dataset import environment
from lunabase.errors import InputError
from lunabase.sky.kernels import Kernels
from lunabase.station.load import StationFile
from lunabase.station.model import Station
from lunabase.station.places import ground_stations, observer, relay_orbits, site_horizon
from lunabase.terrain.mask import HorizonMask
from lunabase.times import TimeGrid, parse_utc

DAY_S = 86_400.0
MAX_STEPS = 6_000_000
"""Eleven years of minutes; more than that in one run is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a plan or a run covers."""

    grid: TimeGrid

    @classmethod
    def of(
        cls, file: StationFile, start: str | None, days: float, step_s: float, *, across_phases: bool = False
    ) -> Span:
        """From a start (the station's own when None) over ``days`` at ``step_s``. Raises InputError.

        Plans are made for one phase of the station's life; ``across_phases`` allows several.
        """
        if not 0.0 < days <= 36_525.0:
            raise InputError(f"--days {days:g} is out of range.", fix="Give a number of days above 0.")
        if not 1.0 <= step_s <= 3600.0 or step_s % 1.0:
            raise InputError(f"--step {step_s:g} is out of range.", fix="Give whole seconds from 1 to 3600.")
        count = round(days * DAY_S / step_s)
        if not 2 <= count <= MAX_STEPS:
            fix = "Take more or fewer days, or another --step."
            raise InputError(f"{days:g} days at {step_s:g} s are {count} steps.", where="--days", fix=fix)
        header = file.station.station
        begin = parse_utc(start) if start else parse_utc(header.start)
        if begin != begin.astype("datetime64[s]"):
            raise InputError(f"{start} has parts of a second.", where="--start", fix="Start at a whole second.")
        if not header.start <= _aware(begin) <= header.end:
            shown = f"{header.start:%Y-%m-%d} to {header.end:%Y-%m-%d}"
            raise InputError(
                f"{str(begin)[:19]} is outside the station's dates, {shown}.",
                where="--start",
                fix="Choose a date within.",
            )
        if not across_phases:
            _within_one_phase(file.station, _aware(begin), days)
        return cls(TimeGrid.from_utc(begin, count, step_s))


def _within_one_phase(station: Station, begin: datetime, days: float) -> None:
    """Raise InputError when another phase begins within the span: what is present would change under way."""
    for name, phase in station.phases.items():
        if begin < phase.start < begin + timedelta(days=days):
            until = (phase.start - begin).total_seconds() / DAY_S
            fix = f"Give --days {until:g} at most, or --start {phase.start:%Y-%m-%dT%H:%M:%SZ}."
            raise InputError(
                f"phase `{name}` begins on {phase.start:%Y-%m-%d}, within the span.", where="--days", fix=fix
            )


def _aware(moment: object) -> datetime:
    return datetime.fromisoformat(str(moment)[:19] + "+00:00")


def surroundings(
    file: StationFile, span: Span, kernels: Kernels, on_progress: Callable[[float], None] | None = None
) -> tuple[HorizonMask | None, xr.Dataset]:
    """The site's horizon and its environment over a span."""
    station = file.station
    horizon = site_horizon(station.site, file.path.parent)
    dataset = environment(
        observer(station.site),
        span.grid,
        horizon=horizon,
        earth_stations=ground_stations(station),
        relays=relay_orbits(station),
        kernels=kernels,
        progress=on_progress,
    )
    return horizon, dataset
