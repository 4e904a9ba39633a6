"""Wear as faults: what the twin draws over the years, in the words of fault injection."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

from lunabase.runs.damage import places_of
from lunabase.runs.fault import Effect, Fault, Subsystem
from lunabase.station.equipment import (
    Battery,
    DataRecorder,
    FissionSource,
    FuelCell,
    Radio,
    RadioisotopeSource,
    RobotArm,
    SolarArray,
    ThermalNode,
)
from lunabase.station.model import Station
from lunabase.twin.wear import Failure, Upset, draw_failures, draw_upsets

REBOOT_S = 300.0
"""How long the computer is down after an upset; an estimate."""
_EFFECTS: dict[type, tuple[Effect, Subsystem]] = {
    SolarArray: ("array_loss", "power"),
    Battery: ("store_capacity_loss", "power"),
    FuelCell: ("store_capacity_loss", "power"),
    FissionSource: ("source_loss", "power"),
    RadioisotopeSource: ("source_loss", "power"),
    ThermalNode: ("heater_stuck_off", "thermal"),
    DataRecorder: ("recorder_loss", "data"),
    Radio: ("radio_loss", "data"),
    RobotArm: ("mechanism_jam", "modules"),
}
"""What the failure of each kind of equipment does."""


def wear_faults(
    station: Station, present: tuple[str, ...], start: datetime, stop: datetime, seed: int, *, crew: int = 0
) -> tuple[tuple[Fault, ...], int]:
    """The faults that wear and radiation bring between two moments, by time, and how many spares their repair takes.

    Failures end with their repair, upsets with a power cycle; those of the computer after `REBOOT_S`. Lives of things
    that only stop a mechanism nobody needs do nothing.
    """
    failures = draw_failures(station, present, start, stop, seed, crew=crew)
    upsets = draw_upsets(station, present, start, stop, seed)
    mechanisms = places_of(station, present).mechanisms
    faults = [fault for item in failures for fault in _failed(station, item)]
    faults += [_upset(item) for item in upsets]
    known = (fault for fault in faults if fault.effect != "mechanism_jam" or fault.target in mechanisms)
    length_s = (stop - start).total_seconds()
    spares = sum(1 for item in failures if item.spare and item.repaired_s <= length_s)
    return tuple(sorted(known, key=lambda fault: (fault.start_s, fault.name))), spares


def _failed(station: Station, failure: Failure) -> Iterator[Fault]:
    name, stop_s = f"{failure.life} ({failure.cause})", max(failure.repaired_s, failure.time_s + 1.0)
    for effect, subsystem in _effects(station, failure.equipment):
        whole = effect == "store_capacity_loss" and failure.part >= 1.0
        kind: Effect = "store_offline" if whole else effect
        yield Fault(name, subsystem, kind, failure.equipment, failure.part, failure.time_s, stop_s)


def _effects(station: Station, name: str) -> Iterator[tuple[Effect, Subsystem]]:
    if name in station.payloads:
        yield "payload_off", "payloads"
    elif name in station.modules:
        yield "module_off", "modules"
    else:
        item = next(item for _, identifier, item in station.all_equipment() if identifier == name)
        if type(item) in _EFFECTS:
            yield _EFFECTS[type(item)]


def _upset(upset: Upset) -> Fault:
    if upset.effect == "computer_reset":
        return Fault("upset", "computer", "computer_reset", "", 0.0, upset.time_s, upset.time_s + REBOOT_S)
    subsystem: Subsystem = "modules" if upset.effect == "module_off" else "payloads"
    return Fault("upset", subsystem, upset.effect, upset.target, 0.0, upset.time_s, math.inf, "power_cycle")
