"""Results that are there whole or not at all: written beside their place and renamed into it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa

from lunabase.errors import InputError, LunabaseError


def free_place(folder: Path, *, overwrite: bool, may_hold: Collection[str]) -> None:
    """Raise InputError unless a result may be written to ``folder``: before the work, not after it.

    With ``overwrite`` a folder that holds nothing but ``may_hold`` may be replaced.
    """
    place = _real(folder)
    if place.is_dir() and any(place.iterdir()):
        if not overwrite:
            fix = "Give another folder with --out, or --overwrite to replace it."
            raise InputError("the folder is not empty.", where=str(folder), fix=fix)
        strangers = sorted(entry.name for entry in place.iterdir() if entry.name not in may_hold)
        if strangers:
            fix = "Give another folder with --out; only an earlier run is ever replaced."
            raise InputError(f"the folder holds more than a run: {strangers[0]}.", where=str(folder), fix=fix)
    elif place.exists() and not place.is_dir():
        raise InputError("it is not a folder.", where=str(folder), fix="Give a folder with --out.")
    parent = next(above for above in place.parents if above.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        fix = "Choose another place with --out."
        raise InputError(f"nothing can be written in {parent}.", where=str(folder), fix=fix)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` that takes its place when the block ends without an error.

    Raises LunabaseError when it can't be written; what stood there before stays then.
    """
    place = _real(folder)
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    aside = place.with_name(f".{place.name}.{os.getpid()}.old")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        yield beside
        if place.exists():
            place.rename(aside)
        beside.rename(place)
    except (OSError, pa.ArrowException) as failed:
        raise not_written(str(folder), failed) from failed
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        with suppress(OSError):
            if aside.exists() and not place.exists():
                aside.rename(place)
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A new file beside ``path`` that takes its place when the block ends without an error.

    A link is followed; a device or folder is refused with InputError. Raises LunabaseError when the file
    can't be written; what stood there before stays then.
    """
    place = _real(path)
    if place.exists() and not place.is_file():
        raise InputError("it is not a regular file.", where=str(path), fix="Give another place to write to.")
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(place)
    except (OSError, pa.ArrowException) as failed:
        raise not_written(str(path), failed) from failed
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _real(path: Path) -> Path:
    """The path with links followed. Raises InputError for one without a name, like the root."""
    place = path.resolve()
    if not str(path) or not place.name:
        raise InputError("this is no place to write to.", where=repr(str(path)), fix="Give a path with a name.")
    return place


def not_written(place: str, failed: Exception) -> LunabaseError:
    """The error for a result that could not be written."""
    reason = getattr(failed, "strerror", None) or str(failed)
    return LunabaseError(f"can't write: {reason}.", where=place, fix="Free some space or choose another place.")
