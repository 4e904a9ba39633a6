"""A week of the SatNet benchmark: read, solved, checked by the independent checker, told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lunabase.contacts.check_tracks import Verdict, check_tracks
from lunabase.contacts.fairness import Weights
from lunabase.contacts.request import Demand
from lunabase.contacts.satnet import maintenance_rows, read_demand, read_weeks, track_rows
from lunabase.contacts.solve import Shared, share_antennas
from lunabase.errors import InputError
from lunabase.scheduling.effort import Effort

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Week:
    """What is asked for: as the files say it, and as the solver takes it."""

    week: str
    records: list[Any]
    closures: list[dict[str, Any]]
    demand: Demand


@dataclass(frozen=True, slots=True)
class Solved:
    """A schedule of a week and its measures by the independent checker."""

    given: Week
    shared: Shared
    rows: list[dict[str, int | str]]
    verdict: Verdict

    @property
    def requests(self) -> int:
        """How many there are."""
        return len(self.given.demand.requests)

    @property
    def asked_hours(self) -> float:
        """Of all requests."""
        return sum(self.given.demand.requested_s) / 3600

    def missions(self) -> list[dict[str, str | float]]:
        """Hours and open part of each mission, the worst first."""
        asked = dict(zip(self.given.demand.missions, self.given.demand.requested_s, strict=True))
        return [
            {"mission": name, "asked_h": asked[name] / 3600, "given_h": asked[name] / 3600 * (1.0 - u), "u": u}
            for name, u in sorted(self.verdict.u.items(), key=lambda item: -item[1])
        ]

    def facts(self) -> dict[str, Any]:
        """All measures."""
        return {
            "week": self.given.week,
            "u_rms": self.verdict.u_rms,
            "u_max": self.verdict.u_max,
            "hours": self.verdict.hours,
            "antenna_hours": self.verdict.antenna_hours,
            "satisfied": self.verdict.satisfied,
            "requests": self.requests,
            "cost": self.shared.cost,
            "least_cost": self.shared.least_cost,
            "rounds": self.shared.rounds,
            "work": self.shared.work,
            "missions": self.missions(),
        }


def read_week(problems: Path, week: str | None, maintenance: Path | None) -> Week:
    """Read the files. Raises InputError for what is wrong in them, or when no week is given."""
    weeks = read_weeks(problems)
    if week is None or week not in weeks:
        known = ", ".join(sorted(weeks)) or "none"
        problem = "no week is given." if week is None else f"there is no week {week!r}."
        raise InputError(problem, where=str(problems), fix=f"Give --week; weeks in this file: {known}.")
    closures = maintenance_rows(maintenance) if maintenance else []
    demand = read_demand(weeks[week], closures, f"{problems}: {week}")
    return Week(week, weeks[week], closures, demand)


def solve_week(given: Week, weights: Weights, effort: Effort, *, seed: int = 0, processes: int = PROCESSES) -> Solved:
    """Solve a week and check the tracks."""
    shared = share_antennas(given.demand, weights, effort, seed=seed, processes=processes)
    rows = track_rows(given.demand, shared.tracks)
    return Solved(given, shared, rows, check_tracks(rows, given.records, given.closures))
