"""The table of checks over the whole station, each with the sections that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lunabase.station import behaviour, budgets, ladders, requests, structure
from lunabase.station.model import Station
from lunabase.station.yaml_source import Finding

Check = Callable[[Station], Iterator[Finding]]

CHECKS: tuple[tuple[tuple[str, ...], Check, bool], ...] = (
    (("partners",), budgets.shares, False),
    (("modules", "payloads", "budgets"), budgets.landed_mass, False),
    (("payloads", "budgets"), budgets.payload_rules, False),
    (("modules", "payloads"), budgets.module_capacities, False),
    (("partners",), structure.institutions, False),
    (("modules",), structure.unique_equipment, False),
    (("modules",), structure.energy_store, True),
    (("modules",), structure.own_couplings, False),
    (("modules",), structure.one_bus, False),
    (("modules", "payloads"), structure.payload_nodes, False),
    (("station", "modules"), structure.fuelled_in_time, False),
    (("station", "phases"), structure.first_phase, True),
    (("station", "phases"), structure.phase_starts, False),
    (("phases", "modules"), structure.never_present, True),
    (("phases", "modules"), structure.crew_beds, True),
    (("modes",), behaviour.needed_modes, True),
    (("modes",), behaviour.nominal_mode, False),
    (("modules", "flight_rules"), behaviour.charge_floors, True),
    (("autonomy",), ladders.known_events, True),
    (("autonomy",), ladders.ending_ladders, False),
    (("autonomy",), ladders.no_answering_oneself, False),
    (("modules", "autonomy"), ladders.limits_in_range, True),
    (("modes", "load_shedding", "autonomy"), ladders.used_modes, True),
    (("modules", "payloads", "autonomy"), ladders.switchable, True),
    (("experiments", "payloads", "activity_types"), requests.payload_modes, False),
    (("experiments",), requests.cycles, False),
    (("phases", "experiments"), requests.crew_needed, True),
    (("site", "places", "modules", "resources", "activity_types"), requests.places_reached, True),
    (("phases", "crew", "activity_types"), requests.people_for_work, True),
    (("consumables", "activity_types"), requests.enough_to_consume, False),
)
"""Each check, the sections it needs, and whether these must be whole.

A check of what is there runs on the well-formed entries, whatever else is wrong; a check of what is
missing would blame an entry that was only left out because it is malformed, so it waits.
"""
