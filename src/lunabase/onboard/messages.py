"""What reaches the software from Earth: a sign that the link works, and telecommands (ECSS-E-ST-70-41C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lunabase.planning.plan import Activity


@dataclass(frozen=True, slots=True)
class Hello:
    """Earth hears the station and the station hears Earth: a contact began."""

    station: str = ""
    """Earth station or relay that it came through."""


Action = Literal[
    "enable_monitor",
    "disable_monitor",
    "enable_event_action",
    "disable_event_action",
    "enable_schedule",
    "disable_schedule",
    "insert_activity",
    "delete_activity",
    "shift_activity",
    "set_mode",
    "release_mode",
    "start_response",
    "power_cycle",
    "switch_over",
    "switch_off",
    "switch_on",
    "reset",
]


@dataclass(frozen=True, slots=True)
class Telecommand:
    """A request from Earth; it is verified and reported at acceptance, start and completion (service 1)."""

    id: str
    """Names it in the reports."""
    action: Action
    target: str = ""
    """A monitor, event-action, response, mode, unit or activity; for the schedule a partner, empty: all of it."""
    activity: Activity | None = None
    """For `insert_activity`."""
    shift_s: float = 0.0
    """For `shift_activity`: how much later, s; of one activity, of a partner's, or of all."""


Message = Hello | Telecommand
