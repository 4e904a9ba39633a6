"""Activities that the station decided on itself, taken into the timetable that the executive follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lunabase.onboard.executive import Edge, ExecutiveState, Timetable
from lunabase.onboard.situation import Start
from lunabase.onboard.software import Software


def taken_up(software: Software, executive: ExecutiveState, starts: Sequence[Start]) -> tuple[Software, ExecutiveState]:
    """The software with more activities; those that are over leave the timetable, so that it stays short."""
    table = software.timetable
    coming = table.edges[executive.position :]
    kept = sorted({item.index for item in executive.current} | {index for _, _, index in coming})
    place = {index: new for new, index in enumerate(kept)}
    edges = [(time_s, edge, place[index]) for time_s, edge, index in coming]
    for new, start in enumerate(starts, start=len(kept)):
        edges += [
            (start.hold_start_s, Edge.HOLD, new),
            (start.start_s, Edge.START, new),
            (start.stop_s, Edge.STOP, new),
            (start.hold_stop_s, Edge.RELEASE, new),
        ]
    timetable = Timetable(
        activities=(*(table.activities[index] for index in kept), *(start.activity for start in starts)),
        continuous=(*(table.continuous[index] for index in kept), *(start.continuous for start in starts)),
        start_s=(*(table.start_s[index] for index in kept), *(start.start_s for start in starts)),
        edges=tuple(sorted(edges)),
    )
    payload_of = (*(software.payload_of[index] for index in kept), *(start.payload for start in starts))
    current = tuple(replace(item, index=place[item.index]) for item in executive.current)
    return replace(software, timetable=timetable, payload_of=payload_of), ExecutiveState(0, current)
