"""Plain data -> records, as far as they are well formed, and everything that is not, in one go.

Pydantic validates a record as a whole: one bad field hides the rules between the others. Here each
field is read on its own, pydantic judges the single values, and the rules run over what could be read.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from lunabase.station.quantities import file_key
from lunabase.station.record import Record, broken_rules
from lunabase.station.yaml_source import KeyPath, Problem, YamlSource, dotted

BAD: Final = object()
"""Stands for a value that could not be read."""


class FormReader:
    """Reads records from a source and notes the problems."""

    def __init__(self, source: YamlSource) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def fields(self, model: type[Record], value: dict[str, Any], path: KeyPath) -> tuple[dict[str, Any], set[str]]:
        """What could be read, by file key, and the names of the fields in which anything is wrong.

        A mapping of records keeps its good entries when another is bad.
        """
        keys = {file_key(name): name for name in model.model_fields}
        for key in value:
            if key not in keys:
                self.note((*path, key), "unknown key", nearest(key, keys))
        given: dict[str, Any] = {}
        malformed: set[str] = set()
        for key, name in keys.items():
            before = len(self.problems)
            found = self._field(model, name, value, (*path, key))
            if found is not None:
                given[key] = found
            if len(self.problems) > before:
                malformed.add(name)
        partial = model.model_construct(**{key: found for key, found in given.items() if found is not BAD})
        for at, problem in broken_rules(partial, malformed):
            self.note((*path, at) if at else path, problem)
        return given, malformed

    def note(self, path: KeyPath, problem: str, fix: str = "") -> None:
        """Add a problem."""
        self.problems.append(Problem(self.source.line_of(path), dotted(path), problem, fix))

    def _field(self, model: type[Record], name: str, value: dict[str, Any], path: KeyPath) -> Any:
        """The field's value, None for its default, or BAD. An empty optional key means its default."""
        key = str(path[-1])
        if value.get(key) is not None:
            return self._read(_hints(model)[name], value[key], path)
        if not model.model_fields[name].is_required():
            return None
        if key in value:
            self.note(path, "it is empty", "Write its value, or what belongs to it, indented below.")
        elif len(path) == 1:
            self.note(path, "this section is missing", f"Add `{key}:`; `lunabase init` shows one.")
        else:
            self.note(path, "missing", "Add it; the station-file reference says what it means.")
        return BAD

    def _read(self, annotation: Any, value: Any, path: KeyPath) -> Any:
        annotation = _chosen(annotation, value)
        bare = _bare(annotation)
        if _is_union(bare) and _tagged(bare):
            return self._tagged(_tagged(bare), value, path)
        if get_origin(bare) is Mapping:
            return self._mapping(bare, value, path)
        if get_origin(bare) is tuple:
            return self._list(get_args(bare)[0], value, path)
        if isinstance(bare, type) and issubclass(bare, Record):
            return self._record(bare, value, path)
        return self._plain(annotation, value, path)

    def _record(self, model: type[Record], value: Any, path: KeyPath) -> Any:
        if not self._is_mapping(value, path):
            return BAD
        given, _ = self.fields(model, value, path)
        return BAD if any(found is BAD for found in given.values()) else model.model_construct(**given)

    def _tagged(self, members: dict[str, type[Record]], value: Any, path: KeyPath) -> Any:
        if not self._is_mapping(value, path):
            return BAD
        tag = value.get("type")
        if isinstance(tag, str) and tag in members:
            return self._record(members[tag], value, path)
        if tag is None:
            self.note(path, "`type` is missing", f"Choose one of: {', '.join(members)}.")
        else:
            self.note((*path, "type"), f"{shown(tag)} is not one of the choices", nearest(str(tag), members))
        return BAD

    def _mapping(self, annotation: Any, value: Any, path: KeyPath) -> Any:
        """Entries by their key; bad records are left out, a bad value spoils the whole."""
        if not self._is_mapping(value, path):
            return BAD
        key_type, entry_type = get_args(annotation)
        entries = {}
        for key, entry in value.items():
            name = self._plain(key_type, key, (*path, key))
            found = self._read(entry_type, entry, (*path, key))
            if name is not BAD and found is not BAD:
                entries[key] = found
        return BAD if len(entries) < len(value) and not _holds_records(entry_type) else entries

    def _list(self, item_type: Any, value: Any, path: KeyPath) -> Any:
        if not isinstance(value, list):
            self.note(path, f"expected a list, found {shown(value)}", "Write it like [first, second].")
            return BAD
        items = tuple(self._read(item_type, item, (*path, index)) for index, item in enumerate(value))
        return BAD if any(item is BAD for item in items) else items

    def _plain(self, annotation: Any, value: Any, path: KeyPath) -> Any:
        if value is None:
            self.note(path, "it is empty", "Write its value.")
            return BAD
        try:
            return _adapter(annotation).validate_python(value)
        except ValidationError as bad:
            self.note(path, *_words(bad.errors(include_url=False)[0], annotation))
            return BAD

    def _is_mapping(self, value: Any, path: KeyPath) -> bool:
        if value is None:
            self.note(path, "it is empty", "Indent its keys below it.")
        elif not isinstance(value, dict):
            self.note(path, f"expected `key: value` lines, found {shown(value)}", "Indent its keys below it.")
        return isinstance(value, dict)


