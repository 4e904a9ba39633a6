"""Science data: from the payloads into the recorder, from the recorder to Earth.

At any moment one radio sends, over the path with the highest rate: straight to Earth, or through a relay,
whose own link to Earth may be the narrower one. It draws its power for the part of the step in which there
is something to send.
"""

from __future__ import annotations

from lunabase.twin.compiled import within_step
from lunabase.twin.layout import (
    OVERFLOW_BIT,
    PRODUCED_BIT,
    SENT_DIRECT_BIT,
    SENT_RELAY_BIT,
    UNRECORDED_BIT,
)


@within_step
def best_link(radios, direct, relay_limit_bit_per_s):  # type: ignore[no-untyped-def]
    """Index of the radio with the fastest path now (-1: none), its rate in bit/s, and whether it is the relay's."""
    best, rate, by_relay = -1, 0.0, False
    for radio in range(radios.size):
        relayed = min(radios[radio].relay_bit_per_s, relay_limit_bit_per_s)
        if direct and radios[radio].earth_bit_per_s > rate:
            best, rate, by_relay = radio, radios[radio].earth_bit_per_s, False
        if relayed > rate:
            best, rate, by_relay = radio, relayed, True
    return best, rate, by_relay


@within_step
def move_data(  # type: ignore[no-untyped-def]
    recorder_bit, capacity_bit, produced_bit, sending_bit, recorder_on, by_relay, step_s, flow
):
    """Take in what the payloads produced, send what was planned, lose what doesn't fit: one step, in place."""
    flow[PRODUCED_BIT] = produced_bit / step_s
    if recorder_on:
        recorder_bit[0] += produced_bit
    else:
        flow[UNRECORDED_BIT] = produced_bit / step_s
    sent_bit = min(sending_bit, recorder_bit[0])
    recorder_bit[0] -= sent_bit
    flow[SENT_RELAY_BIT if by_relay else SENT_DIRECT_BIT] = sent_bit / step_s
    if recorder_bit[0] > capacity_bit:
        flow[OVERFLOW_BIT] = (recorder_bit[0] - capacity_bit) / step_s
        recorder_bit[0] = capacity_bit
