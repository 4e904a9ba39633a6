"""What the station is for: payloads, activity types, experiments and their requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from lunabase.station.constraints import Constraints, asks_nothing
from lunabase.station.equipment import TemperatureLimits
from lunabase.station.quantities import (
    DataRate,
    Duration,
    PositiveDuration,
    PositiveMass,
    Power,
)
from lunabase.station.record import Count, Flag, Identifier, Name, Priority, Record, Rule, SourcedRecord, repeated
from lunabase.station.resources import CrewNeed

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


class ModeWhen(Record):
    """Another power mode of the payload, in certain surroundings."""

    mode: Identifier
    """The payload's power mode."""
    when: Constraints
    """Taken for the whole activity if this holds at any time from the beginning of setup to the end of teardown."""

    rules = (
        Rule(("when",), lambda other: asks_nothing(other.when), "it asks for nothing; name what must hold", "when"),
    )


class ActivityType(Record):
    """A kind of activity that requests can ask for."""

    description: str
    """What happens in it."""
    mode: Identifier = "on"
    """The payload's power mode during the activity."""
    mode_when: tuple[ModeWhen, ...] = ()
    """Other power modes in other surroundings; the first that fits is taken."""
    uses: tuple[Identifier, ...] = ()
    """Resources that the activity holds alone."""
    uses_one_of: tuple[Identifier, ...] = ()
    """Resources of which it holds one alone; the planner chooses."""
    place: Identifier | None = None
    """Where it happens: what it holds and can move must have driven there."""
    crew: tuple[CrewNeed, ...] = ()
    """People whom it needs; every need is met by different people."""
    consumes: Mapping[Identifier, PositiveMass] = Field(default_factory=dict)
    """What each activity uses up, by consumable."""
    disturbs: tuple[Disturbance, ...] = ()
    """What it gives off beyond its payload."""
    disturbed_by: tuple[Disturbance, ...] = ()
    """What spoils it beyond what spoils its payload."""

    rules = (
        Rule(
            ("uses", "uses_one_of"),
            lambda kind: repeated((*kind.uses, *kind.uses_one_of)),
            "it names `{}` twice",
            "uses_one_of",
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


class Each(Record):
    """One activity in each interval in which something holds: each lunar night, each contact."""

    interval: Constraints
    """What holds in the interval, without a break."""
    shortest_s: Duration = 0.0
    """Shorter intervals don't count."""

    rules = (
        Rule(
            ("interval",),
            lambda each: asks_nothing(each.interval),
            "it asks for nothing; name what holds in the interval",
            "interval",
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
    or_payload: tuple[Identifier, ...] = ()
    """Payloads that would do as well; the planner chooses one for each activity."""
    duration_s: PositiveDuration | FixedOrRange
    """Length of one activity without setup and teardown: fixed, or a range."""
    count: Count | None = None
    """How many activities."""
    every: Cadence | None = None
    """A rhythm through the whole planning horizon."""
    each: Each | None = None
    """One activity in each interval of a kind."""
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
    committed: Flag = False
    """It is promised: it comes before anything that is not, whatever its priority."""
    deliver_within_s: PositiveDuration | None = None
    """Its data reach Earth within this time after each activity."""
    success: Success = Success()
    """When it has succeeded."""

    rules = (
        Rule(
            ("count", "every", "each", "total_s"),
            lambda request: [request.count, request.every, request.each, request.total_s].count(None) != 3,
            "give exactly one of: count, every, each, total",
        ),
        Rule(
            ("payload", "or_payload"),
            lambda request: repeated((request.payload, *request.or_payload)),
            "it names `{}` twice",
            "or_payload",
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
