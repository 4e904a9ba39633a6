"""The plan command: make, refine, repair or check a plan, and compare two.

`lunabase plan STATION` and `lunabase plan diff A B` share one word: what doesn't begin with `diff` makes a plan.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperCommand, TyperGroup

from lunabase.errors import InputError
from lunabase.progress import Ticker

if TYPE_CHECKING:
    from lunabase.planning.diff import PlanDifference
    from lunabase.planning.plan import Level, Plan
    from lunabase.runs.planning import Planned, PlanOptions
    from lunabase.station.load import StationFile

_MAKE, _DIFF = "make", "diff"


class PlanGroup(TyperGroup):
    """`diff` is a command of its own; anything else is the arguments of making a plan."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the maker's name before its arguments, which users don't write."""
        if not args or args[0] not in self.commands:
            args = [_MAKE, *args]
        return super().parse_args(ctx, args)


class MakeContext(typer.Context):
    """Making a plan goes by its group's name, which is what users write."""

    @property
    def command_path(self) -> str:
        """Return the words of usage lines."""
        return self.parent.command_path if self.parent else super().command_path


class MakeCommand(TyperCommand):
    """Making a plan."""

    context_class = MakeContext


plan = typer.Typer(cls=PlanGroup, help="Plan the station's science; `plan diff` compares two plans.")
screen = Console(highlight=False)

LevelName = Literal["long-term", "monthly", "weekly", "on-board"]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Picture = Annotated[Path | None, typer.Option(help="Draw the plan: .png, .svg or .pdf.")]


