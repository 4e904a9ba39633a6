"""What the planner expects of a station after a change: less generation, a charge that was measured."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from planning_station import array, battery, environment, station, with_equipment

from lunabase.planning.change import Change, Charge, LostPower, changed_environment
from lunabase.planning.problem import build_problem


def moment(hour: int) -> datetime:
    return datetime(2035, 1, 1, hour, tzinfo=UTC)


def test_a_measured_charge_takes_the_place_of_the_expected_one() -> None:
    """100 W from 10 kWh: 1 % an hour, from 80 % on at the tenth hour."""
    change = Change.model_construct(now=moment(12), charge=Charge.model_construct(at=moment(10), value=0.8))
    surroundings = changed_environment(environment(24, lit=False), change)
    problem = build_problem(station(modules=with_equipment(cell=battery("10 kWh"))), surroundings)
    hours = np.arange(1, 25)
    expected = np.where(hours <= 10, 1.0 - 0.01 * hours, 0.8 - 0.01 * (hours - 10))
    np.testing.assert_allclose(problem.idle.charge, expected, rtol=1e-12)


@pytest.mark.parametrize(("less_w", "left_w"), [(300.0, 1216.6), (1200.0, 316.6), (9e9, 0.0)])
def test_arrays_fail_before_the_other_sources(less_w: float, left_w: float) -> None:
    """1.361 kW/m2 * 2 m2 * 30 % = 816.6 W of arrays, and 700 W of fission."""
    loss = LostPower.model_construct(start=moment(5), stop=moment(7), less_w=less_w)
    surroundings = changed_environment(environment(24), Change.model_construct(now=moment(0), power=(loss,)))
    reactor = {"type": "fission_source", "mass": "1 kg", "power": "700 W"}
    modules = with_equipment(cell=battery("10 kWh"), panel=array("2 m^2"), reactor=reactor)
    expected = build_problem(station(modules=modules), surroundings).forecast
    generated_w = expected.array_w + expected.source_w
    np.testing.assert_allclose(generated_w[[5, 6]], left_w, atol=0.01)
    np.testing.assert_allclose(generated_w[[4, 7]], 1516.6, atol=0.01)
    if less_w < 816.6:
        assert expected.source_w[5] == 700.0
