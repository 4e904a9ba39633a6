"""Compile the numba kernels once, so that the first run doesn't wait: a half day of the example stations."""

from contextlib import contextmanager
from pathlib import Path

from lunabase.runs.planning import RunOptions
from lunabase.runs.run import run_station
from lunabase.station.load import load_station

EXAMPLES = Path(__file__).parents[1] / "examples"


@contextmanager
def silent(_name):
    """No progress."""
    yield lambda part: None


if __name__ == "__main__":
    for name in ("ilrs.yaml", "lander.yaml"):
        run_station(load_station(EXAMPLES / name), RunOptions(days=0.5), silent)
