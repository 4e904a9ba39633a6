"""Sharing antennas: every schedule passes the independent check; small weeks have known optima."""

import itertools
import os
import signal
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weeks import HOUR, random_week, request

from lunabase.contacts.bound import least_cost
from lunabase.contacts.check_tracks import check_tracks
from lunabase.contacts.fairness import Weights
from lunabase.contacts.satnet import read_demand, track_rows
from lunabase.contacts.solve import share_antennas
from lunabase.scheduling.effort import Effort, stopped_by_interrupt


def solve(records, closures=(), *, work=1.0, seed=0, **options):
    demand = read_demand(records, closures, "week")
    shared = share_antennas(demand, options.pop("weights", Weights()), Effort(work), seed=seed, **options)
    verdict = check_tracks(track_rows(demand, shared.tracks), records, closures)
    assert verdict.problems == ()
    return shared, verdict


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_every_schedule_is_sound_and_its_measures_agree(seed):
    records, closures = random_week(seed)
    shared, verdict = solve(records, closures, work=0.15, seed=seed)
    assert shared.fairness.u_rms == pytest.approx(verdict.u_rms)
    assert shared.fairness.u_max == pytest.approx(verdict.u_max)
    assert shared.fairness.satisfied == verdict.satisfied
    assert shared.fairness.allocated_s / 3600 == pytest.approx(verdict.hours)
    assert shared.cost == pytest.approx(shared.fairness.cost(Weights()))
    assert shared.least_cost <= shared.cost + 1e-6


def test_two_missions_get_the_same_where_one_antenna_holds_half():
    """13 h hold four tracks of 2 h with 1.25 h around; both missions ask for four. Two each is the fairest."""
    hours = {"DSS-14": [(10, 21.75)]}
    records = [request(f"{m}{k}", m, 2.0, hours) for m, k in itertools.product((1, 2), range(4))]
    _, verdict = solve(records)
    assert verdict.u == {"1": 0.5, "2": 0.5}
    assert verdict.u_rms == pytest.approx(0.5)


def test_maintenance_and_arrays_leave_one_way():
    """The array's antennas are free together from 14 h to 17.25 h alone."""
    closures = [
        {"antenna": "DSS-14", "starttime": 0, "endtime": 14 * HOUR},
        {"antenna": "DSS-24", "starttime": 17 * HOUR + HOUR // 4, "endtime": 40 * HOUR},
    ]
    records = [request("a", 1, 2.0, {"DSS-14_DSS-24": [(10, 30)]})]
    shared, verdict = solve(records, closures)
    assert verdict.satisfied == 1
    assert [(track.on_s, track.off_s) for track in shared.tracks[0]] == [(15 * HOUR, 17 * HOUR)]


def test_a_long_request_is_split_where_no_view_period_holds_it():
    records = [request("a", 1, 8.0, {"DSS-14": [(10, 15)], "DSS-24": [(20, 24.5)]}, least=6.4)]
    shared, verdict = solve(records)
    assert verdict.hours == pytest.approx(8.0)
    assert len(shared.tracks[0]) == 2


def test_what_is_split_is_not_given_twice_at_once():
    """Two antennas see the mission for the same 5 h: one track of at most 5 h."""
    records = [request("a", 1, 8.0, {"DSS-14": [(10, 15)], "DSS-24": [(10, 15)]}, least=6.4)]
    _, verdict = solve(records)
    assert verdict.hours == pytest.approx(5.0)


def test_a_short_request_is_not_split():
    records = [request("a", 1, 6.0, {"DSS-14": [(10, 14)], "DSS-24": [(20, 24)]})]
    _, verdict = solve(records)
    assert verdict.hours == 0.0
    assert verdict.u_max == 1.0


def test_the_bound_is_what_a_single_antenna_allows():
    """One antenna, 10.75 h with setup and teardown, 13 h held by the four tracks of 3.25 h: its part of 8 tracks."""
    hours = {"DSS-14": [(11, 20.75)]}
    records = [request(f"{m}{k}", m, 2.0, hours) for m, k in itertools.product((1, 2), range(4))]
    closures = [{"antenna": "DSS-14", "starttime": 0, "endtime": 10 * HOUR}]
    closures.append({"antenna": "DSS-14", "starttime": 21 * HOUR, "endtime": 99 * HOUR})
    demand = read_demand(records, closures, "week")
    capacity = 11 / 3.25 / 8  # part of the wished tracks that 11 h could hold
    only_rms = Weights(maximum=0.0, unsatisfied=0.0)
    assert least_cost(demand, only_rms) == pytest.approx(1 - capacity, abs=2e-3)


def test_the_same_work_gives_the_same_schedule():
    records, closures = random_week(3, requests=30)
    first, second = (solve(records, closures, work=0.5, seed=5)[0] for _ in range(2))
    assert first.tracks == second.tracks
    assert first.rounds == second.rounds


def test_two_processes_give_the_same_schedule_twice():
    records, closures = random_week(3, requests=30)
    runs = [solve(records, closures, work=0.5, seed=5, processes=2, slice_work=0.2)[0] for _ in range(2)]
    assert runs[0].tracks == runs[1].tracks


def test_without_time_the_schedule_is_empty_but_sound():
    records, closures = random_week(1)
    shared, verdict = solve(records, closures, work=0.0)
    assert verdict.u_rms == 1.0
    assert shared.rounds == 0


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupt_keeps_the_best_so_far(processes):
    """Ctrl-C comes once, at any moment: neither the solver nor the other processes may take it away."""
    records, closures = random_week(3, requests=30)
    demand = read_demand(records, closures, "week")
    effort = Effort(deadline_s=time.monotonic() + 40)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with stopped_by_interrupt(effort):
        shared = share_antennas(demand, Weights(), effort, processes=processes)
    assert effort.stopped
    assert check_tracks(track_rows(demand, shared.tracks), records, closures).problems == ()
