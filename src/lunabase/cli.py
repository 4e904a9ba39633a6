"""The command line: thin handlers, one per command.

Exit codes: 0 done, 1 the work failed, 2 the input is wrong, 130 stopped by the user. With ``--json`` the
result, or the error, is one JSON document on standard output; progress always goes to standard error.
Rooms are imported inside the handlers, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.exceptions import TyperException

from lunabase import __version__
from lunabase.cli_autonomy import autonomy
from lunabase.cli_campaign import campaign
from lunabase.cli_contacts import contacts
from lunabase.cli_dem import dem
from lunabase.cli_plan import plan
from lunabase.cli_survey import survey
from lunabase.errors import InputError, LunabaseError
from lunabase.progress import Ticker

if TYPE_CHECKING:
    from lunabase.record.run_record import RunRecord
    from lunabase.sky.targets import Target

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown", add_completion=True
)
export = typer.Typer(no_args_is_help=True, help="Write what other tools read.")
app.add_typer(export, name="export")
app.add_typer(dem, name="dem")
app.add_typer(survey, name="survey")
app.add_typer(plan, name="plan")
app.command()(contacts)
app.command()(campaign)
app.command()(autonomy)
screen = Console(highlight=False)
STOPPED = 130

StationPath = Annotated[Path, typer.Argument(help="The station file (YAML).", metavar="STATION")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write.")]
Start = Annotated[str | None, typer.Option(help="Begin, UTC; the station's own start if not given.")]
Days = Annotated[float, typer.Option(help="Length in days; a synodic month is 29.53.")]
Step = Annotated[float, typer.Option(help="Time step in seconds.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", min=0)]
Kernels = Annotated[
    list[Path] | None,
    typer.Option("--kernel", help="NAIF kernel instead of DE421's: planetary .bsp, lunar .bpc or .tf; repeatable."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")]


def main() -> None:
    """Run a command and turn its outcome into an exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        code = _answer()
        sys.stdout.flush()
    except StopRequest as stopped:
        _show_error(LunabaseError(f"stopped by {stopped}; nothing half-written is left."))
        sys.exit(STOPPED)
    except LunabaseError as error:
        _show_error(error)
        sys.exit(error.exit_code)
    except TyperException as usage:
        _show_error(InputError(usage.format_message(), where=" ".join(sys.argv[1:]), fix="See --help."))
        sys.exit(InputError.exit_code)
    except BrokenPipeError:
        _drop_output()
        sys.exit(1)
    except OSError as failed:
        _drop_output()
        _say(f"error: can't write the answer: {failed.strerror}. Free some space or send it elsewhere.")
        sys.exit(1)
    sys.exit(code)


def _answer() -> int | str | None:
    """Run the command; its exit code. Wrong usage is shown by typer, or with --json raised."""
    try:
        result = app(prog_name="lunabase", standalone_mode="--json" not in sys.argv)
    except SystemExit as done:
        return done.code
    return result if isinstance(result, int) else 0


def _drop_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's last flush doesn't fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class StopRequest(BaseException):
    """The user or the system asked the command to end; the signal's name.

    As little an Exception as KeyboardInterrupt is: libraries that turn every Exception into one of their own (as pint
    does while it reads units) must not swallow it.
    """


def _stop(number: int, _frame: FrameType | None) -> None:
    """End the command from wherever it is; what it was writing is removed on the way out."""
    raise StopRequest(signal.Signals(number).name)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False))


def _show_error(error: LunabaseError) -> None:
    if "--json" in sys.argv:
        problems = [_as_dict(item) for item in getattr(error, "problems", ())]
        facts = {"error": error.problem, "where": error.where, "fix": error.fix}
        _print_json({"ok": False, **facts, "problems": problems})
    else:
        _say(f"error: {error}" if not hasattr(error, "problems") else f"{error}\n{error.problem}")


def _as_dict(problem: Any) -> dict[str, Any]:
    return {"line": problem.line, "field": problem.field, "problem": problem.problem, "fix": problem.fix}


