"""Many columns of regolith at once: the layers of `environment.regolith`, a vector of columns at a time.

A single column is bound by the latency of its eliminations, one division after the other. Here the innermost loop
runs over 128 columns, which the compiler turns into vector instructions: nine times the speed. Both loops share the
arithmetic (`balance`, `conductivity`, `heat_capacity`) and the number of sweeps; with float32 instead of float64 the
temperatures of a lunation differ by less than 1e-4 K. A single sweep would be twice as fast and good to 0.01 K over a
lunation, but it doesn't conserve heat: the mean temperature at a few centimetres ends up to 0.1 K wrong at hourly
steps, so that spin-up never balances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lunabase.environment.regolith import SWEEPS, Column, Ground, balance, conductivity, heat_capacity

SingleArray = NDArray[np.float32]

LANES = 128
_FAST = {"contract", "arcp", "reassoc", "nsz", "nnan", "ninf"}
_MOST_NEWTON_STEPS = 20
_CLOSE_K = np.float32(1e-3)
"""End of Newton's steps: they converge quadratically, so what is left after a change of this size is below 1e-6 K."""


@dataclass(frozen=True, slots=True)
class HeatFlow:
    """Sums over steps of the upward heat flow through, and the conductance of, each boundary between layers.

    Each of shape (blocks, layers - 1, LANES).
    """

    flow: SingleArray
    conductance: SingleArray

    def part(self, blocks: slice) -> HeatFlow:
        """Return the sums of some blocks."""
        return HeatFlow(self.flow[blocks], self.conductance[blocks])


@dataclass(frozen=True, slots=True)
class Columns:
    """The ground under many pixels, in blocks of LANES; the last block may hold idle columns.

    surface_k: (blocks, LANES); layers_k: (blocks, layers, LANES).
    """

    column: Column
    surface_k: SingleArray
    layers_k: SingleArray

    @classmethod
    def uniform(cls, column: Column, temperature_k: SingleArray) -> Columns:
        """Return columns of one temperature each, (pixels,), all the way down."""
        surface_k = to_blocks(temperature_k)
        layers_k = np.repeat(surface_k[:, None, :], column.depth_m.size, axis=1)
        return cls(column, surface_k, layers_k)

    def no_flow(self) -> HeatFlow:
        """Return empty sums."""
        blocks, layers, lanes = self.layers_k.shape
        shape = (blocks, layers - 1, lanes)
        return HeatFlow(np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32))

    def part(self, blocks: slice) -> Columns:
        """Return some of the blocks; what is done to them is done to these."""
        return Columns(self.column, self.surface_k[blocks], self.layers_k[blocks])

    def advance(self, absorbed_w_m2: SingleArray, step_s: float, flow: HeatFlow | None = None) -> None:
        """March the columns by one step in place; absorbed: light and infrared at its end, (blocks, LANES).

        Adds the heat flow at the end of the step to `flow` where it is given. Lets other threads run.
        """
        _advance(self.surface_k, self.layers_k, absorbed_w_m2, *_numbers(self.column, step_s))
        if flow is not None:
            ground = Ground.of(self.column.regolith, np.float32)
            thickness, contact, *_ = _numbers(self.column, step_s)
            _add_flow(self.layers_k, flow.flow, flow.conductance, thickness, contact, ground)

    def imbalance(self, flow: HeatFlow, steps: int) -> SingleArray:
        """Shifts of the layers, K, after which the mean heat flow over so many steps would be that of the interior.

        As in `environment.regolith.settle`; (blocks, layers - 1, LANES), of all layers but the first.
        """
        missing = np.float32(self.column.regolith.interior_flux_w_m2 * steps) - flow.flow
        return np.asarray(np.cumsum(missing / flow.conductance, axis=1, dtype=np.float32))

    def shift(self, shift_k: SingleArray) -> None:
        """Shift all layers but the first in place, at most down to half their temperature."""
        layers_k = self.layers_k[:, 1:]
        np.maximum(layers_k + shift_k, np.float32(0.5) * layers_k, out=layers_k)


def to_blocks(values: SingleArray) -> SingleArray:
    """Return values (pixels, ...) as float32 blocks (blocks, LANES, ...), the last value repeated to fill up."""
    idle = -values.shape[0] % LANES
    filled = np.concatenate([values, np.repeat(values[-1:], idle, axis=0)]) if idle else values
    return np.ascontiguousarray(filled, dtype=np.float32).reshape(-1, LANES, *values.shape[1:])


