"""Temperature maps against Ingersoll's bowl, the single site's temperature, and Diviner's permanent shadow."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from bowls import PIXEL_M, Bowl
from horizon_cubes import cube_of, polar_grid

from lunabase.environment.ground import surface_temperature_k
from lunabase.environment.regolith import STEFAN_BOLTZMANN_W_M2_K4, Regolith, layered_column
from lunabase.errors import InputError
from lunabase.sky import SurfaceSite, open_kernels
from lunabase.survey.columns import Columns
from lunabase.survey.temperature import temperature_map, tiles_of
from lunabase.survey.thermal_terrain import Sun, ThermalTerrain
from lunabase.terrain.dem import Dem, read_dem
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.mask import flat_mask
from lunabase.terrain.projection import local_projection
from lunabase.terrain.sweep import HorizonSweep
from lunabase.times import TimeGrid

TERRAIN = Path(__file__).parents[2].parent / "shared" / "data" / "terrain"
MONTH = TimeGrid.from_utc("2030-01-01", 121, 6 * 3600.0)
DAYS = TimeGrid.from_utc("2030-01-01", 41, 6 * 3600.0)
AU_KM = 149_597_870.7
SUN_KM = 695_700.0
CRATER_POINTS = [(45, 50), (6, 3), (30, 30)]


def level_dem(grid):
    return Dem(np.zeros(grid.shape), grid.projection, grid.west, grid.north, grid.pixel_m, grid.pixel_m, "level")


def level_map(latitude_deg, **options):
    grid = MapGrid(local_projection(latitude_deg, 30.0), -40.0, 40.0, 40.0, 3, 3)
    lines = np.zeros((36, 3, 3))
    return temperature_map(cube_of(grid, lines), level_dem(grid), MONTH, open_kernels(), **options)


@cache
def bowl_terrain():
    """A bowl of 80 pixels across, on ground without storage, heat from below and directions of its albedo."""
    ground = Regolith(albedo_cubic=0.0, albedo_eighth=0.0, interior_flux_w_m2=0.0)
    bowl = Bowl(91, 40.0)
    return bowl, ThermalTerrain(cube_of(bowl.grid, bowl.horizons_deg(90)), bowl.dem, ground, 2)


@pytest.mark.parametrize(("elevation_deg", "caught"), [(5.0, 0.94), (15.0, 0.97), (30.0, 0.98)])
def test_shadow_in_a_spherical_bowl(elevation_deg, caught):
    """Without storage the shadow has one temperature (Ingersoll et al. 1992): scattering, infrared, direct light.

    The rim in pixels catches less light than the round one, above all when the Sun reaches a sliver below it alone: the
    shadow's temperature is that of the light caught.
    """
    bowl, terrain = bowl_terrain()
    elevation = np.radians(elevation_deg)
    sun = Sun(AU_KM * np.array([np.cos(elevation), 0.0, -np.sin(elevation)]), SUN_KM)
    pixels = np.arange(bowl.grid.rows**2)
    temperature_k = terrain.balance([sun], 20).ravel()[: pixels.size]
    direct = terrain.fluxes(pixels).direct
    shadow = (bowl.out_m < 0.9 * bowl.rim_m).ravel() & (direct == 0.0)
    assert shadow.sum() > 500
    inside = (bowl.out_m < bowl.rim_m).ravel()
    area_m2 = PIXEL_M**2 * np.hypot(1.0, np.hypot(*np.gradient(bowl.heights_m, PIXEL_M))).ravel()
    fall_w = sun.flux_w_m2 * np.sin(elevation) * np.pi * bowl.rim_m**2
    light = (direct * area_m2)[inside].sum() / (1.0 - terrain.regolith.albedo) / fall_w
    assert caught < light < 1.0
    expected_k = bowl.shadow_k(elevation_deg, sun.flux_w_m2, terrain.regolith.albedo, terrain.regolith.emissivity)
    assert temperature_k[shadow].mean() == pytest.approx(expected_k * light**0.25, rel=0.003)
    assert temperature_k[shadow].std() < 0.01 * expected_k


def crater():
    """A crater of 40 pixels across and its surroundings at 85 S, with horizons."""
    bowl = Bowl(61, 20.0)
    west, north = float(bowl.grid.west), float(bowl.grid.north)
    grid = MapGrid(local_projection(-85.0, 30.0), west, north, PIXEL_M, 61, 61)
    dem = Dem(bowl.heights_m, grid.projection, west, north, PIXEL_M, PIXEL_M, "crater")
    sweep = HorizonSweep([dem], grid, (0.5,))
    cube = cube_of(grid, np.stack([sweep.planes(azimuth)[0] for azimuth in np.arange(0.0, 360.0, 10.0)]))
    return bowl, dem, cube


@cache
def whole_crater():
    _, dem, cube = crater()
    return temperature_map(cube, dem, DAYS, open_kernels(), depths_m=(0.5,), points=CRATER_POINTS)


@pytest.fixture
def _short_spin_up(monkeypatch):
    monkeypatch.setattr("lunabase.survey.temperature.SPIN_UP_S", 30 * 86400.0)
    monkeypatch.setattr("lunabase.survey.temperature._MOST_COARSE", 3)
    monkeypatch.setattr("lunabase.survey.temperature._MOST_FINE", 1)


@pytest.mark.usefixtures("_short_spin_up")
def test_a_crater_cut_by_the_border_is_warmed_from_outside():
    """Its half has the temperatures of the whole: surroundings bring nine tenths of what is missing without them."""
    bowl, dem, cube = crater()
    half = slice(30, None)
    alone = Dem(dem.heights_m[:, half], dem.projection, float(cube["x"][30]), dem.north, PIXEL_M, PIXEL_M, "half")
    inside = (bowl.out_m < bowl.rim_m)[:, half]
    whole_k = whole_crater().isel(x=half)["surface_temperature_mean"].values[inside]
    apart_k = {}
    for name, beyond in (("none", ()), ("known", (dem,))):
        cut = temperature_map(cube.isel(x=half), alone, DAYS, open_kernels(), depths_m=(0.5,), beyond=beyond)
        apart_k[name] = np.abs(cut["surface_temperature_mean"].values[inside] - whole_k)
    assert apart_k["none"].mean() > 5.0
    assert apart_k["known"].mean() < 0.1 * apart_k["none"].mean()
    assert apart_k["known"].max() < 1.5


@pytest.mark.usefixtures("_short_spin_up")
def test_tiles_do_not_show(monkeypatch):
    """A crater cut by the tiles is as in one piece, but for sunlit walls beyond the margin, which are seen coarser."""
    _, dem, cube = crater()
    monkeypatch.setattr("lunabase.survey.temperature.TILE_PIXELS", 31)
    kept = []

    def once(name, make):
        kept.append(name)
        return make()

    whole = whole_crater()
    tiled = temperature_map(cube, dem, DAYS, open_kernels(), depths_m=(0.5,), points=CRATER_POINTS, once=once)
    assert kept == ["0-0-30x30", "0-30-30x31", "30-0-31x30", "30-30-31x31"]
    for name in ("minimum", "mean", "maximum"):
        apart_k = np.abs(tiled - whole)[f"surface_temperature_{name}"].values
        assert apart_k.mean() < 0.1
        assert apart_k.max() < 2.0
    np.testing.assert_array_equal(tiled["point_x"], whole["point_x"])
    np.testing.assert_array_equal(tiled["point_y"], whole["point_y"])
    np.testing.assert_allclose(tiled["surface_temperature"], whole["surface_temperature"], atol=2.0)


@pytest.mark.usefixtures("_short_spin_up")
def test_tiles_without_terrain_stay_unknown(monkeypatch):
    monkeypatch.setattr("lunabase.survey.temperature.TILE_PIXELS", 4)
    monkeypatch.setattr("lunabase.survey.temperature.MARGIN_PIXELS", 1)
    grid = polar_grid(rows=4, columns=8)
    lines = np.zeros((8, 4, 8))
    lines[:, :, 3:] = np.nan
    cube, kernels = cube_of(grid, lines), open_kernels()
    maps = temperature_map(cube, level_dem(grid), DAYS, kernels)
    assert np.isnan(maps["surface_temperature_mean"]).values.tolist() == [[False] * 3 + [True] * 5] * 4
    with pytest.raises(InputError, match="height and a horizon"):
        temperature_map(cube, level_dem(grid), DAYS, kernels, points=[(0, 7)])


@pytest.mark.parametrize("latitude_deg", [0.0, -85.0])
def test_level_ground_is_as_the_site_says(latitude_deg):
    """The same ground at a site of `lunabase.environment`: other light, other solver, other spin-up."""
    maps = level_map(latitude_deg, points=[(1, 1)])
    site_k, _ = surface_temperature_k(
        SurfaceSite(latitude_deg, 30.0, 0.0), MONTH, flat_mask(), open_kernels(), Regolith()
    )
    series_k = maps["surface_temperature"].values[0]
    late = np.abs(series_k - site_k)
    assert np.percentile(late, 90) < 0.5
    assert late.max() < 3.0  # in the hours of sunrise
    assert float(maps["surface_temperature_maximum"][1, 1]) == pytest.approx(site_k.max(), abs=1.0)
    assert float(maps["surface_temperature_minimum"][1, 1]) == pytest.approx(site_k.min(), abs=1.0)
    assert float(maps["spin_up_drift"].max()) < 0.1


@cache
def haworth():
    """A map about Haworth crater at 1600 m, over a month, and its grid."""
    path = TERRAIN / "lola_dem_south_1600m.tif"
    if not path.exists():
        pytest.skip(f"no {path.name}")
    dem = read_dem(path)
    column, row = round((-7_000.0 - dem.west) / dem.pixel_width), round((dem.north - 77_000.0) / dem.pixel_height)
    whole = MapGrid(dem.projection, dem.west, dem.north, dem.pixel_width, *dem.heights_m.shape)
    grid = whole.part(row - 15, column - 15, 31, 31)
    sweep = HorizonSweep([dem], grid)
    cube = cube_of(grid, np.stack([sweep.planes(azimuth)[0] for azimuth in np.arange(0.0, 360.0, 5.0)]))
    cut_m = dem.heights_m[row - 15 : row + 16, column - 15 : column + 16]
    cut = Dem(cut_m, dem.projection, grid.west, grid.north, grid.pixel_m, grid.pixel_m, dem.source)
    return temperature_map(cube, cut, MONTH, open_kernels(), points=[(15, 15)]), grid


def test_permanent_shadow_is_cold_not_black():
    """Diviner: 25 to 70 K on the floor of Haworth."""
    maps, _ = haworth()
    floor = maps.isel(y=slice(12, 19), x=slice(12, 19))
    assert float(floor["surface_temperature_minimum"].min()) > 25.0
    assert 25.0 < float(floor["surface_temperature_mean"].mean()) < 70.0
    assert float(floor["surface_temperature_maximum"].median()) < 80.0
    assert float(maps["surface_temperature_maximum"].max()) > 180.0
    point = maps.isel(point=0)
    assert float(point["direct_flux"].max()) == 0.0
    assert 0.0 < float(point["scattered_flux"].mean()) < float(point["infrared_flux"].mean())


def test_fluxes_of_a_point_add_up():
    maps, _ = haworth()
    names = ("direct_flux", "scattered_flux", "infrared_flux", "ground_flux")
    whole = sum(maps[name].values for name in names)
    radiated = 0.95 * STEFAN_BOLTZMANN_W_M2_K4 * maps["surface_temperature"].values ** 4
    np.testing.assert_allclose(whole, radiated, rtol=1e-5)


def test_maps_hold_the_extremes_of_their_series():
    maps = level_map(-88.0, points=[(0, 2)])
    assert maps["temperature"].sizes == {"point": 1, "depth": 3, "time": MONTH.count}
    surface_k = maps["surface_temperature"].values[0]
    assert float(maps["surface_temperature_minimum"][0, 2]) <= surface_k.min()
    assert float(maps["surface_temperature_maximum"][0, 2]) >= surface_k.max()
    deep = maps["temperature"].values[0, 2]
    assert float(maps["temperature_minimum"][2, 0, 2]) == pytest.approx(deep.min(), abs=0.05)
    assert maps["temperature_mean"].attrs["units"] == "K"
    assert float(maps["point_x"][0]) == float(maps["x"][2])
    assert float(maps["depth"][2]) == 1.0


def test_any_number_of_threads_finds_the_same():
    bowl, _ = bowl_terrain()
    cube = cube_of(bowl.grid, bowl.horizons_deg(36)).isel(y=slice(20, 60), x=slice(20, 60))
    sun = Sun(AU_KM * np.array([np.cos(0.2), 0.0, -np.sin(0.2)]), SUN_KM)
    found = []
    for workers in (1, 2, 5):
        terrain = ThermalTerrain(cube, bowl.dem, Regolith(), workers)
        columns = Columns.uniform(layered_column(Regolith()), terrain.balance([sun], 3).ravel())
        flow = columns.no_flow()
        for _ in range(3):
            terrain.step(columns, sun, 7200.0, flow=flow)
        found.append((columns.surface_k, columns.layers_k, flow.flow, terrain.views.weights))
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_small_machine_gets_smaller_tiles(monkeypatch):
    """On a machine of 0.2 GB: 128 x 128 pixels and a margin, each of 8000 + 4 x 36 bytes, don't fit."""
    machine, small = os.sysconf, {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 50_000}
    monkeypatch.setattr("os.sysconf", lambda name: small[name] if name in small else machine(name))
    grid = polar_grid(rows=100, columns=150)
    tiles = tiles_of(cube_of(grid, np.zeros((36, 100, 150), np.float32)))
    assert {(tile.rows, tile.columns) for tile in tiles} == {(50, 50)}
    covered = np.zeros(grid.shape, int)
    for tile in tiles:
        covered[tile.slices] += 1
    assert (covered == 1).all()


