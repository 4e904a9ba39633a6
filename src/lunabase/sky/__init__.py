"""Where Sun, Earth, relays, ground stations and stars stand, seen from a lunar place or orbiter."""

from lunabase.sky.events import Event, find_events, find_intervals
from lunabase.sky.ground import GroundStation
from lunabase.sky.kernels import Kernels, kernel_hashes, open_kernels
from lunabase.sky.look import Sight, look, look_arrays, station_elevation_deg
from lunabase.sky.moon_frame import directions, sub_earth_point, sub_solar_point
from lunabase.sky.orbit import LunarOrbit
from lunabase.sky.site import SurfaceSite
from lunabase.sky.targets import BODIES, Body, Star, Target, parse_target

__all__ = [
    "BODIES",
    "Body",
    "Event",
    "GroundStation",
    "Kernels",
    "LunarOrbit",
    "Sight",
    "Star",
    "SurfaceSite",
    "Target",
    "directions",
    "find_events",
    "find_intervals",
    "kernel_hashes",
    "look",
    "look_arrays",
    "open_kernels",
    "parse_target",
    "station_elevation_deg",
    "sub_earth_point",
    "sub_solar_point",
]
