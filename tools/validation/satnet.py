"""Antennas shared among missions: the SatNet weeks beside the published results; writes docs/validation/satnet.md.

python -m tools.validation.satnet [--minutes 9.5]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tools.validation.page import REPOSITORY, Check, Page

from lunabase.contacts.benchmark import Solved, read_week, solve_week
from lunabase.contacts.fairness import Weights
from lunabase.scheduling.effort import Effort

DELTA_MILP = "Delta-MILP (Claudet et al. 2022, arXiv 2111.11628)"
LEARNT = "reinforcement learning (Goh et al. 2021, doi 10.1109/AERO50100.2021.9438519)"


@dataclass(frozen=True, slots=True)
class Published:
    """What others found for a week, and what is asked of us; None where nothing is told."""

    milp: tuple[float, float, float, int, str]
    learnt: tuple[float, float, float, int]
    best: tuple[float, float, int]
    u_rms: float
    u_max: float


WEEKS = {
    "W10_2018": Published(
        (0.26, 0.479, 822, 203, "18 h"), (0.28, 0.71, 886, 204), (0.107, 0.241, 227), u_rms=0.12, u_max=0.30
    ),
    "W20_2018": Published(
        (0.21, 0.641, 1059, 249, "10.5 h"), (0.27, 0.81, 1000, 223), (0.153, 0.456, 241), u_rms=0.16, u_max=0.47
    ),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A solved week, with the wall-clock and processor time it took."""

    solved: Solved
    wall_s: float
    cpu_s: float


def folder() -> Path:
    """The folder of the weeks: in $LUNABASE_DATA, or in shared/data beside the repository."""
    place = Path(os.environ.get("LUNABASE_DATA", REPOSITORY.parent / "shared" / "data")) / "satnet"
    if not (place / "problems.json").is_file():
        sys.exit(f"error: there is no {place}. Give the folder that holds satnet/problems.json in LUNABASE_DATA.")
    return place


def measure(week: str, minutes: float) -> Measured:
    """Solve a week with the default seed and weights, time being the only limit."""
    place, before_s, began_s = folder(), cpu_s(), time.monotonic()
    given = read_week(place / "problems.json", week, place / "maintenance.csv")
    solved = solve_week(given, Weights(), Effort(deadline_s=began_s + 60 * minutes))
    return Measured(solved, time.monotonic() - began_s, cpu_s() - before_s)


def cpu_s() -> float:
    """Processor time of this process and of those that it has ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def add_checks(page: Page, week: str, measured: Measured) -> None:
    """Every rule kept, fairer than asked for, and no fewer hours than Delta-MILP."""
    told, verdict = WEEKS[week], measured.solved.verdict
    page.check(Check(f"{week}: rules broken", len(verdict.problems), 0, 0, "0", "rules of the benchmark", digits=0))
    source = "at most this; Delta-MILP's beside it"
    page.check(Check(f"{week}: U_rms", verdict.u_rms, 0.0, told.u_rms, f"{told.milp[0]}", source, digits=3))
    page.check(Check(f"{week}: U_max", verdict.u_max, 0.0, told.u_max, f"{told.milp[1]}", source, digits=3))
    asked = measured.solved.asked_hours
    hours = Check(f"{week}: tracking time", verdict.hours, told.milp[2], asked, f"{told.milp[2]} h", DELTA_MILP, "h", 1)
    page.check(hours)


def rows(week: str, measured: Measured) -> list[list[str]]:
    """Ours and the published results of a week."""
    told, verdict = WEEKS[week], measured.solved.verdict
    ours = f"{measured.wall_s / 60:.1f} min, {measured.cpu_s / 60:.1f} min of CPU"
    measures = (f"{verdict.u_rms:.3f}", f"{verdict.u_max:.3f}")
    milp, learnt, best = told.milp, told.learnt, told.best
    return [
        [week, "Lunabase", *measures, f"{verdict.hours:.0f}", str(verdict.satisfied), ours],
        [week, DELTA_MILP, f"{milp[0]}", f"{milp[1]}", f"{milp[2]}", str(milp[3]), milp[4]],
        [week, LEARNT, f"{learnt[0]}", f"{learnt[1]}", f"{learnt[2]}", str(learnt[3]), ""],
        [week, "best seen since", f"{best[0]}", f"{best[1]}", "", str(best[2]), ""],
    ]


def main() -> int:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=9.5, help="wall-clock time for each week")
    minutes = parser.parse_args().minutes
    page = Page(
        "satnet",
        "Antennas shared among missions",
        "Two weeks of the SatNet benchmark (real requests for the antennas of the Deep Space Network, 2018; "
        f"github.com/edwinytgoh/satnet), each for at most {minutes:g} minutes in two processes, with the default seed "
        "and weights. u is the part of a mission's request that stays open; U_rms is its root mean square and U_max "
        "its maximum over the missions. `lunabase.contacts.check_tracks` checks and measures the tracks.",
    )
    found = {}
    for week in WEEKS:
        found[week] = measure(week, minutes)
        add_checks(page, week, found[week])
    head = ["week", "by", "U_rms", "U_max", "hours", "satisfied", "time"]
    page.table(head, [row for week, measured in found.items() for row in rows(week, measured)])
    rounds = ", ".join(f"{measured.solved.shared.rounds} in {week}" for week, measured in found.items())
    page.text(
        f"Rounds of the search: {rounds}. Hours count an array once; the public verifier's score counts each of its "
        "antennas and is higher. The rules are those of the benchmark's public verifiers, which let two requests of "
        "one mission be served at the same time; Delta-MILP and the simulator of the reinforcement learning don't.",
    )
    return page.finish()


if __name__ == "__main__":
    sys.exit(main())