def test_unknown_pixels_stay_unknown():
    grid = polar_grid(rows=5, columns=6)
    lines = np.zeros((8, 5, 6))
    lines[:, 1, 2] = np.nan
    dem = level_dem(grid)
    dem.heights_m[3, 4] = np.nan
    terrain = ThermalTerrain(cube_of(grid, lines), dem, Regolith(), 1)
    known = terrain.known.reshape(5, 6)
    assert not known[1, 2]
    assert not known[3, 4]
    assert known[0, 0]
    assert known[1, 1]


def test_what_makes_no_sense_is_refused():
    grid = polar_grid(rows=3, columns=3)
    cube = cube_of(grid, np.zeros((8, 3, 3)))
    kernels = open_kernels()
    with pytest.raises(InputError, match="depth"):
        temperature_map(cube, level_dem(grid), MONTH, kernels, depths_m=(0.1, 30.0))
    with pytest.raises(InputError, match="point"):
        temperature_map(cube, level_dem(grid), MONTH, kernels, points=[(3, 0)])
    elsewhere = level_dem(polar_grid(west=90_000.0, rows=3, columns=3))
    with pytest.raises(InputError, match="height and a horizon"):
        temperature_map(cube, elsewhere, MONTH, kernels)
    with pytest.raises(InputError, match="horizon_elevation"):
        temperature_map(cube.drop_vars("horizon_elevation"), level_dem(grid), MONTH, kernels)
