"""An independent check of a week's tracks against the benchmark's rules, and its measures.

It reads the benchmark's own records (parsed JSON and CSV rows) and shares no code with the solver. Rules and measures
are those of the public verifiers of the benchmark, read as: times in seconds past 1970; hours times 3600 and minutes
times 60, cut to whole seconds; rows of one request with equal times are one track on several antennas. One rule is
added, which the verifiers leave out: tracks of one request follow each other, since time that two antennas spend
on the same request at once would count twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_ROW: dict[str, type | tuple[type, ...]] = {
    "RESOURCE": str, "SC": (int, str), "START_TIME": int, "TRACKING_ON": int, "TRACKING_OFF": int,
    "END_TIME": int, "TRACK_ID": str,
}  # fmt: skip
_ANTENNAS = frozenset(f"DSS-{number}" for number in (14, 15, 24, 25, 26, 34, 35, 36, 43, 45, 54, 55, 63, 65))

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, in words; and the measures, whatever is wrong."""

    problems: tuple[str, ...]
    hours: float
    """Tracking time of all requests, each up to its duration; an array's time counts once."""
    antenna_hours: float
    """Tracking time of all rows: an array's time counts on each of its antennas."""
    satisfied: int
    u: dict[str, float]
    """Open part of each mission's request."""

    @property
    def u_rms(self) -> float:
        """Root mean square of u."""
        return float((sum(value**2 for value in self.u.values()) / max(len(self.u), 1)) ** 0.5)

    @property
    def u_max(self) -> float:
        """Greatest u."""
        return max(self.u.values(), default=0.0)


def check_tracks(rows: Sequence[Row], requests: Sequence[Row], maintenance: Iterable[Row]) -> Verdict:
    """Check rows of a tracks file against the requests of a week and the rows of the maintenance file."""
    known = {str(request["track_id"]): request for request in requests}
    problems = [text for row in rows if (text := _form(row))]
    sound = [row for row in rows if not _form(row)]
    problems += [f"{row['TRACK_ID']}: there is no such request" for row in sound if row["TRACK_ID"] not in known]
    sound = [row for row in sound if row["TRACK_ID"] in known]
    problems += [text for row in sound for text in _row_problems(row, known[row["TRACK_ID"]])]
    problems += _collisions(sound)
    problems += _closed(sound, maintenance)
    tracks = _tracks(sound)
    for identity, times in tracks.items():
        for span, antennas in times.items():
            problems += _track_problems(known[identity], span, antennas)
        problems += _doubled(identity, list(times))
    return _verdict(problems, sound, known, tracks)


Span = tuple[int, int]


def _form(row: Row) -> str:
    if set(row) != set(_ROW):
        return f"row with the fields {sorted(row)}: should have {sorted(_ROW)}"
    wrong = [name for name, kind in _ROW.items() if not isinstance(row[name], kind) or isinstance(row[name], bool)]
    return f"{row['TRACK_ID']}: {wrong[0]} is {row[wrong[0]]!r}" if wrong else ""


def _row_problems(row: Row, request: Row) -> Iterable[str]:
    name = f"{row['TRACK_ID']} on {row['RESOURCE']}"
    if str(row["SC"]) != str(request["subject"]):
        yield f"{name}: SC {row['SC']}, but mission {request['subject']} asked"
    if row["RESOURCE"] not in _ANTENNAS:
        yield f"{name}: there is no such antenna"
    if row["TRACKING_ON"] - row["START_TIME"] != int(request["setup_time"] * 60):
        yield f"{name}: setup of {row['TRACKING_ON'] - row['START_TIME']} s"
    if row["END_TIME"] - row["TRACKING_OFF"] != int(request["teardown_time"] * 60):
        yield f"{name}: teardown of {row['END_TIME'] - row['TRACKING_OFF']} s"


def _collisions(rows: Sequence[Row]) -> Iterable[str]:
    by_antenna: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_antenna[row["RESOURCE"]].append(row)
    for antenna, own in by_antenna.items():
        own.sort(key=lambda row: (row["START_TIME"], row["END_TIME"]))
        busy = own[0]
        for row in own[1:]:
            if row["START_TIME"] < busy["END_TIME"]:
                yield f"{antenna}: {busy['TRACK_ID']} and {row['TRACK_ID']} overlap"
            busy = max(busy, row, key=lambda item: item["END_TIME"])


def _closed(rows: Sequence[Row], maintenance: Iterable[Row]) -> Iterable[str]:
    works = [(str(item["antenna"]), int(item["starttime"]), int(item["endtime"])) for item in maintenance]
    for row in rows:
        for antenna, begin, end in works:
            if antenna == row["RESOURCE"] and row["START_TIME"] < end and begin < row["END_TIME"]:
                yield f"{antenna}: {row['TRACK_ID']} overlaps maintenance"


def _tracks(rows: Sequence[Row]) -> dict[str, dict[Span, set[str]]]:
    """By request and tracking times, the antennas."""
    tracks: dict[str, dict[Span, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        tracks[row["TRACK_ID"]][row["TRACKING_ON"], row["TRACKING_OFF"]].add(row["RESOURCE"])
    return tracks


def _track_problems(request: Row, span: Span, antennas: set[str]) -> Iterable[str]:
    on, off = span
    name = f"{request['track_id']} on {'_'.join(sorted(antennas))}"
    periods = [
        period
        for combination, own in request["resource_vp_dict"].items()
        if set(combination.split("_")) == antennas
        for period in own
    ]
    if not periods:
        yield f"{name}: these antennas were not asked for"
    elif not any(period["TRX ON"] <= on and off <= period["TRX OFF"] for period in periods):
        yield f"{name}: not within one view period"
    least = int(request["duration_min"] * 3600)
    if int(request["duration"] * 3600) >= 8 * 3600:
        least = min(least, 4 * 3600)
    if off - on < least:
        yield f"{name}: {off - on} s, at least {least} s are asked for"


def _doubled(identity: str, spans: list[Span]) -> Iterable[str]:
    spans.sort()
    for earlier, later in pairwise(spans):
        if later[0] < earlier[1]:
            yield f"{identity}: two of its tracks overlap"


def _verdict(
    problems: list[str], rows: Sequence[Row], known: Mapping[str, Row], tracks: Mapping[str, Mapping[Span, set[str]]]
) -> Verdict:
    asked: dict[str, int] = defaultdict(int)
    given: dict[str, int] = defaultdict(int)
    satisfied = 0
    for identity, request in known.items():
        duration = int(request["duration"] * 3600)
        got = min(sum(off - on for on, off in tracks.get(identity, ())), duration)
        asked[str(request["subject"])] += duration
        given[str(request["subject"])] += got
        satisfied += got >= int(request["duration_min"] * 3600)
    antenna_s = sum(row["TRACKING_OFF"] - row["TRACKING_ON"] for row in rows)
    u = {mission: max(1 - given[mission] / total, 0.0) for mission, total in asked.items()}
    return Verdict(tuple(problems), sum(given.values()) / 3600, antenna_s / 3600, satisfied, u)
