"""The horizon of the ridge against a brute force over real elevation models, and against published light.

The brute force shares nothing with the rays: it takes every pixel (and points between pixels near by), works out
its elevation in space with plain vectors, and keeps the highest in each bin of azimuth.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import rasterio

from lunabase.terrain.dem import read_dem
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.mask import catalogue_mask

R = 1_737_400.0
TERRAIN = Path(__file__).parents[2].parent / "shared" / "data" / "terrain"
NAMES = ("site01_10m.tif", "ldem_84S_240m.tif", "lola_dem_south_1600m.tif")
RIDGE = (-89.44, 222.59)
BIN_DEG = 1.0

needs_terrain = pytest.mark.skipif(
    not all((TERRAIN / name).exists() for name in NAMES), reason="the LOLA elevation models are not there"
)


@pytest.fixture(scope="module")
def dems():
    return [read_dem(TERRAIN / name) for name in NAMES]


def between(values: np.ndarray, factor: int) -> np.ndarray:
    """Points between pixels: linear along rows, then along columns."""
    for _ in range(2):
        fine = np.arange((values.shape[1] - 1) * factor + 1) / factor
        pixels = np.arange(values.shape[1])
        values = np.array([np.interp(fine, pixels, row) for row in values]).T
    return values


def points(name: str, observer: np.ndarray, reach_m: float, factor: int, hole=None) -> np.ndarray:
    """Positions in space of a model's pixels within reach_m of the observer, refined; none inside `hole`."""
    with rasterio.open(TERRAIN / name) as raster:
        heights = raster.read(1).astype(float)
        x, y = (np.array(axis) for axis in raster.xy(np.arange(raster.height), np.arange(raster.width)))
    rho = 2.0 * R * np.tan((np.pi / 2.0 - np.arcsin(-observer[2])) / 2.0)
    here = rho * observer[:2][::-1] / np.hypot(*observer[:2])
    columns = np.abs(x - here[0]) <= reach_m
    rows = np.abs(y - here[1]) <= reach_m
    heights = between(heights[np.ix_(rows, columns)], factor)
    x_fine = np.linspace(x[columns][0], x[columns][-1], heights.shape[1])
    y_fine = np.linspace(y[rows][0], y[rows][-1], heights.shape[0])
    x_all, y_all = np.meshgrid(x_fine, y_fine)
    keep = np.ones(x_all.shape, dtype=bool)
    if hole is not None:
        west, south, east, north = hole
        keep = (x_all < west) | (x_all > east) | (y_all < south) | (y_all > north)
    longitude = np.arctan2(x_all[keep], y_all[keep])
    latitude = -np.pi / 2.0 + 2.0 * np.arctan(np.hypot(x_all[keep], y_all[keep]) / (2.0 * R))
    radius = R + heights[keep]
    cos_latitude = np.cos(latitude)
    return np.column_stack(
        [
            radius * cos_latitude * np.cos(longitude),
            radius * cos_latitude * np.sin(longitude),
            radius * np.sin(latitude),
        ]
    )


def highest_by_azimuth(position: np.ndarray, observer_m: np.ndarray) -> np.ndarray:
    """The highest elevation in each bin of azimuth, degrees; -90 in empty bins."""
    up = observer_m / np.linalg.norm(observer_m)
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east)
    north = np.cross(up, east)
    sight = position - observer_m
    azimuth = np.degrees(np.arctan2(sight @ east, sight @ north)) % 360.0
    elevation = np.degrees(np.arctan2(sight @ up, np.hypot(sight @ east, sight @ north)))
    highest = np.full(round(360.0 / BIN_DEG), -90.0)
    np.maximum.at(highest, (azimuth / BIN_DEG).astype(int) % highest.size, elevation)
    return highest


