"""The reference page and the JSON Schema of fault catalogues, both made from the models."""

from __future__ import annotations

from typing import Any, get_args

from lunabase.campaign.catalogue import SIZE_UNITS, Catalogue
from lunabase.runs.fault import SIZES, TARGETS, Effect
from lunabase.station.quantities import KINDS
from lunabase.station.reference import records_markdown, schema_of

_HEADING = """# Fault catalogue

Generated from the models by `make docs`; do not edit. A fault catalogue tells `lunabase campaign STATION --faults FILE`
what can go wrong. It is YAML 1.2 like the [station file](station-file.md); `examples/faults.yaml` is one. Sizes and
durations are values or spreads to draw from:

| written | drawn |
| --- | --- |
| `30 W` | always this |
| `20..80 W` | anything between, each as likely |
| `log 1..100 h` | anything between, each order of magnitude as likely |
| `normal 50+-5 W` | normal with this standard deviation, cut off at three of them |
| `exponential 12 h` | exponential with this mean |
| `20, 40, 80 W` | one of these, each as likely |

A target is an identifier of the station file, `any` kind for one of a kind drawn at random, or `every` kind for all of
them at once. Kinds of faults whose targets a station does not have are passed over.

The top level:
"""

_SENSOR_SIZE = "K, %, W: that of its channel"


def faults_markdown() -> str:
    """The reference page: every record and key, and what each effect does."""
    return records_markdown(_HEADING, Catalogue) + "\n".join(_effects()) + "\n"


def faults_schema() -> dict[str, Any]:
    """JSON Schema of fault catalogues, for editors."""
    return schema_of(Catalogue, "Lunabase fault catalogue")


def _effects() -> list[str]:
    lines = ["", "## Effects", "", "| effect | target | size | unit |", "| --- | --- | --- | --- |"]
    for effect in get_args(Effect):
        target = TARGETS.get(effect, "the station")
        unit = _SENSOR_SIZE if effect in ("sensor_bias", "sensor_noise") else _unit(effect)
        lines.append(f"| `{effect}` | {target.replace('_', ' ')} | {SIZES[effect]} | {unit} |")
    kinds = "`any temperature`, `any charge`, `any power` and `any data`"
    return [*lines, "", f"Channels are those of [telemetry](telemetry.md); {kinds} stand for one of their kind."]


def _unit(effect: Effect) -> str:
    return KINDS[SIZE_UNITS[effect]][1] if effect in SIZE_UNITS else ""
