"""Variants of a station: fields of its file that take other values, over a grid or a Latin hypercube.

`modules.battery.capacity=20..80 kWh` names a field by the words that lead to it; words between them may be left out
where what remains names one field only. Lists make a grid of all combinations; with any range among them, every run
gets a point of a Latin hypercube (McKay, Beckman and Conover 1979, doi 10.1080/00401706.1979.10489755), in
which each field's range is divided into as many equally likely parts as there are runs, each used once.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lunabase.campaign.spread import Spread, read_spread
from lunabase.errors import InputError
from lunabase.station.form import nearest
from lunabase.station.load import StationFile, StationFileError, describe, station_of
from lunabase.station.model import Station
from lunabase.station.yaml_source import KeyPath, YamlSource, dotted, read_yaml

_DESIGN = 2
"""Stream of random numbers for the design of a sweep."""
Point = tuple[float, ...]
"""One value for each varied field, in the units that the user gave."""


@dataclass(frozen=True, slots=True)
class Varied:
    """A field of the station file and the values that it takes."""

    path: KeyPath
    spread: Spread
    """In the unit below."""
    unit: str

    @property
    def name(self) -> str:
        """The path as a user writes it: a column of the results."""
        return dotted(self.path)

    def written(self, value: float) -> str | float:
        """A value as the station file has it."""
        whole = int(value) if value == int(value) else value
        return f"{value!r} {self.unit}" if self.unit else whole


@dataclass(frozen=True, slots=True)
class Sweep:
    """All varied fields of a station."""

    file: StationFile
    source: YamlSource
    fields: tuple[Varied, ...]

    @property
    def is_grid(self) -> bool:
        """Every field has a list of values."""
        return all(field.spread.shape == "choice" for field in self.fields)

    @property
    def grid_points(self) -> int:
        """How many combinations the lists have."""
        return int(np.prod([len(field.spread.values) for field in self.fields])) if self.is_grid else 0

    def points(self, runs: int, seed: int) -> list[Point]:
        """One point for each run; empty points without varied fields."""
        if not self.fields:
            return [()] * runs
        if self.is_grid:
            corners = list(itertools.product(*(field.spread.values for field in self.fields)))
            return [corners[run % len(corners)] for run in range(runs)]
        parts = latin_hypercube(runs, len(self.fields), seed).tolist()
        return [tuple(field.spread.at(part) for field, part in zip(self.fields, row, strict=True)) for row in parts]

    def station(self, point: Point) -> Station:
        """The station at a point. Raises InputError when it doesn't hold together there."""
        if not point:
            return self.file.station
        data = copy.deepcopy(self.source.data)
        for field, value in zip(self.fields, point, strict=True):
            _set(data, field.path, field.written(value))
        try:
            return station_of(replace(self.source, data=data), self.file.path, horizon=False)
        except StationFileError as refused:
            said = ", ".join(
                f"{field.name} = {_shown(field, at)}" for field, at in zip(self.fields, point, strict=True)
            )
            raise InputError(f"with {said}: {describe(refused.problems[0])}", where="--vary") from None


def latin_hypercube(runs: int, fields: int, seed: int) -> np.ndarray:
    """Parts from 0 to 1, shape (runs, fields): in each column one in each of ``runs`` equal intervals."""
    random = np.random.default_rng((seed, _DESIGN))
    order = np.stack([random.permutation(runs) for _ in range(fields)], axis=1)
    return (order + random.random((runs, fields))) / runs


def sweep_of(file: StationFile, options: Sequence[str]) -> Sweep:
    """Read the `--vary` options and try their ends. Raises InputError with what is wrong and what to write."""
    source = read_yaml(file.text)
    leaves = {dotted(path): path for path in _leaves(source.data, ())}
    sweep = Sweep(file, source, tuple(_varied(option, leaves, source) for option in options))
    names = [field.name for field in sweep.fields]
    if len(set(names)) < len(names):
        raise InputError("it varies one field twice.", where="--vary", fix="Give each field once.")
    for point in _ends(sweep):
        _check_surroundings(file.station, sweep.station(point))
    return sweep


def _varied(option: str, leaves: dict[str, KeyPath], source: YamlSource) -> Varied:
    name, sign, text = option.partition("=")
    if not sign:
        fix = "Write it like --vary 'modules.battery.capacity=20..80 kWh'."
        raise InputError(f"can't read {option!r}.", where="--vary", fix=fix)
    try:
        spread, unit = read_spread(text)
    except ValueError as wrong:
        raise InputError(f"{wrong}.", where=f"--vary {name}") from None
    path = _found(name.strip(), leaves)
    try:
        read_spread(str(_get(source.data, path)))
    except ValueError:
        raise InputError(f"{dotted(path)} holds no number.", where="--vary", fix="Vary a number.") from None
    return Varied(path, spread, unit)


def _found(name: str, leaves: dict[str, KeyPath]) -> KeyPath:
    """The one field that a path names; words in the middle may be left out."""
    if name in leaves:
        return leaves[name]
    words = name.split(".")
    fitting = [
        path for path in leaves.values() if path[0] == words[0] and path[-1] == words[-1] and within(words, path)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        shown = ", ".join(dotted(path) for path in fitting[:5])
        raise InputError(f"`{name}` may be any of {len(fitting)} fields.", where="--vary", fix=f"Choose one: {shown}.")
    raise InputError(f"the station file has no field `{name}`.", where="--vary", fix=nearest(name, leaves))


def within(words: Sequence[str], path: KeyPath) -> bool:
    """Whether the words come in the path in this order."""
    steps = iter(str(step) for step in path)
    return all(word in steps for word in words)


def _leaves(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _leaves(entry, (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _leaves(entry, (*path, index))
    else:
        yield path


def _get(data: Any, path: KeyPath) -> Any:
    for step in path:
        data = data[step]
    return data


def _set(data: Any, path: KeyPath, value: str | float) -> None:
    _get(data, path[:-1])[path[-1]] = value


def _ends(sweep: Sweep) -> Iterator[Point]:
    """Points with one field at its lowest or highest and the others in the middle, and both corners."""
    middle = tuple(field.spread.at(0.5) for field in sweep.fields)
    ends = [field.spread.limits for field in sweep.fields]
    for place, (low, high) in enumerate(ends):
        for value in (low, high):
            yield (*middle[:place], value, *middle[place + 1 :])
    yield tuple(low for low, _ in ends)
    yield tuple(high for _, high in ends)


def _check_surroundings(station: Station, varied: Station) -> None:
    same = (
        station.site == varied.site
        and station.earth_stations == varied.earth_stations
        and {name: relay.orbit for name, relay in station.relays.items()}
        == {name: relay.orbit for name, relay in varied.relays.items()}
        and {name: phase.start for name, phase in station.phases.items()}
        == {name: phase.start for name, phase in varied.phases.items()}
        and station.station == varied.station
    )
    if not same:
        fix = "Vary what the station is made of; for another site or sky start another campaign."
        raise InputError("it changes the surroundings, which a campaign works out once.", where="--vary", fix=fix)


def _shown(field: Varied, value: float) -> str:
    return f"{value:.6g} {field.unit}".rstrip()
