"""A plan made by hand keeps every rule of a station that uses every word; spoiled in one way, it breaks that rule alone."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from planning_station import BASE, environment, experiment, payload, request, station

from lunabase.planning.checker import check_plan
from lunabase.planning.plan import Activity, PartnerOutcome, Plan, SolverSummary, Unplaced

START = datetime(2035, 1, 1, tzinfo=UTC)
HOURS = 48


def hour(value: float) -> datetime:
    return START + timedelta(hours=value)


def text(value: float) -> str:
    return hour(value).isoformat()


DARK = np.zeros(HOURS, dtype=bool)
DARK[10:16] = DARK[30:32] = DARK[40:45] = True
"""Dark from 10 h to 15 h and from 40 h to 44 h; the hour from 30 h is too short to count."""
EARTH = np.ones(HOURS, dtype=bool)
EARTH[20:26] = False
SURROUNDINGS = environment(HOURS, lit=~DARK, earth=EARTH)

BOX = {
    "type": "thermal_node", "heat_capacity": "20 kJ/K", "radiator_area": "1 m^2", "radiator_emissivity": "0.8",
    "radiator_absorptance": "0.1", "ground_conductance": "0 W/K", "heater": "0 W", "heater_setpoint": "260 K",
    "initial_temperature": "280 K", "operating": {"minimum": "250 K", "maximum": "320 K"},
    "survival": {"minimum": "230 K", "maximum": "330 K"},
}  # fmt: skip
PARTS = {
    "phases": {"robotic": {"start": "2035-01-01", "present": ["base", "annex"], "crew": 2}},
    "modules": {
        "base": {
            **BASE["modules"]["base"],
            "crew_capacity": 3,
            "thermal_node": "box",
            "equipment": {**BASE["modules"]["base"]["equipment"], "box": BOX},
        }
    },
    "places": {
        "camp": {"name": "Camp", "east": "0 m", "north": "0 m"},
        "crater": {"name": "Crater", "east": "0 m", "north": "3600 m"},
    },
    "crew": {
        "daily_work": "6 h",
        "members": {
            "ann": {"name": "Ann", "partner": "alpha", "qualifications": ["geologist", "driver"]},
            "bob": {"name": "Bob", "partner": "beta", "qualifications": ["driver"]},
            "eve": {"name": "Eve", "partner": "beta", "qualifications": ["geologist", "driver"]},
        },
    },
    "consumables": {"argon": {"name": "Argon", "amount": "1 kg"}},
    "resources": {
        "cart": {"name": "Cart", "host": "base", "starts_at": "camp", "travel_speed": "1 m/s"},
        "sled": {"name": "Sled", "host": "annex", "starts_at": "camp", "travel_speed": "1 m/s"},
        "dish": {"name": "Dish", "host": "base"},
    },
    "payloads": {
        "drill": payload(on="30 W"),
        "spare": payload(on="20 W", host="annex"),
        "eye": {**payload(), "power": {"on": "10 W", "warm": "25 W"}},
        "ear": {**payload(), "power": {"on": "10 W", "warm": "25 W"}},
        "cam": payload(rate="50 kbit/s"),
        "bulk": payload("beta", rate="50 kbit/s"),
        "hook": payload(),
        "mill": payload("beta"),
        "suit": payload("beta", on="0 W"),
        "horn": payload("beta"),
    },
    "activity_types": {
        "collect": {
            "description": "collect", "uses_one_of": ["cart", "sled"], "place": "crater", "consumes": {"argon": "0.4 kg"},
            "crew": [{"qualification": "geologist"}],
        },
        "fetch": {"description": "fetch", "uses": ["cart"], "place": "camp"},
        "watch": {"description": "watch", "mode_when": [{"mode": "warm", "when": {"earth": "out of view"}}]},
        "walk": {"description": "walk", "crew": [{"people": 2, "qualification": "driver"}]},
        "grind": {"description": "grind", "disturbs": ["dust"]},
        "point": {"description": "point", "uses": ["dish"]},
    },
    "experiments": {
        "x": experiment(
            collect=request("collect", "drill", "2 h", count=2, or_payload=["spare"]),
            fetch=request("fetch", "hook", "1 h", count=1),
            watch=request("watch", "eye", "1 h", each={"interval": {"light": "dark"}, "shortest": "3 h"}),
            warm=request("watch", "ear", "1 h", count=1),
            send=request("look", "cam", "1 h", count=1, deliver_within="2 h", committed=True),
        ),
        "y": experiment(
            "beta",
            bulk=request("look", "bulk", "3 h", count=1),
            walk=request("walk", "suit", "3 h", count=1),
            grind=request("grind", "mill", "1 h", count=1),
            point=request(
                "point", "horn", "1 h", count=1,
                constraints={"any_of": [{"light": "lit"}, {"surface_temperature": {"above": "300 K"}}],
                             "none_of": [{"earth": "out of view"}],
                             "within": [{"variable": "sun_azimuth", "above": "40 deg", "below": "36 deg"}]},
            ),
        ),
    },
    "reservations": {"upkeep": {"of": ["dish"], "start": text(36), "stop": text(38), "text": "Upkeep."}},
    "flight_rules": {
        "quiet": {
            "type": "keep_out", "disturbances": ["dust"], "text": "No dust at midnight.",
            "when": {"within": [{"variable": "lunar_local_time", "above": "22.5 h", "below": "0.5 h"}]},
        },
        "peak": {"type": "maximum_power", "maximum": "400 W", "text": "At most 400 W."},
    },
}  # fmt: skip


PRIORITY = {"alpha": {**BASE["partners"]["alpha"], "data_priority": 8}}


def build(**more):
    """The station with some entries changed."""
    parts = {"partners": PRIORITY, **copy.deepcopy(PARTS)}
    for key, entries in more.items():
        parts[key] = {**parts.get(key, {}), **entries}
    return station(**parts)


STATION = build()


def activity(
    name: str, start_h: float, *, payload: str = "", chosen: tuple[str, ...] = (), crew=(), mode="on"
) -> Activity:
    """One activity as the station file has it, with what is chosen for it."""
    request_id = name.partition("#")[0]
    wanted = STATION.experiments[request_id[0]].requests[request_id[2:]]
    kind = STATION.activity_types[wanted.activity]
    instrument = STATION.payloads[payload or wanted.payload]
    length = timedelta(seconds=wanted.duration_s)
    return Activity(
        id=name,
        request=request_id,
        experiment=request_id[0],
        partner=STATION.experiments[request_id[0]].partner,
        activity_type=wanted.activity,
        payload=payload or wanted.payload,
        host=instrument.host,
        mode=mode,
        hold_start=hour(start_h),
        start=hour(start_h),
        stop=hour(start_h) + length,
        hold_stop=hour(start_h) + length,
        power_w=instrument.power[mode],
        data_bit=instrument.data_rate_bit_per_s * wanted.duration_s,
        priority=wanted.priority,
        resources=(*kind.uses, *chosen),
        crew=crew,
        committed=wanted.committed,
    )


GOOD = {
    item.id: item
    for item in (
        activity("x/collect#1", 2, chosen=("cart",), crew=("ann",)),
        activity("x/collect#2", 6, payload="spare", chosen=("cart",), crew=("ann",)),
        activity("x/fetch#1", 10),
        activity("x/watch#1", 11),
        activity("x/watch#2", 41),
        activity("x/warm#1", 21, mode="warm"),
        activity("x/send#1", 24),
        activity("y/bulk#1", 20),
        activity("y/walk#1", 33, crew=("bob", "ann")),
        activity("y/grind#1", 17),
        activity("y/point#1", 38),
    )
}


def plan_of(activities, unplaced=(), **fields) -> Plan:
    """A plan of these activities, true about itself."""
    items = tuple(sorted(activities, key=lambda item: (item.hold_start, item.id)))
    whole_j = sum(item.power_w * item.duration_s for item in items)
    partners = []
    for name, partner in STATION.partners.items():
        own = [item for item in items if item.partner == name]
        energy_j = sum(item.power_w * item.duration_s for item in own)
        partners.append(
            PartnerOutcome(
                partner=name,
                share=partner.share,
                received=energy_j / whole_j if whole_j else 0.0,
                requested_s=0.0,
                placed_s=sum(item.duration_s for item in own),
                energy_j=energy_j,
                data_bit=sum(item.data_bit for item in own),
            )
        )
    reasons = tuple(
        Unplaced(request=name, experiment="x", partner="alpha", priority=5, wanted="", placed="", reason="Test.")
        for name in unplaced
    )
    solver = SolverSummary(solver="by hand", status="feasible", objective=0.0, bound=0.0, seed=0, work_limit=0.0)
    frame = {
        "station": "Test Station", "station_sha256": "0" * 64, "phase": "robotic", "start": START,
        "stop": hour(HOURS), "cell_s": 3600,
    }  # fmt: skip
    return Plan(**(frame | fields), activities=items, unplaced=reasons, partners=tuple(partners), solver=solver)


PLAN = plan_of(GOOD.values())


def rules(activities, model=STATION, **more) -> set[str]:
    return {item.rule for item in check_plan(plan_of(activities, **more), model, SURROUNDINGS)}


def with_changed(name: str, **fields) -> list[Activity]:
    return [item.model_copy(update=fields) if item.id == name else item for item in GOOD.values()]


def with_moved(name: str, start_h: float) -> list[Activity]:
    shift = hour(start_h) - GOOD[name].start
    times = ("hold_start", "start", "stop", "hold_stop")
    return with_changed(name, **{field: getattr(GOOD[name], field) + shift for field in times})


def test_the_plan_made_by_hand_is_good() -> None:
    assert check_plan(PLAN, STATION, SURROUNDINGS) == ()


MOVED = {
    "no time to drive there": ("x/collect#1", 0.5, "travel"),
    "just enough time": ("x/collect#1", 1.0, None),
    "no time to drive back": ("x/fetch#1", 8.5, "travel"),
    "just enough time to drive back": ("x/fetch#1", 9.0, None),
    "stays where it stands": ("x/collect#2", 4.0, None),
    "one person in two places": ("x/collect#2", 34, "crew overlap"),
    "more than a day's work": ("y/walk#1", 13, "crew hours"),
    "split by midnight": ("y/walk#1", 22, None),
    "reserved": ("y/point#1", 37.5, "reservation"),
    "up to the reservation": ("y/point#1", 35, None),
    "kept out": ("y/grind#1", 22, "keep-out"),
    "one epoch into the keep-out": ("y/grind#1", 21.5, "keep-out"),
    "after the keep-out": ("y/grind#1", 25, None),
    "before its interval": ("x/watch#1", 9, "each"),
    "over the edge of its interval": ("x/watch#1", 14.5, "each"),
    "up to the edge of its interval": ("x/watch#1", 14, None),
    "in another's interval": ("x/watch#2", 13, "each"),
    "in an interval too short to count": ("x/watch#2", 30, "each"),
    "data too late": ("x/send#1", 23.4, "delivery"),
    "data in time": ("x/send#1", 23.6, None),
    "none of the alternatives holds": ("y/point#1", 42, "any of"),
    "an exclusion holds": ("y/point#1", 22, "none of"),
    "outside a range that wraps": ("y/point#1", 28, "sun azimuth"),
    "the wrong mode for this place": ("x/warm#1", 3, "request"),
}


@pytest.mark.parametrize("name", MOVED)
def test_an_activity_moved_breaks_one_rule_or_none(name: str) -> None:
    activity_id, start_h, rule = MOVED[name]
    assert rules(with_moved(activity_id, start_h)) == ({rule} if rule else set())


CHANGED = {
    "another payload than offered": ("x/collect#1", {"payload": "hook"}, {"request"}),
    "the host of the other payload": ("x/collect#2", {"host": "base"}, {"request"}),
    "the power of the other payload": ("x/collect#2", {"power_w": 30.0}, {"request"}),
    "another vehicle": ("x/collect#2", {"resources": ("sled",)}, set()),
    "both vehicles": ("x/collect#2", {"resources": ("cart", "sled")}, {"request"}),
    "no vehicle": ("x/collect#2", {"resources": ()}, {"request", "place"}),
    "something else held": ("x/collect#2", {"resources": ("dish",)}, {"request", "place"}),
    "the everyday mode": ("x/warm#1", {"mode": "on", "power_w": 10.0}, {"request"}),
    "the power of the everyday mode": ("x/warm#1", {"power_w": 10.0}, {"request"}),
    "no longer promised": ("x/send#1", {"committed": False}, {"request"}),
    "promised by nobody": ("x/warm#1", {"committed": True}, {"request"}),
    "nobody": ("x/collect#1", {"crew": ()}, {"crew need"}),
    "not on the station": ("x/collect#1", {"crew": ("eve",)}, {"crew need"}),
    "a stranger": ("x/collect#1", {"crew": ("zoe",)}, {"crew need"}),
    "not qualified": ("x/collect#1", {"crew": ("bob",)}, {"crew need"}),
    "too many": ("x/collect#1", {"crew": ("ann", "bob")}, {"crew need"}),
    "one for two": ("y/walk#1", {"crew": ("ann",)}, {"crew need"}),
    "one twice": ("y/walk#1", {"crew": ("ann", "ann")}, {"crew need"}),
    "people for nothing": ("y/grind#1", {"crew": ("bob",)}, {"crew need"}),
    "an interval that is none": ("x/watch#2", {"id": "x/watch#3"}, {"amount"}),
    "data for nothing": ("x/send#1", {"data_bit": 0.0}, {"request"}),
}


@pytest.mark.parametrize("name", CHANGED)
def test_an_activity_changed_breaks_these_rules(name: str) -> None:
    activity_id, fields, expected = CHANGED[name]
    assert rules(with_changed(activity_id, **fields)) == expected


@pytest.mark.parametrize("name", GOOD)
def test_an_activity_left_out_needs_a_reason(name: str) -> None:
    rest = [item for item in GOOD.values() if item.id != name]
    assert rules(rest) == {"unplaced"}
    assert rules(rest, unplaced=[GOOD[name].request]) == set()


def reserved(start_h: float, stop_h: float, *names: str, power="0 W"):
    entry = {"of": list(names), "power": power, "start": text(start_h), "stop": text(stop_h), "text": "Kept."}
    return {"reservations": {"kept": entry}}


def equipment(**more):
    base = PARTS["modules"]["base"]
    return {"modules": {"base": {**base, "equipment": {**base["equipment"], **more}}}}


HARSHER = {
    "less argon": ({"consumables": {"argon": {"name": "Argon", "amount": "0.7 kg"}}}, "consumable"),
    "just enough argon": ({"consumables": {"argon": {"name": "Argon", "amount": "0.8 kg"}}}, None),
    "the payload is reserved": (reserved(3, 5, "drill"), "reservation"),
    "the other payload is reserved": (reserved(3, 5, "spare"), None),
    "the module of the payload is reserved": (reserved(6, 7, "annex"), "reservation"),
    "the module of the vehicle is reserved": (reserved(10.5, 10.6, "base"), "reservation"),
    "another module is reserved": (reserved(2, 4, "annex"), None),
    "a person is reserved": (reserved(33, 34, "bob"), "reservation"),
    "reserved between the activities": (reserved(4, 6, "cart", "ann", "drill", "spare"), None),
    "reserved long ago": (reserved(-500, -400, "cart"), None),
    "power is reserved": (reserved(3, 3.5, power="300 W"), "maximum power"),
    "a little power is reserved": (reserved(3, 3.5, power="200 W"), None),
    "power is reserved while nothing works": (reserved(4, 6, power="300 W"), None),
    "power is reserved from the end of the work": (reserved(4, 5, power="300 W"), None),
    "a smaller radiator": (equipment(box={**BOX, "radiator_area": "0.26 m^2"}), "heat"),
    "a radiator just large enough": (equipment(box={**BOX, "radiator_area": "0.30 m^2"}), None),
    "a radiator in the Sun": (
        equipment(box={**BOX, "radiator_area": "0.30 m^2", "radiator_absorptance": "1"}),
        "heat",
    ),
    "warm ground": (equipment(box={**BOX, "radiator_area": "0 m^2", "ground_conductance": "1.05 W/K"}), "heat"),
    "cold ground": (equipment(box={**BOX, "radiator_area": "0 m^2", "ground_conductance": "1.15 W/K"}), None),
    "the data of others go first": ({"partners": {"beta": {**BASE["partners"]["beta"], "data_priority": 9}}}, "delivery"),
    "first made, first sent": ({"partners": {"beta": {**BASE["partners"]["beta"], "data_priority": 8}}}, "delivery"),
    "a slow radio": (
        equipment(radio={"type": "radio", "mass": "1 kg", "rate_to_earth": "30 kbit/s", "power": "0 W"}),
        "delivery",
    ),
    "a slower vehicle": (
        {"resources": {"cart": {"name": "Cart", "host": "base", "starts_at": "camp", "travel_speed": "0.4 m/s"}}},
        "travel",
    ),
    "a longer way": ({"places": {"crater": {"name": "Crater", "east": "9 km", "north": "3 km"}}}, "travel"),
    "a shorter day": ({"crew": {**PARTS["crew"], "daily_work": "3.9 h"}}, "crew hours"),
    "another person first": (
        {"crew": {"daily_work": "6 h", "members": dict(reversed(PARTS["crew"]["members"].items()))}},
        "crew need",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARSHER)
def test_a_station_that_allows_less_breaks_one_rule(name: str) -> None:
    parts, rule = HARSHER[name]
    assert rules(GOOD.values(), build(**parts)) == ({rule} if rule else set())


def test_what_a_station_at_rest_cannot_get_rid_of_is_not_the_plans_fault() -> None:
    """The module alone is too warm: nothing may warm it more, but what draws nothing or is elsewhere may run."""
    model = build(**equipment(box={**BOX, "radiator_area": "0.1 m^2"}))
    cool = [GOOD["x/collect#2"], GOOD["y/walk#1"]]
    missing = [name for name, _, _ in STATION.requests()]
    assert rules(cool, model, unplaced=missing) == set()
    assert rules([*cool, GOOD["x/fetch#1"]], model, unplaced=missing) == {"heat"}


def inside(activities, coarser: Plan = PLAN, **fields) -> set[str]:
    """Rules broken by a plan on board within a coarser one."""
    plan = plan_of(activities, level="on board", **fields)
    return {item.rule for item in check_plan(plan, STATION, SURROUNDINGS, within=coarser)}


def test_a_finer_plan_stays_inside_the_coarser() -> None:
    assert inside(GOOD.values()) == set()
    assert inside(with_moved("y/walk#1", 34)) == set()
    assert inside(with_moved("y/walk#1", 34.1)) == {"level"}
    assert inside(with_moved("y/walk#1", 31.9)) == {"level"}
    fewer = plan_of([item for item in GOOD.values() if item.id != "x/collect#2"])
    assert inside(GOOD.values(), fewer) == {"level"}
    assert inside([item for item in GOOD.values() if item.id != "x/collect#2"], fewer) == set()
    assert inside([item for item in GOOD.values() if item.request != "x/collect"], fewer) == {"unplaced"}
    assert inside(GOOD.values(), plan_of(GOOD.values(), stop=hour(40))) == {"level"}
    assert inside(GOOD.values(), PLAN.model_copy(update={"level": "on board"})) == set()
    assert {
        item.rule for item in check_plan(PLAN, STATION, SURROUNDINGS, within=plan_of(GOOD.values(), level="weekly"))
    } == {"level"}


def test_what_is_pinned_stands_in_the_finer_plan() -> None:
    pinned = plan_of(with_changed("y/walk#1", pinned=True))
    assert inside(with_changed("y/walk#1", pinned=True), pinned) == set()
    assert inside(GOOD.values(), pinned) == {"pin"}
    moved = [item.model_copy(update={"pinned": item.id == "y/walk#1"}) for item in with_moved("y/walk#1", 33.5)]
    assert inside(moved, pinned) == {"pin"}
