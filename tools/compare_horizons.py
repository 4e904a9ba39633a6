"""Show how wrong the ridge's horizon gets without fine terrain: the table of docs/explanation/horizons.md.

python tools/compare_horizons.py [--terrain DIR]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lunabase.terrain.dem import Dem, read_dem
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.projection import unit_vectors

REPOSITORY = Path(__file__).resolve().parents[1]
NAMES = ("site01_10m.tif", "ldem_84S_240m.tif", "lola_dem_south_1600m.tif")
RIDGE = (-89.44, 222.59)
HEIGHTS_M = (2.0, 10.0)
RIDGE_ABOVE_M = 1700.0
POINTS = 60


def differences(
    dems: list[Dem], coarse: list[Dem], point: tuple[float, float], *, same_place: bool
) -> NDArray[np.float64]:
    """Return coarse minus full horizon (heights, azimuths) in degrees, on its own ground or at the same place."""
    azimuths_deg = np.arange(360.0)
    full = point_horizon(dems, *point, azimuths_deg=azimuths_deg, observer_heights_m=HEIGHTS_M)
    lift_m = 0.0
    if same_place:
        ground = next(h for h in (float(dem.height_at(*point)) for dem in coarse) if np.isfinite(h))
        lift_m = float(full.ground_height_m or 0.0) - ground
    heights_m = tuple(height + lift_m for height in HEIGHTS_M)
    part = point_horizon(coarse, *point, azimuths_deg=azimuths_deg, observer_heights_m=heights_m)
    return part.elevations_deg - full.elevations_deg


def ridge_points(fine: Dem) -> list[tuple[float, float]]:
    """Return seeded random points (latitude, longitude) on high ground, 1 km and more from the model's edge."""
    rows, columns = np.nonzero(fine.heights_m[100:-100, 100:-100] > RIDGE_ABOVE_M)
    chosen = np.random.default_rng(1).choice(rows.size, POINTS, replace=False)
    x = np.asarray(fine.west + fine.pixel_width * (columns[chosen] + 100), dtype=np.float64)
    y = np.asarray(fine.north - fine.pixel_height * (rows[chosen] + 100), dtype=np.float64)
    up = unit_vectors(fine.projection, x, y)
    latitudes_deg, longitudes_deg = np.degrees(np.arcsin(up[:, 2])), np.degrees(np.arctan2(up[:, 1], up[:, 0]))
    return list(zip(latitudes_deg.tolist(), longitudes_deg.tolist(), strict=True))


def show(label: str, models: str, difference: NDArray[np.float64]) -> None:
    """Print one row of the table; difference: (points, heights, azimuths) in degrees."""
    rms = np.median(np.sqrt(np.mean(difference**2, axis=-1)), axis=0)
    mean = np.median(np.mean(difference, axis=-1), axis=0)
    spread = np.median(np.std(difference, axis=-1), axis=0)
    cells = [f"{r:.2f} / {m:+.2f} / {s:.2f}" for r, m, s in zip(rms, mean, spread, strict=True)]
    print(f"| {label} | {models} | {' | '.join(cells)} |")


def main() -> None:
    """Print RMS / mean / spread in degrees at 2 m and 10 m."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--terrain", type=Path, default=REPOSITORY.parent / "shared" / "data" / "terrain")
    dems = [read_dem(parser.parse_args().terrain / name) for name in NAMES]
    points = ridge_points(dems[0])
    for models, coarse in (("240 m + 1600 m", dems[1:]), ("1600 m alone", dems[2:])):
        show("the ridge point, on its own ground", models, differences(dems, coarse, RIDGE, same_place=False)[None])
        show("the ridge point, same place in space", models, differences(dems, coarse, RIDGE, same_place=True)[None])
        many = [differences(dems, coarse, point, same_place=False) for point in points]
        show(f"median of {POINTS} points above {RIDGE_ABOVE_M:g} m", models, np.array(many))


if __name__ == "__main__":
    main()
