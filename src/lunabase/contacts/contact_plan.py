"""The station's contact plan: which radio talks to which ground station when, and what that brings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr

from lunabase.contacts.fairness import Weights
from lunabase.contacts.links import Link, ground_station_of, station_links
from lunabase.contacts.periods import Asked, ContactWishes, Period, ask
from lunabase.contacts.request import Track, Tracks
from lunabase.contacts.solve import share_antennas
from lunabase.errors import InputError, LunabaseError
from lunabase.scheduling.effort import Effort
from lunabase.station.model import Station

_LIGHT_M_PER_S = 299_792_458.0


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """One contact; the antennas are held from `hold_start` to `hold_stop`."""

    radio: str
    relay: str | None
    earth_station: str
    hold_start: datetime
    start: datetime
    stop: datetime
    hold_stop: datetime
    rate_bit_per_s: float
    relay_rate_bit_per_s: float
    """From the relay to Earth; 0 without one."""
    light_time_s: float
    """One way to Earth's centre, at the start."""

    @property
    def length_s(self) -> float:
        """Time in which data flow."""
        return (self.stop - self.start).total_seconds()

    @property
    def volume_bit(self) -> float:
        """What it can bring down."""
        return self.length_s * self.rate_bit_per_s


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """The contacts by time, the node names in the order of the station file, and how well wishes are met."""

    station: str
    start: datetime
    stop: datetime
    relays: tuple[str, ...]
    earth_stations: tuple[str, ...]
    contacts: tuple[PlannedContact, ...]
    new_bit: float
    """Data that the forecast brings within the span."""
    brought_bit: float
    """Of these, what the contacts bring down in time."""
    periods: int
    empty_periods: int
    """Periods without a contact."""

    @property
    def longest_gap_s(self) -> float:
        """Longest time without contact, with the span's edges."""
        ends = [self.start, *(item.stop for item in self.contacts)]
        starts = [*(item.start for item in self.contacts), self.stop]
        latest = np.maximum.accumulate([(end - self.start).total_seconds() for end in ends])
        begins = np.array([(begin - self.start).total_seconds() for begin in starts])
        return float(np.max(begins - latest))


def known_shares(station: Station, wishes: ContactWishes) -> None:
    """Raise InputError for shares of Earth stations that the station file doesn't have."""
    unknown = [name for name in wishes.shares if name not in station.earth_stations]
    if unknown:
        known = ", ".join(station.earth_stations)
        raise InputError(f"there is no Earth station {unknown[0]!r}.", where="--share", fix=f"There are: {known}.")


def plan_contacts(
    station: Station,
    environment: xr.Dataset,
    data: Sequence[tuple[datetime, float]],
    wishes: ContactWishes,
    effort: Effort,
    *,
    seed: int = 0,
) -> ContactPlan:
    """Plan contacts over an environment; `data` are moments with the bits made then.

    Raises LunabaseError when the station never reaches Earth.
    """
    start, length_s = _span(environment)
    links = station_links(station, station.phase_at(start)[1], environment)
    asked = ask(links, length_s, [((moment - start).total_seconds(), bits) for moment, bits in data], wishes)
    if not asked.demand.requests:
        fix = "Look for radios and Earth stations in the file, or take another span or a smaller --shortest."
        raise LunabaseError("the station has no contact that is long enough.", where=f"{start:%Y-%m-%d}", fix=fix)
    shared = share_antennas(asked.demand, Weights(), effort, seed=seed)
    served = list(_served(asked, shared.tracks))
    light_s = environment["earth_range"].values / _LIGHT_M_PER_S
    step_s = float(environment.attrs["time_step_s"])
    contacts = [
        _contact(link, track, start, wishes, float(light_s[int(track.on_s / step_s)]))
        for _, link, own in served
        if link
        for track in own
    ]
    return ContactPlan(
        station.station.name,
        start,
        start + timedelta(seconds=length_s),
        tuple(station.relays),
        tuple(station.earth_stations),
        tuple(sorted(contacts, key=lambda item: item.start)),
        sum(period.new_bit for period in asked.periods),
        _brought_bit(served),
        len(asked.periods),
        sum(not own for _, _, own in served),
    )


Served = tuple[Period, Link | None, tuple[Track, ...]]


def _span(environment: xr.Dataset) -> tuple[datetime, int]:
    """Begin, and length in seconds."""
    begin = datetime.fromisoformat(str(environment["time"].values[0])[:19]).replace(tzinfo=UTC)
    return begin, round(environment.sizes["time"] * float(environment.attrs["time_step_s"]))


def _served(asked: Asked, tracks: Tracks) -> Iterator[Served]:
    """Each period with its link and what it got."""
    own = iter(tracks)
    for period in asked.periods:
        yield period, period.link, next(own) if period.link else ()


def _brought_bit(served: Sequence[Served]) -> float:
    """What contacts bring of the data that wait when their period begins or come in it."""
    brought_bit = waiting_bit = 0.0
    for period, link, own in served:
        waiting_bit += period.new_bit
        able_bit = sum(track.length_s for track in own) * link.rate_bit_per_s if link else 0.0
        brought_bit, waiting_bit = brought_bit + min(able_bit, waiting_bit), waiting_bit - min(able_bit, waiting_bit)
    return brought_bit


def _contact(link: Link, track: Track, begin: datetime, wishes: ContactWishes, light_time_s: float) -> PlannedContact:
    start, stop = begin + timedelta(seconds=track.on_s), begin + timedelta(seconds=track.off_s)
    return PlannedContact(
        link.radio,
        link.relay,
        ground_station_of(track.antennas),
        start - timedelta(seconds=wishes.setup_s),
        start,
        stop,
        stop + timedelta(seconds=wishes.teardown_s),
        link.rate_bit_per_s,
        link.relay_rate_bit_per_s,
        light_time_s,
    )
