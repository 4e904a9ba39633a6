"""The orbit of a station in orbit, in words."""

from __future__ import annotations

from lunabase.report import amounts
from lunabase.station.site import OrbitElements


def orbit_elements(orbit: OrbitElements | None) -> list[tuple[str, str, str]]:
    """Each element as (key in the station file, name, value); none on the surface."""
    if orbit is None:
        return []
    return [
        ("periapsis_altitude", "lowest altitude", f"{orbit.periapsis_altitude_m / 1000.0:g} km"),
        ("apoapsis_altitude", "highest altitude", f"{orbit.apoapsis_altitude_m / 1000.0:g} km"),
        ("inclination", "inclination", f"{orbit.inclination_deg:g}°"),
        ("raan", "ascending node", f"{orbit.raan_deg:g}°"),
        ("argument_of_periapsis", "argument of periapsis", f"{orbit.argument_of_periapsis_deg:g}°"),
        ("mean_anomaly", "mean anomaly", f"{orbit.mean_anomaly_deg:g}°"),
        ("epoch", "epoch", f"{amounts.moment(orbit.epoch)} UTC"),
    ]
