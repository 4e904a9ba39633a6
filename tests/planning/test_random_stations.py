"""Random small stations and synthetic surroundings: no plan of the planner has a violation, every gap has a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from planning_station import BASE, array, battery, description, environment, experiment, payload, request

from lunabase.planning.checker import check_plan
from lunabase.planning.solve import make_plan
from lunabase.scheduling.effort import Effort
from lunabase.station.model import Station

KINDS = ("radio noise", "vibration", "dust")
NIGHT = {
    "enter": [{"reading": "array_power", "below": "20 W", "lasting": "1 h"}],
    "leave": [{"reading": "array_power", "above": "50 W"}, {"reading": "state_of_charge", "above": "40 %"}],
    "activities": "continuous",
    "standby": False,
    "downlink": False,
}
SAFE = {
    "enter": [{"reading": "state_of_charge", "below": "20 %"}],
    "leave": [{"reading": "state_of_charge", "above": "60 %"}],
    "activities": "none",
    "standby": False,
    "downlink": True,
}

payloads = st.fixed_dictionaries(
    {
        "partner": st.sampled_from(["alpha", "beta"]),
        "on": st.sampled_from(["0 W", "15 W", "60 W", "140 W"]),
        "standby": st.sampled_from(["0 W", "4 W"]),
        "rate": st.sampled_from(["0 bit/s", "5 kbit/s", "90 kbit/s"]),
        "continuous": st.booleans(),
        "disturbs": st.lists(st.sampled_from(KINDS), max_size=1),
        "disturbed_by": st.lists(st.sampled_from(KINDS), max_size=1),
    }
)
amounts = st.one_of(
    st.integers(1, 4).map(lambda n: {"count": n}),
    st.sampled_from([{"period": "24 h", "tolerance": "3 h"}, {"period": "20 h", "tolerance": "10 min"}]).map(
        lambda e: {"every": e}
    ),
    st.sampled_from(["9 h", "30 h"]).map(lambda t: {"total": t}),
)
durations = st.sampled_from(["1 h", "150 min", "7 h", {"minimum": "90 min", "maximum": "8 h"}])
constraints = st.sampled_from(
    [{}, {"light": "lit"}, {"light": "dark"}, {"earth": "in view"}, {"light": "lit", "link": "available"}]
)
requests = st.tuples(
    st.integers(0, 3),
    st.sampled_from(["look", "dig", "listen", "burn", "hold"]),
    durations,
    amounts,
    constraints,
    st.sampled_from(["0 min", "25 min"]),
    st.integers(1, 10),
    st.booleans(),
)
stations = st.fixed_dictionaries(
    {
        "payloads": st.lists(payloads, min_size=4, max_size=4),
        "requests": st.lists(requests, min_size=1, max_size=6),
        "battery_kwh": st.sampled_from([1, 4, 12]),
        "area": st.sampled_from(["1 m^2", "3 m^2"]),
        "initial": st.sampled_from(["35 %", "100 %"]),
        "shedding": st.sampled_from([["annex"], ["p0", "p2"], ["base"]]),
        "lit_period": st.integers(5, 40),
        "step": st.sampled_from([1200.0, 1800.0, 3600.0]),
        "heater": st.booleans(),
    }
)


def describe(draw):
    base = {**BASE["modules"]["base"], "payload_power_limit": "170 W", "thermal_node": "box"}
    box = {
        "type": "thermal_node", "heat_capacity": "20 kJ/K", "radiator_area": "0.3 m^2", "radiator_emissivity": "0.8",
        "radiator_absorptance": "0.1", "ground_conductance": "0.2 W/K", "heater": "60 W" if draw["heater"] else "0 W",
        "heater_setpoint": "260 K", "initial_temperature": "280 K", "operating": {"minimum": "250 K", "maximum": draw.get("hottest", "420 K")},
        "survival": {"minimum": "230 K", "maximum": "430 K"},
    }  # fmt: skip
    cell = {"type": "fuel_cell", "mass": "1 kg", "capacity": "3 kWh", "charge_efficiency": "80 %", "discharge_efficiency": "60 %", "maximum_charge": "300 W", "maximum_discharge": "200 W", "initial_charge": draw["initial"]}  # fmt: skip
    store = battery(
        f"{draw['battery_kwh']} kWh",
        initial_charge=draw["initial"],
        charge_efficiency="95 %",
        discharge_efficiency="95 %",
    )
    small = {**BASE["modules"]["base"]["equipment"]["recorder"], "capacity": "600 Mbit"}
    radio = {**BASE["modules"]["base"]["equipment"]["radio"], "power": "30 W"}
    base["equipment"] = {
        "store": store,
        "cell": cell,
        "panel": array(draw["area"]),
        "recorder": small,
        "radio": radio,
        "box": box,
    }
    base["loads"] = {"nominal": "90 W", "night": "50 W", "safe": "30 W"}
    instruments = {}
    for k, item in enumerate(draw["payloads"]):
        more = {key: item[key] for key in ("continuous", "disturbs", "disturbed_by")}
        power = {"on": item["on"], "standby": item["standby"] if item["on"] != "0 W" else "0 W"}
        instruments[f"p{k}"] = {**payload(partner=item["partner"], rate=item["rate"], **more), "power": power}
    asked = {}
    for k, (owner, kind, duration, amount, held, setup, priority, follows) in enumerate(draw["requests"]):
        after = [{"request": f"r{k - 1}", "minimum_gap": "1 h", "maximum_gap": "30 h"}] if follows and k else []
        asked[f"r{k}"] = request(
            kind, f"p{owner}", duration, priority, constraints=held, setup=setup, teardown=setup, after=after, **amount
        )
    return description(
        modules={"base": base},
        payloads=instruments,
        experiments={"x": experiment(**asked)},
        modes={"night": NIGHT, "safe": SAFE},
        flight_rules={
            "floor": {"type": "minimum_charge", "minimum": "25 %", "text": "A quarter."},
            "peak": {"type": "maximum_power", "maximum": "330 W", "text": "At most 330 W."},
            "fire": {"type": "exclusion", "never": "burn", "during": "look", "text": "No fire."},
        },
        load_shedding={"start_below": "30 %", "restore_above": "45 %", "interval": "1 h", "order": draw["shedding"]},
    )


def build(draw):
    return Station.model_validate(describe(draw))


def build_with_words(draw, drawn):
    return Station.model_validate(with_words(describe({**draw, "hottest": drawn["hottest"]}), drawn))


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(stations)
def test_no_plan_has_a_violation(draw) -> None:
    check(draw, build(draw))


def check(draw, model) -> None:
    """Plan, and let the checker look at it."""
    count = round(96 * 3600 / draw["step"])
    hour = np.arange(count) * draw["step"] / 3600
    surroundings = environment(
        96,
        step_s=draw["step"],
        lit=(hour % draw["lit_period"]) < 0.6 * draw["lit_period"],
        earth=(hour % 31) < 17,
        ground_k=120.0,
    )
    plan = make_plan("0" * 64, model, surroundings, effort=Effort(0.1))
    found = check_plan(plan, model, surroundings)
    assert [item for item in found if item.rule != "charge rule, idle station"] == []
    missing = {item.request for item in plan.unplaced}
    for item in plan.unplaced:
        assert item.reason
        assert item.reason != "the search ended before it was placed"
        assert item.conflict, "what nothing excludes is placed"
    for request_id, _, wanted in model.requests():
        placed = [activity for activity in plan.activities if activity.request == request_id]
        assert placed or request_id in missing or wanted.each is not None  # there may be no such interval
        if wanted.count and request_id not in missing:
            assert len(placed) == wanted.count
    assert plan.solver.bound >= plan.solver.objective - 1e-6


PLACES = {
    "camp": {"name": "Camp", "east": "0 m", "north": "0 m"},
    "ridge": {"name": "Ridge", "east": "1.5 km", "north": "2 km"},
    "rim": {"name": "Rim", "east": "-900 m", "north": "0 m"},
}
CREW = {
    "ann": {"name": "Ann", "partner": "alpha", "qualifications": ["driver", "geologist"]},
    "bob": {"name": "Bob", "partner": "beta", "qualifications": ["driver"]},
    "eve": {"name": "Eve", "partner": "beta", "qualifications": ["geologist"]},
}
RESOURCES = {
    "arm": {"name": "Arm", "host": "base"},
    "cart": {"name": "Cart", "host": "base", "starts_at": "camp", "travel_speed": "0.3 m/s"},
    "sled": {"name": "Sled", "host": "base", "starts_at": "rim", "travel_speed": "1 m/s"},
}
conditions = st.sampled_from(
    [
        {"light": "dark"},
        {"earth": "in view"},
        {"within": [{"variable": "sun_azimuth", "above": "80 deg", "below": "20 deg"}]},
        {"within": [{"variable": "lunar_local_time", "above": "20 h", "below": "4 h"}]},
        {
            "any_of": [
                {"light": "lit"},
                {"earth": "in view", "within": [{"variable": "earth_elevation", "above": "0 deg"}]},
            ]
        },
        {"none_of": [{"light": "lit", "earth": "in view"}]},
    ]
)


def seldom(strategy):
    return st.one_of(st.none(), st.none(), strategy)


words_of_kinds = st.fixed_dictionaries(
    {
        "place": st.sampled_from([None, "ridge", "rim"]),
        "mover": st.sampled_from(["none", "none", "either", "cart", "sled"]),
        "crew": st.sampled_from(
            [[], [], [], [], [{}], [{"qualification": "geologist"}], [{"people": 2}], [{"qualification": "driver"}, {}]]
        ),
        "consumes": st.sampled_from([{}, {"argon": "250 g"}]),
        "mode_when": seldom(conditions),
    }
)
words_of_requests = st.fixed_dictionaries(
    {
        "or_payload": st.booleans(),
        "each": seldom(st.tuples(conditions, st.sampled_from(["0 h", "4 h"]))),
        "constraints": seldom(conditions),
        "committed": st.booleans(),
        "deliver_within": st.sampled_from([None, None, "30 min", "5 h", "14 h"]),
    }
)
reservations = st.tuples(
    st.lists(st.sampled_from(["arm", "cart", "p0", "p2", "ann", "base"]), min_size=1, max_size=2, unique=True),
    st.integers(-5, 90),
    st.sampled_from([30, 210, 700]),
    st.sampled_from([0, 40, 150]),
)
words = st.fixed_dictionaries(
    {
        "kinds": st.lists(words_of_kinds, min_size=5, max_size=5),
        "requests": st.lists(words_of_requests, min_size=6, max_size=6),
        "crew": st.sampled_from([0, 2, 3, 3]),
        "argon": st.sampled_from(["600 g", "2 kg"]),
        "reservations": st.lists(reservations, max_size=2),
        "keep_out": st.none() | st.tuples(conditions, st.sampled_from([["burn", "look"], []])),
        "data_priority": st.sampled_from([3, 5, 9]),
        "hottest": st.sampled_from(["300 K", "320 K", "340 K", "420 K"]),
    }
)


def with_words(data, drawn):
    """A description with places, crew, consumables, reservations, keep-outs, alternatives and more put in."""
    data["places"], data["resources"] = PLACES, RESOURCES
    data["crew"] = {"daily_work": "7 h", "members": CREW}
    data["phases"]["robotic"]["crew"] = drawn["crew"]
    data["modules"]["base"]["crew_capacity"] = 4
    data["consumables"] = {"argon": {"name": "Argon", "amount": drawn["argon"]}}
    data["partners"]["beta"]["data_priority"] = drawn["data_priority"]
    for instrument in data["payloads"].values():
        instrument["power"]["other"] = "25 W"
    for kind, word in zip(data["activity_types"].values(), drawn["kinds"], strict=True):
        kind |= words_of_a_kind(kind, word)
    for wanted, word in zip(data["experiments"]["x"]["requests"].values(), drawn["requests"], strict=False):
        put_words(wanted, word)
    data["reservations"] = {f"kept-{number}": reservation(*item) for number, item in enumerate(drawn["reservations"])}
    if drawn["keep_out"] is not None:
        when, types = drawn["keep_out"]
        rule = {
            "type": "keep_out",
            "activity_types": types,
            "disturbances": ["vibration"],
            "when": when,
            "text": "Out.",
        }
        data["flight_rules"]["out"] = rule
    return data


def words_of_a_kind(kind, word):
    """Keys of an activity type."""
    uses = kind.get("uses", [])
    keys = {"crew": word["crew"], "consumes": word["consumes"]}
    if word["mode_when"] is not None:
        keys["mode_when"] = [{"mode": "other", "when": word["mode_when"]}]
    if word["mover"] == "either":
        keys["uses_one_of"] = ["cart", "sled"]
    elif word["mover"] != "none":
        keys["uses"] = [*uses, word["mover"]]
    if word["place"] and word["mover"] != "none":
        keys["place"] = word["place"]
    return keys


def put_words(wanted, word):
    """Change a request's description."""
    wanted["committed"] = word["committed"]
    if word["deliver_within"] is not None:
        wanted["deliver_within"] = word["deliver_within"]
    if word["or_payload"]:
        wanted["or_payload"] = ["p3" if wanted["payload"] != "p3" else "p1"]
    if word["each"] is not None:
        for amount in ("count", "every", "total"):
            wanted.pop(amount, None)
        wanted["each"] = {"interval": word["each"][0], "shortest": word["each"][1]}
    if word["constraints"] is not None:
        wanted["constraints"] = word["constraints"]


def reservation(of, start_h, minutes, power_w):
    start = datetime(2035, 1, 1) + timedelta(hours=start_h)
    stop = start + timedelta(minutes=minutes)
    return {"of": of, "power": f"{power_w} W", "text": "Kept.", "start": start.isoformat(), "stop": stop.isoformat()}


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(stations, words)
def test_no_plan_with_every_word_has_a_violation(draw, drawn) -> None:
    check(draw, build_with_words(draw, drawn))
