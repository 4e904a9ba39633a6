"""A month of fifty parts beside Basilisk 2.12.1; `python -m tools.validation.twin` made the numbers and says how."""

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.peers.parts import Ours, basilisk_python, month, theirs, year

KEPT = json.loads(Path(__file__).with_name("basilisk.json").read_text())["series"]


@pytest.fixture(scope="module")
def ours():
    station = Ours(month())
    return station.series(station.run()[0])


@pytest.mark.parametrize("name", KEPT)
def test_series_agree_to_a_tenth_of_a_percent(ours, name):
    peer = np.array(KEPT[name])
    got = ours[name][359::360]
    assert got.shape == peer.shape
    assert np.ptp(peer) > 0.05 * peer.max()
    assert np.max(np.abs(got - peer)) < 1e-3 * peer.max()


def test_basilisk_today():
    """The same with Basilisk itself, over a year at 10 min."""
    python = basilisk_python()
    if python is None:
        pytest.skip("Basilisk is not here: set BASILISK_PYTHON to a Python with `bsk`")
    peer, _ = theirs(year(), python)
    station = Ours(year())
    got = station.series(station.run()[0])
    for name, values in peer.items():
        assert np.max(np.abs(got[name] - values)) < 1e-3 * values.max()
