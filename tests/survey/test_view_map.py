"""View maps against SPICE and against the environment of the same point."""

import numpy as np
import pytest
from horizon_cubes import cube_of, polar_grid

from lunabase.environment import environment, true_runs
from lunabase.sky import GroundStation, LunarOrbit, open_kernels
from lunabase.survey.point_light import cube_mask
from lunabase.survey.view_map import view_map
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.mask import catalogue_mask
from lunabase.terrain.projection import polar_projection
from lunabase.times import TimeGrid, utc_to_tdb

TIMES = TimeGrid.from_utc("2026-02-01", 1500, 3600.0)
STATIONS = (
    GroundStation("Goldstone", 35.43, -116.89, 1001.0, 10.0),
    GroundStation("Canberra", -35.40, 148.98, 688.0, 10.0),
)
RELAY = LunarOrbit.from_altitudes(
    300e3, 8600e3, inclination_deg=55.0, raan_deg=20.0, argument_of_periapsis_deg=90.0, mean_anomaly_deg=0.0,
    epoch_tdb_s=utc_to_tdb("2026-02-01"),
)  # fmt: skip


def test_earth_over_a_plain_against_spice(spice):
    grid = MapGrid(polar_projection("south"), 30_000.0, -40_000.0, 100.0, 1, 2)
    result = view_map(cube_of(grid, np.zeros((360, 1, 1))), TIMES, open_kernels())
    place_km = 1737.4 * grid.unit_vectors()[0, 0]
    seen = [
        spice.spkcpo("EARTH", t, "MOON_ME", "OBSERVER", "LT+S", place_km, "MOON", "MOON_ME")[0][:3] for t in TIMES.tdb_s
    ]
    range_km = np.linalg.norm(seen, axis=1)
    elevation_deg = np.degrees(np.arcsin(seen @ place_km / 1737.4 / range_km))
    height = elevation_deg / np.degrees(np.arcsin(6378.1366 / range_km))
    u = np.clip(height, -1.0, 1.0)
    pixel = result.isel(height=0, y=0, x=0)
    part = 0.5 + (u * np.sqrt(1.0 - u * u) + np.arcsin(u)) / np.pi
    assert float(pixel["earth_fraction"]) == pytest.approx(part.mean(), abs=1e-5)
    for name, level in (("earth_any", -1.0), ("earth", 0.0), ("earth_whole", 1.0)):
        assert float(pixel[name]) == pytest.approx(np.mean(height > level), abs=1.5 / TIMES.count)
    gap_days = np.diff(true_runs(height <= 0.0)).max() / 24.0
    assert float(pixel["longest_no_earth"]) == pytest.approx(gap_days, abs=1.01 / 24.0)


def test_stations_and_relays_against_the_environment():
    mask = catalogue_mask("shackleton-de-gerlache-ridge")
    grid = MapGrid(polar_projection("south"), -12_000.0, -13_000.0, 2000.0, 2, 2)
    cube = cube_of(grid, mask.elevation_at(np.arange(360.0), 10.0)[:, None, None], (10.0,))
    result = view_map(cube, TIMES, open_kernels(), earth_stations=STATIONS, relays={"relay-1": RELAY})
    own_mask, site = cube_mask(cube, 1, 0)
    point = environment(site, TIMES, horizon=own_mask, earth_stations=STATIONS, relays={"relay-1": RELAY})
    pixel = result.isel(height=0, y=1, x=0)
    step = 1.01 / TIMES.count
    assert float(pixel["earth"]) == pytest.approx(point["earth_in_view"].values.mean(), abs=step)
    assert float(pixel["earth_fraction"]) == pytest.approx(point["earth_visible_fraction"].values.mean(), abs=1e-4)
    for name, dimension, series in (("station", "earth_station", "contact"), ("relay", "relay", "relay_in_view")):
        assert pixel[f"{name}_view"].sizes == {dimension: point.sizes[dimension]}
        for key in point[dimension].values:
            one, in_view = pixel.sel({dimension: key}), point[series].sel({dimension: key}).values
            assert 0.05 < in_view.mean() < 0.95
            assert float(one[f"{name}_view"]) == pytest.approx(in_view.mean(), abs=3.0 * step)
            gap_days = np.diff(true_runs(~in_view)).max() / 24.0
            assert float(one[f"longest_no_{name}"]) == pytest.approx(gap_days, abs=1.01 / 24.0)


def test_a_low_relay_is_seen_from_the_height_of_the_ground():
    """Against the environment of a point at that height; from 7 km lower the relay stands 0.5 deg higher and more."""
    grid = MapGrid(polar_projection("south"), 20_000.0, -30_000.0, 240.0, 12, 20)
    cube = cube_of(grid, np.full((360, 1, 1), 2.0), (10.0,))
    heights_m = np.where(np.arange(20) < 8, 6900.0, -5000.0) * np.ones((12, 1))  # the blocks' own borders
    on_ground = cube.assign(ground_height=(("y", "x"), heights_m))
    times = TimeGrid.from_utc("2026-02-01", 3000, 30.0)
    low = LunarOrbit.from_altitudes(
        100e3, 100e3, inclination_deg=88.0, raan_deg=20.0, argument_of_periapsis_deg=0.0, mean_anomaly_deg=0.0,
        epoch_tdb_s=utc_to_tdb("2026-02-01"),
    )  # fmt: skip
    result = view_map(on_ground, times, open_kernels(), relays={"low": low})["relay_view"][0, 0]
    level = view_map(cube, times, open_kernels(), relays={"low": low})["relay_view"][0, 0]
    for row, column in ((2, 3), (9, 12), (5, 19)):
        own_mask, site = cube_mask(on_ground, row, column)
        assert site.height_m == heights_m[row, column]
        point = environment(site, times, horizon=own_mask, relays={"low": low})["relay_in_view"].values.mean()
        assert float(result[row, column]) * times.count == pytest.approx(point * times.count, abs=2.5)
        assert abs(float(level[row, column]) - point) * times.count > 5.0


def test_parallax_moves_the_earth_across_a_wide_map():
    """From 10 deg apart on the ground the Earth's places differ by its parallax, 0.16 deg; stars' would not."""
    grid = polar_grid(west=-150e3, north=150e3, pixel_m=300e3, rows=2, columns=2)
    result = view_map(cube_of(grid, np.full((360, 1, 1), 3.0)), TIMES, open_kernels())
    share = result["earth"].values[0]
    assert share[0].min() > share[1].max() + 0.1  # the upper row lies towards the Earth
