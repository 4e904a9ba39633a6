"""What is asked for: checks of requests against payloads, phases and each other."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from lunabase.station.model import Station
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
        held = [station.resources.get(resource) for resource in (*kind.uses, *kind.uses_one_of)]
        if kind.place is not None and not any(item is not None and item.starts_at is not None for item in held):
            problem = "it has a place, but nothing that it holds can move"
            yield ("activity_types", name, "place"), problem, "Give the resource `starts_at` and `travel_speed`."


def people_for_work(station: Station) -> Iterator[Finding]:
    """The crew has enough qualified people for every activity, and a person for every bed that a phase fills."""
    members = station.crew.members.values() if station.crew is not None else ()
    for name, phase in station.phases.items():
        if station.crew is not None and phase.crew > len(members):
            problem = f"{phase.crew} people, but `crew` lists {len(members)}"
            yield ("phases", name, "crew"), problem, "Add them under `crew.members`."
    for name, kind in station.activity_types.items():
        for index, need in enumerate(kind.crew):
            fit = [item for item in members if need.qualification in (None, *item.qualifications)]
            if need.people > len(fit):
                problem = f"it needs {need.people} people, of whom `crew` lists {len(fit)}"
                yield ("activity_types", name, "crew", index), problem, "Add them under `crew.members`."
