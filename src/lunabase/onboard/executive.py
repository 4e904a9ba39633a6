"""The executive: carries out the plan by time, as far as mode, shedding, temperatures and flight rules allow.

An activity holds its payload, in the activity's power mode, from `hold_start` to `hold_stop`, and produces data from
`start` to `stop`. When it may not run at its hold start it is skipped, and when it may no longer run it is aborted;
one of a continuous payload waits instead and goes on as soon as it may, until its planned stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal, NamedTuple

from lunabase.onboard.log import Entry, Severity
from lunabase.planning.plan import Activity, Plan


class Edge(IntEnum):
    """What happens to an activity at a planned time; at equal times in this order."""

    STOP = 0
    RELEASE = 1
    HOLD = 2
    START = 3


Doing = Literal["waiting", "setup", "work", "teardown"]


@dataclass(frozen=True, slots=True)
class Timetable:
    """The plan as the executive reads it."""

    activities: tuple[Activity, ...]
    continuous: tuple[bool, ...]
    """Whether each activity's payload is continuous."""
    start_s: tuple[float, ...]
    """Planned start of each activity, s since the plan's start."""
    edges: tuple[tuple[float, Edge, int], ...]
    """Time since the plan's start in s, edge, index of the activity; in order."""


@dataclass(frozen=True, slots=True)
class Current:
    """An activity between its hold start and its release."""

    index: int
    doing: Doing
    since_s: float = 0.0
    """When the present stretch of work began."""
    worked: bool = False
    whole: bool = True
    """Never interrupted since its planned start."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Work that ended: an activity, or a part of one."""

    activity: Activity
    start_s: float
    stop_s: float
    completed: bool
    """The activity ran from its planned start to its planned stop."""


@dataclass(frozen=True, slots=True)
class ExecutiveState:
    """How far the plan is carried out."""

    position: int = 0
    """Next edge of the timetable."""
    current: tuple[Current, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look at the plan led to."""

    state: ExecutiveState
    entries: tuple[Entry, ...]
    stretches: tuple[Stretch, ...]


class Reason(NamedTuple):
    """Why an activity may not run."""

    text: str
    """Empty: it may."""
    because: str = ""
    """What the log's entry about the cause is about."""
    waits: bool = False
    """It may begin later."""


RUNS = Reason("")
Refusal = Callable[[int, Sequence[Current]], Reason]
"""Why an activity may not run beside the other current ones."""


def timetable_of(plan: Plan, continuous: frozenset[str]) -> Timetable:
    """The plan's edges in order; ``continuous`` names the payloads that keep working."""
    edges = []
    for index, activity in enumerate(plan.activities):
        moments = {
            Edge.HOLD: activity.hold_start,
            Edge.START: activity.start,
            Edge.STOP: activity.stop,
            Edge.RELEASE: activity.hold_stop,
        }
        edges += [(plan.seconds(moment), edge, index) for edge, moment in moments.items()]
    flags = tuple(activity.payload in continuous for activity in plan.activities)
    start_s = tuple(plan.seconds(activity.start) for activity in plan.activities)
    return Timetable(plan.activities, flags, start_s, tuple(sorted(edges)))


def execute(table: Timetable, state: ExecutiveState, refusal: Refusal, time_s: float) -> Outcome:
    """Bring the activities up to a time: first stop what may no longer run, then follow the plan, then resume."""
    work = _Work(table, refusal, time_s, list(state.current))
    work.interrupt()
    position = state.position
    while position < len(table.edges) and table.edges[position][0] <= time_s:
        _, edge, index = table.edges[position]
        work.follow(edge, index)
        position += 1
    work.resume()
    return Outcome(ExecutiveState(position, tuple(work.current)), tuple(work.entries), tuple(work.stretches))


class _Work:
    """One look at the plan, while it is being worked on."""

    def __init__(self, table: Timetable, refusal: Refusal, time_s: float, current: list[Current]) -> None:
        self.table, self.refusal, self.time_s, self.current = table, refusal, time_s, current
        self.entries: list[Entry] = []
        self.stretches: list[Stretch] = []

    def interrupt(self) -> None:
        for item in tuple(self.current):
            reason = RUNS if item.doing == "waiting" else self.refusal(item.index, self.current)
            if not reason.text:
                continue
            self._end_work(item, completed=False)
            if self.table.continuous[item.index] and item.doing != "teardown":
                self._put(replace(item, doing="waiting", whole=False))
                self._log("low", item.index, "activity_interrupted", "interrupted", reason)
            else:
                self.current.remove(item)
                self._log("medium", item.index, "activity_aborted", "aborted", reason)

    def follow(self, edge: Edge, index: int) -> None:
        if edge is Edge.HOLD:
            self._hold(index)
            return
        item = next((one for one in self.current if one.index == index), None)
        if item is None:
            return
        if edge is Edge.START and item.doing == "setup":
            self._put(replace(item, doing="work", since_s=self.time_s, worked=True))
            self._log("info", index, "activity_started", "started", "its planned start")
        elif edge is Edge.STOP:
            self._stop(item)
        elif edge is Edge.RELEASE:
            self.current.remove(item)

    def resume(self) -> None:
        for item in tuple(self.current):
            if item.doing == "waiting" and not self.refusal(item.index, self.current).text:
                started = self.table.start_s[item.index] <= self.time_s
                doing: Doing = "work" if started else "setup"
                late = replace(item, doing=doing, since_s=self.time_s, worked=started, whole=not started)
                self._put(late)
                if started:
                    self._log("info", item.index, "activity_resumed", "goes on", "what stopped it is over")

    def _hold(self, index: int) -> None:
        reason = self.refusal(index, self.current)
        if not reason.text:
            self.current.append(Current(index, "setup"))
        elif self.table.continuous[index] or reason.waits:
            self.current.append(Current(index, "waiting"))
            self._log("low", index, "activity_delayed", "has to wait", reason)
        else:
            self._log("low", index, "activity_skipped", "skipped", reason)

    def _stop(self, item: Current) -> None:
        self._end_work(item, completed=item.whole)
        if item.doing == "waiting":
            text = "ended while it had to wait"
            self._log("low", item.index, "activity_ended", text, "its planned stop")
            self.current.remove(item)
        elif item.doing == "work":
            name = "activity_completed" if item.whole else "activity_ended"
            self._log("info", item.index, name, "ended" if item.whole else "ended, not whole", "its planned stop")
            self._put(replace(item, doing="teardown"))

    def _end_work(self, item: Current, *, completed: bool) -> None:
        if item.doing == "work":
            activity = self.table.activities[item.index]
            self.stretches.append(Stretch(activity, item.since_s, self.time_s, completed))

    def _put(self, item: Current) -> None:
        places = [one.index for one in self.current]
        self.current[places.index(item.index)] = item

    def _log(self, severity: Severity, index: int, name: str, what: str, cause: str | Reason) -> None:
        activity = self.table.activities[index]
        reason = cause if isinstance(cause, Reason) else Reason(cause)
        text = f"{activity.id} {what}."
        self.entries.append(Entry(severity, "executive", name, text, reason.text, because=reason.because))
