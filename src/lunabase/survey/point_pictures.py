"""Pictures of one point: its horizon with the tracks of Sun and Earth, its light through the year, its temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from lunabase.record.whole import whole_file
from lunabase.sky import Sight
from lunabase.terrain.mask import HorizonMask

FloatArray = NDArray[np.float64]

_DPI = 150
_INK = "#1b2430"
_QUIET = "#5b6673"
_SUN, _EARTH = "#d98e04", "#0072b2"
_TERRAIN = ("#8d8378", "#cbc4bb", "#e2ddd6", "#efece8")
"""Lowest observer first: what hides the Sun from the lowest is darkest."""
_MONTH_HOURS = 31 * 24
_STRIP: dict[str, Any] = {"aspect": "auto", "vmin": 0.0, "vmax": 1.0, "interpolation": "nearest"}


@dataclass(frozen=True, slots=True)
class Track:
    """A body as seen from the point over the span: name, colour, where it stands."""

    name: str
    colour: str
    seen: Sight


def sun_and_earth(sun: Sight, earth: Sight) -> tuple[Track, Track]:
    """Return the two tracks in the colours of all pictures."""
    return Track("Sun", _SUN, sun), Track("Earth", _EARTH, earth)


def panorama_picture(mask: HorizonMask, tracks: tuple[Track, ...], title: str, source: str, path: Path) -> None:
    """Draw the horizon right round with the paths of the bodies' centres over the span. Whole or not at all."""
    figure = Figure(figsize=(13.0, 4.9), dpi=_DPI)
    axes = figure.add_axes((0.055, 0.165, 0.93, 0.685))
    low, high = _heights_shown(mask, tracks)
    for track in tracks:
        _draw_track(axes, track, low, high)
    _draw_terrain(axes, mask, low)
    axes.axhline(0.0, color=_QUIET, linewidth=0.7, linestyle=(0, (5, 4)), zorder=4)
    axes.set(xlim=(0.0, 360.0), ylim=(low, high), ylabel="elevation, deg")
    names = ["N", "30", "60", "E", "120", "150", "S", "210", "240", "W", "300", "330", "N"]
    axes.set_xticks(np.arange(0.0, 361.0, 30.0), names)
    axes.set_xlabel("true azimuth, deg clockwise from north")
    axes.grid(color="#d9dde2", linewidth=0.5, zorder=0)
    axes.tick_params(labelsize=8.5)
    patches = [Patch(color=track.colour, label=f"{track.name}, disc, over the span") for track in tracks]
    heights = zip(mask.heights_m, _TERRAIN, strict=False)
    patches += [Patch(color=colour, label=f"terrain from {height:g} m above ground") for height, colour in heights]
    figure.legend(handles=patches, loc="upper right", bbox_to_anchor=(0.985, 0.995), ncols=2, fontsize=8, frameon=False)
    figure.text(0.055, 0.935, title, fontsize=13, weight="bold", color=_INK)
    figure.text(0.055, 0.882, "Vertical scale stretched; dashed: level of the eye", fontsize=8, color=_QUIET)
    figure.text(0.055, 0.02, source, fontsize=6.5, color=_QUIET)
    with whole_file(path) as beside:
        figure.savefig(beside, format="png")


def _heights_shown(mask: HorizonMask, tracks: tuple[Track, ...]) -> tuple[float, float]:
    top = max(float(np.max(track.seen.elevation_deg + track.seen.angular_radius_deg)) for track in tracks)
    low, high = float(mask.elevations_deg.min()), float(mask.elevations_deg.max())
    span = max(max(high, top) - low, 1.0)
    return max(low - 0.12 * span, -90.0), min(max(high, top) + 0.08 * span, 90.0)


def _draw_track(axes: Axes, track: Track, low: float, high: float) -> None:
    """The path of the disc as a band for each time round, so that where it lingers is darker."""
    seen = track.seen
    turns = np.flatnonzero(np.abs(np.diff(seen.azimuth_deg)) > 180.0) + 1
    for part in np.split(np.arange(seen.azimuth_deg.size), turns):
        azimuth, elevation = seen.azimuth_deg[part], seen.elevation_deg[part]
        if part.size < 2 or elevation.max() < low - 2.0 or elevation.min() > high + 2.0:
            continue
        radius = seen.angular_radius_deg[part]
        shown: dict[str, Any] = {"color": track.colour, "linewidth": 0.0, "zorder": 1.0}
        axes.fill_between(azimuth, elevation - radius, elevation + radius, alpha=0.16, **shown)
        axes.plot(azimuth, elevation, color=track.colour, linewidth=0.45, alpha=0.7, zorder=1.2)


def _draw_terrain(axes: Axes, mask: HorizonMask, low: float) -> None:
    azimuth = np.append(mask.azimuths_deg, mask.azimuths_deg[0] + 360.0)
    around = np.concatenate([azimuth - 360.0, azimuth])
    for index, colour in enumerate(_TERRAIN[: len(mask.heights_m)]):
        line = np.append(mask.elevations_deg[index], mask.elevations_deg[index, 0])
        shown = np.concatenate([line, line])
        axes.fill_between(around, low, shown, color=colour, linewidth=0.0, zorder=2.0 + 0.1 * index, alpha=0.92)
        axes.plot(around, shown, color=_INK, linewidth=0.7 if index == 0 else 0.35, zorder=3.0)


