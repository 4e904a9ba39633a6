"""What the station is for: payloads, activity types, experiments and their requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Interval
from pydantic import Strict

from lunabase.station.equipment import TemperatureLimits
from lunabase.station.quantities import (
    DataRate,
    Duration,
    Elevation,
    Fraction,
    PositiveDuration,
    PositiveMass,
    Power,
    Temperature,
)
from lunabase.station.record import Count, Flag, Identifier, Name, Record, Rule, SourcedRecord

Priority = Annotated[int, Strict(), Interval(ge=1, le=10)]
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
    mass_kg: PositiveMass
    """Mass."""
    power: Mapping[Identifier, Power]
    """Power per mode: `on` is needed, `standby` is drawn while it is not working, others are its own."""
    data_rate_bit_per_s: DataRate
    """Data rate while on."""
    thermal: TemperatureLimits | None = None
    """Temperatures of its host's node within which it may work."""
    thermal_survival: TemperatureLimits | None = None
    """Temperatures of its host's node within which it is not damaged."""
    continuous: Flag = False
    """It keeps working in the night and dormant modes while energy allows."""
    disturbs: tuple[Disturbance, ...] = ()
    """What it gives off while working."""
    disturbed_by: tuple[Disturbance, ...] = ()
    """What spoils its measurements."""

    rules = (Rule(("power",), lambda payload: "on" not in payload.power, "power must give at least `on`", "power"),)

    @property
    def working_w(self) -> float:
        """Power in mode `on`, W; 0 while the file is being checked and `on` is missing."""
        return self.power.get("on", 0.0)

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


def _range_rules(above: str, below: str) -> tuple[Rule, ...]:
    """An interval has a side, and something in it."""

    def empty(interval: Any) -> bool:
        low, high = getattr(interval, above), getattr(interval, below)
        return low is not None and high is not None and low >= high

    def open_everywhere(interval: Any) -> bool:
        return getattr(interval, above) is None and getattr(interval, below) is None

    return (
        Rule((above, below), empty, "nothing lies in it: `above` must be less than `below`"),
        Rule((above, below), open_everywhere, "give `above`, `below` or both"),
    )


class ElevationRange(Record):
    """An interval of an elevation."""

    above_deg: Elevation | None = None
    """The elevation is above this."""
    below_deg: Elevation | None = None
    """The elevation is below this."""

    rules = _range_rules("above_deg", "below_deg")


class TemperatureRange(Record):
    """An interval of a temperature."""

    above_k: Temperature | None = None
    """The temperature is above this."""
    below_k: Temperature | None = None
    """The temperature is below this."""

    rules = _range_rules("above_k", "below_k")


class FractionRange(Record):
    """An interval of a fraction."""

    above: Fraction | None = None
    """The fraction is above this."""
    below: Fraction | None = None
    """The fraction is below this."""

    rules = _range_rules("above", "below")


def _light_contradicts(constraints: Constraints) -> bool:
    seen = constraints.sun_visible_fraction
    if seen is None or constraints.light is None:
        return False
    if constraints.light == "dark":
        return seen.above is not None
    return seen.below is not None and seen.below <= 0.5


class Constraints(Record):
    """What must hold in the surroundings, all of it, from the beginning of setup to the end of teardown."""

    light: Literal["lit", "dark"] | None = None
    """lit: at least half of the Sun's disc is visible; dark: none of it."""
    sun_elevation: ElevationRange | None = None
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

    rules = (
        Rule(
            ("light", "sun_visible_fraction"),
            _light_contradicts,
            "`light` and `sun_visible_fraction` can't both hold (lit: at least half of the disc; dark: none of it)",
        ),
    )


class FixedOrRange(Record):
    """A duration that the planner may choose."""

    minimum_s: PositiveDuration
    """Shortest useful activity."""
    maximum_s: PositiveDuration
    """Longest useful activity."""

    rules = (
        Rule(
            ("minimum_s", "maximum_s"),
            lambda duration: duration.minimum_s > duration.maximum_s,
            "minimum must not be above maximum",
        ),
    )


class Cadence(Record):
    """One activity each period."""

    period_s: PositiveDuration
    """Time from one start to the next."""
    tolerance_s: Duration
    """How far a start may be from its place in the rhythm; at most half the period."""

    rules = (
        Rule(
            ("period_s", "tolerance_s"),
            lambda cadence: cadence.tolerance_s > cadence.period_s / 2,
            "tolerance must not be above half the period, or neighbours change places",
            "tolerance",
        ),
    )


class After(Record):
    """This request's activities follow those of another: the n-th after the n-th."""

    request: str
    """The other request, as `experiment/request`, or its name within the same experiment."""
    minimum_gap_s: Duration = 0.0
    """Least time between the end of the other and the start of this."""
    maximum_gap_s: Duration | None = None
    """Most time between them."""

    rules = (
        Rule(
            ("minimum_gap_s", "maximum_gap_s"),
            lambda after: after.maximum_gap_s is not None and after.minimum_gap_s > after.maximum_gap_s,
            "minimum_gap must not be above maximum_gap",
            "minimum_gap",
        ),
    )


class Success(Record):
    """When the request has given what it should."""

    minimum_count: Count | None = None
    """At least so many activities."""
    minimum_total_s: PositiveDuration | None = None
    """At least so much time in all."""
    text: str = ""
    """The criterion in words."""


class Request(Record):
    """Activities that an experiment asks for."""

    activity: Identifier
    """The activity type."""
    payload: Identifier
    """The payload that works."""
    duration_s: PositiveDuration | FixedOrRange
    """Length of one activity without setup and teardown: fixed, or a range."""
    count: Count | None = None
    """How many activities."""
    every: Cadence | None = None
    """A rhythm through the whole planning horizon."""
    total_s: PositiveDuration | None = None
    """So much time in all, in activities of the given length."""
    setup_s: Duration = 0.0
    """Time held before each activity."""
    teardown_s: Duration = 0.0
    """Time held after each activity."""
    constraints: Constraints = Constraints()
    """What must hold in the surroundings."""
    after: tuple[After, ...] = ()
    """Order between activities."""
    priority: Priority
    """10 is the most important."""
    success: Success = Success()
    """When it has succeeded."""

    rules = (
        Rule(
            ("count", "every", "total_s"),
            lambda request: [request.count, request.every, request.total_s].count(None) != 2,
            "give exactly one of: count, every, total",
        ),
        Rule(
            ("duration_s", "setup_s", "teardown_s", "every"),
            lambda request: (
                request.every is not None
                and request.every.period_s < request.setup_s + request.minimum_duration_s + request.teardown_s
            ),
            "the period is shorter than setup, activity and teardown together",
            "every",
        ),
        Rule(
            ("duration_s", "total_s"),
            lambda request: request.total_s is not None and request.total_s < request.minimum_duration_s,
            "the total is less than one activity",
            "total",
        ),
        Rule(
            ("total_s", "success"),
            lambda request: (
                None not in (request.total_s, request.success.minimum_total_s)
                and request.success.minimum_total_s > request.total_s
            ),
            "success asks for more time than the request",
            "success",
        ),
        Rule(
            ("count", "success"),
            lambda request: (
                None not in (request.count, request.success.minimum_count)
                and request.success.minimum_count > request.count
            ),
            "success asks for more activities than the request",
            "success",
        ),
    )

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
