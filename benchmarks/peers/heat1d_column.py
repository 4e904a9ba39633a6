"""heat1d 0.3.2 at settings that a column of Lunabase can share: circular orbit at 1 au, no obliquity, one lunation.

    python benchmarks/peers/heat1d_column.py '[0, 30, 85]' '{"m": 10, "NPERDAY": 480, "NYEARSEQ": 4}'

prints a list with a record for each latitude: cost, steps, nodes and surface temperatures. The settings are those of
heat1d's `Configurator`. It needs `planets<0.6` and names that numpy has dropped, so it runs in an environment of its
own, without Lunabase.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from typing import Any

import numpy as np


def lunation(latitude_deg: float, settings: dict[str, int]) -> dict[str, Any]:
    """Return a settled lunation: ms of processor time for each, step, number of steps, nodes, surface temperatures."""
    np.int, np.float = int, float  # type: ignore[attr-defined]
    import heat1d
    import planets

    moon = copy.copy(planets.Moon)
    moon.eccentricity, moon.obliquity, moon.rAU, moon.Lp = 0.0, 0.0, 1.0, 0.0
    model = heat1d.Model(planet=moon, lat=np.radians(latitude_deg), ndays=1, config=heat1d.Configurator(**settings))
    start = time.process_time()
    model.run()
    lunations = model.endtime / moon.day
    return {
        "latitude_deg": latitude_deg,
        "ms": 1e3 * (time.process_time() - start) / lunations,
        "step_s": model.dtout,
        "steps": model.N_steps,
        "z_m": [float(z) for z in model.profile.z],
        "surface_k": [float(kelvin) for kelvin in model.T[:, 0]],
    }


if __name__ == "__main__":
    print(json.dumps([lunation(latitude, json.loads(sys.argv[2])) for latitude in json.loads(sys.argv[1])]))
