"""What is known before any request is read: the station in its phase, its surroundings, and how it fares by itself."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from lunabase.planning.balance import Forecast, Track
from lunabase.planning.horizon import Horizon
from lunabase.station.equipment import RobotArm
from lunabase.station.model import Station
from lunabase.station.site import Phase


@dataclass(frozen=True, slots=True)
class Scene:
    """The station in its surroundings; forecast and idle track in the environment's steps."""

    station: Station
    phase_name: str
    phase: Phase
    environment: xr.Dataset
    horizon: Horizon
    forecast: Forecast
    idle: Track

    def module_of(self, name: str) -> str:
        """Module of a resource, or of a robot arm that is used as one."""
        if name in self.station.resources:
            return self.station.resources[name].host
        return next(
            module
            for module, item, record in self.station.all_equipment()
            if item == name and isinstance(record, RobotArm)
        )
