"""Faces, blankets, heat pipes and heat switches against balances written down by hand."""

import math

import numpy as np
import pytest
from twin_bench import Bench, node, surroundings

from lunabase.station.equipment import ThermalNode
from lunabase.station.thermal import Face, HeatPipe
from lunabase.twin.layout import FIRST_NODE
from lunabase.twin.network import network

SIGMA = 5.670374419e-8
LIMITS = {"minimum": "1 K", "maximum": "900 K"}
WALL = {"area": "2 m^2", "emissivity": 0.9, "absorptance": 0.3, "tilt": "90 deg"}


def bare(**changes):
    """A thermal node of the station file with nothing but a heat capacity."""
    blank = {
        "type": "thermal_node",
        "heat_capacity": "10 kJ/K",
        "radiator_area": "0 m^2",
        "radiator_emissivity": 0.9,
        "radiator_absorptance": 0.1,
        "ground_conductance": "0 W/K",
        "heater": "0 W",
        "heater_setpoint": "100 K",
        "initial_temperature": "290 K",
        "operating": LIMITS,
        "survival": LIMITS,
    }
    return ThermalNode.model_validate(blank | changes)


def settled_k(face, load_w=0.0, steps=20_000, **sky):
    """Temperature of a light node with one face after a long time."""
    faces = network({"box": bare(faces={"wall": WALL | face})}, on_ground=True).faces
    bench = Bench(
        surroundings(steps, array_w=load_w, **sky), load_w=load_w, nodes=node(capacity_j_per_k=2e3), faces=faces
    )
    *_, rows = bench.fly(bench.state(temperature_k=250.0))
    return rows[-1, FIRST_NODE]


def sun(azimuth_deg, elevation_deg, flux_w_m2=1361.0):
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    return {
        "flux_w_m2": flux_w_m2,
        "sun_sin": math.sin(elevation),
        "sun_cos": math.cos(elevation),
        "sun_east": math.cos(elevation) * math.sin(azimuth),
        "sun_north": math.cos(elevation) * math.cos(azimuth),
    }


@pytest.mark.parametrize(
    ("wall_deg", "sun_deg", "cosine"),
    [(90.0, 90.0, 1.0), (90.0, 30.0, 0.5), (0.0, 300.0, 0.5), (225.0, 225.0, 1.0)],
)
def test_a_wall_in_the_light_of_a_sun_at_the_horizon(wall_deg, sun_deg, cosine):
    got = settled_k({"azimuth": f"{wall_deg} deg"}, ground_k=0.0, **sun(sun_deg, 0.0))
    expected = (0.3 * 1361.0 * cosine / (0.9 * SIGMA) + 3.0**4) ** 0.25
    assert got == pytest.approx(expected, rel=1e-4)


def test_a_wall_that_faces_away_gets_no_light():
    wall = {"azimuth": "90 deg"}
    assert settled_k(wall, ground_k=0.0, **sun(270.0, 0.0)) == settled_k(wall, ground_k=0.0)


def test_a_wall_sees_half_ground_and_half_sky():
    """An upright wall without sunlight takes half of the ground's infrared, of emissivity 0.95 (Hayne et al. 2017)."""
    got = settled_k({}, ground_k=300.0)
    assert got == pytest.approx((0.5 * 0.95) ** 0.25 * 300.0, rel=1e-5)


def test_a_floor_sees_ground_alone_and_a_roof_sky_alone():
    assert settled_k({"tilt": "180 deg"}, ground_k=300.0) == pytest.approx(0.95**0.25 * 300.0, rel=1e-5)
    roof_k = settled_k({"tilt": "0 deg"}, load_w=100.0, ground_k=300.0)
    assert roof_k == pytest.approx((100.0 / (2.0 * 0.9 * SIGMA) + 3.0**4) ** 0.25, rel=1e-5)


def test_a_wall_takes_the_light_that_the_ground_throws_back():
    elevation_deg = 40.0
    got = settled_k({"azimuth": "180 deg"}, ground_k=0.0, **sun(0.0, elevation_deg))
    from_ground = 0.3 * 0.5 * 0.12 * 1361.0 * math.sin(math.radians(elevation_deg))
    assert got == pytest.approx((from_ground / (0.9 * SIGMA) + 3.0**4) ** 0.25, rel=1e-4)


def test_a_blanket_is_in_balance_on_its_outside():
    """Node at 293 K behind a blanket of emittance 0.02 on a wall in the dark: the outer layer solved by hand."""
    face = WALL | {"blanket_emittance": 0.02}
    row = network({"box": bare(faces={"wall": face})}, on_ground=True).faces[0]
    ground_w = 0.9 * 0.5 * 0.95 * SIGMA * 250.0**4
    outside_k4 = (0.02 * SIGMA * 293.0**4 + ground_w) / ((0.02 + 0.9) * SIGMA)
    expected_w = 2.0 * 0.02 * SIGMA * (293.0**4 - outside_k4)
    got_w = row["emission_w_per_k4"] * 293.0**4 - row["infrared_w_per_k4"] * 250.0**4
    assert got_w == pytest.approx(expected_w, rel=1e-12)


