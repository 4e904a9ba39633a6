"""The station's places as the sky and terrain rooms know them: observer, ground stations, relays, horizon."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from lunabase.errors import InputError
from lunabase.sky.ground import GroundStation
from lunabase.sky.orbit import LunarOrbit
from lunabase.sky.site import SurfaceSite
from lunabase.station.horizon_source import MASK_HEIGHTS_M
from lunabase.station.model import Station
from lunabase.station.site import HorizonSource, OrbitElements, SiteSpec
from lunabase.terrain.dem import read_dem
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.mask import HorizonMask, catalogue_mask, flat_mask, read_mask
from lunabase.times import utc_to_tdb


def tdb_of(moment: datetime) -> float:
    """TDB seconds past J2000 of a UTC moment."""
    return utc_to_tdb(np.datetime64(moment.replace(tzinfo=None), "us"))


def observer(site: SiteSpec) -> SurfaceSite | LunarOrbit:
    """Where the station looks from."""
    if site.surface is not None:
        return SurfaceSite(site.surface.latitude_deg, site.surface.longitude_deg, site.surface.height_m)
    assert site.orbit is not None  # SiteSpec allows one of the two
    return lunar_orbit(site.orbit)


def lunar_orbit(elements: OrbitElements) -> LunarOrbit:
    """A Keplerian orbit from the file's elements."""
    return LunarOrbit.from_altitudes(
        elements.periapsis_altitude_m,
        elements.apoapsis_altitude_m,
        inclination_deg=elements.inclination_deg,
        raan_deg=elements.raan_deg,
        argument_of_periapsis_deg=elements.argument_of_periapsis_deg,
        mean_anomaly_deg=elements.mean_anomaly_deg,
        epoch_tdb_s=tdb_of(elements.epoch),
    )


def ground_stations(station: Station) -> tuple[GroundStation, ...]:
    """The Earth stations, named by their ids."""
    return tuple(
        GroundStation(key, item.latitude_deg, item.longitude_deg, item.altitude_m, item.minimum_elevation_deg)
        for key, item in station.earth_stations.items()
    )


def relay_orbits(station: Station) -> dict[str, LunarOrbit]:
    """The relays' orbits by id."""
    return {key: lunar_orbit(relay.orbit) for key, relay in station.relays.items()}


def site_horizon(site: SiteSpec, folder: Path) -> HorizonMask | None:
    """The horizon of a surface site, None in orbit; paths are relative to ``folder``, the station file's own.

    Raises InputError when a named mask or elevation model is missing or unusable.
    """
    if site.surface is None:
        return None
    source = site.surface.horizon
    if source.dem:
        return _from_terrain(source, site.surface.latitude_deg, site.surface.longitude_deg, folder)
    if source.catalogue is not None:
        return catalogue_mask(source.catalogue)
    return read_mask(folder / source.mask) if source.mask is not None else flat_mask(MASK_HEIGHTS_M)


def _from_terrain(source: HorizonSource, latitude_deg: float, longitude_deg: float, folder: Path) -> HorizonMask:
    missing = [name for name in source.dem if not (folder / name).is_file()]
    if missing:
        raise InputError(
            f"the elevation model {missing[0]} is not in {folder}.",
            where="site.surface.horizon.dem",
            fix="Give its path relative to the station file.",
        )
    dems = [read_dem(folder / name) for name in source.dem]
    return point_horizon(dems, latitude_deg, longitude_deg, observer_heights_m=MASK_HEIGHTS_M)
