"""The exact point horizon on terrain whose horizon is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.errors import InputError
from lunabase.terrain.dem import Dem
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.projection import equirectangular_projection, polar_projection, unit_vectors

R = 1_737_400.0
SOUTH = polar_projection()


def polar_dem(
    heights_of: Callable[[np.ndarray], np.ndarray], half_width_m: float, pixel_m: float, centre=(0.0, 0.0), pole="south"
) -> Dem:
    """A model with a pixel centre at `centre`; heights_of takes unit vectors (..., 3)."""
    count = round(half_width_m / pixel_m)
    steps = pixel_m * np.arange(-count, count + 1)
    x, y = np.meshgrid(centre[0] + steps, centre[1] - steps)
    projection = polar_projection(pole)
    heights_m = heights_of(unit_vectors(projection, x, y))
    return Dem(heights_m, projection, x[0, 0], y[0, 0], pixel_m, pixel_m, "analytic")


def refined(dem: Dem, rows: slice, columns: slice, factor: int) -> Dem:
    """A finer model of a part, with exactly the same bilinear surface."""
    part = dem.heights_m[rows, columns]
    for axis in (0, 1):
        fine = np.arange((part.shape[axis] - 1) * factor + 1) / factor
        left = np.minimum(fine.astype(int), part.shape[axis] - 2)
        weight = np.expand_dims(fine - left, 1 - axis)
        part = part.take(left, axis) * (1.0 - weight) + part.take(left + 1, axis) * weight
    west = dem.west + columns.start * dem.pixel_width
    north = dem.north - rows.start * dem.pixel_height
    size = dem.pixel_width / factor
    return Dem(part, dem.projection, west, north, size, size, "fine")


def rough_dem(half_width_m: float, pixel_m: float, seed: int = 1) -> Dem:
    """Seeded hills of many sizes with slopes of some degrees."""
    random = np.random.default_rng(seed)
    waves = [(random.normal(size=3) * R / 10 ** random.uniform(3.0, 5.0), random.uniform(0.0, 6.3)) for _ in range(40)]

    def heights_of(up: np.ndarray) -> np.ndarray:
        return sum(0.03 * R / np.linalg.norm(k) * np.sin(up @ k + phase) for k, phase in waves)

    return polar_dem(heights_of, half_width_m, pixel_m)


def latitude_longitude(up: np.ndarray) -> tuple[float, float]:
    return math.degrees(math.asin(up[2])), math.degrees(math.atan2(up[1], up[0]))


def bearing_deg(latitude_deg, longitude_deg, target_latitude_deg, target_longitude_deg) -> tuple[float, float]:
    """Azimuth and central angle from spherical trigonometry, degrees."""
    p, q = math.radians(latitude_deg), math.radians(target_latitude_deg)
    d = math.radians(target_longitude_deg - longitude_deg)
    east = math.cos(q) * math.sin(d)
    north = math.cos(p) * math.sin(q) - math.sin(p) * math.cos(q) * math.cos(d)
    up = math.sin(p) * math.sin(q) + math.cos(p) * math.cos(q) * math.cos(d)
    return math.degrees(math.atan2(east, north)) % 360.0, math.degrees(math.atan2(math.hypot(east, north), up))


def elevation_deg(observer_m: float, target_m: float, angle_deg: float) -> float:
    """Elevation of a target over the observer's tangent plane; both heights above the sphere."""
    angle = math.radians(angle_deg)
    up = (R + target_m) * math.cos(angle) - (R + observer_m)
    return math.degrees(math.atan2(up, (R + target_m) * math.sin(angle)))


@pytest.mark.parametrize("pole", ["south", "north"])
@pytest.mark.parametrize("beside_m", [0.0, 3333.0])
def test_a_flat_sphere_dips(pole, beside_m):
    dem = polar_dem(lambda up: 0.0 * up[..., 0], 12_000.0, 40.0, pole=pole)
    latitude_deg = (90.0 - math.degrees(beside_m / R)) * (1 if pole == "north" else -1)
    mask = point_horizon([dem], latitude_deg, 77.0)
    for height_m, found in zip(mask.heights_m, mask.elevations_deg, strict=True):
        np.testing.assert_allclose(found, -math.degrees(math.acos(R / (R + height_m))), atol=1e-6)
    assert mask.provenance["terrain_reach"].startswith("complete")
    assert mask.ground_height_m == pytest.approx(0.0)


