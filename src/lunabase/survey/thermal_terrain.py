"""Ground that warms its surroundings: a horizon cube's pixels, the terrain around them, and what they give each other.

Sunlight scattered and infrared emitted by the ground around reach each pixel through its view factors. What the
ground gives off is taken from the step before, but for its direct sunlight, which is that of the step: so further
reflections arrive one step later each, and over some hours all of them. All ground scatters and emits diffusely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import NDArray

from lunabase.environment.light import solar_flux_w_m2
from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4, Regolith
from lunabase.errors import InputError
from lunabase.survey.columns import LANES, Columns, HeatFlow, to_blocks
from lunabase.survey.cube_pass import HORIZON, map_grid
from lunabase.survey.sunlight import Exposure, diffuse_albedo
from lunabase.survey.surroundings import Surroundings
from lunabase.survey.view_factors import SECTORS, ViewFactors, sector_means, view_factors
from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.surface import gradient

FloatArray = NDArray[np.float64]
SingleArray = NDArray[np.float32]

_AZIMUTHS_AT_ONCE = 30
_PARTS_PER_WORKER = 4


class NothingKnownError(InputError):
    """No pixel of a map has both a height and a horizon."""


class Record(Protocol):
    """Keeps what it wants of each step."""

    def add(self, part: slice, columns: Columns) -> None:
        """Add some blocks; the columns are those blocks alone."""


class Sun(NamedTuple):
    """The Sun at one instant: from the Moon's centre (mean-Earth frame), its radius, and how much of it shines."""

    place_km: FloatArray
    radius_km: float
    shining: float = 1.0

    @property
    def flux_w_m2(self) -> float:
        """Flux on a plate that faces the whole disc."""
        return float(solar_flux_w_m2(self.shining, 1e3 * np.linalg.norm(self.place_km)))


@dataclass(frozen=True, slots=True)
class Fluxes:
    """What the ground absorbs, W/m2, each of shape (pixels,)."""

    direct: SingleArray
    scattered: SingleArray
    infrared: SingleArray


