"""Goals pursued without a plan: at each waking the best activities that fit are begun at once.

The order: promises first, then what must begin soon, then by worth for the time that is held, more for partners that
have had little of their share. An activity begins if its window is open for all of its hold, nothing that runs is in
its way, host, bus and node have room, the data fit into the recorder beside what contacts to come carry off, and the
stores still bear the dark to come. What is worth less leaves more in stores and recorder, so that science goes on at
the level that energy allows; and it waits, or is cut short, where something else would miss its only time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.executive import Stretch
from lunabase.onboard.goals import Agenda, Goal, Way, fits_people
from lunabase.onboard.outlook import LOOK_S, foresee, split_j
from lunabase.planning.plan import Activity

RETRY_S = 7200.0
"""What finds no energy or room is looked at again after this time, if nothing wakes the station before."""
URGENT_S = 28_800.0
"""What must begin within this time goes before what is worth more and can wait."""
_FAIR = 0.5
"""A partner that has got nothing yet counts so much more than one that has got its share."""
_PRIORITY_CHARGE = 0.004
"""Each step of priority below the highest leaves this part of the stores' capacity on top."""
_FILL, _PRIORITY_FILL = 0.55, 0.04
"""Part of the recorder that data may fill: this, and more with each step of priority."""
_RATION = 0.02
"""While contacts don't come, one activity takes at most this part of the room that is left for its data."""
_ENOUGH = 2.0
"""A goal can wait if its windows to come are open this many times as long as it still needs."""
SILENT_S = 21_600.0
"""When the forecast had a link for so long in all and nothing was sent, contacts to come are not counted on."""
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Situation:
    """What the software knows when goals are looked at."""

    time_s: float
    stored_j: float
    fill_bit: float
    sent_bit_per_s: float
    """What goes to Earth now."""
    runs: str
    """Which activities the mode runs: all, continuous or none."""
    off: frozenset[str]
    """Payloads and modules that are shed."""
    able: Sequence[bool]
    """Payloads that answer and are within their temperatures."""
    current: frozenset[str]
    """Activities that have begun and hold something."""
    ended: tuple[Stretch, ...]
    """Work that has ended since the last look."""
    shift_s: float = 0.0
    """By how much the ephemeris runs ahead, if it is wrong."""


@dataclass(slots=True)
class Progress:
    """How far a goal is."""

    number: int = 0
    """The last number that was begun."""
    done: int = 0
    done_s: float = 0.0
    at_work: int = 0
    """Activities that hold something now, and the work that they will do."""
    at_work_s: float = 0.0
    anchor_s: float = math.nan
    """Start of the first activity of a rhythm."""
    ready_s: float = -math.inf
    """Nothing can begin before."""
    stops_s: dict[int, float] = field(default_factory=dict)
    """When each number was completed."""


class Running(NamedTuple):
    """An activity that holds something."""

    way: Way
    number: int
    hold_start_s: float
    start_s: float
    stop_s: float
    hold_stop_s: float
    people: tuple[int, ...]


class Start(NamedTuple):
    """An activity to begin now, and its times in s since the flight's start."""

    activity: Activity
    payload: int
    continuous: bool
    hold_start_s: float
    start_s: float
    stop_s: float
    hold_stop_s: float


