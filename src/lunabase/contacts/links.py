"""The station's links to Earth: which radio reaches which ground station, over which relay, when, how fast.

A path ties up the station's radio, the relay if there is one, and the ground antenna, all at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from lunabase.contacts.request import Interval
from lunabase.environment.contacts import DIRECT, contact_windows
from lunabase.station.equipment import Radio
from lunabase.station.model import Station
from lunabase.station.site import Phase

_RADIO, _RELAY, _EARTH = "radio ", "relay ", "earth "


@dataclass(frozen=True, slots=True)
class Link:
    """One way to Earth: a radio, straight or over a relay."""

    radio: str
    relay: str | None
    rate_bit_per_s: float
    """Of the slower of its hops."""
    relay_rate_bit_per_s: float
    """From the relay to Earth; 0 without one."""
    views: tuple[tuple[str, Interval], ...]
    """Ground stations with seconds from the environment's start, by time."""

    def antennas(self, ground_station: str) -> tuple[str, ...]:
        """What a contact ties up, named as the search takes it."""
        relay = (_RELAY + self.relay,) if self.relay else ()
        return (_RADIO + self.radio, *relay, _EARTH + ground_station)


def ground_station_of(antennas: tuple[str, ...]) -> str:
    """The ground station among what a contact ties up."""
    return antennas[-1].removeprefix(_EARTH)


def station_links(station: Station, phase: Phase, environment: xr.Dataset) -> tuple[Link, ...]:
    """All links that the radios of a phase have, in the order of the file."""
    begin_s = float(environment["tdb"].values[0])
    views: dict[str, list[tuple[str, Interval]]] = {}
    for contact in contact_windows(environment):
        span = round(contact.start_tdb_s - begin_s), round(contact.stop_tdb_s - begin_s)
        views.setdefault(contact.link, []).append((contact.earth_station, span))
    links = []
    for name, radio in station.equipment(Radio, phase.present).items():
        if radio.rate_to_earth_bit_per_s > 0.0:
            links.append(Link(name, None, radio.rate_to_earth_bit_per_s, 0.0, tuple(views.get(DIRECT, ()))))
        for relay_id, relay in station.relays.items() if radio.rate_to_relay_bit_per_s > 0.0 else ():
            rate = min(radio.rate_to_relay_bit_per_s, relay.rate_to_earth_bit_per_s)
            onward = relay.rate_to_earth_bit_per_s
            links.append(Link(name, relay_id, rate, onward, tuple(views.get(relay_id, ()))))
    return tuple(links)
