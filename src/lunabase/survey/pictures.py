"""A survey's maps as pictures: colours over relief, scale bar, north, lines of latitude and longitude, crater names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from lunabase.record.whole import whole_file
from lunabase.survey.craters import craters_on
from lunabase.survey.graticule import graticule, pole_on
from lunabase.survey.maps import kind_of
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import project

FloatArray = NDArray[np.float64]

_WIDEST = 1600
"""Pixels of a picture's map along its longer side; a larger map is thinned for the picture alone."""
_SIDE_IN = 7.2
_DPI = 150
_FOOT_IN, _LINE_IN, _WARNING_LINES = 0.7, 0.125, 4
"""First line below the map, above the picture's edge; distance of lines; most lines of a warning."""
_INK = "#1b2430"
_HALO = [withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
_NAMED: dict[str, Any] = {"color": _INK, "ha": "center", "va": "center", "path_effects": _HALO}
_ARROW = {"arrowstyle": "-|>,head_width=0.28,head_length=0.5", "color": _INK, "linewidth": 1.6, "path_effects": _HALO}
_NICE_KM = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
_AROUND = ((1, 0.5), (-1, 0.5), (1, -0.5), (-1, -0.5), (0, 1.4), (0, -1.4), (1.6, 1.4), (-1.6, 1.4))
"""Where a mark's label is tried, right and up of it."""
_ROOM_FOR_NAME = 0.035
"""Least radius of a crater whose name is written, in parts of the map's width."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What all pictures of a survey share."""

    grid: MapGrid
    hillshade: FloatArray | None = None
    """Brightness of the relief, 0 to 1, (rows, columns)."""
    source: str = ""
    """One or two lines under the map: data, span, version."""
    warning: str = ""
    marks: Sequence[tuple[float, float, str]] = field(default_factory=tuple)
    """Places to mark: map x, y in metres and a short label."""


def map_picture(values: xr.DataArray, backdrop: Backdrop, path: Path) -> None:
    """Draw one map of a survey as PNG. It appears whole or not at all."""
    grid = backdrop.grid
    west, south, east, north = (edge / 1000.0 for edge in grid.bounds)
    aspect = (north - south) / (east - west)
    width, height = (_SIDE_IN, _SIDE_IN * aspect) if aspect <= 1.0 else (_SIDE_IN / aspect, _SIDE_IN)
    # A narrow map keeps room for its words.
    foot = _FOOT_IN + 0.6
    figure = Figure(figsize=(max(width, 4.5) + 2.75, max(height, 2.5) + foot + 0.8), dpi=_DPI)
    inches = (figure.get_figwidth(), figure.get_figheight())
    box = (0.85 / inches[0], foot / inches[1], width / inches[0], height / inches[1])
    axes = figure.add_axes(box)
    _paint(figure, axes, values, backdrop, box)
    axes.set(xlim=(west, east), ylim=(south, north), xlabel="map x, km", ylabel="map y, km")
    axes.tick_params(labelsize=8)
    axes.set_aspect("equal")
    _draw_graticule(axes, grid)
    _draw_craters(axes, grid)
    _draw_marks(axes, backdrop)
    _draw_scale_bar(axes, grid)
    _draw_north(axes, grid)
    _words(figure, values, backdrop, box)
    with whole_file(path) as beside:
        figure.savefig(beside, format="png")


def _paint(
    figure: Figure, axes: Axes, values: xr.DataArray, backdrop: Backdrop, box: tuple[float, float, float, float]
) -> None:
    every = max(1, math.ceil(max(values.shape) / _WIDEST))
    data = values.to_numpy().astype(np.float64)[::every, ::every]
    kind = kind_of(values)
    colours = matplotlib.colormaps[kind.colours].with_extremes(bad="#b9b9b9")
    low, high = kind.limits or _spread(data)
    scale = Normalize(low, high)
    pixels = colours(scale(np.ma.masked_invalid(data)))
    if backdrop.hillshade is not None:
        shade = np.nan_to_num(backdrop.hillshade[::every, ::every], nan=0.5)
        pixels[..., :3] = _shaded(pixels[..., :3], shade[..., None])
    west, south, east, north = (edge / 1000.0 for edge in backdrop.grid.bounds)
    axes.imshow(pixels, extent=(west, east, south, north), origin="upper", interpolation="nearest")
    inch = 1.0 / figure.get_figwidth()
    bar_axes = figure.add_axes((box[0] + box[2] + 0.85 * inch, box[1], 0.16 * inch, box[3]))
    mappable = matplotlib.cm.ScalarMappable(scale, colours)
    bar = figure.colorbar(mappable, cax=bar_axes, extend=_ends(data, low, high))
    bar.ax.tick_params(labelsize=8)
    unit = {"1": "", "degree": "deg", "d": "days"}.get(kind.unit, kind.unit)
    if kind.unit == "1" and kind.limits == (0.0, 1.0):
        bar.ax.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1.0, decimals=0))
    bar.set_label(kind.title + (f", {unit}" if unit else ""), fontsize=9)


