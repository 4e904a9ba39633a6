"""A plan that the checker finds clean flies without a broken flight rule and without an aborted activity.

Random stations of the planner's own generator. Covered: two kinds of stores with losses, a battery of three sizes, arrays in
square-wave light, a constant source, loads by mode, night and safe mode, load shedding, standby, setup and teardown, count, cadence
and totals, gaps between requests, Earth contacts with a radio that draws power, exclusions, minimum charge and maximum power;
choices among payloads and vehicles, power modes that follow the surroundings, crew, consumables, travel, keep-outs, reservations.
Not covered: thermal nodes, and with them heaters, couplings and temperature limits (the planner doesn't foresee
temperatures, so a clean plan may still be stopped by heat), batteries that can't give the whole load, relays.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

from lunabase.planning.checker import check_plan
from lunabase.planning.solve import make_plan
from lunabase.runs.fly import fly
from lunabase.scheduling.effort import Effort

sys.path.append(str(Path(__file__).parents[1] / "planning"))  # where the generator lives
from planning_station import environment
from test_random_stations import build, build_with_words, stations, words

HOURS = 72


def without_heat(station):
    """The same station without its thermal node: nothing gets too warm or too cold."""
    base = station.modules["base"]
    equipment = {name: item for name, item in base.equipment.items() if name != "box"}
    base = base.model_copy(update={"equipment": equipment, "thermal_node": None})
    return station.model_copy(update={"modules": {**station.modules, "base": base}})


def light_and_contacts(lit_period):
    hour = np.arange(HOURS * 60) / 60.0
    lit = (hour % lit_period) < 0.6 * lit_period
    return environment(HOURS, step_s=60.0, lit=lit, earth=(hour % 31.0) < 17.0, ground_k=120.0)


CLEAN = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def flown_as_planned(station, surroundings):
    """Plan, check and fly; what is recorded of each activity is what the plan says."""
    plan = make_plan("0" * 64, station, surroundings, effort=Effort(0.1))
    assert check_plan(plan, station, surroundings) == ()
    flight = fly(station, surroundings, plan)
    told = [f"{event.time}: {event.name}: {event.text} {event.cause}" for event in flight.events]
    assert not [line for line in told if "flight_rule_broken:" in line or "activity_aborted:" in line]
    assert flight.summary.outcome == "alive"


@CLEAN
@given(stations)
def test_what_the_checker_passes_flies_as_planned(draw):
    flown_as_planned(without_heat(build(draw)), light_and_contacts(draw["lit_period"]))


@CLEAN
@given(stations, words)
def test_plans_with_every_word_fly_as_planned(draw, drawn):
    flown_as_planned(without_heat(build_with_words(draw, drawn)), light_and_contacts(draw["lit_period"]))
