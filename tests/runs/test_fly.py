"""Flights of the example lander through its night, from a plan made by hand."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from lunabase.errors import InputError
from lunabase.planning.plan import Activity, Plan, SolverSummary
from lunabase.runs.fly import fly
from lunabase.runs.surroundings import Span, surroundings
from lunabase.sky.kernels import kernels_from
from lunabase.station.equipment import Battery
from lunabase.station.load import load_station
from lunabase.station.model import Station

LANDER = Path(__file__).parents[2] / "examples" / "lander.yaml"
DAYS = 29.53


@cache
def lander_file():
    return load_station(LANDER)


@cache
def sky():
    file = lander_file()
    _, environment = surroundings(file, Span.of(file, None, DAYS, 60.0), kernels_from(()))
    return environment


@cache
def plan():
    """The receiver for six hours out of six while it is dark, the dosimeter twelve hours a day."""
    lit = sky()["sun_visible_fraction"].values > 0.0
    slots = [("night-receiver", "radio-night", 6, hour) for hour in range(0, 700, 6)]
    slots = [slot for slot in slots if not lit[slot[3] * 60 : slot[3] * 60 + 361].any()]
    slots += [("dosimeter", "dose-day", 12, hour) for hour in range(1, 690, 24)]
    station = lander_file().station
    activities = tuple(_activity(station, number, *slot) for number, slot in enumerate(slots))
    solver = SolverSummary(solver="hand", status="feasible", objective=0, bound=0, seed=0, work_limit=0)
    start = station.station.start
    return Plan(
        station="lander", station_sha256="", phase="robotic", start=start,
        stop=start + timedelta(minutes=sky().sizes["time"]), activities=activities, unplaced=(), partners=(),
        solver=solver,
    )  # fmt: skip


def _activity(station, number, payload, kind, hours, at_hour):
    start = station.station.start + timedelta(hours=at_hour)
    stop = start + timedelta(hours=hours)
    return Activity(
        id=f"test/{payload}#{number}", request=f"test/{payload}", experiment="test",
        partner=station.payloads[payload].partner, activity_type=kind, payload=payload, host="lander", mode="on",
        hold_start=start, start=start, stop=stop, hold_stop=stop, power_w=5.0, data_bit=0.0, priority=5,
    )  # fmt: skip


def with_battery(factor):
    """The lander with another battery, everything else as in the example."""
    data = YAML(typ="safe", pure=True).load(LANDER.read_text())
    battery = lander_file().station.modules["lander"].equipment["battery"]
    data["modules"]["lander"]["equipment"]["battery"]["capacity"] = f"{battery.capacity_j * factor} J"
    return Station.model_validate(data)


@pytest.fixture(scope="module")
def whole():
    return fly(lander_file().station, sky(), plan())


@pytest.fixture(scope="module")
def half():
    return fly(with_battery(0.5), sky(), plan())


def test_lander_lives_through_the_night_as_given(whole):
    telemetry = whole.telemetry
    assert whole.summary.outcome == "alive"
    assert whole.summary.lost_at is None
    assert len(telemetry) == sky().sizes["time"]
    assert telemetry["unserved_w"].max() == 0.0
    night = telemetry[telemetry["mode"] == "night"]
    assert (night["time"].iloc[-1] - night["time"].iloc[0]) / pd.Timedelta(hours=1) == pytest.approx(354.4, abs=3.0)


def test_energy_of_the_night_is_what_the_loads_need(whole):
    """From the station file alone: 8 W avionics, 1 W recorder and 6 W receiver, over the battery's efficiency."""
    night = whole.telemetry[whole.telemetry["array_available_w"] == 0.0]
    dark_h = len(night) / 60.0
    drop_wh = (night["stored_energy_j"].iloc[0] - night["stored_energy_j"].iloc[-1]) / 3600.0
    battery = next(
        item for item in lander_file().station.modules["lander"].equipment.values() if isinstance(item, Battery)
    )
    assert drop_wh <= 15.0 * dark_h / battery.discharge_efficiency * 1.01
    assert drop_wh >= 9.0 * dark_h / battery.discharge_efficiency


def test_lander_dies_of_cold_with_half_the_battery(half):
    summary, telemetry = half.summary, half.telemetry
    assert summary.outcome == "lost"
    assert "warm-box went below its survival limit" in summary.reason
    assert "short of power" in summary.reason
    assert half.events[-1].name == "station_lost"
    assert half.events[-1].time == summary.lost_at
    box = lander_file().station.modules["lander"].equipment["warm-box"]
    assert telemetry["temperature_k.warm-box"].iloc[-1] < box.survival.minimum_k
    assert (telemetry["temperature_k.warm-box"].iloc[:-1] >= box.survival.minimum_k).all()
    assert telemetry["time"].iloc[-1] < sky()["time"].values[-1]


def test_dying_lander_goes_down_step_by_step(half):
    modes = list(dict.fromkeys(half.telemetry["mode"]))
    assert modes == ["nominal", "night", "dormant", "survival"]
    assert half.telemetry["shed_level"].max() == 2
    causes = {event.name: event.cause for event in half.events if event.source in ("modes", "shedding")}
    assert all(causes.values())


@pytest.mark.parametrize("flight", ["whole", "half"])
def test_books_close(flight, request):
    summary = request.getfixturevalue(flight).summary
    assert summary.energy.residual < 1e-9
    assert summary.data.residual < 1e-9
    assert sum(summary.energy.inflow.values()) > 1e7


