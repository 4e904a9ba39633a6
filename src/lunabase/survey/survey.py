"""A survey from options to maps: terrain, horizons, light, view, shadow, temperature, slope."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from lunabase.errors import InputError
from lunabase.sky import GroundStation, Kernels, LunarOrbit, kernel_hashes
from lunabase.survey.elevation_error import DRAWS, ElevationError, drawn_cubes, error_words
from lunabase.survey.ground import Ground
from lunabase.survey.horizons import horizon_map
from lunabase.survey.light_map import light_map
from lunabase.survey.light_spread import light_spread
from lunabase.survey.maps import add_map, empty_maps
from lunabase.survey.psr import psr_map
from lunabase.survey.ranking import Condition
from lunabase.survey.region import RegionWish
from lunabase.survey.stages import Kept
from lunabase.survey.surroundings import cells_around
from lunabase.survey.temperature import LONGEST_STEP_S, temperature_map
from lunabase.survey.view_map import view_map
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.surface import hillshade, roughness_m, slope_deg
from lunabase.times import TimeGrid

PRODUCTS = ("slope", "light", "earth", "shadow", "temperature")
"""What a survey can make. Earth stations and relays come with "earth" when a station file is given."""
MOST_FOR_TEMPERATURE = 100_000
"""Pixels up to which temperature is made without being asked for: five to ten minutes on two cores."""
NIGHTS_D = (1.0, 3.0, 7.0)

_ROUGHNESS_PIXELS = 10
_DEPTH_M = 0.5
_HORIZON_US, _LIGHT_NS, _TEMPERATURE_US = 0.15, 3.0, 0.35
"""Costs on one core, about: of a pixel, azimuth and height; of a pixel, height and step; of a column and step."""
_SPIN_UP_STEPS = (6000, 15_000)
_START_S, _PICTURE_S = 5.0, 0.4
_FASTER, _SLOWER = 0.7, 3.0
"""How far machines and terrain differ from these costs."""


@dataclass(frozen=True, slots=True)
class SurveyOptions:
    """What the user asked for."""

    dems: tuple[Path, ...]
    region: RegionWish = field(default_factory=RegionWish)
    heights_m: tuple[float, ...] = (2.0, 10.0)
    azimuths: int = 360
    products: tuple[str, ...] | None = None
    """None: all, but temperature only of maps up to MOST_FOR_TEMPERATURE."""
    rank: tuple[Condition, ...] = ()
    station: Path | None = None
    kernel_files: tuple[Path, ...] = ()
    dem_error: ElevationError | None = None
    """Of the finest model, to be carried into the light."""


@dataclass(frozen=True, slots=True)
class Links:
    """Who else should see the place: Earth stations and relays of a station file."""

    stations: tuple[GroundStation, ...] = ()
    relays: Mapping[str, LunarOrbit] = field(default_factory=dict)


def parse_heights(text: str) -> tuple[float, ...]:
    """Read heights above ground, "2,10". Raises InputError unless they are ascending and above 0."""
    try:
        heights = tuple(float(part) for part in text.split(","))
    except ValueError:
        heights = ()
    if not heights or not all(0.0 < height <= 1000.0 for height in heights) or list(heights) != sorted(set(heights)):
        fix = "Give metres above 0, ascending, separated by commas: 2,10."
        raise InputError(f"{text!r} is no list of heights.", where="--heights", fix=fix)
    return heights


def parse_products(text: str) -> tuple[str, ...]:
    """Read the products wanted, "light,earth". Raises InputError for one that there isn't."""
    wanted = tuple(part.strip() for part in text.split(",") if part.strip())
    for name in wanted:
        if name not in PRODUCTS:
            raise InputError(f"there is no product {name!r}.", where="--products", fix=f"Use: {', '.join(PRODUCTS)}.")
    if not wanted:
        raise InputError("no product is named.", where="--products", fix=f"Use: {', '.join(PRODUCTS)}.")
    return wanted


