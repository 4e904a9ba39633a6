"""The overview pages of a survey and of a point: pictures, numbers, warnings, and what made them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

if TYPE_CHECKING:
    from lunabase.survey.survey_folder import Findings

_SHOWN = 25
_SHORT_UNITS = {"degree": "deg"}
_APART = ("maps", "places", "warnings", "title", "numbers")
_TABLED = ("light", "longest_dark", "earth", "relay", "temperature_min", "temperature_max", "slope")
_GROUPS = (
    ("Sunlight", ("light", "light_low", "light_high", "light_spread", "longest_dark", "longest_lit")),
    ("Nights and shadow", ("nights_1d", "nights_3d", "nights_7d", "psr", "always_lit")),
    ("View of the Earth and relays", ("earth", "earth_whole", "longest_no_earth", "station", "relay")),
    ("Temperature", ("temperature_max", "temperature_mean", "temperature_min", "temperature_deep", "sky_view")),
    ("Ground", ("elevation", "slope", "roughness", "pareto_front")),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on a page: where it is, what it shows, and files that belong to it."""

    source: str
    link: str
    words: str
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a page."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: str = ""


def page(
    title: str,
    subtitle: str,
    *,
    pictures: Sequence[tuple[str, Sequence[Picture]]],
    provenance: Sequence[tuple[str, str]],
    lead: Sequence[Table] = (),
    tables: Sequence[Table] = (),
    numbers: Sequence[tuple[str, str]] = (),
    warnings: Sequence[str] = (),
    snippets: Sequence[tuple[str, str]] = (),
) -> str:
    """Return a page as HTML: warnings, numbers, leading tables, pictures, other tables, snippets, what made it."""
    text = (files("lunabase.survey") / "page.html.j2").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(text)
    return template.render(
        title=title,
        subtitle=subtitle,
        lead=lead,
        pictures=pictures,
        tables=tables,
        provenance=provenance,
        numbers=numbers,
        warnings=warnings,
        snippets=snippets,
    )


def survey_page(document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], found: Findings) -> str:
    """Return the overview page of a survey, which lies beside its pictures and maps."""
    groups = []
    for heading, kinds in _GROUPS:
        names = [
            str(name) for kind in kinds for name, values in found.maps.data_vars.items() if values.attrs["kind"] == kind
        ]
        if names:
            groups.append((heading, [_picture_of(name, document["maps"][name]) for name in names]))
    return page(
        document["title"],
        found.source,
        pictures=groups,
        lead=[_places(rows, found)],
        provenance=list(provenance_rows(document)),
        warnings=found.warnings,
    )


def _picture_of(name: str, summary: Mapping[str, Any]) -> Picture:
    unit = {"1": "", "degree": " deg"}.get(summary["unit"], f" {summary['unit']}")
    if "median" in summary:
        numbers = f"{summary['least']:g} to {summary['greatest']:g}{unit}, median {summary['median']:g}{unit}"
    else:
        numbers = "no data"
    return Picture(f"{name}.png", f"{name}.png", f"{summary['title']}: {numbers}", (("GeoTIFF", f"{name}.tif"),))


def _places(rows: Sequence[Mapping[str, Any]], found: Findings) -> Table:
    kinds = {str(name): str(values.attrs["kind"]) for name, values in found.maps.data_vars.items()}
    maps = [name for kind in _TABLED for name, own in kinds.items() if own == kind]
    asked = ", ".join(map(str, found.conditions))
    words = f"Asked for: {asked}. " if asked else "No condition was given: the best single pixels. "
    words += "Every map's value is in places.csv and places.geojson. Coordinates: the Moon's mean-Earth frame."
    shown = [
        [
            f"{row['rank']} {row['why']}",
            f"{row['latitude_deg']:.4f}",
            f"{row['longitude_deg']:.4f}",
            row["address"],
            f"{row['area_km2']:.4g}",
            *("" if row[name] is None else f"{row[name]:.3g}" for name in maps),
        ]
        for row in rows[:_SHOWN]
    ]
    columns = ["place", "latitude, deg", "longitude, deg", "address", "area, km²"]
    columns += [_column(name, str(found.maps[name].attrs["units"])) for name in maps]
    return Table(f"Best places ({len(rows)})", columns, shown, words)


def _column(name: str, unit: str) -> str:
    words = re.sub(r"(\d)(m|d)$", r"\1 \2", name.replace("_", " "))
    return words if unit == "1" else f"{words}, {_SHORT_UNITS.get(unit, unit)}"


def provenance_rows(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what made a survey or point, label and text, one row for each model and kernel."""
    for key, value in document.items():
        label = key.replace("_", " ")
        if key in _APART:
            continue
        if isinstance(value, Mapping):
            yield from ((f"{label}, {str(name).replace('_', ' ')}", str(inner)) for name, inner in value.items())
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for item in value:
                yield (
                    label,
                    "; ".join(str(inner) if name == "name" else f"{name} {inner}" for name, inner in item.items()),
                )
        elif isinstance(value, list):
            yield label, ", ".join(map(str, value)) or "none"
        else:
            yield label, str(value)


def embedded(path: Path) -> str:
    """Return a PNG as a data URL, for a page that must stand alone."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
