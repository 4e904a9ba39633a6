"""A synthetic run for the report's tests: made up from end to end, no result of any computation of the package."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from ruamel.yaml import YAML

from lunabase.planning.plan import Activity, PartnerOutcome, Plan, SolverSummary, Unplaced
from lunabase.record.run_record import Event, Ledger, Product, RunRecord, Summary
from lunabase.station.model import Station
from lunabase.terrain.mask import HorizonMask

START = datetime(2035, 1, 1, tzinfo=UTC)
DAYS = 29.5
STEP_S = 600.0
COUNT = round(DAYS * 86400.0 / STEP_S)
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def _station_text() -> str:
    return (Path(__file__).parent / "synthetic.yaml").read_text(encoding="utf-8")


def _times() -> np.ndarray:
    return np.datetime64("2035-01-01", "ns") + np.arange(COUNT) * np.timedelta64(int(STEP_S), "s")


def _environment() -> xr.Dataset:
    days = np.arange(COUNT) * STEP_S / 86400.0
    turn = 2.0 * np.pi * days / 29.53
    sun_elevation = 1.5 * np.sin(turn * 1.1) + 0.2
    lit = np.clip((sun_elevation + 0.27) / 0.54, 0.0, 1.0)
    earth_elevation = 6.0 * np.sin(turn)
    in_view = earth_elevation > 0.5
    station_up = np.sin(2.0 * np.pi * days / 1.03) > 0.3
    relay_up = np.sin(2.0 * np.pi * days) > -0.6
    columns = {
        "sun_azimuth": np.mod(360.0 - np.rad2deg(turn), 360.0),
        "sun_elevation": sun_elevation,
        "sun_angular_radius": np.full(COUNT, 0.27),
        "sun_visible_fraction": lit,
        "solar_flux": 1361.0 * lit,
        "earth_azimuth": np.mod(2.0 + 7.0 * np.cos(turn), 360.0),
        "earth_elevation": earth_elevation,
        "earth_in_view": in_view,
        "surface_temperature": 90.0 + 90.0 * lit,
    }
    data = {name: ("time", values) for name, values in columns.items()}
    higher = np.clip((sun_elevation + 0.57) / 0.54, 0.0, 1.0)
    data["sun_visible_fraction_by_height"] = (("height", "time"), np.vstack([lit, higher]))
    data["contact"] = (("earth_station", "time"), (in_view & station_up)[None, :])
    data["relay_in_view"] = (("relay", "time"), relay_up[None, :])
    data["relay_contact"] = (("relay", "earth_station", "time"), (relay_up & station_up)[None, None, :])
    coords = {"time": _times(), "height": [2.0, 10.0], "earth_station": ["ground"], "relay": ["orbiter"]}
    environment = xr.Dataset(data, coords=coords, attrs={"reference_height_m": 2.0})
    environment["surface_temperature"].attrs["comment"] = "a made-up line; ESTIMATE where terrain matters"
    return environment


def _horizon() -> HorizonMask:
    azimuths_deg = np.arange(720) * 0.5
    ridge_deg = 0.4 * np.sin(np.deg2rad(3.0 * azimuths_deg)) + 0.3 * np.sin(np.deg2rad(17.0 * azimuths_deg))
    elevations_deg = np.vstack([ridge_deg, ridge_deg - 0.3])
    return HorizonMask(azimuths_deg, (2.0, 10.0), elevations_deg, {"source": "synthetic ridge"})


def _telemetry(environment: xr.Dataset) -> pd.DataFrame:
    lit = environment["sun_visible_fraction"].to_numpy()
    rng = np.random.default_rng(1)
    load = 900.0 + 100.0 * rng.random(COUNT)
    array = np.where(lit > 0.0, load + 300.0 * lit, 0.0)
    charge = array + 200.0 - load
    stored = np.clip(np.cumsum(charge) * STEP_S / 3.6e6 / 300.0 + 0.8, 0.12, 1.0)
    produced = np.where(rng.random(COUNT) > 0.7, 5e5, 1e4)
    sent = np.where(environment["contact"].to_numpy()[0], 1e6, 0.0)
    return pd.DataFrame(
        {
            "time": _times(),
            "mode": np.where(lit <= 0.0, "night", np.where(stored < 0.2, "survival", "nominal")),
            "shed_level": np.where(stored < 0.3, 1, 0),
            "state_of_charge": stored,
            "stored_energy_j": stored * 1e9,
            "array_available_w": 1400.0 * lit,
            "array_power_w": array,
            "source_w": np.full(COUNT, 200.0),
            "load_w": load,
            "charge_w": charge,
            "curtailed_w": np.maximum(1400.0 * lit - array, 0.0),
            "unserved_w": np.where(stored <= 0.12, 50.0, 0.0),
            "heater_w": np.where(lit <= 0.0, 40.0, 0.0),
            "temperature_k.warm-box": 285.0 + 15.0 * lit + rng.normal(0.0, 0.5, COUNT),
            "recorder_bit": np.maximum(np.cumsum(produced - 0.3 * sent) * STEP_S, 0.0),
            "produced_bit_per_s": produced,
            "downlink_bit_per_s": sent,
        }
    )


def _activity(number: int, partner: str, payload: str, start: datetime, hours: float) -> Activity:
    stop = start + timedelta(hours=hours)
    return Activity(
        id=f"watch/{payload}#{number}",
        request=f"watch/{payload}",
        experiment="watch",
        partner=partner,
        activity_type="watching",
        payload=payload,
        host="hub",
        mode="on",
        hold_start=start,
        start=start,
        stop=stop,
        hold_stop=stop,
        power_w=10.0,
        data_bit=1e4 * hours * 3600.0,
        priority=5,
    )


def _plan() -> Plan:
    activities = []
    for number in range(1, 11):
        activities.append(_activity(number, "alpha", "camera", START + timedelta(days=2.7 * number), 6.0))
        activities.append(_activity(number, "beta", "sounder", START + timedelta(days=2.5 * number), 20.0))
    activities[0] = activities[0].model_copy(
        update={"mode": "warm", "resources": ("arm", "lamp"), "crew": ("ann", "bob"), "committed": True}
    )
    outcome = {"requested_s": 9e5, "placed_s": 7e5, "energy_j": 7e6, "data_bit": 7e9}
    return Plan(
        station="Synthetic Base",
        station_sha256="0" * 64,
        phase="robotic",
        start=START,
        stop=START + timedelta(days=DAYS),
        activities=tuple(activities),
        unplaced=(
            Unplaced(
                request="watch/sounder",
                experiment="watch",
                partner="beta",
                priority=5,
                wanted="12 activities of 20 h",
                placed="10 activities",
                reason=f"The Sun is below the horizon then. {HOSTILE}",
            ),
        ),
        partners=(
            PartnerOutcome(partner="alpha", share=0.6, received=0.25, **outcome),
            PartnerOutcome(partner="beta", share=0.4, received=0.75, **outcome),
        ),
        solver=SolverSummary(solver="CP-SAT", status="feasible", objective=10.0, bound=12.0, seed=0, work_limit=20.0),
    )


def _products(plan: Plan) -> tuple[Product, ...]:
    """All but the fourth camera activity, which never starts; the fifth stops halfway."""
    products = []
    for activity in plan.activities:
        if activity.id == "watch/camera#4":
            continue
        half = activity.id == "watch/camera#5"
        stop = activity.start + (activity.stop - activity.start) / (2 if half else 1)
        span = {"start": activity.start, "stop": stop, "completed": not half, "produced_bit": 1e8}
        products.append(Product(activity.id, activity.experiment, activity.partner, activity.payload, **span))
    return tuple(products)


def _events(plan: Plan) -> tuple[Event, ...]:
    notes = [Event(one.start, "info", "executive", "activity_started", f"{one.id} started") for one in plan.activities]
    stop = Event(
        plan.activities[8].start + timedelta(hours=3),
        "medium",
        "executive",
        "activity_stopped",
        "watch/camera#5 stopped early",
        "mode night",
    )
    alarm = Event(START + timedelta(days=12), "high", "monitor", "charge_low", HOSTILE, "state of charge 0.19")
    return (*notes, alarm, stop)


def _summary() -> Summary:
    energy = Ledger("energy", "J", {"arrays": 9e9, "sources": 1e9}, {"loads": 9.5e9}, 3e8, {"storage losses": 2e8})
    data = Ledger("data", "bit", {"payloads": 4e11}, {"sent": 3e11}, 1e11, {"overwritten": 0.0})
    return Summary("alive", None, "", energy, data)


@pytest.fixture(scope="session")
def synthetic_record() -> RunRecord:
    """A month on a made-up station whose names contain markup that must do no harm."""
    text = _station_text().replace("HOSTILE", HOSTILE.replace('"', '\\"'))
    environment, plan = _environment(), _plan()
    return RunRecord(
        station=Station.model_validate(YAML(typ="safe", pure=True).load(text)),
        station_text=text,
        horizon=_horizon(),
        environment=environment,
        plan=plan,
        telemetry=_telemetry(environment),
        events=_events(plan),
        products=_products(plan),
        summary=_summary(),
        provenance={
            "lunabase": "0.0",
            "kernels": {"de421.bsp": "a" * 64},
            "seed": 3,
            "step_s": 600.0,
            "days": 29.530588,
        },
    )
