"""The campaign command: many runs, on this machine or on a Dask cluster."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lunabase.errors import InputError, LunabaseError
from lunabase.progress import Ticker

if TYPE_CHECKING:
    from lunabase.campaign.campaign import Campaign
    from lunabase.campaign.engine import Workers

_LINE_EVERY_S = 30.0
screen = Console(highlight=False)


def campaign(
    station: Annotated[Path, typer.Argument(help="The station file (YAML).", metavar="STATION")],
    runs: Annotated[
        int | None, typer.Option(help="How many runs; one for each point of a grid, or 100, if not given.")
    ] = None,
    days: Annotated[float, typer.Option(help="Length of each run in days.")] = 90.0,
    faults: Annotated[
        Path | None,
        typer.Option(help="Fault catalogue (YAML), or `wear`: the station's own wear; without it nothing fails."),
    ] = None,
    double: Annotated[bool, typer.Option("--double", help="Two faults in each run instead of one.")] = False,
    no_contact: Annotated[
        str, typer.Option(metavar="DURATION", help='Nobody on Earth hears the station at first, such as "60 d".')
    ] = "0 s",
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=SPREAD",
            help="Vary a number of the station file: 'modules.battery.capacity=20..80 kWh'; repeatable.",
        ),
    ] = None,
    maximise: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="An objective of the trade study; repeatable.")
    ] = None,
    minimise: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="An objective to have small; repeatable.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="Begin, UTC; the station's own start if not given.")] = None,
    step: Annotated[float, typer.Option(help="Time step in seconds.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
    workers: Annotated[int | None, typer.Option(help="Workers on this machine; one a core if not given.")] = None,
    scheduler: Annotated[str, typer.Option(metavar="ADDRESS", help="A Dask scheduler, like tcp://host:8786.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the campaign; campaigns/<station>-<date> if not given.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier campaign.")] = False,
    kernel: Annotated[
        list[Path] | None, typer.Option("--kernel", help="NAIF kernel instead of DE421's; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Fly a station many times, with faults or varied: does it survive, what does it return, what kills it?

    The same command goes on with a campaign that was interrupted.

    Example: `lunabase campaign examples/ilrs.yaml --runs 1000 --days 90 --faults examples/faults.yaml`

    Example: `lunabase campaign examples/lander.yaml --runs 50 --vary 'modules.battery.capacity=4..12 kWh'
    --minimise modules.battery.capacity --maximise worst_night_margin_wh`
    """
    from lunabase.campaign.campaign import CampaignOptions, campaign_of

    options = CampaignOptions(
        station=station,
        runs=runs,
        start=start,
        days=days,
        step_s=step,
        faults=faults,
        double=double,
        no_contact_s=_duration_s(no_contact),
        vary=tuple(vary or ()),
        maximise=tuple(maximise or ()),
        minimise=tuple(minimise or ()),
        seed=seed,
        kernels=tuple(kernel or ()),
    )
    asked = campaign_of(options)
    folder = out or Path("campaigns") / f"{station.stem}-{str(asked.span.grid.utc[0])[:10]}"
    facts = _fly(asked, folder, _workers(scheduler, workers), overwrite)
    if as_json:
        print(json.dumps({"ok": True, "campaign": str(folder), **facts}, indent=1))
    else:
        _show(facts, folder)
    if facts["failed"]:
        raise LunabaseError(f"{facts['failed']} runs failed; see `losses` in {folder / 'summary.json'}.")


def _duration_s(text: str) -> float:
    from lunabase.station.quantities import parse_quantity

    try:
        return parse_quantity(text, "s")
    except ValueError as wrong:
        raise InputError(f"{wrong}.", where="--no-contact", fix='Give a duration such as "60 d".') from None


def _workers(scheduler: str, count: int | None) -> Workers:
    from lunabase.campaign.engine import Workers

    if scheduler and count is not None:
        raise InputError("a scheduler has its own workers.", where="--workers", fix="Leave --workers out.")
    if count is not None and not 1 <= count <= 1024:
        raise InputError(f"{count} workers are out of range.", where="--workers", fix="Give 1 to 1024.")
    return Workers(scheduler, count or len(os.sched_getaffinity(0)))


def _fly(asked: Campaign, folder: Path, workers: Workers, overwrite: bool) -> dict[str, Any]:
    from lunabase.campaign.campaign import fly
    from lunabase.report.campaign import write_campaign_report

    finished = False
    try:
        with Ticker("campaign") as ticker, _told(ticker) as tell:
            facts = fly(asked, folder, workers, ticker.stage, tell, overwrite=overwrite)
            with ticker.stage("writing the report"):
                write_campaign_report(folder)
        finished = True
    finally:
        if not finished and (folder / "campaign.json").is_file():
            kept = f"what was flown is kept in {folder}; the same command goes on with it."
            print(kept, file=sys.stderr)
    return facts


@contextmanager
def _told(ticker: Ticker) -> Iterator[Callable[[float, str], None]]:
    """Tell how far the runs are: on a terminal as a bar, else a line every half minute."""
    if sys.stderr.isatty():
        with ticker.stage("flying") as report:
            yield report
        return
    told_s = time.monotonic()

    def tell(_part: float, words: str) -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= _LINE_EVERY_S:
            told_s = time.monotonic()
            print(words, file=sys.stderr, flush=True)

    yield tell


def _show(facts: dict[str, Any], folder: Path) -> None:
    from lunabase.campaign.words import summary_lines

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in summary_lines(facts).items():
        table.add_row(name, value)
    screen.print(table)
    if facts["losses"]:
        losses = Table("run", "fault", "target", "why", box=None, padding=(0, 2, 0, 0))
        for item in facts["losses"][:20]:
            losses.add_row(str(item["run"]), item["fault"], item["target"], item["reason"])
        screen.print(losses)
        if len(facts["losses"]) > 20:
            print(f"and {len(facts['losses']) - 20} more; all are in {folder / 'summary.json'}")
    print(f"\nopen {folder / 'report.html'}")
