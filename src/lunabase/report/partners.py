"""What each partner got against its agreed share."""

from __future__ import annotations

from typing import Any

from lunabase.report import palette
from lunabase.report.chart import Chart, Trace, drawn, plain, value_axis
from lunabase.report.flown import PartnerFlown

_LABEL_CHARACTERS = 22


def shares_chart(outcomes: list[PartnerFlown], paints: dict[str, palette.Paint]) -> Chart:
    """Agreed share as a mark, part of the payload energy planned and flown as bars, a row for each partner."""
    count = len(outcomes)
    edges = {"color": [paints[one.id].edge for one in outcomes], "width": 0.8}
    marker = {"color": [paints[one.id].colour for one in outcomes], "line": edges}
    planned = _bars([one.planned_part for one in outcomes], "planned", -0.38, 0.26)
    flown = _bars([one.flown_part for one in outcomes], "flown", -0.1, 0.44)
    traces = (
        planned | {"marker": marker, "opacity": 0.4},
        flown | {"marker": marker},
        {
            "type": "scatter",
            "mode": "markers",
            "x": drawn([100.0 * one.share for one in outcomes]),
            "y": list(range(count)),
            "name": "agreed share",
            "marker": {"symbol": "line-ns", "size": 18, "line": {"width": 2.5, "color": palette.INK}},
            "hovertemplate": "%{x:.1f} %",
        },
    )
    layout = {
        "xaxis": {
            "title": {"text": "part of all payload energy, %", "standoff": 6},
            "rangemode": "tozero",
            "gridcolor": palette.GRID,
            "zeroline": False,
            "fixedrange": True,
        },
        "yaxis": value_axis(
            "",
            tickvals=list(range(count)),
            ticktext=[plain(one.name, _LABEL_CHARACTERS) for one in outcomes],
            range=[count - 0.4, -0.6],
            tickfont={"size": 11},
            showgrid=False,
        ),
        "hovermode": "closest",
        "barmode": "overlay",
        "showlegend": False,
        "margin": {"l": 150, "b": 44},
    }
    return Chart("partners", _words(outcomes), traces, layout, 30 * count + 70, linked=False)


def _bars(parts: list[float], name: str, offset: float, width: float) -> dict[str, Any]:
    trace: Trace = {
        "type": "bar",
        "orientation": "h",
        "x": drawn([100.0 * part for part in parts]),
        "y": list(range(len(parts))),
        "name": name,
        "offset": offset,
        "width": width,
        "hovertemplate": "%{x:.1f} %",
    }
    return trace


def _words(outcomes: list[PartnerFlown]) -> str:
    if not outcomes:
        return "No partners."
    gaps = [one for one in outcomes if one.flown_part < one.share]
    most = max(outcomes, key=lambda one: one.share - one.flown_part)
    return (
        f"{len(gaps)} of {len(outcomes)} partners got less than their agreed share of the payload energy; the largest "
        f"gap is {100.0 * (most.share - most.flown_part):.1f} points, {plain(most.name)}."
    )
