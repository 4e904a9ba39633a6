"""The contacts command: antenna time shared among users, for the station's own links or the SatNet benchmark."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from lunabase.errors import InputError, LunabaseError
from lunabase.progress import Ticker

if TYPE_CHECKING:
    from lunabase.contacts.benchmark import Solved
    from lunabase.contacts.contact_plan import ContactPlan
    from lunabase.contacts.periods import ContactWishes
    from lunabase.runs.surroundings import Span
    from lunabase.scheduling.effort import Effort, Progress

_BENCHMARK_WORK, _STATION_WORK = 150.0, 4.0
_LINE_EVERY_S = 30.0
screen = Console(highlight=False)


def contacts(
    station: Annotated[
        Path | None, typer.Argument(help="The station file, whose own contacts are planned.", metavar="[STATION]")
    ] = None,
    satnet: Annotated[Path | None, typer.Option(help="SatNet's problems.json, instead of a station.")] = None,
    week: Annotated[str | None, typer.Option(help="Week of the benchmark, such as W10_2018.")] = None,
    maintenance: Annotated[Path | None, typer.Option(help="SatNet's maintenance.csv.")] = None,
    weight_max: Annotated[float, typer.Option(help="Weight of U_max beside U_rms.", min=0.0, max=100.0)] = 0.15,
    weight_unsatisfied: Annotated[
        float, typer.Option(help="Weight of the part of requests that are not satisfied.", min=0.0, max=100.0)
    ] = 0.03,
    start: Annotated[str | None, typer.Option(help="Begin, UTC; the station's own start if not given.")] = None,
    days: Annotated[float, typer.Option(help="Length in days.")] = 7.0,
    step: Annotated[float, typer.Option(help="Time step in seconds.")] = 60.0,
    plan: Annotated[
        Path | None, typer.Option(help="Plan of `lunabase plan --out`, whose data are to be brought down.")
    ] = None,
    per_day: Annotated[
        str | None, typer.Option(metavar="VOLUME", help='Data to be brought down every day, such as "5 Gbit".')
    ] = None,
    every: Annotated[str, typer.Option(metavar="DURATION", help="One contact in each period of this length.")] = "6 h",
    shortest: Annotated[str, typer.Option(metavar="DURATION", help="Shortest contact.")] = "30 min",
    setup: Annotated[str, typer.Option(metavar="DURATION", help="Antennas are held before a contact.")] = "15 min",
    teardown: Annotated[str, typer.Option(metavar="DURATION", help="And after it.")] = "5 min",
    share: Annotated[
        list[str] | None,
        typer.Option(metavar="ID=PART", help="Agreed part of contact time of an Earth station; repeatable."),
    ] = None,
    form: Annotated[str | None, typer.Option("--format", help="json, csv, ion or hdtn; else by --out.")] = None,
    kernel: Annotated[
        list[Path] | None, typer.Option("--kernel", help="NAIF kernel instead of DE421's; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
    time_limit: Annotated[
        str, typer.Option("--time", metavar="DURATION", help="Longest time of the search.")
    ] = "9.5 min",
    work: Annotated[
        float | None,
        typer.Option(help="Most work, CP-SAT's deterministic seconds: the same work gives the same answer."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Share antenna time fairly: the station's own contacts, or a week of the SatNet benchmark.

    A station gets a contact in every period, long enough for the data that wait, written as JSON, CSV, or a contact
    plan for the DTN programs ION and HDTN. Ctrl-C ends a search and keeps the best so far.

    Example: `lunabase contacts examples/lander.yaml --days 2 --per-day "2 Gbit" --out contacts.json`

    Example: `lunabase contacts --satnet problems.json --week W10_2018 --maintenance maintenance.csv --out tracks.json`
    """
    began_s = time.monotonic()
    limit_s = _duration_s(time_limit, "--time")
    if work is not None and not work > 0.0:
        raise InputError(f"{work:g} is not above 0.", where="--work", fix="Give deterministic seconds, such as 50.")
    if (station is None) == (satnet is None):
        raise InputError("give either a station file or --satnet.", where="contacts", fix="See --help.")
    if satnet is not None:
        limits = (work or _BENCHMARK_WORK, began_s, limit_s)
        _benchmark(satnet, week, maintenance, out, seed, (weight_max, weight_unsatisfied), limits, as_json)
        return
    assert station is not None  # one of the two is there
    wishes = _wishes(every, shortest, setup, teardown, share or [])
    span = (start, days, step, tuple(kernel or ()))
    limits = (work or _STATION_WORK, began_s, limit_s)
    _station(station, span, (plan, per_day), wishes, form, out, seed, limits, as_json)


def _wishes(every: str, shortest: str, setup: str, teardown: str, shares: list[str]) -> ContactWishes:
    from lunabase.contacts.periods import ContactWishes

    every_s = round(_duration_s(every, "--every"))
    shortest_s = round(_duration_s(shortest, "--shortest"))
    setup_s = round(_duration_s(setup, "--setup", least=0.0))
    teardown_s = round(_duration_s(teardown, "--teardown", least=0.0))
    if shortest_s < 1 or setup_s + shortest_s + teardown_s > every_s:
        fix = "Make --every longer, or the others shorter."
        raise InputError("no contact with its setup and teardown fits into a period.", where="--every", fix=fix)
    parts = dict(_share(text) for text in shares)
    if sum(parts.values()) > 1.0 + 1e-9:
        total = sum(parts.values())
        raise InputError(f"the shares add up to {total:g}, more than 1.", where="--share", fix="Lower some of them.")
    return ContactWishes(every_s, shortest_s, setup_s, teardown_s, parts)


