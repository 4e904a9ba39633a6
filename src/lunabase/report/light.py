"""Light, contacts and ground temperature over the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.record.run_record import RunRecord
from lunabase.report import amounts, palette
from lunabase.report.chart import (
    Chart,
    Trace,
    drawn,
    loss_line,
    milliseconds,
    plain,
    span_bars,
    time_axis,
    true_spans,
    value_axis,
)
from lunabase.report.decimate import kept_rows

_ROW_PX = 34
_LABEL_CHARACTERS = 34
_LEAST_SPAN_K = 20.0
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One row of the contact bars: when it is in view, and when data can flow."""

    name: str
    in_view: BoolArray
    contact: BoolArray
    colour: str


def light_chart(record: RunRecord) -> Chart:
    """Visible part of the Sun, contacts as bars, and the ground's temperature, over one time axis."""
    environment = record.environment
    times_ms = milliseconds(environment["time"].to_numpy())
    rows = contact_rows(record)[::-1]
    bars_px = _ROW_PX * len(rows) + 10
    height_px = 130 + bars_px + 170 + 50
    light_low = 1.0 - 120 / (height_px - 50)
    heat_high = 150 / (height_px - 50)
    layout = {
        "xaxis": time_axis(record) | {"anchor": "y3"},
        "yaxis": value_axis("Sun, %", range=[0, 103], domain=[light_low, 1.0]),
        "yaxis2": value_axis(
            "",
            domain=[heat_high + 0.05, light_low - 0.05],
            range=[-0.6, len(rows) - 0.4],
            showticklabels=False,
            showgrid=False,
        ),
        "yaxis3": value_axis("ground, K", domain=[0.0, heat_high], range=_ground_range_k(environment)),
        "margin": {"l": 58, "t": 10},
        "barmode": "overlay",
        "annotations": _row_labels(rows),
        "shapes": loss_line(record),
        "showlegend": False,
    }
    traces = [
        _series(
            times_ms, 100.0 * environment["sun_visible_fraction"].to_numpy(), "visible part of the Sun", palette.SUN
        )
        | {"fill": "tozeroy", "fillcolor": palette.SUN_FILL, "hovertemplate": "%{y:.0f} %"},
        *(bar for index, row in enumerate(rows) for bar in _bars(times_ms, row, index)),
        _series(times_ms, environment["surface_temperature"].to_numpy(), "ground temperature", palette.SURFACE)
        | {"yaxis": "y3", "hovertemplate": "%{y:.0f} K"},
    ]
    return Chart("light", _words(environment), tuple(traces), layout, height_px)


def contact_rows(record: RunRecord) -> list[ContactRow]:
    """Rows of the contact bars, top down: the Earth, direct contact by Earth station, each relay."""
    environment = record.environment
    earth = environment["earth_in_view"].to_numpy().astype(bool)
    rows = [ContactRow("Earth in view", earth, earth, palette.EARTH)]
    for station_id in environment["earth_station"].to_numpy():
        mask = environment["contact"].sel(earth_station=station_id).to_numpy().astype(bool)
        name = record.station.earth_stations[str(station_id)].name
        rows.append(ContactRow(name, mask, mask, palette.EARTH))
    for relay_id in environment["relay"].to_numpy():
        one = environment.sel(relay=relay_id)
        contact = one["relay_contact"].any("earth_station").to_numpy().astype(bool)
        name = record.station.relays[str(relay_id)].name
        rows.append(ContactRow(name, one["relay_in_view"].to_numpy().astype(bool), contact, palette.RELAY))
    return rows


def _series(times_ms: NDArray[np.float64], values: NDArray[np.float64], name: str, colour: str) -> Trace:
    rows = kept_rows(values)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": times_ms[rows],
        "y": drawn(values[rows]),
        "name": name,
        "line": {"color": colour, "width": 1.5},
    }


def _bars(times_ms: NDArray[np.float64], row: ContactRow, index: int) -> list[Trace]:
    """The row's background, pale bars while in view, full bars while data can flow."""
    whole = [(float(times_ms[0]), float(times_ms[-1]))]
    common = {"yaxis": "y2", "width": 0.45, "hoverinfo": "skip", "offset": -0.45}
    return [
        span_bars(whole, index, palette.ROW, **common),
        span_bars(true_spans(row.in_view, times_ms), index, row.colour, opacity=0.35, **common),
        span_bars(true_spans(row.contact, times_ms), index, row.colour, **common),
    ]


def _row_labels(rows: list[ContactRow]) -> list[dict[str, Any]]:
    """Each row's name and its part of the time, over its bar, so that narrow screens keep the plot's width."""
    return [
        {
            "xref": "paper",
            "x": 0.0,
            "xanchor": "left",
            "yref": "y2",
            "y": index + 0.22,
            "text": f"{plain(row.name, _LABEL_CHARACTERS)}, {amounts.percent(float(row.contact.mean()))}",
            "showarrow": False,
            "font": {"size": 11, "color": palette.INK},
        }
        for index, row in enumerate(rows)
    ]


def _ground_range_k(environment: xr.Dataset) -> list[float]:
    """Range of the temperature axis: never so narrow that a slow drift looks like a fall."""
    ground_k = environment["surface_temperature"].to_numpy()
    if np.isnan(ground_k).all():
        return [0.0, 400.0]
    low_k, high_k = float(np.nanmin(ground_k)), float(np.nanmax(ground_k))
    half_k = max(0.55 * (high_k - low_k), _LEAST_SPAN_K / 2.0)
    return [(low_k + high_k) / 2.0 - half_k, (low_k + high_k) / 2.0 + half_k]


def _words(environment: xr.Dataset) -> str:
    visible = environment["sun_visible_fraction"]
    mean, lit = float(visible.mean()), float((visible >= 0.5).mean())
    earth = float(environment["earth_in_view"].astype(float).mean())
    ground_k = environment["surface_temperature"].to_numpy()
    if np.isnan(ground_k).all():
        ground = "In orbit there is no ground under it."
    else:
        ground = (
            f"The ground is between {amounts.temperature(ground_k.min())} and {amounts.temperature(ground_k.max())}."
        )
    return (
        f"On average {amounts.percent(mean)} of the Sun's disc is visible; at least half of it "
        f"{amounts.percent(lit)} of the time. The Earth is in view {amounts.percent(earth)} of the time. {ground}"
    )
