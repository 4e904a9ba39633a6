"""Where moving things stand: the times between their holds must be enough for the way from place to place."""

from __future__ import annotations

import math
from bisect import bisect_left, insort

import numpy as np

from lunabase.planning.horizon import BoolArray, Horizon
from lunabase.planning.variants import Variant
from lunabase.station.model import Station

_Hold = tuple[int, int, str]
"""Start and stop, s, and the place, empty if the thing stays where it is."""


class Travel:
    """The holds of every moving resource in order of time."""

    def __init__(self, station: Station, horizon: Horizon) -> None:
        self.station = station
        self.horizon = horizon
        self._holds: dict[str, list[_Hold]] = {
            name: [] for name, item in station.resources.items() if item.starts_at is not None
        }
        self._times_s: dict[tuple[str, str, str], int] = {}
        self._unsure: set[str] = set()

    def change(self, variant: Variant, start_s: int, stop_s: int, sign: int) -> None:
        """Add (+1) or remove (-1) a hold of everything that moves in a variant."""
        for mover in variant.movers:
            holds, hold = self._holds[mover], (start_s, stop_s, variant.place)
            if sign > 0:
                insort(holds, hold)
            else:
                del holds[bisect_left(holds, hold)]
            self._unsure.add(mover)

    def time_s(self, mover: str, start: str, stop: str) -> int:
        """Time from place to place along the straight line, whole seconds, rounded up."""
        key = (mover, start, stop)
        if key not in self._times_s:
            one, other = self.station.places[start], self.station.places[stop]
            way_m = math.hypot(one.east_m - other.east_m, one.north_m - other.north_m)
            speed = self.station.resources[mover].travel_speed_m_per_s
            self._times_s[key] = math.ceil(way_m / speed) if speed else 0
        return self._times_s[key]

    def open_cells(self, variant: Variant) -> BoolArray:
        """Cells (cells,) from which and to which there is time to travel, given the other holds."""
        open_ = np.ones(self.horizon.cells, dtype=bool)
        cell_s = self.horizon.cell_s
        for mover in variant.movers:
            reachable = np.zeros(self.horizon.cells, dtype=bool)
            for first_s, last_s in self._gaps(mover, variant.place):
                reachable[-(-first_s // cell_s) : max(last_s // cell_s, 0)] = True
            open_ &= reachable
        return open_

    def _gaps(self, mover: str, place: str) -> list[tuple[int, int]]:
        """Earliest start and latest stop, s, between each hold and the next, for a hold at a place."""
        holds = self._holds[mover]
        onward = self._onward(holds)
        here, free_from_s = str(self.station.resources[mover].starts_at), 0
        gaps = []
        for k in range(len(holds) + 1):
            first_s = free_from_s + (self.time_s(mover, here, place) if place else 0)
            last_s = holds[k][0] if k < len(holds) else self.horizon.length_s
            ahead = onward[k]
            if ahead is not None:
                room_s, goal = ahead
                way_s = self.time_s(mover, place or here, goal)
                if k < len(holds) and holds[k][2]:
                    last_s -= way_s
                elif way_s > room_s:
                    last_s = 0
            gaps.append((first_s, last_s))
            if k < len(holds):
                free_from_s, here = holds[k][1], holds[k][2] or here
        return gaps

    def _onward(self, holds: list[_Hold]) -> list[tuple[int, str] | None]:
        """Before each hold, and after the last: how long the way to the next place may take, and that place."""
        ahead: list[tuple[int, str] | None] = [None] * (len(holds) + 1)
        for k in range(len(holds) - 1, -1, -1):
            start_s, _, place = holds[k]
            ahead[k] = (start_s - (holds[k - 1][1] if k else 0), place) if place else ahead[k + 1]
        return ahead

    def late(self) -> int | None:
        """Start, s, of the first hold that a moving thing can't reach in time; None if there is none."""
        for mover in sorted(self._unsure):
            here, free_from_s = str(self.station.resources[mover].starts_at), 0
            for start_s, stop_s, place in self._holds[mover]:
                if start_s - free_from_s < (self.time_s(mover, here, place) if place else 0):
                    return start_s
                here, free_from_s = place or here, stop_s
            self._unsure.discard(mover)
        return None
