"""The data recorder and the downlink over the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lunabase.record.run_record import RunRecord
from lunabase.report import amounts, palette
from lunabase.report.chart import Chart, Trace, drawn, milliseconds, mode_bands, time_axis, value_axis
from lunabase.report.decimate import kept_rows
from lunabase.station.equipment import DataRecorder

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def recorder_capacity_bit(record: RunRecord) -> float:
    """Capacity of the recorders that are present in the plan's phase, bit."""
    present = record.station.phases[record.plan.phase].present
    return sum(one.capacity_bit for one in record.station.equipment(DataRecorder, present).values())


def data_chart(record: RunRecord) -> Chart:
    """Recorder fill, data rates, and totals produced and sent."""
    flown = record.telemetry
    rows = kept_rows(flown[["recorder_bit", "produced_bit_per_s", "downlink_bit_per_s"]].to_numpy())
    times_ms = milliseconds(flown["time"].to_numpy()[rows])
    fill, rate, total = (
        _prefix(float(flown["recorder_bit"].max())),
        _prefix(float(flown[["produced_bit_per_s", "downlink_bit_per_s"]].to_numpy().max())),
        _prefix(float(_total_bit(flown, "produced_bit_per_s")[-1])),
    )
    traces = [
        _line(
            times_ms,
            flown["recorder_bit"].to_numpy()[rows] / fill[0],
            "recorder",
            palette.STORED,
            f"%{{y:.3~g}} {fill[1]}bit",
        )
        | {"fill": "tozeroy", "fillcolor": "rgba(0,114,178,0.15)"}
    ]
    for column, name, colour in (
        ("produced_bit_per_s", "produced", palette.PRODUCED),
        ("downlink_bit_per_s", "sent", palette.SENT),
    ):
        rate_line = _line(
            times_ms, flown[column].to_numpy()[rows] / rate[0], f"{name}, rate", colour, f"%{{y:.3~g}} {rate[1]}bit/s"
        )
        total_bit = _total_bit(flown, column)[rows]
        total_line = _line(
            times_ms, total_bit / total[0], f"{name}, total", colour, f"%{{y:.3~g}} {total[1]}bit", dash="dot"
        )
        traces += [rate_line | {"yaxis": "y2"}, total_line | {"yaxis": "y3"}]
    layout = {
        "xaxis": time_axis(record) | {"anchor": "y3"},
        "yaxis": value_axis(f"recorder, {fill[1]}bit", domain=[0.70, 1.0], rangemode="tozero"),
        "yaxis2": value_axis(f"rate, {rate[1]}bit/s", domain=[0.35, 0.64], rangemode="tozero"),
        "yaxis3": value_axis(f"total, {total[1]}bit", domain=[0.0, 0.29], rangemode="tozero"),
        "shapes": [*mode_bands(record), *_capacity_line(record, fill[0])],
        "annotations": _capacity_label(record, fill[0]),
    }
    return Chart("data", _words(record), tuple(traces), layout, height_px=560)


def _total_bit(flown: pd.DataFrame, column: str) -> NDArray[np.float64]:
    times_ms = milliseconds(flown["time"].to_numpy())
    steps_s = (
        np.diff(times_ms, append=2.0 * times_ms[-1] - times_ms[-2] if len(times_ms) > 1 else times_ms[-1]) / 1000.0
    )
    return np.asarray(np.cumsum(flown[column].to_numpy() * steps_s))


def _prefix(highest: float) -> tuple[float, str]:
    return next(((factor, prefix) for factor, prefix in _PREFIXES if highest >= factor), _PREFIXES[-1])


def _line(times_ms: NDArray[np.float64], values: Any, name: str, colour: str, hover: str, **line: Any) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": times_ms,
        "y": drawn(values),
        "name": name,
        "line": {"color": colour, "width": 1.4} | line,
        "hovertemplate": hover,
    }


def _capacity_in_sight(record: RunRecord) -> bool:
    """Whether the capacity is near enough to the fill to be drawn without flattening it."""
    return recorder_capacity_bit(record) <= 2.0 * float(record.telemetry["recorder_bit"].max())


def _capacity_line(record: RunRecord, unit_bit: float) -> list[dict[str, Any]]:
    if not _capacity_in_sight(record):
        return []
    level = recorder_capacity_bit(record) / unit_bit
    line = {"color": palette.FLOOR, "width": 1.5, "dash": "dash"}
    return [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": level, "y1": level, "line": line}]


def _capacity_label(record: RunRecord, unit_bit: float) -> list[dict[str, Any]]:
    if not _capacity_in_sight(record):
        return []
    level = recorder_capacity_bit(record) / unit_bit
    place = {"xref": "paper", "x": 0.0, "xanchor": "left", "yref": "y", "y": level, "yanchor": "top"}
    look = {"showarrow": False, "font": {"size": 11, "color": palette.FLOOR}}
    return [place | look | {"text": f"capacity: {amounts.data(recorder_capacity_bit(record))}"}]


def _words(record: RunRecord) -> str:
    capacity_bit = recorder_capacity_bit(record)
    highest_bit = float(record.telemetry["recorder_bit"].max())
    produced_bit, sent_bit = sum(record.summary.data.inflow.values()), sum(record.summary.data.used.values())
    full = f", {amounts.percent(highest_bit / capacity_bit)} of {amounts.data(capacity_bit)}" if capacity_bit else ""
    return (
        f"Produced {amounts.data(produced_bit)}, sent {amounts.data(sent_bit)}. "
        f"The recorder holds at most {amounts.data(highest_bit)}{full}."
    )
