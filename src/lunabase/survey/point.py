"""The report of one point: its exact horizon, light, Earth view, relays, nights, temperature, and a `site:` block."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from lunabase.environment.dataset import environment
from lunabase.sky import Kernels, Sight, SurfaceSite
from lunabase.survey.ground import describe, open_models, read_around
from lunabase.survey.page import Picture, Table, embedded, page, provenance_rows
from lunabase.survey.point_pictures import light_bar_picture, panorama_picture, series_picture, sun_and_earth
from lunabase.survey.point_temperature import PointTemperature, point_temperature
from lunabase.survey.products import write_json
from lunabase.survey.span import span_words
from lunabase.survey.spells import Spell, nights, spells
from lunabase.survey.survey import Links
from lunabase.terrain.address import grid_address
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.mask import HorizonMask, write_mask
from lunabase.terrain.projection import local_projection
from lunabase.times import TimeGrid

MASK = "horizon.csv"
COLD_ESTIMATE = (
    "The elevation models end too near for the ground's slope: temperature is that of level ground with no light or "
    "heat from the terrain around, near a pole a cold estimate, and in shadow a lower bound."
)
_LEVEL = "level ground without light or heat from the terrain"
_SHOWN_NIGHTS = 40
_SKY_SHARE = 0.4
"""Part of the work that is the sky's; the rest is the temperature's."""


@dataclass(frozen=True, slots=True)
class PointFindings:
    """What is known of a point."""

    latitude_deg: float
    longitude_deg: float
    horizon: HorizonMask
    seen: xr.Dataset
    grid: TimeGrid
    slope_deg: float
    temperature: PointTemperature
    models: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The place in words."""
        north = "N" if self.latitude_deg >= 0.0 else "S"
        longitude_deg = (self.longitude_deg + 180.0) % 360.0 - 180.0
        east = "E" if longitude_deg >= 0.0 else "W"
        return f"{abs(self.latitude_deg):.4f}° {north}, {abs(longitude_deg):.4f}° {east}"


def look_at_point(
    latitude_deg: float,
    longitude_deg: float,
    dem_files: Sequence[Path],
    heights_m: Sequence[float],
    grid: TimeGrid,
    kernels: Kernels,
    links: Links,
    progress: Callable[[float], None] | None = None,
) -> PointFindings:
    """Compute horizon, sky, light, links and temperature of a point over a span.

    Raises InputError for a point that no model covers.
    """
    around = MapGrid(local_projection(latitude_deg, longitude_deg), -1.0, 1.0, 2.0, 2, 2)
    models, warnings = open_models(dem_files)
    dems = read_around(models, around)
    horizon = point_horizon(dems, latitude_deg, longitude_deg, observer_heights_m=heights_m)
    if "incomplete" in horizon.provenance.get("terrain_reach", ""):
        warnings.append(f"Terrain was not known as far as it can count: {horizon.provenance['terrain_reach']}.")
    site = SurfaceSite(latitude_deg, longitude_deg, horizon.ground_height_m or 0.0)
    seen = environment(
        site,
        grid,
        horizon=horizon,
        earth_stations=links.stations,
        relays=links.relays,
        kernels=kernels,
        progress=progress and (lambda part: progress(_SKY_SHARE * part)),
    )
    heat = point_temperature(
        dems,
        latitude_deg,
        longitude_deg,
        horizon,
        grid,
        kernels,
        progress and (lambda part: progress(_SKY_SHARE + (1.0 - _SKY_SHARE) * part)),
    )
    if not np.isfinite(heat.series).all():
        heat = PointTemperature(seen["surface_temperature"], _LEVEL)
        warnings.append(COLD_ESTIMATE)
    slope_deg = point_slope_deg(dems, latitude_deg, longitude_deg)
    names = {dem.source for dem in dems}
    described = tuple(describe(model) for model in models if model.name in names)
    return PointFindings(latitude_deg, longitude_deg, horizon, seen, grid, slope_deg, heat, described, tuple(warnings))


