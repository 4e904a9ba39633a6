"""Permanent shadow from the 240 m model against the list of lunar PSRs: writes docs/validation/psr.md.

python -m tools.validation.psr [--data DIR]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray
from tools.validation.cubes import horizon_cube, region_of
from tools.validation.page import SOURCES, Check, Page, around, data_folder, terrain_models

from lunabase.sky import open_kernels
from lunabase.survey.areas import Area, areas
from lunabase.survey.psr import psr_map
from lunabase.terrain.grid import MapGrid

EYE_M = 0.1
LEAST_KM2 = 10.0
SOUTH_OF_DEG = -85.0
LIST = "PSR_list.csv (github cjtu/CoRaLS.jl), the LROC list after Mazarico et al. 2011"
NAMED = {"Shackleton": (-89.645, 128.203), "Haworth": (-87.493, 357.876), "Shoemaker": (-88.026, 45.279)}
NAMED |= {"Faustini": (-87.146, 84.075), "Sverdrup": (-88.249, 216.455)}


@dataclass(frozen=True, slots=True)
class Listed:
    """A PSR of the list: its centre, degrees, and its area."""

    latitude_deg: float
    longitude_deg: float
    area_km2: float


def read_list(path: Path) -> list[Listed]:
    """Return the southern PSRs of the list."""
    rows = [line.split(",") for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    listed = [Listed(*(float(value) for value in row)) for row in rows]
    return [each for each in listed if each.latitude_deg < 0.0]


def distance_km(one: Listed | Area, other: Listed | Area) -> float:
    """Return the great-circle distance of two centres."""
    return float(np.linalg.norm(_up(one) - _up(other)) * 1737.4)


def _up(place: Listed | Area) -> NDArray[np.float64]:
    latitude, longitude = np.radians([place.latitude_deg, place.longitude_deg])
    flat = np.cos(latitude)
    return np.array([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)])


def matches(listed: list[Listed], found: list[Area]) -> list[tuple[Listed, Area | None]]:
    """Give each listed PSR the found one nearest to its centre, if nearer than its own equivalent diameter."""
    pairs: list[tuple[Listed, Area | None]] = []
    for each in listed:
        near = min(found, key=lambda area: distance_km(each, area))
        reach_km = 2.0 * np.sqrt(each.area_km2 / np.pi)
        pairs.append((each, near if distance_km(each, near) < reach_km else None))
    return pairs


def draw(
    page: Page, psr: NDArray[np.bool_], grid: MapGrid, listed: list[Listed], heights_m: NDArray[np.floating]
) -> None:
    """Draw the shadows over the relief, with the listed PSRs as circles of their area."""
    west, south, east, north = (edge / 1000.0 for edge in grid.bounds)
    figure, axes = plt.subplots(figsize=(8.0, 8.4))
    slope = np.gradient(heights_m, grid.pixel_m)
    shade = np.clip(0.6 + 0.5 * (slope[0] + slope[1]), 0.0, 1.0)
    extent = (west, east, south, north)
    axes.imshow(shade, cmap="gray", extent=extent, vmin=0.0, vmax=1.2)
    shown = np.ma.masked_where(~psr, np.ones(psr.shape))
    axes.imshow(shown, cmap="winter", extent=extent, alpha=0.75, vmin=0.0, vmax=2.0, interpolation="nearest")
    for each in listed:
        x, y = _map_km(each)
        axes.add_patch(plt.Circle((x, y), np.sqrt(each.area_km2 / np.pi), fill=False, color="#d55e00", linewidth=1.0))
    for name, (latitude, longitude) in NAMED.items():
        x, y = _map_km(Listed(latitude, longitude, 0.0))
        axes.annotate(name, (x, y), color="white", fontsize=8, ha="center", va="center", fontweight="bold")
    turn = np.radians(np.arange(361.0))
    for latitude in (-85.0, -88.0):
        rho = 2.0 * 1737.4 * np.tan(np.radians(90.0 + latitude) / 2.0)
        axes.plot(rho * np.sin(turn), rho * np.cos(turn), color="white", linewidth=0.6, linestyle="--")
        axes.annotate(f"{-latitude:.0f}\N{DEGREE SIGN}S", (0.0, -rho), color="white", fontsize=8, ha="center")
    axes.set(
        xlim=(-160, 160),
        ylim=(-160, 160),
        xlabel="x, km (towards 90\N{DEGREE SIGN}E)",
        ylabel="y, km (towards 0\N{DEGREE SIGN}E)",
    )
    axes.set_title(
        "Permanent shadow, 240 m model (blue); listed PSRs over 10 km\N{SUPERSCRIPT TWO} as circles of their area",
        fontsize=10,
    )
    figure.tight_layout()
    page.save(figure)


def _map_km(place: Listed) -> tuple[float, float]:
    rho = 2.0 * 1737.4 * np.tan(np.radians(90.0 + place.latitude_deg) / 2.0)
    longitude = np.radians(place.longitude_deg)
    return float(rho * np.sin(longitude)), float(rho * np.cos(longitude))


def main() -> int:
    """Compute the shadows and write the page."""
    folder = data_folder()
    dems = terrain_models(folder)[1:]
    grid = region_of(dems[0])
    cube = horizon_cube("pole-240m", dems, grid, (EYE_M,)).cube
    maps = psr_map(cube, open_kernels())
    shadow = np.asarray(maps["psr"].sel(height=EYE_M).values == 1.0)
    found = areas(shadow, grid, least_km2=1.0)
    latitude_deg = grid.latitude_longitude_deg()[0]
    large = [each for each in found if each.area_km2 >= LEAST_KM2 and each.latitude_deg <= SOUTH_OF_DEG]
    listed = [each for each in read_list(folder / "psr" / "PSR_list.csv") if each.latitude_deg <= SOUTH_OF_DEG]
    listed = [each for each in listed if each.area_km2 >= LEAST_KM2]
    pairs = matches(listed, [each for each in found if each.latitude_deg <= SOUTH_OF_DEG + 0.5])
    pairs.sort(key=lambda pair: -pair[0].area_km2)
    page = _page(maps.attrs["sun_declination_deg"])
    ours_km2, theirs_km2 = sum(a.area_km2 for a in large), sum(a.area_km2 for a in listed)
    page.check(
        around("area of PSRs over 10 km2 poleward of 85S", ours_km2, theirs_km2, 0.1 * theirs_km2, LIST, "km2", 0)
    )
    matched = [pair for pair in pairs if pair[1] is not None]
    page.check(
        Check(
            "listed PSRs found at their place",
            len(matched),
            0.9 * len(listed),
            len(listed),
            str(len(listed)),
            LIST,
            "",
            0,
        )
    )
    ratios = np.array([area.area_km2 / each.area_km2 for each, area in matched if area is not None])
    biggest = np.array([area.area_km2 / each.area_km2 for each, area in pairs[:5] if area is not None])
    page.check(
        Check("area over listed area, the five largest: lowest", float(biggest.min()), 0.85, 1.15, "1", LIST, "", 2)
    )
    page.check(
        Check("area over listed area, the five largest: highest", float(biggest.max()), 0.85, 1.15, "1", LIST, "", 2)
    )
    scale = (grid.pixel_m * grid.ground_scale()) ** 2 * 1e-6
    whole = float(scale[shadow & (latitude_deg <= SOUTH_OF_DEG)].sum())
    page.text(
        f"Found: {len(large)} PSRs over 10 km2 poleward of 85S (listed: {len(listed)}); all shadow there, the smallest "
        f"included, covers {whole:,.0f} km2. Of the matched ones the median of our area over the listed area is "
        f"{np.median(ratios):.2f}, and half of them lie between {np.quantile(ratios, 0.25):.2f} and "
        f"{np.quantile(ratios, 0.75):.2f}.",
    )
    page.text("The twenty largest of the list:")
    page.table(["listed centre", "listed, km2", "ours, km2", "ratio", "centres apart, km"], _rows(pairs[:20]))
    heights_m = dems[0].heights_m
    draw(page, shadow, grid, listed, heights_m)
    page.picture(page.picture_path(), "Permanent shadow from the 240 m model and the listed PSRs.")
    return page.finish()


def _rows(pairs: list[tuple[Listed, Area | None]]) -> list[list[str]]:
    return [
        [
            f"{-each.latitude_deg:.2f}S {each.longitude_deg:.2f}E",
            f"{each.area_km2:.1f}",
            "none" if area is None else f"{area.area_km2:.1f}",
            "" if area is None else f"{area.area_km2 / each.area_km2:.2f}",
            "" if area is None else f"{distance_km(each, area):.1f}",
        ]
        for each, area in pairs
    ]


def _page(declination_deg: float) -> Page:
    return Page(
        "psr",
        "Permanent shadow",
        "The permanently shadowed regions from 84S to the pole, from horizons of every pixel of the 240 m model "
        "(with the 1600 m model around it, 360 azimuths, eye 0.1 m above the ground), against a published list. A "
        "pixel is in permanent shadow when the whole disc of the Sun stays under its horizon at every longitude, "
        f"at declinations of {declination_deg:.3f} and -{declination_deg:.3f} deg. Mazarico et al. 2011 (Icarus "
        "211:1066) give 16,055 km2 poleward of 82.5S; the model here begins at 84S, so that total can't be "
        f"compared. {SOURCES}",
    )


if __name__ == "__main__":
    sys.exit(main())
