"""The wires between the on-board software and the twin: watches, switches and readings.

The two don't know each other. Here the software's words become the twin's arrays and its telemetry becomes readings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.commands import Commands
from lunabase.onboard.messages import Message
from lunabase.onboard.software import Software
from lunabase.onboard.watch import Readings
from lunabase.runs.senses import Senses
from lunabase.twin.health import Health
from lunabase.twin.parameters import Names, channels_of
from lunabase.twin.state import WATCH, State
from lunabase.twin.state import Commands as Switches


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is needed to translate between software and twin."""

    names: Names
    telemetry: Mapping[str, int]
    """Place of each channel of a telemetry row."""
    channels: Mapping[str, int]
    """Place of each reading on board: telemetry, then what only the software has."""
    watches: NDArray[np.void]
    """The software's watches, dtype `twin.state.WATCH`."""
    first_watch: NDArray[np.int64]
    """First watch of each group."""
    hosts: NDArray[np.int64]
    """Module of each payload."""
    settings: tuple[Mapping[str, int], ...]
    """Place of each power setting of each payload."""

    def switches(self, commands: Commands) -> Switches:
        """The twin's switches for the software's commands."""
        settings = [places[payload.setting] for places, payload in zip(self.settings, commands.payloads, strict=True)]
        return Switches(
            mode=self.names.modes.index(commands.mode),
            module_on=np.array([name not in commands.modules_off for name in self.names.modules], dtype=np.bool_),
            payload_setting=np.array(settings, dtype=np.int64),
            producing=np.array([payload.producing for payload in commands.payloads], dtype=np.bool_),
            recorder_on=commands.recorder,
            radio_on=commands.radio,
        )

    def readings(self, senses: Senses, state: State, health: Health, messages: tuple[Message, ...] = ()) -> Readings:
        """What the software reads: the latest estimates, which groups hold, who answers, what Earth says."""
        held = state.watch_steps >= self.watches["dwell_steps"]
        groups = np.logical_and.reduceat(held, self.first_watch) if held.size else held
        works = health.module_ok & ~state.module_lost
        answering = ~state.payload_lost & health.payload_ok & works[self.hosts]
        row = senses.sense.row
        if senses.are_perfect:
            return Readings(self.channels, row, groups, answering, messages=messages)
        quality = senses.sense.quality
        return Readings(self.channels, row, groups, answering, quality, senses.failed, senses.names, messages)


def wire(software: Software, names: Names, step_s: float) -> Wiring:
    """Connect a software to a twin with these names and this step."""
    telemetry = channels_of(names)
    channels = {name: place for place, name in enumerate((*telemetry, *software.onboard_channels))}
    rows = [
        (
            channels[watch.channel],
            1.0 if watch.above else -1.0,
            watch.limit,
            # From the first to the last of n steps in a row there are n - 1 steps of time.
            math.ceil(watch.lasting_s / step_s) + 1,
            group,
        )
        for group, watches in enumerate(software.groups)
        for watch in watches
    ]
    table = np.array(rows, WATCH)
    return Wiring(
        names=names,
        telemetry={name: channels[name] for name in telemetry},
        channels=channels,
        watches=table,
        first_watch=np.searchsorted(table["group"], np.arange(len(software.groups))),
        settings=tuple({name: place for place, name in enumerate(own)} for own in names.settings),
        hosts=np.array([names.modules.index(host) for host in software.hosts], dtype=np.int64),
    )