def point_slope_deg(dems: Sequence[Dem], latitude_deg: float, longitude_deg: float) -> float:
    """Return the steepest slope at a point over two pixels of the finest model there, degrees; NaN at its edge."""
    for dem in sorted(dems, key=lambda each: each.pixel_m):
        step = dem.pixel_m
        up = MapGrid(local_projection(latitude_deg, longitude_deg), -step, step, step, 3, 3).unit_vectors()
        heights_m = dem.height_towards(up)
        if np.isfinite(heights_m[1, 1]):
            rise = np.hypot(heights_m[1, 2] - heights_m[1, 0], heights_m[0, 1] - heights_m[2, 1]) / (2.0 * step)
            return float(np.degrees(np.arctan(rise)))
    return float("nan")


def point_numbers(found: PointFindings) -> dict[str, Any]:
    """Return a point's numbers: address, light and nights by height, Earth, stations, relays, temperature."""
    seen = found.seen
    address = grid_address(found.latitude_deg, found.longitude_deg)
    numbers: dict[str, Any] = {
        "address": {"lgrs": address.lgrs, "acc": address.acc},
        "ground_height_m": round(found.horizon.ground_height_m or 0.0, 2),
        "slope_deg": round(found.slope_deg, 2),
    }
    for height_m in found.horizon.heights_m:
        found_spells = height_spells(found, height_m)
        dark = [spell.duration_days for spell in found_spells if not spell.lit]
        light = seen["sun_visible_fraction_by_height"].sel(height=height_m)
        numbers[f"at_{height_m:g}_m"] = {
            "light": round(float(light.mean()), 4),
            "longest_dark_d": round(max(dark, default=0.0), 3),
            "nights": {f"over_{days:g}_d": len(nights(found_spells, least_days=days)) for days in (1.0, 3.0, 7.0)},
        }
    numbers["earth"] = round(float(seen["earth_in_view"].mean()), 4)
    numbers["earth_whole"] = round(float((seen["earth_visible_fraction"] >= 1.0 - 1e-9).mean()), 4)
    for index, station in enumerate(seen["earth_station"].to_numpy()):
        numbers.setdefault("earth_stations", {})[str(station)] = round(float(seen["contact"][index].mean()), 4)
    for index, relay in enumerate(seen["relay"].to_numpy()):
        numbers.setdefault("relays", {})[str(relay)] = round(float(seen["relay_in_view"][index].mean()), 4)
    temperature = found.temperature.series
    numbers["temperature_k"] = {
        "lowest": round(float(temperature.min()), 1),
        "mean": round(float(temperature.mean()), 1),
        "highest": round(float(temperature.max()), 1),
        "of": found.temperature.words,
    }
    return numbers


def height_spells(found: PointFindings, height_m: float) -> list[Spell]:
    """Return the spells of light and darkness at one height above ground."""
    return spells(found.seen["sun_visible_fraction_by_height"].sel(height=height_m).to_numpy(), found.grid)


def site_snippet(found: PointFindings) -> str:
    """Return the `site:` block for a station file beside the mask."""
    longitude_deg = found.longitude_deg % 360.0
    models = ", ".join(model["name"] for model in found.models)
    return (
        "site:\n"
        "  surface:\n"
        f"    latitude: {found.latitude_deg:.7g} deg\n"
        f"    longitude: {longitude_deg:.7g} deg\n"
        f"    height: {found.horizon.ground_height_m or 0.0:.1f} m\n"
        f"    horizon: {{mask: {MASK}}}\n"
        f'    source: "elevations {models}; lunabase survey point"\n'
    )


def write_point(found: PointFindings, folder: Path) -> dict[str, Any]:
    """Write a point's mask, nights, pictures, page and JSON into a folder; return what the JSON says."""
    source = f"{span_words(found.grid)}. Terrain: {found.horizon.provenance.get('terrain', '')}"
    write_mask(found.horizon, folder / MASK)
    (folder / "site.yaml").write_text(site_snippet(found), encoding="utf-8")
    _write_nights(found, folder / "nights.csv")
    _draw(found, source, folder)
    document = {
        "title": f"Point {found.name}",
        "latitude_deg": found.latitude_deg,
        "longitude_deg": found.longitude_deg,
        "numbers": point_numbers(found),
        "warnings": list(found.warnings),
        "models": list(found.models),
        **found.facts,
    }
    (folder / "index.html").write_text(_page(found, document, source, folder), encoding="utf-8")
    write_json(document, folder / "point.json")
    return document


def _write_nights(found: PointFindings, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["height_m", "nightfall_utc", "sunrise_utc", "duration_h", "whole"])
        for height_m in found.horizon.heights_m:
            for spell in nights(height_spells(found, height_m)):
                first, last = (f"{str(moment)[:19]}Z" for moment in spell.utc)
                table.writerow(
                    [f"{height_m:g}", first, last, f"{24.0 * spell.duration_days:.2f}", str(spell.whole).lower()]
                )


def _sight(seen: xr.Dataset, body: str) -> Sight:
    names = ("azimuth", "elevation", "range", "angular_radius")
    return Sight(*(seen[f"{body}_{name}"].to_numpy() for name in names))


def _draw(found: PointFindings, source: str, folder: Path) -> None:
    seen = found.seen
    tracks = sun_and_earth(_sight(seen, "sun"), _sight(seen, "earth"))
    panorama_picture(found.horizon, tracks, f"Horizon at {found.name}", source, folder / "horizon.png")
    by_height = seen["sun_visible_fraction_by_height"]
    light = {height: by_height.sel(height=height) for height in found.horizon.heights_m}
    light_bar_picture(light, f"Sunlight at {found.name}", source, folder / "light-bar.png")
    temperature = found.temperature.series.assign_attrs(units="K", long_name="temperature of the surface")
    described = f"Of {found.temperature.words}. {source}"
    series_picture(temperature, f"Temperature at {found.name}", described, folder / "temperature.png")


def _page(found: PointFindings, document: Mapping[str, Any], source: str, folder: Path) -> str:
    words = {
        "horizon.png": "The horizon, and the discs of Sun and Earth over the span",
        "light-bar.png": "Sunlight hour by hour, the first twelve months of the span",
        "temperature.png": f"Temperature of the surface over the span: {found.temperature.words}",
    }
    pictures = [(text, [Picture(embedded(folder / name), name, text)]) for name, text in words.items()]
    provenance = list(provenance_rows(document))
    provenance += [(f"horizon, {key.replace('_', ' ')}", value) for key, value in found.horizon.provenance.items()]
    return page(
        f"Point {found.name}",
        source,
        numbers=_cards(document["numbers"]),
        pictures=pictures,
        tables=[_nights_table(found)],
        snippets=[("For a station file (beside it, horizon.csv)", site_snippet(found))],
        provenance=provenance,
        warnings=found.warnings,
    )


def _cards(numbers: Mapping[str, Any]) -> list[tuple[str, str]]:
    cards = [
        ("ground above 1737.4 km", f"{numbers['ground_height_m']:.0f} m"),
        ("slope", f"{numbers['slope_deg']:.1f} deg"),
    ]
    for key, values in numbers.items():
        if key.startswith("at_"):
            height = key[3:].replace("_", " ")
            cards.append((f"sunlight, {height} above ground", f"{values['light']:.1%}"))
            cards.append((f"longest darkness, {height}", f"{values['longest_dark_d']:.1f} d"))
    cards += [("Earth's centre in view", f"{numbers['earth']:.1%}"), ("whole Earth", f"{numbers['earth_whole']:.1%}")]
    cards += [(f"contact with {name}", f"{part:.1%}") for name, part in numbers.get("earth_stations", {}).items()]
    cards += [(f"relay {name} in view", f"{part:.1%}") for name, part in numbers.get("relays", {}).items()]
    temperature = numbers["temperature_k"]
    cards.append(("temperature, lowest to highest", f"{temperature['lowest']:.0f} to {temperature['highest']:.0f} K"))
    return cards


def _nights_table(found: PointFindings) -> Table:
    height_m = found.horizon.heights_m[0]
    dark = nights(height_spells(found, height_m), least_days=0.25)
    rows = []
    for spell in sorted(dark, key=lambda each: -each.duration_days)[:_SHOWN_NIGHTS]:
        first, last = (str(moment)[:16].replace("T", " ") for moment in spell.utc)
        rows.append([first, last, f"{spell.duration_days:.2f}", "yes" if spell.whole else "cut by the span"])
    words = (
        f"Spells of 6 h and more with no part of the Sun's disc in view, longest first; to {found.grid.step_s:g} s. "
    )
    heading = f"Nights at {height_m:g} m above ground ({len(dark)})"
    return Table(heading, ["nightfall, UTC", "sunrise, UTC", "days", "whole"], rows, words + "All are in nights.csv.")
