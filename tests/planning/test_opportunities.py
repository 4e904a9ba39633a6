"""Opportunities from series: runs, cells, words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning_station import environment, station

from lunabase.planning.demand import say_duration
from lunabase.planning.horizon import Horizon, cells_that_hold, horizon_of, lowest_per_cell, runs
from lunabase.planning.opportunities import clauses, opportunities
from lunabase.station.constraints import Constraints

PHASE = station().phases["robotic"]


def horizon(steps: int, step_s: float, cell_s: int) -> Horizon:
    return Horizon(horizon_of(environment(2), station()).start, step_s, steps, cell_s)


@given(st.lists(st.booleans(), max_size=30))
def test_runs_rebuild_the_mask(values: list[bool]) -> None:
    mask = np.array(values, dtype=bool)
    rebuilt = np.zeros(len(values), dtype=bool)
    for start, stop in runs(mask):
        assert rebuilt[start:stop].sum() == 0
        rebuilt[start:stop] = True
        assert start == 0 or not mask[start - 1]
    assert (rebuilt == mask).all()


@given(
    st.lists(st.booleans(), min_size=2, max_size=30),
    st.sampled_from([(600.0, 300), (600.0, 600), (600.0, 900), (60.0, 300), (700.0, 300)]),
)
def test_a_cell_holds_when_every_epoch_around_it_does(values: list[bool], grid: tuple[float, int]) -> None:
    step_s, cell_s = grid
    span = horizon(len(values), step_s, cell_s)
    cells = cells_that_hold(np.array(values), span)
    for cell in range(span.cells):
        first, last = cell * cell_s // step_s, -(-(cell + 1) * cell_s // step_s)
        assert cells[cell] == all(values[int(first) : int(last) + 1])


def test_lowest_per_cell() -> None:
    values = np.array([5.0, 1.0, 4.0, 3.0])
    assert lowest_per_cell(values, horizon(4, 600.0, 300)).tolist() == [5, 5, 1, 1, 4, 4, 3, 3]
    assert lowest_per_cell(values, horizon(4, 600.0, 900)).tolist() == [1, 1]


def test_clauses_and_their_words() -> None:
    lit = np.array([1.0, 0.5, 0.4, 0.0])
    surroundings = environment(4, lit=lit, earth=np.array([True, False, True, False]))
    wanted = Constraints.model_validate(
        {
            "light": "lit",
            "earth": "out of view",
            "surface_temperature": {"above": "150 K", "below": "190 K"},
            "sun_visible_fraction": {"above": 0.45},
            "link": "available",
            "relay": "out of view",
            "crew": "absent",
        }
    )
    found = {clause.words: clause.holds.tolist() for clause in clauses(wanted, surroundings, PHASE)}
    yes, no = [True] * 4, [False] * 4
    assert found == {
        "sunlight": [True, True, False, False],
        "the visible part of the Sun above 0.45": [True, True, False, False],
        "Earth out of view": [False, True, False, True],
        "a relay out of view": yes,
        "a link to Earth": [True, False, True, False],
        "the ground above 150 K": yes,
        "the ground below 190 K": no,
        "no crew": yes,
    }
    dark = clauses(Constraints.model_validate({"light": "dark"}), surroundings, PHASE)
    assert dark[0].holds.tolist() == [False, False, False, True]


def test_ranges_of_any_variable_run_through_north_and_midnight() -> None:
    surroundings = environment(4).assign(
        sun_azimuth=("time", [350.0, 5.0, 20.0, 180.0]), lunar_local_time=("time", [23.0, 0.5, 12.0, 2.0])
    )
    limits = [
        {"variable": "sun_azimuth", "above": "340 deg", "below": "10 deg"},
        {"variable": "sun_azimuth", "above": "4 deg"},
        {"variable": "lunar_local_time", "above": "22 h", "below": "1 h"},
    ]
    found = clauses(Constraints.model_validate({"within": limits}), surroundings, PHASE)
    assert {clause.words: clause.holds.tolist() for clause in found} == {
        "sun azimuth above 340 deg or below 10 deg": [True, True, False, False],
        "sun azimuth above 4 deg": [True, True, True, True],
        "lunar local time above 22 h or below 1 h": [True, True, False, False],
    }


def test_combinations_are_read_at_each_epoch() -> None:
    surroundings = environment(4, lit=np.array([1.0, 1.0, 0.0, 0.0]), earth=np.array([True, False, True, False]))
    both, one = {"light": "lit", "earth": "in view"}, {"light": "dark"}
    (either,) = clauses(Constraints.model_validate({"any_of": [both, one]}), surroundings, PHASE)
    assert either.words == "(sunlight and Earth in view) or dark"
    assert either.holds.tolist() == [True, False, True, True]
    never = clauses(Constraints.model_validate({"none_of": [both, one]}), surroundings, PHASE)
    assert [(clause.words, clause.holds.tolist()) for clause in never] == [
        ("not (sunlight and Earth in view)", [False, True, True, True]),
        ("not dark", [True, True, False, False]),
    ]


def test_opportunities_remember_why() -> None:
    surroundings = environment(10, lit=np.arange(10) >= 4)
    span = horizon_of(surroundings, station())
    held = clauses(Constraints.model_validate({"light": "lit"}), surroundings, PHASE)
    (found,) = opportunities("x/r", held, span, 3600)
    assert (found.request, found.start_s, found.stop_s, found.because) == ("x/r", 14_400, 36_000, ("sunlight",))
    assert opportunities("x/r", held, span, 7 * 3600) == ()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (45, "45 s"),
        (22_800, "6 h 20 min"),
        (3600, "1 h"),
        (90_000, "25 h"),
        (300_000, "3 d 11 h"),
        (86_400 * 30, "30 d"),
    ],
)
def test_durations_for_people(seconds: float, words: str) -> None:
    assert say_duration(seconds) == words
