"""Light maps against SPICE, against the exact light of a point, and against themselves."""

import numpy as np
import pytest
from horizon_cubes import cube_of, polar_grid

from lunabase.environment.discs import covered_fraction
from lunabase.environment.intervals import true_runs
from lunabase.errors import InputError
from lunabase.sky import open_kernels
from lunabase.survey.light_map import light_map
from lunabase.survey.point_light import cube_mask, light_series
from lunabase.terrain.grid import MapGrid
from lunabase.terrain.mask import catalogue_mask
from lunabase.terrain.projection import local_projection, polar_projection
from lunabase.times import TimeGrid

YEAR = TimeGrid.from_utc("2018-01-01", 8760, 3600.0)
"""With two total eclipses of the Moon, on 31 January and 27 July."""


def spice_sun(spice, grid, tdb_s):
    """Elevation and angular radius of the Sun (deg), and its part outside the Earth's shadow, by CSPICE."""
    place_km = 1737.4 * grid.unit_vectors()[0, 0]

    def seen(body):
        return np.array(
            [spice.spkcpo(body, t, "MOON_ME", "OBSERVER", "LT+S", place_km, "MOON", "MOON_ME")[0][:3] for t in tdb_s]
        )

    sun_km, earth_km = seen("SUN"), seen("EARTH")
    sun_range_km, earth_range_km = np.linalg.norm(sun_km, axis=1), np.linalg.norm(earth_km, axis=1)
    apart_deg = np.degrees(np.arccos(np.sum(sun_km * earth_km, axis=1) / sun_range_km / earth_range_km))
    elevation_deg = np.degrees(np.arcsin(sun_km @ place_km / 1737.4 / sun_range_km))
    radius_deg = np.degrees(np.arcsin(695_700.0 / sun_range_km))
    shadow_deg = np.degrees(np.arcsin(1.01 * 6378.137 / earth_range_km))
    return elevation_deg, radius_deg, 1.0 - covered_fraction(apart_deg, radius_deg, shadow_deg)


@pytest.mark.parametrize("wall_deg", [0.0, 0.9, -1.3])
def test_ring_wall_at_the_pole_against_spice(spice, wall_deg):
    grid = polar_grid(west=0.0, north=0.0, rows=1, columns=2)
    times = TimeGrid.from_utc("2019-07-25", 4380, 7200.0)  # penumbral eclipses only: no darkness
    result = light_map(cube_of(grid, np.full((360, 1, 1), wall_deg)), times, open_kernels())
    elevation_deg, radius_deg, shining = spice_sun(spice, grid, times.tdb_s)
    u = np.clip((elevation_deg - wall_deg) / radius_deg, -1.0, 1.0)
    part = 0.5 + (u * np.sqrt(1.0 - u * u) + np.arcsin(u)) / np.pi
    pixel = result.isel(height=0, y=0, x=0)
    assert float(pixel["light"]) == pytest.approx(np.mean(part * shining), abs=1e-5)
    assert float(pixel["lit_share"]) == pytest.approx(np.mean(u > -1.0), abs=1.5 / times.count)
    days = np.diff(true_runs(u <= -1.0)).max(initial=0) / 12.0
    assert float(pixel["longest_dark"]) == pytest.approx(days, abs=1.01 / 12.0)
    assert float(pixel["longest_lit"]) == pytest.approx(np.diff(true_runs(u > -1.0)).max() / 12.0, abs=1.01 / 12.0)


def ridge_cube(grid, heights_m=(2.0, 10.0)):
    """The real ridge's horizon at every pixel, by grid azimuth, shifted a little from pixel to pixel."""
    mask = catalogue_mask("shackleton-de-gerlache-ridge")
    rough = np.random.default_rng(7).normal(0.0, 0.2, grid.shape)
    lines = np.stack([mask.elevation_at(np.arange(360.0), height) for height in heights_m])
    return cube_of(grid, lines[:, :, None, None] + rough, heights_m)


def test_map_is_the_exact_light_of_its_pixels():
    grid = MapGrid(polar_projection("south"), -12_000.0, -11_000.0, 700.0, 3, 4)
    cube = ridge_cube(grid)
    result = light_map(cube, YEAR, open_kernels())
    for height, row, column in ((0, 0, 0), (0, 2, 3), (0, 1, 1), (1, 2, 0), (1, 0, 3)):
        mask, site = cube_mask(cube, row, column)
        exact = light_series(mask, site, YEAR, open_kernels(), height_m=float(cube["height"][height])).values
        pixel = result.isel(height=height, y=row, x=column)
        nights = np.diff(true_runs(exact <= 0.0)).ravel()
        assert float(pixel["light"]) == pytest.approx(exact.mean(), abs=5e-5)  # 0.05 points asked for
        assert float(pixel["lit_share"]) * YEAR.count == pytest.approx((exact > 0.0).sum(), abs=3.0)
        assert float(pixel["longest_dark"]) * 24.0 == pytest.approx(nights.max(), abs=1.01)
        for length, count in zip(pixel["night_length"].values, pixel["nights"].values, strict=True):
            # A night within a step of the limit may fall to either side.
            longer, surely = (nights >= 24.0 * length - 1.0).sum(), (nights >= 24.0 * length + 1.0).sum()
            assert surely <= count <= longer


