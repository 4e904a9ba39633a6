"""What has changed since a plan was made: things lost, contacts lost, new wishes, pins and forbidden periods.

A change file (YAML) says it; docs/reference/change-file.md lists its keys. A change is applied to the station and its
environment, so that planner and checker see the same changed world.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import Field

from lunabase.station.model import Station
from lunabase.station.quantities import Fraction, PositivePower, UtcDate
from lunabase.station.record import Identifier, Record, Rule, repeated
from lunabase.station.resources import Reservation
from lunabase.station.science import Request

LOST_W = "lost_generation"
"""Variable of a changed environment: generation that fails, W, (time,)."""
KNOWN_CHARGE = "known_charge"
"""Variable of a changed environment: state of charge where it was measured, NaN elsewhere, (time,)."""
_CONTACTS = ("contact", "relay_contact")

_ENDS = Rule(("start", "stop"), lambda item: item.start >= item.stop, "stop must come after start", "stop")


class Unavailable(Record):
    """Things that can't be used for some time."""

    of: tuple[Identifier, ...]
    """Resources, robot arms, payloads, modules or crew members."""
    start: UtcDate
    """From when (UTC)."""
    stop: UtcDate
    """Until when (UTC)."""
    text: str
    """Why."""

    rules = (
        _ENDS,
        Rule(("of",), lambda item: not item.of, "nothing is named", "of"),
        Rule(("of",), lambda item: repeated(item.of), "it names `{}` twice", "of"),
    )


class LostContact(Record):
    """A time without any link to Earth, direct or through a relay."""

    start: UtcDate
    """From when (UTC)."""
    stop: UtcDate
    """Until when (UTC)."""

    rules = (_ENDS,)


class LostPower(Record):
    """A time in which the station generates less."""

    start: UtcDate
    """From when (UTC)."""
    stop: UtcDate
    """Until when (UTC)."""
    less_w: PositivePower
    """How much less; generation is never below zero."""

    rules = (_ENDS,)


class Charge(Record):
    """A measured state of charge."""

    at: UtcDate
    """When (UTC)."""
    value: Fraction
    """State of charge of all stores."""


class Pin(Record):
    """An activity that shall have its time."""

    activity: str
    """Its id, `experiment/request#number`."""
    start: UtcDate | None = None
    """When it starts, setup before it (UTC); none: as in the plan."""


def _kinds_named(item: Any) -> int:
    return sum(name is not None for name in (item.request, item.payload, item.resource, item.activity_type))


class Forbidden(Record):
    """A time in which some activities must not run, not even their setup or teardown."""

    request: str | None = None
    """Those of a request, `experiment/request`."""
    payload: Identifier | None = None
    """Those of a payload."""
    resource: Identifier | None = None
    """Those that hold a resource or robot arm."""
    activity_type: Identifier | None = None
    """Those of an activity type."""
    start: UtcDate
    """From when (UTC)."""
    stop: UtcDate
    """Until when (UTC)."""

    rules = (
        _ENDS,
        Rule(
            ("request", "payload", "resource", "activity_type"),
            lambda item: _kinds_named(item) != 1,
            "give exactly one of: request, payload, resource, activity_type",
        ),
    )


class Change(Record):
    """What has changed since a plan was made."""

    now: UtcDate
    """When the change takes effect (UTC): what began before is history, and stays. Nothing below matters before it."""
    text: str = ""
    """What happened, in words."""
    unavailable: tuple[Unavailable, ...] = ()
    """What can't be used."""
    lost_contacts: tuple[LostContact, ...] = ()
    """Links that fail."""
    power: tuple[LostPower, ...] = ()
    """Generation that fails."""
    charge: Charge | None = None
    """What the stores really hold."""
    cancel: tuple[str, ...] = ()
    """Requests, `experiment/request`, that are given up now; what is under way is broken off."""
    requests: Mapping[Identifier, Mapping[Identifier, Request]] = Field(default_factory=dict)
    """New or changed requests, by experiment and name."""
    pin: tuple[str | Pin, ...] = ()
    """Activities that keep their time, or get a given one: an id, or `{activity, start}`."""
    forbid: tuple[Forbidden, ...] = ()
    """Times in which some activities must not run."""

    rules = (
        Rule(("cancel",), lambda change: repeated(change.cancel), "it names `{}` twice", "cancel"),
        Rule(
            ("now", "charge"),
            lambda change: change.charge is not None and change.charge.at < change.now,
            "a charge before `now` says little; give what the stores hold now",
            "charge",
        ),
    )

    @property
    def pins(self) -> tuple[Pin, ...]:
        """All pins as records."""
        return tuple(Pin.model_construct(activity=item) if isinstance(item, str) else item for item in self.pin)


