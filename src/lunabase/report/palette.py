"""One colour for one thing, on the whole page, told apart by readers with any colour vision.

The first hues are those of Okabe and Ito (2008) and of Paul Tol's schemes (SRON/EPS/TN/09-002); the partners' further
ones were chosen to stay far from all others. Where partners outnumber them, hollow bars follow. No fill is patterned:
browsers print each patterned bar as a picture of its own.
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

_PARTNER_FILLS = (
    ("#0072b2", "#0072b2"),
    ("#d55e00", "#d55e00"),
    ("#009e73", "#009e73"),
    ("#cc79a7", "#cc79a7"),
    ("#332288", "#332288"),
    ("#f0b93a", "#84651f"),
    ("#882255", "#882255"),
    ("#56b4e9", "#56b4e9"),
    ("#6c2400", "#6c2400"),
    ("#006cf8", "#006cf8"),
    ("#00f890", "#00884f"),
    ("#f8d8f8", "#887688"),
    ("#d82448", "#d82448"),
    ("#4890f8", "#4890f8"),
    ("#90d8b4", "#4f7663"),
    ("#6c246c", "#6c246c"),
    ("#904800", "#904800"),
    ("#90b448", "#90b448"),
    ("#90f86c", "#4f883b"),
    ("#6c2424", "#6c2424"),
)
"""Fill and edge; pale fills have a darker edge. Any two fills differ by at least 15 in CIE L*a*b* for readers with full
colour vision, without red and without green receptors (as simulated by Machado 2009, doi 10.1109/TVCG.2009.113)."""
_HOLLOW = 10


@dataclass(frozen=True, slots=True)
class Paint:
    """How a partner looks: the fill and the edge of bars and swatches."""

    colour: str
    edge: str


def partner_paints(partners: Iterable[str]) -> dict[str, Paint]:
    """Return the paint of each partner id, in the order given (that of the station file); thirty differ."""
    filled = [Paint(fill, edge) for fill, edge in _PARTNER_FILLS]
    paints = (*filled, *(Paint("#ffffff", edge) for _, edge in _PARTNER_FILLS[:_HOLLOW]))
    return {partner: paints[index % len(paints)] for index, partner in enumerate(partners)}
