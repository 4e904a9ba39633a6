"""Many columns at once against the single column, published temperatures and Diviner."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lunabase.environment.regolith import (
    STEFAN_BOLTZMANN_W_M2_K4,
    Regolith,
    albedo,
    layered_column,
    march,
    settle,
)
from lunabase.survey.columns import LANES, Columns, to_blocks

LUNATION_S = 29.530588853 * 86400.0
STEPS = 709
THERMAL_DATA = Path(__file__).parents[2].parent / "shared" / "data" / "thermal"
LATITUDES_DEG = np.array([0.0, 30.0, 60.0, 85.0])


def lunation_flux(latitude_deg):
    """Light absorbed at 1 au without seasons, (STEPS, latitudes), from one step after noon."""
    hour_angle = np.arange(1, STEPS + 1)[:, None] * 2.0 * np.pi / STEPS
    up = np.clip(np.cos(np.radians(latitude_deg)) * np.cos(hour_angle), 0.0, None)
    return 1361.0 * up * (1.0 - albedo(np.degrees(np.arccos(up)), Regolith()))


@cache
def settled_lunation():
    """Surface temperatures (STEPS, latitudes) of a settled lunation, and the last shift that was asked for."""
    flux = lunation_flux(LATITUDES_DEG)
    mean = flux.mean(axis=0) / (0.95 * STEFAN_BOLTZMANN_W_M2_K4)
    columns = Columns.uniform(layered_column(Regolith()), mean**0.25)
    for _ in range(40):
        flow, surface_k = columns.no_flow(), []
        for absorbed in flux:
            columns.advance(to_blocks(absorbed), LUNATION_S / STEPS, flow)
            surface_k.append(columns.surface_k[0, : LATITUDES_DEG.size].copy())
        shift_k = columns.imbalance(flow, STEPS)
        if np.abs(shift_k).max() < 0.01:
            break
        columns.shift(shift_k)
    return np.array(surface_k), float(np.abs(shift_k).max())


def test_equator_noon_midnight_and_minimum():
    """Hayne et al. 2017, table A2."""
    surface_k, drift_k = settled_lunation()
    assert drift_k < 0.01
    assert surface_k[-1, 0] == pytest.approx(385.0, abs=5.0)
    assert surface_k[STEPS // 2 - 1, 0] == pytest.approx(101.0, abs=5.0)
    assert surface_k[:, 0].min() == pytest.approx(95.0, abs=5.0)


@pytest.mark.parametrize("latitude_deg", [0, 30])
def test_diviner_night_curve(latitude_deg):
    path = THERMAL_DATA / f"diviner_regtemp_lat{latitude_deg:02d}.csv"
    if not path.exists():
        pytest.skip(f"no Diviner curve at {path.name}")
    hours, observed_k = np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)
    surface_k = settled_lunation()[0][:, list(LATITUDES_DEG).index(latitude_deg)]
    modelled_k = np.interp(hours, np.arange(1, STEPS + 1) * 24.0 / STEPS, surface_k)
    np.testing.assert_allclose(modelled_k, observed_k, atol=1.5)  # the published bound is 5 K


@pytest.mark.parametrize("place", range(LATITUDES_DEG.size))
def test_single_column_settles_to_the_same(place):
    column = layered_column(Regolith())
    flux = lunation_flux(LATITUDES_DEG)[:, place]
    single_k, _ = march(column, settle(column, flux, LUNATION_S / STEPS).profile, flux, LUNATION_S / STEPS)
    surface_k = settled_lunation()[0][:, place]
    assert np.abs(surface_k - single_k).max() < 0.3
    assert surface_k.min() == pytest.approx(single_k.min(), abs=0.03)
    assert surface_k.max() == pytest.approx(single_k.max(), abs=0.03)
    assert surface_k.mean() == pytest.approx(single_k.mean(), abs=0.03)


def test_settled_columns_radiate_what_they_absorb():
    surface_k, _ = settled_lunation()
    radiated = (0.95 * STEFAN_BOLTZMANN_W_M2_K4 * surface_k**4).mean(axis=0)
    np.testing.assert_allclose(radiated, lunation_flux(LATITUDES_DEG).mean(axis=0) + 0.018, rtol=2e-4)


def test_steps_of_two_hours_change_little():
    """The longest step of a map, against hourly steps of the single column."""
    column = layered_column(Regolith())
    hourly = lunation_flux(30.0)[:, 0]
    start = settle(column, hourly, LUNATION_S / STEPS).profile
    single_k, _ = march(column, start, hourly, LUNATION_S / STEPS)
    columns = Columns.uniform(column, np.array([start.surface_k]))
    columns.layers_k[:] = start.layers_k[None, :, None]
    surface_k = []
    for absorbed in np.append(hourly[1::2], hourly[-1]):
        columns.advance(np.full((1, LANES), absorbed), 2.0 * LUNATION_S / STEPS)
        surface_k.append(columns.surface_k[0, 0])
    assert min(surface_k) == pytest.approx(single_k.min(), abs=0.2)
    assert max(surface_k) == pytest.approx(single_k.max(), abs=0.2)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(30.0, 390.0), min_size=1, max_size=3 * LANES), st.floats(0.0, 1400.0), st.integers(0, 200))
def test_a_column_does_not_know_its_neighbours(temperatures_k, absorbed, which):
    column = layered_column(Regolith())
    which %= len(temperatures_k)
    many = Columns.uniform(column, np.array(temperatures_k))
    alone = Columns.uniform(column, np.array(temperatures_k[which : which + 1]))
    for columns in (many, alone):
        for _ in range(3):
            columns.advance(np.full(columns.surface_k.shape, absorbed), 3600.0)
    block, lane = divmod(which, LANES)
    # Newton's steps end for a block together, which may differ in the last bits of float32.
    np.testing.assert_allclose(many.layers_k[block, :, lane], alone.layers_k[0, :, 0], rtol=0.0, atol=2e-4)


def test_blocks_keep_the_order_and_repeat_the_last():
    blocks = to_blocks(np.arange(LANES + 3.0))
    assert blocks.shape == (2, LANES)
    np.testing.assert_array_equal(blocks.ravel()[: LANES + 3], np.arange(LANES + 3.0))
    assert (blocks.ravel()[LANES + 3 :] == LANES + 2).all()
