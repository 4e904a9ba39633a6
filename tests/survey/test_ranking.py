"""Conditions are read as written, and the Pareto front is the one that its definition gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lunabase.errors import InputError
from lunabase.survey.maps import KINDS, add_map, empty_maps
from lunabase.survey.ranking import Condition, check_conditions, merit, pareto_front, parse_conditions, passing
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection

GRID = MapGrid(polar_projection(), -5000.0, -12000.0, 100.0, 2, 3)


@pytest.fixture
def maps():
    made = empty_maps(GRID)
    add_map(made, "light", np.array([[0.9, 0.8, 0.7], [0.9, 0.1, np.nan]]), height_m=2.0)
    add_map(made, "light", np.array([[0.95, 0.9, 0.8], [0.95, 0.2, np.nan]]), height_m=10.0)
    add_map(made, "longest_dark", np.array([[3.0, 4.0, 5.0], [6.0, 99.0, np.nan]]), height_m=2.0)
    add_map(made, "slope", np.array([[20.0, 5.0, 5.0], [5.0, 5.0, 5.0]]))
    return made


def test_the_issue_s_example_reads():
    read = parse_conditions("light>0.75, longest_dark<5d, slope<10deg, earth>0.45")
    assert read == (
        Condition("light", ">", 0.75, ""),
        Condition("longest_dark", "<", 5.0, "d"),
        Condition("slope", "<", 10.0, "deg"),
        Condition("earth", ">", 0.45, ""),
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("light>0.75", [[1, 1, 0], [1, 0, 0]]),
        ("light >= 90%", [[1, 0, 0], [1, 0, 0]]),
        ("light_10m>0.85 and slope<10deg", [[0, 1, 0], [1, 0, 0]]),
        ("longest_dark<=96h", [[1, 1, 0], [0, 0, 0]]),
        ("longest_dark<=4", [[1, 1, 0], [0, 0, 0]]),
        ("light>0.5; longest_dark<5d; slope<10", [[0, 1, 0], [0, 0, 0]]),
    ],
)
def test_pixels_that_pass(maps, text, where):
    assert np.array_equal(passing(maps, parse_conditions(text)), np.array(where, dtype=bool))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("brightness>0.5", "light_2m (1)"),
        ("slope<10K", "Use deg"),
        ("light>5d", "Use %"),
        ("light=5", "no condition"),
        ("light>", "no condition"),
        ("", "no condition"),
        (" ,; ", "no condition"),
        ("light>1e999", "too large"),
    ],
)
def test_a_wrong_condition_says_what_would_be_right(maps, text, words):
    with pytest.raises(InputError, match=r".") as told:
        check_conditions(parse_conditions(text), maps)
    assert words in str(told.value)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        read = parse_conditions(text)
    except InputError:
        return
    assert read
    assert all(isinstance(each, Condition) for each in read)


@given(
    st.lists(
        st.builds(
            Condition,
            st.sampled_from(sorted(KINDS)),
            st.sampled_from(["<", "<=", ">", ">="]),
            st.floats(allow_nan=False, allow_infinity=False),
            st.sampled_from(["", "%", "d", "h", "deg", "K", "m", "km"]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([",", ";", " and ", " , "]),
)
def test_conditions_come_back_as_written(conditions, between):
    assert list(parse_conditions(between.join(map(str, conditions)))) == conditions


def test_the_order_of_conditions_is_the_order_of_importance(maps):
    first, second, *_ = merit(maps, parse_conditions("slope<10deg, light>0.5"))
    assert np.array_equal(first, -maps["slope"].to_numpy())
    assert np.array_equal(second, maps["light_2m"].to_numpy(), equal_nan=True)


def dominates(one, other):
    return bool(np.all(one >= other) and np.any(one > other))


def front_by_definition(values):
    finite = [i for i, row in enumerate(values) if np.all(np.isfinite(row))]
    best = np.zeros(len(values), dtype=bool)
    for i in finite:
        best[i] = not any(dominates(values[j], values[i]) for j in finite)
    return best


numbers = st.one_of(
    st.integers(-3, 3).map(float), st.floats(-1e6, 1e6, allow_subnormal=False), st.sampled_from([np.nan, np.inf])
)


@settings(max_examples=200)
@given(
    st.integers(0, 40).flatmap(lambda n: st.integers(1, 4).flatmap(lambda k: arrays(float, (n, k), elements=numbers)))
)
def test_the_front_is_that_of_the_definition(values):
    assert np.array_equal(pareto_front(values), front_by_definition(values))


def test_the_front_of_many_points():
    """No member is dominated, and every other point is dominated by a member: on 200,000 points in four dimensions."""
    random = np.random.default_rng(3)
    values = np.round(random.normal(size=(200_000, 4)) @ random.normal(size=(4, 4)), 1)
    best = pareto_front(values)
    members = np.unique(values[best], axis=0)
    assert 10 < len(members) < 20_000
    for member in members:
        assert not np.any(np.all(values >= member, axis=1) & np.any(values > member, axis=1))
    for point in values[~best][:3000]:
        assert np.any(np.all(members >= point, axis=1) & np.any(members > point, axis=1))
