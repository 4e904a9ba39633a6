"""A plan as other programs read it: CSV for tables, iCalendar for calendars, Open MCT's plan for its timeline."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from icalendar import Calendar, Event

from lunabase.errors import InputError
from lunabase.planning.plan import Activity, Plan
from lunabase.record.whole import whole_file
from lunabase.report import palette

PICTURES = (".png", ".svg", ".pdf")
COLUMNS: tuple[tuple[str, Callable[[Activity], object]], ...] = (
    ("id", lambda item: item.id),
    ("request", lambda item: item.request),
    ("partner", lambda item: item.partner),
    ("activity_type", lambda item: item.activity_type),
    ("payload", lambda item: item.payload),
    ("host", lambda item: item.host),
    ("mode", lambda item: item.mode),
    ("hold_start", lambda item: _utc(item.hold_start)),
    ("start", lambda item: _utc(item.start)),
    ("stop", lambda item: _utc(item.stop)),
    ("hold_stop", lambda item: _utc(item.hold_stop)),
    ("duration_s", lambda item: f"{item.duration_s:.0f}"),
    ("power_w", lambda item: repr(item.power_w)),
    ("data_bit", lambda item: repr(item.data_bit)),
    ("priority", lambda item: item.priority),
    ("resources", lambda item: " ".join(item.resources)),
    ("crew", lambda item: " ".join(item.crew)),
    ("committed", lambda item: str(item.committed).lower()),
    ("pinned", lambda item: str(item.pinned).lower()),
)
"""Columns of the CSV file, each with what it holds of an activity."""


def plan_format(path: Path | None, form: str | None) -> str:
    """The format to write: as named, or by the file's name. Raises InputError for others."""
    name = path.name.lower() if path else "plan.json"
    wanted = form or next((kind for ending, kind in _BY_ENDING.items() if name.endswith(ending)), "")
    if wanted not in FORMATS:
        problem = f"no format to write a plan in: {form}." if form else "its ending names no format of a plan."
        fix = f"Give --format {', '.join(FORMATS)}, or a file ending in {', '.join(_BY_ENDING)}."
        raise InputError(problem, where="--format" if form else str(path), fix=fix)
    return wanted


def refuse_other_pictures(path: Path | None) -> None:
    """Raise InputError for a picture's file that is not PNG, SVG or PDF."""
    if path is not None and path.suffix.lower() not in PICTURES:
        fix = f"Give a name ending in {', '.join(PICTURES)}."
        raise InputError("no picture of that kind can be drawn.", where=str(path), fix=fix)


def write_plan(plan: Plan, path: Path, form: str) -> None:
    """Write a plan in one of `FORMATS`; the file appears whole or not at all."""
    with whole_file(path) as beside:
        beside.write_bytes(FORMATS[form](plan).encode("utf-8"))


def plan_json(plan: Plan) -> str:
    """The plan itself, which every command reads again."""
    return plan.model_dump_json(indent=1) + "\n"


def plan_csv(plan: Plan) -> str:
    """One line for each activity, in order of time; times in UTC (RFC 4180, RFC 3339)."""
    page = io.StringIO(newline="")
    table = csv.writer(page, lineterminator="\r\n")
    table.writerow(name for name, _ in COLUMNS)
    for item in plan.activities:
        table.writerow(value(item) for _, value in COLUMNS)
    return page.getvalue()


def plan_calendar(plan: Plan) -> str:
    """One event for each activity, setup and teardown included (RFC 5545).

    An activity keeps its UID from plan to plan, so that calendars move it. Promised ones are confirmed, the others
    tentative. Nothing in a plan says when it was made: DTSTAMP is the plan's start.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Lunabase//plan//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{plan.station}: {plan.level} plan")
    house = "-".join("".join(sign if sign.isalnum() else " " for sign in plan.station.lower()).split())
    for item in plan.activities:
        event = Event()
        event.add("uid", f"{item.id}@{house}")
        event.add("dtstamp", plan.start)
        event.add("dtstart", item.hold_start)
        event.add("dtend", item.hold_stop)
        event.add("summary", f"{item.activity_type}: {item.payload} ({item.id})")
        event.add("description", _words(item))
        event.add("location", item.host)
        event.add("categories", [item.partner])
        event.add("priority", min(max(11 - item.priority, 1), 9))
        event.add("status", "CONFIRMED" if item.committed else "TENTATIVE")
        calendar.add_component(event)
    return bytes(calendar.to_ical()).decode("utf-8")


def _words(item: Activity) -> str:
    lines = [
        f"{_utc(item.start)} to {_utc(item.stop)}, held from {_utc(item.hold_start)} to {_utc(item.hold_stop)}",
        f"partner {item.partner}, priority {item.priority}, {item.power_w:g} W, {item.data_bit:.4g} bit",
    ]
    lines += [f"holds {', '.join(item.resources)}"] if item.resources else []
    lines += [f"crew: {', '.join(item.crew)}"] if item.crew else []
    return "\n".join(lines)


def plan_openmct(plan: Plan) -> str:
    """The JSON that Open MCT's plan plugin reads from a file: activities by group, here by partner, times in ms."""
    colours = palette.partner_paints(row.partner for row in plan.partners)
    groups: dict[str, list[dict[str, Any]]] = {row.partner: [] for row in plan.partners}
    for item in plan.activities:
        groups.setdefault(item.partner, []).append(_openmct_activity(item, colours))
    return json.dumps({name: own for name, own in groups.items() if own}, indent=1, ensure_ascii=False) + "\n"


def _openmct_activity(item: Activity, colours: Mapping[str, palette.Paint]) -> dict[str, Any]:
    colour = colours[item.partner].colour if item.partner in colours else palette.QUIET
    return {
        "id": item.id,
        "name": f"{item.id} ({item.payload})",
        "start": round(item.start.timestamp() * 1000),
        "end": round(item.stop.timestamp() * 1000),
        "type": item.activity_type,
        "color": colour,
        "textColor": palette.INK if _is_light(colour) else "#ffffff",
    }


def _is_light(colour: str) -> bool:
    """Whether dark text reads better on it: relative luminance above 0.18 (WCAG 2.2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.18


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


FORMATS: dict[str, Callable[[Plan], str]] = {
    "json": plan_json,
    "csv": plan_csv,
    "ics": plan_calendar,
    "openmct": plan_openmct,
}
_BY_ENDING = {".openmct.json": "openmct", ".json": "json", ".csv": "csv", ".ics": "ics"}
