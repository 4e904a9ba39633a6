import math

import numpy as np
import pytest
from twin_bench import Bench, node, source, store, surroundings

from lunabase.twin.heat import HYSTERESIS_K
from lunabase.twin.layout import FIRST_NODE, HEATER, LOAD

SIGMA = 5.670374419e-8


def temperatures(bench, start_k):
    *_, rows = bench.fly(bench.state(temperature_k=start_k))
    return rows[:, FIRST_NODE : FIRST_NODE + bench.nodes.size]


@pytest.mark.parametrize("time_constant_s", [600.0, 36_000.0, 3.6e6])
def test_rc_cooling_to_the_ground(time_constant_s):
    nodes = node(capacity_j_per_k=0.5 * time_constant_s, ground_w_per_k=0.5)
    got = temperatures(Bench(surroundings(2000), nodes=nodes), 290.0)[:, 0]
    elapsed_s = 60.0 * np.arange(1, 2001)
    exact = 100.0 + 190.0 * np.exp(-elapsed_s / time_constant_s)
    # Second order: the error of a step is about (dt / tau)^3 / 3 of the difference, of the whole (dt / tau)^2.
    assert np.max(np.abs(got - exact)) < 190.0 * (60.0 / time_constant_s) ** 2


def test_radiative_cooling_from_300_k():
    capacity, area, emissivity = 5e4, 0.3, 0.85
    nodes = node(capacity_j_per_k=capacity, emission_w_per_k4=area * emissivity * SIGMA)
    got = temperatures(Bench(surroundings(20_000), nodes=nodes), 300.0)[:, 0]
    elapsed_s = 60.0 * np.arange(1, 20_001)
    # C dT/dt = -a T^4  =>  T^-3 = T0^-3 + 3 a t / C; the sky's 3 K change T by less than 1e-6 of it here.
    exact = (300.0**-3 + 3.0 * area * emissivity * SIGMA / capacity * elapsed_s) ** (-1.0 / 3.0)
    assert np.max(np.abs(got / exact - 1.0)) < 1e-5


def test_second_order_convergence():
    nodes = node(capacity_j_per_k=2e3, emission_w_per_k4=0.3 * SIGMA, ground_w_per_k=0.2)

    def end_k(step_s):
        return temperatures(Bench(surroundings(int(7200 / step_s), step_s), nodes=nodes), 320.0)[-1, 0]

    best = end_k(0.5)
    assert abs(end_k(30.0) - best) / abs(end_k(60.0) - best) == pytest.approx(0.25, abs=0.05)


@pytest.mark.parametrize("capacity_j_per_k", [1e-6, 1.0, 1e3, 1e5])
def test_light_nodes_do_not_limit_the_step(capacity_j_per_k):
    """A step far longer than the node's time constant overshoots a little and settles."""
    nodes = node(capacity_j_per_k=capacity_j_per_k, emission_w_per_k4=SIGMA, ground_w_per_k=1.0)
    got = temperatures(Bench(surroundings(100_000), nodes=nodes), 400.0)[:, 0]
    lowest = np.min(got)
    assert 1.0 * (100.0 - got[-1]) == pytest.approx(SIGMA * (got[-1] ** 4 - 3.0**4), rel=1e-3, abs=1e-3)
    assert lowest > got[-1] - 0.2 * (400.0 - got[-1])
    assert np.all(np.isfinite(got))


def test_radiator_in_sunlight_reaches_its_equilibrium():
    elevation, tilt = math.radians(40.0), math.radians(25.0)
    nodes = node(
        capacity_j_per_k=1e3,
        emission_w_per_k4=0.2 * 0.85 * SIGMA,
        absorbing_m2=0.2 * 0.1,
        sin_tilt=math.sin(tilt),
        cos_tilt=math.cos(tilt),
    )
    sun = surroundings(5000, flux_w_m2=1361.0, sun_sin=math.sin(elevation), sun_cos=math.cos(elevation))
    got = temperatures(Bench(sun, load_w=30.0, nodes=nodes), 290.0)[-1, 0]
    # The normal leans away from the Sun: incidence 90 deg - (elevation - tilt).
    absorbed_w = 30.0 + 0.2 * 0.1 * 1361.0 * math.sin(elevation - tilt)
    assert got == pytest.approx((absorbed_w / (0.2 * 0.85 * SIGMA) + 3.0**4) ** 0.25, rel=1e-6)