@settings(max_examples=25, deadline=None)
@given(
    latitude_deg=st.floats(-90.0, -89.0),
    longitude_deg=st.floats(-180.0, 360.0),
    peak_column=st.integers(-300, 300),
    peak_row=st.integers(-300, 300),
)
def test_a_lone_peak_stands_where_spherical_trigonometry_puts_it(latitude_deg, longitude_deg, peak_column, peak_row):
    peak_x, peak_y, peak_m = 100.0 * peak_column, -100.0 * peak_row, 2000.0
    peak = unit_vectors(SOUTH, peak_x, peak_y)
    azimuth_deg, angle_deg = bearing_deg(latitude_deg, longitude_deg, *latitude_longitude(peak))
    distance_m = math.radians(angle_deg) * R
    if distance_m < 2000.0:
        return
    dem = polar_dem(lambda up: 0.0 * up[..., 0], 40_000.0, 100.0)
    dem.heights_m[400 + peak_row, 400 + peak_column] = peak_m
    # Eight regular azimuths, one of which meets the peak's pixel centre exactly.
    azimuths_deg = azimuth_deg % 45.0 + 45.0 * np.arange(8)
    mask = point_horizon([dem], latitude_deg, longitude_deg, azimuths_deg=azimuths_deg)
    towards = int(azimuth_deg // 45.0)
    for k, height_m in enumerate(mask.heights_m):
        assert mask.elevations_deg[k, towards] == pytest.approx(elevation_deg(height_m, peak_m, angle_deg), abs=2e-5)
        others = np.delete(mask.elevations_deg[k], towards)
        np.testing.assert_allclose(others, -math.degrees(math.acos(R / (R + height_m))), atol=1e-5)


def test_a_cone_looks_like_its_tip():
    """From its foot the straight flank of a cone is lower than its tip; off to the side its flank falls away."""
    tip = unit_vectors(SOUTH, 0.0, 0.0)

    def cone(up: np.ndarray) -> np.ndarray:
        distance_m = R * np.arccos(np.clip(up @ tip, -1.0, 1.0))
        return np.maximum(0.0, 1500.0 - 0.3 * distance_m)

    dem = polar_dem(cone, 30_000.0, 50.0)
    latitude_deg = -90.0 + math.degrees(10_000.0 / R)
    # On the diagonal of the grid, so that left and right see mirrored pixels.
    mask = point_horizon([dem], latitude_deg, 45.0, observer_heights_m=(2.0,))
    angle_deg = math.degrees(10_000.0 / R)
    assert mask.elevation_at(180.0, 2.0) == pytest.approx(elevation_deg(2.0, 1500.0, angle_deg), abs=1e-4)
    # Flat Moon: the silhouette of a cone of half width w at distance D spans asin(w / D); 5000 m and 10000 m.
    silhouette = mask.elevations_deg[0] > 0.2
    assert mask.azimuths_deg[silhouette].min() == pytest.approx(150.0, abs=1.6)
    assert mask.azimuths_deg[silhouette].max() == pytest.approx(210.0, abs=1.6)
    np.testing.assert_allclose(mask.elevations_deg[0, 1:], mask.elevations_deg[0, :0:-1], atol=1e-6)


@pytest.mark.parametrize("wall_m", [20_000.0, 60_000.0, 120_000.0])
def test_a_ring_wall_sinks_with_curvature(wall_m):
    """A step to 2000 m at a known distance; its top is first reached within one pixel diagonal of it."""
    height_m, pixel_m = 2000.0, 250.0
    pole = unit_vectors(SOUTH, 0.0, 0.0)
    dem = polar_dem(lambda up: np.where(up @ pole <= math.cos(wall_m / R), height_m, 0.0), 150_000.0, pixel_m)
    mask = point_horizon([dem], -90.0, 0.0)
    for k, observer_m in enumerate(mask.heights_m):
        # The farthest wall has sunk below the flat ground's own horizon.
        dip_deg = math.degrees(math.acos(R / (R + observer_m)))
        nearest = max(elevation_deg(observer_m, height_m, math.degrees(wall_m / R)), -dip_deg)
        farthest = max(elevation_deg(observer_m, height_m, math.degrees((wall_m + 1.42 * pixel_m) / R)), -dip_deg)
        assert mask.elevations_deg[k].max() <= nearest + 1e-9
        assert mask.elevations_deg[k].min() >= farthest - 1e-5
    np.testing.assert_allclose(mask.elevations_deg[:, 0], mask.elevations_deg[:, 180], atol=1e-9)


def test_an_inclined_plane_rises_on_one_side():
    """A plane in space, tilted 3 deg towards 60 deg of azimuth; the ray's end is seen along it."""
    latitude_deg, longitude_deg, tilt, end_m = -89.5, 20.0, math.radians(3.0), 8000.0
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    up = np.array(
        [math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)]
    )
    east = np.array([-math.sin(longitude), math.cos(longitude), 0.0])
    north = np.cross(up, east)
    uphill = math.cos(math.radians(60.0)) * north + math.sin(math.radians(60.0)) * east
    normal = math.cos(tilt) * up - math.sin(tilt) * uphill
    rho = 2.0 * R * math.tan((math.pi / 2.0 + latitude) / 2.0)
    x, y = rho * math.sin(longitude), rho * math.cos(longitude)
    dem = polar_dem(lambda u: R * (up @ normal) / (u @ normal) - R, 10_000.0, 20.0, centre=(x, y))
    mask = point_horizon([dem], latitude_deg, longitude_deg, max_range_m=end_m, observer_heights_m=(2.0,))
    azimuths = np.radians(mask.azimuths_deg)[:, None]
    end = math.cos(end_m / R) * up + math.sin(end_m / R) * (np.cos(azimuths) * north + np.sin(azimuths) * east)
    sight = end * (R * (up @ normal) / (end @ normal))[:, None] - up * (R + 2.0)
    expected = np.degrees(np.arcsin(sight @ up / np.linalg.norm(sight, axis=1)))
    np.testing.assert_allclose(mask.elevations_deg[0], expected, atol=1e-4)
    assert mask.elevations_deg[0].max() == pytest.approx(3.0, abs=0.02)


