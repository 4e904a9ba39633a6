"""What single faults break: from the identifiers of the station file to the places in `twin.health.Health`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lunabase.runs.fault import Effect, Fault
from lunabase.station.equipment import FissionSource, Radio, RadioisotopeSource, RobotArm, SolarArray, ThermalNode
from lunabase.station.model import Station
from lunabase.twin.health import STUCK_OFF, STUCK_ON, Health
from lunabase.twin.parameters import channels_of, names_of


@dataclass(frozen=True, slots=True)
class Places:
    """Where each thing of the station stands in the arrays of its health."""

    nodes: Mapping[str, int]
    stores: Mapping[str, int]
    sources: Mapping[str, int]
    radios: Mapping[str, int]
    modules: Mapping[str, int]
    payloads: Mapping[str, int]
    arrays: Mapping[str, tuple[int, float]]
    """Column of each solar array and its part of the column's power."""
    mechanisms: Mapping[str, tuple[str, ...]]
    """Payloads that can do nothing without a robot arm, vehicle or other resource."""
    channels: Mapping[str, int]
    ground_w_per_k: Mapping[str, float]
    """Heat path of each node to the ground."""
    nominal_w: Mapping[str, float]
    """Nominal load of each module itself."""
    working_w: Mapping[str, tuple[str, float]]
    """Host of each payload and the highest power that it draws."""
    contents: Mapping[str, tuple[str, ...]]
    """What each module carries: equipment and payloads."""

    def known(self, kind: str) -> frozenset[str]:
        """Identifiers of all things of a kind (`runs.fault.TARGETS`)."""
        kinds: dict[str, Mapping[str, object]] = {
            "thermal_node": self.nodes,
            "store": self.stores,
            "source": self.sources,
            "radio": self.radios,
            "module": self.modules,
            "payload": self.payloads,
            "solar_array": self.arrays,
            "mechanism": self.mechanisms,
            "channel": self.channels,
        }
        return frozenset(kinds[kind])

    def with_contents(self, names: Collection[str]) -> frozenset[str]:
        """The named things, and all that the modules among them carry; the bus stands for everything on it."""
        modules = {*self.modules, *names} if "bus" in names else {*names}
        return frozenset(modules).union(*(self.contents.get(name, ()) for name in modules))


def places_of(station: Station, present: tuple[str, ...]) -> Places:
    """The places of a station with these modules."""
    names = names_of(station, present)
    payloads = station.payloads_present(present)
    sources = (*station.equipment(FissionSource, present), *station.equipment(RadioisotopeSource, present))
    return Places(
        nodes=_index(names.nodes),
        stores=_index(names.stores),
        sources=_index(sources),
        radios=_index(tuple(station.equipment(Radio, present))),
        modules=_index(names.modules),
        payloads=_index(names.payloads),
        arrays=_arrays(station, present),
        mechanisms=_mechanisms(station, present),
        channels=_index(channels_of(names)),
        ground_w_per_k={
            name: node.ground_conductance_w_per_k for name, node in station.equipment(ThermalNode, present).items()
        },
        nominal_w={name: station.modules[name].load_w("nominal") for name in present},
        working_w={name: (item.host, max(item.power.values())) for name, item in payloads.items()},
        contents={
            name: (
                *station.modules[name].equipment,
                *(payload for payload, item in payloads.items() if item.host == name),
            )
            for name in present
        },
    )


