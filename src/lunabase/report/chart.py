"""A chart of the page: plotly traces and layout as data, what it says in words, and the shared time axis."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from lunabase.environment.intervals import true_runs
from lunabase.record.run_record import RunRecord
from lunabase.report import palette

Trace = dict[str, Any]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MOMENT_FORMAT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: an id for the page, what it shows in words, and plotly's traces and layout."""

    id: str
    alt: str
    """What a reader who can't see it should know."""
    traces: tuple[Trace, ...]
    layout: Mapping[str, Any] = field(default_factory=dict)
    height_px: int = 320
    linked: bool = True
    """Its x axis is the shared time axis."""
    wide: bool = False
    """It scrolls in its own box on narrow screens instead of shrinking."""

    def json(self) -> str:
        """JSON for an inline script element; plotly has checked every property, and no "<" is left in it."""
        layout = base_layout(self.height_px)
        for key, value in self.layout.items():
            layout[key] = layout[key] | value if isinstance(layout.get(key), dict) else value
        text: str = go.Figure(data=list(self.traces), layout=layout).to_json()
        return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def base_layout(height_px: int) -> dict[str, Any]:
    """Layout shared by all charts."""
    return {
        "template": "none",
        "height": height_px,
        "font": {"family": FONT, "size": 12, "color": palette.INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 58, "r": 14, "t": 10, "b": 36},
        "hovermode": "x unified",
        "hoverlabel": {"font": {"size": 12}},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
        "dragmode": "zoom",
        "bargap": 0,
    }


def milliseconds(times: ArrayLike) -> NDArray[np.float64]:
    """Milliseconds since 1970 of UTC `datetime64`, any shape: what plotly's date axes read."""
    return np.asarray(times).astype("datetime64[ms]").astype(np.int64).astype(np.float64)


def millisecond(moment: datetime) -> float:
    """Milliseconds since 1970 of one moment; without a time zone it is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000.0


def drawn(values: ArrayLike) -> NDArray[np.float32]:
    """Values as the page needs them: single precision."""
    return np.asarray(values, dtype=np.float32)


def plain(text: str, limit: int = 0) -> str:
    """A user's text for plotly's labels: markup escaped, shortened to `limit` characters if given.

    Text with Unicode's direction controls is isolated (UAX 9: FSI, PDI), so that it can't turn its neighbours round.
    """
    short = text if not limit or len(text) <= limit else text[: limit - 1].rstrip() + "…"
    escaped = html.escape(short, quote=False)
    return f"\u2068{escaped}\u2069" if _DIRECTIONS & set(short) else escaped


def time_axis(record: RunRecord) -> dict[str, Any]:
    """The x axis that all charts over time share, from the plan's start to its stop."""
    return {
        "type": "date",
        "range": [millisecond(record.plan.start), millisecond(record.plan.stop)],
        "gridcolor": palette.GRID,
        "linecolor": palette.QUIET,
        "ticks": "outside",
        "ticklen": 4,
        "hoverformat": MOMENT_FORMAT + " UTC",
        "showspikes": False,
        "zeroline": False,
    }


def value_axis(title: str, **more: Any) -> dict[str, Any]:
    """A y axis with a title; `more` are plotly's own properties."""
    axis = {
        "title": {"text": title, "font": {"size": 12}, "standoff": 6},
        "gridcolor": palette.GRID,
        "zeroline": False,
        "linecolor": palette.QUIET,
        "fixedrange": True,
    }
    return axis | more


def true_spans(mask: ArrayLike, times_ms: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Spans (start, stop) in milliseconds in which the mask, shape (n,), holds; each epoch lasts until the next."""
    step_ms = times_ms[1] - times_ms[0] if len(times_ms) > 1 else 0.0
    edges_ms = np.append(times_ms, times_ms[-1] + step_ms)
    return [(float(edges_ms[first]), float(edges_ms[past])) for first, past in true_runs(mask)]


def mode_spans(record: RunRecord) -> list[tuple[str, float, float]]:
    """Modes as flown: (mode, start, stop), both in milliseconds since 1970, in order of their start."""
    times_ms = milliseconds(record.telemetry["time"].to_numpy())
    modes = record.telemetry["mode"].astype(str).to_numpy()
    spans = [(str(mode), *span) for mode in np.unique(modes) for span in true_spans(modes == mode, times_ms)]
    return sorted(spans, key=lambda span: span[1])


def mode_bands(record: RunRecord) -> list[dict[str, Any]]:
    """Shapes: the modes as background bands, and the moment of loss as a line."""
    bands = [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": start,
            "x1": stop,
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "line": {"width": 0},
            "fillcolor": palette.MODES[mode],
        }
        for mode, start, stop in mode_spans(record)
        if mode != "nominal"
    ]
    return bands + loss_line(record)


def loss_line(record: RunRecord) -> list[dict[str, Any]]:
    """Shape: a vertical line where the station was lost; none if it lives."""
    if record.summary.lost_at is None:
        return []
    lost_ms = millisecond(record.summary.lost_at)
    line = {"color": palette.FLOOR, "width": 2, "dash": "dot"}
    shape = {"type": "line", "xref": "x", "yref": "paper", "x0": lost_ms, "x1": lost_ms, "y0": 0, "y1": 1}
    return [shape | {"line": line}]


def span_bars(spans_ms: Sequence[tuple[float, float]], row: str | float, colour: str, **more: Any) -> Trace:
    """Horizontal bars over a date axis: one for each (start, stop) in milliseconds, on one row."""
    starts = np.array([start for start, _ in spans_ms], dtype=np.float64)
    stops = np.array([stop for _, stop in spans_ms], dtype=np.float64)
    trace = {
        "type": "bar",
        "orientation": "h",
        "base": starts,
        "x": stops - starts,
        "y": [row] * len(spans_ms),
        "marker": {"color": colour, "line": {"width": 0}},
        "showlegend": False,
    }
    return trace | more
