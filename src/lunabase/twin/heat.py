"""Temperatures of the thermal nodes.

    C dT/dt = P + G_ground (T_ground - T) + sum G_ij (T_j - T_i) + radiator + faces,
    radiator = A (absorptance S cos i - emissivity sigma (T^4 - T_sky^4)) while its heat switch is open.

The radiator's normal leans from the zenith away from the Sun, so that cos i = max(sin(elevation - tilt), 0); it sees
nothing but sky. Faces stand still and see Sun, sky and ground (`network`). One step is the Rosenbrock method ROS2
(Verwer et al. 1999, doi 10.1137/S1064827597326651) with the exact Jacobian and gamma = 1 + 1/sqrt(2): second order and
L-stable, so that no node, however light, limits the step.
"""

from __future__ import annotations

import math

from lunabase.compiled import within_step
from lunabase.twin.elimination import factor, solve

SKY_K = 3.0
"""Temperature of the sky that a radiator sees; the exact value does not matter."""
HYSTERESIS_K = 2.0
"""A heater goes off this far above the temperature at which it comes on."""
_GAMMA = 1.0 + 1.0 / math.sqrt(2.0)
_SKY_K4 = SKY_K**4


@within_step
def switch_heaters(nodes, temperature_k, heater_on):  # type: ignore[no-untyped-def]
    """Let the thermostats act on the present temperatures; returns the heaters' power together, W."""
    total_w = 0.0
    for node in range(temperature_k.size):
        if temperature_k[node] < nodes.setpoint_k[node]:
            heater_on[node] = True
        elif temperature_k[node] > nodes.setpoint_k[node] + HYSTERESIS_K:
            heater_on[node] = False
        if heater_on[node]:
            total_w += nodes.heater_w[node]
    return total_w


@within_step
def advance_temperatures(plant, live, now, node_w):  # type: ignore[no-untyped-def]
    """One step of all nodes, in place; ``node_w`` is the heat given to each, W; ``now`` a row of `inputs.STEP`.

    ``plant`` and ``live`` as in `plant`; ``plant.work`` holds what is worked out under way.
    """
    nodes, work, order, step_s = plant.nodes, plant.work, plant.network.order, plant.step_s
    temperature_k = live.temperature_k
    first, second, moved = work.first, work.second, work.moved
    _turn_switches(plant.switches, temperature_k, live.switch_open)
    _open_surfaces(plant, live.switch_open, now, node_w)
    _open_links(plant.network.links, live.switch_open, temperature_k, work.conductance)
    _fill_matrix(plant, temperature_k)
    factor(order, work.diagonal, work.lower, work.inverse)
    _net_heat(plant, temperature_k, node_w, now.ground_k, first)
    solve(order, work.inverse, work.lower, first)
    for node in range(temperature_k.size):
        moved[node] = temperature_k[node] + step_s * first[node]
    _net_heat(plant, moved, node_w, now.ground_k, second)
    for node in range(temperature_k.size):
        second[node] -= 2.0 * nodes.capacity_j_per_k[node] * first[node]
    solve(order, work.inverse, work.lower, second)
    for node in range(temperature_k.size):
        temperature_k[node] += step_s * (1.5 * first[node] + 0.5 * second[node])


@within_step
def _turn_switches(switches, temperature_k, is_open):  # type: ignore[no-untyped-def]
    for index in range(switches.size):
        here_k = temperature_k[switches[index].node]
        if is_open[index]:
            is_open[index] = here_k >= switches[index].closes_below_k
        else:
            is_open[index] = here_k >= switches[index].opens_above_k


@within_step
def _open_surfaces(plant, is_open, now, node_w):  # type: ignore[no-untyped-def]
    """What each node gives off, and the light and infrared that it takes, added to ``node_w``."""
    nodes, emission = plant.nodes, plant.work.emission
    for node in range(emission.size):
        emission[node] = 0.0
        if is_open[node]:
            emission[node] = nodes.emission_w_per_k4[node]
            cosine = max(now.sun_sin * nodes.cos_tilt[node] - now.sun_cos * nodes.sin_tilt[node], 0.0)
            node_w[node] += nodes.absorbing_m2[node] * now.flux_w_m2 * cosine
    if plant.network.faces.size > 0:
        _open_faces(plant.network.faces, is_open, now, emission, node_w)


@within_step
def _open_faces(faces, is_open, now, emission, node_w):  # type: ignore[no-untyped-def]
    ground_k4 = now.ground_k**4
    level_w_m2 = now.flux_w_m2 * max(now.sun_sin, 0.0)
    for index in range(faces.size):
        face = faces[index]
        if is_open[face.switch]:
            cosine = max(now.sun_sin * face.up + now.sun_east * face.east + now.sun_north * face.north, 0.0)
            emission[face.node] += face.emission_w_per_k4
            node_w[face.node] += face.absorbing_m2 * now.flux_w_m2 * cosine + face.reflected_m2 * level_w_m2
            node_w[face.node] += face.infrared_w_per_k4 * ground_k4


@within_step
def _open_links(links, is_open, temperature_k, conductance):  # type: ignore[no-untyped-def]
    for index in range(links.size):
        link = links[index]
        works = link.switch < 0 or is_open[link.switch]
        if link.one_way == 1 and temperature_k[link.a] <= temperature_k[link.b]:
            works = False
        conductance[index] = link.w_per_k if works else 0.0


@within_step
def _net_heat(plant, temperature_k, given_w, ground_k, net_w):  # type: ignore[no-untyped-def]
    nodes, emission, links = plant.nodes, plant.work.emission, plant.network.links
    for node in range(temperature_k.size):
        here_k = temperature_k[node]
        squared = here_k * here_k
        heat_w = given_w[node] + nodes.ground_w_per_k[node] * (ground_k - here_k)
        net_w[node] = heat_w - emission[node] * (squared * squared - _SKY_K4)
    for index in range(links.size):
        one, other = links[index].a, links[index].b
        heat_w = plant.work.conductance[index] * (temperature_k[other] - temperature_k[one])
        net_w[one] += heat_w
        net_w[other] -= heat_w


@within_step
def _fill_matrix(plant, temperature_k):  # type: ignore[no-untyped-def]
    """C - gamma dt J: diagonally dominant and symmetric."""
    nodes, links, work = plant.nodes, plant.network.links, plant.work
    weight_s = _GAMMA * plant.step_s
    for node in range(temperature_k.size):
        slope = nodes.ground_w_per_k[node]
        slope += 4.0 * work.emission[node] * temperature_k[node] * temperature_k[node] * temperature_k[node]
        work.diagonal[node] = nodes.capacity_j_per_k[node] + weight_s * slope
    for entry in range(work.lower.size):
        work.lower[entry] = 0.0
    for index in range(links.size):
        weighted = weight_s * work.conductance[index]
        work.lower[links[index].entry] -= weighted
        work.diagonal[links[index].a] += weighted
        work.diagonal[links[index].b] += weighted
