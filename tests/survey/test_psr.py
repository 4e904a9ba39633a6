"""Permanent shadow of terrain with a known answer, and the areas of masks."""

import csv

import numpy as np
import pytest
from horizon_cubes import cube_of, polar_grid
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lunabase.errors import LunabaseError
from lunabase.sky import open_kernels, sub_solar_point
from lunabase.survey.areas import areas, label, write_areas
from lunabase.survey.light_map import light_map
from lunabase.survey.psr import extreme_declination_deg, psr_map
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.projection import local_projection, polar_projection
from lunabase.times import TimeGrid

SUN_RADIUS_DEG = 0.2709


def test_the_sun_reaches_the_declination_of_the_books():
    # Obliquity of the Moon's equator to the ecliptic, 1.543 deg, plus the physical librations of its pole, below 0.04.
    extreme_deg = extreme_declination_deg(open_kernels())
    assert 1.543 < extreme_deg < 1.60
    hours = TimeGrid.from_utc("2032-01-01", 24 * 365, 3600.0).tdb_s
    assert np.abs(sub_solar_point(hours)[0]).max() < extreme_deg + 5e-4


def test_ring_walls_at_the_pole():
    """At the pole the upper limb climbs to the extreme declination and the Sun's radius, whatever the longitude."""
    grid = polar_grid(west=0.0, north=0.0, pixel_m=1.0, rows=1, columns=2)
    top_deg = extreme_declination_deg(open_kernels()) + SUN_RADIUS_DEG
    for wall_deg, psr, always in ((top_deg + 0.01, 1, 0), (top_deg - 0.01, 0, 0), (-top_deg - 0.01, 0, 1)):
        masks = psr_map(cube_of(grid, np.full((360, 1, 1), wall_deg)), open_kernels())
        assert (masks["psr"] == psr).all(), wall_deg
        assert (masks["always_lit"] == always).all(), wall_deg
    one_gap = np.where(np.arange(360) == 77, -5.0, top_deg + 5.0)[:, None, None]
    assert (psr_map(cube_of(grid, one_gap), open_kernels())["psr"] == 0).all()


def test_the_sun_shines_down_a_pit_at_the_equator():
    """Walls of 89.2 deg all round leave 0.8 deg about the zenith, which the Sun crosses at small declinations only."""
    grid = MapGrid(local_projection(0.0, 20.0), 0.0, 0.0, 20.0, 1, 2)
    pit = psr_map(cube_of(grid, np.full((360, 1, 1), 89.2)), open_kernels())
    assert (pit["psr"] == 0).all()
    # Three degrees off, its upper limb stays 3 - 1.58 - 0.27 deg from the zenith.
    grid = MapGrid(local_projection(3.0, 20.0), 0.0, 0.0, 20.0, 1, 2)
    for wall_deg, psr in ((89.2, 1), (88.4, 0)):
        assert (psr_map(cube_of(grid, np.full((360, 1, 1), wall_deg)), open_kernels())["psr"] == psr).all()


def bowl_horizon(grid, radius_m, depth_m):
    """Horizons inside a round crater with a level rim on a plain, by plane geometry: a floor of one depth."""
    x, y = np.meshgrid(grid.x, grid.y)
    azimuth = np.radians(np.arange(360.0))[:, None, None]
    along = x * np.sin(azimuth) + y * np.cos(azimuth)
    to_rim_m = -along + np.sqrt(np.maximum(radius_m**2 - x**2 - y**2 + along**2, 0.0))
    inside = np.hypot(x, y) < radius_m
    return np.where(inside, np.degrees(np.arctan2(depth_m, np.maximum(to_rim_m, 1e-3))), 0.0)


