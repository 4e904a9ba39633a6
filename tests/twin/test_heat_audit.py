"""Heat in minus heat out of a node is what its temperature gained: from telemetry and surroundings, not from the books."""

import numpy as np
from twin_bench import Bench, node, payload, store, surroundings, table

from lunabase.twin.layout import CHARGE, FIRST_NODE, HEATER, LOAD
from lunabase.twin.parameters import RADIO

SIGMA = 5.670374419e-8
CAPACITY, GROUND, AREA, EMISSIVITY, ABSORPTANCE = 5e4, 0.4, 0.3, 0.8, 0.2
IN, OUT = 0.9, 0.85  # efficiencies of the store
START_K = 270.0


def flown(step_s):
    """Two days of light and dark on one node that holds everything: loads, heater, radio, store and radiator."""
    steps = int(2 * 86_400 / step_s)
    hour = np.arange(steps) * step_s / 3600.0
    lit = hour % 12.0 < 7.0
    sky = surroundings(
        steps,
        step_s,
        array_w=200.0 * lit,
        flux_w_m2=1361.0 * lit,
        sun_sin=0.5,
        sun_cos=np.sqrt(0.75),
        ground_k=np.where(lit, 250.0, 120.0),
        direct=hour % 5.0 < 1.0,
    )
    bench = Bench(
        sky,
        load_w=40.0,
        nodes=node(
            capacity_j_per_k=CAPACITY,
            ground_w_per_k=GROUND,
            emission_w_per_k4=AREA * EMISSIVITY * SIGMA,
            absorbing_m2=AREA * ABSORPTANCE,
            heater_w=60.0,
            setpoint_k=260.0,
        ),
        stores=store(capacity_j=4e6, charge_efficiency=IN, discharge_efficiency=OUT, node=0),
        payloads=payload(1, bit_per_s=500.0),
        payload_on_w=9.0,
        radios=table(RADIO, 1, node=0, power_w=20.0, earth_bit_per_s=4e3),
    )
    *_, rows = bench.fly(bench.state(charge=0.5, temperature_k=START_K))
    return sky.rows, rows


def residual_j(step_s):
    """Heat in - heat out - C dT over the run and the heat in, J, with the telemetry."""
    sky, rows = flown(step_s)
    end_k = rows[:, FIRST_NODE]
    begin_k = np.concatenate([[START_K], end_k[:-1]])
    charge_w = rows[:, CHARGE]
    converter_w = np.where(charge_w > 0.0, (1.0 - IN) * charge_w, (1.0 - 1.0 / OUT) * charge_w)
    sun_w = AREA * ABSORPTANCE * sky["flux_w_m2"] * 0.5
    given_w = rows[:, LOAD] + converter_w + sun_w

    def leaving_w(here_k):
        return GROUND * (here_k - sky["ground_k"]) + AREA * EMISSIVITY * SIGMA * (here_k**4 - 3.0**4)

    lost_w = (leaving_w(begin_k) + leaving_w(end_k)) / 2.0  # trapezoid: as good as the method, second order
    came_j = given_w.sum() * step_s
    return came_j - lost_w.sum() * step_s - CAPACITY * (end_k[-1] - START_K), came_j, rows


def test_heat_in_minus_heat_out_is_what_the_node_gained():
    left_j, came_j, rows = residual_j(60.0)
    assert np.ptp(rows[:, FIRST_NODE]) > 10.0
    assert np.ptp(rows[:, HEATER]) > 0.0
    # A step's trapezoid and ROS2 are both wrong by about (dt / tau)^2 of the change, tau = 3.4e4 s here.
    tau_s = CAPACITY / (GROUND + 4.0 * AREA * EMISSIVITY * SIGMA * 270.0**3)
    assert abs(left_j) < (60.0 / tau_s) ** 2 * came_j


def test_what_is_left_of_the_audit_is_the_method_s_error():
    """A forgotten flow would stay when the step gets shorter; the error of a second-order method goes down."""
    assert abs(residual_j(15.0)[0]) < abs(residual_j(60.0)[0]) / 4.0


def test_audit_would_miss_no_heat_flow():
    """Half a watt of the 49 W of loads, forgotten, is far beyond what the audit allows."""
    _, came_j, rows = residual_j(60.0)
    forgotten_j = 0.5 * 60.0 * len(rows)
    tau_s = CAPACITY / (GROUND + 4.0 * AREA * EMISSIVITY * SIGMA * 270.0**3)
    assert forgotten_j > 100.0 * (60.0 / tau_s) ** 2 * came_j
