"""Wear: when things fail, by which cause, and when they are repaired; drawn once for a run.

Lives follow the exponential or Weibull's law, or the laws that Castet & Saleh found for the subsystems of 1584
satellites (2009, doi 10.1016/j.ress.2009.05.004). A common cause takes its part of the hazard of each of its things
and hits all at once (beta factor model, Fleming 1975). A repaired thing is new when a spare was used, otherwise as old
as it was.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lunabase.station.model import Station
from lunabase.station.wear import Life, Repair, Subsystem, Upsets, WeibullLife
from lunabase.twin.chance import Stream
from lunabase.twin.meteoroids import penetrations_per_m2_s
from lunabase.twin.radiation import SolarEvent, solar_events

YEAR_S = 365.25 * 86_400.0
SUBSYSTEM_LIVES: Mapping[Subsystem, tuple[float, float]] = {
    "gyro, sensor or reaction wheel": (0.7182, 3831.0),
    "thruster or fuel": (0.3375, 6_206_945.0),
    "control processor": (1.4560, 408.0),
    "mechanism, structure or thermal": (0.3560, 21_308_746.0),
    "payload or on-board data": (0.8874, 7983.0),
    "battery": (0.7460, 7733.0),
    "electrical distribution": (0.5021, 169_272.0),
    "solar array": (0.4035, 1_965_868.0),
    "telemetry, tracking and command": (0.3939, 400_982.0),
}
"""Shape, and scale in years, of Weibull's law for satellites' subsystems (Castet & Saleh 2009)."""

Cause = Literal["wear", "common cause", "meteoroid"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Something fails; times from the start of the run, s."""

    equipment: str
    """Identifier of equipment, payload or module."""
    life: str
    """The entry of the station file's `wear.lives`."""
    cause: Cause
    time_s: float
    part: float
    """Part of its function that is lost."""
    repaired_s: float
    """When it works again; infinite: never."""
    repaired_by: Literal["", "robot", "crew"]
    spare: str
    """The spare that was used; empty: none."""


@dataclass(frozen=True, slots=True)
class Upset:
    """A single particle upsets something at a time from the start of the run, s."""

    effect: Literal["computer_reset", "module_off", "payload_off"]
    target: str
    """Module or payload; empty: the computer."""
    time_s: float


def weibull_of(life: Life) -> WeibullLife | None:
    """The law of a life, whichever way it is given; None if only meteoroids end it."""
    if life.mean_s is not None:
        return WeibullLife.model_construct(scale_s=life.mean_s, shape=1.0)
    if life.like is not None:
        shape, scale_years = SUBSYSTEM_LIVES[life.like]
        return WeibullLife.model_construct(scale_s=scale_years * YEAR_S, shape=shape)
    return life.weibull


def reliability(law: WeibullLife, age_s: float) -> float:
    """Part that still works at an age."""
    return math.exp(-((age_s / law.scale_s) ** law.shape))


def time_to_failure_s(law: WeibullLife, age_s: float, part: float, exponential: float) -> float:
    """Time from an age to the failure, for a ``part`` of the hazard and a number drawn from an exponential law."""
    if part <= 0.0:
        return math.inf
    spent = (age_s / law.scale_s) ** law.shape
    return law.scale_s * math.pow(spent + exponential / part, 1.0 / law.shape) - age_s


def draw_failures(
    station: Station, present: tuple[str, ...], start: datetime, stop: datetime, seed: int, *, crew: int = 0
) -> tuple[Failure, ...]:
    """All failures of what is present between two moments, by time; the same seed draws the same.

    A module's things have been there since the first phase that names the module. ``crew`` people can repair. Each
    thing has its own random numbers, so that changing one life leaves the others as they are.
    """
    if station.wear is None:
        return ()
    workshop = _Workshop(station, present, crew, dict(station.wear.spares))
    length_s = (stop - start).total_seconds()
    things = [
        _Thing(name, entry, life, _age_s(station, name, start), Stream(seed, f"life {entry} {name}"))
        for entry, life in station.wear.lives.items()
        for name in life.of
        if _is_present(station, name, present)
    ]
    queue = [(*thing.next_failure(0.0), place) for place, thing in enumerate(things)]
    shared = _common_causes(station, things, start, length_s, seed)
    queue += [(moment_s, "common cause", place) for moment_s, place in shared]
    heapq.heapify(queue)
    failures = []
    while queue and queue[0][0] < length_s:
        moment_s, cause, place = heapq.heappop(queue)
        thing = things[place]
        if not thing.fails_at(moment_s, cause):
            continue
        failure = workshop.mend(thing, moment_s, cause)
        failures.append(failure)
        thing.mended(failure)
        heapq.heappush(queue, (*thing.next_failure(failure.repaired_s), place))
    return tuple(failures)


def draw_upsets(
    station: Station, present: tuple[str, ...], start: datetime, stop: datetime, seed: int
) -> tuple[Upset, ...]:
    """All upsets by radiation of what is present between two moments, by time; more in the Sun's storms."""
    if station.wear is None:
        return ()
    storms, length_s = solar_events(start, stop, seed), (stop - start).total_seconds()
    found = []
    for entry, kind in station.wear.upsets.items():
        for target in kind.of or ("",):
            if target == "" or _is_present(station, target, present):
                stream = Stream(seed, f"upset {entry} {target}")
                found += [Upset(kind.effect, target, time_s) for time_s in _upset_times(kind, storms, length_s, stream)]
    return tuple(sorted(found, key=lambda upset: (upset.time_s, upset.target)))


