"""Ten years of the reference station at 60 s steps on one core, autonomy on, flying from on-board goals.

    pytest benchmarks/test_ten_years.py -m long -s

The bar: under 60 s of CPU time and under 2 GB, sky and light apart. Printed: CPU time by part, per step and per waking.
"""

import resource
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import pytest

from lunabase.onboard import goals
from lunabase.runs import deciding, fly, leg, logbook
from lunabase.runs.surroundings import Span, surroundings
from lunabase.sky.kernels import open_kernels
from lunabase.station.load import load_station

STATION = Path(__file__).parents[1] / "examples" / "ilrs.yaml"
DAYS = 3652.0
STEP_S = 60.0
PARTS = {
    "loop over steps": (leg, "live_through"),
    "waking: software and goals": (leg, "react"),
    "of it goals": (deciding.Pursuit, "look"),
    "goals of a month": (deciding, "agenda_of"),
    "of it outlook": (goals, "outlook_of"),
    "inputs of a piece": (fly, "inputs_between"),
    "telemetry kept": (logbook.Logbook, "keep"),
}
"""Where the time of each part is taken: what is called, and in which place."""


@contextmanager
def timed(monkeypatch):
    """Sums of CPU time and calls by part."""
    spent_s, calls = defaultdict(float), defaultdict(int)

    def wrapped(name, function):
        def run(*given, **named):
            began = time.process_time()
            try:
                return function(*given, **named)
            finally:
                spent_s[name] += time.process_time() - began
                calls[name] += 1

        return run

    for name, (place, attribute) in PARTS.items():
        monkeypatch.setattr(place, attribute, wrapped(name, getattr(place, attribute)))
    yield spent_s, calls


@pytest.fixture(scope="module")
def sky():
    file = load_station(STATION)
    began = time.process_time()
    _, environment = surroundings(file, Span.of(file, None, DAYS, 600.0, across_phases=True), open_kernels())
    spent_s = time.process_time() - began
    print(f"\nsky and light of ten years at 10 min: {spent_s:.1f} s, {environment.nbytes / 1e6:.0f} MB")
    fly.fly(file.station, environment.isel(time=slice(0, 300)))  # compiled before the clock starts
    return file.station, environment


@pytest.mark.long
def test_ten_years(sky):
    began = time.process_time()
    flight = fly.fly(*sky, step_s=STEP_S)
    spent_s = time.process_time() - began
    steps = DAYS * 86_400.0 / STEP_S
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    measures = flight.summary.measures
    print(f"ten years: {spent_s:.1f} s CPU, {1e6 * spent_s / steps:.2f} us a step, {memory_gb:.2f} GB")
    print(f"{flight.summary.outcome}; {measures.activities_completed} activities, {len(flight.events)} events")
    margin_kwh, when = measures.worst_night_margin_wh / 1e3, measures.worst_night_at
    print(f"worst night: {margin_kwh:.1f} kWh above the floors at {when:%Y-%m-%d %H:%M}")
    assert flight.summary.outcome == "alive"
    assert spent_s < 60.0
    assert memory_gb < 2.0


@pytest.mark.long
def test_where_a_year_goes(sky, monkeypatch):
    station, environment = sky
    year = environment.isel(time=slice(0, 365 * 144))
    with timed(monkeypatch) as (spent_s, calls):
        began = time.process_time()
        fly.fly(station, year, step_s=STEP_S)
        whole_s = time.process_time() - began
    steps, wakings = 365 * 1440, calls["waking: software and goals"]
    print(f"\na year: {whole_s:.2f} s, {wakings} wakings, {1e6 * whole_s / steps:.2f} us a step")
    for name, seconds in spent_s.items():
        print(f"  {name:28} {seconds:6.2f} s  {calls[name]:6d} calls  {1e6 * seconds / calls[name]:8.1f} us each")
    assert sum(calls.values()) > 0
