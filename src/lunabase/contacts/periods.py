"""What the station asks of the ground: in every period a contact, long enough for the data that wait for it.

Each period takes the link that could bring down most within it. Data that a period can't hold wait for the next one.
Agreed shares of the ground stations are kept by asking, period by period, for the station that is furthest behind.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lunabase.contacts.links import Link
from lunabase.contacts.request import AntennaRequest, Demand, Interval, ViewPeriod


@dataclass(frozen=True, slots=True)
class ContactWishes:
    """How contacts shall be: one in each period, not shorter than this, with this before and after."""

    every_s: int = 6 * 3600
    shortest_s: int = 30 * 60
    setup_s: int = 15 * 60
    teardown_s: int = 5 * 60
    shares: Mapping[str, float] = field(default_factory=dict)
    """Part of contact time by ground station; those that are not named get what is left over."""


@dataclass(frozen=True, slots=True)
class Period:
    """One period: its link (None if there is no contact in it), the data that come to wait, those it shall bring."""

    begin_s: int
    end_s: int
    link: Link | None
    new_bit: float
    asked_bit: float


@dataclass(frozen=True, slots=True)
class Asked:
    """The periods, and the demand of those with a link, in their order."""

    periods: tuple[Period, ...]
    demand: Demand


def ask(links: Sequence[Link], length_s: int, data: Sequence[tuple[float, float]], wishes: ContactWishes) -> Asked:
    """Ask for contacts over `length_s` seconds; `data` are pairs of seconds from the start and bits made then."""
    periods: list[Period] = []
    requests: list[AntennaRequest] = []
    waiting_bit = 0.0
    given_s: dict[str, float] = {}
    for begin_s in range(0, length_s, wishes.every_s):
        end_s = min(begin_s + wishes.every_s, length_s)
        new_bit = sum(bits for at_s, bits in data if begin_s <= at_s < end_s)
        waiting_bit += new_bit
        link = _best_link(links, (begin_s, end_s), wishes)
        asked_bit = 0.0
        if link is not None:
            views = _views(link, (begin_s, end_s), wishes)
            longest_s = max(off_s - on_s for _, (on_s, off_s) in views)
            wanted_s = min(max(math.ceil(waiting_bit / link.rate_bit_per_s), wishes.shortest_s), longest_s)
            asked_bit = min(waiting_bit, wanted_s * link.rate_bit_per_s)
            views = _of_the_furthest_behind(views, wanted_s, wishes.shares, given_s)
            requests.append(_request(f"period {len(periods)}", link, views, wanted_s, wishes))
        periods.append(Period(begin_s, end_s, link, new_bit, asked_bit))
        waiting_bit -= asked_bit
    return Asked(tuple(periods), Demand(tuple(requests)))


Views = list[tuple[str, Interval]]


def _views(link: Link, period: Interval, wishes: ContactWishes) -> Views:
    """A link's views cut to a period, setup and teardown included, that hold the shortest contact."""
    low_s, high_s = period[0] + wishes.setup_s, period[1] - wishes.teardown_s
    cut = [(name, (max(on_s, low_s), min(off_s, high_s))) for name, (on_s, off_s) in link.views]
    return [(name, span) for name, span in cut if span[1] - span[0] >= wishes.shortest_s]


def _best_link(links: Sequence[Link], period: Interval, wishes: ContactWishes) -> Link | None:
    """The one that could bring down most in one contact; the first of equals."""

    def most_bit(link: Link) -> float:
        views = _views(link, period, wishes)
        return link.rate_bit_per_s * max((off_s - on_s for _, (on_s, off_s) in views), default=0)

    best = max(links, key=most_bit, default=None)
    return best if best is not None and most_bit(best) > 0.0 else None


def _of_the_furthest_behind(
    views: Views, wanted_s: int, shares: Mapping[str, float], given_s: dict[str, float]
) -> Views:
    """With shares: the views of the ground station that is furthest behind its own among those that see enough."""
    enough = [name for name, (on_s, off_s) in views if off_s - on_s >= wanted_s]
    if not shares or not enough:
        return views
    total_s = sum(given_s.values()) + wanted_s
    rest = max(1.0 - sum(shares.values()), 0.0)
    others = max(len({*enough} - {*shares}), 1)

    def behind_s(name: str) -> float:
        return shares.get(name, rest / others) * total_s - given_s.get(name, 0.0)

    chosen = max(dict.fromkeys(enough), key=behind_s)
    given_s[chosen] = given_s.get(chosen, 0.0) + wanted_s
    return [view for view in views if view[0] == chosen]


def _request(name: str, link: Link, views: Views, wanted_s: int, wishes: ContactWishes) -> AntennaRequest:
    cut = tuple(ViewPeriod(link.antennas(place), on_s, off_s) for place, (on_s, off_s) in views)
    return AntennaRequest(name, name, wanted_s, wanted_s, wishes.shortest_s, wishes.setup_s, wishes.teardown_s, cut)
