"""A station of a few things that can fail; every number is made up for the test."""

from ruamel.yaml import YAML

from lunabase.station.model import Station

STATION = """
lunabase: 1
station: {name: Small, start: 2035-01-01, end: 2055-01-01}
site:
  surface: {latitude: -89 deg, longitude: 10 deg, height: 0 m, horizon: {flat: true}}
phases:
  robotic: {start: 2035-01-01, present: [base]}
partners:
  east: {name: East, country: China, institutions: {lab: A laboratory}, share: 60 %}
modules:
  base:
    name: Base
    part: energy and communication
    kind: power plant
    mass: 100 kg
    loads: {nominal: 50 W}
    equipment:
      battery:
        {type: battery, mass: 20 kg, capacity: 7 kWh, charge_efficiency: 0.95, discharge_efficiency: 0.95,
         maximum_charge: 1 kW, maximum_discharge: 1 kW, minimum_charge: 5 %, initial_charge: 100 %}
      array:
        {type: solar_array, mass: 10 kg, area: 2 m^2, efficiency: 0.3, reference_temperature: 300 K,
         temperature_coefficient: -0.2 %/K, absorptance: 0.9, emittance: 0.85, tracking: two_axes, height: 2 m,
         dust_loss: 0}
      heater-unit:
        {type: radioisotope_source, mass: 1 kg, power: 0 W, heat: 20 W, half_life: 87.7 year, fuelled: 2034-01-01}
modes:
  nominal: {activities: all, standby: true, downlink: true}
  survival:
    enter: [{reading: state_of_charge, below: 20 %}]
    leave: [{reading: state_of_charge, above: 40 %}]
    activities: none
    standby: false
    downlink: false
load_shedding: {start_below: 35 %, restore_above: 45 %, interval: 10 min, order: [base]}
budgets: {landed_mass: 200 kg}
"""


def wearing(lives=None, spares=None, upsets=None):
    """The station with this `wear` section; without any, none."""
    data = YAML(typ="safe", pure=True).load(STATION)
    if lives is not None:
        data["wear"] = {"lives": lives, "spares": spares or {}, "upsets": upsets or {}}
    return Station.model_validate(data)
