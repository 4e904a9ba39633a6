"""The station file's reference page and JSON Schema, both made from the models."""

from __future__ import annotations

import inspect
import types
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import WithJsonSchema

from lunabase.station.model import Station
from lunabase.station.quantities import KINDS, file_key

_HEADING = """# Station file

Generated from the models by `make docs`; do not edit. A station file is YAML 1.2. Quantities are text
with a unit (`12 kW`, `18 kWh`, `-89.45 deg`, `6 Mbit/s`, `30 %`); names are lower-case words joined by
hyphens. Unknown keys are errors. `lunabase check FILE` reports every error with its line.

The top level:
"""


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the station file, for editors."""
    return schema_of(Station, "Lunabase station file")


def schema_of(root: type[BaseModel], title: str) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a file that holds a record."""
    schema = _for_editors(root.model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _for_editors(node: Any) -> Any:
    """What pydantic leaves out of a schema: units where a key is explained, and that unknown names are wrong."""
    if isinstance(node, list):
        return [_for_editors(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _for_editors(value) for key, value in node.items()}
    kinds = [part for part in (result, *result.get("anyOf", ())) if isinstance(part, dict) and "x-unit" in part]
    for kind in kinds:
        units = KINDS[kind["x-unit"]][1]
        if "description" in result and units not in result["description"]:
            result["description"] += f" [{units}]"
    if (kinds and isinstance(result.get("default"), float)) or isinstance(result.get("default"), dict):
        del result["default"]  # the SI number inside, which the file would not accept
    if "patternProperties" in result:
        result["additionalProperties"] = False
    return result


def reference_markdown() -> str:
    """The reference page: every record, key, type and meaning."""
    return records_markdown(_HEADING, Station)


def records_markdown(heading: str, root: type[BaseModel], known: Collection[type[BaseModel]] = ()) -> str:
    """A page of a record and all below it, but for those that another page explains."""
    lines = [heading, *_table(root)]
    for model in (one for one in records_below(root) if one not in known):
        lines += ["", f"## {_title(model)}", "", inspect.cleandoc(model.__doc__ or ""), "", *_table(model)]
    return "\n".join(lines) + "\n"


def _title(model: type[BaseModel]) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in model.__name__)
    return words.strip().capitalize()


def _anchor(model: type[BaseModel]) -> str:
    return f"[{_title(model)}](#{_title(model).lower().replace(' ', '-')})"


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | value | needed | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        needed = "yes" if field.is_required() else ""
        meaning = " ".join((field.description or "").split())
        yield f"| `{file_key(name)}` | {_described(field)} | {needed} | {meaning}{_default(field)} |"


def _default(field: FieldInfo) -> str:
    empty = field.default is None or field.default in ("", ()) or isinstance(field.default, BaseModel)
    return "" if field.is_required() or field.default_factory or empty else f" Default: {field.default}."


def _described(field: FieldInfo) -> str:
    for part in field.metadata:
        if isinstance(part, WithJsonSchema):
            return str((part.json_schema or {}).get("description", "text"))
    return _type_text(field.annotation)


def _type_text(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        notes = [part.json_schema for part in arguments[1:] if isinstance(part, WithJsonSchema)]
        return str(notes[0].get("description", "text")) if notes and notes[0] else _type_text(arguments[0])
    if origin is Literal:
        return " / ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_type_text(part) for part in arguments if part is not type(None))
    if origin is Mapping:
        return f"name: {_type_text(arguments[1])}"
    if origin is tuple:
        return f"list of {_type_text(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _anchor(annotation)
    return {str: "text", int: "whole number", float: "number", bool: "true / false"}.get(annotation, str(annotation))


def records_below(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Every record below a record, in the order of first use."""
    found: list[type[BaseModel]] = []

    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            if annotation not in found:
                found.append(annotation)
                for field in annotation.model_fields.values():
                    visit(field.annotation)
            return
        for part in get_args(annotation):
            visit(part)

    for field in model.model_fields.values():
        visit(field.annotation)
    return found


def starter_text() -> str:
    """The commented station file that `lunabase init` writes."""
    return (files("lunabase.station") / "starter.yaml").read_text(encoding="utf-8")
