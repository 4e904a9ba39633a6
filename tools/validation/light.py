"""Light and Earth view at the south pole against published studies: writes docs/validation/light.md.

python -m tools.validation.light [--data DIR]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from tools.validation.cubes import horizon_cube, region_of
from tools.validation.page import SOURCES, Check, Page, around, data_folder, terrain_models

from lunabase.sky import Kernels, open_kernels
from lunabase.survey.light_map import light_map
from lunabase.survey.point_light import cube_mask, light_series
from lunabase.survey.view_map import view_map
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import project
from lunabase.times import TimeGrid

FloatArray = NDArray[np.float64]

YEAR_2020 = TimeGrid.from_utc("2020-01-01", 8784, 3600.0)
YEARS_19 = TimeGrid.from_utc("2018-01-01", 166_536, 3600.0)
HEIGHTS_M = (2.0, 10.0)
AROUND_BEST = 32
"""Half the side of the windows around the best pixels of 2020 in which 19 years are computed, pixels."""
EYE_M = 0.1
POLE_KM = 60.0
CANDIDATES = 40
APART_KM = 10.0
BUSSEY_POINT = (-88.74, 124.5)
NEAR_KM = 3.0
BUSSEY = "Bussey et al. 2010, Icarus 208:558"
GLASER_2014 = "Gläser et al. 2014, Icarus 243:78"
GLASER_2018 = "Gläser et al. 2018, PSS 162:170"
BRYANT = "Bryant 2009, IPN PR 42-176"


@dataclass(frozen=True, slots=True)
class Spot:
    """A pixel of a map and its place."""

    row: int
    column: int
    latitude_deg: float
    longitude_deg: float

    @property
    def place(self) -> str:
        """Return the place in words."""
        return f"{-self.latitude_deg:.3f}S {self.longitude_deg % 360.0:.2f}E"


def best_of(values: NDArray[np.floating], grid: MapGrid) -> Spot:
    """Return the pixel with the largest value."""
    row, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return spot_at(int(row), int(column), grid)


def spot_at(row: int, column: int, grid: MapGrid) -> Spot:
    """Return a pixel with its place."""
    latitude, longitude = (angle.item() for angle in grid.part(row, column, 1, 1).latitude_longitude_deg())
    return Spot(row, column, latitude, longitude)


def window(cube: xr.Dataset, spot: Spot) -> tuple[xr.Dataset, int, int]:
    """Return the cube around a pixel, and the window's first row and column."""
    row, column = max(spot.row - AROUND_BEST, 0), max(spot.column - AROUND_BEST, 0)
    side = 2 * AROUND_BEST + 1
    return cube.isel(y=slice(row, row + side), x=slice(column, column + side)), row, column


def told(name: str) -> Callable[[float], None]:
    """Return a function that prints progress at every tenth."""
    begin, shown = time.perf_counter(), [0]

    def tell(part: float) -> None:
        if int(10 * part) > shown[0]:
            shown[0] = int(10 * part)
            print(f"{name}: {10 * shown[0]} %, {time.perf_counter() - begin:.0f} s", flush=True)

    return tell


def ridge(page: Page, dems: list[Dem], kernels: Kernels) -> None:
    """Compare the connecting ridge at 10 m: 2020, then 19 years around the best pixels, at both heights."""
    grid = region_of(dems[0])
    cube = horizon_cube("site01", dems, grid, HEIGHTS_M).cube
    year = light_map(cube, YEAR_2020, kernels, progress=told("light of 2020"))
    best = {height: best_of(year["light"].sel(height=height).values, grid) for height in HEIGHTS_M}
    rows, long_term = [], {}
    for height, spot in best.items():
        rows.append([f"{height:g} m", "2020", spot.place, *_cells(year.sel(height=height), spot), ""])
        long_term[height], place = nineteen_years(cube.sel(height=[height]), spot, grid, kernels)
        values = long_term[height]
        earth = f"{100.0 * values['earth']:.1f} %"
        rows.append([f"{height:g} m", "2018 to 2036", place.place, *_shown(values), earth])
    low, high = (long_term[height] for height in HEIGHTS_M)
    for height, published in ((2.0, 92.27), (10.0, 95.65)):
        lit = 100.0 * long_term[height]["lit_share"]
        page.check(
            around(f"best 10 m pixel, 19 years, {height:g} m: lit time", lit, published, 3.0, GLASER_2014, "%", 2)
        )
    spell = (2.0, 6.0, "3 to 5 d", f"{GLASER_2014} (typical; ±1 d)", "d", 2)
    page.check(Check("best 10 m pixel, 19 years, 2 m: longest dark spell", low["longest_dark"], *spell))
    page.check(Check("best 10 m pixel, 19 years, 10 m: longest dark spell", high["longest_dark"], *spell))
    light = 100.0 * low["light"]
    page.check(around("best 10 m pixel, 19 years, 2 m: mean light", light, 88.0, 3.0, GLASER_2018, "%", 2))
    page.check(around("best 10 m pixel, 2 m: lit time", 100.0 * low["lit_share"], 92.0, 3.0, BRYANT, "%", 2))
    page.check(around("the same, centre of the Earth in view", 100.0 * low["earth"], 51.0, 3.0, BRYANT, "%", 2))
    page.text("## The connecting ridge at 10 m")
    page.table(["height", "span", "best pixel", "mean light", "lit time", "longest dark", "Earth's centre"], rows)
    draw(page, year["light"].sel(height=2.0).values, grid, best)
    page.picture(page.picture_path(), "Mean visible part of the Sun in 2020, 2 m above ground, with the best pixels.")


