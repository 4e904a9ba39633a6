"""What the units should draw and produce as they are commanded: the other side of the comparison with telemetry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
    recorder_host: str
    """The module with the recorder."""
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
        recorder_host=next((name for name in present if station.equipment(DataRecorder, (name,))), ""),
        recorder_w=sum(item.power_w for item in station.equipment(DataRecorder, present).values()),
        radio_w=max((item.power_w for item in station.equipment(Radio, present).values()), default=0.0),
    )


def suspects(loads: Loads, commands: Commands, answering: Mapping[str, bool], mismatch_w: float) -> tuple[str, ...]:
    """The units whose loads, if they did not follow their commands, would explain a mismatch, the likeliest first.

    Too much load: a payload that draws its highest power whatever is commanded. Too little: a payload that is switched
    on and draws nothing, or a module with all that it carries; a module of which a payload answers is alive. A
    radio that may or may not send blurs the difference. ``answering``: payload -> whether it answers.
    """
    blur_w = loads.radio_w if commands.radio else 0.0
    gaps = dict(_gaps_w(loads, commands, answering, mismatch_w > 0.0))
    low_w, high_w = mismatch_w - blur_w, mismatch_w + (blur_w if mismatch_w > 0.0 else 0.0)
    slack_w = 1.0 + 0.1 * abs(mismatch_w)
    fitting = [name for name, gap in gaps.items() if low_w - slack_w <= gap <= high_w + slack_w]
    return tuple(sorted(fitting, key=lambda name: (abs(gaps[name] - mismatch_w), name)))


def _gaps_w(
    loads: Loads, commands: Commands, answering: Mapping[str, bool], too_much: bool
) -> Iterator[tuple[str, float]]:
    """By how much the load would differ if each unit did not follow its command."""
    carried_w: dict[str, float] = {}
    alive = set()
    for name, payload, power_w, host in zip(
        commands.names, commands.payloads, loads.payload_w, loads.host, strict=True
    ):
        commanded_w = power_w.get(payload.setting, 0.0)
        carried_w[host] = carried_w.get(host, 0.0) + commanded_w
        if answering[name] and commanded_w > 0.0:
            alive.add(host)
        gap_w = max(power_w.values(), default=0.0) - commanded_w if too_much else -commanded_w
        if gap_w:
            yield name, gap_w
    if not too_much:
        for name, load_w in loads.module_w[commands.mode].items():
            if name not in commands.modules_off and name not in alive:
                recorder_w = loads.recorder_w if commands.recorder and name == loads.recorder_host else 0.0
                yield name, -load_w - carried_w.get(name, 0.0) - recorder_w
