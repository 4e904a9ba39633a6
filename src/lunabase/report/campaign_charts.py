"""The charts of a campaign's page: what each fault costs, the worst nights, science, and sweeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from lunabase.report import palette
from lunabase.report.chart import Chart, drawn, plain, value_axis

_ROW_PX = 17
_LOOKS = {
    "alive": {"color": palette.STORED, "symbol": "circle", "size": 7, "opacity": 0.7},
    "lost": {"color": palette.FLOOR, "symbol": "x", "size": 9},
}
_LOST_WORDS = {"alive": "alive", "lost": "lost"}


def campaign_charts(rows: pd.DataFrame, facts: dict[str, Any]) -> dict[str, Chart]:
    """All charts that have something to show, by id."""
    flown = rows[rows["outcome"] != "failed"]
    charts = [night_chart(flown, facts), science_chart(flown)]
    if facts["by_fault"]:
        charts.append(fault_chart(flown, facts))
    charts += [sweep_chart(flown, field, unit, index) for index, (field, unit) in enumerate(facts["varied"].items())]
    front = front_chart(flown, facts)
    return {chart.id: chart for chart in (*charts, *([front] if front else []))}


def night_chart(flown: pd.DataFrame, facts: dict[str, Any]) -> Chart:
    """How many runs had which margin in their worst night."""
    flown = flown[flown["outcome"] == "alive"]
    margin = facts["reference"][0]["worst_night_margin_wh"]
    lines = [] if margin is None else [_line(margin / 1000.0)]
    words = "Distribution of the energy left above the stores' floors at the worst moment in the dark."
    return Chart(
        "night",
        words,
        tuple(_histogram(flown, "worst_night_margin_wh", 1e-3)),
        {"xaxis": _x("energy margin of the worst night / kWh"), "yaxis": value_axis("runs"), "shapes": lines}
        | _STACKED,
        260,
        linked=False,
    )


def science_chart(flown: pd.DataFrame) -> Chart:
    """How many runs returned which part of the fault-free science."""
    return Chart(
        "science",
        "Distribution of the science returned, as a part of what the fault-free flight returns.",
        tuple(_histogram(flown, "science_part", 100.0)),
        {"xaxis": _x("science returned / % of fault-free"), "yaxis": value_axis("runs")} | _STACKED,
        260,
        linked=False,
    )


_STACKED = {"barmode": "stack", "hovermode": "closest", "bargap": 0.05}


def _histogram(flown: pd.DataFrame, column: str, factor: float) -> list[dict[str, Any]]:
    values = flown[column].to_numpy(dtype=np.float64) * factor
    known = values[np.isfinite(values)]
    if not known.size:
        return []
    edges = np.linspace(known.min(), known.max() if known.max() > known.min() else known.min() + 1.0, 41)
    middles = 0.5 * (edges[1:] + edges[:-1])
    traces = []
    for outcome, look in _LOOKS.items():
        mine = values[(flown["outcome"] == outcome).to_numpy() & np.isfinite(values)]
        counts = np.histogram(mine, edges)[0]
        if counts.any():
            colour = {"color": look["color"]}
            traces.append({"type": "bar", "x": middles, "y": counts, "name": outcome, "marker": colour})
    return traces


def fault_chart(flown: pd.DataFrame, facts: dict[str, Any]) -> Chart:
    """One row for each fault, one mark for each run: science returned, lost or alive."""
    names = [item["fault"] for item in facts["by_fault"]][::-1]
    pairs = [(name, row) for row in flown.to_dict("records") for name in row["fault"].split(" + ") if name]
    traces = []
    for outcome, look in _LOOKS.items():
        mine = [(name, row) for name, row in pairs if row["outcome"] == outcome]
        if mine:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": _LOST_WORDS[outcome],
                    "x": drawn([100.0 * row["science_part"] for _, row in mine]),
                    "y": [name for name, _ in mine],
                    "text": [plain(_hover(row)) for _, row in mine],
                    "hovertemplate": "%{y}<br>%{x:.1f} %<br>%{text}<extra></extra>",
                    "marker": look,
                }
            )
    layout = {
        "xaxis": _x("science returned / % of fault-free"),
        "yaxis": value_axis("") | {"type": "category", "categoryarray": names, "tickfont": {"size": 11}},
        "margin": {"l": 210},
        "hovermode": "closest",
    }
    words = "Science returned by each run, by its fault; runs in which the station was lost are crosses."
    return Chart("faults", words, tuple(traces), layout, 110 + _ROW_PX * len(names), linked=False, wide=True)


def _hover(row: dict[str, Any]) -> str:
    return f"run {row['run']}: {row['target'] or 'station'} {row['reason']}"


def sweep_chart(flown: pd.DataFrame, field: str, unit: str, index: int) -> Chart:
    """The worst night's margin against one varied field."""
    traces = []
    for outcome, look in _LOOKS.items():
        mine = flown[(flown["outcome"] == outcome)]
        if len(mine):
            y = mine["worst_night_margin_wh"].to_numpy(dtype=np.float64) / 1000.0
            traces.append(_dots(mine[field].to_numpy(dtype=np.float64), y, _LOST_WORDS[outcome], look))
    layout = {
        "xaxis": _x(_with(field, unit)),
        "yaxis": value_axis("margin of the worst night / kWh"),
        "hovermode": "closest",
    }
    return Chart(
        f"sweep-{index}", f"Margin of the worst night against {field}.", tuple(traces), layout, 280, linked=False
    )


def front_chart(flown: pd.DataFrame, facts: dict[str, Any]) -> Chart | None:
    """All variants and those that nothing beats, in the first two objectives."""
    front, names = facts["pareto"], facts["objectives"]
    if not front or len(names) < 2:
        return None
    first, second = names[0], names[1]
    variants = flown.groupby(list(facts["varied"]), as_index=False).mean(numeric_only=True)
    everything = _dots(variants[first], variants[second], "variants", {"color": "#b5bcc5", "size": 6})
    best = _dots(
        np.array([item[first] for item in front]),
        np.array([item[second] for item in front]),
        "not beaten",
        {"color": palette.STORED, "size": 9},
    )
    x, y = (_with(name, facts["varied"].get(name, "")) for name in (first, second))
    layout = {"xaxis": _x(x), "yaxis": value_axis(plain(y)), "hovermode": "closest"}
    words = f"Variants in {first} and {second}; those that no other beats stand out."
    return Chart("front", words, (everything, best), layout, 360, linked=False)


def _with(name: str, unit: str) -> str:
    return f"{name} / {unit}" if unit else name


def _dots(x: ArrayLike, y: ArrayLike, name: str, look: dict[str, Any]) -> dict[str, Any]:
    return {"type": "scatter", "mode": "markers", "x": drawn(x), "y": drawn(y), "name": plain(name), "marker": look}


def _x(title: str) -> dict[str, Any]:
    return {
        "title": {"text": plain(title), "font": {"size": 12}, "standoff": 6},
        "gridcolor": palette.GRID,
        "zeroline": False,
        "ticks": "outside",
        "linecolor": palette.QUIET,
    }


def _line(x: float) -> dict[str, Any]:
    line = {"color": palette.INK, "width": 1.5, "dash": "dot"}
    return {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line}
