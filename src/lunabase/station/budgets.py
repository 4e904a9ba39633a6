"""Budgets and agreements that must close on paper: mass, payload power, shares, modes, names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from lunabase.station.equipment import Battery, FuelCell
from lunabase.station.model import Station
from lunabase.station.science import Payload
from lunabase.station.yaml_source import KeyPath

Finding = tuple[KeyPath, str, str]
"""Path, what is wrong, what to do."""


def shares(station: Station) -> Iterator[Finding]:
    """The partners' shares must not exceed the whole."""
    total = sum(partner.share for partner in station.partners.values())
    if total > 1.0 + 1e-9:
        yield ("partners",), f"the shares add up to {total:.1%}, more than 100 %", "Lower some of them."


def landed_mass(station: Station) -> Iterator[Finding]:
    """Modules, equipment and payloads must not weigh more than can be landed."""
    modules = sum(module.mass_kg for module in station.modules.values())
    equipment = sum(getattr(item, "mass_kg", 0.0) for _, _, item in station.all_equipment())
    payloads = sum(payload.mass_kg for payload in station.payloads.values())
    total, limit = modules + equipment + payloads, station.budgets.landed_mass_kg
    if total > limit:
        parts = f"modules {modules:.0f} kg, equipment {equipment:.0f} kg, payloads {payloads:.0f} kg"
        yield (
            ("budgets", "landed_mass"),
            f"the station weighs {total:.0f} kg ({parts}), more than the {limit:.0f} kg that can be landed",
            "Lower masses or raise the budget.",
        )


def payload_rules(station: Station) -> Iterator[Finding]:
    """Payloads of a partner call must keep its limits, together and each."""
    for rule_id, rule in station.budgets.payload_rules.items():
        path = ("budgets", "payload_rules", rule_id)
        members = {name: station.payloads[name] for name in rule.payloads if name in station.payloads}
        mass, power = sum(p.mass_kg for p in members.values()), sum(p.power["on"] for p in members.values())
        if mass > rule.total_mass_kg:
            problem = f"its payloads weigh {mass:g} kg together, more than {rule.total_mass_kg:g} kg"
            yield (*path, "total_mass"), problem, "Leave one out or lower a mass."
        if power > rule.total_power_w:
            problem = f"its payloads draw {power:g} W together, more than {rule.total_power_w:g} W"
            yield (*path, "total_power"), problem, "Leave one out or lower a power."
        for name, payload in members.items():
            yield from _each_payload(name, payload, rule.each_mass_kg, rule.each_power_w, rule_id)


def _each_payload(name: str, payload: Payload, mass_kg: float, power_w: float, rule_id: str) -> Iterator[Finding]:
    if payload.mass_kg > mass_kg:
        problem = f"{payload.mass_kg:g} kg, more than the {mass_kg:g} kg that rule `{rule_id}` allows each payload"
        yield ("payloads", name, "mass"), problem, "Lower it or take the payload out of the rule."
    if payload.power["on"] > power_w:
        problem = f"{payload.power['on']:g} W, more than the {power_w:g} W that rule `{rule_id}` allows each payload"
        yield ("payloads", name, "power"), problem, "Lower it or take the payload out of the rule."


def module_capacities(station: Station) -> Iterator[Finding]:
    """A module must be able to carry its payloads and to power the hungriest of them."""
    for module_id, module in station.modules.items():
        hosted = {name: p for name, p in station.payloads.items() if p.host == module_id}
        mass = sum(payload.mass_kg for payload in hosted.values())
        if module.payload_mass_limit_kg is not None and mass > module.payload_mass_limit_kg:
            problem = f"its payloads weigh {mass:g} kg, more than its limit of {module.payload_mass_limit_kg:g} kg"
            yield ("modules", module_id, "payload_mass_limit"), problem, "Move a payload to another host."
        for name, payload in hosted.items():
            most = max(payload.power.values())
            if module.payload_power_limit_w is not None and most > module.payload_power_limit_w:
                problem = f"it draws {most:g} W, but `{module_id}` gives payloads {module.payload_power_limit_w:g} W"
                yield ("payloads", name, "power"), problem, "Choose another host or raise its limit."


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


def needed_modes(station: Station) -> Iterator[Finding]:
    """Nominal and survival are needed; modes other than nominal need a way in and a way out."""
    for name in ("nominal", "survival"):
        if name not in station.modes:
            yield ("modes",), f"the mode `{name}` is missing", "Add it; `lunabase init` shows one."
    for name, mode in station.modes.items():
        if name not in ("nominal", "crewed") and not (mode.enter and mode.leave):
            yield ("modes", name), "it has no `enter` or no `leave` condition", "Say when it begins and ends."


def payload_modes(station: Station) -> Iterator[Finding]:
    """An activity's power mode must be one that its payload has."""
    for experiment_id, experiment in station.experiments.items():
        for request_id, request in experiment.requests.items():
            kind, payload = station.activity_types.get(request.activity), station.payloads.get(request.payload)
            if kind and payload and kind.mode not in payload.power:
                path = ("experiments", experiment_id, "requests", request_id, "activity")
                problem = f"`{request.activity}` needs power mode `{kind.mode}`, which `{request.payload}` lacks"
                yield path, problem, f"Its modes: {', '.join(payload.power)}."


def phase_order(station: Station) -> Iterator[Finding]:
    """The first phase must have begun when the station starts."""
    if station.phases and min(phase.start for phase in station.phases.values()) > station.station.start:
        yield ("phases",), "no phase has begun when the station starts", "Let the first phase start then."


def institutions(station: Station) -> Iterator[Finding]:
    """A member's institution must be listed by the partner."""
    for partner_id, partner in station.partners.items():
        for index, member in enumerate(partner.members):
            if member.institution not in partner.institutions:
                problem = f"the partner lists no institution `{member.institution}`"
                path = ("partners", partner_id, "members", index, "institution")
                yield path, problem, f"Known: {', '.join(partner.institutions) or 'none'}."


Check = Callable[[Station], Iterator[Finding]]

CHECKS: tuple[tuple[tuple[str, ...], Check, bool], ...] = (
    (("partners",), shares, False),
    (("partners",), institutions, False),
    (("modules", "payloads", "budgets"), landed_mass, False),
    (("payloads", "budgets"), payload_rules, False),
    (("modules", "payloads"), module_capacities, False),
    (("modules",), unique_equipment, False),
    (("modules",), energy_store, True),
    (("modes",), needed_modes, True),
    (("experiments", "payloads", "activity_types"), payload_modes, False),
    (("station", "phases"), phase_order, True),
)
"""Each check, the sections it needs, and whether these must be whole.

A check of what is there runs on the well-formed entries, whatever else is wrong; a check of what is
missing would blame an entry that was only left out because it is malformed, so it waits.
"""
