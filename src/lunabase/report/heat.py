"""Temperatures of the thermal nodes against their limits: one small chart and one table row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lunabase.record.run_record import RunRecord
from lunabase.report import amounts, palette
from lunabase.report.chart import Chart, drawn, loss_line, milliseconds, time_axis, value_axis
from lunabase.report.decimate import kept_rows
from lunabase.station.equipment import ThermalNode

NODE_POINTS = 600
"""Most points of a small chart's series."""
_PREFIX = "temperature_k."
_STILL_K = 2.0
_NEAR_K = 10.0


@dataclass(frozen=True, slots=True)
class NodeOutcome:
    """A thermal node over the run: its limits and what it went through."""

    id: str
    module: str
    node: ThermalNode
    lowest_k: float
    highest_k: float
    outside_operating: float
    """Part of the time outside the operating limits."""
    survival_margin_k: float
    """Smallest distance to a survival limit; below zero: the equipment is lost."""

    @property
    def worth_drawing(self) -> bool:
        """Whether it moves by more than 2 K or comes within 10 K of a limit."""
        limits_k = self.node.operating.minimum_k, self.node.operating.maximum_k
        operating_k = min(self.lowest_k - limits_k[0], limits_k[1] - self.highest_k)
        nearest_k = min(operating_k, self.survival_margin_k)
        return self.highest_k - self.lowest_k > _STILL_K or nearest_k < _NEAR_K


def node_outcomes(record: RunRecord) -> list[NodeOutcome]:
    """Outcome of every node of the modules present, in the station file's order."""
    present = record.station.phases[record.plan.phase].present
    outcomes = []
    for module_id, name, node in record.station.all_equipment():
        if module_id not in present or not isinstance(node, ThermalNode):
            continue
        series_k = record.telemetry[_PREFIX + name].to_numpy()
        lowest_k, highest_k = float(series_k.min()), float(series_k.max())
        outside = (series_k < node.operating.minimum_k) | (series_k > node.operating.maximum_k)
        margin_k = min(lowest_k - node.survival.minimum_k, node.survival.maximum_k - highest_k)
        outcomes.append(
            NodeOutcome(
                name, record.station.modules[module_id].name, node, lowest_k, highest_k, float(outside.mean()), margin_k
            )
        )
    return outcomes


def node_chart(record: RunRecord, outcome: NodeOutcome) -> Chart:
    """Temperature of one node with its operating band and survival limits."""
    series_k = record.telemetry[_PREFIX + outcome.id].to_numpy()
    rows = kept_rows(series_k, NODE_POINTS)
    node = outcome.node
    low_k = min(outcome.lowest_k, node.survival.minimum_k) - 4.0
    high_k = max(outcome.highest_k, node.survival.maximum_k) + 4.0
    trace = {
        "type": "scatter",
        "mode": "lines",
        "x": milliseconds(record.telemetry["time"].to_numpy()[rows]),
        "y": drawn(series_k[rows]),
        "line": {"color": palette.NODE, "width": 1.5},
        "hovertemplate": "%{y:.1f} K<extra></extra>",
        "showlegend": False,
    }
    layout = {
        "xaxis": time_axis(record),
        "yaxis": value_axis("K", range=[low_k, high_k], nticks=5),
        "shapes": [*_limits(node), *loss_line(record)],
        "margin": {"l": 50, "r": 8, "t": 6, "b": 42},
    }
    words = (
        f"Temperature of {outcome.id}: {amounts.temperature(outcome.lowest_k)} to "
        f"{amounts.temperature(outcome.highest_k)}; operating {node.operating.minimum_k:.0f} to "
        f"{node.operating.maximum_k:.0f} K, survival {node.survival.minimum_k:.0f} to {node.survival.maximum_k:.0f} K."
    )
    return Chart(f"node-{outcome.id}", words, (trace,), layout, height_px=208)


def _limits(node: ThermalNode) -> list[dict[str, Any]]:
    across = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    band = {"type": "rect", "y0": node.operating.minimum_k, "y1": node.operating.maximum_k}
    shapes: list[dict[str, Any]] = [across | band | {"fillcolor": palette.OPERATING_FILL, "line": {"width": 0}}]
    dashed = {"color": palette.FLOOR, "width": 1.2, "dash": "dash"}
    for limit_k in (node.survival.minimum_k, node.survival.maximum_k):
        shapes.append(across | {"type": "line", "y0": limit_k, "y1": limit_k, "line": dashed})
    return shapes
