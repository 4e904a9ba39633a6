"""What several rooms' tests share, made once per test process: CSPICE with its kernels, and a run."""

import os
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
import spiceypy

# On a CI machine the same change must give the same answer; elsewhere every run looks at new cases.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="session")
def no_progress():
    """What a run reports its stages to when nobody looks."""

    @contextmanager
    def stage(_name):
        yield lambda part: None

    return stage


@pytest.fixture(scope="session")
def lander_run(no_progress):
    """Six days of the example lander, from its own start."""
    from lunabase.runs.planning import RunOptions
    from lunabase.runs.run import run_station
    from lunabase.station.load import load_station

    return run_station(load_station(EXAMPLES / "lander.yaml"), RunOptions(days=6.0), no_progress)


CONSTANTS = """KPL/PCK
\\begindata
BODY301_RADII = ( 1737.4 1737.4 1737.4 )
BODY301_PM = ( 38.3213 13.17635815 -1.4D-12 )
BODY399_RADII = ( 6378.137 6378.137 6356.752314245179 )
BODY399_POLE_RA = ( 0.0 -0.641 0.0 )
BODY399_POLE_DEC = ( 90.0 -0.557 0.0 )
BODY399_PM = ( 190.147 360.9856235 0.0 )
\\begintext
"""
"""The Moon a sphere of 1737.4 km (its PM is asked for the sense of rotation only), the Earth's orientation of
Archinal et al. 2011 (IAU_EARTH) on the ellipsoid of WGS 84."""


@pytest.fixture(scope="session")
def spice(tmp_path_factory):
    """CSPICE with the kernels that the package uses. Its pool is global: one fixture, and no text kernel is unloaded."""
    from lunabase.sky import open_kernels

    constants = tmp_path_factory.mktemp("pck") / "constants.tpc"
    constants.write_text(CONSTANTS)
    paths = open_kernels().paths
    for path in [*paths, paths[2].with_name("moon_assoc_me.tf"), constants]:
        spiceypy.furnsh(str(path))
    yield spiceypy
    spiceypy.kclear()
