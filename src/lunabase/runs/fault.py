"""A fault: one thing that stops working as it should, from one moment to another.

Faults are data. What they do to the station is written in `runs.injection`; where they come from, in
`campaign.catalogue` and `twin.wear`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Subsystem = Literal["power", "thermal", "data", "computer", "sensors", "surroundings", "modules", "payloads"]
Effect = Literal[
    "array_loss",
    "array_drive_stuck",
    "array_dust",
    "store_capacity_loss",
    "store_offline",
    "source_loss",
    "converter_limit",
    "extra_load",
    "heater_stuck_off",
    "heater_stuck_on",
    "heat_switch_stuck_closed",
    "heat_switch_stuck_open",
    "insulation_loss",
    "recorder_loss",
    "radio_loss",
    "earth_link_loss",
    "relay_link_loss",
    "module_off",
    "payload_off",
    "payload_stuck_on",
    "mechanism_jam",
    "computer_reset",
    "reset_loop",
    "plan_lost",
    "command_loss",
    "clock_drift",
    "clock_step",
    "wrong_ephemeris",
    "sensor_stuck",
    "sensor_bias",
    "sensor_noise",
    "sensor_missing",
]
Clearing = Literal["time", "power_cycle", "reset", "switch_over", "nothing"]

SIZES: dict[Effect, str] = {
    "array_loss": "part of the array's power that is lost, 0 to 1",
    "array_drive_stuck": "none: the array stays where it pointed",
    "array_dust": "part of the light that is lost on top, 0 to 1",
    "store_capacity_loss": "part of the capacity that is lost, 0 to 1",
    "store_offline": "none",
    "source_loss": "part of the power that is lost, 0 to 1",
    "converter_limit": "part of the bus converter's power limit that is lost, 0 to 1",
    "extra_load": "power drawn on top, as a part of the module's nominal load",
    "heater_stuck_off": "none",
    "heater_stuck_on": "none",
    "heat_switch_stuck_closed": "none",
    "heat_switch_stuck_open": "none",
    "insulation_loss": "heat path to the ground on top, as a part of the node's own",
    "recorder_loss": "part of the recorders' capacity that is lost, 0 to 1",
    "radio_loss": "part of the data rate that is lost, 0 to 1",
    "earth_link_loss": "none",
    "relay_link_loss": "none",
    "module_off": "none",
    "payload_off": "none",
    "payload_stuck_on": "none: it draws its highest power",
    "mechanism_jam": "none",
    "computer_reset": "none; the computer is down from the start to the stop",
    "reset_loop": "time from one reset to the next, s",
    "plan_lost": "none",
    "command_loss": "none",
    "clock_drift": "seconds gained per day",
    "clock_step": "seconds gained at once",
    "wrong_ephemeris": "seconds by which the on-board forecast of light and contacts runs ahead",
    "sensor_stuck": "none: it keeps its value of the fault's start",
    "sensor_bias": "added to the reading, in the channel's unit",
    "sensor_noise": "standard deviation added to the reading, in the channel's unit",
    "sensor_missing": "none",
}
"""What the size of each effect means."""
TARGETS: dict[Effect, str] = {
    "array_loss": "solar_array",
    "array_drive_stuck": "solar_array",
    "array_dust": "solar_array",
    "store_capacity_loss": "store",
    "store_offline": "store",
    "source_loss": "source",
    "extra_load": "module",
    "heater_stuck_off": "thermal_node",
    "heater_stuck_on": "thermal_node",
    "heat_switch_stuck_closed": "thermal_node",
    "heat_switch_stuck_open": "thermal_node",
    "insulation_loss": "thermal_node",
    "radio_loss": "radio",
    "module_off": "module",
    "payload_off": "payload",
    "payload_stuck_on": "payload",
    "mechanism_jam": "mechanism",
    "sensor_stuck": "channel",
    "sensor_bias": "channel",
    "sensor_noise": "channel",
    "sensor_missing": "channel",
}
"""What kind of thing each effect hits; effects that are not listed hit the station as a whole.

A channel is one of telemetry; ``state_of_charge/1`` is its first sensor, without a number all of its sensors are meant.
"""
UNITS: dict[Effect, str] = {
    "converter_limit": "bus",
    "recorder_loss": "recorder",
    "earth_link_loss": "earth-link",
    "relay_link_loss": "relay-link",
}
"""What is switched over or power-cycled where an effect hits the station as a whole; for the others `computer`."""
PARTS = frozenset(effect for effect, meaning in SIZES.items() if meaning.endswith("0 to 1"))
"""Effects whose size is a part from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault with its time."""

    name: str
    """Name of its entry in the catalogue."""
    subsystem: Subsystem
    effect: Effect
    target: str = ""
    """Identifier of the station file or name of a telemetry channel; empty: the station as a whole."""
    size: float = 0.0
    """How bad it is; its meaning is in `SIZES`."""
    start_s: float = 0.0
    """Since the flight's start."""
    stop_s: float = math.inf
    """When it ends by itself; infinite: never."""
    cleared_by: Clearing = "nothing"
    """What ends it before: a power cycle of the target, a reset of the computer, switching over to a spare."""

    @property
    def unit(self) -> str:
        """What must be power-cycled or switched over to clear it."""
        return self.target.partition("/")[0] or UNITS.get(self.effect, "computer")

    def acts(self, time_s: float) -> bool:
        """Whether it is there at a time, if nothing has cleared it."""
        return self.start_s <= time_s < self.stop_s
