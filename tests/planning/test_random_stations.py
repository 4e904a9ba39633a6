"""Random small stations and synthetic surroundings: no plan of the planner has a violation, every gap has a reason."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from planning_station import BASE, array, battery, environment, experiment, payload, request, station

from lunabase.planning.checker import check_plan
from lunabase.planning.solve import make_plan
from lunabase.scheduling.effort import Effort

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


def build(draw):
    base = {**BASE["modules"]["base"], "payload_power_limit": "170 W", "thermal_node": "box"}
    box = {
        "type": "thermal_node", "heat_capacity": "20 kJ/K", "radiator_area": "0.3 m^2", "radiator_emissivity": "0.8",
        "radiator_absorptance": "0.1", "ground_conductance": "0.2 W/K", "heater": "60 W" if draw["heater"] else "0 W",
        "heater_setpoint": "260 K", "initial_temperature": "280 K", "operating": {"minimum": "250 K", "maximum": "420 K"},
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
    return station(
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


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(stations)
def test_no_plan_has_a_violation(draw) -> None:
    model = build(draw)
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
    for request_id, _, wanted in model.requests():
        placed = [activity for activity in plan.activities if activity.request == request_id]
        assert placed or request_id in missing
        if wanted.count and request_id not in missing:
            assert len(placed) == wanted.count
    assert plan.solver.bound >= plan.solver.objective - 1e-6
