"""Horizon cubes of the validation, kept under runs/validation so that a second script needn't compute them again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import xarray as xr
from tools.validation.page import REPOSITORY

from lunabase.survey.horizons import horizon_map
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid

CUBES = REPOSITORY / "runs" / "validation"


@dataclass(frozen=True, slots=True)
class TimedCube:
    """A cube, and the seconds that its horizons took in this run (0 when they were on disk)."""

    cube: xr.Dataset
    seconds: float


def region_of(dem: Dem) -> MapGrid:
    """Return the grid of a model's pixels."""
    return MapGrid(dem.projection, dem.west, dem.north, dem.pixel_width, *dem.heights_m.shape)


def horizon_cube(name: str, dems: Sequence[Dem], region: MapGrid, heights_m: Sequence[float]) -> TimedCube:
    """Return the cube of a region at 360 azimuths, computed unless it is there already."""
    CUBES.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    shown = [0]

    def tell(part: float) -> None:
        if int(10 * part) > shown[0]:
            shown[0] = int(10 * part)
            print(f"horizons of {name}: {10 * shown[0]} %, {time.perf_counter() - begin:.0f} s", flush=True)

    cube = horizon_map(dems, region, out=CUBES / f"{name}.zarr", heights_m=heights_m, overwrite=True, progress=tell)
    return TimedCube(cube, time.perf_counter() - begin)
