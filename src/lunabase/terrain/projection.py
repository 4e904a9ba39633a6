"""Map projections of the lunar sphere: from a raster's coordinate system to numbers a kernel can use."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import pyproj
import rasterio.crs
from numba import njit
from numpy.typing import NDArray

from lunabase.errors import InputError
from lunabase.terrain.sphere import MOON_RADIUS_M

SOUTH_POLAR = 0
NORTH_POLAR = 1
EQUIRECTANGULAR = 2
LOCAL_STEREOGRAPHIC = 3

_RADIUS_TOLERANCE_M = 10.0
_OTHER_MOONS_M = 10_000.0
_FIX = "Reproject it to lunar polar stereographic (IAU_2015:30135 or 30130) or equirectangular (IAU_2015:30110)."


class Projection(NamedTuple):
    """How a map lies on the sphere of 1737.4 km.

    Polar stereographic (Snyder 1987, USGS PP 1395, equations 21-5 to 21-11): in the south
    x = rho sin(lon), y = rho cos(lon), in the north x = rho sin(lon), y = -rho cos(lon), with
    rho = x_scale_m tan(colatitude / 2) and lon counted from the central meridian.
    Local stereographic (equations 21-2 to 21-4), about any other centre, whose latitude is kept as cosine and sine:
    the same with the colatitude replaced by the angle from the centre; y points north there.
    Equirectangular (equations 12-1, 12-2): x = x_scale_m lon, y = y_scale_m lat, angles in radians.
    The central meridian is kept as cosine and sine, which is all that the kernels need of it.
    """

    kind: int
    central_cosine: float
    central_sine: float
    x_scale_m: float
    y_scale_m: float
    false_easting_m: float
    false_northing_m: float
    centre_cosine: float = 1.0
    centre_sine: float = 0.0

    @property
    def circumference(self) -> float:
        """Return the width of the whole Moon in x, or infinity where x does not come round again."""
        return 2.0 * math.pi * self.x_scale_m if self.kind == EQUIRECTANGULAR else math.inf

    def goes_round(self, width: float) -> bool:
        """Return whether a map so wide in x ends where it begins."""
        return math.isclose(width, self.circumference, rel_tol=1e-6)

    def true_height_m(self, height: float) -> float:
        """Return a height on the map in metres on the ground, at the map's true scale (north-south)."""
        return height / self.y_scale_m * MOON_RADIUS_M if self.kind == EQUIRECTANGULAR else height


def polar_projection(pole: str = "south") -> Projection:
    """Return LOLA's polar stereographic projection, true scale at the pole; pole: 'south' or 'north'."""
    kind = {"south": SOUTH_POLAR, "north": NORTH_POLAR}[pole]
    return Projection(kind, 1.0, 0.0, 2.0 * MOON_RADIUS_M, 2.0 * MOON_RADIUS_M, 0.0, 0.0)


def equirectangular_projection() -> Projection:
    """Return the equirectangular projection with true scale at the equator and longitude 0 at x = 0."""
    return Projection(EQUIRECTANGULAR, 1.0, 0.0, MOON_RADIUS_M, MOON_RADIUS_M, 0.0, 0.0)


def local_projection(latitude_deg: float, longitude_deg: float) -> Projection:
    """Return the stereographic projection about a place, true scale there, which is at x = y = 0."""
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    scale_m = 2.0 * MOON_RADIUS_M
    meridian = Projection(LOCAL_STEREOGRAPHIC, math.cos(longitude), math.sin(longitude), scale_m, scale_m, 0.0, 0.0)
    return meridian._replace(centre_cosine=math.cos(latitude), centre_sine=math.sin(latitude))


def crs_of(projection: Projection) -> pyproj.CRS:
    """Return a projection's coordinate system: by its IAU_2015 code where it has one, else by its parameters.

    Raises InputError for maps in degrees: they have no metres.
    """
    named = {
        polar_projection("south"): "IAU_2015:30135",
        polar_projection("north"): "IAU_2015:30130",
        equirectangular_projection(): "IAU_2015:30110",
    }
    if projection in named:
        return pyproj.CRS(named[projection])
    central_deg = math.degrees(math.atan2(projection.central_sine, projection.central_cosine))
    origin = f"+lon_0={central_deg!r} +x_0={projection.false_easting_m!r} +y_0={projection.false_northing_m!r}"
    if projection.kind == EQUIRECTANGULAR:
        if projection.y_scale_m != MOON_RADIUS_M:
            raise InputError("a map in degrees has no coordinate system in metres.", fix=_FIX)
        true_deg = math.degrees(math.acos(projection.x_scale_m / MOON_RADIUS_M))
        kind = f"+proj=eqc +lat_ts={true_deg!r}"
    else:
        scale = projection.x_scale_m / (2.0 * MOON_RADIUS_M)
        kind = f"+proj=stere +lat_0={_centre_latitude_deg(projection)!r} +k={scale!r}"
    return pyproj.CRS(f"{kind} {origin} +R={MOON_RADIUS_M!r} +units=m +type=crs")