def test_turning_the_terrain_turns_the_mask():
    dem = rough_dem(30_000.0, 100.0)
    # At the pole x points to azimuth 90 and y to azimuth 0; rot90 turns the map anticlockwise.
    turned = Dem(np.rot90(dem.heights_m), SOUTH, dem.west, dem.north, 100.0, 100.0, "turned")
    mask = point_horizon([dem], -90.0, 0.0)
    np.testing.assert_allclose(
        point_horizon([turned], -90.0, 0.0).elevation_at(mask.azimuths_deg - 90.0, 2.0),
        mask.elevations_deg[0],
        atol=1e-7,
    )
    np.testing.assert_allclose(
        point_horizon([dem], -90.0, 30.0).elevation_at(mask.azimuths_deg - 30.0, 2.0),
        mask.elevations_deg[0],
        atol=1e-7,
    )


@pytest.mark.parametrize("where", [(0.0, 0.0), (4900.0, 0.0), (5100.0, 300.0), (-9000.0, 7000.0)])
def test_nested_models_have_no_seam_and_no_hole(where):
    """The fine model has the coarse one's very surface, so with and without it the horizon is the same."""
    coarse = rough_dem(40_000.0, 200.0)
    fine = refined(coarse, slice(175, 226), slice(175, 226), 8)
    point = latitude_longitude(unit_vectors(SOUTH, *where))
    alone = point_horizon([coarse], *point, step_pixels=0.05)
    both = point_horizon([coarse, fine], *point)
    np.testing.assert_allclose(both.elevations_deg, alone.elevations_deg, atol=1e-3)
    assert both.ground_height_m == pytest.approx(alone.ground_height_m, abs=1e-6)


def test_no_data_in_the_fine_model_is_filled_from_the_coarse_one():
    coarse = rough_dem(40_000.0, 200.0)
    fine = refined(coarse, slice(175, 226), slice(175, 226), 8)
    whole = point_horizon([coarse, fine], -90.0, 0.0)
    fine.heights_m[230:290, 210:390] = np.nan
    holed = point_horizon([fine, coarse], -90.0, 0.0)
    np.testing.assert_allclose(holed.elevations_deg, whole.elevations_deg, atol=1e-3)


