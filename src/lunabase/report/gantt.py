"""The plan as a Gantt chart, planned against flown, with rows grouped by module or by partner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from lunabase.planning.plan import Activity
from lunabase.record.run_record import RunRecord
from lunabase.report import amounts, palette
from lunabase.report.chart import Chart, Trace, millisecond, mode_bands, plain, time_axis, value_axis
from lunabase.report.flown import Fate, FlownActivity

Grouping = Literal["module", "partner"]
_ROW_PX = 21
_LABEL_CHARACTERS = 30
_PLANNED = {"offset": -0.42, "width": 0.26}
_FLOWN = {"offset": -0.12, "width": 0.5}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each payload's row is, and the labels of all rows, top down."""

    rows: dict[str, int]
    labels: tuple[str, ...]
    heads: tuple[int, ...]
    """Rows that only carry a group's name."""


def gantt_chart(record: RunRecord, flown: list[FlownActivity], grouping: Grouping) -> Chart:
    """Activities of all payloads over the shared time axis; above as planned, below as flown."""
    place = _arrange(record, flown, grouping)
    paints = palette.partner_paints(record.station.partners)
    traces: list[Trace] = []
    for partner_id, partner in record.station.partners.items():
        mine = [one for one in flown if one.activity.partner == partner_id]
        if mine:
            traces += _partner_traces(
                mine, place, paints[partner_id], plain(partner.name, _LABEL_CHARACTERS), partner_id
            )
    traces += _failure_traces(flown, place)
    count = max(len(place.labels), 1)
    layout = {
        "xaxis": time_axis(record) | {"side": "top", "showgrid": True},
        "yaxis": value_axis(
            "",
            range=[count - 0.4, -0.6],
            tickvals=list(range(count)),
            ticktext=list(place.labels),
            tickfont={"size": 11},
            showgrid=False,
        ),
        "shapes": [*mode_bands(record), *_group_lines(place)],
        "barmode": "overlay",
        "hovermode": "closest",
        "margin": {"l": 215, "t": 44, "r": 10, "b": 10},
        "legend": {"font": {"size": 11}, "y": -8 / (count * _ROW_PX), "yanchor": "top"},
    }
    legend_px = 24 * -(-len(record.station.partners) // 6) + 30
    words = _words(flown, grouping)
    return Chart(f"plan-{grouping}", words, tuple(traces), layout, count * _ROW_PX + 74 + legend_px, wide=True)


def _arrange(record: RunRecord, flown: list[FlownActivity], grouping: Grouping) -> Layout:
    """A head row for each group, below it one row for each of its payloads that has activities."""
    used = {one.activity.payload for one in flown}
    station = record.station
    names = (
        {key: module.name for key, module in station.modules.items()}
        if grouping == "module"
        else {key: partner.name for key, partner in station.partners.items()}
    )
    rows: dict[str, int] = {}
    labels: list[str] = []
    heads: list[int] = []
    for group, name in names.items():
        members = [
            (key, payload.name)
            for key, payload in station.payloads.items()
            if key in used and group == (payload.host if grouping == "module" else payload.partner)
        ]
        if not members:
            continue
        heads.append(len(labels))
        labels.append(f"<b>{plain(name, _LABEL_CHARACTERS)}</b>")
        for key, payload_name in members:
            rows[key] = len(labels)
            labels.append(plain(payload_name, _LABEL_CHARACTERS))
    return Layout(rows, tuple(labels), tuple(heads))


def _partner_traces(
    mine: list[FlownActivity], place: Layout, paint: palette.Paint, name: str, group: str
) -> list[Trace]:
    planned = [(one, one.activity.start, one.activity.stop) for one in mine]
    worked = [(one, product.start, product.stop) for one in mine for product in one.products]
    marker = {"color": paint.colour, "line": {"color": paint.edge, "width": 0.8}}
    both = {"legendgroup": group, "name": name}
    return [
        _bars(planned, place, both | _PLANNED | {"marker": marker, "opacity": 0.4, "showlegend": False}),
        _bars(worked, place, both | _FLOWN | {"marker": marker, "showlegend": True}),
    ]


def _bars(spans: list[Any], place: Layout, look: dict[str, Any]) -> Trace:
    starts = np.array([millisecond(start) for _, start, _ in spans], dtype=np.float64)
    stops = np.array([millisecond(stop) for _, _, stop in spans], dtype=np.float64)
    bars = {
        "type": "bar",
        "orientation": "h",
        "base": starts,
        "x": stops - starts,
        "y": [place.rows[one.activity.payload] for one, _, _ in spans],
        "hovertext": [_hover(one) for one, _, _ in spans],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    return bars | look


def _hover(one: FlownActivity) -> str:
    activity = one.activity
    lines = [
        f"<b>{plain(activity.id)}</b>",
        f"{plain(activity.activity_type)}, {plain(activity.payload)}, {plain(activity.partner)}",
        f"planned {amounts.moment(activity.start)} to {amounts.moment(activity.stop)} UTC "
        f"({amounts.duration(activity.duration_s)})",
        f"{amounts.scaled(activity.power_w, 'W')}, {amounts.data(activity.data_bit)}, priority {activity.priority}"
        + (", promised" if activity.committed else ""),
        *_chosen(activity),
        f"flown: {one.fate}" + (f", {amounts.duration(one.flown_s)}" if one.products else ""),
    ]
    return "<br>".join(lines)


def _chosen(activity: Activity) -> Iterator[str]:
    """What the planner chose for it: the payload's mode, what it holds, who works on it."""
    if activity.mode != "on":
        yield f"mode {plain(activity.mode)}"
    if activity.resources:
        yield f"holds {plain(', '.join(activity.resources))}"
    if activity.crew:
        yield f"crew: {plain(', '.join(activity.crew))}"


def _failure_traces(flown: list[FlownActivity], place: Layout) -> list[Trace]:
    """A cross where an activity stopped early, a ring where one never started."""
    traces = []
    for fate, symbol in (("stopped early", "x"), ("interrupted", "triangle-up-open"), ("not started", "circle-open")):
        mine = [one for one in flown if one.fate == fate]
        if not mine:
            continue
        ends = [one.products[-1].stop if one.products else one.activity.start for one in mine]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": np.array([millisecond(end) for end in ends]),
                "y": [place.rows[one.activity.payload] + 0.13 for one in mine],
                "marker": {
                    "symbol": symbol,
                    "size": 7,
                    "color": palette.FLOOR,
                    "line": {"width": 1.5, "color": palette.FLOOR},
                },
                "name": fate,
                "hovertext": [_hover(one) for one in mine],
                "hovertemplate": "%{hovertext}<extra></extra>",
            }
        )
    return traces


def _group_lines(place: Layout) -> list[dict[str, Any]]:
    line = {"color": palette.GRID, "width": 1}
    across = {"type": "line", "xref": "paper", "x0": -0.2, "x1": 1, "yref": "y", "line": line}
    return [across | {"y0": row - 0.5, "y1": row - 0.5} for row in place.heads]


def _words(flown: list[FlownActivity], grouping: Grouping) -> str:
    counts = {fate: sum(one.fate == fate for one in flown) for fate in get_args(Fate)}
    fates = ", ".join(f"{count} {fate}" for fate, count in counts.items())
    return f"Plan by {grouping}: {len(flown)} activities planned, {fates}."
