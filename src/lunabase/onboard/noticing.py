"""What the software notices of the station's health: units that fall silent, sensors that fail, readings not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.log import Entry
from lunabase.onboard.software import Software, SoftwareState
from lunabase.onboard.watch import Readings


class Waking:
    """One waking while it is worked on."""

    def __init__(self, software: Software, readings: Readings, time_s: float, state: SoftwareState) -> None:
        self.software, self.readings, self.time_s, self.state = software, readings, time_s, state
        self.entries: list[Entry] = []
        self.fresh = state.read_s != time_s

    def note(self, entries: Sequence[Entry]) -> None:
        """Add to the log."""
        self.entries += entries


def notice(work: Waking) -> None:
    """Payloads that fell silent, sensors that failed, readings that became unknown."""
    readings, state = work.readings, work.state
    if state.read_s < 0.0 and state.count > 0:
        text, cause = "The computer has restarted.", "its memory was cleared"
        entry = Entry("medium", "health", "computer_restarted", text, cause, "restart", raises="computer-restarted")
        work.note([entry])
    quiet = (
        frozenset()
        if readings.answering.all()
        else frozenset(
            name for name, answers in zip(work.software.payloads, readings.answering, strict=True) if not answers
        )
    )
    if quiet != state.quiet:
        before = dead_hosts(work.software, state.quiet)
        for name in sorted(dead_hosts(work.software, quiet) - before):
            work.note([_silent("module", name, "none of its payloads answers")])
        for name in sorted(quiet - state.quiet):
            work.note([_silent("payload", name, "no answer to its commands")])
        work.state = state = replace(state, quiet=quiet)
    if readings.failed is not None:
        _look_at_sensors(work, readings.failed)
    if readings.quality is not None and state.read_s >= 0.0:
        _look_at_quality(work, readings.quality)


def _silent(kind: str, name: str, cause: str) -> Entry:
    text, about = f"{name} does not answer.", f"silent {name}"
    return Entry("medium", "health", f"{kind}_silent", text, cause, about, raises=f"{kind}-silent", units=(name,))


def _sensor_failed(name: str, sensor: int, channel: str) -> Entry:
    text = f"{name} is not believed any more."
    cause, about = "it is silent, stuck, out of range or far from the others", f"sensor {sensor}"
    return Entry("low", "health", "sensor_failed", text, cause, about, raises="sensor-failed", units=(channel,))


def _look_at_sensors(work: Waking, failed: NDArray[np.bool_]) -> None:
    if not work.state.failed and not failed.any():
        return
    now, readings = frozenset(np.flatnonzero(failed).tolist()), work.readings
    for sensor in sorted(now - work.state.failed):
        work.note([_sensor_failed(_sensor(readings, sensor), sensor, channel_of(readings, sensor))])
    for sensor in sorted(work.state.failed - now):
        text, about = f"{_sensor(readings, sensor)} is believed again.", f"sensor {sensor}"
        work.note([Entry("info", "health", "sensor_back", text, "it agrees with the others", because=about)])
    if now != work.state.failed:
        work.state = replace(work.state, failed=now)


def _sensor(readings: Readings, sensor: int) -> str:
    return f"Sensor {readings.sensors[sensor] if readings.sensors else sensor + 1}"


def _look_at_quality(work: Waking, quality: NDArray[np.int8]) -> None:
    if not work.state.unknown and quality.min() > 0:
        return
    now = frozenset(np.flatnonzero(quality <= 0).tolist())
    if now == work.state.unknown:
        return
    names = {place: name for name, place in work.readings.channels.items()}
    for place in sorted(now - work.state.unknown):
        why = "its sensors disagree" if quality[place] < 0 else "no sensor tells it"
        text = f"{names.get(place, place)} is unknown; nothing acts on it."
        work.note([Entry("low", "health", "reading_unknown", text, why, about=f"channel {place}")])
    for place in sorted(work.state.unknown - now):
        text = f"{names.get(place, place)} is known again."
        work.note([Entry("info", "health", "reading_known", text, "", because=f"channel {place}")])
    work.state = replace(work.state, unknown=now)


def dead_hosts(software: Software, quiet: frozenset[str]) -> frozenset[str]:
    """Modules of which no payload answers."""
    if not quiet:
        return frozenset()
    alive = {host for name, host in zip(software.payloads, software.hosts, strict=True) if name not in quiet}
    return frozenset(software.hosts) - alive


def channel_of(readings: Readings, sensor: int) -> str:
    """The channel that a sensor measures: its name without its number."""
    return readings.sensors[sensor].partition("/")[0] if readings.sensors else f"sensor {sensor + 1}"