def _index(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _arrays(station: Station, present: tuple[str, ...]) -> dict[str, tuple[int, float]]:
    found: dict[str, tuple[int, float]] = {}
    carriers = [name for name in present if station.equipment(SolarArray, (name,))]
    for column, module in enumerate(carriers):
        arrays = station.equipment(SolarArray, (module,))
        total = sum(item.area_m2 * item.efficiency for item in arrays.values())
        found |= {name: (column, item.area_m2 * item.efficiency / total) for name, item in arrays.items()}
    return found


def _mechanisms(station: Station, present: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Resources, robot arms and vehicles, each with the payloads all of whose requests need it."""
    payloads = station.payloads_present(present)
    needs: dict[str, list[frozenset[str]]] = {}
    for _, _, request in station.requests():
        kind = station.activity_types[request.activity]
        needs.setdefault(request.payload, []).append(frozenset(kind.uses))
    always = {name: frozenset.intersection(*sets) for name, sets in needs.items() if name in payloads}
    arms = station.equipment(RobotArm, present)
    found = {
        name: tuple(sorted(payload for payload, used in always.items() if name in used))
        for name in (*station.resources, *arms)
    }
    vehicles = [name for name in present if station.modules[name].mobility is not None]
    hosted = {
        name: tuple(sorted(payload for payload, item in payloads.items() if item.host == name)) for name in vehicles
    }
    return {name: stopped for name, stopped in (found | hosted).items() if stopped}


@dataclass(frozen=True, slots=True)
class Damage:
    """A fault at one moment."""

    fault: Fault
    size: float
    """Its size now."""


def damaged(base: Health, damages: Sequence[Damage], places: Places) -> Health:
    """The health ``base`` under all these faults; parts multiply, loads and leaks add up."""
    if not damages:
        return base
    arrays = {
        name: np.array(value, copy=True)
        for name in Health.__slots__
        if isinstance(value := getattr(base, name), np.ndarray)
    }
    light, clear = dict.fromkeys(places.arrays, 1.0), dict.fromkeys(places.arrays, 1.0)
    parts = _Broken(arrays, light, clear, base.converter_part, base.recorder_part, base.earth_link, base.relay_link)
    for damage in damages:
        act = _ACTS.get(damage.fault.effect)
        if act is not None:
            act(parts, places, damage.fault.target, damage.size)
    arrays["array_part"] *= _by_column(parts.array_left, places, len(base.array_part))
    arrays["dust_part"] = 1.0 - (1.0 - base.dust_part) * _by_column(parts.light_left, places, len(base.dust_part))
    return replace(
        base,
        **parts.arrays,
        converter_part=parts.converter_part,
        recorder_part=parts.recorder_part,
        earth_link=parts.earth_link,
        relay_link=parts.relay_link,
    )


@dataclass(slots=True)
class _Broken:
    """A health while it is being worked on."""

    arrays: dict[str, np.ndarray]
    array_left: dict[str, float]
    """Power left of each solar array."""
    light_left: dict[str, float]
    """Light that the dust lets through to each solar array."""
    converter_part: float
    recorder_part: float
    earth_link: bool
    relay_link: bool


Act = Callable[[_Broken, Places, str, float], None]


def _by_column(left: Mapping[str, float], places: Places, columns: int) -> np.ndarray:
    """The part left of each column, which may hold several arrays; shape (columns,)."""
    part = np.ones(columns)
    for name, (column, share) in places.arrays.items():
        part[column] -= share * (1.0 - left[name])
    return part


def _array_loss(broken: _Broken, _: Places, target: str, size: float) -> None:
    broken.array_left[target] *= 1.0 - size


def _array_dust(broken: _Broken, _: Places, target: str, size: float) -> None:
    broken.light_left[target] *= 1.0 - size


def _lost_part(field: str, kind: str) -> Act:
    def act(broken: _Broken, places: Places, target: str, size: float) -> None:
        broken.arrays[field][getattr(places, kind)[target]] *= 1.0 - size

    return act


def _set(field: str, kind: str, value: int) -> Act:
    def act(broken: _Broken, places: Places, target: str, _: float) -> None:
        broken.arrays[field][getattr(places, kind)[target]] = value

    return act


def _leak(broken: _Broken, places: Places, target: str, size: float) -> None:
    broken.arrays["node_leak_w_per_k"][places.nodes[target]] += size * places.ground_w_per_k[target]


def _load(broken: _Broken, places: Places, target: str, size: float) -> None:
    broken.arrays["extra_load_w"][places.modules[target]] += size * places.nominal_w[target]


def _stuck_on(broken: _Broken, places: Places, target: str, _: float) -> None:
    host, power_w = places.working_w[target]
    broken.arrays["extra_load_w"][places.modules[host]] += power_w


def _jam(broken: _Broken, places: Places, target: str, _: float) -> None:
    for payload in places.mechanisms[target]:
        broken.arrays["payload_ok"][places.payloads[payload]] = False


def _converter(broken: _Broken, _: Places, __: str, size: float) -> None:
    broken.converter_part *= 1.0 - size


def _recorder(broken: _Broken, _: Places, __: str, size: float) -> None:
    broken.recorder_part *= 1.0 - size


def _no_earth(broken: _Broken, _: Places, __: str, ___: float) -> None:
    broken.earth_link = False


def _no_relay(broken: _Broken, _: Places, __: str, ___: float) -> None:
    broken.relay_link = False


_ACTS: dict[Effect, Act] = {
    "array_loss": _array_loss,
    "array_drive_stuck": _array_loss,
    "array_dust": _array_dust,
    "store_capacity_loss": _lost_part("store_part", "stores"),
    "store_offline": _set("store_ok", "stores", 0),
    "source_loss": _lost_part("source_part", "sources"),
    "converter_limit": _converter,
    "extra_load": _load,
    "heater_stuck_off": _set("heater", "nodes", STUCK_OFF),
    "heater_stuck_on": _set("heater", "nodes", STUCK_ON),
    "heat_switch_stuck_closed": _set("heat_switch", "nodes", STUCK_OFF),
    "heat_switch_stuck_open": _set("heat_switch", "nodes", STUCK_ON),
    "insulation_loss": _leak,
    "recorder_loss": _recorder,
    "radio_loss": _lost_part("radio_part", "radios"),
    "earth_link_loss": _no_earth,
    "relay_link_loss": _no_relay,
    "module_off": _set("module_ok", "modules", 0),
    "payload_off": _set("payload_ok", "payloads", 0),
    "payload_stuck_on": _stuck_on,
    "mechanism_jam": _jam,
}
"""What each effect on the station's health does; those on sensors and computer are not here."""
