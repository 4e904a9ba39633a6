"""How the station behaves: checks of modes and flight rules."""

from __future__ import annotations

from collections.abc import Iterator

from lunabase.station.equipment import Battery, FuelCell
from lunabase.station.model import Station
from lunabase.station.rules import MinimumCharge
from lunabase.station.yaml_source import Finding


def needed_modes(station: Station) -> Iterator[Finding]:
    """Nominal and survival are needed; modes other than nominal need a way in and a way out."""
    for name in ("nominal", "survival"):
        if name not in station.modes:
            yield ("modes",), f"the mode `{name}` is missing", "Add it; `lunabase init` shows one."
    for name, mode in station.modes.items():
        if name not in ("nominal", "crewed") and not (mode.enter and mode.leave):
            yield ("modes", name), "it has no `enter` or no `leave` condition", "Say when it begins and ends."


def nominal_mode(station: Station) -> Iterator[Finding]:
    """Nominal is where the station is when no other mode holds: nothing leads into it, and all runs in it."""
    nominal = station.modes.get("nominal")
    if nominal is None:
        return
    for key, conditions in (("enter", nominal.enter), ("leave", nominal.leave)):
        if conditions:
            problem = "`nominal` holds whenever no other mode does; it has no conditions"
            yield ("modes", "nominal", key), problem, "Remove them."
    if nominal.activities != "all":
        yield ("modes", "nominal", "activities"), "in `nominal` all activities run", "Write `activities: all`."


def charge_floors(station: Station) -> Iterator[Finding]:
    """A floor of the charge lies above the charge at which the batteries disconnect anyway."""
    stores = [item for _, _, item in station.all_equipment() if isinstance(item, Battery | FuelCell)]
    if not stores:
        return
    locked_j = sum(item.capacity_j * item.minimum_charge for item in stores if isinstance(item, Battery))
    lowest = locked_j / sum(item.capacity_j for item in stores)
    for name, rule in station.flight_rules.items():
        if isinstance(rule, MinimumCharge) and rule.minimum < lowest:
            problem = f"the stores never fall below {lowest:.3%}: there the batteries disconnect"
            yield ("flight_rules", name, "minimum"), problem, "Set the floor above it."