class ThermalTerrain:
    """The pixels of a cube, row after row, then the cells of the terrain around, and what passes among them.

    All are padded to whole blocks of columns; those without height or horizon stay dark and are not `known`.
    """

    def __init__(
        self, cube: xr.Dataset, dem: Dem, regolith: Regolith, workers: int, *, beyond: Sequence[Dem] = ()
    ) -> None:
        """Find slopes, surroundings, and view factors from the cube's lowest height.

        beyond: models of the terrain around the cube, besides `dem`. Raises NothingKnownError if nothing is known.
        """
        self.grid = map_grid(cube)
        self.regolith = regolith
        self.workers = workers
        heights_m, slopes = _shape_of(dem, self.grid)
        pixel_m = self.grid.pixel_m * float(self.grid.ground_scale().mean())
        around = _surroundings(self.grid, heights_m, [dem, *beyond])
        lines_deg, sectors_rad, known = _horizons(cube, around.horizons_deg(pixel_m, workers))
        self.count = heights_m.size
        known[: self.count] &= np.isfinite(heights_m.ravel()) & np.isfinite(slopes).all(axis=1)
        if not known[: self.count].any():
            raise NothingKnownError(
                "no pixel has both a height and a horizon.",
                where="temperature map",
                fix="Give the elevation model that the horizon cube was made from.",
            )
        self.known = known
        sectors_rad[~known] = np.nan
        normal = np.column_stack([-np.concatenate([slopes, around.slopes]), np.ones(known.size)])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        own = np.column_stack([np.zeros(self.count, np.int32), *np.divmod(np.arange(self.count), self.grid.columns)])
        places = np.concatenate([own, around.places]).astype(np.int32)
        self._cells = around.pyramid.cells(*places.T)
        around.heights_m[self._cells[~known]] = np.nan
        self.views: ViewFactors = view_factors(
            around.pyramid, around.heights_m, places, pixel_m, normal, sectors_rad, workers
        )
        normal[~known] = np.nan
        x, y = np.meshgrid(self.grid.x, self.grid.y)
        place_m = np.concatenate([np.column_stack([x.ravel(), y.ravel()]), around.place_m])
        self.exposure = Exposure.of(self.grid, place_m, lines_deg, normal, regolith)
        padded = -(-known.size // LANES) * LANES
        self._light = np.zeros((padded, 2), np.float32)
        self._received = np.zeros((padded, 2), np.float32)
        self._radiosity = np.full((self.views.pyramid.size, 2), np.nan, np.float32)
        self._diffuse = np.float32(diffuse_albedo(regolith))
        self._pool = ThreadPoolExecutor(workers)

    @property
    def blocks(self) -> int:
        """Return the number of blocks of columns."""
        return self._light.shape[0] // LANES

    def step(
        self,
        columns: Columns,
        sun: Sun,
        step_s: float,
        *,
        flow: HeatFlow | None = None,
        record: Record | None = None,
    ) -> None:
        """March the columns to the instant of this Sun; `flow` and `record` are told the result."""

        def warm(part: slice) -> None:
            self._gather(part)
            some = columns.part(part)
            some.advance(self._absorbed(part), step_s, flow.part(part) if flow else None)
            if record:
                record.add(part, some)

        self.each(lambda part: self._give_off(part, sun, columns.surface_k))
        self.views.pyramid.fill(self._radiosity)
        self.each(warm)

    def balance(self, suns: Sequence[Sun], rounds: int) -> SingleArray:
        """Temperatures (blocks, LANES) at which the mean light of some Suns is radiated away and none is stored.

        Each round reflects and absorbs once more; 30 of them leave less than 1e-3 of it.
        """
        mean = np.zeros_like(self._light)
        for sun in suns:
            self.each(lambda part, sun=sun: self._shine(part, sun))  # type: ignore[misc]
            mean += self._light / np.float32(len(suns))
        surface_k: SingleArray = np.zeros((self.blocks, LANES), np.float32)
        for _ in range(rounds):
            self._light[:] = mean
            surface_k = self._radiated_away(surface_k)
        return surface_k

    def fluxes(self, pixels: NDArray[np.intp]) -> Fluxes:
        """What some pixels absorbed in the last step."""
        light, received = self._light[pixels], self._received[pixels]
        infrared = np.float32(self.regolith.emissivity) * received[:, 1]
        return Fluxes(light[:, 0], (1.0 - self._diffuse) * received[:, 0], infrared)

    def each(self, work: Callable[[slice], None]) -> None:
        """Do the work on all blocks, in parts, on all threads."""
        size = max(1, -(-self.blocks // (_PARTS_PER_WORKER * self.workers)))
        for done in self._pool.map(work, [slice(k, min(k + size, self.blocks)) for k in range(0, self.blocks, size)]):
            assert done is None  # takes errors out of the threads

    def _shine(self, part: slice, sun: Sun) -> None:
        light = self._light.reshape(-1, LANES, 2)[part]
        self.exposure.receive(sun.place_km, sun.radius_km, sun.flux_w_m2, part.start, light)

    def _give_off(self, part: slice, sun: Sun, surface_k: SingleArray) -> None:
        self._shine(part, sun)
        self._radiate(part, surface_k)

    def _radiated_away(self, surface_k: SingleArray) -> SingleArray:
        """Temperatures that radiate what is absorbed while the surroundings have those given."""
        self.each(lambda part: self._radiate(part, surface_k))
        self.views.pyramid.fill(self._radiosity)
        self.each(self._gather)
        radiated = self._absorbed(slice(0, self.blocks)) + self.regolith.interior_flux_w_m2
        return np.asarray((radiated / (self.regolith.emissivity * STEFAN_BOLTZMANN_W_M2_K4)) ** 0.25, dtype=np.float32)

    def _radiate(self, part: slice, surface_k: SingleArray) -> None:
        pixels = slice(part.start * LANES, min(part.stop * LANES, self.known.size))
        emissivity = np.float32(self.regolith.emissivity)
        emission = np.float32(self.regolith.emissivity * STEFAN_BOLTZMANN_W_M2_K4)
        _give(
            self._light[pixels], self._received[pixels], surface_k[part].reshape(-1), self._cells[pixels],
            self.known[pixels], (self._diffuse, emission, np.float32(1.0) - emissivity), self._radiosity,
        )  # fmt: skip

    def _gather(self, part: slice) -> None:
        pixels = slice(part.start * LANES, min(part.stop * LANES, self.known.size))
        self.views.gather(self._radiosity, pixels.start, self._received[pixels])

    def _absorbed(self, part: slice) -> SingleArray:
        pixels = slice(part.start * LANES, part.stop * LANES)
        light, received = self._light[pixels], self._received[pixels]
        absorbed = light[:, 0] + (np.float32(1.0) - self._diffuse) * received[:, 0]
        absorbed += np.float32(self.regolith.emissivity) * received[:, 1]
        return absorbed.reshape(-1, LANES)


def _shape_of(dem: Dem, grid: MapGrid) -> tuple[FloatArray, FloatArray]:
    """Heights at the pixels (rows, columns), and slopes along x and y (pixels, 2)."""
    pixel_m = grid.pixel_m
    west, north = grid.west - pixel_m, grid.north + pixel_m
    ring = MapGrid(grid.projection, west, north, pixel_m, grid.rows + 2, grid.columns + 2)
    if dem.projection == grid.projection:
        wide_m = dem.height_at_xy(*np.meshgrid(ring.x, ring.y))
    else:
        wide_m = dem.height_towards(ring.unit_vectors())
    heights_m = wide_m[1:-1, 1:-1]
    # Where the model ends with the map, its slope goes on by one pixel.
    onward_m = np.pad(heights_m, 1, mode="reflect", reflect_type="odd")
    wide_m = np.where(np.isnan(wide_m), onward_m, wide_m)
    eastward, northward = gradient(Dem(wide_m, grid.projection, west, north, pixel_m, pixel_m, dem.source))
    return heights_m, np.column_stack([eastward[1:-1, 1:-1].ravel(), northward[1:-1, 1:-1].ravel()])


def _surroundings(grid: MapGrid, heights_m: FloatArray, models: Sequence[Dem]) -> Surroundings:
    """The map with what is known around it; alone where nothing is."""
    around = Surroundings.of(grid, heights_m, models)
    return around if around.places.size else Surroundings.none(heights_m)


def _horizons(cube: xr.Dataset, around_deg: SingleArray) -> tuple[SingleArray, SingleArray, NDArray[np.bool_]]:
    """Horizons at the lowest height, deg (blocks, azimuths, LANES), their means over the sectors, rad (pixels, 32).

    And where there is a horizon (pixels,). Pixels without one have a level one; the last one fills up its block.
    around_deg: (n, azimuths) of what lies around the cube, at any number of regular azimuths.
    """
    lowest = int(np.argmin(cube["height"].values))
    lines = cube[HORIZON].isel(height=lowest).transpose("azimuth", "y", "x")
    azimuths, inside = lines.shape[0], lines.shape[1] * lines.shape[2]
    pixels = inside + len(around_deg)
    blocks = -(-pixels // LANES)
    lines_deg = np.empty((blocks, azimuths, LANES), np.float32)
    known = np.ones(pixels, dtype=bool)
    for first in range(0, azimuths, _AZIMUTHS_AT_ONCE):
        planes = lines[first : first + _AZIMUTHS_AT_ONCE].values.reshape(-1, inside)
        known[:inside] &= np.isfinite(planes).all(axis=0)
        for plane, azimuth in zip(planes, range(first, azimuths), strict=False):
            lines_deg[:, azimuth] = to_blocks(np.concatenate([plane, _towards(around_deg, azimuth / azimuths)]))
    sectors_rad = np.empty((pixels, SECTORS), np.float32)
    lanes_known = to_blocks(known).astype(bool)
    for block in range(blocks):
        some = slice(block * LANES, min((block + 1) * LANES, pixels))
        lines_deg[block][:, ~lanes_known[block]] = 0.0
        sectors_rad[some] = sector_means(lines_deg[block].T)[: some.stop - some.start]
    return lines_deg, sectors_rad, known


def _towards(lines_deg: SingleArray, turn: float) -> SingleArray:
    """Horizons (n, azimuths) at a part of the circle, (n,)."""
    count = lines_deg.shape[1]
    left = int(turn * count)
    share = np.float32(turn * count - left)
    return lines_deg[:, left] + share * (lines_deg[:, (left + 1) % count] - lines_deg[:, left])


@njit(cache=True, nogil=True, error_model="numpy")
def _give(light, received, surface_k, cells, known, ground, radiosity):  # type: ignore[no-untyped-def]
    """Write the light and infrared that pixels give off into their cells."""
    diffuse, emission, mirrored = ground
    for p in range(cells.size):
        if known[p]:
            square = surface_k[p] * surface_k[p]
            radiosity[cells[p], 0] = light[p, 1] + diffuse * received[p, 0]
            radiosity[cells[p], 1] = emission * square * square + mirrored * received[p, 1]
