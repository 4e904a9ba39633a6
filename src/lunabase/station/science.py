"""What the station is for: payloads, activity types, experiments and their requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from lunabase.station.equipment import TemperatureLimits
from lunabase.station.quantities import Angle, DataRate, Duration, Fraction, Mass, Power, Temperature
from lunabase.station.record import Identifier, Name, Record, SourcedRecord

Objective = Literal["exploration", "utilization", "observation", "basic science", "technical verification"]
Disturbance = Literal["radio noise", "vibration", "dust", "light", "magnetic", "neutrons"]


class Payload(SourcedRecord):
    """A partner's instrument."""

    name: Name
    """Its name."""
    partner: Identifier
    """The partner it belongs to."""
    host: Identifier
    """The module that carries and powers it."""
    objective: Objective
    """What it serves."""
    discipline: Name
    """Its field, in a word or two."""
    mass_kg: Mass
    """Mass."""
    power: Mapping[Identifier, Power]
    """Power per mode: `on` is needed, `standby` is drawn while it is not working, others are its own."""
    data_rate_bit_per_s: DataRate
    """Data rate while on."""
    thermal: TemperatureLimits | None = None
    """Temperatures of its host's node within which it may work."""
    thermal_survival: TemperatureLimits | None = None
    """Temperatures of its host's node within which it is not damaged."""
    continuous: bool = False
    """It keeps working in the night and dormant modes while energy allows."""
    disturbs: tuple[Disturbance, ...] = ()
    """What it gives off while working."""
    disturbed_by: tuple[Disturbance, ...] = ()
    """What spoils its measurements."""

    @model_validator(mode="after")
    def _has_on(self) -> Payload:
        if "on" not in self.power:
            raise ValueError("power must give at least `on`")
        return self

    @property
    def standby_w(self) -> float:
        """Power drawn while not working, W."""
        return self.power.get("standby", 0.0)


class ActivityType(Record):
    """A kind of activity that requests can ask for."""

    description: str
    """What happens in it."""
    mode: Identifier = "on"
    """The payload's power mode during the activity."""
    uses: tuple[Identifier, ...] = ()
    """Resources that the activity holds alone."""
    disturbs: tuple[Disturbance, ...] = ()
    """What it gives off beyond its payload."""
    disturbed_by: tuple[Disturbance, ...] = ()
    """What spoils it beyond what spoils its payload."""


class Resource(Record):
    """Something that one activity at a time can hold: an arm, a rover's wheels, a dish."""

    name: Name
    """Its name."""
    host: Identifier
    """The module it belongs to."""


class AngleRange(Record):
    """An interval of an angle."""

    above_deg: Angle | None = None
    """The angle is above this."""
    below_deg: Angle | None = None
    """The angle is below this."""


class TemperatureRange(Record):
    """An interval of a temperature."""

    above_k: Temperature | None = None
    """The temperature is above this."""
    below_k: Temperature | None = None
    """The temperature is below this."""


class FractionRange(Record):
    """An interval of a fraction."""

    above: Fraction | None = None
    """The fraction is above this."""
    below: Fraction | None = None
    """The fraction is below this."""


class Constraints(Record):
    """What must hold in the surroundings, all of it, from the beginning of setup to the end of teardown."""

    light: Literal["lit", "dark"] | None = None
    """lit: at least half of the Sun's disc is visible; dark: none of it."""
    sun_elevation: AngleRange | None = None
    """Elevation of the Sun's centre."""
    sun_visible_fraction: FractionRange | None = None
    """Visible part of the Sun's disc."""
    earth: Literal["in view", "out of view"] | None = None
    """Earth above the horizon or not."""
    relay: Literal["in view", "out of view"] | None = None
    """Any relay above the horizon or not."""
    link: Literal["available"] | None = None
    """A contact with Earth, direct or through a relay."""
    surface_temperature: TemperatureRange | None = None
    """Temperature of the ground."""
    crew: Literal["present", "absent"] | None = None
    """People on the station or not."""


class FixedOrRange(Record):
    """A duration that the planner may choose."""

    minimum_s: Duration
    """Shortest useful activity."""
    maximum_s: Duration
    """Longest useful activity."""

    @model_validator(mode="after")
    def _in_order(self) -> FixedOrRange:
        if not 0.0 < self.minimum_s <= self.maximum_s:
            raise ValueError("minimum must be above 0 and not above maximum")
        return self


class Cadence(Record):
    """One activity each period."""

    period_s: Duration
    """Time from one start to the next."""
    tolerance_s: Duration
    """How far a start may be from its place in the rhythm."""


class After(Record):
    """This request's activities follow those of another: the n-th after the n-th."""

    request: str
    """The other request, as `experiment/request`, or its name within the same experiment."""
    minimum_gap_s: Duration = 0.0
    """Least time between the end of the other and the start of this."""
    maximum_gap_s: Duration | None = None
    """Most time between them."""


class Success(Record):
    """When the request has given what it should."""

    minimum_count: int | None = Field(default=None, ge=1)
    """At least so many activities."""
    minimum_total_s: Duration | None = None
    """At least so much time in all."""
    text: str = ""
    """The criterion in words."""


class Request(Record):
    """Activities that an experiment asks for."""

    activity: Identifier
    """The activity type."""
    payload: Identifier
    """The payload that works."""
    duration_s: Duration | FixedOrRange
    """Length of one activity without setup and teardown: fixed, or a range."""
    count: int | None = Field(default=None, ge=1, le=10_000)
    """How many activities."""
    every: Cadence | None = None
    """A rhythm through the whole planning horizon."""
    total_s: Duration | None = None
    """So much time in all, in activities of the given length."""
    setup_s: Duration = 0.0
    """Time held before each activity."""
    teardown_s: Duration = 0.0
    """Time held after each activity."""
    constraints: Constraints = Constraints()
    """What must hold in the surroundings."""
    after: tuple[After, ...] = ()
    """Order between activities."""
    priority: int = Field(ge=1, le=10)
    """10 is the most important."""
    success: Success = Success()
    """When it has succeeded."""

    @model_validator(mode="after")
    def _one_amount(self) -> Request:
        if sum(given is not None for given in (self.count, self.every, self.total_s)) != 1:
            raise ValueError("give exactly one of: count, every, total")
        return self

    @property
    def minimum_duration_s(self) -> float:
        """Shortest useful activity, s."""
        return self.duration_s.minimum_s if isinstance(self.duration_s, FixedOrRange) else self.duration_s

    @property
    def maximum_duration_s(self) -> float:
        """Longest useful activity, s."""
        return self.duration_s.maximum_s if isinstance(self.duration_s, FixedOrRange) else self.duration_s


class Experiment(SourcedRecord):
    """What a partner wants to find out."""

    title: Name
    """Its title."""
    partner: Identifier
    """The partner who asks."""
    objective: Objective
    """What it serves."""
    requests: Mapping[Identifier, Request]
    """What it asks for."""
    success: str = ""
    """When the experiment as a whole has succeeded."""
