"""A complete small station for tests; every number is made up for the test."""

SMALL = """
lunabase: 1
station: {name: Small, start: 2030-01-01, end: 2032-01-01}
site:
  surface: {latitude: -89 deg, longitude: 10 deg, height: 0 m, horizon: {flat: true}}
phases:
  robotic: {start: 2030-01-01, present: [base]}
partners:
  east: {name: East, country: China, institutions: {lab: A laboratory}, share: 60 %}
  west: {name: West, country: Italy, institutions: {uni: A university}, share: 40 %}
modules:
  base:
    name: Base
    part: energy and communication
    kind: power plant
    mass: 100 kg
    loads: {nominal: 50 W}
    payload_mass_limit: 20 kg
    payload_power_limit: 40 W
    equipment:
      battery:
        {type: battery, mass: 20 kg, capacity: 7 kWh, charge_efficiency: 0.95, discharge_efficiency: 0.95,
         maximum_charge: 1 kW, maximum_discharge: 1 kW, minimum_charge: 5 %, initial_charge: 100 %}
payloads:
  camera:
    {name: Camera, partner: east, host: base, objective: exploration, discipline: geology, mass: 4 kg,
     power: {on: 10 W}, data_rate: 500 kbit/s}
activity_types:
  image: {description: takes pictures}
experiments:
  mapping:
    title: Mapping
    partner: east
    objective: exploration
    requests:
      panorama: {activity: image, payload: camera, duration: 1 h, count: 2, priority: 5}
modes:
  nominal: {activities: all, standby: true, downlink: true}
  survival:
    enter: [{reading: state_of_charge, below: 20 %}]
    leave: [{reading: state_of_charge, above: 40 %}]
    activities: none
    standby: false
    downlink: false
load_shedding: {start_below: 35 %, restore_above: 45 %, interval: 10 min, order: [camera]}
budgets: {landed_mass: 200 kg}
"""
