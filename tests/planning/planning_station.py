"""Small invented stations and square-wave environments (synthetic, not a real place) for the planner's tests."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import xarray as xr

from lunabase.station.model import Station

START = "2035-01-01T00:00:00"

BASE: dict[str, Any] = {
    "lunabase": 1,
    "station": {"name": "Test Station", "start": "2035-01-01", "end": "2036-01-01"},
    "site": {"surface": {"latitude": "-89 deg", "longitude": "0 deg", "height": "0 m", "horizon": {"flat": True}}},
    "phases": {"robotic": {"start": "2035-01-01", "present": ["base"]}},
    "partners": {
        "alpha": {"name": "Alpha", "country": "A", "institutions": {"a": "A"}, "share": "50 %"},
        "beta": {"name": "Beta", "country": "B", "institutions": {"b": "B"}, "share": "50 %"},
    },
    "earth_stations": {},
    "modules": {
        "base": {
            "name": "Base",
            "part": "research",
            "kind": "lander",
            "mass": "100 kg",
            "loads": {"nominal": "100 W"},
            "equipment": {
                "reactor": {"type": "fission_source", "mass": "100 kg", "power": "2 kW"},
                "recorder": {"type": "data_recorder", "mass": "1 kg", "capacity": "1 Gbit", "power": "0 W"},
                "radio": {
                    "type": "radio",
                    "mass": "1 kg",
                    "rate_to_earth": "100 kbit/s",
                    "power": "0 W",
                },
            },
        },
        "annex": {
            "name": "Annex",
            "part": "research",
            "kind": "laboratory",
            "mass": "10 kg",
            "loads": {"nominal": "0 W"},
        },
    },
    "resources": {"arm": {"name": "Arm", "host": "base"}},
    "payloads": {},
    "activity_types": {
        "look": {"description": "look"},
        "dig": {"description": "dig", "uses": ["arm"], "disturbs": ["vibration"]},
        "listen": {"description": "listen", "disturbed_by": ["vibration"]},
        "burn": {"description": "burn"},
        "hold": {"description": "hold", "uses": ["arm"]},
    },
    "experiments": {},
    "modes": {
        "nominal": {"activities": "all", "standby": True, "downlink": True},
        "survival": {
            "enter": [{"reading": "state_of_charge", "below": "5 %"}],
            "leave": [{"reading": "state_of_charge", "above": "50 %"}],
            "activities": "none",
            "standby": False,
            "downlink": False,
        },
    },
    "load_shedding": {"start_below": "0.1 %", "restore_above": "10 %", "interval": "1 h", "order": ["annex"]},
    "flight_rules": {},
    "budgets": {"landed_mass": "1000 kg"},
}


def description(**parts: Any) -> dict[str, Any]:
    """The base description with top-level parts merged in."""
    data = copy.deepcopy(BASE)
    for key, value in parts.items():
        data[key] = {**data.get(key, {}), **value}
    return data


def payload(
    partner: str = "alpha", host: str = "base", on: str = "10 W", rate: str = "0 bit/s", **more: Any
) -> dict[str, Any]:
    return {
        "name": "Instrument",
        "partner": partner,
        "host": host,
        "objective": "observation",
        "discipline": "test",
        "mass": "1 kg",
        "power": {"on": on},
        "data_rate": rate,
        **more,
    }


def experiment(partner: str = "alpha", **requests: Any) -> dict[str, Any]:
    return {"title": "Experiment", "partner": partner, "objective": "observation", "requests": requests}


def request(activity: str, instrument: str, duration: Any, priority: int = 5, **more: Any) -> dict[str, Any]:
    return {"activity": activity, "payload": instrument, "duration": duration, "priority": priority, **more}


def station(**parts: Any) -> Station:
    return Station.model_validate(description(**parts))


def environment(
    hours: float, *, step_s: float = 3600.0, lit: Any = True, earth: Any = True, ground_k: float = 200.0
) -> xr.Dataset:
    """Synthetic: `lit` and `earth` are booleans per step, or one for all."""
    count = round(hours * 3600 / step_s)
    times = np.datetime64(START, "ns") + (np.arange(count) * int(step_s * 1e9)).astype("timedelta64[ns]")
    light = np.broadcast_to(np.asarray(lit, dtype=float), count)
    seen = np.broadcast_to(np.asarray(earth, dtype=bool), count)
    variables = {
        "sun_azimuth": (10.0 + np.arange(count) * step_s / 3600.0) % 360.0,
        "earth_azimuth": np.full(count, 350.0),
        "earth_elevation": np.where(seen, 5.0, -5.0),
        "earth_visible_fraction": seen.astype(float),
        "lunar_local_time": (np.arange(count) * step_s / 3600.0) % 24.0,
        "solar_flux": 1361.0 * light,
        "sun_elevation": np.where(light > 0, 5.0, -5.0),
        "sun_visible_fraction": light,
        "earth_in_view": seen,
        "surface_temperature": np.full(count, ground_k),
    }
    data = {name: ("time", values) for name, values in variables.items()}
    data["solar_flux_by_height"] = (("height", "time"), 1361.0 * light[None, :])
    data["contact"] = (("earth_station", "time"), seen[None, :])
    tdb_s = 1.1e9 + np.arange(count) * step_s
    coordinates = {"time": times, "tdb": ("time", tdb_s), "height": [2.0], "earth_station": ["Test"]}
    return xr.Dataset(data, coords=coordinates, attrs={"title": "synthetic square wave"})


def battery(capacity: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "battery",
        "mass": "10 kg",
        "capacity": capacity,
        "charge_efficiency": "100 %",
        "discharge_efficiency": "100 %",
        "maximum_charge": "10 kW",
        "maximum_discharge": "10 kW",
        "minimum_charge": "0 %",
        "initial_charge": "100 %",
        **more,
    }


def array(area: str) -> dict[str, Any]:
    return {
        "type": "solar_array",
        "mass": "1 kg",
        "area": area,
        "efficiency": "30 %",
        "reference_temperature": "300 K",
        "temperature_coefficient": "0 %/K",
        "absorptance": "0.9",
        "emittance": "0.85",
        "tracking": "two_axes",
        "height": "2 m",
        "dust_loss": "0 %",
    }


def with_equipment(**equipment: Any) -> dict[str, Any]:
    """Modules in which the base carries this equipment instead of its own."""
    return {"base": {**BASE["modules"]["base"], "equipment": equipment}}
