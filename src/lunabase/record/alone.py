"""One process at a time for work that several must not do at once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lunabase.errors import LunabaseError
from lunabase.record.whole import not_written


@contextmanager
def alone(lock: Path, taken: LunabaseError) -> Iterator[None]:
    """Hold a lock file while working; raises `taken` when another process holds it. A killed process holds nothing.

    The folder of the lock is made where it lacks. Raises LunabaseError when it can't be written.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = lock.open("w")
    except OSError as failed:
        raise not_written(taken.where, failed) from failed
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise taken from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
