"""The folder of a survey: whose it is, what of it is kept, and its files when all is done.

`request.json` says what was asked for, from the start; `survey.json` is written last, so a folder with one holds a
whole survey. Until then the folder holds finished steps, from which the same command goes on.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from lunabase.errors import InputError
from lunabase.record.whole import not_written, whole_file
from lunabase.survey.maps import add_map
from lunabase.survey.page import survey_page
from lunabase.survey.pictures import Backdrop, map_picture
from lunabase.survey.places import find_places, place_columns, place_rows, write_csv, write_geojson
from lunabase.survey.products import map_summary, write_cog, write_json, write_netcdf
from lunabase.survey.ranking import Condition
from lunabase.survey.stages import Stage
from lunabase.terrain.grid import MapGrid

REQUEST, DONE, STEPS = "request.json", "survey.json", ".steps"
_PRODUCTS = ("*.tif", "*.png", "survey.nc", "places.csv", "places.geojson", "index.html", DONE)
_MARKED = 12
"""Places marked in the pictures."""


def claim_folder(folder: Path, request: Mapping[str, Any], *, overwrite: bool) -> bool:
    """Make a folder ready for a survey and return whether it holds this very survey, whole.

    An unfinished survey of the same request is gone on with. With `overwrite` another survey's files go, but
    horizons and steps that still fit are used. Raises InputError for a folder of something else.
    """
    text = json.dumps(request, indent=1, sort_keys=True, default=str) + "\n"
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            found = _request_in(folder)
            if found is None:
                fix = "Give another folder with --out; only an earlier survey is ever replaced."
                raise InputError("it holds something else than a survey.", where=str(folder), fix=fix)
            if found == text and (folder / DONE).is_file() and not overwrite:
                return True
            if found != text and not overwrite:
                fix = "Give another folder with --out, or --overwrite to replace it; horizons that fit are kept."
                raise InputError("the folder holds another survey.", where=str(folder), fix=fix)
        (folder / STEPS).mkdir(parents=True, exist_ok=True)
        _remove(folder, (DONE, *_PRODUCTS, ".*.part"))
        _remove(folder / STEPS, (".*.part",))
    except OSError as failed:
        raise not_written(str(folder), failed) from failed
    with whole_file(folder / REQUEST) as beside:
        beside.write_text(text, encoding="utf-8")
    return False


def _request_in(folder: Path) -> str | None:
    try:
        return (folder / REQUEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _remove(folder: Path, patterns: Sequence[str]) -> None:
    for pattern in patterns:
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def read_done(folder: Path) -> dict[str, Any]:
    """Return what a finished survey's `survey.json` says."""
    document: dict[str, Any] = json.loads((folder / DONE).read_text(encoding="utf-8"))
    return document


@dataclass(frozen=True, slots=True)
class Findings:
    """What a survey found, before it is written."""

    maps: xr.Dataset
    grid: MapGrid
    conditions: tuple[Condition, ...]
    facts: Mapping[str, Any]
    """Provenance: models, kernels, span, options, version."""
    source: str
    warnings: tuple[str, ...]
    hillshade: np.ndarray[Any, np.dtype[np.float64]]


def write_survey(found: Findings, folder: Path, stage: Stage) -> dict[str, Any]:
    """Write all products of a survey and then `survey.json`; return what that says."""
    maps = found.maps
    with stage("places") as report:
        front, places = find_places(maps, found.grid, found.conditions)
        add_map(maps, "pareto_front", front.astype(np.uint8))
        rows = place_rows(places, maps, found.grid)
        units = {str(name): str(values.attrs["units"]) for name, values in maps.data_vars.items()}
        with whole_file(folder / "places.geojson") as beside:
            write_geojson(rows, units, beside, " ".join(found.warnings))
        with whole_file(folder / "places.csv") as beside:
            write_csv(rows, place_columns(maps), beside)
        report(1.0)
    with stage("maps") as report:
        warning = " ".join(found.warnings)
        maps.attrs |= {"title": "Survey of a place on the Moon", "source": found.source, "warning": warning}
        write_netcdf(maps, folder / "survey.nc")
        for number, (name, values) in enumerate(maps.data_vars.items(), start=1):
            write_cog(values, found.grid, folder / f"{name}.tif", {"SOURCE": found.source, "WARNING": warning})
            report(number / len(maps.data_vars))
    with stage("pictures") as report:
        backdrop = _backdrop(found, rows)
        for number, (name, values) in enumerate(maps.data_vars.items(), start=1):
            map_picture(values, backdrop, folder / f"{name}.png")
            report(number / len(maps.data_vars))
    document = dict(found.facts) | {
        "warnings": list(found.warnings),
        "maps": {str(name): map_summary(values) for name, values in maps.data_vars.items()},
        "places": {"count": len(rows), "best": rows[:5]},
    }
    with whole_file(folder / "index.html") as beside:
        beside.write_text(survey_page(document, rows, found), encoding="utf-8")
    write_json(document, folder / DONE)
    return document


def _backdrop(found: Findings, rows: Sequence[Mapping[str, Any]]) -> Backdrop:
    marks = tuple((row["x_m"], row["y_m"], str(row["rank"])) for row in rows[:_MARKED])
    return Backdrop(found.grid, found.hillshade, found.source, " ".join(found.warnings), marks)


def drop_steps(folder: Path) -> None:
    """Remove the steps kept for going on; a finished survey doesn't need them."""
    shutil.rmtree(folder / STEPS, ignore_errors=True)
