"""One colour for one thing, on the whole page, told apart by readers with any colour vision.

The hues are those of Okabe and Ito (2008) and of Paul Tol's "muted" and "light" schemes (SRON/EPS/TN/09-002). Where
partners outnumber the hues, a hatching tells them apart as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

INK = "#1b2430"
QUIET = "#5b6673"
GRID = "#e3e7ec"
ROW = "#eef1f4"
SUN = "#d98e04"
SUN_FILL = "#f5c95b"
EARTH = "#0072b2"
TERRAIN = "#cbc4bb"
RELAY = "#8a4f9e"
SURFACE = "#a8481c"
GENERATION = {"source": "#009e73", "array": "#f0b93a", "storage": "#56b4e9"}
LOAD = "#1b2430"
FLOOR = "#b3261e"
STORED = "#0072b2"
PRODUCED = "#8a4f9e"
SENT = "#00795a"
NODE = "#a8481c"
OPERATING_FILL = "#dcefe6"

MODES = {
    "nominal": "#ffffff",
    "night": "#d5e2f2",
    "dormant": "#c3c1de",
    "safe": "#fae3b0",
    "survival": "#f3b8a6",
    "crewed": "#d9eed3",
}
"""Background of each mode."""

SEVERITIES = {"info": "#5b6673", "low": "#0072b2", "medium": "#a86400", "high": "#b3261e"}

_PARTNER_HUES = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#332288",
    "#b8860b",
    "#882255",
    "#56b4e9",
    "#117733",
    "#7a5c48",
)
_HATCHINGS = ("", "/", "x", ".")


@dataclass(frozen=True, slots=True)
class Paint:
    """How a partner looks: colour and, when colours run out, a plotly hatching."""

    colour: str
    hatching: str


def partner_paints(partners: Iterable[str]) -> dict[str, Paint]:
    """Return the paint of each partner id, in the order given (that of the station file)."""
    hues = len(_PARTNER_HUES)
    return {
        partner: Paint(_PARTNER_HUES[index % hues], _HATCHINGS[index // hues % len(_HATCHINGS)])
        for index, partner in enumerate(partners)
    }