def test_bus_balances_in_every_row(whole):
    rows = whole.telemetry
    left = rows["array_power_w"] + rows["source_w"] - rows["load_w"] - rows["charge_w"]
    assert np.abs(left).max() < 1e-9 * rows["array_available_w"].max()


def test_products_follow_the_plan(whole):
    products, activities = whole.products, plan().activities
    assert len(products) > 0.8 * len(activities)
    by_id = {activity.id: activity for activity in activities}
    for product in products:
        planned = by_id[product.activity]
        assert product.completed
        assert (product.start, product.stop) == (planned.start, planned.stop)
        rate = lander_file().station.payloads[product.payload].data_rate_bit_per_s
        assert product.produced_bit == pytest.approx(rate * planned.duration_s)
    total_bit = sum(whole.summary.data.inflow.values())
    assert sum(product.produced_bit for product in products) == pytest.approx(total_bit)


def test_every_planned_activity_is_accounted_for(half):
    told = " ".join(event.text for event in half.events)
    flown = {product.activity for product in half.products}
    due = [activity for activity in plan().activities if activity.stop < half.summary.lost_at]
    assert all(activity.id in flown or f"{activity.id} " in told for activity in due)


def test_two_flights_are_the_same_bit_for_bit(half):
    again = fly(with_battery(0.5), sky(), plan())
    pd.testing.assert_frame_equal(half.telemetry, again.telemetry, check_exact=True)
    assert (half.events, half.products, half.summary) == (again.events, again.products, again.summary)


def test_telemetry_has_the_channels_of_the_reference(whole):
    text = (LANDER.parents[1] / "docs" / "reference" / "telemetry.md").read_text()
    for column in whole.telemetry.columns:
        stem, dot, _ = column.partition(".")
        assert f"`{stem}.<" in text if dot else f"`{column}`" in text


def test_progress_goes_up_to_the_end():
    seen = []
    fly(lander_file().station, sky(), plan(), on_progress=seen.append)
    assert seen == sorted(seen)
    assert 0.9 < seen[-1] <= 1.0


def test_plan_of_another_station_is_refused():
    strange = plan().activities[0].model_copy(update={"payload": "unknown"})
    with pytest.raises(InputError, match="unknown"):
        fly(lander_file().station, sky(), plan().model_copy(update={"activities": (strange,)}))


def test_coarser_environment_gives_nearly_the_same_night(whole):
    coarse = fly(
        lander_file().station,
        sky().isel(time=slice(None, None, 10)),
        plan().model_copy(update={"stop": plan().start + timedelta(days=29)}),
    )
    same = whole.telemetry.iloc[: len(coarse.telemetry)]
    assert np.abs(coarse.telemetry["state_of_charge"] - same["state_of_charge"]).max() < 2e-3


def test_software_reads_the_initial_state_before_the_first_step():
    """A battery below the limit of dormant mode, a box too warm: both count at once, and flows not yet measured don't."""
    data = YAML(typ="safe", pure=True).load(LANDER.read_text())
    equipment = data["modules"]["lander"]["equipment"]
    equipment["battery"]["initial_charge"] = "9 %"
    equipment["warm-box"]["initial_temperature"] = "320 K"
    short = plan().model_copy(update={"stop": plan().start + timedelta(hours=1), "activities": ()})
    flight = fly(Station.model_validate(data), sky(), short)
    at_once = {event.name: event for event in flight.events if event.time == short.start}
    assert at_once["mode_entered"].text == "Entered dormant mode."
    assert at_once["temperature_high"].cause == "temperature of warm-box 320 K above 318 K"
    assert "load_shed" not in at_once  # nobody knows yet whether the battery charges
    assert flight.telemetry["mode"].iloc[0] == "dormant"


def test_battery_that_cannot_carry_the_loads_does_not_flicker():
    """A battery that gives 12 W at most: each brown-out at night costs an hour of survival mode, not a minute."""
    data = YAML(typ="safe", pure=True).load(LANDER.read_text())
    data["modules"]["lander"]["equipment"]["battery"]["maximum_discharge"] = "12 W"
    data["modules"]["lander"]["equipment"]["warm-box"]["survival"]["minimum"] = "80 K"
    data["modes"]["survival"]["leave"] = [{"reading": "state_of_charge", "above": "30 %"}]
    flight = fly(Station.model_validate(data), sky(), plan())
    rows = flight.telemetry
    browned = rows["unserved_w"] > 0.0
    assert browned.any()
    quiet = ~browned.rolling(61, min_periods=1).max().shift(fill_value=0.0).astype(bool)
    assert (rows["mode"].eq("survival") | quiet | browned).all()
    left = [event for event in flight.events if event.name == "mode_left" and "survival" in event.text]
    assert left
    assert all(event.cause.endswith("no brown-out for 60 min") for event in left)
    assert flight.summary.energy.residual < 1e-9


def test_station_that_survives_a_dead_bus_wakes_up_with_the_sun():
    """Half the battery again, but equipment that stands the cold: the brown-out ends in a cold start."""
    data = YAML(typ="safe", pure=True).load(LANDER.read_text())
    equipment = data["modules"]["lander"]["equipment"]
    equipment["battery"]["capacity"] = "3.5 kWh"
    equipment["warm-box"]["survival"]["minimum"] = "80 K"
    flight = fly(Station.model_validate(data), sky(), plan())
    rows = flight.telemetry
    assert flight.summary.outcome == "alive"
    assert rows["unserved_w"].max() > 0.0
    dark = rows["unserved_w"] > 0.0
    assert (rows.loc[dark, "mode"].iloc[1:] == "survival").all()
    assert rows["mode"].iloc[-1] == "nominal"
    assert flight.summary.energy.residual < 1e-9
