"""The horizon mask: terrain elevation angle by azimuth for some observer heights, and its file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lunabase.errors import InputError, LunabaseError
from lunabase.terrain.sphere import dip_deg

_AZIMUTH_TOLERANCE_DEG = 1e-6
_HEADER_FIX = "The first row must be azimuth_deg,elevation_2m_deg,elevation_10m_deg,... (heights in metres)."
_COLUMN = re.compile(r"elevation_(.+)m_deg")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_CATALOGUE = files("lunabase.terrain") / "masks"


@dataclass(frozen=True, slots=True, eq=False)
class HorizonMask:
    """The horizon seen from one point, for one or several observer heights above the ground.

    azimuths_deg: (n,) regular over the circle, 0 <= azimuth < 360, clockwise from true north.
    heights_m: (k,) heights of the observer above the ground, ascending.
    elevations_deg: (k, n) elevation of the horizon above the plane normal to the sphere's local vertical.
    provenance: what the mask was made from, one line of text per lower-case key.
    ground_height_m: height of the ground at the point above the sphere of 1737.4 km; None where unknown.

    Raises InputError when the arrays do not fit this description.
    """

    azimuths_deg: NDArray[np.float64]
    heights_m: tuple[float, ...]
    elevations_deg: NDArray[np.float64]
    provenance: Mapping[str, str] = field(default_factory=dict)
    ground_height_m: float | None = None

    def __post_init__(self) -> None:
        problem = _shape_problem(self) or _value_problem(self) or _provenance_problem(self.provenance)
        if problem:
            raise InputError(f"this is no horizon mask: {problem}.", fix="Correct the values and try again.")

    def elevation_at(self, azimuth_deg: ArrayLike, height_m: float) -> NDArray[np.float64]:
        """Return the horizon's elevation in degrees at any azimuth (any shape), linear between the samples.

        Raises InputError when the mask has no such observer height.
        """
        if height_m not in self.heights_m:
            known = ", ".join(f"{height:g} m" for height in self.heights_m)
            raise InputError(f"the horizon mask has no observer height of {height_m:g} m.", fix=f"Use one of: {known}.")
        elevations_deg = self.elevations_deg[self.heights_m.index(height_m)]
        count = len(self.azimuths_deg)
        position = (np.asarray(azimuth_deg, dtype=float) - self.azimuths_deg[0]) * (count / 360.0)
        below = np.floor(position)
        weight = position - below
        left = np.mod(below, count).astype(np.intp) % count
        right = (left + 1) % count
        return np.asarray(elevations_deg[left] * (1.0 - weight) + elevations_deg[right] * weight)


def flat_mask(heights_m: Sequence[float] = (2.0, 10.0)) -> HorizonMask:
    """Return the horizon of the smooth sphere, every 0.5 deg of azimuth.

    It lies below the horizontal by the dip acos(R / (R + height)): 0.087 deg at 2 m, 0.194 deg at 10 m.
    """
    azimuths_deg: NDArray[np.float64] = np.arange(720.0) * 0.5
    elevations_deg = np.outer(-dip_deg(heights_m), np.ones(azimuths_deg.size))
    provenance = {"source": "smooth sphere of 1737.4 km, no terrain"}
    return HorizonMask(azimuths_deg, tuple(map(float, heights_m)), elevations_deg, provenance)


def catalogue_names() -> tuple[str, ...]:
    """Return the names of the horizon masks that come with the package, sorted."""
    return tuple(
        sorted(entry.name.removesuffix(".csv") for entry in _CATALOGUE.iterdir() if entry.name.endswith(".csv"))
    )


def catalogue_mask(name: str) -> HorizonMask:
    """Return a horizon mask that comes with the package. Raises InputError for a name it doesn't have."""
    if name not in catalogue_names():
        raise InputError(
            f"there is no horizon mask named {name!r}.", fix=f"Use one of: {', '.join(catalogue_names())}."
        )
    entry = _CATALOGUE / f"{name}.csv"
    return _parse_mask(entry.read_text(encoding="utf-8"), f"{name}.csv")


