"""Why something was left out: conflicts that are known by hand, minimal ones, and changes that do let it in."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from planning_station import (
    array,
    battery,
    description,
    environment,
    experiment,
    payload,
    request,
    with_equipment,
)
from test_random_stations import build, stations

from lunabase.planning.conflict import exclusion
from lunabase.planning.construct import fill
from lunabase.planning.explain import unplaced
from lunabase.planning.plan import Unplaced
from lunabase.planning.problem import build_problem
from lunabase.planning.solve import make_plan
from lunabase.planning.timetable import Timetable
from lunabase.planning.trial import Trial, together
from lunabase.station.model import Station


def missing(model, surroundings, request_id: str = "x/r") -> Unplaced:
    plan = make_plan("0" * 64, model, surroundings)
    return next(item for item in plan.unplaced if item.request == request_id)


def asks(**wanted) -> dict:
    """Description of a station with one payload and one request."""
    more = {"activity": "look", "instrument": "eye", **wanted}
    return description(payloads={"eye": payload()}, experiments={"x": experiment(r=request(**more))})


def placed(data: dict, surroundings) -> int:
    return len(make_plan("0" * 64, Station.model_validate(data), surroundings).activities)


def test_a_night_that_is_too_short() -> None:
    lit = np.ones(48, dtype=bool)
    lit[10:14] = False  # three hours surely dark
    data = asks(duration="380 min", count=1, constraints={"light": "dark", "earth": "in view"})
    found = missing(Station.model_validate(data), environment(48, lit=lit))
    assert found.conflict == ("it needs dark for 6 h 20 min; the longest such interval is 3 h",)
    assert found.cheapest_change == "an activity of 3 h instead of 6 h 20 min"
    data["experiments"]["x"]["requests"]["r"]["duration"] = "3 h"
    assert placed(data, environment(48, lit=lit)) == 1


def test_two_constraints_that_never_meet() -> None:
    lit = np.arange(48) < 24
    data = asks(duration="2 h", count=1, constraints={"light": "lit", "earth": "out of view"})
    found = missing(Station.model_validate(data), environment(48, lit=lit, earth=lit))
    assert len(found.conflict) == 2
    assert found.conflict[0].startswith("it needs sunlight for 2 h")
    assert found.conflict[1].startswith("it needs Earth out of view for 2 h")
    assert re.fullmatch("without the constraint: (sunlight|Earth out of view)", found.cheapest_change)


@pytest.mark.parametrize(("limits", "words"), [({"above": "5.5 deg"}, "above"), ({"below": "4.2 deg"}, "below")])
def test_a_limit_is_moved_by_the_least(limits, words) -> None:
    """The Sun stands at 5 deg all day."""
    data = asks(duration="2 h", count=1, constraints={"sun_elevation": limits})
    found = missing(Station.model_validate(data), environment(24))
    assert len(found.conflict) == 1
    moved = float(re.fullmatch(rf"the Sun {words} ([\d.]+) instead of [\d.]+ deg", found.cheapest_change)[1])
    assert moved == pytest.approx(5.0, abs=0.01)
    assert (moved < 5.0) == (words == "above")
    data["experiments"]["x"]["requests"]["r"]["constraints"] = {"sun_elevation": {words: f"{moved} deg"}}
    assert placed(data, environment(24)) == 1


def test_a_rival_that_holds_the_payload() -> None:
    """24 h: 20 h and 6 h do not both fit; of the second, 4 h do."""
    data = asks(duration="6 h", count=1, priority=2)
    data["experiments"]["x"]["requests"]["long"] = request("burn", "eye", "20 h", count=1, priority=9)
    found = missing(Station.model_validate(data), environment(24))
    assert found.conflict == ("payload eye does one thing at a time, and x/long (priority 9) has it then",)
    assert found.cheapest_change == "an activity of 4 h instead of 6 h"


def test_a_rival_that_can_move() -> None:
    """Lit only from 10 h to 14 h, which a rival holds that could be anywhere: it moves."""
    lit = np.isin(np.arange(24), np.arange(10, 15))
    data = asks(duration="4 h", count=1, priority=2, constraints={"light": "lit"})
    data["experiments"]["x"]["requests"]["other"] = request("burn", "eye", "9 h", count=1, priority=9)
    model = Station.model_validate(data)
    timetable = Timetable(build_problem(model, environment(24, lit=lit)))
    fill(timetable, {1})
    other = next(iter(timetable.placed.values()))
    timetable.take(other)
    timetable.put(type(other)(other.task, other.number, 8 * 3600, other.duration_s))
    found = next(item for item in unplaced(timetable) if item.request == "x/r")
    assert found.cheapest_change == "move x/other#1 (priority 9)"
    assert timetable.placed[1, 1].hold_start_s == 8 * 3600  # trying has left no trace


def test_a_rhythm_wants_more_tolerance() -> None:
    """Lit for 11 h each day, but the second day three hours later: 10 h at 30 min of tolerance miss it."""
    hour = np.arange(72)
    lit = np.isin(hour, [*range(5, 17), *range(32, 44), *range(53, 65)])
    data = asks(duration="10 h", every={"period": "24 h", "tolerance": "30 min"}, constraints={"light": "lit"})
    found = missing(Station.model_validate(data), environment(72, lit=lit))
    assert any("must begin between" in item for item in found.conflict)
    tolerance = re.fullmatch(r"a tolerance of (\d+) h(?: (\d+) min)? instead of 30 min", found.cheapest_change)
    minutes = 60 * int(tolerance[1]) + int(tolerance[2] or 0)
    data["experiments"]["x"]["requests"]["r"]["every"]["tolerance"] = f"{minutes} min"
    assert placed(data, environment(72, lit=lit)) == 3


def test_an_order_wants_a_longer_gap() -> None:
    """Dig in the light of the first 4 h; look in the dark, which begins later than 2 h after."""
    data = description(
        payloads={"drill": payload(), "lab": payload()},
        experiments={
            "x": experiment(
                a=request("dig", "drill", "2 h", count=1, constraints={"light": "lit"}),
                r=request("look", "lab", "1 h", count=1, after=[{"request": "a", "maximum_gap": "2 h"}], constraints={"light": "dark"}),
            )
        },
    )  # fmt: skip
    lit = np.arange(24) < 12
    dark_seen = environment(24, lit=lit, earth=np.arange(24) >= 18)
    data["experiments"]["x"]["requests"]["r"]["constraints"]["earth"] = "in view"
    found = missing(Station.model_validate(data), dark_seen)
    gap = re.fullmatch(r"up to (\d+) h instead of 2 h after x/a", found.cheapest_change)
    data["experiments"]["x"]["requests"]["r"]["after"][0]["maximum_gap"] = f"{gap[1]} h"
    assert placed(data, dark_seen) == 2


def test_a_store_that_is_too_small() -> None:
    """Dark: 100 W of base load and 100 W for 10 h out of 3 kWh, down to 30 + 2 %."""
    lit = np.zeros(24, dtype=bool)
    lit[18:] = True
    floor = {"floor": {"type": "minimum_charge", "minimum": "30 %", "text": "Thirty."}}
    data = description(
        modules=with_equipment(cell=battery("3 kWh"), panel=array("3 m^2")),
        payloads={"eye": payload(on="100 W")},
        experiments={"x": experiment(r=request("look", "eye", "4 h", count=1, constraints={"light": "dark"}))},
        flight_rules=floor,
    )
    surroundings = environment(24, lit=lit)
    found = missing(Station.model_validate(data), surroundings)
    assert any("stores would fall" in item for item in found.conflict)
    more = copy.deepcopy(data)
    if "more in the stores" in found.cheapest_change:
        wh = 3000 + int(re.match(r"(\d+) Wh", found.cheapest_change)[1])
        more["modules"]["base"]["equipment"]["cell"]["capacity"] = f"{wh} Wh"
    else:
        length = re.fullmatch(r"an activity of (.+) instead of 4 h", found.cheapest_change)[1]
        minutes = sum(int(n) * {"h": 60, "min": 1}[u] for n, u in re.findall(r"(\d+) (h|min)", length))
        more["experiments"]["x"]["requests"]["r"]["duration"] = f"{minutes} min"
    assert placed(data, surroundings) == 0
    assert placed(more, surroundings) == 1


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(stations)
def test_conflicts_are_minimal(draw) -> None:
    count = round(96 * 3600 / draw["step"])
    hour = np.arange(count) * draw["step"] / 3600
    lit = (hour % draw["lit_period"]) < 0.6 * draw["lit_period"]
    surroundings = environment(96, step_s=draw["step"], lit=lit, earth=(hour % 31) < 17, ground_k=120.0)
    timetable = Timetable(build_problem(build(draw), surroundings))
    fill(timetable)
    before = sorted(timetable.placed.values())
    for item in unplaced(timetable):
        assert item.conflict or item.reason == "the search ended before it was placed"
    assert sorted(timetable.placed.values()) == before
    for index, task in enumerate(timetable.problem.tasks):
        window = next((w for w in task.demand.windows if (index, w.number) not in timetable.placed), None)
        if window is None or task.obstacle:
            continue
        trial = Trial(timetable, index, window, task.demand.minimum_s)
        found = exclusion(trial)
        if not found.members:
            continue
        balance = any(member.kind == "balance" for member in found.members)
        rules = [member for member in found.members if member.kind != "balance"]

        def fits(members, ask_balance, trial=trial):
            allowed = together(members, trial.start_s.size)
            return trial.first_fit(allowed) is not None if ask_balance else bool(allowed.any())

        assert not fits(rules, balance)
        for left_out in rules:
            assert fits([other for other in rules if other is not left_out], balance)
        if balance:
            assert fits(rules, False)