def nineteen_years(cube: xr.Dataset, spot: Spot, grid: MapGrid, kernels: Kernels) -> tuple[dict[str, float], Spot]:
    """Return light, dark spell and Earth view of the best pixel around a spot over 19 years, and that pixel."""
    part, row, column = window(cube, spot)
    height = float(cube["height"].item())
    maps = light_map(part, YEARS_19, kernels, progress=told(f"19 years at {height:g} m"))
    earth = view_map(part, YEARS_19, kernels, progress=told(f"Earth at {height:g} m"))
    inner = best_of(maps["light"].values[0], grid.part(row, column, *maps["light"].shape[1:]))
    at = {"y": inner.row, "x": inner.column, "height": 0}
    values = {name: float(maps[name][at]) for name in ("light", "lit_share", "longest_dark")}
    return values | {"earth": float(earth["earth"][at])}, spot_at(row + inner.row, column + inner.column, grid)


def _cells(year: xr.Dataset, spot: Spot) -> list[str]:
    names = ("light", "lit_share", "longest_dark")
    return _shown({name: float(year[name].values[spot.row, spot.column]) for name in names})


def _shown(values: dict[str, float]) -> list[str]:
    light, lit = (100.0 * values[name] for name in ("light", "lit_share"))
    return [f"{light:.2f} %", f"{lit:.2f} %", f"{values['longest_dark']:.2f} d"]


def areas_of_2020(page: Page, dems: list[Dem], kernels: Kernels) -> None:
    """Compare the 240 m model's best places of 2020 with Bussey's, and the best pair of places near each other."""
    whole = region_of(dems[1])
    cube = horizon_cube("pole-240m", dems[1:], whole, (EYE_M,)).cube
    reach = int(1000.0 * POLE_KM / whole.pixel_m)
    middle = whole.rows // 2
    inner = slice(middle - reach, middle + reach)
    part = cube.isel(y=inner, x=inner)
    grid = whole.part(middle - reach, middle - reach, 2 * reach, 2 * reach)
    maps = light_map(part, YEAR_2020, kernels, progress=told("2020 on 240 m"))
    light, lit = (maps[name].values[0] for name in ("light", "lit_share"))
    best, near = best_of(light, grid), best_of(np.where(_km_from(BUSSEY_POINT, grid) < NEAR_KM, light, np.nan), grid)
    series = best_series(part, light, grid, kernels)
    pair, joint, joint_lit = best_pair(series, grid)
    percent = (BUSSEY, "%", 1)
    place = f"240 m, best pixel within {NEAR_KM:g} km of 88.74S 124.5E: mean light of 2020"
    at_best, at_near = (100.0 * float(light[spot.row, spot.column]) for spot in (best, near))
    page.check(around("240 m, best pixel at the pole: mean light of 2020", at_best, 86.0, 3.0, *percent))
    page.check(around(place, at_near, 86.0, 3.0, *percent))
    page.check(
        around("240 m, best two areas less than 10 km apart: joint mean light", 100.0 * joint, 94.0, 3.0, *percent)
    )
    at_place = 100.0 * float(np.nanmax(np.where(_km_from(BUSSEY_POINT, grid) < 2.0, light, np.nan)))
    away = float(_km_from(BUSSEY_POINT, grid)[near.row, near.column])
    page.text(
        "## The pole at 240 m",
        f'On the ground ({EYE_M:g} m), within {POLE_KM:g} km of the pole. "Average illumination" is taken as the '
        "mean visible part of the disc; the share of time with any light is given beside it. The "
        "abstract does not tell which it counts.",
    )
    rows = [
        ["best pixel", best.place, f"{at_best:.1f} %", f"{100.0 * lit[best.row, best.column]:.1f} %"],
        [
            f"{away:.1f} km from 88.74S 124.5E",
            near.place,
            f"{at_near:.1f} %",
            f"{100.0 * lit[near.row, near.column]:.1f} %",
        ],
        [
            "best pair",
            " and ".join(spot.place for spot in pair),
            f"{100.0 * joint:.1f} %",
            f"{100.0 * joint_lit:.1f} %",
        ],
    ]
    page.table(["what", "where", "mean light", "lit time"], rows)
    page.text(
        f"At the published place 88.74S 124.5E itself the LOLA model has {at_place:.0f} % at most within 2 km; the "
        f"summit {away:.1f} km away has the published light, and a place of an older altimeter's grid can be that "
        f"far off. The pair is the best of the {len(series)} best pixels that lie at least 1 km apart; its joint "
        "light is the larger of the two visible parts.",
    )


