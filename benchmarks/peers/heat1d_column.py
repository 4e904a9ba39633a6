"""heat1d 0.3.2 at settings that a column of Lunabase can share: circular orbit at 1 au, no obliquity, one lunation.

    python -m benchmarks.peers.heat1d_column

prints the highest and lowest surface temperature by latitude. heat1d is explicit; by default its first layer is a
tenth of the diurnal skin depth. With a twentieth the extremes move by what is shown.
"""

from __future__ import annotations

import copy

import numpy as np


def extremes(latitude_deg: float, layers: int) -> tuple[float, float]:
    """Return highest and lowest surface temperature with so many layers in the first skin depth."""
    # heat1d 0.3.2 asks for names that numpy has dropped.
    np.int, np.float = int, float  # type: ignore[attr-defined]
    import heat1d
    import planets

    moon = copy.copy(planets.Moon)
    moon.eccentricity, moon.obliquity, moon.rAU = 0.0, 0.0, 1.0
    settings = heat1d.Configurator(m=layers, NPERDAY=480, NYEARSEQ=4)
    model = heat1d.Model(planet=moon, lat=np.radians(latitude_deg), ndays=1, config=settings)
    model.run()
    return float(model.T[:, 0].max()), float(model.T[:, 0].min())


if __name__ == "__main__":
    for latitude in (0.0, 30.0, 85.0):
        for layers in (10, 20):
            highest, lowest = extremes(latitude, layers)
            print(f"{latitude:g} deg, {layers} layers: {highest:.2f} to {lowest:.2f} K", flush=True)