def test_a_spike_that_only_the_fine_model_has_is_seen_from_outside_it():
    coarse = polar_dem(lambda up: 0.0 * up[..., 0], 40_000.0, 1000.0)
    fine = polar_dem(lambda up: 0.0 * up[..., 0], 1000.0, 10.0, centre=(5000.0, 8000.0))
    fine.heights_m[0, 200] = 300.0
    spike = latitude_longitude(unit_vectors(SOUTH, 6000.0, 9000.0))
    point = (-89.7, -120.0)
    azimuth_deg, angle_deg = bearing_deg(*point, *spike)
    mask = point_horizon(
        [coarse, fine], *point, azimuths_deg=azimuth_deg % 90.0 + 90.0 * np.arange(4), observer_heights_m=(2.0,)
    )
    found = mask.elevations_deg[0, int(azimuth_deg // 90.0)]
    # The spike is the fine model's very corner, so the ray leaves the model there: within one step of 5 m.
    assert found == pytest.approx(elevation_deg(2.0, 300.0, angle_deg), abs=0.03)


def test_the_projection_of_the_model_does_not_matter():
    def hills(up: np.ndarray) -> np.ndarray:
        return 300.0 * np.sin(up @ np.array([700.0, -300.0, 500.0])) * np.sin(up @ np.array([200.0, 900.0, 100.0]))

    degrees_to_m = math.radians(1.0) * R
    longitudes_deg = np.arange(-183.0, -177.0, 0.004)
    latitudes_deg = np.arange(-71.0, -73.0, -0.002)
    x, y = np.meshgrid(longitudes_deg * degrees_to_m, latitudes_deg * degrees_to_m)
    flat = equirectangular_projection()
    equirectangular = Dem(
        hills(unit_vectors(flat, x, y)), flat, x[0, 0], y[0, 0], 0.004 * degrees_to_m, 0.002 * degrees_to_m, "eqc"
    )
    rho = 2.0 * R * math.tan(math.radians(18.0) / 2.0)
    polar = polar_dem(hills, 30_000.0, 50.0, centre=(0.0, -round(rho, -2)))
    one = point_horizon([equirectangular], -72.0, 180.0)
    other = point_horizon([polar], -72.0, -180.0)
    np.testing.assert_allclose(one.elevations_deg, other.elevations_deg, atol=0.01)


def test_half_pixel_steps_have_converged():
    dem = rough_dem(30_000.0, 100.0, seed=3)
    coarse, fine = (
        point_horizon([dem], -89.9, 10.0, azimuths_deg=np.arange(90) * 4.0, step_pixels=step) for step in (0.5, 0.02)
    )
    difference = fine.elevations_deg - coarse.elevations_deg
    assert difference.min() > -1e-6 - 1e-3
    assert np.abs(difference).max() < 0.01
    assert np.abs(difference).mean() < 2e-4


def test_a_ray_that_ends_with_the_data_is_told():
    dem = polar_dem(lambda up: 0.0 * up[..., 0], 2_000.0, 40.0)
    assert "data end 2.0 km away" in point_horizon([dem], -90.0, 0.0).provenance["terrain_reach"]


def test_terrain_over_two_hundred_kilometres_away_is_seen():
    """A 7500 m wall 210 km from a 2000 m hill stands above the hill's own flat horizon."""
    dem = polar_dem(lambda up: 0.0 * up[..., 0], 230_000.0, 500.0)
    dem.heights_m[460, 460] = 2000.0
    dem.heights_m[:, 880] = 7500.0
    mask = point_horizon([dem], -90.0, 0.0, azimuths_deg=np.arange(4) * 90.0, observer_heights_m=(2.0,))
    expected = elevation_deg(2002.0, 7500.0, math.degrees(2.0 * math.atan(210_000.0 / (2.0 * R))))
    assert expected > -math.degrees(math.acos(R / (R + 2002.0)))
    assert mask.elevations_deg[0, 1] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latitude_deg": -80.0}, "no elevation model has data"),
        ({"latitude_deg": -91.0}, "there is no point at latitude -91"),
        ({"longitude_deg": 361.0}, "longitudes from -180"),
        ({"dems": []}, "at least one elevation model"),
        ({"observer_heights_m": ()}, "above the ground"),
        ({"observer_heights_m": (0.0,)}, "above the ground"),
        ({"observer_heights_m": (10.0, 2.0)}, "ascending"),
        ({"max_range_m": 0.0}, "range"),
        ({"step_pixels": 2.0}, "step"),
        ({"azimuths_deg": [0.0, 90.0]}, "180 deg apart"),
    ],
)
def test_wrong_arguments_are_refused(change, message):
    dem = polar_dem(lambda up: 0.0 * up[..., 0], 4_000.0, 200.0)
    arguments = {"dems": [dem], "latitude_deg": -90.0, "longitude_deg": 0.0} | change
    with pytest.raises(InputError, match=message):
        point_horizon(**arguments)


def test_a_point_on_missing_data_is_refused():
    dem = polar_dem(lambda up: 0.0 * up[..., 0], 4_000.0, 200.0)
    dem.heights_m[20, 20] = np.nan
    with pytest.raises(InputError, match="no elevation model has data"):
        point_horizon([dem], -90.0, 0.0)
