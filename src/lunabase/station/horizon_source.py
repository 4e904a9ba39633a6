"""What `site.surface.horizon` names: is it there, is it the Moon, is it this place, and how high does it know?

The horizon itself is not computed here, so that a check stays quick.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

from lunabase.errors import InputError
from lunabase.station.equipment import SolarArray
from lunabase.station.form import nearest
from lunabase.station.model import Station
from lunabase.station.site import HorizonSource, SiteSpec, Surface
from lunabase.station.yaml_source import Finding, KeyPath
from lunabase.terrain.mask import HorizonMask, catalogue_mask, catalogue_names, read_mask
from lunabase.terrain.sphere import MOON_RADIUS_M

MASK_HEIGHTS_M = (2.0, 10.0)
"""Heights at which horizons are computed: instruments, and arrays on a mast."""
FARTHEST_M = 100.0
"""A horizon holds for one point; so far from it near ridges already look different."""

_HORIZON: KeyPath = ("site", "surface", "horizon")


def horizon_problems(site: SiteSpec, folder: Path) -> Iterator[Finding]:
    """What is wrong with the source of the horizon; paths are relative to ``folder``, the station file's own."""
    if site.surface is None:
        return
    source = site.surface.horizon
    if source.catalogue is not None and source.catalogue not in catalogue_names():
        problem = f"there is no horizon mask named `{source.catalogue}`"
        yield (*_HORIZON, "catalogue"), problem, nearest(source.catalogue, catalogue_names())
        return
    for index, name in enumerate(source.dem):
        yield from _told((*_HORIZON, "dem", index), _dem_problem(folder / name, name))
    if source.mask is not None:
        yield from _told((*_HORIZON, "mask"), _mask_problem(folder / source.mask, source.mask))
    mask = _mask(source, folder)
    if mask is not None:
        yield from _wrong_place(mask, site.surface)


def mast_problems(station: Station, folder: Path) -> Iterator[Finding]:
    """Solar arrays at whose height the horizon is not known."""
    if station.site.surface is None:
        return
    source = station.site.surface.horizon
    mask = _mask(source, folder)
    if mask is None and (source.mask is not None or source.catalogue is not None):
        return  # the source itself is wrong, and that was said
    heights_m = MASK_HEIGHTS_M if mask is None else mask.heights_m
    known = ", ".join(f"{height_m:g} m" for height_m in heights_m)
    for module_id, name, item in station.all_equipment():
        if isinstance(item, SolarArray) and item.height_m not in heights_m:
            path = ("modules", module_id, "equipment", name, "height")
            yield path, f"the horizon is not known at {item.height_m:g} m above ground", f"Use one of: {known}."


def _told(path: KeyPath, wrong: InputError | None) -> Iterator[Finding]:
    if wrong is not None:
        place = f"{wrong.where}: " if wrong.where else ""
        yield path, f"{place}{wrong.problem}", wrong.fix


def _mask(source: HorizonSource, folder: Path) -> HorizonMask | None:
    """The mask that a source names; None if it names none, or none that can be read."""
    try:
        if source.catalogue is not None:
            return catalogue_mask(source.catalogue)
        if source.mask is not None and (folder / source.mask).is_file():
            return read_mask(folder / source.mask)
    except InputError:
        return None
    return None


def _absent(path: Path, name: str) -> InputError | None:
    if path.is_file():
        return None
    return InputError(f"there is no file `{name}`", fix="Give its path relative to the station file.")


def _mask_problem(path: Path, name: str) -> InputError | None:
    absent = _absent(path, name)
    if absent:
        return absent
    try:
        read_mask(path)
    except InputError as wrong:
        return wrong
    return None


def _dem_problem(path: Path, name: str) -> InputError | None:
    """Whether the file opens as one band on the Moon; its heights are not read."""
    import rasterio  # it takes a while to import

    from lunabase.terrain.projection import read_projection

    absent = _absent(path, name)
    if absent:
        return absent
    try:
        with warnings.catch_warnings():
            # A file without a place is refused by read_projection, in words of ours.
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with rasterio.open(path) as raster:
                read_projection(raster.crs, name)
                bands = raster.count
    except rasterio.errors.RasterioError:
        return InputError(f"`{name}` is no elevation model that opens", fix="Give a GeoTIFF.")
    except InputError as wrong:
        return wrong
    return None if bands == 1 else InputError(f"`{name}` has {bands} bands", fix="Extract the band with the heights.")


def _wrong_place(mask: HorizonMask, surface: Surface) -> Iterator[Finding]:
    try:
        latitude_deg, longitude_deg = (float(mask.provenance[key]) for key in ("latitude_deg", "longitude_deg"))
    except (KeyError, ValueError):
        return  # a mask need not say where it was made
    distance_m = _distance_m(latitude_deg, longitude_deg, surface.latitude_deg, surface.longitude_deg)
    if distance_m > FARTHEST_M:
        far = f"{distance_m / 1e3:.3g} km" if distance_m >= 1e3 else f"{distance_m:.0f} m"
        problem = f"the horizon was made for {latitude_deg:g} deg, {longitude_deg:g} deg, {far} from the site"
        yield _HORIZON, problem, "A horizon holds for one point; compute one from elevation models (`dem`)."


def _distance_m(
    latitude_deg: float, longitude_deg: float, other_latitude_deg: float, other_longitude_deg: float
) -> float:
    """Great-circle distance on the sphere of 1737.4 km (haversine)."""
    first, second = math.radians(latitude_deg), math.radians(other_latitude_deg)
    across = math.sin(math.radians(other_longitude_deg - longitude_deg) / 2.0) ** 2
    haversine = math.sin((second - first) / 2.0) ** 2 + math.cos(first) * math.cos(second) * across
    return 2.0 * MOON_RADIUS_M * math.asin(min(1.0, math.sqrt(haversine)))