def merged(changes: tuple[Change, ...]) -> Change | None:
    """Several changes one after another as one: the last `now` counts, and of two charges or requests the later."""
    if not changes:
        return None
    requests: dict[str, dict[str, Request]] = {}
    for change in changes:
        for experiment, wanted in change.requests.items():
            requests.setdefault(experiment, {}).update(wanted)
    charges = [change.charge for change in changes if change.charge is not None]
    last = max(changes, key=lambda change: change.now)
    return Change.model_construct(
        now=last.now,
        text="; ".join(change.text for change in changes if change.text),
        unavailable=tuple(item for change in changes for item in change.unavailable),
        lost_contacts=tuple(item for change in changes for item in change.lost_contacts),
        power=tuple(item for change in changes for item in change.power),
        charge=max(charges, key=lambda item: item.at, default=None),
        cancel=tuple(dict.fromkeys(name for change in changes for name in change.cancel)),
        requests=requests,
        pin=tuple(item for change in changes for item in change.pin),
        forbid=tuple(item for change in changes for item in change.forbid),
    )


def changed_station(station: Station, change: Change) -> Station:
    """The station with the change's requests, and with a reservation for each thing that is unavailable or forbidden.

    Experiments that the station does not have are left out; `runs.change_file` has refused them.
    """
    experiments = dict(station.experiments)
    for name, wanted in change.requests.items():
        if name in experiments:
            merged_requests = {**experiments[name].requests, **wanted}
            experiments[name] = experiments[name].model_copy(update={"requests": merged_requests})
    reservations = dict(station.reservations)
    for number, gone in enumerate(change.unavailable, start=1):
        if gone.stop > change.now:
            reservations[f"change-unavailable-{number}"] = _reservation(gone.of, gone, gone.text, change)
    for number, item in enumerate(change.forbid, start=1):
        thing = item.payload or item.resource
        if thing is not None and item.stop > change.now:
            reservations[f"change-forbidden-{number}"] = _reservation((thing,), item, "forbidden by the change", change)
    return station.model_copy(update={"experiments": experiments, "reservations": reservations})


def _reservation(of: tuple[str, ...], period: Unavailable | Forbidden, text: str, change: Change) -> Reservation:
    """What is taken from now on at the earliest."""
    return Reservation.model_construct(of=of, start=max(period.start, change.now), stop=period.stop, text=text)


def changed_environment(environment: xr.Dataset, change: Change) -> xr.Dataset:
    """The environment without the lost contacts, with the generation that fails and the charge that was measured.

    A step belongs to a period if any part of it does that is not yet past. The first epoch from now on keeps its
    contacts: what has ended just before now needed them up to there.
    """
    epochs = environment["time"].values.astype("datetime64[ms]").astype(np.int64)
    step_ms = int(epochs[1] - epochs[0])

    def during(start: datetime, stop: datetime) -> NDArray[np.bool_]:
        begin_ms = max(_ms(start), _ms(change.now))
        return np.asarray((epochs + step_ms > begin_ms) & (epochs < _ms(stop)))

    variables: dict[str, Any] = {}
    silent = np.zeros(epochs.size, dtype=bool)
    for lost in change.lost_contacts:
        silent |= during(lost.start, lost.stop)
    silent[: _first_after(epochs, _ms(change.now)) + 1] = False
    if silent.any():
        quiet = xr.DataArray(silent, dims="time", coords={"time": environment["time"]})
        variables |= {name: environment[name] & ~quiet for name in _CONTACTS if name in environment}
    if change.power:
        lost_w = np.zeros(epochs.size)
        for failure in change.power:
            lost_w[during(failure.start, failure.stop)] += failure.less_w
        variables[LOST_W] = ("time", lost_w, {"units": "W"})
    if change.charge is not None and epochs[0] <= _ms(change.charge.at) < epochs[-1] + step_ms:
        known = np.full(epochs.size, np.nan)
        known[(_ms(change.charge.at) - int(epochs[0])) // step_ms] = change.charge.value
        variables[KNOWN_CHARGE] = ("time", known, {"units": "1"})
    return environment.assign(variables) if variables else environment


def _first_after(epochs: NDArray[np.int64], now_ms: int) -> int:
    """Index of the first epoch that is not before now; their number if there is none."""
    return int(np.searchsorted(epochs, now_ms)) if now_ms > epochs[0] else -1


def _ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
