"""The HTML report of a run: one self-contained file, made from the run's record alone."""

from __future__ import annotations

import base64
import hashlib
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from lunabase.errors import LunabaseError
from lunabase.record.night import night_report
from lunabase.record.run_record import Event, RunRecord
from lunabase.report import amounts, palette
from lunabase.report.chart import Chart, mode_spans
from lunabase.report.data import data_chart
from lunabase.report.decimate import SERIES_POINTS
from lunabase.report.equipment import equipment_lines
from lunabase.report.estimates import station_estimates
from lunabase.report.flown import FlownActivity, flown_activities, partners_flown, request_outcomes
from lunabase.report.gantt import gantt_chart
from lunabase.report.glance import RESIDUAL_LIMIT, cards
from lunabase.report.heat import NODE_POINTS, NodeOutcome, node_chart, node_outcomes
from lunabase.report.light import (
    COLD_ESTIMATE,
    ground_is_estimate,
    ground_words,
    light_chart,
    light_words,
    reference_height,
)
from lunabase.report.orbit import orbit_elements
from lunabase.report.partners import shares_chart
from lunabase.report.power import power_chart
from lunabase.report.provenance import again, horizon_rows, provenance_rows
from lunabase.report.sky import earth_close_up, panorama
from lunabase.station.site import Phase

_SEVERITY_ORDER = ("high", "medium", "low", "info")
MOST_EVENTS = 3000
"""Of more events the page shows the severest."""
MOST_BARS = 3000
"""More activities than these are not drawn one by one."""


def write_report(record: RunRecord, path: Path) -> None:
    """Write the report of a run as one HTML file that needs no network. It appears whole or not at all.

    Raises LunabaseError when the file can't be written.
    """
    text = report_html(record)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        reason = error.strerror or "it can't be written"
        fix = "Check folder and free space."
        raise LunabaseError(f"can't write the report: {reason}.", where=str(path), fix=fix) from error


def report_html(record: RunRecord) -> str:
    """The report's HTML."""
    pages = Environment(
        loader=PackageLoader("lunabase.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for words in (
        amounts.moment,
        amounts.duration,
        amounts.energy,
        amounts.data,
        amounts.percent,
        amounts.temperature,
        amounts.amount,
        amounts.margin,
        amounts.minus,
    ):
        pages.filters[words.__name__] = words
    pages.filters["watts"] = lambda power_w: amounts.scaled(power_w, "W")
    pages.filters["bits_per_second"] = lambda rate: amounts.scaled(rate, "bit/s")
    plotly, script = get_plotlyjs(), packaged("report.js")
    return pages.get_template("report.html.j2").render(
        _content(record),
        style=Markup(packaged("report.css")),
        plotly=Markup(plotly),
        script=Markup(script),
        script_hashes=Markup(" ".join(script_hash(text) for text in (plotly, script))),
    )


def _content(record: RunRecord) -> dict[str, Any]:
    """Everything that the template shows."""
    flown = flown_activities(record)
    nodes = node_outcomes(record)
    paints = palette.partner_paints(record.station.partners)
    told = told_events(record)
    return {
        "record": record,
        "station": record.station,
        "plan": record.plan,
        "phases": _phases(record),
        "days": (record.plan.stop - record.plan.start).total_seconds() / 86400.0,
        "cards": cards(record, flown, nodes),
        "charts": _charts(record, flown, nodes),
        "nodes": nodes,
        "modes": _mode_times(record),
        "mode_colours": palette.MODES,
        "paints": paints,
        "equipment": equipment_lines(record),
        "requests": request_outcomes(record, flown),
        "failures": [one for one in flown if one.fate != "done"],
        "partners": partners_flown(record, flown),
        "unplaced": sorted(record.plan.unplaced, key=lambda one: (-one.priority, one.request)),
        "events": told,
        "untold": len(record.events) - len(told),
        "from_goals": record.provenance.get("flown_by") == "on-board goals",
        "begun": len(flown),
        "done": sum(one.fate == "done" for one in flown),
        "stopped": record.provenance.get("stopped", ""),
        "night": night_report(record.station, record.telemetry, record.summary.measures),
        "measures": record.summary.measures,
        "every_s": record.summary.record_every_s,
        "severities": _SEVERITY_ORDER,
        "sources": sorted({event.source for event in record.events}),
        "ledgers": (record.summary.energy, record.summary.data, *record.summary.substances),
        "residual_limit": RESIDUAL_LIMIT,
        "estimates": station_estimates(record.station, record.station_text),
        "provenance": provenance_rows(record),
        "horizon_rows": horizon_rows(record),
        "again": again(record),
        "orbit": orbit_elements(record.station.site.orbit),
        "light_words": light_words(record),
        "ground_words": ground_words(record),
        "ground_estimate": COLD_ESTIMATE if ground_is_estimate(record) else "",
        "reference_height": reference_height(record.environment),
        "series_points": SERIES_POINTS,
        "node_points": NODE_POINTS,
    }


def _charts(record: RunRecord, flown: list[FlownActivity], nodes: list[NodeOutcome]) -> dict[str, Chart]:
    """All charts by id."""
    on_surface = record.station.site.surface is not None
    close_up = earth_close_up(record) if on_surface else None
    paints = palette.partner_paints(record.station.partners)
    charts = [
        *([panorama(record)] if on_surface else []),
        *([close_up] if close_up else []),
        light_chart(record),
        power_chart(record),
        *(node_chart(record, node) for node in nodes if node.worth_drawing),
        *(gantt_chart(record, flown, group) for group in ("module", "partner") if len(flown) <= MOST_BARS),
        data_chart(record),
        shares_chart(partners_flown(record, flown), paints),
    ]
    return {chart.id: chart for chart in charts}


def _phases(record: RunRecord) -> dict[str, Phase]:
    """The phases of the station's life that the flight saw, in their order."""
    plan, phases = record.plan, record.station.phases
    later = {name: one for name, one in phases.items() if plan.start < one.start < plan.stop}
    return {plan.phase: phases[plan.phase]} | (later if not plan.activities else {})


def told_events(record: RunRecord) -> list[Event]:
    """The events that the page shows, in order of time: all, or of very many the severest."""
    told = list(record.events)
    for routine in ("info", "low", "medium"):
        if len(told) > MOST_EVENTS:
            told = [event for event in told if event.severity != routine]
    return sorted(told, key=lambda event: event.time)[:MOST_EVENTS]


def _mode_times(record: RunRecord) -> dict[str, float]:
    """Time in each mode, s, in the palette's order."""
    times_s = dict.fromkeys(palette.MODES, 0.0)
    for mode, start_ms, stop_ms in mode_spans(record):
        times_s[mode] += (stop_ms - start_ms) / 1000.0
    return {mode: time_s for mode, time_s in times_s.items() if time_s > 0.0}


def packaged(name: str) -> str:
    """Text of a file that lies beside this one."""
    return (files("lunabase.report") / name).read_text(encoding="utf-8")


def script_hash(text: str) -> str:
    """The hash by which the page's content security policy admits an inline script, and no other."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
