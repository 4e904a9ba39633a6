"""Budgets that must close on paper: mass, payload power, shares."""

from __future__ import annotations

from collections.abc import Iterator

from lunabase.station.model import Station
from lunabase.station.science import Payload
from lunabase.station.yaml_source import Finding

_ROUNDING = 1.0 + 1e-9
"""Sums of decimal numbers miss their total by this much at most."""


def _apart(amount: float, limit: float) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to tell them apart."""
    for digits in range(6, 17):
        texts = f"{amount:.{digits}g}", f"{limit:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def masses_kg(station: Station) -> dict[str, float]:
    """Mass of the modules themselves, of their equipment and of the payloads."""
    return {
        "modules": sum(module.mass_kg for module in station.modules.values()),
        "equipment": sum(getattr(item, "mass_kg", 0.0) for _, _, item in station.all_equipment()),
        "payloads": sum(payload.mass_kg for payload in station.payloads.values()),
    }


def shares(station: Station) -> Iterator[Finding]:
    """The partners' shares must not exceed the whole."""
    total = sum(partner.share for partner in station.partners.values())
    if total > _ROUNDING:
        shown, _ = _apart(100.0 * total, 100.0)
        yield ("partners",), f"the shares add up to {shown} %, more than 100 %", "Lower some of them."


def landed_mass(station: Station) -> Iterator[Finding]:
    """Modules, equipment and payloads must not weigh more than can be landed."""
    parts_kg, limit_kg = masses_kg(station), station.budgets.landed_mass_kg
    if sum(parts_kg.values()) > limit_kg * _ROUNDING:
        shown, limit = _apart(sum(parts_kg.values()), limit_kg)
        parts = ", ".join(f"{name} {mass_kg:g} kg" for name, mass_kg in parts_kg.items())
        yield (
            ("budgets", "landed_mass"),
            f"the station weighs {shown} kg ({parts}), more than the {limit} kg that can be landed",
            "Lower masses or raise the budget.",
        )


def payload_rules(station: Station) -> Iterator[Finding]:
    """Payloads of a partner call must keep its limits, together and each."""
    for rule_id, rule in station.budgets.payload_rules.items():
        path = ("budgets", "payload_rules", rule_id)
        members = {name: station.payloads[name] for name in rule.payloads if name in station.payloads}
        mass_kg, power_w = sum(p.mass_kg for p in members.values()), sum(p.working_w for p in members.values())
        if mass_kg > rule.total_mass_kg * _ROUNDING:
            shown, limit = _apart(mass_kg, rule.total_mass_kg)
            yield (
                (*path, "total_mass"),
                f"its payloads weigh {shown} kg together, more than {limit} kg",
                "Leave one out or lower a mass.",
            )
        if power_w > rule.total_power_w * _ROUNDING:
            shown, limit = _apart(power_w, rule.total_power_w)
            yield (
                (*path, "total_power"),
                f"its payloads draw {shown} W together, more than {limit} W",
                "Leave one out or lower a power.",
            )
        for name, payload in members.items():
            yield from _each_payload(name, payload, rule.each_mass_kg, rule.each_power_w, rule_id)


def _each_payload(
    name: str, payload: Payload, mass_limit_kg: float, power_limit_w: float, rule_id: str
) -> Iterator[Finding]:
    fix = "Lower it or take the payload out of the rule."
    for key, unit, amount, most in (
        ("mass", "kg", payload.mass_kg, mass_limit_kg),
        ("power", "W", payload.working_w, power_limit_w),
    ):
        if amount > most * _ROUNDING:
            shown, limit = _apart(amount, most)
            problem = f"{shown} {unit}, more than the {limit} {unit} that rule `{rule_id}` allows each payload"
            yield ("payloads", name, key), problem, fix


def module_capacities(station: Station) -> Iterator[Finding]:
    """A module must be able to carry its payloads and to power the hungriest of them."""
    for module_id, module in station.modules.items():
        hosted = {name: p for name, p in station.payloads.items() if p.host == module_id}
        mass_kg = sum(payload.mass_kg for payload in hosted.values())
        if module.payload_mass_limit_kg is not None and mass_kg > module.payload_mass_limit_kg * _ROUNDING:
            shown, limit = _apart(mass_kg, module.payload_mass_limit_kg)
            problem = f"its payloads weigh {shown} kg, more than its limit of {limit} kg"
            yield ("modules", module_id, "payload_mass_limit"), problem, "Move a payload to another host."
        for name, payload in hosted.items():
            most_w = max(payload.power.values(), default=0.0)
            if module.payload_power_limit_w is not None and most_w > module.payload_power_limit_w * _ROUNDING:
                shown, limit = _apart(most_w, module.payload_power_limit_w)
                problem = f"it draws {shown} W, but `{module_id}` gives payloads {limit} W"
                yield ("payloads", name, "power"), problem, "Choose another host or raise its limit."
