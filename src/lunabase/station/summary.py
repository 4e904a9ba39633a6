"""A station in a few lines: what `lunabase check` shows when nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from lunabase.station.budgets import masses_kg
from lunabase.station.equipment import Battery, FissionSource, FuelCell, RadioisotopeSource, SolarArray
from lunabase.station.model import Station
from lunabase.station.site import Phase

J_PER_KWH = 3.6e6


def station_numbers(station: Station) -> dict[str, Any]:
    """The station in numbers for machines: keys carry the units, power and storage by phase."""
    return {
        "name": station.station.name,
        "place": _place(station),
        "partners": len(station.partners),
        "shares": sum(partner.share for partner in station.partners.values()),
        "mass_kg": sum(masses_kg(station).values()),
        "landed_mass_kg": station.budgets.landed_mass_kg,
        "modules": len(station.modules),
        "payloads": len(station.payloads),
        "experiments": len(station.experiments),
        "requests": sum(1 for _ in station.requests()),
        "estimates": len(estimated_fields(station)),
        "phases": {name: _phase_numbers(station, phase) for name, phase in station.phases.items()},
    }


def _phase_numbers(station: Station, phase: Phase) -> dict[str, Any]:
    equipment = [item for module, _, item in station.all_equipment() if module in phase.present]
    sources = [item.power_w for item in equipment if isinstance(item, FissionSource | RadioisotopeSource)]
    mode = "crewed" if phase.crew else "nominal"
    return {
        "start": f"{phase.start:%Y-%m-%d}",
        "crew": phase.crew,
        "array_area_m2": sum(item.area_m2 for item in equipment if isinstance(item, SolarArray)),
        "steady_power_w": sum(sources),
        "base_load_w": sum(station.modules[module].load_w(mode) for module in phase.present),
        "storage_j": sum(item.capacity_j for item in equipment if isinstance(item, Battery | FuelCell)),
    }


def station_lines(numbers: dict[str, Any]) -> dict[str, str]:
    """The same for people: what, and how much with its unit."""
    lines = {
        "station": numbers["name"],
        "site": numbers["place"],
        "partners": f"{numbers['partners']}, shares {numbers['shares']:.1%}",
        "mass": f"{numbers['mass_kg']:,.0f} kg of {numbers['landed_mass_kg']:,.0f} kg, all phases together",
        "payloads": f"{numbers['payloads']} in {numbers['modules']} modules",
        "experiments": f"{numbers['experiments']} with {numbers['requests']} requests",
        "estimates": f"{numbers['estimates']} values are marked as estimates",
    }
    for name, phase in numbers["phases"].items():
        lines[f"phase {name}"] = (
            f"from {phase['start']}, crew {phase['crew']}: {phase['array_area_m2']:g} m² of arrays, "
            f"{phase['steady_power_w'] / 1e3:g} kW of steady sources, base load {phase['base_load_w'] / 1e3:.2f} kW, "
            f"storage {phase['storage_j'] / J_PER_KWH:,.0f} kWh"
        )
    return lines


def _place(station: Station) -> str:
    surface, orbit = station.site.surface, station.site.orbit
    if surface is not None:
        return f"{surface.latitude_deg:g}° latitude, {surface.longitude_deg:g}° longitude, {surface.height_m:g} m"
    assert orbit is not None  # SiteSpec allows one of the two
    low_km, high_km = orbit.periapsis_altitude_m / 1e3, orbit.apoapsis_altitude_m / 1e3
    return f"orbit {low_km:g} x {high_km:g} km, inclination {orbit.inclination_deg:g}°"


def estimated_fields(station: Station) -> list[tuple[str, str]]:
    """Dotted path and source of every value that the station file marks as an estimate."""
    return list(_estimates(station, ""))


def _estimates(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        for name in getattr(value, "estimates", ()):
            yield f"{path}.{name}", str(getattr(value, "source", ""))
        for name in type(value).model_fields:
            yield from _estimates(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif hasattr(value, "items"):
        for key, item in value.items():
            yield from _estimates(item, f"{path}.{key}")
