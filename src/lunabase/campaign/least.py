"""The station that does nothing but survive: the measure of whether a fault leaves any way to do so.

A loss is put down to physics, and not to the software, when this station is lost under the same faults too.
"""

from __future__ import annotations

from lunabase.station.model import Station


def least_station(station: Station) -> Station:
    """A station with every module at its least load in all modes, payloads off, and nothing to do.

    Heaters, monitors and responses stay as they are.
    """
    modules = {
        name: module.model_copy(update={"loads": {"nominal": min(module.load_w(mode) for mode in station.modes)}})
        for name, module in station.modules.items()
    }
    modes = {
        name: spec.model_copy(update={"activities": "none", "standby": False}) for name, spec in station.modes.items()
    }
    return station.model_copy(update={"modules": modules, "modes": modes, "experiments": {}})
