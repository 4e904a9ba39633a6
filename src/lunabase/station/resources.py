"""What activities share: things that one of them holds, places, consumables, crew, and what is reserved."""

from __future__ import annotations

from collections.abc import Mapping

from lunabase.station.quantities import DailyDuration, Length, PositiveMass, Power, Speed, UtcDate
from lunabase.station.record import Count, Identifier, Name, Record, Rule, repeated


class Place(Record):
    """A place of work near a surface station, seen from the station's own position."""

    name: Name
    """Its name."""
    east_m: Length
    """Metres to the east."""
    north_m: Length
    """Metres to the north."""


class Resource(Record):
    """Something that one activity at a time can hold: an arm, a rover's wheels, a dish."""

    name: Name
    """Its name."""
    host: Identifier
    """The module it belongs to."""
    starts_at: Identifier | None = None
    """A thing that moves: the place where it stands when a plan begins."""
    travel_speed_m_per_s: Speed | None = None
    """A thing that moves: speed made good along the straight line from place to place, detours and stops included."""

    rules = (
        Rule(
            ("starts_at", "travel_speed_m_per_s"),
            lambda item: (item.starts_at is None) != (item.travel_speed_m_per_s is None),
            "what moves has both `starts_at` and `travel_speed`",
        ),
    )


class Consumable(Record):
    """A substance that activities use up."""

    name: Name
    """Its name."""
    amount_kg: PositiveMass
    """What there is at the start of a plan."""


class CrewMember(Record):
    """A person of the crew whose time is planned."""

    name: Name
    """The person's name."""
    partner: Identifier
    """The partner that sent the person."""
    qualifications: tuple[Identifier, ...] = ()
    """What the person is qualified for."""


class Crew(Record):
    """The people on the station in phases with a crew, and their working time."""

    members: Mapping[Identifier, CrewMember]
    """Who they are."""
    daily_work_s: DailyDuration
    """Most planned work of a person in one UTC day."""

    rules = (
        Rule(("members",), lambda crew: not crew.members, "it needs at least one", "members"),
        Rule(("members",), lambda crew: len(crew.members) > 100, "more than 100 people", "members"),
    )


class CrewNeed(Record):
    """People whom an activity needs from the beginning of setup to the end of teardown."""

    people: Count = 1
    """How many."""
    qualification: Identifier | None = None
    """What each of them is qualified for; none: anyone."""


class Reservation(Record):
    """A time in which things are not free for activities, or power is kept for something else."""

    of: tuple[Identifier, ...] = ()
    """Resources, robot arms, payloads, modules or crew members that are taken."""
    power_w: Power = 0.0
    """Power that is drawn meanwhile."""
    start: UtcDate
    """From when (UTC)."""
    stop: UtcDate
    """Until when (UTC)."""
    text: str
    """What for."""

    rules = (
        Rule(("start", "stop"), lambda item: item.start >= item.stop, "stop must come after start", "stop"),
        Rule(("of",), lambda item: repeated(item.of), "it names `{}` twice", "of"),
        Rule(
            ("of", "power_w"),
            lambda item: not item.of and item.power_w == 0.0,
            "nothing is reserved; name things in `of`, or give `power`",
        ),
    )
