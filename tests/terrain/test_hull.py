"""The hull of a line's terrain against the highest of all its points, and the columns left out of it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.terrain.hull import add_point, new_hull, take_beyond, tangent_point
from lunabase.terrain.profile import new_profile, thin_out

SEEDS = st.integers(0, 2**32 - 1)


def hull_of(x: np.ndarray, y: np.ndarray):
    """The hull of points, given from far to near, and its size."""
    hull, size = new_hull(x.size), 1
    for k in range(x.size):
        size = add_point(hull.x, hull.y, hull.rise, hull.base, hull.place, size, x[k], y[k], k)
    return hull, size


@given(seed=SEEDS, count=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_the_tangent_touches_the_highest_point_wherever_the_search_begins(seed, count):
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(100.0, 1000.0, count))[::-1]
    y = np.cumsum(random.normal(0.0, 10.0, count))
    hull, size = hull_of(x, y)
    eye_x, eye_y = random.uniform(0.0, 90.0), random.normal(0.0, 200.0)
    highest = ((y - eye_y) / (x - eye_x)).max()
    for start in range(size):
        at = tangent_point(hull.base, hull.rise, start, eye_x, eye_y)
        seen = (hull.y[at] - eye_y) / (hull.x[at] - eye_x)
        np.testing.assert_allclose(seen, highest, rtol=1e-9, atol=1e-12)


@given(seed=SEEDS, beyond=st.floats(0.0, 1100.0))
@settings(max_examples=40, deadline=None)
def test_a_hull_goes_on_from_the_far_part_of_another(seed, beyond):
    random = np.random.default_rng(seed)
    x, y = np.sort(random.uniform(100.0, 1000.0, 40))[::-1], random.normal(0.0, 10.0, 40)
    other, size = hull_of(x, y)
    hull = new_hull(40)
    taken = take_beyond(hull, other, 1, size, beyond)
    np.testing.assert_array_equal(hull.place[1:taken], [k for k in other.place[1:size] if x[k] > beyond])
    if taken > 1:
        at = tangent_point(hull.base, hull.rise, 0, 0.0, 0.0)
        highest = (hull.y[1:taken] / hull.x[1:taken]).max()
        np.testing.assert_allclose(hull.y[at] / hull.x[at], highest, rtol=1e-9)


@given(seed=SEEDS, sinking_m=st.floats(0.0, 1.0))
@settings(max_examples=40, deadline=None)
def test_no_column_is_left_out_that_an_observer_could_see(seed, sinking_m):
    """Seen over flat ground whose curvature sinks by the square of columns, from beyond the longest chord."""
    random = np.random.default_rng(seed)
    profile = new_profile(200)
    profile.height_m[:] = np.cumsum(random.normal(0.0, 5.0, 200))
    count = thin_out(profile, 0, 199, sinking_m)
    columns = np.arange(200.0)
    for eye in (-30.0, -9.0):
        rise = (profile.height_m - random.normal(0.0, 50.0)) / (columns - eye) - sinking_m * (columns - eye)
        assert np.isclose(rise[profile.kept[:count]].max(), rise.max(), rtol=0.0, atol=1e-6)


def test_columns_without_terrain_are_left_out():
    profile = new_profile(50)
    profile.height_m[:] = np.where(np.arange(50) % 7 == 3, -1e5, 100.0)
    count = thin_out(profile, 0, 49, 1e-4)
    assert count > 0
    assert (profile.height_m[profile.kept[:count]] == 100.0).all()
