"""A survey command from its options to its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import lunabase
from lunabase.errors import InputError, LunabaseError
from lunabase.progress import Ticker
from lunabase.record.alone import alone
from lunabase.record.whole import free_place, whole_folder
from lunabase.sky import Kernels, kernel_hashes
from lunabase.sky.kernels import kernels_from
from lunabase.station.load import load_station
from lunabase.station.places import ground_stations, relay_orbits
from lunabase.survey.elevation_error import error_words, read_error
from lunabase.survey.ground import Ground, read_ground
from lunabase.survey.maps import empty_maps
from lunabase.survey.point import look_at_point, site_snippet, write_point
from lunabase.survey.ranking import check_conditions
from lunabase.survey.span import span_words, survey_span
from lunabase.survey.stages import Kept
from lunabase.survey.survey import (
    Links,
    Scene,
    SurveyOptions,
    expected,
    hillshade_of,
    names_to_come,
    products_of,
    survey_maps,
)
from lunabase.survey.survey_folder import STEPS, Findings, claim_folder, drop_steps, read_done, write_survey
from lunabase.times import TimeGrid

Span = tuple[str, int | None, float | None, float]
"""Start (UTC), years, days, step in seconds, as the user gave them."""
_POINT_FILES = ("horizon.csv", "site.yaml", "nights.csv", "horizon.png", "light-bar.png", "temperature.png")
POINT_FOLDER = (*_POINT_FILES, "index.html", "point.json")


def links_of(station: Path | None) -> Links:
    """Return the Earth stations and relays of a station file. Raises InputError for a wrong file."""
    if station is None:
        return Links()
    file = load_station(station)
    return Links(ground_stations(file.station), relay_orbits(file.station))


def run_survey(
    options: SurveyOptions,
    span: Span,
    folder: Path,
    ticker: Ticker,
    *,
    overwrite: bool,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Make a survey in a folder, or go on with it, and return what its `survey.json` says.

    say: told what the survey is about to do. Raises InputError for whatever is wrong in the options, before the work.
    """
    began = perf_counter()
    kernels = kernels_from(options.kernel_files)
    grid = survey_span(*span, kernels)
    links = links_of(options.station)
    with ticker.stage("terrain"):
        ground = read_ground(options.dems, options.region)
        if options.dem_error is not None:
            read_error(options.dem_error, ground.region_dem()[0])
    products, left_out = products_of(options, ground, grid)
    if options.dem_error is not None and "light" not in products:
        raise InputError("it needs the light map.", where="--dem-error", fix="Add light to --products.")
    check_conditions(options.rank, names_to_come(options, links, products, empty_maps(ground.grid)))
    facts = _facts(options, ground, grid, kernels, links, products)
    fix = "Wait until it has finished, or give another folder with --out."
    busy = LunabaseError("another survey is being made there.", where=str(folder), fix=fix)
    with alone(folder.with_name(f".{folder.name}.lock"), busy):
        if claim_folder(folder, facts, overwrite=overwrite):
            say(f"{folder} holds this survey already; --overwrite makes it anew.")
            return read_done(folder)
        say(expected(options, ground, grid, products))
        say("terrain, finest first: " + ", ".join(f"{each['name']} ({each['pixel_m']:g} m)" for each in ground.sources))
        if left_out:
            say(left_out)
            facts |= {"left_out": left_out}
        scene = Scene(options, ground, grid, kernels, links)
        return _make(scene, products, facts, folder, ticker, began, overwrite=overwrite)


def _make(
    scene: Scene,
    products: tuple[str, ...],
    facts: dict[str, Any],
    folder: Path,
    ticker: Ticker,
    began: float,
    *,
    overwrite: bool,
) -> dict[str, Any]:
    """Compute and write a survey in a folder that is its own; return what its `survey.json` says."""
    kept = Kept(folder / STEPS, ticker.stage)
    maps = survey_maps(scene, products, folder, kept, overwrite=overwrite)
    timed = facts | {"seconds": ticker.stages | {"all so far": round(perf_counter() - began, 1)}}
    ground, options = scene.ground, scene.options
    source = _source(ground, scene.grid)
    found = Findings(maps, ground.grid, options.rank, timed, source, ground.warnings, hillshade_of(ground))
    document = write_survey(found, folder, ticker.stage)
    drop_steps(folder)
    return document


def _facts(
    options: SurveyOptions, ground: Ground, grid: TimeGrid, kernels: Kernels, links: Links, products: tuple[str, ...]
) -> dict[str, Any]:
    west, south, east, north = ground.grid.bounds
    return {
        "title": f"Survey of {ground.sources[0]['name']}",
        "lunabase": lunabase.__version__,
        "elevation_models": list(ground.sources),
        "region": {
            "coordinate_system": ground.grid.crs.to_string(),
            "west_south_east_north_m": f"{west:.10g}, {south:.10g}, {east:.10g}, {north:.10g}",
            "pixel_m": ground.grid.pixel_m,
            "columns": ground.grid.columns,
            "rows": ground.grid.rows,
        },
        "span": span_words(grid),
        "heights_m": list(options.heights_m),
        "azimuths": options.azimuths,
        "products": list(products),
        **({} if options.dem_error is None else {"elevation_error": error_words(options.dem_error)}),
        "conditions": [str(condition) for condition in options.rank],
        "earth_stations": [station.name for station in links.stations],
        "relays": list(links.relays),
        "kernels": kernel_hashes(kernels),
        "crater_names": "Gazetteer of Planetary Nomenclature, IAU and USGS, planetarynames.wr.usgs.gov",
    }


def _source(ground: Ground, grid: TimeGrid) -> str:
    models = ", ".join(f"{each['name']} ({each['pixel_m']:g} m)" for each in ground.sources)
    return f"{span_words(grid)}. Terrain: {models}. Crater names: IAU/USGS gazetteer. Lunabase {lunabase.__version__}"


def run_point(
    place: tuple[float, float],
    dems: tuple[Path, ...],
    heights_m: tuple[float, ...],
    span: Span,
    station: Path | None,
    kernel_files: tuple[Path, ...],
    folder: Path,
    ticker: Ticker,
    *,
    overwrite: bool,
) -> tuple[dict[str, Any], str]:
    """Make the report of a point in a folder; return what its JSON says and the `site:` block.

    Raises InputError for whatever is wrong in the options, before the work.
    """
    kernels = kernels_from(kernel_files)
    grid = survey_span(*span, kernels)
    links = links_of(station)
    free_place(folder, overwrite=overwrite, may_hold=POINT_FOLDER)
    with ticker.stage("horizon and sky") as report:
        found = look_at_point(*place, dems, heights_m, grid, kernels, links, report)
    facts = {"lunabase": lunabase.__version__, "span": span_words(grid), "kernels": kernel_hashes(kernels)}
    found = replace(found, facts=facts)
    with ticker.stage("writing the report"), whole_folder(folder) as beside:
        document = write_point(found, beside)
    return document, site_snippet(found)
