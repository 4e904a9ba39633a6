"""The results of a campaign on disk: one row for each run, in Parquet parts of one data set, each whole or not there.

A folder holds the files as used, a manifest that says what the campaign is, the fault-free flights and the runs:

    campaign.json      what was asked for; a campaign is gone on with only under the same manifest
    station.yaml, faults.yaml
    reference.parquet  fault-free flights, run -1
    runs/part-00000.parquet ...
    summary.json, report.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lunabase.campaign.one_run import Row
from lunabase.errors import InputError
from lunabase.record.whole import free_place, whole_file

MANIFEST, REFERENCE, RUNS = "campaign.json", "reference.parquet", "runs"
MAY_HOLD = frozenset({MANIFEST, REFERENCE, RUNS, "station.yaml", "faults.yaml", "summary.json", "report.html"})
TEXTS = ("fault", "subsystem", "target", "faults", "outcome", "reason", "night")
WHOLE = ("run", "seed")


def begin(folder: Path, manifest: Mapping[str, Any], files: Mapping[str, str], *, overwrite: bool) -> bool:
    """Make a folder ready for a campaign; whether an earlier part of the same campaign lies there.

    Raises InputError when it holds something else.
    """
    known = folder / MANIFEST
    if known.is_file() and not overwrite:
        if read_manifest(folder) == json.loads(json.dumps(manifest)):
            return True
        differ = _difference(read_manifest(folder), manifest)
        fix = "Give another folder with --out, the same options to go on with it, or --overwrite to replace it."
        raise InputError(f"another campaign lies there ({differ}).", where=str(folder), fix=fix)
    free_place(folder, overwrite=overwrite, may_hold=MAY_HOLD)
    for old in sorted((folder / RUNS).glob("part-*.parquet")):
        old.unlink()
    (folder / REFERENCE).unlink(missing_ok=True)
    for name, text in files.items():
        with whole_file(folder / name) as beside:
            beside.write_text(text, encoding="utf-8")
    with whole_file(known) as beside:
        beside.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return False


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a campaign's folder says it is. Raises InputError when it is none."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        fix = "Give the folder that `lunabase campaign` wrote."
        raise InputError("this is not a campaign.", where=str(folder), fix=fix) from None
    return found if isinstance(found, dict) else {}


def _difference(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    names = [name for name in wanted if known.get(name) != wanted[name]]
    name = names[0] if names else "its files"
    return f"{name}: {known.get(name)} there, {wanted.get(name)} asked for" if names else name


def part_path(folder: Path, batch: int) -> Path:
    """Where the rows of a batch belong."""
    return folder / RUNS / f"part-{batch:05d}.parquet"


def missing_batches(folder: Path, count: int) -> list[int]:
    """Batches whose rows are not there yet."""
    return [batch for batch in range(count) if not part_path(folder, batch).is_file()]


def write_rows(path: Path, rows: Sequence[Row], numbers: Iterable[str]) -> None:
    """Write rows with these number columns as one Parquet file, whole or not at all."""
    fields = [(name, pa.int64()) for name in WHOLE] + [(name, pa.string()) for name in TEXTS]
    schema = pa.schema(fields + [(name, pa.float64()) for name in numbers])
    table = pa.Table.from_pylist([_storable(row) for row in rows], schema=schema)
    with whole_file(path) as beside:
        pq.write_table(table, beside, compression="zstd")


def _storable(row: Row) -> Row:
    return {name: float(value) if isinstance(value, bool) else value for name, value in row.items()}


def read_rows(folder: Path) -> pd.DataFrame:
    """All runs so far, in order of their number."""
    parts = sorted((folder / RUNS).glob("part-*.parquet"))
    if not parts:
        raise InputError("it holds no runs yet.", where=str(folder), fix="Run the campaign first.")
    return pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True).sort_values("run", ignore_index=True)


def read_reference(folder: Path) -> pd.DataFrame:
    """The fault-free flights."""
    return pd.read_parquet(folder / REFERENCE)
