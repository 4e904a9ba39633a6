"""A flight cut into legs, one for each phase of the station's life, and these into pieces that fit memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import xarray as xr

from lunabase.station.model import Station
from lunabase.times import TimeGrid
from lunabase.twin.inputs import Inputs, inputs_of

DAY_S = 86_400.0
PIECE_S = 30.0 * DAY_S


@dataclass(frozen=True, slots=True)
class Span:
    """The steps of a leg, ``first`` to ``last`` (exclusive), and the phase that holds in it."""

    phase: str
    first: int
    last: int

    def pieces(self, step_s: float) -> Iterator[tuple[int, int]]:
        """First step and number of steps of every piece."""
        length = max(int(PIECE_S // step_s), 1)
        for first in range(self.first, self.last, length):
            yield first, min(length, self.last - first)


def spans_of(station: Station, start: datetime, steps: int, step_s: float) -> Iterator[Span]:
    """One span for each phase within a flight; a phase begins with the first step at or after its start."""
    begins = {
        max(math.ceil((phase.start - start).total_seconds() / step_s), 0): name
        for name, phase in sorted(station.phases.items(), key=lambda item: item[1].start)
    }
    edges = sorted(begin for begin in begins if begin < steps)
    if not edges or edges[0] > 0:
        begins[0] = station.phase_at(start)[0]
        edges.insert(0, 0)
    for first, last in zip(edges, [*edges[1:], steps], strict=True):
        yield Span(begins[first], first, last)


def part_of(environment: xr.Dataset, times: TimeGrid) -> xr.Dataset:
    """The epochs of an environment from the last before a time grid to the first after it."""
    known, wanted = environment["time"].values, times.utc
    first = int(np.searchsorted(known, wanted[0], side="right")) - 1
    last = int(np.searchsorted(known, wanted[-1], side="left")) + 1
    first = max(min(first, known.size - 2), 0)  # two epochs at least: they tell how long one lasts
    return environment.isel(time=slice(first, max(last, first + 2)))


def inputs_between(
    station: Station,
    span: Span,
    environment: xr.Dataset,
    times: TimeGrid,
    first: int,
    count: int,
    contact_from_s: float = 0.0,
) -> Inputs:
    """Inputs of ``count`` steps from step ``first`` of a flight; without contacts before a time of the flight."""
    part = times.part(first, count)
    present = station.phases[span.phase].present
    inputs = inputs_of(station, present, part_of(environment, part), part)
    silent = min(max(math.ceil(contact_from_s / times.step_s) - first, 0), count)
    inputs.rows["direct"][:silent] = 0
    inputs.rows["relay_bit_per_s"][:silent] = 0.0
    return replace(inputs, start_s=first * times.step_s)
