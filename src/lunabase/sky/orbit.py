"""Orbits about the Moon: Keplerian, two bodies.

Only the Moon's point mass acts. Perturbations (the Moon's gravity field, Earth, Sun) are left out. By order of
magnitude, the oblateness (J2 = 2e-4) moves a low orbiter tens of kilometres along its track within a day, and
the Earth's tide shifts a 24 h elliptical relay orbit by about 100 km per revolution. Such an orbit stands for
the geometry of a relay, not for its ephemeris.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lunabase.errors import InputError
from lunabase.sky.kernels import Kernels, open_kernels
from lunabase.sky.site import MOON_RADIUS_KM, check_range
from lunabase.times import FloatArray

GM_MOON_KM3_S2 = 4902.800066
"""DE430/GRAIL value (Folkner et al. 2014, IPN PR 42-196, table 8)."""


@dataclass(frozen=True, slots=True)
class LunarOrbit:
    """Keplerian elements at `epoch_tdb_s`, in the Moon's mean-Earth axes frozen at that epoch.

    So inclination is that to the lunar equator, and the right ascension of the ascending node is counted
    along the equator from the lunar prime meridian as it stood (in inertial space) at the epoch.
    """

    semi_major_axis_m: float
    eccentricity: float
    inclination_deg: float
    raan_deg: float
    argument_of_periapsis_deg: float
    mean_anomaly_deg: float
    epoch_tdb_s: float

    def __post_init__(self) -> None:
        """Refuse elements that are no closed orbit clear of the Moon."""
        check_range(self.eccentricity, 0.0, 0.999, "eccentricity")
        check_range(self.inclination_deg, 0.0, 180.0, "inclination_deg")
        for name in ("raan_deg", "argument_of_periapsis_deg", "mean_anomaly_deg"):
            check_range(getattr(self, name), -360.0, 360.0, name)
        periapsis_m = self.semi_major_axis_m * (1.0 - self.eccentricity)
        if not periapsis_m > MOON_RADIUS_KM * 1e3:
            raise InputError(
                f"the periapsis, {periapsis_m / 1e3:.1f} km from the centre, is inside the Moon.",
                where="semi_major_axis_m",
                fix=f"Raise it above {MOON_RADIUS_KM} km or lower the eccentricity.",
            )

    @classmethod
    def from_altitudes(
        cls,
        periapsis_altitude_m: float,
        apoapsis_altitude_m: float,
        *,
        inclination_deg: float,
        raan_deg: float,
        argument_of_periapsis_deg: float,
        mean_anomaly_deg: float,
        epoch_tdb_s: float,
    ) -> LunarOrbit:
        """Orbit from the altitudes of its apsides above the 1737.4 km sphere."""
        low_m, high_m = sorted((periapsis_altitude_m, apoapsis_altitude_m))
        semi_major_axis_m = MOON_RADIUS_KM * 1e3 + (low_m + high_m) / 2.0
        return cls(
            semi_major_axis_m,
            (high_m - low_m) / 2.0 / semi_major_axis_m,
            inclination_deg,
            raan_deg,
            argument_of_periapsis_deg,
            mean_anomaly_deg,
            epoch_tdb_s,
        )

    @property
    def period_s(self) -> float:
        """Time of one revolution, s."""
        return float(2.0 * np.pi / self._mean_motion_rad_s)

    @property
    def _mean_motion_rad_s(self) -> float:
        return float(np.sqrt(GM_MOON_KM3_S2 / (self.semi_major_axis_m * 1e-3) ** 3))

    def state_km(self, tdb_s: ArrayLike, kernels: Kernels | None = None) -> tuple[FloatArray, FloatArray]:
        """ICRF position (km) and velocity (km/s) from the Moon's centre, shape (3, *tdb_s.shape) each."""
        position, velocity = self._perifocal_state(np.asarray(tdb_s, dtype=np.float64))
        icrf_from_perifocal = self._icrf_from_perifocal(kernels or open_kernels())
        return (
            np.tensordot(icrf_from_perifocal, position, axes=1),
            np.tensordot(icrf_from_perifocal, velocity, axes=1),
        )

    def _perifocal_state(self, tdb_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        motion_rad_s = self._mean_motion_rad_s
        mean_anomaly_rad = np.radians(self.mean_anomaly_deg) + motion_rad_s * (tdb_s - self.epoch_tdb_s)
        anomaly_rad = eccentric_anomaly_rad(mean_anomaly_rad, self.eccentricity)
        sin_e, cos_e = np.sin(anomaly_rad), np.cos(anomaly_rad)
        axis_km = self.semi_major_axis_m * 1e-3
        minor_ratio = np.sqrt(1.0 - self.eccentricity**2)
        speed_km_s = axis_km * motion_rad_s / (1.0 - self.eccentricity * cos_e)
        zero = np.zeros_like(sin_e)
        position = axis_km * np.stack([cos_e - self.eccentricity, minor_ratio * sin_e, zero])
        return position, speed_km_s * np.stack([-sin_e, minor_ratio * cos_e, zero])

    def _icrf_from_perifocal(self, kernels: Kernels) -> FloatArray:
        epoch = np.array([self.epoch_tdb_s])
        kernels.check_span(epoch)
        icrf_from_me = kernels.moon_rotation(epoch)[0][:, :, 0].T
        node, tilt, periapsis = np.radians((self.raan_deg, self.inclination_deg, self.argument_of_periapsis_deg))
        return np.asarray(icrf_from_me @ _turn_z(node) @ _turn_x(tilt) @ _turn_z(periapsis))


def eccentric_anomaly_rad(mean_anomaly_rad: ArrayLike, eccentricity: float) -> FloatArray:
    """Solve Kepler's equation E - e sin E = M for any shape of M; the result lies in M's own revolution.

    Newton's method from Danby's starter (doi:10.1007/BF01686811), which converges for every e < 1.
    """
    mean_rad = np.asarray(mean_anomaly_rad, dtype=np.float64)
    reduced_rad = np.mod(mean_rad + np.pi, 2.0 * np.pi) - np.pi
    anomaly_rad = reduced_rad + 0.85 * eccentricity * np.sign(reduced_rad)
    for _ in range(50):
        error_rad = anomaly_rad - eccentricity * np.sin(anomaly_rad) - reduced_rad
        correction_rad = error_rad / (1.0 - eccentricity * np.cos(anomaly_rad))
        anomaly_rad = anomaly_rad - correction_rad
        if not np.any(np.abs(correction_rad) > 1e-14):
            break
    return np.asarray(anomaly_rad + (mean_rad - reduced_rad))


def _turn_z(angle_rad: float) -> FloatArray:
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def _turn_x(angle_rad: float) -> FloatArray:
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])