def _version(wanted: bool) -> None:
    if wanted:
        print(f"lunabase {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """The software of a lunar research station: sky, light, plan, simulated station, report.

    Example: `lunabase run examples/ilrs.yaml --days 29.53`
    """


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder for the new station.", metavar="[DIR]")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a commented starter station, and the schema that lets editors complete it.

    Example: `lunabase init my-station && lunabase check my-station/station.yaml`
    """
    from lunabase.record.whole import whole_file
    from lunabase.station.reference import json_schema, starter_text

    target = folder / "station.yaml"
    if target.exists():
        raise InputError("there is a station already.", where=str(target), fix="Choose another folder.")
    with whole_file(folder / "station.schema.json") as beside:
        beside.write_text(json.dumps(json_schema(), indent=1) + "\n", encoding="utf-8")
    with whole_file(target) as beside:
        beside.write_text(starter_text(), encoding="utf-8")
    if as_json:
        _print_json({"ok": True, "station": str(target)})
    else:
        print(f"wrote {target}\nnext: lunabase check {shlex.quote(str(target))}")


@app.command()
def check(station: StationPath, as_json: AsJson = False) -> None:
    """Validate a station file: every error in one go, with line, field and what to do.

    Example: `lunabase check examples/ilrs.yaml`
    """
    from lunabase.station.load import load_station
    from lunabase.station.summary import station_lines, station_numbers

    file = load_station(station)
    numbers = station_numbers(file.station)
    if as_json:
        _print_json({"ok": True, "sha256": file.sha256, **numbers})
        return
    print(f"{station}: no errors")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in station_lines(numbers).items():
        table.add_row(name, escape(str(value)))
    screen.print(table)


@app.command()
def sky(
    station: Annotated[Path | None, typer.Argument(help="Station file; or give a place.", metavar="[STATION]")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="sun, earth, a planet, a relay or Earth station of the "
            "file, or RA=..,Dec=..; may be given several times."
        ),
    ] = None,
    latitude: Annotated[float | None, typer.Option(help="Degrees north, instead of a station file.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Degrees east.")] = None,
    height: Annotated[float, typer.Option(help="Metres above the 1737.4 km sphere.")] = 0.0,
    start: Start = None,
    days: Days = 1.0,
    step: Step = 600.0,
    events: Annotated[bool, typer.Option("--events", help="Rise and set over the horizon instead of a table.")] = False,
    out: Out = None,
    form: Annotated[str | None, typer.Option("--format", help="csv, parquet or json.")] = None,
    kernel: Kernels = None,
    as_json: AsJson = False,
) -> None:
    """Where Sun, Earth, relays and other targets stand: azimuth, elevation, range as CSV, Parquet or JSON.

    Example: `lunabase sky examples/ilrs.yaml --target sun --target earth --days 30 --step 600 --out sky.parquet`
    """  # fmt: skip
    from lunabase.record.sky_table import sky_rows, table_format, write_table
    from lunabase.runs.watching import rise_and_set_rows, watching
    from lunabase.sky.site import SurfaceSite

    kind = table_format(out, form or ("json" if as_json and out is None else None))
    place = None if latitude is None or longitude is None else SurfaceSite(latitude, longitude, height)
    scene = watching(station, place, start, days, step, tuple(kernel or ()))
    targets: dict[str, Target] = {name: scene.target(name) for name in target or ["sun", "earth"]}
    rows = rise_and_set_rows(targets, scene) if events else sky_rows(targets, scene.site, scene.grid, scene.kernels)
    with Ticker("sky") as ticker:
        count = write_table(ticker.counting(rows, scene.pieces), out, kind)
    if out and as_json:
        _print_json({"ok": True, "rows": count, "out": str(out)})
    elif out:
        _say(f"wrote {count} rows to {out}")


@app.command()
def run(
    station: StationPath,
    start: Start = None,
    days: Days = 29.53,
    step: Step = 60.0,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the run; runs/<station>-<date> if not given.")
    ] = None,
    goals: Annotated[
        bool, typer.Option("--goals", help="Fly without a plan: the station decides on board, for years if need be.")
    ] = False,
    contact_from: Annotated[
        float, typer.Option(help="Days from the start in which nobody on Earth hears the station.", min=0.0)
    ] = 0.0,
    record_every: Annotated[
        int | None,
        typer.Option(help="Steps that one row of telemetry stands for; 1 up to three months if not given.", min=1),
    ] = None,
    overwrite: Overwrite = False,
    kernel: Kernels = None,
    as_json: AsJson = False,
) -> None:
    """Plan, fly the plan on the simulated station with its autonomy, write the record and report.html.

    With --goals nothing is planned on the ground, and the flight may be years long; the first Ctrl-C ends it and keeps
    what was flown.

    Example: `lunabase run examples/ilrs.yaml --days 29.53`, or `lunabase run examples/ilrs.yaml --goals --days 3650`
    """  # fmt: skip
    from lunabase.station.load import load_station

    file = load_station(station)  # before the rest is imported: a wrong file is told at once
    from lunabase.record.folder import MAY_HOLD, write_run
    from lunabase.record.whole import free_place, whole_folder
    from lunabase.report.page import write_report
    from lunabase.runs.planning import RunOptions
    from lunabase.runs.run import run_station

    day = (start or f"{file.station.station.start:%Y-%m-%d}")[:10]
    folder = out or Path("runs") / f"{station.stem}-{day}"
    free_place(folder, overwrite=overwrite, may_hold=MAY_HOLD)
    with Ticker("run") as ticker:
        options = RunOptions(start, days, step, seed, tuple(kernel or ()), goals, record_every, contact_from)
        record = run_station(file, options, ticker.stage)
        with whole_folder(folder) as beside:
            with ticker.stage("writing the record"):
                write_run(record, beside)
            with ticker.stage("writing the report"):
                write_report(record, beside / "report.html")
    _show_run(record, folder, as_json)


def _show_run(record: RunRecord, folder: Path, as_json: bool) -> None:
    from lunabase.record.outcome import outcome, outcome_lines

    facts = outcome(record)
    if as_json:
        _print_json({"ok": True, "run": str(folder), **facts})
        return
    print("\n".join(outcome_lines(facts)))
    print(f"\nopen {folder / 'report.html'}")


@app.command()
def report(
    run_folder: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Make a run's report.html again from its record.

    Example: `lunabase report runs/first-light`
    """
    from lunabase.record.folder import read_run
    from lunabase.record.whole import whole_file
    from lunabase.report.page import write_report

    record = read_run(run_folder)
    target = out or run_folder / "report.html"
    with Ticker("report") as ticker, ticker.stage("writing the report"), whole_file(target) as beside:
        write_report(record, beside)
    if as_json:
        _print_json({"ok": True, "report": str(target)})
    else:
        print(f"wrote {target}")


@export.command()
def schema(out: Out = None) -> None:
    """JSON Schema of the station file, for editors.

    Example: `lunabase export schema --out station.schema.json`
    """
    from lunabase.record.whole import whole_file
    from lunabase.station.reference import json_schema

    text = json.dumps(json_schema(), indent=1) + "\n"
    if out is None:
        print(text, end="")
        return
    with whole_file(out) as beside:
        beside.write_text(text, encoding="utf-8")
    _say(f"wrote {out}")


if __name__ == "__main__":
    main()
