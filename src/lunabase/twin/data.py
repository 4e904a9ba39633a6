"""Science data: from the payloads into the recorder, from the recorder to Earth.

At any moment one radio sends, over the path with the highest rate: straight to Earth, or through a relay,
whose own link to Earth may be the narrower one. It draws its power for the part of the step in which there
is something to send. The recorder keeps a queue for each partner: those of a higher data priority leave first and are
overwritten last; equal ones share. Of the frames sent a part arrives damaged and stays to be sent again; what has
arrived keeps its place until Earth acknowledges it. Losses are the mean ones, not drawn.
"""

from __future__ import annotations

import math

from lunabase.compiled import within_step
from lunabase.twin.layout import (
    OVERFLOW_BIT,
    PRODUCED_BIT,
    RESENT_BIT,
    SENT_DIRECT_BIT,
    SENT_RELAY_BIT,
    UNRECORDED_BIT,
)

SLOTS = 16
"""Into so many parts the wait for an acknowledgement is divided."""


@within_step
def best_link(radios, link_bit_per_s, index, now):  # type: ignore[no-untyped-def]
    """Index of the radio with the fastest path in a step (-1: none), its rate in bit/s, and whether by relay."""
    best, rate, by_relay = -1, 0.0, False
    for place in range(radios.size):
        radio = radios[place]
        if radio.budget > 0:  # its stated rates are then what is left of it, 0 to 1
            direct = radio.earth_bit_per_s * link_bit_per_s[index, radio.budget - 1, 0]
            relayed = radio.relay_bit_per_s * link_bit_per_s[index, radio.budget - 1, 1]
        else:
            direct, relayed = radio.earth_bit_per_s, radio.relay_bit_per_s
        relayed = min(relayed, now.relay_bit_per_s)
        if now.direct and direct > rate:
            best, rate, by_relay = place, direct, False
        if relayed > rate:
            best, rate, by_relay = place, relayed, True
    return best, rate, by_relay


@within_step
def plan_sending(radios, downlink, live, made_bit, capacity_bit, index, now, step_s):  # type: ignore[no-untyped-def]
    """Radio that will send (-1: none), its mean power in this step in W, the data on the air in bit, if by relay.

    ``live`` is a `plant.LiveData`, ``downlink`` a `plant.DownlinkPlan`; ``made_bit`` will be recorded in this step.
    """
    radio, rate, by_relay = best_link(radios, downlink.link_bit_per_s, index, now)
    if radio < 0:
        return radio, 0.0, 0.0, by_relay
    ready_bit = total_of(live.recorder_bit) + made_bit
    if downlink.acknowledged_s > step_s:  # what is sent must be kept, so it needs room
        ready_bit = min(ready_bit, max(capacity_bit - total_of(live.waiting_bit), 0.0))
    sending_bit = min(rate * step_s, ready_bit / max(1.0 - downlink.frame_loss, 1e-9))
    return radio, radios[radio].power_w * sending_bit / (rate * step_s), sending_bit, by_relay


@within_step
def take_in(live, flow, bit_per_s, downlink, recorder_on, step_s):  # type: ignore[no-untyped-def]
    """What the payloads produce at their rates goes to their partners' queues, or is lost while no recorder is on.

    ``live`` is a `plant.LiveData`, ``downlink`` a `plant.DownlinkPlan`.
    """
    for payload in range(bit_per_s.size):
        if bit_per_s[payload] > 0.0:
            live.payload_bit[payload] += bit_per_s[payload] * step_s
            flow[PRODUCED_BIT] += bit_per_s[payload]
            if recorder_on:
                live.recorder_bit[downlink.payload_queue[payload]] += bit_per_s[payload] * step_s
            else:
                flow[UNRECORDED_BIT] += bit_per_s[payload]


@within_step
def send(live, flow, downlink, capacity_bit, on_air_bit, by_relay, time_s, step_s):  # type: ignore[no-untyped-def]
    """Send, count what arrives, forget what is acknowledged, and lose what then doesn't fit: one step, in place."""
    if downlink.acknowledged_s > step_s:
        _acknowledge(live.waiting_bit, time_s, step_s, downlink.acknowledged_s / SLOTS)
    if on_air_bit > 0.0:
        arrived_bit = min(on_air_bit * (1.0 - downlink.frame_loss), total_of(live.recorder_bit))
        _take_first(live.recorder_bit, live.delivered_bit, downlink.queue_rank, arrived_bit)
        flow[SENT_RELAY_BIT if by_relay else SENT_DIRECT_BIT] = arrived_bit / step_s
        flow[RESENT_BIT] = on_air_bit * downlink.frame_loss / step_s
        if downlink.acknowledged_s > step_s:
            live.waiting_bit[int(time_s / (downlink.acknowledged_s / SLOTS)) % SLOTS] += arrived_bit
    room_bit = max(capacity_bit - total_of(live.waiting_bit), 0.0)
    if total_of(live.recorder_bit) > room_bit:
        flow[OVERFLOW_BIT] = _keep_first(live.recorder_bit, downlink.queue_rank, room_bit) / step_s


@within_step
def total_of(values):  # type: ignore[no-untyped-def]
    """Sum of a few numbers."""
    total = 0.0
    for index in range(values.size):
        total += values[index]
    return total


@within_step
def _acknowledge(waiting_bit, time_s, step_s, slot_s):  # type: ignore[no-untyped-def]
    """Free the slots that this step begins to use: what is in them was sent a whole wait ago."""
    last = math.floor(time_s / slot_s)
    first = math.floor((time_s - step_s) / slot_s) + 1
    for slot in range(max(first, last - SLOTS + 1), last + 1):
        waiting_bit[slot % SLOTS] = 0.0


@within_step
def _take_first(queue_bit, taken_bit, rank, wanted_bit):  # type: ignore[no-untyped-def]
    """Take from the queues, highest priority first; ``rank`` (queues,) is the same for those that share."""
    first = 0
    while first < queue_bit.size and wanted_bit > 0.0:
        last, held_bit = first, 0.0
        while last < queue_bit.size and rank[last] == rank[first]:
            held_bit += queue_bit[last]
            last += 1
        part = min(wanted_bit / held_bit, 1.0) if held_bit > 0.0 else 0.0
        for queue in range(first, last):
            taken_bit[queue] += part * queue_bit[queue]
            queue_bit[queue] -= part * queue_bit[queue]
        wanted_bit -= part * held_bit
        first = last


@within_step
def _keep_first(queue_bit, rank, room_bit):  # type: ignore[no-untyped-def]
    """Keep what fits, highest priority first; returns how much was lost."""
    first, lost_bit = 0, 0.0
    while first < queue_bit.size:
        last, held_bit = first, 0.0
        while last < queue_bit.size and rank[last] == rank[first]:
            held_bit += queue_bit[last]
            last += 1
        kept_bit = min(held_bit, room_bit)
        if kept_bit < held_bit:
            for queue in range(first, last):
                queue_bit[queue] = min(queue_bit[queue] * (kept_bit / held_bit), kept_bit)
            lost_bit += held_bit - kept_bit
        room_bit -= kept_bit
        first = last
    return lost_bit
