"""What the units should draw and produce as they are commanded: the other side of the comparison with telemetry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lunabase.onboard.commands import Commands
from lunabase.station.equipment import DataRecorder, Radio
from lunabase.station.model import Station


@dataclass(frozen=True, slots=True)
class Loads:
    """Loads and data rates from the station file."""

    module_w: Mapping[str, Mapping[str, float]]
    """Mode -> module -> its load."""
    modules_w: Mapping[str, float]
    """Mode -> load of all modules together."""
    payload_w: tuple[Mapping[str, float], ...]
    """Per payload: setting -> its load."""
    payload_bit_per_s: tuple[float, ...]
    host: tuple[str, ...]
    recorder_w: float
    radio_w: float
    """The most that a radio draws while it sends."""


def loads_of(station: Station, present: tuple[str, ...]) -> Loads:
    """The loads of the present modules and their payloads."""
    payloads = station.payloads_present(present).values()
    module_w: dict[str, dict[str, float]] = {
        mode: {name: station.modules[name].load_w(mode) for name in present} for mode in station.modes
    }
    return Loads(
        module_w=module_w,
        modules_w={mode: sum(loads.values()) for mode, loads in module_w.items()},
        payload_w=tuple(dict(payload.power) for payload in payloads),
        payload_bit_per_s=tuple(payload.data_rate_bit_per_s for payload in payloads),
        host=tuple(payload.host for payload in payloads),
        recorder_w=sum(item.power_w for item in station.equipment(DataRecorder, present).values()),
        radio_w=max((item.power_w for item in station.equipment(Radio, present).values()), default=0.0),
    )


def expected(loads: Loads, commands: Commands) -> NDArray[np.float64]:
    """For `estimate.estimate`: load without heaters, W; what a radio may draw on top, W; data rate, bit/s."""
    load_w = loads.modules_w[commands.mode] - sum(loads.module_w[commands.mode][name] for name in commands.modules_off)
    load_w += loads.recorder_w if commands.recorder else 0.0
    rate_bit_per_s = 0.0
    for payload, power_w, rate in zip(commands.payloads, loads.payload_w, loads.payload_bit_per_s, strict=True):
        load_w += power_w.get(payload.setting, 0.0)
        rate_bit_per_s += rate if payload.producing else 0.0
    return np.array([load_w, loads.radio_w if commands.radio else 0.0, rate_bit_per_s])


def suspect(loads: Loads, commands: Commands, mismatch_w: float) -> str:
    """The unit whose load, if it did not follow its command, would explain the mismatch best; empty if none does.

    Too much load: a payload that draws its highest power whatever is commanded. Too little: a payload or a
    module that draws nothing.
    """
    gaps: dict[str, float] = {}
    for name, payload, power_w in zip(commands.names, commands.payloads, loads.payload_w, strict=True):
        commanded_w = power_w.get(payload.setting, 0.0)
        gaps[name] = max(power_w.values(), default=0.0) - commanded_w if mismatch_w > 0.0 else -commanded_w
    if mismatch_w < 0.0:
        modules = loads.module_w[commands.mode]
        gaps |= {name: -load for name, load in modules.items() if name not in commands.modules_off}
    near = {name: abs(gap - mismatch_w) for name, gap in gaps.items()}
    best = min(near, key=near.__getitem__, default="")
    return best if best and near[best] <= 1.0 + 0.1 * abs(mismatch_w) else ""
