"""The reference station's month, whole: planned without violation, flown, alive, balanced."""

from pathlib import Path

import pytest

from lunabase.planning.checker import check_plan
from lunabase.runs.planning import RunOptions
from lunabase.runs.run import run_station
from lunabase.station.load import load_station

EXAMPLE = Path(__file__).parents[2] / "examples" / "ilrs.yaml"


@pytest.fixture(scope="module")
def month(no_progress):
    return run_station(load_station(EXAMPLE), RunOptions(step_s=300.0), no_progress)


def test_the_plan_has_no_violation(month):
    assert check_plan(month.plan, month.station, month.environment) == ()


def test_most_requests_are_served_and_every_other_has_a_reason(month):
    served = {activity.request for activity in month.plan.activities}
    missing = {item.request: item for item in month.plan.unplaced}
    for request_id, _, _ in month.station.requests():
        assert request_id in served or missing[request_id].reason
    assert len(served) > len(missing)


def test_impossible_requests_are_named_as_such(month):
    reasons = {item.request: item.reason for item in month.plan.unplaced}
    assert "crew" in reasons["plants/tend"]  # the robotic phase has nobody on board
    assert "horizon" in reasons["pole-seismic-network/unbroken"]  # 137 days in one piece


def test_the_station_lives_within_its_rules(month):
    assert month.summary.outcome == "alive"
    assert month.telemetry["state_of_charge"].min() >= month.station.charge_floor
    assert (month.telemetry["unserved_w"] == 0.0).all()


def test_energy_and_data_balance(month):
    assert month.summary.energy.residual <= 1e-9
    assert month.summary.data.residual <= 1e-9


def test_the_ledger_agrees_with_the_telemetry(month):
    """Independent of the ledger's own sums: power times step, from the telemetry."""
    telemetry, energy = month.telemetry, month.summary.energy
    generated_j = float((telemetry["array_power_w"] + telemetry["source_w"]).sum()) * 300.0
    assert sum(energy.inflow.values()) == pytest.approx(generated_j, rel=1e-9)
    delivered_bit = float(telemetry["downlink_bit_per_s"].sum()) * 300.0
    assert sum(month.summary.data.used.values()) == pytest.approx(delivered_bit, rel=1e-9)
