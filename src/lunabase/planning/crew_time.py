"""People at work: who is free, who is qualified, and how much each has done on each UTC day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

import numpy as np

from lunabase.planning.horizon import BoolArray, Horizon, IntArray
from lunabase.station.model import Station
from lunabase.station.resources import CrewMember, CrewNeed
from lunabase.station.site import Phase

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Need:
    """So many people of those who are fit for it."""

    people: int
    who: frozenset[int]


def members_of(station: Station, phase: Phase) -> dict[str, CrewMember]:
    """The people of a phase, by their names in the file."""
    if station.crew is None:
        return {}
    return dict(list(station.crew.members.items())[: phase.crew])


def needs_of(wanted: Sequence[CrewNeed], members: Iterable[CrewMember]) -> tuple[Need, ...]:
    """The needs of an activity type, with the places of the people who are fit."""
    people = list(members)
    return tuple(
        Need(
            item.people,
            frozenset(k for k, person in enumerate(people) if item.qualification in (None, *person.qualifications)),
        )
        for item in wanted
    )


def groups_of(needs: tuple[Need, ...]) -> list[tuple[int, frozenset[int]]]:
    """For each group of needs: people together, and who may meet any of them. Enough for each is enough (Hall)."""
    return [
        (sum(need.people for need in group), frozenset().union(*(need.who for need in group)))
        for size in range(1, len(needs) + 1)
        for group in combinations(needs, size)
    ]


class CrewTime:
    """What the people of a phase do; nobody does two things at once, or more in a UTC day than the limit."""

    def __init__(self, station: Station, phase: Phase, horizon: Horizon) -> None:
        self.members = members_of(station, phase)
        self.names = tuple(self.members)
        self.horizon = horizon
        self.daily_s = int(station.crew.daily_work_s) if station.crew is not None else 0
        midnight = horizon.start.replace(hour=0, minute=0, second=0, microsecond=0)
        self._since_midnight_s = int((horizon.start - midnight) / timedelta(seconds=1))
        days = (self._since_midnight_s + horizon.length_s) // _DAY_S + 1
        self.busy = np.zeros((len(self.members), horizon.cells), dtype=np.int32)
        """Activities and reservations (members, cells)."""
        self.worked_s = np.zeros((len(self.members), days), dtype=np.int64)
        for item in station.reservations.values():
            start_s = int((item.start - horizon.start).total_seconds() // horizon.cell_s)
            stop_s = int(-((item.stop - horizon.start).total_seconds() // -horizon.cell_s))
            for name in set(item.of) & set(self.members):
                self.busy[self.names.index(name), max(start_s, 0) : max(stop_s, 0)] += 1

    def change(self, crew: tuple[str, ...], start_s: int, stop_s: int, sign: int) -> None:
        """Add (+1) or remove (-1) the work of people."""
        cells = slice(start_s // self.horizon.cell_s, -(-stop_s // self.horizon.cell_s))
        for name in crew:
            person = self.names.index(name)
            self.busy[person, cells] += sign
            for day, seconds in self.per_day(start_s, stop_s):
                self.worked_s[person, day] += sign * seconds

    def per_day(self, start_s: int, stop_s: int) -> list[tuple[int, int]]:
        """Days that a time touches, and its seconds in each."""
        first, last = start_s + self._since_midnight_s, stop_s + self._since_midnight_s
        days = range(first // _DAY_S, -(-last // _DAY_S))
        return [(day, min(last, (day + 1) * _DAY_S) - max(first, day * _DAY_S)) for day in days]

    def free(self, starts_s: IntArray, hold_s: int) -> BoolArray:
        """Who (members,) is free for holds that begin at these times (n,): shape (members, n)."""
        cell_s = self.horizon.cell_s
        counts = np.zeros((len(self.members), self.horizon.cells + 1), dtype=np.int64)
        np.cumsum(self.busy > 0, axis=1, out=counts[:, 1:])
        stops = np.minimum(-(-(starts_s + hold_s) // cell_s), self.horizon.cells)
        answer = counts[:, stops] == counts[:, starts_s // cell_s]
        first = starts_s + self._since_midnight_s
        for later in range(hold_s // _DAY_S + 2):
            day = first // _DAY_S + later
            part = np.minimum(first + hold_s, (day + 1) * _DAY_S) - np.maximum(first, day * _DAY_S)
            done = self.worked_s[:, np.minimum(day, self.worked_s.shape[1] - 1)]
            answer &= (part <= 0) | (done + part <= self.daily_s)
        return np.asarray(answer)

    def enough(self, needs: tuple[Need, ...], starts_s: IntArray, hold_s: int) -> BoolArray:
        """At which starts (n,) there are different people for all needs."""
        free = self.free(starts_s, hold_s)
        answer = np.ones(starts_s.shape, dtype=bool)
        for people, who in groups_of(needs):
            answer &= free[sorted(who)].sum(axis=0) >= people
        return answer

    def assigned(self, needs: tuple[Need, ...], start_s: int, stop_s: int) -> tuple[str, ...] | None:
        """People for all needs, in their order: those fit for least, then those who have done least; None: too few."""
        free = self.free(np.array([start_s]), stop_s - start_s)[:, 0]
        day = (start_s + self._since_midnight_s) // _DAY_S
        people = list(self.members.values())
        order = sorted(
            np.flatnonzero(free).tolist(), key=lambda k: (len(people[k].qualifications), self.worked_s[k, day], k)
        )
        slots = [need.who for need in needs for _ in range(need.people)]
        taken: dict[int, int] = {}
        for slot in range(len(slots)):
            if not _augment(slot, slots, order, taken, set()):
                return None
        return tuple(self.names[k] for k, _ in sorted(taken.items(), key=lambda item: item[1]))


def _augment(slot: int, slots: list[frozenset[int]], order: list[int], taken: dict[int, int], seen: set[int]) -> bool:
    """Find a person for a slot, moving others to other slots if need be."""
    for person in order:
        if person in slots[slot] and person not in seen:
            seen.add(person)
            if person not in taken or _augment(taken[person], slots, order, taken, seen):
                taken[person] = slot
                return True
    return False
