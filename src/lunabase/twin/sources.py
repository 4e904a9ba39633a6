"""Fission and radioisotope sources: decay, stop, restart and steps of power."""

from __future__ import annotations

import math

import numpy as np

from lunabase.compiled import within_step
from lunabase.station.equipment import FissionSource, RadioisotopeSource
from lunabase.twin.layout import FISSION_J, RADIOISOTOPE_J

SOURCE = np.dtype(
    [
        ("power_w", "f8"),  # that it is set to, on its first day
        ("heat_w", "f8"),
        ("decay_per_s", "f8"),
        ("age_s", "f8"),  # time since fuelling or setting up at the start of the run
        ("node", "i8"),
        ("fission", "i8"),
        ("module", "i8"),
        ("ramp_w_per_s", "f8"),  # 0: at once
        ("restart_s", "f8"),
    ]
)


def fission_row(source: FissionSource, age_s: float, module: int) -> tuple[float, ...]:
    """The numbers of a reactor of this age on a module."""
    ramp = source.ramp_w_per_s or 0.0
    return source.power_w, 0.0, source.decline_per_s, age_s, -1, 1, module, ramp, source.restart_s


def isotope_row(source: RadioisotopeSource, age_s: float, node: int, module: int) -> tuple[float, ...]:
    """The numbers of an isotope source of this age."""
    decay_per_s = math.log(2.0) / source.half_life_s
    return source.power_w, source.heat_w, decay_per_s, age_s, node, 0, module, 0.0, 0.0


@within_step
def generate(sources, running_w, waiting_s, time_s, step_s, flow, node_w):  # type: ignore[no-untyped-def]
    """Electrical power of all sources, W, at a time since the start; their heat goes to their nodes.

    ``running_w`` (sources,) is what each gave before, without decay, ``waiting_s`` how long it must still stand.
    """
    total_w = 0.0
    for source in range(sources.size):
        unit = sources[source]
        left = math.exp(-unit.decay_per_s * (unit.age_s + time_s)) if unit.decay_per_s > 0.0 else 1.0
        if running_w[source] != unit.power_w or waiting_s[source] > 0.0:
            _change_power(unit, source, running_w, waiting_s, step_s)
        power_w = running_w[source] * left
        total_w += power_w
        flow[FISSION_J if unit.fission else RADIOISOTOPE_J] += power_w
        if unit.node >= 0:
            node_w[unit.node] += unit.heat_w * left
    return total_w


@within_step
def _change_power(unit, source, running_w, waiting_s, step_s):  # type: ignore[no-untyped-def]
    """Down to nothing at once; from there after its pause; between two powers along the ramp."""
    waiting_s[source] = max(waiting_s[source] - step_s, 0.0)
    if unit.power_w <= 0.0:
        if running_w[source] > 0.0:
            waiting_s[source] = unit.restart_s
        running_w[source] = 0.0
    elif waiting_s[source] <= 0.0:
        change_w = unit.power_w - running_w[source]
        most_w = unit.ramp_w_per_s * step_s if unit.ramp_w_per_s > 0.0 else abs(change_w)
        running_w[source] += min(max(change_w, -most_w), most_w)
