"""What a step of the reference station costs, physics alone: 30 days at 60 s under constant commands."""

import time
from pathlib import Path

import numpy as np

from lunabase.runs.surroundings import Span, surroundings
from lunabase.sky.kernels import open_kernels
from lunabase.station.load import load_station
from lunabase.times import TimeGrid
from lunabase.twin.health import healthy
from lunabase.twin.inputs import inputs_of
from lunabase.twin.kernel import LOST, advance
from lunabase.twin.parameters import channels_of, names_of, parameters_of
from lunabase.twin.state import WATCH, Commands, initial_state

FILE = Path(__file__).parents[1] / "examples" / "ilrs.yaml"
STEPS = 43_200


def test_a_step_of_the_reference_station(benchmark, capsys):
    """Bar: 1.5 us a step."""
    file = load_station(FILE)
    station, start = file.station, file.station.station.start
    present = station.phase_at(start)[1].present
    _, environment = surroundings(file, Span.of(file, None, 31.0, 600.0), open_kernels())
    inputs = inputs_of(station, present, environment, TimeGrid.from_utc(start, STEPS, 60.0))
    names, parameters = names_of(station, present), parameters_of(station, present, start)
    first, health = initial_state(station, present, 0), healthy(station, present)
    payloads = len(names.payloads)
    commands = Commands(
        mode=0,
        module_on=np.ones(len(names.modules), dtype=np.bool_),
        payload_setting=np.ones(payloads, dtype=np.int64),
        producing=np.zeros(payloads, dtype=np.bool_),
        recorder_on=True,
        radio_on=True,
    )
    nothing, nobody = np.zeros(0, WATCH), np.zeros(0, dtype=np.bool_)
    rows = np.zeros((STEPS, len(channels_of(names))))

    def month():
        began = time.process_time()
        _, step, cause = advance(parameters, inputs, first, commands, health, nothing, nobody, 0, STEPS, rows)
        assert (step, cause == LOST) == (STEPS, False)
        return time.process_time() - began

    month()
    us = 1e6 * min(benchmark.pedantic(month, rounds=1), *(month() for _ in range(20))) / STEPS
    parts = sum(len(group) for group in (names.nodes, names.stores, names.sources, names.modules, names.payloads))
    with capsys.disabled():
        print(f"\n{us:.3f} us per step, {1e3 * us / parts:.1f} ns for each of {parts} parts")
    assert us <= 1.5
