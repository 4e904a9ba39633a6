"""Where the station is, and who can see it: site, horizon, Earth stations, relay orbiters, phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from lunabase.station.quantities import Angle, DataRate, Fraction, Latitude, Length, Longitude, UtcDate
from lunabase.station.record import Identifier, Name, Record, SourcedRecord


class Header(SourcedRecord):
    """What the station is called and when it works."""

    name: Name
    """The station's name."""
    description: str = ""
    """One or two sentences for people who have never heard of it."""
    start: UtcDate
    """First day of operation (UTC); runs and plans start here unless told otherwise."""
    end: UtcDate
    """Last day of the agreed operation (UTC)."""

    @model_validator(mode="after")
    def _end_after_start(self) -> Header:
        if self.end <= self.start:
            raise ValueError("end must be later than start")
        return self


class Phase(Record):
    """A period of the station's life: from its start to the start of the next phase."""

    start: UtcDate
    """When the phase begins (UTC)."""
    present: tuple[Identifier, ...]
    """The modules that are on the site in this phase; payloads are there with their host."""
    crew: int = Field(default=0, ge=0, le=100)
    """Number of people on the station; 0 is a robotic phase."""
    description: str = ""
    """What the phase is for."""


class HorizonSource(Record):
    """Where the horizon comes from; exactly one of its keys."""

    catalogue: str | None = None
    """Name of a horizon mask that comes with Lunabase."""
    mask: str | None = None
    """Path of a mask file (CSV), relative to the station file."""
    dem: tuple[str, ...] = ()
    """Paths of elevation models, finest first; the horizon is computed from them."""
    flat: bool = False
    """A level horizon, for open plains and first studies."""

    @model_validator(mode="after")
    def _exactly_one(self) -> HorizonSource:
        given = [self.catalogue is not None, self.mask is not None, bool(self.dem), self.flat]
        if sum(given) != 1:
            raise ValueError("give exactly one of: catalogue, mask, dem, flat: true")
        return self


class Surface(SourcedRecord):
    """A place on the Moon's surface."""

    latitude_deg: Latitude
    """Latitude in the mean-Earth frame, north positive."""
    longitude_deg: Longitude
    """Longitude east in the mean-Earth frame."""
    height_m: Length
    """Height of the ground above the sphere of 1737.4 km radius."""
    horizon: HorizonSource
    """What hides the low Sun and Earth."""


class OrbitElements(SourcedRecord):
    """A Keplerian orbit about the Moon; angles refer to the lunar equator (mean-Earth axes) at the epoch."""

    periapsis_altitude_m: Length
    """Lowest altitude above the sphere of 1737.4 km."""
    apoapsis_altitude_m: Length
    """Highest altitude above the sphere of 1737.4 km."""
    inclination_deg: Angle
    """Inclination to the lunar equator."""
    raan_deg: Angle
    """Right ascension of the ascending node."""
    argument_of_periapsis_deg: Angle
    """Argument of periapsis."""
    mean_anomaly_deg: Angle
    """Mean anomaly at the epoch."""
    epoch: UtcDate
    """Epoch of the elements (UTC)."""

    @model_validator(mode="after")
    def _apsides_in_order(self) -> OrbitElements:
        if not 0.0 < self.periapsis_altitude_m <= self.apoapsis_altitude_m:
            raise ValueError("periapsis_altitude must be above 0 km and not above apoapsis_altitude")
        return self


class SiteSpec(Record):
    """The station's place: on the surface or in orbit, one of the two."""

    surface: Surface | None = None
    """A place on the surface."""
    orbit: OrbitElements | None = None
    """An orbit about the Moon."""

    @model_validator(mode="after")
    def _one_place(self) -> SiteSpec:
        if (self.surface is None) == (self.orbit is None):
            raise ValueError("give either `surface` or `orbit`")
        return self


class EarthStation(SourcedRecord):
    """A ground station on Earth."""

    name: Name
    """Its name."""
    latitude_deg: Latitude
    """Geodetic latitude (WGS 84)."""
    longitude_deg: Longitude
    """Longitude east (WGS 84)."""
    altitude_m: Length
    """Altitude above the ellipsoid."""
    minimum_elevation_deg: Angle
    """The antenna tracks the Moon above this elevation."""


class Relay(SourcedRecord):
    """A relay orbiter between the station and Earth."""

    name: Name
    """Its name."""
    orbit: OrbitElements
    """Its orbit."""
    rate_to_earth_bit_per_s: DataRate
    """Data rate of the relay's own link to Earth."""


class Member(Record):
    """A person of a partner."""

    name: Name
    """The person's name."""
    institution: Identifier
    """The institution, as listed by the partner."""
    role: Literal["investigator", "planner", "controller", "designer", "crew"]
    """What the person does at the station."""


class Partner(SourcedRecord):
    """A country's agency or an institution that takes part in the station."""

    name: Name
    """Its name."""
    country: Name
    """The country or countries it stands for."""
    institutions: Mapping[Identifier, Name]
    """The institutions that do the work."""
    members: tuple[Member, ...] = ()
    """Its people."""
    share: Fraction
    """Agreed part of the station's resources."""
