"""The terrains that every program is measured on: a seeded fractal, and Site01 within its coarser models."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lunabase.terrain.dem import Dem, read_dem
from lunabase.terrain.projection import SOUTH_POLAR, Projection
from lunabase.terrain.sphere import MOON_RADIUS_M

POLAR = Projection(SOUTH_POLAR, 1.0, 0.0, 2.0 * MOON_RADIUS_M, 2.0 * MOON_RADIUS_M, 0.0, 0.0)
"""South polar stereographic, true scale at the pole (IAU_2015:30135)."""
CENTRE_M = (60_000.0, 40_000.0)
PIXEL_M = 20.0
HURST = 0.8
RMS_HEIGHT_M = 100.0
SEED = 20
SITE01_FILES = ("site01_10m.tif", "ldem_84S_240m.tif", "lola_dem_south_1600m.tif")


def fractal_heights_m(size: int, seed: int = SEED) -> NDArray[np.float32]:
    """Return (size, size) heights of fractional Brownian terrain by spectral synthesis, mean 0.

    Amplitudes fall as k^-(H + 1), phases are random: H = 0.8, 100 m RMS over the tile, which at 1000 pixels of
    20 m gives slopes of about 9 deg between neighbours, as lunar highlands have at that baseline (Rosenburg et
    al. 2011, doi 10.1029/2010JE003716: median 7.5 deg at 17 m; H 0.95 for highlands, about 0.8 for rough ground).
    """
    random = np.random.default_rng(seed)
    across = np.fft.fftfreq(size)[:, None]
    along = np.fft.rfftfreq(size)[None, :]
    frequency = np.hypot(across, along)
    frequency[0, 0] = np.inf
    phases = random.uniform(0.0, 2.0 * np.pi, frequency.shape)
    spectrum = random.standard_normal(frequency.shape) * frequency ** -(HURST + 1.0) * np.exp(1j * phases)
    heights = np.fft.irfft2(spectrum, (size, size))
    return np.asarray(heights * (RMS_HEIGHT_M / heights.std()), dtype=np.float32)


def fractal_dem(size: int = 1000) -> Dem:
    """Return the fractal as a polar map of the Moon around (60, 40) km."""
    half = 0.5 * (size - 1) * PIXEL_M
    west, north = CENTRE_M[0] - half, CENTRE_M[1] + half
    return Dem(fractal_heights_m(size), POLAR, west, north, PIXEL_M, PIXEL_M, f"fractal {size} x {size}, 20 m")


def terrain_folder() -> Path | None:
    """Return the folder with the LOLA models: $LUNABASE_TERRAIN, or the one beside the repository; None without."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data" / "terrain"
    folder = Path(os.environ.get("LUNABASE_TERRAIN", beside))
    return folder if all((folder / name).is_file() for name in SITE01_FILES) else None


def site01_dems() -> list[Dem]:
    """Return Site01 at 10 m, 84S at 240 m and 70S at 1600 m; raises FileNotFoundError without them."""
    folder = terrain_folder()
    if folder is None:
        raise FileNotFoundError(f"set LUNABASE_TERRAIN to a folder with {', '.join(SITE01_FILES)}")
    return [read_dem(folder / name) for name in SITE01_FILES]