@plan.command(_MAKE, cls=MakeCommand)
def make(
    station: Annotated[Path, typer.Argument(help="The station file (YAML).", metavar="STATION")],
    start: Annotated[str | None, typer.Option(help="Begin, UTC; the station's own start if not given.")] = None,
    days: Annotated[float | None, typer.Option(help="Length in days: 365, 29.53, 7 or 1 by level.")] = None,
    level: Annotated[
        LevelName, typer.Option(help="How far and how finely: each level refines the one above.")
    ] = "monthly",
    step: Annotated[float | None, typer.Option(help="Time step in seconds: 600, 60, 60 or 10 by level.")] = None,
    within: Annotated[Path | None, typer.Option(help="Refine this coarser plan, and stay inside it.")] = None,
    previous: Annotated[
        Path | None, typer.Option("--from", help="Repair this plan with the least change, instead of a new one.")
    ] = None,
    change: Annotated[
        list[Path] | None, typer.Option(help="What has changed since (YAML); repeatable, in order. Goes with --from.")
    ] = None,
    verify: Annotated[Path | None, typer.Option("--check", help="Check this plan instead of making one.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random; 0 if not given.", min=0)] = None,
    work: Annotated[
        float | None, typer.Option(help="Limit of the search's work, 1 is about a second: the same plan anywhere.")
    ] = None,
    time: Annotated[str | None, typer.Option(help='Limit of the search in time, like "10 min".')] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write: .json, .csv, .ics or .openmct.json.")] = None,
    form: Annotated[str | None, typer.Option("--format", help="json, csv, ics or openmct.")] = None,
    picture: Picture = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")] = False,
    kernel: Annotated[
        list[Path] | None,
        typer.Option("--kernel", help="NAIF kernel instead of DE421's: planetary .bsp, lunar .bpc or .tf; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan the station's science, and say for each request that did not fit, why.

    Ctrl-C keeps the best plan found so far; a second one stops at once. To compare plans: `lunabase plan diff --help`.

    Example: `lunabase plan examples/ilrs.yaml --days 29.53 --out plan.json`
    """
    from lunabase.report.plan_files import plan_format, refuse_other_pictures
    from lunabase.station.load import load_station

    kind = plan_format(out, form)
    refuse_other_pictures(picture)
    file = load_station(station)  # before the rest is imported: a wrong file is told at once
    _agree(previous, change, {"--start": start, "--days": days, "--within": within}, verify)
    _no_search(previous, {"--seed": seed, "--work": work, "--time": time})
    for path in (out, picture):
        if path is not None and path.exists() and not overwrite and verify is None:
            raise InputError("it exists.", where=str(path), fix="Give another place, or --overwrite to replace it.")
    options = _options(_level(level), (start, days, step), (seed or 0, work, time), within, tuple(kernel or ()))
    if verify is not None:
        from lunabase.runs.planning import check_station_plan

        _report_violations(check_station_plan(file, verify, tuple(change or ()), options), as_json)
        return
    with Ticker("plan") as ticker:
        planned = _planned(file, options, previous, tuple(change or ()), ticker)
        if picture is not None:
            with ticker.stage("drawing"):
                _draw(planned, picture)
    _finish(planned, out, kind, as_json)


def _planned(
    file: StationFile, options: PlanOptions, previous: Path | None, changes: tuple[Path, ...], ticker: Ticker
) -> Planned:
    from lunabase.runs.planning import plan_station, repair_station_plan

    if previous is not None:
        return repair_station_plan(file, previous, changes, options, ticker.stage)
    return plan_station(file, options, ticker.stage)


def _draw(planned: Planned, picture: Path) -> None:
    from lunabase.report.plan_picture import draw_plan

    draw_plan(planned.plan, picture, planned.station, planned.environment)


def _level(name: LevelName) -> Level:
    return "on board" if name == "on-board" else name


def _agree(previous: Path | None, change: list[Path] | None, own: dict[str, Any], verify: Path | None) -> None:
    """Raise InputError for options that don't go together."""
    if change and previous is None and verify is None:
        raise InputError("a change needs the plan that it changes.", where="--change", fix="Give it with --from PLAN.")
    given = [name for name, value in own.items() if value is not None]
    if previous is not None and given:
        raise InputError(
            f"a repaired plan keeps the time of the plan before; {given[0]} can't change it.",
            where=given[0],
            fix="Leave it out, or make a new plan without --from.",
        )


def _no_search(previous: Path | None, effort: dict[str, Any]) -> None:
    """Raise InputError for limits of a search where none is made."""
    given = [name for name, value in effort.items() if value is not None]
    if previous is not None and given:
        raise InputError(
            f"a repair makes the least change and searches no further; {given[0]} has no use with --from.",
            where=given[0],
            fix="Leave it out, or make a new plan without --from.",
        )


def _options(
    level: Level,
    span: tuple[str | None, float | None, float | None],
    effort: tuple[int, float | None, str | None],
    within: Path | None,
    kernels: tuple[Path, ...],
) -> PlanOptions:
    from lunabase.planning.solve import WORK_LIMIT
    from lunabase.runs.planning import PlanOptions
    from lunabase.station.quantities import parse_quantity

    seed, work, time = effort
    if work is not None and not 0.0 <= work < math.inf:
        raise InputError(f"{work:g} is out of range.", where="--work", fix="Give a number from 0 up.")
    try:
        time_limit_s = math.inf if time is None else parse_quantity(time, "s")
    except ValueError as bad:
        raise InputError(f"{bad}.", where="--time", fix='Write it like "10 min".') from None
    if time_limit_s <= 0.0:
        raise InputError("no time is left to plan in.", where="--time", fix="Give a time above 0.")
    # A limit in time alone lets the search use all of it.
    work_limit = work if work is not None else WORK_LIMIT if time is None else math.inf
    return PlanOptions(level, *span, seed, work_limit, time_limit_s, within, kernels)


def _finish(planned: Planned, out: Path | None, kind: str, as_json: bool) -> None:
    """Write the plan and tell what it holds."""
    from lunabase.report.plan_files import FORMATS, write_plan

    made = planned.plan
    if out is not None:
        write_plan(made, out, kind)
    if planned.stopped:
        _say("stopped by Ctrl-C; this is the best plan found so far.")
    if as_json and out is not None:
        facts = {"ok": True, "plan": str(out), "activities": len(made.activities), "stopped": planned.stopped}
        _print_json(facts)
    elif as_json or (out is None and kind != "json"):
        print(FORMATS[kind](made), end="")
    else:
        _show_plan(made, out)


def _show_plan(made: Plan, out: Path | None) -> None:
    print(f"{len(made.activities)} activities from {made.start:%Y-%m-%d %H:%M} to {made.stop:%Y-%m-%d %H:%M} UTC")
    shares = Table("partner", "share", "received", "served", "placed / requested", box=None, padding=(0, 2, 0, 0))
    for row in made.partners:
        hours = f"{row.placed_s / 3600:.0f} h / {row.requested_s / 3600:.0f} h"
        shares.add_row(row.partner, f"{row.share:.1%}", f"{row.received:.1%}", f"{row.served:.0%}", hours)
    screen.print(shares)
    if made.unplaced:
        print("\nnot (fully) placed:")
        missing = Table("request", "wanted", "placed", "because", box=None, padding=(0, 2, 0, 0))
        for item in made.unplaced:
            way_in = f"\nit would fit: {item.cheapest_change}" if item.cheapest_change else ""
            missing.add_row(item.request, item.wanted, item.placed, escape(item.reason + way_in))
        screen.print(missing)
    print(f"\nwrote {out}" if out else "\ngive --out plan.json to keep it")


def _report_violations(violations: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        _print_json({"ok": not violations, "violations": violations})
    else:
        for item in violations:
            print(f"{item['rule']}: {item['text']}")
        print(f"{len(violations)} violation{'s' if len(violations) != 1 else ''}")
    if violations:
        raise typer.Exit(1)


@plan.command(_DIFF)
def diff(
    first: Annotated[Path, typer.Argument(help="A plan (JSON).", metavar="A")],
    second: Annotated[Path, typer.Argument(help="The plan to compare with it.", metavar="B")],
    out: Annotated[Path | None, typer.Option(help="Draw both plans: .png, .svg or .pdf.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier picture.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare two plans: what moved, appeared and vanished, and what that means for requests, partners and goals.

    Example: `lunabase plan diff plan.json repaired.json --out diff.png`
    """
    from lunabase.planning.diff import compare
    from lunabase.report.plan_files import refuse_other_pictures
    from lunabase.runs.planning import read_plan

    if out is not None and out.exists() and not overwrite:
        raise InputError("it exists.", where=str(out), fix="Give another --out, or --overwrite to replace it.")
    refuse_other_pictures(out)
    before, after = read_plan(first), read_plan(second)
    difference = compare(before, after)
    if out is not None:
        from lunabase.report.plan_picture import draw_difference

        draw_difference(before, after, out)
    if as_json:
        _print_json({"ok": True, **difference.model_dump(mode="json")} | ({"picture": str(out)} if out else {}))
        return
    _show_difference(difference)
    if out is not None:
        print(f"\nwrote {out}")


def _show_difference(found: PlanDifference) -> None:
    print(
        f"{found.kept} activities stay, {len(found.moved)} move, {len(found.appeared)} appear, "
        f"{len(found.vanished)} vanish; objective {found.objective[0]:.1f} -> {found.objective[1]:.1f}"
    )
    for step in found.goals:
        values = " -> ".join("unknown" if value is None else f"{value:.4g}" for value in step.value)
        print(f"{' + '.join(step.goals)}: {values}")
    rows = Table("activity", "was", "is", "change", box=None, padding=(0, 2, 0, 0))
    for item in found.moved:
        rows.add_row(item.id, f"{item.was:%d %b %H:%M}", f"{item.start:%d %b %H:%M}", escape(_shift(item)))
    for gone in found.vanished:
        rows.add_row(gone.id, f"{gone.start:%d %b %H:%M}", "", "vanished")
    for new in found.appeared:
        rows.add_row(new.id, "", f"{new.start:%d %b %H:%M}", "new")
    if rows.row_count:
        screen.print(rows)
    _show_gains(found)


def _shift(item: Any) -> str:
    from lunabase.planning.demand import say_duration

    words = []
    if item.later_s:
        words.append(f"{say_duration(abs(item.later_s))} {'later' if item.later_s > 0 else 'earlier'}")
    if item.longer_s:
        words.append(f"{say_duration(abs(item.longer_s))} {'longer' if item.longer_s > 0 else 'shorter'}")
    return ", ".join([*words, *([item.instead] if item.instead else [])])


def _show_gains(found: PlanDifference) -> None:
    """Requests and partners that get more or less."""
    if found.requests:
        rows = Table("\nrequest", "\nactivities", "\nhours", "\nbecause", box=None, padding=(0, 2, 0, 0))
        for row in found.requests:
            hours = f"{row.placed_s[0] / 3600:.1f} -> {row.placed_s[1] / 3600:.1f}"
            rows.add_row(row.request, f"{row.count[0]} -> {row.count[1]}", hours, escape(row.reason))
        screen.print(rows)
    changed = [
        row for row in found.partners if row.energy_j[0] != row.energy_j[1] or row.placed_s[0] != row.placed_s[1]
    ]
    if changed:
        shares = Table("\npartner", "\nhours", "\nkWh", "\nGbit", "\nserved", box=None, padding=(0, 2, 0, 0))
        for one in changed:
            hours = f"{one.placed_s[0] / 3600:.1f} -> {one.placed_s[1] / 3600:.1f}"
            energy = f"{one.energy_j[0] / 3.6e6:.2f} -> {one.energy_j[1] / 3.6e6:.2f}"
            data = f"{one.data_bit[0] / 1e9:.2f} -> {one.data_bit[1] / 1e9:.2f}"
            shares.add_row(one.partner, hours, energy, data, f"{one.served[0]:.0%} -> {one.served[1]:.0%}")
        screen.print(shares)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))
