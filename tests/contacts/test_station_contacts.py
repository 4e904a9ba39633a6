"""The station's own contacts: within view, one at a time on each antenna, enough for the data, shares kept."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.contacts.fairness import Weights
from lunabase.contacts.links import Link, ground_station_of
from lunabase.contacts.periods import ContactWishes, ask
from lunabase.contacts.solve import share_antennas
from lunabase.scheduling.effort import Effort

HOUR, DAY = 3600, 86_400
WISHES = ContactWishes(every_s=6 * HOUR, shortest_s=1800, setup_s=900, teardown_s=300)
ALWAYS = (("east", (0, 10 * DAY)), ("west", (0, 10 * DAY)))


def direct(views, rate=1e6):
    return Link("dish", None, rate, 0.0, tuple(views))


def contacts(asked, work=0.5):
    shared = share_antennas(asked.demand, Weights(), Effort(work))
    tracks = iter(shared.tracks)
    return [(period, next(tracks)) for period in asked.periods if period.link]


def random_links(seed):
    generator = np.random.default_rng(seed)
    links = []
    for radio, relay in (("dish", None), ("patch", "moth"), ("patch", None)):
        views = []
        for place in ("east", "west", "south"):
            edges = np.sort(generator.integers(0, 3 * DAY, 6))
            views += [(place, (int(on), int(off))) for on, off in edges.reshape(-1, 2) if off > on]
        links.append(Link(radio, relay, float(generator.integers(1, 9)) * 1e5, 1e8 if relay else 0.0, tuple(views)))
    return links


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_contacts_lie_in_view_and_hold_each_antenna_alone(seed):
    links = random_links(seed)
    data = [(float(hour * HOUR), 2e8) for hour in range(72)]
    asked = ask(links, 3 * DAY, data, WISHES)
    held = {}
    for period, own in contacts(asked, work=0.1):
        for track in own:
            assert track.length_s >= WISHES.shortest_s
            assert period.begin_s <= track.on_s - WISHES.setup_s
            assert track.off_s + WISHES.teardown_s <= period.end_s
            views = [span for place, span in period.link.views if place == ground_station_of(track.antennas)]
            assert any(on <= track.on_s and track.off_s <= off for on, off in views)
            for antenna in track.antennas:
                held.setdefault(antenna, []).append((track.on_s - WISHES.setup_s, track.off_s + WISHES.teardown_s))
    for spans in held.values():
        assert all(later[0] >= earlier[1] for earlier, later in pairwise(sorted(spans)))


def test_every_period_has_a_contact_of_the_shortest_length():
    asked = ask([direct(ALWAYS)], 2 * DAY, [], WISHES)
    made = contacts(asked)
    assert len(made) == 8
    assert [track.length_s for _, (track,) in made] == [1800] * 8


def test_contacts_are_as_long_as_the_data_need():
    """3.6 Gbit at 1 Mbit/s are one hour."""
    asked = ask([direct(ALWAYS)], DAY, [(100.0, 3.6e9)], WISHES)
    assert [track.length_s for _, (track,) in contacts(asked)] == [3600, 1800, 1800, 1800]


def test_what_a_period_cannot_hold_waits_for_the_next():
    """At most 5 h 40 min in each period of 6 h: 10 h of data are 5 h 40 min and 4 h 20 min."""
    asked = ask([direct(ALWAYS)], DAY, [(0.0, 3.6e10)], WISHES)
    assert [track.length_s for _, (track,) in contacts(asked)] == [20400, 15600, 1800, 1800]


def test_a_period_without_view_is_passed_over():
    asked = ask([direct([("east", (0, 7 * HOUR)), ("west", (13 * HOUR, 24 * HOUR))])], DAY, [(0.0, 1e12)], WISHES)
    assert [period.link is not None for period in asked.periods] == [True, True, True, True]
    asked = ask([direct([("east", (0, 6 * HOUR)), ("west", (13 * HOUR, 24 * HOUR))])], DAY, [(0.0, 1e12)], WISHES)
    assert [period.link is not None for period in asked.periods] == [True, False, True, True]


def test_the_link_that_brings_most_is_taken():
    slow, fast = direct(ALWAYS, 1e5), replace(direct(ALWAYS, 1e6), radio="fast")
    brief = replace(direct([("east", (0, HOUR))], 2e6), radio="brief")
    asked = ask([slow, fast, brief], DAY, [], WISHES)
    assert {period.link.radio for period in asked.periods} == {"fast"}


@pytest.mark.parametrize(
    ("shares", "east"), [({"east": 0.25}, 0.25), ({"east": 0.5, "west": 0.5}, 0.5), ({"west": 0.0}, 1.0)]
)
def test_shares_of_the_ground_stations_are_kept(shares, east):
    asked = ask([direct(ALWAYS)], 10 * DAY, [], replace(WISHES, shares=shares))
    places = [ground_station_of(track.antennas) for _, (track,) in contacts(asked)]
    assert places.count("east") / len(places) == pytest.approx(east, abs=1 / len(places))
