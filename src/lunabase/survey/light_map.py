"""The light map: how much sunlight each pixel of a horizon cube gets over a span, and how long its nights last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.sky import Kernels, kernel_hashes
from lunabase.sky.kernels import DAY_S
from lunabase.survey.cube_pass import Progress, pass_cube
from lunabase.survey.passes import CountArray, Tally
from lunabase.survey.sky_track import sun_track
from lunabase.times import TimeGrid


def light_map(
    cube: xr.Dataset,
    grid: TimeGrid,
    kernels: Kernels,
    *,
    dark_below: float = 0.0,
    night_days: Sequence[float] = (1.0, 3.0, 7.0),
    workers: int | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Sunlight at each pixel and height of a horizon cube over a time grid, dimensions (height, y, x).

    `light` (mean part of the disc in view), `lit_share` (share of time that is lit), `sun_above_terrain`
    (share of time in which the terrain leaves any part of the disc, eclipses aside), `longest_dark`, `longest_lit`
    (days), `nights` (number of dark spells of at least `night_length` days, one more dimension).

    A step is dark when no more than `dark_below` (0 to 1) of the disc is visible. What holds at an epoch holds for the
    step; a spell is an unbroken run of steps, and one that the span cuts counts with its length inside. Eclipses by the
    Earth darken. Pixels without a horizon are NaN. `workers`: threads, by default one for each core; `progress`
    is called with the finished part (0 to 1). Raises InputError for a dataset that is no horizon cube, times
    outside the kernels, and limits that make no sense.
    """
    days = np.asarray(night_days, dtype=np.float64)
    track = sun_track(grid, kernels, dark_below=dark_below)
    limits = steps_of_days(days, grid.step_s)
    (counted,), known = pass_cube(cube, [track], [limits], workers=workers, progress=progress)
    dataset = _assemble(cube, counted, known, grid, days)
    dataset.attrs |= span_attributes(grid, kernels) | {"dark_below": dark_below}
    return dataset


def steps_of_days(days: NDArray[np.float64], step_s: float) -> CountArray:
    """Fewest steps that last at least so many days. Raises InputError for lengths that aren't positive."""
    if not (days > 0.0).all():
        raise InputError("a night must last longer than no time.", where="night_days", fix="Give days above 0.")
    return np.ceil(days * DAY_S / step_s - 1e-9).astype(np.int32)


def span_attributes(grid: TimeGrid, kernels: Kernels) -> dict[str, str | float | int]:
    """Attributes that state the span of a map and the kernels."""
    return {
        "Conventions": "CF-1.11",
        "time_coverage_start": f"{np.datetime_as_string(grid.utc[0], unit='s')}Z",
        "time_step_s": grid.step_s,
        "time_steps": grid.count,
        "kernels": "; ".join(f"{name} {digest}" for name, digest in kernel_hashes(kernels).items()),
    }


def mapped(
    values: NDArray[Any], known: NDArray[np.bool_], units: str, long_name: str, cell_methods: str
) -> tuple[tuple[str, ...], NDArray[np.float32], dict[str, str]]:
    """A variable over (height, y, x), NaN where the cube has no horizon."""
    attributes = {"units": units, "long_name": long_name, "cell_methods": cell_methods, "grid_mapping": "spatial_ref"}
    return ("height", "y", "x"), np.where(known, values, np.nan).astype(np.float32), attributes


def coordinates_of(cube: xr.Dataset) -> dict[str, xr.DataArray]:
    """Height, y, x and the coordinate system of a cube, for its maps."""
    return {name: cube[name].drop_vars("azimuth", errors="ignore") for name in ("height", "y", "x", "spatial_ref")}


def _assemble(
    cube: xr.Dataset, counted: Tally, known: NDArray[np.bool_], grid: TimeGrid, days: NDArray[np.float64]
) -> xr.Dataset:
    count, step_d = grid.count, grid.step_s / DAY_S
    longest = "time: maximum (unbroken spell)"
    variables = {
        "light": mapped(counted.visible / count, known, "1", "visible part of the Sun's disc", "time: mean"),
        "lit_share": mapped(counted.inside / count, known, "1", "share of time that is lit", "time: mean"),
        "sun_above_terrain": mapped(
            counted.any_part / count, known, "1", "share of time with any of the Sun above the terrain", "time: mean"
        ),
        "longest_dark": mapped(counted.longest_out * step_d, known, "d", "longest dark spell", longest),
        "longest_lit": mapped(counted.longest_in * step_d, known, "d", "longest lit spell", longest),
    }
    dataset = xr.Dataset(variables, coords=coordinates_of(cube))
    nights = np.where(known, counted.long_outs, np.nan).astype(np.float32)
    text = {"units": "1", "long_name": "dark spells of at least the night length", "grid_mapping": "spatial_ref"}
    length = xr.Variable("night_length", days, {"units": "d", "long_name": "least length of a night"})
    dataset = dataset.assign_coords(night_length=length)
    dataset["nights"] = (("night_length", "height", "y", "x"), nights, text | {"cell_methods": "time: sum (spells)"})
    return dataset
