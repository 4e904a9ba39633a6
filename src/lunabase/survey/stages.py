"""The steps of a survey that take long, each kept on disk under a hash of what it depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import xarray as xr

import lunabase
from lunabase.record.whole import whole_file
from lunabase.survey.products import netcdf_bytes

Stage = Callable[[str], AbstractContextManager[Callable[[float], None]]]
"""Opens a stage by its name; what it yields takes the finished part, 0 to 1."""


class Kept:
    """The results of finished steps in a folder. A step whose inputs are the same as before is not done again."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        self.folder, self.stage = folder, stage
        self.reused: list[str] = []

    def do(
        self, name: str, inputs: Mapping[str, Any], make: Callable[[Callable[[float], None]], xr.Dataset]
    ) -> xr.Dataset:
        """Return a step's result, from disk if it was made from the same inputs by the same version."""
        path = self._path(name, inputs)
        if path.exists():
            self.reused.append(name)
            return _read(path)
        with self.stage(name) as report:
            made = make(report)
            _write(path, made)
        for other in self.folder.glob(f"{name.replace(' ', '-')}-*.nc"):
            if other != path and len(other.stem) == len(path.stem):
                other.unlink()
        for part in self.folder.glob(f"{_part_name(name, '')}*.nc"):
            part.unlink()
        return made

    def part(self, step: str, part: str, inputs: Mapping[str, Any], make: Callable[[], xr.Dataset]) -> xr.Dataset:
        """Return a part of a step, within its stage: from disk if it was made from the same inputs before.

        Parts are kept until the step is done.
        """
        path = self._path(_part_name(step, part), inputs)
        if not path.exists():
            _write(path, make())
        return _read(path)

    def _path(self, name: str, inputs: Mapping[str, Any]) -> Path:
        text = json.dumps([lunabase.__version__, name, dict(inputs)], sort_keys=True, default=str)
        return self.folder / f"{name.replace(' ', '-')}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.nc"


def _part_name(step: str, part: str) -> str:
    return f"{step.replace(' ', '-')}-part-{part}"


def _read(path: Path) -> xr.Dataset:
    return xr.load_dataset(path, engine="h5netcdf", decode_times=False)


def _write(path: Path, made: xr.Dataset) -> None:
    with whole_file(path) as beside:
        beside.write_bytes(netcdf_bytes(made))
