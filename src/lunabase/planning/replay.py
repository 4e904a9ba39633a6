"""The checker's own station: energy and data under a plan, one step of the environment after another.

Written from the station file alone, without the planner's model, in plain scalar steps. The assumptions are those of
docs/explanation/planning.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from lunabase.environment.arrays import available_array_power_w
from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4
from lunabase.planning.plan import Activity, Plan
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

FloatArray = NDArray[np.float64]

_SEVERITY = ("survival", "safe", "dormant", "night")
_BROWN_OUT_W = 1e-6
"""Power lacking on the bus that resets the computer."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the replay found in one step."""

    second: float
    """Start of the step, from the plan's start."""
    mode: str
    charge: float
    """All stores together, at the end of the step; 1 without stores."""
    shedding: bool
    peak_w: float
    """Highest load without working payloads: heaters that are needed and a radio that may send at full power."""
    unserved_w: float
    overflow_bit: float


@dataclass(slots=True)
class _State:
    stored_j: list[float]
    mode: str
    shedding: bool
    recorder_bit: float = 0.0
    load_w: float = 0.0
    unserved_w: float = 0.0
    since: dict[int, float] = field(default_factory=dict)
    """Seconds for which each condition (by identity) has held."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Inputs of one step."""

    second: float
    array_w: float
    source_w: float
    ground_k: float
    link_bit_per_s: float
    radio_w: float
    loss_w: dict[str, float]
    """Heat that leaves each node."""


@dataclass(frozen=True, slots=True)
class Part:
    """An activity in a step: the part of the step that it holds, and the data it makes."""

    activity: Activity
    share: float
    data_bit: float


