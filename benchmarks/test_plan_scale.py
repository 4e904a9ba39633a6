"""Cost of a year's plan against the number of activities asked for: time of the whole planner, and its peak memory."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from lunabase.runs.surroundings import Span, surroundings
from lunabase.sky.kernels import open_kernels
from lunabase.station.load import load_station

STATION = Path(__file__).parents[1] / "examples" / "ilrs.yaml"

PROGRAM = """
import json, pickle, resource, sys, time
sys.path.insert(0, {folder!r})
from plan_stations import asking_for
from lunabase.planning.solve import make_plan
station, environment = asking_for({activities}), pickle.load(open({environment!r}, "rb"))
make_plan("", station, environment.isel(time=slice(0, 1000)))  # compiles the kernels, or reads them from their cache
began, cpu = time.perf_counter(), time.process_time()
plan = make_plan("", station, environment, level="long-term")
print(json.dumps({{
    "seconds": time.perf_counter() - began, "cpu_s": time.process_time() - cpu, "activities": len(plan.activities),
    "value": plan.solver.objective, "bound": plan.solver.bound,
    "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
}}))
"""


@pytest.fixture(scope="module")
def year_at_ten_minutes(tmp_path_factory):
    """A file with the pickled environment of the reference station's first year."""
    file = load_station(STATION)
    environment = surroundings(file, Span.of(file, None, 365.0, 600.0), open_kernels())[1]
    place = tmp_path_factory.mktemp("year") / "environment.pkl"
    place.write_bytes(pickle.dumps(environment))
    return place


@pytest.mark.parametrize(
    "activities",
    [1_000, 3_000, pytest.param(10_000, marks=pytest.mark.long), pytest.param(30_000, marks=pytest.mark.long)],
)
def test_a_year_of_activities(benchmark, activities, year_at_ten_minutes):
    folder = str(__file__).rpartition("/")[0]
    program = PROGRAM.format(folder=folder, activities=activities, environment=str(year_at_ten_minutes))

    def plan():
        return json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)

    benchmark.extra_info.update(benchmark.pedantic(plan, rounds=1, iterations=1))
    assert benchmark.extra_info["activities"] > 0.5 * activities
