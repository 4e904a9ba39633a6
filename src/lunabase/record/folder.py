"""A run's folder: its files written and read back."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from lunabase.errors import InputError
from lunabase.planning.plan import Plan
from lunabase.record.environment_table import read_environment, write_environment
from lunabase.record.run_record import Event, Product, RunRecord, Summary
from lunabase.station.load import load_station
from lunabase.terrain.mask import read_mask, write_mask

FILES = (
    "station.yaml",
    "environment.parquet",
    "plan.json",
    "telemetry.parquet",
    "events.jsonl",
    "products.json",
    "summary.json",
    "provenance.json",
)
"""What every run's folder holds."""
MAY_HOLD = {*FILES, "horizon.csv", "report.html"}
"""What it can hold; a folder with anything else is never replaced."""


def write_run(record: RunRecord, folder: Path) -> None:
    """Write a run's files into an existing folder (the report is written by its own room)."""
    (folder / "station.yaml").write_text(record.station_text, encoding="utf-8")
    if record.horizon is not None:
        write_mask(record.horizon, folder / "horizon.csv")
    write_environment(record.environment, folder / "environment.parquet")
    (folder / "plan.json").write_text(record.plan.model_dump_json(indent=1), encoding="utf-8")
    record.telemetry.to_parquet(folder / "telemetry.parquet", compression="zstd", index=False)
    lines = [json.dumps(asdict(event), default=_as_text) for event in record.events]
    (folder / "events.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    _write_json(folder / "products.json", [asdict(product) for product in record.products])
    _write_json(folder / "summary.json", asdict(record.summary))
    _write_json(folder / "provenance.json", record.provenance)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, default=_as_text) + "\n", encoding="utf-8")


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"no JSON for {type(value).__name__}")


def read_run(folder: Path) -> RunRecord:
    """Read a run's folder. Raises InputError when it is none or is damaged."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        fix = "Give the folder that `lunabase run` wrote."
        raise InputError(f"this is not a run: {missing[0]} is missing.", where=str(folder), fix=fix)
    try:
        return _read_files(folder)
    except (ValidationError, ValueError, KeyError, OSError, pa.ArrowException) as damaged:
        fix = "Make the run again."
        raise InputError(f"the run is damaged: {damaged}.", where=str(folder), fix=fix) from damaged


def _read_files(folder: Path) -> RunRecord:
    file = load_station(folder / "station.yaml", horizon=False)
    horizon = folder / "horizon.csv"
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return RunRecord(
        station=file.station,
        station_text=file.text,
        horizon=read_mask(horizon) if horizon.is_file() else None,
        environment=read_environment(folder / "environment.parquet"),
        plan=Plan.model_validate_json((folder / "plan.json").read_bytes()),
        telemetry=pd.read_parquet(folder / "telemetry.parquet"),
        events=tuple(TypeAdapter(Event).validate_json(line) for line in lines),
        products=TypeAdapter(tuple[Product, ...]).validate_json((folder / "products.json").read_bytes()),
        summary=TypeAdapter(Summary).validate_json((folder / "summary.json").read_bytes()),
        provenance=json.loads((folder / "provenance.json").read_bytes()),
    )
