"""The fault catalogue: what can go wrong, how badly, for how long, and what ends it. A YAML file of its own.

Kinds of faults are independent of a station: `any solar_array` means one of those that the station has, `every
solar_array` all of them. What the station has nothing of, it can't lose; such kinds are passed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from lunabase.campaign.spread import Spread, parse_spread
from lunabase.runs.fault import PARTS, TARGETS, Clearing, Effect, Subsystem
from lunabase.station.form import FormReader
from lunabase.station.load import FormError, read_text
from lunabase.station.record import Identifier, Name, Record, Rule, SourcedRecord
from lunabase.station.yaml_source import read_yaml

ANY, EVERY = "any ", "every "
SIZE_UNITS: Mapping[Effect, str] = {
    **dict.fromkeys(PARTS, ""),
    "extra_load": "",
    "insulation_loss": "",
    "reset_loop": "s",
    "clock_drift": "s",
    "clock_step": "s",
    "wrong_ephemeris": "s",
}
"""Unit of the size of each effect; sensors have that of their channel, and the others have no size."""
CHANNEL_KINDS: Mapping[str, str] = {
    "temperature": "delta_degC",
    "charge": "",
    "power": "W",
    "data": "",
}
"""Kinds of channels that `any temperature` and so on stand for, with the unit of a bias or of noise."""
CHANNELS_OF: Mapping[str, tuple[str, ...]] = {
    "temperature": ("temperature_k.",),
    "charge": ("state_of_charge",),
    "power": ("array_available_w", "load_w", "charge_w"),
    "data": ("recorder_fill",),
}
"""Beginnings of the names of the channels of each kind."""
_TARGET = r"(any|every) [a-z_]+|[a-z][a-z0-9._-]*"


def _spread_text(value: object) -> str | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"expected a value or a range like `20..80 W`, found {value!r}")
    return value if isinstance(value, str) else float(value)


def _duration(value: object) -> str:
    text = str(_spread_text(value))
    if parse_spread(text, "s").limits[0] < 0.0:
        raise ValueError(f"{text!r} is below 0")
    return text


SpreadText = Annotated[
    str | float,
    BeforeValidator(_spread_text),
    WithJsonSchema({"type": ["string", "number"], "description": "value or spread, like `20..80 W` or `5..20 %`"}),
]
DurationSpread = Annotated[
    str,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "description": "duration or spread of it, like `log 1..100 h`"}),
]
TargetText = Annotated[
    str,
    Field(pattern=rf"^({_TARGET})$", max_length=100),
    WithJsonSchema(
        {"type": "string", "pattern": rf"^({_TARGET})$", "description": "identifier, `any` kind or `every` kind"}
    ),
]


def _unreadable_size(kind: EffectKind) -> str:
    unit = kind.size_unit
    if unit is None:
        return "it has no size" if kind.size is not None else ""
    if kind.size is None:
        return "its size is missing"
    try:
        low, high = parse_spread(kind.size, unit).limits
    except ValueError as bad:
        return str(bad)
    if kind.effect in PARTS and not 0.0 <= low <= high <= 1.0:
        return "the size is a part and runs from 0 % to 100 %"
    if kind.effect == "reset_loop" and low < 60.0:
        return "resets follow each other after 60 s at the soonest"
    return "it can't be below 0" if kind.effect in ("extra_load", "insulation_loss", "sensor_noise") and low < 0 else ""


def _wrong_target(kind: EffectKind) -> str:
    wanted = TARGETS.get(kind.effect)
    if wanted is None:
        return "it hits the station as a whole and has no target" if kind.target else ""
    if not kind.target:
        return f"its target is missing: an identifier or `{ANY}{wanted}`"
    selector, _, named = kind.target.rpartition(" ")
    if not selector:
        return ""
    kinds = tuple(CHANNEL_KINDS) if wanted == "channel" else (wanted, *NARROWER.get(wanted, ()))
    return "" if named in kinds else f"after `{selector}` stands one of: {', '.join(kinds)}"


NARROWER: Mapping[str, tuple[str, ...]] = {
    "store": ("battery", "fuel_cell"),
    "source": ("fission_source", "radioisotope_source"),
}
"""Kinds of equipment within a kind of target."""


class EffectKind(Record):
    """One thing that a fault does."""

    effect: Effect
    """What it does; docs/reference/faults.md says what each effect means."""
    target: TargetText = ""
    """What it hits: an identifier, one at random like `any solar_array`, or all like `every solar_array`; none: all."""
    size: SpreadText | None = None
    """How bad it is, with its unit; effects that are all or nothing have none."""
    sensors: Literal["one", "all"] = "one"
    """For sensors: one of those that measure the channel, or all of them at once."""

    rules = (
        Rule(("effect", "target"), _wrong_target, "{}", "target"),
        Rule(("effect", "target", "size"), _unreadable_size, "{}", "size"),
    )

    @property
    def size_unit(self) -> str | None:
        """Unit of the size; None for effects without one."""
        if self.effect not in ("sensor_bias", "sensor_noise"):
            return SIZE_UNITS.get(self.effect)
        kind = self.target.rpartition(" ")[2]
        if kind in CHANNEL_KINDS:
            return CHANNEL_KINDS[kind]
        return next((CHANNEL_KINDS[name] for name, starts in CHANNELS_OF.items() if kind.startswith(starts)), "")

    @property
    def spread(self) -> Spread | None:
        """The size's distribution."""
        unit = self.size_unit
        return None if unit is None or self.size is None else parse_spread(self.size, unit)


