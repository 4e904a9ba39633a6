"""A writer of classic NetCDF files, by the format's specification (NetCDF User Guide, appendix B)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_TYPES = {"i1": 1, "S1": 2, "i2": 3, "i4": 4, "f4": 5, "f8": 6}
Attributes = dict[str, object]


def write_netcdf(
    path: Path,
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, Attributes]],
    attributes: Attributes | None = None,
) -> Path:
    """Write variables {name: (dimensions, values, attributes)}; their sizes make the dimensions."""
    sizes: dict[str, int] = {}
    for names, values, _ in variables.values():
        sizes |= dict(zip(names, np.shape(values), strict=True))
    order = list(sizes)
    head = b"CDF\x01" + _int(0) + _list(10, [_name(name) + _int(sizes[name]) for name in order])
    head += _attributes(attributes or {})
    blocks = [_pad(np.asarray(values).astype(_big(values)).tobytes()) for _, values, _ in variables.values()]

    def headers(start: int) -> bytes:
        entries, begin = [], start
        for (name, (names, values, given)), block in zip(variables.items(), blocks, strict=True):
            dimensions = _int(len(names)) + b"".join(_int(order.index(each)) for each in names)
            kind = _TYPES[_big(values)[1:]]
            entries.append(_name(name) + dimensions + _attributes(given) + _int(kind) + _int(len(block)) + _int(begin))
            begin += len(block)
        return _list(11, entries)

    start = len(head) + len(headers(0))
    path.write_bytes(head + headers(start) + b"".join(blocks))
    return path


def _int(number: int) -> bytes:
    return struct.pack(">i", number)


def _pad(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _name(text: str) -> bytes:
    return _int(len(text)) + _pad(text.encode())


def _list(tag: int, entries: list[bytes]) -> bytes:
    return _int(tag) + _int(len(entries)) + b"".join(entries) if entries else _int(0) + _int(0)


def _big(values: object) -> str:
    dtype = np.asarray(values).dtype
    return f">{dtype.kind}{dtype.itemsize}" if f"{dtype.kind}{dtype.itemsize}" in _TYPES else ">f8"


def _attributes(given: Attributes) -> bytes:
    entries = []
    for name, value in given.items():
        if isinstance(value, str):
            text = value.encode()
            entries.append(_name(name) + _int(2) + _int(len(text)) + _pad(text))
            continue
        numbers = np.atleast_1d(np.asarray(value))
        numbers = numbers.astype(">i4") if numbers.dtype.kind == "i" and numbers.itemsize == 8 else numbers
        kind = _big(numbers)
        data = numbers.astype(kind).tobytes()
        entries.append(_name(name) + _int(_TYPES[kind[1:]]) + _int(numbers.size) + _pad(data))
    return _list(12, entries)
