"""The equipment that decides how a run goes, with its leading figure and whether that is an estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lunabase.record.run_record import RunRecord
from lunabase.report import amounts
from lunabase.station.equipment import (
    Battery,
    DataRecorder,
    Equipment,
    FissionSource,
    FuelCell,
    Radio,
    RadioisotopeSource,
    SolarArray,
)

Words = Callable[[Any], str]
_FIGURES: dict[type, tuple[str, str, Words]] = {
    SolarArray: ("solar array", "area", lambda one: f"{one.area_m2:g} m²"),
    FissionSource: ("fission source", "power", lambda one: amounts.scaled(one.power_w, "W")),
    RadioisotopeSource: ("radioisotope source", "power", lambda one: amounts.scaled(one.power_w, "W")),
    Battery: ("battery", "capacity", lambda one: amounts.energy(one.capacity_j)),
    FuelCell: ("regenerative fuel cell", "capacity", lambda one: amounts.energy(one.capacity_j)),
    DataRecorder: ("data recorder", "capacity", lambda one: amounts.data(one.capacity_bit)),
    Radio: (
        "radio",
        "rate_to_earth",
        lambda one: (
            f"{amounts.scaled(one.rate_to_earth_bit_per_s, 'bit/s')} to Earth, "
            f"{amounts.scaled(one.rate_to_relay_bit_per_s, 'bit/s')} to a relay"
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class EquipmentLine:
    """One piece of equipment for the table."""

    id: str
    module: str
    kind: str
    figure: str
    record: Equipment
    key: str
    """The key of the figure in the station file, for the estimate mark."""


def equipment_lines(record: RunRecord) -> list[EquipmentLine]:
    """Power, storage, recorder and radio equipment of the modules present, in the file's order."""
    present = record.station.phases[record.plan.phase].present
    lines = []
    for module_id, name, item in record.station.all_equipment():
        if module_id in present and type(item) in _FIGURES:
            kind, key, words = _FIGURES[type(item)]
            lines.append(EquipmentLine(name, record.station.modules[module_id].name, kind, words(item), item, key))
    return lines
