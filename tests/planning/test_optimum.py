"""Tiny problems: the planner's plan is worth as much as the best of all plans, found by trying every one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_station import environment, experiment, payload, request, station

from lunabase.planning.checker import check_plan
from lunabase.planning.solve import make_plan

HOURS = 12
TYPES = ("look", "dig", "listen", "hold")
# hold and dig share the arm; dig shakes what listens.
CLASHES = {frozenset(("dig", "hold")), frozenset(("dig",)), frozenset(("hold",)), frozenset(("dig", "listen"))}


def worth(chosen, wanted, powers) -> float:
    """Value by priority (doubling), plus 128 times the part served of the worst-served partner (documented objective)."""
    value = sum(2.0 ** (wanted[k][3] - 1) / wanted[k][2] for k, _ in chosen)
    asked = {
        partner: sum(powers[k] * w[1] * w[2] for k, w in enumerate(wanted) if k % 2 == side)
        for side, partner in enumerate(("alpha", "beta"))
    }
    total = sum(asked.values())
    served = []
    for side, partner in enumerate(("alpha", "beta")):
        entitled = min(asked[partner], 0.5 * total)
        got = sum(powers[k] * wanted[k][1] for k, _ in chosen if k % 2 == side)
        served.append(min(got / entitled, 1.0) if entitled > 0 else 1.0)
    return value + 128.0 * min(served)


def best_by_trying(wanted, powers, limit_w) -> float:
    """Depth-first over all subsets of all starts."""
    options = []
    for _, length, count, _ in wanted:
        starts = range(HOURS - length + 1)
        sets = [
            c
            for n in range(count + 1)
            for c in itertools.combinations(starts, n)
            if all(b - a >= length for a, b in itertools.pairwise(c))
        ]
        options.append(sets)
    best = 0.0
    for combination in itertools.product(*options):
        chosen = [(k, s) for k, starts in enumerate(combination) for s in starts]
        value = worth(chosen, wanted, powers)
        if value > best and feasible(chosen, wanted, powers, limit_w):
            best = value
    return best


def feasible(chosen, wanted, powers, limit_w) -> bool:
    for (a, s), (b, t) in itertools.combinations(chosen, 2):
        overlap = s < t + wanted[b][1] and t < s + wanted[a][1]
        if overlap and (a == b or frozenset((wanted[a][0], wanted[b][0])) in CLASHES):
            return False
    return all(sum(powers[k] for k, s in chosen if s <= hour < s + wanted[k][1]) <= limit_w for hour in range(HOURS))


activity = st.tuples(st.sampled_from(TYPES), st.integers(3, 7), st.integers(1, 2), st.integers(3, 8))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(activity, min_size=2, max_size=3), st.sampled_from([20, 30]))
def test_planner_finds_the_optimum(wanted, limit_w) -> None:
    powers = [20.0, 10.0, 10.0][: len(wanted)]
    requests = {"alpha": {}, "beta": {}}
    payloads = {}
    for k, (kind, length, count, priority) in enumerate(wanted):
        partner = "beta" if k % 2 else "alpha"
        payloads[f"p{k}"] = payload(partner=partner, on=f"{powers[k]} W")
        requests[partner][f"r{k}"] = request(kind, f"p{k}", f"{length} h", priority=priority, count=count)
    model = station(
        payloads=payloads,
        experiments={partner: experiment(partner=partner, **own) for partner, own in requests.items() if own},
        flight_rules={"peak": {"type": "maximum_power", "maximum": f"{100 + limit_w} W", "text": "Peak."}},
    )
    surroundings = environment(HOURS)
    plan = make_plan("0" * 64, model, surroundings)
    assert check_plan(plan, model, surroundings) == ()
    assert plan.solver.status == "optimal"
    # the solver counts fairness in thousandths
    assert plan.solver.objective == pytest.approx(best_by_trying(wanted, powers, limit_w), abs=0.13)
    assert plan.solver.bound >= plan.solver.objective - 1e-9


DAY = 8
CART = {"dig": "crater", "fetch": "camp"}
NEEDS_CREW = ("dig", "tend")
WORK_H = 5
ARGON = 2


def best_with_words(wanted) -> float:
    """As `best_by_trying`, with a cart that drives an hour from place to place, a person, a substance, and two cameras."""
    powers = [10.0] * len(wanted)
    options = []
    for kind, length, count, _ in wanted:
        ways = ("a", "b") if kind == "look" else ("",)
        single = [(start, way) for start in range(DAY - length + 1) for way in ways]
        options.append([c for n in range(count + 1) for c in itertools.combinations(single, n)])
    best = 0.0
    for combination in itertools.product(*options):
        chosen = [(k, start, way) for k, starts in enumerate(combination) for start, way in starts]
        value = worth([(k, start) for k, start, _ in chosen], wanted, powers)
        if value > best and works(chosen, wanted):
            best = value
    return best


def works(chosen, wanted) -> bool:
    spans = [(start, start + wanted[k][1], wanted[k][0], k, way) for k, start, way in chosen]
    for one, other in itertools.combinations(spans, 2):
        if one[0] < other[1] and other[0] < one[1]:
            same_instrument = one[2] == other[2] == "look" and one[4] == other[4]
            own_instrument = one[3] == other[3] and one[2] != "look"
            same_person = one[2] in NEEDS_CREW and other[2] in NEEDS_CREW
            same_cart = one[2] in CART and other[2] in CART
            if same_instrument or own_instrument or same_person or same_cart:
                return False
    place, free = "camp", 0
    for start, stop, kind, _, _ in sorted(item for item in spans if item[2] in CART):
        if start < free + (CART[kind] != place):
            return False
        place, free = CART[kind], stop
    tired = sum(stop - start for start, stop, kind, _, _ in spans if kind in NEEDS_CREW) > WORK_H
    return not tired and sum(kind == "dig" for _, _, kind, _, _ in spans) <= ARGON


def station_with_words(wanted):
    requests: dict = {"alpha": {}, "beta": {}}
    instruments = {"eye-a": payload(on="10 W"), "eye-b": payload(on="10 W")}
    for k, (kind, length, count, priority) in enumerate(wanted):
        partner = "beta" if k % 2 else "alpha"
        instruments[f"p{k}"] = payload(partner=partner, on="10 W")
        more = {"or_payload": ["eye-b"]} if kind == "look" else {}
        name = "eye-a" if kind == "look" else f"p{k}"
        requests[partner][f"r{k}"] = request(kind, name, f"{length} h", priority=priority, count=count, **more)
    kinds = {
        "look": {"description": "look"},
        "dig": {"description": "dig", "uses": ["cart"], "place": "crater", "crew": [{}], "consumes": {"argon": "1 kg"}},
        "fetch": {"description": "fetch", "uses": ["cart"], "place": "camp"},
        "tend": {"description": "tend", "crew": [{}]},
    }
    return station(
        payloads=instruments,
        activity_types=kinds,
        experiments={partner: experiment(partner=partner, **own) for partner, own in requests.items() if own},
        phases={"robotic": {"start": "2035-01-01", "present": ["base"], "crew": 1}},
        places={
            "camp": {"name": "Camp", "east": "0 m", "north": "0 m"},
            "crater": {"name": "Crater", "east": "3.6 km", "north": "0 m"},
        },
        resources={"cart": {"name": "Cart", "host": "base", "starts_at": "camp", "travel_speed": "1 m/s"}},
        crew={"daily_work": f"{WORK_H} h", "members": {"ann": {"name": "Ann", "partner": "alpha"}}},
        consumables={"argon": {"name": "Argon", "amount": f"{ARGON} kg"}},
    )


word = st.tuples(
    st.sampled_from(["look", "dig", "fetch", "tend"]), st.integers(1, 4), st.integers(1, 2), st.integers(3, 8)
)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(word, min_size=2, max_size=3))
def test_planner_finds_the_optimum_with_words(wanted) -> None:
    model, surroundings = station_with_words(wanted), environment(DAY)
    plan = make_plan("0" * 64, model, surroundings)
    assert check_plan(plan, model, surroundings) == ()
    assert plan.solver.status == "optimal"
    assert plan.solver.objective == pytest.approx(best_with_words(wanted), abs=0.13)
    assert plan.solver.bound >= plan.solver.objective - 1e-9
