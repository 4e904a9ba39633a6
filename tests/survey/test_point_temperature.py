"""The temperature of one point: that of a single site on a plain, that of its own slope, the width that shelter asks for."""

import numpy as np
import pytest

from lunabase.environment.dataset import environment
from lunabase.sky import SurfaceSite, open_kernels
from lunabase.survey import point_temperature as about
from lunabase.survey.point_temperature import point_temperature
from lunabase.terrain.dem import Dem
from lunabase.terrain.horizon import point_horizon
from lunabase.terrain.projection import local_projection
from lunabase.times import TimeGrid

PLACE = (-20.0, 40.0)
MONTH = TimeGrid.from_utc("2030-03-01", 355, 7200.0)


def model(height_of, pixel_m=100.0, side=61):
    along = (np.arange(side) - side // 2) * pixel_m
    heights_m = np.broadcast_to(height_of(along[None, :], -along[:, None]), (side, side)).astype(np.float32)
    half_m = side // 2 * pixel_m
    return Dem(heights_m, local_projection(*PLACE), -half_m, half_m, pixel_m, pixel_m, "made")


@pytest.fixture(autouse=True)
def small_map(monkeypatch):
    monkeypatch.setattr(about, "PIXELS", 5)


def temperature(dem):
    horizon = point_horizon([dem], *PLACE, observer_heights_m=(2.0,))
    return point_temperature([dem], *PLACE, horizon, MONTH, open_kernels()), horizon


def test_a_plain_is_as_warm_as_a_single_site():
    """The site's own temperature comes from another loop over one column, without a map."""
    found, horizon = temperature(model(lambda x, y: 0.0 * x * y))
    site = environment(SurfaceSite(*PLACE), MONTH, horizon=horizon, kernels=open_kernels())["surface_temperature"]
    for measure in (np.min, np.mean, np.max):
        assert measure(found.series.to_numpy()) == pytest.approx(measure(site.to_numpy()), abs=1.0)
    assert "pixels of 100 m" in found.words


def test_a_slope_towards_the_equator_is_warmer_at_noon_and_as_a_slope_would_be():
    """20 deg towards north at 20 S is level ground of the equator: noon as there (Hayne et al. 2017: 385 K)."""
    found, _ = temperature(model(lambda x, y: -np.tan(np.radians(20.0)) * y))
    assert float(found.series.max()) == pytest.approx(385.0, abs=6.0)


def test_shelter_asks_for_a_wide_map():
    """Walls of 3 km all round, 9 km away; a model that doesn't reach 15 km is used for what it holds."""
    found, _ = temperature(model(lambda x, y: np.where(np.hypot(x, y) > 9000.0, 3000.0, 0.0), pixel_m=600.0))
    assert "within 15 km" in found.words
    found, _ = temperature(model(lambda x, y: np.where(np.hypot(x, y) > 1500.0, 1000.0, 0.0)))
    assert "pixels of 100 m" in found.words