def _centre_latitude_deg(projection: Projection) -> float:
    if projection.kind == LOCAL_STEREOGRAPHIC:
        return math.degrees(math.atan2(projection.centre_sine, projection.centre_cosine))
    return -90.0 if projection.kind == SOUTH_POLAR else 90.0


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def project(projection: Projection, ux: float, uy: float, uz: float) -> tuple[float, float]:
    """Return map x, y of the unit vector (ux, uy, uz), x towards longitude 0 and z towards the north pole.

    The one point that a stereographic map can't show, opposite its centre, gets coordinates that aren't finite.
    """
    forward = ux * projection.central_cosine + uy * projection.central_sine
    sideways = uy * projection.central_cosine - ux * projection.central_sine
    if projection.kind == EQUIRECTANGULAR:
        x_m = projection.x_scale_m * math.atan2(sideways, forward)
        y_m = projection.y_scale_m * math.atan2(uz, math.hypot(ux, uy))
    elif projection.kind == SOUTH_POLAR:
        x_m = projection.x_scale_m * sideways / (1.0 - uz)
        y_m = projection.y_scale_m * forward / (1.0 - uz)
    elif projection.kind == NORTH_POLAR:
        x_m = projection.x_scale_m * sideways / (1.0 + uz)
        y_m = -projection.y_scale_m * forward / (1.0 + uz)
    else:
        nearness = 1.0 + projection.centre_sine * uz + projection.centre_cosine * forward
        x_m = projection.x_scale_m * sideways / nearness
        y_m = projection.y_scale_m * (projection.centre_cosine * uz - projection.centre_sine * forward) / nearness
    return x_m + projection.false_easting_m, y_m + projection.false_northing_m