def shown(value: object) -> str:
    """A value as an error shows it: short, and in the words of the file."""
    if isinstance(value, dict):
        return "`key: value` lines"
    if isinstance(value, list):
        return "a list"
    text = {True: "true", False: "false", None: "nothing"}[value] if isinstance(value, bool | None) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def nearest(name: str, known: Iterable[str]) -> str:
    """What to do about an unknown name: the nearest known one, or all of them."""
    return _nearest(name[:100], tuple(sorted(known)))


@lru_cache(maxsize=4096)
def _nearest(name: str, names: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{close[0]}`?"
    more = f" and {len(names) - 40} more" if len(names) > 40 else ""
    return f"Known here: {', '.join(names[:40]) or 'none'}{more}."


_WORDS: dict[str, Callable[[ErrorDetails], tuple[str, str]]] = {
    "value_error": lambda error: (str(error["ctx"]["error"]), ""),
    "string_type": lambda error: (f"expected text, found {shown(error['input'])}", "Put text in quotes."),
    "string_too_short": lambda _: ("the text is empty", "Write something."),
    "string_too_long": lambda error: (f"longer than {error['ctx']['max_length']} characters", "Shorten it."),
    "string_pattern_mismatch": lambda error: (
        f"{shown(error['input'])} is not a name",
        "Use lower-case words joined by hyphens, like `main-battery`.",
    ),
    "bool_type": lambda error: (f"expected true or false, found {shown(error['input'])}", "Write true or false."),
    "int_type": lambda error: (f"expected a whole number, found {shown(error['input'])}", "Write it without quotes."),
    "float_type": lambda error: (f"expected a number, found {shown(error['input'])}", "Write it without quotes."),
    "greater_than_equal": lambda error: (f"{error['input']} is too small", f"At least {error['ctx']['ge']:g}."),
    "less_than_equal": lambda error: (f"{error['input']} is too large", f"At most {error['ctx']['le']:g}."),
}
"""Kinds of errors that pydantic finds in a single value -> what is wrong, what to do."""


def _words(error: ErrorDetails, annotation: Any) -> tuple[str, str]:
    if error["type"] == "literal_error":
        choices = [str(choice) for choice in get_args(_bare(annotation))]
        return f"{shown(error['input'])} is not one of the choices", nearest(str(error["input"]), choices)
    return _WORDS[error["type"]](error)


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


@cache
def _hints(model: type[Record]) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _is_union(bare: Any) -> bool:
    return get_origin(bare) in (Union, types.UnionType)


def _chosen(annotation: Any, value: Any) -> Any:
    """The one member of ``X | None`` or of ``plain | Record`` that a value is meant for."""
    if not _is_union(annotation):
        return annotation
    members = [member for member in get_args(annotation) if member is not types.NoneType]
    fitting = [member for member in members if isinstance(value, dict) == _holds_records(member)]
    return (fitting or members)[0] if len(members) > 1 else members[0]


def _holds_records(annotation: Any) -> bool:
    bare = _bare(annotation)
    if _is_union(bare):
        return bool(_tagged(bare))
    return isinstance(bare, type) and issubclass(bare, Record)


@cache
def _tagged(union: Any) -> dict[str, type[Record]]:
    """The records of a union by the words of their `type`."""
    records = [part for part in map(_bare, get_args(union)) if isinstance(part, type) and issubclass(part, Record)]
    return {
        str(tag): record
        for record in records
        if get_origin(_hints(record).get("type")) is Literal
        for tag in get_args(_hints(record)["type"])
    }