def _share(text: str) -> tuple[str, float]:
    from lunabase.station.quantities import parse_quantity

    name, sign, part = text.partition("=")
    try:
        value = parse_quantity(part, "") if sign else -1.0
    except ValueError:
        value = -1.0
    if not name or not 0.0 <= value <= 1.0:
        fix = "Give an Earth station's id and its part: --share canberra=30%."
        raise InputError(f"can't read {text!r}.", where="--share", fix=fix)
    return name, value


def _station(
    path: Path,
    span: tuple[str | None, float, float, tuple[Path, ...]],
    data: tuple[Path | None, str | None],
    wishes: ContactWishes,
    form: str | None,
    out: Path | None,
    seed: int,
    limits: tuple[float, float, float],
    as_json: bool,
) -> None:
    from lunabase.contacts.contact_plan import known_shares, plan_contacts
    from lunabase.contacts.exchange import format_of
    from lunabase.record.whole import whole_file
    from lunabase.runs.surroundings import Span, surroundings
    from lunabase.scheduling.effort import Effort, stopped_by_interrupt
    from lunabase.sky.kernels import kernels_from
    from lunabase.station.load import load_station

    write = format_of(form, out)
    file = load_station(path)
    known_shares(file.station, wishes)
    start, days, step_s, kernels = span
    times = Span.of(file, start, days, step_s)
    made = _data(*data, times)
    work, began_s, limit_s = limits
    with Ticker("contacts") as ticker:
        with ticker.stage("sky and light") as report:
            _, environment = surroundings(file, times, kernels_from(kernels), report)
        effort = Effort(work, began_s + limit_s)
        with ticker.stage("contacts"), stopped_by_interrupt(effort):
            planned = plan_contacts(file.station, environment, made, wishes, effort, seed=seed)
    text = write(planned)
    if out is not None:
        with whole_file(out) as beside:
            beside.write_text(text, encoding="utf-8")
    if out is None:
        print(text, end="")
    elif as_json:
        facts = {"contacts": len(planned.contacts), "new_bit": planned.new_bit, "brought_bit": planned.brought_bit}
        gaps = {"longest_gap_s": planned.longest_gap_s, "empty_periods": planned.empty_periods}
        print(json.dumps({"ok": True, "out": str(out), **facts, **gaps}, indent=1))
    else:
        _show_contacts(planned, effort, out)


def _data(plan: Path | None, per_day: str | None, times: Span) -> list[tuple[datetime, float]]:
    """Moments with the bits made then: a plan's activities, each at its end; or the same in every hour."""
    from lunabase.runs.planning import read_plan
    from lunabase.station.quantities import parse_quantity

    if plan is not None and per_day is not None:
        raise InputError("both say what is to be brought down.", where="--plan, --per-day", fix="Give one of them.")
    if plan is not None:
        return [(item.stop, item.data_bit) for item in read_plan(plan).activities]
    if per_day is None:
        return []
    try:
        hourly_bit = parse_quantity(per_day, "bit") / 24
    except ValueError as wrong:
        raise InputError(f"{wrong}.", where="--per-day", fix='Give a volume such as "5 Gbit".') from None
    if not hourly_bit >= 0.0:
        raise InputError(f"{per_day} is below 0.", where="--per-day", fix='Give a volume such as "5 Gbit".')
    begin = datetime.fromisoformat(str(times.grid.utc[0])[:19]).replace(tzinfo=UTC)
    hours = range(int((times.grid.stop_tdb_s - times.grid.start_tdb_s) // 3600))
    return [(begin + timedelta(hours=hour), hourly_bit) for hour in hours]


def _show_contacts(plan: ContactPlan, effort: Effort, out: Path) -> None:
    if effort.stopped:
        print("stopped by Ctrl-C; this is the best plan so far")
    hours: dict[str, float] = {}
    for item in plan.contacts:
        hours[item.earth_station] = hours.get(item.earth_station, 0.0) + item.length_s / 3600
    total = sum(hours.values())
    used = Table("Earth station", "contact time", "part", box=None, padding=(0, 2, 0, 0))
    for name, value in sorted(hours.items(), key=lambda pair: -pair[1]):
        used.add_row(name, f"{value:.1f} h", f"{value / total:.0%}")
    screen.print(used)
    print(f"{len(plan.contacts)} contacts from {plan.start:%Y-%m-%d %H:%M} to {plan.stop:%Y-%m-%d %H:%M} UTC")
    print(f"data brought down: {plan.brought_bit / 1e9:.2f} of {plan.new_bit / 1e9:.2f} Gbit")
    empty = f"{plan.empty_periods} of {plan.periods} periods without contact"
    print(f"longest gap: {plan.longest_gap_s / 3600:.1f} h; {empty}")
    print(f"wrote {out}")


def _duration_s(text: str, where: str, least: float = 1.0) -> float:
    from lunabase.station.quantities import parse_quantity

    fix = 'Give a duration such as "9.5 min".'
    try:
        value = parse_quantity(text, "s")
    except ValueError as wrong:
        raise InputError(f"{wrong}.", where=where, fix=fix) from None
    if not value >= least:
        raise InputError(f"{text} is too short; at least {least:g} s.", where=where, fix=fix)
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
