"""Runs that several tests look at; each is made once per test process."""

from contextlib import contextmanager
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@contextmanager
def no_progress(_name):
    yield lambda part: None


@pytest.fixture(scope="session")
def lander_run():
    """Six days of the example lander, from its own start."""
    from lunabase.runs.planning import RunOptions
    from lunabase.runs.run import run_station
    from lunabase.station.load import load_station

    return run_station(load_station(EXAMPLES / "lander.yaml"), RunOptions(days=6.0), no_progress)
