"""Directions in the sky as a table: CSV, Parquet or JSON, written piece by piece for spans of any length."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lunabase.errors import InputError
from lunabase.record.whole import whole_file
from lunabase.sky.kernels import Kernels
from lunabase.sky.look import Observer, look_arrays
from lunabase.sky.targets import Target
from lunabase.times import TimeGrid, tdb_to_utc

FORMATS = ("csv", "parquet", "json")
_PIECE = 50_000


def sky_rows(targets: Mapping[str, Target], site: Observer, grid: TimeGrid, kernels: Kernels) -> Iterator[pd.DataFrame]:
    """Pieces of the table in the order of time: time (UTC), target, azimuth_deg, elevation_deg, range_m,
    angular_radius_deg, elevation and azimuth apparent (light time and aberration included).
    """  # fmt: skip
    for first in range(0, grid.count, _PIECE):
        count = min(_PIECE, grid.count - first)
        tdb_s = grid.part(first, count).tdb_s
        pieces = []
        for name, target in targets.items():
            sight = look_arrays(target, site, tdb_s, kernels=kernels)
            columns = {
                "time": tdb_to_utc(tdb_s),
                "target": name,
                "azimuth_deg": sight.azimuth_deg.round(7),
                "elevation_deg": sight.elevation_deg.round(7),
                "range_m": sight.range_m.round(1),
                "angular_radius_deg": sight.angular_radius_deg.round(7),
            }
            pieces.append(pd.DataFrame(columns))
        yield pd.concat(pieces).sort_values("time", kind="stable", ignore_index=True)


def table_format(path: Path | None, asked: str | None) -> str:
    """The format asked for, or that of the file's name, or CSV. Raises InputError for one unknown."""
    chosen = asked or (path.suffix.lstrip(".").lower() if path else "csv")
    if chosen not in FORMATS:
        raise InputError(f"there is no table format {chosen!r}.", where="--format", fix="Use csv, parquet or json.")
    if chosen == "parquet" and path is None:
        raise InputError("Parquet can't be written to the screen.", where="--format", fix="Give a file with --out.")
    return chosen


def write_table(pieces: Iterator[pd.DataFrame], path: Path | None, kind: str) -> int:
    """Write the pieces of a table to a file, or to the screen when ``path`` is None; the number of rows."""
    if kind == "parquet" and path is not None:
        with whole_file(path) as beside:
            return _write_parquet(pieces, beside)
    if path is None:
        return _write_text(pieces, sys.stdout, kind)
    with whole_file(path) as beside, beside.open("w", encoding="utf-8") as stream:
        return _write_text(pieces, stream, kind)


def _write_parquet(pieces: Iterator[pd.DataFrame], path: Path) -> int:
    first = pa.Table.from_pandas(next(pieces), preserve_index=False)
    rows = int(first.num_rows)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for piece in pieces:
            writer.write_table(pa.Table.from_pandas(piece, schema=first.schema, preserve_index=False))
            rows += len(piece)
    return rows


def _write_text(pieces: Iterator[pd.DataFrame], stream: TextIO, kind: str) -> int:
    rows = 0
    for number, piece in enumerate(pieces):
        shown = piece.assign(time=piece["time"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "Z")
        if kind == "csv":
            shown.to_csv(stream, index=False, header=number == 0)
        else:
            stream.write("[" if number == 0 else ",\n")
            stream.write(shown.to_json(orient="records", lines=False, double_precision=7)[1:-1])
        rows += len(piece)
    stream.write("]\n" if kind == "json" else "")
    return rows