def test_upright_radiator_in_the_back_of_the_sun_gets_no_light():
    nodes = node(absorbing_m2=1.0, sin_tilt=1.0, cos_tilt=0.0)
    sun = surroundings(100, flux_w_m2=1361.0, sun_sin=math.sin(0.1), sun_cos=math.cos(0.1))
    assert temperatures(Bench(sun, nodes=nodes), 290.0)[-1, 0] == pytest.approx(290.0)


def test_closed_heat_switch_stops_the_radiator():
    nodes = node(emission_w_per_k4=SIGMA)
    got = temperatures(Bench(surroundings(3000), nodes=nodes, closes_below_k=280.0), 290.0)[:, 0]
    assert got[0] < 290.0
    assert got[-1] == pytest.approx(280.0, abs=3.0)
    assert got[-1] == got[-100]


def test_coupled_nodes_keep_their_heat_and_meet_at_its_mean():
    coupling = np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 0.5], [0.0, 0.5, 0.0]])
    bench = Bench(surroundings(20_000), nodes=node(3, capacity_j_per_k=[1e3, 4e3, 2e4]), coupling_w_per_k=coupling)
    got = temperatures(bench, np.array([350.0, 200.0, 280.0]))
    heat_j = got @ np.array([1e3, 4e3, 2e4])
    assert np.max(np.abs(heat_j / heat_j[0] - 1.0)) < 1e-12
    assert got[-1] == pytest.approx((350e3 + 800e3 + 5600e3) / 25e3, rel=1e-9)


def test_two_coupled_nodes_against_the_closed_form():
    bench = Bench(
        surroundings(600),
        nodes=node(2, capacity_j_per_k=[1e4, 3e4]),
        coupling_w_per_k=np.array([[0.0, 1.0], [1.0, 0.0]]),
    )
    got = temperatures(bench, np.array([320.0, 240.0]))
    elapsed_s = 60.0 * np.arange(1, 601)
    difference = 80.0 * np.exp(-(1.0 / 1e4 + 1.0 / 3e4) * elapsed_s)
    assert np.max(np.abs(got[:, 0] - got[:, 1] - difference)) < 80.0 * (60.0 / 7500.0) ** 2


def test_heater_holds_its_setpoint_with_two_kelvin():
    nodes = node(capacity_j_per_k=2e4, ground_w_per_k=0.1, heater_w=40.0, setpoint_k=266.0)
    *_, rows = Bench(surroundings(20_000), nodes=nodes).fly()
    settled = rows[5000:]
    slack_k = 40.0 * 60.0 / 2e4
    assert settled[:, FIRST_NODE].min() > 266.0 - slack_k
    assert settled[:, FIRST_NODE].max() < 266.0 + HYSTERESIS_K + slack_k
    # In the mean the heater replaces what goes to the ground.
    loss_w = 0.1 * (settled[:, FIRST_NODE].mean() - 100.0)
    assert settled[:, HEATER].mean() == pytest.approx(loss_w, rel=0.01)
    assert settled[:, LOAD].mean() == settled[:, HEATER].mean()


def test_radioisotope_and_battery_losses_warm_their_node():
    stores = store(capacity_j=1e12, discharge_efficiency=0.8, node=0)
    sources = source(heat_w=7.0, node=0)
    bench = Bench(surroundings(100), load_w=20.0, stores=stores, sources=sources, nodes=node(capacity_j_per_k=1e4))
    got = temperatures(bench, 290.0)[-1, 0]
    warmth_w = 20.0 + 20.0 * (1.0 / 0.8 - 1.0) + 7.0
    assert got == pytest.approx(290.0 + warmth_w * 6000.0 / 1e4)
