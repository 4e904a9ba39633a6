"""Who of the crew is free for an activity: nobody does two things at once, or more in a UTC day than allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.goals import Agenda, Goal, Way
from lunabase.onboard.situation import Running
from lunabase.planning.crew_time import Need

_DAY_S = 86_400.0


class Hands:
    """The people of a phase and what they have worked."""

    def __init__(self, agenda: Agenda, before: Hands | None = None) -> None:
        self.agenda = agenda
        same = before is not None and before.agenda.people == agenda.people
        self.worked_s: NDArray[np.float64] = before.worked_s if same and before else np.zeros((len(agenda.people), 0))
        """By person and UTC day since the flight's first."""

    def for_work(
        self, way: Way, goal: Goal, duration_s: float, running: Collection[Running], time_s: float
    ) -> tuple[int, ...] | None:
        """Who works on it; None if nobody can."""
        if not way.variant.needs:
            return ()
        busy = {person for run in running for person in run.people}
        days = list(self._days(time_s, time_s + duration_s + goal.around_s))
        self._room_for_day(days[-1][0])
        crew = self.agenda.station.crew
        most_s = crew.daily_work_s if crew is not None else 0.0
        kept = self._reserved(time_s, time_s + duration_s + goal.around_s)
        free = np.array(
            [
                person not in busy | kept and all(self.worked_s[person, day] + work_s <= most_s for day, work_s in days)
                for person in range(len(self.agenda.people))
            ]
        )
        return fits_people(way.variant.needs, free)

    def book(self, run: Running) -> None:
        """Enter the working time of an activity."""
        for day, work_s in self._days(run.hold_start_s, run.hold_stop_s) if run.people else ():
            self.worked_s[list(run.people), day] += work_s

    def _reserved(self, start_s: float, stop_s: float) -> set[int]:
        """People who are kept for something else at some time of a hold."""
        start, stop = (self.agenda.start + timedelta(seconds=time_s) for time_s in (start_s, stop_s))
        items = self.agenda.station.reservations.values()
        names = {name for item in items if item.start < stop and item.stop > start for name in item.of}
        return {place for place, name in enumerate(self.agenda.people) if name in names}

    def _days(self, start_s: float, stop_s: float) -> Iterator[tuple[int, float]]:
        """UTC days since the flight's first that a time touches, and its seconds in each."""
        first = self.agenda.start
        since_s = first.hour * 3600.0 + first.minute * 60.0 + first.second
        for day in range(int((start_s + since_s) // _DAY_S), int(-((stop_s + since_s) // -_DAY_S))):
            yield day, min(stop_s + since_s, (day + 1) * _DAY_S) - max(start_s + since_s, day * _DAY_S)

    def _room_for_day(self, day: int) -> None:
        if self.worked_s.shape[1] <= day:
            wider = np.zeros((len(self.agenda.people), day + 31))
            wider[: self.worked_s.shape[0], : self.worked_s.shape[1]] = self.worked_s
            self.worked_s = wider


def fits_people(needs: tuple[Need, ...], free: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """People who meet all needs together, the least sought-after first; None if there are none."""
    taken: list[int] = []
    for need in sorted(needs, key=lambda item: len(item.who)):
        found = [person for person in sorted(need.who) if free[person] and person not in taken][: need.people]
        if len(found) < need.people:
            return None
        taken += found
    return tuple(taken)