class FaultKind(SourcedRecord):
    """A kind of fault."""

    subsystem: Subsystem
    """Where it happens."""
    text: Name
    """What happens, in a sentence."""
    effects: tuple[EffectKind, ...]
    """What it does, all at once; effects on the same kind of target hit the same one."""
    lasts: DurationSpread | None = None
    """After what time it ends by itself; without it: never."""
    cleared_by: Clearing = "nothing"
    """What ends it before: `power_cycle` of its target, `reset` of the computer, `switch_over` to a spare."""
    excludes_survival: str = ""
    """Why the station may physically not survive it, where that is so: the argument."""

    rules = (
        Rule(("effects",), lambda kind: not kind.effects, "it does nothing; list at least one effect", "effects"),
        Rule(
            ("lasts", "cleared_by"),
            lambda kind: kind.cleared_by == "time" and kind.lasts is None,
            "it is cleared by time, so say in `lasts` how long it lasts",
            "cleared_by",
        ),
    )

    @property
    def spread(self) -> Spread | None:
        """The duration's distribution; None: for good."""
        return None if self.lasts is None else parse_spread(self.lasts, "s")


def _format_version(value: object) -> object:
    if isinstance(value, bool) or value != 1:
        raise ValueError(f"the format's version is the number 1, found {value!r}")
    return value


class Catalogue(Record):
    """Kinds of faults."""

    lunabase_faults: Annotated[Literal[1], BeforeValidator(_format_version)]
    """Version of the format of fault catalogues."""
    description: str = ""
    """What the catalogue is for and what it rests on."""
    faults: Mapping[Identifier, FaultKind]
    """The kinds of faults by their name."""

    rules = (Rule(("faults",), lambda whole: not whole.faults, "it lists no fault", "faults"),)


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A fault catalogue that was read and found right."""

    path: Path
    text: str
    catalogue: Catalogue

    @property
    def sha256(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_catalogue(path: Path) -> CatalogueFile:
    """Read and validate a fault catalogue.

    Raises FormError with every error found, or InputError when the file can't be read.
    """
    text = read_text(path, "Check the path; docs/reference/faults.md says what a fault catalogue holds.")
    source = read_yaml(text)
    reader = FormReader(source)
    given: dict[str, Any] = {}
    if source.data or not source.problems:
        given, _ = reader.fields(Catalogue, source.data, ())
    told = {item.field for item in source.problems}
    problems = [*source.problems, *(item for item in reader.problems if item.field not in told)]
    if problems:
        raise FormError(path, problems)
    return CatalogueFile(path, text, Catalogue.model_construct(**given))
