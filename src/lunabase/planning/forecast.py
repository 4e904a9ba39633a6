"""What the planner expects of the station before anything is planned: light, loads, heat, stores and links."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import xarray as xr

from lunabase.environment.arrays import available_array_power_w
from lunabase.planning.balance import READINGS, Forecast
from lunabase.planning.change import KNOWN_CHARGE, LOST_W
from lunabase.planning.delivery import data_classes
from lunabase.planning.heat import node_loss_w
from lunabase.planning.heat_room import rejected_w
from lunabase.planning.horizon import FloatArray, Horizon, IntArray
from lunabase.planning.opportunities import ever
from lunabase.planning.reserved import reserved_w
from lunabase.station.equipment import (
    Battery,
    DataRecorder,
    FissionSource,
    FuelCell,
    Radio,
    RadioisotopeSource,
    ThermalNode,
)
from lunabase.station.model import Station
from lunabase.station.rules import Condition
from lunabase.station.site import Phase

_SEVERITY = ("night", "dormant", "safe", "survival")
_RUNS = {"none": 0, "continuous": 1, "all": 2}
_ASLEEP = ("dormant", "survival")
_BROWN_OUT_W = 1e-6


def forecast(station: Station, phase: Phase, environment: xr.Dataset, horizon: Horizon) -> Forecast:
    """The station in this environment, without activities."""
    modes = modes_by_severity(station, phase)
    nodes = station.equipment(ThermalNode, phase.present)
    radio_w, downlink = _links(station, phase, environment)
    recorders = station.equipment(DataRecorder, phase.present).values()
    isotope_w = _isotope_w(station, phase, nodes, horizon)
    mean_w, highest_w = reserved_w(station, horizon)
    array_w, source_w = _generation_w(station, phase, environment, horizon)
    return Forecast(
        step_s=horizon.step_s,
        modes=modes,
        mode_table=_mode_table(station, modes),
        enter=_conditions(station, modes, "enter"),
        leave=_conditions(station, modes, "leave"),
        array_w=array_w,
        source_w=source_w,
        load_w=np.array([_load_w(station, phase, mode) for mode in modes]),
        recorder_w=_recorder_w(station, phase),
        standby_w=_standby_w(station, phase),
        radio_w=radio_w,
        node_loss_w=node_loss_w(nodes, environment["surface_temperature"].values, isotope_w),
        node_heat_w=_node_heat_w(station, phase, nodes, modes),
        node_standby_w=_node_standby_w(station, phase, nodes),
        heat_limit_w=rejected_w(nodes, environment, isotope_w),
        heater_w=np.array([node.heater_w for node in nodes.values()], dtype=np.float64),
        stores=_stores(station, phase),
        downlink_bit_per_s=downlink,
        data_classes=data_classes(station),
        reserved_w=mean_w,
        reserved_peak_w=highest_w,
        known_charge=_known_charge(environment, horizon),
        recorder_bit=sum(item.capacity_bit for item in recorders),
        charge_floor=station.charge_floor,
        shed_below=station.load_shedding.start_below,
        restore_above=station.load_shedding.restore_above,
    )


def modes_by_severity(station: Station, phase: Phase) -> tuple[str, ...]:
    """The phase's everyday mode, then the station's other modes, the mildest first."""
    everyday = "crewed" if phase.crew > 0 and "crewed" in station.modes else "nominal"
    names: tuple[str, ...] = (everyday, *(mode for mode in _SEVERITY if mode in station.modes))
    return names


def _mode_table(station: Station, modes: tuple[str, ...]) -> IntArray:
    specs = [(station.modes[mode], mode) for mode in modes]  # type: ignore[index]
    rows = [[_RUNS[s.activities], s.standby, s.downlink, mode not in _ASLEEP or s.downlink] for s, mode in specs]
    return np.array(rows, dtype=np.int64)


def _conditions(station: Station, modes: tuple[str, ...], which: str) -> FloatArray:
    """Conditions on readings that a forecast can know; thermal margins are expected to stay within limits."""
    rows = []
    for index, mode in enumerate(modes):
        for condition in getattr(station.modes[mode], which):  # type: ignore[index]
            if condition.reading in READINGS:
                rows.append([index, READINGS.index(condition.reading), *_limit(condition)])
        if which == "enter" and mode == "survival":  # a brown-out resets the computer, which wakes up in survival mode
            rows.append([index, READINGS.index("unserved"), 1.0, _BROWN_OUT_W, 0.0])
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


def _limit(condition: Condition) -> tuple[float, float, float]:
    return 1.0 if condition.above is not None else -1.0, condition.limit, condition.lasting_s


def _generation_w(
    station: Station, phase: Phase, environment: xr.Dataset, horizon: Horizon
) -> tuple[FloatArray, FloatArray]:
    """Power of the arrays and of the other sources, both (steps,), without what fails; the arrays fail first."""
    arrays = available_array_power_w(station, phase.present, environment)
    array_w = sum(arrays.values(), start=np.zeros(horizon.steps))
    source_w = _source_w(station, phase, horizon)
    if LOST_W not in environment:
        return array_w, source_w
    lost_w = environment[LOST_W].values
    from_arrays_w = np.minimum(lost_w, array_w)
    return array_w - from_arrays_w, np.maximum(source_w - (lost_w - from_arrays_w), 0.0)


def _known_charge(environment: xr.Dataset, horizon: Horizon) -> FloatArray:
    if KNOWN_CHARGE not in environment:
        return np.full(horizon.steps, np.nan)
    return np.asarray(environment[KNOWN_CHARGE].values, dtype=np.float64)


def _source_w(station: Station, phase: Phase, horizon: Horizon) -> FloatArray:
    fission = sum(item.power_w for item in station.equipment(FissionSource, phase.present).values())
    power_w = np.full(horizon.steps, float(fission))
    for item in station.equipment(RadioisotopeSource, phase.present).values():
        power_w += item.power_w * _decay(item, horizon)
    return power_w


def _decay(source: RadioisotopeSource, horizon: Horizon) -> FloatArray:
    """Part of the first day's output that is left, (steps,)."""
    age_s = _age_s(source.fuelled, horizon.start) + np.arange(horizon.steps) * horizon.step_s
    if source.half_life_s <= 0.0:
        return np.ones(horizon.steps)
    return np.asarray(0.5 ** (np.maximum(age_s, 0.0) / source.half_life_s))


