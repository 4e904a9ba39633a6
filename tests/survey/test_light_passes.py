"""The kernel of light and view maps: areas, directions across a tile, and spells on a Sun that runs in a circle."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lunabase.environment.discs import light_above_line
from lunabase.sky import SurfaceSite, look_arrays, open_kernels
from lunabase.survey.cube_pass import Window, map_axes, tile_of
from lunabase.survey.passes import (
    AZIMUTH,
    AZIMUTH_X,
    AZIMUTH_Y,
    ELEVATION,
    ELEVATION_X,
    ELEVATION_Y,
    LEVEL,
    RADIUS,
    WEIGHT,
    Block,
    direction,
    tally,
    visible_part,
)
from lunabase.survey.sky_track import columns, earth_track, sun_track
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.mask import catalogue_mask
from lunabase.terrain.projection import local_projection, polar_projection
from lunabase.times import TimeGrid

RADIUS_DEG = 0.266


@given(
    height=st.floats(-1.2, 1.2),
    slope=st.floats(-0.5, 0.5),
    azimuth_deg=st.floats(15.0, 345.0),
)
def test_area_above_a_straight_line_is_the_circular_segment(height, slope, azimuth_deg):
    # A straight line through the disc at right angles to it, `height` radii below its centre.
    azimuths = np.arange(360.0)
    line = slope * (azimuths - azimuth_deg) - height * RADIUS_DEG * np.hypot(1.0, slope)
    part = visible_part(line.astype(np.float32), *map(np.atleast_1d, (azimuth_deg, 0.0, RADIUS_DEG)))[0]
    u = np.clip(height, -1.0, 1.0)
    segment = 0.5 + (u * np.sqrt(1.0 - u * u) + np.arcsin(u)) / np.pi
    # The line is kept in single precision: 1e-6 of its hundred degrees, 4e-5 of the disc's radius.
    assert part == pytest.approx(segment, abs=1e-4)


def test_area_above_the_real_ridge():
    mask = catalogue_mask("shackleton-de-gerlache-ridge")
    line = mask.elevation_at(np.arange(360.0), 2.0)
    sun = look_arrays("sun", SurfaceSite(-89.44, 222.59), TimeGrid.from_utc("2020-01-01", 8784, 3600.0))
    exact, _ = light_above_line(sun.azimuth_deg, sun.elevation_deg, sun.angular_radius_deg, np.arange(360.0), line)
    ours = visible_part(line.astype(np.float32), sun.azimuth_deg, sun.elevation_deg, sun.angular_radius_deg)
    cut = (exact > 0.0) & (exact < 1.0)
    assert cut.sum() > 300
    assert np.abs(ours - exact).max() < 0.02
    assert np.sqrt(np.mean((ours - exact)[cut] ** 2)) < 1.5e-3
    assert abs(np.mean(ours - exact)) < 1e-5


PLACES = [
    ("pole", polar_projection("south"), 0.0, 0.0),
    ("north pole", polar_projection("north"), 4000.0, -9000.0),
    ("80 S", polar_projection("south"), 200e3, -230e3),
    ("45 N", local_projection(45.0, 30.0), 60e3, -40e3),
    ("equator", local_projection(0.0, 100.0), 30e3, 10e3),
]


@pytest.mark.parametrize(("projection", "x", "y"), [place[1:] for place in PLACES], ids=[place[0] for place in PLACES])
@pytest.mark.parametrize("make_track", [sun_track, earth_track])
def test_directions_are_linear_across_the_largest_tile(projection, x, y, make_track):
    name = "sun" if make_track is sun_track else "earth"
    grid = MapGrid(projection, x - 5600.0, y + 5600.0, 100.0, 113, 113)
    times = TimeGrid.from_utc("2021-03-01", 200, 5.1 * 3600.0)
    tile = tile_of(grid, Window(0, 0, 113, 113))
    table = columns(make_track(times, open_kernels()), tile).astype(np.float64)
    latitude_deg, longitude_deg = grid.latitude_longitude_deg()
    convergence_deg = grid.convergence_deg()
    for row, column in ((0, 0), (0, 112), (112, 60), (30, 0)):
        seen = look_arrays(name, SurfaceSite(latitude_deg[row, column], longitude_deg[row, column]), times)
        up = grid.unit_vectors()[row, column]
        dx, dy = up @ tile.east, up @ tile.north
        elevation_deg = table[:, ELEVATION] + table[:, ELEVATION_X] * dx + table[:, ELEVATION_Y] * dy
        azimuth_deg = table[:, AZIMUTH] + table[:, AZIMUTH_X] * dx + table[:, AZIMUTH_Y] * dy
        low = np.abs(seen.elevation_deg) < 59.0
        assert low.any() or name == "earth"
        error_deg = (azimuth_deg + convergence_deg[row, column] - seen.azimuth_deg + 180.0) % 360.0 - 180.0
        np.testing.assert_allclose(elevation_deg[low], seen.elevation_deg[low], atol=1e-3)
        across = np.cos(np.radians(seen.elevation_deg[low]))
        np.testing.assert_allclose(error_deg[low] * across, 0.0, atol=3e-3)
        np.testing.assert_allclose(table[:, RADIUS], seen.angular_radius_deg, rtol=2e-4)


def test_directions_of_the_slow_way_are_those_of_the_sky():
    grid = MapGrid(local_projection(0.0, 0.0), -3e3, 2e3, 500.0, 4, 5)
    times = TimeGrid.from_utc("2021-03-01", 300, 2.3 * 3600.0)
    track = earth_track(times, open_kernels())
    up, north = map_axes(grid, grid.x[[3]], grid.y[[1]])
    latitude_deg, longitude_deg = (values[1, 3] for values in grid.latitude_longitude_deg())
    seen = look_arrays("earth", SurfaceSite(latitude_deg, longitude_deg), times)
    ours = np.array([direction(up[0], north[0], place) for place in track.place_km])
    assert seen.elevation_deg.max() > 80.0  # near the zenith, where a tile's linear directions would fail
    np.testing.assert_allclose(ours[:, 1], seen.elevation_deg, atol=2e-5)
    error_deg = (ours[:, 0] + grid.convergence_deg()[1, 3] - seen.azimuth_deg + 180.0) % 360.0 - 180.0
    np.testing.assert_allclose(error_deg * np.cos(np.radians(seen.elevation_deg)), 0.0, atol=2e-5)


def circling_sun(steps, per_turn, elevation_deg):
    """A Sun at one elevation that goes round clockwise, `per_turn` steps a turn, half a step past north first."""
    track = np.zeros((steps, 10), dtype=np.float32)
    track[:, ELEVATION] = elevation_deg
    track[:, AZIMUTH] = (np.arange(steps) + 0.5) * 360.0 / per_turn % 360.0
    track[:, RADIUS], track[:, WEIGHT], track[:, LEVEL] = RADIUS_DEG, 1.0, -1.0
    return track


def block_of(lines_deg):
    pixels = lines_deg.shape[1]
    up = np.tile([0.0, 0.0, -1.0], (pixels, 1))
    zero = np.zeros(pixels, dtype=np.float32)
    return Block(lines_deg.astype(np.float32), zero, zero, up, np.tile([0.0, 1.0, 0.0], (pixels, 1)))


def wall(first, last, high=5.0, low=-5.0):
    """A horizon every degree that is high from one azimuth to another."""
    azimuths = np.arange(360)
    return np.where((azimuths >= first) & (azimuths <= last), high, low)


def test_spells_of_a_two_level_horizon():
    # Steps of 3 deg at 1.5, 4.5 ...; walls whose edges lie between the steps' discs. Pixel 0: one wall of
    # 90 deg (30 steps) in the middle of the turn; 1: dark from 270 over north to 30 (40 steps); 2: never; 3: always.
    lines = np.stack([wall(90, 180), np.maximum(wall(270, 360), wall(0, 30)), wall(0, 360), wall(-1, -1)], axis=1)
    limits = np.array([10, 30, 31, 40, 41, 240], dtype=np.int32)
    counted = tally(block_of(lines), circling_sun(240, 120, 0.0), np.zeros((240, 3)), limits)
    np.testing.assert_array_equal(counted.inside, [2 * 90, 2 * 80, 0, 240])
    # Pixel 1 starts and ends in the dark: spells of 10, 40 and 30 steps.
    np.testing.assert_array_equal(counted.longest_out, [30, 40, 240, 0])
    np.testing.assert_array_equal(counted.longest_in, [90, 80, 0, 240])
    np.testing.assert_array_equal(
        counted.long_outs, [[2, 3, 1, 0], [2, 2, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 1, 0]]
    )
    np.testing.assert_allclose(counted.visible, counted.inside, atol=1e-9)


@example(seed=1120, quiet=True)
@given(seed=st.integers(0, 2**32 - 1), quiet=st.booleans())
def test_counts_are_those_of_the_series_of_each_pixel(seed, quiet):
    """Whatever the kernel books together, the counts are those of the plain series."""
    random = np.random.default_rng(seed)
    steps, pixels = 200, 7
    # A quiet block is wholly lit or dark most of the time, the other hardly ever.
    lines = np.repeat(random.normal(0.0, 2.0, (36, 1)), pixels, axis=1) + random.normal(
        0.0, 0.05 if quiet else 1.0, (36, pixels)
    )
    track = circling_sun(steps, 70, 0.0)
    track[:, ELEVATION] = random.normal(0.0, 1.0, steps)
    track[:, WEIGHT] = random.choice([0.0, 0.5, 1.0], steps, p=[0.05, 0.05, 0.9])
    track[:, LEVEL] = np.where(track[:, WEIGHT] > 0.0, -1.0, np.inf)
    limits = np.array([2, 5], dtype=np.int32)
    counted = tally(block_of(lines), track, np.zeros((steps, 3)), limits)
    single = lines.astype(np.float32)
    for pixel in range(pixels):
        where = (track[:, column].astype(np.float64) for column in (AZIMUTH, ELEVATION, RADIUS))
        part = visible_part(np.ascontiguousarray(single[:, pixel]), *where)
        lit = (part > 0.0) & (track[:, WEIGHT] > 0.0)
        runs = [(key, len(list(run))) for key, run in groupby(lit)]
        dark = [length for key, length in runs if not key]
        assert counted.visible[pixel] == pytest.approx((part * track[:, WEIGHT]).sum(), abs=2e-3)
        assert counted.inside[pixel] == lit.sum()
        assert counted.any_part[pixel] == (part > 0.0).sum()
        # A disc cut by less than 2e-5 of its radius has the area 1 in single precision, whole or not.
        line = np.ascontiguousarray(single[:, pixel])
        azimuth, elevation, radius = (track[:, each].astype(np.float64) for each in (AZIMUTH, ELEVATION, RADIUS))
        surely, barely = (
            (visible_part(line, azimuth, elevation + shift * radius, radius) == 1.0).sum() for shift in (-1e-4, 1e-4)
        )
        assert surely <= counted.whole[pixel] <= barely
        assert counted.longest_out[pixel] == max(dark, default=0)
        assert counted.longest_in[pixel] == max((length for key, length in runs if key), default=0)
        assert [sum(length >= limit for length in dark) for limit in limits] == list(counted.long_outs[:, pixel])


def test_light_of_a_block_is_that_of_each_pixels_own_direction():
    """At 45 N a low Sun's azimuth differs by 0.04 deg across the block, on a horizon of slopes of 59 deg."""
    grid = MapGrid(local_projection(45.0, 30.0), 0.0, 0.0, 100.0, 32, 32)
    tile = tile_of(grid, Window(0, 0, 32, 32))
    track = sun_track(TimeGrid.from_utc("2021-03-01", 1400, 3600.0), open_kernels())
    x, y = (values.ravel() for values in np.meshgrid(grid.x, grid.y))
    up, north = map_axes(grid, x, y)
    saw_deg = 5.0 + np.abs(np.arange(360) % 12 - 6.0) * 10.0 / 6.0
    lines = np.repeat(saw_deg[:, None], up.shape[0], axis=1).astype(np.float32)
    block = Block(lines, (up @ tile.east).astype(np.float32), (up @ tile.north).astype(np.float32), up, north)
    table = columns(track, tile)
    half_deg = 0.5 * table[:, RADIUS] / np.cos(np.radians(table[:, ELEVATION]))
    ends_deg = np.stack([table[:, AZIMUTH] - half_deg, table[:, AZIMUTH] + half_deg])
    # Across a corner of the horizon a chord's end may not be shifted linearly: leave those steps out.
    smooth = (np.abs(ends_deg - np.rint(ends_deg)) > 0.07).all(axis=0)
    spread = []
    for k in np.flatnonzero(smooth & (table[:, ELEVATION] > 5.0) & (table[:, ELEVATION] < 15.0)):
        counted = tally(block, table[k : k + 1], track.place_km[k : k + 1], np.zeros(0, dtype=np.int32))
        spread.append(np.ptp(counted.visible))
        for pixel in (0, 31, 500, 992, 1023):
            seen = np.array([direction(up[pixel], north[pixel], track.place_km[k])])
            radius_deg = table[k : k + 1, RADIUS].astype(np.float64)
            part = visible_part(np.ascontiguousarray(lines[:, pixel]), seen[:, 0], seen[:, 1], radius_deg)
            assert counted.visible[pixel] == pytest.approx(part[0], abs=2e-3)
    assert max(spread) > 0.05


def test_terrain_at_the_edge_of_the_disc_counts():
    """The disc's centre is over a plain of -0.3 deg, its edge reaches past the foot of a cliff."""
    lines = np.repeat(wall(90, 270, high=5.0, low=-0.3)[:, None], 4, axis=1)
    track = circling_sun(1, 1, 0.0)
    track[:, AZIMUTH] = 88.9
    counted = tally(block_of(lines), track, np.zeros((1, 3)), np.zeros(0, dtype=np.int32))
    exact, _ = light_above_line(88.9, 0.0, RADIUS_DEG, np.arange(360.0), lines[:, 0])
    assert exact < 0.99
    np.testing.assert_allclose(counted.visible, exact, atol=0.06)
    assert (counted.whole == 0).all()
