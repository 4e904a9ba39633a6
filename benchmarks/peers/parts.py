"""A station of fifty parts that Basilisk has too: panels, power sinks, battery, instruments, radio, recorder, nodes.

`Parts` holds the numbers, which are made up, and what both programs are built from; `Ours` is the station in the twin,
`theirs` runs Basilisk in a process of its own, by the Python in BASILISK_PYTHON or this one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from lunabase.station.load import load_station
from lunabase.times import FloatArray
from lunabase.twin.health import healthy
from lunabase.twin.inputs import STEP, Inputs
from lunabase.twin.kernel import advance
from lunabase.twin.layout import channel_names
from lunabase.twin.parameters import names_of, parameters_of
from lunabase.twin.state import WATCH, Commands, initial_state

PANEL_FLUX_W_M2 = 1361.0
"""Basilisk's sunlight at 1 au on `simpleSolarPanel`, and below on `sensorThermal` (release 2.12.1)."""
NODE_FLUX_W_M2 = 1366.0
RADIATED = 5.76051e-8 / 5.670374419e-8
"""`sensorThermal` radiates with 5.76051e-8 W/(m^2 K^4), two digits of Stefan-Boltzmann's constant exchanged; our
emissivities are raised by as much, so that the rest can be compared. Both were read off its series."""
LUNATION_S = 2_551_442.9


@dataclass(frozen=True)
class Parts:
    """Fifty parts, and how light, loads and contact change in time."""

    step_s: float
    steps: int
    change_steps: int
    """Every so many steps something changes."""
    lit: tuple[float, ...]
    """Part of the Sun that is seen between two changes."""
    on: tuple[bool, ...]
    """Whether sinks with odd numbers draw power between two changes."""
    contact: tuple[bool, ...]
    battery_j: float
    battery_full: float = 0.9
    panel_m2: tuple[float, ...] = tuple(0.5 + 0.1 * index for index in range(10))
    panel_efficiency: float = 0.28
    sink_w: tuple[float, ...] = tuple(10.0 + 2.0 * index for index in range(24))
    """The first eight warm a node each."""
    instrument_bit_per_s: tuple[float, ...] = (2e3, 4e3, 6e3, 8e3, 10e3)
    radio_bit_per_s: float = 90e3
    recorder_bit: float = 400e9
    node_m2: float = 0.15
    node_absorptance: float = 0.2
    node_emissivity: float = 0.85
    node_kg: float = 40.0
    node_j_per_kg_k: float = 900.0
    ground_w_per_k: float = 0.0
    """Heat path of each node to ground of 100 K; ours alone."""
    start_k: float = 250.0

    @property
    def as_numbers(self) -> dict[str, Any]:
        """For the peer's process."""
        return asdict(self)


def month() -> Parts:
    """Thirty days at 60 s, something new every six hours, light in parts."""
    changes = 120
    generator = np.random.default_rng(11)
    lit = np.where(np.arange(changes) % 8 < 5, generator.uniform(0.3, 1.0, changes).round(3), 0.0)
    on, contact = generator.random((2, changes)) < [[0.5], [0.3]]
    return Parts(60.0, 43_200, 360, tuple(lit.tolist()), tuple(on.tolist()), tuple(contact.tolist()), 2e8)