def unit_vectors(projection: Projection, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit vectors (..., 3) of map points x, y (same shape): the inverse of `project`."""
    x = (np.asarray(x_m, dtype=float) - projection.false_easting_m) / projection.x_scale_m
    y = (np.asarray(y_m, dtype=float) - projection.false_northing_m) / projection.y_scale_m
    if projection.kind == LOCAL_STEREOGRAPHIC:
        return _around_centre(projection, x, y)
    if projection.kind == EQUIRECTANGULAR:
        longitude, latitude = x, y
    elif projection.kind == SOUTH_POLAR:
        longitude, latitude = np.arctan2(x, y), 2.0 * np.arctan(np.hypot(x, y)) - np.pi / 2.0
    else:
        longitude, latitude = np.arctan2(x, -y), np.pi / 2.0 - 2.0 * np.arctan(np.hypot(x, y))
    longitude = longitude + math.atan2(projection.central_sine, projection.central_cosine)
    cos_latitude = np.cos(latitude)
    return np.stack([cos_latitude * np.cos(longitude), cos_latitude * np.sin(longitude), np.sin(latitude)], -1)


def _around_centre(projection: Projection, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit vectors of x, y counted from a local map's centre in units of its scale."""
    sideways = 2.0 / (1.0 + x * x + y * y)
    inward = sideways - 1.0
    forward = inward * projection.centre_cosine - sideways * y * projection.centre_sine
    up_z = inward * projection.centre_sine + sideways * y * projection.centre_cosine
    up_x = forward * projection.central_cosine - sideways * x * projection.central_sine
    up_y = forward * projection.central_sine + sideways * x * projection.central_cosine
    return np.stack([up_x, up_y, up_z], axis=-1)


def read_projection(crs: rasterio.crs.CRS | None, where: str) -> Projection:
    """Return the projection of a raster's coordinate system, by its parameters, whatever its name or code.

    Raises InputError when there is none, when it isn't on the Moon, or when it is of another kind.
    """
    if not crs:
        raise InputError(
            "the elevation model has no coordinate system, so its place is unknown.",
            where=where,
            fix="Assign one, for example with: rio edit-info --crs IAU_2015:30135 FILE.",
        )
    system = pyproj.CRS.from_wkt(crs.to_wkt())
    _check_moon(system, where)
    with warnings.catch_warnings():
        # PROJ parameters drop the names of datum and body; the radius was checked above.
        warnings.simplefilter("ignore", UserWarning)
        parameters = system.to_dict()
    if system.is_geographic:
        return _geographic(system, where)
    if _metres_per_unit(system) != 1.0:
        raise InputError("the elevation model's map unit is not the metre.", where=where, fix=_FIX)
    if parameters.get("proj") in ("stere", "sterea") and ("lat_ts" not in parameters or _is_polar(parameters)):
        # On the sphere the "oblique alternative" (sterea) is the same map.
        return _stereographic(parameters)
    if parameters.get("proj") == "eqc":
        return _equirectangular(parameters)
    name = system.coordinate_operation.method_name if system.coordinate_operation else system.name
    raise InputError(f"the elevation model's projection, {name}, is not supported.", where=where, fix=_FIX)


def _check_moon(system: pyproj.CRS, where: str) -> None:
    ellipsoid = system.ellipsoid
    if ellipsoid is None:
        raise InputError("the elevation model's coordinate system names no body.", where=where, fix=_FIX)
    for radius_m in (ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre):
        if not abs(radius_m - MOON_RADIUS_M) <= _RADIUS_TOLERANCE_M:
            problem, fix = _wrong_radius(radius_m)
            raise InputError(problem, where=where, fix=fix)


def _wrong_radius(radius_m: float) -> tuple[str, str]:
    """What is wrong with a body of this radius, and what to do."""
    if abs(radius_m * 1000.0 - MOON_RADIUS_M) <= _RADIUS_TOLERANCE_M:
        problem = f"the radius of the elevation model's sphere is given as {radius_m:g} m; that is kilometres."
        return problem, "Assign the right one: rio edit-info --crs IAU_2015:30135 FILE (south polar; 30130 north)."
    if abs(radius_m - MOON_RADIUS_M) <= _OTHER_MOONS_M:
        problem = f"the elevation model counts from a radius of {radius_m / 1000.0:.3f} km, not from 1737.4 km."
        return problem, "Convert heights and map to the sphere of 1737.4 km, which LOLA and the IAU use."
    problem = f"the elevation model is not on the Moon: its body's radius is {radius_m / 1000.0:.3f} km, "
    return problem + "the Moon has 1737.4 km.", "Give a lunar elevation model, on the sphere of 1737.4 km."


def _metres_per_unit(system: pyproj.CRS) -> float:
    return float(system.axis_info[0].unit_conversion_factor) if system.axis_info else 1.0


def _geographic(system: pyproj.CRS, where: str) -> Projection:
    """Degrees on both axes are an equirectangular map whose unit is the degree."""
    radians_per_unit = _metres_per_unit(system)
    if not math.isclose(radians_per_unit, math.radians(1.0), rel_tol=1e-9):
        raise InputError("the elevation model's angles are not in degrees.", where=where, fix=_FIX)
    prime = system.prime_meridian.longitude if system.prime_meridian else 0.0
    per_radian = math.degrees(1.0)
    prime_rad = math.radians(prime)
    return Projection(EQUIRECTANGULAR, math.cos(prime_rad), math.sin(prime_rad), per_radian, per_radian, 0.0, 0.0)


def _is_polar(parameters: dict[str, Any]) -> bool:
    return abs(float(parameters.get("lat_0", 0.0))) == 90.0


def _stereographic(parameters: dict[str, Any]) -> Projection:
    if "lat_ts" in parameters:
        scale = (1.0 + math.sin(math.radians(abs(parameters["lat_ts"])))) / 2.0
    else:
        scale = float(parameters.get("k_0", parameters.get("k", 1.0)))
    scale_m = 2.0 * MOON_RADIUS_M * scale
    latitude_deg = float(parameters.get("lat_0", 0.0))
    if _is_polar(parameters):
        return _from_origin(parameters, SOUTH_POLAR if latitude_deg < 0.0 else NORTH_POLAR, scale_m, scale_m)
    latitude_rad = math.radians(latitude_deg)
    local = _from_origin(parameters, LOCAL_STEREOGRAPHIC, scale_m, scale_m)
    return local._replace(centre_cosine=math.cos(latitude_rad), centre_sine=math.sin(latitude_rad))


def _equirectangular(parameters: dict[str, Any]) -> Projection:
    x_scale_m = MOON_RADIUS_M * math.cos(math.radians(parameters.get("lat_ts", 0.0)))
    projection = _from_origin(parameters, EQUIRECTANGULAR, x_scale_m, MOON_RADIUS_M)
    equator_m = projection.false_northing_m - MOON_RADIUS_M * math.radians(parameters.get("lat_0", 0.0))
    return projection._replace(false_northing_m=equator_m)


def _from_origin(parameters: dict[str, Any], kind: int, x_scale_m: float, y_scale_m: float) -> Projection:
    central_rad = math.radians(parameters.get("lon_0", 0.0))
    easting_m, northing_m = float(parameters.get("x_0", 0.0)), float(parameters.get("y_0", 0.0))
    return Projection(kind, math.cos(central_rad), math.sin(central_rad), x_scale_m, y_scale_m, easting_m, northing_m)
