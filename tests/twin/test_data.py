"""Queues, losses and acknowledgements against what is counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twin_bench import Bench, payload, surroundings, table

from lunabase.twin.layout import DOWNLINK_RATE, RECORDER
from lunabase.twin.ledger import accounts, data_balance
from lunabase.twin.parameters import RADIO, Downlink

STEP_S = 60.0


class Recorder(Bench):
    """A bench with several queues; payload k writes into queue k."""

    @property
    def parameters(self):
        return replace(super().parameters, downlink=self.downlink)

    def state(self):
        queues = len(self.downlink.queue_rank)
        return replace(super().state(), recorder_bit=np.zeros(queues), delivered_bit=np.zeros(queues))


def recorder(rates, contact, *, rate=1e5, ranks=None, room_bit=1e12, loss=0.0, wait_s=0.0):
    """Payloads that write at these rates, and a contact in the steps where ``contact`` is true."""
    count = len(rates)
    bench = Recorder(
        surroundings(len(contact), direct=np.asarray(contact, dtype=int)),
        payloads=payload(count, bit_per_s=rates, queue=np.arange(count)),
        recorder_bit=room_bit,
        radios=table(RADIO, 1, node=-1, power_w=50.0, earth_bit_per_s=rate),
    )
    object.__setattr__(bench, "downlink", Downlink(tuple(ranks or range(count)), loss, wait_s))
    return bench


def test_the_highest_priority_leaves_first():
    """Ten steps without contact, then one that carries the first queue and half of the second."""
    bench = recorder([100.0, 100.0, 100.0], [False] * 10 + [True], rate=1650.0)
    last = bench.fly()[0]
    made = 100.0 * 11 * STEP_S
    np.testing.assert_allclose(last.delivered_bit, [made, 1650.0 * STEP_S - made, 0.0])
    np.testing.assert_allclose(last.recorder_bit, made - last.delivered_bit)


def test_equal_priorities_share_by_what_they_hold():
    bench = recorder([300.0, 100.0], [False] * 9 + [True], rate=1000.0, ranks=[0, 0])
    np.testing.assert_allclose(bench.fly()[0].delivered_bit, [0.75 * 1000.0 * STEP_S, 0.25 * 1000.0 * STEP_S])


def test_the_lowest_priority_is_overwritten_first():
    bench = recorder([100.0, 100.0], [False] * 10, room_bit=100.0 * 15 * STEP_S)
    last = bench.fly()[0]
    np.testing.assert_allclose(last.recorder_bit, [100.0 * 10 * STEP_S, 100.0 * 5 * STEP_S])
    assert accounts(last)["overflow_bit"] == pytest.approx(100.0 * 5 * STEP_S)


def test_damaged_frames_are_sent_again():
    """Of 1e5 bit/s on the air nine tenths arrive; what is lost stays and goes later: in the end all is there."""
    bench = recorder([5e4], [True] * 50, loss=0.1)
    last, _, _, rows = bench.fly()
    assert last.recorder_bit[0] == pytest.approx(0.0, abs=1e-3)
    assert accounts(last)["resent_bit"] == pytest.approx(5e4 * 50 * STEP_S * 0.1 / 0.9)
    slow = recorder([1.2e5], [True] * 50, loss=0.1)
    np.testing.assert_allclose(slow.fly()[3][:, DOWNLINK_RATE], 0.9e5)
    assert rows[0, DOWNLINK_RATE] == pytest.approx(5e4)


def test_data_keep_their_place_until_they_are_acknowledged():
    """One burst is sent in step 5; its room is free again an hour later, to a sixteenth of the hour."""
    bench = recorder([1e5], [False] * 5 + [True] * 95, rate=1e9, wait_s=3600.0)
    quiet = replace(bench.commands(), producing=np.zeros(1, dtype=np.bool_))
    state, step, _, rows = bench.fly(last=6)
    object.__setattr__(bench, "commands", lambda: quiet)
    bench.fly(state, step, rows=rows)
    made = 6 * 1e5 * STEP_S
    held = rows[:, RECORDER]
    freed = int(np.flatnonzero(held[6:] < made / 2)[0]) + 6
    assert held[5:freed] == pytest.approx(made)
    assert held[freed:] == pytest.approx(0.0, abs=1e-6)
    assert (freed - 5) * STEP_S == pytest.approx(3600.0, abs=3600.0 / 16 + STEP_S)


def test_room_that_waits_for_acknowledgement_is_not_free():
    made = 1e5 * STEP_S
    free = recorder([1e5], [True] * 20, rate=1e6, room_bit=3 * made)
    waiting = recorder([1e5], [True] * 20, rate=1e6, room_bit=3 * made, wait_s=86_400.0)
    assert accounts(free.fly()[0])["overflow_bit"] == 0.0
    assert accounts(waiting.fly()[0])["overflow_bit"] == pytest.approx(17 * made)
    assert waiting.fly()[3][-1, RECORDER] == pytest.approx(3 * made)


def test_link_budgets_set_the_rate_step_by_step():
    sky = surroundings(4, direct=[1, 1, 0, 1], relay_bit_per_s=[0.0, 5e3, 5e3, 0.0])
    rates = np.array([[[1e4, 0.0]], [[2e3, 9e3]], [[3e4, 4e3]], [[0.0, 0.0]]])
    bench = Bench(
        replace(sky, link_bit_per_s=rates),
        payloads=payload(1, bit_per_s=1e6),
        recorder_bit=1e12,
        radios=table(RADIO, 1, node=-1, power_w=50.0, earth_bit_per_s=1.0, relay_bit_per_s=1.0, budget=1),
    )
    np.testing.assert_allclose(bench.fly()[3][:, DOWNLINK_RATE], [1e4, 5e3, 4e3, 0.0])


@settings(max_examples=40)
@given(
    st.lists(st.floats(0.0, 2e5), min_size=1, max_size=5),
    st.lists(st.booleans(), min_size=1, max_size=60),
    st.floats(1e5, 1e8),
    st.floats(0.0, 0.9),
    st.sampled_from([0.0, 30.0, 600.0, 7200.0]),
    st.data(),
)
def test_nothing_is_lost_uncounted(rates, contact, room_bit, loss, wait_s, data):
    ranks = sorted(data.draw(st.lists(st.integers(0, 2), min_size=len(rates), max_size=len(rates))))
    bench = recorder(rates, contact, ranks=ranks, room_bit=room_bit, loss=loss, wait_s=wait_s)
    first = bench.state()
    last, _, _, rows = bench.fly(first)
    balance = data_balance(first, last)
    used, lost = sum(balance.used.values()), sum(balance.lost.values())
    made = balance.inflow["payloads"]
    assert made == pytest.approx(sum(rates) * len(contact) * STEP_S, rel=1e-9)
    assert used + lost + balance.stored == pytest.approx(made, rel=1e-9, abs=1e-3)
    assert used == pytest.approx(last.delivered_bit.sum(), rel=1e-9, abs=1e-3)
    assert last.recorder_bit.min() >= 0.0
    assert last.recorder_bit.sum() + last.waiting_bit.sum() <= room_bit * (1 + 1e-12)
    assert rows[:, RECORDER].max() <= room_bit * (1 + 1e-12)
