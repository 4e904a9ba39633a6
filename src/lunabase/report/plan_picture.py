"""A plan as a picture: a row for each payload, by partner, under light, contacts and charge; and two plans compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.environment.intervals import true_runs
from lunabase.planning.diff import compare
from lunabase.planning.keep import placement_of
from lunabase.planning.plan import Activity, Plan
from lunabase.planning.problem import build_problem
from lunabase.planning.restrict import by_request
from lunabase.planning.timetable import Timetable
from lunabase.record.whole import whole_file
from lunabase.report import palette
from lunabase.report.plan_files import refuse_other_pictures
from lunabase.station.model import Station

_WIDTH_IN, _ROW_IN, _BAND_IN = 14.0, 0.21, 0.24
_LEFT_IN, _RIGHT_IN, _TOP_IN, _BOTTOM_IN = 2.9, 0.9, 0.75, 0.55
_DPI = 130
_LABEL_CHARACTERS = 38
_NIGHT = "#e4e9f2"


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where each payload's row is, and the labels, top down."""

    of: Mapping[tuple[str, str], int]
    """By partner and payload."""
    labels: tuple[str, ...]
    heads: tuple[int, ...]
    """Rows that only carry a partner's name."""

    def at(self, item: Activity) -> int:
        """Row of an activity."""
        return self.of[item.partner, item.payload]


def draw_plan(plan: Plan, path: Path, station: Station, environment: xr.Dataset) -> None:
    """Draw a plan with the light, contacts and expected charge of its time, as PNG, SVG or PDF."""
    refuse_other_pictures(path)
    rows = _rows(plan.activities, station)
    bands = _bands(station, environment)
    charge = _charge(plan, station, environment)
    top_in = _BAND_IN * len(bands) + (0.9 if charge is not None else 0.0)
    figure, main = _figure(rows, top_in)
    _draw_rows(main, rows, plan)
    paints = palette.partner_paints(row.partner for row in plan.partners)
    for item in plan.activities:
        _draw_bar(main, item, rows.at(item), paints[item.partner])
    _shade_night(main, environment)
    _draw_served(main, rows, plan, station)
    height_in = float(figure.get_size_inches()[1])
    sky = figure.add_axes(_place(height_in, height_in - _TOP_IN - _BAND_IN * len(bands), _BAND_IN * len(bands)))
    _draw_bands(sky, bands, environment, plan)
    if charge is not None:
        stores = figure.add_axes(_place(height_in, height_in - _TOP_IN - top_in + 0.14, 0.66))
        _draw_charge(stores, charge, station, plan)
    words = f"{len(plan.activities)} activities; {len(plan.unplaced)} requests lack something"
    _title(figure, f"{plan.station}: {plan.level} plan", f"{plan.start:%d %B %Y} to {plan.stop:%d %B %Y}, {words}")
    _save(figure, path)


def draw_difference(first: Plan, second: Plan, path: Path) -> None:
    """Draw two plans in one picture: the first hollow and above, the second filled and below, moves as lines."""
    refuse_other_pictures(path)
    both = (*first.activities, *second.activities)
    rows = _rows(both, None)
    figure, main = _figure(rows, 0.0)
    _draw_rows(main, rows, second)
    paints = palette.partner_paints(dict.fromkeys(row.partner for plan in (first, second) for row in plan.partners))
    difference = compare(first, second)
    changed = {item.id for item in difference.moved} | {item.id for item in difference.appeared}
    left = {(item.request, item.was) for item in difference.moved} | {
        (item.request, item.start) for item in difference.vanished
    }
    for item in first.activities:
        if (item.request, item.start) in left:
            _draw_lane(main, item, rows.at(item) - 0.22, "white", paints[item.partner].edge)
    for item in second.activities:
        stays = item.id not in changed
        _draw_lane(
            main,
            item,
            rows.at(item) + (0.0 if stays else 0.2),
            "#d6dbe1" if stays else paints[item.partner].colour,
            "#b9c1ca" if stays else paints[item.partner].edge,
        )
    after = {item.id: item for item in second.activities}
    for move in difference.moved:
        row = rows.at(after[move.id])
        main.plot([move.was, move.start], [row - 0.22, row + 0.2], color=palette.INK, linewidth=0.7, zorder=5)
    by_start = {(item.request, item.start): item for item in first.activities}
    for gone in difference.vanished:
        row = rows.at(by_start[gone.request, gone.start])
        main.plot(gone.start, row - 0.22, marker="x", color=palette.FLOOR, markersize=5, markeredgewidth=1.5, zorder=6)
    for new in difference.appeared:
        row = rows.at(after[new.id])
        main.plot(new.start, row + 0.2, marker="P", color="#00795a", markersize=5, markeredgewidth=0, zorder=6)
    counts = (
        f"{difference.kept} stay (grey), {len(difference.moved)} move (hollow: where they were), "
        f"{len(difference.appeared)} appear (+), {len(difference.vanished)} vanish (x)"
    )
    _title(figure, f"{second.station}: two plans compared", counts)
    _save(figure, path)


