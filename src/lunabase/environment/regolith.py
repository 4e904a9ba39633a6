"""Temperature of the lunar ground: a one-dimensional column of regolith under a varying Sun.

Equations and constants of Hayne et al. 2017, J. Geophys. Res. Planets 122, 2371, doi 10.1002/2017JE005387
(appendix A). The numbers are theirs; the solver is a fully implicit finite-volume scheme, stable at any step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

STEFAN_BOLTZMANN_W_M2_K4 = 5.670374419e-8
"""CODATA 2018 (exact in the SI)."""

SWEEPS = 2
"""Solutions per step; the later ones take conductivity and heat capacity from the one before."""
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
        Ground.of(ground),
        ground.interior_flux_w_m2,
    )
    return result


class Ground(NamedTuple):
    """Numbers of the ground as the kernels take them, all of one floating-point type."""

    capacity: tuple[float, float, float, float, float]
    """Coefficients of the heat capacity (J/kg/K), from T**4 down: Hayne et al. 2017, eq. A6."""
    least_capacity: float
    """The polynomial is negative below 1.3 K."""
    radiative: float
    """chi / 350**3, 1/K3."""
    emission: float
    """Emissivity times the Stefan-Boltzmann constant, W/m2/K4."""
    half: float
    """0.5 of the same type: a literal would turn float32 into float64."""

    @classmethod
    def of(cls, regolith: Regolith, kind: type[np.floating] = np.float64) -> Ground:
        """Return the numbers of a regolith as float64 or float32."""
        capacity = (8.9093e-9, -1.234e-5, 2.3616e-3, 2.7431, -3.6125)
        radiative = regolith.radiative_conductivity / 350.0**3
        emission = regolith.emissivity * STEFAN_BOLTZMANN_W_M2_K4
        rest = (kind(value) for value in (1e-3, radiative, emission, 0.5))
        return cls(tuple(kind(value) for value in capacity), *rest)  # type: ignore[arg-type]


@njit(cache=True)
def _integrate(  # type: ignore[no-untyped-def]
    flux, step, surface, layers, thickness, density, contact, ground, interior
):
    """March through `flux`; also the means of layers, of upward heat flow and conductance between them."""
    count = layers.size
    old = layers.copy()
    new = layers.copy()
    surfaces = np.empty(flux.size)
    mean_layers, flow, conductance = np.zeros(count), np.zeros(count - 1), np.zeros(count - 1)
    constant = np.empty(count)
    response = np.empty(count)
    mass = density * thickness / step
    for n in range(flux.size):
        for _ in range(SWEEPS):
            supply, stiffness = _eliminate(
                constant, response, old, new, surface, mass, thickness, contact, ground, interior
            )
            surface = _radiating_surface(surface, ground.emission, stiffness, flux[n] + supply)
            above = surface
            for i in range(count):
                above = constant[i] + response[i] * above
                new[i] = above
        surfaces[n] = surface
        for i in range(count):
            old[i] = new[i]
            mean_layers[i] += new[i] / flux.size
        for i in range(count - 1):
            over, under = conductivity(contact[i], new[i], ground), conductivity(contact[i + 1], new[i + 1], ground)
            link = over * under / (ground.half * (thickness[i] * under + thickness[i + 1] * over))
            flow[i] += link * (new[i + 1] - new[i]) / flux.size
            conductance[i] += link / flux.size
    return surfaces, new, mean_layers, flow, conductance


@njit(cache=True)
def _eliminate(  # type: ignore[no-untyped-def]
    constant, response, old, new, surface, mass, thickness, contact, ground, interior
):
    """Write each layer's new temperature as constant + response * (the one above), from the bottom up."""
    supply, stiffness = interior, 0.0
    here = conductivity(contact[-1], new[-1], ground)
    for i in range(old.size - 1, 0, -1):
        above = conductivity(contact[i - 1], new[i - 1], ground)
        product, resistance = above * here, 0.5 * (thickness[i - 1] * here + thickness[i] * above)
        storage = mass[i] * heat_capacity(ground.half * (old[i] + new[i]), ground)
        constant[i], response[i], supply, stiffness = balance(storage, old[i], supply, stiffness, product, resistance)
        here = above
    # The bare surface lies half a layer above the middle of the first one.
    product, resistance = conductivity(contact[0], ground.half * (surface + new[0]), ground), ground.half * thickness[0]
    storage = mass[0] * heat_capacity(ground.half * (old[0] + new[0]), ground)
    constant[0], response[0], supply, stiffness = balance(storage, old[0], supply, stiffness, product, resistance)
    return supply, stiffness


@njit(cache=True, inline="always", error_model="numpy")
def heat_capacity(temperature_k, ground):  # type: ignore[no-untyped-def]
    """Specific heat, J/kg/K."""
    a, b, c, d, e = ground.capacity
    t = temperature_k
    return max((((a * t + b) * t + c) * t + d) * t + e, ground.least_capacity)


@njit(cache=True, inline="always", error_model="numpy")
def conductivity(contact_w_m_k, temperature_k, ground):  # type: ignore[no-untyped-def]
    """Thermal conductivity, W/m/K: Hayne et al. 2017, eq. A4."""
    return contact_w_m_k + contact_w_m_k * ground.radiative * (temperature_k * temperature_k * temperature_k)


@njit(cache=True, inline="always", error_model="numpy")
def balance(storage, old, supply, stiffness, product, resistance):  # type: ignore[no-untyped-def]
    """One layer of the elimination: its temperature is constant + response * (the one above).

    storage: heat capacity per step (W/m2/K); old: temperature before the step; from below comes the heat
    supply - stiffness * T at this layer's temperature T; product / resistance: conductance to what lies above, kept
    apart to save a division). Returns constant, response, and supply and stiffness for what lies above.
    """
    heat, hold = storage * old + supply, storage + stiffness
    whole = hold * resistance + product
    response = product / whole
    return heat * resistance / whole, response, response * heat, response * hold


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
