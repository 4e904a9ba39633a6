"""What `lunabase sky` looks from and at: a station file's place, or one given by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from lunabase.errors import InputError
from lunabase.sky.events import find_events
from lunabase.sky.ground import GroundStation
from lunabase.sky.kernels import Kernels, kernels_from
from lunabase.sky.look import Observer, look_arrays
from lunabase.sky.orbit import LunarOrbit
from lunabase.sky.site import SurfaceSite
from lunabase.sky.targets import Target, parse_target
from lunabase.station.load import load_station
from lunabase.station.places import ground_stations, observer, relay_orbits, site_horizon
from lunabase.terrain.mask import HorizonMask, flat_mask
from lunabase.times import FloatArray, TimeGrid, UtcLike, parse_utc, tdb_to_utc

DAY_S = 86_400.0
HEIGHT_M = 2.0
"""Height of the eye above flat ground, where a place is given by hand."""
PIECE = 50_000
MAX_DAYS = 100_000.0
MAX_ROWS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Scene:
    """An observer, its horizon, the times, and the file's own targets."""

    site: Observer
    horizon: HorizonMask | None
    grid: TimeGrid
    kernels: Kernels
    own_targets: Mapping[str, GroundStation | LunarOrbit]

    @property
    def pieces(self) -> int:
        """How many pieces a table over the grid has."""
        return -(-self.grid.count // PIECE)

    def target(self, name: str) -> Target:
        """A relay or Earth station of the file, or any target that the sky knows. Raises InputError."""
        return self.own_targets.get(name) or parse_target(name)


def watching(
    station: Path | None,
    place: SurfaceSite | None,
    start: str | None,
    days: float,
    step_s: float,
    kernel_files: Sequence[Path],
) -> Scene:
    """The scene from the command's options. Raises InputError when they don't name one place and time."""
    if (station is None) == (place is None):
        raise InputError("no place to look from, or two.", fix="Give a station file, or --latitude and --longitude.")
    if not 0.0 < days <= MAX_DAYS or not 0.001 <= step_s <= days * DAY_S or days * DAY_S / step_s > MAX_ROWS:
        problem = f"--days {days:g} with --step {step_s:g} makes no table."
        raise InputError(problem, fix=f"Let the step fit in the days, and stay below {MAX_ROWS:,} rows.")
    kernels = kernels_from(kernel_files)
    if place is not None:
        if start is None:
            raise InputError("no date.", where="--start", fix="Give one, like --start 2030-01-01.")
        grid = _grid(start, days, step_s, kernels)
        return Scene(place, flat_mask((HEIGHT_M,)), grid, kernels, {})
    assert station is not None  # one of the two is given
    file = load_station(station)
    begin = parse_utc(start) if start else parse_utc(file.station.station.start)
    grid = _grid(begin, days, step_s, kernels)
    own = {item.name: item for item in ground_stations(file.station)} | relay_orbits(file.station)
    horizon = site_horizon(file.station.site, file.path.parent)
    return Scene(observer(file.station.site), horizon, grid, kernels, own)


def _grid(start: UtcLike, days: float, step_s: float, kernels: Kernels) -> TimeGrid:
    """The times, within the kernels' span: told before the first row, not after the last that fits."""
    grid = TimeGrid.from_utc(start, max(round(days * DAY_S / step_s), 1), step_s)
    kernels.check_span(np.array([grid.start_tdb_s, grid.part(grid.count - 1, 1).start_tdb_s]))
    return grid


def rise_and_set_rows(targets: Mapping[str, Target], scene: Scene) -> Iterator[pd.DataFrame]:
    """One piece: every rise and set of a target's centre over the horizon from its lowest height, to 1 s, in order.

    Spells shorter than the grid's step can be missed. Raises InputError for an orbiting observer.
    """
    mask = scene.horizon
    if mask is None:
        raise InputError("an orbiter has no fixed horizon.", where="--events", fix="Leave --events out.")

    def above(tdb_s: FloatArray, target: Target) -> FloatArray:
        sight = look_arrays(target, scene.site, tdb_s, kernels=scene.kernels)
        return sight.elevation_deg - mask.elevation_at(sight.azimuth_deg, mask.heights_m[0])

    rows = []
    for name, target in targets.items():
        start_s, stop_s = scene.grid.start_tdb_s, scene.grid.stop_tdb_s
        found = find_events(partial(above, target=target), start_s, stop_s, step_s=scene.grid.step_s)
        times = np.array([event.tdb_s for event in found])
        sight = look_arrays(target, scene.site, times, kernels=scene.kernels)
        for index, event in enumerate(found):
            rows.append(
                {
                    "time": tdb_to_utc(event.tdb_s),
                    "target": name,
                    "event": "rise" if event.rising else "set",
                    "azimuth_deg": round(float(sight.azimuth_deg[index]), 5),
                    "elevation_deg": round(float(sight.elevation_deg[index]), 5),
                }
            )
    columns = ["time", "target", "event", "azimuth_deg", "elevation_deg"]
    table = pd.DataFrame(rows, columns=columns).astype({"time": "datetime64[ns]"})
    yield table.sort_values("time", kind="stable", ignore_index=True)
