"""What made a run, in words, and the command that makes it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lunabase.record.run_record import RunRecord
from lunabase.report import amounts

_LABELS = {
    "lunabase": "Lunabase",
    "python": "Python",
    "made": "made, UTC",
    "start": "start, UTC",
    "days": "length, days",
    "step_s": "time step, s",
    "wall_clock_s": "computing time, s",
}
_SHOWN_APART = ("station_file", "libraries", "kernels", "kernel_files")


@dataclass(frozen=True, slots=True)
class Again:
    """How to make the run again."""

    command: str
    beside_original: bool
    """It works only beside the original station file, whose horizon comes from files of its own."""
    station_file: str
    kernel_files: bool
    """It names kernels by paths as they were given."""


def again(record: RunRecord) -> Again:
    """The command that makes this run again, and where it works."""
    made = record.provenance
    surface = record.station.site.surface
    beside = surface is not None and (surface.horizon.mask is not None or bool(surface.horizon.dem))
    name = _station_file(record)
    kernels = list(made.get("kernel_files") or ())
    length_days = float(made.get("days", (record.plan.stop - record.plan.start).total_seconds() / 86400.0))
    options = ["--start", f"{record.plan.start.replace(tzinfo=None).isoformat()}", "--days", repr(length_days)]
    options += ["--step", repr(float(made["step_s"]))] if "step_s" in made else []
    options += ["--seed", str(made["seed"])] if "seed" in made else []
    options += [word for path in kernels for word in ("--kernel", str(path))]
    command = shlex.join(["lunabase", "run", name if beside else "station.yaml", *options, "--out", "again"])
    return Again(command, beside, name, bool(kernels))


def provenance_rows(record: RunRecord) -> list[tuple[str, str]]:
    """What made the run: (label, text), with labels for people."""
    made = record.provenance
    rows = [("station file", f"{_station_file(record)}, SHA-256 {record.plan.station_sha256}")]
    rows += [row for key in made if key not in _SHOWN_APART for row in _rows(_LABELS.get(key, _spaced(key)), made[key])]
    if made.get("libraries"):
        rows.append(("libraries", ", ".join(f"{name} {version}" for name, version in made["libraries"].items())))
    rows += [(f"kernel {name}, SHA-256", str(digest)) for name, digest in made.get("kernels", {}).items()]
    if made.get("kernel_files"):
        rows.append(("kernels given", ", ".join(map(str, made["kernel_files"]))))
    return rows


def horizon_rows(record: RunRecord) -> list[tuple[str, str]]:
    """What made the horizon mask: (label, text); none without a mask."""
    made = record.horizon.provenance if record.horizon else {}
    return [(_unit_apart(_spaced(key)), _number(value)) for key, value in made.items()]


def _unit_apart(label: str) -> str:
    """ "latitude deg" as "latitude, deg"."""
    words = label.split()
    return f"{' '.join(words[:-1])}, {words[-1]}" if words[-1:] and words[-1] in ("deg", "m") else label


def _number(text: str) -> str:
    """The text, with a true minus sign if it is a number."""
    try:
        float(text)
    except ValueError:
        return text
    return amounts.minus(text)


def _station_file(record: RunRecord) -> str:
    return str(record.provenance.get("station_file", {}).get("name", "station.yaml"))


def _rows(label: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _rows(f"{label}, {_spaced(str(key))}", inner)
    elif isinstance(value, list | tuple):
        yield label, ", ".join(map(str, value))
    else:
        yield label, _words(value)


def _words(value: Any) -> str:
    """A value; times to the minute, or to the second if it has seconds."""
    try:
        time = datetime.fromisoformat(value if "T" in value else "")
    except (TypeError, ValueError):
        return str(value)
    return amounts.moment(time) + (f":{time.second:02d}" if time.second else "")


def _spaced(key: str) -> str:
    return key.replace("_", " ")