@pytest.mark.parametrize("pole", ["south", "north"])
def test_shadow_in_a_round_crater_at_the_pole(pole):
    grid = polar_grid(west=-5700.0, north=5700.0, pixel_m=300.0, rows=39, columns=39, pole=pole)
    lines_deg = bowl_horizon(grid, 5000.0, 260.0)
    masks = psr_map(cube_of(grid, lines_deg), open_kernels())
    # So near the pole the Sun's upper limb climbs to its extreme declination, give or take the colatitude.
    latitude_deg, _ = grid.latitude_longitude_deg()
    top_deg = extreme_declination_deg(open_kernels()) + SUN_RADIUS_DEG
    colatitude_deg = 90.0 - np.abs(latitude_deg)
    lowest_deg = lines_deg.min(axis=0)
    surely, never = lowest_deg > top_deg + colatitude_deg, lowest_deg < top_deg - colatitude_deg
    assert surely.sum() > 100
    assert (never & (lines_deg.max(axis=0) > top_deg)).sum() > 100
    assert (masks["psr"].values[0][surely] == 1).all()
    assert (masks["psr"].values[0][never] == 0).all()


def test_permanent_shadow_gets_no_light_in_a_cycle_and_the_margins_get_little():
    rough = np.random.default_rng(3).normal(0.0, 0.3, (36, 12, 12))
    grid = MapGrid(polar_projection("south"), 60e3, 60e3, 240.0, 12, 12)
    rise = np.linspace(0.0, 3.0, 12)[None, None, :] + 3.5
    cube = cube_of(grid, rough + rise)
    cycle = TimeGrid.from_utc("2020-01-01", 27_200, 6 * 3600.0)  # 18.6 years
    light = light_map(cube, cycle, open_kernels())
    psr = psr_map(cube, open_kernels())["psr"].values[0] == 1.0
    assert 10 < psr.sum() < 134
    assert (light["sun_above_terrain"].values[0][psr] == 0.0).all()
    dark = light["sun_above_terrain"].values[0] == 0.0
    assert dark.sum() - psr.sum() <= 15  # what six-hour steps miss
    assert light["light"].values[0][~psr].max() > 0.01


def test_area_of_a_disc_is_that_of_a_cap():
    grid = MapGrid(local_projection(20.0, 175.0), -60e3, 60e3, 500.0, 241, 241)
    up = grid.unit_vectors()
    centre = up[100, 170]
    found = areas(up @ centre > np.cos(20.0 / 1737.4), grid)
    assert len(found) == 1
    assert found[0].area_km2 == pytest.approx(2.0 * np.pi * 1737.4**2 * (1.0 - np.cos(20.0 / 1737.4)), rel=3e-3)
    latitude_deg, longitude_deg = grid.latitude_longitude_deg()
    assert found[0].latitude_deg == pytest.approx(latitude_deg[100, 170], abs=2e-3)
    assert found[0].longitude_deg == pytest.approx(longitude_deg[100, 170], abs=2e-3)


def flooded(mask):
    """Regions by filling from one seed after the other."""
    regions, left = [], set(map(tuple, np.argwhere(mask)))
    while left:
        region, front = set(), [left.pop()]
        while front:
            row, column = front.pop()
            region.add((row, column))
            around = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= around
            front += around
        regions.append(frozenset(region))
    return set(regions)


@settings(max_examples=60)
@given(mask=arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_labels_are_the_flooded_regions(mask):
    labels, count = label(mask)
    ours = {frozenset(map(tuple, np.argwhere(labels == k))) for k in range(1, count + 1)}
    assert ours == flooded(mask)
    assert ((labels > 0) == mask).all()


def test_areas_are_listed_largest_first_and_written(tmp_path):
    grid = polar_grid(pixel_m=1000.0, west=-4e3, north=4e3)
    mask = np.zeros((8, 8), dtype=bool)
    mask[0, 0] = mask[1, 1] = mask[4:7, 4:7] = mask[7, 0] = True
    found = areas(mask, grid)
    assert [each.pixels for each in found] == [9, 2, 1]
    assert [each.area_km2 for each in found] == pytest.approx([9.0, 2.0, 1.0], rel=1e-5)
    assert areas(mask, grid, least_km2=1.5) == found[:2]
    assert areas(np.zeros((8, 8), dtype=bool), grid) == []
    write_areas(found, tmp_path / "psr.csv")
    with (tmp_path / "psr.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["pixels"]) for row in rows] == [9, 2, 1]
    assert float(rows[0]["latitude_deg"]) == pytest.approx(found[0].latitude_deg, abs=1e-6)
    with pytest.raises(LunabaseError):
        write_areas(found, tmp_path / "psr.csv" / "below.csv")