def light_bar_picture(light: Mapping[float, xr.DataArray], title: str, source: str, path: Path) -> None:
    """Draw a year of light, hour by hour: a row for each month and height. Whole or not at all.

    light: visible part of the Sun's disc by height above ground, over `time` in steps of an hour or less; of more than
    twelve months, the first twelve are shown.
    """
    heights = sorted(light)
    months = _months(next(iter(light.values())))
    rows = len(months) * len(heights)
    figure = Figure(figsize=(12.0, 1.55 + 0.19 * rows + 0.10 * len(months)), dpi=_DPI)
    bottom, top = 0.62 / figure.get_figheight(), 1.0 - 0.72 / figure.get_figheight()
    axes = figure.add_axes((0.095, bottom, 0.83, top - bottom))
    colours = matplotlib.colormaps["cividis"].with_extremes(bad="#ffffff")
    for number, month in enumerate(months):
        for index, height in enumerate(heights):
            hours = _hours_of(light[height], month)
            y = number * (len(heights) + 0.5) + index
            axes.imshow(hours[None, :], extent=(1.0, 32.0, y + 0.96, y + 0.04), cmap=colours, **_STRIP)
    size = len(heights) + 0.5
    axes.set(xlim=(1.0, 32.0), ylim=(len(months) * size - 0.3, -0.2))
    axes.set_xticks(np.arange(1.5, 32.0, 5.0), [str(day) for day in range(1, 32, 5)])
    axes.set_yticks([k * size + 0.5 * len(heights) for k in range(len(months))], [str(month)[:7] for month in months])
    axes.tick_params(labelsize=8, length=2)
    axes.set_xlabel("day of the month, UTC", fontsize=9)
    for edge in axes.spines.values():
        edge.set_visible(False)
    _bar_words(figure, heights, title, source, (bottom, top), colours)
    with whole_file(path) as beside:
        figure.savefig(beside, format="png")


def _bar_words(
    figure: Figure, heights: list[float], title: str, source: str, span: tuple[float, float], colours: Any
) -> None:
    inch = 1.0 / figure.get_figheight()
    key = figure.add_axes((0.94, span[0], 0.012, span[1] - span[0]))
    scale = matplotlib.cm.ScalarMappable(matplotlib.colors.Normalize(0.0, 1.0), colours)
    figure.colorbar(scale, cax=key, format=matplotlib.ticker.PercentFormatter(1.0, decimals=0)).ax.tick_params(
        labelsize=7
    )
    figure.text(0.095, 1.0 - 0.33 * inch, title, fontsize=13, weight="bold", color=_INK)
    order = ", ".join(f"{height:g} m" for height in heights)
    several = (
        f"; bars of a month from top to bottom: {order} above ground" if len(heights) > 1 else f", {order} above ground"
    )
    figure.text(
        0.095, 1.0 - 0.55 * inch, f"Visible part of the Sun's disc, hour by hour{several}", fontsize=8.5, color=_QUIET
    )
    figure.text(0.095, 0.12 * inch, source, fontsize=6.5, color=_QUIET)


def _months(series: xr.DataArray) -> NDArray[np.datetime64]:
    return np.unique(series["time"].to_numpy().astype("datetime64[M]"))[:12]


def _hours_of(series: xr.DataArray, month: np.datetime64) -> FloatArray:
    """Mean of each hour of a month, NaN where the series has none."""
    time = series["time"].to_numpy()
    inside = time.astype("datetime64[M]") == month
    hour = ((time[inside] - month.astype("datetime64[ns]")) // np.timedelta64(1, "h")).astype(np.int64)
    count = np.bincount(hour, minlength=_MONTH_HOURS)
    total = np.bincount(hour, series.to_numpy()[inside], minlength=_MONTH_HOURS)
    return np.asarray(np.divide(total, count, out=np.full(_MONTH_HOURS, np.nan), where=count > 0))


def series_picture(series: xr.DataArray, title: str, source: str, path: Path) -> None:
    """Draw one quantity of the point over time. Whole or not at all."""
    figure = Figure(figsize=(12.0, 3.6), dpi=_DPI)
    axes = figure.add_axes((0.07, 0.16, 0.91, 0.68))
    axes.plot(series["time"].to_numpy(), series.to_numpy(), color="#a8481c", linewidth=0.8)
    axes.set_ylabel(f"{series.attrs['long_name']}, {series.attrs['units']}", fontsize=9)
    axes.grid(color="#d9dde2", linewidth=0.5)
    axes.tick_params(labelsize=8)
    axes.margins(x=0.0)
    figure.text(0.07, 0.915, title, fontsize=13, weight="bold", color=_INK)
    figure.text(0.07, 0.02, source, fontsize=6.5, color=_QUIET)
    with whole_file(path) as beside:
        figure.savefig(beside, format="png")
