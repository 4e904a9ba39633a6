"""CSPICE with the kernels that the package uses, and the radii and Earth rotation that no kernel file here carries."""

import pytest
import spiceypy

from lunabase.sky import open_kernels


@pytest.fixture(scope="session")
def spice():
    """Furnished CSPICE; the Moon a sphere of 1737.4 km, the Earth's orientation of Archinal et al. 2011 (IAU_EARTH)."""
    paths = [str(path) for path in open_kernels().paths]
    associated = open_kernels().paths[2].with_name("moon_assoc_me.tf")
    for path in [*paths, str(associated)]:
        spiceypy.furnsh(path)
    spiceypy.pdpool("BODY301_RADII", [1737.4] * 3)
    spiceypy.pdpool("BODY301_PM", [38.3213, 13.17635815, -1.4e-12])  # et2lst asks it for the sense of rotation only
    spiceypy.pdpool("BODY399_RADII", [6378.137, 6378.137, 6378.137 * (1 - 1 / 298.257223563)])
    spiceypy.pdpool("BODY399_POLE_RA", [0.0, -0.641, 0.0])
    spiceypy.pdpool("BODY399_POLE_DEC", [90.0, -0.557, 0.0])
    spiceypy.pdpool("BODY399_PM", [190.147, 360.9856235, 0.0])
    yield spiceypy
    spiceypy.kclear()
