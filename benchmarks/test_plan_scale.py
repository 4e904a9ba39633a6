"""Cost of a year's plan against the number of activities asked for: time of the whole planner, and its peak memory."""

import json
import subprocess
import sys

import pytest

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


@pytest.mark.parametrize("activities", [1_000, 3_000, 10_000, 30_000])
def test_a_year_of_activities(benchmark, activities, year_at_ten_minutes):
    folder = str(__file__).rpartition("/")[0]
    program = PROGRAM.format(folder=folder, activities=activities, environment=str(year_at_ten_minutes))

    def plan():
        return json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)

    benchmark.extra_info.update(benchmark.pedantic(plan, rounds=1, iterations=1))
    assert benchmark.extra_info["activities"] > 0.5 * activities
