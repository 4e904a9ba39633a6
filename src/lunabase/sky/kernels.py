"""The ephemeris and the lunar orientation: opening NAIF kernels and evaluating them.

Default: DE421 (`de421.bsp`, package skyfield-data) with the lunar orientation and mean-Earth frame that
belong to it (`moon_pa_de421_1900-2050.bpc`, `moon_080317.tf`, package lunarsky). This is one of the loaders
that read files.
"""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jplephem.spk import SPK
from skyfield.api import load
from skyfield.planetarylib import PlanetaryConstants

from lunabase.errors import InputError
from lunabase.times import FloatArray, tdb_to_utc

J2000_JD = 2451545.0
DAY_S = 86400.0
EARTH, MOON, SUN = 399, 301, 10
_NEEDED = ((0, 3), (3, MOON), (3, EARTH), (0, SUN))
_UNREADABLE = (OSError, ValueError, struct.error)


@cache
def timescale() -> Any:
    """Skyfield's time scales from the tables that it carries (no network): UT1 of the Earth's rotation."""
    return load.timescale(builtin=True)


@dataclass(frozen=True, slots=True, eq=False)
class Kernels:
    """Open kernels: positions of bodies in the ICRF and the orientation of the Moon.

    `span_tdb_s` is the time that all of them cover, less a day at the start for light time.
    """

    paths: tuple[Path, ...]
    span_tdb_s: tuple[float, float]
    _spk: Any = field(repr=False)
    _moon_frame: Any = field(repr=False)

    def check_span(self, tdb_s: FloatArray) -> None:
        """Raise InputError when an epoch lies outside the span of the kernels."""
        first, last = self.span_tdb_s
        outside = ~((tdb_s >= first) & (tdb_s <= last))
        if outside.any():
            worst = np.asarray(tdb_s)[outside].flat[0]
            raise InputError(
                f"{_date(worst)} is outside {_date(first)} to {_date(last)}, which {self._names()} cover.",
                where="times",
                fix="Choose dates inside, or give kernels that cover them, like --kernel de440.bsp, with the "
                "lunar orientation (.bpc) and frames (.tf) of the same ephemeris, each with its own --kernel.",
            )

    def position_km(self, body: int, tdb_s: FloatArray) -> FloatArray:
        """ICRF position of a body (NAIF code) from the solar system barycentre at n epochs, km, (3, n)."""
        days = np.asarray(tdb_s) / DAY_S
        return np.asarray(sum(segment.compute(J2000_JD, days) for segment in self._chain(body)))

    def state_km(self, body: int, tdb_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ICRF position (km) and velocity (km/s) of a body from the barycentre, each of shape (3, n)."""
        days = np.asarray(tdb_s) / DAY_S
        states = [segment.compute_and_differentiate(J2000_JD, days) for segment in self._chain(body)]
        position = np.asarray(sum(state[0] for state in states))
        return position, np.asarray(sum(state[1] for state in states)) / DAY_S

    def moon_rotation(self, tdb_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Matrices from ICRF to the Moon's mean-Earth frame, and their rates (1/s), shape (3, 3, n) each."""
        days = np.asarray(tdb_s) / DAY_S
        time = timescale().tdb_jd(J2000_JD, days)
        rotation, rate_per_day = self._moon_frame.rotation_and_rate_at(time)
        return rotation, rate_per_day / DAY_S

    def has_body(self, body: int) -> bool:
        """Whether the ephemeris has this NAIF code."""
        return any(target == body for _, target in self._spk.pairs)

    def _chain(self, body: int) -> list[Any]:
        centre_of = {target: centre for centre, target in self._spk.pairs}
        chain = []
        while body != 0:
            centre = centre_of[body]
            chain.append(self._spk[centre, body])
            body = centre
        return chain

    def _names(self) -> str:
        return " and ".join(path.name for path in self.paths[:2])


@cache
def open_kernels(
    ephemeris: Path | None = None, *, orientation: Path | None = None, frames: Path | None = None
) -> Kernels:
    """Open the kernels once per process and set of paths.

    `ephemeris`: planetary SPK (types 2 and 3); `orientation`: binary lunar PCK; `frames`: the frame kernel
    that ties the mean-Earth frame to that PCK. Each defaults to the DE421 one. Raises InputError for a file
    that is missing or isn't such a kernel.
    """
    paths = (
        ephemeris or _packaged("skyfield_data", "data/de421.bsp"),
        orientation or _packaged("lunarsky", "data/pck/moon_pa_de421_1900-2050.bpc"),
        frames or _packaged("lunarsky", "data/fk/satellites/moon_080317.tf"),
    )
    spk = _open_ephemeris(paths[0])
    constants = PlanetaryConstants()
    segment = _read_orientation(constants, paths[1])
    frame = _mean_earth_frame(constants, segment.body, paths[2])
    needed = [spk[pair] for pair in _NEEDED]
    first = max(segment.initial_second, *(s.start_second + DAY_S for s in needed))
    last = min(segment.final_second, *(s.end_second for s in needed))
    return Kernels(paths, (float(first), float(last)), spk, frame)


def kernels_from(files: Sequence[Path]) -> Kernels:
    """Open kernels given by their files in any order; those not given are the DE421 ones.

    The suffix tells what a file is: .bsp the ephemeris, .bpc the lunar orientation, .tf its frames. Raises
    InputError for another suffix, two files of a kind, and files that are missing or aren't such kernels.
    """
    kinds = {".bsp": "ephemeris", ".bpc": "orientation", ".tf": "frames"}
    given: dict[str, Path] = {}
    for file in files:
        kind = kinds.get(file.suffix.lower())
        if kind is None or kind in given:
            problem = "another kernel of its kind is given too" if kind else "not a kernel's suffix"
            raise InputError(f"{problem}.", where=str(file), fix="Give at most one .bsp, one .bpc and one .tf.")
        given[kind] = file
    return open_kernels(given.get("ephemeris"), orientation=given.get("orientation"), frames=given.get("frames"))


def kernel_hashes(kernels: Kernels | None = None) -> dict[str, str]:
    """File name -> SHA-256 of every kernel in use, for the provenance of a run."""
    handle = kernels or open_kernels()
    return {path.name: _sha256(path) for path in handle.paths}


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _packaged(package: str, name: str) -> Path:
    """Path of a data file of a package, without importing it: lunarsky is slow, skyfield_data warns."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    if not folders or not (path := Path(folders[0], name)).is_file():
        raise InputError(
            f"the kernel {Path(name).name} is missing.",
            where="kernels",
            fix=f"Install the package {package} again.",
        )
    return path


def _open_ephemeris(path: Path) -> Any:
    try:
        spk = SPK.open(path)
    except _UNREADABLE as error:
        raise _unusable(path, str(error), "an SPK ephemeris such as de421.bsp or de440.bsp") from None
    missing = [pair for pair in _NEEDED if pair not in spk.pairs or spk[pair].data_type not in (2, 3)]
    if missing:
        lacking = f"it lacks the Chebyshev segments {missing}"
        raise _unusable(path, lacking, "a planetary ephemeris with Sun, Earth and Moon")
    _check_complete(path, spk.segments)
    return spk


def _read_orientation(constants: Any, path: Path) -> Any:
    try:
        constants.read_binary(path.open("rb"))
    except _UNREADABLE as error:
        raise _unusable(path, str(error), "a binary lunar PCK such as moon_pa_de421_1900-2050.bpc") from None
    _check_complete(path, constants._segment_list)
    return constants._segment_list[0]


def _mean_earth_frame(constants: Any, principal_axes: int, path: Path) -> Any:
    """The frame MOON_ME_DE... that the frame kernel ties to the principal axes of the orientation file."""
    try:
        constants.read_text(path.open("rb"))
    except _UNREADABLE as error:
        raise _unusable(path, str(error), "a lunar frame kernel such as moon_080317.tf") from None
    variables = constants.variables
    relative = variables.get(f"FRAME_{principal_axes}_NAME")
    for key, name in variables.items():
        code = key.removeprefix("FRAME_").removesuffix("_NAME")
        if str(name).startswith("MOON_ME_DE") and variables.get(f"TKFRAME_{code}_RELATIVE") == relative:
            return constants.build_frame_named(name)
    raise _unusable(path, f"it defines no mean-Earth frame for {relative}", "the frame kernel of that orientation")


def _check_complete(path: Path, segments: list[Any]) -> None:
    """Refuse a file that ends before its segments do (8 bytes a word), as a broken download does."""
    if not segments or path.stat().st_size < 8 * max(segment.end_i for segment in segments):
        raise _unusable(path, "it is cut short", "the whole file")


def _unusable(path: Path, reason: str, wanted: str) -> InputError:
    return InputError(f"this kernel can't be used: {reason}.", where=str(path), fix=f"Give {wanted}.")


def _date(tdb_s: float) -> str:
    return str(tdb_to_utc(float(tdb_s)).astype("datetime64[s]"))
