"""Parts of a thermal node: outer faces with their own view of Sun, sky and ground, and heat pipes to other nodes."""

from __future__ import annotations

from lunabase.station.quantities import Angle, Conductance, Fraction, PositiveArea, PositiveFraction, Temperature, Tilt
from lunabase.station.record import Flag, Record, Rule


class Face(Record):
    """An outer surface of a node that stands still: a wall, a roof, a second radiator."""

    area_m2: PositiveArea
    """Area."""
    emissivity: PositiveFraction
    """Infrared emissivity of the outside."""
    absorptance: Fraction
    """Solar absorptance of the outside."""
    tilt_deg: Tilt
    """Angle between the outward normal and the zenith: 0 deg a roof, 90 deg a wall."""
    azimuth_deg: Angle = 0.0
    """Azimuth of the normal, clockwise from north."""
    blanket_emittance: PositiveFraction | None = None
    """Effective emittance of an insulation blanket between node and outside (0.01 to 0.05); none: no blanket."""
    closes_below_k: Temperature = 0.0
    """Heat switch: with the node below this temperature the face passes no heat; 0 K: no switch."""
    opens_above_k: Temperature | None = None
    """The switch opens again above this temperature; without it, above `closes_below`."""

    rules = (
        Rule(
            ("closes_below_k", "opens_above_k"),
            lambda face: face.opens_above_k is not None and face.opens_above_k < face.closes_below_k,
            "opens_above must not be below closes_below",
            "opens_above",
        ),
    )


class HeatPipe(Record):
    """A heat pipe or a switched strap to another node."""

    conductance_w_per_k: Conductance
    """Conductance while it works."""
    closes_below_k: Temperature = 0.0
    """With this node below this temperature it carries nothing; 0 K: it always works."""
    opens_above_k: Temperature | None = None
    """It works again above this temperature; without it, above `closes_below`."""
    one_way: Flag = False
    """True: it carries heat away from this node only (a thermal diode)."""

    rules = (
        Rule(
            ("closes_below_k", "opens_above_k"),
            lambda pipe: pipe.opens_above_k is not None and pipe.opens_above_k < pipe.closes_below_k,
            "opens_above must not be below closes_below",
            "opens_above",
        ),
    )
