"""From the software's state to its commands, and to what the units should draw and produce under them.

Most of it stays the same from one waking to the next; only what has changed is made anew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.commands import Commands, PayloadCommand
from lunabase.onboard.executive import Current
from lunabase.onboard.modes import ASLEEP
from lunabase.onboard.software import Answered, Resting, Software, SoftwareState
from lunabase.onboard.watch import Readings

_BLOCKED = PayloadCommand("off", False)
"""Of payloads that may not work; told apart from those that merely rest by identity."""


def answer(
    software: Software, state: SoftwareState, current: tuple[Current, ...], readings: Readings, time_s: float
) -> Answered:
    """The commands of this moment, with the short ones that belong to it."""
    responses = state.responses
    pulses = responses.pulsed_s == time_s
    short = (responses.power_cycle, responses.switch_over, responses.reset) if pulses else None
    idle = (state.mode, state.shed.level, responses.off, state.quiet)
    key = (idle, responses.path, short, current, software.payload_of)
    before = state.answered
    if before is not None and before.key == key:
        return before
    resting = (
        before.resting if before is not None and before.resting.key == idle else _resting(software, state, readings)
    )
    work = _Work(software, resting, current)
    mode = software.modes.table[state.mode]
    calling = responses.path != "best" and mode.name != "survival"
    commands = Commands(
        mode=mode.name,
        payloads=tuple(work.payloads),
        names=software.payloads,
        modules_off=resting.modules_off,
        recorder=mode.name not in ASLEEP or mode.spec.downlink or calling or work.takes_data,
        radio=mode.spec.downlink or calling,
        path=responses.path,
        power_cycle=responses.power_cycle if pulses else frozenset(),
        switch_over=responses.switch_over if pulses else frozenset(),
        reset=pulses and responses.reset,
    )
    return Answered(key, commands, _expected(software, commands, work), resting)


def _resting(software: Software, state: SoftwareState, readings: Readings) -> Resting:
    """The commands of all payloads as if none worked."""
    mode, off, loads = software.modes.table[state.mode], software.off(state), software.loads
    idle = PayloadCommand("standby" if mode.spec.standby else "off", False)
    answering = readings.answering.tolist()
    payloads = tuple(
        _BLOCKED if name in off or host in off or not answers else idle
        for name, host, answers in zip(software.payloads, software.hosts, answering, strict=True)
    )
    modules_off = off.difference(software.payloads)
    load_w = loads.modules_w[mode.name] - sum(loads.module_w[mode.name].get(name, 0.0) for name in modules_off)
    load_w += sum(power_w.get(one.setting, 0.0) for one, power_w in zip(payloads, loads.payload_w, strict=True))
    key = (state.mode, state.shed.level, state.responses.off, state.quiet)
    return Resting(key, payloads, modules_off, load_w)


class _Work:
    """The payloads' commands with those that work."""

    def __init__(self, software: Software, resting: Resting, current: tuple[Current, ...]) -> None:
        self.payloads = list(resting.payloads)
        self.load_w, self.rate_bit_per_s, self.takes_data = resting.load_w, 0.0, False
        for item in current:
            payload = software.payload_of[item.index]
            rests = resting.payloads[payload]
            if item.doing == "waiting" or rests is _BLOCKED:
                continue
            activity, producing = software.timetable.activities[item.index], item.doing == "work"
            self.payloads[payload] = PayloadCommand(activity.mode, producing, activity.activity_type)
            power_w = software.loads.payload_w[payload]
            self.load_w += power_w.get(activity.mode, 0.0) - power_w.get(rests.setting, 0.0)
            self.rate_bit_per_s += software.loads.payload_bit_per_s[payload] if producing else 0.0
            self.takes_data = self.takes_data or producing


def _expected(software: Software, commands: Commands, work: _Work) -> NDArray[np.float64]:
    """For `estimate.estimate`: load without heaters, W; what a radio may draw on top, W; data rate, bit/s."""
    loads = software.loads
    recorder_w = loads.recorder_w if commands.recorder else 0.0
    return np.array([work.load_w + recorder_w, loads.radio_w if commands.radio else 0.0, work.rate_bit_per_s])
