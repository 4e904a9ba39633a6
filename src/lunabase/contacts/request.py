"""What antennas are asked for, and what they give: requests, view periods, tracks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

Interval = tuple[int, int]
"""Begin and end in whole seconds; half open."""


@dataclass(frozen=True, slots=True)
class ViewPeriod:
    """From when to when a request can be served by these antennas, all of them at once."""

    antennas: tuple[str, ...]
    on_s: int
    off_s: int


@dataclass(frozen=True, slots=True)
class AntennaRequest:
    """Wanted: `duration_s` of antenna time in one track, or in several of at least `shortest_track_s` that add up.

    It counts as satisfied from `satisfied_s` on. An antenna is also busy `setup_s` before and `teardown_s` after.
    """

    name: str
    mission: str
    duration_s: int
    satisfied_s: int
    shortest_track_s: int
    setup_s: int
    teardown_s: int
    views: tuple[ViewPeriod, ...]

    @property
    def most_tracks(self) -> int:
        """How many tracks of the shortest length make up the whole."""
        return max(self.duration_s // self.shortest_track_s, 1) if self.shortest_track_s < self.satisfied_s else 1


@dataclass(frozen=True, slots=True)
class Track:
    """Antenna time given to a request, without setup and teardown."""

    antennas: tuple[str, ...]
    on_s: int
    off_s: int

    @property
    def length_s(self) -> int:
        """Tracking time."""
        return self.off_s - self.on_s


Tracks = tuple[tuple[Track, ...], ...]
"""The tracks of each request, in the order of the requests."""


@dataclass(frozen=True)
class Demand:
    """All requests, and when antennas are closed (maintenance), by antenna."""

    requests: tuple[AntennaRequest, ...]
    closed: dict[str, tuple[Interval, ...]] = field(default_factory=dict)

    @cached_property
    def antennas(self) -> tuple[str, ...]:
        """Every antenna that a request can use, sorted."""
        return tuple(sorted({name for item in self.requests for view in item.views for name in view.antennas}))

    @cached_property
    def missions(self) -> tuple[str, ...]:
        """Every mission, in the order of their first requests."""
        return tuple(dict.fromkeys(item.mission for item in self.requests))

    @cached_property
    def mission_of(self) -> tuple[int, ...]:
        """The number of each request's mission."""
        number = {name: k for k, name in enumerate(self.missions)}
        return tuple(number[item.mission] for item in self.requests)

    @cached_property
    def requested_s(self) -> tuple[int, ...]:
        """What each mission asks for in all."""
        total = [0] * len(self.missions)
        for item, mission in zip(self.requests, self.mission_of, strict=True):
            total[mission] += item.duration_s
        return tuple(total)
