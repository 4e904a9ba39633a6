"""Flights from on-board goals, checked by the planner's independent checker: what was flown breaks no rule."""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from lunabase.onboard.outlook import foresee, split_j
from lunabase.planning.checker import check_plan
from lunabase.planning.solve import make_plan
from lunabase.runs.fly import fly
from lunabase.runs.surroundings import Span, surroundings
from lunabase.scheduling.effort import Effort
from lunabase.sky.kernels import kernels_from
from lunabase.station.load import load_station

sys.path.append(str(Path(__file__).parents[1] / "planning"))  # where the generators live
sys.path.append(str(Path(__file__).parents[1] / "runs"))
from planning_station import environment, station
from test_clean_plans_fly import light_and_contacts, without_heat
from test_random_stations import build, build_with_words, stations, words

EXAMPLE = Path(__file__).parents[2] / "examples" / "ilrs.yaml"
CLAIMS = ("partners", "unplaced", "solver", "objectives", "bound")
"""What a plan tells about itself; goals tell nothing."""


def broken(flight, station, surroundings, but=()):
    """Violations of what was flown."""
    return [item for item in check_plan(flight.plan, station, surroundings) if item.rule not in (*CLAIMS, *but)]


@cache
def reference():
    file = load_station(EXAMPLE)
    _, sky = surroundings(file, Span.of(file, None, 29.53, 300.0), kernels_from(()))
    return file.station, sky


@pytest.fixture(scope="module")
def month():
    return fly(*reference(), step_s=300.0)


def test_a_month_from_goals_breaks_no_rule(month):
    assert broken(month, *reference()) == []
    assert month.summary.measures.activities_cut == 0
    assert month.summary.measures.activities_completed == len(month.plan.activities)
    assert not [event for event in month.events if event.name in ("flight_rule_broken", "activity_aborted")]


def test_a_month_from_goals_gives_nearly_what_a_plan_from_the_ground_gives(month):
    station, sky = reference()
    planned = fly(station, sky, make_plan("0" * 64, station, sky, effort=Effort(0.5)), step_s=300.0)
    ratio = month.summary.measures.science_weight / planned.summary.measures.science_weight
    assert ratio > 0.95


def test_every_partner_that_can_be_served_is_served(month):
    station, _ = reference()
    asking = {experiment.partner for _, experiment, _ in station.requests()}
    served = {product.partner for product in month.products}
    assert asking - served == {"japan"}  # its analyser needs the crew


CLEAN = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def flown_within_the_rules(station, surroundings):
    flight = fly(station, surroundings)
    # The station knows its mode; the checker's replay may leave a mode a minute later than the twin does.
    assert broken(flight, station, surroundings, but=("mode",)) == []
    told = [event.text for event in flight.events if event.name in ("flight_rule_broken", "activity_aborted")]
    assert told == []
    assert flight.summary.outcome == "alive"


@CLEAN
@given(stations)
def test_goals_of_random_stations_break_no_rule(draw):
    flown_within_the_rules(without_heat(build(draw)), light_and_contacts(draw["lit_period"]))


@CLEAN
@given(stations, words)
def test_goals_with_every_word_break_no_rule(draw, drawn):
    flown_within_the_rules(without_heat(build_with_words(draw, drawn)), light_and_contacts(draw["lit_period"]))


STORE = np.array([[3600e3, 360e3, 0.9, 0.8, 2000.0, 1000.0, 0.0]])


def test_foreseen_energy_is_that_of_a_battery_in_a_constant_deficit():
    """100 W for 5 h through a discharge efficiency of 0.8 take 625 Wh; then the Sun fills it again."""
    surplus_w = np.array([-100.0] * 5 + [500.0] * 5)
    none = np.zeros(10)
    lowest_j, _ = foresee(STORE, np.array([3600e3]), surplus_w, none, none, none, 0.0, 3600.0, 0.0, 0, 10, 0.0, 0.0, 0)
    assert lowest_j == pytest.approx(3600e3 - 500.0 / 0.8 * 3600.0)


def test_one_more_activity_costs_what_it_draws():
    surplus_w, none = np.full(10, -100.0), np.zeros(10)
    free = foresee(STORE, np.array([3600e3]), surplus_w, none, none, none, 0.0, 3600.0, 0.0, 0, 6, 0.0, 0.0, 0)
    busy = foresee(STORE, np.array([3600e3]), surplus_w, none, none, none, 0.0, 3600.0, 0.0, 0, 6, 20.0, 0.0, 3)
    assert free[0] - busy[0] == pytest.approx(60.0 / 0.8 * 3600.0)


def test_data_fill_the_recorder_until_a_contact_takes_them():
    surplus_w, link = np.full(6, 100.0), np.array([0.0, 0.0, 0.0, 50.0, 50.0, 0.0])
    none = np.zeros(6)
    made = np.array([10.0, 10.0, 10.0, 0.0, 0.0, 0.0])
    _, highest = foresee(STORE, np.array([3600e3]), surplus_w, none, link, made, 0.0, 3600.0, 0.0, 0, 6, 0.0, 5.0, 2)
    assert highest == pytest.approx(3600.0 * (15.0 + 15.0 + 10.0))


def test_stores_fill_and_empty_in_their_order():
    stores = np.array([[100.0, 10.0, 1, 1, 9, 9, 0], [1000.0, 0.0, 1, 1, 9, 9, 0]])
    full = np.array([100.0, 1000.0])
    used = split_j(stores, full, 1000.0)
    assert used.tolist() == [10.0, 990.0]
    assert split_j(stores, used, 1050.0).tolist() == [60.0, 990.0]


def test_nothing_to_do_means_nothing_begun():
    flight = fly(station(experiments={}), environment(24, step_s=600.0))
    assert flight.products == ()
