"""YAML text -> plain data plus the line of every value, so that every error can name its place.

YAML 1.2 (ruamel.yaml): `on`, `yes` and `12:30` stay text. Dates stay text too; the models parse them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

KeyPath = tuple[str | int, ...]
Finding = tuple[KeyPath, str, str]
"""What a check finds: path, what is wrong, what to do."""

_MAX_DEPTH = 60
_MAX_VALUES = 200_000
"""Aliases can blow a short file up to billions of values; no station needs more than this."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a station file."""

    line: int
    """Line in the file, from 1; 0 when the problem has no place."""
    field: str
    """Dotted path like ``payloads.camera.mass``."""
    problem: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class YamlSource:
    """What a YAML file says and where it says it."""

    data: dict[str, Any]
    lines: dict[KeyPath, int]
    problems: tuple[Problem, ...]
    """Duplicate keys and the like; the data holds the first of two."""

    def line_of(self, path: KeyPath) -> int:
        """Line of the value at a path, or of the nearest thing around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1


def dotted(path: KeyPath) -> str:
    """A path as a user writes it: ``phases.robotic.present[2]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read_yaml(text: str) -> YamlSource:
    """Parse YAML text. Never raises for bad YAML: the problem is in ``problems`` and the data is empty."""
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as bad:
        mark = bad.problem_mark or bad.context_mark
        line = mark.line + 1 if mark else 0
        fix = "Check indentation, colons and quotes on this line and the one before."
        return YamlSource({}, {}, (Problem(line, "", f"not valid YAML: {bad.problem or bad.context}", fix),))
    except ReaderError as bad:
        line = text.count("\n", 0, bad.position) + 1
        wrong = Problem(line, "", f"the character U+{ord(text[bad.position]):04X} is not allowed in YAML", "Remove it.")
        return YamlSource({}, {}, (wrong,))
    except (YAMLError, RecursionError, ValueError) as bad:
        wrong = Problem(1, "", f"not valid YAML: {str(bad).splitlines()[0]}", "Write it more simply.")
        return YamlSource({}, {}, (wrong,))
    if node is None:
        return YamlSource({}, {}, (Problem(1, "", "the file is empty", _START),))
    if not isinstance(node, MappingNode):
        return YamlSource({}, {}, (Problem(1, "", "the file is not a list of `key: value` lines", _START),))
    reader = _Reader()
    data = reader.value(node, ())
    return YamlSource(data if isinstance(data, dict) else {}, reader.lines, tuple(reader.problems))


_START = "Start from the file that `lunabase init` writes."
_TAG = "tag:yaml.org,2002:"
_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
"""The tags that a station file may carry; plain values get them on their own."""


class _Reader:
    """Turns YAML nodes into plain values and notes the lines."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self.exhausted = False
        self.around: list[Node] = []
        """The nodes that the one being read lies in."""

    def value(self, node: Node, path: KeyPath) -> Any:
        if any(node is outer for outer in self.around):
            self._add(node, path, "it contains itself, by an alias", "Write out what it holds.")
            return None
        self.around.append(node)
        try:
            return self._value(node, path)
        finally:
            self.around.pop()

    def _value(self, node: Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > _MAX_DEPTH or len(self.lines) > _MAX_VALUES:
            if not self.exhausted:
                self._add(node, path, "too deep or too many values", "Write it flatter, with fewer aliases.")
            self.exhausted = True
            return None
        if str(node.tag).removeprefix(_TAG) not in _KINDS:
            self._add(node, path, f"the tag `{node.tag}` means nothing here", "Remove it.")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if str(key_node.tag).endswith(":merge"):
                merged |= self._merged(value_node, path)
                continue
            if not isinstance(key_node, ScalarNode):
                self._add(key_node, path, "a key must be a word", "Write `key: value`.")
                continue
            key = self._text(key_node, path)
            here = (*path, key)
            if key in result:
                first = self.lines[here]
                self._add(key_node, here, f"given twice, first on line {first}", "Keep one of the two.")
                continue
            self.lines[here] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, here)
        return merged | result

    def _merged(self, node: Node, path: KeyPath) -> dict[str, Any]:
        """Keys of a `<<: *alias` line; of several aliases the first wins, as YAML's merge key says."""
        result: dict[str, Any] = {}
        for alias in node.value if isinstance(node, SequenceNode) else [node]:
            value = self.value(alias, path)
            if isinstance(value, dict):
                result = value | result
            else:
                self._add(node, (*path, "<<"), "there are no keys to merge", "Write an alias of an entry: `<<: *name`.")
        return result

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        text = self._text(node, path)
        try:
            if kind == "int":
                return int(text.replace("_", ""), 0)
            if kind == "float":
                return float(text.replace("_", ""))
        except ValueError:
            self._add(node, path, f"can't read the number {text!r}", "Write it in decimal, like 12 or 0.5.")
        return {"bool": text.lower() == "true", "null": None}.get(kind, text)

    def _text(self, node: ScalarNode, path: KeyPath) -> str:
        """The scalar's text; JSON's pairs of escapes for one character are joined."""
        text = str(node.value)
        if not any("\ud800" <= letter <= "\udfff" for letter in text):
            return text
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if "\ufffd" in joined:
            self._add(node, path, "it holds an escape of half a character", "Write the character itself.")
        return joined

    def _add(self, node: Node, path: KeyPath, problem: str, fix: str) -> None:
        self.problems.append(Problem(node.start_mark.line + 1, dotted(path), problem, fix))
