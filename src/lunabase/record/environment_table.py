"""The environment of a run as one Parquet table: a row a step, a column a series, CF attributes kept.

A series with a further dimension becomes one column for each of its values (``contact.jiamusi``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

_LAYOUT = b"lunabase.environment"


def write_environment(environment: xr.Dataset, path: Path) -> None:
    """Write a Dataset whose variables all have the dimension ``time`` and at most one more."""
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
    others = [dim for dim in variable.dims if dim != "time"]
    entry = {"attrs": _plain(variable.attrs), "dim": others[0] if others else None, "coord": name in variable.coords}
    if not others:
        columns[name] = variable.values
        return entry | {"columns": [name]}
    ordered = variable.transpose(others[0], "time")
    keys = [f"{name}.{value}" for value in variable[others[0]].values]
    columns.update(zip(keys, ordered.values, strict=True))
    return entry | {"columns": keys}


def read_environment(path: Path) -> xr.Dataset:
    """Read what ``write_environment`` wrote."""
    table = pq.read_table(path)
    layout = json.loads(table.schema.metadata[_LAYOUT])
    variables = layout["variables"]
    time = table["time"].to_numpy()
    coords: dict[str, Any] = {"time": ("time", time, variables.pop("time")["attrs"])}
    for name, entry in layout["coords"].items():
        values = np.asarray(entry["values"])
        coords[name] = (name, values, entry["attrs"]) if values.ndim else ((), values, entry["attrs"])
    series: dict[str, Any] = {}
    for name, entry in variables.items():
        columns = [table[key].to_numpy() for key in entry["columns"]]
        value = columns[0] if entry["dim"] is None else np.array(columns).reshape(len(columns), time.size)
        dims = ("time",) if entry["dim"] is None else (entry["dim"], "time")
        (coords if entry["coord"] else series)[name] = (dims, value, entry["attrs"])
    return xr.Dataset(series, coords=coords, attrs=layout["attrs"])


def _plain(attributes: dict[Any, Any]) -> dict[str, Any]:
    """Attributes as JSON can hold them."""
    return {str(key): value.item() if isinstance(value, np.generic) else value for key, value in attributes.items()}