def products_of(options: SurveyOptions, ground: Ground, grid: TimeGrid) -> tuple[tuple[str, ...], str]:
    """Return the products to make, and a sentence about what is left out, if anything is."""
    if options.products is not None:
        return options.products, ""
    pixels = ground.grid.rows * ground.grid.columns
    if pixels <= MOST_FOR_TEMPERATURE:
        return PRODUCTS, ""
    left = tuple(name for name in PRODUCTS if name != "temperature")
    low_s, high_s = (_heat_s(ground.grid, grid, steps) / _cores() for steps in _SPIN_UP_STEPS)
    return left, (
        f"Temperature is left out: it would take about {_duration(_FASTER * low_s, _SLOWER * high_s)} more. "
        f"Ask for it with --products {','.join(PRODUCTS)}, or take a smaller region."
    )


def expected(options: SurveyOptions, ground: Ground, grid: TimeGrid, products: Sequence[str]) -> str:
    """Return the survey's size and rough cost in words."""
    rows, columns = ground.grid.shape
    pixels, heights = rows * columns, len(options.heights_m)
    draws = DRAWS if options.dem_error is not None and "light" in products else 0
    gigabytes = (1 + (draws > 0)) * pixels * options.azimuths * heights * 2e-9
    size = f"{columns} x {rows} = {pixels:,} pixels of {ground.grid.pixel_m:g} m"
    drawn = f", {draws} terrains drawn from the elevations' error" if draws else ""
    low_s, high_s = _seconds(options, ground.grid, grid, products, draws)
    return (
        f"{size}, {options.azimuths} azimuths, {heights} height{'s' if heights > 1 else ''}{drawn}; "
        f"about {_duration(low_s, high_s)} on {_cores()} cores, up to {gigabytes:.2g} GB on disk"
    )


def _seconds(
    options: SurveyOptions, region: MapGrid, grid: TimeGrid, products: Sequence[str], draws: int
) -> tuple[float, float]:
    """How long a survey may take, from and to, seconds."""
    pixels, heights = region.rows * region.columns, len(options.heights_m)
    horizons_s = pixels * options.azimuths * heights * _HORIZON_US * 1e-6 * (1 + draws)
    passes = ("light" in products) + ("earth" in products) + draws
    light_s = pixels * heights * grid.count * _LIGHT_NS * 1e-9 * passes
    still_s = _START_S * (1 + draws) + _PICTURE_S * len(products) * 4 * (1 + heights)
    low_s, high_s = (
        (horizons_s + light_s + _heat_s(region, grid, steps) * ("temperature" in products)) / _cores()
        for steps in _SPIN_UP_STEPS
    )
    return _FASTER * low_s + still_s, _SLOWER * (high_s + still_s)


def _heat_s(region: MapGrid, grid: TimeGrid, spin_up_steps: int) -> float:
    """Seconds of one core for the temperature of a map and its surroundings."""
    steps = grid.count * max(1.0, grid.step_s / LONGEST_STEP_S) + spin_up_steps
    return cells_around(region) * steps * _TEMPERATURE_US * 1e-6


def _duration(low_s: float, high_s: float) -> str:
    if high_s < 120.0:
        return f"{low_s:.0f} to {high_s:.0f} s"
    if high_s < 7200.0:
        return f"{max(low_s / 60.0, 1.0):.0f} to {high_s / 60.0:.0f} min"
    return f"{low_s / 3600.0:.1f} to {high_s / 3600.0:.1f} h"


def _cores() -> int:
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Scene:
    """What a survey's steps are computed from."""

    options: SurveyOptions
    ground: Ground
    grid: TimeGrid
    kernels: Kernels
    links: Links


