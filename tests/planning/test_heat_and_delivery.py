"""Heat that must leave, power kept for something else, and data that must arrive in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planning_station import BASE, environment, experiment, payload, request, station, with_equipment

from lunabase.planning.checker import check_plan
from lunabase.planning.delivery import Deadline, Queue
from lunabase.planning.plan import Plan
from lunabase.planning.problem import build_problem
from lunabase.planning.solve import make_plan

BOX = {
    "type": "thermal_node", "heat_capacity": "20 kJ/K", "radiator_area": "1 m^2", "radiator_emissivity": "1",
    "radiator_absorptance": "0.5", "ground_conductance": "0 W/K", "heater": "0 W", "heater_setpoint": "260 K",
    "initial_temperature": "280 K", "operating": {"minimum": "250 K", "maximum": "300 K"},
    "survival": {"minimum": "230 K", "maximum": "330 K"},
}  # fmt: skip
REACTOR = {"type": "fission_source", "mass": "1 kg", "power": "2 kW"}


def plan_of(model, surroundings) -> Plan:
    plan = make_plan("0" * 64, model, surroundings)
    assert check_plan(plan, model, surroundings) == ()
    return plan


def most_at_once(plan: Plan) -> float:
    times = {plan.seconds(item.hold_start) for item in plan.activities}
    return max(
        (sum(i.power_w for i in plan.activities if plan.seconds(i.start) <= t < plan.seconds(i.stop)) for t in times),
        default=0.0,
    )


def hot_station(on: str, load: str = "100 W", **box):
    modules = with_equipment(reactor=REACTOR, box={**BOX, **box})
    modules["base"] |= {"thermal_node": "box", "loads": {"nominal": load}}
    return station(
        modules=modules,
        payloads={f"p{k}": payload(on=on) for k in range(4)},
        experiments={"x": experiment(**{f"r{k}": request("look", f"p{k}", "6 h", count=1) for k in range(4)})},
    )


@pytest.mark.parametrize(("on", "together"), [("119 W", 3), ("120 W", 2), ("359 W", 1), ("360 W", 0)])
def test_heat_that_leaves_limits_work(on: str, together: int) -> None:
    """A black square metre at 300 K gives off 459.3 W, of which the module has 100 W."""
    plan = plan_of(hot_station(on), environment(24, lit=False))
    assert most_at_once(plan) == together * float(on.split()[0])


def test_heat_that_can_not_leave_is_named() -> None:
    plan = plan_of(hot_station("360 W"), environment(24, lit=False))
    assert {item.reason for item in plan.unplaced} == {"its host could not get rid of the heat"}
    assert {item.conflict for item in plan.unplaced} == {("its host could not get rid of the heat",)}


def test_sunlight_and_ground_count() -> None:
    """Half of 1361 W/m^2 at 5 deg, 59.3 W, comes in; ground at 350 K gives 50 W more through 1 W/K."""
    lit = hot_station("290 W")
    assert most_at_once(plan_of(lit, environment(24, lit=True))) == 290.0
    warm = hot_station("290 W", ground_conductance="1 W/K")
    assert most_at_once(plan_of(warm, environment(24, lit=True, ground_k=350.0))) == 0.0
    assert most_at_once(plan_of(warm, environment(24, lit=False, ground_k=350.0))) == 290.0


def test_a_station_too_hot_by_itself_lets_only_cold_payloads_work() -> None:
    model = hot_station("0 W", load="500 W")
    assert len(plan_of(model, environment(24, lit=False)).activities) == 4


def test_reserved_power_is_not_there() -> None:
    """The reactor's 150 W carry the base and 50 W: not while 20 W are kept from 6 h to 12 h."""
    kept = {"tests": {"power": "20 W", "start": "2035-01-01T06:00:00", "stop": "2035-01-01T12:00:00", "text": "T"}}
    model = station(
        modules=with_equipment(reactor={**REACTOR, "power": "150 W"}),
        payloads={"eye": payload(on="50 W")},
        experiments={"x": experiment(r=request("look", "eye", "1 h", count=24))},
        reservations=kept,
    )
    plan = plan_of(model, environment(24))
    assert sorted(plan.seconds(item.start) / 3600 for item in plan.activities) == [*range(6), *range(12, 24)]
    rule = {"type": "maximum_power", "maximum": "155 W", "text": "At most 155 W."}
    roomy = station(
        payloads={"eye": payload(on="50 W")},
        experiments={"x": experiment(r=request("look", "eye", "1 h", count=24))},
        reservations=kept,
        flight_rules={"peak": rule},
    )
    assert len(plan_of(roomy, environment(24)).activities) == 18


