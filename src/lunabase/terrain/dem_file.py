"""The elevation model on disk: what its file says about place and heights, and any window of it as a Dem.

Nothing but headers and one block is read on opening. Formats are GDAL's: GeoTIFF and COG, PDS3 with attached or
detached labels, PDS4, NetCDF, ISIS cubes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.windows import Window

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem, Frame
from lunabase.terrain.heights import NoHeightsError, Scale, check_lunar, scale_of
from lunabase.terrain.pds_label import Grid, check_hemisphere, exact_grid, label_beside, read_label
from lunabase.terrain.projection import EQUIRECTANGULAR, Projection, read_projection
from lunabase.terrain.trial import try_netcdf

Bounds = tuple[float, float, float, float]
Range = tuple[int, int]
"""From the first to beyond the last."""

_FORMATS = "a GeoTIFF, a PDS3 or PDS4 label, or a NetCDF file"
_RAW_DRIVERS = {"PDS", "PDS4", "ISIS2", "ISIS3", "VICAR"}
_VALUES_AT_ONCE = 1 << 20
_MOST_PIXELS = 1 << 32
_CACHE_BYTES = 1 << 27
"""Of blocks that GDAL keeps: a row of tiles across the largest models. Its own measure is 5 % of the memory."""
# GDAL quotes damaged labels in its messages, which then are no text: UnicodeDecodeError.
_UNREADABLE = (RasterioError, rasterio.errors.CRSError, CPLE_BaseError, CRSError, ProjError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class DemFile:
    """A lunar elevation model in a file, understood but not read.

    path: what GDAL opens (the label of a detached image). frame: centre of the upper left pixel and pixel size,
    in the unit of the projection. shape: rows, columns. scale: from stored values to metres above 1737.4 km.
    notes: what was assumed or corrected, in sentences.
    """

    path: str
    driver: str
    projection: Projection
    frame: Frame
    shape: tuple[int, int]
    scale: Scale
    crs_text: str
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the file's name, without its folder."""
        return Path(self.path).name

    @property
    def bounds(self) -> Bounds:
        """Return west, south, east, north of the pixels' outer edges, in the unit of the projection."""
        west = self.frame.west - 0.5 * self.frame.pixel_width
        north = self.frame.north + 0.5 * self.frame.pixel_height
        south = north - self.shape[0] * self.frame.pixel_height
        return west, south, west + self.shape[1] * self.frame.pixel_width, north

    @property
    def pixel_m(self) -> float:
        """Return the size of a pixel on the ground, metres, at the map's true scale (north-south)."""
        return self.projection.true_height_m(self.frame.pixel_height)

    @property
    def wraps(self) -> bool:
        """Return whether the map goes right round the Moon."""
        return self.projection.goes_round(self.shape[1] * self.frame.pixel_width)

    def read(self, bounds: Bounds | None = None, factor: int = 1) -> Dem:
        """Return the heights, or those of the pixels that overlap west, south, east, north.

        Bounds are in the unit of the projection. On a map in longitude they may be given from -180 or from 0, and
        may cross the seam of a map that goes right round. factor: of so many pixels along a side, beginning at the
        file's first, the mean is returned, NaN where one of them has no height; what no whole block covers is left
        out. Raises NoHeightsError where the bounds lie outside or hold no heights, InputError for a file that can't be
        read.
        """
        rows, columns = (0, self.shape[0]), (0, self.shape[1])
        if bounds is not None:
            rows, columns = self._pixels_of(bounds)
        rows, columns = self._blocks_of(rows, columns, factor)
        with opened(self.path) as raster:
            heights_m = self._heights(raster, rows, columns, factor)
        check_lunar(heights_m, self.scale, factor * self.pixel_m, self.path)
        middle = 0.5 * (factor - 1)
        west = self.frame.west + (columns[0] + middle) * self.frame.pixel_width
        north = self.frame.north - (rows[0] + middle) * self.frame.pixel_height
        width, height = factor * self.frame.pixel_width, factor * self.frame.pixel_height
        return Dem(heights_m, self.projection, west, north, width, height, self.name)

    def _pixels_of(self, bounds: Bounds) -> tuple[Range, Range]:
        west, south, east, north = bounds
        own_west, _, own_east, own_north = self.bounds
        around = self.projection.circumference
        turns = 0.0
        if math.isfinite(around):
            # The other convention for longitudes: move the window by whole turns to where it overlaps most.
            turns = round((0.5 * (own_west + own_east) - 0.5 * (west + east)) / around) * around
        left = math.floor((west + turns - own_west) / self.frame.pixel_width + 1e-9)
        right = math.ceil((east + turns - own_west) / self.frame.pixel_width - 1e-9)
        top = max(0, math.floor((own_north - north) / self.frame.pixel_height + 1e-9))
        bottom = min(self.shape[0], math.ceil((own_north - south) / self.frame.pixel_height - 1e-9))
        if self.wraps:
            right = min(right, left + self.shape[1])
        else:
            left, right = max(0, left), min(self.shape[1], right)
        if right <= left or bottom <= top:
            edges = ", ".join(f"{edge:g}" for edge in self.bounds)
            raise NoHeightsError(
                "the window lies outside the elevation model.",
                where=self.path,
                fix=f"Choose one within west, south, east, north = {edges}.",
            )
        return (top, bottom), (left, right)

    def _blocks_of(self, rows: Range, columns: Range, factor: int) -> tuple[Range, Range]:
        """The pixels of all whole blocks that hold some of these pixels; right round the Moon there are no ends."""
        if factor == 1:
            return rows, columns
        ends = (self.shape[0], columns[1] + factor if self.wraps else self.shape[1])
        found = []
        for (first, last), end in zip((rows, columns), ends, strict=True):
            found.append((first // factor * factor, min(-(-last // factor), end // factor) * factor))
            if found[-1][1] - found[-1][0] < 2 * factor:
                raise NoHeightsError(
                    f"there are no 2 x 2 blocks of {factor} x {factor} pixels.",
                    where=self.path,
                    fix="Take smaller ones.",
                )
        return found[0], found[1]

    def _heights(
        self, raster: rasterio.DatasetReader, rows: Range, columns: Range, factor: int
    ) -> NDArray[np.floating]:
        count, width = rows[1] - rows[0], columns[1] - columns[0]
        if count * width > _MOST_PIXELS * factor**2:
            raise InputError(
                f"{width} x {count} pixels are too many to read at once.",
                where=self.path,
                fix="Choose a smaller window.",
            )
        heights_m = np.empty((count // factor, width // factor), self.scale.kind)
        at_once = max(1, _VALUES_AT_ONCE // width // factor) * factor
        for start in range(0, count, at_once):
            band: NDArray[np.floating] = np.empty((min(at_once, count - start), width), self.scale.kind)
            for first, window in self._windows(columns, rows[0] + start, band.shape[0]):
                part = raster.read(1, window=window, masked=True)
                band[:, first : first + window.width] = self.scale.heights_m(part)
            blocks = band.reshape(-1, factor, width // factor, factor)
            heights_m[start // factor :][: blocks.shape[0]] = band if factor == 1 else blocks.mean(axis=(1, 3))
        return heights_m

    def _windows(self, columns: Range, row: int, rows: int) -> Iterator[tuple[int, Window]]:
        """Pixels of the file for the columns, which may run past either end of a map that goes right round."""
        column = columns[0]
        while column < columns[1]:
            own = column % self.shape[1]
            width = min(self.shape[1] - own, columns[1] - column)
            yield column - columns[0], Window(own, row, width, rows)
            column += width


def open_dem(path: str | Path) -> DemFile:
    """Return what a file says about its elevation model: one band, north up, heights or radii, metres or km.

    A detached PDS3 label is found from its image. A variable of a NetCDF file is given as NETCDF:"file.nc":name.
    Raises InputError when the file can't be read, isn't on the Moon, or its place or unit is unclear.
    """
    source = _what_to_open(path)
    if Path(source).exists() and not Path(source).is_file():
        # GDAL would wait for a pipe, and look into a folder.
        raise InputError("it is not a file.", where=source, fix=f"Give {_FORMATS}.")
    try_netcdf(source)
    label = read_label(Path(source))
    with opened(source) as raster:
        check_hemisphere(label, source)
        projection = _projection_of(raster, source)
        _check_layout(raster, source)
        grid, shape, notes = _grid_of(raster, label, projection)
        _check_extent(grid, shape, projection, source)
        scale, said = scale_of(raster, label, source)
        frame = Frame(
            grid.left + 0.5 * grid.pixel_width, grid.top - 0.5 * grid.pixel_height, grid.pixel_width, grid.pixel_height
        )
        crs_text = " ".join(raster.crs.to_wkt().split())
        driver = str(raster.driver)
    return DemFile(source, driver, projection, frame, shape, scale, crs_text, (*notes, *said))


@contextmanager
def opened(path: str) -> Iterator[rasterio.DatasetReader]:
    """Open a raster; whatever GDAL or PROJ can't do with it in the block is an InputError."""
    try:
        with warnings.catch_warnings():
            # A file without a place is refused in words of ours.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), rasterio.open(path) as raster:
                yield raster
    except RasterioIOError as error:
        fix = f"Give {_FORMATS} that exists and opens, and is whole."
        if path.lower().endswith(".img"):
            fix = "An image needs its label: put its .LBL file beside it."
        raise InputError(f"can't read the elevation model ({_one_line(error)}).", where=path, fix=fix) from error
    except _UNREADABLE as error:
        raise InputError(
            f"can't read the elevation model ({_one_line(error)}).", where=path, fix="Check the file; fetch it anew."
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _what_to_open(path: str | Path) -> str:
    label = label_beside(Path(path))
    return str(path if label is None else label)


def _projection_of(raster: rasterio.DatasetReader, where: str) -> Projection:
    if raster.count == 0 and raster.subdatasets:
        raise InputError(
            "the file holds several variables.", where=where, fix=f"Give one of them: {', '.join(raster.subdatasets)}."
        )
    if not raster.crs and raster.driver == "netCDF":
        raise InputError(
            "the elevation model names no body, so its place is unknown.",
            where=where,
            fix="Convert it: rio convert FILE dem.tif, then rio edit-info --crs IAU_2015:30100 dem.tif "
            "(for degrees; 30135 for the south polar map).",
        )
    return read_projection(raster.crs, where)


def _check_layout(raster: rasterio.DatasetReader, where: str) -> None:
    if raster.count != 1:
        raise InputError(
            f"the file has {raster.count} bands, an elevation model has one.",
            where=where,
            fix="Extract the band with the heights: rio stack --bidx NUMBER FILE dem.tif.",
        )
    _check_values(raster, where)
    if min(raster.shape) < 2:
        raise InputError(
            f"{raster.width} x {raster.height} pixels are no surface: an elevation model has 2 x 2 or more.",
            where=where,
            fix="Give the file that holds the heights.",
        )
    transform = raster.transform
    if not all(math.isfinite(number) for number in transform[:6]):
        raise InputError("the elevation model's place is not a number.", where=where, fix="Fetch the file anew.")
    if transform.b != 0.0 or transform.d != 0.0 or transform.a <= 0.0 or transform.e >= 0.0:
        raise InputError(
            "the elevation model's grid is rotated or not north up.",
            where=where,
            fix="Warp it with gdalwarp.",
        )
    _check_size(raster, where)


def _check_values(raster: rasterio.DatasetReader, where: str) -> None:
    kind = np.dtype(raster.dtypes[0])
    bare = (raster.units[0], raster.scales[0], raster.offsets[0]) in ((None, 1.0, 0.0), ("", 1.0, 0.0))
    if kind.kind not in "iuf" or (kind.itemsize == 1 and bare):
        raise InputError(
            f"values of type {kind.name} without unit and scale are a picture, not heights.",
            where=where,
            fix="Give the file that holds the heights.",
        )


def _check_extent(grid: Grid, shape: tuple[int, int], projection: Projection, where: str) -> None:
    """Raise InputError for a map that is larger than the Moon; nodes may lie on the poles."""
    if projection.kind != EQUIRECTANGULAR:
        return
    equator, quarter = projection.false_northing_m, 0.5 * math.pi * projection.y_scale_m
    north = grid.top - 0.5 * grid.pixel_height - equator
    south = north - (shape[0] - 1) * grid.pixel_height
    around = (shape[1] - 1) * grid.pixel_width
    if max(north, -south) > quarter * (1.0 + 1e-6) or around > projection.circumference * (1.0 + 1e-6):
        raise InputError(
            "the elevation model reaches beyond a pole or more than once round the Moon.",
            where=where,
            fix="Correct its transform or coordinate system: rio edit-info --transform, --crs.",
        )


def _check_size(raster: rasterio.DatasetReader, where: str) -> None:
    """GDAL reads zeros, a height like any other, past the end of a raw file: refuse one that is cut off."""
    if raster.driver not in _RAW_DRIVERS or raster.compression or not raster.files:
        return
    # Beside label and image GDAL lists its own notes (statistics, for instance), in no fixed place.
    data = Path([name for name in raster.files if not name.endswith(".aux.xml")][-1])
    needed = raster.width * raster.height * np.dtype(raster.dtypes[0]).itemsize
    if data.is_file() and data.stat().st_size < needed:
        problem = f"{data.name} is cut off: it has {data.stat().st_size} of at least {needed} bytes."
        raise InputError(problem, where=where, fix="Fetch it anew.")


def _grid_of(
    raster: rasterio.DatasetReader, label: dict[str, str], projection: Projection
) -> tuple[Grid, tuple[int, int], list[str]]:
    """Where the pixels lie; without a last column that repeats the first."""
    transform = raster.transform
    grid, notes = Grid(transform.c, transform.f, transform.a, -transform.e), []
    exact = exact_grid(label) if projection.kind == EQUIRECTANGULAR else None
    if exact is not None and not np.allclose(exact, grid, rtol=1e-9):
        grid = exact
        notes.append(
            f"pixel size from {label['MAP_RESOLUTION'].split('<')[0].strip()} pixels per degree, not rounded metres"
        )
    columns = raster.width
    if columns > 2 and math.isclose((columns - 1) * grid.pixel_width, projection.circumference, rel_tol=1e-9):
        columns -= 1
        notes.append("the last column repeats the first, so it is left out")
    return grid, (raster.height, columns), notes
