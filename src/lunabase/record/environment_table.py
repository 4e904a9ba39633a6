"""The environment of a run as one Parquet table: a row a step, a column a series, CF attributes kept.

A variable with further dimensions becomes one column for each of their values (``contact.jiamusi``).
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

_LAYOUT = b"lunabase.environment"


def write_environment(environment: xr.Dataset, path: Path) -> None:
    """Write a Dataset whose variables all have the dimension ``time`` and any others."""
    columns: dict[str, Any] = {"time": environment["time"].values}
    layout: dict[str, Any] = {"attrs": _plain(environment.attrs), "variables": {}, "coords": {}}
    for name in [*environment.data_vars, *environment.coords]:
        variable = environment[name]
        if "time" not in variable.dims:
            layout["coords"][name] = {"values": variable.values.tolist(), "attrs": _plain(variable.attrs)}
        elif name != "time":
            layout["variables"][name] = _add_columns(str(name), variable, columns)
    layout["variables"]["time"] = {"attrs": _plain(environment["time"].attrs)}
    table = pa.table(columns).replace_schema_metadata({_LAYOUT: json.dumps(layout).encode()})
    pq.write_table(table, path, compression="zstd")


def _add_columns(name: str, variable: xr.DataArray, columns: dict[str, Any]) -> dict[str, Any]:
    others = [str(dim) for dim in variable.dims if dim != "time"]
    rows = variable.transpose(*others, "time").values.reshape(-1, variable.sizes["time"])
    labels = itertools.product(*(variable[dim].values for dim in others))
    keys = [".".join([name, *map(str, label)]) for label in labels]
    columns.update(zip(keys, rows, strict=True))
    shape = [variable.sizes[dim] for dim in others]
    return {
        "attrs": _plain(variable.attrs),
        "dims": others,
        "shape": shape,
        "columns": keys,
        "coord": name in variable.coords,
    }


def read_environment(path: Path) -> xr.Dataset:
    """Read what ``write_environment`` wrote."""
    table = pq.read_table(path)
    layout = json.loads((table.schema.metadata or {})[_LAYOUT])
    variables = layout["variables"]
    time = table["time"].to_numpy()
    coords: dict[str, Any] = {"time": ("time", time, variables.pop("time")["attrs"])}
    for name, entry in layout["coords"].items():
        values = np.asarray(entry["values"])
        coords[name] = (name, values, entry["attrs"]) if values.ndim else ((), values, entry["attrs"])
    series: dict[str, Any] = {}
    for name, entry in variables.items():
        rows = np.array([table[key].to_numpy() for key in entry["columns"]])
        dims = (*entry["dims"], "time")
        (coords if entry["coord"] else series)[name] = (dims, rows.reshape(*entry["shape"], time.size), entry["attrs"])
    return xr.Dataset(series, coords=coords, attrs=layout["attrs"])


def _plain(attributes: dict[Any, Any]) -> dict[str, Any]:
    """Attributes as JSON can hold them."""
    return {str(key): value.item() if isinstance(value, np.generic) else value for key, value in attributes.items()}
