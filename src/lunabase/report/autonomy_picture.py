"""State diagrams of a station's autonomy as a picture: its modes, and its responses level by level."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lunabase.record.whole import whole_file
from lunabase.report import palette
from lunabase.report.autonomy import AutonomyTables, ModeRow, ResponseRow
from lunabase.report.plan_files import refuse_other_pictures

_WIDTH_IN, _DPI = 14.0, 130
_LINE_IN, _PAD_IN, _GAP_IN = 0.165, 0.11, 0.16
_TITLE_IN = 0.85
_SMALL, _PLAIN, _HEAD = 8.0, 9.0, 10.5
_COLUMNS = {"event": 0.15, "unit": 3.05, "subsystem": 6.75, "station": 10.45, "Earth": 13.15}
"""Left edges, in inches."""
_BOX_IN, _EVENT_IN, _EARTH_IN = 3.2, 2.1, 0.7
_STEP_CHARACTERS, _SIDE_CHARACTERS = 57, 62


def draw_autonomy(tables: AutonomyTables, path: Path) -> None:
    """Draw modes and responses below each other as PNG, SVG or PDF."""
    refuse_other_pictures(path)
    modes_in = _modes_height(tables.modes)
    ladder = _ladder(tables)
    height_in = _TITLE_IN + modes_in + (ladder.height_in + 0.75 if ladder.boxes else 0.1)
    figure, axes = _sheet(height_in)
    axes.text(0.15, height_in - 0.3, _plain(f"{tables.station}: autonomy"), fontsize=14, weight="bold")
    levels = f"phase {tables.phase}; execution {tables.execution}, failure {tables.failure} (ECSS-E-ST-70-11C)"
    axes.text(0.15, height_in - 0.55, _plain(levels), fontsize=_PLAIN, color=palette.QUIET)
    _draw_modes(axes, tables.modes, height_in - _TITLE_IN)
    if ladder.boxes:
        _draw_ladder(axes, ladder, tables, height_in - _TITLE_IN - modes_in - 0.35)
    with whole_file(path) as place:
        figure.savefig(place, format=path.suffix[1:], dpi=_DPI)


def _sheet(height_in: float) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_IN, height_in))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, _WIDTH_IN)
    axes.set_ylim(0.0, height_in)
    axes.axis("off")
    return figure, axes


def _lines(texts: Sequence[str], between: str) -> list[str]:
    """Conditions, one below the other, wrapped."""
    joined = [text if place == 0 else f"{between} {text}" for place, text in enumerate(texts)]
    return [line for text in joined for line in textwrap.wrap(text, _SIDE_CHARACTERS)]


def _mode_height(row: ModeRow) -> float:
    rows = max(len(_lines(row.enter, "or")), len(_lines(row.leave, "and")), 3 + bool(row.off))
    return rows * _LINE_IN + 2.0 * _PAD_IN


def _modes_height(rows: Sequence[ModeRow]) -> float:
    return sum(_mode_height(row) + _GAP_IN for row in rows) + 0.45


def _draw_modes(axes: Any, rows: Sequence[ModeRow], top_in: float) -> None:
    """The modes from mild to severe; on the left what leads in, on the right what leads out."""
    left, right, width = 5.35, 8.65, 3.3
    axes.text(left - 0.45, top_in - 0.15, "in, from any milder mode", fontsize=_PLAIN, color=palette.QUIET, ha="right")
    words = "out, to the severest milder mode that still holds"
    axes.text(right + 0.45, top_in - 0.15, words, fontsize=_PLAIN, color=palette.QUIET)
    y_in = top_in - 0.35
    middles = {}
    for row in rows:
        height = _mode_height(row)
        _box(axes, (left, y_in - height, width, height), palette.MODES.get(row.mode, "#ffffff"))
        middle = y_in - height / 2.0
        middles[row.mode] = middle
        _text(axes, left + width / 2.0, middle, [row.mode, *_does(row)], ha="center", head=True)
        if row.enter:
            _text(axes, left - 0.45, middle, _lines(row.enter, "or"), ha="right")
            _arrow(axes, (left - 0.4, middle), (left, middle))
        if row.leave:
            _text(axes, right + 0.45, middle, _lines(row.leave, "and"), ha="left")
            _arrow(axes, (right, middle), (right + 0.4, middle))
        y_in -= height + _GAP_IN


def _does(row: ModeRow) -> list[str]:
    parts = [f"activities: {row.activities}"]
    parts.append(f"standby {'on' if row.standby else 'off'}, downlink {'on' if row.downlink else 'off'}")
    return [*parts, *([f"off: {textwrap.shorten(', '.join(row.off), 48, placeholder=' …')}"] if row.off else [])]


@dataclass(frozen=True, slots=True)
class _Box:
    """A response or event on the sheet; the place of its upper left corner is counted from the top."""

    left_in: float
    top_in: float
    width_in: float
    lines: tuple[str, ...]

    @property
    def height_in(self) -> float:
        return len(self.lines) * _LINE_IN + 2.0 * _PAD_IN


@dataclass(frozen=True, slots=True)
class _Ladder:
    boxes: Mapping[str, _Box]
    height_in: float


def _ladder(tables: AutonomyTables) -> _Ladder:
    """Responses in the columns of their levels, each as near as possible to what leads to it; then the events."""
    boxes: dict[str, _Box] = {}
    for level in ("unit", "subsystem", "station"):
        column = [row for row in tables.responses if row.level == level]
        wish = {row.response: _wish(row, tables, boxes) for row in column}
        floor_in = 0.0
        for row in sorted(column, key=lambda item: wish[item.response]):
            box = _Box(_COLUMNS[level], max(wish[row.response], floor_in), _BOX_IN, _describe(row))
            boxes[row.response] = box
            floor_in = box.top_in + box.height_in + _GAP_IN
    floor_in = 0.0
    events = dict.fromkeys(action.event for action in tables.event_actions)
    wish = {event: _mean_top(tables, event, boxes) for event in events}
    for event in sorted(events, key=lambda item: wish[item]):
        box = _Box(_COLUMNS["event"], max(wish[event], floor_in), _EVENT_IN, (event,))
        boxes[f"event {event}"] = box
        floor_in = box.top_in + box.height_in + _GAP_IN
    return _Ladder(boxes, max((box.top_in + box.height_in for box in boxes.values()), default=0.0))


def _wish(row: ResponseRow, tables: AutonomyTables, boxes: Mapping[str, _Box]) -> float:
    """Where a response would like to be: beside what comes before it; those that only events start, in file order."""
    before = [
        boxes[one.response].top_in for one in tables.responses if one.then == row.response if one.response in boxes
    ]
    started = any(action.start == row.response for action in tables.event_actions)
    if before and not started:
        return sum(before) / len(before)
    place = [one.response for one in tables.responses].index(row.response)
    return 0.55 * place if before or row.level == "unit" else 0.42 * place


def _mean_top(tables: AutonomyTables, event: str, boxes: Mapping[str, _Box]) -> float:
    tops = [
        boxes[action.start].top_in + boxes[action.start].height_in / 2.0 - 0.2
        for action in tables.event_actions
        if action.event == event
    ]
    return sum(tops) / len(tops)


def _describe(row: ResponseRow) -> tuple[str, ...]:
    steps = [f"{count}. {step}" for count, step in enumerate(row.steps, start=1)]
    told = [line for step in steps for line in textwrap.wrap(step, _STEP_CHARACTERS, subsequent_indent="    ")]
    until = textwrap.wrap(f"until {row.recovered}", _STEP_CHARACTERS, subsequent_indent="    ")
    return (row.response, *told, *until, f"at most {row.repeats}")


_LEVEL_FILLS = {"event": "#ffffff", "unit": "#e9f3ec", "subsystem": "#fdf3dc", "station": "#fbe4dc"}


def _draw_ladder(axes: Any, ladder: _Ladder, tables: AutonomyTables, top_in: float) -> None:
    for level, left in _COLUMNS.items():
        width = {"event": _EVENT_IN, "Earth": _EARTH_IN}.get(level, _BOX_IN)
        word = {"event": "events", "Earth": "Earth"}.get(level, f"{level} level")
        axes.text(left + width / 2.0, top_in + 0.05, word, fontsize=_HEAD, weight="bold", ha="center", va="bottom")
    levels = {row.response: row.level for row in tables.responses}
    for name, box in ladder.boxes.items():
        level = levels.get(name, "event")
        rectangle = (box.left_in, top_in - box.top_in - box.height_in, box.width_in, box.height_in)
        _box(axes, rectangle, _LEVEL_FILLS[level])
        _text(axes, box.left_in + 0.1, top_in - box.top_in - box.height_in / 2.0, box.lines, ha="left", head=True)
    for action in tables.event_actions:
        first, second = ladder.boxes[f"event {action.event}"], ladder.boxes[action.start]
        _join(axes, first, second, top_in, palette.QUIET if action.on else "#c9ced6")
    for row in tables.responses:
        if row.then in ladder.boxes:
            _join(axes, ladder.boxes[row.response], ladder.boxes[row.then], top_in, palette.FLOOR)
        else:
            box = ladder.boxes[row.response]
            y_in = top_in - box.top_in - box.height_in / 2.0
            _flag(axes, box.left_in + box.width_in, y_in)
    legend = "grey: starts; red: follows when exhausted; triangle: Earth is alarmed"
    axes.text(_WIDTH_IN - 0.15, 0.12, legend, fontsize=_SMALL, color=palette.QUIET, ha="right")


def _join(axes: Any, first: _Box, second: _Box, top_in: float, colour: str) -> None:
    start = (first.left_in + first.width_in, top_in - first.top_in - first.height_in / 2.0)
    inside = second.top_in + _PAD_IN + _LINE_IN / 2.0
    end = (second.left_in, top_in - inside)
    if second.left_in <= first.left_in:  # within one column: from its lower to the other's upper edge
        start = (first.left_in + 0.3, top_in - first.top_in - first.height_in)
        end = (second.left_in + 0.3, top_in - second.top_in)
    _arrow(axes, start, end, colour)


def _flag(axes: Any, x_in: float, y_in: float) -> None:
    axes.plot([x_in + 0.02], [y_in], marker=">", color=palette.FLOOR, markersize=6, clip_on=False, zorder=4)


def _box(axes: Any, rectangle: tuple[float, float, float, float], fill: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    left, bottom, width, height = rectangle
    style = "round,pad=0,rounding_size=0.06"
    patch = FancyBboxPatch(
        (left, bottom), width, height, boxstyle=style, facecolor=fill, edgecolor=palette.INK, linewidth=0.8, zorder=3
    )
    axes.add_patch(patch)


def _text(axes: Any, x_in: float, middle_in: float, lines: Sequence[str], ha: str, head: bool = False) -> None:
    """Lines around a middle; the first one heavier if it is a head."""
    top_in = middle_in + len(lines) * _LINE_IN / 2.0
    for place, line in enumerate(lines):
        bold = head and place == 0
        axes.text(
            x_in,
            top_in - (place + 0.5) * _LINE_IN,
            _plain(line),
            fontsize=_PLAIN if bold else _SMALL,
            weight="bold" if bold else "normal",
            color=palette.INK,
            ha=ha,
            va="center",
            zorder=4,
        )


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], colour: str = palette.INK) -> None:
    arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=arrow, zorder=2)  # below the boxes: no line crosses words


def _plain(text: str) -> str:
    return text.replace("$", r"\$")  # or matplotlib would read formulas
