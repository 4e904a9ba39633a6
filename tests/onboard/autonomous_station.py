"""The small station of the on-board tests with a section `autonomy`, and a console that also carries messages."""

from functools import cache

from onboard_station import CHANNELS, STATION, Console, plan_of
from ruamel.yaml import YAML

from lunabase.onboard.estimate import ONBOARD
from lunabase.station.model import Station

AUTONOMY = """
autonomy:
  monitors:
    box-hot:
      {parameter: temperature, of: box, check: {type: limits, high: 305 K, clear_by: 2 K}, severity: medium,
       text: The box is hot.}
    box-cold-by-night:
      {parameter: temperature, of: box, check: {type: limits, low: 280 K, clear_by: 1 K}, modes: [night],
       text: The box is cold.}
    starved:
      {parameter: load, check: {type: limits, high: 400 W, clear_by: 10 W}, severity: high, enabled: false,
       only_while: [{reading: array_power, below: 50 W}], text: Too much load in the dark.}
    drops:
      {parameter: temperature, of: box, check: {type: delta, over: 1 h, low: -5 K}, text: The box cools fast.}
    earth-silent: {parameter: silence, check: {type: limits, high: 24 h}, text: Earth was not heard.}
  event_actions:
    cool: {event: box-hot, start: cycle}
    search: {event: earth-silent, start: call}
    answer: {event: payload-silent, start: restart}
  responses:
    cycle:
      level: unit
      steps: [{type: power_cycle, target: camera, wait: 10 min}]
      recovered_when_over: true
      attempts: 2
      per: 10 h
      then: shut
    shut:
      level: subsystem
      steps: [{type: switch_off, target: camera}, {type: shed, loads: 1, wait: 20 min}]
      recovered_when_over: true
      then: hide
    hide:
      level: station
      steps: [{type: mode, mode: dormant, wait: 1 h}, {type: reset}]
      recovered_when: [{reading: operating_margin, above: 15 K}]
    call:
      level: subsystem
      steps: [{type: run, sequence: sweep}]
      recovered_when_over: true
      attempts: 3
    restart:
      level: unit
      steps: [{type: switch_over, target: recorder, wait: 5 min}]
      recovered_when: [{reading: load, above: 1 W}]
  sequences:
    sweep: {steps: [{type: call, path: relay, wait: 2 h}, {type: call, path: direct, wait: 2 h}]}
  wait_until:
    bore: [{reading: state_of_charge, above: 80 %}]
"""
EXTRA = ("change_in_3600_s.temperature_k.box", "downlink_bit_per_s", "heater_w", "produced_bit_per_s")
NAMES = tuple(dict.fromkeys((*CHANNELS, *ONBOARD, *EXTRA)))


@cache
def autonomous_station(section=AUTONOMY):
    return Station.model_validate(YAML(typ="safe", pure=True).load(STATION + section))


def console(*activities, section=AUTONOMY):
    """Wakes the software of the station with a plan of these activities."""
    return Console(plan_of(*activities), station=autonomous_station(section), channels=NAMES)
