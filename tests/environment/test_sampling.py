"""Interpolation between sparse nodes against direct evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from lunabase.environment.sampling import Epochs, sample
from lunabase.environment.view import sight, stand, track_stations
from lunabase.sky import GroundStation, SurfaceSite, look_arrays, open_kernels, station_elevation_deg
from lunabase.times import FloatArray, TimeGrid

KERNELS = open_kernels()
MONTH = Epochs(TimeGrid.from_utc("2031-05-03", 4000, 611.0).tdb_s, 611.0)
SITES = [SurfaceSite(-89.44, 222.59, 1958.0), SurfaceSite(90.0, 0.0, 0.0), SurfaceSite(12.0, -30.0, -2000.0)]
STATIONS = [GroundStation("Kashi", 38.42, 76.71, 1000.0, 10.0), GroundStation("Neuquen", -38.19, -70.15, 450.0, 10.0)]


def apart_deg(azimuth: FloatArray, elevation: FloatArray, azimuth_too: FloatArray, elevation_too: FloatArray) -> float:
    across = ((azimuth - azimuth_too + 180.0) % 360.0 - 180.0) * np.cos(np.radians(elevation))
    return float(np.hypot(across, elevation - elevation_too).max())


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("target", ["sun", "earth"])
def test_interpolated_sight(target: str, site: SurfaceSite) -> None:
    """The contract is 0.001 deg; half-hourly nodes and six points keep a ten-thousandth of it."""
    seen = sight(target, site, MONTH, KERNELS)
    direct = look_arrays(target, site, MONTH.tdb_s)
    assert apart_deg(seen.azimuth_deg, seen.elevation_deg, direct.azimuth_deg, direct.elevation_deg) < 1e-7
    np.testing.assert_allclose(seen.range_m, direct.range_m, rtol=1e-9)
    np.testing.assert_allclose(seen.angular_radius_deg, direct.angular_radius_deg, rtol=1e-9)


@pytest.mark.parametrize("site", SITES)
def test_station_lines_agree_with_light_time_and_aberration(site: SurfaceSite) -> None:
    """Straight lines at one instant stand in for the apparent directions of the sky."""
    observer = stand(site, MONTH, KERNELS)
    for station, track in zip(STATIONS, track_stations(STATIONS, MONTH, KERNELS), strict=True):
        direct = look_arrays(station, site, MONTH.tdb_s)
        azimuth, elevation = observer.azimuth_elevation_deg(track.position_km)
        assert apart_deg(azimuth, elevation, direct.azimuth_deg, direct.elevation_deg) < 1e-3
        above = track.elevation_deg(observer.position_km)
        assert np.abs(above - station_elevation_deg(station, site, MONTH.tdb_s)).max() < 1e-2


def test_a_value_does_not_depend_on_its_neighbours() -> None:
    whole = sight("earth", SITES[0], MONTH, KERNELS).elevation_deg
    parts = [sight("earth", SITES[0], part, KERNELS).elevation_deg for part in MONTH.parts(777)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("end", [0, 1])
def test_nodes_stay_within_the_kernels(end: int) -> None:
    edge = KERNELS.span_tdb_s[end]
    offsets = np.arange(120) * 60.0
    epochs = Epochs(edge - offsets[::-1] if end else edge + offsets, 60.0)

    def wave(tdb_s: FloatArray) -> FloatArray:
        KERNELS.check_span(tdb_s)
        return np.sin((tdb_s - edge) / 20_000.0)[None]

    np.testing.assert_allclose(sample(wave, epochs, KERNELS), wave(epochs.tdb_s), atol=1e-6)
