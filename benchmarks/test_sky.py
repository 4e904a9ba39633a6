"""A year of Sun and Earth at 10-minute steps, and the same by CSPICE in the same run."""

import numpy as np
import pytest
import spiceypy

from lunabase.sky import SurfaceSite, look_arrays, open_kernels
from lunabase.times import TimeGrid

YEAR = TimeGrid.from_utc("2030-01-01", 52_560, 600.0)
RIDGE = SurfaceSite(-89.44, 222.59, 1958.0)


@pytest.fixture(scope="module")
def spice():
    paths = open_kernels().paths
    for path in [*paths, paths[2].with_name("moon_assoc_me.tf")]:
        spiceypy.furnsh(str(path))
    yield spiceypy
    spiceypy.kclear()


@pytest.mark.benchmark(group="year of Sun and Earth, 52,560 epochs each")
def test_lunabase(benchmark):
    benchmark.pedantic(lambda: [look_arrays(name, RIDGE, YEAR) for name in ("sun", "earth")], rounds=3)


@pytest.mark.benchmark(group="year of Sun and Earth, 52,560 epochs each")
def test_cspice(benchmark, spice):
    times = YEAR.tdb_s
    place = RIDGE.position_me_km
    rotation = np.array(RIDGE.east_north_up)

    def look():
        for target in ("SUN", "EARTH"):
            states = [
                spice.spkcpo(target, t, "MOON_ME", "OBSERVER", "LT+S", place, "MOON", "MOON_ME")[0] for t in times
            ]
            local = np.array(states)[:, :3] @ rotation.T
            np.arctan2(local[:, 0], local[:, 1])

    benchmark.pedantic(look, rounds=3)