def _km_from(place: tuple[float, float], grid: MapGrid) -> FloatArray:
    """Return the map distance of every pixel from a place given in degrees."""
    latitude, longitude = np.radians(place)
    flat = np.cos(latitude)
    x, y = project(grid.projection, flat * np.cos(longitude), flat * np.sin(longitude), float(np.sin(latitude)))
    return np.asarray(np.hypot(grid.x[None, :] - x, grid.y[:, None] - y) / 1000.0)


def best_series(
    part: xr.Dataset, light: NDArray[np.floating], grid: MapGrid, kernels: Kernels
) -> list[tuple[Spot, FloatArray]]:
    """Return the best pixels, 1 km and more from better ones, with the visible part of the Sun in 2020."""
    found: list[tuple[Spot, FloatArray]] = []
    for flat in np.argsort(np.nan_to_num(light), axis=None)[::-1]:
        row, column = divmod(int(flat), light.shape[1])
        if all(_km(spot, (row, column), grid) >= 1.0 for spot, _ in found):
            mask, site = cube_mask(part, row, column)
            series = light_series(mask, site, YEAR_2020, kernels, height_m=EYE_M).values
            found.append((spot_at(row, column, grid), series))
        if len(found) == CANDIDATES:
            break
    return found


def _km(spot: Spot, pixel: tuple[int, int], grid: MapGrid) -> float:
    return float(np.hypot(spot.row - pixel[0], spot.column - pixel[1])) * grid.pixel_m / 1000.0


def best_pair(series: list[tuple[Spot, FloatArray]], grid: MapGrid) -> tuple[tuple[Spot, Spot], float, float]:
    """Return the two places under 10 km apart with the most joint light, its mean, and the part of time lit."""
    pairs = []
    for (one, seen), (other, also) in combinations(series, 2):
        if _km(one, (other.row, other.column), grid) < APART_KM:
            joint = np.maximum(seen, also)
            pairs.append(((one, other), float(joint.mean()), float((joint > 0.0).mean())))
    return max(pairs, key=lambda pair: pair[1])


def draw(page: Page, light: NDArray[np.floating], grid: MapGrid, best: dict[float, Spot]) -> None:
    """Draw the light of 2020 over Site01."""
    west, south, east, north = (edge / 1000.0 for edge in grid.bounds)
    figure, axes = plt.subplots(figsize=(7.6, 6.4))
    shown: Any = axes.imshow(100.0 * light, extent=(west, east, south, north), cmap="cividis", vmin=0.0, vmax=100.0)
    edge = [withStroke(linewidth=2.5, foreground="black")]
    for height, spot in best.items():
        x, y = grid.x[spot.column] / 1000.0, grid.y[spot.row] / 1000.0
        axes.plot(x, y, "o", markersize=10, markerfacecolor="none", markeredgecolor="white", markeredgewidth=1.5)
        side = 10 if height > 5.0 else -14
        text = f"best at {height:g} m"
        axes.annotate(text, (x, y), (8, side), textcoords="offset points", color="white", fontsize=9, path_effects=edge)
    axes.set(xlabel="x, km (towards 90\N{DEGREE SIGN}E)", ylabel="y, km (towards 0\N{DEGREE SIGN}E)")
    figure.colorbar(shown, label="mean visible part of the Sun in 2020, %", shrink=0.85)
    figure.tight_layout()
    page.save(figure)


def main() -> int:
    """Compute the light and write the page."""
    dems = terrain_models(data_folder())
    kernels = open_kernels()
    page = Page(
        "light",
        "Light and Earth view",
        "Light maps (`lunabase.survey.light_map`) and Earth view (`lunabase.survey.view_map`) from horizons of "
        "every pixel at 360 azimuths, hourly steps, eclipses included. Mean light is the mean visible part of the "
        'disc, lit time the share of time with any part of it in view: Gläser et al. 2014 write of "receiving '
        'sunlight for 92.27% of the time", Gläser et al. 2018 of "average illumination levels" with "the '
        'maximum found at the ridge". Site01 (10 m) inside 84S (240 m) inside 70S (1600 m). Published studies '
        "used other models, pixel sizes and years; the tolerances are those of the project's reference list: 3 "
        f"points, 1 day. {SOURCES}",
    )
    ridge(page, dems, kernels)
    areas_of_2020(page, dems, kernels)
    return page.finish()


if __name__ == "__main__":
    sys.exit(main())