def _shaded(colours: FloatArray, shade: FloatArray) -> FloatArray:
    """Colours over relief: darker on slopes that face away, a little paler on those that face the light."""
    dark = np.minimum(0.45 + 1.1 * shade, 1.0)
    pale = np.clip(shade - 0.5, 0.0, 0.5) * 0.35
    return np.asarray(np.clip(colours * dark + (1.0 - colours * dark) * pale, 0.0, 1.0))


def _spread(data: FloatArray) -> tuple[float, float]:
    known = data[np.isfinite(data)]
    if known.size == 0:
        return 0.0, 1.0
    low, high = np.quantile(known, (0.005, 0.995))
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def _ends(data: FloatArray, low: float, high: float) -> str:
    least, most = np.nanmin(data, initial=low), np.nanmax(data, initial=high)
    below, above = bool(least < low), bool(most > high)
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[below, above]


def _draw_graticule(axes: Axes, grid: MapGrid) -> None:
    west, _, east, north = (edge / 1000.0 for edge in grid.bounds)
    gap = 0.012 * (east - west)
    taken: list[tuple[float, float]] = []
    for line in graticule(grid):
        x, y = line.x / 1000.0, line.y / 1000.0
        axes.plot(x, y, color="white", linewidth=1.1, alpha=0.35, zorder=2)
        axes.plot(x, y, color=_INK, linewidth=0.5, alpha=0.75, zorder=2.1)
        known, named = np.flatnonzero(np.isfinite(x)), False
        ends = known[[0, -1]] if known.size else known
        for k in ends:
            top, right = north - y[k] < gap, east - x[k] < gap
            spot = (x[k], north + gap) if top else (east + gap, y[k])
            near = any(abs(spot[0] - a) < 7.5 * gap and abs(spot[1] - b) < 2.5 * gap for a, b in taken)
            if (top or right) and not near:
                taken.append(spot)
                named = True
                align = ("center", "bottom") if top else ("left", "center")
                axes.text(spot[0], spot[1], line.label, fontsize=7, color=_INK, ha=align[0], va=align[1])
        if line.is_parallel and known.size and not named:
            _label_on(axes, line.label, x[known], y[known])


