"""What the station consists of, where and when: checks of partners, modules, equipment and phases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lunabase.station.energy import PowerDistribution
from lunabase.station.equipment import Battery, FuelCell, RadioisotopeSource, ThermalNode
from lunabase.station.model import Station
from lunabase.station.yaml_source import Finding


def institutions(station: Station) -> Iterator[Finding]:
    """A member's institution must be listed by the partner."""
    for partner_id, partner in station.partners.items():
        for index, member in enumerate(partner.members):
            if member.institution not in partner.institutions:
                problem = f"the partner lists no institution `{member.institution}`"
                path = ("partners", partner_id, "members", index, "institution")
                yield path, problem, f"Known: {', '.join(partner.institutions) or 'none'}."


def unique_equipment(station: Station) -> Iterator[Finding]:
    """Equipment ids must be unique on the whole station, not only within a module."""
    counts = Counter(name for _, name, _ in station.all_equipment())
    for module_id, name, _ in station.all_equipment():
        if counts[name] > 1:
            problem = f"`{name}` names equipment in {counts[name]} modules"
            yield ("modules", module_id, "equipment", name), problem, "Give each its own name."


def energy_store(station: Station) -> Iterator[Finding]:
    """Modes and rules rest on a state of charge, so something must store energy."""
    if not any(isinstance(item, Battery | FuelCell) for _, _, item in station.all_equipment()):
        yield ("modules",), "no module has a battery or a fuel cell", "Add one; the modes need a state of charge."


def own_couplings(station: Station) -> Iterator[Finding]:
    """A thermal node has no heat path to itself."""
    for module_id, name, item in station.all_equipment():
        if isinstance(item, ThermalNode):
            for key, paths in (("couplings", item.couplings), ("heat_pipes", item.heat_pipes)):
                if name in paths:
                    path = ("modules", module_id, "equipment", name, key, name)
                    yield path, "the node is coupled to itself", "Name another node."


def one_bus(station: Station) -> Iterator[Finding]:
    """There is one main bus, so at most one unit distributes its power."""
    units = [
        (module_id, name) for module_id, name, item in station.all_equipment() if isinstance(item, PowerDistribution)
    ]
    for module_id, name in units[1:]:
        path = ("modules", module_id, "equipment", name)
        yield path, f"the bus has a distribution unit already, `{units[0][1]}`", "Describe one that stands for both."


def payload_nodes(station: Station) -> Iterator[Finding]:
    """Temperature limits of a payload need a node whose temperature it has: its host's."""
    for name, payload in station.payloads.items():
        host = station.modules.get(payload.host)
        if host is None or host.thermal_node is not None:
            continue
        for key, limits in (("thermal", payload.thermal), ("thermal_survival", payload.thermal_survival)):
            if limits is not None:
                problem = f"its host `{payload.host}` has no thermal_node, so nothing has this temperature"
                yield ("payloads", name, key), problem, "Give the module a thermal_node or leave the limits out."


def fuelled_in_time(station: Station) -> Iterator[Finding]:
    """A radioisotope source is fuelled before the station ends."""
    for module_id, name, item in station.all_equipment():
        if isinstance(item, RadioisotopeSource) and item.fuelled >= station.station.end:
            path = ("modules", module_id, "equipment", name, "fuelled")
            yield path, "it is fuelled after the end of the station", "Correct the date."


def first_phase(station: Station) -> Iterator[Finding]:
    """There is a phase, and the first one has begun when the station starts."""
    if not station.phases:
        yield ("phases",), "there is no phase", "Add one; `lunabase init` shows how."
    elif min(phase.start for phase in station.phases.values()) > station.station.start:
        yield ("phases",), "no phase has begun when the station starts", "Let the first phase start then."


def phase_starts(station: Station) -> Iterator[Finding]:
    """Phases start one after the other and before the station ends."""
    earlier: dict[object, str] = {}
    for name, phase in station.phases.items():
        path = ("phases", name, "start")
        if phase.start >= station.station.end:
            yield path, "the phase starts after the end of the station", "Correct one of the dates."
        if phase.start in earlier:
            yield path, f"`{earlier[phase.start]}` starts at the same time", "Give each phase its own start."
        earlier.setdefault(phase.start, name)


def never_present(station: Station) -> Iterator[Finding]:
    """Every module is there in some phase, and its payloads with it."""
    present = {module_id for phase in station.phases.values() for module_id in phase.present}
    for module_id in station.modules:
        if module_id not in present:
            yield ("modules", module_id), "no phase has this module", "List it under `present` of a phase."


def crew_beds(station: Station) -> Iterator[Finding]:
    """The crew of a phase finds room in the modules present."""
    for name, phase in station.phases.items():
        modules = (station.modules[module_id] for module_id in phase.present if module_id in station.modules)
        beds = sum(module.crew_capacity for module in modules)
        if phase.crew > beds:
            problem = f"{phase.crew} people, but the modules present house {beds}"
            yield ("phases", name, "crew"), problem, "Add a module with crew_capacity, or send fewer."
