"""Instances of PSPLIB (Kolisch and Sprecher 1996, doi 10.1016/S0377-2217(96)00170-1) as our problems.

The .sm files of single-mode projects: jobs with successors, durations and requests of renewable resources.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

from lunabase.errors import InputError
from lunabase.scheduling.problem import Demand, Link, Mode, Problem, Renewable, Task


@dataclass(frozen=True, slots=True)
class BestKnown:
    """The best makespan known, and the best lower bound; None if not given."""

    bound: int | None
    makespan: int


def read_sm(text: str, where: str = "") -> Problem:
    """Read a single-mode instance. Raises InputError if the text is not one."""
    lines = text.splitlines()
    try:
        successors = _rows(lines, "PRECEDENCE RELATIONS", 2)
        requests = _rows(lines, "REQUESTS/DURATIONS", 3)
        capacities = _rows(lines, "RESOURCEAVAILABILITIES", 2)[0]
        tasks = tuple(_task(row, len(capacities)) for row in requests)
        links = tuple(Link(row[0] - 1, after - 1) for row in successors for after in _after(row))
        return Problem(tasks, sum(row[2] for row in requests), tuple(Renewable(c) for c in capacities), links)
    except (ValueError, IndexError) as error:
        raise InputError(
            "not a single-mode PSPLIB instance", where=where, fix="Give a .sm file of j30, j60, j90 or j120."
        ) from error


def _rows(lines: list[str], title: str, skipped: int) -> list[list[int]]:
    """The rows of numbers after a title and its head."""
    begin = next((k for k, line in enumerate(lines) if line.startswith(title)), None)
    if begin is None:
        raise ValueError(title)
    rows = []
    for line in lines[begin + skipped :]:
        if line.startswith("*"):
            break
        rows.append([int(word) for word in line.split()])
    return rows


def _after(row: list[int]) -> list[int]:
    if row[1] != 1 or len(row) != 3 + row[2]:
        raise ValueError("a job of several modes, or with other successors than it counts")
    return row[3:]


def _task(row: list[int], resources: int) -> Task:
    if len(row) != 3 + resources:
        raise ValueError("a job with other requests than there are resources")
    demands = tuple(Demand(k, amount) for k, amount in enumerate(row[3:]) if amount > 0)
    return Task((Mode(row[2], demands),))


def instances(folder: Path) -> dict[str, Problem]:
    """All instances of a folder by name, j60 before j120."""
    paths = sorted(folder.glob("*.sm"), key=lambda path: (path.stem.startswith("j120"), path.stem))
    return {path.stem: read_sm(path.read_text(), path.name) for path in paths}


def best_known(folder: Path) -> dict[str, BestKnown]:
    """Best known makespans by instance: `m`, `bound..m` or `..m` in best_known.csv."""
    with (folder / "best_known.csv").open(newline="") as file:
        rows = {row["instance"]: row["best_known"] for row in csv.DictReader(file)}
    found = {}
    for name, told in rows.items():
        bound, _, makespan = told.rpartition("..")
        proven = told if ".." not in told else bound
        found[name] = BestKnown(int(proven) if proven else None, int(makespan))
    return found


def psplib_folder() -> Path | None:
    """The folder with the instances: $LUNABASE_DATA/psplib or shared/data/psplib beside the repository."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("LUNABASE_DATA", str(beside))) / "psplib"
    return folder if (folder / "best_known.csv").is_file() else None
