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
        text = json.dumps([lunabase.__version__, name, dict(inputs)], sort_keys=True, default=str)
        path = self.folder / f"{name.replace(' ', '-')}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.nc"
        if path.exists():
            self.reused.append(name)
            return xr.load_dataset(path, engine="h5netcdf", decode_times=False)
        with self.stage(name) as report:
            made = make(report)
            with whole_file(path) as beside:
                beside.write_bytes(netcdf_bytes(made))
        for other in self.folder.glob(f"{name.replace(' ', '-')}-*.nc"):
            if other != path and len(other.stem) == len(path.stem):
                other.unlink()
        return made
