"""The independent check: every rule of the benchmark catches the schedule that breaks it."""

import pytest
from weeks import HOUR, request

from lunabase.contacts.check_tracks import check_tracks

REQUESTS = [
    request("a", 1, 4.0, {"DSS-14": [(10, 20)], "DSS-24_DSS-34": [(10, 20)]}),
    request("b", 2, 8.0, {"DSS-14": [(10, 40)]}, least=6.4),
    request("c", 2, 1.0, {"DSS-24": [(10, 30)]}),
]
CLOSED = [{"antenna": "DSS-24", "starttime": 26 * HOUR, "endtime": 28 * HOUR}]


def row(name, antenna, on_h, off_h, **changes):
    on_s, off_s = round(on_h * HOUR), round(off_h * HOUR)
    times = {"START_TIME": on_s - HOUR, "TRACKING_ON": on_s, "TRACKING_OFF": off_s, "END_TIME": off_s + HOUR // 4}
    missions = {"a": 1, "b": 2, "c": 2}
    return {"RESOURCE": antenna, "SC": missions.get(name, 9), "TRACK_ID": name, **times} | changes


def good():
    return [
        row("a", "DSS-24", 12, 16),
        row("a", "DSS-34", 12, 16),
        row("b", "DSS-14", 12, 16),
        row("b", "DSS-14", 18, 22),
        row("c", "DSS-24", 20, 21),
    ]


def test_a_sound_schedule_and_its_measures():
    verdict = check_tracks(good(), REQUESTS, CLOSED)
    assert verdict.problems == ()
    assert verdict.hours == pytest.approx(13.0)
    assert verdict.antenna_hours == pytest.approx(17.0)
    assert verdict.satisfied == 3
    assert verdict.u == {"1": 0.0, "2": 0.0}


def test_measures_of_a_poor_schedule():
    """Mission 1 has nothing of 4 h; mission 2 has 4 h of 9 h, and no request satisfied."""
    verdict = check_tracks([row("b", "DSS-14", 12, 16)], REQUESTS, CLOSED)
    assert verdict.problems == ()
    assert verdict.satisfied == 0
    assert verdict.u == {"1": 1.0, "2": pytest.approx(5 / 9)}
    assert verdict.u_rms == pytest.approx(((1 + (5 / 9) ** 2) / 2) ** 0.5)
    assert verdict.u_max == 1.0


def test_time_beyond_the_duration_does_not_count():
    verdict = check_tracks([row("b", "DSS-14", 12, 24)], REQUESTS, CLOSED)
    assert verdict.hours == pytest.approx(8.0)
    assert verdict.antenna_hours == pytest.approx(12.0)


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        ([row("z", "DSS-14", 12, 16)], "no such request"),
        ([row("c", "DSS-99", 12, 13)], "no such antenna"),
        ([row("c", "DSS-24", 12, 13, SC=1)], "mission 2 asked"),
        ([row("c", "DSS-24", 12, 13, START_TIME=11 * HOUR + 1)], "setup"),
        ([row("c", "DSS-24", 12, 13, END_TIME=14 * HOUR)], "teardown"),
        ([row("c", "DSS-14", 12, 13)], "not asked for"),
        ([row("a", "DSS-24", 12, 16)], "not asked for"),
        ([row("a", "DSS-24", 12, 16), row("a", "DSS-34", 13, 17)], "not asked for"),
        ([row("c", "DSS-24", 9.9, 11)], "view period"),
        ([row("c", "DSS-24", 29.1, 30.1)], "view period"),
        ([row("c", "DSS-24", 12, 12.9)], "at least 3600 s"),
        ([row("b", "DSS-14", 12, 15.9)], "at least 14400 s"),
        ([row("c", "DSS-24", 26.5, 27.5)], "maintenance"),
        ([row("c", "DSS-24", 25, 26)], "maintenance"),
        ([row("c", "DSS-24", 28.9, 29.9)], "maintenance"),
        ([row("a", "DSS-14", 12, 16), row("b", "DSS-14", 17, 22)], "overlap"),
        ([row("c", "DSS-24", 12, 13), row("c", "DSS-24", 12, 13)], "overlap"),
        ([row("b", "DSS-14", 12, 20), row("b", "DSS-14", 14, 18)], "two of its tracks"),
        ([row("c", "DSS-24", 12, 13) | {"MORE": 1}], "fields"),
        ([{"RESOURCE": "DSS-24"}], "fields"),
        ([row("c", "DSS-24", 12, 13, TRACKING_ON=12.5)], "TRACKING_ON is 12.5"),
    ],
)
def test_each_rule_catches_what_breaks_it(spoilt, told):
    problems = check_tracks(spoilt, REQUESTS, CLOSED).problems
    assert any(told in problem for problem in problems), problems


def test_edges_may_touch():
    """Half-open intervals: a track may begin when another one's teardown, or maintenance, ends."""
    rows = [row("b", "DSS-14", 12, 16), row("b", "DSS-14", 17.25, 22), row("c", "DSS-24", 29, 30)]
    assert check_tracks(rows, REQUESTS, CLOSED).problems == ()
