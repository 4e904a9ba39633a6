"""The environment of a site over a time grid, as one xarray Dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from lunabase.environment.discs import light_above_line
from lunabase.environment.ground import surface_temperature_k
from lunabase.environment.light import Light, orbit_light, solar_flux_w_m2, surface_light
from lunabase.environment.regolith import Regolith
from lunabase.environment.sampling import Epochs, sample
from lunabase.environment.variables import attributes
from lunabase.environment.view import (
    BoolArray,
    Site,
    Stand,
    StationTrack,
    above_horizon,
    hidden_by_moon,
    limb_elevation_deg,
    sight,
    stand,
    track_stations,
)
from lunabase.errors import InputError
from lunabase.sky import (
    GroundStation,
    Kernels,
    LunarOrbit,
    Sight,
    SurfaceSite,
    directions,
    kernel_hashes,
    open_kernels,
)
from lunabase.terrain.mask import HorizonMask
from lunabase.times import FloatArray, TimeGrid, lunar_local_time_h

Columns = dict[str, Any]

_CHUNK = 20_000
_HEIGHT, _RELAY, _STATION, _LINK = ("height",), ("relay",), ("earth_station",), ("relay", "earth_station")
_LEADING_DIMENSIONS = {
    "sun_visible_fraction_by_height": _HEIGHT,
    "solar_flux_by_height": _HEIGHT,
    "contact": _STATION,
    "contact_elevation": _STATION,
    "relay_azimuth": _RELAY,
    "relay_elevation": _RELAY,
    "relay_range": _RELAY,
    "relay_in_view": _RELAY,
    "relay_to_earth": _RELAY,
    "relay_contact": _LINK,
}


@dataclass(frozen=True, slots=True)
class _Scene:
    """Everything a piece of the environment is computed from."""

    site: Site
    horizon: HorizonMask | None
    stations: tuple[GroundStation, ...]
    relays: tuple[LunarOrbit, ...]
    reference_height_m: float
    kernels: Kernels

    @property
    def heights_m(self) -> tuple[float, ...]:
        return self.horizon.heights_m if self.horizon else (self.reference_height_m,)


def environment(
    site: Site,
    times: TimeGrid,
    *,
    horizon: HorizonMask | None,
    earth_stations: Sequence[GroundStation] = (),
    relays: Mapping[str, LunarOrbit] | None = None,
    reference_height_m: float | None = None,
    regolith: Regolith | None = None,
    kernels: Kernels | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Sun, Earth, relays, light, contacts and ground temperature of a site over a time grid.

    Dimensions `time` (UTC; coordinate `tdb` in s), `height` (m, those of the mask), `earth_station`, `relay` (names).
    Every variable carries units and method as CF attributes; angles in degrees, ranges in m, fluxes in W/m2,
    temperature in K. `progress` is called with the finished fraction (0 to 1).

    A site on the surface needs its horizon mask, which must know `reference_height_m` (its lowest height if not
    given). An orbiter has the Moon's limb for a horizon, one height, and NaN for the temperature. A grid of any
    length is worked through in pieces, so beside the result itself the memory stays the same.

    Raises InputError for a surface site without a mask, a height the mask lacks, and times outside the kernels (the
    temperature needs 3.8 years before the grid).
    """
    handle = kernels or open_kernels()
    orbiters = relays or {}
    lowest_m = horizon.heights_m[0] if horizon else 0.0
    height_m = lowest_m if reference_height_m is None else reference_height_m
    scene = _Scene(site, horizon, tuple(earth_stations), tuple(orbiters.values()), height_m, handle)
    _check(scene)
    handle.check_span(times.tdb_s)
    report = progress or (lambda fraction: None)
    pieces = []
    for part in Epochs(times.tdb_s, times.step_s).parts(_CHUNK):
        pieces.append(_piece(scene, part))
        report(0.9 * len(pieces) * _CHUNK / max(times.count, len(pieces) * _CHUNK))
    columns = {name: np.concatenate([piece[name] for piece in pieces], axis=-1) for name in pieces[0]}
    temperature_k, drift_k = _temperature(scene, times, regolith or Regolith())
    columns["surface_temperature"] = temperature_k
    report(1.0)
    dataset = _assemble(scene, times, columns, list(orbiters))
    dataset["surface_temperature"].attrs["settling_drift_k"] = drift_k
    return dataset


