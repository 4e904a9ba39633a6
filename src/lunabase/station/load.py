"""Station file -> `Station`, or every error in it at once, each with line, field and what to do."""

from __future__ import annotations

import difflib
import hashlib
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from lunabase.errors import InputError
from lunabase.station.budgets import CHECKS
from lunabase.station.model import Station
from lunabase.station.quantities import file_key
from lunabase.station.references import broken_references
from lunabase.station.yaml_source import KeyPath, Problem, YamlSource, dotted, read_yaml

MAX_BYTES = 20_000_000


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


class StationFileError(InputError):
    """Everything that is wrong in a station file."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda item: (item.line, item.field)))
        count = len(problems)
        super().__init__(f"{count} error{'s' if count != 1 else ''}", where=str(path))

    def __str__(self) -> str:
        return "\n".join(f"{self.path}:{item.line}: {describe(item)}" for item in self.problems)


def describe(problem: Problem) -> str:
    """A problem in one line: field, what is wrong, what to do."""
    field = f"{problem.field}: " if problem.field else ""
    stop = "" if problem.problem.endswith((".", "?")) or not problem.fix else "."
    return f"{field}{problem.problem}{stop} {problem.fix}".rstrip()


def load_station(path: Path) -> StationFile:
    """Read and validate a station file.

    Raises StationFileError with every error found, or InputError when the file can't be read.
    """
    text = _read_text(path)
    source = read_yaml(text)
    problems = list(source.problems)
    if source.data:
        problems += _check(source)
    if problems:
        raise StationFileError(path, problems)
    if not source.data:
        raise InputError("the file is empty.", where=str(path), fix="Start from the file that `lunabase init` writes.")
    return StationFile(path, text, Station.model_validate(source.data))


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"larger than {MAX_BYTES // 1_000_000} MB.", where=str(path), fix="Is it a station file?")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fix = "Check the path, or write a starter with `lunabase init`."
        raise InputError("there is no such file.", where=str(path), fix=fix) from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text.", where=str(path), fix="Save the file as UTF-8.") from None
    except OSError as refused:
        raise InputError(f"can't be read: {refused.strerror}.", where=str(path), fix="Give a readable file.") from None


def _check(source: YamlSource) -> Iterator[Problem]:
    """Errors of form section by section, then references, then budgets over all that is well formed."""
    unknown = set(source.data) - set(Station.model_fields)
    for name in sorted(unknown):
        yield Problem(source.line_of((name,)), name, "unknown key", _nearest(name, Station.model_fields))
    sections: dict[str, Any] = {}
    malformed: set[str] = set()
    for name, field in Station.model_fields.items():
        if name in source.data:
            sections[name], problems = _section(name, field, source)
            malformed |= {name} if problems else set()
            yield from problems
        elif field.is_required():
            yield Problem(1, name, "this section is missing", f"Add `{name}:`; `lunabase init` shows one.")
        else:
            sections[name] = field.get_default(call_default_factory=True)
    yield from broken_references(source)
    partial = Station.model_construct(**{key: value for key, value in sections.items() if value is not None})
    for needs, check, whole in CHECKS:
        formed = all(sections.get(section) is not None for section in needs)
        if formed and not (whole and malformed & set(needs)):
            for path, problem, fix in check(partial):
                yield Problem(source.line_of(path), dotted(path), problem, fix)


def _section(name: str, field: FieldInfo, source: YamlSource) -> tuple[Any, list[Problem]]:
    """A section's well-formed content and its errors; in a mapping each entry stands for itself."""
    value, annotation = source.data[name], _bare(field.annotation)
    if get_origin(annotation) is not Mapping:
        return _validated((name,), annotation, value, source)
    if not isinstance(value, dict):
        return _validated((name,), annotation, value, source)
    entry_type = get_args(annotation)[1]
    _, key_problems = _validated((name,), Mapping[get_args(annotation)[0], Any], value, source)  # type: ignore[misc]
    kept, problems = {}, key_problems
    for key, entry in value.items():
        record, wrong = _validated((name, key), entry_type, entry, source)
        problems += wrong
        if record is not None:
            kept[key] = record
    return kept, problems


def _validated(path: KeyPath, annotation: Any, value: Any, source: YamlSource) -> tuple[Any, list[Problem]]:
    try:
        return TypeAdapter(annotation).validate_python(value), []
    except ValidationError as bad:
        return None, [_problem(path, annotation, error, source) for error in bad.errors(include_url=False)]


def _problem(base: KeyPath, annotation: Any, error: ErrorDetails, source: YamlSource) -> Problem:
    steps, owner = _walk(annotation, error["loc"])
    path = (*base, *steps)
    text, fix = _words(error, owner)
    return Problem(source.line_of(path), dotted(path), text, fix)


def _words(error: ErrorDetails, owner: type[BaseModel] | None) -> tuple[str, str]:
    """What is wrong and what to do, for the kinds of errors pydantic reports."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        keys = [file_key(name) for name in owner.model_fields] if owner else []
        return "unknown key", _nearest(str(error["loc"][-1]), keys)
    if kind == "missing":
        return "missing", "Add it; the station-file reference says what it means."
    if kind == "value_error":
        return str(context.get("error", error["msg"])), ""
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = context.get("expected") or context.get("expected_tags", "")
        shown = context.get("tag", error["input"])
        return f"{shown!r} is not one of the choices", _nearest(str(shown), _choices(str(allowed)))
    if kind == "union_tag_not_found":
        return "`type` is missing", "Say what kind of equipment or rule it is."
    if kind == "string_pattern_mismatch":
        return f"{error['input']!r} is not a name", "Use lower-case words joined by hyphens, like `main-battery`."
    if kind in ("model_type", "mapping_type", "dict_type"):
        return f"expected `key: value` lines, found {error['input']!r}", "Indent its keys below it."
    return error["msg"][:1].lower() + error["msg"][1:], f"Found {error['input']!r}."


def _choices(expected: str) -> list[str]:
    return [part.strip(" '") for part in expected.replace(" or ", ", ").split(", ")]


def _nearest(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"Known here: {', '.join(sorted(known))}."


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _walk(annotation: Any, loc: tuple[str | int, ...]) -> tuple[KeyPath, type[BaseModel] | None]:
    """Follow an error's location through the types: the path in the file (union tags left out) and the owner."""
    steps: list[str | int] = []
    owner: type[BaseModel] | None = None
    for step in loc:
        annotation = _bare(annotation)
        if get_origin(annotation) in (Union, types.UnionType):
            annotation, is_tag = _member(annotation, str(step))
            if is_tag:
                continue
        annotation = _bare(annotation)
        if step == "[key]":
            break
        steps.append(step)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            owner = annotation
            annotation = _field_type(annotation, str(step))
        else:
            arguments = get_args(annotation)
            annotation = arguments[1] if get_origin(annotation) is Mapping else (arguments or (Any,))[0]
    return tuple(steps), owner


def _field_type(model: type[BaseModel], key: str) -> Any:
    for name, field in model.model_fields.items():
        if file_key(name) == key:
            return field.annotation
    return Any


def _member(union: Any, step: str) -> tuple[Any, bool]:
    """The member of a union that a step of an error's location means, and whether the step only names it."""
    members = [_bare(member) for member in get_args(union) if member is not type(None)]
    for member in members:
        if isinstance(member, type) and issubclass(member, BaseModel):
            tag = member.model_fields.get("type")
            if member.__name__ == step or (tag is not None and step in get_args(tag.annotation)):
                return member, True
    if len(members) == 1:
        return members[0], False
    return Any, step.startswith(("function-", "float", "str"))
