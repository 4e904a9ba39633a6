"""Temperatures of the thermal nodes.

    C dT/dt = P + G_ground (T_ground - T) + sum G_ij (T_j - T_i) + radiator,
    radiator = A (absorptance S cos i - emissivity sigma (T^4 - T_sky^4)) while its heat switch is open.

The radiator's normal leans from the zenith away from the Sun, so that cos i = max(sin(elevation - tilt), 0);
it sees nothing but sky. One step is the Rosenbrock method ROS2 (Verwer et al. 1999, doi
10.1137/S1064827597326651) with the exact Jacobian and gamma = 1 + 1/sqrt(2): second order and L-stable, so that
no node, however light, limits the step.
"""

from __future__ import annotations

import math

from numba import njit

SKY_K = 3.0
"""Temperature of the sky that a radiator sees; the exact value does not matter."""
HYSTERESIS_K = 2.0
"""A heater goes off this far above the temperature at which it comes on."""
_GAMMA = 1.0 + 1.0 / math.sqrt(2.0)


@njit(cache=True)
def switch_heaters(nodes, temperature_k, heater_on):  # type: ignore[no-untyped-def]
    """Let the thermostats act on the present temperatures; returns the heaters' power together, W."""
    total_w = 0.0
    for node in range(temperature_k.size):
        if temperature_k[node] < nodes[node].setpoint_k:
            heater_on[node] = True
        elif temperature_k[node] > nodes[node].setpoint_k + HYSTERESIS_K:
            heater_on[node] = False
        if heater_on[node]:
            total_w += nodes[node].heater_w
    return total_w


@njit(cache=True)
def advance_temperatures(  # type: ignore[no-untyped-def]
    nodes, coupling_w_per_k, temperature_k, node_w, now, step_s, work
):
    """One step of all nodes, in place; ``node_w`` is the heat given to each, W; ``now`` a row of `inputs.STEP`.

    ``work`` is scratch of shape (5 + nodes, nodes): opened radiators, absorbed light, three vectors, the matrix.
    """
    opened, absorbed_w, first, second, moved, matrix = work[0], work[1], work[2], work[3], work[4], work[5:]
    for node in range(temperature_k.size):
        opened[node] = 1.0 if temperature_k[node] >= nodes[node].closes_below_k else 0.0
        cosine = max(now.sun_sin * nodes[node].cos_tilt - now.sun_cos * nodes[node].sin_tilt, 0.0)
        absorbed_w[node] = node_w[node] + opened[node] * nodes[node].absorbing_m2 * now.flux_w_m2 * cosine
    _fill_matrix(nodes, coupling_w_per_k, temperature_k, opened, step_s, matrix)
    _factor(matrix)
    _net_heat(nodes, coupling_w_per_k, temperature_k, opened, absorbed_w, now.ground_k, first)
    _solve(matrix, first)
    for node in range(temperature_k.size):
        moved[node] = temperature_k[node] + step_s * first[node]
    _net_heat(nodes, coupling_w_per_k, moved, opened, absorbed_w, now.ground_k, second)
    for node in range(temperature_k.size):
        second[node] -= 2.0 * nodes[node].capacity_j_per_k * first[node]
    _solve(matrix, second)
    for node in range(temperature_k.size):
        temperature_k[node] += step_s * (1.5 * first[node] + 0.5 * second[node])


@njit(cache=True)
def _net_heat(nodes, coupling_w_per_k, temperature_k, opened, given_w, ground_k, net_w):  # type: ignore[no-untyped-def]
    for node in range(temperature_k.size):
        here_k = temperature_k[node]
        heat_w = given_w[node] + nodes[node].ground_w_per_k * (ground_k - here_k)
        heat_w -= opened[node] * nodes[node].emission_w_per_k4 * (here_k**4 - SKY_K**4)
        for other in range(temperature_k.size):
            heat_w += coupling_w_per_k[node, other] * (temperature_k[other] - here_k)
        net_w[node] = heat_w


@njit(cache=True)
def _fill_matrix(nodes, coupling_w_per_k, temperature_k, opened, step_s, matrix):  # type: ignore[no-untyped-def]
    """C - gamma dt J: diagonally dominant, so that it needs no pivoting."""
    weight_s = _GAMMA * step_s
    for node in range(temperature_k.size):
        slope = nodes[node].ground_w_per_k
        slope += 4.0 * opened[node] * nodes[node].emission_w_per_k4 * temperature_k[node] ** 3
        for other in range(temperature_k.size):
            coupling = coupling_w_per_k[node, other]
            matrix[node, other] = -weight_s * coupling
            slope += coupling
        matrix[node, node] = nodes[node].capacity_j_per_k + weight_s * slope


@njit(cache=True)
def _factor(matrix):  # type: ignore[no-untyped-def]
    """LU in place; most nodes touch few others, so zero multipliers are passed over."""
    size = matrix.shape[0]
    for pivot in range(size):
        for row in range(pivot + 1, size):
            if matrix[row, pivot] != 0.0:
                factor = matrix[row, pivot] / matrix[pivot, pivot]
                matrix[row, pivot] = factor
                for column in range(pivot + 1, size):
                    matrix[row, column] -= factor * matrix[pivot, column]


@njit(cache=True)
def _solve(matrix, vector):  # type: ignore[no-untyped-def]
    size = vector.size
    for row in range(size):
        for column in range(row):
            vector[row] -= matrix[row, column] * vector[column]
    for row in range(size - 1, -1, -1):
        for column in range(row + 1, size):
            vector[row] -= matrix[row, column] * vector[column]
        vector[row] /= matrix[row, row]
