"""The SatNet benchmark: a week's requests and maintenance from its files, and tracks in its form.

Real requests for the antennas of the Deep Space Network (Goh et al. 2021, doi 10.1109/AERO50100.2021.9438519; data and
the meaning of their fields: github.com/edwinytgoh/satnet, data/README.md). Durations are in hours, setup and teardown
in minutes, times in seconds past 1970. A track lies between TRX ON and TRX OFF of one view period.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lunabase.contacts.request import AntennaRequest, Demand, Interval, Tracks, ViewPeriod
from lunabase.errors import InputError

_HOUR_S, _MINUTE_S = 3600, 60
_SPLIT_FROM_S = 8 * _HOUR_S
_SHORTEST_SPLIT_S = 4 * _HOUR_S
_FIX = "Give the benchmark's own file: problems.json of github.com/edwinytgoh/satnet."
_FIX_CSV = "Give the benchmark's maintenance.csv: week,year,starttime,endtime,antenna; times in seconds past 1970."


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)
    on_s: int = Field(alias="TRX ON", ge=0)
    off_s: int = Field(alias="TRX OFF", ge=0)

    @model_validator(mode="after")
    def _forward(self) -> _View:
        if self.off_s < self.on_s:
            raise ValueError("TRX OFF lies before TRX ON")
        return self


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True)
    track_id: str = Field(min_length=1)
    subject: int | str
    duration: float = Field(gt=0, le=24 * 366)
    duration_min: float = Field(gt=0, allow_inf_nan=False)
    setup_time: float = Field(ge=0, le=24 * 60)
    teardown_time: float = Field(ge=0, le=24 * 60)
    resource_vp_dict: dict[str, list[_View]]

    @model_validator(mode="after")
    def _ordered(self) -> _Request:
        if self.duration_min > self.duration:
            raise ValueError("duration_min is greater than duration")
        for combination in self.resource_vp_dict:
            names = combination.split("_")
            if "" in names or len(set(names)) < len(names):
                raise ValueError(f"resource_vp_dict: {combination!r} doesn't name antennas joined by _")
        return self


def read_weeks(path: Path) -> dict[str, Any]:
    """The requests of each week, as the file has them. Raises InputError with the line of what is wrong."""
    text = _text(path)
    try:
        weeks = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as wrong:
        place = f"{path}: line {wrong.lineno}" if isinstance(wrong, json.JSONDecodeError) else str(path)
        raise InputError("this is not JSON.", where=place, fix=_FIX) from None
    if not isinstance(weeks, dict):
        raise InputError("this is not an object of weeks.", where=str(path), fix=_FIX)
    return weeks


def read_demand(records: Any, closures: Iterable[dict[str, Any]], where: str) -> Demand:
    """A week's requests and closures. Raises InputError with record and field when there is something wrong."""
    if not isinstance(records, list) or not records:
        raise InputError("a week is a list of requests.", where=where, fix=_FIX)
    requests = [_request(record, f"{where}: request {number}") for number, record in enumerate(records)]
    first: dict[str, int] = {}
    for number, item in enumerate(requests):
        if first.setdefault(item.name, number) != number:
            problem = f"track_id: {item.name!r} is that of request {first[item.name]} too."
            raise InputError(problem, where=f"{where}: request {number}", fix="Give each request an id of its own.")
    closed: dict[str, list[Interval]] = defaultdict(list)
    for row in closures:
        closed[row["antenna"]].append((row["starttime"], row["endtime"]))
    return Demand(tuple(requests), {name: tuple(sorted(spans)) for name, spans in closed.items()})


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as missing:
        raise InputError(f"can't be read: {missing.strerror}.", where=str(path), fix="Check the path.") from None
    except UnicodeDecodeError:
        raise InputError("this is not text in UTF-8.", where=str(path), fix="Give the benchmark's own file.") from None


def _request(record: Any, where: str) -> AntennaRequest:
    try:
        given = _Request.model_validate(record)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{place or 'record'}: {first['msg']}.", where=where, fix=_FIX) from None
    duration_s, satisfied_s = int(given.duration * _HOUR_S), int(given.duration_min * _HOUR_S)
    shortest_s = min(satisfied_s, _SHORTEST_SPLIT_S) if duration_s >= _SPLIT_FROM_S else satisfied_s
    if shortest_s <= 0:
        raise InputError("duration_min: less than a second.", where=where, fix="Give hours.")
    return AntennaRequest(
        given.track_id,
        str(given.subject),
        duration_s,
        satisfied_s,
        shortest_s,
        int(given.setup_time * _MINUTE_S),
        int(given.teardown_time * _MINUTE_S),
        tuple(_views(given, shortest_s)),
    )


def _views(given: _Request, shortest_s: int) -> Iterable[ViewPeriod]:
    """View periods that a track fits in, by antennas and time."""
    for combination, periods in sorted(given.resource_vp_dict.items()):
        for period in sorted(periods, key=lambda view: view.on_s):
            if period.off_s - period.on_s >= shortest_s:
                yield ViewPeriod(tuple(combination.split("_")), period.on_s, period.off_s)


def maintenance_rows(path: Path) -> list[dict[str, Any]]:
    """When antennas are closed, whatever week the row is listed under. Raises InputError with file, line and field."""
    rows = csv.DictReader(_text(path).splitlines())
    missing = [name for name in ("starttime", "endtime", "antenna") if name not in (rows.fieldnames or ())]
    if missing:
        raise InputError(f"there is no column {missing[0]!r}.", where=f"{path}: line 1", fix=_FIX_CSV)
    return [_closure(row, f"{path}: line {rows.line_num}") for row in rows]


def _closure(row: dict[str, str | None], where: str) -> dict[str, Any]:
    begin, end = (_seconds(row[name], name, where) for name in ("starttime", "endtime"))
    if end < begin:
        raise InputError("endtime lies before starttime.", where=where, fix=_FIX_CSV)
    if not row["antenna"]:
        raise InputError("antenna is empty.", where=where, fix=_FIX_CSV)
    return {"antenna": row["antenna"], "starttime": begin, "endtime": end}


def _seconds(text: str | None, name: str, where: str) -> int:
    try:
        return int(float(text or ""))
    except (ValueError, OverflowError):
        raise InputError(f"{name}: {text!r} is no time in seconds.", where=where, fix=_FIX_CSV) from None


def track_rows(demand: Demand, tracks: Tracks) -> list[dict[str, int | str]]:
    """Tracks in the benchmark's form: one row per antenna, by time; arrays have rows with equal times."""
    rows: list[dict[str, int | str]] = [
        {
            "RESOURCE": antenna,
            "SC": int(request.mission) if request.mission.isdecimal() else request.mission,
            "START_TIME": track.on_s - request.setup_s,
            "TRACKING_ON": track.on_s,
            "TRACKING_OFF": track.off_s,
            "END_TIME": track.off_s + request.teardown_s,
            "TRACK_ID": request.name,
        }
        for request, own in zip(demand.requests, tracks, strict=True)
        for track in own
        for antenna in track.antennas
    ]
    return sorted(rows, key=lambda row: (row["START_TIME"], row["RESOURCE"]))
