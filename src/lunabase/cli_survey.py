"""The survey command: maps of a region, and the report of a point.

`lunabase survey DEM...` and `lunabase survey point LAT LON DEM...` share one word: what doesn't begin with `point` is
a survey of a region.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from lunabase.progress import Ticker

_MAP, _POINT = "map", "point"


class SurveyGroup(TyperGroup):
    """`point` is a command of its own; anything else is the map's arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the map's name before its arguments, which users don't write."""
        if not args or args[0] not in self.commands:
            args = [_MAP, *args]
        return super().parse_args(ctx, args)


class MapContext(typer.Context):
    """The map's command goes by its group's name, which is what users write."""

    @property
    def command_path(self) -> str:
        """Return the words of usage lines."""
        return self.parent.command_path if self.parent else super().command_path


class MapCommand(TyperCommand):
    """The survey of a region."""

    context_class = MapContext


survey = typer.Typer(
    cls=SurveyGroup,
    help="Survey terrain: light, Earth view, shadow, temperature, slope; `survey point` reports on one place.",
    context_settings={"ignore_unknown_options": True},
)

Out = Annotated[Path, typer.Option("--out", help="Folder of the results.")]
Heights = Annotated[str, typer.Option(help="Heights above ground, metres, ascending.")]
Start = Annotated[str, typer.Option(help="Begin, UTC.")]
Years = Annotated[int | None, typer.Option(help="Length in calendar years; 1 if no length is given.")]
Days = Annotated[float | None, typer.Option(help="Length in days.")]
Step = Annotated[float, typer.Option(help="Time step in seconds.")]
StationFile = Annotated[
    Path | None, typer.Option("--station", help="Station file whose Earth stations and relays shall see the place.")
]
Kernels = Annotated[
    list[Path] | None,
    typer.Option("--kernel", help="NAIF kernel instead of DE421's: planetary .bsp, lunar .bpc or .tf; repeatable."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Dems = Annotated[
    list[Path] | None,
    typer.Argument(help="Elevation models, any order; the finest is surveyed.", metavar="[DEM]...", show_default=False),
]


@survey.command(_MAP, cls=MapCommand)
def survey_map(
    dems: Dems = None,
    out: Out = Path("survey"),
    center: Annotated[str | None, typer.Option(help="LAT,LON of the region's centre, degrees.")] = None,
    size: Annotated[float | None, typer.Option(help="Side of the square region, km.")] = None,
    bounds: Annotated[str | None, typer.Option(help="W,S,E,N in the finest model's map metres, instead.")] = None,
    heights: Heights = "2,10",
    azimuths: Annotated[int, typer.Option(help="Directions of the horizons.", min=8, max=3600)] = 360,
    start: Start = "2020-01-01",
    years: Years = None,
    days: Days = None,
    step: Step = 3600.0,
    products: Annotated[
        str | None, typer.Option(help="slope, light, earth, shadow, temperature; all that fit if not given.")
    ] = None,
    station: StationFile = None,
    rank: Annotated[
        str | None, typer.Option(help='Conditions on places: "light>0.75, longest_dark<5d, slope<10deg, earth>45%".')
    ] = None,
    dem_error: Annotated[
        str | None,
        typer.Option(
            metavar="METRES|FILE",
            help="Error of the finest model's heights (1 sigma): adds low, high, spread of light.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    kernel: Kernels = None,
    as_json: AsJson = False,
) -> None:
    """Survey a region: horizons, light, Earth view, shadow, temperature, slope, as maps, pictures and best places.

    Without a region the whole finest model is surveyed; beyond your models the embedded far field (70 S to the south
    pole, 1600 m) goes on, and without any model it is all there is. The same command again goes on where it stopped.
    For one place: `lunabase survey point --help`.

    Example: `lunabase survey site01.tif ldem_84S.tif --center=-89.45,222.7 --size 8 --rank "light>75%, slope<10deg"`
    """
    from lunabase.survey.elevation_error import parse_error
    from lunabase.survey.ranking import parse_conditions
    from lunabase.survey.region import region_wish
    from lunabase.survey.survey import SurveyOptions, parse_heights, parse_products

    options = SurveyOptions(
        tuple(dems or ()),
        region_wish(center, size, bounds),
        parse_heights(heights),
        azimuths,
        None if products is None else parse_products(products),
        () if rank is None else parse_conditions(rank),
        station,
        tuple(kernel or ()),
        None if dem_error is None else parse_error(dem_error),
    )
    from lunabase.survey.run import run_survey

    with Ticker("survey") as ticker:
        document = run_survey(options, (start, years, days, step), out, ticker, overwrite=overwrite, say=_say)
    if as_json:
        _print_json({"ok": True, "survey": str(out), **document})
        return
    for row in document["places"]["best"]:
        print(f"{row['rank']:3d}  {row['latitude_deg']:9.4f} {row['longitude_deg']:9.4f}  {row['why']}")
    for warning in document["warnings"]:
        _say(f"warning: {warning}")
    print(f"open {out / 'index.html'}")


@survey.command(_POINT, context_settings={"ignore_unknown_options": True})
def survey_point(
    latitude: Annotated[float, typer.Argument(help="Degrees north.", metavar="LAT")],
    longitude: Annotated[float, typer.Argument(help="Degrees east.", metavar="LON")],
    dems: Dems = None,
    out: Out = Path("point"),
    heights: Heights = "2,10",
    start: Start = "2020-01-01",
    years: Years = None,
    days: Days = None,
    step: Step = 3600.0,
    station: StationFile = None,
    overwrite: Overwrite = False,
    kernel: Kernels = None,
    as_json: AsJson = False,
) -> None:
    """Report on one place: exact horizon, light, nights, Earth view, temperature, and the `site:` of a station file.

    Example: `lunabase survey point -89.44 222.59 site01.tif ldem_84S.tif --out ridge`
    """
    from lunabase.survey.region import parse_place
    from lunabase.survey.survey import parse_heights

    parse_place(f"{latitude!r},{longitude!r}", "LAT LON")
    heights_m = parse_heights(heights)
    from lunabase.survey.run import run_point

    with Ticker("survey point") as ticker:
        document, snippet = run_point(
            (latitude, longitude),
            tuple(dems or ()),
            heights_m,
            (start, years, days, step),
            station,
            tuple(kernel or ()),
            out,
            ticker,
            overwrite=overwrite,
        )
    if as_json:
        _print_json({"ok": True, "point": str(out), "site": snippet, **document})
        return
    print(snippet)
    for warning in document["warnings"]:
        _say(f"warning: {warning}")
    print(f"open {out / 'index.html'}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False, default=str))