def _check(scene: _Scene) -> None:
    if isinstance(scene.site, LunarOrbit):
        if scene.horizon is not None:
            raise InputError("an orbiter has no horizon mask.", where="horizon", fix="Leave the mask out.")
        return
    if scene.horizon is None:
        raise InputError(
            "a site on the surface needs a horizon mask.",
            where="horizon",
            fix="Name one of the catalogue, give a mask file, or use flat_mask().",
        )
    scene.horizon.elevation_at(0.0, scene.reference_height_m)


def _temperature(scene: _Scene, times: TimeGrid, regolith: Regolith) -> tuple[FloatArray, float]:
    if isinstance(scene.site, LunarOrbit) or scene.horizon is None:
        return np.full(times.count, np.nan), float("nan")
    return surface_temperature_k(scene.site, times, scene.horizon, scene.kernels, regolith)


def _piece(scene: _Scene, epochs: Epochs) -> Columns:
    """All variables but the temperature, for some of the epochs; arrays (..., n)."""
    observer = stand(scene.site, epochs, scene.kernels)
    sun = sight("sun", scene.site, epochs, scene.kernels)
    earth = sight("earth", scene.site, epochs, scene.kernels)
    tracks = track_stations(scene.stations, epochs, scene.kernels)
    return {
        **_sky_columns("sun", sun),
        **_light_columns(scene, sun, earth, observer),
        **_sky_columns("earth", earth),
        **_earth_columns(scene, earth, observer),
        **_contact_columns(scene, observer, tracks),
        **_relay_columns(scene, epochs, tracks, observer),
        "lunar_local_time": _local_time_h(scene, epochs, observer),
    }


def _sky_columns(name: str, seen: Sight) -> Columns:
    return {
        f"{name}_azimuth": seen.azimuth_deg,
        f"{name}_elevation": seen.elevation_deg,
        f"{name}_range": seen.range_m,
        f"{name}_angular_radius": seen.angular_radius_deg,
    }


def _light_columns(scene: _Scene, sun: Sight, earth: Sight, observer: Stand) -> Columns:
    def light(height_m: float) -> Light:
        if scene.horizon is None:
            return orbit_light(sun, earth, 1e3 * observer.distance_km)
        return surface_light(sun, earth, scene.horizon, height_m)

    by_height = np.stack([light(height_m).fraction for height_m in scene.heights_m])
    flux = solar_flux_w_m2(by_height, sun.range_m)
    reference = scene.heights_m.index(scene.reference_height_m)
    return {
        "sun_visible_fraction": by_height[reference],
        "sun_visible_fraction_by_height": by_height,
        "solar_flux": flux[reference],
        "solar_flux_by_height": flux,
    }


def _earth_columns(scene: _Scene, earth: Sight, observer: Stand) -> Columns:
    if scene.horizon is None:
        limb_deg = limb_elevation_deg(observer.distance_km)
        height = earth.elevation_deg - limb_deg
        visible, _ = light_above_line(0.0, height, earth.angular_radius_deg, [0.0, 180.0], [0.0, 0.0])
        return {"earth_in_view": height > 0.0, "earth_visible_fraction": visible}
    line_deg = scene.horizon.elevation_at(scene.horizon.azimuths_deg, scene.reference_height_m)
    visible, _ = light_above_line(
        earth.azimuth_deg,
        earth.elevation_deg,
        earth.angular_radius_deg,
        scene.horizon.azimuths_deg,
        line_deg,
    )
    in_view = above_horizon(earth.azimuth_deg, earth.elevation_deg, scene.horizon, scene.reference_height_m)
    return {"earth_in_view": in_view, "earth_visible_fraction": visible}


def _contact_columns(scene: _Scene, observer: Stand, tracks: Sequence[StationTrack]) -> Columns:
    contact = np.zeros((len(tracks), observer.distance_km.size), dtype=bool)
    elevation_deg = np.zeros(contact.shape, dtype=np.float32)
    for row, track in enumerate(tracks):
        elevation_deg[row] = above_deg = track.elevation_deg(observer.position_km)
        contact[row] = _in_view(scene, observer, track.position_km) & (above_deg >= track.minimum_elevation_deg)
    return {"contact": contact, "contact_elevation": elevation_deg}


