"""A station in a few lines: what `lunabase check` shows when nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from lunabase.station.budgets import masses_kg
from lunabase.station.equipment import Battery, FissionSource, FuelCell, RadioisotopeSource, SolarArray
from lunabase.station.model import Station

J_PER_KWH = 3.6e6


def station_summary(station: Station) -> dict[str, str]:
    """Name, place, partners, budgets and counts, as text with units."""
    equipment = [item for _, _, item in station.all_equipment()]
    area_m2 = sum(item.area_m2 for item in equipment if isinstance(item, SolarArray))
    steady_w = sum(item.power_w for item in equipment if isinstance(item, FissionSource | RadioisotopeSource))
    stored_j = sum(item.capacity_j for item in equipment if isinstance(item, Battery | FuelCell))
    base_w = sum(module.load_w("nominal") for module in station.modules.values())
    return {
        "station": station.station.name,
        "site": _place(station),
        "phases": ", ".join(f"{name} from {phase.start:%Y-%m-%d}" for name, phase in station.phases.items()),
        "partners": f"{len(station.partners)}, shares {sum(p.share for p in station.partners.values()):.1%}",
        "mass": f"{sum(masses_kg(station).values()):,.0f} kg of {station.budgets.landed_mass_kg:,.0f} kg",
        "power": f"{area_m2:g} m² of arrays, {steady_w / 1e3:g} kW of steady sources, base load {base_w / 1e3:.2f} kW",
        "storage": f"{stored_j / J_PER_KWH:,.0f} kWh",
        "payloads": f"{len(station.payloads)} in {len(station.modules)} modules",
        "experiments": f"{len(station.experiments)} with {sum(1 for _ in station.requests())} requests",
        "estimates": f"{len(estimated_fields(station))} values are marked as estimates",
    }


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