def survey_maps(scene: Scene, products: Sequence[str], folder: Path, kept: Kept, *, overwrite: bool) -> xr.Dataset:
    """Make the maps of a survey; horizons and finished steps in the folder are used again."""
    options, ground = scene.options, scene.ground
    with kept.stage("horizons") as report:
        cube = horizon_map(
            ground.dems,
            ground.grid,
            out=folder / "horizons.zarr",
            azimuths=options.azimuths,
            heights_m=options.heights_m,
            overwrite=overwrite,
            progress=report,
        )
    maps = empty_maps(ground.grid)
    _add_relief(maps, ground, "slope" in products)
    for name in products:
        if name in _MAKERS:
            _MAKERS[name](maps, scene, cube, kept)
    return maps


def _inputs(scene: Scene, cube: xr.Dataset) -> dict[str, Any]:
    """What a step depends on, besides the version: horizons, kernels, span."""
    inputs = {"cube": cube.attrs["inputs_sha256"], "kernels": kernel_hashes(scene.kernels)}
    return inputs | {"start": str(scene.grid.utc[0]), "step_s": scene.grid.step_s, "steps": scene.grid.count}


def _add_light(maps: xr.Dataset, scene: Scene, cube: xr.Dataset, kept: Kept) -> None:
    def make(report: Callable[[float], None]) -> xr.Dataset:
        return light_map(cube, scene.grid, scene.kernels, night_days=NIGHTS_D, progress=report)

    made = kept.do("light", _inputs(scene, cube), make)
    for name in ("light", "longest_dark", "longest_lit"):
        _by_height(maps, made, name, name)
    for index, days in enumerate(NIGHTS_D):
        _by_height(maps, made.isel(night_length=index), "nights", f"nights_{days:g}d")

    if scene.options.dem_error is not None:
        _add_spread(maps, scene, cube, kept)


def _add_spread(maps: xr.Dataset, scene: Scene, cube: xr.Dataset, kept: Kept) -> None:
    options, error = scene.options, scene.options.dem_error
    assert error is not None

    def make(report: Callable[[float], None]) -> xr.Dataset:
        cubes = drawn_cubes(scene.ground, error, kept.folder, options.azimuths, options.heights_m, report)
        return light_spread(cubes, scene.grid, scene.kernels)

    made = kept.do("light spread", _inputs(scene, cube) | {"error": error_words(error)}, make)
    note = f"an estimate from {DRAWS} terrains drawn from the error of the finest model"
    for name in ("light_low", "light_high", "light_spread"):
        _by_height(maps, made, name, name, note)


def _add_view(maps: xr.Dataset, scene: Scene, cube: xr.Dataset, kept: Kept) -> None:
    stations, relays = scene.links.stations, scene.links.relays

    def make(report: Callable[[float], None]) -> xr.Dataset:
        on_ground = cube.assign(ground_height=(("y", "x"), scene.ground.heights_m()))
        return view_map(on_ground, scene.grid, scene.kernels, earth_stations=stations, relays=relays, progress=report)

    links = {"stations": [repr(each) for each in stations], "relays": repr(dict(relays))}
    made = kept.do("earth view", _inputs(scene, cube) | links, make)
    for name in ("earth", "earth_whole", "longest_no_earth"):
        _by_height(maps, made, name, name)
    for kind, dimension in (("station", "earth_station"), ("relay", "relay")):
        if dimension in made.dims:
            for index, name in enumerate(made[dimension].to_numpy()):
                _by_height(maps, made.isel({dimension: index}), f"{kind}_view", kind, of=str(name))


def _add_shadow(maps: xr.Dataset, scene: Scene, cube: xr.Dataset, kept: Kept) -> None:
    def make(report: Callable[[float], None]) -> xr.Dataset:
        return psr_map(cube, scene.kernels, progress=report)

    # The span plays no part in what is permanent.
    inputs = {key: value for key, value in _inputs(scene, cube).items() if key in ("cube", "kernels")}
    made = kept.do("permanent shadow", inputs, make)
    for name in ("psr", "always_lit"):
        _by_height(maps, made, name, name)