def sender(own: int, other: int, within: str | None = "2 h", alone: bool = False):
    """Alpha makes 50 kbit/s, beta 100 kbit/s, which is what the radio sends."""
    partners = {
        "alpha": {**BASE["partners"]["alpha"], "data_priority": own},
        "beta": {**BASE["partners"]["beta"], "data_priority": other},
    }
    beside = experiment(partner="beta", s=request("burn", "two", "8 h", count=1, priority=9))
    more = {"deliver_within": within} if within else {}
    modules = {"base": {**BASE["modules"]["base"]}}
    equipment = BASE["modules"]["base"]["equipment"]
    modules["base"]["equipment"] = {**equipment, "recorder": {**equipment["recorder"], "capacity": "100 Gbit"}}
    return station(
        partners=partners,
        modules=modules,
        payloads={"one": payload(rate="50 kbit/s"), "two": payload(partner="beta", rate="100 kbit/s")},
        experiments={
            "a": experiment(r=request("look", "one", "1 h", count=24, priority=3, **more)),
            **({} if alone else {"b": beside}),
        },
    )


def test_data_arrive_in_time_or_are_not_made() -> None:
    """Contact in the second half of the day: what ends before 8 h can't be there within 4 h."""
    plan = plan_of(sender(5, 5, within="4 h", alone=True), environment(24, earth=np.arange(24) >= 12))
    stops = [plan.seconds(item.stop) / 3600 for item in plan.activities]
    assert min(stops) > 8.0
    assert len(stops) >= 14


def test_data_that_would_be_late_are_named() -> None:
    plan = plan_of(sender(5, 5, within="4 h", alone=True), environment(24, earth=np.zeros(24)))
    assert plan.activities == ()
    late = "data would reach Earth too late, its own or those of activities that wait behind them"
    assert [(item.reason, item.conflict) for item in plan.unplaced] == [(late, (late,))]


def test_the_data_of_higher_priority_go_first() -> None:
    """No contact for 9 h, in which beta fills the recorder with 8 h of the link's full rate."""
    surroundings = environment(24, earth=np.arange(24) >= 9)
    first = plan_of(sender(9, 1), surroundings)
    last = plan_of(sender(1, 9), surroundings)
    careless = plan_of(sender(1, 9, within=None), surroundings)
    counts = [sum(item.request == "a/r" for item in plan.activities) for plan in (first, last, careless)]
    assert counts[0] > counts[1]
    assert counts[2] == 24
    early = [plan for plan in (first, last) if min(plan.seconds(i.stop) for i in plan.activities) < 9 * 3600]
    assert early


def test_the_checker_sees_late_data() -> None:
    surroundings = environment(24, earth=np.arange(24) >= 12)
    careless = make_plan("0" * 64, sender(5, 5, within=None), surroundings)
    assert "delivery" in {item.rule for item in check_plan(careless, sender(5, 5, within="4 h"), surroundings)}


def sent_at(made: list[list[float]], link: list[float]) -> list[dict[int, int]]:
    """By class: for every step whose data are all sent, when: bit by bit, class 0 first, the oldest of a class first."""
    waiting: list[list[list[float]]] = [[] for _ in made[0]]
    done: list[dict[int, int]] = [{} for _ in made[0]]
    for step, left in enumerate(link):
        for own, finished in zip(waiting, done, strict=True):
            while own and left > 0.0:
                sent = min(own[0][1], left)
                own[0][1] -= sent
                left -= sent
                if own[0][1] > 0.0:
                    break
                finished[int(own.pop(0)[0])] = step
        for own, amount in zip(waiting, made[step], strict=True):
            if amount > 0.0:
                own.append([step, amount])
    return done


@pytest.mark.parametrize("seed", range(20))
def test_the_queue_misses_what_is_sent_late(seed: int) -> None:
    """Activities come and go; what is missed is what a recorder of single bits sends late, tried or placed."""
    generator = np.random.default_rng(seed)
    model, steps = sender(2, 1), 40
    problem = build_problem(model, environment(steps))
    forecast = replace(problem.forecast, downlink_bit_per_s=generator.choice([0.0, 10.0, 30.0], steps), step_s=1.0)
    class_bit = np.zeros((steps, 2))
    queue, mode = Queue(forecast, class_bit), np.zeros(steps, dtype=np.int64)
    placed: dict[int, tuple[int, float, Deadline]] = {}

    def late() -> list[int]:
        done = sent_at(class_bit.tolist(), forecast.downlink_bit_per_s.tolist())
        items = [item for _, _, item in placed.values()]
        return [
            d.made_step for d in items if not d.made_step < done[d.data_class].get(d.made_step, steps) <= d.sent_step
        ]

    for number in range(60):
        if placed and generator.random() < 0.4:
            key = int(generator.choice(list(placed)))
            step, amount, due = placed.pop(key)
            class_bit[step, due.data_class] -= amount
            queue.change(due, -1)
        else:
            step, amount = int(generator.integers(steps)), float(generator.integers(1, 40) * 2)
            due = Deadline(step, min(step + int(generator.integers(8)), steps - 1), int(generator.integers(2)))
            class_bit[step, due.data_class] += amount
            placed[number] = (step, amount, due)
            tried = queue.missed_with(mode, mode[step : step + 1], step, step + 1, [due])
            assert tried == min(late(), default=None)
            queue.change(due, 1)
        queue.follow(mode, step, step + 1)
        assert queue.missed() == min(late(), default=None)
