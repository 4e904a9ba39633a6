"""One colour for one thing, on the whole page, told apart by readers with any colour vision.

The hues are those of Okabe and Ito (2008) and of Paul Tol's "muted" and "light" schemes (SRON/EPS/TN/09-002). Where
partners outnumber the full hues, pale fills with a darker edge follow, then hollow ones. No fill is patterned: browsers
print each patterned bar as a picture of its own.
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
SUN_HEIGHTS = (SUN, "#6b4400", "#a8481c")
"""Lines of the Sun's visible part, by height above ground, lowest first."""
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
_PALE_PAINTS = (
    ("#eedd88", "#8a7400"),
    ("#b7d9f7", "#1f5f99"),
    ("#ffb3c1", "#a83250"),
    ("#bde3b1", "#3c7a2a"),
    ("#d9c6f2", "#6a45a0"),
    ("#f9c79b", "#a14f0c"),
    ("#9fe0d2", "#0d7564"),
    ("#d6d6d6", "#4a4a4a"),
    ("#d4dc5a", "#6b7000"),
    ("#e7b8a6", "#7a3b22"),
)


@dataclass(frozen=True, slots=True)
class Paint:
    """How a partner looks: the fill and the edge of bars and swatches."""

    colour: str
    edge: str


def partner_paints(partners: Iterable[str]) -> dict[str, Paint]:
    """Return the paint of each partner id, in the order given (that of the station file); thirty differ."""
    full = [Paint(hue, hue) for hue in _PARTNER_HUES]
    pale = [Paint(fill, edge) for fill, edge in _PALE_PAINTS]
    hollow = [Paint("#ffffff", hue) for hue in _PARTNER_HUES]
    paints = (*full, *pale, *hollow)
    return {partner: paints[index % len(paints)] for index, partner in enumerate(partners)}
