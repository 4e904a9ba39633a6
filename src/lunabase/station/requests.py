"""What is asked for: checks of requests against payloads, phases and each other."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from lunabase.station.model import Station
from lunabase.station.yaml_source import Finding


def payload_modes(station: Station) -> Iterator[Finding]:
    """An activity's power mode must be one that its payload has."""
    for experiment_id, experiment in station.experiments.items():
        for request_id, request in experiment.requests.items():
            kind, payload = station.activity_types.get(request.activity), station.payloads.get(request.payload)
            if kind and payload and kind.mode not in payload.power:
                path = ("experiments", experiment_id, "requests", request_id, "activity")
                problem = f"`{request.activity}` needs power mode `{kind.mode}`, which `{request.payload}` lacks"
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