class Replay:
    """A station in its phase that can be run through the steps of an environment under activities."""

    def __init__(self, plan: Plan, station: Station, environment: xr.Dataset) -> None:
        self.plan, self.station = plan, station
        self.phase: Phase = station.phase_at(plan.start)[1]
        epochs = environment["time"].values.astype("datetime64[ns]").astype(np.int64)
        self.step_s = float(epochs[1] - epochs[0]) * 1e-9
        present = self.phase.present
        self.stores: list[Battery | FuelCell] = [
            *station.equipment(Battery, present).values(),
            *station.equipment(FuelCell, present).values(),
        ]
        self.nodes = station.equipment(ThermalNode, present)
        self.neighbours = {name: self._neighbours(name) for name in self.nodes}
        self.radios = list(station.equipment(Radio, present).values())
        self.recorders = list(station.equipment(DataRecorder, present).values())
        self.payloads = station.payloads_present(present)
        self.everyday = "crewed" if self.phase.crew and "crewed" in station.modes else "nominal"
        self.isotopes = list(station.equipment(RadioisotopeSource, present).values())
        self.quiet = {mode: self._quiet(mode) for mode in (self.everyday, *_SEVERITY) if mode in station.modes}
        self.steps = list(self._steps(environment))

    def _coldest(self, ground_k: list[float]) -> list[dict[str, float]]:
        """Lowest steady temperature of each node that a path leads to, by step: its heater fully on up to the setpoint.

        Found by halving, node after node, from absolute zero upwards until nothing moves; no load, no sunlight.
        """
        joined = {name for name, paths in self.neighbours.items() if paths}
        ground = np.nan_to_num(np.array(ground_k), nan=0.0)
        leads = {
            name: 0.0 if math.isnan(ground_k[0]) else self.nodes[name].ground_conductance_w_per_k for name in joined
        }
        found = {name: np.zeros(len(ground_k)) for name in joined}
        moved_k = 1.0 if joined else 0.0
        for _ in range(60):
            if moved_k < 0.01:
                break
            moved_k = 0.0
            for name in sorted(joined):
                low_k = self._halved(name, ground, leads[name], found)
                moved_k = max(moved_k, float(np.max(low_k - found[name])))
                found[name] = low_k
        return [{name: float(found[name][k]) for name in joined} for k in range(len(ground_k))]

    def _neighbours(self, name: str) -> list[tuple[str, float]]:
        """Nodes to which a path leads, listed on either side."""
        own = [(other, lead) for other, lead in self.nodes[name].couplings.items() if other in self.nodes]
        theirs = [(other, node.couplings[name]) for other, node in self.nodes.items() if name in node.couplings]
        return [(other, lead) for other, lead in own + theirs if other != name and lead > 0.0]

    def _halved(self, name: str, ground: FloatArray, ground_lead: float, found: dict[str, FloatArray]) -> FloatArray:
        """The temperature, (steps,), at which a node gives off what it gets; its isotopes at their end."""
        node = self.nodes[name]
        isotopes_w = sum(
            item.heat_w * self._left(item, len(ground) * self.step_s)
            for item in self.isotopes
            if item.thermal_node == name
        )
        area_m2 = node.radiator_emissivity * node.radiator_area_m2
        low, high = np.zeros(ground.size), np.full(ground.size, node.heater_setpoint_k if node.heater_w else 1500.0)
        for _ in range(22):
            middle = 0.5 * (low + high)
            gain_w = isotopes_w + node.heater_w + ground_lead * (ground - middle)
            for other, lead in self.neighbours[name]:
                gain_w = gain_w + lead * (found[other] - middle)
            gain_w = gain_w - (middle >= node.radiator_closes_below_k) * STEFAN_BOLTZMANN_W_M2_K4 * area_m2 * middle**4
            low, high = np.where(gain_w > 0.0, middle, low), np.where(gain_w > 0.0, high, middle)
        return low

    def _steps(self, environment: xr.Dataset) -> Iterable[_Step]:
        arrays = available_array_power_w(self.station, self.phase.present, environment).values()
        array_w = np.sum([np.zeros(environment.sizes["time"]), *arrays], axis=0).tolist()
        ground_k = environment["surface_temperature"].values.tolist()
        coldest = self._coldest(ground_k)
        direct, onward = self._contacts(environment)
        fission = self.station.equipment(FissionSource, self.phase.present).values()
        steady_w = sum(item.power_w for item in fission)
        for k in range(environment.sizes["time"]):
            second = k * self.step_s
            left = [self._left(item, second) for item in self.isotopes]
            source_w = steady_w + sum(item.power_w * part for item, part in zip(self.isotopes, left, strict=True))
            rate, radio_w = self._link(direct[k], onward[k])
            losses = self._losses(ground_k[k], left, coldest[k])
            yield _Step(second, array_w[k], source_w, ground_k[k], rate, radio_w, losses)

    def _left(self, source: RadioisotopeSource, second: float) -> float:
        age_s = (self.plan.start + timedelta(seconds=second) - source.fuelled).total_seconds()
        return float(2.0 ** (-max(age_s, 0.0) / source.half_life_s)) if source.half_life_s > 0.0 else 1.0

    def _contacts(self, environment: xr.Dataset) -> tuple[list[bool], list[float]]:
        """Direct contact, and the rate onward of the fastest relay in contact, by step."""
        count = environment.sizes["time"]
        direct, onward = [False] * count, [0.0] * count
        if "contact" in environment:
            direct = (environment["contact"].astype(int).sum("earth_station") > 0).values.tolist()
        if "relay_contact" in environment:
            reached = environment["relay_contact"].astype(int).sum("earth_station") > 0
            rates = [self.station.relays[str(name)].rate_to_earth_bit_per_s for name in reached["relay"].values]
            for rate, row in zip(rates, reached.transpose("relay", "time").values.tolist(), strict=True):
                onward = [max(best, rate) if seen else best for best, seen in zip(onward, row, strict=True)]
        return direct, onward

    def _link(self, direct: bool, onward: float) -> tuple[float, float]:
        """Rate and power of the fastest radio."""
        best, power_w = 0.0, 0.0
        for radio in self.radios:
            rate = max(radio.rate_to_earth_bit_per_s * direct, min(radio.rate_to_relay_bit_per_s, onward))
            if rate > best:
                best, power_w = rate, radio.power_w
        return best, power_w

    def _losses(self, ground_k: float, left: list[float], coldest: dict[str, float]) -> dict[str, float]:
        """Heat that each node loses at its setpoint to radiator, ground and colder nodes, less isotope heat, W."""
        losses = {}
        for name, node in self.nodes.items():
            in_orbit = math.isnan(ground_k)
            loss_w = 0.0 if in_orbit else node.ground_conductance_w_per_k * (node.heater_setpoint_k - ground_k)
            if node.heater_setpoint_k >= node.radiator_closes_below_k:
                area_m2 = node.radiator_emissivity * node.radiator_area_m2
                loss_w += STEFAN_BOLTZMANN_W_M2_K4 * area_m2 * node.heater_setpoint_k**4
            for other, lead in self.neighbours[name]:
                loss_w += lead * max(node.heater_setpoint_k - coldest[other], 0.0)
            for source, part in zip(self.isotopes, left, strict=True):
                loss_w -= source.heat_w * part if source.thermal_node == name else 0.0
            losses[name] = loss_w
        return losses

    def _quiet(self, mode: str) -> tuple[float, dict[str, float]]:
        """Load of modules, recorders and standby, W, and the part of it that warms each node."""
        load_w, heat_w = 0.0, dict.fromkeys(self.nodes, 0.0)
        standby = self.station.modes[mode].standby  # type: ignore[index]
        for module_id in self.phase.present:
            module = self.station.modules[module_id]
            hosted = [item for item in self.payloads.values() if item.host == module_id]
            own_w = module.load_w(mode) + (sum(item.standby_w for item in hosted) if standby else 0.0)
            load_w += own_w
            if module.thermal_node in heat_w:
                heat_w[module.thermal_node] += own_w
        if self._always_records(mode):
            load_w += sum(item.power_w for item in self.recorders)
        return load_w, heat_w

    def _always_records(self, mode: str) -> bool:
        """Whether the recorder is on with no payload at work."""
        return mode not in ("dormant", "survival") or self.station.modes[mode].downlink  # type: ignore[index]

    def run(self, activities: Iterable[Activity]) -> list[Moment]:
        """Every step under these activities."""
        capacity_j = sum(store.capacity_j for store in self.stores)
        stored = [store.initial_charge * store.capacity_j for store in self.stores]
        low = capacity_j > 0.0 and sum(stored) < self.station.load_shedding.start_below * capacity_j
        state = _State(stored, self.everyday, low)
        working = self.working(activities)
        return [self._advance(state, step, working.get(k, [])) for k, step in enumerate(self.steps)]

    def working(self, activities: Iterable[Activity]) -> dict[int, list[Part]]:
        """By step: the activities that hold their payloads in any part of it."""
        parts: dict[int, list[Part]] = {}
        for activity in activities:
            begin_s, end_s = self.plan.seconds(activity.hold_start), self.plan.seconds(activity.hold_stop)
            start_s, stop_s = self.plan.seconds(activity.start), self.plan.seconds(activity.stop)
            rate = activity.data_bit / max(stop_s - start_s, 1.0)
            for k in range(max(int(begin_s // self.step_s), 0), min(int(-(-end_s // self.step_s)), len(self.steps))):
                low, high = k * self.step_s, (k + 1) * self.step_s
                share = (min(end_s, high) - max(begin_s, low)) / self.step_s
                seconds = max(min(stop_s, high) - max(start_s, low), 0.0)
                parts.setdefault(k, []).append(Part(activity, share, rate * seconds))
        return parts

    def _advance(self, state: _State, step: _Step, working: list[Part]) -> Moment:
        state.mode = self._next_mode(state, step)
        spec = self.station.modes[state.mode]  # type: ignore[index]
        quiet_w = self._quiet_w(state.mode, step, working)
        produced = sum(part.data_bit for part in working)
        link_bit = step.link_bit_per_s * self.step_s if spec.downlink else 0.0
        sent = min(state.recorder_bit + produced, link_bit)
        load_w = quiet_w + (step.radio_w * sent / link_bit if sent > 0.0 else 0.0)
        for part in working:
            standby_w = self.payloads[part.activity.payload].standby_w if spec.standby else 0.0
            load_w += (part.activity.power_w - standby_w) * part.share
        unserved_w = self._supply(state, step.array_w + step.source_w - load_w)
        capacity = sum(item.capacity_bit for item in self.recorders)
        held = state.recorder_bit + produced - sent
        state.recorder_bit, state.load_w, state.unserved_w = min(held, capacity), load_w, unserved_w
        charge = self._charge(state)
        rules = self.station.load_shedding
        state.shedding = charge < rules.start_below or (state.shedding and charge <= rules.restore_above)
        peak_w = self._peak_w(state.mode, step) + (step.radio_w if link_bit > 0.0 else 0.0)
        return Moment(step.second, state.mode, charge, state.shedding, peak_w, unserved_w, max(held - capacity, 0.0))

    def _charge(self, state: _State) -> float:
        capacity_j = sum(store.capacity_j for store in self.stores)
        return sum(state.stored_j) / capacity_j if capacity_j > 0.0 else 1.0

    def _next_mode(self, state: _State, step: _Step) -> str:
        """Modes as on board: the severest one called for; back only when every leave condition holds."""
        capacity = sum(item.capacity_bit for item in self.recorders)
        readings = {
            "state_of_charge": self._charge(state),
            "array_power": step.array_w,
            "generation": step.array_w + step.source_w,
            "load": state.load_w,
            "recorder_fill": state.recorder_bit / capacity if capacity > 0.0 else 0.0,
        }
        known = [mode for mode in _SEVERITY if mode in self.station.modes]
        specs = self.station.modes
        entering = {m: [self._lasts(state, c, readings, False) for c in specs[m].enter] for m in known}  # type: ignore[index]
        leaving = {m: [self._lasts(state, c, readings, True) for c in specs[m].leave] for m in known}  # type: ignore[index]
        if "survival" in entering:
            entering["survival"].append(state.unserved_w > _BROWN_OUT_W)
        called = next((mode for mode in known if any(entering[mode])), self.everyday)
        if state.mode == self.everyday or (called == self.everyday and not any(entering[state.mode])):
            may_leave = state.mode == self.everyday or all(leaving[state.mode])
            return called if may_leave else state.mode
        if called != self.everyday and known.index(called) < known.index(state.mode):
            return called
        return called if all(leaving[state.mode]) and not any(entering[state.mode]) else state.mode

    def _lasts(self, state: _State, condition: Condition, readings: dict[str, float], unknown: bool) -> bool:
        """Whether a condition has held long enough; temperature margins are not replayed."""
        if condition.reading not in readings:
            return unknown
        value = readings[condition.reading]
        if value > condition.limit if condition.above is not None else value < condition.limit:
            state.since[id(condition)] = state.since.get(id(condition), -self.step_s) + self.step_s
            return state.since[id(condition)] >= condition.lasting_s
        state.since.pop(id(condition), None)
        return False

    def _quiet_w(self, mode: str, step: _Step, working: list[Part]) -> float:
        """Load without radio and working payloads, heaters included: they hold each node at its setpoint."""
        load_w, heat_w = self.quiet[mode]
        warm_w = dict(heat_w)
        if working and not self._always_records(mode):
            load_w += sum(item.power_w for item in self.recorders)
        for part in working:
            node = self.station.modules[part.activity.host].thermal_node
            if node in warm_w:
                extra_w = part.activity.power_w - self.payloads[part.activity.payload].standby_w
                warm_w[node] += max(extra_w, 0.0) * part.share
        for name, node_record in self.nodes.items():
            load_w += min(max(step.loss_w[name] - warm_w[name], 0.0), node_record.heater_w)
        return load_w

    def _peak_w(self, mode: str, step: _Step) -> float:
        """Highest load without radio and working payloads: a thermostat gives all or nothing."""
        load_w, heat_w = self.quiet[mode]
        if not self._always_records(mode):  # on as soon as a payload works
            load_w += sum(item.power_w for item in self.recorders)
        return load_w + sum(node.heater_w for name, node in self.nodes.items() if step.loss_w[name] > heat_w[name])

    def _supply(self, state: _State, surplus_w: float) -> float:
        """Charge or discharge batteries, then fuel cells; the power that is lacking, W."""
        for k, store in enumerate(self.stores):
            if surplus_w > 0.0:
                room_j = store.capacity_j - state.stored_j[k]
                efficiency = max(store.charge_efficiency, 1e-3)
                taken_w = min(surplus_w, store.maximum_charge_w, room_j / efficiency / self.step_s)
                state.stored_j[k] += taken_w * efficiency * self.step_s
                surplus_w -= taken_w
            else:
                floor_j = store.minimum_charge * store.capacity_j if isinstance(store, Battery) else 0.0
                efficiency = max(store.discharge_efficiency, 1e-3)
                left_w = max(state.stored_j[k] - floor_j, 0.0) * efficiency / self.step_s
                given_w = min(-surplus_w, store.maximum_discharge_w, left_w)
                state.stored_j[k] -= given_w / efficiency * self.step_s
                surplus_w += given_w
        return max(-surplus_w, 0.0)
