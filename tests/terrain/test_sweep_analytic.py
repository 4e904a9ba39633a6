"""The horizon of whole regions on terrain whose horizon is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fractals import SOUTH, grid_of
from test_horizon import elevation_deg, polar_dem

from lunabase.terrain.dem import Dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import polar_projection, unit_vectors
from lunabase.terrain.sphere import dip_deg
from lunabase.terrain.sweep import HorizonSweep

R = 1_737_400.0
AZIMUTHS_DEG = (0.0, 17.0, 45.0, 90.0, 128.0, 180.0, 233.0, 301.0)


def middle(dem, pixels: int = 21) -> MapGrid:
    whole = grid_of(dem)
    return whole.part((whole.rows - pixels) // 2, (whole.columns - pixels) // 2, pixels, pixels)


@pytest.mark.parametrize("height_m", [2.0, 30.0])
def test_the_smooth_sphere_sinks_by_its_dip(height_m):
    """Curvature alone: the horizon lies acos(R / (R + height)) below the horizontal."""
    dem = polar_dem(lambda up: 0.0 * up[..., 0], 14_000.0, 40.0, centre=(30_000.0, 50_000.0))
    sweep = HorizonSweep([dem], middle(dem), (height_m,))
    for azimuth_deg in AZIMUTHS_DEG:
        np.testing.assert_allclose(sweep.planes(azimuth_deg), -dip_deg(height_m), atol=2e-4)


def test_terrain_over_two_hundred_kilometres_away_is_seen():
    """A 7500 m wall 210 km from a 2000 m hill stands above the hill's own flat horizon."""
    far = polar_dem(lambda up: 0.0 * up[..., 0], 230_000.0, 500.0)
    far.heights_m[:, 880] = 7500.0
    near = polar_dem(lambda up: 0.0 * up[..., 0], 1_000.0, 50.0)
    near.heights_m[20, 20] = 2000.0
    hill = HorizonSweep([near, far], middle(near, 1))
    expected = elevation_deg(2002.0, 7500.0, math.degrees(2.0 * math.atan(210_000.0 / (2.0 * R))))
    assert expected > -math.degrees(math.acos(R / (R + 2002.0)))
    assert hill.planes(90.0)[0, 0, 0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("azimuth_deg", AZIMUTHS_DEG)
def test_a_plane_in_space_rises_by_its_tilt(azimuth_deg):
    """A plane tilted by 5 deg, seen from the place at which it is tangent: its elevation is atan(tan(5) cos(turn))."""
    tilt, x, y = math.radians(5.0), 8_000.0, -6_000.0
    up = unit_vectors(SOUTH, x, y)
    ahead = unit_vectors(SOUTH, x, y + 1.0) - unit_vectors(SOUTH, x, y - 1.0)
    ahead /= np.linalg.norm(ahead)
    normal = math.cos(tilt) * up - math.sin(tilt) * ahead
    dem = polar_dem(lambda u: R * (up @ normal) / (u @ normal) - R, 6_000.0, 20.0, centre=(x, y))
    observer_m = 0.01
    seen = HorizonSweep([dem], middle(dem, 1), (observer_m,)).planes(azimuth_deg)[0, 0, 0]
    expected = math.degrees(math.atan(math.tan(tilt) * math.cos(math.radians(azimuth_deg))))
    # The plane ends 6 km away; there the observer's height counts 1e-4 deg.
    assert seen == pytest.approx(expected, abs=5e-4)


def test_a_cone_from_its_foot_and_beside():
    """The tip of a cone of 900 m, 300 pixels away at most: its elevation and its outline in azimuth."""
    pixel_m, height_m, width_m = 20.0, 900.0, 3_000.0
    tip = unit_vectors(SOUTH, 0.0, 0.0)

    def cone(up: np.ndarray) -> np.ndarray:
        distance_m = R * np.arctan2(np.linalg.norm(np.cross(up, tip), axis=-1), up @ tip)
        return np.maximum(0.0, height_m * (1.0 - distance_m / width_m))

    dem = polar_dem(cone, 8_000.0, pixel_m)
    # From 6000 to 3100 m: beyond the foot, so that no nearer part of the slope can stand higher than the tip.
    region = grid_of(dem).part(400, 100, 1, 146)
    assert region.y[0] == 0.0
    seen = HorizonSweep([dem], region).planes(90.0)[0, 0]
    angles_deg = np.degrees(2.0 * np.arctan(-region.x / (2.0 * R)))
    expected = [elevation_deg(2.0, height_m, angle) for angle in angles_deg]
    np.testing.assert_allclose(seen, expected, atol=1e-3)
    # From 6 km the tangent to the foot's circle lies asin(3 / 6) = 30 deg beside the tip.
    beside = HorizonSweep([dem], region.part(0, 0, 1, 1))
    assert beside.planes(90.0 + 29.0)[0, 0, 0] > 0.02
    assert beside.planes(90.0 + 31.0)[0, 0, 0] < 0.0


def test_a_step_hides_what_is_behind_it():
    """Below a straight step of 50 m the horizon is the step's edge, by spherical trigonometry."""
    dem = polar_dem(lambda up: 0.0 * up[..., 0], 3_000.0, 20.0)
    columns = np.arange(dem.heights_m.shape[1])
    dem.heights_m[:, columns >= 200] = 50.0
    region = grid_of(dem).part(150, 100, 1, 100)
    seen = HorizonSweep([dem], region).planes(90.0)[0, 0]
    angles_deg = np.degrees(2.0 * (math.atan(50 * 20.0 / (2.0 * R)) - np.arctan(region.x / (2.0 * R))))
    np.testing.assert_allclose(seen, [elevation_deg(2.0, 50.0, angle) for angle in angles_deg], atol=2e-3)


@pytest.mark.parametrize("wall_m", [900.0, 5_000.0, 20_000.0])
def test_a_ring_wall_is_as_high_all_round(wall_m):
    """A ring wall of 300 m round the observer, whose inner edge is first reached within a pixel's diagonal of it."""
    height_m, pixel_m = 300.0, 50.0
    pole = unit_vectors(SOUTH, 0.0, 0.0)
    dem = polar_dem(lambda up: np.where(up @ pole <= math.cos(wall_m / R), height_m, 0.0), 24_000.0, pixel_m)
    sweep = HorizonSweep([dem], middle(dem, 1))
    nearest = elevation_deg(2.0, height_m, math.degrees(wall_m / R))
    farthest = elevation_deg(2.0, height_m, math.degrees((wall_m + 1.42 * pixel_m) / R))
    for azimuth_deg in AZIMUTHS_DEG:
        assert farthest - 1e-4 <= sweep.planes(azimuth_deg)[0, 0, 0] <= nearest + 1e-4


@pytest.mark.parametrize(("pole", "turn_deg"), [("north", 0.0), ("south", 180.0)])
@pytest.mark.parametrize("longitude_deg", [20.0, 135.0, 250.0])
def test_a_peak_at_the_pole_stands_where_the_meridian_leads(pole, turn_deg, longitude_deg):
    """On the maps x = rho sin(lon), y = -rho cos(lon) in the north and y = rho cos(lon) in the south."""
    heights_m = np.zeros((401, 401), dtype=np.float32)
    heights_m[200, 200] = 500.0
    dem = Dem(heights_m, polar_projection(pole), -4000.0, 4000.0, 20.0, 20.0, "peak")
    north = pole == "north"
    longitude = math.radians(longitude_deg)
    x, y = 2000.0 * math.sin(longitude), (-2000.0 if north else 2000.0) * math.cos(longitude)
    region = grid_of(dem).part(200 - round(y / 20.0), 200 + round(x / 20.0), 1, 1)
    bearing_deg = math.degrees(math.atan2(-region.x[0], -region.y[0]))
    expected_deg = -longitude_deg if north else longitude_deg + 180.0
    assert abs((bearing_deg - expected_deg + 180.0) % 360.0 - 180.0) < 0.5
    sweep = HorizonSweep([dem], region)
    distance_deg = math.degrees(2.0 * math.atan(math.hypot(region.x[0], region.y[0]) / (2.0 * R)))
    seen = sweep.planes(bearing_deg % 360.0)[0, 0, 0]
    assert seen == pytest.approx(elevation_deg(2.0, 500.0, distance_deg), abs=0.05)
    assert sweep.planes((bearing_deg + 5.0) % 360.0)[0, 0, 0] < 0.0
    # To the pole is true north in the north and true south in the south.
    true_deg = bearing_deg + region.convergence_deg()[0, 0]
    assert (true_deg - turn_deg + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-3)
