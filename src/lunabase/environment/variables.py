"""What each variable of the environment means: units, names and how it was made, as CF attributes."""

from __future__ import annotations

from collections.abc import Mapping

_APPARENT = "apparent direction with light time and stellar aberration; airless; of the centre"
_ABOVE = "true while the centre stands above the horizon mask at the reference height (orbiter: not behind the Moon)"
_DISC = (
    "part of the area of the Sun's disc (uniformly bright) above the horizon mask, times the part that the Earth "
    "leaves free (shadow radius after Danjon, refracted light ignored)"
)
_FLUX = (
    "1361 W m-2 at 1 au (Kopp & Lean 2011, doi 10.1029/2010GL045777) over distance squared, times visible fraction; "
    "on a plate that faces the Sun; no scattered light"
)
_RELAY_LINK = (
    "the relay stands at or above the station's least elevation and the Moon is not between them; straight "
    "line, no refraction"
)

_SKY = {
    "azimuth": ("degree", "azimuth, clockwise from north", _APPARENT),
    "elevation": ("degree", "elevation above the local horizontal plane", _APPARENT),
    "range": ("m", "distance as seen", ""),
    "angular_radius": ("degree", "angular radius of the disc", ""),
}

_SINGLE = {
    "sun_visible_fraction": ("1", "visible fraction of the Sun's disc at the reference height", _DISC),
    "sun_visible_fraction_by_height": ("1", "visible fraction of the Sun's disc by height above ground", _DISC),
    "solar_flux": ("W m-2", "solar flux on a surface facing the Sun at the reference height", _FLUX),
    "solar_flux_by_height": ("W m-2", "solar flux on a surface facing the Sun by height above ground", _FLUX),
    "earth_in_view": ("1", "Earth in view", _ABOVE),
    "earth_visible_fraction": ("1", "visible fraction of the Earth's disc", "area above the horizon mask"),
    "contact": (
        "1",
        "direct line between the site and an Earth station",
        "the site stands at or above the station's least elevation, and the station above the site's horizon",
    ),
    "contact_elevation": ("degree", "elevation of the site above an Earth station's horizon", "airless"),
    "relay_in_view": ("1", "relay in view of the site", _ABOVE),
    "relay_to_earth": ("1", "relay sees at least one Earth station", _RELAY_LINK),
    "relay_contact": (
        "1",
        "line from the site over a relay to an Earth station",
        f"relay in view of the site, and {_RELAY_LINK}",
    ),
    "surface_temperature": (
        "K",
        "temperature of level ground",
        "one-dimensional regolith column of Hayne et al. 2017 (doi 10.1002/2017JE005387), settled under the Sun of "
        "the 47 synodic months before; light as at the lowest height of the mask; ESTIMATE where terrain matters: "
        "scattered light and infrared from the terrain, and the slope of the ground, are ignored",
    ),
    "lunar_local_time": ("h", "local true solar time, 24 lunar hours per synodic day, 12 at noon", ""),
}

_STANDARD_NAMES = {
    "sun_azimuth": "solar_azimuth_angle",
    "sun_elevation": "solar_elevation_angle",
    "solar_flux": "solar_irradiance",
    "solar_flux_by_height": "solar_irradiance",
    "surface_temperature": "surface_temperature",
}


def attributes(name: str) -> Mapping[str, str]:
    """CF attributes of a variable of the environment: units, long_name, comment, standard_name where CF has one."""
    if name in _SINGLE:
        units, long_name, comment = _SINGLE[name]
    else:
        target, quantity = name.split("_", 1)
        units, long_name, comment = _SKY[quantity]
        long_name = f"{target.capitalize()}: {long_name}"
    found = {"units": units, "long_name": long_name, "comment": comment}
    found["standard_name"] = _STANDARD_NAMES.get(name, "")
    return {key: value for key, value in found.items() if value}
