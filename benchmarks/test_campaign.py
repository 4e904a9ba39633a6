"""Campaigns: what the engine costs beside the flights, and how they scale over workers.

The bars: under 5 % of a run for the engine, and 1.8 times the pace on two workers. Both need an idle machine with two
cores.
"""

import os
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from lunabase.campaign.campaign import CampaignOptions, campaign_of, fly, setup_of
from lunabase.campaign.engine import Workers
from lunabase.campaign.one_run import Reference, fly_references, fly_run

ROOT = Path(__file__).parents[1]
RUNS, DAYS = 24, 90.0


@pytest.fixture(scope="module")
def asked():
    faults = ROOT / "examples" / "faults.yaml"
    return campaign_of(CampaignOptions(ROOT / "examples" / "ilrs.yaml", runs=RUNS, days=DAYS, faults=faults, seed=1))


@contextmanager
def stage(_name):
    yield lambda part: None


class Clock:
    """When each batch came back, so that start-up and surroundings are left out."""

    def __init__(self):
        self.times, self.parts = [], []

    def __call__(self, part, words):
        del words
        self.times.append(time.perf_counter())
        self.parts.append(part)

    def pace(self, workers):
        """Runs a second from the first round of batches to the last, when every worker is warm."""
        first, last = 2 * workers, len(self.times) - workers
        return (self.parts[last] - self.parts[first]) * RUNS / (self.times[last] - self.times[first])


def paced(asked, folder, workers):
    clock = Clock()
    fly(asked, folder, Workers(count=workers), stage, clock, overwrite=False)
    return clock.pace(workers)


@pytest.mark.long
def test_engine_and_scaling(asked, tmp_path, record_property):
    setup = setup_of(asked, lambda part: None)
    row = fly_references(setup, [()])[0]
    reference = Reference(row["science_weight"], row["delivered_bit"])
    fly_run(setup, 0, reference)
    began = time.perf_counter()
    for run in range(4, RUNS):
        fly_run(setup, run, reference)
    alone = (RUNS - 4) / (time.perf_counter() - began)
    one = paced(asked, tmp_path / "one", 1)
    overhead = alone / one - 1.0
    record_property("runs_per_s", one)
    record_property("overhead", overhead)
    print(f"alone {alone:.3f} runs/s, one worker {one:.3f} runs/s: the engine takes {100 * overhead:.1f} % of a run")
    if len(os.sched_getaffinity(0)) >= 2:
        two = paced(asked, tmp_path / "two", 2)
        print(f"two workers {two:.3f} runs/s: {two / one:.2f} times one")
        record_property("scaling", two / one)
        assert two / one >= 1.8
    assert overhead < 0.05
