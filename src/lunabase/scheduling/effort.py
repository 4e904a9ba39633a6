"""What a search may spend: deterministic work, wall-clock time, and the user's patience."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType, MappingProxyType

_A_DAY_S = 86_400.0
_AN_HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: finished fraction (0 to 1), best value and bound so far, and measures by name."""

    fraction: float = 0.0
    value: float | None = None
    bound: float | None = None
    measures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


def _show_nobody(progress: Progress) -> None:
    """Without a watcher."""


@dataclass(slots=True)
class Effort:
    """The account of one search.

    `work_limit` counts in CP-SAT's deterministic seconds (other work at its own fixed rates), so that the same limit
    gives the same answer anywhere; it may be infinite. `deadline_s` is a time of the clock, or None; the clock is
    `time.monotonic`, or `time.process_time` where the process's own CPU time shall count. `stopped` is set by
    whoever wants the search to end now with the best so far.
    """

    work_limit: float = math.inf
    deadline_s: float | None = None
    on_progress: Callable[[Progress], None] = _show_nobody
    stopped: bool = False
    clock: Callable[[], float] = time.monotonic
    work_done: float = field(default=0.0, init=False)
    progress: Progress = field(default_factory=Progress, init=False)
    _began_s: float = field(init=False)
    _whole: Effort | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._began_s = self.clock()

    @property
    def work_left(self) -> float:
        """Deterministic seconds; infinite without a limit."""
        return self.work_limit - self.work_done

    @property
    def seconds_left(self) -> float:
        """Seconds of the clock; a day if there is no deadline."""
        return _A_DAY_S if self.deadline_s is None else self.deadline_s - self.clock()

    @property
    def over(self) -> bool:
        """Whether to stop now."""
        if self._whole is not None and self._whole.over:
            return True
        return self.stopped or self.work_left <= 0.0 or self.seconds_left <= 0.0

    @property
    def fraction(self) -> float:
        """The spent part, 0 to 1, of work or of time, whichever is nearer its end."""
        by_work = self.work_done / self.work_limit if self.work_limit > 0.0 else 1.0
        if self.deadline_s is None:
            return min(by_work, 1.0)
        span_s = max(self.deadline_s - self._began_s, 1e-9)
        return min(max(by_work, (self.clock() - self._began_s) / span_s), 1.0)

    def scale(self, part: float) -> None:
        """Keep only this part of the work that is left, and count from here."""
        self.work_limit = self.work_left * part
        self.work_done = 0.0

    def part(self, fraction: float) -> Effort:
        """An account for this part of what is left; what it spends and tells, this one does too.

        Of an effort without any limit it is the part of an hour's work.
        """
        deadline_s = None if self.deadline_s is None else self.clock() + fraction * self.seconds_left
        unlimited = math.isinf(self.work_limit)
        work = fraction * (_AN_HOUR_S if unlimited and deadline_s is None else self.work_left) if fraction else 0.0
        part = Effort(work, deadline_s, clock=self.clock)
        part._whole = self
        return part

    def spend(self, work: float) -> None:
        """Count work and show progress."""
        self.work_done += work
        if self._whole is not None:
            self._whole.spend(work)
        self._show(self.progress)

    def tell(self, value: float, bound: float | None = None, **measures: float) -> None:
        """Show the best so far: its value, the bound, and measures such as fairness."""
        if self._whole is not None:
            self._whole.tell(value, bound, **measures)
        self._show(Progress(0.0, value, bound, MappingProxyType(measures)))

    def _show(self, progress: Progress) -> None:
        self.progress = Progress(self.fraction, progress.value, progress.bound, progress.measures)
        self.on_progress(self.progress)


@contextmanager
def stopped_by_interrupt(effort: Effort) -> Iterator[Effort]:
    """Let the first Ctrl-C stop the effort, so that the best so far is kept; the second one interrupts as usual.

    Outside the main thread, where Python takes no signals, this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield effort
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(number: int, frame: FrameType | None) -> None:
        effort.stopped = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield effort
    finally:
        signal.signal(signal.SIGINT, before)