def read_mask(path: str | Path) -> HorizonMask:
    """Read a horizon mask written by `write_mask`. Raises InputError with file, line and what to do."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "it can't be read"
        raise InputError(f"can't open the horizon mask: {reason}.", where=str(path), fix="Check the path.") from error
    except UnicodeDecodeError as error:
        raise InputError(
            "the horizon mask is not UTF-8 text.", where=str(path), fix="Save it as a plain UTF-8 CSV file."
        ) from error
    return _parse_mask(text, str(path))


def write_mask(mask: HorizonMask, path: str | Path) -> None:
    """Write a mask as CSV: provenance as '# key: value' lines, then one row per azimuth.

    Numbers are written so that they read back exactly. The file appears whole or not at all.
    Raises LunabaseError when it can't be written.
    """
    lines = [f"# {key}: {value}" for key, value in mask.provenance.items()]
    if mask.ground_height_m is not None:
        lines.append(f"# ground_height_m: {mask.ground_height_m!r}")
    lines.append(",".join(["azimuth_deg", *(_column(height) for height in mask.heights_m)]))
    rows = np.column_stack([mask.azimuths_deg, mask.elevations_deg.T]).tolist()
    lines += [",".join(map(repr, row)) for row in rows]
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        reason = error.strerror or "it can't be written"
        raise LunabaseError(
            f"can't write the horizon mask: {reason}.",
            where=str(path),
            fix="Check folder and free space.",
        ) from error


def _column(height_m: float) -> str:
    return f"elevation_{repr(float(height_m)).removesuffix('.0')}m_deg"


def _shape_problem(mask: HorizonMask) -> str:
    count = np.size(mask.azimuths_deg)
    if np.ndim(mask.azimuths_deg) != 1 or count == 0:
        return "it needs a list of at least one azimuth"
    if not mask.heights_m:
        return "it needs at least one observer height"
    if np.shape(mask.elevations_deg) != (len(mask.heights_m), count):
        return f"it needs one row of {count} elevations for each of {len(mask.heights_m)} heights"
    return ""


def _value_problem(mask: HorizonMask) -> str:
    count = len(mask.azimuths_deg)
    step_deg = 360.0 / count
    first_deg = float(mask.azimuths_deg[0])
    if not 0.0 <= first_deg < step_deg:
        return f"the first of {count} azimuths must lie between 0 and {step_deg:g} deg, it is {first_deg:g}"
    expected_deg = first_deg + step_deg * np.arange(count)
    off = ~(np.abs(mask.azimuths_deg - expected_deg) <= _AZIMUTH_TOLERANCE_DEG)
    if off.any():
        index = int(np.argmax(off))
        return (
            f"azimuths must be {step_deg:g} deg apart right round the circle; "
            f"number {index + 1} is {mask.azimuths_deg[index]:g} instead of {expected_deg[index]:g}"
        )
    heights = np.asarray(mask.heights_m, dtype=float)
    if not (np.all(np.isfinite(heights)) and heights[0] >= 0.0 and np.all(np.diff(heights) > 0.0)):
        return "observer heights must be finite, not negative and ascending"
    if not np.all(np.abs(mask.elevations_deg) <= 90.0):
        return "every elevation must be a number from -90 to 90 deg"
    if mask.ground_height_m is not None and not np.isfinite(mask.ground_height_m):
        return "the ground height must be a finite number"
    return ""


def _provenance_problem(provenance: Mapping[str, str]) -> str:
    for key, value in provenance.items():
        if not _KEY.fullmatch(key) or key == "ground_height_m":
            return f"provenance can't have the key {key!r}"
        if not value.isprintable() or value != value.strip():
            return f"provenance {key!r} must be one line of text without spaces around it"
    return ""


def _parse_mask(text: str, where: str) -> HorizonMask:
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    notes = [(number, line) for number, line in lines if line.startswith("#")]
    table = [(number, line) for number, line in lines if not line.startswith("#")]
    if not table:
        raise InputError(
            "the horizon mask is empty.",
            where=where,
            fix=_HEADER_FIX,
        )
    heights_m = _parse_header(table[0][1], f"{where}, line {table[0][0]}")
    rows = [_parse_row(line, len(heights_m) + 1, f"{where}, line {number}") for number, line in table[1:]]
    values = np.array(rows, dtype=float).reshape(-1, len(heights_m) + 1)
    provenance = dict(_parse_note(line, f"{where}, line {number}") for number, line in notes)
    ground = provenance.pop("ground_height_m", None)
    try:
        ground_height_m = None if ground is None else float(ground)
        return HorizonMask(values[:, 0].copy(), heights_m, values[:, 1:].T.copy(), provenance, ground_height_m)
    except InputError as error:
        raise InputError(error.problem, where=where, fix=error.fix) from error
    except ValueError as error:
        raise InputError(
            f"ground_height_m is {ground!r}, not a number.",
            where=where,
            fix="Write metres or drop the line.",
        ) from error


def _parse_header(line: str, where: str) -> tuple[float, ...]:
    first, *others = [name.strip() for name in line.split(",")]
    if first != "azimuth_deg" or not others:
        raise InputError("the header row is wrong.", where=where, fix=_HEADER_FIX)
    heights_m = []
    for name in others:
        match = _COLUMN.fullmatch(name)
        height_m = _number(match[1]) if match else None
        if height_m is None:
            raise InputError(f"the column {name!r} is unknown.", where=where, fix=_HEADER_FIX)
        heights_m.append(height_m)
    return tuple(heights_m)


def _parse_row(line: str, count: int, where: str) -> list[float]:
    cells = line.split(",")
    if len(cells) != count:
        raise InputError(f"the row has {len(cells)} values, the header has {count}.", where=where, fix="Complete it.")
    row = []
    for cell in cells:
        number = _number(cell)
        if number is None:
            raise InputError(f"{cell.strip()!r} is not a number.", where=where, fix="Write degrees, as in -1.25.")
        row.append(number)
    return row


def _parse_note(line: str, where: str) -> tuple[str, str]:
    key, colon, value = line.removeprefix("#").partition(":")
    if not colon or not _KEY.fullmatch(key.strip()):
        raise InputError(
            "the comment is no provenance.", where=where, fix="Write '# key: value' with a lower-case key."
        )
    return key.strip(), value.strip()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
