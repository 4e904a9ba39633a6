"""`lunabase autonomy`: tables, diagrams and the chain of causes, as a user gets them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import matplotlib.image
import pytest

from lunabase.onboard.log import Event
from lunabase.report.autonomy import tables_of
from lunabase.report.autonomy_text import dot, mermaid
from lunabase.station.load import load_station

EXAMPLES = Path(__file__).parents[2] / "examples"
ILRS = str(EXAMPLES / "ilrs.yaml")


@pytest.fixture(scope="module")
def tables():
    return tables_of(load_station(EXAMPLES / "ilrs.yaml").station, "robotic")


def test_tables_tell_what_the_file_says(lunabase):
    done = lunabase("autonomy", ILRS)
    assert done.returncode == 0
    for word in ("dormant", "earth-silent", "restart-payload", "subsystem", "find-earth", "3 in 10 d"):
        assert word in done.stdout


def test_json_holds_everything(lunabase):
    done = lunabase("autonomy", ILRS, "--json")
    told = json.loads(done.stdout)
    station = load_station(EXAMPLES / "ilrs.yaml").station
    assert told["ok"] is True
    assert {row["monitor"] for row in told["monitors"]} == set(station.autonomy.monitors)
    assert {row["response"] for row in told["responses"]} == set(station.autonomy.responses)
    assert len(told["builtin_monitors"]) > 2 * 13  # two for each thermal node
    (night,) = (row for row in told["modes"] if row["mode"] == "night")
    assert night["enter"] == ["array power below 1 kW for 20 min"]


def test_crewed_phase_has_its_everyday_mode(lunabase):
    told = json.loads(lunabase("autonomy", ILRS, "--json", "--phase", "crewed").stdout)
    assert told["modes"][0]["mode"] == "crewed"
    assert lunabase("autonomy", ILRS, "--phase", "crew").returncode == 2


def test_station_without_the_section_has_its_modes_and_built_in_monitors(lunabase, tmp_path):
    text = (EXAMPLES / "lander.yaml").read_text(encoding="utf-8")
    head, _, tail = text.partition("\nautonomy:")
    path = tmp_path / "plain.yaml"
    path.write_text(head + tail[tail.index("\nflight_rules:") :], encoding="utf-8")
    told = json.loads(lunabase("autonomy", str(path), "--json").stdout)
    assert (told["monitors"], told["responses"]) == ([], [])
    assert told["builtin_monitors"]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_picture_is_drawn_once_and_replaced_only_when_told(lunabase, tmp_path, ending):
    path = tmp_path / f"autonomy.{ending}"
    assert lunabase("autonomy", ILRS, "--out", str(path)).returncode == 0
    assert path.stat().st_size > 5000
    if ending == "png":
        pixels = matplotlib.image.imread(path)
        assert pixels[..., :3].std() > 0.05
        assert pixels.shape[1] == 1820
    refused = lunabase("autonomy", ILRS, "--out", str(path))
    assert (refused.returncode, "--overwrite" in refused.stderr) == (2, True)
    assert lunabase("autonomy", ILRS, "--out", str(path), "--overwrite").returncode == 0


def test_mermaid_names_every_way_between_modes_and_up_the_ladder(tables):
    text = mermaid(tables)
    modes, _, responses = text.partition("\n\n")
    assert modes.startswith("stateDiagram-v2\n    [*] --> nominal\n")
    assert "    nominal --> night: array power below 1 kW for 20 min" in modes
    assert responses.startswith("flowchart LR")
    for row in tables.responses:
        follower = row.then.replace("-", "_")
        assert f"    {row.response.replace('-', '_')} -->|exhausted after {row.repeats}| {follower}" in responses
    for line in responses.splitlines()[1:]:
        assert line.count('"') % 2 == 0
        assert line.count("|") in (0, 2)


def test_dot_is_balanced_and_quotes_what_it_names(tables):
    odd = replace(tables, responses=(replace(tables.responses[0], steps=('say "no"', "a\\b")),))
    text = dot(odd)
    assert text.count("{") == text.count("}")
    assert '\\"no\\"' in text
    assert "a\\\\b" in text


def test_chain_of_causes_is_told_from_the_first_reading_on(lunabase, tmp_path, monkeypatch):
    start = datetime(2035, 1, 1, tzinfo=UTC)
    said = [("box-hot", "The box is hot.", 0), ("noise", "Something else.", 0),
            ("response_started", "Response cycle begins.", 1), ("response_step", "Switch camera off and on.", 3)]  # fmt: skip
    events = tuple(
        Event(start + timedelta(hours=place), "low", "test", name, text, "a reading", place + 1, cause)
        for place, (name, text, cause) in enumerate(said)
    )

    class Record:
        pass

    Record.events = events
    monkeypatch.setattr("lunabase.record.folder.read_run", lambda _: Record)
    done = lunabase("autonomy", ILRS, "--run", str(tmp_path), "--why", "4")
    lines = [line for line in done.stdout.splitlines() if "because" not in line]
    assert [line.split()[0] for line in lines] == ["1", "3", "4"]
    told = json.loads(lunabase("autonomy", ILRS, "--run", str(tmp_path), "--why", "4", "--json").stdout)
    assert [event["id"] for event in told["events"]] == [1, 3, 4]
    assert lunabase("autonomy", ILRS, "--run", str(tmp_path), "--why", "99").returncode == 2
    assert lunabase("autonomy", ILRS, "--why", "4").returncode == 2
