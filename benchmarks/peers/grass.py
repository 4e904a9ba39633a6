"""GRASS r.horizon: steps along map lines over a raster, nearest cell, eye on the ground.

Manual: https://grass.osgeo.org/grass-stable/manuals/r.horizon.html. It takes no observer height and one model of one
resolution, and its curvature is that of a sphere of 6371 km. So that it computes the Moon's horizons nevertheless,
the terrain is handed to it enlarged by 6371 / 1737.4 in all three dimensions, on a polar map of a sphere of that
size: angles stay the same.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray

from lunabase.terrain.dem import Dem
from lunabase.terrain.sphere import MOON_RADIUS_M

EARTH_RADIUS_M = 6_371_000.0
ENLARGED = EARTH_RADIUS_M / MOON_RADIUS_M
_TIMES = re.compile(r"cpu ([\d.]+) ([\d.]+)")


@dataclass(frozen=True, slots=True)
class Result:
    """Horizons (azimuths, rows, columns) in degrees at azimuths clockwise from true north, and the CPU time."""

    azimuths_deg: NDArray[np.float64]
    horizons_deg: NDArray[np.float32]
    cpu_s: float


def available() -> bool:
    """Return whether GRASS is installed."""
    return shutil.which("grass") is not None


def horizons(dem: Dem, first: int, size: int, azimuths: int) -> Result:
    """Return the horizons of size x size pixels from (first, first) on, against the whole model."""
    with tempfile.TemporaryDirectory() as folder:
        _write(dem, Path(folder) / "dem.tif")
        _run(["grass", "-c", f"{folder}/dem.tif", f"{folder}/moon", "-e"])
        (Path(folder) / "job.sh").write_text(_script(dem, first, size, azimuths, folder))
        done = _run(["grass", f"{folder}/moon/PERMANENT", "--exec", "bash", f"{folder}/job.sh"])
        found = _TIMES.search(done)
        if found is None:
            raise RuntimeError(f"r.horizon told no time:\n{done}")
        names = sorted(Path(folder).glob("h_*.bin"))
        maps = np.stack([np.fromfile(name, dtype=np.float32).reshape(size, size) for name in names])
    # Maps are named by their direction, counter-clockwise from east.
    directions_deg = np.array([float(name.stem.split("_")[1]) for name in names])
    return Result((90.0 - directions_deg) % 360.0, maps, float(found[1]) + float(found[2]))


def _write(dem: Dem, path: Path) -> None:
    rows, columns = dem.heights_m.shape
    pixel = dem.pixel_width * ENLARGED
    west, north = dem.west * ENLARGED - 0.5 * pixel, dem.north * ENLARGED + 0.5 * pixel
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=columns,
        height=rows,
        count=1,
        dtype="float32",
        crs=f"+proj=stere +lat_0=-90 +lon_0=0 +R={EARTH_RADIUS_M} +units=m",
        transform=rasterio.Affine(pixel, 0.0, west, 0.0, -pixel, north),
    ) as raster:
        raster.write((dem.heights_m * ENLARGED).astype(np.float32), 1)


def _script(dem: Dem, first: int, size: int, azimuths: int, folder: str) -> str:
    pixel = dem.pixel_width * ENLARGED
    north = dem.north * ENLARGED + 0.5 * pixel - first * pixel
    west = dem.west * ENLARGED - 0.5 * pixel + first * pixel
    step = 360.0 / azimuths
    # r.horizon cuts the buffer down to whole cells: a little more than them, or all rows shift by one.
    buffer = (first + 0.01) * pixel
    return f"""set -e
r.in.gdal -o --quiet input={folder}/dem.tif output=dem
g.region raster=dem
g.region n={north:.6f} s={north - size * pixel:.6f} w={west:.6f} e={west + size * pixel:.6f} rows={size} cols={size}
TIMEFORMAT='cpu %U %S'
time r.horizon -d --quiet elevation=dem step={step:g} bufferzone={buffer:.6f} output=h
for map in $(g.list raster pattern='h_*'); do
  r.out.bin -f --quiet input=$map output={folder}/$map.bin
done
"""


def _run(command: list[str]) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr
