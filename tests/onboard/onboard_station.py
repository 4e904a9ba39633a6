"""A small station for tests of the on-board software, its plan, and readings to wake it with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
from ruamel.yaml import YAML

from lunabase.onboard.reaction import react
from lunabase.onboard.software import SoftwareState, load_software
from lunabase.onboard.watch import Readings
from lunabase.planning.plan import Activity, Plan, SolverSummary
from lunabase.station.model import Station

START = datetime(2030, 1, 1, tzinfo=UTC)
STATION = """
lunabase: 1
station: {name: Small, start: 2030-01-01, end: 2032-01-01}
site: {surface: {latitude: 0 deg, longitude: 1 deg, height: 0 m, horizon: {flat: true}}}
phases: {robotic: {start: 2030-01-01, present: [base, rover]}}
partners:
  east: {name: East, country: China, institutions: {lab: A laboratory}, share: 100 %}
modules:
  base:
    name: Base
    part: energy and communication
    kind: lander
    mass: 100 kg
    thermal_node: box
    loads: {nominal: 50 W, night: 20 W, survival: 5 W}
    equipment:
      battery:
        {type: battery, mass: 20 kg, capacity: 7 kWh, charge_efficiency: 0.95, discharge_efficiency: 0.95,
         maximum_charge: 1 kW, maximum_discharge: 1 kW, minimum_charge: 5 %, initial_charge: 100 %,
         thermal_node: box}
      recorder: {type: data_recorder, mass: 1 kg, capacity: 8 Gbit, power: 2 W}
      box:
        {type: thermal_node, heat_capacity: 50 kJ/K, radiator_area: 0 m^2, radiator_emissivity: 0.8,
         radiator_absorptance: 0.1, ground_conductance: 0.1 W/K, heater: 20 W, heater_setpoint: 265 K,
         initial_temperature: 290 K, operating: {minimum: 263 K, maximum: 320 K},
         survival: {minimum: 250 K, maximum: 340 K}}
  rover: {name: Rover, part: vehicle, kind: rover, mass: 30 kg, loads: {nominal: 10 W}}
payloads:
  camera:
    {name: Camera, partner: east, host: base, objective: exploration, discipline: geology, mass: 4 kg,
     power: {"on": 10 W, standby: 1 W, survey: 14 W}, data_rate: 5 kbit/s, thermal: {minimum: 270 K, maximum: 310 K}}
  listener:
    {name: Listener, partner: east, host: base, objective: observation, discipline: geophysics, mass: 4 kg,
     power: {"on": 6 W}, data_rate: 1 kbit/s, continuous: true}
  drill:
    {name: Drill, partner: east, host: rover, objective: exploration, discipline: geology, mass: 9 kg,
     power: {"on": 60 W}, data_rate: 1 kbit/s}
activity_types:
  image: {description: takes pictures, mode: survey}
  listen: {description: listens}
  bore: {description: drills}
experiments: {}
modes:
  nominal: {activities: all, standby: true, downlink: true}
  night:
    enter: [{reading: array_power, below: 5 W, lasting: 10 min}]
    leave: [{reading: array_power, above: 40 W, lasting: 30 min}]
    activities: continuous
    standby: false
    downlink: false
  dormant:
    enter: [{reading: state_of_charge, below: 20 %}]
    leave: [{reading: state_of_charge, above: 30 %}, {reading: array_power, above: 40 W}]
    activities: none
    standby: false
    downlink: false
  survival:
    enter: [{reading: state_of_charge, below: 10 %}, {reading: survival_margin, below: 3 K}]
    leave: [{reading: state_of_charge, above: 25 %}]
    activities: none
    standby: false
    downlink: false
load_shedding: {start_below: 35 %, restore_above: 45 %, interval: 10 min, order: [absent, camera, rover]}
flight_rules:
  floor: {type: minimum_charge, minimum: 30 %, text: The battery never falls below 30 %.}
  quiet: {type: exclusion, never: bore, during: listen, text: No drilling while listening.}
budgets: {landed_mass: 200 kg}
"""
CHANNELS = (
    "state_of_charge", "array_available_w", "generation_w", "load_w", "charge_w", "unserved_w", "recorder_fill",
    "operating_margin_k", "survival_margin_k", "temperature_k.box",
)  # fmt: skip
QUIET = dict(zip(CHANNELS, (0.9, 500.0, 500.0, 60.0, 400.0, 0.0, 0.1, 20.0, 30.0, 290.0), strict=True))


@cache
def small_station(text=STATION):
    return Station.model_validate(YAML(typ="safe", pure=True).load(text))


def activity(payload, start_h, stop_h, kind="image", setup_h=0.0, teardown_h=0.0, number=1):
    modes = {"image": "survey", "listen": "on", "bore": "on"}

    def at(hours):
        return START + timedelta(hours=hours)

    return Activity(
        id=f"test/{payload}#{number}", request=f"test/{payload}", experiment="test", partner="east",
        activity_type=kind, payload=payload, host="rover" if payload == "drill" else "base", mode=modes[kind],
        hold_start=at(start_h - setup_h), start=at(start_h), stop=at(stop_h), hold_stop=at(stop_h + teardown_h),
        power_w=10.0, data_bit=0.0, priority=5,
    )  # fmt: skip


def plan_of(*activities, hours=100.0):
    solver = SolverSummary(solver="hand", status="feasible", objective=0, bound=0, seed=0, work_limit=0)
    return Plan(
        station="Small", station_sha256="", phase="robotic", start=START, stop=START + timedelta(hours=hours),
        activities=activities, unplaced=(), partners=(), solver=solver,
    )  # fmt: skip


@dataclass
class Console:
    """Wakes the software with readings set by hand; keeps what it answered."""

    plan: Plan = field(default_factory=plan_of)
    values: dict = field(default_factory=lambda: dict(QUIET))
    reaction: object = None
    station: Station = field(default_factory=small_station)
    channels: tuple = CHANNELS

    def __post_init__(self):
        self.software = load_software(self.station, self.station.phases["robotic"], self.plan)
        self.values = dict.fromkeys(self.channels, 0.0) | self.values
        self.quality = self.failed = None
        self.sensors = ()
        self.state = SoftwareState()
        self.events = []
        self.stretches = []
        self.answering = np.ones(3, dtype=np.bool_)

    def wake(self, hours, messages=(), **values):
        """React at a time; readings count as having lasted long enough. Returns the commands."""
        self.values |= {name.replace("__", "."): value for name, value in values.items()}
        held = [all(self._holds(watch) for watch in group) for group in self.software.groups]
        readings = Readings(
            {name: place for place, name in enumerate(self.channels)},
            np.array([self.values[name] for name in self.channels]),
            np.array(held),
            self.answering,
            self.quality,
            self.failed,
            self.sensors,
            messages=tuple(messages),
        )
        self.reaction = react(self.software, readings, hours * 3600.0, self.state)
        self.state = self.reaction.state
        self.software = self.reaction.software or self.software
        self.events += self.reaction.events
        self.stretches += self.reaction.stretches
        return self.reaction.commands

    def _holds(self, watch):
        value = self.values[watch.channel]
        return value > watch.limit if watch.above else value < watch.limit

    def setting(self, payload):
        return self.reaction.commands.payloads[self.software.payloads.index(payload)]

    def names(self):
        return [event.name for event in self.events]
