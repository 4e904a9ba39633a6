"""State diagrams as text for other tools: Mermaid and DOT (Graphviz)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lunabase.report.autonomy import AutonomyTables


@dataclass(frozen=True, slots=True)
class Arrow:
    """One transition."""

    first: str
    second: str
    label: str


def mode_arrows(tables: AutonomyTables) -> Iterator[Arrow]:
    """Ways between the modes: in from any milder mode (drawn from the next milder one), out to the everyday mode."""
    names = [row.mode for row in tables.modes]
    for place, row in enumerate(tables.modes):
        if row.enter:
            yield Arrow(names[place - 1], row.mode, " or ".join(row.enter))
            yield Arrow(row.mode, names[0], " and ".join(row.leave))


def response_arrows(tables: AutonomyTables) -> Iterator[Arrow]:
    """From events to responses, and up the ladder."""
    for action in tables.event_actions:
        yield Arrow(f"event {action.event}", action.start, "" if action.on else "off")
    for row in tables.responses:
        yield Arrow(row.response, row.then, f"exhausted after {row.repeats}")


def mermaid(tables: AutonomyTables) -> str:
    """Both diagrams in Mermaid, the second after an empty line."""
    modes = [f"    [*] --> {_id(tables.modes[0].mode)}"]
    modes += [f"    {_id(item.first)} --> {_id(item.second)}: {_plain(item.label)}" for item in mode_arrows(tables)]
    lines = ["stateDiagram-v2", *modes]
    if tables.responses:
        boxes = [f'    {_id(row.response)}["{row.response} ({row.level})<br/>{_steps(row.steps)}"]'
                 for row in tables.responses]  # fmt: skip
        events = dict.fromkeys(action.event for action in tables.event_actions)
        boxes += [f'    {_id(f"event {event}")}(["{event}"])' for event in events]
        arrows = [
            f"    {_id(item.first)} -->{f'|{_plain(item.label)}|' if item.label else ''} {_id(item.second)}"
            for item in response_arrows(tables)
        ]
        lines += ["", "flowchart LR", *boxes, "    Earth((Earth))", *arrows]
    return "\n".join(lines) + "\n"


def dot(tables: AutonomyTables) -> str:
    """Both diagrams as one DOT graph with a cluster for each."""
    lines = ["digraph autonomy {", '  rankdir="LR"', '  node [shape="box"]', "  subgraph cluster_modes {"]
    lines += ['    label="modes"', *(f"    {_quoted(row.mode)}" for row in tables.modes)]
    lines += [f"    {_edge(item.first, item.second, item.label)}" for item in mode_arrows(tables)]
    lines.append("  }")
    if tables.responses:
        lines += ["  subgraph cluster_responses {", '    label="responses"']
        lines += [
            f"    {_quoted(row.response)} [label={_quoted(f'{row.response} ({row.level})', *row.steps)}]"
            for row in tables.responses
        ]
        lines += [f"    {_edge(item.first, item.second, item.label)}" for item in response_arrows(tables)]
        lines.append("  }")
    return "\n".join([*lines, "}"]) + "\n"


def _edge(first: str, second: str, label: str) -> str:
    return f"{_quoted(first)} -> {_quoted(second)} [label={_quoted(label)}]"


def _quoted(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def _id(name: str) -> str:
    return name.replace("-", "_").replace(" ", "_")


def _plain(text: str) -> str:
    """Without what ends a label in Mermaid."""
    return text.replace(":", "").replace("|", "/").replace('"', "'").replace(";", ",").replace("%", "#37;")


def _steps(steps: Iterable[str]) -> str:
    return "<br/>".join(_plain(step) for step in steps)
