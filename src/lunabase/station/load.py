"""Station file -> `Station`, or every error in it at once, each with line, field and what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lunabase.errors import InputError
from lunabase.station.checks import CHECKS
from lunabase.station.form import BAD, FormReader
from lunabase.station.horizon_source import horizon_problems, mast_problems
from lunabase.station.model import Station
from lunabase.station.references import broken_references
from lunabase.station.yaml_source import Problem, YamlSource, read_yaml

MAX_BYTES = 20_000_000
MOST_PROBLEMS = 200
"""More errors than this help nobody; the rest are counted."""


@dataclass(frozen=True, slots=True)
class StationFile:
    """A station file that was read and found right."""

    path: Path
    text: str
    station: Station

    @property
    def sha256(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class FormError(InputError):
    """Everything that is wrong in a file of records; of very many problems the first."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        count = len(problems)
        self.problems = tuple(sorted(problems, key=lambda item: (item.line, item.field)))[:MOST_PROBLEMS]
        self.more = count - len(self.problems)
        super().__init__(f"{count} error{'s' if count != 1 else ''}", where=str(path))

    def __str__(self) -> str:
        lines = [f"{self.path}:{item.line}: {describe(item)}" for item in self.problems]
        return "\n".join([*lines, f"{self.path}: and {self.more} more"] if self.more else lines)


class StationFileError(FormError):
    """Everything that is wrong in a station file."""


def describe(problem: Problem) -> str:
    """A problem in one line: field, what is wrong, what to do."""
    field = f"{problem.field}: " if problem.field else ""
    stop = "" if problem.problem.endswith((".", "?")) or not problem.fix else "."
    text = f"{field}{problem.problem}{stop} {problem.fix}".rstrip()
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def load_station(path: Path, *, horizon: bool = True) -> StationFile:
    """Read and validate a station file.

    horizon: also look at the files that `site.surface.horizon` names; a run's record keeps the horizon
    itself, so the copy of the station file in it is read without them.

    Raises StationFileError with every error found, or InputError when the file can't be read.
    """
    text = read_text(path, "Check the path, or write a starter with `lunabase init`.")
    return StationFile(path, text, station_of(read_yaml(text), path, horizon=horizon))


def station_of(source: YamlSource, path: Path, *, horizon: bool = True) -> Station:
    """The station that a file at ``path`` describes. Raises StationFileError with every error found."""
    station: Station | None = None
    problems: list[Problem] = []
    if source.data or not source.problems:
        station, problems = _checked(source, path.parent if horizon else None)
    told = {item.field for item in source.problems}
    problems = [*source.problems, *(item for item in problems if item.field not in told)]
    if problems or station is None:
        raise StationFileError(path, problems)
    return station


def read_text(path: Path, where_from: str) -> str:
    """Text of a UTF-8 file. Raises InputError when it can't be read; `where_from` says how to get such a file."""
    try:
        if path.exists() and not path.is_file():
            raise InputError("can't be read: it is no regular file.", where=str(path), fix="Give a readable file.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise InputError(f"larger than {MAX_BYTES // 1_000_000} MB.", where=str(path), fix="Is it the right file?")
        return content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise InputError("there is no such file.", where=str(path), fix=where_from) from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text.", where=str(path), fix="Save the file as UTF-8.") from None
    except OSError as refused:
        raise InputError(f"can't be read: {refused.strerror}.", where=str(path), fix="Give a readable file.") from None


def _checked(source: YamlSource, folder: Path | None) -> tuple[Station, list[Problem]]:
    """The station as far as it is well formed, and errors of form, of references, of agreement and of the horizon."""
    reader = FormReader(source)
    given, malformed = reader.fields(Station, source.data, ())
    formed = {name: value for name, value in given.items() if value is not BAD}
    station = Station.model_construct(**formed)
    missing = set(given) - set(formed)
    for needs, check, whole in CHECKS:
        if not missing & set(needs) and not (whole and malformed & set(needs)):
            for path, problem, fix in check(station):
                reader.note(path, problem, fix)
    if folder is not None and "site" not in missing:
        for path, problem, fix in horizon_problems(station.site, folder):
            reader.note(path, problem, fix)
        if "modules" not in missing:
            for path, problem, fix in mast_problems(station, folder):
                reader.note(path, problem, fix)
    return station, [*reader.problems, *broken_references(source)]
