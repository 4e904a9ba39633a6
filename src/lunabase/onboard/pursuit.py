"""Goals pursued without a plan: at each waking the best activities that fit are begun at once.

The order: promises first, then what must begin soon, then by worth for the time that is held, more for partners that
have had little of their share. An activity begins if its window is open for all of its hold, nothing that runs is in
its way, host, bus and node have room, the data fit into the recorder beside what contacts to come carry off, and the
stores still bear the dark to come. What is worth less leaves more in stores and recorder, so that science goes on at
the level that energy allows; and it waits, or is cut short, where something else would miss its only time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import timedelta

from lunabase.onboard.goals import Agenda, Goal, Way
from lunabase.onboard.hands import Hands
from lunabase.onboard.room import Room
from lunabase.onboard.situation import Progress, Running, Situation, Start
from lunabase.planning.plan import Activity

RETRY_S = 7200.0
"""What finds no energy or room is looked at again after this time, if nothing wakes the station before."""
URGENT_S = 28_800.0
"""What must begin within this time goes before what is worth more and can wait."""
_FAIR = 0.5
"""A partner that has got nothing yet counts so much more than one that has got its share."""
_ENOUGH = 2.0
"""A goal can wait if its windows to come are open this many times as long as it still needs."""


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
        self.stands: dict[str, tuple[str, float]] = dict(before.stands) if before else _first_places(agenda)
        """Where moving things stand or go, and until when they are held."""
        self.room: Room = Room(agenda, before.room if before else None)
        self.hands: Hands = Hands(agenda, before.hands if before else None)
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
        self.room.note(now)

    def _release(self, name: str, time_s: float) -> None:
        run = self.running.pop(name)
        self.progress[run.way.goal].at_work -= 1
        self.progress[run.way.goal].at_work_s -= run.stop_s - run.start_s
        if run.hold_stop_s > time_s:  # broken off: what it would have taken is free
            self.room.take(run, -1.0, time_s)
            for rival in self.agenda.rivals[run.way.index]:
                self.progress[rival].ready_s = -math.inf
            self.progress[run.way.goal].ready_s = time_s + RETRY_S

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
                at_work = self.running.values()
                people = self.hands.for_work(way, goal, duration_s, at_work, now.time_s) if duration_s > 0.0 else None
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
            if goal.minimum_s <= tried_s and self.room.is_there(goal, way, tried_s, self.running.values(), now):
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
        self.room.take(run, 1.0, now.time_s)
        self._book(goal, way, run)
        progress = self.progress[goal.index]
        progress.number = number
        if math.isnan(progress.anchor_s):
            progress.anchor_s = now.time_s - (number - 1) * (goal.request.every.period_s if goal.request.every else 0.0)
        return Start(activity, way.payload, way.variant.continuous, now.time_s, start_s, stop_s, hold_stop_s)

    def _book(self, goal: Goal, way: Way, run: Running) -> None:
        """Substances, energy of the partner, places and working hours that it takes."""
        for name, mass_kg in self.agenda.station.activity_types[goal.request.activity].consumes.items():
            self.stocks[name] -= mass_kg
        self.received_j[goal.partner] += way.variant.power_w * (run.stop_s - run.hold_start_s)
        for mover in way.variant.movers:
            self.stands[mover] = (way.variant.place or self.stands[mover][0], run.hold_stop_s)
        self.hands.book(run)

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
