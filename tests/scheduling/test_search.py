import time

import pytest
from toy import ROUND_WORK, Tour, reverse, spoil

from lunabase.scheduling.effort import Effort
from lunabase.scheduling.search import RecordToRecord, Roulette, Search, better
from lunabase.scheduling.together import search_together


def bound(tour: Tour) -> float:
    return -tour.shortest - 1e-6


@pytest.mark.parametrize("accept", [better, RecordToRecord(0.3)])
def test_the_shortest_tour_is_found_and_ends_the_search(accept):
    tour = Tour(12, seed=1)
    found = Search(accept, bound(tour)).run(tour, [reverse], Effort(50.0), seed=3)
    assert found.reason == "bound"
    assert -found.value == pytest.approx(tour.shortest)
    assert tour.value() == found.value


def test_same_seed_same_search():
    def once(seed: int) -> tuple:
        tour = Tour(30, seed=1)
        return Search(RecordToRecord(1.0)).run(tour, [reverse, spoil], Effort(1.0), seed), tour.order.tolist()

    assert once(5) == once(5)
    assert once(5) != once(6)


def test_the_best_state_is_left_though_worse_ones_were_accepted():
    tour = Tour(10, seed=2)
    began = tour.value()
    found = Search(lambda *_: True).run(tour, [spoil], Effort(1.0), seed=0)
    assert found.rounds == round(1.0 / ROUND_WORK)
    assert found.value == tour.value() >= began


def test_rounds_in_vain_end_a_search():
    tour = Tour(8, seed=0)
    tour.order.sort()
    assert Search(most_in_vain=7).run(tour, [reverse], Effort(50.0), seed=0).reason == "stagnation"


def test_a_stop_keeps_the_best():
    tour, effort = Tour(30, seed=1), Effort()

    def stopping(tour, generator, effort):
        reverse(tour, generator, effort)
        effort.stopped = effort.work_done > 0.5

    began = tour.value()
    found = Search(better).run(tour, [stopping], effort, seed=1)
    assert found.reason == "effort"
    assert tour.value() == found.value > began


def test_a_useless_neighbourhood_is_seldom_drawn():
    drawn = {"reverse": 0, "spoil": 0}

    def counted(tour, generator, effort, which):
        drawn[which.__name__] += 1
        which(tour, generator, effort)

    Search(better).run(
        Tour(60, seed=1),
        [lambda *given: counted(*given, reverse), lambda *given: counted(*given, spoil)],
        Effort(5.0),
        seed=1,
    )
    assert drawn["reverse"] > 2 * drawn["spoil"] > 0


def test_roulette_draws_nothing_without_choice():
    assert Roulette.even(1).draw(None) == 0  # type: ignore[arg-type]


def test_two_processes_search_alike_each_time_and_better_than_one_slice():
    def once() -> tuple:
        tour, effort = Tour(40, seed=1), Effort(2.0)
        found = search_together(
            Search(better, bound(tour)), tour, [reverse, spoil], effort, 4, processes=2, slice_work=0.5
        )
        assert found.value == tour.value()
        return found, tour.order.tolist(), effort.work_done

    first = once()
    assert first == once()
    tour = Tour(40, seed=1)
    alone = Search(better, bound(tour)).run(tour, [reverse, spoil], Effort(0.5), 4)
    assert first[0].value > alone.value


def test_processes_end_at_the_deadline():
    tour, began = Tour(200, seed=1), time.monotonic()
    effort = Effort(deadline_s=began + 2.0)
    search_together(Search(better), tour, [reverse], effort, 4, processes=2, slice_work=0.2)
    assert time.monotonic() - began < 4.0
