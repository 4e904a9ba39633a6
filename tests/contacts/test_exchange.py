"""Contact plans as files: the formats as their own programs define them."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lunabase.contacts.contact_plan import ContactPlan, PlannedContact
from lunabase.contacts.exchange import as_csv, as_hdtn, as_ion, as_json, format_of
from lunabase.errors import InputError

START = datetime(2035, 1, 2, 3, 4, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def contact(begin, end, relay=None):
    start, stop = START + begin * MINUTE, START + end * MINUTE
    rates = (600_001.0, 1e8) if relay else (1e6, 0.0)
    return PlannedContact("x", relay, "madrid", start - MINUTE, start, stop, stop + MINUTE, *rates, 1.28)


PLAN = ContactPlan(
    "Home", START, START + 600 * MINUTE, ("moth",), ("kashgar", "madrid"), (contact(10, 20), contact(60, 90, "moth")),
    2e9, 1e9, 2, 0,
)  # fmt: skip
EMPTY = ContactPlan("Home", START, START + 600 * MINUTE, (), (), (), 0.0, 0.0, 2, 2)


def test_ion_gets_contacts_in_bytes_per_second_and_ranges_in_light_seconds():
    """The forms are those of ionrc(5): a contact start stop from to bytes/s; a range start stop from to seconds."""
    lines = [line for line in as_ion(PLAN).splitlines() if not line.startswith("#")]
    assert lines == [
        "@ 2035/01/02-03:04:05",
        "a contact +600 +1200 1 4 125000",
        "a range +600 +1200 1 4 1",
        "a contact +3600 +5400 1 2 75000",
        "a range +3600 +5400 1 2 1",
        "a contact +3600 +5400 2 4 12500000",
        "a range +3600 +5400 2 4 1",
    ]
    assert "# madrid is node 4" in as_ion(PLAN)


def test_ion_gets_ascii_commands_alone():
    for line in as_ion(PLAN).splitlines():
        assert line.isascii()
        assert re.fullmatch(r"#.*|@ [\d/:-]+|a (contact|range) \+\d+ \+\d+ \d+ \d+ \d+", line)


def test_hdtn_gets_the_members_that_its_router_reads():
    plan = json.loads(as_hdtn(PLAN))
    assert plan["contacts"] == [
        {"contact": 0, "source": 1, "dest": 4, "startTime": 600, "endTime": 1200, "rateBitsPerSec": 1000000, "owlt": 1},
        {"contact": 1, "source": 1, "dest": 2, "startTime": 3600, "endTime": 5400, "rateBitsPerSec": 600001, "owlt": 1},
        {"contact": 2, "source": 2, "dest": 4, "startTime": 3600, "endTime": 5400, "rateBitsPerSec": 10**8, "owlt": 1},
    ]
    assert plan["nodes"] == {"1": "Home", "2": "moth", "3": "kashgar", "4": "madrid"}


def test_json_and_csv_hold_the_same_contacts():
    told = json.loads(as_json(PLAN))
    rows = list(csv.DictReader(io.StringIO(as_csv(PLAN))))
    assert told["longest_gap_s"] == 510 * 60
    assert [row["start"] for row in rows] == [item["start"] for item in told["contacts"]]
    assert float(rows[0]["volume_bit"]) == told["contacts"][0]["volume_bit"] == 600 * 1e6
    assert rows[0]["relay"] == ""
    assert rows[1]["relay"] == "moth"
    assert (rows[0]["setup_start"], rows[0]["teardown_stop"]) == ("2035-01-02T03:13:05Z", "2035-01-02T03:25:05Z")


def test_the_longest_gap_sees_overlapping_contacts():
    """A contact within another one opens no gap."""
    plan = ContactPlan("H", START, START + 100 * MINUTE, (), (), (contact(0, 90), contact(10, 20)), 0.0, 0.0, 1, 0)
    assert plan.longest_gap_s == 600


def test_an_empty_plan_is_written():
    assert as_ion(EMPTY) == "# Home is node 1\n@ 2035/01/02-03:04:05\n"
    assert json.loads(as_hdtn(EMPTY))["contacts"] == json.loads(as_json(EMPTY))["contacts"] == []
    assert as_csv(EMPTY) == as_csv(PLAN).splitlines(keepends=True)[0]


def test_ion_gets_ascii_even_for_other_names():
    assert as_ion(replace(EMPTY, station="月")).splitlines()[0] == "# ? is node 1"


@pytest.mark.parametrize(
    ("name", "out", "writer"),
    [
        ("ion", "x.json", as_ion),
        ("hdtn", None, as_hdtn),
        (None, "x.rc", as_ion),
        (None, "x.IONRC", as_ion),
        (None, "x.hdtn", as_hdtn),
        (None, "x.csv", as_csv),
        (None, "x.json", as_json),
        (None, None, as_json),
    ],
)
def test_the_format_is_told_or_seen_by_the_extension(name, out, writer):
    assert format_of(name, Path(out) if out else None) is writer


@pytest.mark.parametrize(("name", "out"), [("xml", "x.json"), (None, "x.txt"), (None, "x")])
def test_another_format_is_refused(name, out):
    with pytest.raises(InputError, match="format"):
        format_of(name, Path(out))
