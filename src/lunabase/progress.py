"""Progress on standard error: a bar where someone is looking, a line per stage where nobody is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from types import TracebackType
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Item = TypeVar("Item")


class Report(Protocol):
    """What a stage calls with its finished part, 0 to 1, and a few words on how far it got."""

    def __call__(self, part: float, note: str = "", /) -> None:
        """Show it."""


class Ticker:
    """Shows the stages of one command and keeps their wall-clock times."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.stages: dict[str, float] = {}
        console = Console(file=sys.stderr)
        columns = (
            TextColumn("{task.description:<20}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        self._bars = Progress(*columns, console=console) if console.is_terminal else None

    def __enter__(self) -> Ticker:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        if self._bars:
            self._bars.stop()

    @contextmanager
    def stage(self, name: str) -> Iterator[Report]:
        """Time a stage; yields what the stage calls with its finished part, 0 to 1, and words if there is news."""
        began = perf_counter()
        task = self._bars.add_task(name, total=1.0, note="") if self._bars else None
        last = ""

        def report(part: float, note: str = "", /) -> None:
            nonlocal last
            last = note or last
            if self._bars and task is not None:
                self._bars.update(task, completed=part, note=last)

        yield report
        report(1.0)
        self.stages[name] = round(perf_counter() - began, 3)
        if not self._bars:
            print(f"{name}: {self.stages[name]:.1f} s{f', {last}' if last else ''}", file=sys.stderr)

    def counting(self, items: Iterator[Item], total: int) -> Iterator[Item]:
        """Pass items on and show how many of the total are done."""
        if self._bars is None:
            yield from items
            return
        task = self._bars.add_task(self.command, total=total, note="")
        for item in items:
            yield item
            self._bars.advance(task)
