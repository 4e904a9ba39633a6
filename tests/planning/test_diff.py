"""Two plans compared: edits made by hand are found again, whatever numbers the activities carry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_station import environment, experiment, payload, request, station

from lunabase.planning.diff import compare
from lunabase.planning.plan import Plan
from lunabase.planning.solve import make_plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    model = station(
        payloads={"eye": payload(rate="1 kbit/s"), "ear": payload("beta")},
        experiments={
            "x": experiment(a=request("look", "eye", "2 h", count=6)),
            "y": experiment("beta", b=request("burn", "ear", "1 h", every={"period": "6 h", "tolerance": "1 h"})),
        },
    )
    return make_plan("0" * 64, model, environment(24))


def test_a_plan_does_not_differ_from_itself(plan: Plan) -> None:
    same = compare(plan, plan)
    assert same.kept == len(plan.activities) == 10
    assert (same.moved, same.appeared, same.vanished, same.requests) == ((), (), (), ())
    assert all(row.placed_s[0] == row.placed_s[1] > 0 for row in same.partners)


def shifted(item, seconds: float):
    by = timedelta(seconds=seconds)
    return item.model_copy(
        update={name: getattr(item, name) + by for name in ("hold_start", "start", "stop", "hold_stop")}
    )


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_edits_are_found_again(plan: Plan, data) -> None:
    items = list(plan.activities)
    gone = data.draw(st.sets(st.integers(0, len(items) - 1), max_size=3))
    left = [k for k in range(len(items)) if k not in gone]
    later = data.draw(st.dictionaries(st.sampled_from(left), st.sampled_from([-420, 60, 1500]), max_size=4))
    edited = [shifted(items[k], later[k]) if k in later else items[k] for k in left]
    second = plan.model_copy(update={"activities": tuple(edited)})
    found = compare(plan, second)
    assert found.kept == len(left) - len(later)
    assert {item.id: item.later_s for item in found.moved} == {items[k].id: by for k, by in later.items()}
    assert {item.id for item in found.vanished} == {items[k].id for k in gone}
    assert found.appeared == ()
    back = compare(second, plan)
    assert {item.id for item in back.appeared} == {item.id for item in found.vanished}
    lost = {row.request: row.count[0] - row.count[1] for row in found.requests}
    assert sum(lost.values()) == len(gone)


def test_numbers_mean_nothing_where_no_order_asks_for_one(plan: Plan) -> None:
    own = [item for item in plan.activities if item.request == "x/a"]
    rest = [item for item in plan.activities if item.request != "x/a"]
    renumbered = [item.model_copy(update={"id": f"x/a#{number}"}) for number, item in enumerate(own[1:], start=1)]
    found = compare(plan, plan.model_copy(update={"activities": (*rest, *renumbered)}))
    assert found.moved == ()
    assert [item.start for item in found.vanished] == [own[0].start]


def test_another_payload_or_length_is_told(plan: Plan) -> None:
    first = plan.activities[0]
    longer = first.model_copy(update={"payload": "nose", "stop": first.stop + timedelta(minutes=5)})
    found = compare(plan, plan.model_copy(update={"activities": (longer, *plan.activities[1:])}))
    assert [(item.id, item.longer_s, item.instead) for item in found.moved] == [(first.id, 300.0, "payload nose")]
