"""The horizon cube on disk: a Zarr store that is filled plane by plane and knows which planes it has.

While a store is being filled its folder holds `unfinished/`, with an empty file for every part that is written. A
computation that was interrupted goes on from there; `unfinished/` goes when the last part is in.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import xarray as xr
import zarr
import zarr.codecs
from numpy.typing import NDArray

import lunabase
import lunabase.terrain
from lunabase.errors import InputError
from lunabase.record.whole import not_written, whole_folder
from lunabase.terrain.grid import MapGrid

VARIABLE = "horizon_elevation"
STEPS_PER_DEGREE = 360
MISSING = -32768
CHUNK = 512

_UNFINISHED = "unfinished"
_FINGERPRINT = "inputs_sha256"


@dataclass(frozen=True, slots=True)
class CubeForm:
    """What a cube is computed from: region, azimuths in degrees, heights above ground in metres, terrain's names."""

    region: MapGrid
    azimuths_deg: NDArray[np.float64]
    heights_m: tuple[float, ...]
    terrain: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """Return a hash over everything the cube depends on."""
        parts = [
            repr(self.region),
            self.azimuths_deg.tolist(),
            list(self.heights_m),
            sorted(self.terrain.items()),
            lunabase.__version__,
            _kernel_sha256(),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _kernel_sha256() -> str:
    """Return a hash of the terrain room's source: what other code began, this code must not finish."""
    digest = hashlib.sha256()
    for path in sorted(Path(str(lunabase.terrain.__file__)).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class HorizonStore:
    """A cube that is being filled: takes planes of tiles, and tells which are missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._array: Any = zarr.open_group(folder, mode="r+")[VARIABLE]

    def missing(self, tiles: Sequence[MapGrid], azimuths: int) -> list[tuple[int, int]]:
        """Return (tile, azimuth) numbers that are not written yet, in order."""
        marks = self.folder / _UNFINISHED
        if not marks.exists():
            return []
        done = {entry.name for entry in marks.iterdir()}
        return [
            (number, azimuth)
            for number, tile in enumerate(tiles)
            for azimuth in range(azimuths)
            if _mark(tile, azimuth) not in done
        ]

    def write(self, tile: MapGrid, row: int, column: int, azimuth: int, planes_deg: NDArray[np.float32]) -> None:
        """Write the planes (heights, rows, columns) of a tile that begins at a row and column of the region.

        Raises LunabaseError when the disk takes no more; what is written counts when the work goes on.
        """
        steps = np.rint(planes_deg * np.float32(STEPS_PER_DEGREE))
        steps[np.isnan(steps)] = MISSING
        rows, columns = slice(row, row + tile.rows), slice(column, column + tile.columns)
        try:
            self._array[:, azimuth, rows, columns] = steps.astype(np.int16)
            (self.folder / _UNFINISHED / _mark(tile, azimuth)).touch()
        except OSError as failed:
            raise not_written(str(self.folder), failed) from failed

    def finish(self) -> None:
        """Declare the cube complete."""
        shutil.rmtree(self.folder / _UNFINISHED)


def _mark(tile: MapGrid, azimuth: int) -> str:
    place = hashlib.sha256(repr(tile).encode()).hexdigest()[:12]
    return f"{place}-{azimuth}"


def prepare_store(folder: Path, form: CubeForm, *, overwrite: bool) -> HorizonStore:
    """Return the store in `folder`: the one that is there if it is of the same form, else a new one.

    Raises InputError when something else is there, unless `overwrite` and it is a horizon cube.
    """
    if folder.exists() and any(folder.iterdir()):
        found = _fingerprint_of(folder)
        if found == form.fingerprint:
            return HorizonStore(folder)
        if found is None:
            raise InputError(
                "the folder holds something else than a horizon cube.", where=str(folder), fix="Give another place."
            )
        if not overwrite:
            raise InputError(
                "the horizon cube that is there was made from other terrain or settings.",
                where=str(folder),
                fix="Give another place, or overwrite it.",
            )
    with whole_folder(folder) as beside:
        _write_empty(beside, form)
    return HorizonStore(folder)


def open_cube(folder: Path) -> xr.Dataset:
    """Open a finished horizon cube lazily: `horizon_elevation` (height, azimuth, y, x) in degrees.

    Raises InputError when there is none, or one that isn't finished.
    """
    if not folder.is_dir() or _fingerprint_of(folder) is None:
        raise InputError("there is no horizon cube.", where=str(folder), fix="Make one with `lunabase survey`.")
    if (folder / _UNFINISHED).exists():
        raise InputError("the horizon cube is not finished.", where=str(folder), fix="Run its survey again to go on.")
    cube: xr.Dataset = xr.open_zarr(folder, consolidated=False, decode_coords="all")
    # Attributes in JSON know no single precision, so the scale factor would make doubles.
    return cube.assign({VARIABLE: cube[VARIABLE].astype(np.float32)})


def _fingerprint_of(folder: Path) -> str | None:
    try:
        attributes = json.loads((folder / "zarr.json").read_text())["attributes"]
        return str(attributes[_FINGERPRINT])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_empty(folder: Path, form: CubeForm) -> None:
    """Write coordinates and metadata of a cube without planes."""
    shape = (len(form.heights_m), form.azimuths_deg.size, *form.region.shape)
    chunks = (1, 1, min(CHUNK, shape[2]), min(CHUNK, shape[3]))
    cube = xr.Dataset(
        {VARIABLE: (("height", "azimuth", "y", "x"), dask.array.zeros(shape, chunks=chunks, dtype="i2"), _ATTRIBUTES)},
        coords={
            "height": ("height", list(form.heights_m), {"units": "m", "long_name": "height above ground"}),
            "azimuth": ("azimuth", form.azimuths_deg, _AZIMUTH),
            "y": ("y", form.region.y, {"units": "m", "standard_name": "projection_y_coordinate", "axis": "Y"}),
            "x": ("x", form.region.x, {"units": "m", "standard_name": "projection_x_coordinate", "axis": "X"}),
            "spatial_ref": ((), np.int32(0), form.region.crs.to_cf()),
        },
        attrs=_provenance(form),
    )
    compressor = zarr.codecs.BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle")
    encoding = {"chunks": chunks, "compressors": [compressor], "fill_value": MISSING}
    cube.to_zarr(folder, mode="w", compute=False, zarr_format=3, consolidated=False, encoding={VARIABLE: encoding})
    (folder / _UNFINISHED).mkdir()


_ATTRIBUTES = {
    "long_name": "elevation of the terrain's horizon above the plane normal to the local vertical",
    "units": "degree",
    "scale_factor": 1.0 / STEPS_PER_DEGREE,
    "_FillValue": np.int16(MISSING),
    "grid_mapping": "spatial_ref",
}
_AZIMUTH = {
    "units": "degree",
    "long_name": "azimuth clockwise from the map's y axis",
    "comment": "The azimuth from north is this plus the grid's convergence at the pixel.",
}


def _provenance(form: CubeForm) -> dict[str, Any]:
    return {
        "Conventions": "CF-1.11",
        "title": "Horizon elevation by height, azimuth and place",
        "source": f"Lunabase {lunabase.__version__}",
        "terrain": "; ".join(form.terrain),
        "terrain_sha256": "; ".join(form.terrain.values()),
        _FINGERPRINT: form.fingerprint,
    }
