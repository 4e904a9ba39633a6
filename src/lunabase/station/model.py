"""The station: everything that the station file says, as one frozen record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field

from lunabase.station.autonomy import Autonomy
from lunabase.station.equipment import Equipment, Module
from lunabase.station.goals import PlanningGoals
from lunabase.station.links import Downlink
from lunabase.station.record import Identifier, Record
from lunabase.station.resources import Consumable, Crew, Place, Reservation, Resource
from lunabase.station.rules import Budgets, FlightRule, LoadShedding, MinimumCharge, Modes
from lunabase.station.science import ActivityType, Experiment, Payload, Request
from lunabase.station.sensing import Sensors
from lunabase.station.site import EarthStation, Header, Partner, Phase, Relay, SiteSpec
from lunabase.station.substances import Substances
from lunabase.station.wear import Wear


def _format_version(value: object) -> object:
    if isinstance(value, bool) or value != 1:
        raise ValueError(f"the format's version is the number 1, found {value!r}")
    return value


FormatVersion = Annotated[Literal[1], BeforeValidator(_format_version)]
EquipmentType = TypeVar("EquipmentType", bound=Record)


class Station(Record):
    """A lunar station as its file describes it; SI floats inside, angles in degrees."""

    lunabase: FormatVersion
    """Version of the station-file format."""
    station: Header
    """Name and dates."""
    site: SiteSpec
    """Where it is."""
    phases: Mapping[Identifier, Phase]
    """Periods of its life, in order of their start."""
    partners: Mapping[Identifier, Partner]
    """Who takes part."""
    earth_stations: Mapping[Identifier, EarthStation] = Field(default_factory=dict)
    """Ground stations on Earth."""
    relays: Mapping[Identifier, Relay] = Field(default_factory=dict)
    """Relay orbiters."""
    modules: Mapping[Identifier, Module]
    """Modules and their equipment."""
    downlink: Downlink = Downlink()
    """How data leaves the recorders."""
    substances: Substances | None = None
    """Tanks, chemical processes, cabins and what people need; without it there are no substances."""
    wear: Wear | None = None
    """What fails over the years, and how it is repaired; without it nothing does by itself."""
    sensors: Sensors | None = None
    """How well the station measures itself; without it every reading is exact."""
    places: Mapping[Identifier, Place] = Field(default_factory=dict)
    """Places of work around the station."""
    crew: Crew | None = None
    """The people of the phases with a crew, whose time is planned."""
    consumables: Mapping[Identifier, Consumable] = Field(default_factory=dict)
    """Substances that activities use up."""
    resources: Mapping[Identifier, Resource] = Field(default_factory=dict)
    """Things that one activity at a time can hold."""
    payloads: Mapping[Identifier, Payload] = Field(default_factory=dict)
    """The partners' instruments."""
    activity_types: Mapping[Identifier, ActivityType] = Field(default_factory=dict)
    """Kinds of activities."""
    experiments: Mapping[Identifier, Experiment] = Field(default_factory=dict)
    """What the partners want to find out."""
    reservations: Mapping[Identifier, Reservation] = Field(default_factory=dict)
    """Times in which things are not free."""
    planning: PlanningGoals = PlanningGoals()
    """What a plan is to achieve, in order."""
    modes: Modes
    """The station's modes; `nominal` and `survival` are needed."""
    load_shedding: LoadShedding
    """What goes off first."""
    autonomy: Autonomy | None = None
    """What it does without Earth; without this section it has the built-in monitors and no responses."""
    flight_rules: Mapping[Identifier, FlightRule] = Field(default_factory=dict)
    """What must never happen."""
    budgets: Budgets
    """Mass and payload rules."""

    def phase_at(self, moment: datetime) -> tuple[str, Phase]:
        """Name and record of the phase that holds at a moment (the first phase before its start)."""
        ordered = sorted(self.phases.items(), key=lambda item: item[1].start)
        current = ordered[0]
        for item in ordered:
            if item[1].start <= moment:
                current = item
        return current

    def equipment(self, kind: type[EquipmentType], present: tuple[str, ...]) -> dict[str, EquipmentType]:
        """All equipment of a kind in the present modules, by its id."""
        return {
            name: item
            for module_id in present
            for name, item in self.modules[module_id].equipment.items()
            if isinstance(item, kind)
        }

    def all_equipment(self) -> Iterator[tuple[str, str, Equipment]]:
        """Module id, equipment id and record of everything."""
        for module_id, module in self.modules.items():
            for name, item in module.equipment.items():
                yield module_id, name, item

    def requests(self) -> Iterator[tuple[str, Experiment, Request]]:
        """Id (`experiment/request`), experiment and record of every request, in file order."""
        for experiment_id, experiment in self.experiments.items():
            for request_id, request in experiment.requests.items():
                yield f"{experiment_id}/{request_id}", experiment, request

    def payloads_present(self, present: tuple[str, ...]) -> dict[str, Payload]:
        """Payloads whose host is present."""
        return {name: payload for name, payload in self.payloads.items() if payload.host in present}

    @property
    def charge_floor(self) -> float:
        """The highest state of charge that a flight rule asks for (0 without such a rule)."""
        floors = [rule.minimum for rule in self.flight_rules.values() if isinstance(rule, MinimumCharge)]
        return max(floors, default=0.0)
