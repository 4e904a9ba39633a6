"""What a PDS3 label says and GDAL leaves out: the heights' unit, the exact pixel size, the hemisphere."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple

from lunabase.errors import InputError
from lunabase.terrain.sphere import MOON_RADIUS_M

_KEYWORD = re.compile(r"^\s*\^?(\w+)\s*=\s*(.+?)\s*$", re.MULTILINE)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?")
_LARGEST_LABEL = 1 << 20
_CYLINDRICAL = {"SIMPLE CYLINDRICAL", "EQUIRECTANGULAR", "SIMPLE_CYLINDRICAL"}


class Grid(NamedTuple):
    """Edges and pixel size of a raster: map x of its left edge, y of its upper edge, width and height of a pixel."""

    left: float
    top: float
    pixel_width: float
    pixel_height: float


def label_beside(path: Path) -> Path | None:
    """Return the detached label of an image (X.IMG -> X.LBL, any case), or None."""
    if path.suffix.lower() != ".img" or not path.parent.is_dir():
        return None
    names = {f"{path.stem}.lbl".lower(), f"{path.name}.lbl".lower()}
    return next((other for other in sorted(path.parent.iterdir()) if other.name.lower() in names), None)


def read_label(path: Path) -> dict[str, str]:
    """Return the keywords of a detached PDS3 label and their values, without quotes; the first of each name.

    Files of another name or that don't exist have none. Raises InputError for a label that is no text, on which
    GDAL's own messages would stumble.
    """
    if path.suffix.lower() != ".lbl" or not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_LABEL).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError("the label is not text.", where=str(path), fix="Fetch it anew.") from error
    found: dict[str, str] = {}
    for name, value in _KEYWORD.findall(text.replace("\r", "\n")):
        found.setdefault(name.upper(), value.strip("\"' "))
    return found


def exact_grid(label: dict[str, str]) -> Grid | None:
    """Return a cylindrical map's grid from pixels per degree, which are whole, not from metres, which are rounded.

    LOLA's labels give MAP_SCALE with five digits: by the far end of a global map that is some tens of metres off,
    and the map no longer closes. None where the label has no such numbers.
    Source: LRO LOLA RDR SIS 2.42, section on the GDR map projections; PDS Data Dictionary.
    """
    if label.get("MAP_PROJECTION_TYPE", "").upper() not in _CYLINDRICAL or "DEG" not in _unit(label, "MAP_RESOLUTION"):
        return None
    per_degree, line, sample = (
        _number(label, name) for name in ("MAP_RESOLUTION", "LINE_PROJECTION_OFFSET", "SAMPLE_PROJECTION_OFFSET")
    )
    if not per_degree or per_degree < 0.0 or line is None or sample is None:
        return None
    pixel = math.radians(1.0 / per_degree) * MOON_RADIUS_M
    return Grid(-(sample + 0.5) * pixel, (line + 0.5) * pixel, pixel, pixel)


def check_hemisphere(label: dict[str, str], where: str) -> None:
    """Raise InputError for a polar map whose centre lies in the other hemisphere than its latitudes."""
    centre, low, high = (_number(label, name) for name in ("CENTER_LATITUDE", "MINIMUM_LATITUDE", "MAXIMUM_LATITUDE"))
    polar = label.get("MAP_PROJECTION_TYPE", "").upper().startswith("POLAR")
    if not polar or centre is None or low is None or high is None:
        return
    if centre * (low + high) < 0.0:
        raise InputError(
            f"the label contradicts itself: its map is centred on {centre:g} deg and covers {low:g} to {high:g} deg.",
            where=where,
            fix="Correct CENTER_LATITUDE in a copy of the label.",
        )


def _number(label: dict[str, str], name: str) -> float | None:
    found = _NUMBER.match(label.get(name, ""))
    return float(re.sub("[dD]", "e", found.group())) if found else None


def _unit(label: dict[str, str], name: str) -> str:
    return label.get(name, "").partition("<")[2].upper()
