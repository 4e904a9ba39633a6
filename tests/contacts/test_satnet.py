"""The benchmark's files: what is read, what is wrong with them, and the real weeks."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weeks import HOUR, request

from lunabase.contacts.benchmark import read_week, solve_week
from lunabase.contacts.fairness import Weights
from lunabase.contacts.satnet import maintenance_rows, read_demand, read_weeks
from lunabase.errors import InputError
from lunabase.scheduling.effort import Effort

DATA = Path(__file__).parents[3] / "shared" / "data" / "satnet"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the SatNet weeks of ../shared/data are not here")
HEADER = "week,year,starttime,endtime,antenna\n"


def test_hours_and_minutes_become_seconds():
    records = [request("a", 521, 1.1, {"DSS-14": [(10, 20), (30, 30.5)]}, setup=45, teardown=40)]
    (item,) = read_demand(records, [], "week").requests
    assert (item.duration_s, item.satisfied_s, item.shortest_track_s) == (3960, 3960, 3960)
    assert (item.setup_s, item.teardown_s) == (2700, 2400)
    assert [(view.on_s, view.off_s) for view in item.views] == [(10 * HOUR, 20 * HOUR)]
    assert item.most_tracks == 1


def test_long_requests_may_be_split():
    records = [request("a", 1, 8.0, {}, least=6.4), request("b", 1, 8.0, {}, least=3.0), request("c", 1, 7.9, {})]
    items = read_demand(records, [], "week").requests
    assert [item.shortest_track_s for item in items] == [4 * HOUR, 3 * HOUR, round(7.9 * HOUR)]
    assert items[0].most_tracks == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"duration": "long"}, "duration: "),
        ({"duration": 2.0, "duration_min": 3.0}, "duration_min is greater"),
        ({"setup_time": -1}, "setup_time: "),
        ({"resource_vp_dict": {"DSS-14": [{"TRX ON": 1}]}}, "resource_vp_dict.DSS-14.0.TRX OFF: "),
        ({"resource_vp_dict": {"DSS-14": [{"TRX ON": 5, "TRX OFF": 1}]}}, "before TRX ON"),
        ({"resource_vp_dict": {"_DSS-14": []}}, "resource_vp_dict"),
    ],
)
def test_a_wrong_field_is_named_with_its_record(change, told):
    records = [request("a", 1, 1.0, {}), request("b", 1, 1.0, {}) | change]
    with pytest.raises(InputError) as wrong:
        read_demand(records, [], "problems.json: W10_2018")
    assert told in wrong.value.problem
    assert wrong.value.where == "problems.json: W10_2018: request 1"


@pytest.mark.parametrize("field", ["track_id", "subject", "duration", "setup_time", "resource_vp_dict"])
def test_a_missing_field_is_named(field):
    record = request("a", 1, 1.0, {})
    del record[field]
    with pytest.raises(InputError, match=field):
        read_demand([record], [], "week")


def test_an_id_is_used_once():
    with pytest.raises(InputError, match="request 0 too"):
        read_demand([request("a", 1, 1.0, {}), request("a", 2, 1.0, {})], [], "week")


def test_an_unknown_week_names_those_there_are(tmp_path):
    path = tmp_path / "problems.json"
    path.write_text(json.dumps({"W10_2018": [], "W20_2018": []}))
    with pytest.raises(InputError) as wrong:
        read_week(path, "W11_2018", None)
    assert "W10_2018, W20_2018" in wrong.value.fix


def test_broken_json_is_told_with_its_line(tmp_path):
    path = tmp_path / "problems.json"
    path.write_text('{\n "W10_2018": [\n}')
    with pytest.raises(InputError) as wrong:
        read_weeks(path)
    assert wrong.value.where.endswith("line 3")


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("week,antenna\n", 1, "starttime"),
        (HEADER + "10,2018,1,2,DSS-14\n10,2018,x,2,DSS-14\n", 3, "starttime: 'x'"),
        (HEADER + "10,2018,5,2,DSS-14\n", 2, "before starttime"),
        (HEADER + "10,2018,1,2,\n", 2, "antenna is empty"),
        (HEADER + "10,2018,1\n", 2, "endtime: None"),
        (HEADER + "10,2018,1,inf,DSS-14\n", 2, "endtime: 'inf'"),
    ],
)
def test_wrong_maintenance_is_told_with_its_line(tmp_path, text, line, told):
    path = tmp_path / "maintenance.csv"
    path.write_text(text)
    with pytest.raises(InputError) as wrong:
        maintenance_rows(path)
    assert wrong.value.where.endswith(f"line {line}")
    assert told in wrong.value.problem


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: (HEADER + text).encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    for read in (read_weeks, maintenance_rows):
        with suppress(InputError):
            read(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(request("a", 1, 1.0, {}))), json_values)
def test_any_value_of_a_field_is_read_or_refused(field, value):
    with suppress(InputError):
        read_demand([request("a", 1, 1.0, {"DSS-14": [(1, 9)]}) | {field: value}], [], "week")


@real
@pytest.mark.parametrize(("week", "requests", "hours"), [("W10_2018", 257, 1191.5), ("W20_2018", 294, 1406.5)])
def test_real_weeks_give_sound_schedules(week, requests, hours):
    given = read_week(DATA / "problems.json", week, DATA / "maintenance.csv")
    solved = solve_week(given, Weights(), Effort(1.5), processes=1)
    assert (solved.requests, solved.asked_hours) == (requests, pytest.approx(hours, abs=0.02))
    assert solved.verdict.problems == ()
    assert solved.verdict.u_rms < 0.6
    assert solved.shared.fairness.u_rms == pytest.approx(solved.verdict.u_rms)
