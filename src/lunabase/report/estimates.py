"""The values of the station file that are estimates, as the file writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from lunabase.station.model import Station
from lunabase.station.quantities import file_key
from lunabase.station.record import SourcedRecord

MARK = "E"
"""How an estimate is marked wherever a user sees it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimated value: where it stands in the file, as written there, and what it rests on."""

    record: str
    """Keys down to the record, joined by dots."""
    key: str
    value: str
    source: str


def station_estimates(station: Station, text: str) -> list[Estimate]:
    """All values that the station file marks as estimates, in the order of the models."""
    written = YAML(typ="safe", pure=True).load(text)
    return [
        Estimate(".".join(path), key, _words(_at(written, (*path, key))), record.source)
        for path, record in _sourced(station, ())
        for key in record.estimates
    ]


def _sourced(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], SourcedRecord]]:
    if isinstance(value, SourcedRecord):
        yield path, value
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _sourced(getattr(value, name), (*path, file_key(name)))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _sourced(inner, (*path, str(key)))


def _at(written: Any, path: tuple[str, ...]) -> Any:
    """The file's value at a path; None where the file leaves it to its default."""
    for key in path:
        if not isinstance(written, Mapping) or key not in written:
            return None
        written = written[key]
    return written


def _words(value: Any) -> str:
    if value is None:
        return "default"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_words(inner) for inner in value)
    return str(value)