def _in_view(scene: _Scene, observer: Stand, point_km: FloatArray) -> BoolArray:
    """Whether a point given from the Moon's centre is in view of the site."""
    if scene.horizon is None:
        return ~hidden_by_moon(observer.position_km, point_km)
    azimuth_deg, elevation_deg = observer.azimuth_elevation_deg(point_km)
    return above_horizon(azimuth_deg, elevation_deg, scene.horizon, scene.reference_height_m)


def _relay_columns(scene: _Scene, epochs: Epochs, tracks: Sequence[StationTrack], observer: Stand) -> Columns:
    count = epochs.tdb_s.size
    columns: Columns = {
        name: np.zeros((len(scene.relays), count)) for name in ("relay_azimuth", "relay_elevation", "relay_range")
    }
    in_view = np.zeros((len(scene.relays), count), dtype=bool)
    to_station = np.zeros((len(scene.relays), len(tracks), count), dtype=bool)
    for row, relay in enumerate(scene.relays):
        seen = sight(relay, scene.site, epochs, scene.kernels)
        relay_km = relay.state_km(epochs.tdb_s, scene.kernels)[0]
        columns["relay_azimuth"][row] = seen.azimuth_deg
        columns["relay_elevation"][row] = seen.elevation_deg
        columns["relay_range"][row] = seen.range_m
        in_view[row] = _in_view(scene, observer, relay_km)
        for k, track in enumerate(tracks):
            to_station[row, k] = track.sees(relay_km) & ~hidden_by_moon(relay_km, track.position_km)
    return columns | {
        "relay_in_view": in_view,
        "relay_to_earth": to_station.any(axis=1),
        "relay_contact": in_view[:, None, :] & to_station,
    }


def _local_time_h(scene: _Scene, epochs: Epochs, observer: Stand) -> FloatArray:
    kernels = scene.kernels
    x, y, _ = sample(lambda tdb_s: directions("sun", tdb_s, kernels=kernels), epochs, kernels)
    sub_solar_deg = np.degrees(np.arctan2(y, x))
    if isinstance(scene.site, SurfaceSite):
        return lunar_local_time_h(sub_solar_deg, scene.site.longitude_deg)
    x, y, _ = np.einsum("ijn,jn->in", kernels.moon_rotation(epochs.tdb_s)[0], observer.position_km)
    return lunar_local_time_h(sub_solar_deg, np.degrees(np.arctan2(y, x)))


def _assemble(scene: _Scene, times: TimeGrid, columns: Columns, relay_names: list[str]) -> xr.Dataset:
    variables = {
        name: ((*_LEADING_DIMENSIONS.get(name, ()), "time"), values, dict(attributes(name)))
        for name, values in columns.items()
    }
    tdb = {"units": "s", "long_name": "barycentric dynamical time past J2000"}
    height = {"units": "m", "long_name": "height above the ground", "standard_name": "height", "positive": "up"}
    coordinates = {
        "time": ("time", times.utc, {"long_name": "UTC", "standard_name": "time"}),
        "tdb": ("time", times.tdb_s, tdb),
        "height": ("height", np.array(scene.heights_m), height),
        "earth_station": (
            "earth_station",
            np.array([station.name for station in scene.stations], dtype=np.str_),
        ),
        "relay": ("relay", np.array(relay_names, dtype=np.str_)),
    }
    return xr.Dataset(variables, coords=coordinates, attrs=_provenance(scene, times))


def _provenance(scene: _Scene, times: TimeGrid) -> dict[str, Any]:
    mask = scene.horizon.provenance if scene.horizon else {"source": "limb of a sphere of 1737.4 km"}
    return {
        "Conventions": "CF-1.11",
        "title": "Environment of a place on the Moon",
        "site": str(scene.site),
        "time_step_s": times.step_s,
        "reference_height_m": scene.reference_height_m,
        "horizon": "; ".join(f"{key}: {value}" for key, value in mask.items()),
        "kernels": "; ".join(f"{name} {digest}" for name, digest in kernel_hashes(scene.kernels).items()),
        "ignored": "light scattered and heat radiated by the terrain, light bent by the Earth's air, limb darkening",
    }
