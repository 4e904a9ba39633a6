"""A plan spoilt against its change: each spoiling is noticed by its own rule, the repaired plan by none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from planning_station import environment, experiment, payload, request, station

from lunabase.planning.change import Change, Forbidden, Pin
from lunabase.planning.change_check import change_violations
from lunabase.planning.plan import Plan
from lunabase.planning.solve import make_plan

BEGIN = datetime(2035, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> Plan:
    model = station(
        payloads={"drill": payload()},
        experiments={"x": experiment(a=request("dig", "drill", "2 h", count=3, setup="1 h"))},
    )
    return make_plan("0" * 64, model, environment(24))


def spans(plan: Plan) -> list[tuple[datetime, datetime]]:
    return [(item.hold_start, item.hold_stop) for item in plan.activities]


@pytest.mark.parametrize(
    "meant", [{"request": "x/a"}, {"payload": "drill"}, {"resource": "arm"}, {"activity_type": "dig"}]
)
def test_forbidden_times_are_kept_free(plan: Plan, meant) -> None:
    start, stop = spans(plan)[1]

    def found(begin: datetime, end: datetime, now: datetime = BEGIN) -> set[str]:
        period = Forbidden.model_construct(start=begin, stop=end, **meant)
        return {item.rule for item in change_violations(plan, Change.model_construct(now=now, forbid=(period,)))}

    second = timedelta(seconds=1)
    assert found(start, start + second) == {"forbidden"}  # setup counts
    assert found(stop, spans(plan)[2][0]) == set()
    assert found(start, stop, stop) == set()  # history
    other = {key: "other" for key in meant}
    period = Forbidden.model_construct(start=start, stop=stop, **other)
    assert change_violations(plan, Change.model_construct(now=BEGIN, forbid=(period,))) == ()


def test_cancelled_requests_have_no_future(plan: Plan) -> None:
    start, _ = spans(plan)[1]
    cancelled = change_violations(plan, Change.model_construct(now=start, cancel=("x/a",)))
    assert [item.activities[0] for item in cancelled] == [item.id for item in plan.activities[1:]]
    assert change_violations(plan, Change.model_construct(now=spans(plan)[2][1], cancel=("x/a",))) == ()


def test_pins_are_where_they_should_be(plan: Plan) -> None:
    item = plan.activities[0]

    def found(pin: str | Pin) -> list[str]:
        return [one.rule for one in change_violations(plan, Change.model_construct(now=BEGIN, pin=(pin,)))]

    assert found(item.id) == []
    assert found(Pin.model_construct(activity=item.id, start=item.start)) == []
    assert found(Pin.model_construct(activity=item.id, start=item.hold_start)) == ["pin"]
    assert found("x/a#4") == ["pin"]
