"""Plans as other programs read them: the readers here are the csv module, icalendar's parser and Open MCT's own rules."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from lunabase.errors import InputError
from lunabase.planning.plan import Activity, PartnerOutcome, Plan, SolverSummary
from lunabase.report.plan_files import plan_calendar, plan_csv, plan_format, plan_json, plan_openmct, write_plan

BEGIN = datetime(2035, 1, 1, tzinfo=UTC)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)


@st.composite
def activities(draw, number):
    start = BEGIN + timedelta(seconds=draw(st.integers(3600, 2_000_000)))
    stop = start + timedelta(seconds=draw(st.integers(1, 500_000)))
    request = f"{draw(NAMES)}/{draw(NAMES)}"
    return Activity(
        id=f"{request}#{number}",
        request=request,
        experiment=request.split("/")[0],
        partner=draw(st.sampled_from(["east", "west"])),
        activity_type=draw(NAMES),
        payload=draw(NAMES),
        host=draw(NAMES),
        mode="on",
        hold_start=start - timedelta(seconds=draw(st.integers(0, 3600))),
        start=start,
        stop=stop,
        hold_stop=stop + timedelta(seconds=draw(st.integers(0, 3600))),
        power_w=draw(st.floats(0, 1e5)),
        data_bit=draw(st.floats(0, 1e13)),
        priority=draw(st.integers(1, 10)),
        resources=tuple(draw(st.lists(NAMES, max_size=3))),
        crew=tuple(draw(st.lists(NAMES, max_size=2))),
        committed=draw(st.booleans()),
    )


@st.composite
def plans(draw):
    items = tuple(draw(activities(number)) for number in range(1, draw(st.integers(0, 5)) + 1))
    partners = tuple(
        PartnerOutcome(partner=name, share=0.5, received=0.5, requested_s=1, placed_s=1, energy_j=1, data_bit=1)
        for name in ("east", "west")
    )
    summary = SolverSummary(solver="none", status="feasible", objective=0, bound=0, seed=0, work_limit=0)
    return Plan(
        station=draw(st.text(min_size=1, max_size=60).filter(str.isprintable)),
        station_sha256="0" * 64,
        phase="robotic",
        start=BEGIN,
        stop=BEGIN + timedelta(days=30),
        activities=items,
        unplaced=(),
        partners=partners,
        solver=summary,
    )


@settings(max_examples=60, deadline=None)
@given(plans())
def test_csv_tells_every_activity_exactly(plan):
    rows = list(csv.DictReader(io.StringIO(plan_csv(plan), newline="")))
    assert len(rows) == len(plan.activities)
    for row, item in zip(rows, plan.activities, strict=True):
        assert row["id"] == item.id
        for name in ("hold_start", "start", "stop", "hold_stop"):
            assert datetime.fromisoformat(row[name]) == getattr(item, name)
        assert float(row["power_w"]) == item.power_w
        assert float(row["data_bit"]) == item.data_bit
        assert tuple(row["resources"].split()) == item.resources
        assert row["committed"] == ("true" if item.committed else "false")


@settings(max_examples=60, deadline=None)
@given(plans())
def test_a_calendar_reads_back(plan):
    text = plan_calendar(plan)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))  # RFC 5545, 3.1
    calendar = Calendar.from_ical(text)
    assert calendar["version"] == "2.0"
    events = calendar.walk("VEVENT")
    assert len({event["uid"] for event in events}) == len(plan.activities)
    for event, item in zip(events, plan.activities, strict=True):
        assert event.decoded("dtstart") == item.hold_start
        assert event.decoded("dtend") == item.hold_stop
        assert item.id in event["summary"]
        assert 1 <= int(event["priority"]) <= 9
        assert event["status"] == ("CONFIRMED" if item.committed else "TENTATIVE")
        assert all(name in event["description"] for name in item.crew)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_open_mct_finds_its_keys(plan):
    """nasa/openmct, src/plugins/plan: groups of activities; its contrast rule wants colours as #rrggbb."""
    groups = json.loads(plan_openmct(plan))
    told = {one["id"]: (name, one) for name, own in groups.items() for one in own}
    assert set(told) == {item.id for item in plan.activities}
    for item in plan.activities:
        group, one = told[item.id]
        assert group == item.partner
        assert one["end"] > one["start"] == item.start.timestamp() * 1000
        assert {"name", "start", "end", "type", "color", "textColor"} <= set(one)
        assert re.fullmatch("#[0-9a-f]{6}", one["color"])


@settings(max_examples=30, deadline=None)
@given(plans())
def test_json_reads_back(plan):
    assert Plan.model_validate_json(plan_json(plan)) == plan


def test_the_ending_names_the_format(tmp_path):
    endings = {"a.json": "json", "a.csv": "csv", "a.ICS": "ics", "a.openmct.json": "openmct"}
    assert {name: plan_format(Path(name), None) for name in endings} == endings
    assert plan_format(Path("a.txt"), "csv") == "csv"
    assert plan_format(None, None) == "json"
    with pytest.raises(InputError, match="ending names no format"):
        plan_format(Path("a.xlsx"), None)
    with pytest.raises(InputError, match="xml"):
        plan_format(Path("a.json"), "xml")


@settings(max_examples=1, deadline=None)
@given(plans())
def test_line_ends_stay_as_the_standards_have_them(tmp_path_factory, plan):
    path = tmp_path_factory.mktemp("plan") / "plan.ics"
    write_plan(plan, path, "ics")
    assert path.read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
