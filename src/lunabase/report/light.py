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
_LEGEND_PX = 34
COLD_ESTIMATE = "level ground, without scattered light or heat from the terrain: a cold estimate"
"""What the ground's temperature is where terrain stands round the site."""
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
    ground_px = 150 if record.station.site.surface else 0
    plot_px = 130 + bars_px + ground_px + 20
    light_low = 1.0 - 120 / plot_px
    ground_high = ground_px / plot_px
    top_px = _LEGEND_PX if environment.sizes["height"] > 1 else 10
    layout = {
        "xaxis": time_axis(record) | {"anchor": "y3" if ground_px else "y2"},
        "yaxis": value_axis("Sun, %", range=[0, 103], domain=[light_low, 1.0]),
        "yaxis2": value_axis(
            "",
            domain=[ground_high + (16 / plot_px if ground_px else 0.0), light_low - 16 / plot_px],
            range=[-0.6, len(rows) - 0.4],
            showticklabels=False,
            showgrid=False,
        ),
        "margin": {"l": 58, "t": top_px},
        "barmode": "overlay",
        "annotations": _row_labels(rows),
        "shapes": loss_line(record),
        "showlegend": environment.sizes["height"] > 1,
    }
    traces = [
        *_sun_lines(record, times_ms),
        *(bar for index, row in enumerate(rows) for bar in _bars(times_ms, row, index)),
    ]
    if ground_px:
        title = "ground, K (E)" if ground_is_estimate(record) else "ground, K"
        layout["yaxis3"] = value_axis(title, domain=[0.0, ground_high], range=_ground_range_k(environment))
        traces.append(_ground_line(environment, times_ms))
    words = f"{light_words(record)} {ground_words(record)}"
    return Chart("light", words, tuple(traces), layout, plot_px + top_px + 36)


def sun_by_height(environment: xr.Dataset) -> dict[float, NDArray[np.float64]]:
    """Visible fraction of the Sun's disc, shape (time,), by height above ground, m, lowest first."""
    by_height = environment["sun_visible_fraction_by_height"].sortby("height").transpose("height", "time")
    return dict(zip(by_height["height"].to_numpy().tolist(), by_height.to_numpy(), strict=True))


def heights_words(record: RunRecord) -> str:
    """The heights at which light is known, as "2 m / 10 m"; empty in orbit."""
    if record.station.site.surface is None:
        return ""
    return " / ".join(f"{height_m:g} m" for height_m in sun_by_height(record.environment))


def ground_is_estimate(record: RunRecord) -> bool:
    """Whether terrain, which the model of the ground leaves out, stands round the site."""
    surface = record.station.site.surface
    comment = record.environment["surface_temperature"].attrs.get("comment", "")
    return surface is not None and not surface.horizon.flat and "ESTIMATE" in comment


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


def _sun_lines(record: RunRecord, times_ms: NDArray[np.float64]) -> list[Trace]:
    """The Sun's visible part: filled for the lowest height, a line for each other one."""
    in_orbit = record.station.site.surface is None
    traces = []
    for index, (height_m, fraction) in enumerate(sun_by_height(record.environment).items()):
        name = "Sun" if in_orbit else f"Sun at {height_m:g} m"
        look: Trace = {"fill": "tozeroy", "fillcolor": palette.SUN_FILL} if index == 0 else {}
        colour = palette.SUN_HEIGHTS[index % len(palette.SUN_HEIGHTS)]
        traces.append(_series(times_ms, 100.0 * fraction, name, colour) | look | {"hovertemplate": "%{y:.0f} %"})
    return traces


def _ground_line(environment: xr.Dataset, times_ms: NDArray[np.float64]) -> Trace:
    line = _series(times_ms, environment["surface_temperature"].to_numpy(), "ground temperature", palette.SURFACE)
    return line | {"yaxis": "y3", "hovertemplate": "%{y:.0f} K", "showlegend": False}


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


def light_words(record: RunRecord) -> str:
    """How much of the Sun is visible, and for how long the Earth is in view."""
    environment = record.environment
    in_orbit = record.station.site.surface is None
    parts = []
    for height_m, fraction in sun_by_height(environment).items():
        place = "" if in_orbit else f"at {height_m:g} m above ground "
        mean, half = amounts.percent(float(fraction.mean())), amounts.percent(float((fraction >= 0.5).mean()))
        parts.append(f"{place}{mean} (at least half of it {half} of the time)")
    earth = amounts.percent(float(environment["earth_in_view"].astype(float).mean()))
    return (
        f"Visible part of the Sun's disc on average: {', '.join(parts)}. The Earth is in view {earth} of the time"
        f"{'' if in_orbit else f', seen from {reference_height(environment)}'}."
    )


def reference_height(environment: xr.Dataset) -> str:
    """The height above ground from which Earth and relays are seen: "2 m"."""
    return f"{environment.attrs['reference_height_m']:g} m"


def ground_words(record: RunRecord) -> str:
    """The ground's lowest and highest temperature, and what they are worth."""
    if record.station.site.surface is None:
        return "In orbit there is no ground under it."
    ground_k = record.environment["surface_temperature"].to_numpy()
    worth = COLD_ESTIMATE if ground_is_estimate(record) else "level ground"
    low, high = amounts.temperature(ground_k.min()), amounts.temperature(ground_k.max())
    return f"The ground is between {low} and {high} ({worth})."
