"""What a temperature map keeps of each step: extremes and means of every pixel, and the series of some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4, Column
from lunabase.survey.columns import LANES, Columns
from lunabase.survey.cube_pass import Window
from lunabase.survey.thermal_terrain import ThermalTerrain
from lunabase.times import TimeGrid

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]

_FLUXES = {
    "direct_flux": "sunlight absorbed, direct",
    "scattered_flux": "sunlight absorbed, scattered by the terrain",
    "infrared_flux": "infrared absorbed, from the terrain",
    "ground_flux": "heat that the ground below gives to the surface",
}


class Levels:
    """Depths, 0 first, and how the layers give their temperatures: a share of one layer and the rest of the next."""

    def __init__(self, column: Column, depths_m: Sequence[float]) -> None:
        """Prepare for depths within the column; the surface is the layer above the first."""
        self.depths_m = np.array([0.0, *depths_m])
        nodes = np.concatenate([[0.0], column.depth_m])
        self._upper = np.clip(np.searchsorted(nodes, self.depths_m, side="right") - 1, 0, nodes.size - 2)
        share = (self.depths_m - nodes[self._upper]) / (nodes[self._upper + 1] - nodes[self._upper])
        self._share = share.astype(np.float32)

    def at(self, number: int, columns: Columns) -> SingleArray:
        """Temperatures at one of the depths, (blocks, LANES)."""
        upper, share = self._upper[number], self._share[number]
        below = columns.layers_k[:, upper]
        above = columns.surface_k if upper == 0 else columns.layers_k[:, upper - 1]
        return np.asarray(above + share * (below - above))


class Extremes:
    """Lowest, highest and mean temperature at each depth, (depths, blocks, LANES)."""

    def __init__(self, columns: Columns, depths_m: Sequence[float]) -> None:
        """Start with no step."""
        self.levels = Levels(columns.column, depths_m)
        shape = (self.levels.depths_m.size, *columns.surface_k.shape)
        self.lowest = np.full(shape, np.inf, np.float32)
        self.highest = np.full(shape, -np.inf, np.float32)
        self._sum = np.zeros(shape)
        self._steps = 0

    @property
    def mean(self) -> FloatArray:
        """Return the mean over the steps."""
        return self._sum / self._steps

    def count(self) -> None:
        """Count a step, after all its parts have been added."""
        self._steps += 1

    def add(self, part: slice, columns: Columns) -> None:
        """Add some blocks of a step; the columns are those blocks alone."""
        for number in range(self.levels.depths_m.size):
            temperature_k = self.levels.at(number, columns)
            np.minimum(self.lowest[number, part], temperature_k, out=self.lowest[number, part])
            np.maximum(self.highest[number, part], temperature_k, out=self.highest[number, part])
            self._sum[number, part] += temperature_k


class Series:
    """Temperatures and fluxes of some pixels, step by step."""

    def __init__(self, pixels: NDArray[np.intp], depths_m: Sequence[float], steps: int, column: Column) -> None:
        """Make room for so many steps; pixels: their numbers, row after row."""
        self.pixels = pixels
        self._levels = Levels(column, depths_m)
        self.temperature_k = np.empty((pixels.size, self._levels.depths_m.size, steps), np.float32)
        self.fluxes_w_m2 = np.empty((len(_FLUXES), pixels.size, steps), np.float32)

    def set(self, step: int, terrain: ThermalTerrain, columns: Columns) -> None:
        """Keep a step."""
        block, lane = np.divmod(self.pixels, LANES)
        for number in range(self._levels.depths_m.size):
            self.temperature_k[:, number, step] = self._levels.at(number, columns)[block, lane]
        absorbed = terrain.fluxes(self.pixels)
        emission = columns.column.regolith.emissivity * STEFAN_BOLTZMANN_W_M2_K4
        radiated = emission * self.temperature_k[:, 0, step] ** 4
        whole = [absorbed.direct, absorbed.scattered, absorbed.infrared]
        self.fluxes_w_m2[:, :, step] = [*whole, radiated - sum(whole)]


def temperature_dataset(
    cube: xr.Dataset, terrain: ThermalTerrain, extremes: Extremes, series: Series, drift_k: SingleArray, grid: TimeGrid
) -> xr.Dataset:
    """Assemble the maps and series with their CF attributes."""
    place = {name: cube[name].drop_vars(["azimuth", "height"], errors="ignore") for name in ("y", "x", "spatial_ref")}
    dataset = xr.Dataset(coords=place)
    if extremes.levels.depths_m.size > 1:
        about_depth = {"units": "m", "long_name": "depth below the surface", "positive": "down", "axis": "Z"}
        dataset = dataset.assign_coords(depth=("depth", extremes.levels.depths_m[1:], about_depth))
    found = {"minimum": extremes.lowest, "mean": extremes.mean, "maximum": extremes.highest}
    for word, values in found.items():
        about = {"units": "K", "cell_methods": f"time: {word}", "grid_mapping": "spatial_ref"}
        surface = {**about, "standard_name": "surface_temperature", "long_name": f"{word} surface temperature"}
        dataset[f"surface_temperature_{word}"] = (("y", "x"), _mapped(values[0], terrain), surface)
        if extremes.levels.depths_m.size > 1:
            deep = {**about, "standard_name": "soil_temperature", "long_name": f"{word} temperature at depth"}
            maps = np.stack([_mapped(each, terrain) for each in values[1:]])
            dataset[f"temperature_{word}"] = (("depth", "y", "x"), maps, deep)
    sky = {
        "units": "1",
        "long_name": "part of the view of the sloping ground that is sky",
        "grid_mapping": "spatial_ref",
    }
    dataset["sky_view_factor"] = (("y", "x"), _mapped(terrain.views.sky, terrain), sky)
    drift = {"units": "K", "long_name": "largest shift that spin-up left undone", "grid_mapping": "spatial_ref"}
    dataset["spin_up_drift"] = (("y", "x"), _mapped(drift_k, terrain), drift)
    return _with_series(dataset, series, grid) if series.pixels.size else dataset


def joined(cube: xr.Dataset, pieces: Sequence[tuple[Window, xr.Dataset]], tile_of_point: Sequence[int]) -> xr.Dataset:
    """Put tiles together to the map of a cube, unknown where there is none; tile_of_point: by number."""
    first = pieces[0][1]
    if first.sizes["y"] == cube.sizes["y"] and first.sizes["x"] == cube.sizes["x"]:
        return first
    place = {name: cube[name].drop_vars(["azimuth", "height"], errors="ignore") for name in ("y", "x", "spatial_ref")}
    dataset = xr.Dataset(coords=place | {name: first[name] for name in ("depth",) if name in first.coords})
    for name, variable in first.data_vars.items():
        if variable.dims[-2:] == ("y", "x"):
            whole = np.full((*variable.shape[:-2], cube.sizes["y"], cube.sizes["x"]), np.nan, variable.dtype)
            for tile, piece in pieces:
                whole[(..., *tile.slices)] = piece[name].values
            dataset[name] = (variable.dims, whole, variable.attrs)
    if not tile_of_point:
        return dataset
    series = [piece[[name for name in piece.variables if "time" in piece[name].dims]] for _, piece in pieces]
    order = np.argsort(np.argsort(tile_of_point, kind="stable"), kind="stable")
    with_points = [each for each in series if "point" in each.dims]
    return dataset.merge(xr.concat(with_points, "point").isel(point=order).drop_vars("depth", errors="ignore"))


def _with_series(dataset: xr.Dataset, series: Series, grid: TimeGrid) -> xr.Dataset:
    row, column = np.divmod(series.pixels, dataset.sizes["x"])
    dataset = dataset.assign_coords(
        time=("time", grid.utc, {"standard_name": "time", "axis": "T"}),
        point_y=("point", dataset["y"].values[row], {"units": "m", "long_name": "map y of the point"}),
        point_x=("point", dataset["x"].values[column], {"units": "m", "long_name": "map x of the point"}),
    )
    about: dict[str, Any] = {"units": "K", "standard_name": "surface_temperature"}
    dataset["surface_temperature"] = (("point", "time"), series.temperature_k[:, 0], about)
    if "depth" in dataset.coords:
        about = {"units": "K", "standard_name": "soil_temperature"}
        dataset["temperature"] = (("point", "depth", "time"), series.temperature_k[:, 1:], about)
    for (name, words), values in zip(_FLUXES.items(), series.fluxes_w_m2, strict=True):
        dataset[name] = (("point", "time"), values, {"units": "W m-2", "long_name": words})
    return dataset


def _mapped(values: NDArray[np.floating], terrain: ThermalTerrain) -> SingleArray:
    """Pixel values as a map, NaN where nothing is known."""
    flat, known = values.reshape(-1)[: terrain.count], terrain.known[: terrain.count]
    return np.where(known, flat, np.nan).astype(np.float32).reshape(terrain.grid.shape)
