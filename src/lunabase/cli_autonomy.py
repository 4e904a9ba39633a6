"""The autonomy command: what a station does without Earth, as tables and state diagrams, and why it did something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lunabase.errors import InputError

if TYPE_CHECKING:
    from lunabase.onboard.log import Event
    from lunabase.report.autonomy import AutonomyTables
    from lunabase.station.model import Station

screen = Console(highlight=False)


def autonomy(
    station: Annotated[Path, typer.Argument(help="The station file (YAML).", metavar="STATION")],
    phase: Annotated[str | None, typer.Option(help="Phase of its life; the first if not given.")] = None,
    form: Annotated[
        Literal["text", "mermaid", "dot"], typer.Option("--format", help="Tables as text, or diagrams for other tools.")
    ] = "text",
    out: Annotated[Path | None, typer.Option(help="Draw the state diagrams: .png, .svg or .pdf.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier picture.")] = False,
    run: Annotated[Path | None, typer.Option(help="The folder of a run, for --why.")] = None,
    why: Annotated[
        int | None,
        typer.Option(help="Number of an event in that run: tells what led to it, from the first reading on."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Show modes, monitors, event-actions and responses of a station; or the chain of causes of an event.

    Examples: `lunabase autonomy examples/ilrs.yaml --out autonomy.png`,
    `lunabase autonomy examples/ilrs.yaml --run runs/ilrs --why 37`
    """
    from lunabase.station.load import load_station

    found = load_station(station).station
    if (run is None) != (why is None):
        raise InputError("--run and --why go together.", where="autonomy", fix="Give both, or neither.")
    if run is not None and why is not None:
        _explain(run, why, as_json)
        return
    from lunabase.report.autonomy import tables_of

    tables = tables_of(found, _phase(found, phase))
    if out is not None:
        _draw(tables, out, overwrite)
    if as_json:
        picture = {"picture": str(out)} if out is not None else {}
        print(json.dumps({"ok": True, **tables.json(), **picture}, indent=1, ensure_ascii=False))
    elif form == "text":
        _show(tables)
        if out is not None:
            print(f"\nwrote {out}")
    else:
        from lunabase.report.autonomy_text import dot, mermaid

        print(mermaid(tables) if form == "mermaid" else dot(tables), end="")


def _phase(station: Station, name: str | None) -> str:
    from lunabase.station.form import nearest

    if name is None:
        return station.phase_at(station.station.start)[0]
    if name not in station.phases:
        raise InputError(f"the station has no phase {name}.", where="--phase", fix=nearest(name, station.phases))
    return name


def _draw(tables: AutonomyTables, out: Path, overwrite: bool) -> None:
    from lunabase.report.autonomy_picture import draw_autonomy

    if out.exists() and not overwrite:
        raise InputError("it exists.", where=str(out), fix="Give another --out, or --overwrite to replace it.")
    draw_autonomy(tables, out)


def _explain(run: Path, number: int, as_json: bool) -> None:
    from lunabase.onboard.log import chain
    from lunabase.record.folder import read_run

    events = chain(read_run(run).events, number)
    if not events:
        raise InputError(f"the run has no event {number}.", where=str(run), fix="Numbers are in its events.jsonl.")
    if as_json:
        print(json.dumps({"ok": True, "events": [_plain(event) for event in events]}, indent=1, ensure_ascii=False))
        return
    for depth, event in enumerate(events):
        indent = "  " * depth
        print(f"{indent}{event.id:>5}  {event.time:%Y-%m-%d %H:%M}  {event.text}")
        if event.cause:
            print(f"{indent}       because: {event.cause}")


def _plain(event: Event) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(event) | {"time": event.time.isoformat()}


def _show(tables: AutonomyTables) -> None:
    print(f"{tables.station}, phase {tables.phase}: execution {tables.execution}, failure {tables.failure}")
    modes = _table("\nmode", "\nenter (any)", "\nleave (all)", "\nactivities", "\nstandby", "\ndownlink", "\noff")
    for mode in tables.modes:
        flags = ("on" if mode.standby else "off", "on" if mode.downlink else "off")
        modes.add_row(
            mode.mode, "\n".join(mode.enter), "\n".join(mode.leave), mode.activities, *flags, ", ".join(mode.off)
        )
    screen.print(modes)
    _show_monitors(tables)
    if tables.event_actions:
        actions = _table("\nevent-action", "\non event", "\nstarts", "\nenabled")
        for action in tables.event_actions:
            actions.add_row(action.name, action.event, action.start, "yes" if action.on else "no")
        screen.print(actions)
    if tables.responses:
        responses = _table("\nresponse", "\nlevel", "\nsteps", "\nrecovered when", "\nat most", "\nthen")
        for row in tables.responses:
            steps = "\n".join(escape(step) for step in row.steps)
            responses.add_row(row.response, row.level, steps, escape(row.recovered), row.repeats, row.then)
        screen.print(responses)


def _show_monitors(tables: AutonomyTables) -> None:
    if tables.monitors:
        monitors = _table("\nmonitor", "\nparameter", "\ntrips when", "\nonly", "\nseverity", "\nenabled")
        for row in tables.monitors:
            enabled = "yes" if row.on else "no"
            monitors.add_row(row.monitor, row.parameter, row.check, escape(row.when), row.severity, enabled)
        screen.print(monitors)
    count = len(tables.builtin_monitors)
    print(f"\n{count} built-in monitors of limits given elsewhere in the file; --json lists them")


def _table(*heads: str) -> Table:
    return Table(*heads, box=None, padding=(0, 2, 0, 0))