def _numbers(column: Column, step_s: float) -> tuple[SingleArray, SingleArray, SingleArray, Ground, np.float32]:
    storage = column.density_kg_m3 * column.thickness_m / step_s
    ground = Ground.of(column.regolith, np.float32)
    interior = np.float32(column.regolith.interior_flux_w_m2)
    return (
        column.thickness_m.astype(np.float32),
        column.contact_conductivity_w_m_k.astype(np.float32),
        storage.astype(np.float32),
        ground,
        interior,
    )


@njit(cache=True, nogil=True)
def _advance(surface, layers, absorbed, thickness, contact, mass, ground, interior):  # type: ignore[no-untyped-def]
    for block in range(layers.shape[0]):
        _advance_block(surface[block], layers[block], absorbed[block], thickness, contact, mass, ground, interior)


@njit(cache=True, nogil=True)
def _advance_block(surface, layers, absorbed, thickness, contact, mass, ground, interior):  # type: ignore[no-untyped-def]
    """March the columns of one block by one step; layers hold the latest estimate of the step's end.

    The elimination leaves each layer's constant in its place. The loops take as few arrays as they can: each call
    makes sure that none of them overlap before it dares to work on vectors.
    """
    count = layers.shape[0]
    old, response = layers.copy(), np.empty_like(layers)
    supply, stiffness, above = np.empty_like(surface), np.empty_like(surface), np.empty_like(surface)
    for _ in range(SWEEPS):
        supply[:], stiffness[:] = interior, 0.0
        for i in range(count - 1, 0, -1):
            halves = (ground.half * thickness[i - 1], ground.half * thickness[i])
            _eliminate(
                layers[i], response[i], supply, stiffness, old[i], layers[i - 1],
                mass[i], (contact[i - 1], contact[i]), halves, ground,
            )  # fmt: skip
        _eliminate_first(
            layers[0], response[0], supply, stiffness, old[0], surface,
            mass[0], contact[0], ground.half * thickness[0], ground,
        )  # fmt: skip
        _radiate(surface, supply, stiffness, absorbed, ground)
        above[:] = surface
        for i in range(count):
            _substitute(above, response[i], layers[i])


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _eliminate(  # type: ignore[no-untyped-def]
    layer, response, supply, stiffness, old, over, mass, contact, halves, ground
):
    for j in range(layer.size):
        above, here = conductivity(contact[0], over[j], ground), conductivity(contact[1], layer[j], ground)
        storage = mass * heat_capacity(ground.half * (old[j] + layer[j]), ground)
        layer[j], response[j], supply[j], stiffness[j] = balance(
            storage, old[j], supply[j], stiffness[j], above * here, halves[0] * here + halves[1] * above
        )


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _eliminate_first(  # type: ignore[no-untyped-def]
    layer, response, supply, stiffness, old, surface, mass, contact, resistance, ground
):
    for j in range(layer.size):
        k = conductivity(contact, ground.half * (surface[j] + layer[j]), ground)
        storage = mass * heat_capacity(ground.half * (old[j] + layer[j]), ground)
        layer[j], response[j], supply[j], stiffness[j] = balance(
            storage, old[j], supply[j], stiffness[j], k, resistance
        )


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _radiate(surface, supply, stiffness, absorbed, ground):  # type: ignore[no-untyped-def]
    """Solve emission * T**4 + stiffness * T = supply + absorbed for the bare surfaces."""
    for _ in range(_MOST_NEWTON_STEPS):
        largest = np.float32(0.0)
        for j in range(surface.size):
            t = surface[j]
            slope = ground.emission * (t * t * t)
            change = (slope * t + stiffness[j] * t - supply[j] - absorbed[j]) / (np.float32(4.0) * slope + stiffness[j])
            surface[j] = t - change
            largest = max(largest, abs(change))
        if largest < _CLOSE_K:
            break


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _substitute(above, response, layer):  # type: ignore[no-untyped-def]
    for j in range(above.size):
        t = layer[j] + response[j] * above[j]
        layer[j] = t
        above[j] = t


@njit(cache=True, nogil=True)
def _add_flow(layers, flow, conductance, thickness, contact, ground):  # type: ignore[no-untyped-def]
    for block in range(layers.shape[0]):
        for i in range(thickness.size - 1):
            halves = (ground.half * thickness[i], ground.half * thickness[i + 1])
            _add_link(
                layers[block, i], layers[block, i + 1], flow[block, i], conductance[block, i],
                contact[i], contact[i + 1], halves, ground,
            )  # fmt: skip


@njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _add_link(over, under, flow, conductance, contact_over, contact_under, halves, ground):  # type: ignore[no-untyped-def]
    for j in range(over.size):
        k_over, k_under = conductivity(contact_over, over[j], ground), conductivity(contact_under, under[j], ground)
        link = k_over * k_under / (halves[0] * k_under + halves[1] * k_over)
        flow[j] += link * (under[j] - over[j])
        conductance[j] += link
