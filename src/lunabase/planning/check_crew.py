"""The checker's view of the crew: the right people for every activity, and nobody works more than a day's work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from lunabase.planning.check_case import SECOND, Case, Violation
from lunabase.planning.plan import Activity
from lunabase.station.resources import CrewMember


def people(case: Case) -> Iterator[Violation]:
    """Every activity has exactly the people whom it needs, of those on the station, and each need its own."""
    aboard = _aboard(case)
    for item in case.known:
        wanted = [need.qualification for need in case.kind(item).crew for _ in range(need.people)]
        strangers = sorted(set(item.crew) - set(aboard))
        if strangers:
            text = f"{item.id} is given {strangers[0]}, who is not on the station"
        elif len(set(item.crew)) != len(item.crew) or len(item.crew) != len(wanted):
            text = f"{item.id} needs {len(wanted)} people, it is given {len(set(item.crew))}"
        elif not _each_met(wanted, [aboard[name] for name in item.crew]):
            text = f"{item.id} is given people without the qualifications that it needs"
        else:
            continue
        yield Violation("crew need", (item.id,), item.hold_start, text)


def _aboard(case: Case) -> dict[str, CrewMember]:
    """The first people of the file, as many as the phase has."""
    members = case.station.crew.members if case.station.crew is not None else {}
    return dict(list(members.items())[: case.phase.crew])


def _each_met(wanted: list[str | None], given: list[CrewMember]) -> bool:
    """Whether every person meets another need; people are moved from need to need until nobody is left over."""
    holder: dict[int, int] = {}

    def finds(person: int, tried: set[int]) -> bool:
        for need, qualification in enumerate(wanted):
            if need not in tried and qualification in (None, *given[person].qualifications):
                tried.add(need)
                if need not in holder or finds(holder[need], tried):
                    holder[need] = person
                    return True
        return False

    return all(finds(person, set()) for person in range(len(given)))


def working_hours(case: Case) -> Iterator[Violation]:
    """Nobody works more in a UTC day than the crew may."""
    if case.station.crew is None:
        return
    most_s = case.station.crew.daily_work_s
    worked: dict[tuple[date, str], list[tuple[Activity, float]]] = defaultdict(list)
    for item in case.known:
        for day, seconds in _by_day(item):
            for person in item.crew:
                worked[day, person].append((item, seconds))
    for (day, person), parts in sorted(worked.items()):
        total_s = sum(seconds for _, seconds in parts)
        if total_s > most_s + SECOND:
            text = (
                f"{person} works {total_s / 3600:.2f} h on {day.isoformat()}, at most {most_s / 3600:g} h are allowed"
            )
            yield Violation("crew hours", tuple(item.id for item, _ in parts), parts[0][0].hold_start, text)


def _by_day(item: Activity) -> Iterator[tuple[date, float]]:
    """UTC days that a hold touches, and the seconds of it in each."""
    begin = item.hold_start.astimezone(UTC)
    while begin < item.hold_stop:
        midnight = datetime.combine(begin.date() + timedelta(days=1), time(), UTC)
        end = min(midnight, item.hold_stop)
        yield begin.date(), (end - begin).total_seconds()
        begin = midnight