def _rows(activities: Iterable[Activity], station: Station | None) -> _Rows:
    """A head row for each partner, below it one row for each of its payloads that is used."""
    used: dict[str, dict[str, None]] = {}
    for item in sorted(activities, key=lambda one: (one.partner, one.payload)):
        used.setdefault(item.partner, {})[item.payload] = None
    order = [name for name in (station.partners if station else sorted(used)) if name in used]
    of: dict[tuple[str, str], int] = {}
    labels: list[str] = []
    heads: list[int] = []
    for partner in order:
        heads.append(len(labels))
        labels.append(_short(station.partners[partner].name if station else partner))
        for payload in used[partner]:
            of[partner, payload] = len(labels)
            labels.append(_short(station.payloads[payload].name if station else payload))
    return _Rows(of, tuple(labels), tuple(heads))


def _short(text: str) -> str:
    plain = text.replace("$", r"\$")  # or matplotlib would read formulas
    return plain if len(plain) <= _LABEL_CHARACTERS else plain[: _LABEL_CHARACTERS - 1].rstrip() + "…"


def _figure(rows: _Rows, top_in: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    height_in = _TOP_IN + top_in + _ROW_IN * max(len(rows.labels), 1) + _BOTTOM_IN
    figure = Figure(figsize=(_WIDTH_IN, height_in))
    main = figure.add_axes(_place(height_in, _BOTTOM_IN, _ROW_IN * max(len(rows.labels), 1)))
    return figure, main


def _place(height_in: float, bottom_in: float, tall_in: float) -> tuple[float, float, float, float]:
    width = (_WIDTH_IN - _LEFT_IN - _RIGHT_IN) / _WIDTH_IN
    return (_LEFT_IN / _WIDTH_IN, bottom_in / height_in, width, tall_in / height_in)


def _draw_rows(main: Any, rows: _Rows, plan: Plan) -> None:
    main.set_ylim(max(len(rows.labels), 1) - 0.5, -0.5)
    main.set_yticks(range(len(rows.labels)), rows.labels, fontsize=7.5, color=palette.INK)
    main.tick_params(axis="y", length=0, pad=4)
    for row, label in enumerate(main.get_yticklabels()):
        label.set_fontweight("bold" if row in rows.heads else "normal")
    for row in range(len(rows.labels)):
        if row not in rows.heads:
            main.axhline(row, color=palette.ROW, linewidth=0.6, zorder=0.5)
    for row in rows.heads:
        main.axhline(row - 0.5, color=palette.GRID, linewidth=0.8, zorder=0.6)
    _time_axis(main, plan)
    main.tick_params(axis="x", labelsize=8)
    main.xaxis.get_offset_text().set_fontsize(8)
    main.set_xlabel("UTC", fontsize=8, color=palette.QUIET, loc="left", labelpad=1)


def _time_axis(axes: Any, plan: Plan) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    axes.set_xlim(plan.start, plan.stop)
    locator = AutoDateLocator(minticks=6, maxticks=16)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.grid(axis="x", color=palette.GRID, linewidth=0.6, zorder=0.4)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(palette.QUIET)


def _draw_bar(main: Any, item: Activity, row: int, paint: palette.Paint) -> None:
    """The activity, with setup and teardown paler; promised ones have a dark edge, pinned ones a dot."""
    if item.hold_start < item.start or item.hold_stop > item.stop:
        hold = item.hold_stop - item.hold_start
        main.barh(row, hold, left=item.hold_start, height=0.34, color=paint.edge, alpha=0.35)
    edge, width = (palette.INK, 1.1) if item.committed else (paint.edge, 0.6)
    main.barh(
        row, item.stop - item.start, left=item.start, height=0.72, color=paint.colour, edgecolor=edge, linewidth=width,
        zorder=3,
    )  # fmt: skip
    if item.pinned:
        middle = item.start + (item.stop - item.start) / 2
        main.plot(middle, row, marker="o", color="white", markeredgecolor=palette.INK, markersize=4, zorder=4)


def _draw_lane(main: Any, item: Activity, row: float, fill: str, edge: str) -> None:
    main.barh(
        row, item.stop - item.start, left=item.start, height=0.36, color=fill, edgecolor=edge, linewidth=0.8, zorder=3
    )


def _shade_night(main: Any, environment: xr.Dataset) -> None:
    for start, stop in _spans(environment["sun_visible_fraction"].values <= 0.0, environment):
        main.axvspan(start, stop, color=_NIGHT, linewidth=0, zorder=0.1)


def _spans(mask: NDArray[Any], environment: xr.Dataset) -> list[tuple[datetime, datetime]]:
    """Times in which a series of epochs (steps,) holds; each epoch lasts until the next."""
    epochs = environment["time"].values.astype("datetime64[ms]")
    edges = np.append(epochs, epochs[-1] + (epochs[1] - epochs[0])).astype(object)
    return [(edges[first], edges[past]) for first, past in true_runs(mask)]


def _bands(station: Station, environment: xr.Dataset) -> dict[str, tuple[NDArray[Any], str]]:
    """Bands over the plan by their name: when each holds, and its colour."""
    steps = environment.sizes["time"]
    found: dict[str, tuple[NDArray[Any], str]] = {}
    found["Earth in view"] = (np.asarray(environment["earth_in_view"].values, dtype=bool), palette.EARTH)
    for name, variable, colour in (
        ("contact with Earth", "contact", palette.EARTH),
        ("contact by relay", "relay_contact", palette.RELAY),
    ):
        if variable in environment and environment[variable].size:
            values = environment[variable].transpose(..., "time").values.reshape(-1, steps)
            found[name] = (np.asarray(values.astype(bool).any(axis=0)), colour)
    return {"sunlight": (environment["sun_visible_fraction"].values, palette.SUN_FILL), **found}


def _draw_bands(axes: Any, bands: Mapping[str, tuple[NDArray[Any], str]], environment: xr.Dataset, plan: Plan) -> None:
    _time_axis(axes, plan)
    axes.tick_params(labelbottom=False, bottom=False, left=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_ylim(len(bands) - 0.5, -0.5)
    axes.set_yticks(range(len(bands)), bands, fontsize=7.5, color=palette.INK)
    times = environment["time"].values.astype("datetime64[ms]").astype(object)
    for row, (values, colour) in enumerate(bands.values()):
        if values.dtype == bool:
            for start, stop in _spans(values, environment):
                axes.barh(row, stop - start, left=start, height=0.62, color=colour, linewidth=0)
        else:
            axes.fill_between(times, row + 0.36, row + 0.36 - 0.72 * values, color=colour, linewidth=0, step="post")


def _charge(plan: Plan, station: Station, environment: xr.Dataset) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Times and expected state of charge at the end of each step; None without stores."""
    problem = build_problem(station, environment, plan.level)
    if problem.forecast.stores.shape[0] == 0:
        return None
    timetable, tasks = Timetable(problem), by_request(problem)
    for item in plan.activities:
        placement = placement_of(problem, item, tasks)
        if placement is not None:
            timetable.put(placement)
    charge = timetable.track.charge
    ends = np.arange(1, charge.size + 1) * (problem.forecast.step_s * 1000.0)
    start = np.datetime64(plan.start.replace(tzinfo=None), "ms")
    return start + ends.astype("timedelta64[ms]"), charge


def _draw_charge(axes: Any, charge: tuple[NDArray[Any], NDArray[Any]], station: Station, plan: Plan) -> None:
    _time_axis(axes, plan)
    axes.tick_params(labelbottom=False, bottom=False)
    times, values = charge
    axes.fill_between(times.astype(object), 0.0, 100.0 * values, color="#cfe3f1", linewidth=0)
    axes.plot(times.astype(object), 100.0 * values, color=palette.STORED, linewidth=1.1)
    if station.charge_floor > 0.0:
        axes.axhline(100.0 * station.charge_floor, color=palette.FLOOR, linewidth=1.0, linestyle="--")
    axes.set_ylim(0, 104)
    axes.set_yticks([0, 50, 100], ["0", "50", "charge 100 %"], fontsize=7.5, color=palette.INK)
    axes.tick_params(axis="y", length=2)


def _draw_served(main: Any, rows: _Rows, plan: Plan, station: Station) -> None:
    """At each partner's head row: how much it gets of what it is entitled to."""
    served = {row.partner: row.served for row in plan.partners}
    names = [name for name in station.partners if any(item.partner == name for item in plan.activities)]
    for row, name in zip(rows.heads, names, strict=True):
        main.annotate(
            f"{served[name]:.0%} served", (1.005, row), xycoords=("axes fraction", "data"), fontsize=7.5, va="center",
            color=palette.QUIET, annotation_clip=False,
        )  # fmt: skip


def _title(figure: Any, title: str, words: str) -> None:
    height_in = float(figure.get_size_inches()[1])
    left = 0.15 / _WIDTH_IN
    head = title.replace("$", r"\$")
    figure.text(left, 1.0 - 0.18 / height_in, head, fontsize=13, fontweight="bold", va="top", color=palette.INK)
    figure.text(left, 1.0 - 0.44 / height_in, words, fontsize=9, va="top", color=palette.QUIET)


def _save(figure: Any, path: Path) -> None:
    form = path.suffix.lower()[1:]
    # Without a date the same plan gives the same file.
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
    with whole_file(path) as beside:
        figure.savefig(beside, format=form, dpi=_DPI, metadata=metadata)