@needs_terrain
def test_rays_agree_with_brute_force(dems):
    rays_per_bin = 8
    count = round(360.0 / BIN_DEG) * rays_per_bin
    mask = point_horizon(dems, *RIDGE, azimuths_deg=(np.arange(count) + 0.5) * (360.0 / count))
    latitude, longitude = np.radians(RIDGE)
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    site = (-18_995.0, -19_995.0, -3_005.0, -4_005.0)
    middle = (-184_200.0, -184_200.0, 184_200.0, 184_200.0)
    layers = [
        points("site01_10m.tif", up, 300.0, 16),
        points("site01_10m.tif", up, 1_500.0, 4),
        points("site01_10m.tif", up, 20_000.0, 1),
        points("ldem_84S_240m.tif", up, 40_000.0, 4, site),
        points("ldem_84S_240m.tif", up, 400_000.0, 1, site),
        points("lola_dem_south_1600m.tif", up, 700_000.0, 1, middle),
    ]
    for height_m, elevations_deg in zip(mask.heights_m, mask.elevations_deg, strict=True):
        observer = up * (R + mask.ground_height_m + height_m)
        brute = np.max([highest_by_azimuth(layer, observer) for layer in layers], axis=0)
        difference = elevations_deg.reshape(-1, rays_per_bin).max(axis=1) - brute
        assert abs(np.median(difference)) < 0.003
        assert np.abs(difference).mean() < 0.005
        assert np.percentile(np.abs(difference), 99) < 0.05


@needs_terrain
def test_the_shipped_mask_is_what_the_models_give(dems):
    mask = catalogue_mask("shackleton-de-gerlache-ridge")
    again = point_horizon(dems, *RIDGE)
    np.testing.assert_allclose(again.elevations_deg, mask.elevations_deg, atol=1e-4)


@needs_terrain
def test_the_coarse_model_alone_is_degrees_wrong_on_the_ridge(dems):
    """The note that comes with the models: 1600 m errs by about 1.2 degrees RMS there, 240 m by about 0.2."""
    whole = point_horizon(dems, *RIDGE).elevations_deg[1]
    rms_1600, rms_240 = (
        np.sqrt(np.mean((point_horizon(part, *RIDGE).elevations_deg[1] - whole) ** 2)) for part in (dems[2:], dems[1:])
    )
    assert rms_1600 > 1.0
    assert rms_240 < 0.25


def sky_of_2020(step_s: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Azimuth and elevation in degrees of the Sun's and Earth's centres from the ridge, by CSPICE."""
    import lunarsky
    import skyfield_data
    import spiceypy

    kernels = Path(lunarsky.__file__).parent / "data"
    latitude, longitude = np.radians(RIDGE)
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    north = np.cross(up, east)
    # 2020-01-01 UTC is 69.18 s behind TDB.
    times_s = 20 * 365.25 * 86400.0 - 43200.0 + 69.18 + np.arange(0.0, 366.0 * 86400.0, step_s)
    sky = {}
    with spiceypy.KernelPool(
        [
            str(Path(skyfield_data.__file__).parent / "data" / "de421.bsp"),
            *map(str, sorted(kernels.rglob("*.bpc"))),
            *map(str, sorted(kernels.rglob("*.tf"))),
        ]
    ):
        for body in ("SUN", "EARTH"):
            state = [
                spiceypy.spkcpo(body, t, "MOON_ME", "OBSERVER", "LT+S", up * 1739.36, "MOON", "MOON_ME")[0][:3]
                for t in times_s
            ]
            sight = np.array(state) / np.linalg.norm(state, axis=1)[:, None]
            azimuth_deg = np.degrees(np.arctan2(sight @ east, sight @ north)) % 360.0
            sky[body] = (azimuth_deg, np.degrees(np.arcsin(sight @ up)))
    return sky


@pytest.mark.skipif(find_spec("spiceypy") is None, reason="spiceypy is not installed")
def test_the_ridge_is_sunlit_85_percent_of_2020_and_sees_earth_half_the_time():
    """85 +- 2 % at 2 m and Earth in view 49-51 %, after Bussey 2010, Gläser 2018 and Bryant (IPN PR 42-176)."""
    mask = catalogue_mask("shackleton-de-gerlache-ridge")
    above = {
        body: np.mean(elevation_deg > mask.elevation_at(azimuth_deg, 2.0))
        for body, (azimuth_deg, elevation_deg) in sky_of_2020(step_s=7200.0).items()
    }
    assert above["SUN"] == pytest.approx(0.85, abs=0.02)
    assert 0.49 <= above["EARTH"] <= 0.51
