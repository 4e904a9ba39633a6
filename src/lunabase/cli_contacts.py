"""The contacts command: antenna time shared among users, for the SatNet benchmark or for the station's own links."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from lunabase.errors import InputError, LunabaseError

if TYPE_CHECKING:
    from lunabase.contacts.benchmark import Solved
    from lunabase.scheduling.effort import Effort, Progress

_LINE_EVERY_S = 30.0
screen = Console(highlight=False)


def contacts(
    station: Annotated[
        Path | None, typer.Argument(help="The station file, whose own contacts are planned.", metavar="[STATION]")
    ] = None,
    satnet: Annotated[Path | None, typer.Option(help="SatNet's problems.json, instead of a station.")] = None,
    week: Annotated[str | None, typer.Option(help="Week of the benchmark, such as W10_2018.")] = None,
    maintenance: Annotated[Path | None, typer.Option(help="SatNet's maintenance.csv.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
    time_limit: Annotated[
        str, typer.Option("--time", metavar="DURATION", help="Longest time of the search.")
    ] = "9.5 min",
    work: Annotated[
        float, typer.Option(help="Most work: CP-SAT's deterministic seconds. The same work gives the same tracks.")
    ] = 120.0,
    weight_max: Annotated[float, typer.Option(help="Weight of U_max beside U_rms.", min=0.0, max=100.0)] = 0.15,
    weight_unsatisfied: Annotated[
        float, typer.Option(help="Weight of the part of requests that are not satisfied.", min=0.0, max=100.0)
    ] = 0.03,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Share antenna time fairly: a week of the SatNet benchmark, or the station's own contacts.

    Ctrl-C ends the search and keeps the best so far.

    Example: `lunabase contacts --satnet problems.json --week W10_2018 --maintenance maintenance.csv --out tracks.json`
    """
    began_s = time.monotonic()
    limit_s = _duration_s(time_limit)
    if satnet is None:
        raise InputError("there is nothing to share.", where="contacts", fix="Give --satnet.")
    _benchmark(
        satnet, week, maintenance, out, seed, (weight_max, weight_unsatisfied), (work, began_s, limit_s), as_json
    )


def _duration_s(text: str) -> float:
    from lunabase.station.quantities import parse_quantity

    try:
        value = parse_quantity(text, "s")
    except ValueError as wrong:
        raise InputError(f"{wrong}.", where="--time", fix='Give a duration such as "9.5 min".') from None
    if not value > 0.0:
        raise InputError(f"{text} is not above 0.", where="--time", fix='Give a duration such as "9.5 min".')
    return value


def _benchmark(
    satnet: Path,
    week: str | None,
    maintenance: Path | None,
    out: Path | None,
    seed: int,
    weights: tuple[float, float],
    limits: tuple[float, float, float],
    as_json: bool,
) -> None:
    from lunabase.contacts.benchmark import read_week, solve_week
    from lunabase.contacts.fairness import Weights
    from lunabase.record.whole import whole_file
    from lunabase.scheduling.effort import Effort, stopped_by_interrupt

    work, began_s, limit_s = limits
    if not work > 0.0:
        raise InputError(f"{work:g} is not above 0.", where="--work", fix="Give deterministic seconds, such as 120.")
    given = read_week(satnet, week, maintenance)
    with _watched(began_s) as show:
        effort = Effort(work, began_s + limit_s, show)
        with stopped_by_interrupt(effort):
            solved = solve_week(given, Weights(*weights), effort, seed=seed)
    if solved.verdict.problems:
        raise LunabaseError(f"the schedule breaks a rule: {solved.verdict.problems[0]}.", where=given.week)
    if out is not None:
        with whole_file(out) as beside:
            beside.write_text(json.dumps(solved.rows, indent=1) + "\n", encoding="utf-8")
    took_s = time.monotonic() - began_s
    if as_json:
        facts = solved.facts() | {"seconds": round(took_s, 1), "ended_by": _ended_by(effort)}
        kept = {"out": str(out)} if out else {"tracks": solved.rows}
        print(json.dumps({"ok": True, **facts, **kept}, indent=1))
    else:
        _show(solved, took_s, _ended_by(effort), out)


def _ended_by(effort: Effort) -> str:
    if effort.stopped:
        return "Ctrl-C"
    return "work" if effort.work_left <= 0.0 else "time" if effort.seconds_left <= 0.0 else "bound"


@contextmanager
def _watched(began_s: float) -> Iterator[Callable[[Progress], None]]:
    """Show how far the search is: one line that changes on a terminal, else a line every half minute."""
    console = Console(file=sys.stderr, highlight=False)
    told_s = began_s

    def line(progress: Progress) -> str:
        passed_s = time.monotonic() - began_s
        left_s = passed_s / progress.fraction - passed_s if progress.fraction > 0.0 else 0.0
        measures = ", ".join(f"{name} {value:.3f}" for name, value in progress.measures.items() if name != "satisfied")
        bound = "" if progress.bound is None else f", bound {-progress.bound:.3f}"
        cost = "" if progress.value is None else f"cost {-progress.value:.4f}{bound}, {measures}, "
        return f"{cost}{passed_s:.0f} s, about {left_s:.0f} s left"

    if console.is_terminal:
        with console.status("reading") as status:
            yield lambda progress: status.update(line(progress))
        return

    def tell(progress: Progress) -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= _LINE_EVERY_S:
            told_s = time.monotonic()
            print(line(progress), file=sys.stderr, flush=True)

    yield tell


def _show(solved: Solved, took_s: float, ended_by: str, out: Path | None) -> None:
    verdict = solved.verdict
    if ended_by == "Ctrl-C":
        print("stopped by Ctrl-C; this is the best schedule so far")
    hours = f"{verdict.hours:.1f} h of {solved.asked_hours:.1f} h ({verdict.antenna_hours:.1f} antenna hours)"
    shared = solved.shared
    facts = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in {
        "U_rms": f"{verdict.u_rms:.4f}",
        "U_max": f"{verdict.u_max:.4f}",
        "tracking time": hours,
        "satisfied": f"{verdict.satisfied} of {solved.requests} requests",
        "cost": f"{shared.cost:.4f}, no schedule below {shared.least_cost:.4f}",
        "search": f"{took_s:.0f} s, {shared.rounds} rounds, {shared.work:.1f} work units, ended by {ended_by}",
    }.items():
        facts.add_row(name, value)
    screen.print(facts)
    missions = Table("mission", "asked", "given", "u", box=None, padding=(0, 2, 0, 0))
    for row in solved.missions():
        missions.add_row(str(row["mission"]), f"{row['asked_h']:.1f} h", f"{row['given_h']:.1f} h", f"{row['u']:.3f}")
    screen.print(missions)
    print(f"wrote {len(solved.rows)} rows to {out}" if out else "give --out tracks.json to keep it")
