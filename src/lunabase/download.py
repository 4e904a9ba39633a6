"""Files from the network: fetched once, resumed where they stopped, and the same ever after."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pooch
import requests

from lunabase.errors import InputError, LunabaseError
from lunabase.record.alone import alone
from lunabase.record.whole import whole_file

Report = Callable[[float], None]
Check = Callable[[Path], None]

SUMS = "SHA256SUMS"
# What is lost of a connection that breaks.
_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = (15.0, 60.0)
_ATTEMPTS = 5


def default_folder() -> Path:
    """Return where fetched elevation models are kept: the platform's cache folder for Lunabase."""
    return Path(pooch.os_cache("lunabase")) / "dem"


def fetch_file(
    url: str, folder: Path, report: Report, size_bytes: int | None = None, check: Check | None = None
) -> Path:
    """Return the file of a URL in a folder, fetched unless it is there already, by hand or from before.

    The checksum is written to the folder's SHA256SUMS on first use and holds from then on. report gets the finished
    part, 0 to 1; size_bytes: the exact size, where known; check: raises InputError for a file that isn't what it should
    be. A fetched file of another size or that fails the check is removed again. What was fetched of a file stays as
    NAME.part and is gone on with. Raises LunabaseError when the file can't be fetched, isn't what it was or should be,
    or is being fetched by another process, with what to do.
    """
    path = folder / url.rsplit("/", 1)[1]
    known = _read_sums(folder).get(path.name)
    fetched = not path.exists()
    if fetched:
        lock = path.with_name(f"{path.name}.part.lock")
        fix = "Wait until it has, then try again."
        with alone(lock, LunabaseError("another process is fetching it.", where=str(path), fix=fix)):
            _retrieve(url, path, _Resuming(path, report), known)
    found = pooch.file_hash(str(path), alg="sha256")
    if known is not None and found != known:
        raise LunabaseError(
            f"it is not the file that was first used: its SHA-256 is {found[:12]}..., it was {known[:12]}...",
            where=str(path),
            fix=f"Delete it and fetch it again; if the new one is right, delete its line in {folder / SUMS} as well.",
        )
    try:
        _check(path, url, size_bytes, check)
    except LunabaseError:
        if fetched:
            path.unlink()
        raise
    if known is None:
        _write_sum(folder, path.name, found)
    return path


def _check(path: Path, url: str, size_bytes: int | None, check: Check | None) -> None:
    fix = f"Delete it and fetch it again, or download {url} by hand."
    found = path.stat().st_size
    if size_bytes is not None and found != size_bytes:
        raise LunabaseError(f"the file has {found} bytes, the published one {size_bytes}.", where=str(path), fix=fix)
    if check is None:
        return
    try:
        check(path)
    except InputError as wrong:
        raise LunabaseError(f"it is not what it should be: {wrong.problem}", where=str(path), fix=fix) from wrong


def _retrieve(url: str, path: Path, resuming: _Resuming, known: str | None) -> None:
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        pooch.retrieve(url, known and f"sha256:{known}", fname=path.name, path=path.parent, downloader=resuming)
    except requests.HTTPError as refused:
        answer = str(refused).partition(" for url")[0]
        raise LunabaseError(f"the server answers {answer}.", where=url, fix=_by_hand(url, path)) from refused
    except requests.RequestException as offline:
        host = url.split("/")[2]
        raise LunabaseError(
            f"can't fetch it from {host}: {_reason(offline)}.", where=url, fix=_by_hand(url, path)
        ) from offline
    except ValueError as changed:
        raise LunabaseError(
            "the server's file is another than the one first used.",
            where=url,
            fix=f"If the new one is right, delete the line of {path.name} in {path.parent / SUMS} and fetch again.",
        ) from changed
    except OSError as failed:
        reason = failed.strerror or str(failed)
        raise LunabaseError(f"can't write it: {reason}.", where=str(path), fix="Free space or give --dir.") from failed


def _by_hand(url: str, path: Path) -> str:
    return f"Try again later, it goes on where it stopped; or download {url} elsewhere and put it at {path}"


def _reason(error: requests.RequestException) -> str:
    return {
        requests.ConnectTimeout: "no answer in time",
        requests.ReadTimeout: "no answer in time",
        requests.exceptions.ChunkedEncodingError: "the connection broke off",
    }.get(type(error), "no connection")


class _Resuming:
    """A downloader for pooch that keeps what it has in NAME.part and goes on from there.

    NAME.part.json holds what the server calls this version of the file (ETag, Last-Modified); with it a changed file
    is begun anew (RFC 9110, section 13.1.5: If-Range).
    """

    def __init__(self, path: Path, report: Report) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._version = path.with_name(f"{path.name}.part.json")
        self._report = report

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        """Fetch the URL into the output file; a broken connection is taken up again a few times."""
        for attempt in range(_ATTEMPTS):
            had = self._bytes()
            try:
                self._go_on(url)
                break
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                if attempt + 1 == _ATTEMPTS or self._bytes() == had:
                    raise
        self._part.replace(output_file)
        self._version.unlink(missing_ok=True)

    def _bytes(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _go_on(self, url: str) -> None:
        have = self._bytes()
        headers = {"Accept-Encoding": "identity"}
        version = self._read_version()
        if have and version:
            headers |= {"Range": f"bytes={have}-", "If-Range": version}
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                # All of it is here already, or more than there is: only a new start can tell.
                self._part.unlink()
                return self._go_on(url)
            answer.raise_for_status()
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                # A portal's or a proxy's, said with "200 OK"; what is here of the file already stays.
                raise LunabaseError(
                    "the server sends a web page, not the file.", where=url, fix=_by_hand(url, self._path)
                )
            goes_on = answer.status_code == requests.codes.partial_content
            self._write_version(answer)
            self._store(answer, have if goes_on else 0)

    def _store(self, answer: requests.Response, have: int) -> None:
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length is not None and length.isdigit() else None
        with self._part.open("r+b" if have else "wb") as file:
            file.seek(have)
            for chunk in answer.iter_content(_CHUNK_BYTES):
                file.write(chunk)
                have += len(chunk)
                if total:
                    self._report(have / total)
        if total is not None and have != total:
            raise requests.ConnectionError(f"{have} of {total} bytes came")

    def _read_version(self) -> str | None:
        try:
            return str(json.loads(self._version.read_text(encoding="utf-8"))["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write_version(self, answer: requests.Response) -> None:
        etag = answer.headers.get("ETag", "")
        # Only a strong validator may be used to go on (RFC 9110, 13.1.5).
        version = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified")
        if version is None:
            self._version.unlink(missing_ok=True)
        else:
            self._version.write_text(json.dumps({"version": version}), encoding="utf-8")


def _read_sums(folder: Path) -> dict[str, str]:
    path = folder / SUMS
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        reason = failed.strerror if isinstance(failed, OSError) else "it is not text"
        fix = "Restore it, or delete it: files there then count as used for the first time."
        raise LunabaseError(f"can't read the checksums: {reason}.", where=str(path), fix=fix) from failed
    lines = (line.split(maxsplit=1) for line in text.splitlines())
    return {fields[1].strip().lstrip("*"): fields[0] for fields in lines if len(fields) == 2}


def _write_sum(folder: Path, name: str, digest: str) -> None:
    sums = _read_sums(folder) | {name: digest}
    with whole_file(folder / SUMS) as beside:
        beside.write_text("".join(f"{value}  {key}\n" for key, value in sorted(sums.items())), encoding="utf-8")
