"""Change file -> `Change`, or every error in it at once, each with line, field and what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from lunabase.planning.change import Change, changed_station
from lunabase.station import requests as request_checks
from lunabase.station.equipment import RobotArm
from lunabase.station.form import FormReader, nearest
from lunabase.station.load import FormError, read_text
from lunabase.station.model import Station
from lunabase.station.record import Record
from lunabase.station.reference import records_below, records_markdown
from lunabase.station.science import Request
from lunabase.station.yaml_source import Finding, KeyPath, YamlSource, read_yaml

_FIX = "Check the path; docs/reference/change-file.md says what a change file holds."
_CHECKS = (request_checks.payload_modes, request_checks.cycles, request_checks.crew_needed)

_HEADING = """# Change file

Generated from the models by `make docs`; do not edit. A change file tells `lunabase plan STATION --from PLAN --change
CHANGE` what has changed since the plan was made. It is YAML 1.2 like the [station file](station-file.md), whose
quantities, names and records it uses. Only `now` is needed:

```yaml
now: 2035-01-09T06:00:00Z
text: The drill is stuck, and Goldstone is down for a day.
unavailable:
  - {of: [prospect], start: 2035-01-09T06:00:00Z, stop: 2035-01-14, text: drill stuck}
lost_contacts:
  - {start: 2035-01-10, stop: 2035-01-11}
power:
  - {start: 2035-01-09T06:00:00Z, stop: 2035-01-12, less: 500 W}
charge: {at: 2035-01-09T06:00:00Z, value: 71 %}
cancel: [heat-flow/go-down]
requests:
  topography:
    panorama: {activity: take-images, payload: topography-camera, duration: 1 h, count: 4, priority: 9}
pin: [shadow-ice/hop#1]
forbid:
  - {activity_type: hop, start: 2035-01-20, stop: 2035-01-22}
```

The top level:
"""


@dataclass(frozen=True, slots=True)
class ChangeFile:
    """A change file that was read and fits its station."""

    path: Path
    text: str
    change: Change

    @property
    def sha256(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_change(path: Path, station: Station) -> ChangeFile:
    """Read and validate a change file against its station.

    Raises FormError with every error found, or InputError when the file can't be read.
    """
    text = read_text(path, _FIX)
    source = read_yaml(text)
    reader = FormReader(source)
    if source.data or not source.problems:
        _read(reader, source, station)
    told = {item.field for item in source.problems}
    problems = [*source.problems, *(item for item in reader.problems if item.field not in told)]
    if problems:
        raise FormError(path, problems)
    given, _ = FormReader(source).fields(Change, source.data, ())
    return ChangeFile(path, text, Change.model_construct(**given))


def _read(reader: FormReader, source: YamlSource, station: Station) -> None:
    given, malformed = reader.fields(Change, source.data, ())
    if malformed:
        return
    change = Change.model_construct(**given)
    for path, problem, fix in _unknown_names(change, station):
        reader.note(path, problem, fix)
    if not reader.problems:
        for path, problem, fix in _request_findings(change, station):
            reader.note(path, problem, fix)


def _unknown_names(change: Change, station: Station) -> Iterator[Finding]:
    """Names that nothing declares."""
    things, known_requests = _things(station), _request_ids(change, station)
    for index, gone in enumerate(change.unavailable):
        for place, name in enumerate(gone.of):
            yield from _unless(name, things, ("unavailable", index, "of", place), "resource, payload, module or person")
    for index, request in enumerate(change.cancel):
        yield from _unless(request, known_requests, ("cancel", index), "request")
    for index, pin in enumerate(change.pins):
        yield from _unless(pin.activity.rpartition("#")[0] or pin.activity, known_requests, ("pin", index), "request")
    for experiment, requests in change.requests.items():
        yield from _unless(experiment, station.experiments, ("requests", experiment), "experiment")
        for name, wanted in requests.items():
            yield from _unknown_in_request(wanted, station, known_requests, experiment, name)
    yield from _unknown_in_forbidden(change, station, known_requests)


def _unknown_in_forbidden(change: Change, station: Station, known_requests: set[str]) -> Iterator[Finding]:
    known: dict[str, Collection[str]] = {
        "request": known_requests,
        "payload": station.payloads,
        "resource": _holdable(station),
        "activity_type": station.activity_types,
    }
    for index, item in enumerate(change.forbid):
        for key, names in known.items():
            name = getattr(item, key)
            if name is not None:
                yield from _unless(name, names, ("forbid", index, key), key.replace("_", " "))


def _unknown_in_request(
    wanted: Request, station: Station, known_requests: set[str], experiment: str, name: str
) -> Iterator[Finding]:
    path: KeyPath = ("requests", experiment, name)
    yield from _unless(wanted.activity, station.activity_types, (*path, "activity"), "activity type")
    yield from _unless(wanted.payload, station.payloads, (*path, "payload"), "payload")
    for index, other in enumerate(wanted.or_payload):
        yield from _unless(other, station.payloads, (*path, "or_payload", index), "payload")
    for index, order in enumerate(wanted.after):
        full = order.request if "/" in order.request else f"{experiment}/{order.request}"
        yield from _unless(full, known_requests, (*path, "after", index, "request"), "request")


def _unless(name: str, known: Collection[str], path: KeyPath, kind: str) -> Iterator[Finding]:
    if name not in known:
        yield path, f"there is no {kind} `{name}`", nearest(name, known)


def _holdable(station: Station) -> set[str]:
    arms = {name for _, name, item in station.all_equipment() if isinstance(item, RobotArm)}
    return {*station.resources, *arms}


def _things(station: Station) -> set[str]:
    people = station.crew.members if station.crew is not None else {}
    return {*_holdable(station), *station.payloads, *station.modules, *people}


def _request_ids(change: Change, station: Station) -> set[str]:
    ids = {request_id for request_id, _, _ in station.requests()}
    return ids | {f"{experiment}/{name}" for experiment, wanted in change.requests.items() for name in wanted}


def _request_findings(change: Change, station: Station) -> Iterator[Finding]:
    """What the station file's own checks find in the change's requests."""
    after = changed_station(station, change)
    for check in _CHECKS:
        for path, problem, fix in check(after):
            _, experiment, _, name, *rest = path
            if name in change.requests.get(str(experiment), {}):
                yield ("requests", experiment, name, *rest), problem, fix


def change_markdown() -> str:
    """The reference page of the change file."""
    known: list[type[Record]] = [Request, *records_below(Request)]  # type: ignore[list-item]
    return records_markdown(_HEADING, Change, known).replace("](#request)", "](station-file.md#request)")