class Pursuit:
    """The goals of a month and how far they are."""

    def __init__(self, agenda: Agenda, stocks: Mapping[str, float], before: Pursuit | None = None) -> None:
        self.agenda = agenda
        self.progress = [Progress() for _ in agenda.goals]
        self.running: dict[str, Running] = {}
        self.stocks = dict(stocks)
        self.offset: list[int] = [0] * len(agenda.goals)
        """Numbers that earlier months have used, by goal."""
        if before is not None:
            self.offset = [item.number + used for item, used in zip(before.progress, before.offset, strict=True)]
        self.received_j: dict[str, float] = dict.fromkeys(agenda.entitled_j, 0.0)
        self.worked_s: NDArray[np.float64] = np.zeros((len(agenda.people), 0)) if not before else before.worked_s
        self.stands: dict[str, tuple[str, float]] = dict(before.stands) if before else _first_places(agenda)
        """Where moving things stand or go, and until when they are held."""
        self.held_j: NDArray[np.float64] | None = before.held_j if before else None
        self.unheard_s: float = before.unheard_s if before else 0.0
        """For how long there should have been a link, and nothing was sent."""
        self.looked_s: float = before.looked_s if before else math.inf
        steps = agenda.outlook.surplus_w.size
        self._no_link = np.zeros(steps)
        self.extra_w, self.extra_bit_per_s = np.zeros(steps), np.zeros(steps)
        self.node_w = np.zeros((agenda.outlook.node_room_w.shape[0], steps))
        self._ids = {goal.request_id: goal.index for goal in agenda.goals}
        self._followers = [
            [item.index for item in agenda.goals if any(order[0] == goal.index for order in item.follows)]
            for goal in agenda.goals
        ]

    def look(self, now: Situation) -> tuple[list[Start], float]:
        """What to begin now, and when to look again at the latest."""
        self._note(now)
        time_s = now.time_s
        starts: list[Start] = []
        wake_s = math.inf
        for _, goal in sorted(self._open(now), key=lambda item: item[0]):
            start = self._begin(goal, now)
            if start is not None:
                starts.append(start)
                self.progress[goal.index].ready_s = max(self.progress[goal.index].ready_s, start.hold_stop_s)
            else:
                wake_s = time_s + RETRY_S
        coming = [item.ready_s for item in self.progress if item.ready_s > time_s]
        return starts, min([wake_s, *coming])

    def _note(self, now: Situation) -> None:
        """What has ended, and what the stores hold."""
        for stretch in now.ended:
            goal = self._ids.get(stretch.activity.request)
            run = self.running.get(stretch.activity.id)
            if goal is None or run is None:
                continue
            progress = self.progress[goal]
            progress.done_s += stretch.stop_s - stretch.start_s
            if stretch.completed:
                progress.done += 1
                progress.stops_s[run.number] = stretch.stop_s
                for follower in self._followers[goal]:
                    self.progress[follower].ready_s = -math.inf
        for name in [name for name in self.running if name not in now.current]:
            self._release(name, now.time_s)
        outlook = self.agenda.outlook
        if self.held_j is None or self.held_j.size != outlook.stores.shape[0]:
            whole = max(outlook.capacity_j, 1.0)
            self.held_j = outlook.stores[:, 0] * (now.stored_j / whole)
        self.held_j = split_j(outlook.stores, self.held_j, now.stored_j)
        self._listen(now)

    def _listen(self, now: Situation) -> None:
        """Whether the contacts of the forecast come."""
        outlook = self.agenda.outlook
        if now.sent_bit_per_s > 0.0 or now.fill_bit <= 0.0:
            self.unheard_s = 0.0
        elif outlook.link_bit_per_s[outlook.step_of(now.time_s + now.shift_s)] > 0.0:
            self.unheard_s += max(now.time_s - self.looked_s, 0.0)
        self.looked_s = now.time_s

    @property
    def _link_bit_per_s(self) -> NDArray[np.float64]:
        """What the contacts to come are counted on to carry, by step."""
        return self._no_link if self.unheard_s > SILENT_S else self.agenda.outlook.link_bit_per_s

    def _release(self, name: str, time_s: float) -> None:
        run = self.running.pop(name)
        self.progress[run.way.goal].at_work -= 1
        self.progress[run.way.goal].at_work_s -= run.stop_s - run.start_s
        if run.hold_stop_s > time_s:  # broken off: what it would have taken is free
            self._take(run, -1.0, time_s)
            for rival in self.agenda.rivals[run.way.index]:
                self.progress[rival].ready_s = -math.inf
            self.progress[run.way.goal].ready_s = time_s + RETRY_S

    def _take(self, run: Running, sign: float, from_s: float) -> None:
        """Enter what an activity takes of energy, data and heat into the outlook's steps, from a time on."""
        outlook, variant = self.agenda.outlook, run.way.variant
        steps = outlook.steps_between(from_s, run.hold_stop_s)
        self.extra_w[steps] += sign * variant.extra_w
        self.extra_bit_per_s[outlook.steps_between(from_s, run.stop_s)] += sign * variant.data_bit_per_s
        if variant.node >= 0:
            self.node_w[variant.node, steps] += sign * variant.extra_w

    def _open(self, now: Situation) -> Iterator[tuple[tuple[bool, bool, float], Goal]]:
        """Goals that could begin now as far as their own windows go, with their place in the order."""
        for goal, progress in zip(self.agenda.goals, self.progress, strict=True):
            if progress.ready_s > now.time_s or self._has_enough(goal):
                continue
            if progress.at_work and len(goal.ways) == 1:
                continue
            when_s = self._next_s(goal, now.time_s, now.shift_s)
            if when_s > now.time_s:
                progress.ready_s = when_s
            else:
                latest_s = self._number_and_earliest(goal, now.time_s)[2]
                presses = latest_s < min(now.time_s + URGENT_S, self.agenda.stop_s)
                yield (not goal.request.committed, not presses, -self._density(goal)), goal

    def _has_enough(self, goal: Goal) -> bool:
        progress = self.progress[goal.index]
        if goal.kind == "total":
            return progress.done_s + progress.at_work_s >= goal.total_s
        return progress.done + progress.at_work >= goal.wanted

    def _density(self, goal: Goal) -> float:
        """Worth of the longest activity for the time it holds, more for partners that have had little."""
        entitled_j = self.agenda.entitled_j[goal.partner]
        served = min(self.received_j[goal.partner] / entitled_j, 1.0) if entitled_j > 0.0 else 1.0
        fair = 1.0 + _FAIR * (1.0 - served)
        return fair * goal.worth_of(goal.maximum_s) / (goal.maximum_s + goal.around_s)

    def _next_s(self, goal: Goal, time_s: float, shift_s: float) -> float:
        """The first time from now on at which one of its activities may begin its hold, by its own windows alone."""
        first_s = max(time_s, self._number_and_earliest(goal, time_s)[1])
        least_s = goal.minimum_s + goal.around_s
        return min((_first_fit(way, first_s + shift_s, least_s) - shift_s for way in goal.ways), default=math.inf)

    def _number_and_earliest(self, goal: Goal, time_s: float) -> tuple[int, float, float]:
        """The next number that can still begin, and from when to when its hold may."""
        progress, every = self.progress[goal.index], goal.request.every
        number = progress.number + 1
        if every is not None and not math.isnan(progress.anchor_s):
            past = math.ceil((time_s - progress.anchor_s - every.tolerance_s) / every.period_s - 1e-9)
            number = max(number, past + 1)
        if not goal.follows and goal.kind in ("count", "total"):
            return number, time_s, self.agenda.stop_s
        for place in range(number, goal.wanted + 1):
            earliest_s, latest_s = self._span_of(goal, place, time_s)
            if max(earliest_s, time_s) <= latest_s:
                return place, earliest_s, latest_s
        return number, math.inf, math.inf

    def _span_of(self, goal: Goal, number: int, time_s: float) -> tuple[float, float]:
        """From when to when the hold of one number may begin, as rhythm, intervals and order have it."""
        anchor_s, every = self.progress[goal.index].anchor_s, goal.request.every
        earliest_s, latest_s = time_s, self.agenda.stop_s
        if every is not None and not math.isnan(anchor_s):
            middle_s = anchor_s + (number - 1) * every.period_s
            earliest_s, latest_s = middle_s - every.tolerance_s, middle_s + every.tolerance_s
        elif goal.kind == "each":
            earliest_s, stop_s = goal.intervals[number - 1]
            latest_s = stop_s - goal.minimum_s - goal.around_s
        for other, least_s, most_s in goal.follows:
            before_s = self.progress[other].stops_s.get(number, math.inf) - goal.request.setup_s
            earliest_s, latest_s = max(earliest_s, before_s + least_s), min(latest_s, before_s + most_s)
        return earliest_s, latest_s

    def _begin(self, goal: Goal, now: Situation) -> Start | None:
        """Begin an activity of a goal if anything lets it; its first way that may."""
        number, earliest_s, latest_s = self._number_and_earliest(goal, now.time_s)
        if not earliest_s <= now.time_s <= latest_s:
            return None
        for way in goal.ways:
            duration_s = self._duration_s(goal, way, now)
            if duration_s >= goal.minimum_s and self._may(goal, way, now):
                duration_s = self._that_fits(goal, way, duration_s, now)
                people = self._people(way, goal, duration_s, now.time_s) if duration_s > 0.0 else None
                if people is not None:
                    return self._started(goal, way, number, duration_s, people, now)
        return None

    def _duration_s(self, goal: Goal, way: Way, now: Situation) -> float:
        """How long an activity may work from now on in this way's window; 0 outside."""
        at_s = now.time_s + now.shift_s
        window = way.window(at_s)
        if window is None or window[0] > at_s:
            return 0.0
        longest_s = min(window[1] - at_s, self.agenda.stop_s - now.time_s) - goal.around_s
        if goal.kind == "each":
            inside = [stop for start, stop in goal.intervals if start <= at_s < stop]
            longest_s = min(longest_s, inside[0] - at_s - goal.around_s if inside else 0.0)
        if goal.kind == "total":
            left_s = goal.total_s - self.progress[goal.index].done_s
            longest_s = min(longest_s, max(left_s, goal.minimum_s))
        return min(goal.maximum_s, longest_s)

    def _may(self, goal: Goal, way: Way, now: Situation) -> bool:
        """Mode, shedding, temperature, what runs, places and substances."""
        variant = way.variant
        if now.runs == "none" or (now.runs == "continuous" and not variant.continuous):
            return False
        if variant.payload in now.off or variant.host in now.off or not now.able[way.payload]:
            return False
        in_the_way = [run.hold_stop_s for run in self.running.values() if run.way.index in way.apart]
        if in_the_way:
            if len(goal.ways) == 1:  # nothing can begin before
                self.progress[goal.index].ready_s = max(in_the_way)
            return False
        consumes = self.agenda.station.activity_types[goal.request.activity].consumes
        if any(self.stocks.get(name, 0.0) < mass_kg for name, mass_kg in consumes.items()):
            return False
        return self._is_there(way, now.time_s) and self._in_mode(goal, way, now)

    def _is_there(self, way: Way, time_s: float) -> bool:
        """Whether what moves has had the time to drive there."""
        for mover in way.variant.movers:
            here, free_s = self.stands[mover]
            if time_s < free_s + self._travel_s(mover, here, way.variant.place or here):
                return False
        return True

    def _travel_s(self, mover: str, start: str, stop: str) -> float:
        station = self.agenda.station
        one, other = station.places[start], station.places[stop]
        speed = station.resources[mover].travel_speed_m_per_s
        way_m = math.hypot(one.east_m - other.east_m, one.north_m - other.north_m)
        return way_m / speed if speed else 0.0

    def _in_mode(self, goal: Goal, way: Way, now: Situation) -> bool:
        """Whether the surroundings of its shortest hold call for the mode of this way."""
        counts = way.variant.must_touch
        if counts is None:
            return True
        outlook = self.agenda.outlook
        epoch_s = outlook.surplus_w.size * outlook.step_s / max(counts.size - 1, 1)
        first = int((now.time_s - outlook.start_s) // epoch_s)
        last = math.ceil((now.time_s + goal.minimum_s + goal.around_s - outlook.start_s) / epoch_s)
        return bool(counts[min(last + 1, counts.size - 1)] > counts[min(first, counts.size - 1)])

    def _that_fits(self, goal: Goal, way: Way, duration_s: float, now: Situation) -> float:
        """The longest of a few lengths that leave room, energy and others their time; 0 if none does."""
        cut_s = self._before_others(goal, way, duration_s, now)
        for part in (1.0, 0.5, 0.0):
            tried_s = math.floor(goal.minimum_s + part * (cut_s - goal.minimum_s))
            if goal.minimum_s <= tried_s and self._has_room(goal, way, tried_s, now):
                return float(tried_s)
            if cut_s <= goal.minimum_s:
                break
        return 0.0

    def _before_others(self, goal: Goal, way: Way, duration_s: float, now: Situation) -> float:
        """Cut short before something worth more would miss its time; below the minimum if there is no room."""
        density = self._density(goal)
        for rival in self.agenda.rivals[way.index]:
            other, ready_s = self.agenda.goals[rival], self.progress[rival].ready_s
            if not now.time_s < ready_s < now.time_s + duration_s + goal.around_s or self._has_enough(other):
                continue
            if not self._misses(other, now, duration_s + goal.around_s):
                continue
            ahead = (other.request.committed, self._density(other)) > (goal.request.committed, density)
            after_s = ready_s - now.time_s + other.maximum_s + other.around_s
            if ahead or not self._misses(goal, now, after_s):
                duration_s = min(duration_s, ready_s - now.time_s - goal.around_s)
        return duration_s

    def _misses(self, goal: Goal, now: Situation, hold_s: float) -> bool:
        """Whether a goal loses an activity if it can't begin before a hold from now on has ended."""
        progress, free_s = self.progress[goal.index], now.time_s + hold_s
        ready_s = progress.ready_s if math.isfinite(progress.ready_s) else now.time_s  # broken off: ready at once
        _, _, latest_s = self._number_and_earliest(goal, ready_s)
        if latest_s < self.agenda.stop_s:
            return latest_s < free_s
        left = 1.0 - (progress.done_s / goal.total_s if goal.kind == "total" else progress.done / goal.wanted)
        needed_s = left * (goal.total_s + goal.wanted * goal.around_s * (goal.kind != "total"))
        return max(way.open_s(free_s + now.shift_s) for way in goal.ways) < _ENOUGH * needed_s

    def _has_room(self, goal: Goal, way: Way, duration_s: float, now: Situation) -> bool:
        """Room at host, bus and node, in the recorder, and energy for the dark to come."""
        outlook, variant = self.agenda.outlook, way.variant
        at_s = now.time_s + now.shift_s
        hold_stop_s = at_s + duration_s + goal.around_s
        steps = outlook.steps_between(at_s, hold_stop_s)
        room_w = self.agenda.host_room_w.get(variant.host)
        if room_w is not None:
            used_w = sum(
                run.way.variant.extra_w for run in self.running.values() if run.way.variant.host == variant.host
            )
            if used_w + variant.extra_w > max(room_w, 0.0) + 1e-6:
                return False
        if variant.extra_w > 0.0 and (self.extra_w[steps] + variant.extra_w > outlook.peak_room_w[steps]).any():
            return False
        if variant.node >= 0:
            heat_w = self.node_w[variant.node, steps] + variant.extra_w
            if variant.extra_w > 0.0 and (heat_w > outlook.node_room_w[variant.node, steps]).any():
                return False
        return self._is_bearable(goal, way, hold_stop_s, now) and self._arrives(goal, way, at_s, duration_s, now)

    def _is_bearable(self, goal: Goal, way: Way, hold_stop_s: float, now: Situation) -> bool:
        """Stores and recorder bear it; what the station lacks by itself is not its fault."""
        variant, outlook = way.variant, self.agenda.outlook
        lowest_j, highest_bit = self._foreseen(now, variant.extra_w, variant.data_bit_per_s, hold_stop_s)
        if variant.data_bit_per_s > 0.0 and highest_bit > self._most_bit(goal, now, hold_stop_s) + 1.0:
            return False
        if outlook.stores.shape[0] == 0 or variant.extra_w <= 0.0:
            return True
        spare = _PRIORITY_CHARGE * (10 - goal.request.priority) * outlook.capacity_j
        keep_j = outlook.floor_j + spare
        return lowest_j >= keep_j or lowest_j >= self._foreseen(now, 0.0, 0.0, hold_stop_s)[0] - 1.0

    def _most_bit(self, goal: Goal, now: Situation, hold_stop_s: float) -> float:
        """Up to where an activity may fill the recorder; in silence it gets a small part of what is left."""
        most_bit = self.agenda.outlook.recorder_bit * (_FILL + _PRIORITY_FILL * goal.request.priority)
        if self.unheard_s > SILENT_S:
            others_bit = self._foreseen(now, 0.0, 0.0, hold_stop_s)[1]
            most_bit = others_bit + _RATION * max(most_bit - others_bit, 0.0)
        return max(most_bit, now.fill_bit)

    def _foreseen(self, now: Situation, more_w: float, bit_per_s: float, until_s: float) -> tuple[float, float]:
        outlook = self.agenda.outlook
        at_s = now.time_s + now.shift_s
        first, until = outlook.step_of(at_s), outlook.steps_between(at_s, until_s).stop
        into_s = min(max(at_s - outlook.start_s - first * outlook.step_s, 0.0), outlook.step_s - 1.0)
        last = min(max(until, first + int(LOOK_S / outlook.step_s)), outlook.surplus_w.size)
        assert self.held_j is not None  # `_note` comes first
        return foresee(  # type: ignore[no-any-return]
            outlook.stores, self.held_j, outlook.surplus_w, self.extra_w, self._link_bit_per_s, self.extra_bit_per_s,
            now.fill_bit, outlook.step_s, into_s, first, last, more_w, bit_per_s, until,
        )  # fmt: skip

    def _arrives(self, goal: Goal, way: Way, at_s: float, duration_s: float, now: Situation) -> bool:
        """Whether the contacts carry its data to Earth in time, with all that is in the recorder and ahead of it."""
        within_s = goal.request.deliver_within_s
        made_bit = way.variant.data_bit_per_s * duration_s
        if within_s is None or made_bit <= 0.0:
            return True
        outlook, start_s = self.agenda.outlook, at_s + goal.request.setup_s
        steps = outlook.steps_between(start_s + duration_s, start_s + duration_s + within_s)
        ahead = [run for run in self.running.values() if self.agenda.goals[run.way.goal].data_class >= goal.data_class]
        ahead_bit = sum(run.way.variant.data_bit_per_s * (run.stop_s - run.start_s) for run in ahead)
        ends_s = outlook.start_s + outlook.surplus_w.size * outlook.step_s
        sent_bit = float(self._link_bit_per_s[steps.start + 1 : steps.stop - 1].sum()) * outlook.step_s
        return start_s + duration_s + within_s <= ends_s and made_bit + ahead_bit <= sent_bit

    def _people(self, way: Way, goal: Goal, duration_s: float, time_s: float) -> tuple[int, ...] | None:
        """Who works on it; None if nobody can."""
        if not way.variant.needs:
            return ()
        busy = {person for run in self.running.values() for person in run.people}
        days = list(self._days(time_s, time_s + duration_s + goal.around_s))
        self._room_for_day(days[-1][0])
        crew = self.agenda.station.crew
        most_s = crew.daily_work_s if crew is not None else 0.0
        kept = self._reserved(time_s, time_s + duration_s + goal.around_s)
        free = np.array(
            [
                person not in busy | kept and all(self.worked_s[person, day] + work_s <= most_s for day, work_s in days)
                for person in range(len(self.agenda.people))
            ]
        )
        return fits_people(way.variant.needs, free)

    def _reserved(self, start_s: float, stop_s: float) -> set[int]:
        """People who are kept for something else at some time of a hold."""
        start, stop = (self.agenda.start + timedelta(seconds=time_s) for time_s in (start_s, stop_s))
        items = self.agenda.station.reservations.values()
        names = {name for item in items if item.start < stop and item.stop > start for name in item.of}
        return {place for place, name in enumerate(self.agenda.people) if name in names}

    def _days(self, start_s: float, stop_s: float) -> Iterator[tuple[int, float]]:
        """UTC days since the flight's first that a time touches, and its seconds in each."""
        first = self.agenda.start
        since_s = first.hour * 3600.0 + first.minute * 60.0 + first.second
        for day in range(int((start_s + since_s) // _DAY_S), int(-((stop_s + since_s) // -_DAY_S))):
            yield day, min(stop_s + since_s, (day + 1) * _DAY_S) - max(start_s + since_s, day * _DAY_S)

    def _room_for_day(self, day: int) -> None:
        if self.worked_s.shape[1] <= day:
            wider = np.zeros((len(self.agenda.people), day + 31))
            wider[: self.worked_s.shape[0], : self.worked_s.shape[1]] = self.worked_s
            self.worked_s = wider

    def _started(
        self, goal: Goal, way: Way, number: int, duration_s: float, people: tuple[int, ...], now: Situation
    ) -> Start:
        start_s = now.time_s + goal.request.setup_s
        stop_s = start_s + duration_s
        hold_stop_s = stop_s + goal.request.teardown_s
        activity = self._activity(goal, way, number, (now.time_s, start_s, stop_s, hold_stop_s), people)
        run = Running(way, number, now.time_s, start_s, stop_s, hold_stop_s, people)
        self.running[activity.id] = run
        self.progress[goal.index].at_work += 1
        self.progress[goal.index].at_work_s += duration_s
        self._take(run, 1.0, now.time_s)
        self._book(goal, way, run, people)
        progress = self.progress[goal.index]
        progress.number = number
        if math.isnan(progress.anchor_s):
            progress.anchor_s = now.time_s - (number - 1) * (goal.request.every.period_s if goal.request.every else 0.0)
        return Start(activity, way.payload, way.variant.continuous, now.time_s, start_s, stop_s, hold_stop_s)

    def _book(self, goal: Goal, way: Way, run: Running, people: tuple[int, ...]) -> None:
        """Substances, energy of the partner, places and working hours that it takes."""
        for name, mass_kg in self.agenda.station.activity_types[goal.request.activity].consumes.items():
            self.stocks[name] -= mass_kg
        self.received_j[goal.partner] += way.variant.power_w * (run.stop_s - run.hold_start_s)
        for mover in way.variant.movers:
            self.stands[mover] = (way.variant.place or self.stands[mover][0], run.hold_stop_s)
        for day, work_s in self._days(run.hold_start_s, run.hold_stop_s) if people else ():
            self.worked_s[list(people), day] += work_s

    def _activity(
        self, goal: Goal, way: Way, number: int, times_s: tuple[float, float, float, float], people: tuple[int, ...]
    ) -> Activity:
        variant = way.variant
        hold_start, start, stop, hold_stop = (self.agenda.start + timedelta(seconds=time_s) for time_s in times_s)
        return Activity.model_construct(
            id=f"{goal.request_id}#{self.offset[goal.index] + number}",
            request=goal.request_id,
            experiment=goal.request_id.split("/")[0],
            partner=goal.partner,
            activity_type=goal.request.activity,
            payload=variant.payload,
            host=variant.host,
            mode=variant.mode,
            hold_start=hold_start,
            start=start,
            stop=stop,
            hold_stop=hold_stop,
            power_w=variant.power_w,
            data_bit=variant.data_bit_per_s * (times_s[2] - times_s[1]),
            priority=goal.request.priority,
            resources=variant.resources,
            crew=tuple(self.agenda.people[person] for person in people),
            committed=goal.request.committed,
        )


def _first_fit(way: Way, from_s: float, least_s: float) -> float:
    """The first time at or after another from which a window stays open long enough."""
    while (window := way.window(from_s)) is not None:
        begin_s = max(window[0], from_s)
        if begin_s + least_s <= window[1]:
            return begin_s
        from_s = window[1]
    return math.inf


def _first_places(agenda: Agenda) -> dict[str, tuple[str, float]]:
    return {
        name: (item.starts_at, agenda.start_s)
        for name, item in agenda.station.resources.items()
        if item.starts_at is not None
    }
