"""Finer plans inside coarser ones: the same activities near their times, and no others."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import xarray as xr
from planning_station import environment, experiment, payload, request, station

from lunabase.errors import InputError
from lunabase.planning.checker import check_plan
from lunabase.planning.plan import Plan
from lunabase.planning.solve import make_plan
from lunabase.station.model import Station

CELL_S = 3600
CLAIMS = ("partners", "unplaced", "goals")


def model() -> Station:
    requests = {
        "daily": request("look", "eye", "3 h", every={"period": "24 h", "tolerance": "2 h"}),
        "exact": request("look", "ear", "1 h", every={"period": "12 h", "tolerance": "0 s"}),
        "pieces": request("look", "nose", {"minimum": "2 h", "maximum": "5 h"}, total="60 h", priority=6),
        "drive": request("look", "eye", "2 h", count=6, setup="30 min"),
        "sample": request("look", "ear", "2 h", count=6, after=[{"request": "drive", "maximum_gap": "30 h"}]),
    }
    payloads = {name: payload() for name in ("eye", "ear", "nose")}
    return station(payloads=payloads, experiments={"x": experiment(**requests)})


def coarse() -> tuple[Plan, xr.Dataset]:
    surroundings = environment(240, step_s=3600.0, lit=np.arange(240) % 30 < 22)
    return make_plan("0" * 64, model(), surroundings, level="long-term"), surroundings


@pytest.mark.parametrize("first_h", [0, 48, 101, 192])
def test_a_finer_plan_holds_what_lies_inside_near_its_time(first_h: int) -> None:
    above, surroundings = coarse()
    part = surroundings.isel(time=slice(first_h, first_h + 48)).resample(time="10min").nearest()
    fine = make_plan("0" * 64, model(), part, level="weekly", within=above, within_sha256="1" * 64)
    expected = {
        item.id: item.hold_start
        for item in above.activities
        if fine.start <= item.hold_start and item.hold_stop <= fine.stop
    }
    placed = {item.id: item.hold_start for item in fine.activities}
    assert set(placed) <= set(expected)
    assert len(placed) >= 0.9 * len(expected) > 0
    assert all(abs(placed[name] - expected[name]) < timedelta(seconds=above.cell_s) for name in placed)
    assert (fine.level, fine.within_sha256) == ("weekly", "1" * 64)
    crossing = [
        item
        for item in above.activities
        if item.hold_start < fine.stop and item.hold_stop > fine.start and item.id not in expected
    ]
    for outer in crossing:
        for item in fine.activities:
            if item.payload == outer.payload:
                assert item.hold_stop <= outer.hold_start or item.hold_start >= outer.hold_stop


def test_together_the_finer_plans_keep_every_rule() -> None:
    """Two halves of a span, refined one by one, and the checker on both at once."""
    above, surroundings = coarse()
    halves = [
        make_plan("0" * 64, model(), surroundings.isel(time=part), level="weekly", within=above)
        for part in (slice(0, 120), slice(120, 240))
    ]
    activities = tuple(item for half in halves for item in half.activities)
    whole = above.model_copy(update={"activities": activities})
    wrong = [item for item in check_plan(whole, model(), surroundings) if item.rule not in CLAIMS]
    assert wrong == []
    assert len(activities) >= 0.9 * len(above.activities)


def test_a_span_beside_the_coarser_plan_is_refused() -> None:
    above, surroundings = coarse()
    later = surroundings.isel(time=slice(0, 48)).assign_coords(time=surroundings["time"][:48] + np.timedelta64(9, "D"))
    with pytest.raises(InputError, match="coarser plan runs from"):
        make_plan("0" * 64, model(), later, within=above)


def test_a_piece_of_a_total_does_not_wander_to_where_there_is_more_room() -> None:
    """The coarser plan has five hours at noon; in the finer, midnight would do as well."""
    wanted = {"pieces": request("look", "eye", {"minimum": "2 h", "maximum": "5 h"}, total="60 h")}
    own = station(payloads={"eye": payload()}, experiments={"x": experiment(**wanted)})
    surroundings = environment(24)
    above = make_plan("0" * 64, own, surroundings)
    first = above.activities[0]
    shift = above.start + timedelta(hours=12) - first.hold_start
    times = {name: getattr(first, name) + shift for name in ("hold_start", "start", "stop", "hold_stop")}
    above = above.model_copy(update={"activities": (first.model_copy(update=times),), "cell_s": CELL_S})
    fine = make_plan("0" * 64, own, surroundings, level="on board", within=above)
    assert [abs(item.start - times["start"]) < timedelta(hours=1) for item in fine.activities] == [True]
    assert fine.activities[0].duration_s == 5 * 3600
    assert check_plan(fine, own, surroundings, within=above) == ()


def test_a_rover_stands_where_the_coarser_plan_left_it() -> None:
    """Ten hours to the rim: a day that begins there has no time for the way."""
    kinds = {"drill": {"description": "drill", "uses": ["cart"], "place": "rim"}}
    places = {
        "camp": {"name": "Camp", "east": "0 m", "north": "0 m"},
        "rim": {"name": "Rim", "east": "36 km", "north": "0 m"},
    }
    cart = {"cart": {"name": "Cart", "host": "base", "starts_at": "camp", "travel_speed": "1 m/s"}}
    own = station(
        payloads={"eye": payload()},
        activity_types=kinds,
        places=places,
        resources=cart,
        experiments={"x": experiment(r=request("drill", "eye", "2 h", count=12))},
    )
    surroundings = environment(40)
    above = make_plan("0" * 64, own, surroundings)
    assert above.activities[0].hold_start - above.start >= timedelta(hours=10)
    assert len(above.activities) == 12
    part = surroundings.isel(time=slice(14, 26))
    fine = make_plan("0" * 64, own, part, level="on board", within=above)
    assert len(fine.activities) >= 5
    assert check_plan(fine, own, part, within=above) == ()
    assert {item.rule for item in check_plan(fine, own, part)} >= {"travel"}
