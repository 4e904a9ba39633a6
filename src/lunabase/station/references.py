"""Names in the station file that must exist elsewhere in it: hosts, partners, nodes, requests ..."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lunabase.station.form import nearest
from lunabase.station.yaml_source import KeyPath, Problem, YamlSource, dotted

USES: tuple[tuple[str, str], ...] = (
    ("phases.*.present.*", "module"),
    ("modules.*.thermal_node", "thermal node"),
    ("modules.*.equipment.*.thermal_node", "thermal node"),
    ("modules.*.equipment.*.couplings.@", "thermal node"),
    ("modules.*.equipment.*.heat_pipes.@", "thermal node"),
    ("resources.*.host", "module"),
    ("resources.*.starts_at", "place"),
    ("crew.members.*.partner", "partner"),
    ("reservations.*.of.*", "resource, payload, module or crew member"),
    ("payloads.*.partner", "partner"),
    ("payloads.*.host", "module"),
    ("activity_types.*.uses.*", "resource"),
    ("activity_types.*.uses_one_of.*", "resource"),
    ("activity_types.*.place", "place"),
    ("activity_types.*.crew.*.qualification", "qualification"),
    ("activity_types.*.consumes.@", "consumable"),
    ("experiments.*.partner", "partner"),
    ("experiments.*.requests.*.activity", "activity type"),
    ("experiments.*.requests.*.payload", "payload"),
    ("experiments.*.requests.*.or_payload.*", "payload"),
    ("experiments.*.requests.*.after.*.request", "request"),
    ("modes.*.off.*", "payload or module"),
    ("load_shedding.order.*", "payload or module"),
    ("modules.*.production.into", "tank"),
    ("modules.*.production.modes.*", "mode"),
    ("substances.tanks.*.module", "module"),
    ("substances.processes.*.module", "module"),
    ("substances.processes.*.tanks.*", "tank"),
    ("substances.processes.*.modes.*", "mode"),
    ("substances.cabins.*.module", "module"),
    ("substances.cabins.*.oxygen_from", "tank"),
    ("substances.cabins.*.nitrogen_from", "tank"),
    ("substances.cabins.*.carbon_dioxide_to", "tank"),
    ("substances.cabins.*.water_to", "tank"),
    ("substances.life_support.cabin", "cabin"),
    ("substances.life_support.water_from", "tank"),
    ("substances.life_support.waste_water_to", "tank"),
    ("substances.life_support.food_from", "tank"),
    ("substances.life_support.waste_to", "tank"),
    ("wear.lives.*.of.*", "equipment, payload or module"),
    ("wear.lives.*.repair.needs", "payload or module"),
    ("wear.lives.*.repair.spare", "spare"),
    ("wear.upsets.*.of.*", "payload or module"),
    ("autonomy.monitors.*.of", "thermal node"),
    ("autonomy.event_actions.*.start", "response"),
    ("autonomy.responses.*.then", "response"),
    ("autonomy.responses.*.steps.*.target", "module, payload or equipment"),
    ("autonomy.responses.*.steps.*.sequence", "sequence"),
    ("autonomy.sequences.*.steps.*.target", "module, payload or equipment"),
    ("flight_rules.*.never", "activity type"),
    ("flight_rules.*.during", "activity type"),
    ("flight_rules.*.activity_types.*", "activity type"),
    ("budgets.payload_rules.*.payloads.*", "payload"),
)
"""Where a name stands (``*`` any entry, ``@`` the keys themselves) and what kind of thing it must be."""


UNNAMED = {"event-unit", "bus", "computer", "recorder", "earth-link", "relay-link"}
"""Units that recoveries can name without an entry of their own."""


def broken_references(source: YamlSource) -> Iterator[Problem]:
    """Every used name that nothing declares; works on the plain data, so other errors don't hide it."""
    declared = _declared(source.data)
    for pattern, kind in USES:
        for path, name in _matches(source.data, tuple(pattern.split(".")), ()):
            if kind == "request" and "/" not in name:
                name = f"{path[1]}/{name}"
            if name not in declared[kind]:
                fix = nearest(name, declared[kind])
                yield Problem(source.line_of(path), dotted(path), f"there is no {kind} `{name}`", fix)


def _declared(data: Mapping[str, Any]) -> dict[str, set[str]]:
    def keys(pattern: str) -> set[str]:
        return {name for _, name in _matches(data, (*pattern.split("."), "@"), ())}

    def equipment(kind: str) -> set[str]:
        types = _matches(data, ("modules", "*", "equipment", "*", "type"), ())
        return {str(path[3]) for path, name in types if name == kind}

    requests = _matches(data, ("experiments", "*", "requests", "@"), ())
    qualifications = _matches(data, ("crew", "members", "*", "qualifications", "*"), ())
    holdable = keys("resources") | equipment("robot_arm")
    return {
        "module": keys("modules"),
        "partner": keys("partners"),
        "payload": keys("payloads"),
        "payload or module": keys("payloads") | keys("modules"),
        "equipment, payload or module": keys("modules.*.equipment") | keys("payloads") | keys("modules"),
        "spare": keys("wear.spares"),
        "tank": keys("substances.tanks"),
        "cabin": keys("substances.cabins"),
        "mode": keys("modes"),
        "activity type": keys("activity_types"),
        "resource": holdable,
        "resource, payload, module or crew member": holdable
        | keys("payloads")
        | keys("modules")
        | keys("crew.members"),
        "place": keys("places"),
        "consumable": keys("consumables"),
        "qualification": {name for _, name in qualifications},
        "module, payload or equipment": keys("payloads") | keys("modules") | keys("modules.*.equipment") | UNNAMED,
        "response": keys("autonomy.responses"),
        "sequence": keys("autonomy.sequences"),
        "thermal node": equipment("thermal_node"),
        "request": {f"{path[1]}/{name}" for path, name in requests},
    }


def _matches(value: Any, pattern: tuple[str, ...], path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Paths and texts in plain data that a pattern fits."""
    if not pattern:
        if isinstance(value, str):
            yield path, value
        return
    step, rest = pattern[0], pattern[1:]
    if step == "@":
        yield from (((*path, key), key) for key in value) if isinstance(value, dict) else ()
    elif step == "*" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _matches(item, rest, (*path, index))
    elif isinstance(value, dict):
        for key in value if step == "*" else [step] if step in value else []:
            yield from _matches(value[key], rest, (*path, key))
