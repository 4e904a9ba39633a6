"""The gate: whether an activity may run, as things are at one waking, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence

from lunabase.onboard.executive import RUNS, Current, Reason
from lunabase.onboard.software import Software, SoftwareState
from lunabase.onboard.watch import Readings


class Gate:
    """Lets activities run or not, as things are at one waking."""

    def __init__(self, software: Software, state: SoftwareState, readings: Readings) -> None:
        self.software, self.state, self.readings = software, state, readings
        self.off = software.off(state)
        self.mode = software.modes.table[state.mode]
        self.runs = self.mode.spec.activities
        self.answering = readings.answering.tolist()

    def refusal(self, index: int, current: Sequence[Current]) -> Reason:
        """Why an activity may not run beside the current ones."""
        software, state = self.software, self.state
        activity, payload = software.timetable.activities[index], software.payload_of[index]
        if not self.answering[payload]:
            return Reason(f"{activity.payload} does not answer", f"silent {activity.payload}")
        if self.runs == "none":
            return Reason(f"{self.mode.name} mode runs no activities", "mode")
        if self.runs == "continuous" and not software.timetable.continuous[index]:
            return Reason(f"{self.mode.name} mode runs only continuous payloads", "mode")
        for load in (activity.payload, software.hosts[payload]) if self.off else ():
            if load in self.off:
                return _off(software, state, load)
        for monitor in software.limits[payload]:
            if monitor in state.active:
                item = software.monitors.all[monitor]
                return Reason(item.describe(self.readings), item.about)
        if state.schedule_off or activity.activity_type in software.waits:
            reason = self._held_back(index, current)
            if reason.text:
                return reason
        return _excluded(software, index, current)

    def _held_back(self, index: int, current: Sequence[Current]) -> Reason:
        """Why an activity may not begin; once begun it goes on."""
        activity = self.software.timetable.activities[index]
        if any(item.index == index and item.doing != "waiting" for item in current):
            return RUNS
        if self.state.schedule_off & {"", activity.partner}:
            return Reason(f"Earth has disabled the schedule of {activity.partner}")
        group = self.software.waits.get(activity.activity_type, -1)
        if group < 0 or self.readings.held[group]:
            return RUNS
        unmet = " and ".join(watch.opposite.describe(self.readings) for watch in self.software.groups[group])
        return Reason(f"it waits: {unmet}", waits=True)


def _off(software: Software, state: SoftwareState, load: str) -> Reason:
    if load in software.shedding.off(state.shed):
        return Reason(f"{load} is shed", f"load {load}")
    if load in state.responses.off:
        return Reason(f"{load} was switched off by a response or from Earth")
    return Reason(f"{load} is off in {software.modes.table[state.mode].name} mode", "mode")


def _excluded(software: Software, index: int, current: Sequence[Current]) -> Reason:
    activities = software.timetable.activities
    rivals = software.rivals.get(activities[index].activity_type)
    if rivals:
        for item in current:
            other = activities[item.index]
            if item.index != index and item.doing != "waiting" and other.activity_type in rivals:
                return Reason(f"flight rule: {rivals[other.activity_type]}, and {other.id} runs")
    return RUNS
