"""The embedded far field: a coarse model of the south polar region, so that a horizon always has distant terrain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lunabase.terrain.dem import Dem
from lunabase.terrain.dem_file import DemFile, open_dem

FAR_FIELD_CITATION = (
    "NASA LRO LOLA LDEM_256 (LRO-L-LOLA-4-GDR-V1.0), reduced to 1600 m by lunar-toolkit 0.1.0; "
    "Smith et al. 2010, doi:10.1029/2010GL043751"
)

_COARSE_M = 1000.0
_PATH = Path(__file__).parent / "data" / "lola_south_1600m.tif"


def embedded_far_field() -> DemFile:
    """Return the model shipped with the package: 70 S to the south pole, 1600 m per pixel, whole metres."""
    return open_dem(_PATH)


def far_field_warning(dems: Sequence[Dem | DemFile]) -> str | None:
    """Return the warning that products of these models must carry, or None where a model has pixels below 1 km.

    Near terrain decides a ridge's horizon, and pixels of 1 km and more hold none of it. The numbers are those of
    docs/explanation/horizons.md, at 2 and 10 m above a ridge near the south pole.
    """
    finest_m = min((dem.pixel_m for dem in dems), default=float("inf"))
    if finest_m < _COARSE_M:
        return None
    return (
        f"The finest terrain here has pixels of {finest_m:.0f} m. On a polar ridge a horizon from such a model is "
        "wrong by about 1.2 deg RMS and more, while the Sun stays within 2 deg of the horizontal: take light and "
        "Earth view as a first look. With 240 m pixels the error is about 0.2 deg for a mast; "
        "`lunabase dem fetch --list` names finer models."
    )
