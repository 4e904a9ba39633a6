"""Temperature of the lunar ground: a one-dimensional column of regolith under a varying Sun.

Equations and constants of Hayne et al. 2017, J. Geophys. Res. Planets 122, 2371, doi 10.1002/2017JE005387
(appendix A). The numbers are theirs; the solver is a fully implicit finite-volume scheme, stable at any step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

STEFAN_BOLTZMANN_W_M2_K4 = 5.670374419e-8
"""CODATA 2018 (exact in the SI)."""

_SWEEPS = 2
_MOST_CYCLES = 40


@dataclass(frozen=True, slots=True)
class Regolith:
    """Thermal properties of the ground; by default the highlands of Hayne et al. 2017, table A1."""

    surface_density_kg_m3: float = 1100.0
    deep_density_kg_m3: float = 1800.0
    scale_depth_m: float = 0.07
    surface_conductivity_w_m_k: float = 7.4e-4
    deep_conductivity_w_m_k: float = 3.4e-3
    radiative_conductivity: float = 2.7
    """chi: the ratio of radiative to solid conduction at 350 K."""
    albedo: float = 0.12
    """Bond albedo at normal incidence; 0.07 for the maria."""
    albedo_cubic: float = 0.06
    albedo_eighth: float = 0.25
    emissivity: float = 0.95
    interior_flux_w_m2: float = 0.018


@dataclass(frozen=True, slots=True)
class Column:
    """The ground in layers, top to bottom, each array of shape (layers,)."""

    thickness_m: FloatArray
    depth_m: FloatArray
    """Depth of the middle of each layer."""
    density_kg_m3: FloatArray
    contact_conductivity_w_m_k: FloatArray
    regolith: Regolith


@dataclass(frozen=True, slots=True)
class Profile:
    """Temperatures of the ground at one instant."""

    surface_k: float
    layers_k: FloatArray


@dataclass(frozen=True, slots=True)
class SpinUp:
    """A settled start, and how well it has settled."""

    profile: Profile
    mean_layers_k: FloatArray
    """Mean temperature of each layer over the last cycle."""
    mean_surface_k: float
    cycles: int
    drift_k: float
    """Largest correction that the balance of mean heat flow still asked for after the last cycle."""


def albedo(incidence_deg: ArrayLike, regolith: Regolith) -> FloatArray:
    """Bond albedo at an angle of incidence (deg, 0 to 90, any shape).

    Hayne et al. 2017, eq. A8, after Keihm 1984, Icarus 60, 568.
    """
    incidence = np.asarray(incidence_deg, dtype=np.float64)
    return np.asarray(
        regolith.albedo
        + regolith.albedo_cubic * (incidence / 45.0) ** 3
        + regolith.albedo_eighth * (incidence / 90.0) ** 8
    )


def layered_column(
    regolith: Regolith, *, first_layer_m: float = 0.002, growth: float = 1.15, bottom_m: float = 4.0
) -> Column:
    """A column whose layers grow geometrically down to at least `bottom_m`.

    The default is 41 layers: 2 mm on top against a diurnal skin depth of about 40 mm, and a bottom well
    below the 0.3 m that the seasons of a polar site reach.
    """
    count = math.ceil(math.log1p(bottom_m * (growth - 1.0) / first_layer_m) / math.log(growth))
    thickness = first_layer_m * growth ** np.arange(count, dtype=np.float64)
    depth = np.cumsum(thickness) - 0.5 * thickness
    fade = np.exp(-depth / regolith.scale_depth_m)
    density = regolith.deep_density_kg_m3 - (regolith.deep_density_kg_m3 - regolith.surface_density_kg_m3) * fade
    conductivity = (
        regolith.deep_conductivity_w_m_k
        - (regolith.deep_conductivity_w_m_k - regolith.surface_conductivity_w_m_k) * fade
    )
    return Column(thickness, depth, density, conductivity, regolith)


def march(column: Column, profile: Profile, absorbed_flux_w_m2: ArrayLike, step_s: float) -> tuple[FloatArray, Profile]:
    """Surface temperature (K, shape (n,)) after each of n steps, and the ground as it is then.

    `absorbed_flux_w_m2` (shape (n,)) is the sunlight absorbed at the end of each step. Backward
    Euler with heat capacity at the middle and conductivity at the end of the step; the radiating surface is
    solved exactly in each step.
    """
    surface, layers, _, _, _ = _run(column, profile, absorbed_flux_w_m2, step_s)
    return surface, Profile(float(surface[-1]) if surface.size else profile.surface_k, layers)


def settle(column: Column, absorbed_flux_w_m2: ArrayLike, step_s: float, *, tolerance_k: float = 0.02) -> SpinUp:
    """The ground after the given light (W/m2 absorbed, shape (n,)) has been repeated for ever.

    The light must be one whole cycle. Waiting for metres of ground to settle would take decades of simulated
    time, so after each cycle the layers are shifted until the mean flow of heat through each boundary would
    equal the flow from the interior; the shift shrinks from cycle to cycle and ends below `tolerance_k`. At
    most 40 cycles; what remains is reported as `drift_k`.
    """
    flux = np.asarray(absorbed_flux_w_m2, dtype=np.float64)
    profile = _equilibrium(column, float(flux.mean()))
    interior = column.regolith.interior_flux_w_m2
    cycles = 0
    while True:
        surface, layers, mean_layers, mean_flow, mean_conductance = _run(column, profile, flux, step_s)
        shift = np.concatenate([[0.0], np.cumsum((interior - mean_flow) / mean_conductance)])
        cycles, drift = cycles + 1, float(np.abs(shift).max())
        if drift < tolerance_k or cycles == _MOST_CYCLES:
            break
        profile = Profile(float(surface[-1]), np.maximum(layers + shift, 0.5 * layers))
    return SpinUp(Profile(float(surface[-1]), layers), mean_layers, float(surface.mean()), cycles, drift)


def _equilibrium(column: Column, mean_flux_w_m2: float) -> Profile:
    """The temperature that radiates the mean flux, all the way down."""
    ground = column.regolith
    radiated = mean_flux_w_m2 + ground.interior_flux_w_m2
    temperature = (radiated / (ground.emissivity * STEFAN_BOLTZMANN_W_M2_K4)) ** 0.25
    return Profile(temperature, np.full(column.depth_m.size, temperature))


def _run(
    column: Column, profile: Profile, flux_w_m2: ArrayLike, step_s: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    ground = column.regolith
    result: tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray] = _integrate(
        np.ascontiguousarray(flux_w_m2, dtype=np.float64),
        float(step_s),
        profile.surface_k,
        profile.layers_k,
        column.thickness_m,
        column.density_kg_m3,
        column.contact_conductivity_w_m_k,
        ground.radiative_conductivity / 350.0**3,
        ground.emissivity * STEFAN_BOLTZMANN_W_M2_K4,
        ground.interior_flux_w_m2,
    )
    return result


@njit(cache=True)
def heat_capacity(temperature_k):  # type: ignore[no-untyped-def]
    """Specific heat, J/kg/K: Hayne et al. 2017, eq. A6, kept positive below the 1.3 K where it fails."""
    t = temperature_k
    return max((((8.9093e-9 * t - 1.234e-5) * t + 2.3616e-3) * t + 2.7431) * t - 3.6125, 1e-3)


@njit(cache=True)
def _integrate(  # type: ignore[no-untyped-def]
    flux, step, surface, layers, thickness, density, contact, radiative, emission, interior
):
    """March through `flux`; also the means of layers, of upward heat flow and conductance between them."""
    count = layers.size
    old = layers.copy()
    new = layers.copy()
    surfaces = np.empty(flux.size)
    mean_layers, flow, conductance = np.zeros(count), np.zeros(count - 1), np.zeros(count - 1)
    link = np.empty(count)
    constant = np.empty(count)
    response = np.empty(count)
    mass = density * thickness
    for n in range(flux.size):
        for _ in range(_SWEEPS):
            _link_layers(link, new, surface, thickness, contact, radiative)
            _eliminate(constant, response, link, old, new, mass, step, interior)
            surface = _radiating_surface(
                surface, emission, link[0] * (1.0 - response[0]), flux[n] + link[0] * constant[0]
            )
            above = surface
            for i in range(count):
                above = constant[i] + response[i] * above
                new[i] = above
        surfaces[n] = surface
        for i in range(count):
            old[i] = new[i]
            mean_layers[i] += new[i] / flux.size
        for i in range(count - 1):
            flow[i] += link[i + 1] * (new[i + 1] - new[i]) / flux.size
            conductance[i] += link[i + 1] / flux.size
    return surfaces, new, mean_layers, flow, conductance


@njit(cache=True)
def _link_layers(link, layers, surface, thickness, contact, radiative):  # type: ignore[no-untyped-def]
    """Conductance from each layer to the one above it (W/m2/K); above the first is the bare surface."""
    half = 0.5 * thickness[0] / (contact[0] * (1.0 + radiative * layers[0] ** 3))
    between = 0.5 * (surface + layers[0])
    link[0] = contact[0] * (1.0 + radiative * between**3) / (0.5 * thickness[0])
    for i in range(1, layers.size):
        below = 0.5 * thickness[i] / (contact[i] * (1.0 + radiative * layers[i] ** 3))
        link[i] = 1.0 / (half + below)
        half = below


@njit(cache=True)
def _eliminate(constant, response, link, old, new, mass, step, interior):  # type: ignore[no-untyped-def]
    """Write each layer's new temperature as constant + response * (the one above), from the bottom up."""
    from_below, stiffness = interior, 0.0
    for i in range(old.size - 1, -1, -1):
        storage = mass[i] * heat_capacity(0.5 * (old[i] + new[i])) / step
        denominator = storage + link[i] + stiffness
        constant[i] = (storage * old[i] + from_below) / denominator
        response[i] = link[i] / denominator
        from_below = link[i] * constant[i]
        stiffness = link[i] * (1.0 - response[i])


@njit(cache=True)
def _radiating_surface(guess, emission, conductance, supply):  # type: ignore[no-untyped-def]
    """Solve emission * T^4 + conductance * T = supply; Newton's steps fall monotonically after the first."""
    t = guess
    for _ in range(50):
        change = (emission * t**4 + conductance * t - supply) / (4.0 * emission * t**3 + conductance)
        t -= change
        if abs(change) < 1e-9 * t:
            break
    return t
