"""Repaired plans of small synthetic stations: what must move moves to the nearest place, all else stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from planning_station import environment, experiment, payload, request, station
from test_random_stations import build, stations

from lunabase.errors import InputError
from lunabase.planning.change import (
    Change,
    Charge,
    Forbidden,
    LostContact,
    LostPower,
    Pin,
    Unavailable,
    changed_environment,
    changed_station,
)
from lunabase.planning.checker import check_plan
from lunabase.planning.plan import Plan
from lunabase.planning.problem import build_problem
from lunabase.planning.repair import repair
from lunabase.planning.solve import make_plan
from lunabase.scheduling.effort import Effort
from lunabase.station.science import Request

BEGIN = datetime(2035, 1, 1, tzinfo=UTC)


def hour(value: float) -> datetime:
    return BEGIN + timedelta(hours=value)


def change(now: float, **parts) -> Change:
    return Change.model_construct(now=hour(now), **parts)


def out(of: str, start: float, stop: float) -> Unavailable:
    return Unavailable.model_construct(of=(of,), start=hour(start), stop=hour(stop), text="broken")


def repaired(model, surroundings, plan: Plan, what: Change) -> Plan:
    after, around = changed_station(model, what), changed_environment(surroundings, what)
    mended = repair(build_problem(after, around, plan.level), plan, what)
    idle = "charge rule, idle station"
    assert [item for item in check_plan(mended, after, around) if item.rule != idle] == []
    return mended


def times(plan: Plan, request_id: str = "x/") -> dict[str, tuple[float, float]]:
    return {
        item.id: (plan.seconds(item.start) / 3600, plan.seconds(item.stop) / 3600)
        for item in plan.activities
        if item.request.startswith(request_id)
    }


@pytest.fixture(scope="module")
def three():
    """Three payloads, each with four activities of 2 h, one each 6 h."""
    every = {"period": "6 h", "tolerance": "2 h"}
    model = station(
        payloads={name: payload() for name in ("eye", "ear", "nose")},
        experiments={
            "x": experiment(
                a=request("look", "eye", "2 h", every=every, priority=7),
                b=request("burn", "ear", "2 h", every=every),
                c=request("listen", "nose", "2 h", count=3),
            )
        },
    )
    surroundings = environment(24, step_s=600.0)
    return model, surroundings, make_plan("0" * 64, model, surroundings, effort=Effort(0.2))


def test_nothing_changes_without_need(three) -> None:
    model, surroundings, plan = three
    mended = repaired(model, surroundings, plan, change(5))
    assert mended.activities == plan.activities
    assert mended.unplaced == plan.unplaced
    assert mended.partners == plan.partners


def test_only_what_breaks_moves_and_no_further_than_it_must(three) -> None:
    model, surroundings, plan = three
    start, _ = times(plan, "x/a")["x/a#3"]
    mended = repaired(model, surroundings, plan, change(5, unavailable=(out("eye", start - 1, start + 0.5),)))
    assert times(mended, "x/b") == times(plan, "x/b")
    assert times(mended, "x/c") == times(plan, "x/c")
    moved = {name for name in times(plan, "x/a") if times(plan)[name] != times(mended).get(name)}
    assert moved == {"x/a#3"}
    assert times(mended)["x/a#3"][0] == start + 0.5


def test_history_stays_and_what_is_under_way_goes_on_or_is_broken_off() -> None:
    model = station(
        payloads={"eye": payload(), "ear": payload()},
        experiments={
            "x": experiment(a=request("look", "eye", "4 h", count=3), b=request("burn", "ear", "4 h", count=2))
        },
    )
    surroundings = environment(24)
    plan = make_plan("0" * 64, model, surroundings)
    now = times(plan)["x/a#1"][0] + 2
    mended = repaired(model, surroundings, plan, change(now, unavailable=(out("eye", now, now + 3),)))
    assert times(mended)["x/b#1"] == times(plan)["x/b#1"]
    assert min(start for start, _ in times(mended, "x/a").values()) >= now + 3
    assert len(times(mended, "x/a")) == 3
    kept = repaired(model, surroundings, plan, change(now, unavailable=(out("ear", now + 10, now + 11),)))
    assert times(kept)["x/a#1"] == times(plan)["x/a#1"]


def test_a_cancelled_request_goes_at_once_but_for_its_history(three) -> None:
    model, surroundings, plan = three
    mended = repaired(model, surroundings, plan, change(9, cancel=("x/a",)))
    assert times(mended, "x/a") == {name: span for name, span in times(plan, "x/a").items() if span[1] <= 9}
    assert times(mended, "x/b") == times(plan, "x/b")
    assert "cancelled" in next(item.reason for item in mended.unplaced if item.request == "x/a")


def test_forbidden_types_and_requests_keep_out(three) -> None:
    model, surroundings, plan = three
    forbidden = (
        Forbidden.model_construct(activity_type="burn", start=hour(8), stop=hour(14)),
        Forbidden.model_construct(request="x/c", start=hour(6), stop=hour(24)),
    )
    mended = repaired(model, surroundings, plan, change(6, forbid=forbidden))
    assert all(stop <= 8 or start >= 14 for start, stop in times(mended, "x/b").values())
    assert all(start < 6 for start, _ in times(mended, "x/c").values())
    assert times(mended, "x/a") == times(plan, "x/a")


def test_a_new_request_pushes_aside_what_is_worth_less() -> None:
    model = station(
        payloads={"eye": payload(), "drill": payload()},
        experiments={"x": experiment(a=request("look", "eye", "20 h", count=1, priority=2))},
    )
    surroundings = environment(24)
    plan = make_plan("0" * 64, model, surroundings)
    assert len(plan.activities) == 1
    urgent = Request.model_validate(request("look", "eye", "6 h", count=1, priority=9))
    mended = repaired(model, surroundings, plan, change(0, requests={"x": {"urgent": urgent}}))
    assert set(times(mended)) == {"x/urgent#1"}
    small = Request.model_validate(request("look", "eye", "6 h", count=1, priority=1))
    mended = repaired(model, surroundings, plan, change(0, requests={"x": {"small": small}}))
    assert set(times(mended)) == {"x/a#1"}
    assert [item.request for item in mended.unplaced] == ["x/small"]


def test_a_follower_follows_what_it_follows(three) -> None:
    model = station(
        payloads={"drill": payload(), "lab": payload()},
        experiments={
            "x": experiment(
                a=request("dig", "drill", "2 h", count=2, priority=3),
                b=request("look", "lab", "1 h", count=2, after=[{"request": "a", "maximum_gap": "3 h"}], priority=8),
            )
        },
    )
    surroundings = environment(48)
    plan = make_plan("0" * 64, model, surroundings)
    first = times(plan)["x/a#1"][0]
    mended = repaired(model, surroundings, plan, change(0, unavailable=(out("drill", first, first + 20),)))
    assert len(mended.activities) == 4  # the checker has seen to the gaps


def test_a_pin_holds_its_time_and_an_impossible_one_says_why(three) -> None:
    model, surroundings, plan = three
    start, _ = times(plan, "x/c")["x/c#2"]
    later = start + (1 if start < 20 else -1)
    pin = Pin.model_construct(activity="x/c#2", start=hour(later))
    mended = repaired(model, surroundings, plan, change(0, pin=(pin,)))
    assert times(mended)["x/c#2"][0] == later
    assert next(item.pinned for item in mended.activities if item.id == "x/c#2")
    shut = change(0, pin=(pin,), unavailable=(out("nose", later, later + 1),))
    with pytest.raises(InputError, match=r"can't be pinned: it needs time outside the reservation of nose"):
        repaired(model, surroundings, plan, shut)
    with pytest.raises(InputError, match="not in the plan"):
        repaired(model, surroundings, plan, change(0, pin=("x/c#9",)))


def test_a_pin_of_the_plan_before_is_kept(three) -> None:
    model, surroundings, plan = three
    pin = Pin.model_construct(activity="x/c#2")
    once = repaired(model, surroundings, plan, change(0, pin=(pin,)))
    again = repaired(model, surroundings, once, change(1))
    assert next(item.pinned for item in again.activities if item.id == "x/c#2")


def test_a_changed_request_must_not_rewrite_history(three) -> None:
    model, surroundings, plan = three
    longer = Request.model_validate(request("listen", "nose", "3 h", count=3))
    first = min(start for start, _ in times(plan, "x/c").values())
    with pytest.raises(InputError, match="another name"):
        repaired(model, surroundings, plan, change(first + 1, requests={"x": {"c": longer}}))


changes = st.fixed_dictionaries(
    {
        "now": st.integers(0, 90),
        "gone": st.sampled_from([None, "p0", "p1", "arm", "base"]),
        "start": st.integers(0, 90),
        "hours": st.integers(1, 30),
        "less_w": st.sampled_from([0.0, 60.0, 400.0]),
        "charge": st.sampled_from([None, 0.3, 0.6, 1.0]),
        "silent": st.booleans(),
    }
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(stations, changes)
def test_any_change_gives_a_plan_without_a_violation(draw, drawn) -> None:
    model = build(draw)
    count = round(96 * 3600 / draw["step"])
    times_h = np.arange(count) * draw["step"] / 3600
    lit = (times_h % draw["lit_period"]) < 0.6 * draw["lit_period"]
    surroundings = environment(96, step_s=draw["step"], lit=lit, earth=(times_h % 31) < 17, ground_k=120.0)
    plan = make_plan("0" * 64, model, surroundings, effort=Effort(0.02))
    span = {"start": hour(drawn["start"]), "stop": hour(drawn["start"] + drawn["hours"])}
    what = change(
        drawn["now"],
        unavailable=(Unavailable.model_construct(of=(drawn["gone"],), text="broken", **span),) if drawn["gone"] else (),
        power=(LostPower.model_construct(less_w=drawn["less_w"], **span),) if drawn["less_w"] else (),
        lost_contacts=(LostContact.model_construct(**span),) if drawn["silent"] else (),
        charge=Charge.model_construct(at=hour(drawn["now"]), value=drawn["charge"]) if drawn["charge"] else None,
    )
    mended = repaired(model, surroundings, plan, what)
    ended = {item for item in plan.activities if item.hold_stop <= what.now}
    assert ended <= set(mended.activities)
