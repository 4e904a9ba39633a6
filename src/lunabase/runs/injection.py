"""What faults do: a schedule that turns them into the health of the station, its sensors and its computer.

The flight loop stops at `Injection.next_change_s`, asks for `Injection.effects` and goes on under them; commands of
the on-board software that could clear a fault come back through `Injection.recover`. Everything is a pure function
of the faults, of the time and of what has been cleared, so that a flight can be cut into pieces anywhere.

Approximations: an array whose drive is stuck loses by the cosine of the Sun's way from there, in steps of two hours
(one degree); the Sun's height, a few degrees at a pole, is left out. A jammed mechanism silences the payloads
that can do nothing without it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.runs.damage import Damage, Places, damaged, places_of
from lunabase.runs.fault import PARTS, TARGETS, Fault
from lunabase.station.form import nearest
from lunabase.station.model import Station
from lunabase.twin.health import Health

FloatArray = NDArray[np.float64]
DAY_S = 86_400.0
DRIVE_STEP_S = 7200.0
"""How often the light on an array whose drive is stuck is worked out again."""
_TRACK_STEP_S = 3600.0


@dataclass(frozen=True, slots=True)
class SensorFault:
    """What is wrong with the sensors of one telemetry channel."""

    channel: str
    unit: int
    """Which of its sensors, from 0; -1: all of them."""
    kind: str
    """`stuck`, `bias`, `noise` or `missing`."""
    size: float
    since_s: float


@dataclass(frozen=True, slots=True)
class ComputerFault:
    """What is wrong with the computer, its memory, its clock and its ears."""

    down: bool = False
    """It does nothing; hardware keeps the switches as they are."""
    resets: int = 0
    """How often it has been reset by faults so far; each time it forgets its state and restarts."""
    plan_lost: bool = False
    hears: bool = True
    """Commands from Earth reach it."""
    clock_error_s: float = 0.0
    """Its clock minus the true time."""
    forecast_shift_s: float = 0.0
    """By how much its forecast of light and contacts runs ahead."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything that faults do to the station, constant until the next change."""

    health: Health
    sensors: tuple[SensorFault, ...]
    computer: ComputerFault


@dataclass(frozen=True, slots=True)
class SunTrack:
    """The Sun's azimuth over the flight, for arrays that are stuck."""

    time_s: FloatArray
    azimuth_deg: FloatArray
    """Without jumps at north."""

    def turned_rad(self, from_s: float, to_s: float) -> float:
        """How far the Sun has turned from one time to another."""
        angles = np.interp([from_s, to_s], self.time_s, self.azimuth_deg)
        return math.radians(float(angles[1] - angles[0]))


