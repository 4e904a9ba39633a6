"""What is asked for: checks of requests against payloads, phases and each other."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from lunabase.station.equipment import RobotArm
from lunabase.station.model import Station
from lunabase.station.resources import CrewMember
from lunabase.station.yaml_source import Finding


def payload_modes(station: Station) -> Iterator[Finding]:
    """An activity's power modes must be ones that each payload which may do it has."""
    for experiment_id, experiment in station.experiments.items():
        for request_id, request in experiment.requests.items():
            kind = station.activity_types.get(request.activity)
            modes = [kind.mode, *(other.mode for other in kind.mode_when)] if kind else []
            for name in (request.payload, *request.or_payload):
                payload = station.payloads.get(name)
                lacking = [mode for mode in modes if payload and mode not in payload.power]
                if payload and lacking:
                    path = ("experiments", experiment_id, "requests", request_id, "activity")
                    problem = f"`{request.activity}` needs power mode `{lacking[0]}`, which `{name}` lacks"
                    yield path, problem, f"Its modes: {', '.join(payload.power)}."


def cycles(station: Station) -> Iterator[Finding]:
    """No request waits, over however many others, for itself."""
    waits_for = {
        (experiment_id, request_id): {_named(other.request, experiment_id) for other in request.after}
        for experiment_id, experiment in station.experiments.items()
        for request_id, request in experiment.requests.items()
    }
    while circle := _circle(waits_for):
        first = min(circle)
        others = " -> ".join("/".join(step) for step in circle)
        problem = "the request waits for itself" if len(circle) == 1 else f"the requests wait for each other: {others}"
        yield ("experiments", first[0], "requests", first[1], "after"), problem, "Take one of them out of `after`."
        waits_for[first] = set()


def _named(request: str, experiment_id: str) -> tuple[str, str]:
    experiment, slash, name = request.rpartition("/")
    return (experiment, name) if slash else (experiment_id, name)


def _circle(waits_for: dict[tuple[str, str], set[tuple[str, str]]]) -> list[tuple[str, str]]:
    try:
        TopologicalSorter(waits_for).prepare()
    except CycleError as found:
        return list(found.args[1][1:])
    return []


def crew_needed(station: Station) -> Iterator[Finding]:
    """Some phase has, or lacks, the people that a request needs present or absent."""
    crewed = {"present" if phase.crew > 0 else "absent" for phase in station.phases.values()}
    for experiment_id, experiment in station.experiments.items():
        for request_id, request in experiment.requests.items():
            wanted = request.constraints.crew
            if wanted is not None and wanted not in crewed:
                path = ("experiments", experiment_id, "requests", request_id, "constraints", "crew")
                yield path, f"the crew is {wanted} in no phase", "Add such a phase or drop the constraint."


def places_reached(station: Station) -> Iterator[Finding]:
    """An activity with a place holds something that can move there, and only a surface station has places."""
    if station.places and station.site.surface is None:
        yield ("places",), "a station in orbit has no places", "Remove them, or give a surface site."
    for name, kind in station.activity_types.items():
        held = {item: station.resources.get(item) for item in (*kind.uses, *kind.uses_one_of)}
        known = {*station.resources, *_robot_arms(station)}
        if kind.place is None or not known.issuperset(held):
            continue
        still = [item for item, resource in held.items() if resource is None or resource.starts_at is None]
        if not set(kind.uses) <= set(still) or (kind.uses_one_of and not set(kind.uses_one_of) & set(still)):
            continue
        path, fix = ("activity_types", name, "place"), "Give the resource `starts_at` and `travel_speed`."
        if set(held) == set(still):
            yield path, "it has a place, but nothing that it holds can move", fix
        else:
            choice = next(item for item in kind.uses_one_of if item in still)
            yield path, f"it has a place, but with `{choice}` nothing that it holds can move", fix


def _robot_arms(station: Station) -> set[str]:
    return {name for _, name, item in station.all_equipment() if isinstance(item, RobotArm)}


def enough_to_consume(station: Station) -> Iterator[Finding]:
    """No single activity uses more of a substance than there is."""
    for name, kind in station.activity_types.items():
        for item, mass_kg in kind.consumes.items():
            stock = station.consumables.get(item)
            if stock is not None and mass_kg > stock.amount_kg:
                problem = f"one activity uses {mass_kg:g} kg, there are {stock.amount_kg:g} kg"
                yield ("activity_types", name, "consumes", item), problem, f"Take more of `{item}` along, or use less."


def people_for_work(station: Station) -> Iterator[Finding]:
    """The crew has enough qualified people for every activity, and a person for every bed that a phase fills."""
    members = tuple(station.crew.members.values()) if station.crew is not None else ()
    for name, phase in station.phases.items():
        if station.crew is not None and phase.crew > len(members):
            problem = f"{phase.crew} people, but `crew` lists {len(members)}"
            yield ("phases", name, "crew"), problem, "Add them under `crew.members`."
    known = {None, *(each for item in members for each in item.qualifications)}
    for name, kind in station.activity_types.items():
        people = sum(need.people for need in kind.crew)
        wanted = [need.qualification for need in kind.crew for _ in range(min(need.people, len(members) + 1))]
        if known.issuperset(wanted) and (people > len(members) or _most_met(wanted, members) < people):
            problem = f"it needs {people} people at once, more than `crew` lists with these qualifications"
            yield ("activity_types", name, "crew"), problem, "Add them under `crew.members`."


def _most_met(wanted: list[str | None], members: tuple[CrewMember, ...]) -> int:
    """How many of the wanted people can be met by different members: a matching by augmenting paths."""
    taken: dict[int, int] = {}

    def met(place: int, tried: set[int]) -> bool:
        for index, item in enumerate(members):
            if index not in tried and wanted[place] in (None, *item.qualifications):
                tried.add(index)
                if index not in taken or met(taken[index], tried):
                    taken[index] = place
                    return True
        return False

    return sum(met(place, set()) for place in range(len(wanted)))
