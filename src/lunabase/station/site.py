"""Where the station is, and who can see it: site, horizon, Earth stations, relay orbiters, phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lunabase.station.links import Receiver
from lunabase.station.quantities import (
    Angle,
    EarthAltitude,
    Elevation,
    Fraction,
    GroundHeight,
    Inclination,
    Latitude,
    Longitude,
    OrbitAltitude,
    PositiveDataRate,
    UtcDate,
)
from lunabase.station.record import Flag, Identifier, Name, People, Priority, Record, Rule, SourcedRecord, repeated


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

    rules = (Rule(("start", "end"), lambda header: header.end <= header.start, "end must be later than start", "end"),)


class Phase(Record):
    """A period of the station's life: from its start to the start of the next phase."""

    start: UtcDate
    """When the phase begins (UTC)."""
    present: tuple[Identifier, ...]
    """The modules that are on the site in this phase; payloads are there with their host."""
    crew: People = 0
    """Number of people on the station; 0 is a robotic phase."""
    description: str = ""
    """What the phase is for."""

    rules = (
        Rule(("present",), lambda phase: not phase.present, "no module is present", "present"),
        Rule(("present",), lambda phase: repeated(phase.present), "it names `{}` twice", "present"),
    )


class HorizonSource(Record):
    """Where the horizon comes from; exactly one of its keys."""

    catalogue: str | None = None
    """Name of a horizon mask that comes with Lunabase."""
    mask: str | None = None
    """Path of a mask file (CSV), relative to the station file."""
    dem: tuple[str, ...] = ()
    """Paths of elevation models, finest first; the horizon is computed from them."""
    flat: Flag = False
    """A level horizon, for open plains and first studies."""

    rules = (
        Rule(
            ("catalogue", "mask", "dem", "flat"),
            lambda one: sum([one.catalogue is not None, one.mask is not None, bool(one.dem), one.flat]) != 1,
            "give exactly one of: catalogue, mask, dem, flat: true",
        ),
    )


class Surface(SourcedRecord):
    """A place on the Moon's surface."""

    latitude_deg: Latitude
    """Latitude in the mean-Earth frame, north positive."""
    longitude_deg: Longitude
    """Longitude east in the mean-Earth frame."""
    height_m: GroundHeight
    """Height of the ground above the sphere of 1737.4 km radius."""
    horizon: HorizonSource
    """What hides the low Sun and Earth."""


class OrbitElements(SourcedRecord):
    """A Keplerian orbit about the Moon; angles refer to the lunar equator (mean-Earth axes) at the epoch."""

    periapsis_altitude_m: OrbitAltitude
    """Lowest altitude above the sphere of 1737.4 km."""
    apoapsis_altitude_m: OrbitAltitude
    """Highest altitude above the sphere of 1737.4 km."""
    inclination_deg: Inclination
    """Inclination to the lunar equator."""
    raan_deg: Angle
    """Right ascension of the ascending node."""
    argument_of_periapsis_deg: Angle
    """Argument of periapsis."""
    mean_anomaly_deg: Angle
    """Mean anomaly at the epoch."""
    epoch: UtcDate
    """Epoch of the elements (UTC)."""

    rules = (
        Rule(
            ("periapsis_altitude_m", "apoapsis_altitude_m"),
            lambda orbit: not 0.0 < orbit.periapsis_altitude_m <= orbit.apoapsis_altitude_m,
            "periapsis_altitude must be above 0 km and not above apoapsis_altitude",
            "periapsis_altitude",
        ),
    )


class SiteSpec(Record):
    """The station's place: on the surface or in orbit, one of the two."""

    surface: Surface | None = None
    """A place on the surface."""
    orbit: OrbitElements | None = None
    """An orbit about the Moon."""

    rules = (
        Rule(
            ("surface", "orbit"),
            lambda site: (site.surface is None) == (site.orbit is None),
            "give either `surface` or `orbit`",
        ),
    )


class EarthStation(SourcedRecord):
    """A ground station on Earth."""

    name: Name
    """Its name."""
    latitude_deg: Latitude
    """Geodetic latitude (WGS 84)."""
    longitude_deg: Longitude
    """Longitude east (WGS 84)."""
    altitude_m: EarthAltitude
    """Altitude above the ellipsoid."""
    minimum_elevation_deg: Elevation
    """The antenna tracks the Moon above this elevation."""
    receiver: Receiver | None = None
    """The other end of the radios' link budgets; without it they send at their stated rates."""


class Relay(SourcedRecord):
    """A relay orbiter between the station and Earth."""

    name: Name
    """Its name."""
    orbit: OrbitElements
    """Its orbit."""
    rate_to_earth_bit_per_s: PositiveDataRate
    """Data rate of the relay's own link to Earth."""
    receiver: Receiver | None = None
    """The other end of the radios' link budgets; without it they send at their stated rates."""


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
    data_priority: Priority = 5
    """Whose data leave the recorder first: 10 before all others; equal ones in order of their making."""

    rules = (
        Rule(("institutions",), lambda partner: not partner.institutions, "it needs at least one", "institutions"),
    )