def sun_track(environment: xr.Dataset) -> SunTrack:
    """The Sun's azimuth over an environment, every hour or so; times from its first epoch."""
    epochs = environment["time"].values.astype("datetime64[ns]")
    seconds = (epochs - epochs[0]).astype(np.int64) * 1e-9
    step_s = float(seconds[1]) if seconds.size > 1 else DRIVE_STEP_S
    every = slice(None, None, max(int(_TRACK_STEP_S // step_s), 1))
    azimuth_deg = environment["sun_azimuth"].values[every].astype(np.float64)
    return SunTrack(seconds[every], np.unwrap(azimuth_deg, period=360.0))


@dataclass(frozen=True, slots=True)
class Injection:
    """The faults of one flight, and which of them have been cleared when."""

    faults: tuple[Fault, ...]
    places: Places
    sun: SunTrack | None = None
    cleared_s: tuple[float, ...] = ()
    """When each fault was cleared; infinite: never."""

    def next_change_s(self, time_s: float) -> float:
        """The first time after ``time_s`` at which the effects change; infinite if they never do."""
        return min((change for item in self._lives() for change in item.changes(time_s)), default=math.inf)

    def active(self, time_s: float) -> tuple[Fault, ...]:
        """The faults that are there at a time."""
        return tuple(item.fault for item in self._lives() if item.acts(time_s))

    def effects(self, time_s: float, base: Health) -> Effects:
        """What the faults do at a time, on top of a station with the health ``base``."""
        acting = [item for item in self._lives() if item.acts(time_s)]
        damages = [Damage(item.fault, self._size(item.fault, time_s)) for item in acting]
        faults = [item.fault for item in acting]
        sensors = tuple(_sensor_fault(fault) for fault in faults if fault.effect.startswith("sensor_"))
        return Effects(damaged(base, damages, self.places), sensors, self._computer(faults, time_s))

    def recover(
        self,
        time_s: float,
        *,
        power_cycle: Collection[str] = (),
        switch_over: Collection[str] = (),
        reset: bool = False,
    ) -> tuple[Injection, tuple[Fault, ...]]:
        """The schedule after commands that may clear faults, and the faults that they cleared.

        ``power_cycle`` and ``switch_over`` name equipment, payloads, modules, channels or one of `fault.UNITS`; a
        module stands for all that it carries. Only a power cycle reaches everything on the bus.
        """
        cycled = self.places.with_contents(power_cycle)
        switched = self.places.with_contents(frozenset(switch_over) - {"bus"}) | frozenset(switch_over)
        times, gone = list(self._cleared()), []
        for index, item in enumerate(self._lives()):
            fault = item.fault
            helps = {"power_cycle": fault.unit in cycled, "switch_over": fault.unit in switched, "reset": reset}
            if item.acts(time_s) and helps.get(fault.cleared_by, False):
                times[index] = time_s
                gone.append(fault)
        return replace(self, cleared_s=tuple(times)), tuple(gone)

    def _cleared(self) -> tuple[float, ...]:
        return self.cleared_s or (math.inf,) * len(self.faults)

    def _lives(self) -> list[_Life]:
        return [
            _Life(fault, min(fault.stop_s, cleared))
            for fault, cleared in zip(self.faults, self._cleared(), strict=True)
        ]

    def _size(self, fault: Fault, time_s: float) -> float:
        if fault.effect != "array_drive_stuck":
            return fault.size
        if self.sun is None:
            return 0.0
        steps = math.floor((time_s - fault.start_s) / DRIVE_STEP_S)
        turned_rad = self.sun.turned_rad(fault.start_s, fault.start_s + (steps + 0.5) * DRIVE_STEP_S)
        return 1.0 - max(math.cos(turned_rad), 0.0)

    def _computer(self, acting: Sequence[Fault], time_s: float) -> ComputerFault:
        kinds = {fault.effect for fault in acting}
        return ComputerFault(
            down="computer_reset" in kinds,
            resets=sum(item.resets(time_s) for item in self._lives()),
            plan_lost="plan_lost" in kinds,
            hears="command_loss" not in kinds,
            clock_error_s=self.clock_error_s(time_s),
            forecast_shift_s=sum(fault.size for fault in acting if fault.effect == "wrong_ephemeris"),
        )

    def clock_error_s(self, time_s: float) -> float:
        """The on-board clock minus the true time. A clock that drifts no more is set right from Earth."""
        drift = sum(
            item.fault.size * (time_s - item.fault.start_s) / DAY_S
            for item in self._lives()
            if item.fault.effect == "clock_drift" and item.acts(time_s)
        )
        steps = sum(
            item.fault.size for item in self._lives() if item.fault.effect == "clock_step" and item.acts(time_s)
        )
        return drift + steps


@dataclass(frozen=True, slots=True)
class _Life:
    """A fault and when it really ends."""

    fault: Fault
    stop_s: float

    def acts(self, time_s: float) -> bool:
        return self.fault.start_s <= time_s < self.stop_s

    def changes(self, time_s: float) -> Iterable[float]:
        """Its changes after a time: begin, end, and what recurs between them."""
        period_s = self._period_s
        if period_s > 0.0 and self.acts(time_s):
            count = math.floor((time_s - self.fault.start_s) / period_s) + 1
            recurs_s = self.fault.start_s + count * period_s
            if time_s < recurs_s < self.stop_s:
                yield recurs_s
        yield from (edge for edge in (self.fault.start_s, self.stop_s) if edge > time_s and edge < math.inf)

    def resets(self, time_s: float) -> int:
        """How often it has reset the computer up to a time."""
        if time_s < self.fault.start_s or self.fault.effect not in ("computer_reset", "reset_loop"):
            return 0
        if self.fault.effect == "computer_reset":
            return 1
        until_s = min(time_s, math.nextafter(self.stop_s, -math.inf))
        return math.floor((until_s - self.fault.start_s) / self.fault.size) + 1

    @property
    def _period_s(self) -> float:
        periods = {"array_drive_stuck": DRIVE_STEP_S, "reset_loop": self.fault.size, "clock_drift": DAY_S / 4.0}
        return periods.get(self.fault.effect, 0.0)


def _sensor_fault(fault: Fault) -> SensorFault:
    channel, _, unit = fault.target.partition("/")
    kind = fault.effect.removeprefix("sensor_")
    return SensorFault(channel, int(unit) - 1 if unit else -1, kind, fault.size, fault.start_s)


def inject(
    station: Station, present: tuple[str, ...], faults: Sequence[Fault], sun: SunTrack | None = None
) -> Injection:
    """The schedule of faults of a station with these modules.

    Raises InputError when a fault's target is not there or its size makes no sense.
    """
    places = places_of(station, present)
    for fault in faults:
        _check(fault, places)
    return Injection(tuple(faults), places, sun)


def _check(fault: Fault, places: Places) -> None:
    kind = TARGETS.get(fault.effect, "")
    where = f"fault {fault.name}"
    known = places.known(kind) if kind else frozenset()
    if kind and fault.target.partition("/")[0] not in known:
        raise InputError(f"there is no {kind} `{fault.target}`.", where=where, fix=nearest(fault.target, known))
    if not math.isfinite(fault.size) or (fault.effect in PARTS and not 0.0 <= fault.size <= 1.0):
        raise InputError(f"its size {fault.size:g} is no part from 0 to 1.", where=where, fix="Give such a part.")
    if fault.effect == "reset_loop" and not fault.size >= 60.0:
        raise InputError(f"it resets every {fault.size:g} s.", where=where, fix="Give at least 60 s.")
    if not 0.0 <= fault.start_s < fault.stop_s:
        raise InputError("it ends before it begins.", where=where, fix="Let its stop follow its start.")
