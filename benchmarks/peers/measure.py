"""Measure one program on one terrain in a process of its own, on one core: time, peak memory, horizons.

    python -m benchmarks.peers.measure PROGRAM TERRAIN OUT.npz [--accuracy DEG]

`run` starts that and returns what it found. A process each, because peak memory can only be asked of a whole process
and because one program's thread pool must not change another's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from benchmarks.peers import terrain
from benchmarks.peers.truth import Errors, Pixels, errors_of, exact_horizons_deg, random_pixels
from numpy.typing import NDArray

from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.sweep import HorizonSweep

FloatArray = NDArray[np.float64]

HEIGHT_M = 2.0
POINTS = 400
GRASS_PART = 200
HORAYZON_ROWS = 24


@dataclass(frozen=True, slots=True)
class Case:
    """A terrain, its number of azimuths and how far rays go."""

    azimuths: int
    range_m: float
    dems: Callable[[], list[Dem]]


CASES = {
    "fractal": Case(72, 40_000.0, lambda: [terrain.fractal_dem()]),
    "site01": Case(360, 400_000.0, terrain.site01_dems),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Horizons (n, azimuths) at the compared pixels, and what they cost."""

    pixels: Pixels
    azimuths_deg: FloatArray
    horizons_deg: FloatArray
    grid_azimuths: bool
    height_m: float
    prepared_s: float
    us_per_ray: float
    """Microseconds of one core for one pixel and azimuth, preparation not counted."""
    rays: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """One program on one terrain."""

    program: str
    terrain: str
    settings: str
    us_per_ray: float
    prepared_s: float
    rays: int
    peak_mb: float
    errors: Errors


def lunabase(case: Case, _accuracy_deg: float) -> Found:
    """Sweep every pixel in every azimuth, near and far models, twice: the first time compiles or loads the kernels."""
    dems = case.dems()
    dem = dems[0]
    region = MapGrid(dem.projection, dem.west, dem.north, dem.pixel_width, *dem.heights_m.shape)
    HorizonSweep(dems, region, (HEIGHT_M,)).planes(1.0)
    begin = time.process_time()
    sweep = HorizonSweep(dems, region, (HEIGHT_M,))
    prepared = time.process_time() - begin
    azimuths = np.arange(case.azimuths) * 360.0 / case.azimuths
    pixels = random_pixels(dem, POINTS)
    found = np.empty((POINTS, case.azimuths))
    begin = time.process_time()
    for k, azimuth_deg in enumerate(azimuths):
        found[:, k] = sweep.planes(azimuth_deg)[0, pixels.rows, pixels.columns]
    spent = time.process_time() - begin
    rays = dem.heights_m.size * case.azimuths
    return Found(pixels, azimuths, found, True, HEIGHT_M, prepared, spent / rays * 1e6, rays)


def horayzon(case: Case, accuracy_deg: float) -> Found:
    """Shoot rays from every pixel of the fractal, or of evenly spaced rows of Site01."""
    from benchmarks.peers import horayzon as peer

    dems = case.dems()
    begin = time.process_time()
    mesh = peer.Mesh(dems)
    prepared = time.process_time() - begin
    rows, columns = dems[0].heights_m.shape
    chosen = np.arange(rows) if rows * columns <= 1_000_000 else np.linspace(0, rows - 1, HORAYZON_ROWS, dtype=np.intp)
    every = Pixels(np.repeat(chosen, columns), np.tile(np.arange(columns), chosen.size))
    observers = peer.observers_m(dems[0], every, HEIGHT_M)
    begin = time.process_time()
    mesh.horizons_deg(observers, case.azimuths, accuracy_deg, case.range_m)
    spent = time.process_time() - begin
    rays = observers.shape[0] * case.azimuths
    pixels = random_pixels(dems[0], POINTS)
    found = mesh.horizons_deg(peer.observers_m(dems[0], pixels, HEIGHT_M), case.azimuths, accuracy_deg, case.range_m)
    azimuths = np.arange(case.azimuths) * 360.0 / case.azimuths
    return Found(pixels, azimuths, np.asarray(found, float), False, HEIGHT_M, prepared, spent / rays * 1e6, rays)


def grass(case: Case, _accuracy_deg: float) -> Found:
    """Run r.horizon over the middle of the finest model: it knows one resolution and no observer height."""
    from benchmarks.peers import grass as peer

    dem = case.dems()[0]
    first = (min(dem.heights_m.shape) - GRASS_PART) // 2
    result = peer.horizons(dem, first, GRASS_PART, case.azimuths)
    inside = np.random.default_rng(3).integers(0, GRASS_PART, (2, POINTS))
    found = result.horizons_deg[:, inside[0], inside[1]].T
    rays = GRASS_PART**2 * case.azimuths
    pixels = Pixels(inside[0] + first, inside[1] + first)
    cost = result.cpu_s / rays * 1e6
    return Found(pixels, result.azimuths_deg, np.asarray(found, float), False, 0.001, 0.0, cost, rays)


PROGRAMS: dict[str, Callable[[Case, float], Found]] = {"lunabase": lunabase, "horayzon": horayzon, "grass": grass}


def run(program: str, where: str, accuracy_deg: float = 0.25, core: int = 0) -> Measurement:
    """Measure in a process of its own, on one core, and compare with exact horizons."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.npz"
        command = [sys.executable, "-m", "benchmarks.peers.measure", program, where, str(out)]
        cores = {sorted(os.sched_getaffinity(0))[core]}
        subprocess.run(
            [*command, "--accuracy", str(accuracy_deg)],
            check=True,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        with np.load(out) as data:
            told = json.loads(str(data["told"]))
            case = CASES[where]
            dems = case.dems()
            exact = exact_horizons_deg(
                dems[:1] if program == "grass" else dems,
                Pixels(data["rows"], data["columns"]),
                data["azimuths_deg"],
                told["height_m"],
                grid_azimuths=told["grid_azimuths"],
            )
            errors = errors_of(data["horizons_deg"], exact)
    settings = f"{accuracy_deg:g} deg" if program == "horayzon" else ""
    return Measurement(
        program, where, settings, told["us_per_ray"], told["prepared_s"], told["rays"], told["peak_mb"], errors
    )


def main() -> None:
    """Measure in this process and leave the result in a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("program", choices=sorted(PROGRAMS))
    parser.add_argument("terrain", choices=sorted(CASES))
    parser.add_argument("out", type=Path)
    parser.add_argument("--accuracy", type=float, default=0.25)
    arguments = parser.parse_args()
    found = PROGRAMS[arguments.program](CASES[arguments.terrain], arguments.accuracy)
    who = resource.RUSAGE_CHILDREN if arguments.program == "grass" else resource.RUSAGE_SELF
    told = {
        key: value
        for key, value in asdict(found).items()
        if key in {"grid_azimuths", "height_m", "prepared_s", "us_per_ray", "rays"}
    }
    told["peak_mb"] = resource.getrusage(who).ru_maxrss / 1024.0
    np.savez(
        arguments.out,
        rows=found.pixels.rows,
        columns=found.pixels.columns,
        azimuths_deg=found.azimuths_deg,
        horizons_deg=found.horizons_deg,
        told=json.dumps(told),
    )


if __name__ == "__main__":
    main()