def _add_temperature(maps: xr.Dataset, scene: Scene, cube: xr.Dataset, kept: Kept) -> None:
    inputs = _inputs(scene, cube) | {"depth_m": _DEPTH_M}

    def make(report: Callable[[float], None]) -> xr.Dataset:
        return temperature_map(
            cube,
            scene.ground.region_dem()[0],
            scene.grid,
            scene.kernels,
            beyond=scene.ground.dems,
            depths_m=(_DEPTH_M,),
            once=lambda name, make_tile: kept.part("temperature", name, inputs, make_tile),
            progress=report,
        )

    made = kept.do("temperature", inputs, make)
    for ours, theirs in (("min", "minimum"), ("mean", "mean"), ("max", "maximum")):
        add_map(maps, f"temperature_{ours}", made[f"surface_temperature_{theirs}"].to_numpy())
    deep = made["temperature_mean"].isel(depth=0).to_numpy()
    add_map(maps, "temperature_deep", deep, note=f"mean {_DEPTH_M:g} m below the surface")
    add_map(maps, "sky_view", made["sky_view_factor"].to_numpy())


_MAKERS: Mapping[str, Callable[[xr.Dataset, Scene, xr.Dataset, Kept], None]] = {
    "light": _add_light,
    "earth": _add_view,
    "shadow": _add_shadow,
    "temperature": _add_temperature,
}


def _add_relief(maps: xr.Dataset, ground: Ground, with_slope: bool) -> None:
    add_map(maps, "elevation", ground.heights_m().astype(np.float32))
    if with_slope:
        dem, inside = ground.region_dem(margin=1)
        note = "over two pixels, weighted after Horn 1981"
        add_map(maps, "slope", slope_deg(dem)[inside].astype(np.float32), note=note)
        half = _ROUGHNESS_PIXELS // 2
        dem, inside = ground.region_dem(margin=half)
        if min(dem.heights_m.shape) > _ROUGHNESS_PIXELS:
            rms, side_m = roughness_m(dem, _ROUGHNESS_PIXELS * ground.grid.pixel_m)
            add_map(maps, "roughness", rms[inside].astype(np.float32), note=f"in squares of {side_m:g} m")


def hillshade_of(ground: Ground) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the brightness of the region's relief under a light from the upper left, (rows, columns)."""
    dem, inside = ground.region_dem(margin=1)
    return hillshade(dem)[inside]


def _by_height(maps: xr.Dataset, made: xr.Dataset, name: str, kind: str, note: str = "", of: str = "") -> None:
    for index, height_m in enumerate(made["height"].to_numpy()):
        values = made[name].isel(height=index).to_numpy()
        add_map(maps, kind, values, height_m=float(height_m), note=note, of=of)


def names_to_come(options: SurveyOptions, links: Links, products: Sequence[str], maps: xr.Dataset) -> xr.Dataset:
    """Return a dataset with the maps that a survey will have, empty, so that conditions are checked before the work."""
    nothing = np.zeros((maps.sizes["y"], maps.sizes["x"]), dtype=np.uint8)
    add_map(maps, "elevation", nothing)
    spread = options.dem_error is not None and "light" in products
    for product in (*products, "spread") if spread else products:
        for kind in _KINDS_OF[product]:
            for height_m in (None,) if product in ("slope", "temperature") else options.heights_m:
                add_map(maps, kind, nothing, height_m=height_m)
    for height_m in options.heights_m if "earth" in products else ():
        for station in links.stations:
            add_map(maps, "station", nothing, height_m=height_m, of=station.name)
        for relay in links.relays:
            add_map(maps, "relay", nothing, height_m=height_m, of=relay)
    return maps


_KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "slope": ("slope", "roughness"),
    "light": ("light", "longest_dark", "longest_lit", *(f"nights_{days:g}d" for days in NIGHTS_D)),
    "spread": ("light_low", "light_high", "light_spread"),
    "earth": ("earth", "earth_whole", "longest_no_earth"),
    "shadow": ("psr", "always_lit"),
    "temperature": ("temperature_min", "temperature_mean", "temperature_max", "temperature_deep", "sky_view"),
}
