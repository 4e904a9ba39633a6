"""Power and state of charge over the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lunabase.record.run_record import RunRecord
from lunabase.report import amounts, palette
from lunabase.report.chart import Chart, Trace, drawn, milliseconds, mode_bands, time_axis, value_axis
from lunabase.report.decimate import kept_rows


def power_chart(record: RunRecord) -> Chart:
    """Supply stacked, load as a line; below it the state of charge with the flight rule's floor."""
    flown = record.telemetry
    thin = flown.iloc[kept_rows(flown[["array_power_w", "load_w"]].to_numpy())]
    times_ms = milliseconds(thin["time"].to_numpy())
    unit, watts = _power_unit(flown)
    traces = [
        *_supply_traces(thin, times_ms, watts),
        _alone(flown, "array_available_w", 1.0 / watts, "solar arrays, available", palette.SUN, dash="dot"),
        _line(times_ms, thin["load_w"] / watts, "load", palette.LOAD),
        _alone(flown, "state_of_charge", 100.0, "state of charge", palette.STORED, width=2)
        | {"yaxis": "y2", "hovertemplate": "%{y:.1f} %"},
    ]
    if float(flown["unserved_w"].max()) > 0.0:
        traces.append(_unserved(thin, times_ms, watts))
    layout = {
        "xaxis": time_axis(record) | {"anchor": "y2"},
        "yaxis": value_axis(f"power, {unit}", domain=[0.46, 1.0], rangemode="tozero"),
        "yaxis2": value_axis("charge, %", domain=[0.0, 0.38], range=[0, 103]),
        "shapes": [*mode_bands(record), *_floor(record)],
        "annotations": _floor_label(record),
    }
    return Chart("power", _words(record), tuple(traces), layout, height_px=520)


def lowest_charge(flown: pd.DataFrame) -> tuple[float, np.datetime64]:
    """Lowest state of charge of the run and its time."""
    row = int(flown["state_of_charge"].to_numpy().argmin())
    return float(flown["state_of_charge"].iloc[row]), flown["time"].to_numpy()[row]


def _power_unit(flown: pd.DataFrame) -> tuple[str, float]:
    highest_w = max(float(flown[name].max()) for name in ("load_w", "array_available_w", "source_w"))
    return ("kW", 1000.0) if highest_w >= 2000.0 else ("W", 1.0)


def _supply_traces(thin: pd.DataFrame, times_ms: NDArray[np.float64], watts: float) -> list[Trace]:
    supply = (
        ("source", "fission and radioisotope", thin["source_w"].to_numpy()),
        ("array", "solar arrays, used", thin["array_power_w"].to_numpy()),
        ("storage", "from storage", np.maximum(-thin["charge_w"].to_numpy(), 0.0)),
    )
    traces = []
    for kind, name, power_w in supply:
        if power_w.any():
            colour = palette.GENERATION[kind]
            trace = _line(times_ms, power_w / watts, name, colour, width=0.5)
            traces.append(trace | {"stackgroup": "supply", "fillcolor": colour})
    return traces


def _alone(flown: pd.DataFrame, column: str, factor: float, name: str, colour: str, **line: Any) -> Trace:
    """A column thinned for itself."""
    rows = kept_rows(flown[column].to_numpy())
    times_ms = milliseconds(flown["time"].to_numpy()[rows])
    return _line(times_ms, factor * flown[column].to_numpy()[rows], name, colour, **line)


def _line(times_ms: NDArray[np.float64], values: Any, name: str, colour: str, **line: Any) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": times_ms,
        "y": drawn(values),
        "name": name,
        "line": {"color": colour, "width": 1.3} | line,
        "hovertemplate": "%{y:,.3~g}",
    }


def _unserved(thin: pd.DataFrame, times_ms: NDArray[np.float64], watts: float) -> Trace:
    short = thin["unserved_w"].to_numpy() > 0.0
    return {
        "type": "scatter",
        "mode": "markers",
        "x": times_ms[short],
        "y": drawn(thin["load_w"].to_numpy()[short] / watts),
        "name": "load not served",
        "marker": {"symbol": "x", "size": 6, "color": palette.FLOOR},
        "hoverinfo": "skip",
    }


def _floor(record: RunRecord) -> list[dict[str, Any]]:
    floor = 100.0 * record.station.charge_floor
    if floor <= 0.0:
        return []
    line = {"color": palette.FLOOR, "width": 1.5, "dash": "dash"}
    shape = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": floor, "y1": floor}
    return [shape | {"line": line}]


def _floor_label(record: RunRecord) -> list[dict[str, Any]]:
    if record.station.charge_floor <= 0.0:
        return []
    return [
        {
            "xref": "paper",
            "x": 1.0,
            "xanchor": "right",
            "yref": "y2",
            "y": 100.0 * record.station.charge_floor,
            "yanchor": "bottom",
            "text": f"flight rule: {100.0 * record.station.charge_floor:.0f} %",
            "showarrow": False,
            "font": {"size": 11, "color": palette.FLOOR},
        }
    ]


def _words(record: RunRecord) -> str:
    flown = record.telemetry
    lowest, when = lowest_charge(flown)
    load_w = flown["load_w"].to_numpy()
    return (
        f"The load is {amounts.scaled(float(load_w.mean()), 'W')} on average and "
        f"{amounts.scaled(float(load_w.max()), 'W')} at most. The state of charge is lowest, "
        f"{amounts.percent(lowest)}, on {amounts.moment(when)} UTC."
    )
