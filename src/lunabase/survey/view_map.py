"""View maps: how well each pixel of a horizon cube sees the Earth, stations on the Earth, and relays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.sky import GroundStation, Kernels, LunarOrbit
from lunabase.sky.kernels import DAY_S
from lunabase.survey.cube_pass import Progress, pass_cube
from lunabase.survey.light_map import coordinates_of, mapped, span_attributes
from lunabase.survey.passes import Tally
from lunabase.survey.sky_track import earth_track, relay_track, station_track
from lunabase.times import TimeGrid


def view_map(
    cube: xr.Dataset,
    grid: TimeGrid,
    kernels: Kernels,
    *,
    earth_stations: Sequence[GroundStation] = (),
    relays: Mapping[str, LunarOrbit] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """View of the Earth, its stations and relays at each pixel and height of a horizon cube, (height, y, x).

    Earth: `earth_fraction` (mean part of the disc), `earth_any`, `earth`,
    `earth_whole` (share of time with any part, the centre, the whole of the disc in view), `longest_no_earth`
    (longest time without the centre, days). For each station: `station_view`, `longest_no_station`, dimension
    `earth_station`, in view while the straight line clears the horizon and the station sees the place at its
    least elevation or above. For each relay: `relay_view`, `longest_no_relay`, dimension `relay`.

    Gaps are whole steps, and those that the span cuts count with their length inside; a relay in a low orbit passes
    within minutes and needs steps to match. Lines of sight to relays start at the ground if the cube carries its
    heights, `ground_height` (y, x) in metres; otherwise, and to the Earth, on the sphere of 1737.4 km. Pixels without
    a horizon are NaN. Raises InputError for a dataset that is no horizon cube and times outside the kernels.
    """
    orbiters = relays or {}
    stations = [station_track(station, grid, kernels) for station in earth_stations]
    tracks = [earth_track(grid, kernels), *stations]
    tracks += [relay_track(relay, grid, kernels) for relay in orbiters.values()]
    no_limits = [np.zeros(0, dtype=np.int32) for _ in tracks]
    counted, known = pass_cube(cube, tracks, no_limits, workers=workers, progress=progress)
    dataset = _earth(cube, counted[0], known, grid)
    first_relay = 1 + len(stations)
    names = [station.name for station in earth_stations]
    _add_points(dataset, "station", "earth_station", names, counted[1:first_relay], known, grid)
    _add_points(dataset, "relay", "relay", list(orbiters), counted[first_relay:], known, grid)
    dataset.attrs |= span_attributes(grid, kernels)
    return dataset


def _earth(cube: xr.Dataset, counted: Tally, known: NDArray[np.bool_], grid: TimeGrid) -> xr.Dataset:
    def share(values: NDArray[Any], name: str) -> Any:
        return mapped(values / grid.count, known, "1", name, "time: mean")

    gap_d = counted.longest_out * (grid.step_s / DAY_S)
    variables = {
        "earth_fraction": share(counted.visible, "visible part of the Earth's disc"),
        "earth_any": share(counted.any_part, "share of time with any part of the Earth in view"),
        "earth": share(counted.inside, "share of time with the centre of the Earth in view"),
        "earth_whole": share(counted.whole, "share of time with the whole Earth in view"),
        "longest_no_earth": mapped(
            gap_d, known, "d", "longest time without the Earth's centre", "time: maximum (unbroken spell)"
        ),
    }
    return xr.Dataset(variables, coords=coordinates_of(cube))


def _add_points(
    dataset: xr.Dataset,
    prefix: str,
    dimension: str,
    names: list[str],
    counted: Sequence[Tally],
    known: NDArray[np.bool_],
    grid: TimeGrid,
) -> None:
    if not names:
        return
    dims = (dimension, "height", "y", "x")
    dataset.coords[dimension] = (dimension, names)
    share = np.stack([tally.inside for tally in counted]) / grid.count
    gap_d = np.stack([tally.longest_out for tally in counted]) * (grid.step_s / DAY_S)
    _, in_view, text = mapped(share, known, "1", f"share of time with the {prefix} in view", "time: mean")
    dataset[f"{prefix}_view"] = (dims, in_view, text)
    _, longest, text = mapped(gap_d, known, "d", f"longest time without the {prefix}", "time: maximum (unbroken spell)")
    dataset[f"longest_no_{prefix}"] = (dims, longest, text)