def _upset_times(kind: Upsets, storms: tuple[SolarEvent, ...], length_s: float, stream: Stream) -> Iterator[float]:
    """Draws at the rate of storms and keeps the quiet time's part of those outside (Lewis & Shedler 1979)."""
    moment_s, fastest_per_s = 0.0, kind.rate_per_s * kind.in_storms
    while fastest_per_s > 0.0:
        moment_s += stream.exponential() / fastest_per_s
        if moment_s >= length_s:
            return
        stormy = any(storm.start_s <= moment_s < storm.stop_s for storm in storms)
        if stream.uniform() * kind.in_storms < 1.0 or stormy:
            yield moment_s


class _Thing:
    """One thing with its life, its age and its own random numbers."""

    def __init__(self, name: str, entry: str, life: Life, age_s: float, stream: Stream) -> None:
        self.name, self.entry, self.life, self.stream = name, entry, life, stream
        self.works_from_s = 0.0
        self._law, self._age_s, self._next_s = weibull_of(life), age_s, math.inf
        exposed = life.exposed
        self._hits_per_s = 0.0 if exposed is None else exposed.area_m2 * float(penetrations_per_m2_s(exposed.wall_m))

    def next_failure(self, from_s: float) -> tuple[float, Cause]:
        """Time and cause of the next failure of its own after it works again at a time."""
        self.works_from_s = from_s
        found: tuple[float, Cause] = (math.inf, "wear")
        if self._law is not None and from_s < math.inf:
            own = 1.0 - self.life.common_cause
            wait_s = time_to_failure_s(self._law, self._age_s, own, self.stream.exponential())
            found = (from_s + wait_s, "wear")
        if self._hits_per_s > 0.0:
            found = min(found, (from_s + self.stream.exponential() / self._hits_per_s, "meteoroid"))
        self._next_s = found[0]
        return found

    def fails_at(self, moment_s: float, cause: Cause) -> bool:
        """Whether a failure is still to come then: not when it stands still, or was mended since it was drawn."""
        return moment_s >= self.works_from_s and (cause == "common cause" or moment_s == self._next_s)

    def mended(self, failure: Failure) -> None:
        """Take note of a repair."""
        self._age_s = 0.0 if failure.spare else self._age_s + failure.time_s - self.works_from_s


@dataclass(slots=True)
class _Workshop:
    """Who can repair, and with what; spares go as failures come."""

    station: Station
    present: tuple[str, ...]
    crew: int
    spares: dict[str, int]

    def mend(self, thing: _Thing, moment_s: float, cause: Cause) -> Failure:
        """The failure with its repair, if there is one."""
        repair = thing.life.repair
        if repair is None or not self._can(repair):
            return Failure(thing.name, thing.entry, cause, moment_s, thing.life.loses, math.inf, "", "")
        done_s = moment_s + repair.time_s
        while thing.stream.uniform() >= repair.success:
            done_s += repair.time_s
        if repair.spare is not None:
            self.spares[repair.spare] -= 1
        spare = repair.spare or ""
        return Failure(thing.name, thing.entry, cause, moment_s, thing.life.loses, done_s, repair.by, spare)

    def _can(self, repair: Repair) -> bool:
        hands = self.crew > 0 if repair.by == "crew" else True
        tool = repair.needs is None or _is_present(self.station, repair.needs, self.present)
        return hands and tool and (repair.spare is None or self.spares.get(repair.spare, 0) > 0)


def _common_causes(
    station: Station, things: list[_Thing], start: datetime, length_s: float, seed: int
) -> Iterator[tuple[float, int]]:
    """Time and thing of everything that common causes hit; each hits all the things of its life."""
    assert station.wear is not None
    for entry, life in station.wear.lives.items():
        law, places = weibull_of(life), [place for place, thing in enumerate(things) if thing.entry == entry]
        if law is None or life.common_cause == 0.0 or not places:
            continue
        age_s, stream = _age_s(station, life.of[0], start), Stream(seed, f"common cause {entry}")
        moment_s = 0.0
        while moment_s < length_s:
            moment_s += time_to_failure_s(law, age_s + moment_s, life.common_cause, stream.exponential())
            yield from ((moment_s, place) for place in places)


def _module_of(station: Station, name: str) -> str:
    """The module that something belongs to."""
    if name in station.modules:
        return name
    if name in station.payloads:
        return station.payloads[name].host
    return next(module for module, identifier, _ in station.all_equipment() if identifier == name)


def _is_present(station: Station, name: str, present: tuple[str, ...]) -> bool:
    return _module_of(station, name) in present


def _age_s(station: Station, name: str, start: datetime) -> float:
    module = _module_of(station, name)
    starts = [phase.start for phase in station.phases.values() if module in phase.present]
    return max((start - min(starts, default=start)).total_seconds(), 0.0)