def _age_s(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds()


def _load_w(station: Station, phase: Phase, mode: str) -> float:
    """Modules, recorders and standby of every payload in a mode, W."""
    modules = sum(station.modules[name].load_w(mode) for name in phase.present)
    spec = station.modes[mode]  # type: ignore[index]
    records = mode not in _ASLEEP or spec.downlink
    standby = _standby_w(station, phase) if spec.standby else 0.0
    return modules + (_recorder_w(station, phase) if records else 0.0) + standby


def _recorder_w(station: Station, phase: Phase) -> float:
    return float(sum(item.power_w for item in station.equipment(DataRecorder, phase.present).values()))


def _standby_w(station: Station, phase: Phase) -> float:
    return float(sum(item.standby_w for item in station.payloads_present(phase.present).values()))


def _links(station: Station, phase: Phase, environment: xr.Dataset) -> tuple[FloatArray, FloatArray]:
    """Power and rate of the radio with the fastest path (one sends at a time), both (steps,)."""
    direct, onward = ever(environment, "contact"), _relay_bit_per_s(station, environment)
    power_w, rate = np.zeros(direct.shape[0]), np.zeros(direct.shape[0])
    for radio in station.equipment(Radio, phase.present).values():
        own = np.maximum(direct * radio.rate_to_earth_bit_per_s, np.minimum(onward, radio.rate_to_relay_bit_per_s))
        power_w = np.where(own > rate, radio.power_w, power_w)
        rate = np.maximum(rate, own)
    return power_w, rate


def _relay_bit_per_s(station: Station, environment: xr.Dataset) -> FloatArray:
    """Rate to Earth of the fastest relay in contact, (steps,)."""
    rate = np.zeros(environment.sizes["time"])
    for name in environment["relay"].values if "relay_contact" in environment else ():
        reached = ever(environment.sel(relay=[name]), "relay_contact")
        rate = np.maximum(rate, reached * station.relays[str(name)].rate_to_earth_bit_per_s)
    return rate


def _isotope_w(station: Station, phase: Phase, nodes: dict[str, ThermalNode], horizon: Horizon) -> FloatArray:
    """Heat of radioisotope sources in each node, (steps, nodes)."""
    heat_w, names = np.zeros((horizon.steps, len(nodes))), list(nodes)
    for item in station.equipment(RadioisotopeSource, phase.present).values():
        if item.thermal_node in names:
            heat_w[:, names.index(item.thermal_node)] += item.heat_w * _decay(item, horizon)
    return heat_w


def _node_heat_w(station: Station, phase: Phase, nodes: dict[str, ThermalNode], modes: tuple[str, ...]) -> FloatArray:
    """Heat (modes, nodes) of the modules and of payloads on standby."""
    heat_w, names = np.zeros((len(modes), len(nodes))), list(nodes)
    standby_w = _node_standby_w(station, phase, nodes)
    for row, mode in enumerate(modes):
        heat_w[row] += standby_w * station.modes[mode].standby  # type: ignore[index]
        for module_id in phase.present:
            module = station.modules[module_id]
            if module.thermal_node in names:
                column = names.index(module.thermal_node)
                heat_w[row, column] += module.load_w(mode)
    return heat_w


def _node_standby_w(station: Station, phase: Phase, nodes: dict[str, ThermalNode]) -> FloatArray:
    """Standby (nodes,) of the payloads that warm each node."""
    standby_w, names = np.zeros(len(nodes)), list(nodes)
    for payload in station.payloads_present(phase.present).values():
        node = station.modules[payload.host].thermal_node
        if node in names:
            standby_w[names.index(node)] += payload.standby_w
    return standby_w


def _stores(station: Station, phase: Phase) -> FloatArray:
    """Rows as `balance` names them, batteries before fuel cells, in file order."""
    stores: dict[str, Battery | FuelCell] = {
        **station.equipment(Battery, phase.present),
        **station.equipment(FuelCell, phase.present),
    }
    rows = [
        [
            store.capacity_j,
            store.minimum_charge * store.capacity_j if isinstance(store, Battery) else 0.0,
            max(store.charge_efficiency, 1e-3),
            max(store.discharge_efficiency, 1e-3),
            store.maximum_charge_w,
            store.maximum_discharge_w,
            store.initial_charge * store.capacity_j,
        ]
        for store in stores.values()
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 7)
