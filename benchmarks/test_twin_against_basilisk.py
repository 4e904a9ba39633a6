"""A year of fifty power, data and thermal parts at 10 min: the twin and Basilisk in the same run.

Basilisk (`bsk==2.12.1`, in the extra `peers`) may stand in an environment of its own: give its Python as
BASILISK_PYTHON. Without it the comparison is skipped.
"""

import numpy as np
import pytest
from benchmarks.peers.parts import Ours, basilisk_python, theirs, year


def test_a_year_of_fifty_parts(benchmark, capsys):
    """Bar: 7 times Basilisk's speed at the same parts, steps and recorded series, which agree to 0.1 %."""
    python = basilisk_python()
    if python is None:
        pytest.skip("Basilisk is not here: set BASILISK_PYTHON to a Python with `bsk`")
    peer, cost = theirs(year(), python)
    ours = Ours(year())
    rows, _ = ours.run()
    for name, values in ours.series(rows).items():
        assert np.max(np.abs(values - peer[name])) < 1e-3 * peer[name].max()
    seconds = min(spent for _, spent in (benchmark.pedantic(ours.run, rounds=1), *(ours.run() for _ in range(40))))
    parts, steps = int(cost["modules"]), year().steps
    with capsys.disabled():
        print(f"\nBasilisk: {cost['seconds']:.3f} s, {cost['ns']:.0f} ns per part and step")
        print(f"ours: {seconds:.4f} s, {1e9 * seconds / parts / steps:.1f} ns per part and step")
        print(f"{cost['seconds'] / seconds:.1f} times faster")
    assert parts == 50
    assert cost["seconds"] / seconds >= 7.0
