"""Where numba keeps compiled kernels: one folder per state of the package's source.

Numba notices a change in a kernel's own file, but not in a file of a function that the kernel calls; a kernel
compiled before an update would then go on with the old code. So the cache folder's name carries a fingerprint of
all source files. It lies in the user's cache folder, which also works where the package itself can't be written.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

KEPT = 4
"""Folders of earlier source states that are kept."""


def use_own_cache() -> None:
    """Point numba at the folder for this source state, unless NUMBA_CACHE_DIR says otherwise."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lunabase" / "kernels"
    folder = base / source_fingerprint(Path(__file__).parent)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _drop_old(base)
    except OSError:
        return  # no place to write: numba falls back to its own choice
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


def source_fingerprint(package: Path) -> str:
    """Short hash over the place, names, sizes and times of the package's source files."""
    digest = hashlib.sha256(str(package).encode())
    for path in sorted(package.rglob("*.py")):
        facts = path.stat()
        digest.update(f"{path.relative_to(package)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _drop_old(base: Path) -> None:
    folders = sorted((entry for entry in base.iterdir() if entry.is_dir()), key=lambda entry: entry.stat().st_mtime)
    for folder in folders[: -1 - KEPT]:
        shutil.rmtree(folder, ignore_errors=True)