def test_in_orbit_a_face_sees_no_ground():
    row = network({"box": bare(faces={"wall": WALL})}, on_ground=False).faces[0]
    assert row["infrared_w_per_k4"] == row["reflected_m2"] == 0.0


def test_a_switch_with_hysteresis_swings_between_its_two_temperatures():
    nodes = node(emission_w_per_k4=SIGMA, capacity_j_per_k=2e4)
    bench = Bench(
        surroundings(20_000, array_w=100.0), load_w=100.0, nodes=nodes, closes_below_k=280.0, opens_above_k=290.0
    )
    *_, rows = bench.fly(bench.state(temperature_k=300.0))
    swinging_k = rows[10_000:, FIRST_NODE]
    step_k = 350.0 * 60.0 / 2e4  # more than a step changes at most
    assert 280.0 - step_k < swinging_k.min() < 280.0
    assert 290.0 < swinging_k.max() < 290.0 + step_k
    # What comes in while it swings goes out while it is open; between the two, 5 K around 285 K.
    rising = np.diff(swinging_k) > 0.0
    assert np.mean(np.diff(swinging_k)[rising]) == pytest.approx(100.0 * 60.0 / 2e4, rel=0.02)


def pipe_bench(pipe, start_k):
    nodes = {"hot": bare(heat_pipes={"cold": pipe}), "cold": bare()}
    links = network(nodes, on_ground=True).links
    bench = Bench(
        surroundings(300),
        nodes=node(2),
        links=links,
        closes_below_k=[0.0, 0.0, HeatPipe.model_validate(pipe).closes_below_k],
    )
    *_, rows = bench.fly(bench.state(temperature_k=np.array(start_k)))
    return rows[:, FIRST_NODE : FIRST_NODE + 2]


def test_a_heat_pipe_carries_heat_like_a_coupling_while_it_works():
    got = pipe_bench({"conductance": "1 W/K"}, [320.0, 240.0])
    elapsed_s = 60.0 * np.arange(1, 301)
    assert got[:, 0] - got[:, 1] == pytest.approx(80.0 * np.exp(-2.0 / 1e4 * elapsed_s), rel=1e-3)


def test_a_one_way_pipe_carries_nothing_back():
    assert pipe_bench({"conductance": "1 W/K", "one_way": True}, [240.0, 320.0])[-1].tolist() == [240.0, 320.0]
    forth = pipe_bench({"conductance": "1 W/K", "one_way": True}, [320.0, 240.0])[-1]
    assert forth[0] - forth[1] == pytest.approx(80.0 * math.exp(-2.0 / 1e4 * 18_000.0), rel=1e-3)


def test_a_pipe_closes_when_its_node_is_cold():
    got = pipe_bench({"conductance": "1 W/K", "closes_below": "300 K"}, [320.0, 240.0])
    assert 297.0 < got[-1, 0] <= 300.0
    assert got.sum(axis=1) == pytest.approx(560.0)


def test_paths_to_nodes_that_are_not_there_lead_nowhere():
    nodes = {"hot": bare(heat_pipes={"cold": {"conductance": "1 W/K"}}, couplings={"cold": "2 W/K"})}
    assert network(nodes, on_ground=True).links.size == 0


def test_opening_below_closing_is_refused():
    with pytest.raises(ValueError, match="opens_above"):
        Face.model_validate(WALL | {"closes_below": "290 K", "opens_above": "280 K"})
    with pytest.raises(ValueError, match="opens_above"):
        HeatPipe.model_validate({"conductance": "1 W/K", "closes_below": "290 K", "opens_above": "280 K"})
    with pytest.raises(ValueError, match="opens_above"):
        bare(radiator_closes_below="290 K", radiator_opens_above="280 K")


def test_many_coupled_nodes_keep_their_heat():
    generator = np.random.default_rng(3)
    coupling = np.triu(generator.uniform(0.0, 3.0, (8, 8)) * (generator.random((8, 8)) < 0.4), 1)
    capacity = generator.uniform(1e3, 1e5, 8)
    bench = Bench(surroundings(500), nodes=node(8, capacity_j_per_k=capacity), coupling_w_per_k=coupling)
    *_, rows = bench.fly(bench.state(temperature_k=generator.uniform(200.0, 350.0, 8)))
    heat_j = rows[:, FIRST_NODE : FIRST_NODE + 8] @ capacity
    assert np.max(np.abs(heat_j / heat_j[0] - 1.0)) < 1e-12