def _label_on(axes: Axes, label: str, x: FloatArray, y: FloatArray) -> None:
    """Name a parallel on itself, well inside the frame: about a pole half way between two meridians."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    aside = np.minimum(np.minimum(x - west, east - x), np.minimum(y - south, north - y)) > 0.05 * (east - west)
    aside &= (x > west + 0.3 * (east - west)) | (y > south + 0.12 * (north - south))  # where the scale bar is
    if aside.any():
        k = np.flatnonzero(aside)[int(np.argmin(np.abs(np.arctan2(x, y) - np.radians(-165.0))[aside]))]
        axes.text(x[k], y[k], label, fontsize=7, zorder=4, **_NAMED)


def _draw_craters(axes: Axes, grid: MapGrid) -> None:
    west, south, east, north = (edge / 1000.0 for edge in grid.bounds)
    size = max(east - west, north - south)
    names: list[tuple[float, float]] = []
    for ring in craters_on(grid):
        x, y, radius = ring.x / 1000.0, ring.y / 1000.0, ring.radius / 1000.0
        circle = Circle((x, y), radius, fill=False, edgecolor="white", linewidth=1.0, linestyle=(0, (4, 3)), zorder=3)
        circle.set_path_effects([withStroke(linewidth=2.0, foreground="black", alpha=0.35)])
        axes.add_patch(circle)
        at_x = min(max(x, west + 0.075 * size), east - 0.075 * size)
        at_y = min(max(y, south + 0.06 * size), north - 0.03 * size)
        inside = math.hypot(at_x - x, at_y - y) < 0.8 * radius
        clear = all(abs(at_x - a) > 0.13 * size or abs(at_y - b) > 0.035 * size for a, b in names)
        if inside and clear and radius > _ROOM_FOR_NAME * size:
            names.append((at_x, at_y))
            axes.text(at_x, at_y, ring.name, fontsize=8, style="italic", zorder=4, **_NAMED)


def _draw_marks(axes: Axes, backdrop: Backdrop) -> None:
    for x, y, _ in backdrop.marks:
        spot = (x / 1000.0, y / 1000.0)
        for colour, width, order in (("white", 2.4, 5.0), ("#d5008f", 1.3, 5.1)):
            axes.plot(*spot, "o", markersize=7, fillstyle="none", color=colour, markeredgewidth=width, zorder=order)
    west, _, east, _ = (edge / 1000.0 for edge in backdrop.grid.bounds)
    point = (east - west) / (72.0 * _SIDE_IN)
    for x, y, label in labels_apart(backdrop.marks, 1000.0 * point):
        text = axes.text(
            x / 1000.0, y / 1000.0, label, fontsize=7.5, color="#a3006d", zorder=6, ha="center", va="center"
        )
        text.set(weight="bold", path_effects=_HALO)


def labels_apart(marks: Sequence[tuple[float, float, str]], point: float) -> list[tuple[float, float, str]]:
    """Return where labels stand beside their marks, clear of each other and of the marks; without room, no label.

    point: size of a typographic point on the map, in the marks' unit. Earlier marks choose first.
    """
    taken = [(x, y, 4.5 * point) for x, y, _ in marks]
    placed = []
    for x, y, label in marks:
        half = (2.6 * len(label), 4.0)
        for right, up in _AROUND:
            spot_x, spot_y = x + right * (6.0 + half[0]) * point, y + up * 8.0 * point
            if all(abs(spot_x - a) > half[0] * point + b or abs(spot_y - c) > half[1] * point + b for a, c, b in taken):
                placed.append((spot_x, spot_y, label))
                taken.append((spot_x, spot_y, 4.0 * point))
                break
    return placed


def _draw_scale_bar(axes: Axes, grid: MapGrid) -> None:
    """A bar of a round length on the ground at the map's centre."""
    west, south, east, north = (edge / 1000.0 for edge in grid.bounds)
    ground = float(grid.part(grid.rows // 2, grid.columns // 2, 1, 1).ground_scale()[0, 0])
    wanted_km = 0.22 * (east - west) * ground
    length_km = max((nice for nice in _NICE_KM if nice <= wanted_km), default=_NICE_KM[0])
    width = length_km / ground
    x, y = west + 0.04 * (east - west), south + 0.035 * (north - south)
    axes.plot([x, x + width], [y, y], color="white", linewidth=5.5, solid_capstyle="butt", zorder=6)
    axes.plot([x, x + width], [y, y], color=_INK, linewidth=3.0, solid_capstyle="butt", zorder=6.1)
    axes.plot([x + width / 2, x + width], [y, y], color="white", linewidth=1.6, solid_capstyle="butt", zorder=6.2)
    words = f"{length_km:g} km" if length_km >= 1.0 else f"{1000.0 * length_km:g} m"
    text = axes.annotate(words, (x + width / 2, y), (0, 5), textcoords="offset points", fontsize=8, zorder=6.3)
    text.set(color=_INK, ha="center", path_effects=_HALO)


def _draw_north(axes: Axes, grid: MapGrid) -> None:
    """An arrow to true north at the map's centre; with a pole on the map, the pole itself."""
    pole = pole_on(grid)
    if pole is not None:
        vector = (0.0, 0.0, math.copysign(1.0, pole))
        x, y = (part / 1000.0 for part in project(grid.projection, *vector))
        axes.plot(x, y, marker="+", markersize=11, color="white", markeredgewidth=3.0, zorder=5)
        axes.plot(x, y, marker="+", markersize=10, color=_INK, markeredgewidth=1.4, zorder=5.1)
        return
    angle = math.radians(-float(grid.part(grid.rows // 2, grid.columns // 2, 1, 1).convergence_deg()[0, 0]))
    tip = np.array([math.sin(angle), math.cos(angle)])
    centre = np.array([0.93, 0.08])
    ratio = axes.bbox.width / axes.bbox.height if axes.bbox.height else 1.0
    reach = 0.042 * np.array([1.0, ratio])
    tail, head = (tuple(centre + sign * reach * tip) for sign in (-1.0, 1.0))
    axes.annotate("", xy=head, xytext=tail, xycoords="axes fraction", textcoords="axes fraction", arrowprops=_ARROW)
    x, y = centre + 1.45 * reach * tip
    axes.text(x, y, "N", transform=axes.transAxes, fontsize=9, weight="bold", zorder=6, **_NAMED)


def _words(figure: Figure, values: xr.DataArray, backdrop: Backdrop, box: tuple[float, float, float, float]) -> None:
    top = box[1] + box[3]
    inch = 1.0 / figure.get_figheight()
    figure.text(box[0], top + 0.52 * inch, str(values.attrs["long_name"]), fontsize=13, weight="bold", color=_INK)
    figure.text(box[0], top + 0.32 * inch, str(values.attrs["comment"]), fontsize=8, color="#4c5764")
    letters = int(19.0 * (figure.get_figwidth() - 0.95))
    lines = [(line, "#4c5764") for line in wrap(backdrop.source, letters)[:2]]
    warning = wrap(backdrop.warning, letters, max_lines=_WARNING_LINES, placeholder=" ... (see index.html)")
    lines += [(line, "#b3261e") for line in warning]
    for number, (line, colour) in enumerate(lines):
        figure.text(box[0], (_FOOT_IN - _LINE_IN * number) * inch, line, fontsize=6.5, color=colour, va="center")