def test_dark_below_a_part_of_the_disc():
    grid = MapGrid(polar_projection("south"), -12_000.0, -11_000.0, 700.0, 1, 2)
    cube = ridge_cube(grid, (2.0,))
    result = light_map(cube, YEAR, open_kernels(), dark_below=0.5)
    exact = light_series(*cube_mask(cube, 0, 0), YEAR, open_kernels(), height_m=2.0).values
    lit, half = float(result["lit_share"][0, 0, 0]) * YEAR.count, (exact > 0.5).sum()
    assert lit == pytest.approx(half, abs=4.0)
    assert (exact > 0.0).sum() - half > 100  # so the limit matters
    with pytest.raises(InputError, match="part of a disc"):
        light_map(cube, YEAR, open_kernels(), dark_below=1.0)


def test_total_eclipse_darkens_a_plain_in_full_sun():
    grid = MapGrid(local_projection(0.0, 0.0), 0.0, 0.0, 100.0, 2, 2)  # the middle of the near side, full Moon
    times = TimeGrid.from_utc("2018-07-27T12:00", 24 * 12, 300.0)
    result = light_map(cube_of(grid, np.zeros((360, 1, 1))), times, open_kernels(), night_days=(1.0 / 24.0,))
    # NASA's Five Millennium Catalog (Espenak & Meeus): totality of 27 July 2018 lasts 103 min, the partial phases 234
    # min, the penumbral ones 374 min for the Moon as a whole. One point lies deep in the shadow for less than the time
    # in which any of the Moon is, and for more than that in which all of it is.
    dark_min = float(result["longest_dark"][0, 0, 0]) * 1440.0
    assert 103.0 < dark_min < 234.0
    assert (result["nights"] == 1.0).all()
    lost_min = (1.0 - float(result["light"][0, 0, 0])) * 1440.0
    assert dark_min < lost_min < 374.0
    assert (result["sun_above_terrain"] == 1.0).all()


def test_map_of_a_part_is_the_part_of_the_map():
    """Whatever tiles and blocks the pixels fall into."""
    grid = polar_grid(west=-20_000.0, north=15_000.0, pixel_m=60.0, rows=70, columns=150)
    cube = ridge_cube(grid, (2.0,))
    times = TimeGrid.from_utc("2020-01-01", 700, 3600.0)
    whole = light_map(cube, times, open_kernels())
    part = light_map(cube.isel(y=slice(13, 60), x=slice(40, 141)), times, open_kernels(), workers=1)
    cut = whole.isel(y=slice(13, 60), x=slice(40, 141))
    np.testing.assert_allclose(part["light"], cut["light"], atol=2e-5)
    assert np.mean(part["longest_dark"].values == cut["longest_dark"].values) > 0.99
    assert np.ptp(cut["light"].values) > 0.05


def test_two_regions_of_the_store_and_progress():
    grid = polar_grid(pixel_m=5.0, rows=2, columns=514)
    lines = np.where(np.arange(514) < 512, -5.0, 5.0)
    seen = []
    times = TimeGrid.from_utc("2020-01-01", 30, 86400.0)
    cube = cube_of(grid, np.broadcast_to(lines, (36, 2, 514)))
    result = light_map(cube, times, open_kernels(), progress=seen.append)
    np.testing.assert_array_equal(result["light"][0, 1], np.where(np.arange(514) < 512, 1.0, 0.0))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_pixels_without_horizon_are_nan_and_spoil_no_neighbour():
    grid = polar_grid(rows=3, columns=40)
    cube = ridge_cube(grid, (2.0,))
    times = TimeGrid.from_utc("2020-01-01", 700, 3600.0)
    clean = light_map(cube, times, open_kernels())
    holes = np.zeros(grid.shape, dtype=bool)
    holes[0, 0] = holes[1, 35] = holes[2, 33:] = True
    broken = cube.copy(deep=True)
    values = broken["horizon_elevation"].values.copy()
    values[:, :, holes] = np.nan
    values[0, :, 1, 36], values[0, 5, 1, 36] = values[0, :, 1, 36], np.nan  # one azimuth is enough
    broken["horizon_elevation"] = (cube["horizon_elevation"].dims, values)
    holes[1, 36] = True
    result = light_map(broken, times, open_kernels())
    for name in ("light", "lit_share", "longest_dark", "longest_lit", "nights"):
        np.testing.assert_array_equal(np.isnan(result[name].values[..., 0, :, :]).reshape(-1, *grid.shape)[0], holes)
    np.testing.assert_allclose(result["light"].values[0][~holes], clean["light"].values[0][~holes], atol=1e-6)
    nothing = broken.copy()
    nothing["horizon_elevation"] = nothing["horizon_elevation"] * np.nan
    assert np.isnan(light_map(nothing, times, open_kernels())["light"]).all()


def test_what_is_no_cube_is_refused():
    grid = polar_grid()
    cube = cube_of(grid, np.zeros((360, 1, 1)))
    times = TimeGrid.from_utc("2020-01-01", 3, 3600.0)
    with pytest.raises(InputError, match="horizon_elevation"):
        light_map(cube.rename(horizon_elevation="heights"), times, open_kernels())
    with pytest.raises(InputError, match="azimuths"):
        light_map(cube.isel(azimuth=slice(0, 300)), times, open_kernels())
    with pytest.raises(InputError, match="regular squares"):
        light_map(cube.isel(x=[0, 1, 3]), times, open_kernels())
    with pytest.raises(InputError, match="one pixel"):
        light_map(cube.isel(x=[0], y=[0]), times, open_kernels())
    with pytest.raises(InputError, match="coordinate system"):
        light_map(cube.drop_vars("spatial_ref"), times, open_kernels())
    with pytest.raises(InputError, match="night"):
        light_map(cube, times, open_kernels(), night_days=(0.0,))
    with pytest.raises(InputError, match="outside"):
        light_map(cube, TimeGrid.from_utc("2060-01-01", 3, 3600.0), open_kernels())