def year() -> Parts:
    """One year at 10 min: half a lunation of light, half of darkness."""
    steps, half = 52_560, round(LUNATION_S / 2.0 / 600.0)
    day = tuple(index % 2 == 0 for index in range(-(-steps // half)))
    return Parts(600.0, steps, half, tuple(map(float, day)), day, tuple(not lit for lit in day), 2e9)


class Ours:
    """The station of these parts in the twin, built from a station file."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        with TemporaryDirectory() as folder:
            path = Path(folder) / "parts.yaml"
            path.write_text(_station_text(parts), encoding="utf-8")
            self.station = load_station(path).station
        present = self.station.phases["only"].present
        self.names = names_of(self.station, present)
        self.parameters = parameters_of(self.station, present, self.station.station.start)
        self.first = initial_state(self.station, present, 0)
        self.health = healthy(self.station, present)
        self.inputs = self._inputs()
        self.channels = channel_names(self.names.nodes, self.names.stores)

    def _inputs(self) -> Inputs:
        """The same light and contacts; a panel's power as Basilisk has it, without its temperature."""
        parts = self.parts
        lit = np.repeat(parts.lit, parts.change_steps)[: parts.steps]
        rows = np.zeros(parts.steps, STEP)
        rows["flux_w_m2"], rows["sun_sin"], rows["ground_k"] = NODE_FLUX_W_M2 * lit, 1.0, 100.0
        rows["direct"] = np.repeat(parts.contact, parts.change_steps)[: parts.steps]
        panel_w = PANEL_FLUX_W_M2 * parts.panel_efficiency * np.array(parts.panel_m2)
        return Inputs(parts.step_s, rows, lit[:, None] * panel_w, np.zeros(panel_w.size, dtype=np.int64))

    def run(self) -> tuple[FloatArray, float]:
        """Telemetry of all steps, and the processor's seconds with everything between them."""
        parts, rows = self.parts, np.zeros((self.parts.steps, len(self.channels)))
        began = time.process_time()
        state = self.first
        for index, first in enumerate(range(0, parts.steps, parts.change_steps)):
            last = min(first + parts.change_steps, parts.steps)
            commands = self._commands(parts.on[index])
            state, *_ = advance(
                self.parameters, self.inputs, state, commands, self.health, _NONE, _NOBODY, first, last, rows
            )
        return rows, time.process_time() - began

    def series(self, rows: FloatArray) -> dict[str, FloatArray]:
        """The same series as Basilisk's recorders keep, from the end of the first step on."""
        column = {name: rows[:, place] for place, name in enumerate(self.channels)}
        found = {"stored_j": column["stored_energy_j"], "recorder_bit": column["recorder_bit"]}
        return found | {f"node_{index}_k": column[f"temperature_k.node-{index}"] for index in range(8)}

    def _commands(self, on: bool) -> Commands:
        odd = [name.startswith("sink") and int(name.split("-")[1]) % 2 == 1 for name in self.names.modules]
        payloads = len(self.names.payloads)
        return Commands(
            mode=self.names.modes.index("nominal"),
            module_on=~np.array(odd) | on,
            payload_setting=np.full(payloads, 2, dtype=np.int64),
            producing=np.ones(payloads, dtype=np.bool_),
            recorder_on=True,
            radio_on=True,
        )


def basilisk_python() -> str | None:
    """The Python that has Basilisk, or None."""
    return os.environ.get("BASILISK_PYTHON") or (sys.executable if importlib.util.find_spec("Basilisk") else None)


def theirs(parts: Parts, python: str) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """Basilisk's series from the end of the first step on, and its seconds, modules and ns per module and step."""
    with TemporaryDirectory() as folder:
        numbers, series = Path(folder) / "parts.json", Path(folder) / "series.npz"
        numbers.write_text(json.dumps(parts.as_numbers), encoding="utf-8")
        script = Path(__file__).with_name("basilisk.py")
        told = subprocess.run([python, script, numbers, series], check=True, capture_output=True, text=True).stdout
        with np.load(series) as found:
            return {name: found[name][1:] for name in found.files}, json.loads(told.splitlines()[-1])


_NONE = np.zeros(0, WATCH)
_NOBODY = np.zeros(0, dtype=np.bool_)


def _station_text(parts: Parts) -> str:
    sinks = [f"sink-{index}" for index in range(len(parts.sink_w))]
    payloads = [
        f"  instrument-{index}: {{name: I, partner: one, host: plant, objective: exploration, discipline: geology,"
        f" mass: 1 kg, power: {{on: 0 W}}, data_rate: {rate} bit/s}}"
        for index, rate in enumerate(parts.instrument_bit_per_s)
    ]
    return _STATION.format(
        parts=parts,
        sinks=", ".join(sinks),
        modules="\n".join(_module(parts, index) for index in range(len(sinks))),
        panels="\n".join(_panel(parts, index) for index in range(len(parts.panel_m2))),
        payloads="\n".join(payloads),
    )


def _panel(parts: Parts, index: int) -> str:
    return (
        f"      panel-{index}: {{type: solar_array, mass: 1 kg, area: {parts.panel_m2[index]} m^2,"
        f" efficiency: {parts.panel_efficiency}, reference_temperature: 301 K, temperature_coefficient: 0 1/K,"
        " absorptance: 0.9, emittance: 0.8, tracking: two_axes, height: 2 m, dust_loss: 0}"
    )


def _module(parts: Parts, index: int) -> str:
    head = f"  sink-{index}: {{name: S, part: research, kind: laboratory, mass: 1 kg"
    head += f", loads: {{nominal: {parts.sink_w[index]} W}}"
    if index >= 8:
        return head + "}"
    return head + (
        f", thermal_node: node-{index}, equipment: {{node-{index}: {{type: thermal_node,"
        f" heat_capacity: {parts.node_kg * parts.node_j_per_kg_k} J/K, radiator_area: {parts.node_m2} m^2,"
        f" radiator_emissivity: {parts.node_emissivity * RADIATED}, radiator_absorptance: {parts.node_absorptance},"
        f" ground_conductance: {parts.ground_w_per_k} W/K, heater: 0 W, heater_setpoint: 2 K,"
        f" initial_temperature: {parts.start_k} K,"
        " operating: {minimum: 1 K, maximum: 900 K}, survival: {minimum: 1 K, maximum: 900 K}}}}"
    )


_STATION = """
lunabase: 1
station: {{name: Parts, start: 2030-01-01, end: 2032-01-01}}
site:
  surface: {{latitude: -89 deg, longitude: 10 deg, height: 0 m, horizon: {{flat: true}}}}
phases:
  only: {{start: 2030-01-01, present: [plant, {sinks}]}}
partners:
  one: {{name: One, country: China, institutions: {{lab: A laboratory}}, share: 100 %}}
modules:
  plant:
    name: Plant
    part: energy and communication
    kind: power plant
    mass: 100 kg
    loads: {{nominal: 0 W}}
    equipment:
      battery:
        {{type: battery, mass: 20 kg, capacity: {parts.battery_j} J, charge_efficiency: 1.0, discharge_efficiency: 1.0,
         maximum_charge: 1 MW, maximum_discharge: 1 MW, minimum_charge: 0 %, initial_charge: {parts.battery_full}}}
      recorder: {{type: data_recorder, mass: 1 kg, capacity: {parts.recorder_bit} bit, power: 0 W}}
      radio: {{type: radio, mass: 1 kg, rate_to_earth: {parts.radio_bit_per_s} bit/s, power: 0 W}}
{panels}
{modules}
payloads:
{payloads}
modes:
  nominal: {{activities: all, standby: true, downlink: true}}
  survival:
    enter: [{{reading: state_of_charge, below: 20 %}}]
    leave: [{{reading: state_of_charge, above: 40 %}}]
    activities: none
    standby: false
    downlink: false
load_shedding: {{start_below: 35 %, restore_above: 45 %, interval: 10 min, order: [sink-23]}}
budgets: {{landed_mass: 100 t}}
"""
