"""Basilisk 2.12.1 (`bsk` on PyPI) with fifty power, data and thermal modules, on given light, loads and contacts.

    python benchmarks/peers/basilisk.py PARTS.json SERIES.npz

reads the numbers of `parts.Parts`, runs, writes what was recorded at every step, and prints the processor's seconds for
running alone, without building. Everything that changes is written to messages between two runs of the same
simulation; between them the clock is Basilisk's own. Without Lunabase, so that it can run in an environment of its own.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
from Basilisk.architecture import messaging
from Basilisk.simulation import (
    sensorThermal,
    simpleBattery,
    simpleInstrument,
    simplePowerSink,
    simpleSolarPanel,
    simpleStorageUnit,
    simpleTransmitter,
)
from Basilisk.utilities import SimulationBaseClass

AU_M = 149_597_870_693.0


class Station:
    """The parts, wired; ``add`` puts each into the one task."""

    def __init__(self, parts: dict[str, Any]) -> None:
        self.parts = parts
        self.simulation = SimulationBaseClass.SimBaseClass()
        process = self.simulation.CreateNewProcess("process")
        self.step_ns = round(parts["step_s"] * 1e9)
        process.addTask(self.simulation.CreateNewTask("task", self.step_ns))
        self.kept: list[Any] = []
        self.add_sky()
        self.add_power()
        self.add_data()
        self.add_nodes()
        self.recorders = {
            "stored_j": self.record(self.battery.batPowerOutMsg),
            "recorder_bit": self.record(self.recorder.storageUnitDataOutMsg),
            **{f"node_{i}_k": self.record(node.temperatureOutMsg) for i, node in enumerate(self.nodes)},
        }

    def add(self, module: Any, tag: str) -> Any:
        module.ModelTag = tag
        self.simulation.AddModelToTask("task", module)
        self.kept.append(module)
        return module

    def record(self, message: Any) -> Any:
        recorder = message.recorder()
        self.simulation.AddModelToTask("task", recorder)
        return recorder

    def add_sky(self) -> None:
        """Sun straight above at 1 au; eclipse messages carry the part of it that is seen."""
        spacecraft, sun = messaging.SCStatesMsgPayload(), messaging.SpicePlanetStateMsgPayload()
        spacecraft.r_BN_N = [0.0, 0.0, 0.0]
        sun.PositionVector = [0.0, 0.0, AU_M]
        self.spacecraft, self.sun = (
            messaging.SCStatesMsg().write(spacecraft),
            messaging.SpicePlanetStateMsg().write(sun),
        )
        self.eclipse = messaging.EclipseMsg().write(messaging.EclipseMsgPayload())
        self.odd, self.contact = messaging.DeviceStatusMsg(), messaging.DeviceCmdMsg()

    def add_power(self) -> None:
        parts = self.parts
        self.battery = simpleBattery.SimpleBattery()
        self.battery.storageCapacity = parts["battery_j"]
        self.battery.storedCharge_Init = parts["battery_j"] * parts["battery_full"]
        for index, area in enumerate(parts["panel_m2"]):
            panel = self.add(simpleSolarPanel.SimpleSolarPanel(), f"panel-{index}")
            panel.setPanelParameters([0.0, 0.0, 1.0], area, parts["panel_efficiency"])
            self.see(panel)
            self.battery.addPowerNodeToModel(panel.nodePowerOutMsg)
        for index, power_w in enumerate(parts["sink_w"]):
            sink = self.add(simplePowerSink.SimplePowerSink(), f"sink-{index}")
            sink.nodePowerOut = -power_w
            if index % 2:
                sink.nodeStatusInMsg.subscribeTo(self.odd)
            self.battery.addPowerNodeToModel(sink.nodePowerOutMsg)
        self.add(self.battery, "battery")

    def see(self, module: Any) -> None:
        module.stateInMsg.subscribeTo(self.spacecraft)
        module.sunInMsg.subscribeTo(self.sun)
        module.sunEclipseInMsg.subscribeTo(self.eclipse)

    def add_data(self) -> None:
        parts = self.parts
        self.recorder = simpleStorageUnit.SimpleStorageUnit()
        self.recorder.storageCapacity = round(parts["recorder_bit"])
        for index, rate in enumerate(parts["instrument_bit_per_s"]):
            instrument = self.add(simpleInstrument.SimpleInstrument(), f"instrument-{index}")
            instrument.nodeBaudRate, instrument.nodeDataName = rate, f"instrument-{index}"
            self.recorder.addDataNodeToModel(instrument.nodeDataOutMsg)
        radio = self.add(simpleTransmitter.SimpleTransmitter(), "radio")
        radio.nodeBaudRate, radio.packetSize, radio.numBuffers = -parts["radio_bit_per_s"], -1, 1
        radio.nodeStatusInMsg.subscribeTo(self.contact)
        radio.addStorageUnitToTransmitter(self.recorder.storageUnitDataOutMsg)
        self.recorder.addDataNodeToModel(radio.nodeDataOutMsg)
        self.add(self.recorder, "recorder")

    def add_nodes(self) -> None:
        parts = self.parts
        self.nodes = []
        for index in range(8):
            node = self.add(sensorThermal.SensorThermal(), f"node-{index}")
            node.T_0 = parts["start_k"] - 273.15
            node.nHat_B = [[0.0], [0.0], [1.0]]
            node.sensorArea, node.sensorMass = parts["node_m2"], parts["node_kg"]
            node.sensorAbsorptivity, node.sensorEmissivity = parts["node_absorptance"], parts["node_emissivity"]
            node.sensorSpecificHeat, node.sensorPowerDraw = parts["node_j_per_kg_k"], parts["sink_w"][index]
            if index % 2:
                node.sensorStatusInMsg.subscribeTo(self.odd)
            self.see(node)
            self.nodes.append(node)

    def set(self, index: int) -> None:
        """Write light, loads and contact between two changes."""
        now_ns, parts = self.simulation.TotalSim.CurrentNanos, self.parts
        eclipse, odd, contact = (
            messaging.EclipseMsgPayload(),
            messaging.DeviceStatusMsgPayload(),
            messaging.DeviceCmdMsgPayload(),
        )
        eclipse.illuminationFactor = parts["lit"][index]
        odd.deviceStatus, contact.deviceCmd = int(parts["on"][index]), int(parts["contact"][index])
        self.eclipse.write(eclipse, now_ns)
        self.odd.write(odd, now_ns)
        self.contact.write(contact, now_ns)

    def run(self) -> float:
        """Run through all steps; the processor's seconds."""
        self.simulation.InitializeSimulation()
        spent_s, every = 0.0, self.parts["change_steps"]
        for index, first in enumerate(range(0, self.parts["steps"], every)):
            self.set(index)
            last = min(first + every, self.parts["steps"])
            self.simulation.ConfigureStopTime(last * self.step_ns)
            began = time.process_time()
            self.simulation.ExecuteSimulation()
            spent_s += time.process_time() - began
        return spent_s

    def series(self) -> dict[str, Any]:
        """What was recorded, from the start to the end of the last step."""
        found = {"stored_j": np.array(self.recorders["stored_j"].storageLevel)}
        found["recorder_bit"] = np.array(self.recorders["recorder_bit"].storageLevel)
        for index in range(8):
            found[f"node_{index}_k"] = np.array(self.recorders[f"node_{index}_k"].temperature) + 273.15
        return found


def main(parts_file: str, series_file: str) -> None:
    with open(parts_file, encoding="utf-8") as file:
        parts = json.load(file)
    best_s = float("inf")
    for _ in range(3):
        station = Station(parts)
        best_s = min(best_s, station.run())
    np.savez(series_file, **station.series())
    modules = len(station.kept)
    print(json.dumps({"seconds": best_s, "modules": modules, "ns": 1e9 * best_s / modules / parts["steps"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
