"""Terrains drawn from the elevations' error, and the spread of their light."""

import numpy as np
import pytest
from horizon_cubes import cube_of, polar_grid

from lunabase.errors import InputError
from lunabase.sky import open_kernels
from lunabase.survey.light_map import light_map
from lunabase.survey.light_spread import light_spread, perturbed_dem
from lunabase.terrain.dem import Dem
from lunabase.terrain.projection import polar_projection
from lunabase.times import TimeGrid


def plain(rows=400, columns=500, pixel_m=10.0):
    return Dem(
        np.zeros((rows, columns), dtype=np.float32), polar_projection("south"), 0.0, 0.0, pixel_m, pixel_m, "plain"
    )


@pytest.mark.parametrize("correlation_m", [0.0, 40.0])
def test_noise_has_the_size_and_correlation_it_is_said_to_have(correlation_m):
    noise = perturbed_dem(plain(), 0.5, seed=1, correlation_m=correlation_m).heights_m.astype(np.float64)
    assert noise.std() == pytest.approx(0.5, rel=0.05)
    for pixels in (1, 4, 8):
        expected = np.exp(-((10.0 * pixels / correlation_m) ** 2)) if correlation_m else 0.0
        for one, other in ((noise[pixels:], noise[:-pixels]), (noise[:, pixels:], noise[:, :-pixels])):
            assert np.mean(one * other) / noise.var() == pytest.approx(expected, abs=0.05)


def test_noise_follows_the_map_of_errors_and_the_seed():
    errors_m = np.zeros((400, 500))
    errors_m[:, 250:] = 2.0
    errors_m[0, 300] = np.nan
    first = perturbed_dem(plain(), errors_m, seed=5, correlation_m=20.0)
    assert (first.heights_m[:, :250] == 0.0).all()
    assert first.heights_m[0, 300] == 0.0
    assert first.heights_m[:, 250:].std() == pytest.approx(2.0, rel=0.1)
    again, other = (perturbed_dem(plain(), errors_m, seed=seed, correlation_m=20.0) for seed in (5, 6))
    np.testing.assert_array_equal(first.heights_m, again.heights_m)
    assert not np.array_equal(first.heights_m, other.heights_m)
    assert "seed 5" in first.source


def test_errors_that_make_no_sense_are_refused():
    for error_m, correlation_m in ((-1.0, 0.0), (1.0, -5.0), (np.ones((3, 3)), 0.0), (1.0, np.nan)):
        with pytest.raises(InputError):
            perturbed_dem(plain(), error_m, seed=0, correlation_m=correlation_m)


def test_spread_is_that_of_the_single_maps():
    grid = polar_grid(rows=2, columns=3)
    times = TimeGrid.from_utc("2020-01-01", 800, 3600.0)
    kernels = open_kernels()
    walls = np.random.default_rng(2).normal(0.5, 0.3, (4, 36, 2, 3))
    cubes = [cube_of(grid, wall) for wall in walls]
    spread = light_spread(iter(cubes), times, kernels)
    single = np.stack([light_map(cube, times, kernels)["light"].values for cube in cubes]).astype(np.float64)
    np.testing.assert_allclose(spread["light_mean"], single.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(spread["light_spread"], single.std(axis=0, ddof=1), atol=1e-6)
    np.testing.assert_array_equal(spread["light_high"], single.max(axis=0).astype(np.float32))
    assert spread["light_spread"].min() > 1e-3
    same = light_spread([cubes[0], cubes[0]], times, kernels)
    assert (same["light_spread"] == 0.0).all()
    with pytest.raises(InputError, match="two"):
        light_spread(cubes[:1], times, kernels)
