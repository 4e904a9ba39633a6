import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.sky import SurfaceSite, find_events, find_intervals, look_arrays
from lunabase.times import utc_to_tdb

START = utc_to_tdb("2030-01-01")


@settings(deadline=None)
@given(period_s=st.floats(5000.0, 1e5), phase=st.floats(0.0, 1.0), offset=st.floats(-0.8, 0.8))
def test_crossings_of_a_sine_are_where_they_are(period_s, phase, offset):
    def function(tdb_s):
        return np.sin(2 * np.pi * ((tdb_s - START) / period_s - phase)) + offset

    stop = START + 3e5
    found = find_events(function, START, stop, step_s=500.0)
    turn = np.arcsin(-offset) / (2 * np.pi)
    cycles = np.arange(-3, 70)
    expected = [(START + period_s * (phase + turn + n), True) for n in cycles]
    expected += [(START + period_s * (phase + 0.5 - turn + n), False) for n in cycles]
    expected = sorted(event for event in expected if START + 1.0 < event[0] < stop - 1.0)
    inside = [event for event in found if START + 1.0 < event.tdb_s < stop - 1.0]
    assert [event.rising for event in inside] == [rising for _, rising in expected]
    np.testing.assert_allclose([event.tdb_s for event in inside], [t for t, _ in expected], atol=0.6)


def test_sunrise_and_sunset_against_spice(spice):
    """CSPICE's own root finder (gfuds) on its own ephemeris, for the Sun's centre at 60 N over three months."""
    site = SurfaceSite(60.0, 20.0)
    up = site.east_north_up[2]

    def sine_of_elevation(et):
        state, _ = spice.spkcpo("SUN", et, "MOON_ME", "OBSERVER", "LT+S", up * 1737.4, "MOON", "MOON_ME")
        return float(np.dot(up, state[:3]) / np.linalg.norm(state[:3]))

    @spice.utils.callbacks.SpiceUDFUNS
    def value(et):
        return sine_of_elevation(et)

    @spice.utils.callbacks.SpiceUDFUNB
    def decreasing(function, et):
        return int(sine_of_elevation(et + 1.0) < sine_of_elevation(et - 1.0))

    stop = START + 90 * 86400.0
    confine, result = spice.cell_double(2), spice.cell_double(100)
    spice.wninsd(START, stop, confine)
    spice.gfuds(value, decreasing, ">", 0.0, 0.0, 86400.0, 100, confine, result)
    expected = [spice.wnfetd(result, i) for i in range(spice.wncard(result))]
    found = find_intervals(lambda t: look_arrays("sun", site, t).elevation_deg, START, stop, step_s=86400.0)
    assert len(expected) >= 3
    np.testing.assert_allclose(found, expected, atol=1.0)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda t: np.ones_like(t), [(0.0, 1000.0)]),
        (lambda t: -np.ones_like(t), []),
        (lambda t: np.zeros_like(t), []),
        (lambda t: t - 300.0, [(300.0, 1000.0)]),
        (lambda t: 300.0 - t, [(0.0, 300.0)]),
        (lambda t: np.abs(t - 500.0) - 200.0, [(0.0, 300.0), (700.0, 1000.0)]),
        (lambda t: 200.0 - np.abs(t - 500.0), [(300.0, 700.0)]),
    ],
)
def test_intervals_that_touch_the_ends(function, expected):
    found = find_intervals(function, 0.0, 1000.0, step_s=70.0, precision_s=0.01)
    np.testing.assert_allclose(np.reshape(found, (-1, 2)), np.reshape(expected, (-1, 2)), atol=0.01)


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 1000.0), min_size=1, max_size=8, unique=True), st.floats(0.5, 3.0))
def test_intervals_agree_with_a_dense_search(roots, step_s):
    roots = np.sort(roots)
    if len(roots) > 1 and np.min(np.diff(roots)) <= 2 * step_s:
        roots = roots[:1]

    def function(t):
        return np.prod([np.tanh((t - root) / 50.0) for root in roots], axis=0)

    dense = np.linspace(-10.0, 1010.0, 20_001)
    found = find_intervals(function, -10.0, 1010.0, step_s=step_s, precision_s=1e-3)
    inside = np.any([(dense > low + 1e-3) & (dense < high - 1e-3) for low, high in found], axis=0) if found else False
    outside = np.all([(dense < low - 1e-3) | (dense > high + 1e-3) for low, high in found], axis=0) if found else True
    values = function(dense)
    assert np.all(values[inside] > 0.0)
    assert np.all(values[outside] <= 0.0)


def test_a_spell_shorter_than_the_step_is_missed_and_a_longer_one_is_not():
    def function(t):
        return 30.0 - np.abs(t - 550.0)

    assert find_events(function, 0.0, 1000.0, step_s=100.0) == []
    assert len(find_events(function, 0.0, 1000.0, step_s=50.0)) == 2


def test_long_searches_run_in_chunks():
    longest = 0

    def function(t):
        nonlocal longest
        longest = max(longest, t.size)
        return np.sin(2 * np.pi * t / 86400.0)

    events = find_events(function, 100.0, 100.0 + 3650 * 86400.0, step_s=600.0)
    assert len(events) == 7300
    assert longest <= 50_000
    assert np.all(np.diff([event.tdb_s for event in events]) > 43198.0)


@pytest.mark.parametrize(
    ("stop", "step_s", "precision_s"),
    [(0.0, 60.0, 1.0), (-1.0, 60.0, 1.0), (9.0, 0.0, 1.0), (9.0, 1.0, -1.0), (9.0, np.nan, 1.0)],
)
def test_impossible_searches_are_refused(stop, step_s, precision_s):
    with pytest.raises(InputError):
        find_events(np.sin, 0.0, stop, step_s=step_s, precision_s=precision_s)


@pytest.mark.parametrize("function", [lambda t: np.full_like(t, np.nan), lambda t: np.ones(3)])
def test_a_function_that_answers_nonsense_is_refused(function):
    with pytest.raises(ValueError, match="one number per epoch"):
        find_events(function, 0.0, 1000.0, step_s=10.0)
