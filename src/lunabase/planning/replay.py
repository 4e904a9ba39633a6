"""The checker's own station: energy, heat and data under a plan, one step of the environment after another.

Written from the station file alone, without the planner's model. The assumptions are those of
docs/explanation/planning.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import numpy as np
import xarray as xr

from lunabase.environment.arrays import available_array_power_w
from lunabase.planning.change import KNOWN_CHARGE, LOST_W
from lunabase.planning.plan import Activity, Plan
from lunabase.planning.replay_heat import heat_losses_w, rejected_w
from lunabase.planning.replay_steps import READINGS, BoolArray, Course, FloatArray, Given, Rules, Work, run_steps
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

_SEVERITY = ("survival", "safe", "dormant", "night")
_ASLEEP = ("dormant", "survival")
"""Modes in which the recorder sleeps, unless they send."""
CLASSES = tuple(range(10, 0, -1))
"""Data priorities of partners: 10 leaves the recorder first."""


class Replay:
    """A station in its phase that can be run through the steps of an environment under activities."""

    def __init__(self, plan: Plan, station: Station, environment: xr.Dataset) -> None:
        self.plan, self.station = plan, station
        self.phase: Phase = station.phase_at(plan.start)[1]
        epochs = environment["time"].values.astype("datetime64[ns]").astype(np.int64)
        self.step_s = float(epochs[1] - epochs[0]) * 1e-9
        self.seconds = np.arange(len(epochs)) * self.step_s
        present = self.phase.present
        self.nodes = station.equipment(ThermalNode, present)
        self.payloads = station.payloads_present(present)
        everyday = "crewed" if self.phase.crew and "crewed" in station.modes else "nominal"
        self.modes = (everyday, *(mode for mode in _SEVERITY if mode in station.modes))
        self.specs: list[Any] = [station.modes[mode] for mode in self.modes]  # type: ignore[index]
        isotope_w = self._isotope_w()
        self.loss_w = heat_losses_w(self.nodes, environment["surface_temperature"].values, isotope_w)
        self.heat_room_w = rejected_w(self.nodes, environment, isotope_w)
        self.rules = self._rules()
        self.given = self._given(environment)

    def run(self, activities: Iterable[Activity]) -> tuple[Course, Work]:
        """Every step under these activities, and what they do in it."""
        work = self.work(activities)
        return Course(*run_steps(self.rules, self.given, work)), work

    def steps_of(self, start_s: float, stop_s: float) -> tuple[int, int]:
        """First step that a time touches, and one past the last."""
        last = min(int(-(-stop_s // self.step_s)), self.seconds.size)
        return max(int(start_s // self.step_s), 0), max(last, 0)

    def shares(self, start_s: float, stop_s: float) -> tuple[slice, FloatArray]:
        """The steps that a time touches, and the part of each that it fills."""
        first, stop = self.steps_of(start_s, stop_s)
        begin_s = self.seconds[first:stop]
        part_s = np.minimum(begin_s + self.step_s, stop_s) - np.maximum(begin_s, start_s)
        return slice(first, stop), np.maximum(part_s, 0.0) / self.step_s

    def work(self, activities: Iterable[Activity]) -> Work:
        """What activities of payloads that are present do in each step."""
        steps, names = self.seconds.size, list(self.nodes)
        by_node = (steps, len(names))
        work = Work(
            working=np.zeros(steps, dtype=bool),
            power_w=np.zeros(steps),
            standby_w=np.zeros(steps),
            node_power_w=np.zeros(by_node),
            node_standby_w=np.zeros(by_node),
            node_extra_w=np.zeros(by_node),
            made_bit=np.zeros((steps, len(CLASSES))),
        )
        for item in activities:
            payload = self.payloads[item.payload]
            where, share = self.shares(self.plan.seconds(item.hold_start), self.plan.seconds(item.hold_stop))
            work.working[where] = True
            work.power_w[where] += item.power_w * share
            work.standby_w[where] += payload.standby_w * share
            node = self.station.modules[payload.host].thermal_node
            if node in self.nodes:
                column = names.index(node)
                work.node_power_w[where, column] += item.power_w * share
                work.node_standby_w[where, column] += payload.standby_w * share
                work.node_extra_w[where, column] += max(item.power_w - payload.standby_w, 0.0) * share
            start_s, stop_s = self.plan.seconds(item.start), self.plan.seconds(item.stop)
            where, share = self.shares(start_s, stop_s)
            rate = item.data_bit / max(stop_s - start_s, 1.0)
            work.made_bit[where, self.sent_as(item)] += rate * share * self.step_s
        return work

    def sent_as(self, item: Activity) -> int:
        """Column of the data's class."""
        return CLASSES.index(self.station.partners[item.partner].data_priority)

    def node_heat_w(self, course: Course, work: Work) -> FloatArray:
        """Heat (steps, nodes) that modules and payloads put into each node."""
        standby = self.rules.standby[course.mode][:, None]
        return np.asarray(self.rules.node_heat_w[course.mode] + work.node_power_w - standby * work.node_standby_w)

    def peak_w(self, course: Course) -> FloatArray:
        """Highest load (steps,) without working payloads and reservations: a thermostat gives all or nothing."""
        rules, given, mode = self.rules, self.given, course.mode
        load_w = rules.load_w[mode] + np.where(rules.records[mode], 0.0, rules.recorder_w)
        load_w = load_w + ((given.loss_w > rules.node_heat_w[mode]) * rules.heater_w).sum(axis=1)
        return np.asarray(load_w + np.where(rules.downlink[mode] & (given.link_bit > 0.0), given.radio_w, 0.0))

    def _rules(self) -> Rules:
        present, names = self.phase.present, list(self.nodes)
        recorders = self.station.equipment(DataRecorder, present).values()
        records = np.array([m not in _ASLEEP or s.downlink for m, s in zip(self.modes, self.specs, strict=True)])
        recorder_w = float(sum(item.power_w for item in recorders))
        load_w, heat_w = records * recorder_w, np.zeros((len(self.modes), len(names)))
        for row, (mode, spec) in enumerate(zip(self.modes, self.specs, strict=True)):
            for name in present:
                module = self.station.modules[name]
                hosted = sum(item.standby_w for item in self.payloads.values() if item.host == name)
                own_w = module.load_w(mode) + (hosted if spec.standby else 0.0)
                load_w[row] += own_w
                if module.thermal_node in self.nodes:
                    heat_w[row, names.index(module.thermal_node)] += own_w
        shedding = self.station.load_shedding
        return Rules(
            self.step_s,
            load_w,
            heat_w,
            np.array([spec.standby for spec in self.specs]),
            np.array([spec.downlink for spec in self.specs]),
            records,
            _conditions([spec.enter for spec in self.specs]),
            _conditions([spec.leave for spec in self.specs]),
            "survival" in self.modes,
            self._stores(),
            np.array([node.heater_w for node in self.nodes.values()], dtype=float),
            recorder_w,
            float(sum(item.capacity_bit for item in recorders)),
            shedding.start_below,
            shedding.restore_above,
        )

    def _stores(self) -> FloatArray:
        """Batteries, then fuel cells, in file order, as `Rules` names their columns."""
        stores: list[Battery | FuelCell] = [
            *self.station.equipment(Battery, self.phase.present).values(),
            *self.station.equipment(FuelCell, self.phase.present).values(),
        ]
        rows = []
        for item in stores:
            floor = item.minimum_charge if isinstance(item, Battery) else 0.0
            into, out = max(item.charge_efficiency, 1e-3), max(item.discharge_efficiency, 1e-3)
            limits = (item.maximum_charge_w, item.maximum_discharge_w)
            stored = item.initial_charge * item.capacity_j
            rows.append((item.capacity_j, floor * item.capacity_j, into, out, *limits, stored))
        return np.array(rows, dtype=float).reshape(-1, 7)

    def _given(self, environment: xr.Dataset) -> Given:
        present, steps = self.phase.present, self.seconds.size
        arrays = available_array_power_w(self.station, present, environment).values()
        array_w = np.sum([np.zeros(steps), *arrays], axis=0)
        fission_w = sum(item.power_w for item in self.station.equipment(FissionSource, present).values())
        isotopes = self.station.equipment(RadioisotopeSource, present).values()
        isotope_w = np.sum([np.zeros(steps), *(item.power_w * self._left(item) for item in isotopes)], axis=0)
        rate, radio_w = self._link(environment)
        reserved_w = np.zeros(steps)
        for item in self.station.reservations.values():
            where, share = self.shares(self.plan.seconds(item.start), self.plan.seconds(item.stop))
            reserved_w[where] += item.power_w * share
        source_w, known_charge = fission_w + isotope_w, np.full(steps, np.nan)
        if LOST_W in environment:  # the arrays fail first
            lost_w = environment[LOST_W].values
            array_w, source_w = np.maximum(array_w - lost_w, 0.0), source_w - np.maximum(lost_w - array_w, 0.0)
        if KNOWN_CHARGE in environment:
            known_charge = environment[KNOWN_CHARGE].values.astype(float)
        supply_w = array_w + np.maximum(source_w, 0.0)
        return Given(array_w, supply_w, rate * self.step_s, radio_w, self.loss_w, reserved_w, known_charge)

    def _left(self, source: RadioisotopeSource) -> FloatArray:
        """Part (steps,) of the first day's output that is left."""
        age_s = (self.plan.start - source.fuelled) / timedelta(seconds=1) + self.seconds
        return np.asarray(2.0 ** (-np.maximum(age_s, 0.0) / source.half_life_s))

    def _isotope_w(self) -> FloatArray:
        """Heat (steps, nodes) of radioisotope sources."""
        names = list(self.nodes)
        heat_w = np.zeros((self.seconds.size, len(names)))
        for item in self.station.equipment(RadioisotopeSource, self.phase.present).values():
            if item.thermal_node in self.nodes:
                heat_w[:, names.index(item.thermal_node)] += item.heat_w * self._left(item)
        return heat_w

    def _link(self, environment: xr.Dataset) -> tuple[FloatArray, FloatArray]:
        """Rate and power (steps,) of the fastest radio: straight to Earth, or by the fastest relay in contact."""
        direct = _reached(environment, "contact")
        onward = np.zeros(self.seconds.size)
        for name in environment["relay"].values if "relay_contact" in environment else ():
            reached = _reached(environment.sel(relay=name), "relay_contact")
            onward = np.maximum(onward, reached * self.station.relays[str(name)].rate_to_earth_bit_per_s)
        best, power_w = np.zeros(self.seconds.size), np.zeros(self.seconds.size)
        for radio in self.station.equipment(Radio, self.phase.present).values():
            relayed = np.minimum(radio.rate_to_relay_bit_per_s, onward)
            rate = np.maximum(radio.rate_to_earth_bit_per_s * direct, relayed)
            power_w = np.where(rate > best, radio.power_w, power_w)
            best = np.maximum(best, rate)
        return best, power_w


def _reached(environment: xr.Dataset, variable: str) -> BoolArray:
    """Whether any Earth station is reached, (steps,)."""
    if variable not in environment:
        return np.zeros(environment.sizes["time"], dtype=bool)
    return np.asarray(environment[variable].astype(bool).any("earth_station").values)


def _conditions(by_mode: list[tuple[Condition, ...]]) -> FloatArray:
    """Conditions as `Rules` names their columns; temperature margins are not replayed."""
    rows = [
        (mode, READINGS.index(item.reading), 1.0 if item.above is not None else -1.0, item.limit, item.lasting_s)
        for mode, conditions in enumerate(by_mode)
        for item in conditions
        if item.reading in READINGS
    ]
    return np.array(rows, dtype=float).reshape(-1, 5)
