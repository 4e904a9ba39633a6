import math
import os
import signal
import time

import pytest

from lunabase.scheduling.effort import Effort, stopped_by_interrupt


def test_work_ends_an_effort():
    effort = Effort(1.0)
    effort.spend(0.75)
    assert not effort.over
    assert effort.fraction == 0.75
    effort.spend(0.25)
    assert effort.over


def test_time_ends_an_effort():
    effort = Effort(deadline_s=time.monotonic() + 0.05)
    assert not effort.over
    time.sleep(0.06)
    assert effort.over
    assert effort.fraction == 1.0


def test_without_limits_nothing_ends_but_a_stop():
    effort = Effort()
    effort.spend(1e9)
    assert not effort.over
    assert effort.work_left == math.inf
    assert effort.fraction == 0.0
    effort.stopped = True
    assert effort.over


def test_scale_keeps_a_part_of_what_is_left():
    effort = Effort(4.0)
    effort.spend(2.0)
    effort.scale(0.5)
    assert effort.work_left == 1.0
    assert effort.fraction == 0.0


def test_a_part_is_spent_from_the_whole_and_ends_with_it():
    seen = []
    whole = Effort(4.0, on_progress=seen.append)
    whole.spend(2.0)
    part = whole.part(0.25)
    assert part.work_left == 0.5
    part.tell(7.0)
    part.spend(0.5)
    assert part.over
    assert not whole.over
    assert whole.work_left == 1.5
    assert (seen[-1].value, seen[-1].fraction) == (7.0, 2.5 / 4.0)
    other = whole.part(0.5)
    whole.stopped = True
    assert other.over


def test_parts_without_a_work_limit_have_their_own_deadline():
    clock = iter([0.0, *[10.0] * 20]).__next__
    whole = Effort(deadline_s=30.0, clock=clock)
    part = whole.part(0.5)
    assert part.work_left == math.inf
    assert part.deadline_s == 20.0


def test_without_any_limit_a_part_is_limited():
    assert Effort().part(0.5).work_left == 1800.0


def test_nothing_to_spend_is_over():
    assert Effort(0.0).over
    assert Effort(0.0).fraction == 1.0


def test_progress_keeps_the_best_while_work_goes_on():
    seen = []
    effort = Effort(2.0, on_progress=seen.append)
    effort.tell(5.0, 9.0, fairness=0.5)
    effort.spend(1.0)
    assert [item.fraction for item in seen] == [0.0, 0.5]
    assert {(item.value, item.bound, item.measures["fairness"]) for item in seen} == {(5.0, 9.0, 0.5)}


def test_the_first_interrupt_stops_and_the_second_interrupts():
    effort = Effort()
    with stopped_by_interrupt(effort):
        os.kill(os.getpid(), signal.SIGINT)
        assert effort.stopped
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
