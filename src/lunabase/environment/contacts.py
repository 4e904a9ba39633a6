"""Contacts: the intervals in which data can flow between the site and an Earth station."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from lunabase.environment.intervals import true_intervals
from lunabase.times import TimeGrid

DIRECT = "direct"
"""The link of a contact without a relay; a relay's contacts carry its name."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A usable link interval, TDB seconds past J2000; `link` is "direct" or the name of a relay."""

    link: str
    earth_station: str
    start_tdb_s: float
    stop_tdb_s: float

    @property
    def duration_s(self) -> float:
        """Length of the contact, s."""
        return self.stop_tdb_s - self.start_tdb_s


def contact_windows(dataset: xr.Dataset, *, shortest_s: float = 0.0) -> list[Contact]:
    """All contacts of an environment of at least `shortest_s`, by start, then link and station.

    Direct ones from `contact`, those over a relay (site to relay to station at the same time) from
    `relay_contact`. Edges lie on epochs, late by at most one step.
    """
    tdb_s = dataset["tdb"].values
    grid = TimeGrid(float(tdb_s[0]), float(dataset.attrs["time_step_s"]), tdb_s.size)
    stations = [str(name) for name in dataset["earth_station"].values]
    series = {(DIRECT, name): dataset["contact"].values[k] for k, name in enumerate(stations)}
    for row, relay in enumerate(dataset["relay"].values):
        for k, name in enumerate(stations):
            series[str(relay), name] = dataset["relay_contact"].values[row, k]
    contacts = [
        Contact(link, station, start, stop)
        for (link, station), mask in series.items()
        for start, stop in true_intervals(mask, grid)
        if stop - start >= shortest_s
    ]
    return sorted(contacts, key=lambda contact: (contact.start_tdb_s, contact.link, contact.earth_station))
