"""Build the horizon masks that come with the package from LOLA elevation models.

    python tools/build_masks.py [--terrain DIR] [--out DIR]

The same models give the same files, byte for byte. Run it again when the models, the sites or the horizon code
change, and look at the difference before committing it.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

import lunabase
from lunabase.terrain.dem import Dem, read_dem
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.mask import HorizonMask, write_mask

REPOSITORY = Path(__file__).resolve().parents[1]
TERRAIN = {
    "site01_10m.tif": "LOLA PGDA product 78, Site01, 5 m averaged to 10 m (NASA GSFC)",
    "ldem_84S_240m.tif": "LOLA LDEM_75S_120M reduced to 240 m (NASA)",
    "lola_dem_south_1600m.tif": "LOLA, 1600 m, of the PyPI package lunar-toolkit (NASA data)",
}
SITES = {
    "shackleton-de-gerlache-ridge": (-89.44, 222.59),
}
HEIGHTS_M = (2.0, 10.0)
DECIMALS = 4


def build(dems: list[Dem], latitude_deg: float, longitude_deg: float) -> HorizonMask:
    """Return one site's mask, rounded to what the file shows, with its full provenance."""
    mask = point_horizon(dems, latitude_deg, longitude_deg, observer_heights_m=HEIGHTS_M)
    notes = {
        "sources": "; ".join(TERRAIN[dem.source] for dem in dems),
        "frame": "Moon mean-Earth axes, heights above a sphere of 1737.4 km, azimuth clockwise from true north",
        "settings": "exact rays every 0.5 deg, bilinear terrain, lunar curvature, no range limit, 0.5 pixel steps",
        "program": f"lunabase {lunabase.__version__}, tools/build_masks.py",
    }
    # Adding zero turns -0.0 into 0.0.
    return dataclasses.replace(
        mask,
        elevations_deg=np.round(mask.elevations_deg, DECIMALS) + 0.0,
        provenance={**mask.provenance, **notes},
        ground_height_m=round(mask.ground_height_m, 3) if mask.ground_height_m is not None else None,
    )


def main() -> None:
    """Read the models and write one CSV per site."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--terrain", type=Path, default=REPOSITORY.parent / "shared" / "data" / "terrain")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "src" / "lunabase" / "terrain" / "masks")
    arguments = parser.parse_args()
    dems = [read_dem(arguments.terrain / name) for name in TERRAIN]
    for name, (latitude_deg, longitude_deg) in SITES.items():
        path = arguments.out / f"{name}.csv"
        write_mask(build(dems, latitude_deg, longitude_deg), path)
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
